//! The model: weights, config, hook names, the forward pass with hooks, and its cache.
//!
//! Looks at [`crate::task`] only; knows no terminal, no thread, no printing.

mod cache;
mod chunks;
pub mod config;
mod contents;
mod cost;
pub mod device;
mod dialect;
mod embedded;
mod forward;
mod hooks;
mod interrupt;
mod load;
mod means;
pub mod series;
mod stream;
pub mod weights;

pub(crate) use crate::task::text::edit_distance;
pub use cache::{ActivationCache, Recorder};
pub use chunks::{CHUNK, map_chunked, map_chunks};
pub use config::Config;
pub use contents::{Contents, Entry};
pub use dialect::Dialect;
pub use embedded::{SLIDES, Slide};
pub use forward::{HookedTransformer, Hooks, NoHooks};
pub use hooks::{Axes, HookName, Site};
pub use interrupt::Interrupted;
pub use load::{Model, Opened, cannot_use};
pub use means::Means;
pub use series::Series;
pub use stream::{Past, Reading, Stream};
