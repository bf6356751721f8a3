//! Claims: one line that says something of every input, and the answer.
//!
//! ```text
//! pred == truth                          A0[elt,idx] is argmax
//! A1[b_0,elt] > 0.5 when idx=1           mean A0[elt,idx] >= 0.9
//! min margin[b_1] when a_0 in {0,1,2}    logit_diff[b_0] > 5
//! ```
//!
//! `grammar.rs` reads them, `words.rs` lists what there is to type, `meaning.rs` says what their
//! words mean, `leaf.rs` and `power.rs` what they look like, `unclosed.rs` which brackets have no other half, `stated.rs` expressions of the task's language, `held.rs` those of activations, `circuits.rs` those of attention and circuits, `both.rs` those of the untouched run, `control.rs` the same under other interventions, `word.rs` what each is in the numbers of a sweep, `known.rs` what can be
//! left out, `verdict.rs` adds up all inputs, `several.rs` those of many claims at once; `conclusion.rs` says
//! what is known then, `close.rs` where a forward pass cannot tell.

mod both;
mod circuits;
mod close;
mod comparison;
mod conclusion;
mod control;
mod grammar;
mod held;
mod known;
mod leaf;
mod meaning;
mod named;
mod parts;
mod power;
mod quantity;
mod several;
mod stated;
mod told;
mod truth;
mod unclosed;
mod verdict;
mod word;
mod words;

pub(crate) use comparison::Comparison;
pub use conclusion::{Conclusion, Evidence};
pub use control::Control;
pub use grammar::ClaimError;
pub use meaning::Claim;
pub use quantity::Quantity;
pub use several::{Answers, Report};
pub use verdict::{Counterexample, NO_INPUT, Verdict};
pub(super) use word::Word;
pub use words::{WORDS, complete};
