//! From a session to the state: every word is checked against the model.

use super::words::{EDIT, PANES, PURPOSES, RUNS, SIDES, TONES, plain, strip_names, value};
use super::{lists, questions};
use crate::answers::Question;
use crate::app::does::line::suggest_anew;
use crate::app::held::draft::{Edited, NoteEditor, place_cursor};
use crate::app::held::editor::jump;
use crate::app::held::fields::{Fields, Part, Side};
use crate::app::held::panes::{Fold, StripColumn};
use crate::app::held::sight::Sight;
use crate::app::held::state::{HelpView, LineEditor, Mode, Purpose, Status};
use crate::app::held::state::{ModelInfo, State};
use crate::app::held::study::MAX_HISTORY;
use crate::app::held::study::{History, Listed, Moment, Study};
use crate::app::keys::pane::Pane;
use crate::findings::session::{
    DraftText, FieldsText, LineText, ModeText, Session, SideText, SightText, StudyText, ViewText,
};
use crate::findings::tutorial;
use crate::lens::{
    Continuation, HeadName, Intervention, Measure, Metric, Reading, RunName, Shown, Source,
};
use crate::task::shown;
use crate::task::text::listed;
use anyhow::{Context as _, Result, bail, ensure};
use tui_textarea::TextArea;

impl State {
    /// The workbench of a session, before its numbers.
    ///
    /// # Errors
    /// Names the field that is wrong and what would be right.
    pub fn from_session(model: ModelInfo, session: &Session) -> Result<Self> {
        ensure!(
            session.task == model.task.identity(),
            "field 'task': {}, but the model {} is opened for {}; name the right one with --model \
             and --task",
            session.task,
            model.name,
            model.task.identity()
        );
        let study = study(&model, &session.study).context("field 'study'")?;
        let unseen = session.study.seen.is_none();
        ensure!(unseen, "field 'study.seen': 'view' says what is shown now");
        let mut state = Self::new(model, study.sample, Some(study.clean.prompt()));
        state.fields = Fields::new(&study.clean, &study.corrupted);
        let moments = |texts: &[StudyText], name: &str| -> Result<Vec<Moment>> {
            ensure!(
                texts.len() <= MAX_HISTORY,
                "field '{name}': {} studies; at most {MAX_HISTORY} are kept",
                texts.len()
            );
            let read = texts.iter().enumerate().map(|(i, text)| {
                moment(&state.model, text).with_context(|| format!("field '{name}[{i}]'"))
            });
            read.collect()
        };
        let (past, future) = (
            moments(&session.past, "past")?,
            moments(&session.future, "future")?,
        );
        state.history = History::with(study, past, future);
        state.sample.index = example(&state, session.example)?;
        view(&mut state, &session.view)?;
        questions::read(&mut state, session)?;
        ensure!(
            state.inquiry.is_some() || state.view.focus != Pane::Answer,
            "field 'view.focus': there is no answer to look at where 'question' is null"
        );
        fields(&mut state, &session.fields).context("field 'fields'")?;
        if let Some(message) = &session.message {
            let text = plain(&message.text).context("field 'message.text'")?;
            let tone = value(&TONES, &message.tone).context("field 'message.tone'")?;
            state.status = Some(Status {
                text: text.to_owned(),
                tone,
                awaits_effect: false,
            });
        }
        state.space = lists::space(&session.space).context("field 'space'")?;
        // a program may have other steps than the one that wrote it
        let lesson = session.lesson.as_deref().and_then(tutorial::lesson);
        state.lesson = lesson.map(Box::new);
        state.folded = match session.folded {
            true => Fold::Line,
            false => Fold::Part,
        };
        let shelf = session.shelf.as_ref().map(lists::shelf).transpose();
        state.shelf = shelf.context("field 'shelf'")?.map(Box::new);
        let draft = session.draft.as_ref().map(draft).transpose();
        state.draft = draft.context("field 'draft'")?.map(Box::new);
        mode(&mut state, &session.mode).context("field 'mode'")?;
        Ok(state)
    }
}

pub(in crate::app) fn study(model: &ModelInfo, text: &StudyText) -> Result<Study> {
    let (task, config) = (model.task, &model.config);
    let lines = text.interventions.iter().enumerate().map(|(i, one)| {
        let parsed = Intervention::parse(&one.line, task, config);
        let intervention = parsed.with_context(|| format!("interventions[{i}].line"))?;
        Ok(Listed {
            intervention,
            on: one.on,
        })
    });
    let measure = text.measure.as_deref().map(Measure::parse);
    let metric = text.metric.as_deref();
    let metric = metric.map(|text| Metric::parse(task, text)).transpose();
    let clean = side(model, &text.clean).context("clean")?;
    let changes = crate::task::counterfactuals(task, &clean.values).len();
    // a prompt without any has none
    let counterfactual = text.counterfactual.filter(|_| changes > 0);
    if let Some(index) = counterfactual {
        ensure!(
            index < changes,
            "counterfactual: {index} is not in 0..{changes}"
        );
    }
    for (i, claim) in text.claims.iter().enumerate() {
        plain(claim).with_context(|| format!("claims[{i}]"))?;
    }
    Ok(Study {
        tried: None,
        clean,
        corrupted: side(model, &text.corrupted).context("corrupted")?,
        counterfactual,
        direction: text.direction,
        metric: metric.context("metric")?,
        measure: measure.transpose().context("measure")?.unwrap_or_default(),
        interventions: lines.collect::<Result<_>>()?,
        sample: text.sample,
        claims: text.claims.clone(),
    })
}

fn moment(model: &ModelInfo, text: &StudyText) -> Result<Moment> {
    let sight = text.seen.as_ref().map(|text| sight(model, text));
    Ok(Moment {
        study: study(model, text)?,
        sight: sight.transpose().context("seen")?,
    })
}

fn sight(model: &ModelInfo, text: &SightText) -> Result<Sight> {
    let (task, config) = (model.task, &model.config);
    let alone = text.alone.as_deref().map(|pane| value(&PANES, pane));
    let alone = alone.transpose().context("alone")?;
    let question = text.question.as_deref();
    let question = question.map(|line| Question::parse(line, task, config));
    let question = question.transpose().context("question")?;
    ensure!(
        alone != Some(Pane::Answer) || question.is_some(),
        "alone: the answer needs a question"
    );
    ensure!(
        !text.zoomed || alone.is_some(),
        "alone: a pane is zoomed, but which?"
    );
    Ok(Sight {
        shown: value(&RUNS, &text.run).context("run")?,
        reading: Reading::parse(&text.grids).context("grids")?,
        judge: judge(text.judge.as_deref()).context("judge")?,
        zoomed: text.zoomed,
        alone,
        question,
        attention: HeadName::parse(&text.attention, config).context("attention")?,
        scores: text.scores,
        cells: HeadName::parse(&text.cells, config).context("cells")?,
        theme: text.theme,
    })
}

fn side(model: &ModelInfo, text: &SideText) -> Result<Source> {
    let task = model.task;
    let prompt = task.parse_prompt(&text.prompt).context("prompt")?;
    let continuation = match text.continuation.as_str() {
        "truth" => Continuation::Truth,
        "model" => Continuation::Model,
        values => {
            let typed = task.parse_continuation(values);
            Continuation::Typed(typed.context("continuation: truth, model or the values")?)
        }
    };
    Ok(Source {
        values: prompt.values,
        continuation,
    })
}

fn example(state: &State, index: Option<usize>) -> Result<Option<usize>> {
    let len = state.sample.prompts.len();
    ensure!(
        index.is_none_or(|index| index < len),
        "field 'example': {} is not in 0..{len}",
        index.unwrap_or(0)
    );
    Ok(index)
}

fn view(state: &mut State, text: &ViewText) -> Result<()> {
    let (task, config) = (state.task(), state.model.config.clone());
    let position = |name: &str, label: &str| {
        let found = task.position(label);
        found.with_context(|| format!("field 'view.{name}'"))
    };
    let head = |name: &str, head: &str| {
        let found = HeadName::parse(head, &config);
        found.with_context(|| format!("field 'view.{name}.head'"))
    };
    let rows = strip_names(state);
    let row = rows.iter().position(|row| *row == text.strips.row);
    let row = row.with_context(|| {
        let row = shown(&text.strips.row);
        format!(
            "field 'view.strips.row': '{row}' is none of: {}",
            listed(&rows, ", ")
        )
    })?;
    ensure!(
        text.strips.layer < config.n_layers,
        "field 'view.strips.layer': {} is not in 0..{}",
        text.strips.layer,
        config.n_layers
    );
    let listed = state.study().interventions.len();
    ensure!(
        text.intervention <= listed.saturating_sub(1),
        "field 'view.intervention': {}, but {listed} are listed",
        text.intervention
    );
    let view = &mut state.view;
    view.focus = value(&PANES, &text.focus).context("field 'view.focus'")?;
    view.zoomed = text.zoomed;
    view.shown = value(&RUNS, &text.run).context("field 'view.run'")?;
    let grids = text.grids.as_deref().map(Reading::parse).transpose();
    view.reading = grids.context("field 'view.grids'")?.unwrap_or_default();
    view.judge = judge(text.judge.as_deref()).context("field 'view.judge'")?;
    view.position = position("position", &text.position)?;
    let at = head("attention", &text.attention.head)?;
    view.attention.layer = at.layer;
    view.attention.head = at.head;
    view.attention.scores = text.attention.scores;
    view.attention.dest = position("attention.dest", &text.attention.dest)?;
    view.attention.src = position("attention.src", &text.attention.src)?;
    view.strips.row = row;
    view.strips.layer = text.strips.layer;
    view.strips.column = match text.strips.column.as_str() {
        "all" => StripColumn::All,
        label => StripColumn::Pos(position("strips.column", label)?),
    };
    let at = head("cells", &text.cells.head)?;
    view.cells.layer = at.layer;
    view.cells.head = at.head;
    view.cells.dest = position("cells.dest", &text.cells.dest)?;
    view.cells.src = position("cells.src", &text.cells.src)?;
    view.intervention = text.intervention;
    view.theme = text.theme;
    Ok(())
}

/// The editor of this name.
fn part(state: &State, name: &str) -> Result<Part> {
    let task = state.task();
    let found = Part::all(task).find(|part| part.name(task) == name);
    found.with_context(|| {
        let names: Vec<&str> = Part::all(task).map(|part| part.name(task)).collect();
        format!("'{}' is none of: {}", shown(name), names.join(", "))
    })
}

/// Texts that differ from the study's are wrong ones, or ones that mean the same.
fn fields(state: &mut State, text: &FieldsText) -> Result<()> {
    for (i, (side, field, text)) in text.texts.iter().enumerate() {
        let at = || format!("texts[{i}]");
        let side = value(&SIDES, side).with_context(at)?;
        let field = part(state, field).with_context(at)?;
        state
            .fields
            .set_text(side, field, plain(text).with_context(at)?);
    }
    let side = value(&SIDES, &text.selected.0).context("selected[0]")?;
    let field = part(state, &text.selected.1).context("selected[1]")?;
    state.fields.select(side, field);
    state.fields.set_cursor(text.cursor);
    state.fields.set_whole(text.whole);
    if let Some(found) = &text.found {
        state.fields.set_found(plain(found).context("found")?);
    }
    let wrong = text.wrong.as_deref().map(|side| value(&SIDES, side));
    let wrong = wrong.transpose().context("wrong")?;
    for side in [Side::Clean, Side::Corrupted] {
        let is_wrong = wrong == Some(side);
        let problem = problem(state, side, is_wrong);
        if is_wrong {
            let problem = problem.context("wrong: nothing is wrong on that side")?;
            state.field_error = Some((side, problem));
        } else if wrong.is_none() {
            let problem = problem.unwrap_or_default();
            let what = "texts: not what the study says; mend the study and empty this list";
            ensure!(problem.is_empty(), "{what}: {problem}");
        }
    }
    Ok(())
}

/// What is wrong with the fields of a side: not a prompt, or not the study's. The model's own `b`
/// is told by a run; it can only be wrong where it was typed over.
fn problem(state: &State, side: Side, is_wrong: bool) -> Option<String> {
    let studied = state.study().side(side);
    let read = |continuation: &Continuation| state.fields.read(side, continuation);
    match read(&studied.continuation) {
        Err(error) => Some(error.to_string()),
        Ok(same) if same == *studied => {
            let typed_over = is_wrong || studied.continuation != Continuation::Model;
            let typed = read(&Continuation::Typed(Vec::new()));
            typed
                .err()
                .filter(|_| typed_over)
                .map(|error| error.to_string())
        }
        Ok(_) => Some("not the study's".to_owned()),
    }
}

fn draft(text: &DraftText) -> Result<NoteEditor> {
    plain(&text.title).context("title")?;
    let edited = text.edited.as_ref().map(|(name, was)| Edited {
        name: name.clone(),
        was: was.clone(),
    });
    if let Some(edited) = &edited {
        let inside = !edited.name.starts_with('.') && !edited.name.contains(['/', '\\']);
        ensure!(
            inside,
            "edited: '{}' is no finding's name",
            shown(&edited.name)
        );
    }
    let mut editor = NoteEditor::new(&text.title, &text.note, edited);
    place_cursor(&mut editor.title, text.cursors[0]);
    place_cursor(&mut editor.note, text.cursors[1]);
    editor.on_title = text.on_title;
    if text.proposed {
        editor.title.select_all();
    }
    Ok(editor)
}

fn mode(state: &mut State, text: &ModeText) -> Result<()> {
    match text {
        ModeText::Note => {
            let draft = state.draft.take().context("'note' needs a draft")?;
            state.mode = Mode::Note(draft);
        }
        ModeText::Findings => {
            ensure!(state.shelf.is_some(), "'findings' needs a shelf");
            state.mode = Mode::Findings;
        }
        ModeText::Normal => {
            ensure!(state.shelf.is_none(), "a shelf needs 'findings'");
            state.mode = Mode::Normal;
        }
        ModeText::Help(at) => {
            let at = *at;
            state.mode = Mode::Help(HelpView {
                at,
                ..HelpView::default()
            });
        }
        ModeText::Filtered(text) => {
            state.mode = Mode::Help(HelpView {
                at: text.at,
                filter: plain(&text.filter).context("filter")?.to_owned(),
                typing: text.typing,
                words: text.words,
            });
        }
        ModeText::Menu => state.mode = Mode::Menu,
        ModeText::Line(line) => {
            state.mode = Mode::Line(Box::new(line_editor(state, line)?));
            suggest_anew(state);
        }
    }
    Ok(())
}

fn line_editor(state: &State, text: &LineText) -> Result<LineEditor> {
    let purpose = match (text.purpose.as_str(), text.edits) {
        (EDIT, Some(index)) => {
            let listed = state.study().interventions.len();
            ensure!(index < listed, "edits: {index}, but {listed} are listed");
            Purpose::Edit(index)
        }
        (EDIT, None) => bail!("edits: an edited intervention needs its number"),
        (other, _) => value(&PURPOSES, other).context("purpose")?,
    };
    ensure!(
        state.shelf.is_some() == matches!(purpose, Purpose::Search | Purpose::Rename),
        "purpose: '{}' does not go with the findings view as it is",
        text.purpose
    );
    if let Some((_, problem)) = &text.error {
        plain(problem).context("error")?;
    }
    let mut editor = TextArea::new(vec![plain(&text.text).context("text")?.to_owned()]);
    editor.move_cursor(jump(text.cursor));
    if text.selected {
        editor.select_all();
    }
    Ok(LineEditor {
        purpose,
        editor,
        error: text.error.clone(),
        completions: Vec::new(),
        found: Vec::new(),
        chosen: text.chosen,
        recalled: None,
        cycle: None,
    })
}

/// Whose answer judges the patched run.
fn judge(word: Option<&str>) -> Result<Option<RunName>> {
    let run = word.map(|word| value(&RUNS, word)).transpose()?;
    match run {
        None => Ok(None),
        Some(Shown::Run(run @ (RunName::Clean | RunName::Corrupted))) => Ok(Some(run)),
        Some(_) => anyhow::bail!("it is clean or corrupted"),
    }
}
