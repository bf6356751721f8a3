//! The help: the key table, and the words on screen.

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::{BINDINGS, Binding, Where};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

/// Columns of the keys.
const KEYS: usize = 18;

/// What the screen shows, in the field's own words.
const WORDS: &[(&str, &str)] = &[
    (
        "clean, corrupted",
        "a pair of prompts that differ in one field",
    ),
    ("patched", "the base run with the interventions of the list"),
    ("denoise", "clean activations into the corrupted run"),
    ("noise", "corrupted activations into the clean run"),
    (
        "metric",
        "(patched - corrupted) / (clean - corrupted) of a logit difference",
    ),
    (
        "a grid's cell",
        "what the metric becomes when its patch is added to the list",
    ),
    (
        "layer.head",
        "1.0 is head 0 of block 1; rows query, columns are attended to",
    ),
    (
        "dimmed numbers",
        "belong to an older input; new ones are on their way",
    ),
];

/// What is named in short on screen, and in full where it is typed and exported.
const NAMES: &[(&str, &str)] = &[
    (
        "nl_1→b_0",
        "a prediction: read at nl_1, predicts b_0; typed nl_1->b_0 too",
    ),
    (
        "resid_pre 1 @elt",
        "blocks.1.hook_resid_pre @elt, the stream before block 1",
    ),
    (
        "resid_post 1",
        "blocks.1.hook_resid_post, the stream behind block 1",
    ),
    (
        "attn_out 0",
        "blocks.0.hook_attn_out, what block 0 adds to the stream",
    ),
    (
        "z 1.0 @b_0",
        "blocks.1.attn.hook_z @b_0 head 0; q, k, v, pattern likewise",
    ),
    (
        "L0->K1, L0.0->K1.0",
        "an edge: block 0 (head 0.0) to blocks.1.hook_k_input",
    ),
    (
        "0.0>1.0, direct",
        "a path: through heads 0.0 and 1.0; through none",
    ),
];

pub(super) fn help(canvas: &mut Canvas<'_>, area: Rect, scroll: usize) {
    let width = area.width.min(84);
    let height = area.height.min(44);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let lines = lines(canvas);
    Clear.render(place, canvas.buf);
    canvas.buf.set_style(place, canvas.look.base());
    let block = Block::bordered()
        .border_set(canvas.look.borders())
        .border_style(canvas.look.style(Role::Focus))
        .title_top(Line::from(canvas.span(Role::Title, " help ")))
        .title_bottom(Line::from(
            canvas.span(Role::Muted, " arrows scroll, esc closes "),
        ));
    let inner = block.inner(place);
    block.render(place, canvas.buf);
    let room = usize::from(inner.height);
    let first = scroll.min(lines.len().saturating_sub(room));
    for (row, line) in lines.iter().skip(first).take(room).enumerate() {
        canvas.line(inner, row as u16, line);
    }
}

fn lines(canvas: &Canvas<'_>) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut last: Option<Where> = None;
    // what holds everywhere is looked for most often
    let (everywhere, elsewhere): (Vec<&Binding>, Vec<&Binding>) = BINDINGS
        .iter()
        .partition(|binding| binding.at == Where::Everywhere);
    for binding in everywhere.into_iter().chain(elsewhere) {
        if last != Some(binding.at) {
            if last.is_some() {
                lines.push(Line::default());
            }
            lines.push(Line::from(canvas.span(Role::Title, binding.at.title())));
            last = Some(binding.at);
        }
        let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
        lines.push(row(canvas, &keys.join(" "), binding.help));
    }
    lines.push(Line::default());
    lines.push(Line::from(canvas.span(Role::Title, "words")));
    for (word, meaning) in WORDS {
        lines.push(row(canvas, word, meaning));
    }
    lines.push(Line::default());
    let title = "names: in short on screen, in full where they are typed and exported";
    lines.push(Line::from(canvas.span(Role::Title, title)));
    for (short, full) in NAMES {
        lines.push(row(canvas, short, full));
    }
    lines
}

fn row(canvas: &Canvas<'_>, left: &str, right: &str) -> Line<'static> {
    Line::from(vec![
        Span::raw("  "),
        canvas.span(Role::Key, format!("{left:<KEYS$}")),
        canvas.span(Role::Text, right.to_owned()),
    ])
}
