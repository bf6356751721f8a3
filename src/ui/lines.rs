//! Which rows of a table are on screen, and where: one below the other, with headings above some.

use super::canvas::scroll_to;
use super::columns::Columns;
use crate::answers::{Alike, Table};
use std::ops::Range;

/// Where rows stand on the screen.
pub(super) struct Lines<'a> {
    pub rows: Range<usize>,
    /// Whether the first row of all stands above these, as what they are compared with.
    compared: bool,
    /// What stands above which row; above the first one what it belongs to, wherever that begins.
    pub sections: Vec<(usize, &'a str)>,
}

impl<'a> Lines<'a> {
    pub fn new(
        table: &'a Table,
        cursor: usize,
        room: u16,
        columns: &Columns,
        kinds: Alike,
    ) -> Self {
        let (room, all) = (usize::from(room), table.rows.len());
        let mut shown = room.min(all);
        loop {
            let preferred = cursor.saturating_sub(shown / 2);
            let first = scroll_to(cursor, shown, all, preferred);
            let rows = first..first + shown;
            if kinds == Alike::Columns && first > 0 && shown > 1 {
                // below the first row, which the others are compared with, there is room for one less
                let (after, shown) = (cursor.max(1), shown - 1);
                let first = scroll_to(after, shown, all, after.saturating_sub(shown / 2));
                let rows = first.max(1)..(first.max(1) + shown).min(all);
                return Self {
                    rows,
                    compared: true,
                    sections: Vec::new(),
                };
            }
            let sections = match columns.stacked {
                true => Vec::new(),
                false => sections(table, &rows),
            };
            let fits = shown + sections.len() <= room;
            if shown <= 1 || fits {
                return Self {
                    rows,
                    compared: false,
                    sections: if fits { sections } else { Vec::new() },
                };
            }
            shown -= 1;
        }
    }

    /// The row that stands above the others, where it does.
    pub fn baseline(&self) -> Option<Range<usize>> {
        self.compared.then_some(0..1)
    }

    /// All rows on screen.
    pub fn shown(&self) -> impl Iterator<Item = usize> + use<> {
        self.baseline()
            .into_iter()
            .flatten()
            .chain(self.rows.clone())
    }

    /// Whether a row is on screen.
    pub fn shows(&self, row: usize) -> bool {
        self.rows.contains(&row) || self.compared && row == 0
    }

    /// How far below the first line.
    pub fn y(&self, row: usize) -> u16 {
        if self.compared && row == 0 {
            return 0;
        }
        let above = self.sections.iter().filter(|(at, _)| *at <= row);
        (row - self.rows.start + above.count() + usize::from(self.compared)) as u16
    }

    /// Rows that stand one right below the other.
    pub fn parts(&self, rows: &Range<usize>) -> Vec<Range<usize>> {
        let cuts = self.sections.iter().map(|(at, _)| *at);
        let mut cuts: Vec<usize> = cuts.filter(|at| rows.contains(at)).collect();
        cuts.extend([rows.start, rows.end]);
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).map(|two| two[0]..two[1]).collect()
    }
}

/// The headings of these rows.
fn sections<'a>(table: &'a Table, rows: &Range<usize>) -> Vec<(usize, &'a str)> {
    let all = table.sections.iter();
    let over_first = all.clone().rfind(|(at, _)| *at <= rows.start);
    let over_first = over_first.map(|(_, name)| (rows.start, name.as_str()));
    let later = all.filter(|(at, _)| *at > rows.start && *at < rows.end);
    let later = later.map(|(at, name)| (*at, name.as_str()));
    over_first.into_iter().chain(later).collect()
}
