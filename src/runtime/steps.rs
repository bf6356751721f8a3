//! Steps of a model, opened on a thread of their own: the one that is wanted first, then those next to it, so
//! that a key that is held down finds them ready; where that is cheap, with what is seen of them.

use super::pool;
use super::worker::{begun, guarded};
use crate::app::Steps;
use crate::lens::slide::open_step;
use crate::lens::{Experiment, Observation};
use crate::model::{HookedTransformer, Model, Series};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

/// So many steps are opened ahead, in the direction of the last move.
const AHEAD: usize = 8;
/// So many behind it.
const BEHIND: usize = 2;
/// Weights, in numbers, that are kept of steps that are not looked at: 64 MB.
const KEPT: usize = 16 << 20;

/// What takes longer to observe is not observed ahead.
const CHEAP: Duration = Duration::from_millis(50);

/// A step that was opened, and what is seen of it where that was found out ahead.
pub(super) type OpenedStep = (Model, Option<Box<Observation>>);

/// A step that is wanted.
struct Wanted {
    /// Counts up with every wish.
    number: u64,
    /// What is looked at.
    experiment: Experiment,
    series: Arc<Series>,
    at: usize,
    back: bool,
    like: HookedTransformer,
}

/// The way to the thread that opens steps.
pub(super) struct Stepper {
    wanted: Sender<Wanted>,
    /// The number of the newest wish.
    newest: Arc<AtomicU64>,
}

impl Stepper {
    /// Starts the thread. `send` takes a step that was wanted, and says whether anybody still listens.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn spawn(
        send: impl Fn(usize, Result<OpenedStep, String>) -> bool + Send + 'static,
    ) -> Result<Self> {
        let (wanted, receiver) = channel();
        let newest = Arc::new(AtomicU64::new(0));
        let now = Arc::clone(&newest);
        std::thread::Builder::new()
            .name("steps".into())
            // what is done ahead is no hurry: one core is enough for it
            .spawn(move || pool::install_on(1, move || work(&receiver, &now, &send)))
            .context("cannot start the thread for steps")?;
        Ok(Self { wanted, newest })
    }

    /// Asks for a step of a model; one that is asked for and not yet opened is passed by.
    pub fn want(&self, steps: &Steps, at: usize, like: &HookedTransformer, experiment: Experiment) {
        let number = self.newest.fetch_add(1, Ordering::AcqRel) + 1;
        // a thread that has ended says nothing more, and the screen shows that nothing comes
        let _ = self.wanted.send(Wanted {
            number,
            experiment,
            series: Arc::clone(&steps.series),
            at,
            back: at < steps.at,
            like: like.clone(),
        });
    }
}

/// Opened steps of one series, as many as there is room for.
#[derive(Default)]
struct Kept {
    place: PathBuf,
    task: Option<crate::task::Task>,
    models: BTreeMap<usize, Model>,
    /// What is seen of them, under the experiment of the last wish.
    seen: BTreeMap<usize, Box<Observation>>,
}

impl Kept {
    /// Goes on with this series; another one's steps are let go of.
    fn turn_to(&mut self, wanted: &Wanted) {
        let task = Some(wanted.like.task());
        if self.place != wanted.series.place || self.task != task {
            (self.place, self.task) = (wanted.series.place.clone(), task);
            self.models.clear();
            self.seen.clear();
        }
        self.seen
            .retain(|_, seen| seen.experiment == wanted.experiment);
    }

    fn open(&mut self, wanted: &Wanted, at: usize) -> Result<Model, String> {
        if let Some(model) = self.models.get(&at) {
            return Ok(model.clone());
        }
        let path = &wanted.series.steps[at].1;
        let opened = guarded(|| open_step(path, &wanted.like));
        if let Ok(model) = &opened {
            self.models.insert(at, model.clone());
        }
        opened
    }

    /// Sees what there is to see of a step that is open; whether that was cheap. A newer wish breaks it off.
    fn observe(&mut self, wanted: &Wanted, at: usize, newest: &AtomicU64) -> bool {
        let Some(model) = self.models.get(&at) else {
            return true;
        };
        if self.seen.contains_key(&at) {
            return true;
        }
        let outdated = || newest.load(Ordering::Acquire) != wanted.number;
        let began = Instant::now();
        let seen = guarded(|| {
            let model = &model.transformer;
            let begun = begun(model, &wanted.experiment, &outdated)?;
            let Some((mut seen, mut gridding)) = begun else {
                return Ok(None);
            };
            // grids that come one after the other are those of what is looked at
            let whole = gridding.is_short(model)
                && gridding.rest(model, None, &mut seen, &outdated)?
                && seen.blocks.is_empty();
            Ok(whole.then_some(seen))
        });
        // what cannot be seen is told when it is looked at
        if let Ok(Some(seen)) = seen {
            self.seen.insert(at, Box::new(seen));
        }
        began.elapsed() <= CHEAP
    }

    /// Lets go of the steps farthest from the one that is wanted.
    fn make_room(&mut self, wanted: &Wanted) {
        let most = room(wanted);
        while self.models.len() > most {
            let far = self.models.keys().copied();
            let Some(far) = far.max_by_key(|one| one.abs_diff(wanted.at)) else {
                return;
            };
            self.models.remove(&far);
            self.seen.remove(&far);
        }
    }
}

/// How many steps are kept.
fn room(wanted: &Wanted) -> usize {
    (KEPT / wanted.like.config().weights().max(1)).clamp(1, 4 * AHEAD)
}

fn work(
    receiver: &Receiver<Wanted>,
    newest: &AtomicU64,
    send: &dyn Fn(usize, Result<OpenedStep, String>) -> bool,
) {
    let mut kept = Kept::default();
    let mut next = None;
    loop {
        let mut wanted = match next.take() {
            Some(wanted) => wanted,
            None => match receiver.recv() {
                Ok(wanted) => wanted,
                Err(_) => return,
            },
        };
        while let Ok(newer) = receiver.try_recv() {
            wanted = newer;
        }
        kept.turn_to(&wanted);
        let seen = kept.seen.get(&wanted.at).cloned();
        let opened = kept.open(&wanted, wanted.at);
        if !send(wanted.at, opened.map(|model| (model, seen))) {
            return;
        }
        let mut cheap = true;
        for at in neighbours(&wanted) {
            match receiver.try_recv() {
                Ok(newer) => {
                    next = Some(newer);
                    break;
                }
                Err(TryRecvError::Disconnected) => return,
                // what cannot be opened is told when it is wanted
                Err(TryRecvError::Empty) => {
                    drop(kept.open(&wanted, at));
                    cheap = cheap && kept.observe(&wanted, at, newest);
                }
            }
        }
        kept.make_room(&wanted);
    }
}

/// The steps to have ready, those to come first; no more than are kept.
fn neighbours(wanted: &Wanted) -> Vec<usize> {
    let len = wanted.series.steps.len();
    let (at, most) = (wanted.at, room(wanted).saturating_sub(1));
    let later = |n: usize| (at + 1..len).take(n).collect::<Vec<_>>();
    let earlier = |n: usize| (0..at).rev().take(n).collect::<Vec<_>>();
    let mut all = match wanted.back {
        true => [earlier(AHEAD), later(BEHIND)].concat(),
        false => [later(AHEAD), earlier(BEHIND)].concat(),
    };
    all.truncate(most);
    all
}
