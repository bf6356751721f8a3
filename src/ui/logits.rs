//! Per-position logits: the likeliest tokens, their probabilities, right or wrong.

use super::canvas::{Canvas, scroll_to};
use super::fit::{shortened, wrapped};
use super::logits_wide;
use super::number::signed;
use super::theme::Role;
use crate::app::{Pane, Shown, Spot};
use crate::lens::{Judged, Observation, RunName};
use crate::task::number::{fixed, significant};
use crate::task::text::counted;
use crate::task::{Target, Task, Token};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of the bar, at most; of fewer than the least nothing could be read.
const BAR: (u16, u16) = (4, 30);
/// Columns after it: ` .9998 !14`.
const AFTER_BAR: u16 = 10;

/// Where a row's logit ends in a pane that stands alone, and its columns.
const LOGIT_FROM: u16 = 76;
const LOGIT: u16 = 14;

/// The token at a position, to stand beside its name; nothing where both say the same: `start` and `[start]`.
fn token_beside(task: Task, position: usize, token: Token) -> String {
    let name = task.token_name(token);
    let bare = |text: &str| {
        let inner = text
            .trim_start_matches(['[', '<', '|'])
            .trim_end_matches([']', '>', '|']);
        if inner.is_empty() {
            text.to_lowercase()
        } else {
            inner.to_lowercase()
        }
    };
    match bare(&name) == bare(&task.label(position)) {
        true => String::new(),
        false => name,
    }
}

/// Columns of a position's name, of the token there, and of a class: `nl_1   \n -> 14`.
struct Widths([usize; 3]);

impl Widths {
    /// No name takes more.
    const MOST: usize = 14;

    /// `width` is that of the pane: probabilities and verdicts keep their room, the longest names give way.
    fn of(canvas: &Canvas<'_>, seen: &Observation, rows: &[Row], width: u16) -> Self {
        let task = canvas.state.task();
        let run = seen.run(canvas.state.view.shown.run());
        let mut widths = [5, 0, 3];
        for row in rows {
            let token = run.tokens.get(row.position).map_or(0, |token| *token);
            let names = [
                task.label(row.position),
                token_beside(task, row.position, token),
                task.class_name(row.token),
            ];
            for (width, name) in widths.iter_mut().zip(names) {
                *width = (*width).max(name.chars().count().min(Self::MOST));
            }
        }
        // a name that fills its columns keeps a blank before the token
        let longest_token = widths[1];
        if longest_token > 0 {
            widths[1] = widths[1].max(4);
        }
        let room = usize::from(width.saturating_sub(4 + AFTER_BAR));
        if widths.iter().sum::<usize>() > room {
            widths[1] = widths[1].min(longest_token + 1);
        }
        while widths.iter().sum::<usize>() > room {
            let longest = widths.iter_mut().max_by_key(|one| **one);
            match longest {
                Some(longest) if *longest > 4 => *longest -= 1,
                _ => break,
            }
        }
        Self(widths)
    }

    /// Columns before the bar.
    fn before(&self) -> u16 {
        // the arrow, and a blank behind the class
        (self.0.iter().sum::<usize>() + 4) as u16
    }
}

/// One ranked token of a position.
struct Row {
    position: usize,
    rank: usize,
    token: Token,
    value: f32,
}

pub(super) fn logits(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let Some(seen) = state.observation.clone() else {
        canvas.frame(
            Pane::Logits,
            area,
            vec![canvas.part(0, Role::Muted, "...")],
            None,
        );
        return;
    };
    let truth = truth(canvas, &seen);
    let direction = seen.experiment.direction;
    let shown = state.view.shown;
    let mut title = canvas.run(direction);
    if let Shown::Run(run) = shown
        && state.task().is_judged()
    {
        let loss = seen.run(run).loss_of(state.task(), &truth);
        let loss = significant(loss, 2);
        title.push(canvas.part(3, canvas.number_role(), format!(" loss {loss}")));
    }
    if !matches!(shown, Shown::Run(RunName::Clean | RunName::Corrupted)) {
        let (role, whose) = match state.judge() {
            RunName::Clean => (Role::Clean, "clean"),
            _ => (Role::Corrupted, "corr."),
        };
        title.push(canvas.part(1, role, format!(" by {whose}")));
    }
    let alone = has_all_room(canvas) && area.width >= logits_wide::LEAST + 2;
    if alone {
        let text = " the likeliest of each run in turn, # its rank there";
        title.push(canvas.part(4, Role::Muted, text));
    }
    title.extend(canvas.kinds());
    let below = below(
        canvas,
        &seen,
        &truth,
        usize::from(area.width.saturating_sub(4)),
    );
    let inner = canvas.frame(Pane::Logits, area, title, below);
    let nothing = seen.experiment.interventions.is_empty();
    if shown == Shown::Difference && nothing && !alone {
        let text = "nothing is patched, so nothing differs; enter on a patching grid adds a patch";
        for (row, text) in (0..).zip(wrapped(text, inner.width.into())) {
            canvas.line(inner, row, &Line::from(canvas.span(Role::Muted, text)));
        }
        return;
    }
    if alone {
        logits_wide::wide(canvas, inner, &seen, &truth);
        return;
    }
    // no more than there are
    let classes = seen.clean.logits.shape().last().copied().unwrap_or(0);
    let task = state.task();
    // a model that adds its prompt up reads it at one position
    let read = seen.clean.logits.shape().first().copied().unwrap_or(0);
    let per_position = ranks(inner.height, task, read).min(classes.max(1));
    // where nothing is asked what comes next in line says little
    let many = |position: usize| match task.is_judged() && task.predicted_at(position).is_none() {
        true => 1,
        false => per_position,
    };
    let rows: Vec<Row> = (0..task.seq_len())
        .flat_map(|position| ranked(&seen, shown, position, many(position)))
        .collect();
    let room = usize::from(inner.height);
    let before = |position: usize| (0..position).map(many).sum::<usize>();
    let start = before(task.predicts_at(0));
    let cursor = before(state.view.position + 1) - 1;
    // the predictions come first, even if rows after them stay empty, unless all rows have their place
    let fits = rows.len() <= room;
    let beyond = if fits || task.answers.is_empty() {
        0
    } else {
        room
    };
    let first = scroll_to(cursor, room, rows.len() + beyond, start);
    let first = first.min(before(state.view.position));
    let widths = Widths::of(canvas, &seen, &rows, inner.width);
    for (i, row) in rows.iter().skip(first).take(room).enumerate() {
        draw_row(canvas, (inner, i as u16, &widths), (&seen, &truth), row);
        canvas.spot_row(inner, i as u16, Spot::Position(row.position));
    }
    let behind = first + room < rows.len();
    canvas.goes_on(inner, [first > 0, behind, false, false]);
}

/// The right answer that the predictions on screen are judged by.
fn truth(canvas: &Canvas<'_>, seen: &Observation) -> Vec<Target> {
    seen.run(canvas.state.judge()).prompt.values.truth()
}

/// Whether the pane stands alone, or what is beside it needs no more.
fn has_all_room(canvas: &Canvas<'_>) -> bool {
    canvas.state.view.zoomed || canvas.state.model.config.n_layers == 0
}

/// How many tokens a prediction shows: as many as let all predictions and one more be seen, but not too many to look
/// through; beyond that as many as there is room for with every position that is read on screen.
fn ranks(height: u16, task: Task, read: usize) -> usize {
    let height = usize::from(height);
    let answers = task.answers.len();
    let (asked, others) = match task.is_judged() {
        true => (answers, read.saturating_sub(answers)),
        false => (read, 0),
    };
    let fill = height.saturating_sub(others) / asked.max(1);
    (height / (answers + 1)).clamp(1, 6).max(fill)
}

fn ranked(seen: &Observation, shown: Shown, position: usize, k: usize) -> Vec<Row> {
    let mut tokens: Vec<(Token, f32)> = match shown {
        Shown::Run(run) => seen.run(run).top(position, k),
        Shown::Difference => {
            let change = seen.patched.logits.minus(&seen.base().logits);
            let mut all: Vec<(Token, f32)> = (0..)
                .zip(change.slice(&[position]).iter().copied())
                .collect();
            all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
            all.truncate(k);
            all
        }
    };
    // what is not defined has no order
    if tokens.first().is_some_and(|(_, value)| value.is_nan()) {
        tokens.truncate(1);
    }
    let row = |(rank, (token, value))| Row {
        position,
        rank,
        token,
        value,
    };
    tokens.into_iter().enumerate().map(row).collect()
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    (area, y, widths): (Rect, u16, &Widths),
    (seen, truth): (&Observation, &[Target]),
    row: &Row,
) {
    let Widths([of_label, of_token, of_class]) = *widths;
    let state = canvas.state;
    let task = state.task();
    let (shown, look) = (state.view.shown, canvas.look);
    let run = seen.run(shown.run());
    let target = task
        .predicted_at(row.position)
        .and_then(|i| truth.get(i).cloned());
    let role = canvas.number_role();
    let label_role = if state.view.focus == Pane::Logits && row.position == state.view.position {
        Role::Accent
    } else {
        Role::Muted
    };
    let token = run.tokens.get(row.position).map_or(0, |token| *token);
    let mut spans = Vec::new();
    if row.rank == 0 {
        let label = shortened(look, &task.label(row.position), of_label);
        let token = shortened(look, &token_beside(task, row.position, token), of_token);
        spans.push(canvas.span(label_role, format!("{label:<of_label$}")));
        spans.push(canvas.span(role, format!("{token:>of_token$}")));
        spans.push(canvas.span(Role::Muted, look.pick(" → ", " > ")));
    } else {
        spans.push(Span::raw(" ".repeat(of_label + of_token + 3)));
    }
    let is_target = target
        .as_ref()
        .is_some_and(|target| target.allows(row.token));
    // the likeliest token, where something is predicted
    let target = target.filter(|target| *target != Target::Nothing);
    let judged = target.as_ref().filter(|_| row.rank == 0).map(|target| {
        let logits = run.logits.slice(&[row.position]);
        (Judged::of(logits, target), task.target_name(target))
    });
    let token_role = match (is_target, row.rank, &target) {
        _ if role == Role::Stale => Role::Stale,
        // of tied tokens none is right
        (true, 0, _)
            if judged
                .as_ref()
                .is_some_and(|(judged, _)| !judged.is_right()) =>
        {
            Role::Bad
        }
        (true, ..) => Role::Good,
        (false, 0, Some(_)) => Role::Bad,
        _ => Role::Text,
    };
    let class = match row.value.is_nan() {
        true => "-".to_owned(),
        false => shortened(look, &task.class_name(row.token), of_class),
    };
    spans.push(canvas.span(token_role, format!("{class:>of_class$} ")));
    match shown {
        Shown::Difference => {
            spans.push(canvas.span(role, format!("{} logit", signed(row.value, 7))));
        }
        Shown::Run(_) => {
            let bar = area.width.saturating_sub(widths.before() + AFTER_BAR);
            let bar = if bar < BAR.0 { 0 } else { bar.min(BAR.1) };
            spans.push(canvas.span(token_role, look.bar(f64::from(row.value), bar)));
            spans.push(canvas.span(role, format!(" {}", probability(row.value))));
            let bare = judged.is_none() && row.rank == 0 && task.is_judged();
            let unasked = bare && area.width >= widths.before() + BAR.1 + AFTER_BAR + 6;
            spans.extend(judged.map(|(judged, target)| verdict(canvas, &judged, &target)));
            if unasked {
                spans.push(canvas.span(Role::Muted, " not asked"));
            }
            if has_all_room(canvas) && area.width > LOGIT_FROM {
                let used: usize = spans.iter().map(Span::width).sum();
                let gap = usize::from(LOGIT_FROM - LOGIT).saturating_sub(used);
                spans.push(Span::raw(" ".repeat(gap)));
                let logit = run.logits.get(&[row.position, row.token as usize]);
                let logit = logit.map_or_else(String::new, |logit| signed(logit, 7));
                spans.push(canvas.span(role, format!("{logit} logit")));
            }
        }
    }
    canvas.line(area, y, &Line::from(spans));
}

/// Right, wrong or tied with so many others, where something is predicted.
fn verdict(canvas: &Canvas<'_>, judged: &Judged, target: &str) -> Span<'static> {
    match (judged.rank, judged.tied) {
        (Some(1), _) => canvas.span(Role::Good, " ok"),
        (None, _) => canvas.span(Role::Bad, " n/a"),
        (_, 0) => canvas.span(Role::Bad, format!(" !{target}")),
        // with how many stands below
        _ => canvas.span(Role::Bad, " tie"),
    }
}

/// A probability in five columns that never rounds up to certainty.
pub(super) fn probability(p: f32) -> String {
    if p.is_nan() {
        " n/a ".into()
    } else if p >= 1.0 {
        "1.000".into()
    } else if p > 0.9999 {
        ">.999".into()
    } else if p > 0.0 && p < 0.0001 {
        "<.001".into()
    } else {
        fixed(p, 4).trim_start_matches('0').to_owned()
    }
}

/// Logits and log probability of the target at the cursor.
fn below(
    canvas: &Canvas<'_>,
    seen: &Observation,
    truth: &[Target],
    room: usize,
) -> Option<Line<'static>> {
    let state = canvas.state;
    let position = state.view.position;
    let run = seen.run(state.view.shown.run());
    let task = state.task();
    // of a patched run, whose answer it is judged by
    let judge = match state.view.shown {
        Shown::Run(RunName::Clean | RunName::Corrupted) => "",
        _ => state.judge().name(),
    };
    let whose = match judge {
        "" => String::new(),
        run => format!("{run}'s "),
    };
    let Some(i) = task.predicted_at(position) else {
        let judged = format!("judged by the {judge} answer");
        return (!judge.is_empty()).then(|| Line::from(canvas.span(Role::Muted, judged)));
    };
    let tied = Judged::of(run.logits.slice(&[position]), truth.get(i)?).tied;
    let target = truth.get(i)?.token()?;
    let logit = run.logits.get(&[position, target as usize])?;
    let log_prob = run.log_probs(position).get(target as usize).copied()?;
    let (name, target) = (task.prediction(i), task.class_name(target));
    let written = |decimals, digits| {
        let (logit, log_prob) = (fixed(logit, decimals), significant(log_prob, digits));
        format!("{name} {whose}{target} logit {logit} logp {log_prob}")
    };
    let mut text = written(2, 2);
    if tied > 0 {
        text = format!(
            "{name} {whose}{target} tied with {}",
            counted(tied, "other")
        );
    } else if text.chars().count() > room {
        text = written(1, 1);
    }
    if text.chars().count() > room {
        let log_prob = significant(log_prob, 1);
        text = format!("{name} {whose}{target} logp {log_prob}");
    }
    if text.chars().count() > room {
        let log_prob = significant(log_prob, 1);
        text = format!("{name} {target} logp {log_prob}");
    }
    if text.chars().count() > room {
        text = format!("{name} {whose}{target}");
    }
    Some(Line::from(canvas.span(canvas.number_role(), text)))
}
