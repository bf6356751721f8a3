//! The row that says which step of the model is looked at, and how its training went.
//!
//! ```text
//!  step 1200  7/20  loss 0.0123  ██▇▆▆▅▃▂▁▁▁▁▁▁▁  { earlier  } later
//! ```

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::{Action, BINDINGS, Spot, Steps};
use crate::task::number::significant;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Heights of a column, the lowest first.
const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same in ASCII.
const ASCII: [&str; 8] = ["_", "_", ".", ".", "-", "-", "=", "#"];
/// Columns that the line of losses needs at least.
const LEAST: u16 = 12;

pub(super) fn steps(canvas: &mut Canvas<'_>, area: Rect, steps: &Steps) {
    let base = canvas.look.style(Role::Text);
    let (at, all) = (steps.at, steps.series.steps.len());
    let number = steps.number(at);
    let mut words = vec![
        (Role::Accent, format!("step {number}")),
        (Role::Muted, format!("{}/{all}", at + 1)),
    ];
    if let Some(loss) = steps.series.loss_at(number) {
        words.push((Role::Text, format!("loss {}", significant(loss, 3))));
    }
    if let Some(wanted) = steps.wanted {
        words.push((Role::Warn, format!("to {} ...", steps.number(wanted))));
    }
    if let Some(why) = steps.broken.get(&steps.ahead()) {
        words.push((Role::Bad, why.clone()));
    }
    let mut x = area.x + 1;
    for (role, text) in words {
        let style = canvas.look.style(role);
        canvas.text(x, area.y, area, &text, style);
        x = x.saturating_add(text.chars().count() as u16 + 2);
    }
    let keys = KEYS.map(|(action, word)| (action, named(action, word)));
    let wide = |text: &str| text.chars().count() as u16;
    let width: u16 = keys.iter().map(|(_, text)| wide(text) + 2).sum::<u16>() - 1;
    // the words keep their width while one goes through the steps, so that the line stands still
    let x = x.max(area.x + 34);
    let room = area.right().saturating_sub(x + width + 1);
    if room >= LEAST {
        let place = Rect {
            x,
            width: room.min(u16::try_from(all).unwrap_or(u16::MAX).max(LEAST) * 3),
            ..area
        };
        line(canvas, place, steps);
        let mut x = area.right() - width;
        for (action, text) in &keys {
            canvas.text(x, area.y, area, text, base);
            canvas.spot(Rect::new(x, area.y, wide(text), 1), Spot::Does(*action));
            x += wide(text) + 2;
        }
    }
}

/// The keys that go to the earlier and the later step.
const KEYS: [(Action, &str); 2] = [
    (Action::EarlierStep, "earlier"),
    (Action::LaterStep, "later"),
];

/// A key with what it does.
fn named(action: Action, word: &str) -> String {
    let binding = BINDINGS.iter().find(|binding| binding.action == action);
    let key = binding.map_or_else(String::new, |binding| binding.keys[0].to_string());
    format!("{key} {word}")
}

/// The steps from left to right, as high as their loss, between the least and the largest on a scale of
/// orders of magnitude.
fn line(canvas: &mut Canvas<'_>, area: Rect, steps: &Steps) {
    let all = steps.series.steps.len();
    let width = usize::from(area.width);
    // the column of a step, and the first step of a column
    let column = |at: usize| at * (width - 1) / (all - 1).max(1);
    let step_of = |x: usize| (x * (all - 1)).div_ceil(width - 1);
    let losses: Vec<Option<f64>> = (0..width)
        .map(|x| {
            let loss = steps.series.loss_at(steps.number(step_of(x)))?;
            (loss > 0.0).then(|| loss.ln())
        })
        .collect();
    let known = losses.iter().flatten();
    let low = known.clone().copied().fold(f64::INFINITY, f64::min);
    let high = known.copied().fold(f64::NEG_INFINITY, f64::max);
    let bars = if canvas.look.ascii { ASCII } else { BARS };
    for (x, loss) in losses.iter().enumerate() {
        let symbol = match loss {
            Some(loss) if high > low => {
                let height = (loss - low) / (high - low) * 7.0;
                bars[(height.round() as usize).min(7)]
            }
            _ => canvas.look.pick("─", "-"),
        };
        let style = match x {
            x if x == column(steps.at) => canvas.look.style(Role::Cursor),
            x if Some(x) == steps.wanted.map(column) => canvas.look.style(Role::Selection),
            _ => muted(canvas, steps, step_of(x)),
        };
        canvas.text(area.x + x as u16, area.y, area, symbol, style);
        let place = Rect::new(area.x + x as u16, area.y, 1, 1);
        canvas.spot(place, Spot::Step(step_of(x)));
    }
}

/// A step that cannot be opened stands out.
fn muted(canvas: &Canvas<'_>, steps: &Steps, at: usize) -> Style {
    let broken = steps.broken.contains_key(&at);
    canvas
        .look
        .style(if broken { Role::Bad } else { Role::Muted })
}
