//! What one asks of a model: a metric, interventions, patching grids, one observation of a pair.
//!
//! Everything here is a pure function of a model and an [`Experiment`]. Looks at [`crate::task`]
//! and [`crate::model`]; knows no terminal, no thread, no printing.

pub(crate) mod exact;
pub(crate) mod experiment;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod runs;
pub(crate) mod shares;
pub mod slide;
pub(crate) mod weights;

pub use exact::changes::Changes;
pub use exact::paths::PathTables;
pub use exact::split::PathSplit;
pub use exact::view::{Prediction, RunView};
pub use experiment::blocks::{Block, Blocks, Gridded, InView};
pub use experiment::complete::completions;
pub(crate) use experiment::edges::{Receiver, every_edge};
pub use experiment::edges::{check_edges, edges_off};
pub use experiment::grid::{Cell, Grid, GridName};
pub use experiment::intervention::{
    Action, Averaged, From, Intervention, Sender, StreamDirection, Target,
};
pub use experiment::metric::{Measure, Metric, MetricValues, Reading};
pub use experiment::parse::VERBS;
pub use experiment::setup::{Continuation, Experiment, Source};
pub use experiment::supposed::Supposed;
pub use experiment::toward::{Goal, Toward};
pub use experiment::words::LineError;
pub use names::circuit::{CircuitName, Side};
pub use names::head::HeadName;
pub use names::head::head_pairs;
pub use names::path::{PathName, Place, Start, Step};
pub use names::run::{Direction, RunName, Shown};
pub use numbers::algebra::{Matrix, copying_score, effective_rank};
pub use numbers::array::Array;
pub use numbers::fourier;
pub use numbers::logits::{Judged, Precision, is_defined, likeliest, log_softmax};
pub use runs::derive::Derived;
pub use runs::edit::{Editor, Sources};
pub use runs::gridding::{Gridding, begin};
pub use runs::many::Of;
pub use runs::observe::{
    observe, observe_cache, observe_hooks, observe_one, observe_run, patching_grids,
};
pub use runs::score::{Right, Score, predictions, score};
pub use runs::seen::Observation;
pub use runs::warning::{Fix, Warning, warnings};
pub use shares::attention::{AttentionKind, AttentionMaps, attention_of_run, attention_of_sample};
pub use shares::attribution::{Attribution, Labelled, PathShares, attribute, attribute_sample};
pub use shares::neurons::{Neurons, neurons};
pub use shares::scores::{AttentionCell, Part, ScoreSplit, split_score};
pub use weights::chosen::{Chosen, OneDirection};
pub use weights::circuit::{Axis, Circuit, Weight, weight_singular_values};
pub use weights::composition::{Baseline, Composition, composition, composition_baseline};
pub use weights::diagonal::{Diagonal, Failing, Spread};
pub use weights::directions::{Directions, Fan, Singular, cosines, fan, overlap};
pub use weights::matrices::Matrices;
pub use weights::reduce::{LowRank, Pca, low_rank, pca};
pub use weights::subspace::{Spanned, Subspace};
