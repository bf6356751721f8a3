//! Numbers of every input, handed on one input after the other: to maps, groups, fits.

use super::block::Wanted;
use super::claim::Quantity;
use super::input::{Input, Of};
use super::run::{Over, Progress, Sum, Sweep};
use super::stepping::Walk;
use crate::task::Values;
use anyhow::Result;
use std::sync::Arc;

/// An input and its numbers.
pub struct Seen<'a> {
    input: &'a Input<'a>,
    /// Of each quantity, in their order; no number where it is not defined.
    pub numbers: &'a [f64],
}

impl Seen<'_> {
    /// The token in a slot.
    #[must_use]
    pub fn token(&self, slot: usize) -> usize {
        self.input.fields[slot]
    }

    /// The input.
    #[must_use]
    pub fn values(&self) -> Values {
        self.input.values()
    }

    /// Its place in the space's order.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.input.number()
    }

    /// The right class at prediction `j`, the first where several are; none where nothing is asked.
    #[must_use]
    pub fn truth(&self, j: usize) -> Option<usize> {
        self.input.truth(j)
    }

    /// The likeliest class at prediction `j`; none where the logits are not defined or nothing is asked.
    #[must_use]
    pub fn said(&self, j: usize) -> Option<usize> {
        match self.input.get(Of::Margin(j)) {
            _ if !self.input.asks(j) => None,
            margin if margin > 0.0 => self.input.truth(j),
            margin if margin.is_nan() => None,
            _ => Some(self.input.get(Of::Other(j)) as usize),
        }
    }
}

/// What becomes of the numbers; pieces come in the space's order, so that sums do not depend on the number
/// of threads.
pub trait Gather: Send + Sync {
    /// One that has seen nothing.
    #[must_use]
    fn empty(&self) -> Self;
    /// Adds an input.
    fn see(&mut self, seen: &Seen<'_>);
    /// A piece of work is over: what was put off is done now, on its thread.
    ///
    /// # Errors
    /// When that fails.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
    /// Adds another, of inputs that come later.
    fn join(&mut self, later: Self);
}

struct Gathered<G> {
    quantities: Arc<[Quantity]>,
    wanted: Arc<Wanted>,
    numbers: Vec<f64>,
    gather: G,
}

impl<G: Gather> Gathered<G> {
    fn new(quantities: &[Quantity], gather: G) -> Result<Self> {
        let mut wanted = Wanted::default();
        let all = quantities.iter().map(|one| one.joined(&mut wanted));
        Ok(Self {
            quantities: all.collect::<Result<_, _>>()?,
            wanted: Arc::new(wanted),
            numbers: Vec::new(),
            gather,
        })
    }
}

impl<G: Gather> Gathered<G> {
    fn hand_on(&mut self, input: &Input<'_>, of: impl Fn(&Quantity) -> f64) {
        self.numbers.clear();
        self.numbers.extend(self.quantities.iter().map(of));
        self.gather.see(&Seen {
            input,
            numbers: &self.numbers,
        });
    }
}

impl<G: Gather> Sum for Gathered<G> {
    fn wanted(&self) -> Wanted {
        self.wanted.as_ref().clone()
    }

    fn empty(&self) -> Self {
        Self {
            quantities: self.quantities.clone(),
            wanted: self.wanted.clone(),
            numbers: Vec::new(),
            gather: self.gather.empty(),
        }
    }

    fn is_open(&self, input: &Input<'_>) -> bool {
        self.quantities.iter().any(|one| one.is_open(input))
    }

    fn see(&mut self, input: &Input<'_>) {
        self.hand_on(input, |one| one.of(input));
    }

    /// In double precision only what itself is too close a call.
    fn see_open(&mut self, single: &Input<'_>, double: &Input<'_>) {
        self.hand_on(double, |one| {
            one.of(if one.is_open(single) { double } else { single })
        });
    }

    fn close(&mut self) -> Result<()> {
        self.gather.close()
    }

    fn join(&mut self, later: Self) {
        self.gather.join(later.gather);
    }
}

/// Numbers on their way to what gathers them, some inputs at a time.
pub struct Gathering<G> {
    sweep: Arc<Sweep>,
    walk: Walk<Gathered<G>>,
}

impl<G: Gather> Gathering<G> {
    /// Goes on for some milliseconds; how far it is, or that it had come to its end before.
    ///
    /// # Errors
    /// When the device fails, or what is put off cannot be done.
    pub fn step(&mut self) -> Result<Option<Progress>> {
        self.walk.step(&self.sweep)
    }

    /// What there is so far.
    pub fn gathered(&self) -> &G {
        &self.walk.sum.gather
    }
}

/// The numbers of these inputs on their way to something that gathers them.
///
/// # Errors
/// When there are too many inputs, a quantity cannot be had here, or the device fails.
pub fn gather<G: Gather>(
    sweep: &Arc<Sweep>,
    over: Over,
    quantities: &[Quantity],
    gather: G,
) -> Result<Gathering<G>> {
    let (sweep, sum) = begun(sweep, quantities, gather)?;
    let walk = sweep.walk(over, sum)?;
    Ok(Gathering { sweep, walk })
}

/// The same of listed inputs; those that do not exist are left out.
///
/// # Errors
/// As [`gather`].
pub fn gather_listed<G: Gather>(
    sweep: &Arc<Sweep>,
    inputs: Vec<Values>,
    quantities: &[Quantity],
    gather: G,
) -> Result<Gathering<G>> {
    let (sweep, sum) = begun(sweep, quantities, gather)?;
    let walk = sweep.walk_listed(inputs, sum)?;
    Ok(Gathering { sweep, walk })
}

fn begun<G: Gather>(
    sweep: &Arc<Sweep>,
    quantities: &[Quantity],
    gather: G,
) -> Result<(Arc<Sweep>, Gathered<G>)> {
    let sum = Gathered::new(quantities, gather)?;
    let other = sweep.for_wanted(&sum.wanted)?;
    Ok((other.map_or_else(|| sweep.clone(), Arc::new), sum))
}
