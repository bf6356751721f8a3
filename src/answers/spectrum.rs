//! Answers about frequencies and directions of the weights.

use super::table::Table;
use crate::lens::HeadName;
use crate::lens::weights::circuit::check_table;
use crate::lens::{
    Array, Chosen, Directions, Matrices, Matrix, cosines, fan, fourier, head_pairs, overlap,
};
use crate::model::Config;
use crate::task::number::{fixed, significant};
use crate::task::{Task, grouped};
use anyhow::{Context as _, Result, ensure};

/// So many of the largest shares are named.
const NAMED: usize = 8;

/// The spectrum of a table along its rows: by frequency its share of the sum of squares without the constant,
/// its power, and of one column the phase.
pub(super) fn along_rows(values: &Matrix, what: &str) -> Table {
    let powers = fourier::powers(values);
    let total: f64 = powers.iter().skip(1).sum();
    let single = values.ncols() == 1;
    let mut cols = vec!["share".to_owned(), "power".to_owned()];
    cols.extend(single.then(|| "phase".to_owned()));
    let width = cols.len();
    let mut numbers = Vec::new();
    for (k, &power) in powers.iter().enumerate() {
        // the constant is no frequency, and would be the largest by far of any table of numbers above 0
        match k {
            0 => numbers.extend([f64::NAN; 2]),
            _ => numbers.extend([power / total, power]),
        }
        if single {
            let [cos, sin] = fourier::coefficients(values, k);
            numbers.push(if k == 0 {
                f64::NAN
            } else {
                sin[0].atan2(cos[0])
            });
        }
    }
    let names: Vec<String> = (0..powers.len()).map(|k| k.to_string()).collect();
    let shares: Vec<f64> = numbers.iter().step_by(width).copied().collect();
    let mut notes = vec![
        ("largest".to_owned(), largest(&names, &shares)),
        ("constant".to_owned(), constant(powers[0])),
        (
            "shares".to_owned(),
            "of the sum of squares without the constant".to_owned(),
        ),
        (
            "along".to_owned(),
            format!("{what}, {} values", values.nrows()),
        ),
    ];
    if single {
        let words = "of cos(2 pi k x / n - phase), in radians";
        notes.push(("phase".to_owned(), words.to_owned()));
    }
    Table {
        values: Array::from_fn([names.len(), width], |i, j| numbers[i * width + j] as f32),
        rows: names,
        cols,
        signed: true,
        axes: vec!["frequency".to_owned()],
        notes,
        ..Table::default()
    }
}

/// The power of the constant, which stands beside the frequencies and not among them.
pub(super) fn constant(power: f64) -> String {
    format!("power {}", significant(power, 6))
}

/// What there is to say where the frequencies of a table have no value; nothing where they have.
pub(super) fn without_frequencies(values: &Matrix) -> Option<String> {
    let (rows, cols) = (values.nrows(), values.ncols());
    let all = (0..cols).flat_map(|j| (0..rows).map(move |i| values[(i, j)]));
    let undefined = all.filter(|value| !value.is_finite()).count();
    (undefined > 0).then(|| {
        format!(
            "none: they are of all values, and {} of {} are not defined",
            grouped(undefined as u128),
            grouped((rows * cols) as u128)
        )
    })
}

/// Which shares there are, the largest first.
pub(super) fn by_size(shares: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shares.len()).filter(|&i| !shares[i].is_nan()).collect();
    order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]).then(a.cmp(&b)));
    order
}

/// The largest shares with their names, and what all others have together.
pub(super) fn largest(names: &[String], shares: &[f64]) -> String {
    let order = by_size(shares);
    let named = order.iter().take(NAMED);
    let told = named.map(|&i| format!("{}: {}", names[i], significant(shares[i], 3)));
    let told: Vec<String> = told.collect();
    let rest: f64 = order.iter().skip(NAMED).map(|&i| shares[i]).sum();
    match order.len() > NAMED {
        true => format!("{}; the rest {}", told.join("; "), significant(rest, 3)),
        false => told.join("; "),
    }
}

/// Directions along the tokens that are numbers.
pub(super) fn of_directions(weights: &Matrices, of: Directions, task: Task) -> Result<Table> {
    // neurons have no order: what they read of tokens has, and what they write along classes
    let (along, name, rows) = match of {
        Directions::NeuronsIn(_) => {
            let along = Directions::Tokens;
            let rows = along.rows(weights)? * of.rows(weights)?.transpose();
            (along, format!("W_E {}", of.name()), rows)
        }
        Directions::NeuronsOut(_) => {
            let along = Directions::Classes;
            let rows = along.rows(weights)? * of.rows(weights)?.transpose();
            (along, format!("{} W_U", of.name()), rows)
        }
        _ => (of, of.name(), of.rows(weights)?),
    };
    let labels = along.labels(weights.config(), task);
    let range = Directions::counted(&labels);
    ensure!(
        range.len() >= 3,
        "frequencies are along numbers that follow each other, and {name} has no three of them"
    );
    let rows = rows.subrows(range.start, range.len()).to_owned();
    let ends = format!(
        "{name} of {} to {}",
        labels[range.start],
        labels[range.end - 1]
    );
    Ok(along_rows(&rows, &ends))
}

/// The cosines of some directions with others.
pub(super) fn cosine_table(weights: &Matrices, a: Chosen, b: Chosen, task: Task) -> Result<Table> {
    let config = weights.config();
    let [rows, cols] = [a, b].map(|of| of.labels(config, task));
    check_table("this table of cosines", [rows.len(), cols.len()])?;
    let values = cosines(&a.rows(weights)?, &b.rows(weights)?);
    let mut notes = Vec::new();
    if a == b {
        let n = values.nrows();
        let others = (0..n).flat_map(|i| (0..n).filter(move |&j| j != i).map(move |j| (i, j)));
        let others: Vec<((usize, usize), f64)> = others
            .map(|at| (at, values[at]))
            .filter(|(_, x)| !x.is_nan())
            .collect();
        let by_value = |a: &&((usize, usize), f64), b: &&((usize, usize), f64)| a.1.total_cmp(&b.1);
        if let (Some(least), Some(most)) = (
            others.iter().min_by(by_value),
            others.iter().max_by(by_value),
        ) {
            let mean = others.iter().map(|(_, x)| x).sum::<f64>() / others.len() as f64;
            let told = |((i, j), x): &((usize, usize), f64)| {
                format!("{} ({} with {})", fixed(*x, 4), rows[*i], cols[*j])
            };
            let words = format!("mean {}, {} to {}", fixed(mean, 4), told(least), told(most));
            notes.push(("with others".to_owned(), words));
        }
    }
    Ok(Table {
        rows,
        cols,
        values: Array::from_fn([values.nrows(), values.ncols()], |i, j| {
            values[(i, j)] as f32
        }),
        signed: true,
        axes: vec![a.name(config, task), b.name(config, task)],
        notes,
        ..Table::default()
    })
}

/// The lengths of some directions.
pub(super) fn norm_table(weights: &Matrices, of: Chosen, task: Task) -> Result<Table> {
    let rows = of.rows(weights)?;
    let labels = of.labels(weights.config(), task);
    let norms: Vec<f64> = (0..rows.nrows()).map(|i| rows.row(i).norm_l2()).collect();
    let mean = norms.iter().sum::<f64>() / norms.len().max(1) as f64;
    Ok(Table {
        values: Array::from_fn([norms.len(), 1], |i, _| norms[i] as f32),
        rows: labels,
        cols: vec!["norm".to_owned()],
        signed: false,
        axes: vec![of.name(weights.config(), task)],
        notes: vec![("mean".to_owned(), significant(mean, 6))],
        ..Table::default()
    })
}

/// Directions in the plane that they span best: where they end, at which angle, how long they are and how much
/// of that lies in the plane.
pub(super) fn fan_table(weights: &Matrices, of: Directions, task: Task) -> Result<Table> {
    let rows = of.rows(weights)?;
    let found = fan(&rows).with_context(|| of.name())?;
    let value = |i: usize, j: usize| {
        let (x, y) = (found.ends[(i, 0)], found.ends[(i, 1)]);
        match j {
            0 => x,
            1 => y,
            2 => y.atan2(x).to_degrees().rem_euclid(360.0),
            3 => rows.row(i).norm_l2(),
            _ => found.inside[i],
        }
    };
    let share = format!("{} of all squared lengths", fixed(found.share, 4));
    let notes = [
        ("in the plane", share),
        (
            "plane",
            "through 0, of the two largest singular vectors".to_owned(),
        ),
        ("angle", "in degrees from x to y".to_owned()),
    ];
    Ok(Table {
        values: Array::from_fn([rows.nrows(), 5], |i, j| value(i, j) as f32),
        rows: of.labels(weights.config(), task),
        cols: ["x", "y", "angle", "norm", "inside"]
            .map(str::to_owned)
            .to_vec(),
        signed: true,
        axes: vec![of.name()],
        notes: notes.map(|(name, words)| (name.to_owned(), words)).to_vec(),
        ..Table::default()
    })
}

/// How much of what each head reads or writes lies in what the others do.
pub(super) fn overlap_table(weights: &Matrices, config: &Config) -> Result<Table> {
    let heads: Vec<HeadName> = HeadName::all(config).collect();
    ensure!(!heads.is_empty(), "this model has no heads");
    let sides = [
        Directions::Writes as fn(HeadName) -> Directions,
        Directions::Reads,
    ];
    let all: Vec<Directions> = sides
        .iter()
        .flat_map(|side| heads.iter().map(|&head| side(head)))
        .collect();
    let rows = all.iter().map(|one| one.rows(weights));
    let rows = rows.collect::<Result<Vec<_>>>()?;
    let mut values = Vec::new();
    for a in &rows {
        for b in &rows {
            values.push(overlap(a, b)? as f32);
        }
    }
    let names: Vec<String> = all.iter().map(|one| one.name()).collect();
    let baseline = config.d_head as f64 / config.d_model as f64;
    let pairs = head_pairs(config).count();
    let mut notes = vec![(
        "overlap".to_owned(),
        "mean squared cosine between what two families of directions span".to_owned(),
    )];
    if pairs > 0 || heads.len() > 1 {
        let words = format!("{} in the mean", fixed(baseline, 3));
        notes.push(("random subspaces".to_owned(), words));
    }
    Ok(Table {
        values: Array::from_values(vec![names.len(), names.len()], values),
        rows: names.clone(),
        cols: names,
        notes,
        ..Table::default()
    })
}
