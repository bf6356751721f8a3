//! What one asks of a model: a metric, interventions, patching grids, one observation of a pair.
//!
//! Everything here is a pure function of a model and an [`Experiment`]. Looks at [`crate::task`]
//! and [`crate::model`]; knows no terminal, no thread, no printing.

mod array;
mod complete;
mod derive;
mod edit;
mod experiment;
mod grid;
mod intervention;
mod metric;
mod observe;
mod parse;
mod score;
mod warning;
mod words;

pub use array::Array;
pub use complete::completions;
pub use derive::Derived;
pub use edit::{Editor, Sources};
pub use experiment::{Continuation, Direction, Experiment, RunName, Source};
pub use grid::{Cell, Grid, GridName};
pub use intervention::{Action, From, Intervention, Sender, StreamDirection, Target};
pub use metric::{Metric, MetricValues};
pub use observe::{Observation, Prediction, RunView, observe, observe_cache, observe_run};
pub use score::{Score, score};
pub use warning::{Fix, Warning, warnings};
pub use words::LineError;
