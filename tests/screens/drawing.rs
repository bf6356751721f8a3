//! A buffer as text: its characters, and the style of every cell as runs.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::fmt::Write as _;

/// The characters of an area, a row a line.
pub fn plain(buffer: &Buffer, area: Rect) -> String {
    let row = |y| -> String {
        let cells = (area.left()..area.right()).map(|x| buffer[(x, y)].symbol());
        cells.collect()
    };
    let rows = (area.top()..area.bottom()).map(|y| row(y).trim_end().to_owned());
    rows.collect::<Vec<_>>().join("\n")
}

/// The characters, then for every row the lengths and styles of its runs, then what the styles
/// are: foreground on background and attributes.
pub fn styled(buffer: &Buffer, area: Rect) -> String {
    let mut styles: Vec<String> = Vec::new();
    let mut out = plain(buffer, area) + "\n";
    for y in area.top()..area.bottom() {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for x in area.left()..area.right() {
            let style = style(&buffer[(x, y)]);
            let known = styles.iter().position(|known| *known == style);
            let index = known.unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            match runs.last_mut() {
                Some((last, length)) if *last == index => *length += 1,
                _ => runs.push((index, 1)),
            }
        }
        let runs = runs
            .iter()
            .map(|(style, length)| format!("{style}x{length}"));
        writeln!(out, "{}", runs.collect::<Vec<_>>().join(" ")).unwrap();
    }
    for (index, style) in styles.iter().enumerate() {
        writeln!(out, "{index}: {style}").unwrap();
    }
    out
}

fn style(cell: &Cell) -> String {
    // the colour of a blank's character cannot be seen
    let fg = if cell.symbol() == " " {
        "-".to_owned()
    } else {
        name(cell.fg)
    };
    let modifier = if cell.modifier.is_empty() {
        String::new()
    } else {
        format!(" {:?}", cell.modifier)
    };
    format!("{fg} on {}{modifier}", name(cell.bg))
}

fn name(colour: Color) -> String {
    match colour {
        // to 16 steps: the colour of a number may differ by one of 256 between processors
        Color::Rgb(red, green, blue) => {
            let [red, green, blue] = [red, green, blue].map(|part| part >> 4);
            format!("#{red:x}{green:x}{blue:x}")
        }
        Color::Indexed(index) => index.to_string(),
        Color::Reset => "-".to_owned(),
        named => format!("{named:?}"),
    }
}

/// Numbers with three or more digits after the point: the last ones may differ between
/// processors.
pub fn with_masked_digits(text: &str) -> String {
    let mut out = String::new();
    let mut after_point = None;
    for c in text.chars() {
        after_point = match (after_point, c) {
            (_, '.') => Some(0),
            (Some(count), digit) if digit.is_ascii_digit() => Some(count + 1),
            _ => None,
        };
        out.push(if after_point.is_some_and(|count| count > 2) {
            '#'
        } else {
            c
        });
    }
    out
}
