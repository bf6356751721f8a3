//! Steps of a model, opened on a thread of their own: the one that is wanted first, then those next to it, so
//! that a key that is held down finds them ready.

use crate::app::Steps;
use crate::lens::slide::open_step;
use crate::model::{HookedTransformer, Model, Series};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

/// So many steps are opened ahead, in the direction of the last move.
const AHEAD: usize = 8;
/// So many behind it.
const BEHIND: usize = 2;
/// Weights, in numbers, that are kept of steps that are not looked at: 64 MB.
const KEPT: usize = 16 << 20;

/// A step that is wanted.
struct Wanted {
    series: Arc<Series>,
    at: usize,
    back: bool,
    like: HookedTransformer,
}

/// The way to the thread that opens steps.
pub(super) struct Stepper {
    wanted: Sender<Wanted>,
}

impl Stepper {
    /// Starts the thread. `send` takes a step that was wanted, and says whether anybody still listens.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn spawn(
        send: impl Fn(usize, Result<Model, String>) -> bool + Send + 'static,
    ) -> Result<Self> {
        let (wanted, receiver) = channel();
        std::thread::Builder::new()
            .name("steps".into())
            .spawn(move || work(&receiver, &send))
            .context("cannot start the thread for steps")?;
        Ok(Self { wanted })
    }

    /// Asks for a step of a model; one that is asked for and not yet opened is passed by.
    pub fn want(&self, steps: &Steps, at: usize, like: &HookedTransformer) {
        // a thread that has ended says nothing more, and the screen shows that nothing comes
        let _ = self.wanted.send(Wanted {
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
}

impl Kept {
    /// Goes on with this series; another one's steps are let go of.
    fn turn_to(&mut self, wanted: &Wanted) {
        let task = Some(wanted.like.task());
        if self.place != wanted.series.place || self.task != task {
            (self.place, self.task) = (wanted.series.place.clone(), task);
            self.models.clear();
        }
    }

    fn open(&mut self, wanted: &Wanted, at: usize) -> Result<Model, String> {
        if let Some(model) = self.models.get(&at) {
            return Ok(model.clone());
        }
        let path = &wanted.series.steps[at].1;
        let opened = super::worker::guarded(|| open_step(path, &wanted.like));
        if let Ok(model) = &opened {
            self.models.insert(at, model.clone());
        }
        opened
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
        }
    }
}

/// How many steps are kept.
fn room(wanted: &Wanted) -> usize {
    (KEPT / wanted.like.config().weights().max(1)).clamp(1, 4 * AHEAD)
}

fn work(receiver: &Receiver<Wanted>, send: &dyn Fn(usize, Result<Model, String>) -> bool) {
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
        if !send(wanted.at, kept.open(&wanted, wanted.at)) {
            return;
        }
        for at in neighbours(&wanted) {
            match receiver.try_recv() {
                Ok(newer) => {
                    next = Some(newer);
                    break;
                }
                Err(TryRecvError::Disconnected) => return,
                // what cannot be opened is told when it is wanted
                Err(TryRecvError::Empty) => drop(kept.open(&wanted, at)),
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
