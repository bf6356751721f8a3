//! The whole input space: how many inputs are right, where they fail, how narrowly; below, the
//! rows of `space_rows.rs`.

use super::canvas::Canvas;
use super::heatmap::{HeatCell, Heatmap, Scale};
use super::space_rows::{place, rows};
use super::theme::Role;
use crate::app::{Pane, Running};
use crate::sweep::{By, Common, Tally, undefined_words};
use crate::task::number::{fixed, significant};
use crate::task::{fraction, grouped};
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn space(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let task = state.task();
    // how many exist is known once all were gone through
    let walked = state.space_tally().filter(|tally| !tally.sampled);
    let total = match (walked, task.all_exist()) {
        (Some(tally), _) => grouped((tally.inputs + tally.unjudged).into()),
        (None, true) => grouped(task.input_space()),
        (None, false) => format!("up to {}", grouped(task.input_space())),
    };
    let what = match state
        .study()
        .interventions
        .iter()
        .filter(|one| one.on)
        .count()
    {
        0 => format!("{total} inputs"),
        1 => format!("{total} inputs under 1 intervention"),
        n => format!("{total} inputs under {n} interventions"),
    };
    let title = vec![canvas.part(0, Role::Text, what)];
    let below = place(canvas);
    let inner = canvas.frame(Pane::Space, area, title, below);
    let mut at = Rows {
        area: inner,
        row: 0,
    };
    if let Some(running) = &state.space.running {
        progress(canvas, &mut at, running, false);
    } else if state.space_so_far().is_some()
        && let Some(stopped) = &state.space.stopped
    {
        progress(canvas, &mut at, stopped, true);
    }
    if let Some(failure) = state.space_failure() {
        for text in super::fit::wrapped(failure, usize::from(inner.width)) {
            at.put(canvas, &Line::from(canvas.span(Role::Bad, text)));
        }
    }
    let so_far = state.space_so_far();
    let so_far = so_far.and_then(|found| found.tally.as_deref());
    let done = state.space_tally().map(|tally| &**tally);
    if let Some(tally) = done.or(so_far) {
        summary(canvas, &mut at, tally);
    }
    rows(canvas, at.rest());
}

/// Rows that are filled from above.
struct Rows {
    area: Rect,
    row: u16,
}

impl Rows {
    fn put(&mut self, canvas: &mut Canvas<'_>, line: &Line<'static>) {
        canvas.line(self.area, self.row, line);
        self.row += 1;
    }

    fn left(&self) -> u16 {
        self.area.height.saturating_sub(self.row)
    }

    fn rest(&self) -> Rect {
        Rect {
            y: self.area.y + self.row.min(self.area.height),
            height: self.left(),
            ..self.area
        }
    }
}

/// How far a question is, or how far it was when it was stopped.
fn progress(canvas: &mut Canvas<'_>, at: &mut Rows, running: &Running, stopped: bool) {
    let question = &running.question;
    let what = match (question.sweep, &question.claims[..]) {
        (true, []) => "sweep".to_owned(),
        (true, [_]) => "sweep and 1 claim".to_owned(),
        (true, claims) => format!("sweep and {} claims", claims.len()),
        (false, [_]) => "1 claim".to_owned(),
        (false, claims) => format!("{} claims", claims.len()),
    };
    let Some(news) = &running.news else {
        at.put(
            canvas,
            &Line::from(canvas.span(Role::Muted, format!("{what} ..."))),
        );
        return;
    };
    let part = news.progress.done as f64 / news.progress.total.max(1) as f64;
    let rate = news.progress.done as f64 / news.seconds.max(1e-9);
    let left = (news.progress.total - news.progress.done) as f64 / rate.max(1.0);
    let wide = 24;
    let full = (part * f64::from(wide)) as usize;
    let (block, empty) = if canvas.look.ascii {
        ("#", ".")
    } else {
        ("█", "░")
    };
    let bar = block.repeat(full) + &empty.repeat(wide as usize - full);
    let pace = match stopped {
        true => "stopped here".to_owned(),
        false => format!("{:.2} M inputs/s  {left:.0} s left", rate / 1e6),
    };
    let text = format!(" {:3.0}%  {pace}  {what}", part * 100.0);
    at.put(
        canvas,
        &Line::from(vec![
            canvas.span(Role::Accent, bar),
            canvas.span(Role::Text, text),
        ]),
    );
    if let Some(reason) = &news.reason {
        let text = format!("by forward passes: {reason}");
        at.put(canvas, &Line::from(canvas.span(Role::Warn, text)));
    }
}

fn summary(canvas: &mut Canvas<'_>, at: &mut Rows, tally: &Tally) {
    let role = if tally.wrong_inputs == 0 {
        Role::Good
    } else {
        Role::Bad
    };
    let total = grouped(tally.inputs.into());
    let (lead, of) = match tally.wrong_inputs {
        0 => (format!("all {total} inputs right"), String::new()),
        n => (
            format!("{} inputs wrong", grouped(n.into())),
            format!(" of {total}"),
        ),
    };
    let right = tally.right();
    let words = match (at.area.width < 100, tally.wrong_inputs) {
        // what is right of the inputs says it all where there is little room
        (true, 0) => String::new(),
        (true, _) => format!("   inputs right {}", fraction(right.inputs_accuracy)),
        (false, _) => format!("   {}", right.words()),
    };
    let rest = format!(
        "{of}{words}   loss {}   {}",
        significant(tally.mean_loss(), 4),
        match (tally.sampled, canvas.state.space_tally().is_some()) {
            (false, true) => "exact",
            (true, true) => "sampled",
            (_, false) => "so far",
        }
    );
    at.put(
        canvas,
        &Line::from(vec![canvas.span(role, lead), canvas.span(Role::Text, rest)]),
    );
    if tally.undefined() > 0 {
        let text = undefined_words(tally.undefined(), tally.right().predictions);
        at.put(canvas, &Line::from(canvas.span(Role::Warn, text)));
    }
    // zeros are one line
    if tally.wrong_inputs > 0 {
        by_position(canvas, at, tally);
        instead(canvas, at, tally);
    }
    histogram(canvas, at, tally);
    if tally.wrong_inputs > 0 && at.left() > 12 && at.area.width > 60 {
        by_element(canvas, at, tally);
    }
}

/// Wrong predictions by index and position.
fn by_position(canvas: &mut Canvas<'_>, at: &mut Rows, tally: &Tally) {
    let row = |canvas: &Canvas<'_>, name: String, cells: Vec<String>| {
        let mut spans = vec![canvas.span(Role::Muted, format!("{name:8}"))];
        spans.extend(
            cells
                .iter()
                .map(|cell| canvas.span(Role::Text, format!("{cell:>12}"))),
        );
        Line::from(spans)
    };
    let heads = canvas.state.task().predictions();
    let line = row(canvas, "wrong".to_owned(), heads);
    at.put(canvas, &line);
    for (idx, wrong) in tally.failures.by_field_and_position().iter().enumerate() {
        let cells = wrong.iter().map(|&wrong| grouped(wrong.into())).collect();
        let line = row(canvas, Common::Field(idx).words(canvas.state.task()), cells);
        at.put(canvas, &line);
    }
}

/// Predictions by margin, as far as there are any: a step of the histogram a bar, heights by logarithm, the
/// margins below.
fn histogram(canvas: &mut Canvas<'_>, at: &mut Rows, tally: &Tally) {
    let all: Vec<(f64, f64, u64)> = tally.margin_bins().collect();
    let has = |bin: &(f64, f64, u64)| bin.2 > 0;
    let (Some(first), Some(last)) = (all.iter().position(has), all.iter().rposition(has)) else {
        return;
    };
    let bins = &all[first..=last];
    let most = bins.iter().map(|bin| bin.2).max().unwrap_or(0).max(1);
    let bars = canvas.look.heights();
    let rows: u16 = match at.left() {
        ..=15 => 1,
        16..=28 => 3,
        _ => 5,
    };
    let room = at.area.width;
    let wide = (room / bins.len() as u16).clamp(1, 4);
    let count: u64 = bins.iter().map(|bin| bin.2).sum();
    let what = match canvas.state.task().answers.len() {
        1 => "input",
        _ => "prediction",
    };
    let title = format!(
        "margins, {what} by {what}: {} of them, log scale",
        grouped(count.into())
    );
    at.put(canvas, &Line::from(canvas.span(Role::Muted, title)));
    // where there is less room than bars, the widest margins are left out, and the axis says so
    let shown = &bins[..bins.len().min(usize::from(room))];
    for row in (0..rows).rev() {
        let mut spans = Vec::new();
        for &(_, high, count) in shown {
            let part = (1.0 + count as f64).ln() / (1.0 + most as f64).ln();
            let eighths = (part * f64::from(rows) * 8.0).round() as i64;
            let eighths = eighths.max(i64::from(count > 0)) - i64::from(row) * 8;
            let role = if high <= 0.0 { Role::Bad } else { Role::Good };
            let symbol = match eighths {
                ..=0 => " ",
                eighths => bars[(eighths.min(8) - 1) as usize],
            };
            let bar = symbol.repeat(wide.into());
            spans.push(canvas.span(role, bar));
        }
        at.put(canvas, &Line::from(spans));
    }
    let edge = |end: f64, other: f64, sign: &str| match end.is_finite() {
        true => fixed(end, 0),
        false => format!("{sign}{}", fixed(other, 0)),
    };
    let (low, high) = (shown[0], shown[shown.len() - 1]);
    let low = edge(low.0, low.1, "<");
    let high = edge(high.1, high.0, ">");
    // a tick every quarter, where the bars are wide enough for numbers
    let width = usize::from(wide) * shown.len();
    let mut axis = low.clone();
    for quarter in 1..4 {
        let bin = shown.len() * quarter / 4;
        let from = bin * usize::from(wide);
        let text = fixed(shown[bin].0, 0);
        let used = axis.chars().count();
        if from > used + 1 && from + text.len() + high.len() + 2 < width {
            axis.push_str(&" ".repeat(from - used));
            axis.push_str(&text);
        }
    }
    let rest = width.saturating_sub(axis.chars().count());
    let axis = format!("{axis}{high:>rest$}");
    at.put(canvas, &Line::from(canvas.span(Role::Muted, axis)));
}

/// What stands where the right answer should.
fn instead(canvas: &mut Canvas<'_>, at: &mut Rows, tally: &Tally) {
    let groups = tally.failures.groups(By::Instead).into_iter();
    let task = canvas.state.task();
    let counts = groups.map(|group| {
        let count = grouped(group.count.into());
        format!("{} {count}", group.common.words(task))
    });
    let text = format!("said instead: {}", counts.collect::<Vec<_>>().join("   "));
    at.put(canvas, &Line::from(canvas.span(Role::Text, text)));
}

/// The fraction of wrong inputs by index and element, up to the largest of them.
fn by_element(canvas: &mut Canvas<'_>, at: &mut Rows, tally: &Tally) {
    let share = |idx: usize, elt: usize| {
        let inputs = tally.inputs_by_fields[idx][elt];
        let wrong = tally.wrong_by_fields[idx][elt];
        (inputs > 0).then(|| wrong as f32 / inputs as f32)
    };
    let wrong = tally.wrong_by_fields.iter().enumerate();
    let all = wrong.flat_map(|(idx, row)| (0..row.len()).filter_map(move |elt| share(idx, elt)));
    let most = all.fold(0.0, f32::max);
    let Some([rows, columns]) = canvas.state.task().axes().filter(|[a, b]| a != b) else {
        return;
    };
    let text = format!(
        "wrong, by {rows} (rows) and {columns} (columns): 0 to {}%",
        significant(100.0 * most, 4)
    );
    at.put(canvas, &Line::from(canvas.span(Role::Muted, text)));
    let (rows, columns) = (
        tally.wrong_by_fields.len(),
        tally.wrong_by_fields.first().map_or(0, Vec::len),
    );
    let value = |idx: usize, elt: usize| match share(idx, elt) {
        Some(share) => HeatCell::Value(share),
        None => HeatCell::NotAvailable,
    };
    let height = (rows as u16).min(at.left());
    let cell = (at.area.width / (columns as u16).max(1)).clamp(1, 2);
    let area = Rect {
        y: at.area.y + at.row,
        height,
        ..at.area
    };
    Heatmap {
        look: canvas.look,
        rows,
        columns,
        cell_width: cell,
        cell_height: 1,
        scale: Scale::Sequential {
            max: most.max(f32::MIN_POSITIVE),
        },
        cursor: None,
        stale: false,
        value: &value,
    }
    .render(area, canvas.buf, 0, 0);
    at.row += height;
}
