//! Chosen cells have the colours that their theme's roles say, at every depth and in every theme.

use crate::focused;
use crate::workbench::look;
use circuitscope::app::{Pane, State, strip_rows};
use circuitscope::ui::colour::Depth;
use circuitscope::ui::frame;
use circuitscope::ui::layout::{Wanted, layout};
use circuitscope::ui::look::Look;
use circuitscope::ui::theme::{Role, Theme};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Where a pane stands.
pub fn place(state: &State, pane: Pane, (width, height): (u16, u16)) -> Option<Rect> {
    let config = &state.model.config;
    let wanted = Wanted {
        focus: state.view.focus,
        zoomed: state.view.zoomed,
        len: state.task().seq_len() as u16,
        strips: strip_rows(config).len() as u16,
        layers: config.n_layers as u16,
        heads: (config.n_layers * config.n_heads) as u16,
        answer: (state.inquiry.as_ref()).map(|inquiry| match &inquiry.answer {
            Some(Ok(table)) => table.rows.len() as u16,
            _ => 0,
        }),
        grows: false,
        steps: state.steps.is_some(),
        lesson: None,
    };
    layout(Rect::new(0, 0, width, height), wanted).pane(pane)
}

/// The first cell of a text in an area.
fn find<'a>(buffer: &'a Buffer, area: Rect, text: &str) -> &'a Cell {
    let wanted: Vec<String> = text.chars().map(String::from).collect();
    let found = (area.top()..area.bottom()).find_map(|y| {
        let row: Vec<&Cell> = (area.left()..area.right())
            .map(|x| &buffer[(x, y)])
            .collect();
        let symbols: Vec<&str> = row.iter().map(|cell| cell.symbol()).collect();
        let at = symbols
            .windows(wanted.len())
            .position(|part| part == wanted);
        at.map(|at| row[at])
    });
    assert!(
        found.is_some(),
        "no {text:?} in\n{}",
        crate::drawing::plain(buffer, area)
    );
    found.unwrap()
}

#[test]
fn roles_have_their_colours() {
    for (theme, size) in Theme::shipped().iter().flat_map(|t| SIZES.map(|s| (t, s))) {
        let look = Look {
            theme: theme.clone(),
            ..look()
        };
        let ink = |role| Color::from(theme.paint(role).fg);
        let mut state = focused(Pane::Logits);
        let buffer = frame(&state, &look, size.0, size.1);
        let cell = |pane, text| find(&buffer, place(&state, pane, size).unwrap(), text);
        assert_eq!(cell(Pane::Prompt, "clean").fg, ink(Role::Clean));
        assert_eq!(cell(Pane::Prompt, "corr.").fg, ink(Role::Corrupted));
        assert_eq!(cell(Pane::Logits, "patched").fg, ink(Role::Patched));
        assert_eq!(cell(Pane::Logits, " logits ").fg, ink(Role::Focus));
        assert_eq!(cell(Pane::Prompt, " prompt ").fg, ink(Role::Title));
        assert_eq!(cell(Pane::Interventions, "[ ]").fg, ink(Role::Muted));
        assert_eq!(cell(Pane::Interventions, "[x]").fg, ink(Role::Text));
        let footer = Rect::new(0, size.1 - 1, size.0, 1);
        assert_eq!(find(&buffer, footer, "tab").fg, ink(Role::Key));

        // numbers that belong to an older input are dimmed, together with their heatmaps
        let fresh = cell(Pane::Attention, "score").fg;
        assert_eq!(fresh, ink(Role::Text));
        state.view.focus = Pane::Prompt;
        state.fields.input("backspace".parse().unwrap());
        state.field_error = Some((circuitscope::app::Side::Clean, "a: wrong".into()));
        let buffer = frame(&state, &look, size.0, size.1);
        let cell = |pane, text| find(&buffer, place(&state, pane, size).unwrap(), text);
        assert_eq!(cell(Pane::Attention, "score").fg, ink(Role::Stale));
        let told = Rect::new(0, size.1 - 2, size.0, 1);
        assert_eq!(find(&buffer, told, "clean a: wrong").fg, ink(Role::Bad));
    }
}

#[test]
fn the_cursors_cell_stands_out_at_every_depth() {
    for (pane, depth) in [Pane::Attention, Pane::Strips, Pane::Cells]
        .into_iter()
        .flat_map(|pane| Depth::ALL.map(|depth| (pane, depth)))
    {
        for ascii in [false, true] {
            let look = Look {
                depth,
                ascii,
                ..look()
            };
            let area = |state: &State| place(state, pane, (120, 40)).unwrap();
            let state = focused(pane);
            let here = frame(&state, &look, 120, 40);
            let mut moved = state.clone();
            moved.view.attention.src = 2;
            moved.view.cells.src = 2;
            moved.view.strips.row = 1;
            let there = frame(&moved, &look, 120, 40);
            let cursor = |buffer: &Buffer| {
                let area = area(&state);
                let inside = Rect::new(area.x + 6, area.y + 2, area.width - 7, area.height - 3);
                let cells = inside.positions().map(|at| &buffer[at]);
                let marked = cells.filter(|cell| match depth {
                    Depth::None => cell.modifier.contains(Modifier::REVERSED),
                    _ => cell.modifier.contains(Modifier::BOLD),
                });
                marked.count()
            };
            assert!(cursor(&here) > 0, "{pane:?} {depth} {ascii}: no cursor");
            assert_ne!(
                here, there,
                "{pane:?} {depth} {ascii}: the cursor stands still"
            );
        }
    }
}

#[test]
fn no_colour_beyond_the_depth() {
    let state = focused(Pane::Strips);
    for (size, depth) in SIZES.into_iter().flat_map(|s| Depth::ALL.map(|d| (s, d))) {
        let look = Look { depth, ..look() };
        let buffer = frame(&state, &look, size.0, size.1);
        let fits = |colour: Color| match depth {
            Depth::True => true,
            Depth::Indexed => matches!(colour, Color::Indexed(16..) | Color::Reset),
            Depth::Ansi => !matches!(colour, Color::Indexed(_) | Color::Rgb(..)),
            Depth::None => colour == Color::Reset,
        };
        for cell in &buffer.content {
            assert!(fits(cell.fg) && fits(cell.bg), "{depth}: {cell:?}");
        }
        let heat = |colour: Color| !matches!(colour, Color::Reset);
        let coloured = buffer.content.iter().any(|cell| heat(cell.bg));
        assert_eq!(coloured, depth != Depth::None);
    }
}
