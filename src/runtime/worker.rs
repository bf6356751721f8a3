//! The worker: one thread that owns the model and answers requests, newest first.

use super::mailbox::{Job, Mailbox};
use super::pool;
use crate::answers::{Answering, Inquest, Tools};
use crate::app::{Ask, Msg, Request};
use crate::lens::{Experiment, Gridding, Observation, Score, begin, score};
use crate::model::{HookedTransformer, Interrupted, Model};
use crate::sweep::make_means;
use crate::task::{Prompt, Sample};
use anyhow::Result;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Examples scored before the mailbox is looked at again: about 10 ms.
const SCORE_STEP: usize = 256;

/// A sample being scored.
struct Scoring {
    sample: Sample,
    prompts: Arc<Vec<Prompt>>,
    done: usize,
    score: Option<Score>,
}

/// An answer in the making, and for which request.
enum Pending {
    /// Nothing is done yet.
    Asked(Box<Ask>),
    /// Some steps of it are.
    Begun(u64, Box<Answering>),
}

/// Answers requests until the mailbox is closed. `send` says whether anybody still listens;
/// `fault` runs before each answer and may panic, to test that a panic is survived.
pub(super) fn work(
    models: Models,
    mailbox: &Mailbox,
    send: &(dyn Fn(Msg) -> bool + Sync),
    fault: &(dyn Fn() + Sync),
) {
    pool::install(|| {
        let mut scoring: Option<Scoring> = None;
        let mut coming: Option<Coming> = None;
        let mut pending: [Option<Pending>; 2] = [None, None];
        let mut answerer = Answerer::new(models.other);
        let model = &models.first;
        // what is only counted, and answers, wait for what changes on screen
        let patient = Model {
            transformer: model.transformer.interruptible(mailbox.interrupt()),
            ..model.clone()
        };
        loop {
            let answering = pending.iter().position(Option::is_some);
            let view = Some(mailbox.in_view());
            let is_coming = |coming: &Coming| !coming.gridding.is_done(view);
            let gridding = coming.as_ref().is_some_and(is_coming);
            let busy = scoring.is_some() || answering.is_some() || gridding;
            let message = match mailbox.take(busy) {
                Job::Close => return,
                Job::Observe(request) => answer(model, mailbox, &request, (&mut coming, fault)),
                Job::Ask(ask) => {
                    let pending = &mut pending[usize::from(ask.slot.min(1))];
                    *pending = Some(Pending::Asked(ask));
                    answer_on(&patient, &mut answerer, pending)
                }
                Job::Compare(other) => {
                    answerer.compare(*other);
                    None
                }
                Job::Score(sample, prompts) => {
                    scoring = Some(Scoring {
                        sample,
                        prompts,
                        done: 0,
                        score: None,
                    });
                    None
                }
                // what stands on screen before what is only counted
                Job::GoOn => match answering {
                    Some(slot) => answer_on(&patient, &mut answerer, &mut pending[slot]),
                    None if gridding => grid_on(model, mailbox, &mut coming),
                    None => score_on(&patient, &mut scoring),
                },
            };
            if message.is_some_and(|message| !send(message)) {
                return;
            }
        }
    });
}

/// The models of a session: the one that is looked at, and perhaps another to compare it with.
#[derive(Clone)]
pub struct Models {
    /// The one that is looked at.
    pub first: Model,
    /// The other one, of the same task.
    pub other: Option<Model>,
}

/// Answers questions; keeps what is made once a model.
pub(super) struct Answerer {
    tools: Option<Tools>,
    other: Option<Model>,
}

impl Answerer {
    pub fn new(other: Option<Model>) -> Self {
        Self { tools: None, other }
    }

    /// This is the other model from here on.
    pub fn compare(&mut self, other: Model) {
        self.other = Some(other);
    }

    /// Another model of the same kind is asked from here on.
    pub fn forget(&mut self) {
        self.tools = None;
    }

    /// Begins to answer a question about one of an experiment's runs.
    fn begin(&mut self, model: &Model, ask: &Ask) -> Result<Answering> {
        let other = self.other.as_ref();
        let tools = match &mut self.tools {
            Some(tools) => tools,
            None => self.tools.insert(Tools::new(&model.transformer)?),
        };
        make_means(
            &model.transformer,
            &ask.experiment.interventions,
            &mut |_| Ok(true),
        )?;
        Answering::begin(Inquest {
            model: &model.transformer,
            tools,
            other: other.map(|other| (&other.transformer, other.name.as_str())),
            question: &ask.question,
            experiment: &ask.experiment,
            about: ask.about,
        })
    }

    /// The whole answer.
    pub fn answer(&mut self, model: &Model, ask: &Ask) -> Msg {
        let result = guarded(|| {
            let mut answering = self.begin(model, ask)?;
            while !answering.step(&model.transformer)? {}
            Ok(Box::new(answering.table(&model.transformer)))
        });
        Msg::Answered {
            generation: ask.generation,
            result,
        }
    }
}

/// The next step of an answer, and the answer so far; nothing where it was given up for something newer, and is
/// done again.
fn answer_on(model: &Model, answerer: &mut Answerer, slot: &mut Option<Pending>) -> Option<Msg> {
    let transformer = &model.transformer;
    let (generation, mut answering) = match slot.take()? {
        Pending::Begun(generation, answering) => (generation, answering),
        Pending::Asked(ask) => match unless_interrupted(|| answerer.begin(model, &ask)) {
            None => {
                *slot = Some(Pending::Asked(ask));
                return None;
            }
            Some(Ok(answering)) => (ask.generation, Box::new(answering)),
            Some(Err(error)) => {
                return Some(Msg::Answered {
                    generation: ask.generation,
                    result: Err(error),
                });
            }
        },
    };
    let stepped = unless_interrupted(|| {
        let complete = answering.step(transformer)?;
        Ok((complete, Box::new(answering.table(transformer))))
    });
    let goes_on = match &stepped {
        None => true,
        Some(result) => result.as_ref().is_ok_and(|(complete, _)| !complete),
    };
    if goes_on {
        *slot = Some(Pending::Begun(generation, answering));
    }
    let result = stepped?.map(|(_, table)| table);
    Some(Msg::Answered { generation, result })
}

fn is_interrupted(error: &anyhow::Error) -> bool {
    let mut causes = error.chain();
    causes.any(<dyn std::error::Error>::is::<Interrupted>)
}

/// What work comes to; `None` where it was given up for something newer.
fn unless_interrupted<T>(work: impl FnOnce() -> Result<T>) -> Option<Result<T, String>> {
    let result = guarded(|| match work() {
        Err(error) if is_interrupted(&error) => Ok(None),
        result => result.map(Some),
    });
    result.transpose()
}

/// The grids of the newest request that are still to come.
struct Coming {
    generation: u64,
    gridding: Gridding,
}

/// The numbers, unless something newer was asked for meanwhile; of grids that take longer what there is at once.
fn answer(
    model: &Model,
    mailbox: &Mailbox,
    request: &Request,
    (coming, fault): (&mut Option<Coming>, &(dyn Fn() + Sync)),
) -> Option<Msg> {
    let generation = request.generation;
    let cancelled = || mailbox.is_outdated(generation);
    *coming = None;
    let result = guarded(|| {
        fault();
        let begun = begun(&model.transformer, &request.experiment, &cancelled)?;
        let Some((mut seen, mut gridding)) = begun else {
            return Ok(None);
        };
        let whole = !gridding.is_short(&model.transformer)
            || gridding.rest(&model.transformer, None, &mut seen, &cancelled)?;
        if !seen.blocks.is_empty() {
            *coming = Some(Coming {
                generation,
                gridding,
            });
        }
        Ok(whole.then_some(seen))
    });
    let result = match result {
        Ok(None) => return None,
        Ok(Some(seen)) => Ok(Box::new(seen)),
        Err(error) => Err(error),
    };
    Some(Msg::Observed { generation, result })
}

/// The next blocks of the grids that are still to come.
fn grid_on(model: &Model, mailbox: &Mailbox, slot: &mut Option<Coming>) -> Option<Msg> {
    let mut coming = slot.take()?;
    let generation = coming.generation;
    let cancelled = || mailbox.is_outdated(generation);
    let view = Some(mailbox.in_view());
    let stepped = guarded(|| coming.gridding.step(&model.transformer, view, &cancelled));
    let result = stepped.transpose()?;
    if result.is_ok() {
        *slot = Some(coming);
    }
    Some(Msg::Gridded { generation, result })
}

/// The runs of an experiment, after the means over all inputs that they need; `None` when it was cancelled.
pub(super) fn begun(
    model: &HookedTransformer,
    experiment: &Experiment,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<(Observation, Gridding)>> {
    let mut go_on = |_| Ok(!cancelled());
    if !make_means(model, &experiment.interventions, &mut go_on)? {
        return Ok(None);
    }
    begin(model, experiment, cancelled)
}

/// The next step of a score; a message when it is complete.
fn score_on(model: &Model, scoring: &mut Option<Scoring>) -> Option<Msg> {
    let current = scoring.as_mut()?;
    let end = (current.done + SCORE_STEP).min(current.prompts.len());
    let some = &current.prompts[current.done..end];
    let part = unless_interrupted(|| score(&model.transformer, some))?;
    current.done = end;
    let result = match part {
        Err(error) => Err(error),
        Ok(part) => {
            let total = match current.score.take() {
                Some(total) => total.plus(&part),
                None => part,
            };
            if end < current.prompts.len() {
                current.score = Some(total);
                return None;
            }
            Ok(total)
        }
    };
    let sample = current.sample;
    *scoring = None;
    Some(Msg::Scored { sample, result })
}

/// A panic in a forward pass is an error like any other: the screen goes on.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            let text = text.unwrap_or_else(|| "unknown".into());
            Err(format!("the worker failed: {}", crate::task::shown(&text)))
        }
    }
}
