//! Charts and pictures of answers: they come before what is said of them, in round numbers, and everything in them
//! can be told apart.

use crate::common::random_model;
use crate::drawing::plain;
use crate::workbench::{around, look, press};
use circuitscope::app::{ModelInfo, State};
use circuitscope::model::Model;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::runtime::headless::Headless;
use circuitscope::task::Task;
use circuitscope::ui::colour::Depth;
use circuitscope::ui::frame;
use circuitscope::ui::look::Look;
use circuitscope::ui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use std::collections::{BTreeSet, HashSet};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 40);

/// A workbench for lists of three numbers below twenty, after some keys.
fn asked(script: &str) -> Headless {
    let task = Task::array_update(3, 20).unwrap();
    let model = Model {
        transformer: random_model([2, 1], PositionalEmbedding::Shortformer, task, 5),
        ..crate::workbench::model(1)
    };
    let info = ModelInfo::new(&model, None, "cpu".into());
    let prompt = task.parse_prompt("1 2 3 1 7").unwrap();
    let state = State::new(info, "random:0:64".parse().unwrap(), Some(prompt));
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Headless::within(model, state, look(), SMALL, around(folder.path()));
    press(&mut bench, script);
    bench
}

/// The lower pane: the answer.
fn answer(buffer: &Buffer) -> Vec<String> {
    let text = plain(buffer, buffer.area);
    let rows: Vec<String> = text.lines().map(str::to_owned).collect();
    let from = rows.iter().rposition(|row| row.starts_with(['┏', '+']));
    let edge = |row: &String| row.starts_with('+');
    let from = match edge(&rows[from.unwrap()]) {
        // in ASCII the lower edge looks like the upper one
        true => rows[..from.unwrap()].iter().rposition(edge),
        false => from,
    };
    rows[from.unwrap()..rows.len() - 1].to_vec()
}

fn shown(script: &str, (width, height): (u16, u16)) -> Vec<String> {
    let bench = asked(script);
    assert!(bench.state.inquiry.is_some(), "{script} asks nothing");
    answer(&frame(&bench.state, &look(), width, height))
}

/// The row of what lies up and across, and how many rows of the chart are between it and its lower axis.
fn chart(rows: &[String]) -> (usize, usize) {
    let head = rows.iter().position(|row| row.contains("↑ "));
    let foot = rows.iter().position(|row| row.contains('└'));
    let (head, foot) = (head.unwrap(), foot.unwrap());
    (head, foot - head - 1)
}

const LINES: &str = ": 'map margin[nl_1], margin[b_0], margin[b_1] by elt' enter";
const SCATTER: &str = ": 'scatter A1[b_0,elt], margin[b_0]' enter";

#[test]
fn a_chart_comes_before_what_is_said_of_it() {
    for (script, size, said) in [
        (LINES, SMALL, 1),
        (LINES, LARGE, 2),
        (SCATTER, SMALL, 1),
        ("/ 'frequencies W_E' enter", SMALL, 1),
        ("/ 'fan W_U' enter", SMALL, 1),
    ] {
        let rows = shown(script, size);
        let (head, high) = chart(&rows);
        assert!(head <= said + 1, "{script}: {rows:#?}");
        assert!(high >= 5, "{script}: {rows:#?}");
    }
    // a picture as well, and what counts most is whole
    let rows = shown("o", SMALL);
    assert!(rows[1].contains("┃copies: top-1 "), "{rows:#?}");
    assert!(rows[1].contains(", smallest margin "), "{rows:#?}");
    assert!(rows[2].contains("↓ reads token"), "{rows:#?}");
    // where there is room all of it is said
    let rows = shown("o z", (160, 60));
    assert!(rows.iter().any(|row| row.contains("singular values: ")));
}

#[test]
fn inputs_are_points_over_round_numbers() {
    let rows = shown(SCATTER, SMALL);
    let (head, high) = chart(&rows);
    assert!(rows[head].contains("↑ margin[b_0]  → A1[b_0,elt]"));
    for row in &rows[head + 1..=head + high] {
        let axis = row.chars().position(|c| "│┤".contains(c)).unwrap();
        let next = row.chars().nth(axis + 1);
        assert_eq!(next, Some(' '), "a point lies on the axis: {row}");
    }
    let ticks = &rows[head + high + 2];
    let numbers: Vec<&str> = ticks
        .split([' ', '┃'])
        .filter(|one| !one.is_empty())
        .collect();
    assert!(
        numbers.len() > 1 && numbers.iter().all(|one| one.len() <= 5),
        "{ticks}"
    );
    // there is no room for the table: both numbers of the point at the cursor are told
    let edge = rows.last().unwrap();
    assert!(
        edge.contains("A1[b_0,elt]  ") && edge.contains("margin[b_0]  "),
        "{edge}"
    );
    // where there is, its rows are named by the fields
    let rows = shown(SCATTER, LARGE);
    let (head, _) = chart(&rows);
    assert!(rows[head].contains("a_0 a_1 a_2 idx elt"), "{rows:#?}");
    assert!(rows[head].contains("A1[b_0,elt] margin[b_0] "), "{rows:#?}");
}

#[test]
fn a_few_columns_beside_a_chart_are_all_there() {
    for line in [
        "map loss, accuracy by elt",
        "map margin[b_0], rank[b_0] by elt",
    ] {
        let rows = shown(&format!(": '{line}' enter"), LARGE);
        let (head, _) = chart(&rows);
        let before = rows[head].split('↑').next().unwrap();
        let names = line["map ".len()..line.len() - " by elt".len()].split(", ");
        for name in names {
            assert!(before.contains(&format!(" {name}")), "{name}: {rows:#?}");
        }
        assert!(!before.contains('›'), "{before}");
    }
}

#[test]
fn nothing_is_drawn_that_ascii_lacks() {
    let looks = [Depth::True, Depth::None].map(|depth| Look {
        depth,
        ascii: true,
        ..look()
    });
    for script in [
        LINES,
        SCATTER,
        ": 'map margin[b_0] by elt over sample' enter",
        ": 'map margin[b_0] by idx, elt' enter",
        ": 'map margin[b_0] by a_0, elt' enter",
        ": 'table accuracy by idx over sample' enter",
        ": 'frequencies [map margin[b_0] by elt]' enter",
        "/ 'frequencies W_E' enter",
        "/ 'norms W_E' enter",
        "/ 'fan W_U' enter",
        "/ 'pca tokens' enter",
        "/ 'cosines W_E' enter",
        "o",
        "K",
    ] {
        let bench = asked(script);
        let answer = bench
            .state
            .inquiry
            .as_ref()
            .and_then(|one| one.answer.as_ref());
        assert!(answer.is_some_and(Result::is_ok), "{script} has no answer");
        for (look, (width, height)) in looks.iter().zip([SMALL, LARGE]) {
            let buffer = frame(&bench.state, look, width, height);
            for cell in &buffer.content {
                assert!(cell.symbol().is_ascii(), "{script}: {}", cell.symbol());
            }
        }
    }
    let buffer = frame(&asked(LINES).state, &looks[0], LARGE.0, LARGE.1);
    let rows = answer(&buffer);
    assert!(rows.iter().any(|row| row.contains("+-")), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("up margin  across elt")));
}

/// The keys of the lines and their names, as they stand above the chart.
fn legend(rows: &[String]) -> Vec<(String, String)> {
    let row = rows.iter().find(|row| row.contains(" nl_1 ")).unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    let names = ["nl_1", "b_0", "b_1"];
    let found = words
        .windows(2)
        .filter(|two| names.contains(&two[1].trim_end_matches(['┃', '|'])));
    found
        .map(|two| (two[0].to_owned(), two[1].to_owned()))
        .collect()
}

#[test]
fn lines_are_told_apart_in_the_order_of_the_question() {
    // the cursor changes neither order nor colours
    for script in [
        LINES.to_owned(),
        format!("{LINES} right"),
        format!("{LINES} right right"),
    ] {
        let bench = asked(&script);
        let plain = Look {
            depth: Depth::None,
            ..look()
        };
        let ascii = Look {
            ascii: true,
            ..look()
        };
        for look in [&plain, &ascii] {
            let buffer = frame(&bench.state, look, LARGE.0, LARGE.1);
            let rows = answer(&buffer);
            let keys = legend(&rows);
            assert_eq!(keys.len(), 3, "{rows:#?}");
            let names: Vec<&str> = keys.iter().map(|(_, name)| &name[..3]).collect();
            assert_eq!(names, ["nl_", "b_0", "b_1"]);
            let marks: BTreeSet<&String> = keys.iter().map(|(mark, _)| mark).collect();
            assert_eq!(marks.len(), 3, "{rows:#?}");
            // each mark is in the chart
            let head = rows.iter().position(|row| row.contains(" nl_1 ")).unwrap();
            for mark in marks {
                let drawn = rows[head + 1..]
                    .iter()
                    .filter(|row| row.contains(mark.as_str()));
                assert!(drawn.count() > 0, "{mark}: {rows:#?}");
            }
        }
        let buffer = frame(&bench.state, &look(), LARGE.0, LARGE.1);
        let keys = buffer.content.iter().filter(|cell| cell.symbol() == "━");
        let drawn = |cell: &&ratatui::buffer::Cell| cell.symbol() == "•";
        let points: HashSet<Color> = buffer
            .content
            .iter()
            .filter(drawn)
            .map(|cell| cell.fg)
            .collect();
        let mut colours: Vec<Color> = keys
            .map(|cell| cell.fg)
            .filter(|fg| points.contains(fg))
            .collect();
        colours.dedup();
        assert_eq!(colours.len(), 3, "{colours:?}");
        let first = [Role::Accent, Role::Corrupted].map(|role| look().theme.paint(role).fg.into());
        assert_eq!(colours[..2], first);
    }
}

#[test]
fn the_rows_of_a_small_map_are_bands_with_names() {
    let script = ": 'map margin[b_0] by idx, elt' enter";
    let bench = asked(script);
    let buffer = frame(&bench.state, &look(), LARGE.0, LARGE.1);
    let rows = answer(&buffer);
    let bands = rows.iter().filter(|row| row.contains("▀▀▀"));
    // three rows of several lines each, and the strip of means
    assert!(bands.count() > 3 * 3, "{rows:#?}");
    for name in ["0", "1", "2", "mean"] {
        let named = |row: &&String| {
            row.trim_start_matches('┃')
                .trim_start()
                .starts_with(&format!("{name} ▀"))
        };
        assert_eq!(rows.iter().filter(named).count(), 1, "{name}: {rows:#?}");
    }
    // below the strip right of the field stands what it is, as if it were a column: its name ends there
    let strip = rows.iter().find(|row| row.contains("▀ ▀")).unwrap();
    let strip = strip.chars().collect::<Vec<char>>();
    let at = strip
        .windows(3)
        .position(|three| three == ['▀', ' ', '▀'])
        .unwrap()
        + 2;
    let below = rows
        .iter()
        .rfind(|row| row.contains("mean") && !row.contains('▀'))
        .unwrap();
    let below: String = below.chars().skip(at - 2).take(4).collect();
    assert_eq!(below, "mean");
    // the prompt's cell is marked on its own colour, the cursor's on one that no value has
    let of = |mark: &str| {
        let cells = buffer.content.iter().filter(|cell| cell.symbol() == mark);
        cells.map(|cell| cell.bg).collect::<Vec<Color>>()
    };
    let cursor = of("◆");
    assert!(!cursor.is_empty());
    assert!(of("○").iter().all(|colour| !cursor.contains(colour)));
    assert!(
        rows.iter().any(|row| row.contains("○ this prompt")),
        "{rows:#?}"
    );
}

#[test]
fn what_is_counted_is_bars() {
    for (script, along) in [
        ("/ 'frequencies W_E' enter", "frequency"),
        ("/ 'norms W_E' enter", "W_E"),
        (
            ": 'frequencies [map margin[b_0] by elt]' enter",
            "frequency",
        ),
    ] {
        for size in [SMALL, LARGE] {
            let rows = shown(script, size);
            let (head, high) = chart(&rows);
            assert!(rows[head].contains(&format!("→ {along}")), "{rows:#?}");
            let field = rows[head + 1..=head + high].concat();
            assert!(field.contains('█'), "{rows:#?}");
            let braille = |c: char| ('\u{2801}'..='\u{28ff}').contains(&c);
            assert!(!rows.concat().contains(braille), "{rows:#?}");
            // nothing here can be negative, and the least that is written is 0
            let has_phase = rows[head].contains("phase");
            assert!(has_phase || !field.contains('+'), "{rows:#?}");
            let lowest = &rows[head + high];
            let end = lowest.split('┤').next().unwrap().split_whitespace().last();
            assert!(["0", "0.0", "0.00"].contains(&end.unwrap()), "{lowest}");
        }
    }
    let rows = shown("/ 'frequencies W_E' enter", SMALL);
    let (head, high) = chart(&rows);
    let ticks = rows[head + high + 2].chars().skip(30).collect::<String>();
    assert!(!ticks.contains('.'), "half a frequency: {ticks}");
    // a share has digits of its own, whatever the powers are
    let numbers = rows[head + 1..=head + high]
        .iter()
        .flat_map(|row| row.split_whitespace());
    let shares: Vec<&str> = numbers
        .filter(|word| word.starts_with("0.") && word.len() >= 6)
        .collect();
    assert!(shares.len() > 3, "{rows:#?}");
    assert!(shares.iter().all(|share| *share != "0.0000"), "{rows:#?}");
}

#[test]
fn directions_in_the_plane_are_drawn_in_the_plane() {
    let rows = shown("/ 'fan W_U' enter right right", LARGE);
    let (head, high) = chart(&rows);
    assert!(rows[head].contains("↑ y  → x"), "{rows:#?}");
    let field = &rows[head + 1..=head + high];
    let origins = field.iter().filter(|row| row.contains('┼'));
    assert_eq!(origins.count(), 1, "{rows:#?}");
    for row in field {
        let axes = row.chars().filter(|c| "│┤─".contains(*c));
        assert_eq!(axes.count(), 1, "an axis through the field: {row}");
    }
}

#[test]
fn the_prompts_own_value_is_marked() {
    let script = ": 'map margin[b_0] by elt' enter";
    let marked = |keys: &str| {
        let rows = shown(&format!("{script} {keys}"), LARGE);
        let (head, high) = chart(&rows);
        let field = rows[head + 1..=head + high].concat();
        (
            rows[head].clone(),
            field.matches('○').count(),
            field.matches('◆').count(),
        )
    };
    let up = "up ".repeat(20);
    let (head, own, cursor) = marked(&up);
    assert!(head.contains("○ this prompt"), "{head}");
    assert_eq!((own, cursor), (1, 1));
    // elt is 7: the cursor on it
    let (head, own, cursor) = marked(&(up + &"down ".repeat(7)));
    assert!(head.contains("◆ this prompt"), "{head}");
    assert_eq!((own, cursor), (0, 1));
    // several lines have it each
    let rows = shown(&format!("{LINES} {}", "up ".repeat(20)), LARGE);
    let (head, high) = chart(&rows);
    let field = rows[head + 1..=head + high].concat();
    assert!(field.matches('○').count() >= 2, "{rows:#?}");
}

/// At every size something is drawn, and nothing beyond the pane.
#[test]
fn charts_have_any_size() {
    for script in [
        LINES,
        SCATTER,
        "/ 'frequencies W_E' enter",
        "/ 'fan W_U' enter",
        ": 'map margin[b_0] by idx, elt' enter",
        ": 'map margin[b_0] by elt over sample' enter # : 'frequencies [map margin[b_0] by elt]' enter",
    ] {
        let bench = asked(script);
        for width in (20..140).step_by(7) {
            for height in (6..50).step_by(3) {
                let buffer = frame(&bench.state, &look(), width, height);
                for y in 0..height {
                    let last = buffer[(width - 1, y)].symbol();
                    let is_drawn = "•◆○█▀─└┬".contains(last);
                    assert!(!is_drawn, "{script} {width}x{height}");
                }
            }
        }
    }
}
