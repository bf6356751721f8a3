//! Tables of whole numbers from files: safetensors, npz, JSON lines, CSV.

use super::shown;
use anyhow::{Context, ensure};
use safetensors::{Dtype, SafeTensors};
use std::io::{Cursor, Read};

/// Rows of whole numbers, each of one width.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub width: usize,
    pub numbers: Vec<i64>,
}

/// A file is read up to so many bytes, and so is what is packed in it.
const MAX_BYTES: usize = 64 << 20;

impl Table {
    pub fn rows(&self) -> usize {
        self.numbers.len().checked_div(self.width).unwrap_or(0)
    }

    pub fn row(&self, row: usize) -> &[i64] {
        &self.numbers[row * self.width..(row + 1) * self.width]
    }

    /// One of a shape `[rows]` or `[rows, width]`.
    fn of(shape: &[usize], numbers: Vec<i64>) -> anyhow::Result<Self> {
        let width = match shape {
            [_] => 1,
            [_, width] => *width,
            _ => anyhow::bail!("the shape {shape:?} is not [rows, positions]"),
        };
        Ok(Self { width, numbers })
    }

    fn push(&mut self, row: Vec<i64>, line: usize) -> anyhow::Result<()> {
        if self.numbers.is_empty() {
            self.width = row.len();
        }
        ensure!(
            row.len() == self.width && self.width > 0,
            "line {line} has {} numbers where the first has {}",
            row.len(),
            self.width
        );
        self.numbers.extend(row);
        Ok(())
    }
}

/// The tokens and the targets of a file.
pub(super) fn read(bytes: &[u8]) -> anyhow::Result<(Table, Table)> {
    ensure!(
        bytes.len() <= MAX_BYTES,
        "the file has {} bytes, at most {MAX_BYTES} are read",
        bytes.len()
    );
    if bytes.starts_with(b"PK\x03\x04") {
        return npz(bytes);
    }
    if bytes.get(8) == Some(&b'{') && bytes.get(..8).is_some_and(|len| len[4..] == [0; 4]) {
        return safetensors(bytes);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| anyhow::anyhow!("it is neither safetensors, npz, JSON lines nor CSV"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        json_lines(text)
    } else {
        csv(text)
    }
}

fn safetensors(bytes: &[u8]) -> anyhow::Result<(Table, Table)> {
    let file = SafeTensors::deserialize(bytes).context("it is no safetensors file")?;
    let table = |name: &str| {
        let tensor = file
            .tensor(name)
            .map_err(|_| anyhow::anyhow!("there is no tensor `{name}`"))?;
        let (kind, signed) = match tensor.dtype() {
            Dtype::I64 | Dtype::U64 => (8, true),
            Dtype::I32 => (4, true),
            Dtype::U32 => (4, false),
            Dtype::I16 => (2, true),
            Dtype::U16 => (2, false),
            Dtype::I8 => (1, true),
            Dtype::U8 => (1, false),
            other => anyhow::bail!("`{name}` is {other:?}, and no whole numbers"),
        };
        Table::of(tensor.shape(), numbers(tensor.data(), kind, signed))
    };
    Ok((table("tokens")?, table("targets")?))
}

/// Little-endian whole numbers of so many bytes.
fn numbers(bytes: &[u8], width: usize, signed: bool) -> Vec<i64> {
    let one = |bytes: &[u8]| {
        let negative = signed && bytes.last().is_some_and(|&last| last >= 0x80);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        wide[..bytes.len()].copy_from_slice(bytes);
        i64::from_le_bytes(wide)
    };
    bytes.chunks_exact(width).map(one).collect()
}

fn npz(bytes: &[u8]) -> anyhow::Result<(Table, Table)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).context("it is no npz file")?;
    let mut table = |name: &str| {
        let entry = archive.by_name(&format!("{name}.npy"));
        let entry = entry.map_err(|error| {
            anyhow::anyhow!("no array `{name}` can be read ({error}); write both by np.savez")
        })?;
        let mut array = Vec::new();
        // a small file may unpack to a large one
        entry.take(MAX_BYTES as u64 + 1).read_to_end(&mut array)?;
        ensure!(
            array.len() <= MAX_BYTES,
            "array `{name}` has more than {MAX_BYTES} bytes"
        );
        npy(&array).with_context(|| format!("array `{name}`"))
    };
    Ok((table("tokens")?, table("targets")?))
}

/// An array as numpy writes it: a line that says what it is, and its numbers.
fn npy(bytes: &[u8]) -> anyhow::Result<Table> {
    let is_one = bytes.starts_with(b"\x93NUMPY") && bytes.len() > 12;
    ensure!(is_one, "it is no array of numpy");
    let (start, len): (usize, usize) = match bytes[6] {
        1 => (10, usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))),
        _ => (
            12,
            u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize,
        ),
    };
    let header = bytes
        .get(start..start.saturating_add(len))
        .context("it is cut off")?;
    let header = std::str::from_utf8(header).context("its header is no text")?;
    let after = |key: &str| {
        header
            .split_once(key)
            .map_or("", |(_, rest)| rest.trim_start_matches([':', ' ', '\'']))
    };
    let kind = after("'descr'").split('\'').next().unwrap_or("");
    ensure!(
        !after("'fortran_order'").starts_with("True"),
        "its columns lie one behind the other; write np.ascontiguousarray(x)"
    );
    let (signed, width) = match kind.get(1..) {
        Some("i8" | "u8") => (true, 8),
        Some("i4") => (true, 4),
        Some("u4") => (false, 4),
        Some("i2") => (true, 2),
        Some("u2") => (false, 2),
        Some("i1") => (true, 1),
        // truth values are 0 and 1
        Some("u1" | "b1") => (false, 1),
        _ => anyhow::bail!("it holds '{}', and no whole numbers", shown(kind)),
    };
    ensure!(!kind.starts_with('>'), "its numbers are big-endian");
    let shape = after("'shape'")
        .trim_start_matches('(')
        .split(')')
        .next()
        .unwrap_or("");
    let shape = shape
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let shape: Vec<usize> = shape
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context("its shape")?;
    let numbers = numbers(&bytes[start + len..], width, signed);
    let due = shape
        .iter()
        .try_fold(1usize, |all, &one| all.checked_mul(one));
    ensure!(due == Some(numbers.len()), "it is cut off");
    Table::of(&shape, numbers)
}

fn json_lines(text: &str) -> anyhow::Result<(Table, Table)> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Targets {
        Some(Vec<Option<i64>>),
        One(Option<i64>),
    }
    #[derive(serde::Deserialize)]
    struct Row {
        tokens: Vec<i64>,
        targets: Targets,
    }
    let (mut tokens, mut targets) = (Table::default(), Table::default());
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_str(line)
            .map_err(|error| anyhow::anyhow!("line {number}: {error}"))?;
        tokens.push(row.tokens, number)?;
        let all = match row.targets {
            Targets::Some(all) => all,
            Targets::One(one) => vec![one],
        };
        let ids = all.into_iter().map(|id| id.unwrap_or(-1));
        targets.push(ids.collect(), number)?;
    }
    Ok((tokens, targets))
}

fn csv(text: &str) -> anyhow::Result<(Table, Table)> {
    let mut lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let (_, names) = lines.next().context("the file is empty")?;
    let is_target: Vec<bool> = names
        .split(',')
        .map(|name| name.trim().trim_matches('"').starts_with("target"))
        .collect();
    ensure!(
        is_target.contains(&true) && is_target.contains(&false),
        "the first line names no targets, as t_0,t_1,target_0"
    );
    let (mut tokens, mut targets) = (Table::default(), Table::default());
    for (number, line) in lines {
        let cells: Vec<&str> = line
            .split(',')
            .map(|cell| cell.trim().trim_matches('"'))
            .collect();
        ensure!(
            cells.len() == is_target.len(),
            "line {number} has {} cells where the first has {}",
            cells.len(),
            is_target.len()
        );
        let mut row = (Vec::new(), Vec::new());
        for (cell, is_target) in cells.into_iter().zip(&is_target) {
            let id: i64 = match cell {
                "" if *is_target => -1,
                _ => cell.parse().map_err(|_| {
                    anyhow::anyhow!("line {number}: '{}' is no whole number", shown(cell))
                })?,
            };
            let side = if *is_target { &mut row.1 } else { &mut row.0 };
            side.push(id);
        }
        tokens.push(row.0, number)?;
        targets.push(row.1, number)?;
    }
    Ok((tokens, targets))
}
