//! Training a task's model: AdamW on examples of the task.
//!
//! | file | what it does |
//! |---|---|
//! | `recipe.rs` | everything that decides what a training makes |
//! | `words.rs` | the flags that say it; `spoken.rs` the same as words of the workbench |
//! | `saves.rs` | after which steps the model is written |
//! | `journal.rs` | how a training went |
//! | `data.rs` | the examples of a step, and those that are held out |
//! | `gradients.rs` | loss and gradient of a batch |
//! | `optimiser.rs` | AdamW, whose state can be kept |
//! | `run.rs` | a training that goes on step by step, and its state |
//!
//! The recipe follows the training notebook of the reference model; where the defaults differ, the
//! field's doc says so and `models/README.md` says what was measured. Looks at [`crate::task`],
//! [`crate::model`] and [`crate::lens`].

mod data;
mod gradients;
mod journal;
mod optimiser;
mod recipe;
mod run;
mod saves;
mod spoken;
mod words;

pub use journal::Journal;
pub use recipe::{Recipe, Schedule};
pub use run::Training;
pub use saves::Saves;
pub use spoken::Spoken;
pub use words::{RecipeArgs, SavesArgs};
