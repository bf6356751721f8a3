//! What a survey tried, row by row: what was done, and what is left of the accuracy and the loss.

use super::canvas::Canvas;
use super::fit::shortened;
use super::space_cases::mark;
use super::theme::Role;
use crate::app::SpaceRow;
use crate::sweep::{Choice, Draws, Left};
use crate::task::number::{fixed, significant};
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr as _;

/// A name has so much room at least; where there is less, the predictions have no columns.
const LEAST_NAME: usize = 20;
/// What the accuracy's column is called where it has bounds.
const BOUNDED: &str = "accuracy (≥: 95 %)";
/// Room for a loss.
const LOSS: usize = 8;
/// An accuracy costs nothing where it is so little below the best.
const NOTHING: f64 = 0.01;
/// From here on it costs much.
const MUCH: f64 = 0.25;

/// Where the columns stand.
pub(super) struct ChoiceWidths {
    name: usize,
    accuracy: usize,
    /// That of the accuracy.
    head: String,
    /// Heads of the columns of single predictions; none where these have no room.
    each: Vec<String>,
    /// The best accuracy among the rows.
    best: f64,
}

impl ChoiceWidths {
    pub(super) fn of(canvas: &Canvas<'_>, rows: &[SpaceRow<'_>], width: u16) -> Self {
        let choices = || {
            rows.iter().filter_map(|row| match row {
                SpaceRow::Choice(choice) => Some(*choice),
                _ => None,
            })
        };
        let left = || choices().filter_map(|choice| choice.left.as_ref().ok());
        let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
        let told = || left().map(|left| accuracy(canvas, left));
        let is_bounded = told().any(|told| told.contains('('));
        let head = if is_bounded { BOUNDED } else { "accuracy" };
        let head = canvas.look.plain(head.to_owned());
        let accuracy = widest(&mut told().map(|told| told.width())).max(head.width());
        let names = widest(&mut choices().map(|choice| choice.name.width())).max(LEAST_NAME);
        let task = canvas.state.task();
        // before, between and behind the columns
        let room = usize::from(width).saturating_sub(2 + 2 + accuracy + 2 + LOSS);
        let answers = task.answers.iter().map(|answer| answer.name.clone());
        let heads = [task.predictions(), answers.collect()];
        let wide = |heads: &[String]| heads.iter().map(|head| 2 + column(head)).sum::<usize>();
        let fits = |least| heads.iter().find(|heads| wide(heads) + least <= room);
        let each = fits(names).or_else(|| fits(LEAST_NAME.max(names.min(28))));
        let each = each.cloned().unwrap_or_default();
        Self {
            head,
            name: names.min(room.saturating_sub(wide(&each)).max(LEAST_NAME)),
            accuracy,
            each,
            best: left().fold(0.0, |best, left| left.accuracy.mean.max(best)),
        }
    }
}

/// The room of a prediction's column.
fn column(head: &str) -> usize {
    head.width().max(5)
}

/// The heads of the columns.
pub(super) fn heads(canvas: &Canvas<'_>, widths: &ChoiceWidths) -> Line<'static> {
    let mut text = format!(
        "  {:<name$}  {:<accuracy$}",
        "what was done",
        widths.head,
        name = widths.name,
        accuracy = widths.accuracy
    );
    for head in &widths.each {
        text += &format!("  {}{head}", " ".repeat(column(head) - head.width()));
    }
    text += &format!("  {:<LOSS$}", "loss");
    Line::from(canvas.span(Role::Title, text))
}

/// What was done, and what that leaves: accuracy in all and by prediction, loss; the donors, where there are such.
pub(super) fn line(
    canvas: &Canvas<'_>,
    choice: &Choice,
    selected: bool,
    widths: &ChoiceWidths,
) -> Line<'static> {
    let role = if selected { Role::Accent } else { Role::Text };
    let name = shortened(canvas.look, &choice.name, widths.name);
    let gap = " ".repeat(2 + widths.name.saturating_sub(name.width()));
    let mut spans = vec![mark(canvas, selected), canvas.span(role, name + &gap)];
    let left = match &choice.left {
        Ok(left) => left,
        Err(why) => {
            spans.push(canvas.span(Role::Warn, format!("n/a  {why}")));
            return Line::from(spans);
        }
    };
    let told = accuracy(canvas, left);
    let lost = widths.best - left.accuracy.mean;
    let role = match lost {
        _ if lost <= NOTHING => Role::Good,
        _ if lost <= MUCH => Role::Warn,
        _ => Role::Bad,
    };
    let space = " ".repeat(widths.accuracy.saturating_sub(told.width()));
    spans.push(canvas.span(role, format!("{told}{space}")));
    let mut rest = String::new();
    for (head, &one) in widths.each.iter().zip(&left.accuracy_by_position) {
        rest += &format!("  {:>width$}", fixed(one, 3), width = column(head));
    }
    rest += &format!("  {:<LOSS$}", significant(left.mean_loss, 3));
    if let Some(draws) = &left.draws {
        rest += &format!("  {}", donors(draws));
    }
    spans.push(canvas.span(Role::Muted, rest));
    Line::from(spans)
}

/// The donors of each input, and how the accuracy spreads from one draw of them to the next.
fn donors(draws: &Draws) -> String {
    let all = if draws.exact { "all " } else { "" };
    let plural = if draws.donors == 1 { "" } else { "s" };
    let spread = draws
        .spread
        .map(|spread| format!(", spread {}", fixed(spread, 4)));
    format!(
        "{all}{} donor{plural}{}",
        draws.donors,
        spread.unwrap_or_default()
    )
}

/// An accuracy, and of a sample how far another one's may be: its error, or where all is right a bound at 95 %.
fn accuracy(canvas: &Canvas<'_>, left: &Left) -> String {
    let found = &left.accuracy;
    if u128::from(found.n) == canvas.state.task().input_space() {
        return format!("{} exact", fixed(found.mean, 7));
    }
    canvas.look.plain(found.share(4)).replace("95 %: ", "")
}
