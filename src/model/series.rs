//! A folder of checkpoints is one model at several steps: `run#200` is the one after 200.

use crate::task::{shown, shown_path};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// Checkpoints in a folder beyond these are not looked at.
const MAX_STEPS: usize = 100_000;

/// The checkpoints of a folder by their step, the first one first: those whose names end in a number.
///
/// # Errors
/// When the folder cannot be read, or has none; names it.
pub fn steps(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let name = shown_path(folder);
    let entries = std::fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read the folder {name}"))?;
    let mut found = Vec::new();
    for entry in entries.take(MAX_STEPS) {
        let path = entry
            .with_context(|| format!("cannot read the folder {name}"))?
            .path();
        let weights = path
            .extension()
            .is_some_and(|end| end == "safetensors" || end == "pt");
        if let Some(step) = step(&path).filter(|_| weights) {
            found.push((step, path));
        }
    }
    found.sort();
    ensure!(
        !found.is_empty(),
        "the folder {name} has no checkpoints: files such as step-00000100.safetensors"
    );
    Ok(found)
}

/// The number at the end of a file's name.
fn step(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let digits = stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    stem[digits..].parse().ok()
}

/// The file that a path names: of a folder its last checkpoint, of `FOLDER#STEP` that one; any other path
/// is itself.
///
/// # Errors
/// When the folder has no checkpoint of that step; tells the steps there are.
pub fn resolved(path: &Path) -> Result<PathBuf> {
    if path.is_dir() {
        let last = steps(path)?.pop();
        return last
            .map(|(_, file)| file)
            .context("a folder without checkpoints");
    }
    let text = path.to_string_lossy();
    let Some((folder, wanted)) = text
        .rsplit_once('#')
        .filter(|(folder, _)| Path::new(folder).is_dir())
    else {
        return Ok(path.to_owned());
    };
    let all = steps(Path::new(folder))?;
    let number = wanted.parse::<u64>().ok();
    let found = all.iter().find(|(step, _)| Some(*step) == number);
    let (_, file) = found.with_context(|| {
        let (first, last) = (all[0].0, all[all.len() - 1].0);
        format!(
            "{} has no step '{}': {} steps from {first} to {last}",
            shown(folder),
            shown(wanted),
            all.len()
        )
    })?;
    Ok(file.clone())
}
