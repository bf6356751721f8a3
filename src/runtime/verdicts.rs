//! What comes of claims. This is the one place that asks for verdicts.

use crate::answers::{CellClaim, judge_cells};
use crate::app::{Answer, Found, Said, State};
use crate::findings::store::{Counted, Verdict};
use crate::lens::{Experiment, Matrices};
use crate::model::HookedTransformer;
use crate::sweep::{self, Answers, Claim, Over, Progress, Report, Sweep, Tally};
use crate::task::grouped;
use crate::task::number::fixed;
use anyhow::{Context as _, Result};

/// Asks all inputs in one walk: each claim's answer, those that cannot be asked included, and how
/// many inputs are right where that is wanted.
///
/// # Errors
/// When there are too many inputs, or the device fails.
pub(super) fn ask(
    sweep: &Sweep,
    model: &HookedTransformer,
    tally: bool,
    lines: &[String],
    report: &mut Report<'_, Found>,
) -> Result<Option<Found>> {
    let read = |line: &String| -> Result<Claim, String> {
        let claim = Claim::parse(line, model.task(), model.config());
        let claim = claim.map_err(|error| error.to_string())?;
        let refused = sweep.can_check(&claim);
        refused.map_err(|error| format!("{error:#}"))?;
        Ok(claim)
    };
    let claims: Vec<Result<Claim, String>> = lines.iter().map(read).collect();
    let asked: Vec<Claim> = claims.iter().flatten().cloned().collect();
    let all = |answers: Answers| {
        let mut verdicts = answers.verdicts.into_iter();
        let answer = |(line, claim): (&String, &Result<Claim, String>)| {
            let verdict = claim.as_ref().map(|_| verdicts.next());
            let verdict = verdict.map_err(Clone::clone);
            Answer {
                claim: line.clone(),
                result: verdict.and_then(|one| {
                    let one = one.ok_or_else(|| "not answered".to_owned())?;
                    Ok(Said::Verdict(one))
                }),
            }
        };
        Found {
            answers: lines.iter().zip(&claims).map(answer).collect(),
            tally: answers.tally.map(Box::new),
        }
    };
    let tally = tally.then(|| Tally::new(model.task()));
    let mut tell = |answers: &dyn Fn() -> Answers, progress| report(&|| all(answers()), progress);
    let answers = sweep.ask(Over::Space, tally, &asked, &mut tell)?;
    Ok(answers.map(all))
}

/// Asks what claims about cells of answers come to, in their order; those that cannot be read included.
/// `None` when `go_on` says that nobody waits any more.
///
/// # Errors
/// When the device fails.
pub(super) fn ask_cells(
    model: &HookedTransformer,
    experiment: &Experiment,
    lines: &[String],
    go_on: &dyn Fn() -> bool,
) -> Result<Option<Vec<Answer>>> {
    let read = |line: &String| {
        let claim = CellClaim::parse(line, model.task(), model.config());
        claim.map_err(|error| format!("{error:#}"))
    };
    let claims: Vec<Result<CellClaim, String>> = lines.iter().map(read).collect();
    let asked: Vec<CellClaim> = claims.iter().flatten().cloned().collect();
    let Some(found) = judge_cells(model, experiment, &asked, go_on)? else {
        return Ok(None);
    };
    let mut found = found.into_iter();
    let answers = lines.iter().zip(claims).map(|(line, claim)| Answer {
        claim: line.clone(),
        result: claim.and_then(|_| {
            let verdict = found.next().ok_or_else(|| "not answered".to_owned())?;
            Ok(Said::Cell(verdict, Box::new(experiment.clone())))
        }),
    });
    Ok(Some(answers.collect()))
}

/// A verdict for each claim: over every input there is, under the experiment's interventions, all
/// in one walk; of claims about cells what the answers to the experiment say. What cannot be asked is told in its
/// verdict. `report` is told how far it is and
/// says whether to go on.
#[must_use]
pub fn of(
    model: &HookedTransformer,
    experiment: &Experiment,
    lines: &[String],
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Vec<Verdict> {
    if lines.is_empty() {
        return Vec::new();
    }
    let (cells, claims): (Vec<String>, Vec<String>) =
        lines.iter().cloned().partition(|line| CellClaim::is(line));
    let mut answers = || -> Result<Vec<Answer>> {
        let of_cells = ask_cells(model, experiment, &cells, &|| true)?;
        let of_cells = of_cells.unwrap_or_default();
        if claims.is_empty() {
            return Ok(of_cells);
        }
        let sweep = Sweep::new(model, Matrices::where_folded(model)?.as_ref(), experiment)?;
        let found = ask(&sweep, model, false, &claims, &mut |_, progress| {
            report(progress)
        })?;
        let mut all = found.context("stopped before the end")?.answers;
        all.extend(of_cells);
        Ok(all)
    };
    match answers() {
        Ok(answers) => (lines.iter())
            .map(|line| match answers.iter().find(|one| one.claim == *line) {
                Some(answer) => told(answer),
                None => unchecked(line, "not answered"),
            })
            .collect(),
        Err(error) => {
            let why = format!("{error:#}");
            lines.iter().map(|line| unchecked(line, &why)).collect()
        }
    }
}

/// The verdicts that are on screen, of the claims that are kept.
#[must_use]
pub fn on_screen(state: &State) -> Vec<Verdict> {
    let verdict = |line: &String| match state.space_answer(line) {
        Some(answer) => told(answer),
        None => unchecked(line, "not checked under these interventions"),
    };
    state.study().claims.iter().map(verdict).collect()
}

/// JSON has no other numbers.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

pub fn told(answer: &Answer) -> Verdict {
    match &answer.result {
        Ok(Said::Verdict(found)) => counted(&answer.claim, found),
        Ok(Said::Choices(found)) => unchecked(&answer.claim, &found.verdict),
        Ok(Said::Cell(found, _)) => Verdict {
            verdict: Some(found.conclusion()),
            holds: found.holds,
            ..unchecked(&answer.claim, &found.because)
        },
        Err(why) => unchecked(&answer.claim, why),
    }
}

fn counted(line: &str, found: &sweep::Verdict) -> Verdict {
    Verdict {
        claim: line.to_owned(),
        verdict: found.conclusion(),
        holds: found.holds,
        because: format!(
            "true of {} of {} inputs; mean {}, min {}, max {}{}",
            grouped(found.count.into()),
            grouped(found.total.into()),
            fixed(found.mean, 4),
            fixed(found.min, 4),
            fixed(found.max, 4),
            match &found.control {
                Some(control) => format!("; {}", control.words()),
                None => String::new(),
            }
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

fn unchecked(line: &str, because: &str) -> Verdict {
    Verdict {
        claim: line.to_owned(),
        verdict: None,
        holds: None,
        because: because.to_owned(),
        numbers: None,
    }
}
