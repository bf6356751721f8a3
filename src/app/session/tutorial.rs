//! The tutorial's steps, judged on the model at hand: what was found in one model may not hold in another, and
//! what was published of this one is computed.

use super::read::study;
use crate::answers::CellClaim;
use crate::app::held::message::Effect;
use crate::app::held::shelf::{Judged, Shelf, Which};
use crate::app::held::space::{Found, Said, SpaceNews, SpaceQuestion, SpaceRequest};
use crate::app::held::state::{ModelInfo, State};
use crate::findings::store::Finding;
use crate::findings::tutorial;
use crate::lens::Experiment;
use crate::task::number::significant;
use crate::task::{Values, grouped};
use anyhow::{Context as _, Result, ensure};

/// Asks for the first of the listed steps that is to be judged on this model and is not yet.
pub(in crate::app) fn follow(state: &mut State) -> Option<Effect> {
    let State {
        model,
        shelf,
        space,
        ..
    } = state;
    let shelf = shelf
        .as_mut()
        .filter(|shelf| shelf.which == Which::Tutorial)?;
    let under_way =
        matches!(&shelf.judging, Some((generation, _)) if *generation == space.generation);
    if under_way || space.running.is_some() {
        return None;
    }
    while let Some((name, claims)) = unjudged(shelf, &model.hash) {
        match asked(model, &name) {
            Ok((experiment, question)) => {
                space.generation += 1;
                shelf.judging = Some((space.generation, name));
                return Some(Effect::Space(Box::new(SpaceRequest {
                    generation: space.generation,
                    experiment,
                    question,
                    by_itself: false,
                })));
            }
            Err(error) => {
                let why = Judged::NotAsked(format!("{error:#}"));
                shelf.judged.insert(name, vec![why; claims]);
            }
        }
    }
    None
}

/// The next step to judge, and how many claims it has: first those of which nothing is recorded for this model, and
/// of them those for which few walks over all inputs are needed.
fn unjudged(shelf: &Shelf, hash: &str) -> Option<(String, usize)> {
    let Some(Ok(listing)) = &shelf.listing else {
        return None;
    };
    let said = (listing.findings.iter()).filter(|one| !one.card.claims.is_empty());
    let left = said.filter(|one| !shelf.judged.contains_key(&one.name));
    let walks = |one: &&Finding| {
        let claims = one.card.claims.iter();
        claims.filter(|claim| !CellClaim::is(&claim.claim)).count()
    };
    left.min_by_key(|one| (!shelf.is_to_be_judged(one, hash), walks(one)))
        .map(|one| (one.name.clone(), one.card.claims.len()))
}

/// A step's claims, over all inputs and on its own example alone.
fn asked(model: &ModelInfo, name: &str) -> Result<(Experiment, SpaceQuestion)> {
    let session = tutorial::find(name).context("there is no such step")?;
    ensure!(
        session.task == model.task.identity(),
        "it is about {}, and this model is opened for {}",
        session.task,
        model.task.identity()
    );
    let study = study(model, &session.study)?;
    let here = study.claims.iter().filter(|claim| !CellClaim::is(claim));
    let here = here.map(|claim| at(claim, &study.clean.values));
    let claims = study.claims.iter().cloned().chain(here).collect();
    let question = SpaceQuestion {
        sweep: false,
        claims,
    };
    Ok((study.experiment(), question))
}

/// A claim about one input.
fn at(claim: &str, values: &Values) -> String {
    let task = values.task();
    let slots = task.slots.iter().zip(values.tokens());
    let fields = slots.map(|(slot, &token)| format!("{}={}", slot.name, task.token_name(token)));
    let fields = fields.collect::<Vec<_>>().join(" and ");
    match claim.split_once(" when ") {
        Some((body, when)) => format!("{body} when ({when}) and {fields}"),
        None => format!("{claim} when {fields}"),
    }
}

/// Takes what came of a step's claims; whether it was one of these.
pub(in crate::app) fn news(
    state: &mut State,
    generation: u64,
    result: &Result<Box<SpaceNews>, String>,
) -> bool {
    let State { model, shelf, .. } = state;
    let Some(shelf) = shelf else {
        return false;
    };
    let Some((_, name)) = shelf.judging.take_if(|(asked, _)| *asked == generation) else {
        return false;
    };
    let judged = match result {
        Ok(news) if !news.finished => {
            shelf.judging = Some((generation, name));
            return true;
        }
        Ok(news) => judged(model, &name, &news.found),
        Err(error) => vec![Judged::NotAsked(error.clone())],
    };
    shelf.judged.insert(name, judged);
    true
}

/// What became of a step's claims.
fn judged(model: &ModelInfo, name: &str, found: &Found) -> Vec<Judged> {
    let session = tutorial::find(name);
    let study = session.and_then(|session| study(model, &session.study).ok());
    let Some(study) = study else {
        return Vec::new();
    };
    let answer = |line: &str| {
        let mut answers = found.answers.iter();
        answers.find(|one| one.claim == line).map(|one| &one.result)
    };
    let holds_here = |line: &str| match answer(&at(line, &study.clean.values)) {
        Some(Ok(Said::Verdict(verdict))) => verdict.holds == Some(true),
        _ => false,
    };
    let one = |line: &String| match answer(line) {
        None => Judged::NotAsked("not answered".to_owned()),
        Some(Err(why)) => Judged::NotAsked(why.clone()),
        Some(Ok(Said::Choices(_))) => Judged::NotAsked("a survey is no claim".to_owned()),
        Some(Ok(Said::Cell(found, _))) => match found.holds {
            Some(true) => Judged::Holds(found.because.clone()),
            Some(false) => Judged::Fails(found.because.clone()),
            None => Judged::NotAsked(found.because.clone()),
        },
        Some(Ok(Said::Verdict(verdict))) => {
            let total = grouped(verdict.total.into());
            // a number of all inputs holds for none of them by itself
            let counted = match verdict.asks() {
                Some((what, value)) => {
                    format!("{what} {} over {total} inputs", significant(value, 6))
                }
                None => format!(
                    "holds for {} of {total} inputs",
                    grouped(verdict.count.into())
                ),
            };
            match verdict.holds {
                Some(true) => Judged::Holds(counted),
                Some(false) if holds_here(line) => Judged::Here(counted),
                _ => Judged::Fails(counted),
            }
        }
    };
    study.claims.iter().map(one).collect()
}
