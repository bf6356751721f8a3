//! From one model to another without leaving the program.

use crate::app::{Destination, ModelInfo, State, Steps, switched};
use crate::findings::session::Session;
use crate::model::Model;
use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A model that was opened, what the screen says of it, and its steps where it is one of several.
pub struct Opened {
    /// The model.
    pub model: Model,
    /// As the screen shows it.
    pub info: ModelInfo,
    /// Its steps.
    pub steps: Option<Steps>,
    /// What there is to say of it.
    pub note: Option<String>,
}

/// Opens a model, be it a file or one in the binary.
pub type Opener = Arc<dyn Fn(&Destination) -> Result<Opened> + Send + Sync>;

/// A model and its task: the path of the one, and what the other is called.
type Looked = (Option<String>, String);

fn looked(info: &ModelInfo) -> Looked {
    (info.path.clone(), info.task.to_string())
}

/// What was done on the models that were looked at before.
#[derive(Default)]
pub(super) struct Left(BTreeMap<Looked, Session>);

impl Left {
    /// The state that shows another model, as it was left or from the beginning. What was done on the
    /// one that is left is kept until the program ends.
    ///
    /// # Errors
    /// When its session cannot be shown; nothing is left then.
    pub fn to(&mut self, state: &State, info: ModelInfo, steps: Option<Steps>) -> Result<State> {
        let session = self.0.get(&looked(&info));
        let mut next = switched(state, info, session)?;
        next.steps = steps.map(Box::new);
        self.0.insert(looked(&state.model), state.session());
        Ok(next)
    }
}
