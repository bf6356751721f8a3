//! Characters with terminal codes.

use super::*;

use std::num::NonZeroU16;

/// The colour a terminal remembers for one of ours.
fn remembered(colour: Color) -> vt100::Color {
    let named = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Color::Reset => vt100::Color::Default,
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        Color::Indexed(index) => vt100::Color::Idx(index),
        name => {
            let code = named.iter().position(|&known| known == name).unwrap();
            vt100::Color::Idx(u8::try_from(code).unwrap())
        }
    }
}

fn compare(ours: &Cell, theirs: &vt100::Cell, place: (u16, u16)) {
    let has = |modifier| ours.modifier.contains(modifier);
    let characters = if theirs.has_contents() {
        theirs.contents()
    } else {
        " "
    };
    assert_eq!(characters, ours.symbol(), "characters at {place:?}");
    assert_eq!(
        theirs.bgcolor(),
        remembered(ours.bg),
        "background at {place:?}"
    );
    // A blank shows no foreground; what a terminal remembers of it does not matter.
    if ours.symbol() != " " {
        assert_eq!(
            theirs.fgcolor(),
            remembered(ours.fg),
            "foreground at {place:?}"
        );
    }
    assert_eq!(theirs.bold(), has(Modifier::BOLD), "bold at {place:?}");
    assert_eq!(theirs.dim(), has(Modifier::DIM), "dim at {place:?}");
    assert_eq!(
        theirs.italic(),
        has(Modifier::ITALIC),
        "italic at {place:?}"
    );
    assert_eq!(
        theirs.underline(),
        has(Modifier::UNDERLINED),
        "underline at {place:?}"
    );
    assert_eq!(
        theirs.inverse(),
        has(Modifier::REVERSED),
        "reversed at {place:?}"
    );
}

#[test]
fn a_terminal_reads_the_codes_back_as_the_same_screen() {
    let buffer = sampler();
    let area = *buffer.area();
    let size = |n| NonZeroU16::new(n).unwrap();
    let mut terminal = vt100::Parser::new(size(area.height + 1), size(area.width), 0);
    let codes = text(&buffer, FrameFormat::Ans).replace('\n', "\r\n");
    terminal.process(codes.as_bytes());
    for y in 0..area.height {
        for x in 0..area.width {
            let theirs = terminal.screen().cell(y, x).unwrap();
            if !theirs.is_wide_continuation() {
                compare(&buffer[(x, y)], theirs, (x, y));
            }
        }
    }
}

#[test]
fn codes_are_written_once_per_change_and_undone_at_each_line_end() {
    let mut buffer = blank(6, 2);
    buffer.set_string(0, 0, "abc", Style::new().fg(Color::Red).bg(GREEN).bold());
    buffer.set_string(
        3,
        0,
        "de",
        Style::new().fg(Color::Indexed(9)).bg(GREEN).bold(),
    );
    buffer.set_string(0, 1, "x", Style::new().fg(Color::LightRed).crossed_out());
    buffer.set_string(1, 1, "y", Style::new().bg(Color::White).crossed_out());
    let expected = "\x1b[1m\x1b[31m\x1b[48;2;3;240;4mabc\x1b[38;5;9mde\x1b[0m\n\
                    \x1b[9m\x1b[91mx\x1b[39m\x1b[107my\x1b[0m\n";
    assert_eq!(text(&buffer, FrameFormat::Ans), expected);
}

#[test]
fn an_underline_of_its_own_colour_keeps_it() {
    let mut buffer = symbols(&["u"]);
    buffer.content[0].set_style(Style::new().underlined().underline_color(RED));
    let expected = "\x1b[4m\x1b[58:2::250:1:2mu\x1b[0m\n";
    assert_eq!(text(&buffer, FrameFormat::Ans), expected);
    assert_eq!(Pixels::of(&buffer).at(4, 15), (250, 1, 2));
}
