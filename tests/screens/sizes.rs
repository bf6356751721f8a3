//! Every small size and a few huge ones, in every mode: nothing breaks, nothing is drawn that is
//! no single column.

use crate::busy;
use crate::drawing::plain;
use crate::workbench::{look, press, workbench};
use circuitscope::app::{Msg, Pane, State, parse_script, update};
use circuitscope::ui::colour::Depth;
use circuitscope::ui::frame;
use circuitscope::ui::look::Look;
use unicode_width::UnicodeWidthStr as _;

/// One state for every mode and every pane in focus.
fn states() -> Vec<State> {
    let busy = busy();
    let after = |script: &str| {
        let mut state = busy.clone();
        for key in parse_script(script).unwrap() {
            update(&mut state, Msg::Key(key));
        }
        state
    };
    let mut states = vec![
        after("?"),
        after("? end"),
        after(":"),
        after(": 'zero blocks.0.'"),
        after(": 'zero blocks.0.attn.hook_zz @*' enter"),
        after(&format!(": '{}' enter", "zero @ ".repeat(60))),
        after("m"),
        after("g 9 9 enter"),
        after("backspace"),
        after("v v v"),
        after(": 'corrupted 1 2 3 1 7' enter"),
    ];
    for pane in Pane::ALL {
        for zoomed in [false, true] {
            let mut state = busy.clone();
            (state.view.focus, state.view.zoomed) = (pane, zoomed);
            states.push(state);
        }
    }
    // before the first numbers
    let mut early = busy;
    early.observation = None;
    states.push(early);
    states.push(workbench(2).state);
    states
}

fn draw(state: &State, look: &Look, width: u16, height: u16) {
    let buffer = frame(state, look, width, height);
    for cell in &buffer.content {
        let symbol = cell.symbol();
        assert!(symbol.width() == 1, "{symbol:?} at {width}x{height}");
        assert!(
            !look.ascii || symbol.is_ascii(),
            "{symbol:?} at {width}x{height}"
        );
    }
}

#[test]
fn every_size_can_be_drawn() {
    let states = states();
    let plain = Look {
        depth: Depth::None,
        ascii: true,
        ..look()
    };
    for (i, state) in states.iter().enumerate() {
        let look = if i % 2 == 0 { look() } else { plain.clone() };
        for (width, height) in (1..=40).flat_map(|w| (1..=14).map(move |h| (w, h))) {
            draw(state, &look, width, height);
        }
        // around the sizes at which the layout changes
        for (width, height) in [
            (79, 24),
            (80, 23),
            (115, 33),
            (118, 36),
            (181, 37),
            (41, 200),
        ] {
            draw(state, &look, width, height);
        }
        draw(state, &look, 500, 200);
        draw(state, &look, 500, 1);
        draw(state, &look, 1, 200);
    }
}

#[test]
fn every_width_and_height_of_the_workbench() {
    let state = busy();
    for (width, height) in (40..=240).map(|w| (w, 12 + w % 53)) {
        draw(&state, &look(), width, height);
        draw(&state, &look(), 280 - width, height);
    }
}

/// The whole of what is wrong with a line can be read at 80x24, and no number is cut in half.
#[test]
fn what_is_said_is_not_cut() {
    let mut bench = workbench(1);
    press(&mut bench, ": 'zero blocks.0.attn.hook_zz @*' enter");
    let buffer = frame(&bench.state, &look(), 80, 24);
    let text = plain(&buffer, buffer.area).replace(['\n', '┃', ' '], "");
    assert!(text.contains("didyoumeanblocks.0.attn.hook_z?"), "{text}");
    let title = |width| {
        let bench = workbench(1);
        let buffer = frame(&bench.state, &look(), width, 40);
        let shown = plain(&buffer, buffer.area);
        let line = shown.lines().find(|line| line.contains(" patching "));
        line.unwrap().to_owned()
    };
    for width in 80..160 {
        let title = title(width);
        let upper = title.split(['╮', '┓']).next().unwrap();
        let words: Vec<&str> = upper
            .split([' ', '─'])
            .filter(|word| !word.is_empty())
            .collect();
        let mut ends = words
            .windows(2)
            .filter(|pair| ["clean", "corr.", "corrupted"].contains(&pair[0]));
        assert!(ends.clone().count() > 0, "{width}: {title}");
        let whole = |number: &str| {
            number
                .split_once('.')
                .is_some_and(|(_, tail)| tail.len() == 2)
        };
        assert!(ends.all(|pair| whole(pair[1])), "{width}: {title}");
    }
}

#[test]
fn no_change_is_no_negative_zero() {
    let bench = workbench(1);
    for (width, height) in [(80, 24), (120, 40)] {
        let buffer = frame(&bench.state, &look(), width, height);
        let shown = plain(&buffer, buffer.area);
        assert!(shown.contains("metric +0.0000"), "{shown}");
        assert!(!shown.contains("-0.0000"), "{shown}");
    }
}

/// However long a model's name is and however narrow the screen, the header keeps clear of its key.
#[test]
fn the_header_keeps_clear_of_its_key() {
    let mut state = workbench(1).state;
    state.model.name = "a_model_that_has_a_long_name".to_owned();
    for width in 40..=160 {
        let buffer = frame(&state, &look(), width, 12);
        let text = plain(&buffer, buffer.area);
        let header = text.lines().next().unwrap_or_default().trim_end();
        assert!(header.ends_with(" ? help"), "{width}: {header}");
    }
}
