//! The picture of a whole screen: the SVG, drawn by a renderer of this test's own, has the pixels
//! of the PNG; a page and a figure hold what they must.

use crate::program::{refused, stdout};
use crate::workbench::{look, press, workbench, workbench_in};
use circuitscope::findings::frame::{FrameFormat, encode};
use circuitscope::ui::frame;
use ratatui::buffer::Buffer;
use std::fs;

type Rgb = [u8; 3];

/// Pixels, row by row.
struct Picture {
    width: usize,
    pixels: Vec<Rgb>,
}

impl Picture {
    fn of_png(bytes: &[u8]) -> Self {
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        let mut reader = decoder.read_info().unwrap();
        let mut raw = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut raw).unwrap();
        Self {
            width: info.width as usize,
            pixels: raw.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect(),
        }
    }

    /// Every rectangle and every filled path of upright rectangles, in the order of the file.
    fn of_svg(svg: &str) -> Self {
        let size = |name: &str| -> usize { attribute(svg, name).parse().unwrap() };
        let (width, height) = (size("width"), size("height"));
        let mut picture = Self {
            width,
            pixels: vec![[0; 3]; width * height],
        };
        for tag in svg.split('<').skip(2) {
            if tag.starts_with("rect ") {
                let n = |name: &str| -> usize { attribute(tag, name).parse().unwrap() };
                let place = [n("x"), n("y"), n("width"), n("height")];
                picture.fill(place, colour(attribute(tag, "fill")));
            } else if tag.starts_with("path fill=") {
                let ink = colour(attribute(tag, "fill"));
                for part in attribute(tag, "d")
                    .split('z')
                    .filter(|part| !part.is_empty())
                {
                    // M x y h w v h h -w
                    let numbers = part.trim_start_matches('M').split([' ', 'h', 'v']);
                    let n: Vec<usize> = numbers.take(4).map(|n| n.parse().unwrap()).collect();
                    picture.fill([n[0], n[1], n[2], n[3]], ink);
                }
            }
        }
        picture
    }

    fn fill(&mut self, [x, y, width, height]: [usize; 4], ink: Rgb) {
        for row in y..y + height {
            self.pixels[row * self.width + x..][..width].fill(ink);
        }
    }

    fn cell(&self, column: usize, row: usize) -> Vec<Rgb> {
        let rows = (row * 16..row * 16 + 16).flat_map(|y| {
            let start = y * self.width + column * 8;
            self.pixels[start..start + 8].iter().copied()
        });
        rows.collect()
    }
}

/// The value of an attribute, the first of that name.
fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let start = format!(" {name}=\"");
    let (_, rest) = tag.split_once(start.as_str()).unwrap();
    rest.split('"').next().unwrap()
}

fn colour(hex: &str) -> Rgb {
    let part = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    [part(1), part(3), part(5)]
}

fn most_frequent(cell: &[Rgb]) -> Rgb {
    let count = |ink: &Rgb| cell.iter().filter(|other| *other == ink).count();
    *cell.iter().max_by_key(|ink| count(ink)).unwrap()
}

/// What must be the same to the pixel: grounds, lines, blocks. Round corners are strokes.
fn is_shape(symbol: &str) -> bool {
    matches!(symbol, " " | "")
        || symbol.chars().all(|c| {
            matches!(c, '\u{2500}'..='\u{259f}')
                && !matches!(c, '╭' | '╮' | '╯' | '╰' | '░' | '▒' | '▓')
        })
}

fn check(buffer: &Buffer) {
    let ground = look().ground();
    let svg = encode(buffer, FrameFormat::Svg, ground).unwrap();
    let svg = Picture::of_svg(std::str::from_utf8(&svg).unwrap());
    let png = Picture::of_png(&encode(buffer, FrameFormat::Png, ground).unwrap());
    assert_eq!((svg.width, svg.pixels.len()), (png.width, png.pixels.len()));
    let mut shapes = 0;
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            let [a, b] = [&svg, &png].map(|picture| picture.cell(x.into(), y.into()));
            if is_shape(symbol) {
                assert!(a == b, "'{symbol}' at {x},{y}");
                shapes += usize::from(!symbol.trim().is_empty());
            } else if !buffer[(x, y)]
                .modifier
                .intersects(ratatui::style::Modifier::UNDERLINED)
            {
                assert_eq!(
                    most_frequent(&a),
                    most_frequent(&b),
                    "behind '{symbol}' at {x},{y}"
                );
            }
        }
    }
    assert!(shapes > 100, "only {shapes} shapes were compared");
}

#[test]
fn the_drawing_has_the_pixels_of_the_picture() {
    for keys in ["", "tab tab tab right enter", "F", "?"] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), 2);
        press(&mut bench, keys);
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            check(&frame(&bench.state, &look(), width, height));
        }
    }
}

#[test]
fn a_page_holds_the_drawing_and_needs_nothing_else() {
    let buffer = frame(&workbench(1).state, &look(), 120, 40);
    let [page, svg] = [FrameFormat::Html, FrameFormat::Svg].map(|format| {
        String::from_utf8(encode(&buffer, format, look().ground()).unwrap()).unwrap()
    });
    assert!(page.starts_with("<!doctype html>") && page.contains(&svg));
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
}

#[test]
fn figures_are_as_large_as_their_numbers_and_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let render = |name: &str, flags: &[&str]| {
        let path = folder.path().join(name);
        let path = path.to_str().unwrap();
        stdout_or_nothing(&[&["render", "-o", path], flags].concat());
        fs::read_to_string(path).unwrap()
    };
    // 50 tokens are wider than any terminal
    let text = render("logits.txt", &["--pane", "--figure", "--keys", "tab"]);
    assert!(
        text.lines().any(|line| line.chars().count() > 350),
        "cut off"
    );
    for part in [
        "logits",
        "↓ position",
        "→ token",
        "run: clean",
        "clean: BOS",
        "metric: b_",
        "metric values: clean",
        "model hash: ",
        "b_2",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = render(
        "screen.txt",
        &[
            "--figure",
            "--keys",
            "tab tab tab right enter",
            "--size",
            "100x30",
        ],
    );
    assert!(text.contains("intervention: patch blocks.1") && text.contains("patching denoise"));
    let text = render(
        "pane.txt",
        &["--pane", "--keys", "tab tab", "--size", "90x26"],
    );
    assert_eq!(text.lines().count(), 26);
    assert!(text.starts_with("┏ attention") && !text.contains("circuitscope"));
    let svg = render("figure.svg", &["--pane", "--figure", "--keys", "tab tab"]);
    let ground = svg.split("<rect").nth(1).unwrap();
    let light = colour(attribute(ground, "fill"))
        .iter()
        .all(|&part| part > 220);
    assert!(light, "{ground}");
    let path = folder.path().join("none.svg");
    refused(
        &["render", "--pane", "--figure", "-o", path.to_str().unwrap()],
        "this pane has no table",
    );
    assert!(!path.exists());
}

/// A command that says nothing where all is well.
fn stdout_or_nothing(args: &[&str]) {
    let output = crate::program::output(args);
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
}

#[test]
fn the_tutorials_findings_look_as_their_sessions_do() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("frame.txt");
    let assets = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let slides = crate::entries(&assets.join("slides"));
    let slides = slides.iter().map(|slide| assets.join("slides").join(slide));
    let folders = slides.chain([assets.join("findings")]);
    let findings = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    for finding in findings {
        let finding = finding.unwrap().path();
        let session = finding.join("session.json");
        let [session, out] = [&session, &made].map(|path| path.to_str().unwrap());
        let args = [
            "render",
            "--session",
            session,
            "--size",
            "120x40",
            "-o",
            out,
        ];
        stdout_or_nothing(&args);
        let kept = fs::read_to_string(finding.join("frame.txt")).unwrap();
        let made = fs::read_to_string(&made).unwrap();
        assert!(made == kept, "{finding:?}: frame.txt is stale");
    }
}

#[test]
fn the_docs_animation_is_made_by_its_script() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.svg");
    let script = include_str!("../../docs/demo.sh");
    let line = script
        .lines()
        .find(|line| line.starts_with("circuitscope "));
    let words = line.unwrap().split('\'');
    let mut args: Vec<&str> = Vec::new();
    for (i, part) in words.enumerate() {
        match i % 2 {
            0 => args.extend(part.split_whitespace()),
            _ => args.push(part),
        }
    }
    let output = args
        .iter()
        .position(|word| *word == "docs/demo.svg")
        .unwrap();
    args[output] = path.to_str().unwrap();
    stdout_or_nothing(&args[1..]);
    let made = fs::read_to_string(&path).unwrap();
    let kept = include_str!("../../docs/demo.svg");
    assert!(made == kept, "docs/demo.svg is stale: sh docs/demo.sh");
    assert!(kept.len() < 300_000, "{} bytes", kept.len());
    // every screen once, each its own time; the first without any player
    let screens = kept.matches("<animate ").count();
    assert!(screens >= 6, "only {screens} screens");
    assert_eq!(kept.matches("<g visibility=\"visible\">").count(), 1);
    assert_eq!(
        crate::html::problem(&format!("<!doctype html>\n{kept}")),
        Ok(())
    );
    refused(&["render", "--animate", "-o", "x.png"], "must end in .svg");
    refused(
        &[
            "render",
            "--animate",
            "--keys",
            "esc",
            "-o",
            path.to_str().unwrap(),
        ],
        "nothing to animate",
    );
}

#[test]
fn a_script_becomes_a_cast_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let casts = ["a.cast", "b.cast"].map(|name| {
        let path = folder.path().join(name);
        stdout_or_nothing(&[
            "render",
            "--keys",
            "n tab",
            "--size",
            "80x24",
            "-o",
            path.to_str().unwrap(),
        ]);
        fs::read_to_string(path).unwrap()
    });
    assert_eq!(casts[0], casts[1]);
    let lines: Vec<serde_json::Value> = casts[0]
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(
        (&lines[0]["version"], &lines[0]["height"]),
        (&2.into(), &24.into())
    );
    assert_eq!(lines[3][0], 1.0);
    let screen = lines[3][2].as_str().unwrap();
    assert!(screen.contains("example 2/256") && screen.lines().count() == 24);
    assert!(stdout(&["render", "--help"]).contains("--pause"));
}
