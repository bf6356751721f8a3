//! The files that a training leaves: one model, or a series of them in a folder.

use crate::findings::files;
use crate::model::HookedTransformer;
use crate::model::series::TRAINING_STATE;
use crate::model::weights::{self, MAX_ELEMENTS, StateDict};
use crate::task::shown_path;
use crate::training::{Journal, Recipe, Saves, Training};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the files go.
pub struct Outputs {
    place: Place,
    replace: bool,
    go_on: bool,
}

enum Place {
    /// A weights file, and others of its name.
    One(PathBuf),
    /// A folder, in which the models of several steps stand; without any said, the last one's.
    Series {
        folder: PathBuf,
        saves: Option<Saves>,
    },
}

/// What of a training is not in its tensors.
#[derive(Serialize, Deserialize)]
struct Kept {
    recipe: Value,
    steps: usize,
    journal: Journal,
}

impl Outputs {
    /// A weights file, or where the model is written on the way a folder. `replace`: what stands there is
    /// written over; `go_on`: it is gone on with.
    ///
    /// # Errors
    /// When the name does not do for what is to be written.
    pub fn new(path: PathBuf, saves: Option<Saves>, replace: bool, go_on: bool) -> Result<Self> {
        let name = shown_path(&path);
        let is_file = path.extension().is_some_and(|end| end == "safetensors");
        if saves.is_some() {
            ensure!(
                !is_file,
                "--save-every and --save-at write many models: --output {name} must be a folder, such as run/"
            );
            return Ok(Self::folder(path, saves, go_on));
        }
        ensure!(
            is_file,
            "--output {name}: weights are written as .safetensors; give it a name that ends so"
        );
        Ok(Self {
            place: Place::One(path),
            replace: replace || go_on,
            go_on,
        })
    }

    /// A folder, whose last model is that of the last step.
    #[must_use]
    pub fn folder(folder: PathBuf, saves: Option<Saves>, go_on: bool) -> Self {
        Self {
            place: Place::Series { folder, saves },
            // nothing was there, and a step that is written twice is the same
            replace: true,
            go_on,
        }
    }

    /// A run of minutes must not end in a file that cannot be written. Makes the folder of a series.
    ///
    /// # Errors
    /// Names the file that is in the way, or the folder that is missing.
    pub fn check(&self) -> Result<()> {
        match &self.place {
            Place::One(weights) => {
                let config = self.config(weights);
                let all = [weights, &config, &self.record(), &self.state()];
                all.iter()
                    .try_for_each(|path| files::check_writable(path, self.replace))
            }
            Place::Series { folder, .. } => {
                let name = shown_path(folder);
                match fs::read_dir(folder) {
                    Ok(mut entries) => ensure!(
                        self.go_on || entries.next().is_none(),
                        "the folder {name} is not empty; name another, or go on with what is in it by \
                         --continue"
                    ),
                    Err(_) => fs::create_dir(folder)
                        .with_context(|| format!("cannot make the folder {name}"))?,
                }
                files::check_writable(&self.record(), true)
            }
        }
    }

    /// Where the weights stand after so many steps.
    pub fn weights(&self, step: usize) -> PathBuf {
        match &self.place {
            Place::One(weights) => weights.clone(),
            // so wide that names stand in order
            Place::Series { folder, .. } => folder.join(format!("step-{step:08}.safetensors")),
        }
    }

    fn config(&self, weights: &Path) -> PathBuf {
        weights.with_extension("json")
    }

    fn beside(&self, what: &str) -> PathBuf {
        match &self.place {
            Place::One(weights) => weights.with_extension(what),
            Place::Series { folder, .. } => folder.join(what),
        }
    }

    fn record(&self) -> PathBuf {
        self.beside("record.json")
    }

    fn state(&self) -> PathBuf {
        self.beside("state.safetensors")
    }

    /// Whether the model is to be written after this step, which is not the last.
    pub fn is_due(&self, step: usize) -> bool {
        match &self.place {
            Place::Series { saves, .. } => saves.as_ref().is_some_and(|saves| saves.is_due(step)),
            Place::One(_) => false,
        }
    }

    /// Whether the state is kept of a training that has come to its end.
    pub fn keeps_state(&self) -> bool {
        matches!(self.place, Place::Series { .. })
    }

    /// Writes weights and config.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn save_model(&self, model: &HookedTransformer, step: usize) -> Result<()> {
        let (weights, config) = model.to_files()?;
        let path = self.weights(step);
        let config = (&*self.config(&path), config.as_bytes());
        files::write_together(&[(&path, &weights), config], self.replace)
    }

    /// Writes how the model was made.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_record(&self, record: &impl Serialize) -> Result<()> {
        let record = serde_json::to_string_pretty(record)? + "\n";
        files::write_whole(&self.record(), record.as_bytes())
    }

    /// Writes what a training needs to go on; says so where it is too large for that.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_state(&self, training: &Training, journal: &Journal) -> Result<bool> {
        if training.recipe().model.weights() > MAX_ELEMENTS / 3 {
            return Ok(false);
        }
        let kept = Kept {
            recipe: serde_json::to_value(training.recipe())?,
            steps: training.steps(),
            journal: journal.clone(),
        };
        let metadata = BTreeMap::from([(TRAINING_STATE.to_owned(), serde_json::to_string(&kept)?)]);
        let bytes = weights::to_safetensors(&training.state()?, &metadata)?;
        files::write_whole(&self.state(), &bytes)?;
        Ok(true)
    }

    /// Whether there is anything to go on with.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.state().is_file()
    }

    /// Takes away the state of a training that has come to its end.
    pub fn drop_state(&self) {
        // where there is none there is nothing to take away
        let _ = fs::remove_file(self.state());
    }

    /// What a training goes on from: tensors, steps taken, and how it went.
    ///
    /// # Errors
    /// When there is no state, it is broken, or it is of another recipe: names the field.
    pub fn open_state(&self, recipe: &Recipe) -> Result<(StateDict, usize, Journal)> {
        let path = self.state();
        let name = shown_path(&path);
        ensure!(
            path.is_file(),
            "there is nothing to go on with: no file {name}; a training that is stopped, or has \
             --save-every or --save-at, leaves one"
        );
        let (tensors, mut metadata) = weights::read_with_metadata(&path)?;
        let kept = metadata.remove(TRAINING_STATE);
        let kept = kept.with_context(|| format!("{name} is no state of a training"))?;
        let kept: Kept = serde_json::from_str(&kept)
            .with_context(|| format!("the state {name} is not what this program writes"))?;
        same_recipe(&kept, recipe).with_context(|| format!("cannot go on from {name}"))?;
        Ok((tensors, kept.steps, kept.journal))
    }
}

/// A training goes on by the recipe that it was begun by. More steps may be taken, where the learning
/// rate does not depend on how many there are.
fn same_recipe(kept: &Kept, recipe: &Recipe) -> Result<()> {
    let now = serde_json::to_value(recipe)?;
    let (Value::Object(then), Value::Object(now)) = (&kept.recipe, &now) else {
        bail!("its recipe is no object");
    };
    let constant = now.get("schedule") == Some(&Value::from("constant"));
    for name in then.keys().chain(now.keys()) {
        let [was, is] = [then, now].map(|recipe| recipe.get(name).unwrap_or(&Value::Null));
        ensure!(
            was == is || (name == "steps" && constant),
            "{name} was {was} and is {is}; give the same flags as before"
        );
    }
    ensure!(
        kept.steps <= recipe.steps,
        "{} steps were taken, and --steps is {}",
        kept.steps,
        recipe.steps
    );
    Ok(())
}
