//! The input space: every list, index and element there is, counted through.

use crate::task::{ArrayUpdate, Update};
use anyhow::{Result, ensure};

/// More inputs than this would take days; a sample answers.
const MAX_INPUTS: u128 = 20_000_000_000;

/// The space of a task. A list's number reads it as digits, `a_0` first; an input's number has
/// the index behind the list and the element last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// The task whose inputs these are.
    pub task: ArrayUpdate,
}

impl Space {
    /// The space of this task.
    #[must_use]
    pub fn new(task: ArrayUpdate) -> Self {
        Self { task }
    }

    /// Whether all inputs can be swept in reasonable time.
    #[must_use]
    pub fn can_be_swept(&self) -> bool {
        self.task.input_space() <= MAX_INPUTS
    }

    /// How many inputs there are.
    ///
    /// # Errors
    /// When they are too many to be swept.
    pub(super) fn count(&self) -> Result<u64> {
        let task = self.task;
        ensure!(
            self.can_be_swept(),
            "lists of {} numbers below {} make {} inputs, too many to sweep; \
             take a sample, such as random:0:100000",
            task.list_len,
            task.max_num,
            task.input_space()
        );
        Ok(task.input_space() as u64)
    }

    /// How many lists there are; `None` when they cannot be counted.
    #[must_use]
    pub fn lists(&self) -> Option<usize> {
        (self.task.max_num as usize).checked_pow(self.task.list_len as u32)
    }

    /// How many inputs share a list.
    #[must_use]
    pub fn inputs_per_list(&self) -> usize {
        self.task.list_len * self.task.max_num as usize
    }

    /// The fields `a_0 .. idx elt` of the first input with this list and index.
    pub(super) fn fields(&self, list: usize, idx: usize) -> Vec<usize> {
        let n = self.task.list_len;
        let mut fields = vec![0; n + 2];
        let mut rest = list;
        for a in fields[..n].iter_mut().rev() {
            *a = rest % self.task.max_num as usize;
            rest /= self.task.max_num as usize;
        }
        fields[n] = idx;
        fields
    }

    /// An input's fields as an update.
    pub(super) fn update(&self, fields: &[usize]) -> Update {
        let n = self.task.list_len;
        let token = |value: usize| value as u32;
        Update {
            a: fields[..n].iter().map(|&a| token(a)).collect(),
            idx: token(fields[n]),
            elt: token(fields[n + 1]),
        }
    }

    /// An update's fields.
    pub(super) fn fields_of(&self, update: &Update) -> Vec<usize> {
        let a = update.a.iter().copied();
        a.chain([update.idx, update.elt])
            .map(|x| x as usize)
            .collect()
    }

    /// An update's list, as a number.
    pub(super) fn list_of(&self, update: &Update) -> usize {
        let digits = update.a.iter();
        digits.fold(0, |n, &a| n * self.task.max_num as usize + a as usize)
    }
}
