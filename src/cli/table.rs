//! Aligned columns of plain text.

use crate::answers::Table;
use crate::lens::Array;
use crate::task::number::{fixed, significant};
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

/// How the numbers of a column are written.
#[derive(Clone, Copy)]
enum Kind {
    /// They are counts.
    Count,
    /// With three decimals all of them would be 0.
    Small,
    Other,
}

impl Kind {
    fn of(name: &str, values: impl Iterator<Item = f32>) -> Self {
        let most = values.filter(|value| value.is_finite());
        let most = most.fold(0.0f32, |most, value| most.max(value.abs()));
        match most {
            _ if name == "n" => Self::Count,
            most if most > 0.0 && most < 0.005 => Self::Small,
            _ => Self::Other,
        }
    }
}

/// A matrix `[row, col]` with its names, three decimals; what is masked stays empty, what is not defined is
/// `n/a`.
pub fn write_grid(
    out: &mut dyn Write,
    title: &str,
    rows: &[String],
    cols: &[String],
    values: &Array,
) -> Result<()> {
    let mut lines = vec![[&[title.to_owned()], cols].concat()];
    let counts: Vec<Kind> = (cols.iter().enumerate())
        .map(|(j, name)| Kind::of(name, (0..rows.len()).filter_map(|i| values.get(&[i, j]))))
        .collect();
    for (i, name) in rows.iter().enumerate() {
        let cells = values.slice(&[i]).iter().zip(&counts);
        let cells = cells.map(|(&value, kind)| match kind {
            Kind::Count if value.is_finite() => fixed(value, 0),
            Kind::Small if value.is_finite() => significant(value, 3),
            _ => number(value),
        });
        lines.push(std::iter::once(name.clone()).chain(cells).collect());
    }
    let mut align = vec![Align::Right; cols.len() + 1];
    align[0] = Align::Left;
    write(out, &align, &lines)
}

/// An answer: its title, its notes, and a grid for each layer of its values.
pub fn write_table(out: &mut dyn Write, table: &Table) -> Result<()> {
    writeln!(out, "{}", table.title)?;
    for (name, value) in &table.notes {
        writeln!(out, "{name}: {value}")?;
    }
    for (name, values) in table.layers() {
        write_grid(out, name, &table.rows, &table.cols, values)?;
    }
    Ok(())
}

/// The cells of a matrix that are largest in size, with their row and column.
pub fn write_largest(
    out: &mut dyn Write,
    count: usize,
    rows: &[String],
    cols: &[String],
    values: &Array,
) -> Result<()> {
    let cells = values.values().iter().copied().enumerate();
    let mut cells: Vec<(usize, f32)> = cells.filter(|(_, value)| value.is_finite()).collect();
    cells.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let width = cols.len().max(1);
    let line = |&(i, value): &(usize, f32)| {
        vec![
            rows[i / width].clone(),
            cols[i % width].clone(),
            number(value),
        ]
    };
    let lines: Vec<_> = cells.iter().take(count).map(line).collect();
    write(out, &[Align::Left, Align::Left, Align::Right], &lines)
}

fn number(value: f32) -> String {
    match value {
        f32::NEG_INFINITY => String::new(),
        value if !value.is_finite() => "n/a".to_owned(),
        value => fixed(value, 3),
    }
}
