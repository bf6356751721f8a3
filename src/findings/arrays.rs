//! Every array of numbers on a screen by name, as one tidy CSV and as safetensors.

use crate::answers::Table;
use crate::lens::{Array, Observation, RunName};
use crate::model::weights::{RawTensor, to_safetensors};
use crate::task::Task;
use crate::task::text::csv_cell;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The columns of the CSV between `array` and `value`: the axes that an array can have.
const AXES: [&str; 8] = [
    "layer", "head", "pos", "dest_pos", "src_pos", "token", "row", "column",
];

/// An array with a name and named axes.
#[derive(Clone, Debug)]
pub struct Named {
    /// `patched.logits`, `grid.z`, `answer`.
    pub name: String,
    /// Its axes by name.
    pub axes: Vec<&'static str>,
    /// Its numbers.
    pub values: Array,
    /// The names along rows and columns of a table; empty for the others.
    pub labels: [Vec<String>; 2],
}

/// The arrays of an observation.
#[must_use]
pub fn of_observation(seen: &Observation) -> Vec<Named> {
    let mut all = Vec::new();
    let mut put = |name: String, axes: &[&'static str], values: &Array| {
        all.push(Named {
            name,
            axes: axes.to_vec(),
            values: values.clone(),
            labels: Default::default(),
        });
    };
    for name in [RunName::Clean, RunName::Corrupted, RunName::Patched] {
        let (run, name) = (seen.run(name), name.name());
        let attention = ["layer", "head", "dest_pos", "src_pos"];
        put(format!("{name}.logits"), &["pos", "token"], &run.logits);
        put(format!("{name}.pattern"), &attention, &run.pattern);
        put(format!("{name}.attn_scores"), &attention, &run.scores);
    }
    for grid in &seen.grids {
        put(
            format!("grid.{}", grid.name.name()),
            grid.name.axes(),
            &grid.values,
        );
    }
    all
}

/// A table as a named array.
#[must_use]
pub fn of_table(name: &str, table: &Table) -> Named {
    Named {
        name: name.to_owned(),
        axes: vec!["row", "column"],
        values: table.values.clone(),
        labels: [table.rows.clone(), table.cols.clone()],
    }
}

/// One line a number: its array, where it stands, the number (empty where masked or none). `about`
/// becomes comment lines.
#[must_use]
pub fn csv(task: Task, arrays: &[Named], about: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in about {
        let _ = writeln!(out, "# {name}: {}", value.replace(['\n', '\r'], " "));
    }
    let _ = writeln!(out, "array,{},value", AXES.join(","));
    for array in arrays {
        let shape = array.values.shape();
        for (flat, value) in array.values.values().iter().enumerate() {
            let index = unravel(flat, shape);
            let place = AXES.map(|axis| {
                let at = array.axes.iter().position(|own| *own == axis);
                let at = at.and_then(|at| index.get(at).copied());
                at.map_or_else(String::new, |i| label(task, array, axis, i))
            });
            let value = if value.is_finite() {
                value.to_string()
            } else {
                String::new()
            };
            let _ = writeln!(out, "{},{},{value}", array.name, place.join(","));
        }
    }
    out
}

fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&len| {
            let i = flat % len.max(1);
            flat /= len.max(1);
            i
        })
        .collect();
    index.reverse();
    index
}

fn label(task: Task, array: &Named, axis: &str, i: usize) -> String {
    let named = match axis {
        "pos" | "dest_pos" | "src_pos" => return task.label(i),
        "row" => array.labels[0].get(i),
        "column" => array.labels[1].get(i),
        _ => return i.to_string(),
    };
    let text = named.cloned().unwrap_or_else(|| i.to_string());
    csv_cell(&text).into_owned()
}

/// The arrays as a safetensors file; `about` is its metadata, with axes and labels.
///
/// # Errors
/// When they are more than such a file holds.
pub fn safetensors(arrays: &[Named], about: &[(String, String)]) -> Result<Vec<u8>> {
    let mut metadata: BTreeMap<String, String> = BTreeMap::new();
    let mut put = |name: String, value: String| {
        let text = metadata.entry(name).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&value);
    };
    for (name, value) in about {
        put(name.clone(), value.clone());
    }
    for array in arrays {
        put(format!("{} axes", array.name), array.axes.join(" "));
        for (axis, labels) in ["rows", "columns"].iter().zip(&array.labels) {
            if !labels.is_empty() {
                put(format!("{} {axis}", array.name), labels.join("\n"));
            }
        }
    }
    let tensors = arrays.iter().map(|array| {
        let raw = RawTensor {
            shape: array.values.shape().to_vec(),
            data: array.values.values().to_vec(),
        };
        (array.name.clone(), raw)
    });
    to_safetensors(&tensors.collect(), &metadata)
}
