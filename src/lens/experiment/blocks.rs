//! Patching grids in blocks: what is looked at is computed first, and of a grid that is too large nothing else.

use super::grid::{Cell, Grid, GridName, indices};
use crate::lens::names::head::HeadName;
use crate::lens::numbers::array::Array;
use std::collections::BTreeMap;

/// What of the grids is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InView {
    /// The layer of the grids of layer by position.
    pub layer: usize,
    /// The head whose attention cells are patched.
    pub head: HeadName,
}

/// A block of a grid: all cells of a layer, or of a head where the cells are those of its attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Which grid's.
    pub grid: GridName,
    /// Which, counted along the axes that it does not have.
    pub at: usize,
}

/// The axes along which a grid is cut.
fn leading(grid: GridName) -> usize {
    match grid {
        GridName::PatternDestSrc => 2,
        _ => 1,
    }
}

fn flat(index: &[usize], shape: &[usize]) -> usize {
    let axes = index.iter().zip(shape);
    axes.fold(0, |flat, (&at, &len)| flat * len + at)
}

impl Block {
    /// All blocks of a grid of that shape, in its order.
    pub fn all(grid: GridName, shape: &[usize]) -> impl Iterator<Item = Self> + use<> {
        let count = shape[..leading(grid)].iter().product();
        (0..count).map(move |at| Self { grid, at })
    }

    /// The one of what is looked at, of a grid of that shape.
    #[must_use]
    pub fn in_view(grid: GridName, shape: &[usize], view: InView) -> Self {
        let at = match leading(grid) {
            1 => view.layer,
            _ => flat(&[view.head.layer, view.head.head], shape),
        };
        Self { grid, at }
    }

    /// How many cells it has, of a grid of that shape.
    #[must_use]
    pub fn len(self, shape: &[usize]) -> usize {
        shape[leading(self.grid)..].iter().product()
    }

    /// Its cells, in the order of a grid of that shape.
    #[must_use]
    pub fn cells(self, shape: &[usize]) -> Vec<Cell> {
        let (lead, rest) = shape.split_at(leading(self.grid));
        let index = indices(lead).nth(self.at).unwrap_or_default();
        let cell = |within: Vec<usize>| self.grid.cell(&[&index[..], &within].concat());
        indices(rest).map(cell).collect()
    }
}

/// A block with its values, in its grid's order.
pub type Filled = (Block, Vec<f32>);

/// Blocks of grids, and how many are still to come by themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gridded {
    /// Those that were computed.
    pub blocks: Vec<Filled>,
    /// So many are still to come.
    pub left: usize,
}

/// What there is of grids that are not whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blocks {
    shapes: BTreeMap<GridName, Vec<usize>>,
    known: BTreeMap<Block, Vec<f32>>,
    /// How many blocks are still to come by themselves.
    pub left: usize,
}

impl Blocks {
    /// Nothing of these grids yet.
    pub(crate) fn new(shapes: BTreeMap<GridName, Vec<usize>>, left: usize) -> Self {
        let known = BTreeMap::new();
        Self {
            shapes,
            known,
            left,
        }
    }

    /// Whether grids are not whole, some perhaps for good.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// A cell's value, where its block is there.
    #[must_use]
    pub fn get(&self, grid: GridName, cell: Cell) -> Option<f32> {
        let (index, shape) = (grid.index(cell), self.shapes.get(&grid)?);
        let lead = leading(grid);
        let at = flat(&index[..lead], shape);
        let values = self.known.get(&Block { grid, at })?;
        values.get(flat(&index[lead..], &shape[lead..])).copied()
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = f32> + use<'_> {
        self.known.values().flatten().copied()
    }

    /// Takes a block, and gives back its grid where that is whole now.
    pub fn take(&mut self, block: Block, values: Vec<f32>) -> Option<Grid> {
        let name = block.grid;
        let shape = self.shapes.get(&name)?.clone();
        self.known.insert(block, values);
        if !Block::all(name, &shape).all(|one| self.known.contains_key(&one)) {
            return None;
        }
        self.shapes.remove(&name);
        let parts = Block::all(name, &shape).filter_map(|one| self.known.remove(&one));
        let values = Array::from_values(shape.clone(), parts.flatten().collect());
        Some(Grid { name, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: usize = 3;

    fn value(cell: Cell) -> f32 {
        let (pos, src) = (cell.pos.unwrap_or(9), cell.src.unwrap_or(9));
        (cell.layer * 1000 + cell.head.unwrap_or(9) * 100 + pos * 10 + src) as f32
    }

    #[test]
    fn blocks_in_any_order_come_to_the_grid() {
        for (grid, shape) in [
            (GridName::ResidPre, vec![2, LEN]),
            (GridName::Z, vec![2, LEN, 4]),
            (GridName::Pattern, vec![2, 4, LEN]),
            (GridName::PatternDestSrc, vec![2, 4, LEN, LEN]),
            (GridName::ZAllPos, vec![2, 4]),
        ] {
            let shapes = BTreeMap::from([(grid, shape.clone())]);
            let mut blocks = Blocks::new(shapes, 0);
            let mut all: Vec<Block> = Block::all(grid, &shape).collect();
            all.reverse();
            let mut whole = None;
            for (i, &block) in all.iter().enumerate() {
                let cells = block.cells(&shape);
                assert!(cells.iter().all(|&cell| blocks.get(grid, cell).is_none()));
                whole = blocks.take(block, cells.iter().copied().map(value).collect());
                assert_eq!(whole.is_some(), i + 1 == all.len(), "{grid:?}");
                if whole.is_none() {
                    let told = |&cell: &Cell| blocks.get(grid, cell) == Some(value(cell));
                    assert!(cells.iter().all(told), "{grid:?}");
                }
            }
            let whole = whole.map(|grid| grid.values);
            let right = indices(&shape).map(|index| value(grid.cell(&index)));
            let right = Array::from_values(shape.clone(), right.collect());
            assert_eq!(whole, Some(right), "{grid:?}");
        }
    }
}
