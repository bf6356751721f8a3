//! A workbench without a terminal, on a small random model that never changes.

use crate::common::random_model;
use circuitscope::app::{ModelInfo, State, parse_script};
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::model::{Dialect, Model};
use circuitscope::runtime::headless::{Around, Headless};
use circuitscope::task::{Sample, Task};
use circuitscope::ui::colour::Depth;
use circuitscope::ui::look::Look;
use circuitscope::ui::theme::Theme;
use std::path::Path;

/// Lists of three numbers below ten.
pub fn task() -> Task {
    Task::array_update(3, 10).unwrap()
}

/// Two layers of that many heads.
pub fn model(heads: usize) -> Model {
    Model {
        transformer: random_model([2, heads], PositionalEmbedding::Shortformer, task(), 5),
        name: "small".into(),
        hash: "0123456789abcdef".into(),
        dialect: Dialect::TransformerLens,
        told: Vec::new(),
        unread: None,
    }
}

/// The state before the first numbers, on the prompt `1 2 3 1 7`.
pub fn state(model: &Model, sample: Sample) -> State {
    let info = ModelInfo::new(model, None, "cpu".into());
    State::new(
        info,
        sample,
        Some(task().parse_prompt("1 2 3 1 7").unwrap()),
    )
}

/// All colours, all characters.
pub fn look() -> Look {
    Look {
        theme: Theme::named("dark").unwrap().clone(),
        depth: Depth::True,
        ascii: false,
    }
}

/// A workbench at 80x24.
pub fn workbench(heads: usize) -> Headless {
    let model = model(heads);
    let state = state(&model, "random:0:16".parse().unwrap());
    Headless::new(model, state, look(), (80, 24))
}

/// The same with a folder for what it writes; it answers questions to all inputs.
pub fn workbench_in(folder: &Path, heads: usize) -> Headless {
    let model = model(heads);
    let state = state(&model, "random:0:16".parse().unwrap());
    Headless::within(model, state, look(), (80, 24), around(folder))
}

/// What is around it.
pub fn around(folder: &Path) -> Around {
    Around {
        sweeps: true,
        snapshots: folder.to_owned(),
        ..Around::default()
    }
}

/// Presses the keys of a script.
pub fn press(bench: &mut Headless, script: &str) {
    for key in parse_script(script).unwrap() {
        bench.key(key);
    }
}
