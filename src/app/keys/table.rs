//! The key table: the one place that says which key does what. Dispatch, footer, help overlay and
//! `docs/keys.md` all come from it.

use super::action::Action;
use super::key::Key;
use super::pane::Pane;
use Where::{Everywhere as E, Findings, Help, Line, Note};
use crossterm::event::KeyCode;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// On the workbench, whatever pane has the focus.
    Everywhere,
    /// In this pane; comes before `Everywhere`.
    Pane(Pane),
    /// While the help is open.
    Help,
    /// While a line is being typed.
    Line,
    /// While findings are looked through.
    Findings,
    /// While a note is typed.
    Note,
}

impl Where {
    /// Its heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Pane(pane) => pane.title(),
            Self::Help => "help",
            Self::Line => "typing a line",
            Self::Findings => "findings",
            Self::Note => "typing a finding's note",
        }
    }
}

/// One row of the key table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The keys that do it.
    pub keys: &'static [Key],
    /// Where they do.
    pub at: Where,
    /// What they do.
    pub action: Action,
    /// In at most 12 characters, for the footer; empty where it would say the obvious.
    pub hint: &'static str,
    /// In one line, for the help.
    pub help: &'static str,
}

impl Binding {
    /// The first that does this: its key is the one to name.
    #[must_use]
    pub fn of(action: Action) -> Option<&'static Self> {
        BINDINGS.iter().find(|binding| binding.action == action)
    }

    /// Its keys as they are named: many that follow each other as a range.
    #[must_use]
    pub fn named_keys(&self) -> Vec<String> {
        match self.keys {
            [first, .., last] if self.keys.len() == DIGITS.len() => {
                vec![format!("{first}-{last}")]
            }
            keys => keys.iter().map(ToString::to_string).collect(),
        }
    }

    /// The key to name for an action; empty where it has none.
    #[must_use]
    pub fn key_of(action: Action) -> String {
        Self::of(action).map_or_else(String::new, |binding| binding.keys[0].to_string())
    }
}

const fn row(
    at: Where,
    keys: &'static [Key],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        at,
        action,
        hint,
        help,
    }
}

const UP: &[Key] = &[Key::plain(KeyCode::Up), Key::char('k')];
const DOWN: &[Key] = &[Key::plain(KeyCode::Down), Key::char('j')];
const LEFT: &[Key] = &[Key::plain(KeyCode::Left), Key::char('h')];
const RIGHT: &[Key] = &[Key::plain(KeyCode::Right), Key::char('l')];
const HOME: &[Key] = &[Key::plain(KeyCode::Home)];
const END: &[Key] = &[Key::plain(KeyCode::End)];
const ENTER: &[Key] = &[Key::plain(KeyCode::Enter)];
const DIGITS: &[Key] = &[
    Key::char('0'),
    Key::char('1'),
    Key::char('2'),
    Key::char('3'),
    Key::char('4'),
    Key::char('5'),
    Key::char('6'),
    Key::char('7'),
    Key::char('8'),
    Key::char('9'),
];
const ESC: &[Key] = &[Key::plain(KeyCode::Esc)];

pub(in crate::app) const PROMPT: Where = Where::Pane(Pane::Prompt);
pub(in crate::app) const LOGITS: Where = Where::Pane(Pane::Logits);
const ATTENTION: Where = Where::Pane(Pane::Attention);
const STRIPS: Where = Where::Pane(Pane::Strips);
const CELLS: Where = Where::Pane(Pane::Cells);
pub(in crate::app) const ANSWER: Where = Where::Pane(Pane::Answer);
const SPACE: Where = Where::Pane(Pane::Space);
const LIST: Where = Where::Pane(Pane::Interventions);

/// Every binding. Rows of a pane come before those of `Everywhere`.
// a table is read by its columns
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    row(PROMPT, DIGITS, Action::TypeField, "type a value", "a digit or letter: the value at the cursor"),
    row(PROMPT, UP, Action::Up, "field", "previous field"),
    row(PROMPT, DOWN, Action::Down, "", "next field"),
    row(PROMPT, ENTER, Action::Down, "", "next field"),
    row(PROMPT, &[Key::char('h')], Action::Left, "", "the value to the left"),
    row(PROMPT, &[Key::char('l')], Action::Right, "", "the value to the right"),
    row(PROMPT, &[Key::plain(KeyCode::PageUp)], Action::ValueUp, "", "the value at the cursor one up, counted round"),
    row(PROMPT, &[Key::plain(KeyCode::PageDown)], Action::ValueDown, "", "the value at the cursor one down"),
    row(LOGITS, UP, Action::Up, "position", "previous position"),
    row(LOGITS, DOWN, Action::Down, "", "next position"),
    row(LOGITS, HOME, Action::First, "", "first position"),
    row(LOGITS, END, Action::Last, "", "last position"),
    row(LOGITS, &[Key::char('J')], Action::SwitchJudge, "judge", "judge a patched run by the other run's answer"),
    row(ATTENTION, UP, Action::Up, "cell", "previous query (dest)"),
    row(ATTENTION, DOWN, Action::Down, "", "next query (dest)"),
    row(ATTENTION, LEFT, Action::Left, "", "previous key (src)"),
    row(ATTENTION, RIGHT, Action::Right, "", "next key (src)"),
    row(ATTENTION, &[Key::char('.')], Action::NextHead, "head", "next head"),
    row(ATTENTION, &[Key::char(',')], Action::PreviousHead, "", "previous head"),
    row(ATTENTION, &[Key::char('a')], Action::ToggleScores, "scores", "probabilities or scores"),
    row(ATTENTION, &[Key::char('H')], Action::Hottest, "", "to the key that this query attends to most"),
    row(ATTENTION, &[Key::char('=')], Action::TypeValue, "set", "set this cell; a typed digit does too"),
    row(ATTENTION, &[Key::char('+')], Action::NudgeUp, "nudge", "raise this cell by 0.05 (a score by 0.5)"),
    row(ATTENTION, &[Key::char('-')], Action::NudgeDown, "", "lower it as much; esc restores it"),
    row(ATTENTION, ENTER, Action::KnockCell, "knock out", "cut this attention cell off"),
    row(ATTENTION, &[Key::char('w')], Action::AskWhy, "why", "why it attends there: the score in parts"),
    row(ATTENTION, &[Key::char('o')], Action::AskCircuit, "circuit", "the circuit that does most for this score"),
    row(ATTENTION, &[Key::char('A')], Action::AskMean, "mean", "this head, averaged over the sample"),
    row(STRIPS, UP, Action::Up, "cell", "grid above"),
    row(STRIPS, DOWN, Action::Down, "", "grid below"),
    row(STRIPS, LEFT, Action::Left, "", "previous position or layer"),
    row(STRIPS, RIGHT, Action::Right, "", "next position or layer"),
    row(STRIPS, HOME, Action::First, "", "first position"),
    row(STRIPS, END, Action::Last, "", "last position"),
    row(STRIPS, &[Key::char('H')], Action::Hottest, "", "to the cell that does most"),
    row(STRIPS, ENTER, Action::PatchCell, "patch", "add this patch to the interventions"),
    row(STRIPS, &[Key::char('0')], Action::ZeroCell, "zero", "add a zero ablation here"),
    row(STRIPS, &[Key::char('A')], Action::MeanCell, "mean", "add a mean ablation over the sample"),
    row(STRIPS, &[Key::char('=')], Action::SetCell, "", "set the numbers here: type them"),
    row(STRIPS, &[Key::char('*')], Action::ScaleCell, "", "scale what is here: type a factor"),
    row(STRIPS, &[Key::char('~')], Action::ResampleCell, "", "resample what is here, but for fields you type"),
    row(STRIPS, &[Key::char('B')], Action::SurveyCell, "", "every ablation here at once, over the sample"),
    row(CELLS, UP, Action::Up, "cell", "previous query (dest)"),
    row(CELLS, DOWN, Action::Down, "", "next query (dest)"),
    row(CELLS, LEFT, Action::Left, "", "previous key (src)"),
    row(CELLS, RIGHT, Action::Right, "", "next key (src)"),
    row(CELLS, &[Key::char('.')], Action::NextHead, "head", "next head"),
    row(CELLS, &[Key::char(',')], Action::PreviousHead, "", "previous head"),
    row(CELLS, &[Key::char('H')], Action::Hottest, "", "to the cell that does most"),
    row(CELLS, ENTER, Action::PatchCell, "patch", "add this patch to the interventions"),
    row(CELLS, &[Key::char('0')], Action::ZeroCell, "zero", "add a zero ablation here"),
    row(CELLS, &[Key::char('A')], Action::MeanCell, "mean", "add a mean ablation over the sample"),
    row(CELLS, &[Key::char('=')], Action::SetCell, "", "set this attention cell: type a number"),
    row(CELLS, &[Key::char('*')], Action::ScaleCell, "", "scale this attention cell: type a factor"),
    row(CELLS, &[Key::char('~')], Action::ResampleCell, "", "resample this cell, but for fields you type"),
    row(CELLS, &[Key::char('B')], Action::SurveyCell, "", "every ablation here at once, over the sample"),
    row(LIST, UP, Action::Up, "", "previous intervention"),
    row(LIST, DOWN, Action::Down, "", "next intervention"),
    row(LIST, ENTER, Action::EditIntervention, "edit", "edit this intervention"),
    row(LIST, &[Key::char('#')], Action::ToggleIntervention, "on/off", "switch it off or on"),
    row(LIST, &[Key::plain(KeyCode::Delete), Key::plain(KeyCode::Backspace)], Action::RemoveIntervention, "remove", "remove it"),
    row(ANSWER, UP, Action::Up, "cell", "row above"),
    row(ANSWER, DOWN, Action::Down, "", "row below"),
    row(ANSWER, LEFT, Action::Left, "", "column to the left"),
    row(ANSWER, RIGHT, Action::Right, "", "column to the right"),
    row(ANSWER, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "a page up"),
    row(ANSWER, &[Key::plain(KeyCode::PageDown)], Action::PageDown, "", "a page down"),
    row(ANSWER, HOME, Action::First, "", "first column"),
    row(ANSWER, END, Action::Last, "", "last column"),
    row(ANSWER, &[Key::char('.')], Action::NextQuestion, "next", "next prediction, head or circuit"),
    row(ANSWER, &[Key::char(',')], Action::PreviousQuestion, "", "previous prediction, head or circuit"),
    row(ANSWER, &[Key::char('a')], Action::ToggleQuestion, "mean/scaled", "mean or this one; scaled or not; by position"),
    row(ANSWER, &[Key::char('H')], Action::Hottest, "hottest", "to the largest value that is no total"),
    row(ANSWER, &[Key::char('+')], Action::Closer, "", "a picture closer: half as much of it, larger"),
    row(ANSWER, &[Key::char('-')], Action::Further, "", "a picture further away: twice as much of it"),
    row(ANSWER, &[Key::char('>')], Action::NextFlagged, "", "to the next cell marked !: a row that fails"),
    row(SPACE, UP, Action::Up, "row", "previous claim or input"),
    row(SPACE, DOWN, Action::Down, "", "next claim or input"),
    row(SPACE, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "a page up"),
    row(SPACE, &[Key::plain(KeyCode::PageDown)], Action::PageDown, "", "a page down"),
    row(SPACE, HOME, Action::First, "", "first row"),
    row(SPACE, END, Action::Last, "", "last row"),
    row(SPACE, ENTER, Action::OpenRow, "open", "open this input, or the one that decides a claim"),
    row(SPACE, &[Key::char('>')], Action::NextCase, "next input", "open the next failing or narrowest input"),
    row(SPACE, &[Key::char('O')], Action::SortCases, "sort", "by margin, by loss, or wrong ones in groups"),
    row(SPACE, &[Key::char('/')], Action::OpenClaim, "claim", "type a claim about all inputs"),
    row(SPACE, &[Key::char('+')], Action::KeepClaim, "keep", "keep this claim for findings, or let it go"),
    row(SPACE, &[Key::plain(KeyCode::Delete), Key::plain(KeyCode::Backspace)], Action::DropClaim, "", "take this claim off the list"),
    row(ANSWER, ENTER, Action::TakeCell, "add/open", "add what stands here, remove it, or open it"),
    row(ANSWER, &[Key::char('|')], Action::Compare, "beside", "beside it: a circuit, estimates, noise, tokens"),
    row(ANSWER, &[Key::char('#')], Action::Pin, "pin", "keep it beside the next answer, or go over to it"),
    row(ANSWER, &[Key::char('g')], Action::FindCell, "find", "go to a row and column by name"),
    row(ANSWER, &[Key::char('R')], Action::AskRanks, "ranks", "this circuit with fewer directions"),
    row(ANSWER, &[Key::char('X')], Action::AskInputs, "inputs", "the inputs in which this entry does most"),
    row(E, &[Key::plain(KeyCode::Tab)], Action::NextPane, "pane", "next pane"),
    row(E, &[Key::plain(KeyCode::BackTab)], Action::PreviousPane, "", "previous pane"),
    row(E, &[Key::char('n')], Action::NextExample, "example", "next example of the sample"),
    row(E, &[Key::char('p')], Action::PreviousExample, "", "previous example of the sample"),
    row(E, &[Key::char('c')], Action::NextCounterfactual, "corrupt", "next counterfactual"),
    row(E, &[Key::char('C')], Action::PreviousCounterfactual, "", "previous counterfactual"),
    row(E, &[Key::char('v')], Action::CycleRun, "run", "clean, corrupted, patched, difference"),
    row(E, &[Key::char('d')], Action::FlipDirection, "noise", "denoise or noise"),
    row(E, &[Key::char('m')], Action::EditMetric, "metric", "type a metric"),
    row(E, &[Key::char(':')], Action::OpenCommand, "command", "type an intervention, a prompt or a command"),
    row(E, &[Key::char('L')], Action::AskAttribution, "lens", "logit lens and attribution"),
    row(E, &[Key::char('P')], Action::AskPaths, "paths", "paths into the prediction at hand"),
    row(E, &[Key::char('o')], Action::AskCircuit, "circuits", "OV and QK circuits"),
    row(E, &[Key::char('G')], Action::AskGrid, "grid", "path patching; on a grid, all its numbers"),
    row(E, &[Key::char('N')], Action::AskNecessity, "edges", "necessity: the model without each edge"),
    row(E, &[Key::char('i')], Action::AskSources, "", "what each head adds, by what it attends to"),
    row(E, &[Key::char('V')], Action::CycleMeasure, "", "measure: logit diff, prob, rank, KL ..."),
    row(E, &[Key::char('K')], Action::AskMetrics, "", "all measures in the three runs"),
    row(E, &[Key::char('D')], Action::AskModels, "", "two models side by side; :compare opens one"),
    row(E, &[Key::char('/')], Action::OpenQuestion, "ask", "ask any question"),
    row(E, &[Key::char('[')], Action::EarlierAnswer, "", "the answer looked at before"),
    row(E, &[Key::char(']')], Action::LaterAnswer, "", "the one come back from"),
    row(E, &[Key::char('{')], Action::EarlierStep, "", "this model a step earlier in its training"),
    row(E, &[Key::char('}')], Action::LaterStep, "", "a step later: every pane follows"),
    row(E, &[Key::char('S')], Action::OpenSpace, "all inputs", "sweep the whole input space; esc stops it"),
    row(E, &[Key::char('>')], Action::NextCase, "", "next failing or narrowest input"),
    row(E, &[Key::char('<')], Action::PreviousCase, "", "previous one"),
    row(E, &[Key::char('e')], Action::Export, "export", "write the focused pane: numbers and a figure"),
    row(E, &[Key::char('y')], Action::CopyTable, "", "copy the focused pane's numbers (OSC 52)"),
    row(E, &[Key::char('Y')], Action::Share, "", "copy this session as one line to share"),
    row(E, &[Key::char('z')], Action::Zoom, "zoom", "show the focused pane alone"),
    row(E, &[Key::char('s')], Action::Snapshot, "snapshot", "save pictures and numbers of the screen"),
    row(E, &[Key::char('b')], Action::KeepFinding, "keep", "keep this screen as a finding, with a note"),
    row(E, &[Key::char('F')], Action::OpenFindings, "findings", "look through the findings"),
    row(E, &[Key::char('u')], Action::Undo, "undo", "take back the last change"),
    row(E, &[Key::char('U')], Action::Redo, "", "do it again"),
    row(E, &[Key::char('x')], Action::ClearInterventions, "clear", "remove all interventions"),
    row(E, &[Key::char('t')], Action::CycleContinuation, "truth/own", "continuation: the truth or the model's own"),
    row(E, &[Key::char('M')], Action::FollowPair, "", "let the metric follow the pair"),
    row(E, &[Key::char('f')], Action::Fix, "", "do what the warning offers"),
    row(E, &[Key::char('g')], Action::JumpToExample, "", "go to example N"),
    row(E, &[Key::char('r')], Action::RandomExample, "", "some example"),
    row(E, &[Key::ctrl('r')], Action::TakeUp, "", "take up the session that ended unasked"),
    row(E, &[Key::char('T')], Action::OpenTutorial, "", "tutorial: its steps, then the next step"),
    row(E, &[Key::char('I')], Action::FoldLesson, "", "the tutorial step's text: fold it up or show it"),
    row(E, &[Key::ctrl('t')], Action::CycleTheme, "", "next theme"),
    row(E, &[Key::char(' ')], Action::OpenMenu, "menu", "a menu of all keys: the next one does it"),
    row(E, ESC, Action::Back, "", "back: unzoom, put the message away"),
    row(E, &[Key::ctrl('l')], Action::Redraw, "", "draw everything anew"),
    row(E, &[Key::ctrl('z')], Action::Suspend, "", "stop for a while (fg comes back)"),
    row(E, &[Key::char('?'), Key::plain(KeyCode::F(1))], Action::OpenHelp, "help", "this help"),
    row(E, &[Key::char('q'), Key::ctrl('c')], Action::Quit, "quit", "leave"),
    row(Help, ENTER, Action::DoSelected, "do it", "do what the key at the cursor does"),
    row(Help, &[Key::char('/')], Action::FilterHelp, "filter", "only keys with a text in what they do"),
    row(Help, &[Key::plain(KeyCode::Tab)], Action::TurnHelp, "keys/words", "keys, or the words on screen"),
    row(Help, &[Key::char('T'), Key::char('t')], Action::OpenTutorial, "tutorial", "the model's own solution, as findings"),
    row(Help, UP, Action::Up, "", "the key before"),
    row(Help, DOWN, Action::Down, "", "the next key"),
    row(Help, LEFT, Action::PageUp, "", "some keys back"),
    row(Help, RIGHT, Action::PageDown, "", "some keys on"),
    row(Help, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "some keys back"),
    row(Help, &[Key::plain(KeyCode::PageDown)], Action::PageDown, "", "some keys on"),
    row(Help, HOME, Action::First, "", "to the first"),
    row(Help, END, Action::Last, "", "to the last"),
    row(Help, &[Key::plain(KeyCode::Esc), Key::char('q'), Key::char('?')], Action::Back, "close", "close the help"),
    row(Help, &[Key::ctrl('z')], Action::Suspend, "", "stop for a while (fg comes back)"),
    row(Help, &[Key::ctrl('c')], Action::Quit, "", "leave"),
    row(Line, ENTER, Action::Accept, "take", "take the line"),
    row(Line, &[Key::plain(KeyCode::Tab)], Action::Complete, "complete", "complete the word; again: the next that fits"),
    row(Line, &[Key::plain(KeyCode::Down)], Action::NextFound, "choose", "the next thing found: enter takes it"),
    row(Line, &[Key::plain(KeyCode::Up), Key::plain(KeyCode::BackTab)], Action::PreviousFound, "", "the previous one; at first: lines typed before"),
    row(Line, ESC, Action::Back, "cancel", "leave everything as it was"),
    row(Line, &[Key::ctrl('z')], Action::Suspend, "", "stop for a while (fg comes back)"),
    row(Line, &[Key::ctrl('c')], Action::Quit, "", "leave"),
    row(Findings, ENTER, Action::LookAt, "open", "show it in every pane; u leads back"),
    row(Findings, UP, Action::Up, "", "previous finding"),
    row(Findings, DOWN, Action::Down, "", "next finding"),
    row(Findings, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "scroll the preview up"),
    row(Findings, &[Key::plain(KeyCode::PageDown)], Action::PageDown, "", "scroll the preview down"),
    row(Findings, HOME, Action::First, "", "first finding"),
    row(Findings, END, Action::Last, "", "last finding"),
    row(Findings, &[Key::char('/')], Action::Search, "search", "only those with a text"),
    row(Findings, &[Key::char('O')], Action::Sort, "sort", "newest first, by title, by folder"),
    row(Findings, &[Key::char('E')], Action::EditNote, "note", "edit its note"),
    row(Findings, &[Key::char('r')], Action::Rename, "rename", "give it another title"),
    row(Findings, &[Key::plain(KeyCode::Delete), Key::plain(KeyCode::Backspace)], Action::Trash, "trash", "put it in the trash; asks once"),
    row(Findings, &[Key::char('W')], Action::Report, "report", "write all of them as one HTML page"),
    row(Findings, &[Key::char('T')], Action::SwitchFindings, "tutorial", "the model's own solution, or yours"),
    row(Findings, &[Key::plain(KeyCode::Esc), Key::char('q'), Key::char('F')], Action::Back, "close", "back to the workbench"),
    row(Findings, &[Key::ctrl('z')], Action::Suspend, "", "stop for a while (fg comes back)"),
    row(Findings, &[Key::ctrl('c')], Action::Quit, "", "leave"),
    row(Note, &[Key::ctrl('s')], Action::SaveNote, "save", "write it"),
    row(Note, &[Key::plain(KeyCode::Tab)], Action::OtherText, "title/note", "the title or the note"),
    row(Note, ESC, Action::Back, "put aside", "put it aside; nothing typed is lost"),
    row(Note, &[Key::ctrl('z')], Action::Suspend, "", "stop for a while (fg comes back)"),
    row(Note, &[Key::ctrl('c')], Action::Quit, "", "leave"),
];
