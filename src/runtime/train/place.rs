//! Where a training of the workbench lies: a folder of its own, and elsewhere once it is kept.

use crate::findings::files;
use crate::task::shown_path;
use crate::training::Spoken;
use anyhow::{Context, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A folder of one's own, called after task and seed.
pub(super) fn claimed(folder: &Path, spoken: &Spoken) -> Result<PathBuf> {
    let name = shown_path(folder);
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {name}"))?;
    let (task, seed) = (&spoken.recipe.task.name, spoken.recipe.seed);
    let stem = files::slug(&format!("{task} seed {seed}"));
    for number in 1.. {
        let own = folder.join(match number {
            1 => stem.clone(),
            number => format!("{stem}-{number}"),
        });
        match fs::create_dir(&own) {
            Ok(()) => return Ok(own),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot make a folder in {name}"));
            }
        }
    }
    anyhow::bail!("the folder {name} is full")
}

/// # Errors
/// When something stands there.
pub(super) fn check_free(path: &Path) -> Result<()> {
    anyhow::ensure!(
        fs::symlink_metadata(path).is_err(),
        "{} is there already; name another",
        shown_path(path)
    );
    Ok(())
}

/// Puts a folder elsewhere, whole or not at all.
pub(super) fn moved(from: &Path, to: &Path) -> Result<()> {
    check_free(to)?;
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    // on another disk it is written under a passing name first
    let name = to.file_name().context("the path names no folder")?;
    let passing = to.with_file_name(format!(
        ".{}.partial-{}",
        name.to_string_lossy(),
        std::process::id()
    ));
    let copied = copied(from, &passing).and_then(|()| Ok(fs::rename(&passing, to)?));
    if copied.is_err() {
        // what is left of it would be in the way of the next try
        let _ = fs::remove_dir_all(&passing);
    }
    copied.with_context(|| format!("cannot write the folder {}", shown_path(to)))?;
    // it stands there now, whether or not it still stands here
    let _ = fs::remove_dir_all(from);
    Ok(())
}

fn copied(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let there = to.join(entry.file_name());
        fs::copy(entry.path(), &there)?;
        fs::File::open(&there)?.sync_all()?;
    }
    Ok(())
}
