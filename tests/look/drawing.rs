//! A buffer as text that shows characters and colours.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

/// Characters of each row between bars, then a letter for the style of each cell; the letters
/// are explained below, as foreground, background, attributes.
pub fn styled(buffer: &Buffer) -> String {
    let mut styles: Vec<String> = Vec::new();
    let mut out = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
        let text: String = row.iter().map(Cell::symbol).collect();
        let letters: String = row
            .iter()
            .map(|cell| letter(style(cell), &mut styles))
            .collect();
        writeln!(out, "|{text}| {letters}").unwrap();
    }
    for (index, style) in styles.iter().enumerate() {
        writeln!(out, "{} {style}", LETTERS[index] as char).unwrap();
    }
    out
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

fn letter(style: String, styles: &mut Vec<String>) -> char {
    let place = styles
        .iter()
        .position(|known| *known == style)
        .unwrap_or_else(|| {
            styles.push(style);
            styles.len() - 1
        });
    char::from(LETTERS[place])
}

fn style(cell: &Cell) -> String {
    // What colour a blank's characters would have cannot be seen.
    let is_blank = cell.symbol() == " ";
    let fg = if is_blank {
        "-".to_owned()
    } else {
        name(cell.fg)
    };
    let (bg, modifier) = (name(cell.bg), cell.modifier);
    if modifier.is_empty() {
        return format!("{fg} on {bg}");
    }
    format!("{fg} on {bg} {modifier:?}")
}

fn name(colour: Color) -> String {
    match colour {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(index) => format!("{index}"),
        Color::Reset => "-".to_owned(),
        named => format!("{named:?}"),
    }
}
