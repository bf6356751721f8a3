//! The findings view: the list on the left, what the selected one holds on the right.

use super::canvas::{Canvas, scroll_to};
use super::fit::{fitted, shortened, unwrapped, wrapped};
use super::theme::Role;
use crate::app::{Action, Binding, Judged, Shelf, Spot, Which};
use crate::findings::store::Finding;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

/// Below this width there is no room for a preview.
const BOTH: u16 = 76;
/// Columns around a title: the frame, the mark, a blank.
const MARKED: usize = 5;
/// Below this width titles need the room of the date.
const DATED: u16 = 56;

pub(super) fn findings(canvas: &mut Canvas<'_>, area: Rect, shelf: &Shelf) {
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(2),
        ..area
    };
    Clear.render(body, canvas.buf);
    canvas.buf.set_style(body, canvas.look.base());
    let both = body.width >= BOTH;
    let list = if both {
        // as wide as its longest title, within bounds
        let titles = shelf.shown().into_iter();
        let longest = titles
            .map(|one| one.card.title.chars().count() + MARKED)
            .max();
        let longest = u16::try_from(longest.unwrap_or(0)).unwrap_or(u16::MAX);
        longest.clamp((body.width * 2 / 5).min(60), body.width / 2)
    } else {
        body.width
    };
    let left = Rect {
        width: list,
        ..body
    };
    draw_list(canvas, left, shelf);
    if both {
        let right = Rect {
            x: body.x + list,
            width: body.width - list,
            ..body
        };
        preview(canvas, right, shelf);
    }
}

/// A box with a title; the room inside.
pub(super) fn boxed(
    canvas: &mut Canvas<'_>,
    area: Rect,
    title: Vec<Span<'static>>,
    focused: bool,
) -> Rect {
    let (role, borders) = if focused {
        (Role::Focus, canvas.look.focused_borders())
    } else {
        (Role::Border, canvas.look.borders())
    };
    let block = Block::bordered()
        .border_set(borders)
        .border_style(canvas.look.style(role))
        .title_top(fitted(
            canvas.look,
            Line::from(title),
            usize::from(area.width.saturating_sub(2)),
        ));
    let inner = block.inner(area);
    block.render(area, canvas.buf);
    inner
}

fn draw_list(canvas: &mut Canvas<'_>, area: Rect, shelf: &Shelf) {
    let shown = shelf.shown();
    let whose = match shelf.which {
        Which::Own => " findings ",
        Which::Tutorial => " tutorial findings ",
    };
    let mut title = vec![canvas.span(Role::Focus, whose)];
    let mut facts = format!("{}  {}", shown.len(), shelf.order.name());
    if !shelf.search.is_empty() {
        facts.push_str(&format!("  with \"{}\"", shelf.search));
    }
    let left = usize::from(area.width).saturating_sub(4 + whose.len());
    title.push(canvas.span(
        Role::Muted,
        format!("{} ", shortened(canvas.look, &facts, left)),
    ));
    let inner = boxed(canvas, area, title, true);
    let width = usize::from(inner.width);
    let (words, broken): (Vec<(Role, String)>, _) = match &shelf.listing {
        None => (vec![(Role::Muted, "reading ...".into())], 0),
        Some(Err(error)) => (vec![(Role::Bad, error.clone())], 0),
        Some(Ok(listing)) => {
            let hint = if listing.findings.is_empty() {
                "none yet"
            } else {
                "none has this; / searches for something else"
            };
            let mut words = Vec::new();
            if shown.is_empty() {
                words.push((Role::Muted, hint.to_owned()));
            }
            let broken = listing.broken.iter();
            words.extend(broken.map(|(name, why)| (Role::Bad, format!("! {name}: {why}"))));
            (words, listing.broken.len())
        }
    };
    let lines: Vec<(Role, String)> = words
        .into_iter()
        .flat_map(|(role, text)| {
            wrapped(&text, width)
                .into_iter()
                .map(move |line| (role, line))
        })
        .collect();
    // what cannot be read is told below the list, in at most a third of it
    let least = if broken > 0 {
        inner.height / 3
    } else {
        inner.height
    };
    let told = (lines.len() as u16).min(least.max(1));
    let room = if shown.is_empty() {
        0
    } else {
        inner.height - told.min(inner.height)
    };
    let first = scroll_to(shelf.cursor, usize::from(room), shown.len(), 0);
    for (i, finding) in shown.iter().enumerate().skip(first).take(usize::from(room)) {
        let line = row(canvas, finding, i == shelf.cursor, inner.width);
        canvas.line(inner, (i - first) as u16, &line);
        canvas.spot_row(inner, (i - first) as u16, Spot::Finding(i));
    }
    let from = room.min(shown.len() as u16);
    for (i, (role, text)) in lines.into_iter().enumerate() {
        let line = Line::from(canvas.span(role, text));
        canvas.line(inner, from + i as u16, &line);
    }
}

/// Verdicts, date where there is room, title.
fn row(canvas: &Canvas<'_>, finding: &Finding, selected: bool, width: u16) -> Line<'static> {
    let card = &finding.card;
    // what holds for the model it was found in says nothing about another one
    let same = card.model.hash == canvas.state.model.hash;
    let shelf = canvas.state.shelf.as_ref();
    let judged = shelf.and_then(|shelf| shelf.judged.get(&finding.name));
    let hash = &canvas.state.model.hash;
    let is_open = !same || shelf.is_some_and(|shelf| shelf.is_to_be_judged(finding, hash));
    let (mark, role) = if let Some(judged) = judged {
        mark(canvas, judged)
    } else if is_open && !card.claims.is_empty() {
        ("?", Role::Muted)
    } else if card.claims.iter().any(|claim| claim.holds == Some(false)) {
        (canvas.look.pick("✗", "x"), Role::Bad)
    } else if !card.claims.is_empty() && card.claims.iter().all(|claim| claim.holds == Some(true)) {
        (canvas.look.pick("✓", "v"), Role::Good)
    } else {
        (" ", Role::Muted)
    };
    // the preview says the day too
    let day = match width >= DATED {
        true => format!("{:<10.10} ", card.created),
        false => String::new(),
    };
    let text = if selected {
        Role::Selection
    } else {
        Role::Text
    };
    let title: String = card.title.chars().take(usize::from(width)).collect();
    Line::from(vec![
        canvas.span(role, format!("{mark} ")),
        canvas.span(Role::Muted, day),
        canvas.span(text, title),
    ])
}

/// What became of a finding on this model: what the worst of its claims says.
fn mark(canvas: &Canvas<'_>, judged: &[Judged]) -> (&'static str, Role) {
    let roles: Vec<Role> = judged.iter().map(role_of).collect();
    let worst = [Role::Bad, Role::Warn, Role::Muted];
    let worst = worst.into_iter().find(|role| roles.contains(role));
    match worst {
        Some(Role::Bad) => (canvas.look.pick("✗", "x"), Role::Bad),
        Some(Role::Warn) => ("1", Role::Warn),
        Some(role) => ("?", role),
        None => (canvas.look.pick("✓", "v"), Role::Good),
    }
}

/// How a claim is drawn that was made in another model.
fn role_of(judged: &Judged) -> Role {
    match judged {
        Judged::Holds(_) => Role::Good,
        Judged::Here(_) => Role::Warn,
        Judged::Fails(_) => Role::Bad,
        Judged::NotAsked(_) => Role::Muted,
    }
}

fn preview(canvas: &mut Canvas<'_>, area: Rect, shelf: &Shelf) {
    let Some(finding) = shelf.selected() else {
        let inner = boxed(canvas, area, Vec::new(), false);
        let is_empty = matches!(&shelf.listing, Some(Ok(listing)) if listing.findings.is_empty());
        if is_empty {
            nothing_yet(canvas, inner);
        }
        return;
    };
    let title = vec![canvas.span(Role::Title, format!(" {} ", finding.card.title))];
    let inner = boxed(canvas, area, title, false);
    canvas.spot(area, Spot::Preview);
    let lines = preview_lines(canvas, finding, usize::from(inner.width));
    let room = usize::from(inner.height);
    let first = shelf.scroll.min(lines.len().saturating_sub(room));
    for (i, line) in lines.iter().skip(first).take(room).enumerate() {
        canvas.line(inner, i as u16, line);
    }
    let behind = first + room < lines.len();
    canvas.goes_on(inner, [first > 0, behind, false, false]);
    if first > 0 || behind {
        let last = (first + room).min(lines.len());
        let keys = [Action::PageUp, Action::PageDown].map(Binding::key_of);
        let text = format!(
            " lines {} to {last} of {}, {} {} ",
            first + 1,
            lines.len(),
            keys[0],
            keys[1]
        );
        let edge = Rect {
            x: inner.x,
            y: inner.bottom(),
            width: inner.width,
            height: 1,
        };
        canvas.line(edge, 0, &Line::from(canvas.span(Role::Muted, text)));
    }
}

/// Where nothing was kept yet: what a finding is, and the keys that lead to one.
fn nothing_yet(canvas: &mut Canvas<'_>, area: Rect) {
    let key = Binding::key_of;
    let paragraphs = [
        "A finding is the whole screen with a title and a note: prompt, interventions, the open question and the \
         claims that go with it. Anybody can open it again, and circuitscope replay computes it anew."
            .to_owned(),
        format!(
            "{} on the workbench keeps what is on screen; {} lists what was kept.",
            key(Action::KeepFinding),
            key(Action::OpenFindings)
        ),
        format!(
            "{} shows the tutorial: findings that come with the program.",
            key(Action::SwitchFindings)
        ),
    ];
    let mut row = 0;
    for paragraph in paragraphs {
        for text in wrapped(&paragraph, usize::from(area.width)) {
            canvas.line(area, row, &Line::from(canvas.span(Role::Text, text)));
            row += 1;
        }
        row += 1;
    }
}

fn preview_lines(canvas: &Canvas<'_>, finding: &Finding, width: usize) -> Vec<Line<'static>> {
    let card = &finding.card;
    let mut lines = Vec::new();
    let hash: String = card.model.hash.chars().take(8).collect();
    let same = card.model.hash == canvas.state.model.hash;
    // the day will do
    let made = format!("{:.10}  {} #{hash}", card.created, card.model.name);
    lines.push(Line::from(canvas.span(Role::Muted, made)));
    let shelf = canvas.state.shelf.as_ref();
    let judged = shelf.and_then(|shelf| shelf.judged.get(&finding.name));
    let hash = &canvas.state.model.hash;
    let is_open = shelf.is_some_and(|shelf| shelf.is_to_be_judged(finding, hash));
    if !same || is_open {
        let asked = |judged: &Vec<Judged>| {
            let not = |one: &Judged| matches!(one, Judged::NotAsked(_));
            !judged.iter().all(not)
        };
        let text = match (judged.map(asked), shelf.map(|shelf| shelf.which)) {
            (Some(true), _) if same => "published of this model; computed here",
            (None, Some(Which::Tutorial)) if same => "published of this model; being computed ...",
            _ if same => "published of this model; it cannot be computed here",
            (Some(true), _) => "found in another model; judged on this one, over all inputs",
            (None, Some(Which::Tutorial)) => "found in another model; being judged on this one ...",
            _ => "another model: not checked in this one",
        };
        lines.push(Line::from(canvas.span(Role::Warn, text)));
    }
    lines.push(Line::from(canvas.span(
        Role::Muted,
        format!("{}  by {}", finding.name, card.program),
    )));
    lines.push(Line::default());
    for line in unwrapped(&finding.note) {
        let parts = wrapped(&line, width).into_iter();
        lines.extend(parts.map(|part| Line::from(canvas.span(Role::Text, part))));
    }
    lines.push(Line::default());
    if same && !is_open && !card.claims.is_empty() {
        let text = match (judged, shelf.map(|shelf| shelf.which)) {
            (Some(_), _) => "computed here, over all inputs",
            (None, Some(Which::Tutorial)) => "as it was recorded; being computed here ...",
            (None, _) => "as it was recorded; circuitscope replay computes it again",
        };
        let parts = wrapped(text, width).into_iter();
        lines.extend(parts.map(|part| Line::from(canvas.span(Role::Muted, part))));
    }
    for (i, claim) in card.claims.iter().enumerate() {
        let judged = judged.and_then(|judged| judged.get(i));
        let role = match (judged, claim.holds) {
            (Some(judged), _) => role_of(judged),
            _ if !same || is_open => Role::Muted,
            (None, Some(true)) => Role::Good,
            (None, Some(false)) => Role::Bad,
            (None, None) => Role::Muted,
        };
        let parts = wrapped(&claim.claim, width.saturating_sub(7)).into_iter();
        for (i, part) in parts.enumerate() {
            let word = match (i, judged, same && !is_open) {
                (0, Some(judged), _) => judged.word(),
                (0, None, true) => claim.word(),
                (0, None, false) => "?",
                _ => "",
            };
            lines.push(Line::from(vec![
                canvas.span(role, format!("{word:<6} ")),
                canvas.span(Role::Text, part),
            ]));
        }
        let because = judged.map_or_else(|| claim.because.clone(), Judged::because);
        let parts = wrapped(&because, width.saturating_sub(7)).into_iter();
        lines.extend(
            parts.map(|part| Line::from(canvas.span(Role::Muted, format!("       {part}")))),
        );
    }
    if !card.claims.is_empty() {
        lines.push(Line::default());
    }
    let frame = finding.frame.lines();
    lines.extend(frame.map(|row| Line::from(canvas.span(Role::Muted, row.to_owned()))));
    lines
}
