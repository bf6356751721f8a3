//! Names of positions over columns, however narrow: no two of a prompt look the same, and a number
//! in a name is whole or not there.

use super::canvas::Canvas;
use super::theme::Role;
use ratatui::layout::Rect;

/// Columns up to here are too narrow for a name in one row.
const NARROW: u16 = 2;

/// Rows that names take over columns of this width.
pub(super) const fn rows_of(cell_width: u16) -> u16 {
    if cell_width > NARROW { 1 } else { 2 }
}

/// Columns under names: where they stand, which are seen, and the one to stand out.
pub(super) struct Names<'a> {
    /// Over the first column; as high as there are rows for names.
    pub area: Rect,
    pub labels: &'a [String],
    pub first: usize,
    pub cell_width: u16,
    pub current: Option<usize>,
}

impl Names<'_> {
    /// Letters above and numbers below where columns are narrow, else whole names, in the lowest
    /// rows.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        let (area, width) = (self.area, self.cell_width);
        let in_two = rows_of(width) == 2;
        if area.height == 0 || width == 0 {
            return;
        }
        let shown = usize::from(area.width / width);
        // where all are numbers of one name, the name says nothing
        let named = self.labels.iter().filter(|label| *label != ALL);
        let mut names = named.map(|label| parts(label).0);
        let first = names.next();
        let alike = names.all(|name| Some(name) == first);
        let labels = self.labels.iter().enumerate().skip(self.first).take(shown);
        for (slot, (i, label)) in (0..).zip(labels) {
            let here = self.current == Some(i);
            let role = if here { Role::Accent } else { Role::Muted };
            let style = canvas.look.style(role);
            let x = area.x + slot * width;
            let mut put = |text: &str, above: u16| {
                if above < area.height && !text.is_empty() {
                    let columns = usize::from(width);
                    let text = format!("{text:>columns$}");
                    canvas.text(x, area.bottom() - 1 - above, area, &text, style);
                }
            };
            if !in_two {
                put(&short(label, usize::from(width) - 1), 0);
                continue;
            }
            let (letters, number) = parts(label);
            if alike && label != ALL {
                let (tens, ones) = number.split_at(number.len().saturating_sub(1));
                let tens: String = tens.chars().next_back().into_iter().collect();
                put(ones, 0);
                if area.height > 1 {
                    put(&tens, 1);
                }
                continue;
            }
            let letter: String = match label.as_str() {
                ALL => "*".to_owned(),
                _ => letters.chars().take(1).collect(),
            };
            put(&letter, area.height.min(2) - 1);
            // two digits over two columns would run into their neighbours
            let has_room = number.len() == 1 || number.len() < usize::from(width);
            if area.height > 1 && has_room {
                put(number, 0);
            }
        }
    }
}

/// The name of the column of all positions.
pub(super) const ALL: &str = "all";

/// A name in so many columns: `nl_0`, `nl0`, `n0`.
fn short(label: &str, room: usize) -> String {
    let (letters, number) = parts(label);
    let left = room.saturating_sub(number.len());
    if label.len() <= room {
        label.to_owned()
    } else if label == ALL {
        "*".to_owned()
    } else if number.len() <= room {
        let letters: String = letters.chars().take(left).collect();
        letters + number
    } else {
        String::new()
    }
}

/// `nl_0` as `nl` and `0`.
fn parts(label: &str) -> (&str, &str) {
    label.split_once('_').unwrap_or((label, ""))
}
