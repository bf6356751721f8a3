//! The heatmap, every character and every colour.

use circuitscope::ui::colour::{Depth, quantise};
use circuitscope::ui::heatmap::{HeatCell, Heatmap, Scale};
use circuitscope::ui::look::Look;
use circuitscope::ui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::dark;
use crate::drawing::styled;

/// Two rows with one of everything.
const CELLS: [[HeatCell; 5]; 2] = [
    [
        HeatCell::Value(0.0),
        HeatCell::Value(0.12),
        HeatCell::Value(0.9981),
        HeatCell::Masked,
        HeatCell::NotAvailable,
    ],
    [
        HeatCell::Value(-0.55),
        HeatCell::Value(f32::NAN),
        HeatCell::Value(f32::INFINITY),
        HeatCell::Value(f32::NEG_INFINITY),
        HeatCell::Value(0.4),
    ],
];

const UNIT: Scale = Scale::Diverging { max: 1.0 };

/// How [`CELLS`] look, in cells of `cell_width` columns.
struct Case {
    look: Look,
    cell_width: u16,
    scale: Scale,
    cursor: Option<(usize, usize)>,
    stale: bool,
}

impl Case {
    fn new(look: Look, cell_width: u16) -> Self {
        Self {
            look,
            cell_width,
            scale: UNIT,
            cursor: None,
            stale: false,
        }
    }

    fn draw(&self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 5 * self.cell_width, 2));
        let heatmap = Heatmap {
            look: &self.look,
            rows: 2,
            columns: 5,
            cell_width: self.cell_width,
            cell_height: 1,
            scale: self.scale,
            cursor: self.cursor,
            stale: self.stale,
            value: &|row, column| CELLS[row][column],
        };
        heatmap.render(buffer.area, &mut buffer, 0, 0);
        quantise(&mut buffer, self.look.depth);
        buffer
    }

    /// The characters of both rows.
    fn text(&self) -> [String; 2] {
        let buffer = self.draw();
        let row = |y| {
            (0..buffer.area.width)
                .map(|x| buffer[(x, y)].symbol())
                .collect()
        };
        [row(0), row(1)]
    }
}

/// All widths from 1 to 6, with the cursor on a value, then all of that stale.
fn gallery(depth: Depth, ascii: bool) -> String {
    let mut out = String::new();
    for (stale, cell_width) in [false, true]
        .into_iter()
        .flat_map(|s| (1..=6).map(move |w| (s, w)))
    {
        let mut case = Case::new(dark(depth, ascii), cell_width);
        (case.stale, case.cursor) = (stale, Some((1, 4)));
        let state = if stale { ", stale" } else { "" };
        out += &format!("width {cell_width}{state}\n{}\n", styled(&case.draw()));
    }
    out
}

#[test]
fn every_depth_and_width_as_stored() {
    for depth in Depth::ALL {
        insta::assert_snapshot!(format!("heatmap_{depth}"), gallery(depth, false));
        insta::assert_snapshot!(format!("heatmap_{depth}_ascii"), gallery(depth, true));
    }
}

#[test]
fn numbers_of_one_heatmap_line_up() {
    let text = |scale, width| {
        let mut case = Case::new(dark(Depth::True, false), width);
        case.scale = scale;
        case.text()
    };
    assert_eq!(
        text(UNIT, 6),
        [
            "  .000 +.120 +.998   ·    n/a ",
            " -.550  n/a   +inf  -inf +.400",
        ]
        .map(str::to_owned)
    );
    assert_eq!(
        text(UNIT, 4),
        [" .00 .12 1.0  ·  n/a", " -.6 n/a inf -in .40"].map(str::to_owned)
    );
    assert_eq!(
        text(UNIT, 3),
        [" .0 .1 +1 ·  ? ", "  - ?  in -i .4"].map(str::to_owned)
    );
    let wide = Scale::Diverging { max: 18.0 };
    assert_eq!(text(wide, 5)[0], "    0   .1  1.0  ·   n/a ");
    let attention = Scale::Sequential { max: 1.0 };
    assert_eq!(text(attention, 3)[0], " .0 .1  1 ·  ? ");
    assert_eq!(text(attention, 4)[0], " .00 .12 1.0  ·  n/a");
}

#[test]
fn numbers_never_touch() {
    for depth in Depth::ALL {
        for width in 3..=8 {
            for scale in [
                UNIT,
                Scale::Diverging { max: 60.0 },
                Scale::Sequential { max: 1.0 },
            ] {
                let mut case = Case::new(dark(depth, true), width);
                case.scale = scale;
                for row in case.text() {
                    for cell in row.as_bytes().chunks(width.into()) {
                        assert_eq!(cell[0], b' ', "{row:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn without_colours_narrow_cells_speak() {
    let text = |width, ascii, scale| {
        let mut case = Case::new(dark(Depth::None, ascii), width);
        case.scale = scale;
        case.text()
    };
    let attention = Scale::Sequential { max: 1.0 };
    assert_eq!(text(1, false, UNIT), [" ░█·?", "=?█≡▒"].map(str::to_owned));
    assert_eq!(text(1, true, UNIT), [" .#'?", "=?#%:"].map(str::to_owned));
    assert_eq!(
        text(2, false, UNIT),
        ["  +░+█ · ?", "-▓ ?+█-█+▒"].map(str::to_owned)
    );
    assert_eq!(
        text(2, true, attention),
        [".0.1.9 . ?", ".0 ?1..0.4"].map(str::to_owned)
    );
}

#[test]
fn tenths_are_cut_off_not_rounded_and_not_lost_to_single_precision() {
    let look = dark(Depth::None, false);
    for tenth in 0_u16..=9 {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        let heatmap = Heatmap {
            look: &look,
            rows: 1,
            columns: 1,
            cell_width: 2,
            cell_height: 1,
            scale: Scale::Sequential { max: 1.0 },
            cursor: None,
            stale: false,
            value: &|_, _| HeatCell::Value(f32::from(tenth) / 10.0),
        };
        heatmap.render(buffer.area, &mut buffer, 0, 0);
        assert_eq!(buffer[(1, 0)].symbol(), tenth.to_string());
    }
}

#[test]
fn the_colour_of_a_cell_is_that_of_its_value() {
    for theme in Theme::shipped() {
        let look = Look {
            theme: theme.clone(),
            depth: Depth::True,
            ascii: false,
        };
        for width in 1..=8 {
            let buffer = Case::new(look.clone(), width).draw();
            let colour = |fraction: f64| Color::from(theme.diverging(fraction));
            for (column, fraction) in [(0, 0.0), (1, 0.12), (2, 0.9981)] {
                assert_eq!(buffer[(column * width, 0)].bg, colour(fraction));
            }
            // What is beyond the scale has the colour of its end, what is no value has none.
            let below: Vec<Color> = (0..5)
                .map(|column| buffer[(column * width, 1)].bg)
                .collect();
            let ground = Color::from(theme.ground.bg);
            assert_eq!(
                below,
                [
                    colour(-0.55),
                    ground,
                    colour(1.0),
                    colour(-1.0),
                    colour(0.4)
                ]
            );
            assert_eq!(
                [buffer[(3 * width, 0)].bg, buffer[(4 * width, 0)].bg],
                [ground; 2]
            );
        }
    }
}

#[test]
fn numbers_can_be_read_on_their_colour() {
    for theme in Theme::shipped() {
        let look = Look {
            theme: theme.clone(),
            depth: Depth::True,
            ascii: false,
        };
        for step in -20_i16..=20 {
            let value = f32::from(step) / 20.0;
            for (stale, least) in [(false, 4.5), (true, 2.8)] {
                let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
                let heatmap = Heatmap {
                    look: &look,
                    rows: 1,
                    columns: 1,
                    cell_width: 4,
                    cell_height: 1,
                    scale: UNIT,
                    cursor: None,
                    stale,
                    value: &|_, _| HeatCell::Value(value),
                };
                heatmap.render(buffer.area, &mut buffer, 0, 0);
                let [fg, bg] = [buffer[(3, 0)].fg, buffer[(3, 0)].bg].map(rgb);
                // A zero stands back.
                let least = if step == 0 { 2.0 } else { least };
                let found = fg.contrast(bg);
                assert!(found >= least, "{} {value} {stale}: {found:.2}", theme.name);
            }
        }
    }
}

fn rgb(colour: Color) -> circuitscope::ui::rgb::Rgb {
    match colour {
        Color::Rgb(red, green, blue) => circuitscope::ui::rgb::Rgb(red, green, blue),
        other => unreachable!("{other} is no 24-bit colour"),
    }
}

#[test]
fn the_cursor_cannot_be_missed() {
    for depth in Depth::ALL {
        for (width, ascii) in (1..=6).flat_map(|width| [(width, false), (width, true)]) {
            for cursor in [(0, 0), (0, 2), (0, 3), (1, 1)] {
                let mut case = Case::new(dark(depth, ascii), width);
                let without = case.draw();
                case.cursor = Some(cursor);
                let with = case.draw();
                let (x, y) = (cursor.1 as u16 * width, cursor.0 as u16);
                for column in x..x + width {
                    let (cell, other) = (&with[(column, y)], &without[(column, y)]);
                    assert!(cell.modifier.contains(Modifier::BOLD));
                    if depth == Depth::None {
                        assert!(cell.modifier.contains(Modifier::REVERSED));
                    } else if width >= 3 && without[(x, y)].symbol() == " " {
                        // a wide one keeps its colour, is underlined, and has a mark before its number
                        assert_eq!(cell.bg, other.bg, "{depth} {width} {cursor:?}");
                        assert!(cell.modifier.contains(Modifier::UNDERLINED));
                        assert_ne!(with[(x, y)].symbol(), " ");
                    } else {
                        assert_ne!(cell.bg, other.bg, "{depth} {width} {cursor:?}");
                    }
                }
                let differing = with.diff(&without).len();
                assert_eq!(
                    differing,
                    usize::from(width),
                    "only the cursor's cell differs"
                );
            }
        }
    }
}

#[test]
fn a_narrow_cell_keeps_its_colour_under_the_cursor() {
    let mut case = Case::new(dark(Depth::True, false), 2);
    case.cursor = Some((0, 2));
    let buffer = case.draw();
    let theme = &case.look.theme;
    let cell = &buffer[(4, 0)];
    assert_eq!(
        (cell.symbol(), cell.fg),
        ("▐", theme.diverging(0.9981).into())
    );
    assert_eq!(Some(cell.bg), case.look.style(Role::Cursor).bg);
}

#[test]
fn stale_values_move_halfway_to_the_ground() {
    let mut case = Case::new(dark(Depth::True, false), 4);
    case.stale = true;
    let theme = case.look.theme.clone();
    let half = theme.diverging(0.9981).blend(theme.ground.bg, 0.5);
    assert_eq!(case.draw()[(8, 0)].bg, half.into());
    case.look.depth = Depth::None;
    assert!(
        case.draw()
            .content
            .iter()
            .all(|cell| cell.modifier.contains(Modifier::DIM))
    );
}

#[test]
fn zero_masked_and_missing_look_different() {
    for (depth, ascii) in Depth::ALL.into_iter().flat_map(|d| [(d, false), (d, true)]) {
        for width in 1..=6 {
            let buffer = Case::new(dark(depth, ascii), width).draw();
            let text = |column: u16| -> String {
                (0..width)
                    .map(|x| buffer[(column * width + x, 0)].symbol())
                    .collect()
            };
            let (zero, masked, missing) = (text(0), text(3), text(4));
            let case = format!("{depth} {width}");
            assert!(
                zero != masked && masked != missing && missing != zero,
                "{case}"
            );
            assert!(
                !ascii || [zero, masked, missing].iter().all(|text| text.is_ascii()),
                "{case}"
            );
        }
    }
}

#[test]
fn every_number_can_be_read_in_every_theme() {
    for theme in Theme::shipped() {
        let look = Look {
            theme: theme.clone(),
            ..dark(Depth::True, false)
        };
        for step in -40..=40_i16 {
            let value = f32::from(step) / 40.0;
            let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
            let heatmap = Heatmap {
                look: &look,
                rows: 1,
                columns: 1,
                cell_width: 6,
                cell_height: 1,
                scale: UNIT,
                cursor: None,
                stale: false,
                value: &|_, _| HeatCell::Value(value),
            };
            heatmap.render(buffer.area, &mut buffer, 0, 0);
            let cell = &buffer[(5, 0)];
            let rgb = |colour: Color| match colour {
                Color::Rgb(r, g, b) => circuitscope::ui::rgb::Rgb(r, g, b),
                _ => unreachable!("all colours are at hand"),
            };
            let contrast = rgb(cell.fg).contrast(rgb(cell.bg));
            assert!(contrast >= 4.5, "{} {value}: {contrast:.2}", theme.name);
        }
    }
}
