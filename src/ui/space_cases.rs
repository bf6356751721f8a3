//! The inputs worth a look, one a line below the sweep: what is said, by what margin, with what loss.

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::{CaseOrder, SpaceRow};
use crate::sweep::{Case, Instead};
use crate::task::Values;
use crate::task::number::{fixed, significant};
use ratatui::text::{Line, Span};

/// How wide the columns of inputs are.
pub(super) struct CaseWidths {
    input: usize,
    said: usize,
    /// What stands instead of the right answer; none where nothing is wrong.
    instead: usize,
    head: &'static str,
}

impl CaseWidths {
    /// The widest column of what stands instead.
    const MOST: usize = 28;

    pub fn of(canvas: &Canvas<'_>, rows: &[SpaceRow<'_>]) -> Self {
        let mut widths = Self {
            input: "input".len(),
            said: "says".len(),
            instead: 0,
            head: Self::HEAD,
        };
        if canvas.state.task().answers.len() == 1 && has_few_classes(canvas) {
            widths.head = "right answer";
        }
        let width = |text: &str| text.chars().count();
        for row in rows {
            let SpaceRow::Case(case) = row else {
                continue;
            };
            widths.input = widths.input.max(width(&input(&case.values)));
            widths.said = widths.said.max(width(&said(canvas, case)));
            let wrong = width(&instead(canvas, case));
            if wrong > 0 {
                let least = wrong.max(widths.head.len());
                widths.instead = widths.instead.max(least.min(Self::MOST));
            }
        }
        widths
    }

    const HEAD: &str = "instead of the right";

    /// A line of all columns.
    fn line(&self, input: &str, first: &str, said: &str, instead: &str, last: &str) -> String {
        let middle = match self.instead {
            0 => String::new(),
            width => format!("{instead:<width$}  "),
        };
        let (own, says) = (self.input, self.said);
        format!("{input:<own$}  {first:>9}  {said:<says$}  {middle}{last:>9}")
    }
}

/// What the model says of an input, prediction by prediction.
fn said(canvas: &Canvas<'_>, case: &Case) -> String {
    let task = canvas.state.task();
    let all = case.predicted.iter();
    let all: Vec<String> = all
        .map(|one| format!("{:>2}", task.said_words(*one)))
        .collect();
    all.join(" ")
}

/// Which predictions of an input are wrong, and what stands there.
fn instead(canvas: &Canvas<'_>, case: &Case) -> String {
    let task = canvas.state.task();
    let wrong = (0..case.predicted.len()).filter(|&j| case.instead(j) != Instead::Right);
    let truth = case.values.truth();
    let told = wrong.map(|j| match (case.instead(j), truth.get(j)) {
        // what was said stands beside it
        (Instead::Class(_), Some(right)) if case.predicted.len() == 1 => task.target_name(right),
        (what, _) => format!("{} {}", task.prediction(j), what.name(task)),
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Whether what is said is a class that is told by its name.
fn has_few_classes(canvas: &Canvas<'_>) -> bool {
    Instead::of_class(0, canvas.state.task()).is_some()
}

/// What inputs are sorted by comes first: a narrow screen ends before the line does.
fn in_order<T>(canvas: &Canvas<'_>, margin: T, loss: T) -> (T, T) {
    match canvas.state.space.order {
        CaseOrder::Loss => (loss, margin),
        _ => (margin, loss),
    }
}

/// The heads of the columns of inputs.
pub(super) fn heads(canvas: &Canvas<'_>, widths: &CaseWidths) -> Line<'static> {
    let (first, last) = in_order(canvas, "margin", "loss");
    let text = widths.line("input", first, "says", widths.head, last);
    Line::from(canvas.span(Role::Title, format!("  {text}")))
}

pub(super) fn line(
    canvas: &Canvas<'_>,
    case: &Case,
    selected: bool,
    widths: &CaseWidths,
) -> Line<'static> {
    let (margin, loss) = (fixed(case.margin(), 4), significant(case.loss, 3));
    let (first, last) = in_order(canvas, margin, loss);
    let (said, instead) = (said(canvas, case), instead(canvas, case));
    let text = widths.line(&input(&case.values), &first, &said, &instead, &last);
    let role = if selected { Role::Accent } else { Role::Text };
    Line::from(vec![mark(canvas, selected), canvas.span(role, text)])
}

pub(super) fn mark(canvas: &Canvas<'_>, selected: bool) -> Span<'static> {
    canvas.span(Role::Accent, if selected { "> " } else { "  " })
}

/// `a 14 26 35 idx 1 elt 48`, numbers below each other.
pub(super) fn input(values: &Values) -> String {
    let task = values.task();
    let groups = task.groups.iter().enumerate();
    let parts: Vec<String> = groups
        .map(|(number, group)| {
            let slot = &task.slots[group.slots.start];
            let names = slot
                .values
                .iter()
                .map(|&one| task.token_name(one).chars().count());
            let width = names.max().unwrap_or(1);
            let cells = values.names(number).into_iter();
            let cells: Vec<String> = cells.map(|name| format!("{name:>width$}")).collect();
            format!("{} {}", group.name, cells.join(" "))
        })
        .collect();
    parts.join(" ")
}
