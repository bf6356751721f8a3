//! The logits pane where it stands alone: all runs side by side, and what the interventions changed.
//!
//! ```text
//!            token  clean                      corrupted ..              patched ..   patched - corrupted
//!                     #   logit    log p     p
//! nl_1→b_0   35       1   46.75  -8.3e-7 1.000 ███  ..
//!             7       2   12.31    -34.4 <.001
//! ```
//!
//! The tokens are those that come first in each run: the first of all three, then the second of all three, and so on.
//! A token's rank stands in each run, so that one that is left out leaves a gap in the ranks.

use super::canvas::Canvas;
use super::logits::probability;
use super::number::signed;
use super::theme::Role;
use crate::app::{Pane, Shown, Spot};
use crate::lens::{Judged, Observation, RunName};
use crate::task::number::{fixed, significant};
use crate::task::{Target, Token};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns before the first run: position, token.
const BEFORE: u16 = 19;
/// Columns that a run needs: a rank, a logit, the logarithm of its probability, the probability.
const RUN: u16 = 29;
/// Columns of what changed.
const CHANGE: u16 = 12;
/// The least width of it all.
pub(super) const LEAST: u16 = BEFORE + 3 * RUN + CHANGE;
/// Columns that a run takes at most: a bar longer than this says no more.
const MOST_OF_RUN: u16 = 52;
/// Rows above the first position.
const HEADS: u16 = 2;
const RUNS: [RunName; 3] = [RunName::Clean, RunName::Corrupted, RunName::Patched];

/// Draws all runs.
pub(super) fn wide(canvas: &mut Canvas<'_>, area: Rect, seen: &Observation, truth: &[Target]) {
    let task = canvas.state.task();
    let positions: Vec<usize> = match task.answers.len() {
        0 => (0..task.seq_len()).collect(),
        n => (0..n).map(|i| task.predicts_at(i)).collect(),
    };
    let wide = ((area.width - BEFORE - CHANGE) / 3).min(MOST_OF_RUN);
    heads(canvas, area, seen, wide);
    let room = usize::from(area.height.saturating_sub(HEADS));
    // a blank row between positions
    let each = (room / positions.len().max(1)).max(2) - 1;
    let shown = room / (each + 1);
    let cursor = positions
        .iter()
        .position(|&at| at == canvas.state.view.position);
    let first = cursor.unwrap_or(0).saturating_sub(shown / 2);
    let first = first.min(positions.len().saturating_sub(shown));
    let mut y = HEADS;
    for &position in positions.iter().skip(first).take(shown) {
        for (rank, token) in likeliest(seen, position, each).into_iter().enumerate() {
            let line = line(canvas, seen, truth, (position, rank, token), wide);
            canvas.line(area, y, &line);
            canvas.spot_row(area, y, Spot::Position(position));
            y += 1;
        }
        y += 1;
    }
}

fn heads(canvas: &mut Canvas<'_>, area: Rect, seen: &Observation, wide: u16) {
    let direction = seen.experiment.direction;
    let mut x = area.x + BEFORE;
    for run in RUNS {
        let mut spans = Vec::new();
        for part in canvas.run_of(Shown::Run(run), direction) {
            spans.push(part.span);
        }
        let loss = significant(
            seen.run(run)
                .loss_of(canvas.state.task(), &seen.run(run).prompt.values.truth()),
            2,
        );
        if canvas.state.task().is_judged() && run != RunName::Patched {
            spans.push(canvas.span(Role::Muted, format!("  loss {loss}")));
        }
        let place = Rect {
            x,
            width: wide.min(area.right().saturating_sub(x)),
            ..area
        };
        canvas.line(place, 0, &Line::from(spans));
        x += wide;
    }
    let place = Rect {
        x,
        width: area.right().saturating_sub(x),
        ..area
    };
    let base = match direction.base() {
        RunName::Corrupted => "corr.",
        base => base.name(),
    };
    let text = canvas.span(Role::Patched, format!("patch.-{base}"));
    canvas.line(place, 0, &Line::from(text));
    let columns = in_columns(["#", "logit", "log p", "p"]);
    let (before, wide) = (usize::from(BEFORE), usize::from(wide));
    let text = format!(
        "{:<12}token {:<rest$}{columns:<wide$}{columns:<wide$}{columns:<wide$}   logit",
        "",
        "",
        rest = before - 18
    );
    canvas.line(area, 1, &Line::from(canvas.span(Role::Muted, text)));
}

/// The tokens that come first in the runs: the first of each run, then the second of each, and so on.
fn likeliest(seen: &Observation, position: usize, count: usize) -> Vec<Token> {
    let tops = RUNS.map(|run| seen.run(run).top(position, count));
    let mut all: Vec<Token> = Vec::new();
    for rank in 0..count {
        for (token, _) in tops.iter().filter_map(|top| top.get(rank)) {
            if !all.contains(token) {
                all.push(*token);
            }
        }
    }
    all.truncate(count);
    all
}

/// One token at one position in all runs.
fn line(
    canvas: &Canvas<'_>,
    seen: &Observation,
    truth: &[Target],
    (position, rank, token): (usize, usize, Token),
    wide: u16,
) -> Line<'static> {
    let task = canvas.state.task();
    let predicted = task.predicted_at(position);
    let here = position == canvas.state.view.position && canvas.state.view.focus == Pane::Logits;
    let name = match (rank, predicted) {
        (0, Some(i)) => task.prediction(i),
        (0, None) => task.label(position),
        _ => String::new(),
    };
    let label = if here { Role::Accent } else { Role::Muted };
    let right = predicted
        .and_then(|i| truth.get(i))
        .is_some_and(|target| target.allows(token));
    let number = canvas.number_role();
    let role = match (number, right) {
        (Role::Stale, _) => Role::Stale,
        (_, true) => Role::Good,
        _ => Role::Text,
    };
    let mut spans = vec![
        canvas.span(label, format!("{name:<12}")),
        canvas.span(role, format!("{:>5}  ", task.class_name(token))),
    ];
    let logit = |run: RunName| seen.run(run).logits.get(&[position, token as usize]);
    for run in RUNS {
        spans.extend(cell(canvas, seen, run, (position, token), wide, role));
    }
    let base = logit(seen.experiment.direction.base());
    let change = logit(RunName::Patched).zip(base).map(|(a, b)| a - b);
    let change = change.filter(|change| change.is_finite());
    spans.push(canvas.span(
        number,
        change.map_or_else(|| "     n/a".into(), |change| signed(change, 8)),
    ));
    Line::from(spans)
}

/// What is told of a token in a run, one measure in a column.
fn in_columns([rank, logit, log_prob, p]: [&str; 4]) -> String {
    format!("{rank:>3} {logit:>8} {log_prob:>8} {p:>5} ")
}

/// A token's rank and logit in one run, the logarithm of its probability, and that as a number and as a bar.
fn cell(
    canvas: &Canvas<'_>,
    seen: &Observation,
    run: RunName,
    (position, token): (usize, Token),
    wide: u16,
    role: Role,
) -> Vec<Span<'static>> {
    let view = seen.run(run);
    let logit = view.logits.get(&[position, token as usize]);
    let log_prob = view.log_probs(position).get(token as usize).copied();
    let number = canvas.number_role();
    let rank = Judged::new(view.logits.slice(&[position]), token).rank;
    let (Some(logit), Some(log_prob)) = (logit, log_prob.filter(|one| one.is_finite())) else {
        let width = usize::from(wide);
        return vec![canvas.span(number, format!("{:<width$}", "     n/a"))];
    };
    let p = log_prob.exp();
    let rank = rank.map_or_else(String::new, |rank| rank.to_string());
    let measures = [fixed(logit, 2), significant(log_prob, 3), probability(p)];
    let [logit, log_prob, told] = &measures;
    let text = in_columns([&rank, logit, log_prob, told]);
    let used = text.chars().count();
    let bar = wide.saturating_sub(used as u16 + 2).min(30);
    // of one or two columns nothing could be read
    let bar = if bar < 4 { 0 } else { bar };
    vec![
        canvas.span(number, text),
        canvas.span(role, canvas.look.bar(f64::from(p), bar)),
        Span::raw(" ".repeat(usize::from(wide).saturating_sub(used + usize::from(bar)))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a number is, it stands in the column of its measure.
    #[test]
    fn each_column_has_one_measure() {
        let ends = |text: &str| {
            let chars: Vec<char> = text.chars().chain([' ']).collect();
            let ends = chars.windows(2).enumerate();
            let ends = ends.filter(|(_, two)| two[0] != ' ' && two[1] == ' ');
            ends.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let heads = in_columns(["#", "logit", "logp", "p"]);
        assert!(heads.len() < usize::from(RUN));
        for log_prob in [-1.23e-5f32, -0.5, -7.0, -34.4, -120.0] {
            let measures = [significant(log_prob, 3), probability(log_prob.exp())];
            let row = in_columns(["12", "-46.75", &measures[0], &measures[1]]);
            assert_eq!(ends(&row), ends(&heads), "{row}");
        }
    }
}
