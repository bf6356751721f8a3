//! Snapshots: the frame as pictures, and every number behind it.

use crate::app::State;
use crate::findings::files::{unused_stem, write_new};
use crate::findings::frame::{FrameFormat, Ground, encode};
use crate::findings::numbers::{ModelNumbers, PairNumbers, SampleNumbers, SnapshotNumbers, runs};
use crate::ui::look::Look;
use crate::ui::theme_in_use;
use anyhow::{Context, Result};
use ratatui::buffer::Buffer;
use std::path::{Path, PathBuf};

/// How a snapshot's files begin.
const STEM: &str = "snapshot";

/// All that a snapshot needs, taken at the moment of the key.
pub(super) struct Job {
    buffer: Buffer,
    ground: Ground,
    numbers: SnapshotNumbers,
    folder: PathBuf,
}

impl Job {
    pub fn new(state: &State, look: &Look, buffer: Buffer, folder: &Path) -> Self {
        Self {
            buffer,
            ground: ground(state, look),
            numbers: numbers(state),
            folder: folder.to_owned(),
        }
    }

    /// Writes the files; their names. An existing file is never touched.
    pub fn write(self) -> Result<Vec<String>> {
        let mut files = vec![("json", json(&self.numbers)?)];
        for format in FrameFormat::ALL {
            files.push((
                format.extension(),
                encode(&self.buffer, format, self.ground)?,
            ));
        }
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make the folder {:?}", self.folder))?;
        let extensions: Vec<&str> = files.iter().map(|(extension, _)| *extension).collect();
        let stem = unused_stem(&self.folder, STEM, &extensions);
        let mut names = Vec::new();
        for (extension, bytes) in &files {
            let name = format!("{stem}.{extension}");
            write_new(&self.folder.join(&name), bytes)?;
            names.push(name);
        }
        Ok(names)
    }
}

/// What the terminal's own colours are in a picture of this state.
pub(super) fn ground(state: &State, look: &Look) -> Ground {
    let theme = theme_in_use(state, &look.theme);
    Look {
        theme,
        ..look.clone()
    }
    .ground()
}

/// The JSON of a snapshot.
pub(super) fn json(numbers: &SnapshotNumbers) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(numbers)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Every number on the screen.
#[must_use]
pub fn numbers(state: &State) -> SnapshotNumbers {
    let task = state.task();
    let seen = state.observation.as_deref();
    SnapshotNumbers {
        format: "circuitscope-snapshot-1",
        version: env!("CARGO_PKG_VERSION"),
        model: ModelNumbers {
            name: state.model.name.clone(),
            hash: state.model.hash.clone(),
        },
        device: state.model.device.clone(),
        task,
        sample: SampleNumbers {
            name: state.sample.source.to_string(),
            index: state.sample.index,
            score: state.sample.score.clone(),
        },
        stale: state.is_stale(),
        runs: seen.map(|seen| runs(task, seen)),
        patching: seen.map(|seen| PairNumbers::new(task, seen)),
    }
}
