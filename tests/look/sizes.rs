//! Every size of area, offset and cell: nothing breaks, nothing is drawn outside.

use circuitscope::ui::colour::Depth;
use circuitscope::ui::heatmap::{Beyond, HeatCell, Heatmap, MAX_CELL, Scale, legend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::dark;

const SENTINEL: &str = "@";

/// A buffer with room around `area`, filled with a character that the heatmap never draws.
fn canvas(area: Rect) -> Buffer {
    let mut blank = ratatui::buffer::Cell::default();
    blank.set_symbol(SENTINEL);
    Buffer::filled(Rect::new(0, 0, area.right() + 3, area.bottom() + 2), blank)
}

#[test]
fn whole_cells_only_and_never_outside() {
    for depth in [Depth::True, Depth::None] {
        let look = dark(depth, false);
        for (width, height) in (0..=40).flat_map(|w| (0..=6).map(move |h| (w, h))) {
            for cell_width in (0..=9).chain(MAX_CELL - 1..=MAX_CELL + 2) {
                let area = Rect::new(2, 1, width, height);
                let mut buffer = canvas(area);
                let heatmap = Heatmap {
                    look: &look,
                    rows: 4,
                    columns: 5,
                    cell_width,
                    cell_height: 1,
                    scale: Scale::Diverging { max: 2.0 },
                    cursor: Some((1, 1)),
                    stale: false,
                    value: &|row, column| HeatCell::Value(row as f32 - column as f32),
                };
                heatmap.render(area, &mut buffer, 1, 1);
                let cell = cell_width.clamp(1, MAX_CELL);
                let drawn = Rect::new(2, 1, (width / cell).min(4) * cell, height.min(3));
                for (x, y) in buffer.area.positions().map(Into::into) {
                    let is_drawn = buffer[(x, y)].symbol() != SENTINEL;
                    let inside = drawn.contains((x, y).into());
                    assert_eq!(is_drawn, inside, "{area} cells of {cell_width}: {x},{y}");
                }
            }
        }
    }
}

#[test]
fn areas_and_offsets_beyond_the_grid_and_the_screen_are_clipped() {
    let look = dark(Depth::True, false);
    let asked = std::cell::RefCell::new(Vec::new());
    let heatmap = Heatmap {
        look: &look,
        rows: 3,
        columns: 3,
        cell_width: 3,
        cell_height: 1,
        scale: Scale::Sequential { max: 0.0 },
        cursor: Some((usize::MAX, usize::MAX)),
        stale: true,
        value: &|row, column| {
            asked.borrow_mut().push((row, column));
            HeatCell::Value(0.0)
        },
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, 7, 2));
    heatmap.render(Rect::new(0, 0, u16::MAX, u16::MAX), &mut buffer, 2, 1);
    assert_eq!(asked.take(), [(2, 1), (2, 2)]);
    for offset in [(3, 0), (0, 3), (usize::MAX, usize::MAX)] {
        heatmap.render(Rect::new(0, 0, 7, 2), &mut buffer, offset.0, offset.1);
    }
    heatmap.render(Rect::new(50, 50, 7, 2), &mut buffer, 0, 0);
    assert_eq!(asked.take(), []);
}

#[test]
fn a_legend_is_exactly_as_wide_as_asked() {
    let scales = [
        Scale::Sequential { max: 1.0 },
        Scale::Diverging { max: 18.02 },
        Scale::Diverging { max: 0.0 },
        Scale::Sequential { max: f32::NAN },
        Scale::Sequential { max: f32::INFINITY },
    ];
    for depth in Depth::ALL {
        for (scale, ascii) in scales.into_iter().flat_map(|s| [(s, false), (s, true)]) {
            for width in 0..=40 {
                for marked in [false, true] {
                    let beyond = Beyond {
                        below: marked,
                        above: marked,
                    };
                    let line = legend(&dark(depth, ascii), scale, beyond, width);
                    let text = line.to_string();
                    assert_eq!(text.width(), usize::from(width), "{text:?}");
                    assert!(!ascii || text.is_ascii(), "{text:?}");
                }
            }
        }
    }
}

#[test]
fn a_legend_shows_its_ends() {
    let text = |scale, depth, ascii| {
        let none = Beyond::default();
        legend(&dark(depth, ascii), scale, none, 20).to_string()
    };
    let (sequential, diverging) = (
        Scale::Sequential { max: 1.0 },
        Scale::Diverging { max: 2.5 },
    );
    assert_eq!(text(sequential, Depth::True, false), "0 ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇ 1");
    assert_eq!(text(diverging, Depth::True, false), "-2.5 ▇▇▇▇▇▇▇▇▇▇ +2.5");
    assert_eq!(text(diverging, Depth::True, true), "-2.5            +2.5");
    assert_eq!(text(sequential, Depth::None, false), "0  ░░░▒▒▒▒▓▓▓▓████ 1");
    assert_eq!(text(diverging, Depth::None, false), "-2.5 ≡≡=~-░▒▓██ +2.5");
    assert_eq!(text(diverging, Depth::None, true), "-2.5 %%=~-.:+## +2.5");
}

/// Where a scale is clipped the bar's end is no largest number.
#[test]
fn a_legend_says_at_which_end_numbers_lie_beyond_it() {
    let sequential = Scale::Sequential { max: 3.2 };
    let text = |scale: Scale, values: &[f32], depth, ascii| {
        let beyond = scale.beyond(values.iter().copied());
        legend(&dark(depth, ascii), scale, beyond, 20).to_string()
    };
    let far = [0.5, 3.2, 1000.0, f32::NAN];
    assert_eq!(
        text(sequential, &far, Depth::True, false),
        "0 ▇▇▇▇▇▇▇▇▇▇▇▇ ≥ 3.2"
    );
    assert_eq!(
        text(sequential, &far, Depth::None, true),
        "0  ..::+++### >= 3.2"
    );
    // an end that numbers reach is theirs
    assert_eq!(
        text(sequential, &[0.5, 3.2], Depth::True, false),
        "0 ▇▇▇▇▇▇▇▇▇▇▇▇▇▇ 3.2"
    );
    let diverging = Scale::Diverging { max: 2.5 };
    assert_eq!(
        text(diverging, &[-9.0, 1.0], Depth::True, false),
        "≤ -2.5 ▇▇▇▇▇▇▇▇ +2.5"
    );
    // where what grows is drawn as what shrinks elsewhere, the larger end is at the left
    let swapped = Scale::From {
        base: 0.0,
        reach: -2.0,
    };
    let found = text(swapped, &[5.0], Depth::True, false);
    assert!(
        found.starts_with("≥ +2 ") && found.ends_with(" -2"),
        "{found}"
    );
}
