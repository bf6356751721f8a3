//! Questions about many inputs: a number over two fields, in groups, along others.
//!
//! ```text
//! map margin[b_0] by idx, elt                 map A1[b_0,elt] by idx over space
//! map loss by a_0, elt log y                  map A1[b_0,elt], A1[b_0,a_0] by idx
//! table accuracy by idx                       table loss by max(a) over random:0:4096
//! fit margin[b_0] ~ a_0, elt, a_0*elt         frequencies [map margin[=] by a, b]
//! scatter A1[b_0,elt], margin[b_0] over space
//! neurons 0                                   neuron 0.17 at =
//! ```
//!
//! `line.rs` reads and writes them, `stat.rs` adds up, `places.rs` says which inputs there are, `together.rs` how numbers go together.

mod fit;
mod groups;
mod keyed;
mod line;
mod map;
mod neuron;
mod neurons;
mod partition;
mod places;
mod scatter;
mod spectrum;
mod stat;
mod together;

use super::answering::Inquest;
use super::curves::LogAxes;
use super::table::Table;
use crate::lens::Shown;
use crate::model::Config;
use crate::sweep::Over;
use crate::task::{Sample, Task};
use anyhow::Result;
pub use groups::{Share, Shares, shares};
pub(super) use places::Sweeps;

/// A question about many inputs. Quantities and expressions are kept as they were typed; they have been read
/// once when there is a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Many {
    /// A number at each value of one field, or of two; several at each value of one.
    Map {
        /// Of what.
        quantities: Vec<String>,
        /// The fields' slots: rows, and columns if there are two.
        by: Vec<usize>,
        /// What the other fields are.
        over: Extent,
        /// How it is drawn.
        log: LogAxes,
    },
    /// A number in groups of inputs.
    Groups {
        /// Of what.
        quantity: String,
        /// What is the same in a group.
        by: String,
        /// Of which inputs.
        over: Extent,
    },
    /// A number as a sum of others times what fits best.
    Fit {
        /// Of what.
        quantity: String,
        /// The others.
        terms: Vec<String>,
        /// Of which inputs.
        over: Extent,
    },
    /// Two numbers of each input: points.
    Scatter {
        /// Across, and up.
        quantities: [String; 2],
        /// Of which inputs.
        over: Extent,
    },
    /// The frequencies of a map.
    Spectrum {
        /// Of what.
        quantity: String,
        /// The fields' slots.
        by: Vec<usize>,
        /// What the other fields are.
        over: Extent,
    },
    /// Which values of a field a node tells apart.
    Partition {
        /// The node, as an intervention's line has it: its hook point, positions and perhaps a head.
        node: String,
        /// The field's slot.
        by: usize,
        /// The share of predictions kept in a class, as it was typed.
        keep: Option<String>,
        /// Of which inputs.
        over: Extent,
    },
    /// All neurons of a layer.
    Neurons {
        /// The layer.
        layer: usize,
        /// The position; where the last answer is read if none is named.
        at: Option<usize>,
        /// Of which inputs.
        over: Extent,
    },
    /// One neuron: what it holds, reads and writes.
    Neuron {
        /// The layer.
        layer: usize,
        /// Which of it.
        neuron: usize,
        /// The position.
        at: Option<usize>,
        /// Of which inputs.
        over: Extent,
    },
}

/// The note of an answer that says which inputs it is of.
pub(super) const INPUTS: &str = "inputs";

/// Which inputs a question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Of a map: all else is as in the prompt. Else all inputs, where these are walked in a moment, or a
    /// sample of them.
    #[default]
    Near,
    /// All of them.
    Space,
    /// Those of the sample at hand.
    Sample,
    /// Those of another sample.
    Other(Sample),
}

impl Extent {
    /// Which inputs these are, with the sample at hand; where nothing is said all of them, or in their place a
    /// sample where they are more than so many.
    fn over(self, task: Task, at_hand: Sample, (most, in_place): (u128, Sample)) -> Over {
        match self {
            Self::Near if task.input_space() <= most => Over::Space,
            Self::Near => Over::Sample(in_place),
            Self::Space => Over::Space,
            Self::Sample => Over::Sample(at_hand),
            Self::Other(sample) => Over::Sample(sample),
        }
    }
}

/// An answer that takes steps.
pub(super) trait Stepwise: Send {
    /// Goes on for some milliseconds; whether it is complete.
    fn step(&mut self) -> Result<bool>;
    /// The answer so far.
    fn table(&self) -> Table;
}

impl Many {
    /// Begins to answer.
    ///
    /// # Errors
    /// When there are too many inputs or cells, a word cannot be asked here, or the device fails.
    pub(super) fn begin(&self, inquest: Inquest<'_>) -> Result<Box<dyn Stepwise>> {
        // it has interventions of its own
        if let Self::Partition {
            node,
            by,
            keep,
            over,
        } = self
        {
            let keep = keep.as_deref().map(str::parse).transpose()?;
            let keep = keep.unwrap_or(partition::KEEP);
            return partition::begin(inquest, (node, *by), keep, *over);
        }
        match inquest.about {
            Shown::Run(name) => self.about(inquest, name),
            Shown::Difference => {
                let base = inquest.experiment.direction.base();
                Ok(Box::new(Difference {
                    patched: self.about(inquest, crate::lens::RunName::Patched)?,
                    base: self.about(inquest, base)?,
                }))
            }
        }
    }

    fn about(&self, inquest: Inquest<'_>, run: crate::lens::RunName) -> Result<Box<dyn Stepwise>> {
        let asked = places::Asked::new(inquest, run)?;
        match self {
            Self::Map {
                quantities,
                by,
                over,
                log,
            } => map::begin(&asked, quantities, (by, *over), *log),
            Self::Groups { quantity, by, over } => groups::begin(&asked, quantity, by, *over),
            Self::Fit {
                quantity,
                terms,
                over,
            } => fit::begin(&asked, quantity, terms, *over),
            Self::Scatter { quantities, over } => scatter::begin(&asked, quantities, *over),
            Self::Spectrum { quantity, by, over } => spectrum::begin(&asked, quantity, by, *over),
            Self::Partition { .. } => self.begin(inquest),
            Self::Neurons { layer, at, over } => {
                neurons::begin(&asked, inquest, *layer, *at, *over)
            }
            Self::Neuron {
                layer,
                neuron,
                at,
                over,
            } => neuron::begin(&asked, inquest, (*layer, *neuron), *at, *over),
        }
    }

    /// Which inputs it is about.
    fn extent(&mut self) -> &mut Extent {
        let (Self::Map { over, .. }
        | Self::Groups { over, .. }
        | Self::Fit { over, .. }
        | Self::Neurons { over, .. }
        | Self::Neuron { over, .. }
        | Self::Partition { over, .. }
        | Self::Scatter { over, .. }
        | Self::Spectrum { over, .. }) = self;
        over
    }

    /// Whether the sample at hand decides it.
    pub(super) fn is_over_sample(&self) -> bool {
        let in_doubt = matches!(self, Self::Scatter { .. });
        let over = *self.clone().extent();
        over == Extent::Sample || (in_doubt && over == Extent::Near)
    }

    /// Whether its answer is that of many inputs, whatever the prompt is.
    pub(super) fn is_of_no_prompt(&self) -> bool {
        let whole = matches!(
            self,
            Self::Map { .. }
                | Self::Groups { .. }
                | Self::Fit { .. }
                | Self::Scatter { .. }
                | Self::Spectrum { .. }
        );
        whole && *self.clone().extent() != Extent::Near
    }

    /// The next extent: all else as in the prompt, all inputs, the sample.
    pub(super) fn toggle(&mut self) {
        let about_prompt = matches!(self, Self::Map { .. } | Self::Spectrum { .. });
        let over = self.extent();
        *over = match over {
            Extent::Near => Extent::Space,
            Extent::Space => Extent::Sample,
            Extent::Sample | Extent::Other(_) if about_prompt => Extent::Near,
            Extent::Sample | Extent::Other(_) => Extent::Space,
        };
    }

    /// Another field of the same task in the place of the last one, another layer or neuron.
    pub(super) fn turn(&mut self, task: Task, config: &Config, by: isize) {
        let fields = task.slots.len();
        let d_mlp = config.mlp.map_or(1, |mlp| mlp.d_mlp.max(1));
        let round = |at: usize, len: usize| (at as isize + by).rem_euclid(len as isize) as usize;
        match self {
            Self::Partition { by: slot, .. } => *slot = round(*slot, fields),
            Self::Neurons { layer, .. } => *layer = round(*layer, config.n_layers.max(1)),
            Self::Neuron { neuron, .. } => *neuron = round(*neuron, d_mlp),
            _ => {}
        }
        if let Self::Map { by: slots, .. } | Self::Spectrum { by: slots, .. } = self {
            let others: Vec<usize> = slots[..slots.len() - 1].to_vec();
            let Some(last) = slots.last_mut() else {
                return;
            };
            for _ in 0..fields {
                *last = (*last as isize + by).rem_euclid(fields as isize) as usize;
                if !others.contains(last) {
                    break;
                }
            }
        }
    }
}

/// The patched run's answer minus the base run's.
struct Difference {
    patched: Box<dyn Stepwise>,
    base: Box<dyn Stepwise>,
}

impl Stepwise for Difference {
    fn step(&mut self) -> Result<bool> {
        // one after the other: numbers of other inputs are no difference
        let done = self.base.step()? && self.patched.step()?;
        Ok(done)
    }

    fn table(&self) -> Table {
        self.patched.table().minus(&self.base.table())
    }
}
