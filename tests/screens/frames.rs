//! Each pane with its colours, whole frames without: a difference fails the test until
//! `cargo insta review` has taken it.

use crate::drawing::{plain, styled, with_masked_digits};
use crate::workbench::{look, press, workbench, workbench_in};
use crate::{busy, focused};
use circuitscope::app::{Pane, State};
use circuitscope::ui::colour::Depth;
use circuitscope::ui::frame;
use circuitscope::ui::look::Look;
use insta::assert_snapshot;

/// Every pane at 80x24 with the focus on it, in 24-bit colour.
#[test]
fn panes() {
    for pane in Pane::ALL {
        let state = focused(pane);
        let buffer = frame(&state, &look(), 80, 24);
        let area = crate::colours::place(&state, pane, (80, 24)).unwrap();
        let name = format!("pane_{}", pane.title().replace(' ', "_"));
        assert_snapshot!(name, with_masked_digits(&styled(&buffer, area)));
    }
}

/// Every pane alone at 80x24, characters only.
#[test]
fn zoomed() {
    for pane in Pane::ALL {
        let mut state = focused(pane);
        state.view.zoomed = true;
        let name = format!("zoomed_{}", pane.title().replace(' ', "_"));
        assert_snapshot!(name, text(&state, (80, 24), Depth::True, false));
    }
}

/// The whole frame at each size and with each number of colours, characters only.
#[test]
fn whole_frames() {
    let state = busy();
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        for depth in Depth::ALL {
            let shown = text(&state, (width, height), depth, false);
            if matches!(depth, Depth::Indexed | Depth::Ansi) {
                // fewer colours change no character
                let all_colours = text(&state, (width, height), Depth::True, false);
                assert_eq!(shown, all_colours, "{width}x{height} {depth}");
                continue;
            }
            assert_snapshot!(format!("frame_{width}x{height}_{depth}"), shown);
        }
        let ascii = text(&state, (width, height), Depth::None, true);
        assert!(ascii.is_ascii(), "{ascii}");
        assert_snapshot!(format!("frame_{width}x{height}_ascii"), ascii);
    }
}

/// What lies over the panes.
#[test]
fn modes() {
    for (name, script) in [
        ("help", "?"),
        ("line", ": 'zero blocks.0.'"),
        ("wrong_line", ": 'zero blocks.0.attn.hook_zz @*' enter"),
        ("wrong_field", "backspace"),
        ("note", "b 'Head 1.0 copies' tab 'first line' enter '漢字'"),
        ("tutorial", "? t down"),
        ("warning", "down down down backspace 9"),
        (
            "space",
            "S / 'rank[b_0] < 5 when idx = 1' enter / 'idx < 3' enter / 'mean margin[b_1]' enter +",
        ),
        (
            "space_claim",
            "S / 'A1[b_0,elt] - A1[b_0,a_1] > 0 when idx = 1 and not (elt in {1,2} or a_0 = 3)' enter",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = workbench_in(folder.path(), 1);
        press(&mut bench, script);
        let shown = text(&bench.state, (80, 24), Depth::True, false);
        assert_snapshot!(format!("mode_{name}"), shown);
    }
    let mut bench = workbench(2);
    press(&mut bench, "tab tab tab down down");
    let shown = text(&bench.state, (120, 40), Depth::True, false);
    assert_snapshot!("two_heads", shown);
}

fn text(state: &State, (width, height): (u16, u16), depth: Depth, ascii: bool) -> String {
    let look = Look {
        depth,
        ascii,
        ..look()
    };
    let buffer = frame(state, &look, width, height);
    with_masked_digits(&plain(&buffer, buffer.area))
}
