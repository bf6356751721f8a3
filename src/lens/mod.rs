//! What one asks of a model: a metric, interventions, patching grids, one observation of a pair.
//!
//! Everything here is a pure function of a model and an [`Experiment`]. Looks at [`crate::task`]
//! and [`crate::model`]; knows no terminal, no thread, no printing.

mod algebra;
mod answer;
mod answer_errors;
mod answer_weights;
mod answering;
mod array;
mod attribution;
mod base;
mod changes;
mod circuit;
mod circuit_name;
mod complete;
mod derive;
mod diagonal;
mod difference;
mod edit;
mod experiment;
mod gather;
mod gradient;
mod grid;
mod intervention;
mod logits;
mod matrices;
mod measured;
mod metric;
mod observe;
mod pair_runs;
mod parse;
mod path_name;
mod path_split;
mod paths;
mod patterns;
mod plan;
mod question;
mod question_next;
mod question_words;
mod reduce;
mod runs;
mod score;
mod scores;
pub mod slide;
mod table;
mod tally;
mod terms;
mod tools;
mod toward;
mod trace;
mod trace_edits;
mod variants;
mod warning;
mod window;
mod words;

pub use algebra::{Matrix, copying_score, effective_rank};
pub use answering::{Answering, Inquest, answer};
pub use array::Array;
pub use attribution::{Attribution, Labelled, PathShares, attribute, attribute_sample};
pub use changes::Changes;
pub use circuit::{
    Axis, Baseline, Circuit, Composition, Weight, composition, composition_baseline,
    weight_singular_values,
};
pub use circuit_name::{CircuitName, Side};
pub use complete::completions;
pub use derive::Derived;
pub use diagonal::{Diagonal, Failing, Spread};
pub use edit::{Editor, Sources};
pub use experiment::{Continuation, Direction, Experiment, RunName, Shown, Source};
pub use gather::Compare;
pub use grid::{Cell, Grid, GridName};
pub use intervention::{Action, Averaged, From, Intervention, Sender, StreamDirection, Target};
pub use logits::{Judged, is_defined, likeliest, log_softmax};
pub use matrices::{HeadName, Matrices};
pub use metric::{Measure, Metric, MetricValues, Reading};
pub use observe::{
    Observation, Prediction, RunView, observe, observe_cache, observe_hooks, observe_one,
    observe_run, patching_grids,
};
pub use path_name::{PathName, Start};
pub use path_split::PathSplit;
pub use paths::PathTables;
pub use patterns::{
    AttentionKind, AttentionMaps, attention_of_run, attention_of_sample, head_pairs,
};
pub use plan::{Sheet, edges_off};
pub use question::{Kind, Question};
pub use question_words::FORMS;
pub use reduce::{Embedding, LowRank, Pca, low_rank, pca};
pub use runs::Of;
pub use score::{Right, Score, predictions, score};
pub use scores::{AttentionCell, Part, ScoreSplit, split_score};
pub use table::{Alike, Layer, Table};
pub use tools::Tools;
pub use toward::{Goal, Toward};
pub use variants::Variants;
pub use warning::{Fix, Warning, warnings};
pub use words::LineError;
