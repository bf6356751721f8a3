//! The worker: one thread that owns the model and answers requests, newest first.

use super::mailbox::{Job, Mailbox};
use super::pool;
use crate::app::{Ask, Msg, Request};
use crate::lens::{self, Score, Tools, observe, observe_one, score};
use crate::model::Model;
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

/// Answers requests until the mailbox is closed. `send` says whether anybody still listens;
/// `fault` runs before each answer and may panic, to test that a panic is survived.
pub(super) fn work(
    model: &Model,
    mailbox: &Mailbox,
    send: &(dyn Fn(Msg) -> bool + Sync),
    fault: &(dyn Fn() + Sync),
) {
    pool::install(|| {
        let mut scoring: Option<Scoring> = None;
        let mut answerer = Answerer::default();
        loop {
            let message = match mailbox.take(scoring.is_some()) {
                Job::Close => return,
                Job::Observe(request) => answer(model, mailbox, &request, fault),
                Job::Ask(ask) => Some(answerer.answer(model, &ask)),
                Job::Score(sample, prompts) => {
                    scoring = Some(Scoring {
                        sample,
                        prompts,
                        done: 0,
                        score: None,
                    });
                    None
                }
                Job::GoOn => score_on(model, &mut scoring),
            };
            if message.is_some_and(|message| !send(message)) {
                return;
            }
        }
    });
}

/// Answers questions; keeps what is made once a model.
#[derive(Default)]
pub(super) struct Answerer {
    tools: Option<Tools>,
}

impl Answerer {
    /// The answer to a question about one of an experiment's runs.
    pub fn answer(&mut self, model: &Model, ask: &Ask) -> Msg {
        let tools = &mut self.tools;
        let result = guarded(|| {
            let tools = match tools {
                Some(tools) => tools,
                None => tools.insert(Tools::new(&model.transformer)?),
            };
            let transformer = &model.transformer;
            let run = observe_one(transformer, &ask.experiment, ask.run)?;
            let sample = ask.experiment.sample;
            lens::answer(transformer, tools, &ask.question, &run, sample).map(Box::new)
        });
        Msg::Answered {
            generation: ask.generation,
            result,
        }
    }
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
        observe(&model.transformer, &request.experiment, &cancelled)
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
