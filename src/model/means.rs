//! Activations in the mean over all inputs of the task, kept with the model: whatever makes them
//! looks at the whole space, and does so once.

use super::hooks::HookName;
use crate::task::{Field, Values};
use anyhow::Result;
use candle_core::Tensor;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The mean of a hook point for each combination of the given fields' values, the last field
/// changing fastest: `[combination, ...]`, shaped as the activation behind that.
#[derive(Debug)]
struct Mean {
    hook: HookName,
    given: Vec<Field>,
    values: Tensor,
}

/// All means that were made of a model; copies of the model share them.
#[derive(Clone, Debug, Default)]
pub struct Means(Arc<Mutex<Vec<Mean>>>);

impl Means {
    fn all(&self) -> MutexGuard<'_, Vec<Mean>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is this mean.
    #[must_use]
    pub fn has(&self, hook: HookName, given: &[Field]) -> bool {
        let all = self.all();
        all.iter().any(|one| one.hook == hook && one.given == given)
    }

    /// Keeps a mean, `[combination, ...]`.
    pub fn keep(&self, hook: HookName, given: &[Field], values: Tensor) {
        self.all().push(Mean {
            hook,
            given: given.to_vec(),
            values,
        });
    }

    /// The mean over the inputs that agree with this one in the given fields, `[1, ...]`; `None`
    /// where it was not made.
    ///
    /// # Errors
    /// When it was made for another task.
    pub fn of(&self, hook: HookName, given: &[Field], values: &Values) -> Result<Option<Tensor>> {
        let all = self.all();
        let found = all
            .iter()
            .find(|one| one.hook == hook && one.given == given);
        let step = |at: usize, &field: &Field| {
            at * field.size() + field.place(values.get(field)).unwrap_or(0)
        };
        let at = given.iter().fold(0, step);
        Ok(found.map(|one| one.values.narrow(0, at, 1)).transpose()?)
    }
}
