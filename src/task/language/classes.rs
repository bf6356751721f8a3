//! The inputs of a small task by what an expression says of them.

use super::expression::Expression;
use super::expression_text::ExpressionError;
use super::given::Given;
use crate::task::Values;
use std::collections::HashMap;

/// So many inputs are gone through at most.
const MOST: u128 = 1 << 16;
/// So many at once.
const AT_ONCE: u128 = 1 << 12;

/// All inputs, by value.
pub(in crate::task) struct Classes(HashMap<Given, Vec<u32>>);

impl Classes {
    /// The numbers of the inputs that have this value.
    pub fn of(&self, value: &Given) -> &[u32] {
        self.0.get(value).map_or(&[], Vec::as_slice)
    }

    /// How many inputs each value has, where all have as many.
    pub fn size(&self) -> Option<usize> {
        let mut sizes = self.0.values().map(Vec::len);
        let first = sizes.next()?;
        sizes.all(|size| size == first).then_some(first)
    }
}

impl Expression {
    /// All inputs by its value; `None` where they are too many to be gone through.
    ///
    /// # Errors
    /// When it has no value for one of them.
    pub(in crate::task) fn classes(&self) -> Result<Option<&Classes>, ExpressionError> {
        if let Some(known) = self.0.classes.get() {
            return Ok(known.as_ref());
        }
        let task = self.task();
        let all = task.input_space();
        let mut found: HashMap<Given, Vec<u32>> = HashMap::new();
        let mut first = 0;
        while all <= MOST && first < all {
            let end = (first + AT_ONCE).min(all);
            let inputs: Vec<Values> = (first..end).map(|number| task.values_at(number)).collect();
            // a task's own function may fail, which is none of this
            let exist = task.existing(&inputs).unwrap_or_default();
            let there = (first..end)
                .zip(inputs)
                .zip(exist)
                .filter(|(_, exists)| *exists);
            let (numbers, inputs): (Vec<u128>, Vec<Values>) = there.map(|(one, _)| one).unzip();
            for (number, value) in numbers.into_iter().zip(self.values(&inputs, &[])?) {
                found.entry(value).or_default().push(number as u32);
            }
            first = end;
        }
        let classes = (all <= MOST).then_some(Classes(found));
        Ok(self.0.classes.get_or_init(|| classes).as_ref())
    }
}
