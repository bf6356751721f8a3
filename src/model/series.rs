//! One model at several steps: a folder of checkpoints (`run#200` is the one after 200), or a file that holds
//! a list of them (`run.pt#3`).

use super::load::numbered;
use super::weights;
use crate::task::plain::{self, Links};
use crate::task::{shown, shown_path};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Checkpoints in a folder beyond these are not looked at.
const MAX_STEPS: usize = 100_000;
/// A record of a training beside a series is at most so long.
const MAX_RECORD: u64 = 4 << 20;
/// What the metadata of a training's state is called in its file, `state.safetensors`.
pub const TRAINING_STATE: &str = "circuitscope-training-state-1";
/// What stands before the number in the name of one step's file.
const STEP_WORDS: [&str; 6] = ["step", "steps", "checkpoint", "ckpt", "epoch", "iter"];

/// A model at several steps, and how its training went where a record stands beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The folder, or the file that holds a list.
    pub place: PathBuf,
    /// Each step and the path that opens it, the first one first; no step twice.
    pub steps: Vec<(u64, PathBuf)>,
    /// How its training went: what `record.json` in the folder says, or, of a training that has none yet, what it
    /// needs to go on.
    pub recorded: Vec<Recorded>,
    /// What is wrong with that record, where something is.
    pub note: Option<String>,
}

/// Where a training stood after some steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Steps taken.
    pub step: u64,
    /// Mean loss of the steps since the point before, in nats per prediction.
    pub loss: f64,
    /// Of the inputs that no step takes, where there are such.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_out: Option<HeldOut>,
}

/// How right a model is on inputs that no step takes: exact, over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// In nats per prediction.
    pub loss: f64,
    /// Of predictions.
    pub accuracy: f64,
}

impl Series {
    /// The series that a path names or is a step of, and which of its steps: of the whole the last.
    /// `None` for a checkpoint that stands alone.
    ///
    /// # Errors
    /// When a folder has no checkpoints or not that step, or a file cannot be read.
    pub fn around(path: &Path) -> Result<Option<(Self, usize)>> {
        if path.is_dir() {
            let series = Self::of_folder(path)?;
            let last = series.steps.len() - 1;
            return Ok(Some((series, last)));
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
        Self::of_list(&file, number)
    }

    /// The steps of a folder.
    fn of_folder(folder: &Path) -> Result<Self> {
        let mut steps = steps(folder)?;
        steps.dedup_by_key(|(step, _)| *step);
        let named = |(step, _): (u64, PathBuf)| (step, of_folder(folder, step));
        let (recorded, note) = match recorded(folder) {
            Ok(recorded) => (recorded, None),
            Err(error) => (Vec::new(), Some(format!("{error:#}"))),
        };
        Ok(Self {
            place: folder.to_owned(),
            steps: steps.into_iter().map(named).collect(),
            recorded,
            note,
        })
    }

    /// The list in a file, if it holds one.
    fn of_list(file: &Path, number: Option<usize>) -> Result<Option<(Self, usize)>> {
        // a list is not opened without saying which
        if number.is_none() {
            return Ok(None);
        }
        let Some((at, count)) = weights::read_checkpoint(file, number)?.series else {
            return Ok(None);
        };
        ensure!(
            count <= MAX_STEPS,
            "the list in {} has {count} steps; {MAX_STEPS} are supported",
            shown_path(file)
        );
        let named = |i: usize| {
            let mut path = file.as_os_str().to_owned();
            path.push(format!("#{i}"));
            (i as u64, PathBuf::from(path))
        };
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
            .extend(steps.iter().map(|&step| (step, of_folder(place, step))));
    }

    /// Its folder stands elsewhere now.
    pub fn move_to(&mut self, place: PathBuf) {
        for (step, path) in &mut self.steps {
            *path = of_folder(&place, *step);
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

/// The path of a folder's step.
fn of_folder(folder: &Path, step: u64) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(format!("#{step}"));
    PathBuf::from(path)
}

/// What of a training's record is read here.
#[derive(Deserialize)]
struct Record {
    history: Vec<Recorded>,
}

/// What of the state of a training that may go on.
#[derive(Deserialize)]
struct KeptState {
    journal: KeptJournal,
}

#[derive(Deserialize)]
struct KeptJournal {
    points: Vec<Recorded>,
}

/// What a folder's record tells, by step; without one the state that its training goes on from; nothing where there
/// is neither.
fn recorded(folder: &Path) -> Result<Vec<Recorded>> {
    let [record, state] = ["record.json", "state.safetensors"].map(|name| folder.join(name));
    let mut points = if plain::stands(&record)? {
        let name = shown_path(&record);
        let text = plain::text(&record, MAX_RECORD, Links::Followed);
        let text = text.with_context(|| format!("cannot read the record {name}"))?;
        let record: Record = serde_json::from_str(&text)
            .with_context(|| format!("the record {name} tells no losses"))?;
        record.history
    } else if plain::stands(&state)? {
        let metadata = weights::read_metadata(&state)?;
        let name = shown_path(&state);
        let text = metadata.get(TRAINING_STATE);
        let text = text.with_context(|| format!("{name} is no state of a training"))?;
        let state: KeptState = serde_json::from_str(text)
            .with_context(|| format!("the state {name} tells no losses"))?;
        state.journal.points
    } else {
        Vec::new()
    };
    points.retain(|point| point.loss.is_finite());
    points.sort_by_key(|point| point.step);
    Ok(points)
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

#[cfg(test)]
mod tests {
    use super::*;

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
