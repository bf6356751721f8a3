//! Characters only, and nothing that acts.

use proptest::prelude::*;
use ratatui::buffer::CellWidth as _;

use super::*;

#[test]
fn txt_is_the_characters_without_trailing_spaces() {
    let expected = "\
┌─ titel ─┐ ╔═╗ ┏━┓ ╭─╮
漢字 e\u{301}x ⣿⡇ █▌▀░▒▓
cccccccccc
cccccccccc  cccccccccc
m m m m m m m m m
                    <&>\"
";
    assert_eq!(text(&sampler(), FrameFormat::Txt), expected);
}

#[test]
fn txt_skips_what_a_wide_glyph_hides_and_marks_one_cut_off() {
    let row = symbols(&["漢", "hidden", "a", "字"]);
    assert_eq!(text(&row, FrameFormat::Txt), "漢a\u{fffd}\n");
}

#[test]
fn a_mark_without_a_letter_stays_in_its_own_cell() {
    let row = symbols(&["a", "\u{301}", "", "b"]);
    assert_eq!(text(&row, FrameFormat::Txt), "a \u{301} b\n");
    let before = symbols(&["❤", "\u{fe0f}x"]);
    assert_eq!(text(&before, FrameFormat::Txt), "❤x\n");
}

#[test]
fn a_buffer_that_does_not_start_at_zero_is_shown_from_its_own_corner() {
    let mut buffer = Buffer::empty(Rect::new(7, 3, 2, 2));
    buffer.set_string(7, 3, "ab", Style::new());
    buffer.set_string(8, 4, "d", Style::new());
    assert_eq!(text(&buffer, FrameFormat::Txt), "ab\n d\n");
}

#[test]
fn control_characters_reach_no_file() {
    let odd = [
        "\x1b",
        "\n",
        "\0",
        "\u{7f}",
        "\u{9b}",
        "\u{85}",
        "\t",
        "\u{2028}",
        "\u{fffe}",
        "\u{202e}x",
        "\u{2066}",
    ];
    // Those that cover no column leave no trace.
    let replaced = odd.len() - 2;
    let mut buffer = symbols(&odd);
    for format in [FrameFormat::Txt, FrameFormat::Ans, FrameFormat::Svg] {
        let shown = text(&buffer, format);
        let acting =
            |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2028}\u{2066}\u{fffe}".contains(c);
        assert!(!shown.contains(acting), "{format:?}: {shown:?}");
        assert_eq!(
            shown.matches('\u{fffd}').count(),
            replaced,
            "{format:?}: {shown:?}"
        );
    }
    assert_eq!(text(&buffer, FrameFormat::Txt).lines().count(), 1);
    buffer.content[0].set_symbol("\x1b[31m</text>");
    for format in FrameFormat::ALL {
        encode(&buffer, format, GROUND).unwrap();
    }
    let svg = text(
        &symbols(&["<", "&", "\"", "]]>", " ", " "]),
        FrameFormat::Svg,
    );
    well_formed(&svg);
    assert!(svg.contains("&lt;&amp;&quot;"), "{svg}");
}

#[test]
fn a_whole_sequence_in_a_cell_is_shown_not_obeyed() {
    let row = symbols(&["\x1b[31m", " ", " ", " ", " ", "z"]);
    assert_eq!(text(&row, FrameFormat::Txt), "\u{fffd}[31mz\n");
    assert_eq!(text(&row, FrameFormat::Ans), "\u{fffd}[31mz\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_cells_hold_no_row_grows_and_no_format_fails(
        cells in prop::collection::vec(any::<String>(), 12),
    ) {
        let mut buffer = blank(4, 3);
        for (cell, symbol) in buffer.content.iter_mut().zip(&cells) {
            cell.set_symbol(symbol);
        }
        let plain = text(&buffer, FrameFormat::Txt);
        prop_assert_eq!(plain.matches('\n').count(), 3);
        for line in plain.lines() {
            let columns: u16 = line.cell_width();
            prop_assert!(columns <= 4, "{:?}", line);
        }
        well_formed(&text(&buffer, FrameFormat::Svg));
        Pixels::of(&buffer);
    }
}
