//! From the state to a session.

use super::words::{EDIT, PANES, PURPOSES, RUNS, SIDES, TONES, strip_names, word};
use super::{lists, questions};
use crate::app::held::fields::{Fields, Part};
use crate::app::held::panes::{Fold, StripColumn};
use crate::app::held::sight::Sight;
use crate::app::held::state::{LineEditor, Mode, Purpose, State};
use crate::app::held::study::{Moment, Study};
use crate::findings::session::{
    AttentionText, CellsText, DraftText, FieldsText, FilterText, InterventionText, LineText,
    MessageText, ModeText, ModelRef, SESSION, Session, SideText, SightText, StripsText, StudyText,
    ViewText,
};
use crate::lens::{Continuation, HeadName, Measure, Reading, Shown, Source};
use crate::task::limits::MAX_LINE;
use crate::task::{Task, harmless};

impl State {
    /// Everything on screen as a session.
    #[must_use]
    pub fn session(&self) -> Session {
        let task = self.task();
        Session {
            format: SESSION.format(),
            program: concat!("circuitscope ", env!("CARGO_PKG_VERSION")).to_owned(),
            model: ModelRef {
                path: self.model.path.clone(),
                name: self.model.name.clone(),
                hash: self.model.hash.clone(),
                task_file: self.model.task_file.clone(),
                said: self.model.said.clone(),
                assumed_positions: self.model.assumed_positions(),
            },
            task: task.identity(),
            example: self.sample.index,
            study: study_text(task, self.study()),
            view: view_text(self),
            question: questions::text(self, self.inquiry.as_ref()),
            beside: questions::text(self, self.pinned.as_ref()),
            space: lists::space_text(&self.space),
            lesson: self.lesson.as_ref().map(|lesson| lesson.name.to_owned()),
            folded: self.folded == Fold::Line,
            shelf: self.shelf.as_deref().map(lists::shelf_text),
            fields: fields_text(self),
            mode: mode_text(&self.mode),
            message: self.status.as_ref().map(|status| MessageText {
                text: fitting(&status.text),
                tone: word(&TONES, &status.tone),
            }),
            draft: draft_text(self),
            past: moments(self, self.history.past()),
            future: moments(self, self.history.future()),
        }
    }
}

/// A message as the reader takes it. A message may quote what is none of ours (a path, a list of all
/// heads), and a session must not be lost for what was said in it.
pub(in crate::app) fn fitting(text: &str) -> String {
    let mut text = harmless(text);
    if text.len() > MAX_LINE {
        let kept = text.floor_char_boundary(MAX_LINE - 3);
        text.truncate(kept);
        text.push_str("...");
    }
    text
}

fn side_text(source: &Source) -> SideText {
    let task = source.values.task();
    SideText {
        prompt: source.values.to_string(),
        continuation: match &source.continuation {
            Continuation::Truth => "truth".to_owned(),
            Continuation::Model => "model".to_owned(),
            Continuation::Typed(tokens) => {
                let names: Vec<String> = tokens.iter().map(|&one| task.token_name(one)).collect();
                names.join(" ")
            }
        },
    }
}

fn study_text(task: Task, study: &Study) -> StudyText {
    let lines = study.interventions.iter().map(|listed| InterventionText {
        line: listed.intervention.line(task),
        on: listed.on,
    });
    StudyText {
        clean: side_text(&study.clean),
        corrupted: side_text(&study.corrupted),
        counterfactual: study.counterfactual,
        direction: study.direction,
        metric: study.metric.map(|metric| metric.line(task)),
        measure: (study.measure != Measure::default()).then(|| study.measure.name().to_owned()),
        interventions: lines.collect(),
        sample: study.sample,
        claims: study.claims.clone(),
        seen: None,
    }
}

/// Moments of the history; what they show only where it is not what one comes from.
fn moments(state: &State, moments: &[Moment]) -> Vec<StudyText> {
    let now = state.sight();
    let before = moments.iter().skip(1).map(|moment| moment.sight.as_ref());
    let from = before.chain([Some(&now)]);
    let text = |(moment, from): (&Moment, Option<&Sight>)| {
        let other = moment.sight.as_ref().filter(|sight| from != Some(*sight));
        StudyText {
            seen: other.map(|sight| sight_text(state, sight)),
            ..study_text(state.task(), &moment.study)
        }
    };
    moments.iter().zip(from).map(text).collect()
}

fn sight_text(state: &State, sight: &Sight) -> SightText {
    let question = sight.question.as_ref();
    let (task, config) = (state.task(), &state.model.config);
    SightText {
        run: word(&RUNS, &sight.shown),
        grids: sight.reading.name().to_owned(),
        judge: sight.judge.map(|run| word(&RUNS, &Shown::Run(run))),
        zoomed: sight.zoomed,
        alone: sight.alone.map(|pane| word(&PANES, &pane)),
        question: question.map(|question| question.line(task, config)),
        attention: sight.attention.to_string(),
        scores: sight.scores,
        cells: sight.cells.to_string(),
        theme: sight.theme,
    }
}

fn view_text(state: &State) -> ViewText {
    let (task, view) = (state.task(), &state.view);
    let (attention, strips, cells) = (&view.attention, &view.strips, &view.cells);
    let head = |layer, head| HeadName { layer, head }.to_string();
    ViewText {
        focus: word(&PANES, &view.focus),
        zoomed: view.zoomed,
        run: word(&RUNS, &view.shown),
        grids: (view.reading != Reading::default()).then(|| view.reading.name().to_owned()),
        judge: view.judge.map(|run| word(&RUNS, &Shown::Run(run))),
        position: task.label(view.position),
        attention: AttentionText {
            head: head(attention.layer, attention.head),
            scores: attention.scores,
            dest: task.label(attention.dest),
            src: task.label(attention.src),
        },
        strips: StripsText {
            row: strip_names(state)
                .get(strips.row)
                .cloned()
                .unwrap_or_default(),
            layer: strips.layer,
            column: match strips.column {
                StripColumn::Pos(pos) => task.label(pos),
                StripColumn::All => "all".to_owned(),
            },
        },
        cells: CellsText {
            head: head(cells.layer, cells.head),
            dest: task.label(cells.dest),
            src: task.label(cells.src),
        },
        intervention: view.intervention,
        theme: view.theme,
    }
}

/// Only what the study does not say by itself, so that a hand-edited study needs no other edit.
fn fields_text(state: &State) -> FieldsText {
    let (task, fields, study) = (state.task(), &state.fields, state.study());
    let plain = Fields::new(&study.clean, &study.corrupted);
    let (side, field) = fields.selected();
    let all = SIDES
        .iter()
        .flat_map(|side| Part::all(task).map(move |field| (side, field)));
    let texts = all.filter_map(|(&(side_word, side), field)| {
        let text = fields.text(side, field);
        let differs = text != plain.text(side, field);
        differs.then(|| {
            (
                side_word.to_owned(),
                field.name(task).to_owned(),
                text.to_owned(),
            )
        })
    });
    FieldsText {
        selected: (word(&SIDES, &side), field.name(task).to_owned()),
        cursor: fields.cursor(),
        whole: fields.is_whole(),
        found: fields.found().map(str::to_owned),
        texts: texts.collect(),
        wrong: state
            .field_error
            .as_ref()
            .map(|(side, _)| word(&SIDES, side)),
    }
}

fn mode_text(mode: &Mode) -> ModeText {
    match mode {
        Mode::Normal => ModeText::Normal,
        Mode::Help(view) if view.filter.is_empty() && !view.typing && !view.words => {
            ModeText::Help(view.at)
        }
        Mode::Help(view) => ModeText::Filtered(FilterText {
            at: view.at,
            filter: view.filter.clone(),
            typing: view.typing,
            words: view.words,
        }),
        Mode::Menu => ModeText::Menu,
        Mode::Line(line) => ModeText::Line(line_text(line)),
        Mode::Findings => ModeText::Findings,
        Mode::Note(_) => ModeText::Note,
    }
}

/// The note being typed, or the one that was put aside.
fn draft_text(state: &State) -> Option<DraftText> {
    let editor = match &state.mode {
        Mode::Note(editor) => editor,
        _ => state.draft.as_ref()?,
    };
    let edited = editor.edited.as_ref();
    let cursor = |area: &tui_textarea::TextArea<'_>| (area.cursor().0, area.cursor().1);
    Some(DraftText {
        proposed: editor.is_proposed(),
        title: editor.title_text(),
        note: editor.note_text(),
        cursors: [cursor(&editor.title), cursor(&editor.note)],
        on_title: editor.on_title,
        edited: edited.map(|edited| (edited.name.clone(), edited.was.clone())),
    })
}

fn line_text(line: &LineEditor) -> LineText {
    let (purpose, edits) = match line.purpose {
        Purpose::Edit(index) => (EDIT.to_owned(), Some(index)),
        other => (word(&PURPOSES, &other), None),
    };
    LineText {
        purpose,
        edits,
        text: line.text().to_owned(),
        cursor: line.editor.cursor().1,
        selected: line.editor.is_selecting(),
        chosen: line.chosen,
        error: line
            .error
            .as_ref()
            .map(|(word, problem)| (*word, fitting(problem))),
    }
}
