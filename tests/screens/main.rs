//! What is on the screen: every pane and whole frames, characters and colours, at every size.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;
#[path = "../workbench/mod.rs"]
mod workbench;

mod charts;
mod colours;
mod digits;
mod dock;
mod drawing;
mod frames;
mod pointing;
mod sizes;
mod whole;

use circuitscope::app::{Pane, State};
use workbench::{press, workbench};

/// A workbench with something in every pane: a patched run is shown, two interventions listed,
/// one of them switched off.
fn busy() -> State {
    let mut bench = workbench(1);
    press(
        &mut bench,
        ": 'patch blocks.1.attn.hook_k @elt from clean' enter",
    );
    press(
        &mut bench,
        ": 'scale blocks.0.attn.hook_z @idx by 0.5' enter",
    );
    press(&mut bench, "backtab # tab esc");
    bench.state
}

/// The same with another pane in focus.
fn focused(pane: Pane) -> State {
    let mut state = busy();
    state.view.focus = pane;
    state
}
