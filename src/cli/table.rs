//! Aligned columns of plain text.

use std::io::{Result, Write};

/// How a column stands.
#[derive(Clone, Copy)]
pub enum Align {
    Left,
    Right,
}

/// Writes rows of one length each; columns are two spaces apart, the last is not padded.
pub fn write(out: &mut dyn Write, align: &[Align], rows: &[Vec<String>]) -> Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..align.len()).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(align).zip(&widths);
        let line: Vec<String> = cells
            .map(|((cell, align), &width)| match align {
                Align::Left => format!("{cell:<width$}"),
                Align::Right => format!("{cell:>width$}"),
            })
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}
