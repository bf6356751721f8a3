//! The input space: every input that a task has, counted through.

use crate::task::{Form, Task, Values};
use anyhow::{Result, ensure};

/// More inputs than this would take days.
const MAX_INPUTS: u128 = 20_000_000_000;

/// All inputs of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// The task.
    pub task: Task,
}

impl Space {
    /// All inputs of this task.
    #[must_use]
    pub fn new(task: Task) -> Self {
        Self { task }
    }

    /// Whether there are few enough to go through all of them.
    #[must_use]
    pub fn can_be_swept(&self) -> bool {
        self.task.input_space() <= MAX_INPUTS
    }

    /// How many combinations of values there are.
    ///
    /// # Errors
    /// When nobody would wait for them.
    pub(super) fn count(&self) -> Result<u64> {
        let task = self.task;
        ensure!(
            self.can_be_swept(),
            "{task} makes {} inputs, too many to sweep; take a sample, such as random:0:100000",
            match task.input_space() {
                u128::MAX => "more than 1e38".to_owned(),
                all => all.to_string(),
            }
        );
        Ok(task.input_space() as u64)
    }

    /// The fields of the inputs of a list (all but the last two fields, counted) and a switch, the lane 0.
    pub(super) fn fields(&self, form: &Form, list: usize, switch: usize) -> Vec<usize> {
        let n = form.switch();
        let mut fields = vec![0; n + 2];
        let mut rest = list;
        for (field, &size) in fields[..n].iter_mut().zip(&form.sizes).rev() {
            *field = rest % size;
            rest /= size;
        }
        fields[n] = switch;
        fields
    }

    /// The input with these tokens in its fields.
    pub(super) fn values(&self, fields: &[usize]) -> Values {
        let tokens = fields.iter().map(|&value| value as u32);
        Values::new(self.task, tokens.collect())
    }

    /// The tokens in the fields of an input.
    pub(super) fn fields_of(&self, input: &Values) -> Vec<usize> {
        input.tokens().iter().map(|&token| token as usize).collect()
    }
}
