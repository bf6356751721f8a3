//! A question that stands open.

use crate::answers::{Alike, Question, Table};
use crate::app::keys::pane::Pane;
use std::sync::Arc;

/// Where the cursor of an answer goes when that comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seek {
    /// It stays.
    #[default]
    Nowhere,
    /// To the value that stands out most.
    Anywhere,
    /// To that of its column.
    InColumn,
}

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
    /// The pane that was left for it.
    pub from: Pane,
    /// Where the cursor goes when the answer comes.
    pub seeks: Seek,
    /// How often a picture was taken closer: each time half as many rows and columns, around the cursor.
    pub closer: u8,
    /// Whether the answer leads on to the circuit behind it.
    pub leads: bool,
    /// Whether it opens the step at which its condition begins to hold, once all steps are measured.
    pub goes: bool,
    /// Whether it stays where another question is asked, which then stands beside it.
    pub pinned: bool,
    /// Which of two answers side by side it is: 0 at the left, 1 at the right.
    pub slot: u8,
}

/// A picture is taken closer so often at most: 1,024 values become one.
const CLOSEST: u8 = 10;

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
            from: Pane::Attention,
            seeks: Seek::Nowhere,
            closer: 0,
            leads: false,
            goes: false,
            pinned: false,
            slot: 0,
        }
    }

    /// Takes the picture closer, or further away; whether that changes anything.
    pub(in crate::app) fn take_closer(&mut self, closer: bool) -> bool {
        let Some(Ok(table)) = &self.answer else {
            return false;
        };
        let size = table.rows.len().max(table.cols.len());
        // a handful is as close as it gets
        let can = self.closer < CLOSEST && (size >> self.closer) > 8;
        match (closer, self.closer) {
            (true, _) if can => self.closer += 1,
            (false, 1..) => self.closer -= 1,
            _ => return false,
        }
        true
    }

    /// Moves the cursor; it stays there when the answer comes.
    pub(in crate::app) fn put_cursor(&mut self, cell: (usize, usize)) {
        (self.cursor, self.seeks) = (cell, Seek::Nowhere);
    }

    /// Moves the cursor to the value that stands out most among those like the one under it.
    pub(in crate::app) fn seek_hottest(&mut self) {
        self.seek(self.question.alike());
    }

    /// Moves it to where it was to go once the answer is there.
    pub(in crate::app) fn seek_as_asked(&mut self) {
        match std::mem::take(&mut self.seeks) {
            Seek::Nowhere => {}
            Seek::Anywhere => self.seek_hottest(),
            Seek::InColumn => self.seek(Alike::Kinds),
        }
    }

    fn seek(&mut self, among: Alike) {
        if let Some(Ok(table)) = &self.answer
            && let Some(cursor) = table.hottest(among, self.cursor)
        {
            self.put_cursor(cursor);
        }
    }

    /// The same, opened from a pane; from an answer it goes back to where that one was opened from.
    #[must_use]
    pub(in crate::app) fn opened_from(self, focus: Pane, old: Option<&Self>) -> Self {
        let from = match focus {
            Pane::Answer => old.map_or(self.from, |old| old.from),
            other => other,
        };
        Self { from, ..self }
    }
}

/// Answers looked at that are kept to go back to.
const KEPT: usize = 50;

/// The answers that were looked at before, and those that one came back from; each with its cursor.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    before: Vec<(Question, (usize, usize))>,
    after: Vec<(Question, (usize, usize))>,
}

impl Trail {
    /// One is left for another, or put away.
    pub(in crate::app) fn leave(&mut self, left: &Inquiry) {
        self.before
            .retain(|(question, _)| *question != left.question);
        self.before.push((left.question.clone(), left.cursor));
        let extra = self.before.len().saturating_sub(KEPT);
        self.before.drain(..extra);
        self.after.clear();
    }

    /// The one before the open one, or after it.
    pub(in crate::app) fn step(
        &mut self,
        open: Option<&Inquiry>,
        back: bool,
    ) -> Option<(Question, (usize, usize))> {
        let (from, to) = match back {
            true => (&mut self.before, &mut self.after),
            false => (&mut self.after, &mut self.before),
        };
        let next = from.pop()?;
        to.extend(open.map(|one| (one.question.clone(), one.cursor)));
        Some(next)
    }
}
