//! What comes of the claims of a session. This is the one place that asks for verdicts.

use crate::app::State;
use crate::findings::store::{Counted, Verdict};
use crate::lens::{Experiment, Matrices};
use crate::model::HookedTransformer;
use crate::sweep::{self, Claim, Over, Sweep};
use anyhow::{Context as _, Result};

/// A verdict for each claim, over every input there is, under the experiment's interventions.
/// What cannot be asked is told in its verdict.
#[must_use]
pub fn of(model: &HookedTransformer, experiment: &Experiment, claims: &[String]) -> Vec<Verdict> {
    if claims.is_empty() {
        return Vec::new();
    }
    let weights = Matrices::new(model);
    let sweep = weights.and_then(|weights| Sweep::new(model, &weights, experiment));
    let verdict = |line: &String| match &sweep {
        Ok(sweep) => {
            let found = check(sweep, model, line);
            found.unwrap_or_else(|error| unchecked(line, format!("{error:#}")))
        }
        Err(error) => unchecked(line, format!("{error:#}")),
    };
    claims.iter().map(verdict).collect()
}

fn check(sweep: &Sweep, model: &HookedTransformer, line: &str) -> Result<Verdict> {
    let claim = Claim::parse(line, model.task(), model.config())?;
    let found = sweep.check(Over::Space, &claim, &mut |_, _| Ok(true))?;
    let found = found.context("stopped before the end")?;
    Ok(told(line, &found))
}

/// The verdicts that are on screen, of the claims that are kept.
#[must_use]
pub fn on_screen(state: &State) -> Vec<Verdict> {
    let verdict = |line: &String| {
        let known = state.space.verdicts.iter().rev();
        let mut known = known.filter(|(key, _)| state.is_current(key));
        match known.find(|(_, found)| found.claim == *line) {
            Some((_, found)) => told(line, found),
            None => unchecked(line, "not checked under these interventions".to_owned()),
        }
    };
    state.study().claims.iter().map(verdict).collect()
}

/// JSON has no other numbers.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn told(line: &str, found: &sweep::Verdict) -> Verdict {
    Verdict {
        claim: line.to_owned(),
        holds: found.holds,
        because: format!(
            "true of {} of {} inputs; mean {:.4}, min {:.4}, max {:.4}",
            found.count, found.total, found.mean, found.min, found.max
        ),
        numbers: Some(Counted {
            count: found.count,
            total: found.total,
            mean: finite(found.mean),
            min: finite(found.min),
            max: finite(found.max),
        }),
    }
}

fn unchecked(line: &str, because: String) -> Verdict {
    Verdict {
        claim: line.to_owned(),
        holds: None,
        because,
        numbers: None,
    }
}
