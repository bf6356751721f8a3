//! The help: the key table, and the words on screen.

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::{
    Binding, Group, HelpView, NAMES, Section, Spot, State, WORDS, Where, brief, sections,
};
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget};

/// Columns of the keys on the page of all keys.
const KEYS: usize = 9;

/// Columns between two columns of keys.
const GAP: u16 = 2;
/// The least width of a column of keys that are told in full.
const LEAST: u16 = 40;

/// A row of the help.
enum Row {
    Heading(String),
    Key {
        keys: String,
        text: String,
        /// Whether the cursor is on it.
        chosen: bool,
        /// What it is for who points at it.
        spot: Option<Spot>,
    },
    Blank,
}

/// The help, between header and footer.
pub(super) fn help(canvas: &mut Canvas<'_>, area: Rect, view: &HelpView) {
    let page = if view.words { "words" } else { "keys" };
    let mut title = vec![canvas.span(Role::Title, format!(" help: {page} "))];
    if view.typing || !view.filter.is_empty() {
        let end = if view.typing { "_" } else { "" };
        title.push(canvas.span(Role::Accent, format!("/{}{end} ", view.filter)));
    }
    let rows = match view.words {
        true => words(canvas, view.at),
        false => keys(canvas.state, &view.filter, Some(view.at)),
    };
    let inner = overlay(canvas, area, Line::from(title));
    canvas.spot(area, Spot::Help);
    let none = || vec![Row::Heading("no key has that in its text".to_owned())];
    let text = if rows.is_empty() { none() } else { rows };
    let at = text
        .iter()
        .position(|row| matches!(row, Row::Key { chosen: true, .. }));
    let at = at.unwrap_or(0);
    in_columns(
        canvas,
        inner,
        &text,
        at,
        match view.words {
            true => (KEYS, u16::MAX),
            false => (
                KEYS,
                usual_width(&text).clamp(LEAST, inner.width.max(LEAST)),
            ),
        },
    );
}

/// The menu: all keys that do something here, below what is looked at where there is room.
pub(super) fn menu(canvas: &mut Canvas<'_>, area: Rect) {
    let here = [Where::Everywhere, Where::Pane(canvas.state.view.focus)];
    let all = sections(canvas.state, "").into_iter();
    let of_here = all.filter(|section| {
        let first = section.bindings.first();
        first.is_some_and(|one| here.contains(&one.at) && one.action.group() != Group::Move)
    });
    let of_here: Vec<Section> = of_here.collect();
    let spot = |_: usize, key: &Binding| Spot::Menu(key.action);
    let full = |key: &Binding| key.help.to_owned();
    // in full where all of it has room, below a half of the screen at best
    let all = rows(of_here.iter(), None, full, spot);
    let width = width_of(&all, keys_of(&all));
    let columns = columns_in(area.width.saturating_sub(2), width);
    let fits = height_in(&all, columns) as u16 + 2;
    let (rows, width) = match fits <= area.height {
        true => (all, width),
        false => {
            let words = |key: &Binding| brief(key).to_owned();
            let short = rows(of_here.iter(), None, words, spot);
            let width = width_of(&short, keys_of(&short));
            (short, width)
        }
    };
    let columns = columns_in(area.width.saturating_sub(2), width);
    let height = height_in(&rows, columns) as u16 + 2;
    let height = height.min(area.height);
    let place = Rect {
        y: area.bottom() - height,
        height,
        ..area
    };
    let title = canvas.span(Role::Title, " the next key does it, esc closes ");
    let inner = overlay(canvas, place, Line::from(title));
    let keys = keys_of(&rows);
    in_columns(canvas, inner, &rows, 0, (keys, width));
}

/// Columns that nine of ten of these rows need at most.
fn usual_width(rows: &[Row]) -> u16 {
    let mut widths: Vec<u16> = rows
        .iter()
        .filter(|row| matches!(row, Row::Key { .. }))
        .map(|row| width_of(std::slice::from_ref(row), KEYS))
        .collect();
    widths.sort_unstable();
    widths.get(widths.len() * 9 / 10).copied().unwrap_or(0)
}

/// Columns that the longest of these rows' keys needs.
fn keys_of(rows: &[Row]) -> usize {
    let width = |row: &Row| match row {
        Row::Key { keys, .. } => keys.chars().count(),
        _ => 0,
    };
    rows.iter().map(width).max().unwrap_or(0)
}

/// Columns that the longest of these rows needs, with so many for its keys.
fn width_of(rows: &[Row], wide: usize) -> u16 {
    let width = |row: &Row| match row {
        Row::Heading(text) => text.chars().count(),
        Row::Key { keys, text, .. } => 3 + keys.chars().count().max(wide) + text.chars().count(),
        Row::Blank => 0,
    };
    rows.iter().map(width).max().unwrap_or(0) as u16 + GAP
}

/// A frame over what is below it; the room inside.
fn overlay(canvas: &mut Canvas<'_>, place: Rect, title: Line<'static>) -> Rect {
    Clear.render(place, canvas.buf);
    canvas.buf.set_style(place, canvas.look.base());
    let block = Block::bordered()
        .border_set(canvas.look.borders())
        .border_style(canvas.look.style(Role::Focus))
        .title_top(title);
    let inner = block.inner(place);
    block.render(place, canvas.buf);
    inner
}

fn columns_in(width: u16, least: u16) -> usize {
    usize::from((width / least).clamp(1, 6))
}

/// No heading stands at a column's end, and no blank at its beginning; what goes on there has its heading again.
fn broken(rows: &[Row], height: usize) -> Vec<&Row> {
    let mut out: Vec<&Row> = Vec::new();
    let mut heading = None;
    for row in rows {
        let at = out.len() % height;
        match row {
            Row::Blank if at == 0 => continue,
            Row::Heading(_) if at + 1 == height && height > 1 => out.push(&Row::Blank),
            Row::Key { .. } if at == 0 && height > 2 => out.extend(heading),
            _ => {}
        }
        if matches!(row, Row::Heading(_)) {
            heading = Some(row);
        }
        out.push(row);
    }
    out
}

/// The least height of so many columns that all rows fit into.
fn height_in(rows: &[Row], columns: usize) -> usize {
    let least = rows.len().div_ceil(columns).max(1);
    let fits = |height: &usize| broken(rows, *height).len() <= height * columns;
    (least..=rows.len().max(least)).find(fits).unwrap_or(least)
}

/// Rows in columns, with so many cells for keys and at least so many for all of it; where they do not fit, the page that has row `at`, of one column
/// as far as it.
fn in_columns(
    canvas: &mut Canvas<'_>,
    area: Rect,
    rows: &[Row],
    at: usize,
    (wide, least): (usize, u16),
) {
    let several = least < u16::MAX;
    let columns = columns_in(area.width, least);
    let height = usize::from(area.height.max(1));
    let page = columns * height;
    let chosen = rows.get(at);
    let rows: Vec<&Row> = match several {
        true => broken(rows, height),
        false => rows.iter().collect(),
    };
    let found = rows
        .iter()
        .position(|row| chosen.is_some_and(|one| std::ptr::eq(*row, one)));
    let at = found.unwrap_or(0);
    let first = match several {
        true => at / page * page,
        false => (at + 1).saturating_sub(height),
    };
    let width = (area.width - GAP * (columns as u16 - 1)) / columns as u16;
    for (i, row) in rows.iter().skip(first).take(page).enumerate() {
        let place = Rect {
            x: area.x + (i / height) as u16 * (width + GAP),
            width,
            ..area
        };
        let line = match row {
            Row::Heading(text) => Line::from(canvas.span(Role::Title, text.clone())),
            Row::Key {
                keys, text, chosen, ..
            } => key_row(canvas, (keys, wide), text, *chosen),
            Row::Blank => Line::default(),
        };
        canvas.line(place, (i % height) as u16, &line);
        if let Row::Key {
            spot: Some(spot), ..
        } = row
        {
            canvas.spot_row(place, (i % height) as u16, *spot);
        }
    }
    let pages = rows.len().div_ceil(page);
    if several && pages > 1 {
        let text = format!(" page {} of {pages} ", at / page + 1);
        let line = Line::from(canvas.span(Role::Muted, text));
        let below = Rect {
            y: area.bottom(),
            height: 1,
            ..area
        };
        canvas.line(below, 0, &line);
    }
}

fn keys(state: &State, filter: &str, at: Option<usize>) -> Vec<Row> {
    let text = |binding: &Binding| binding.help.to_owned();
    let all = sections(state, filter);
    rows(all.iter(), at, text, |at, _| Spot::HelpKey(at))
}

fn rows<'a>(
    sections: impl Iterator<Item = &'a Section>,
    at: Option<usize>,
    text: impl Fn(&Binding) -> String,
    spot: impl Fn(usize, &Binding) -> Spot,
) -> Vec<Row> {
    let (mut rows, mut count) = (Vec::new(), 0);
    for section in sections {
        if !rows.is_empty() {
            rows.push(Row::Blank);
        }
        rows.push(Row::Heading(section.title.clone()));
        for binding in &section.bindings {
            let keys = binding.named_keys();
            rows.push(Row::Key {
                keys: keys.join(" "),
                text: text(binding),
                chosen: at == Some(count),
                spot: Some(spot(count, binding)),
            });
            count += 1;
        }
    }
    rows
}

/// The words, the one at the cursor among them.
fn words(canvas: &Canvas<'_>, at: usize) -> Vec<Row> {
    let task = canvas.state.task();
    let row = |(i, (word, meaning)): (usize, &(&str, &str))| {
        let word = task.in_names(word);
        let word = canvas.look.plain(word);
        Row::Key {
            keys: format!("{word:<18}"),
            text: task.in_names(meaning),
            chosen: i == at,
            spot: None,
        }
    };
    let title = "names: in short on screen, in full where they are typed and exported";
    let mut rows = vec![Row::Heading("words".to_owned())];
    rows.extend(WORDS.iter().enumerate().map(row));
    rows.extend([Row::Blank, Row::Heading(title.to_owned())]);
    rows.extend((WORDS.len()..).zip(NAMES).map(row));
    rows
}

fn key_row(
    canvas: &Canvas<'_>,
    (left, wide): (&str, usize),
    right: &str,
    chosen: bool,
) -> Line<'static> {
    let mark = if chosen {
        canvas.look.pick("› ", "> ")
    } else {
        "  "
    };
    let role = if chosen { Role::Accent } else { Role::Text };
    Line::from(vec![
        canvas.span(Role::Accent, mark),
        canvas.span(Role::Key, format!("{left:<wide$} ")),
        canvas.span(role, right.to_owned()),
    ])
}
