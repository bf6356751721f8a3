//! One model at several steps: a folder of checkpoints (`run#200` is the one after 200), a file that holds
//! a list of them (`run.pt#3`), or several files.

mod record;

use super::load::numbered;
use super::weights::{self, WhichSet};
use crate::task::{shown, shown_path};
use anyhow::{Context, Result, ensure};
use record::told_in;
pub use record::{HeldOut, Recorded, TRAINING_STATE};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Checkpoints in a folder beyond these are not looked at.
const MAX_STEPS: usize = 100_000;
/// What stands before the number in the name of one step's file.
const STEP_WORDS: [&str; 6] = ["step", "steps", "checkpoint", "ckpt", "epoch", "iter"];

/// A model at several steps, and how its training went where a record stands beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The folder, or the file that holds a list; of several files the first.
    pub place: PathBuf,
    /// Each step and the path that opens it, the first one first; no step twice.
    pub steps: Vec<(u64, PathBuf)>,
    /// How its training went: what `record.json` in the folder says, or, of a training that has none yet, what it
    /// needs to go on.
    pub recorded: Vec<Recorded>,
    /// What is wrong with that record, where something is.
    pub note: Option<String>,
}

impl Series {
    /// The series that a path names or is a step of, and which of its steps: of the whole the last.
    /// `None` for a checkpoint that stands alone.
    ///
    /// # Errors
    /// When a folder has no checkpoints or not that step, or a file cannot be read.
    pub fn around(path: &Path) -> Result<Option<(Self, usize)>> {
        if path.is_dir() {
            return Ok(Some(Self::of_folder(path)?.at_last()));
        }
        if let Some((folder, _)) = in_folder(path) {
            let file = resolved(path)?;
            let series = Self::of_folder(&folder)?;
            let number = step(&file);
            let at = series
                .steps
                .iter()
                .position(|(one, _)| Some(*one) == number);
            return Ok(at.map(|at| (series, at)));
        }
        let (file, number) = numbered(path);
        let folder = file
            .parent()
            .filter(|_| number.is_none() && is_a_step(&file));
        if let Some(folder) = folder {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            let series = Self::of_folder(folder)?;
            let own = step(&file);
            let at = series.steps.iter().position(|(one, _)| Some(*one) == own);
            return Ok(at.filter(|_| series.steps.len() > 1).map(|at| (series, at)));
        }
        // a list is not opened without saying which
        match number {
            Some(number) => Self::of_list(&file, WhichSet::Number(number)),
            None => Ok(None),
        }
    }

    /// The same of a path that names a list as a whole as well, of which it is the last step.
    ///
    /// # Errors
    /// As [`Self::around`].
    pub fn whole(path: &Path) -> Result<Option<(Self, usize)>> {
        match (Self::around(path)?, numbered(path)) {
            (None, (file, None)) => Self::of_list(&file, WhichSet::Last),
            (found, _) => Ok(found),
        }
    }

    /// Several files, each a step: by the last number in its name where each has one and no two the same, in
    /// their order; else they are counted from 0 as they are given.
    ///
    /// # Errors
    /// Names what is no file.
    pub fn of_files(files: &[PathBuf]) -> Result<Self> {
        for file in files {
            let name = shown_path(file);
            ensure!(
                !file.is_dir(),
                "{name} is a folder; a series is one folder, or several files"
            );
            ensure!(numbered(file).0.exists(), "{name} is not there");
        }
        ensure!(
            files.len() <= MAX_STEPS,
            "{} files; {MAX_STEPS} steps are supported",
            files.len()
        );
        let place = files.first().context("a series has steps")?;
        let counted = || (0..).zip(files.iter().cloned()).collect();
        // parted from the names only where the names alone tell the files apart
        let own: Option<BTreeMap<u64, PathBuf>> = (files.iter())
            .map(|file| Some((last_number(file)?, file.clone())))
            .collect();
        let named = own.filter(|own| own.len() == files.len());
        let folder = |file: &PathBuf| file.parent().map(Path::to_owned);
        // the record of a training tells of its own steps alone
        let beside = folder(place).filter(|own| {
            named.is_some() && files.iter().all(|file| folder(file).as_ref() == Some(own))
        });
        let (recorded, note) = beside.map_or_else(Default::default, |own| told_in(&own));
        Ok(Self {
            place: place.clone(),
            steps: named.map_or_else(counted, |own| own.into_iter().collect()),
            recorded,
            note,
        })
    }

    /// With the place of its last step.
    fn at_last(self) -> (Self, usize) {
        let last = self.steps.len().saturating_sub(1);
        (self, last)
    }

    /// The steps of a folder.
    fn of_folder(folder: &Path) -> Result<Self> {
        let mut steps = steps(folder)?;
        steps.dedup_by_key(|(step, _)| *step);
        let named = |(step, _): (u64, PathBuf)| (step, step_of(folder, step));
        let (recorded, note) = told_in(folder);
        Ok(Self {
            place: folder.to_owned(),
            steps: steps.into_iter().map(named).collect(),
            recorded,
            note,
        })
    }

    /// The list in a file, if it holds one.
    fn of_list(file: &Path, pick: WhichSet) -> Result<Option<(Self, usize)>> {
        let Some((at, count)) = weights::read_checkpoint(file, pick)?.series else {
            return Ok(None);
        };
        ensure!(
            count <= MAX_STEPS,
            "the list in {} has {count} steps; {MAX_STEPS} are supported",
            shown_path(file)
        );
        let named = |i: usize| (i as u64, step_of(file, i as u64));
        let series = Self {
            place: file.to_owned(),
            steps: (0..count).map(named).collect(),
            recorded: Vec::new(),
            note: None,
        };
        Ok(Some((series, at)))
    }

    /// The step of that number.
    ///
    /// # Errors
    /// When there is none; names those next to it.
    pub fn index_of(&self, number: u64) -> Result<usize> {
        let after = self.steps.partition_point(|(step, _)| *step < number);
        let there = |at: usize| self.steps.get(at).map(|(step, _)| *step);
        if there(after) == Some(number) {
            return Ok(after);
        }
        let before = after.checked_sub(1).and_then(there);
        let near = before.into_iter().chain(there(after));
        let near: Vec<String> = near.map(|step| step.to_string()).collect();
        anyhow::bail!(
            "no step {number}: {} steps, near it {}",
            self.steps.len(),
            near.join(" and ")
        )
    }

    /// Steps that were written to the folder since, later than all there are, with how the training went up to
    /// the last.
    pub fn grow(&mut self, steps: &[u64], recorded: Vec<Recorded>) {
        self.recorded = recorded;
        let place = &self.place;
        self.steps
            .extend(steps.iter().map(|&step| (step, step_of(place, step))));
    }

    /// Its folder stands elsewhere now.
    pub fn move_to(&mut self, place: PathBuf) {
        for (step, path) in &mut self.steps {
            *path = step_of(&place, *step);
        }
        self.place = place;
    }

    /// What the record says of a step: its first point at or after it.
    #[must_use]
    pub fn recorded_at(&self, step: u64) -> Option<Recorded> {
        let at = self.recorded.partition_point(|one| one.step < step);
        self.recorded.get(at).copied()
    }
}

/// The path of a step of a folder, or of a list.
fn step_of(place: &Path, step: u64) -> PathBuf {
    let mut path = place.as_os_str().to_owned();
    path.push(format!("#{step}"));
    PathBuf::from(path)
}

/// Whether a file is called as one step of many: `step-00000100.safetensors`, `ckpt_12.pt`, `100.pt`.
fn is_a_step(file: &Path) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let word = stem.map(|stem| {
        let word = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        let word = word.trim_end_matches(['-', '_', '.']);
        word.rsplit(['-', '_', '.']).next().unwrap_or(word)
    });
    let called = word.is_some_and(|word| word.is_empty() || STEP_WORDS.contains(&word));
    called && step(file).is_some() && file.is_file()
}

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

/// The last number in a file's name, wherever it stands: `step-100-ema.pt`.
fn last_number(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let mut numbers = stem.split(|c: char| !c.is_ascii_digit()).rev();
    numbers.find(|digits| !digits.is_empty())?.parse().ok()
}

/// The folder and the step of a path such as `run#200`.
fn in_folder(path: &Path) -> Option<(PathBuf, String)> {
    let text = path.to_string_lossy();
    let (folder, wanted) = text.rsplit_once('#')?;
    let folder = PathBuf::from(folder);
    folder.is_dir().then(|| (folder, wanted.to_owned()))
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
    let Some((folder, wanted)) = in_folder(path) else {
        return Ok(path.to_owned());
    };
    let all = steps(&folder)?;
    let number = wanted.parse::<u64>().ok();
    let found = all.iter().find(|(step, _)| Some(*step) == number);
    let (_, file) = found.with_context(|| {
        let (first, last) = (all[0].0, all[all.len() - 1].0);
        format!(
            "{} has no step '{}': {} steps from {first} to {last}",
            shown_path(&folder),
            shown(&wanted),
            all.len()
        )
    })?;
    Ok(file.clone())
}

/// The path of one model: of a folder its last checkpoint, of a list in a file the last of it; any other
/// path is itself.
///
/// # Errors
/// As [`resolved`]; when a file cannot be read.
pub fn newest(path: &Path) -> Result<PathBuf> {
    let path = resolved(path)?;
    if numbered(&path).1.is_some() {
        return Ok(path);
    }
    let Some((at, _)) = weights::read_checkpoint(&path, WhichSet::Last)?.series else {
        return Ok(path);
    };
    Ok(step_of(&path, at as u64))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn files_are_steps_by_their_numbers_where_these_tell_them_apart() {
        let folder = tempfile::tempdir().unwrap();
        let steps = |names: &[&str]| {
            let files = names.iter().map(|name| folder.path().join(name));
            let files: Vec<PathBuf> = files.collect();
            let made = files.iter().try_for_each(|file| std::fs::write(file, ""));
            assert!(made.is_ok());
            let series = Series::of_files(&files).map(|series| series.steps);
            let steps = series.unwrap_or_default().into_iter().map(|(step, path)| {
                let name = path.file_name().unwrap_or_default();
                (step, name.to_string_lossy().into_owned())
            });
            steps.collect::<Vec<_>>()
        };
        let named = |all: &[(u64, &str)]| -> Vec<(u64, String)> {
            all.iter()
                .map(|(n, name)| (*n, (*name).to_owned()))
                .collect()
        };
        assert_eq!(
            steps(&["step-100.pt", "step-20-ema.pt", "9.pt"]),
            named(&[(9, "9.pt"), (20, "step-20-ema.pt"), (100, "step-100.pt")])
        );
        // one without a number, or two with the same one
        for names in [["b.pt", "a7.pt"], ["b_v1.pt", "a_v1.pt"]] {
            assert_eq!(steps(&names), named(&[(0, names[0]), (1, names[1])]));
        }
        let missing = [folder.path().to_owned(), folder.path().join("none.pt")];
        for file in missing {
            assert!(Series::of_files(&[file]).is_err());
        }
    }

    #[test]
    fn a_step_has_its_own_loss_and_one_between_that_of_the_next_record() {
        let point = |(step, loss)| Recorded {
            step,
            loss,
            held_out: None,
        };
        let series = Series {
            place: PathBuf::new(),
            steps: Vec::new(),
            recorded: [(100, 0.5), (200, 0.25)].map(point).to_vec(),
            note: None,
        };
        for (step, loss) in [
            (0, Some(0.5)),
            (100, Some(0.5)),
            (101, Some(0.25)),
            (200, Some(0.25)),
            (201, None),
        ] {
            let found = series.recorded_at(step).map(|one| one.loss);
            assert_eq!(found, loss, "{step}");
        }
    }
}
