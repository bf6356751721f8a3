//! Curves are made on a thread of their own: another step of the model may be looked at meanwhile.

use super::pool;
use super::worker::guarded;
use crate::answers::{AlongSteps, Curves, LogAxes, Question, Table};
use crate::app::{Ask, Msg};
use crate::lens::{Experiment, Intervention};
use crate::model::{HookedTransformer, Series};
use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Between two answers so far.
const REPORT: Duration = Duration::from_millis(100);

/// A curve that is wanted.
struct WantedCurve {
    generation: u64,
    curves: Curves,
    experiment: Experiment,
    series: Arc<Series>,
    like: HookedTransformer,
}

/// The way to the thread.
pub(super) struct Curver {
    wanted: Sender<WantedCurve>,
    /// The generation of the one that is wanted; 0 where none is.
    newest: Arc<AtomicU64>,
}

impl Curver {
    /// Starts the thread. `send` says whether anybody still listens.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn spawn(send: impl Fn(Msg) -> bool + Send + Sync + 'static) -> Result<Self> {
        let (wanted, receiver) = channel::<WantedCurve>();
        let newest = Arc::new(AtomicU64::new(0));
        let now = Arc::clone(&newest);
        let body = move || {
            let mut last = Last::default();
            while let Ok(wanted) = receiver.recv() {
                let is_wanted = || now.load(Ordering::Acquire) == wanted.generation;
                let heard = last.answer(&wanted, &is_wanted, &mut |result| {
                    send(Msg::Answered {
                        generation: wanted.generation,
                        result,
                    })
                });
                if !heard {
                    return;
                }
            }
        };
        // a core is left to what is typed
        let threads = pool::cores().saturating_sub(1).max(1);
        std::thread::Builder::new()
            .name("curves".into())
            .spawn(move || pool::install_on(threads, body))
            .context("cannot start the thread for curves")?;
        Ok(Self { wanted, newest })
    }

    /// Asks for the curve of a question, if it is one.
    pub fn ask(&self, ask: &Ask, series: &Arc<Series>, like: &HookedTransformer) {
        let Question::Curves(curves) = &ask.question else {
            return;
        };
        self.newest.store(ask.generation, Ordering::Release);
        // a thread that has ended says nothing more, and the screen shows that nothing comes
        let _ = self.wanted.send(WantedCurve {
            generation: ask.generation,
            curves: curves.clone(),
            experiment: ask.experiment.clone(),
            series: Arc::clone(series),
            like: like.clone(),
        });
    }

    /// No curve is wanted but one of these generations.
    pub fn keep(&self, mut generations: impl Iterator<Item = u64>) {
        let newest = self.newest.load(Ordering::Acquire);
        if !generations.any(|generation| generation == newest) {
            self.newest.store(0, Ordering::Release);
        }
    }
}

/// What decides a curve: with other axes it is the same.
struct SameCurve {
    curves: Curves,
    series: Arc<Series>,
    interventions: Vec<Intervention>,
}

impl SameCurve {
    /// Whether another is the same of a series that may have grown.
    fn goes_on_as(&self, other: &Self) -> bool {
        let same = self.curves == other.curves && self.interventions == other.interventions;
        same && !self.curves.is_about_run()
    }

    fn series(&self) -> Arc<Series> {
        Arc::clone(&self.series)
    }
}

/// The curve that was made last, as far as it was made.
#[derive(Default)]
struct Last(Option<(SameCurve, AlongSteps)>);

impl Last {
    /// Answers, again and again as it grows; whether anybody listened.
    fn answer(
        &mut self,
        wanted: &WantedCurve,
        is_wanted: &dyn Fn() -> bool,
        tell: &mut dyn FnMut(Result<Box<Table>, String>) -> bool,
    ) -> bool {
        let same = SameCurve {
            curves: Curves {
                log: LogAxes::default(),
                ..wanted.curves.clone()
            },
            series: Arc::clone(&wanted.series),
            interventions: wanted.experiment.interventions.clone(),
        };
        let last = self.0.take().and_then(|(last, mut along)| {
            let goes_on = last.goes_on_as(&same) && along.grow(same.series());
            goes_on.then_some(along)
        });
        let begun = match last {
            Some(along) => Ok(along),
            None => guarded(|| {
                let (series, like) = (Arc::clone(&wanted.series), &wanted.like);
                AlongSteps::new(&wanted.curves, series, like, &wanted.experiment)
            }),
        };
        let mut along = match begun {
            Ok(along) => along,
            Err(error) => return tell(Err(error)),
        };
        let mut tell_so_far = |along: &AlongSteps| {
            let table = Table {
                title: wanted.curves.line(),
                log: wanted.curves.log,
                ..along.table()
            };
            tell(Ok(Box::new(table)))
        };
        let mut told = Instant::now();
        loop {
            match guarded(|| along.step(is_wanted)) {
                Err(error) => return tell(Err(error)),
                Ok(false) if is_wanted() => {}
                Ok(_) => break,
            }
            if told.elapsed() >= REPORT {
                told = Instant::now();
                if !tell_so_far(&along) {
                    return false;
                }
            }
        }
        let heard = !is_wanted() || tell_so_far(&along);
        self.0 = Some((same, along));
        heard
    }
}

/// The whole answer at once.
pub(super) fn whole(ask: &Ask, series: &Arc<Series>, like: &HookedTransformer) -> Msg {
    let generation = ask.generation;
    let result = match &ask.question {
        Question::Curves(curves) => guarded(|| {
            let series = Arc::clone(series);
            let mut along = AlongSteps::new(curves, series, like, &ask.experiment)?;
            while !along.step(&|| true)? {}
            Ok(Box::new(Table {
                log: curves.log,
                ..along.table()
            }))
        }),
        _ => Err("no curve was asked for".to_owned()),
    };
    Msg::Answered { generation, result }
}
