//! Whose answer a patched run is judged by.

use crate::workbench::{press, workbench};
use circuitscope::lens::RunName;
use circuitscope::runtime::headless::Headless;

fn patched(script: &str) -> Headless {
    let mut bench = workbench(1);
    press(&mut bench, script);
    bench
}

#[test]
fn a_patched_run_is_judged_by_the_answer_that_its_patches_bring() {
    for (script, judge) in [
        ("v v", RunName::Corrupted),
        (
            ": 'patch blocks.1.attn.hook_z @* from clean' enter",
            RunName::Clean,
        ),
        (
            ": 'zero blocks.0.attn.hook_z @idx' enter",
            RunName::Corrupted,
        ),
        ("d : 'zero blocks.0.attn.hook_z @idx' enter", RunName::Clean),
        ("d : 'edge L0->K1 from corrupted' enter", RunName::Corrupted),
        ("", RunName::Clean),
        ("v", RunName::Corrupted),
    ] {
        assert_eq!(patched(script).state.judge(), judge, "{script}");
    }
}

#[test]
fn a_key_judges_by_the_other_answer() {
    let mut bench = patched(": 'patch blocks.1.attn.hook_z @* from clean' enter tab");
    press(&mut bench, "J");
    assert_eq!(bench.state.judge(), RunName::Corrupted);
    press(&mut bench, "J");
    assert_eq!(bench.state.judge(), RunName::Clean);
    // an untouched run has but its own
    let mut bench = patched("tab");
    press(&mut bench, "J");
    assert_eq!(bench.state.view.judge, None);
    assert!(bench.state.status.is_some());
}
