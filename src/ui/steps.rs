//! The row that says which step of the model is looked at, and how its training went; and how far one is that
//! is under way.
//!
//! ```text
//!  step 1200  7/20  loss 0.0123  ██▇▆▆▅▃▂▁▁▁▁▁▁▁  { earlier  } later
//!  step 1200  31/31  training 1234/5000  loss 0.0123  right 0.98 of 512  88/s  0:42 left  ██▇▆▅▃▂▁
//! ```

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::{Action, Binding, Spot, Steps, TrainPhase, UnderWay};
use crate::model::series::Recorded;
use crate::task::fraction;
use crate::task::number::significant;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns that the line of losses needs at least.
const LEAST: u16 = 12;

/// Draws the row.
pub(super) fn steps(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let steps = state.steps.as_deref();
    let steps = steps.filter(|steps| steps.series.steps.len() > 1);
    let mut words = steps.map_or_else(Vec::new, which_step);
    if let Some(training) = &state.training {
        words.extend(under_way(training));
    } else if let Some(steps) = steps {
        words.push(loss(steps));
    }
    if let Some(steps) = steps {
        words.extend(what_comes(steps));
    }
    let mut x = area.x + 1;
    for (role, text) in words {
        let style = canvas.look.style(role);
        canvas.text(x, area.y, area, &text, style);
        x = x.saturating_add(text.chars().count() as u16 + 2);
    }
    if let Some(steps) = steps {
        // the words keep their width while one goes through the steps, so that the line stands still
        let x = x.max(area.x + if state.training.is_some() { 86 } else { 34 });
        way(canvas, area, x, steps);
    }
}

/// Words and how they look.
type Words = (Role, String);

fn which_step(steps: &Steps) -> Vec<Words> {
    let (at, all) = (steps.at, steps.series.steps.len());
    vec![
        (Role::Accent, format!("step {}", steps.number(at))),
        (Role::Muted, format!("{}/{all}", at + 1)),
    ]
}

/// The loss at the step, or that nobody wrote it down.
fn loss(steps: &Steps) -> Words {
    let series = &steps.series;
    match series.recorded_at(steps.number(steps.at)) {
        Some(at) => (Role::Text, told(at)),
        None if series.recorded.is_empty() => (Role::Muted, "no record".to_owned()),
        None => (Role::Muted, "no loss yet".to_owned()),
    }
}

/// The loss on what is learnt, and how right it is on what is not.
fn told(at: Recorded) -> String {
    let loss = format!("loss {}", significant(at.loss, 3));
    match at.held_out {
        Some(held) => format!("{loss}  held out {}", fraction(held.accuracy)),
        None => loss,
    }
}

/// What is waited for, or cannot be opened.
fn what_comes(steps: &Steps) -> Vec<Words> {
    let wanted = steps.wanted;
    let wanted = wanted.map(|wanted| (Role::Warn, format!("to {} ...", steps.number(wanted))));
    let broken = steps.broken.get(&steps.ahead());
    let broken = broken.map(|why| (Role::Bad, why.clone()));
    wanted.into_iter().chain(broken).collect()
}

/// How far a training is, and how fast.
fn under_way(training: &UnderWay) -> Vec<Words> {
    let far = training.far;
    let (role, what) = match training.phase {
        TrainPhase::Running => (Role::Good, "training"),
        TrainPhase::Paused => (Role::Warn, "paused"),
        TrainPhase::Ended => (Role::Muted, "trained"),
    };
    let mut words = vec![(role, format!("{what} {}/{}", far.step, training.steps()))];
    if let Some(loss) = far.loss {
        words.push((Role::Text, format!("loss {}", significant(loss, 3))));
    }
    if !training.right.is_empty() {
        words.push((Role::Text, training.right.clone()));
    }
    if training.phase == TrainPhase::Running {
        words.extend(
            far.rate
                .map(|rate| (Role::Muted, format!("{}/s", significant(rate, 3)))),
        );
        let left = training.seconds_left().map(|left| left.ceil() as u64);
        words.extend(left.map(|left| {
            let (minutes, seconds) = (left / 60, left % 60);
            (Role::Muted, format!("{minutes}:{seconds:02} left"))
        }));
    }
    words
}

/// The losses of all steps with the keys that go through them, where there is room.
fn way(canvas: &mut Canvas<'_>, area: Rect, x: u16, steps: &Steps) {
    let base = canvas.look.style(Role::Text);
    let keys = KEYS.map(|(action, word)| (action, named(action, word)));
    let wide = |text: &str| text.chars().count() as u16;
    let width: u16 = keys.iter().map(|(_, text)| wide(text) + 2).sum::<u16>() - 1;
    let room = area.right().saturating_sub(x + width + 1);
    if room < LEAST {
        return;
    }
    let all = steps.series.steps.len();
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

/// The keys that go to the earlier and the later step.
const KEYS: [(Action, &str); 2] = [
    (Action::EarlierStep, "earlier"),
    (Action::LaterStep, "later"),
];

/// A key with what it does.
fn named(action: Action, word: &str) -> String {
    format!("{} {word}", Binding::key_of(action))
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
            let loss = steps.series.recorded_at(steps.number(step_of(x)))?.loss;
            (loss > 0.0).then(|| loss.ln())
        })
        .collect();
    let known = losses.iter().flatten();
    let low = known.clone().copied().fold(f64::INFINITY, f64::min);
    let high = known.copied().fold(f64::NEG_INFINITY, f64::max);
    let bars = canvas.look.heights();
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
