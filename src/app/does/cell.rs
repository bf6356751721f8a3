//! Attention as an object to edit: the cell under the cursor knocked out, set, nudged, restored.

use super::go::change;
use super::line::open_line;
use super::patch;
use crate::app::held::message::Effect;
use crate::app::held::state::{Purpose, State, Tone};
use crate::app::held::study::Listed;
use crate::app::keys::pane::Pane;
use crate::lens::{Action, Array, Intervention, RunName, RunView, Shown, Target};
use crate::model::{HookName, Site};
use crate::task::shown;

/// One nudge of a probability, and of a score.
const NUDGE: (f64, f64) = (0.05, 0.5);

/// The intervention that does `action` to the cell under the cursor.
fn at_cursor(state: &State, action: Action) -> Intervention {
    let at = state.view.attention;
    let site = if at.scores {
        Site::AttnScores
    } else {
        Site::Pattern
    };
    Intervention {
        action,
        hook: HookName::Block(at.layer, site),
        target: Target::Cell {
            dest: Some(at.dest),
            src: Some(at.src),
        },
        head: Some(at.head),
    }
}

/// Where on the list the cell under the cursor is set to a number, if it is.
fn set_at(state: &State) -> Option<(usize, f64)> {
    let here = at_cursor(state, Action::Knock);
    let mut list = state.study().interventions.iter().enumerate();
    list.find_map(|(i, listed)| {
        let one = &listed.intervention;
        let same = (one.hook, &one.target, one.head) == (here.hook, &here.target, here.head);
        match one.action {
            Action::Set(value) if same && listed.on => Some((i, value)),
            _ => None,
        }
    })
}

/// Whether the cell under the attention pane's cursor is set by hand.
pub(in crate::app) fn is_set(state: &State) -> bool {
    state.view.focus == Pane::Attention && set_at(state).is_some()
}

/// Lets the cell be what the model makes it.
pub(in crate::app) fn restore(state: &mut State) -> Vec<Effect> {
    let Some((index, _)) = set_at(state) else {
        return Vec::new();
    };
    let effects = change(state, |study| {
        study.interventions.remove(index);
    });
    state.say(Tone::Plain, "cell restored");
    effects
}

/// Whether the cell can be changed; if not, says why.
fn editable(state: &mut State) -> bool {
    let at = state.view.attention;
    let masked = at.src > at.dest && state.model.config.is_causal();
    if masked {
        let text = "this cell is masked: attention looks only backwards";
        state.say(Tone::Plain, text);
    }
    !masked
}

/// Cuts the cell off.
pub(in crate::app) fn knock(state: &mut State) -> Vec<Effect> {
    if !editable(state) {
        return Vec::new();
    }
    let intervention = at_cursor(state, Action::Knock);
    add_here(state, intervention)
}

/// Adds an intervention to the run that is looked at: where interventions act on the other one, they
/// act on this one from now on, and that is said.
fn add_here(state: &mut State, intervention: Intervention) -> Vec<Effect> {
    let looked_at = state.study().direction.source();
    if state.view.shown != Shown::Run(looked_at) {
        return patch::add(state, intervention);
    }
    let flipped = change(state, |study| study.direction = study.direction.flipped());
    let added = patch::add(state, intervention);
    let (run, direction) = (looked_at.name(), state.study().direction.name());
    let text = format!("interventions act on the {run} run now ({direction}); d turns that back");
    state.say(Tone::Good, text);
    if added.is_empty() { flipped } else { added }
}

/// Opens a line for the cell's value.
pub(in crate::app) fn open(state: &mut State, text: String) {
    if editable(state) {
        open_line(state, Purpose::Cell, text);
    }
}

/// Takes a typed value; a probability with `n` behind it is reached by the score, so that the row
/// still sums to 1.
///
/// # Errors
/// When it is no number in range.
pub(in crate::app) fn take(state: &mut State, text: &str) -> Result<Vec<Effect>, String> {
    let scores = state.view.attention.scores;
    let text = text.trim();
    let normalised = text.strip_suffix('n').filter(|_| !scores);
    let number = normalised.unwrap_or(text).trim().parse::<f64>().ok();
    let limit = if scores { 1e3 } else { 10.0 };
    match (number, normalised) {
        (Some(p), Some(_)) => by_score(state, p),
        (Some(value), None) if value.abs() <= limit => {
            let effects = set(state, value);
            tell_sum(state, value);
            Ok(effects)
        }
        _ => Err(format!(
            "'{}' is not a number from -{limit} to {limit}",
            shown(text)
        )),
    }
}

/// The row of attention under the cursor, of the run that is looked at.
fn row(state: &State, of: fn(&RunView) -> &Array) -> Option<Vec<f64>> {
    let at = state.view.attention;
    let seen = state.observation.as_ref()?;
    let row = of(seen.run(state.view.shown.run())).slice(&[at.layer, at.head, at.dest]);
    Some(row.iter().map(|&x| f64::from(x)).collect())
}

/// Says what a row sums to once one of its probabilities is set, where that is not 1.
fn tell_sum(state: &mut State, value: f64) {
    let at = state.view.attention;
    let Some(row) = row(state, |run| &run.pattern).filter(|_| !at.scores) else {
        return;
    };
    let sum = row.iter().sum::<f64>() - row[at.src] + value;
    if (sum - 1.0).abs() > 1e-3 {
        let text = match (0.0..=1.0).contains(&value) {
            true => format!("as typed: the row sums to {sum:.3} now; = {value}n keeps it at 1"),
            false => format!("as typed, no probability: the row sums to {sum:.3} now"),
        };
        state.say(Tone::Plain, text);
    }
}

/// Makes the cell this probability by its score, the others keeping their proportions.
fn by_score(state: &mut State, p: f64) -> Result<Vec<Effect>, String> {
    let at = state.view.attention;
    if !(p > 0.0 && p < 1.0) {
        return Err(format!(
            "{p}n: a row that sums to 1 needs a number between 0 and 1"
        ));
    }
    let scores = row(state, |run| &run.scores).ok_or("the run is not known yet")?;
    let others = scores.iter().enumerate().filter(|(src, _)| *src != at.src);
    let others: Vec<f64> = others.map(|(_, score)| *score).collect();
    let most = others.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return Err("there is no other key in this row: it attends here anyhow".to_owned());
    }
    let sum: f64 = others.iter().map(|score| (score - most).exp()).sum();
    // p = e^s / (e^s + sum of the others' e^score)
    let score = (p / (1.0 - p)).ln() + most + sum.ln();
    let intervention = Intervention {
        hook: HookName::Block(at.layer, Site::AttnScores),
        ..at_cursor(state, Action::Set((score * 1e6).round() / 1e6))
    };
    Ok(add_here(state, intervention))
}

/// Adds a step to the cell, beginning with the number on screen.
pub(in crate::app) fn nudge(state: &mut State, sign: f64) -> Vec<Effect> {
    if !editable(state) {
        return Vec::new();
    }
    let at = state.view.attention;
    let index = [at.layer, at.head, at.dest, at.src];
    let shown = state.view.shown.run();
    let seen = state.observation.as_ref().map(|seen| seen.run(shown));
    let seen = seen.and_then(|run| {
        let values = if at.scores { &run.scores } else { &run.pattern };
        values.get(&index)
    });
    // a number typed is more exact than what a run makes of it
    let typed = set_at(state).filter(|_| shown == RunName::Patched);
    let now = typed.map(|(_, value)| value).or(seen.map(f64::from));
    let Some(now) = now.filter(|now| now.is_finite()) else {
        return Vec::new();
    };
    let step = if at.scores { NUDGE.1 } else { NUDGE.0 };
    // a tidy number: what is nudged up and down again is what it was
    let value = ((now + sign * step) * 1e4).round() / 1e4;
    set(
        state,
        if at.scores {
            value
        } else {
            value.clamp(0.0, 1.0)
        },
    )
}

/// Sets the cell, in place of an earlier value.
fn set(state: &mut State, value: f64) -> Vec<Effect> {
    let intervention = at_cursor(state, Action::Set(value));
    let Some((index, _)) = set_at(state) else {
        return add_here(state, intervention);
    };
    state.view.shown = Shown::Run(RunName::Patched);
    change(state, |study| {
        study.interventions[index] = Listed {
            intervention,
            on: true,
        };
    })
}
