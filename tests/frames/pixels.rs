//! PNG.

use super::*;

const INK: (u8, u8, u8) = GROUND.fg;
const PAPER: (u8, u8, u8) = GROUND.bg;

#[test]
fn png_blocks_fill_their_part_of_the_cell_without_a_seam() {
    let pixels = Pixels::of(&symbols(&["█", "█", "▌", "▄", "─", "┼"]));
    assert_eq!((pixels.width, pixels.height), (48, 16));
    assert_eq!(pixels.count(0..16, INK), 256, "two full blocks");
    assert_eq!(pixels.count(16..20, INK), 64, "left half");
    assert_eq!(pixels.count(20..24, PAPER), 64, "right half");
    assert!((24..32).all(|x| pixels.at(x, 7) == PAPER && pixels.at(x, 8) == INK));
    assert!((32..48).all(|x| pixels.at(x, 7) == INK), "lines meet");
    assert!(
        (0..16).all(|y| pixels.at(44, y) == INK),
        "lines reach top and bottom"
    );
}

#[test]
fn png_braille_dots_lie_on_one_even_grid() {
    let mut buffer = blank(2, 2);
    for cell in &mut buffer.content {
        cell.set_symbol("⣿");
    }
    let pixels = Pixels::of(&buffer);
    for y in 0..32 {
        for x in 0..16 {
            let dot = matches!(x % 4, 1 | 2) && matches!(y % 4, 1 | 2);
            assert_eq!(pixels.at(x, y), if dot { INK } else { PAPER }, "({x}, {y})");
        }
    }
    let one = Pixels::of(&symbols(&["⢀"]));
    assert_eq!((one.at(5, 13), one.count(0..8, INK)), (INK, 4));
}

#[test]
fn png_applies_colours_and_attributes() {
    let mut buffer = symbols(&["█", "█", "█", "█", "█", "█", " ", " "]);
    buffer.content[0].set_fg(Color::Red);
    buffer.content[1].set_fg(Color::Indexed(208));
    buffer.content[2].set_fg(Color::Indexed(255));
    buffer.content[3].set_style(Style::new().fg(Color::Rgb(110, 120, 130)).dim());
    buffer.content[4].set_style(Style::new().fg(RED).bg(GREEN).reversed());
    buffer.content[5].set_style(Style::new().fg(RED).bg(GREEN).hidden());
    buffer.content[6].set_style(Style::new().fg(RED).underlined());
    buffer.content[7].set_style(Style::new().fg(RED).crossed_out());
    let pixels = Pixels::of(&buffer);
    let expected = [
        (205, 0, 0),
        (255, 135, 0),
        (238, 238, 238),
        (60, 70, 80),
        (3, 240, 4),
        (3, 240, 4),
    ];
    for (cell, colour) in expected.into_iter().enumerate() {
        assert_eq!(
            pixels.count(8 * cell..8 * cell + 8, colour),
            128,
            "cell {cell}"
        );
    }
    assert!(
        (48..56).all(|x| pixels.at(x, 15) == (250, 1, 2)),
        "underline"
    );
    assert!(
        (56..64).all(|x| pixels.at(x, 8) == (250, 1, 2)),
        "crossed out"
    );
}

#[test]
fn png_draws_letters_wide_glyphs_and_a_box_for_the_unknown() {
    let mut buffer = symbols(&["l", "l", "漢", "", "\u{10fffd}", "e", "e\u{301}", "👩", ""]);
    buffer.content[1].set_style(Style::new().bold());
    let pixels = Pixels::of(&buffer);
    let thin = pixels.count(0..8, INK);
    assert!(
        thin > 0 && pixels.count(8..16, INK) > thin,
        "bold is thicker"
    );
    assert!(
        pixels.count(16..24, INK) > 10 && pixels.count(24..32, INK) > 10,
        "both halves"
    );
    assert_eq!(
        (pixels.at(33, 2), pixels.at(38, 13), pixels.at(35, 7)),
        (INK, INK, PAPER)
    );
    assert!(
        pixels.count(48..56, INK) > pixels.count(40..48, INK),
        "the accent is drawn"
    );
    assert_eq!(
        (pixels.at(57, 2), pixels.at(70, 13), pixels.at(63, 7)),
        (INK, INK, PAPER)
    );
}
