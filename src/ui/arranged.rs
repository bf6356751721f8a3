//! Where the strips of the patching grids stand: the layers beside each other, or one below the other.

use super::layout::{STRIP_LABEL, WIDEST_STRIP, strips_width};
use super::positions::rows_of;
use ratatui::layout::Rect;

/// Columns of a layer's short name and the blank behind it.
const NAMED_GAP: u16 = 3;

/// Rows of a cell so wide, at most: one twice as wide as high is a square.
pub(super) fn highest(cell: u16) -> u16 {
    (cell / 2).clamp(2, 4)
}

/// Where the layers' cells stand: beside each other, or one below the other where they are wider
/// then and the pane is high enough for all.
pub(super) struct Arranged {
    /// Columns and rows of a cell.
    pub cell: u16,
    pub high: u16,
    /// Rows above the cells: the layers' names and the positions'.
    pub top: u16,
    /// Columns of a layer, its gap included.
    block: u16,
    /// Columns between two layers: where there is room, those of a layer's short name.
    pub gap: u16,
    pub stacked: bool,
    /// Layers and rows of cells on screen.
    pub layers: usize,
    pub rows: usize,
}

impl Arranged {
    pub fn new(inner: Rect, rows: u16, len: u16, layers: u16) -> Self {
        // the widest cells with which so many layers fit, else as wide as is legible
        let widest = |layers| {
            let mut cells = (1..=WIDEST_STRIP).rev();
            let fits = cells.find(|&cell| strips_width(len, layers, cell) <= inner.width + 1);
            fits.unwrap_or(2)
        };
        let (abreast, alone) = (widest(layers), widest(1));
        let stacked = alone > abreast && alone > 3 && inner.height >= layers * (rows + 1);
        let cell = if stacked { alone } else { abreast };
        let wider = layers.saturating_mul(NAMED_GAP - 1);
        let spread = strips_width(len, layers, cell).saturating_add(wider);
        let gap = match !stacked && spread <= inner.width + NAMED_GAP {
            true => NAMED_GAP,
            false => 1,
        };
        let block = (len + 1) * cell + gap;
        let top = match stacked {
            true => 1,
            // a grid that goes on below has its positions named all the same
            false => (inner.height.saturating_sub(rows))
                .max(match inner.height {
                    ..=3 => 0,
                    // letters alone would be the same over many columns
                    4..=7 => 1,
                    _ => rows_of(cell),
                })
                .min(1 + rows_of(cell)),
        };
        let blocks = if stacked { layers } else { 1 };
        let below_top = (inner.height / blocks).saturating_sub(top);
        let high = (below_top / rows.max(1)).clamp(1, highest(cell));
        let abreast = (inner.width + gap).saturating_sub(STRIP_LABEL) / block;
        Self {
            cell,
            high,
            top,
            block,
            gap,
            stacked,
            layers: if stacked {
                layers
            } else {
                abreast.clamp(1, layers.max(1))
            }
            .into(),
            rows: (below_top / high).min(rows).into(),
        }
    }

    /// The cells of a layer, counted from the first on screen.
    pub fn place(&self, inner: Rect, slot: usize) -> Rect {
        let slot = slot as u16;
        let whole = self.top + self.rows as u16 * self.high;
        let (right, down) = match self.stacked {
            true => (0, slot * whole),
            false => (slot * self.block, 0),
        };
        let height = match self.stacked {
            true => whole - self.top,
            false => inner.height.saturating_sub(self.top),
        };
        Rect {
            x: inner.x + STRIP_LABEL + right,
            y: inner.y + down + self.top,
            width: self.block - self.gap,
            height,
        }
        .intersection(inner)
    }

    /// Columns of cells that fit into the pane.
    pub fn columns(&self, inner: Rect) -> usize {
        usize::from(
            inner
                .width
                .saturating_sub(STRIP_LABEL)
                .min(self.block - self.gap)
                / self.cell,
        )
    }
}
