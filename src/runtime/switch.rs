//! From one model to another without leaving the program.

use crate::app::{ModelInfo, State, switched};
use crate::findings::session::Session;
use crate::model::Model;
use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Opens the model that a path names, be it a file or one in the binary.
pub type Opener = Arc<dyn Fn(&str) -> Result<(Model, ModelInfo)> + Send + Sync>;

/// What was done on the models that were looked at before, by their paths.
#[derive(Default)]
pub(super) struct Left(BTreeMap<Option<String>, Session>);

impl Left {
    /// The state that shows another model, as it was left or from the beginning. What was done on the
    /// one that is left is kept until the program ends.
    ///
    /// # Errors
    /// When its session cannot be shown; nothing is left then.
    pub fn to(&mut self, state: &State, info: ModelInfo) -> Result<State> {
        let session = self.0.get(&info.path);
        let next = switched(state, info, session)?;
        self.0.insert(state.model.path.clone(), state.session());
        Ok(next)
    }
}
