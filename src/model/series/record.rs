//! How the training of a series went, as the files beside it tell.

use crate::model::weights;
use crate::task::plain::{self, Links};
use crate::task::shown_path;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A record of a training beside a series is at most so long.
const MAX_RECORD: u64 = 4 << 20;
/// What the metadata of a training's state is called in its file, `state.safetensors`.
pub const TRAINING_STATE: &str = "circuitscope-training-state-1";

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

/// What a folder's record tells, or why it tells nothing.
pub(super) fn told_in(folder: &Path) -> (Vec<Recorded>, Option<String>) {
    match recorded(folder) {
        Ok(recorded) => (recorded, None),
        Err(error) => (Vec::new(), Some(format!("{error:#}"))),
    }
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
