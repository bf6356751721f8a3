//! The worker: one thread that owns the model and answers requests, newest first.

use super::mailbox::{Job, Mailbox};
use super::pool;
use crate::answers::{Answering, Inquest, Tools};
use crate::app::{Ask, Msg, Request};
use crate::lens::{Experiment, Observation, Score, observe, score};
use crate::model::{HookedTransformer, Model};
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
struct Pending {
    generation: u64,
    answering: Answering,
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
        let mut pending: [Option<Pending>; 2] = [None, None];
        let mut answerer = Answerer::new(models.other);
        let model = &models.first;
        loop {
            let answering = pending.iter().position(Option::is_some);
            let busy = scoring.is_some() || answering.is_some();
            let message = match mailbox.take(busy) {
                Job::Close => return,
                Job::Observe(request) => answer(model, mailbox, &request, fault),
                Job::Ask(ask) => {
                    let pending = &mut pending[usize::from(ask.slot.min(1))];
                    *pending = None;
                    match answerer.begin(model, &ask) {
                        Ok(answering) => {
                            let generation = ask.generation;
                            *pending = Some(Pending {
                                generation,
                                answering,
                            });
                            answer_on(model, pending)
                        }
                        Err(error) => Some(Msg::Answered {
                            generation: ask.generation,
                            result: Err(error),
                        }),
                    }
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
                    Some(slot) => answer_on(model, &mut pending[slot]),
                    None => score_on(model, &mut scoring),
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

    /// Another model of the same kind is asked from here on.
    pub fn forget(&mut self) {
        self.tools = None;
    }

    /// Begins to answer a question about one of an experiment's runs.
    fn begin(&mut self, model: &Model, ask: &Ask) -> Result<Answering, String> {
        let (tools, other) = (&mut self.tools, self.other.as_ref());
        guarded(|| {
            let tools = match tools {
                Some(tools) => tools,
                None => tools.insert(Tools::new(&model.transformer)?),
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
        })
    }

    /// The whole answer.
    pub fn answer(&mut self, model: &Model, ask: &Ask) -> Msg {
        let result = self.begin(model, ask).and_then(|mut answering| {
            guarded(|| {
                while !answering.step(&model.transformer)? {}
                Ok(Box::new(answering.table(&model.transformer)))
            })
        });
        Msg::Answered {
            generation: ask.generation,
            result,
        }
    }
}

/// The next step of an answer, and the answer so far.
fn answer_on(model: &Model, pending: &mut Option<Pending>) -> Option<Msg> {
    let mut current = pending.take()?;
    let generation = current.generation;
    let stepped = guarded(|| {
        let complete = current.answering.step(&model.transformer)?;
        let table = current.answering.table(&model.transformer);
        Ok((complete, Box::new(table)))
    });
    let result = stepped.map(|(complete, table)| {
        if !complete {
            *pending = Some(current);
        }
        table
    });
    Some(Msg::Answered { generation, result })
}

/// The numbers, unless something newer was asked for meanwhile.
fn answer(
    model: &Model,
    mailbox: &Mailbox,
    request: &Request,
    fault: &(dyn Fn() + Sync),
) -> Option<Msg> {
    let cancelled = || mailbox.is_outdated(request.generation);
    let result = guarded(|| {
        fault();
        observed(&model.transformer, &request.experiment, &cancelled)
    });
    let result = match result {
        Ok(None) => return None,
        Ok(Some(seen)) => Ok(Box::new(seen)),
        Err(error) => Err(error),
    };
    Some(Msg::Observed {
        generation: request.generation,
        result,
    })
}

/// An observation, after the means over all inputs that it needs; `None` when it was cancelled.
pub(super) fn observed(
    model: &HookedTransformer,
    experiment: &Experiment,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Observation>> {
    let mut go_on = |_| Ok(!cancelled());
    if !make_means(model, &experiment.interventions, &mut go_on)? {
        return Ok(None);
    }
    observe(model, experiment, cancelled)
}

/// The next step of a score; a message when it is complete.
fn score_on(model: &Model, scoring: &mut Option<Scoring>) -> Option<Msg> {
    let current = scoring.as_mut()?;
    let end = (current.done + SCORE_STEP).min(current.prompts.len());
    let part = guarded(|| score(&model.transformer, &current.prompts[current.done..end]));
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
