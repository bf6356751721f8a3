//! What an answer says, in a line: its headline, and the title of the finding that is kept of it.

use super::inputs::Many;
use super::question::Question;
use super::table::{Alike, DIFFERENCE, Table};
use super::variants::Variants;
use crate::task::grouped;
use crate::task::number::{fixed, significant};

impl Question {
    /// What the answer says about the column at hand, if there is one thing to say: its largest part, and how
    /// much of the whole that is; the largest difference; how well a fit fits.
    #[must_use]
    pub fn found(&self, table: &Table, (_, column): (usize, usize)) -> Option<String> {
        match self {
            Self::Attribution { .. } => attributed(table, column),
            Self::Sources { .. } => largest(table, |head, from| {
                format!("head {head} attending to {from} writes")
            }),
            Self::Why { .. } | Self::Paths { .. } | Self::Neurons { .. } => {
                largest(table, |row, column| format!("largest: {row} by {column} "))
            }
            Self::Variants(Variants::Edges) => costliest(table),
            Self::Many(Many::Groups { .. }) => ends(table, "mean"),
            Self::Many(Many::Fit { .. }) => fitted(table),
            Self::Many(Many::Neurons { .. }) => neurons(table),
            Self::Many(Many::Neuron { .. }) => read_most(table),
            Self::ModelLogits | Self::ModelAttention(_) => differ(table),
            Self::ModelNecessity => alike(table),
            _ => None,
        }
    }
}

/// The finite values of a column, with the names of their rows.
fn column<'a>(table: &'a Table, name: &str) -> Option<Vec<(&'a str, f32)>> {
    let column = table.cols.iter().position(|one| one == name)?;
    let rows = table.rows.iter().enumerate();
    let told = rows.filter_map(|(i, row)| {
        let value = table.values.get(&[i, column])?;
        value.is_finite().then_some((row.as_str(), value))
    });
    Some(told.collect())
}

/// The least and the largest of a column's values.
fn extremes<'a>(all: &[(&'a str, f32)]) -> Option<[(&'a str, f32); 2]> {
    let least = all.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = all.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some([*least, *most])
}

/// Where a column is least and where most.
fn ends(table: &Table, name: &str) -> Option<String> {
    let all = column(table, name)?;
    let [least, most] = extremes(&all)?;
    let by = table.axes.first()?;
    if least.1.total_cmp(&most.1).is_eq() {
        return Some(format!("{name} {} in every group", significant(most.1, 4)));
    }
    Some(format!(
        "{name} from {} where {by} is {} to {} where it is {}",
        significant(least.1, 4),
        least.0,
        significant(most.1, 4),
        most.0
    ))
}

/// How much of the spread a fit explains, in words and as the formula.
fn fitted(table: &Table) -> Option<String> {
    let note = |name: &str| table.notes.iter().find(|(one, _)| one == name);
    let (r2, formula) = (&note("R²")?.1, &note("fit")?.1);
    Some(format!("R² {r2}: {formula}"))
}

/// The neuron that the accuracy is lost without; where none was left out, the one that says most of a field.
fn neurons(table: &Table) -> Option<String> {
    let cut = column(table, "accuracy without").filter(|all| all.len() == table.rows.len());
    if let Some(all) = cut {
        let [least, most] = extremes(&all)?;
        if least.1 < most.1 {
            return Some(format!(
                "without neuron {} accuracy is {}, the least",
                least.0,
                fixed(least.1, 3)
            ));
        }
    }
    let fields = table.cols.iter().filter(|name| name.starts_with("by "));
    let most = fields.filter_map(|field| {
        let all = column(table, field)?;
        let most = all.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((field.trim_start_matches("by "), most))
    });
    let (field, (neuron, share)) = most.max_by(|a, b| a.1.1.total_cmp(&b.1.1))?;
    let percent = fixed(f64::from(share) * 100.0, 0);
    Some(format!(
        "neuron {neuron} follows {field} most: {percent} % of its variance"
    ))
}

/// The tokens that raise a neuron most and lower it most, by what way, and what it writes most.
fn read_most(table: &Table) -> Option<String> {
    let cells = |begins: &'static str| {
        let names = table
            .cols
            .iter()
            .filter(move |name| name.starts_with(begins));
        let all = names.filter_map(|name| Some((name, column(table, name)?)));
        let cells = all.flat_map(|(name, all)| all.into_iter().map(move |cell| (name, cell)));
        cells.collect::<Vec<_>>()
    };
    let told = |(way, (token, value)): &(&String, (&str, f32))| {
        let by = match way.split_once(" by ") {
            Some((_, head)) => format!(", by head {head}"),
            None => String::new(),
        };
        format!("{token} ({}{by})", significant(*value, 3))
    };
    let reads = cells("reads");
    let by_value =
        |a: &&(&String, (&str, f32)), b: &&(&String, (&str, f32))| a.1.1.total_cmp(&b.1.1);
    let (most, least) = (
        reads.iter().max_by(by_value)?,
        reads.iter().min_by(by_value)?,
    );
    let mut text = format!("raised most by {}, lowered by {}", told(most), told(least));
    if let Some(writes) = cells("writes").iter().max_by(by_value) {
        text += &format!("; writes {} most", told(writes));
    }
    Some(text)
}

/// That two models say the same, where they do.
fn alike(table: &Table) -> Option<String> {
    let numbers = grouped(table.values.values().len() as u128);
    let says = || format!("both models say the same: all {numbers} numbers are equal");
    table.is_of_equals().then(says)
}

/// Where two models differ most.
fn differ(table: &Table) -> Option<String> {
    if let Some(same) = alike(table) {
        return Some(same);
    }
    let differences = &(table.beside.iter().find(|layer| layer.name == DIFFERENCE)?).values;
    let [rows, cols] = [table.rows.len(), table.cols.len()];
    let cells = (0..rows).flat_map(|row| (0..cols).map(move |col| [row, col]));
    let told = cells.filter_map(|at| Some((at, differences.get(&at)?)));
    let told = told.filter(|(_, value)| value.is_finite());
    let ([row, col], most) = told.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    let at = (table.rows.get(row)?, table.cols.get(col)?);
    let size = significant(most.abs(), 4);
    Some(format!(
        "they differ most at {} in {}: by {size}",
        at.0, at.1
    ))
}

/// A part of a whole, in per cent, where that is a plain share.
fn share(part: f32, whole: f32) -> Option<String> {
    let share = part / whole;
    (whole != 0.0 && (0.0..=1.5).contains(&share))
        .then(|| format!("{} %", fixed(f64::from(share) * 100.0, 0)))
}

/// The part that writes most, and of a head the path through others that most of it comes by.
fn attributed(table: &Table, column: usize) -> Option<String> {
    let value = |row: usize| table.values.get(&[row, column]).filter(|v| v.is_finite());
    let rows = || table.rows.iter().enumerate();
    let most = |fits: &dyn Fn(&str) -> bool| {
        let parts = rows().filter(|(_, name)| fits(name));
        let parts = parts.filter_map(|(i, name)| Some((name.clone(), value(i)?)));
        parts.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    };
    let logit = rows().rev().find(|(_, name)| *name == "logit");
    let logit = logit.and_then(|(i, _)| value(i))?;
    let (part, writes) = most(&|name| name.starts_with("head ") || name.starts_with("mlp_out "))?;
    let at = table.cols.get(column)?;
    let of = share(writes, logit).map_or_else(
        || format!("{} of {}", significant(writes, 3), significant(logit, 3)),
        |share| format!("{share} of the logit"),
    );
    let through = part.strip_prefix("head ").and_then(|head| {
        let ends = format!(">{head}");
        let (path, brings) = most(&|name| name.starts_with("path ") && name.ends_with(&ends))?;
        let (before, _) = path.strip_prefix("path ")?.rsplit_once('>')?;
        // parts of both signs may be more than the whole
        let is_share = (0.0..=1.0).contains(&(brings / writes));
        let share = share(brings, writes).filter(|_| is_share)?;
        Some(format!("; {share} of that through {before}"))
    });
    let through = through.unwrap_or_default();
    Some(format!("{part} writes {of} at {at}{through}"))
}

/// The largest part of a table of parts, and how much of the whole it is.
fn largest(table: &Table, words: impl Fn(&str, &str) -> String) -> Option<String> {
    let (row, column) = table.hottest(Alike::All, (0, 0))?;
    let value = table.values.get(&[row, column])?;
    let note = |name: &str| {
        let found = table.notes.iter().find(|(one, _)| one == name)?;
        found.1.parse::<f32>().ok()
    };
    let sums = table.cols.iter().position(|name| name == "sum");
    let last = table
        .rows
        .iter()
        .position(|name| name == "sum" || name == "logit");
    let whole = note("score")
        .or_else(|| note("logit"))
        .or_else(|| table.values.get(&[last?, sums?]))
        .or_else(|| table.values.get(&[row, sums?]));
    let of = whole.and_then(|whole| share(value, whole));
    let of = of.map_or_else(String::new, |share| format!(", {share} of the whole"));
    let words = words(table.rows.get(row)?, table.cols.get(column)?);
    Some(format!("{words} {}{of}", significant(value, 4)))
}

/// The variant that loses most accuracy.
fn costliest(table: &Table) -> Option<String> {
    let column = table.cols.iter().position(|name| name == "acc")?;
    let value = |row: usize| table.values.get(&[row, column]).filter(|v| v.is_finite());
    let rows = 1..table.rows.len();
    // while some are still to come nothing is known of the costliest
    if rows.clone().any(|row| value(row).is_none()) {
        return None;
    }
    let least = rows.clone().filter_map(|row| Some((row, value(row)?)));
    let (row, left) = least.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let name = |row: usize| table.rows.get(row);
    let of_accuracy = format!(
        "{} costs most accuracy: {} instead of {}",
        name(row)?,
        fixed(left, 3),
        fixed(value(0)?, 3)
    );
    let losses = table.cols.iter().position(|name| name == "loss");
    let loss = |row: usize| table.values.get(&[row, losses?]).filter(|v| v.is_finite());
    let most = rows.filter_map(|row| Some((row, loss(row)?)));
    let most = most.max_by(|a, b| a.1.total_cmp(&b.1));
    // what is less often right may be less wrong
    let of_loss = most.filter(|(at, _)| *at != row).and_then(|(at, most)| {
        let (name, most) = (name(at)?, significant(most, 3));
        Some(format!("; {name} most loss: {most}"))
    });
    Some(of_accuracy + &of_loss.unwrap_or_default())
}
