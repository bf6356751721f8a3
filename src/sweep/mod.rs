//! The whole input space: what holds for every list, index and element there is.
//!
//! Looks at [`crate::task`], [`crate::model`] and [`crate::lens`]; knows no terminal and starts no
//! thread but the pool's.

mod ablations;
mod accounted;
mod alike;
mod anatomy;
mod beside;
mod block;
mod bound;
mod by_candle;
mod case;
mod claim;
mod constants;
mod cost;
mod doubles;
mod engine;
mod entry;
mod exact;
mod explanation;
mod failures;
mod fold;
mod gathered;
mod held;
mod in_turn;
mod input;
mod judging;
mod kept;
mod lanes;
mod leads;
mod local;
mod means;
mod means_by_passes;
mod minimal;
mod plan;
mod powers;
mod prepared;
mod program;
mod run;
mod space;
mod stepping;
mod survey;
mod tables;
mod tally;
mod walk;

pub use ablations::{
    Ablated, Draws, SPARED, ablations, averaging, depends_on, kinds, node, title, verdict,
    without_node,
};
pub use accounted::Accounted;
pub use alike::Alike;
pub use anatomy::{Anatomy, FrequencyShare, PartNeeded};
pub use case::{Case, Instead};
pub(crate) use claim::Comparison;
pub use claim::{
    Answers, Claim, ClaimError, Conclusion, Control, Counterexample, Evidence, NO_INPUT, Quantity,
    Report, Verdict, WORDS, complete,
};
pub use explanation::{Explanation, MAX_PAGE};
pub use failures::{By, Common, Failures, Group, Way};
pub use gathered::{Gather, Gathering, Seen, gather, gather_listed};
pub use kept::{Kept, Lost};
pub use means::make_means;
pub use minimal::{EdgeSet, Minimal, minimal};
pub use run::{Over, Progress, Sweep};
pub use space::Space;
pub use survey::{Choice, Left, Survey, Surveyed};
pub use tally::{Tally, undefined_words};
