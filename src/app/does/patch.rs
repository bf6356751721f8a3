//! Interventions by pointing: at a cell of a grid, or of an answer.

use super::curves;
use super::go::change;
use super::inquire;
use super::line::{open_line, open_question};
use super::rows;
use super::space;
use super::steps;
use crate::app::held::message::Effect;
use crate::app::held::state::{Purpose, State, Tone};
use crate::app::held::study::Listed;
use crate::app::keys::pane::Pane;
use crate::lens::{Action, GridName, Intervention, MetricValues, RunName, Shown};
use crate::sweep::Survey;
use crate::task::number::significant;

/// Adds an intervention; the panes then show the patched run.
pub(in crate::app) fn add(state: &mut State, intervention: Intervention) -> Vec<Effect> {
    let there = |listed: &Listed| listed.on && listed.intervention == intervention;
    if state.study().interventions.iter().any(there) {
        state.say(Tone::Plain, "this intervention is on the list already");
        return Vec::new();
    }
    state.view.shown = Shown::Run(RunName::Patched);
    state.view.intervention = state.study().interventions.len();
    let line = intervention.line(state.task());
    let effects = change(state, |study| {
        study.interventions.push(Listed {
            intervention,
            on: true,
        });
    });
    state.say(Tone::Good, format!("added {line}"));
    if let Some(status) = &mut state.status {
        status.awaits_effect = true;
    }
    effects
}

/// Says behind what was added what it does to the metric, once its numbers are there; `before` had the
/// metric before.
pub(in crate::app) fn tell_effect(state: &mut State, before: Option<MetricValues>) {
    if state.is_stale() {
        return;
    }
    let added = state.study().interventions.last();
    let added = added.map(|listed| listed.intervention.clone());
    let (Some(seen), Some(added)) = (state.observation.clone(), added) else {
        return;
    };
    let Some(status) = state.status.as_mut().filter(|one| one.awaits_effect) else {
        return;
    };
    status.awaits_effect = false;
    let run = seen.experiment.direction.base().name();
    if seen.is_idle(&added) {
        status.tone = Tone::Plain;
        status.text += &format!(": it changes no number of the {run} run");
        return;
    }
    let Some(now) = seen.metric else {
        return;
    };
    let same = |one: &MetricValues| (one.metric, one.measure) == (now.metric, now.measure);
    let Some(before) = before.filter(same) else {
        return;
    };
    let [was, is] = [before.patched, now.patched].map(|value| significant(value, 4));
    let name = now.measure.name();
    status.text += &match was == is {
        true => format!(": {name} stays at {is}"),
        false => format!(": {name} {was} -> {is} in the {run} run"),
    };
}

/// The patch of the grid's cell that the cursor points at.
fn pointed(state: &mut State) -> Option<Intervention> {
    let config = &state.model.config;
    let from = state.study().direction.source();
    let at = match state.view.focus {
        Pane::Cells => Some((GridName::PatternDestSrc, state.view.cells.cell())),
        _ => state.view.strips.cell(config),
    };
    let said = match at {
        None => "this grid has no patch at all positions",
        Some(_) if config.n_layers == 0 => "this model has no blocks to patch",
        Some((grid, cell)) => return Some(grid.intervention(cell, from, config)),
    };
    state.say(Tone::Plain, said);
    None
}

/// Patches the grid's cell.
pub(in crate::app) fn cell(state: &mut State) -> Vec<Effect> {
    pointed(state).map_or_else(Vec::new, |patch| add(state, patch))
}

/// Does something else to the grid's cell.
pub(in crate::app) fn cell_with(state: &mut State, action: Action) -> Vec<Effect> {
    let patch = pointed(state);
    patch.map_or_else(Vec::new, |patch| {
        add(state, Intervention { action, ..patch })
    })
}

/// Opens a line that does something to the grid's cell, and lacks but its end.
pub(in crate::app) fn typed(state: &mut State, verb: &str, tail: &str) {
    let Some(patch) = pointed(state) else {
        return;
    };
    let action = Action::Zero;
    let line = Intervention { action, ..patch }.line(state.task());
    let line = line.replacen("zero", verb, 1) + tail;
    open_line(state, Purpose::Command, line);
}

/// Every ablation of the grid's cell at once, over the sample.
pub(in crate::app) fn survey(state: &mut State) {
    if let Some(node) = pointed(state) {
        let line = Survey::ablations(node).line(state.task());
        space::state_claim(state, line);
    }
}

/// Adds what the answer's cell stands for; takes it away where it stands already. Where it stands for an
/// input, or its row for a neuron, that is opened.
pub(in crate::app) fn take(state: &mut State) -> Vec<Effect> {
    if let Some(number) = curves::step_at(state) {
        let steps = state.steps.as_ref();
        let at = steps.and_then(|steps| steps.series.index_of(number).ok());
        return at.map_or_else(Vec::new, |at| steps::want(state, at));
    }
    let Some(intervention) = inquire::pointed_at(state) else {
        if let Some(question) = inquire::row_question(state) {
            return inquire::open(state, question);
        }
        if let Some(input) = inquire::input_at(state) {
            let place = format!("opened {input}; u goes back");
            return rows::open_input(state, input, place);
        }
        open_question(state);
        return Vec::new();
    };
    let list = &state.study().interventions;
    let at = list.iter().position(|one| one.intervention == intervention);
    match at {
        None => add(state, intervention),
        Some(at) => {
            let line = intervention.line(state.task());
            let effects = change(state, |study| {
                study.interventions.remove(at);
            });
            state.say(Tone::Good, format!("removed {line}"));
            effects
        }
    }
}
