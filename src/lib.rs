//! circuitscope: a terminal microscope for small transformers.
//!
//! The rooms of the house, each looking only downwards:
//!
//! | room | what lives there |
//! |---|---|
//! | [`task`] | the array-update task: vocabulary, labels, prompts, samples, counterfactual pairs |
//! | [`model`] | config, weights, hook names, the forward pass on candle with hooks, the activation cache |
//! | [`lens`] | what one asks of a model: metric, interventions, patching grids, one observation of a pair |
//! | [`sweep`] | the whole input space: claims, failures, surveys |
//! | [`answers`] | questions, one line each, and their answers, each a table |
//! | [`training`] | AdamW on examples of a task |
//! | [`findings`] | what leaves the program and comes back: sessions, findings, pictures, numbers |
//! | [`ui`] | the view: colours, themes, characters, the heatmap |
//! | [`runtime`] | threads, terminal, signals |
//! | [`cli`] | headless commands |
//!
//! `docs/architecture.md` tells one keystroke's journey through them; `tests/architecture.rs`
//! checks that the arrows hold.

pub mod answers;
pub mod app;
pub mod cli;
pub mod findings;
pub mod lens;
pub mod model;
pub mod runtime;
pub mod sweep;
pub mod task;
pub mod training;
pub mod ui;
