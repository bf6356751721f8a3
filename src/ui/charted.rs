//! Which answers are drawn over their rows, and as what: a way, points, or bars.

use super::canvas::Canvas;
use super::theme::Role;
use crate::answers::{Geometry, Many, Question, Table};
use ratatui::style::Style;

/// What columns are drawn as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// A way from row to row: steps of a training.
    Lines,
    /// A point for each value of a field.
    Points,
    /// A bar for each row.
    Stems,
}

/// How a table is drawn.
#[derive(Clone, Copy)]
pub(super) struct Charted<'a> {
    /// What lies along the rows.
    pub along: &'a str,
    /// As what.
    pub manner: Manner,
    pub stale: bool,
}

/// A table of more columns is no bundle of lines.
const MOST_LINES: usize = 8;

impl<'a> Charted<'a> {
    /// How an answer is drawn, where it is lines or bars; whether its numbers are `alike`.
    pub fn of(question: &Question, table: &'a Table, alike: bool, stale: bool) -> Option<Self> {
        let manner = match question {
            Question::Curves(_) => {
                let (along, manner) = ("step", Manner::Lines);
                return Some(Self {
                    along,
                    manner,
                    stale,
                });
            }
            Question::Many(Many::Map { .. }) => Some(Manner::Points),
            Question::Weights(Geometry::Frequencies(_) | Geometry::Norms(_))
            | Question::Many(Many::Spectrum { .. }) => Some(Manner::Stems),
            _ => alike.then_some(Manner::Stems),
        };
        let is_few = table.cols.len() <= MOST_LINES && table.rows.len() >= 3;
        let [along] = &table.axes[..] else {
            return None;
        };
        let manner = manner.filter(|_| is_few)?;
        Some(Self {
            along,
            manner,
            stale,
        })
    }

    /// A role's style; of numbers that belong to something older it is another one.
    pub fn style(self, canvas: &Canvas<'_>, role: Role) -> Style {
        let role = if self.stale { Role::Stale } else { role };
        canvas.look.style(role)
    }
}
