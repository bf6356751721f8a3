//! Cursors of the panes that show matrices.

use crate::lens::{Cell, GridName};
use crate::model::Config;

/// Where the attention pane looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionView {
    /// The block.
    pub layer: usize,
    /// The head.
    pub head: usize,
    /// Scores instead of probabilities.
    pub scores: bool,
    /// The query's position.
    pub dest: usize,
    /// The key's position.
    pub src: usize,
}

impl AttentionView {
    /// Steps through the heads of all layers.
    pub fn step_head(&mut self, config: &Config, by: isize) {
        (self.layer, self.head) = step_head(config, self.layer, self.head, by);
    }
}

/// Where the pattern cell grid looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellsView {
    /// The block.
    pub layer: usize,
    /// The head.
    pub head: usize,
    /// The query's position.
    pub dest: usize,
    /// The key's position.
    pub src: usize,
}

impl CellsView {
    /// Steps through the heads of all layers.
    pub fn step_head(&mut self, config: &Config, by: isize) {
        (self.layer, self.head) = step_head(config, self.layer, self.head, by);
    }

    /// The grid's cell under the cursor.
    #[must_use]
    pub fn cell(&self) -> Cell {
        Cell {
            layer: self.layer,
            head: Some(self.head),
            pos: Some(self.dest),
            src: Some(self.src),
        }
    }
}

fn step_head(config: &Config, layer: usize, head: usize, by: isize) -> (usize, usize) {
    let total = (config.n_layers * config.n_heads).max(1);
    let flat = (layer * config.n_heads + head) as isize + by;
    let flat = flat.rem_euclid(total as isize) as usize;
    (flat / config.n_heads, flat % config.n_heads)
}

/// Where the strips look: a row is a grid (and head), a column a layer and position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StripsView {
    /// Index into [`strip_rows`].
    pub row: usize,
    /// The block.
    pub layer: usize,
    /// The position; one past the last is "all positions".
    pub column: StripColumn,
}

/// A column of a strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripColumn {
    /// One position.
    Pos(usize),
    /// All of them at once.
    All,
}

/// The strips from top to bottom: each grid, once for every head it has.
#[must_use]
pub fn strip_rows(config: &Config) -> Vec<(GridName, Option<usize>)> {
    GridName::strips(config)
        .into_iter()
        .flat_map(|grid| {
            let heads = if grid.has_heads() { config.n_heads } else { 0 };
            let by_head = (0..heads).map(move |head| (grid, Some(head)));
            let alone = (heads == 0).then_some((grid, None));
            alone.into_iter().chain(by_head)
        })
        .collect()
}

impl StripsView {
    /// The grid and cell under the cursor; `None` where a grid has no "all positions".
    #[must_use]
    pub fn cell(&self, config: &Config) -> Option<(GridName, Cell)> {
        let (grid, head) = strip_rows(config).get(self.row).copied()?;
        strip_cell(grid, head, self.layer, self.column)
    }

    /// Moves by columns, on into the next or previous layer.
    pub fn step(&mut self, config: &Config, len: usize, by: isize) {
        let width = len + 1;
        let column = match self.column {
            StripColumn::Pos(pos) => pos,
            StripColumn::All => len,
        };
        let flat = (self.layer * width + column) as isize + by;
        let flat = flat.clamp(0, (config.n_layers.max(1) * width) as isize - 1) as usize;
        self.layer = flat / width;
        self.column = match flat % width {
            last if last == len => StripColumn::All,
            pos => StripColumn::Pos(pos),
        };
    }
}

/// The cell of a strip in one column.
#[must_use]
pub fn strip_cell(
    grid: GridName,
    head: Option<usize>,
    layer: usize,
    column: StripColumn,
) -> Option<(GridName, Cell)> {
    let (grid, pos) = match column {
        StripColumn::Pos(pos) => (grid, Some(pos)),
        StripColumn::All => (grid.all_pos()?, None),
    };
    let cell = Cell {
        layer,
        head,
        pos,
        src: None,
    };
    Some((grid, cell))
}

/// How much of the tutorial's text lies over panes, where it has no room beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fold {
    /// Its first lines.
    #[default]
    Part,
    /// All of it.
    Whole,
    /// One line that names the step.
    Line,
}

impl Fold {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Part => Self::Whole,
            Self::Whole => Self::Line,
            Self::Line => Self::Part,
        }
    }
}
