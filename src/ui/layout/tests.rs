//! Whatever there is to be seen has a place, and nothing has more than it needs.

use super::*;

/// Without an answer, whose prompt has so many positions.
fn plain(layers: u16, len: u16) -> Wanted {
    Wanted {
        focus: Pane::Logits,
        zoomed: false,
        len,
        strips: 12 + 2 * layers,
        layers,
        heads: 2 * layers,
        answer: None,
        grows: false,
        steps: false,
        lesson: None,
    }
}

/// A model without blocks has nothing but its logits: they go down all the way.
#[test]
fn where_there_are_no_blocks_the_logits_have_their_room() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let found = layout(Rect::new(0, 0, width, height), plain(0, 2));
        let logits = found.pane(Pane::Logits).unwrap_or_default();
        assert_eq!(logits.height, height - 2, "{width}x{height}");
        assert!(logits.width >= width / 2, "{width}x{height}");
        for pane in [Pane::Prompt, Pane::Interventions] {
            let beside = found.pane(pane).unwrap_or_default();
            assert!(beside.height >= 8 && beside.right() <= logits.x, "{pane:?}");
        }
    }
}

/// Whatever the focus goes to can be seen, however short a prompt is.
#[test]
fn no_pane_vanishes_however_long_or_short_a_prompt_is() {
    let sizes = [(80, 24), (100, 30), (116, 24), (120, 40), (200, 60)];
    for (layers, (width, height)) in [0, 1, 6, 32]
        .into_iter()
        .flat_map(|n| sizes.map(|s| (n, s)))
    {
        for len in (1..12).chain([30, 64, 128, 1024]) {
            let found = layout(Rect::new(0, 0, width, height), plain(layers, len));
            let Layout::Panes { panes, .. } = found else {
                unreachable!("{width}x{height} is no small screen");
            };
            for (pane, area) in panes {
                let seen = area.width > 4 && area.height >= 3;
                assert!(
                    seen,
                    "{pane:?} {area:?} of {width}x{height}, {len} positions"
                );
            }
        }
    }
}
