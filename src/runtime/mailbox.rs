//! A one-slot mailbox: a newer request takes the place of the one that waits.

use crate::app::{Ask, Request};
use crate::lens::InView;
use crate::model::Model;
use crate::task::{Prompt, Sample};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What the worker does next.
pub(super) enum Job {
    /// Numbers for an experiment.
    Observe(Request),
    /// An answer to a question.
    Ask(Box<Ask>),
    /// A new sample to score.
    Score(Sample, Arc<Vec<Prompt>>),
    /// Another model to compare with from here on.
    Compare(Box<Model>),
    /// Nothing waits; go on with what was begun.
    GoOn,
    /// The program ends.
    Close,
}

#[derive(Default)]
struct Slots {
    view: InView,
    /// Whether it is another one than the worker knows of.
    turned: bool,
    observe: Option<Request>,
    /// One for each of two answers side by side.
    asks: [Option<Box<Ask>>; 2],
    score: Option<(Sample, Arc<Vec<Prompt>>)>,
    other: Option<Box<Model>>,
    closed: bool,
}

/// Between the main thread and the worker.
#[derive(Default)]
pub(super) struct Mailbox {
    slots: Mutex<Slots>,
    filled: Condvar,
    /// The generation of the newest request, so that the worker can drop an older one halfway.
    newest: AtomicU64,
    /// Whether something came that goes before what is being done.
    interrupt: Arc<AtomicBool>,
}

impl Mailbox {
    /// A panic while the lock was held leaves whole slots: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for numbers; an older request that waits is forgotten.
    pub fn observe(&self, request: Request) {
        self.newest.store(request.generation, Ordering::Release);
        let mut slots = self.lock();
        slots.view = request.view;
        slots.observe = Some(request);
        self.interrupt.store(true, Ordering::Release);
        drop(slots);
        self.filled.notify_one();
    }

    /// Something else of the grids is looked at.
    pub fn look(&self, view: InView) {
        let mut slots = self.lock();
        (slots.view, slots.turned) = (view, true);
        drop(slots);
        self.filled.notify_one();
    }

    /// What of the grids is looked at.
    pub fn in_view(&self) -> InView {
        self.lock().view
    }

    /// Asks a question; an older one for the same place that waits is forgotten.
    pub fn ask(&self, ask: Box<Ask>) {
        let slot = usize::from(ask.slot.min(1));
        let mut slots = self.lock();
        slots.asks[slot] = Some(ask);
        self.interrupt.store(true, Ordering::Release);
        drop(slots);
        self.filled.notify_one();
    }

    /// Asks for a sample's score; an older request that waits is forgotten.
    pub fn score(&self, sample: Sample, prompts: Arc<Vec<Prompt>>) {
        self.lock().score = Some((sample, prompts));
        self.filled.notify_one();
    }

    /// Another model to compare with.
    pub fn compare(&self, other: Box<Model>) {
        self.lock().other = Some(other);
        self.filled.notify_one();
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.newest.store(u64::MAX, Ordering::Release);
        let mut slots = self.lock();
        slots.closed = true;
        self.interrupt.store(true, Ordering::Release);
        drop(slots);
        self.filled.notify_one();
    }

    /// Up while something waits that goes before answers and scores in the making.
    pub fn interrupt(&self) -> &Arc<AtomicBool> {
        &self.interrupt
    }

    /// Whether something newer than this generation was asked for.
    pub fn is_outdated(&self, generation: u64) -> bool {
        self.newest.load(Ordering::Acquire) > generation
    }

    /// The next job: numbers on screen before scores. Waits for one unless there is something to
    /// go on with.
    pub fn take(&self, busy: bool) -> Job {
        let mut slots = self.lock();
        // what came is looked at here
        self.interrupt.store(false, Ordering::Release);
        loop {
            if slots.closed {
                return Job::Close;
            }
            if let Some(other) = slots.other.take() {
                return Job::Compare(other);
            }
            if let Some(request) = slots.observe.take() {
                return Job::Observe(request);
            }
            if let Some(ask) = slots.asks.iter_mut().find_map(Option::take) {
                return Job::Ask(ask);
            }
            if let Some((sample, prompts)) = slots.score.take() {
                return Job::Score(sample, prompts);
            }
            if busy || std::mem::take(&mut slots.turned) {
                return Job::GoOn;
            }
            slots = self
                .filled
                .wait(slots)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
