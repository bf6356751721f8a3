//! Answers about the weights alone.

use crate::lens::names::head::head_pairs;
use crate::lens::numbers::array::Array;
use crate::lens::weights::circuit::{Axis, Circuit};
use crate::lens::weights::composition::{composition, composition_baseline};
use crate::task::number::fixed;

use super::table::{Layer, Table};
use super::tools::Tools;
use crate::lens::{Directions, pca};
use crate::model::HookedTransformer;
use anyhow::{Result, ensure};

/// The random baseline of composition scores: its seed and draws.
const BASELINE: (u32, usize) = (0, 32);

/// Rows named that fail their diagonal; all of them are marked.
const FAILING: usize = 6;

/// Another circuit's values beside a table's, drawn on one scale.
pub(super) fn put_beside(table: &mut Table, first: &Circuit, other: &Circuit) -> Result<()> {
    ensure!(
        first.axes == other.axes,
        "{} and {} have other rows and columns: {:?} by {:?}, and {:?} by {:?}",
        first.name,
        other.name,
        first.axes[0],
        first.axes[1],
        other.axes[0],
        other.axes[1]
    );
    table.name.clone_from(&first.name);
    // marks would be taken for the other's too
    table.flagged.clear();
    table.beside.push(Layer {
        name: other.name.clone(),
        values: other.values.clone(),
    });
    Ok(())
}

/// A circuit, with its spectrum.
pub(super) fn circuit_table(circuit: &Circuit) -> Result<Table> {
    let said = circuit.notes.iter();
    let said = said.map(|(name, words)| ((*name).to_owned(), words.clone()));
    let mut notes: Vec<(String, String)> = said.collect();
    let diagonal = circuit.diagonal();
    if let Some(diagonal) = &diagonal {
        // what counts most comes first: where there is little room nothing else is seen
        let name = match circuit.name.starts_with("qk") {
            true => "matches itself",
            false => "copies",
        };
        notes.insert(0, (name.into(), diagonal.in_short()));
        notes.push(("top-1 on the diagonal".into(), fixed(diagonal.top1, 3)));
        let told = diagonal.words(FAILING).into_iter();
        notes.extend(told.map(|(name, words)| (name.to_owned(), words)));
    }
    if let Some(copying) = circuit.copying_score()? {
        notes.push(("copying score".into(), fixed(copying, 3)));
    }
    let singular = circuit.singular_values()?;
    notes.push(("effective rank".into(), fixed(circuit.effective_rank()?, 1)));
    let first: Vec<String> = singular.iter().take(5).map(|&s| fixed(s, 1)).collect();
    notes.push(("singular values".into(), first.join(" ")));
    let failing = diagonal.map_or_else(Vec::new, |diagonal| diagonal.failing);
    Ok(Table {
        flagged: failing.iter().map(|one| one.cell).collect(),
        axes: sides(circuit),
        rows: circuit.rows.clone(),
        cols: circuit.cols.clone(),
        values: circuit.values.clone(),
        signed: true,
        notes,
        ..Table::default()
    })
}

/// What rows and columns of a circuit are, in words.
fn sides(circuit: &Circuit) -> Vec<String> {
    let is_score = circuit.name.starts_with("qk");
    let names = match is_score {
        true => ["query", "key"],
        false => ["reads", "writes"],
    };
    let what = |axis: Axis| match axis {
        Axis::Tokens => "token",
        Axis::Logits => "logit",
        Axis::Positions => "position",
        Axis::Both => "token or position",
        Axis::Neurons => "neuron",
    };
    let sides = names.iter().zip(circuit.axes);
    sides
        .map(|(side, axis)| format!("{side} {}", what(axis)))
        .collect()
}

/// The principal components of named directions.
pub(super) fn pca_table(tools: &Tools, of: Directions) -> Result<Table> {
    let found = pca(&tools.weights, of, 3)?;
    let explained = found
        .explained
        .iter()
        .map(|part| fixed(part * 100.0, 1) + "%");
    Ok(Table {
        cols: (1..=found.explained.len())
            .map(|k| format!("PC{k}"))
            .collect(),
        notes: vec![("explained".into(), explained.collect::<Vec<_>>().join(" "))],
        rows: found.labels,
        values: found.coordinates,
        signed: true,
        ..Table::default()
    })
}

/// All pairs of heads, and random ones.
pub(super) fn composition_table(model: &HookedTransformer, tools: &Tools) -> Result<Table> {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (earlier, later) in head_pairs(model.config()) {
        let found = composition(&tools.weights, earlier, later)?;
        rows.push(format!("{earlier} into {later}"));
        values.extend([found.q, found.k, found.v].map(|x| x as f32));
    }
    let baseline = composition_baseline(&tools.weights, BASELINE.0, BASELINE.1);
    rows.push(format!("random, mean of {}", baseline.draws));
    values.extend([baseline.mean as f32; 3]);
    Ok(Table {
        values: Array::from_values(vec![rows.len(), 3], values),
        rows,
        cols: ["Q", "K", "V"].map(str::to_owned).to_vec(),
        signed: false,
        notes: vec![("random, standard deviation".into(), fixed(baseline.std, 4))],
        ..Table::default()
    })
}
