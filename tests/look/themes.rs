//! The shipped themes: complete, readable, and safe for eyes that do not see all colours.

use circuitscope::findings::frame::{FrameFormat, encode};
use circuitscope::ui::colour::{Depth, quantise};
use circuitscope::ui::rgb::Rgb;
use circuitscope::ui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::{Block, Widget as _};

use crate::dark;

const DARK: &str = include_str!("../../assets/themes/dark.json");

/// Colours along a scale from `start` to 1.
fn along(colour: impl Fn(f64) -> Rgb, start: f64) -> Vec<Rgb> {
    let place = |step: i32| start + (1.0 - start) * f64::from(step) / 64.0;
    (0..=64).map(|step| colour(place(step))).collect()
}

fn distance(one: Rgb, two: Rgb) -> f64 {
    let (one, two) = (one.lab(), two.lab());
    (one.l - two.l).hypot(one.a - two.a).hypot(one.b - two.b)
}

/// What an eye without green cones sees (Machado, Oliveira and Fernandes 2009, full severity).
fn deuteranopia(colour: Rgb) -> Rgb {
    let [r, g, b] = colour.linear();
    Rgb::from_linear([
        0.367_322 * r + 0.860_646 * g - 0.227_968 * b,
        0.280_085 * r + 0.672_501 * g + 0.047_413 * b,
        -0.011_820 * r + 0.042_940 * g + 0.968_881 * b,
    ])
}

#[test]
fn the_shipped_themes_are_found_by_name() {
    let names: Vec<&str> = Theme::shipped()
        .iter()
        .map(|theme| theme.name.as_str())
        .collect();
    assert_eq!(names, ["dark", "light", "high-contrast"]);
    for name in names {
        assert_eq!(Theme::named(name).unwrap().name, name);
    }
    let error = Theme::named("neon").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no theme \"neon\"; there are dark, light, high-contrast"
    );
}

#[test]
fn a_theme_is_read_strictly() {
    assert!(Theme::parse(DARK).is_ok());
    let broken = [
        (DARK.replace("\"muted\"", "\"mutted\""), "mutted"),
        (
            DARK.replace("\"stale\": { \"fg\": \"#5f6a79\" },", ""),
            "lacks the role Stale",
        ),
        (DARK.replace("#d7dce5", "#d7dce"), "is not a colour"),
        (DARK.replace("#d7dce5", "#+7dce5"), "is not a colour"),
        (DARK.replace("#d7dce5", "red"), "is not a colour"),
        ("{}".to_owned(), "missing field"),
    ];
    for (json, complaint) in broken {
        let error = format!("{:#}", Theme::parse(&json).unwrap_err());
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn lightness_grows_steadily_away_from_the_ground() {
    for theme in Theme::shipped() {
        let ground = theme.ground.bg.lab().l;
        let arms = [
            along(|x| theme.sequential(x), 0.0),
            along(|x| theme.diverging(x), 0.0),
            along(|x| theme.diverging(-x), 0.0),
        ];
        for arm in arms {
            let away: Vec<f64> = arm.iter().map(|c| (c.lab().l - ground).abs()).collect();
            assert!(
                away.is_sorted_by(|one, two| one < two),
                "{}: {away:?}",
                theme.name
            );
        }
    }
}

#[test]
fn nothing_is_near_the_ground_and_neutral() {
    for theme in Theme::shipped() {
        for zero in [theme.sequential(0.0), theme.diverging(0.0)] {
            assert!(zero.contrast(theme.ground.bg) < 1.15, "{}", theme.name);
            assert!(zero.lab().chroma() < 0.03, "{}", theme.name);
        }
        assert!(
            distance(theme.sequential(1.0), theme.ground.bg) > 0.5,
            "{}",
            theme.name
        );
    }
}

#[test]
fn the_ends_differ_for_every_eye() {
    for theme in Theme::shipped() {
        for see in [|colour| colour, deuteranopia] {
            // Weak signs differ too, if less.
            for (amount, least) in [(1.0, 0.15), (0.66, 0.15), (0.33, 0.06)] {
                let found = distance(see(theme.diverging(-amount)), see(theme.diverging(amount)));
                assert!(found > least, "{} {amount}: {found}", theme.name);
            }
            let ends = distance(see(theme.sequential(0.0)), see(theme.sequential(1.0)));
            assert!(ends > 0.4, "{}: {ends}", theme.name);
        }
    }
}

#[test]
fn blue_is_positive_with_256_and_with_16_colours() {
    for theme in Theme::shipped() {
        for depth in [Depth::Indexed, Depth::Ansi] {
            for step in 8..=16 {
                let amount = f64::from(step) / 16.0;
                let yellowness = |x: f64| on_screen(theme.diverging(x), depth).lab().b;
                let case = format!("{} {depth} {amount}", theme.name);
                assert!(yellowness(amount) < -0.02, "{case}");
                assert!(yellowness(-amount) > 0.02, "{case}");
            }
        }
    }
}

/// A colour as a pixel of a picture of the quantised frame shows it.
fn on_screen(colour: Rgb, depth: Depth) -> Rgb {
    let look = dark(depth, false);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
    buffer.set_style(buffer.area, Style::new().bg(colour.into()));
    quantise(&mut buffer, depth);
    let png = encode(&buffer, FrameFormat::Png, look.ground()).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    Rgb(pixels[0], pixels[1], pixels[2])
}

#[test]
fn every_role_can_be_read() {
    for theme in Theme::shipped() {
        for role in Role::ALL {
            let paint = theme.paint(role);
            let contrast = paint.fg.contrast(paint.bg.unwrap_or(theme.ground.bg));
            let least = match role {
                // Lines, and numbers about to be replaced.
                Role::Border | Role::Stale => 1.7,
                _ => 4.5,
            };
            assert!(contrast >= least, "{} {role:?}: {contrast:.2}", theme.name);
        }
    }
}

#[test]
fn roles_are_told_apart_without_colours() {
    let look = dark(Depth::None, false);
    for role in Role::ALL {
        let style = look.style(role);
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
    assert_eq!(look.base(), Style::new());
    let modifiers = |role| look.style(role).add_modifier;
    assert!(modifiers(Role::Cursor).contains(Modifier::REVERSED));
    assert_ne!(modifiers(Role::Focus), modifiers(Role::Border));
    assert_ne!(modifiers(Role::Bad), modifiers(Role::Good));
    assert_ne!(modifiers(Role::Title), modifiers(Role::Text));
    let colour = dark(Depth::True, false).style(Role::Cursor);
    assert_eq!(colour.bg, Some(Color::Rgb(0xff, 0x79, 0xd1)));
}

#[test]
fn bars_are_exact_and_fill_their_width() {
    let fancy = dark(Depth::True, false);
    let table = [
        (0.0, "    "),
        (1.0 / 32.0, "▏   "),
        (0.5, "██  "),
        (0.72, "██▉ "),
        (1.0, "████"),
        (7.0, "████"),
        (-1.0, "    "),
        (f64::NAN, "    "),
    ];
    for (fraction, bar) in table {
        assert_eq!(fancy.bar(fraction, 4), bar, "{fraction}");
    }
    assert_eq!(dark(Depth::True, true).bar(0.72, 4), "=== ");
    assert_eq!(fancy.bar(0.5, 0), "");
}

#[test]
fn borders_follow_the_characters_at_hand() {
    let draw = |ascii, focused| {
        let look = dark(Depth::None, ascii);
        let set = if focused {
            look.focused_borders()
        } else {
            look.borders()
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 3));
        Block::bordered()
            .border_set(set)
            .render(buffer.area, &mut buffer);
        let bytes = encode(&buffer, FrameFormat::Txt, look.ground()).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(draw(false, false), "╭──╮\n│  │\n╰──╯\n");
    assert_eq!(draw(false, true), "┏━━┓\n┃  ┃\n┗━━┛\n");
    assert_eq!(draw(true, false), "+--+\n|  |\n+--+\n");
    assert_eq!(draw(true, true), "+==+\n|  |\n+==+\n");
}
