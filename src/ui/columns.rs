//! Where the columns of a table stand: as wide as their headings where there is room, else under
//! headings in two rows, with what they share above; layers side by side or one above the other.

use crate::answers::Table;
use ratatui::layout::Rect;

/// Columns of the rows' names, at most, unless the screen has room for more.
const MAX_LABEL: u16 = 20;
/// Columns of a cell, from narrow to wide.
const CELLS: [u16; 3] = [6, 7, 8];
/// The widest heading that a column is widened for.
const MAX_HEADING: u16 = 14;
/// Columns that a layer needs to stand beside another.
const LEAST_COLUMNS: usize = 4;
/// What is kept for a layer beside the first one.
const BESIDE: u16 = 16;
/// Between layers side by side: a mark for columns off screen on either side.
const GAP: u16 = 2;

/// The columns of a table's layers, as many as there is room for.
pub(super) struct Columns {
    /// Of the rows' names.
    pub label: u16,
    /// Of the mark behind each number, where some are to be careful with.
    pub mark: u16,
    widths: Vec<u16>,
    /// Columns of each layer on screen, and the first of them.
    pub shown: usize,
    pub first: usize,
    /// Layers on screen, and whether they stand one above the other.
    pub layers: usize,
    pub stacked: bool,
    /// Rows above the cells: the layer's name, what headings share, the headings.
    pub named: bool,
    pub split: bool,
}

impl Columns {
    /// `alike`: all columns are equally wide.
    pub fn new(table: &Table, area: Rect, cursor: usize, alike: bool) -> Self {
        let most = MAX_LABEL.max(area.width * 2 / 5).min(area.width);
        let label = label(table).min(most);
        // a last column for the marks of what is off screen
        let room = (area.width - label).saturating_sub(1);
        let wanted = table.layers().count() as u16;
        let headings = Headings::new(table, alike);
        let each = |layers: u16| (room.saturating_sub(GAP * (layers - 1))) / layers;
        let narrow = headings.widths(0);
        let all_abreast = total(&narrow) <= each(wanted);
        let least = total(&narrow[..narrow.len().min(LEAST_COLUMNS)]);
        // how far numbers may be off stands beside them where it takes no column from them
        let layers = table.layers();
        let own = layers.filter(|(name, _)| !Table::is_spread(name)).count() as u16;
        let needed = |n: u16| if n > own { total(&narrow) } else { least };
        let mut all = (1..=wanted).rev();
        let abreast = all.find(|&n| needed(n) <= each(n)).unwrap_or(1);
        let rows = u16::try_from(table.rows.len()).unwrap_or(u16::MAX);
        let high = rows.saturating_add(2 + u16::from(headings.can_split()));
        let above = (area.height / high).min(wanted);
        let stacked = wanted > 1 && !all_abreast && above >= abreast;
        let layers = if stacked { above } else { abreast };
        let each = each(if stacked { 1 } else { layers });
        let (widths, split) = headings.that_fit(each);
        let (first, shown) = visible(&widths, each, cursor);
        Self {
            label,
            mark: headings.mark,
            widths,
            shown,
            first,
            layers: layers.into(),
            stacked,
            named: wanted > 1,
            split,
        }
    }

    /// What a table needs so that all columns of its first layer are on screen: a few with all their digits, of more
    /// each as narrow as it can be.
    pub fn needed(table: &Table) -> u16 {
        let step = if table.cols.len() < LEAST_COLUMNS {
            2
        } else {
            0
        };
        let narrow = Headings::new(table, true).widths(step);
        let more = if table.beside.is_empty() { 0 } else { BESIDE };
        label(table)
            .min(MAX_LABEL)
            .saturating_add(total(&narrow))
            .saturating_add(1 + more)
    }

    /// Rows above the cells.
    pub fn head(&self) -> u16 {
        1 + u16::from(self.named) + u16::from(self.split)
    }

    /// The columns on screen.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.shown
    }

    /// Of a column's numbers.
    pub fn width(&self, column: usize) -> u16 {
        let width = self.widths.get(column).copied().unwrap_or(0);
        width.saturating_sub(self.mark)
    }

    /// How far right of the first one a column on screen begins.
    pub fn offset(&self, column: usize) -> u16 {
        total(&self.widths[self.first..column])
    }

    /// Where a layer stands.
    pub fn place(&self, area: Rect, layer: usize, rows: usize) -> Rect {
        let width = self.offset(self.first + self.shown);
        let (x, layer) = (area.x + self.label, layer as u16);
        let place = if self.stacked {
            let height = rows as u16 + self.head();
            Rect {
                x,
                y: area.y + layer * height,
                width,
                height,
            }
        } else {
            Rect {
                x: x + layer * (width + GAP),
                width,
                ..area
            }
        };
        place.intersection(area)
    }
}

/// Columns of the rows' names, and of what they are where all rows are values of one kind.
fn label(table: &Table) -> u16 {
    let names = table.rows.iter().chain(table.row_axis());
    let longest = names.map(|name| name.chars().count()).max();
    u16::try_from(longest.unwrap_or(0) + 1).unwrap_or(u16::MAX)
}

fn total(widths: &[u16]) -> u16 {
    widths
        .iter()
        .fold(0, |sum, width| width.saturating_add(sum))
}

/// The first column and how many are seen, so that the cursor is among them, in the middle if it can.
fn visible(widths: &[u16], room: u16, cursor: usize) -> (usize, usize) {
    let widest = widths.iter().max().copied().unwrap_or(1).max(1);
    let last = widths.len().saturating_sub(1);
    let target = (cursor + usize::from(room / widest / 2)).min(last);
    let fits = |first: &usize| total(&widths[*first..=target]) <= room;
    let first = (0..=cursor.min(last))
        .find(|first| widths.is_empty() || fits(first))
        .unwrap_or(cursor.min(last));
    let mut used = 0;
    let seen = widths.iter().skip(first).take_while(|&&width| {
        used = width.saturating_add(used);
        used <= room
    });
    (first, seen.count().max(usize::from(!widths.is_empty())))
}

/// How wide the headings are, whole and without what they share.
struct Headings {
    mark: u16,
    whole: Vec<u16>,
    tails: Vec<u16>,
}

impl Headings {
    fn new(table: &Table, alike: bool) -> Self {
        let mark = u16::from(!table.flagged.is_empty());
        let needed = |text: &str| (text.chars().count() as u16).min(MAX_HEADING) + 1 + mark;
        let names = || table.cols.iter();
        let mut whole: Vec<u16> = names().map(|name| needed(name)).collect();
        let groups: Vec<&str> = names().map(|name| split_heading(name).0).collect();
        // what several columns share stands over all of them, what only one has in its own width
        let alone = |at: usize| {
            let same =
                |other: Option<usize>| other.and_then(|at| groups.get(at)) == Some(&groups[at]);
            !same(at.checked_sub(1)) && !same(Some(at + 1))
        };
        let tail = |(at, name): (usize, &String)| {
            let (group, tail) = split_heading(name);
            let group = if alone(at) { needed(group) } else { 0 };
            needed(tail).max(group)
        };
        let mut tails: Vec<u16> = names().enumerate().map(tail).collect();
        for widths in [&mut whole, &mut tails] {
            let most = widths.iter().max().copied().unwrap_or(0);
            if alike {
                widths.fill(most);
            }
        }
        Self { mark, whole, tails }
    }

    /// The narrowest widths, but no cell below this one.
    fn widths(&self, step: usize) -> Vec<u16> {
        let least = CELLS[step] + self.mark;
        self.tails.iter().map(|&width| width.max(least)).collect()
    }

    /// The widest of all columns that fit, and whether their headings take two rows.
    fn that_fit(&self, room: u16) -> (Vec<u16>, bool) {
        let sets = [&self.whole, &self.tails].into_iter();
        let sets = sets.enumerate().flat_map(|(i, set)| {
            let steps = CELLS.into_iter().rev();
            steps.map(move |cell| {
                let least = cell + self.mark;
                (set.iter().map(|&width| width.max(least)).collect(), i == 1)
            })
        });
        let mut sets =
            sets.map(|(widths, split): (Vec<u16>, bool)| (widths, split && self.can_split()));
        let found = sets.find(|(widths, _)| total(widths) <= room);
        found.unwrap_or_else(|| (self.widths(0), self.can_split()))
    }

    /// Whether two rows make some of them shorter.
    fn can_split(&self) -> bool {
        self.whole != self.tails
    }
}

/// A heading by what several share and what is its own: `acc b_0`, `0.0<a_1`.
pub(super) fn split_heading(name: &str) -> (&str, &str) {
    match name.split_once([' ', '<']) {
        Some((group, tail)) if !tail.is_empty() => (group, tail),
        _ => ("", name),
    }
}
