//! The sweeper: one thread for questions to all inputs, beside the worker, so that the screen is
//! answered while a sweep goes on. It leaves a core to the worker.

use super::worker::guarded;
use super::{pool, verdicts};
use crate::answers::CellClaim;
use crate::app::{Answer, FEW_INPUTS, Found, Msg, Said, SpaceNews, SpaceQuestion, SpaceRequest};
use crate::lens::{Experiment, Matrices};
use crate::model::HookedTransformer;
use crate::sweep::{Over, Progress, Survey, Sweep, make_means};
use anyhow::{Context, Result, bail};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Why many inputs take a while in tables.
const IN_TURN: &str = "they are too many to be walked one by one, as this task's are";

/// Between two reports to the screen.
const REPORT: Duration = Duration::from_millis(100);
/// Without a key for so long the keys rest.
const REST: Duration = Duration::from_millis(300);
/// Between two looks whether they do.
const LOOK: Duration = Duration::from_millis(20);

/// The way to the sweeper's thread.
pub(super) struct Sweeper {
    requests: Sender<SpaceRequest>,
    /// What is older than this is not wanted any more.
    newest: Arc<AtomicU64>,
}

impl Sweeper {
    /// Starts the thread. `send` says whether anybody still listens.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn spawn(
        model: HookedTransformer,
        send: impl Fn(Msg) -> bool + Send + Sync + 'static,
    ) -> Result<Self> {
        let (requests, receiver) = channel::<SpaceRequest>();
        let newest = Arc::new(AtomicU64::new(0));
        let wanted = Arc::clone(&newest);
        let body = move || {
            let mut tables = None;
            while let Ok(request) = receiver.recv() {
                let is_wanted = || wanted.load(Ordering::Acquire) <= request.generation;
                let mut work = || {
                    let mut tell = |message| is_wanted() && send(message);
                    answer(&mut tables, &model, &request, &is_wanted, &mut tell);
                };
                if request.by_itself {
                    if have_rested(&is_wanted) {
                        pool::install_on(1, work);
                    }
                } else if is_wanted() {
                    work();
                }
            }
        };
        let threads = pool::cores().saturating_sub(1).max(1);
        std::thread::Builder::new()
            .name("sweeper".into())
            .spawn(move || pool::install_on(threads, body))
            .context("cannot start the sweeper")?;
        Ok(Self { requests, newest })
    }

    /// Asks; what is under way is stopped.
    pub fn ask(&self, request: SpaceRequest) {
        self.newest.store(request.generation, Ordering::Release);
        // a sweeper that has ended says nothing more, and the screen shows that nothing comes
        let _ = self.requests.send(request);
    }

    /// Stops what was asked before this.
    pub fn stop(&self, generation: u64) {
        self.newest.store(generation, Ordering::Release);
    }
}

/// Waits until the keys have rested for a while; whether they have.
fn have_rested(is_wanted: &dyn Fn() -> bool) -> bool {
    let began = Instant::now();
    while is_wanted() && began.elapsed() < REST {
        std::thread::sleep(LOOK);
    }
    is_wanted()
}

/// Answers one request; reports go to `tell`, which says whether to go on. The weights' tables are
/// made once; `is_wanted` is asked
/// at every step.
pub(super) fn answer(
    tables: &mut Option<Matrices>,
    model: &HookedTransformer,
    request: &SpaceRequest,
    is_wanted: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(Msg) -> bool,
) {
    let generation = request.generation;
    let result = guarded(|| {
        if is_of_cells(request) {
            return cells(model, request, is_wanted);
        }
        if tables.is_none() {
            *tables = Matrices::where_folded(model)?;
        }
        let weights = tables.as_ref();
        if !prepared(model, request, tell)? {
            return Ok(None);
        }
        let sweep = Sweep::new(model, weights, &request.experiment)?;
        let is_slow = sweep.is_in_turn() && model.task().input_space() > FEW_INPUTS;
        if is_slow && request.by_itself {
            let reason = sweep.reason().unwrap_or(IN_TURN);
            bail!("all inputs are not counted by themselves here, S counts them: {reason}");
        }
        find(&sweep, (model, weights), request, is_wanted, tell)
    });
    let message = match result {
        Ok(None) => return,
        Ok(Some(news)) => Ok(Box::new(news)),
        Err(error) => Err(error),
    };
    tell(Msg::Space {
        generation,
        result: message,
    });
}

/// Whether nothing is asked but cells of answers: no input is walked for these.
fn is_of_cells(request: &SpaceRequest) -> bool {
    let SpaceQuestion { sweep, claims } = &request.question;
    !sweep && claims.iter().all(|line| CellClaim::is(line))
}

/// The news of cells of answers.
fn cells(
    model: &HookedTransformer,
    request: &SpaceRequest,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Option<SpaceNews>> {
    let started = Instant::now();
    let SpaceRequest {
        experiment,
        question,
        ..
    } = request;
    let answers = verdicts::ask_cells(model, experiment, &question.claims, is_wanted)?;
    Ok(answers.map(|answers| SpaceNews {
        progress: Progress { done: 0, total: 0 },
        seconds: started.elapsed().as_secs_f64(),
        found: Found {
            tally: None,
            answers,
        },
        reason: None,
        finished: true,
    }))
}

/// Makes the means over all inputs that the interventions need; whether it was let.
fn prepared(
    model: &HookedTransformer,
    request: &SpaceRequest,
    tell: &mut dyn FnMut(Msg) -> bool,
) -> Result<bool> {
    let started = Instant::now();
    let mut report = |progress| {
        let news = SpaceNews {
            progress,
            seconds: started.elapsed().as_secs_f64(),
            found: Found {
                tally: None,
                answers: Vec::new(),
            },
            reason: None,
            finished: false,
        };
        Ok(tell(Msg::Space {
            generation: request.generation,
            result: Ok(Box::new(news)),
        }))
    };
    make_means(model, &request.experiment.interventions, &mut report)
}

fn find(
    sweep: &Sweep,
    (model, weights): (&HookedTransformer, Option<&Matrices>),
    request: &SpaceRequest,
    is_wanted: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(Msg) -> bool,
) -> Result<Option<SpaceNews>> {
    let started = Instant::now();
    let news = |found, progress, finished| SpaceNews {
        progress,
        seconds: started.elapsed().as_secs_f64(),
        found,
        reason: sweep.how(Over::Space),
        finished,
    };
    let mut last: Option<Instant> = None;
    let mut all = Progress { done: 0, total: 0 };
    let mut report = |found: &dyn Fn() -> Found, progress| -> Result<bool> {
        all = progress;
        if !is_wanted() {
            return Ok(false);
        }
        if last.is_some_and(|last| last.elapsed() < REPORT) {
            return Ok(true);
        }
        last = Some(Instant::now());
        Ok(tell(Msg::Space {
            generation: request.generation,
            result: Ok(Box::new(news(found(), progress, false))),
        }))
    };
    let lines = request.question.claims.iter().cloned();
    let (cells, lines): (Vec<_>, Vec<_>) = lines.partition(|line| CellClaim::is(line));
    let (surveys, claims): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| Survey::is(line));
    let asked = verdicts::ask_cells(model, &request.experiment, &cells, is_wanted)?;
    let Some(of_cells) = asked else {
        return Ok(None);
    };
    let mut surveyed = Vec::new();
    for line in surveys {
        let so_far = || Found {
            tally: None,
            answers: surveyed.clone(),
        };
        let mut tell = |progress| report(&so_far, progress);
        let Some(result) = survey((model, weights), &request.experiment, &line, &mut tell)? else {
            return Ok(None);
        };
        surveyed.push(Answer {
            claim: line,
            result,
        });
    }
    let tally = request.question.sweep;
    let mut found = Found {
        tally: None,
        answers: Vec::new(),
    };
    if tally || !claims.is_empty() {
        let Some(asked) = verdicts::ask(sweep, model, tally, &claims, &mut report)? else {
            return Ok(None);
        };
        found = asked;
    }
    found.answers.extend(surveyed);
    found.answers.extend(of_cells);
    Ok(Some(news(found, all, true)))
}

/// What a survey says, or why it says nothing; `None` when it is not wanted any more.
fn survey(
    (model, weights): (&HookedTransformer, Option<&Matrices>),
    experiment: &Experiment,
    line: &str,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Option<Result<Said, String>>> {
    let survey = match Survey::parse(line, model.task(), model.config()) {
        Ok(survey) => survey,
        Err(error) => return Ok(Some(Err(error.to_string()))),
    };
    Ok(match survey.answer(model, weights, experiment, report) {
        Ok(Some(found)) => Some(Ok(Said::Choices(Arc::new(found)))),
        Ok(None) => None,
        Err(error) => Some(Err(format!("{error:#}"))),
    })
}
