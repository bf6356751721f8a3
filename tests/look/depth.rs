//! How many colours there are, and how a frame is brought down to them.

use circuitscope::ui::colour::{Depth, detect, quantise, wants_ascii};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

type Environment<'a> = &'a [(&'a str, &'a str)];

fn variable(environment: Environment<'_>, name: &str) -> Option<String> {
    let found = environment.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| (*value).to_owned())
}

#[test]
fn the_depth_follows_flag_then_environment() {
    let table: &[(Option<Depth>, Environment<'_>, Depth)] = &[
        (
            Some(Depth::True),
            &[("NO_COLOR", "1"), ("TERM", "dumb")],
            Depth::True,
        ),
        (
            Some(Depth::None),
            &[("COLORTERM", "truecolor")],
            Depth::None,
        ),
        (
            None,
            &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")],
            Depth::None,
        ),
        (
            None,
            &[("NO_COLOR", ""), ("COLORTERM", "truecolor")],
            Depth::True,
        ),
        (
            None,
            &[("COLORTERM", "24bit"), ("TERM", "xterm")],
            Depth::True,
        ),
        (
            None,
            &[("COLORTERM", "yes"), ("TERM", "xterm-256color")],
            Depth::Indexed,
        ),
        (None, &[("TERM", "screen-256color-bce")], Depth::Indexed),
        (None, &[("TERM", "xterm-direct")], Depth::True),
        (None, &[("TERM", "xterm")], Depth::Ansi),
        (None, &[("TERM", "linux")], Depth::Ansi),
        (None, &[("TERM", "dumb")], Depth::None),
        (None, &[("TERM", "")], Depth::None),
        (None, &[], Depth::None),
    ];
    for (flag, environment, depth) in table {
        let found = detect(*flag, |name| variable(environment, name));
        assert_eq!(found, *depth, "{flag:?} {environment:?}");
    }
}

#[test]
fn ascii_follows_flag_then_the_first_locale_that_is_set() {
    let table: &[(bool, Environment<'_>, bool)] = &[
        (true, &[("LANG", "en_GB.UTF-8")], true),
        (false, &[("LANG", "en_GB.UTF-8")], false),
        (false, &[("LANG", "de_DE.utf8")], false),
        (false, &[("LANG", "C.UTF-8"), ("LC_ALL", "C")], true),
        (false, &[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], false),
        (false, &[("LANG", "de_DE.ISO-8859-1"), ("LC_ALL", "")], true),
        (false, &[("LANG", "POSIX")], true),
        (false, &[], false),
    ];
    for (flag, environment, ascii) in table {
        let found = wants_ascii(*flag, |name| variable(environment, name));
        assert_eq!(found, *ascii, "{flag} {environment:?}");
    }
}

#[test]
fn depths_are_read_as_they_are_written() {
    for depth in Depth::ALL {
        assert_eq!(depth.to_string().parse::<Depth>().unwrap(), depth);
    }
    let error = "8".parse::<Depth>().unwrap_err().to_string();
    assert_eq!(
        error,
        "\"8\" is no colour depth; it is one of 24bit, 256, 16, none"
    );
}

/// The colours of one cell with `symbol` after the last pass.
fn pass(symbol: &str, fg: Color, bg: Color, depth: Depth) -> (Color, Color) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
    buffer.set_string(0, 0, symbol, Style::new().fg(fg).bg(bg));
    quantise(&mut buffer, depth);
    (buffer.content[0].fg, buffer.content[0].bg)
}

#[test]
fn colours_become_the_nearest_there_are() {
    let (fg, bg) = (Color::Rgb(255, 125, 105), Color::Rgb(16, 20, 27));
    assert_eq!(pass("x", fg, bg, Depth::True), (fg, bg));
    let indexed = (Color::Indexed(209), Color::Indexed(233));
    assert_eq!(pass("x", fg, bg, Depth::Indexed), indexed);
    assert_eq!(
        pass("x", fg, bg, Depth::Ansi),
        (Color::LightRed, Color::Black)
    );
    assert_eq!(pass("x", fg, bg, Depth::None), (Color::Reset, Color::Reset));
    // Exact members of the palette stay themselves, greys included.
    for (rgb, index) in [
        ((95, 135, 175), 67),
        ((8, 8, 8), 232),
        ((255, 255, 255), 231),
    ] {
        let rgb = Color::Rgb(rgb.0, rgb.1, rgb.2);
        assert_eq!(
            pass("x", Color::Reset, rgb, Depth::Indexed).1,
            Color::Indexed(index)
        );
    }
    let indexed = pass("x", Color::Indexed(196), Color::Indexed(0), Depth::Ansi);
    assert_eq!(indexed, (Color::LightRed, Color::Indexed(0)));
    // what could not be read there is black or white
    let indexed = pass("x", Color::Indexed(196), Color::Indexed(3), Depth::Ansi);
    assert_eq!(indexed, (Color::Black, Color::Indexed(3)));
}

#[test]
fn sixteen_colours_keep_the_hue() {
    let table = [
        ((108, 182, 255), Color::LightBlue),
        ((27, 56, 104), Color::Blue),
        ((255, 174, 87), Color::Yellow),
        ((95, 211, 168), Color::Green),
        ((201, 160, 255), Color::LightMagenta),
        ((194, 24, 126), Color::Magenta),
        ((42, 154, 152), Color::Cyan),
        ((179, 38, 30), Color::Red),
        ((59, 70, 85), Color::DarkGray),
        ((128, 139, 155), Color::DarkGray),
        ((215, 220, 229), Color::Gray),
        ((252, 251, 248), Color::White),
        ((16, 20, 27), Color::Black),
    ];
    for ((red, green, blue), named) in table {
        let found = pass("x", Color::Reset, Color::Rgb(red, green, blue), Depth::Ansi).1;
        assert_eq!(found, named, "{red} {green} {blue}");
    }
}

#[test]
fn text_never_vanishes() {
    let (nearly, black) = (Color::Rgb(24, 28, 36), Color::Rgb(16, 20, 27));
    assert_eq!(
        pass("x", nearly, black, Depth::Ansi),
        (Color::White, Color::Black)
    );
    let (dark, darker) = (Color::Rgb(9, 9, 9), Color::Rgb(8, 8, 8));
    let found = pass("x", dark, darker, Depth::Indexed);
    assert_eq!(found, (Color::Indexed(231), Color::Indexed(232)));
    let (yellow, paper) = (Color::Rgb(138, 90, 0), Color::Rgb(252, 251, 248));
    assert_eq!(
        pass("x", yellow, paper, Depth::Ansi),
        (Color::Black, Color::White)
    );
    // Grey on paper was meant to stand back, and still does.
    let grey = Color::Rgb(190, 192, 196);
    assert_eq!(
        pass("x", grey, paper, Depth::Ansi),
        (Color::DarkGray, Color::White)
    );
}

#[test]
fn areas_of_colour_may_vanish() {
    let black = Color::Rgb(16, 20, 27);
    for block in ["█", "▇", "▐", "▀", " "] {
        let found = pass(block, Color::Rgb(24, 28, 36), black, Depth::Ansi);
        assert_eq!(found, (Color::Black, Color::Black), "{block}");
    }
}

#[test]
fn no_colours_leave_bold_and_reversed() {
    let modifiers = Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED;
    let style = Style::new()
        .fg(Color::Red)
        .bg(Color::Rgb(1, 2, 3))
        .underline_color(Color::Rgb(9, 9, 9))
        .add_modifier(modifiers);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 2));
    buffer.set_style(buffer.area, style);
    quantise(&mut buffer, Depth::None);
    for cell in &buffer.content {
        let colours = [cell.fg, cell.bg, cell.underline_color];
        assert_eq!((colours, cell.modifier), ([Color::Reset; 3], modifiers));
    }
}
