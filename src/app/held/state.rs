//! The state of the workbench.

use super::draft::NoteEditor;
use super::fields::{Fields, Side};
use super::inquiry::{Inquiry, Trail};
use super::panes::{AttentionView, CellsView, Fold, StripColumn, StripsView};
use super::shelf::Shelf;
use super::space::Space;
use super::steps::Steps;
use super::study::{History, Study};
use super::training::UnderWay;
use super::view::View;
use crate::app::keys::action::Action;
use crate::app::keys::pane::Pane;
use crate::findings::tutorial::Lesson;
use crate::lens::{
    Fix, InView, MetricValues, Observation, Reading, RunName, Score, Shown, Source, Warning,
    warnings,
};
use crate::model::config::Assumed;
use crate::model::{Config, Model};
use crate::task::{Prompt, Sample, Task};
use std::collections::BTreeMap;
use std::sync::Arc;
use tui_textarea::TextArea;

/// What a typed line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An intervention, a prompt or a command.
    Command,
    /// The metric.
    Metric,
    /// The number of an example.
    Jump,
    /// A new text for this intervention.
    Edit(usize),
    /// A value for the attention cell under the cursor.
    Cell,
    /// A question.
    Question,
    /// A row and a column of the answer.
    Find,
    /// What findings must have.
    Search,
    /// A finding's new title.
    Rename,
}

impl Purpose {
    /// What stands before the line.
    #[must_use]
    pub fn prompt(self) -> &'static str {
        match self {
            Self::Command => ":",
            Self::Metric => "metric POS:ANSWER:OTHER ",
            Self::Jump => "example ",
            Self::Edit(_) => "edit ",
            Self::Cell => "attention = ",
            Self::Question => "ask ",
            Self::Find => "go to ROW [COLUMN] ",
            Self::Search => "search ",
            Self::Rename => "title ",
        }
    }
}

/// A line being typed.
#[derive(Clone, Debug)]
pub struct LineEditor {
    /// What for.
    pub purpose: Purpose,
    /// The text.
    pub editor: TextArea<'static>,
    /// What is wrong with it, and at which word; for a command that was tried.
    pub error: Option<(Option<usize>, String)>,
    /// What could come next.
    pub completions: Vec<String>,
    /// What the letters typed so far may mean, words and actions.
    pub found: Vec<Found>,
    /// Which of it is chosen.
    pub chosen: Option<usize>,
    /// Which line typed before is on it.
    pub recalled: Option<usize>,
    /// What tab goes through, and where it is.
    pub cycle: Option<(Vec<String>, usize)>,
}

/// Something that the palette has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The word that begins a line, or the key that does it.
    pub line: String,
    /// What the word or the key does.
    pub about: String,
    /// What follows the word.
    pub form: &'static str,
    /// What is done.
    pub action: Option<Action>,
}

impl LineEditor {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.editor.lines().first().map_or("", String::as_str)
    }
}

/// What of the help is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelpView {
    /// Which of its keys or words the cursor is on.
    pub at: usize,
    /// What the keys must have in their text.
    pub filter: String,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// The words on screen instead of the keys.
    pub words: bool,
}

/// What the keys mean.
#[derive(Clone, Debug)]
pub enum Mode {
    /// The workbench.
    Normal,
    /// The help.
    Help(HelpView),
    /// The menu of keys.
    Menu,
    /// A line is being typed.
    Line(Box<LineEditor>),
    /// The findings are looked through.
    Findings,
    /// A finding's title and note are typed.
    Note(Box<NoteEditor>),
}

/// How a message looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// Just to know.
    Plain,
}

/// A message in the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The text.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
    /// Whether it is of an intervention whose effect is told behind it as soon as it is known.
    pub awaits_effect: bool,
}

/// The model's identity, as far as the screen shows it.
#[derive(Clone, Debug)]
pub struct ModelInfo {
    /// Its file, absolute; `None` is the embedded model.
    pub path: Option<String>,
    /// File name, or what the embedded model is called.
    pub name: String,
    /// SHA-256 of the weights, hexadecimal.
    pub hash: String,
    /// Where it computes.
    pub device: String,
    /// Its shape.
    pub config: Config,
    /// Its task.
    pub task: Task,
    /// The file that the task is read from, where one was named.
    pub task_file: Option<String>,
    /// What the user said of the model, by flag.
    pub said: BTreeMap<String, String>,
}

impl ModelInfo {
    /// What a model is, opened from a path, computing on a device; nothing was said of it.
    #[must_use]
    pub fn new(model: &Model, path: Option<String>, device: String) -> Self {
        Self {
            task_file: None,
            said: BTreeMap::new(),
            path,
            name: model.name.clone(),
            hash: model.hash.clone(),
            device,
            config: model.transformer.config().clone(),
            task: model.transformer.task(),
        }
    }

    /// Where positions enter, where that is only assumed.
    #[must_use]
    pub fn assumed_positions(&self) -> Option<String> {
        let assumed = self.config.assumes(Assumed::Positions);
        assumed.then(|| self.config.positions_words())
    }
}

/// The examples that are stepped through.
#[derive(Clone, Debug)]
pub struct SampleState {
    /// Which.
    pub source: Sample,
    /// The examples.
    pub prompts: Arc<Vec<Prompt>>,
    /// Which one the clean prompt was taken from; `None` once it was typed.
    pub index: Option<usize>,
    /// The model's score on all of them, once known.
    pub score: Option<Score>,
}

/// The whole workbench.
#[derive(Clone, Debug)]
pub struct State {
    /// The model.
    pub model: ModelInfo,
    /// Its steps, where it is one of several.
    pub steps: Option<Box<Steps>>,
    /// A training that was begun here, whatever model is looked at.
    pub training: Option<Box<UnderWay>>,
    /// Whether the numbers on screen are of another step of the model.
    pub of_another_step: bool,
    /// The study and its history.
    pub history: History,
    /// Lines typed before, the newest last.
    pub typed: Vec<String>,
    /// The prompt editors.
    pub fields: Fields,
    /// What is wrong with a field: the numbers on screen belong to an older text then.
    pub field_error: Option<(Side, String)>,
    /// The examples.
    pub sample: SampleState,
    /// The newest numbers.
    pub observation: Option<Arc<Observation>>,
    /// Why there are no newer ones.
    pub failure: Option<String>,
    /// Of the newest request.
    pub generation: u64,
    /// What of the grids is looked at, as the worker was told.
    pub looked_at: InView,
    /// What is known of the whole input space.
    pub space: Space,
    /// Of the newest question.
    pub asked: u64,
    /// The open question.
    pub inquiry: Option<Inquiry>,
    /// The one that is pinned beside it; without an open one there is none.
    pub pinned: Option<Inquiry>,
    /// The answers that were looked at.
    pub trail: Trail,
    /// The step of the tutorial that is gone through: its text stands beside the workbench.
    pub lesson: Option<Box<Lesson>>,
    /// Whether that text is folded up, where it lies over the panes.
    pub folded: Fold,
    /// The open findings view.
    pub shelf: Option<Box<Shelf>>,
    /// The metric before an intervention that is being typed acted.
    pub(in crate::app) untried: Option<MetricValues>,
    /// Whether the grids' cursors go to what does most, once that is known: nobody has put them anywhere yet.
    pub unplaced: bool,
    /// A note that was put aside.
    pub draft: Option<Box<NoteEditor>>,
    /// The themes' names as a key goes through them: the first is that of the program's owner.
    pub themes: Vec<&'static str>,
    /// What the panes look at.
    pub view: View,
    /// What the keys mean.
    pub mode: Mode,
    /// The message in the footer.
    pub status: Option<Status>,
}

impl State {
    /// The workbench on the first example of a sample, or on a prompt.
    #[must_use]
    pub fn new(model: ModelInfo, source: Sample, prompt: Option<Prompt>) -> Self {
        let task = model.task;
        let prompts = Arc::new(source.prompts(task));
        let index = prompt.is_none().then_some(0);
        let clean = prompt
            .or_else(|| prompts.first().cloned())
            .map(Source::from);
        let clean = clean.unwrap_or_else(|| Source::new(task.values_at(0)));
        let study = Study::new(task, clean, source);
        let last_layer = model.config.n_layers.saturating_sub(1);
        let position = study.measured(task).unwrap_or(task.predicts_at(0));
        Self {
            fields: Fields::new(&study.clean, &study.corrupted),
            field_error: None,
            history: History::new(study),
            sample: SampleState {
                source,
                prompts,
                index,
                score: None,
            },
            observation: None,
            failure: None,
            generation: 0,
            looked_at: InView::default(),
            space: Space {
                truth: true,
                ..Space::default()
            },
            asked: 0,
            inquiry: None,
            pinned: None,
            trail: Trail::default(),
            typed: Vec::new(),
            themes: Vec::new(),
            lesson: None,
            folded: Fold::default(),
            shelf: None,
            untried: None,
            unplaced: false,
            draft: None,
            view: View {
                focus: Pane::Prompt,
                zoomed: false,
                shown: Shown::Run(RunName::Clean),
                reading: Reading::default(),
                judge: None,
                position,
                attention: AttentionView {
                    layer: last_layer,
                    head: 0,
                    scores: false,
                    dest: task.predicts_at(0),
                    src: 1,
                },
                strips: StripsView {
                    row: 0,
                    layer: last_layer,
                    column: StripColumn::Pos(task.predicts_at(0)),
                },
                cells: CellsView {
                    layer: last_layer,
                    head: 0,
                    dest: task.predicts_at(0),
                    src: 1,
                },
                intervention: 0,
                theme: 0,
            },
            mode: Mode::Normal,
            status: None,
            steps: None,
            training: None,
            of_another_step: false,
            model,
        }
    }

    /// What a line or an editor lies over.
    pub(in crate::app) fn below(&self) -> Mode {
        match self.shelf {
            Some(_) => Mode::Findings,
            None => Mode::Normal,
        }
    }

    /// The study as it is.
    #[must_use]
    pub fn study(&self) -> &Study {
        self.history.current()
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> Task {
        self.model.task
    }

    /// Whether the numbers on screen belong to something older than the fields and lists say.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let Some(seen) = &self.observation else {
            return true;
        };
        let other = self.of_another_step || self.field_error.is_some();
        other || seen.experiment != self.study().experiment()
    }

    /// Whether all that is asked has an answer, or news of one: computing it ends no program.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let seen = self.observation.is_some() || self.failure.is_some();
        let mut open = self.inquiry.iter().chain(&self.pinned);
        let running = self.space.running.as_ref();
        seen && open.all(|inquiry| inquiry.answer.is_some())
            && running.is_none_or(|running| running.news.is_some())
    }

    /// Whether this request to all inputs judges a step of the tutorial.
    #[must_use]
    pub fn is_judging(&self, generation: u64) -> bool {
        let judging = self.shelf.as_ref().and_then(|shelf| shelf.judging.as_ref());
        judging.is_some_and(|(of, _)| *of == generation)
    }

    /// Why there is no metric.
    #[must_use]
    pub fn no_metric(&self) -> &'static str {
        if self.task().is_judged() {
            "  no metric: the answers agree"
        } else {
            "  no metric: m names one"
        }
    }

    /// What is odd about the pair.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let fresh = self.observation.as_ref().filter(|_| !self.is_stale());
        let fresh = fresh.map(|seen| &**seen);
        warnings(self.task(), &self.study().experiment(), fresh)
    }

    /// The way out of the first warning.
    #[must_use]
    pub fn offered_fix(&self) -> Option<Fix> {
        self.warnings().first().map(|warning| warning.fix)
    }
}
