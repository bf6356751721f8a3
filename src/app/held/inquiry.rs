//! A question that stands open.

use crate::lens::{Question, Table};
use std::sync::Arc;

/// A question that stands open, and its newest answer.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// What is asked.
    pub question: Question,
    /// The answer, once there is one, or why there is none.
    pub answer: Option<Result<Arc<Table>, String>>,
    /// Of the request that the answer belongs to.
    pub answered: u64,
    /// Of the newest request.
    pub asked: u64,
    /// Row and column under the cursor.
    pub cursor: (usize, usize),
}

impl Inquiry {
    /// A question that is not asked yet.
    #[must_use]
    pub fn new(question: Question) -> Self {
        Self {
            question,
            answer: None,
            answered: 0,
            asked: 0,
            cursor: (0, 0),
        }
    }
}
