//! What each action does.

use super::asked;
use super::cell;
use super::examples::{random_example, step_counterfactual, step_example};
use super::go::change;
use super::go::follow_pair;
use super::go::take_fields;
use super::help;
use super::inquire;
use super::judge;
use super::line::{edit_intervention, open_line, open_question, select_all, suggest, suggest_anew};
use super::links;
use super::listed;
use super::note;
use super::page::idle_in_findings;
use super::palette::{self, Taken};
use super::patch;
use super::pin;
use super::rows;
use super::see;
use super::shelf;
use super::space;
use super::steps;
use super::trail;
use super::typing::{accept, complete};
use super::walk;
use crate::answers::{Question, Variants};
use crate::app::held::message::Effect;
use crate::app::held::panes::strip_rows;
use crate::app::held::shelf::Which;
use crate::app::held::state::{HelpView, Mode, Purpose, State, Tone};
use crate::app::keys::action::Action;
use crate::app::keys::key::Key;
use crate::app::keys::pane::Pane;
use crate::lens::{self, Continuation, Direction, Fix, RunName, Shown};
use crossterm::event::KeyCode;

/// Lines of a page.
const PAGE: isize = 10;
/// Does what was asked for; a message has been read when the next thing is done.
pub(in crate::app) fn obey(state: &mut State, action: Action) -> Vec<Effect> {
    let done = !matches!(action, Action::Back | Action::OpenMenu | Action::Redraw);
    if done && matches!(state.mode, Mode::Normal | Mode::Help(_) | Mode::Findings) {
        state.status = None;
    }
    if matches!(state.mode, Mode::Findings)
        && let Some(why) = idle_in_findings(state, action)
    {
        state.say(Tone::Plain, why);
        return Vec::new();
    }
    act(state, action)
}

/// Does what a key says.
fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Snapshot => return vec![Effect::Snapshot],
        Action::CopyTable => return vec![Effect::CopyTable],
        Action::Share => return vec![Effect::Share],
        Action::TakeUp => return vec![Effect::TakeUp],
        Action::OpenHelp => state.mode = Mode::Help(HelpView::default()),
        Action::OpenMenu => state.mode = Mode::Menu,
        Action::FilterHelp => help::filter(state),
        Action::TurnHelp => help::turn(state),
        Action::DoSelected => {
            if let Some(action) = help::take(state) {
                return act(state, action);
            }
        }
        Action::Back => return back(state),
        Action::OpenFindings => return shelf::open(state, Which::Own),
        Action::OpenTutorial => return shelf::teach(state),
        Action::SwitchFindings => return switch_findings(state),
        Action::KeepFinding => note::open_new(state),
        Action::LookAt => return shelf::look(state),
        Action::Search => shelf::search(state),
        Action::Sort => shelf::sort(state),
        Action::Rename => shelf::rename(state),
        Action::EditNote => shelf::edit(state),
        Action::Trash => return shelf::trash(state),
        Action::Report => return shelf::report(state),
        Action::OtherText => {
            if let Mode::Note(editor) = &mut state.mode {
                editor.on_title = !editor.on_title;
            }
        }
        Action::SaveNote => return note::save(state),
        Action::NextPane => step_focus(state, 1),
        Action::PreviousPane => step_focus(state, -1),
        Action::TypeField => state.say(
            Tone::Plain,
            "what is typed stands at the cursor of the prompt",
        ),
        Action::ValueUp | Action::ValueDown => {
            let by = if action == Action::ValueUp { 1 } else { -1 };
            if state.fields.turn(by) {
                return take_fields(state);
            }
            state.say(Tone::Plain, "no value of this field stands at the cursor");
        }
        Action::EarlierAnswer => return trail::step(state, true),
        Action::LaterAnswer => return trail::step(state, false),
        Action::EarlierStep => return steps::go(state, true),
        Action::LaterStep => return steps::go(state, false),
        Action::Zoom => state.view.zoomed = !state.view.zoomed,
        Action::CycleRun => return inquire::cycle_run(state),
        Action::CycleTheme => {
            let next = state.view.theme.wrapping_add(1);
            see::theme(state, next % state.themes.len().max(1));
        }
        Action::NextExample => return step_example(state, 1),
        Action::PreviousExample => return step_example(state, -1),
        Action::RandomExample => return random_example(state),
        Action::JumpToExample => open_line(state, Purpose::Jump, String::new()),
        Action::NextCounterfactual => return step_counterfactual(state, 1),
        Action::PreviousCounterfactual => return step_counterfactual(state, -1),
        Action::FlipDirection => {
            let effects = change(state, |study| study.direction = study.direction.flipped());
            let (name, says) = match state.study().direction {
                Direction::Denoise => ("denoise", "clean activations go into the corrupted run"),
                Direction::Noise => ("noise", "corrupted activations go into the clean run"),
            };
            state.say(Tone::Plain, format!("{name}: {says}"));
            return effects;
        }
        Action::FollowPair => return follow_pair(state),
        Action::ClearInterventions => return clear(state),
        Action::CycleContinuation => return cycle_continuation(state),
        Action::EditMetric => {
            let task = state.task();
            let now = state.study().experiment().metric_in_force(task);
            let text = now.map_or_else(String::new, |metric| metric.line(task));
            open_line(state, Purpose::Metric, text);
            select_all(state);
        }
        Action::OpenCommand => open_line(state, Purpose::Command, String::new()),
        Action::Undo | Action::Redo => return step_history(state, action == Action::Undo),
        Action::Fix => return fix(state),
        Action::Up => step(state, -1, 0),
        Action::Down => step(state, 1, 0),
        Action::Left => step(state, 0, -1),
        Action::Right => step(state, 0, 1),
        Action::First => step(state, 0, -10_000),
        Action::Last => step(state, 0, 10_000),
        Action::NextHead => step_head(state, 1),
        Action::PreviousHead => step_head(state, -1),
        Action::ToggleScores => state.view.attention.scores = !state.view.attention.scores,
        Action::KnockCell => return cell::knock(state),
        Action::NudgeUp => return cell::nudge(state, 1.0),
        Action::NudgeDown => return cell::nudge(state, -1.0),
        Action::TypeValue => cell::open(state, String::new()),
        Action::PatchCell => return patch::cell(state),
        Action::ZeroCell => return patch::cell_with(state, lens::Action::Zero),
        Action::MeanCell => {
            let mean = lens::From::Mean(lens::Averaged::Sample, crate::task::Agreement::nothing());
            let mean = lens::Action::Patch(mean);
            return patch::cell_with(state, mean);
        }
        Action::SetCell => patch::typed(state, "set", " = "),
        Action::ScaleCell => patch::typed(state, "scale", " by "),
        Action::ResampleCell => patch::typed(state, "resample", " keep "),
        Action::SurveyCell => patch::survey(state),
        Action::EditIntervention => edit_intervention(state),
        Action::ToggleIntervention => return listed::toggle(state),
        Action::RemoveIntervention => return listed::remove(state),
        Action::AskWhy => return inquire::why(state),
        Action::AskAttribution => return inquire::attribution(state),
        Action::AskPaths => return inquire::paths(state),
        Action::AskCircuit => return links::circuits(state),
        Action::AskInputs => return links::inputs(state),
        Action::AskMean => return inquire::mean_attention(state),
        Action::AskGrid => return inquire::grid(state),
        Action::AskMetrics => return inquire::open(state, Question::Metrics { pairs: None }),
        Action::AskNecessity => {
            return inquire::open(state, Question::Variants(Variants::Edges));
        }
        Action::AskSources => return inquire::sources(state),
        Action::AskModels => return inquire::open(state, Question::ModelLogits),
        Action::CycleMeasure => {
            let effects = change(state, |study| study.measure = study.measure.next());
            let name = state.study().measure.name();
            state.say(Tone::Plain, format!("measure: {name}"));
            return effects;
        }
        Action::FindCell => open_line(state, Purpose::Find, String::new()),
        Action::TakeCell => return patch::take(state),
        Action::OpenQuestion => open_question(state),
        Action::NextQuestion
        | Action::PreviousQuestion
        | Action::ToggleQuestion
        | Action::Compare
        | Action::AskRanks => return inquire::lead(state, action),
        Action::Pin => pin::pin(state),
        Action::FoldLesson if state.lesson.is_some() => state.folded = state.folded.next(),
        Action::FoldLesson => {
            state.say(Tone::Plain, "no step of the tutorial is open: T opens one");
        }
        Action::Hottest => walk::hottest(state),
        Action::NextFlagged => walk::next_flagged(state),
        Action::Closer => walk::closer(state, true),
        Action::Further => walk::closer(state, false),
        Action::SwitchJudge => judge::switch(state),
        Action::OpenSpace => space::open(state),
        Action::OpenRow => return rows::open_row(state),
        Action::NextCase => return rows::step_case(state, true),
        Action::PreviousCase => return rows::step_case(state, false),
        Action::SortCases => rows::sort(state),
        Action::OpenClaim => open_line(state, Purpose::Command, "claim ".to_owned()),
        Action::KeepClaim => rows::keep_claim(state),
        Action::DropClaim => rows::drop_claim(state),
        Action::Export => return vec![Effect::Export],
        Action::PageUp => step(state, -PAGE, 0),
        Action::PageDown => step(state, PAGE, 0),
        Action::Accept => match palette::take(state) {
            Taken::Line => return accept(state),
            Taken::Word => suggest(state),
            Taken::Action(action) => return act(state, action),
        },
        Action::Complete => match palette::take(state) {
            Taken::Line => complete(state),
            Taken::Word => suggest(state),
            Taken::Action(action) => return act(state, action),
        },
        Action::NextFound | Action::PreviousFound => {
            palette::step(state, if action == Action::NextFound { 1 } else { -1 });
            suggest_anew(state);
        }
    }
    Vec::new()
}

/// One step back: what is open is closed, what was typed wrong or set by hand is restored, the
/// message goes, the pane shrinks.
fn back(state: &mut State) -> Vec<Effect> {
    match state.mode {
        Mode::Normal if state.view.focus == Pane::Prompt && state.fields.restore() => {
            return take_fields(state);
        }
        Mode::Normal if state.field_error.is_some() => {
            state.show_study();
        }
        Mode::Normal if cell::is_set(state) => return cell::restore(state),
        Mode::Normal if state.view.focus == Pane::Space => {
            if let Some(stopped) = space::stop(state) {
                return vec![stopped];
            }
            state.view.focus = Pane::Prompt;
        }
        // an enlarged answer goes back into the dock, then away
        Mode::Normal if state.view.focus == Pane::Answer && state.view.zoomed => {
            state.view.zoomed = false;
        }
        Mode::Normal if state.view.focus == Pane::Answer => inquire::close(state),
        Mode::Normal if state.status.is_some() => state.status = None,
        Mode::Normal if state.view.zoomed => state.view.zoomed = false,
        Mode::Normal if state.inquiry.is_some() => inquire::close(state),
        Mode::Normal => state.lesson = None,
        Mode::Help(_) | Mode::Menu | Mode::Line(_) => state.mode = state.below(),
        Mode::Findings => shelf::close(state),
        Mode::Note(_) => note::put_aside(state),
    }
    Vec::new()
}

fn switch_findings(state: &mut State) -> Vec<Effect> {
    let which = state.shelf.as_ref().map(|shelf| shelf.which);
    let other = match which {
        Some(Which::Tutorial) => Which::Own,
        _ => Which::Tutorial,
    };
    shelf::open(state, other)
}

/// The next pane of the round; an open answer is one of them, after those that it stands below.
fn step_focus(state: &mut State, by: isize) {
    let mut panes = Pane::of(state.model.config.n_layers > 0);
    if state.inquiry.is_some() {
        let above = [Pane::Logits, Pane::Attention];
        let after = panes.iter().rposition(|pane| above.contains(pane));
        panes.insert(after.map_or(0, |at| at + 1), Pane::Answer);
    }
    let at = panes.iter().position(|pane| *pane == state.view.focus);
    let last = panes.len() as isize;
    let next = (at.map_or(last - 1, |at| at as isize) + by).rem_euclid(last);
    state.view.focus = panes[next as usize];
}

fn cycle_continuation(state: &mut State) -> Vec<Effect> {
    change(state, |study| {
        let next = match study.clean.continuation {
            Continuation::Truth => Continuation::Model,
            _ => Continuation::Truth,
        };
        study.clean.continuation = next.clone();
        study.corrupted.continuation = next;
    })
}

fn step_history(state: &mut State, back: bool) -> Vec<Effect> {
    if back && state.field_error.is_some() {
        // the wrong text is the last change; it never became a step of the history
        state.show_study();
        return Vec::new();
    }
    let (was, seen) = (state.study().clone(), state.sight());
    let before = was.experiment();
    let moved = if back {
        state.history.undo()
    } else {
        state.history.redo()
    };
    if !moved {
        let what = if back { "undo" } else { "redo" };
        state.say(Tone::Plain, format!("nothing to {what}"));
        return Vec::new();
    }
    let sight = state.history.sight().cloned();
    let unasked = sight.is_some_and(|sight| state.see(&sight));
    let clean = &state.history.current().clean.values;
    let in_sample = state.sample.prompts.iter();
    state.sample.index = in_sample.clone().position(|prompt| prompt.values == *clean);
    let verb = if back { "undone" } else { "done again" };
    let mut what = state.study().differs_in(&was);
    what.extend(state.sight().differs_in(&seen));
    state.say(Tone::Plain, format!("{verb}: {}", what.join(", ")));
    let mut effects = state.after_change(&before);
    let asks = |effect: &Effect| matches!(effect, Effect::Ask(_));
    if unasked && !effects.iter().any(asks) {
        effects.extend(asked::ask(state));
    }
    effects
}

fn fix(state: &mut State) -> Vec<Effect> {
    let task = state.task();
    match state.offered_fix() {
        None => {
            state.say(Tone::Plain, "nothing to mend");
            Vec::new()
        }
        Some(Fix::ForceTruth) => change(state, |study| {
            study.clean.continuation = Continuation::Truth;
            study.corrupted.continuation = Continuation::Truth;
        }),
        Some(Fix::FollowPair) => change(state, |study| study.metric = None),
        Some(Fix::MakePair) => change(state, |study| study.corrupt(task, 0)),
        Some(Fix::Clear) => clear(state),
    }
}

/// Takes all interventions away; nothing is patched any more, so the clean run is shown, as in the
/// beginning.
fn clear(state: &mut State) -> Vec<Effect> {
    if matches!(
        state.view.shown,
        Shown::Run(RunName::Patched) | Shown::Difference
    ) {
        state.view.shown = Shown::Run(RunName::Clean);
    }
    let removed = state.study().interventions.len();
    let effects = change(state, |study| study.interventions.clear());
    let text = match removed {
        0 => "there are no interventions to remove".to_owned(),
        1 => "1 intervention removed; u brings it back".to_owned(),
        n => format!("{n} interventions removed; u brings them back"),
    };
    state.say(Tone::Plain, text);
    effects
}

/// Moves the focused pane's cursor.
fn step(state: &mut State, rows: isize, columns: isize) {
    if matches!(state.mode, Mode::Help(_)) {
        help::step(state, rows + columns);
        return;
    }
    if matches!(state.mode, Mode::Findings) {
        match rows.abs() {
            PAGE => shelf::scroll(state, rows),
            _ => shelf::step(state, rows + columns),
        }
        return;
    }
    step_in(state, state.view.focus, rows, columns);
}

/// Moves a pane's cursor.
pub(in crate::app) fn step_in(state: &mut State, pane: Pane, rows: isize, columns: isize) {
    let len = state.task().seq_len();
    let moved = |at: usize, by: isize| at.saturating_add_signed(by).min(len - 1);
    let view = &mut state.view;
    match pane {
        Pane::Prompt if columns != 0 => {
            let key = if columns < 0 {
                KeyCode::Left
            } else {
                KeyCode::Right
            };
            state.fields.input(Key::plain(key));
        }
        Pane::Prompt => state.fields.step(rows),
        Pane::Answer => walk::move_cursor(state, rows, columns),
        Pane::Space => rows::move_cursor(state, rows + columns),
        Pane::Logits => view.position = moved(view.position, rows + columns),
        Pane::Attention => {
            view.attention.dest = moved(view.attention.dest, rows);
            view.attention.src = moved(view.attention.src, columns);
        }
        Pane::Cells => {
            view.cells.dest = moved(view.cells.dest, rows);
            view.cells.src = moved(view.cells.src, columns);
        }
        Pane::Strips => {
            let last = strip_rows(&state.model.config).len().saturating_sub(1);
            view.strips.row = view.strips.row.saturating_add_signed(rows).min(last);
            view.strips.step(&state.model.config, len, columns);
        }
        Pane::Interventions => listed::step(state, rows),
    }
}

fn step_head(state: &mut State, by: isize) {
    let config = &state.model.config;
    match state.view.focus {
        Pane::Cells => state.view.cells.step_head(config, by),
        _ => state.view.attention.step_head(config, by),
    }
}
