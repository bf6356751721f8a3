//! Words that questions and answers share: `over 64 pairs`, `b_1`, the name of a grid.

use super::gather::Compare;
use super::plan::Sheet;
use crate::lens::experiment::metric::Reading;
use crate::model::Config;
use crate::task::text::listed;
use crate::task::{Task, shown};
use anyhow::{Context, Result};

/// More pairs than this are a job for a sweep.
const MAX_PAIRS: usize = 4096;

/// The words a question begins with, and what follows them.
pub const FORMS: [(&str, &str); 26] = [
    ("attribution", "[target|TOKEN|A-B] [over sample]"),
    ("paths", "POS→ANSWER [target|TOKEN|A-B] [over sample]"),
    ("why", "LAYER.HEAD DEST SRC [minus SRC] [summed]"),
    (
        "attention",
        "pattern|scores|norm|argmax|target|TOKEN|A-B LAYER.HEAD | virtual L.H>L.H [over sample] [beside]",
    ),
    (
        "sources",
        "POS→ANSWER [target|TOKEN|A-B] [by token] [over sample]",
    ),
    (
        "neurons",
        "LAYER [at POS] [over ..] | LAYER target|TOKEN|A-B [over sample]",
    ),
    ("neuron", "LAYER.NEURON [at POS] [over ..]"),
    ("circuit", "NAME [scaled] [folded] [beside NAME]"),
    (
        "grid",
        "edges|edges_by_pos|strips|GRID|pattern_cells L.H|neurons LAYER [exact|attribution|both] [as clean|corrupted|patched|difference] [over N pairs]",
    ),
    ("metrics", "[over N pairs]"),
    ("necessity", ""),
    ("ranks", "ov|qk L.H"),
    ("models", "logits | attention L.H | necessity"),
    (
        "map",
        "QUANTITY[, ..] by FIELD[, FIELD] [over space|sample|random:SEED:N] [log x|y|xy]",
    ),
    (
        "table",
        "QUANTITY by EXPRESSION [over space|sample|random:SEED:N]",
    ),
    (
        "fit",
        "QUANTITY ~ EXPRESSION, EXPRESSION [over space|sample|random:SEED:N]",
    ),
    (
        "scatter",
        "QUANTITY, QUANTITY [over space|sample|random:SEED:N]",
    ),
    (
        "frequencies",
        "W_E|W_U|W_in.L|W_out.L|.. | [map QUANTITY by FIELD, FIELD]",
    ),
    (
        "partition",
        "HOOK @POS [head N] by FIELD [keep SHARE] [over space|sample|random:SEED:N]",
    ),
    (
        "cosines",
        "W_E|W_U|ov.L.H|W_U[T]|W_U[T] - W_U[T]|.. [the same]",
    ),
    ("norms", "W_E|W_U|ov.L.H|W_U[T]|W_U[T] - W_U[T]|.."),
    ("pca", "tokens|positions|W_U|.."),
    ("fan", "W_U|W_E|.."),
    ("overlap", ""),
    ("composition", ""),
    (
        "curve",
        "QUANTITY[, QUANTITY] [over random:SEED:N] [until CONDITION] [log x|y|xy]",
    ),
];

/// What keeps words from being a question of their verb's form: one is missing, another one, or
/// too many.
pub(super) fn misfit(words: &[&str]) -> String {
    let Some((verb, given)) = words.split_first() else {
        return "a question is missing".to_owned();
    };
    let form = FORMS.iter().find(|(word, _)| word == verb);
    let form = form.map_or("", |(_, form)| form);
    let is_one_of = |word: &str, choices: &str| choices.split('|').any(|one| one == word);
    // of several forms the one that begins like this
    let first = |form: &&str| {
        let choices = form.split_whitespace().next().unwrap_or("");
        given.first().is_some_and(|word| is_one_of(word, choices))
    };
    let mut forms = form.split(" | ");
    let form = forms.clone().find(first).or_else(|| forms.next());
    let needed: Vec<&str> = form
        .unwrap_or("")
        .split_whitespace()
        .take_while(|word| !word.starts_with('['))
        .collect();
    let mut pairs = given.iter().zip(&needed);
    let other = pairs.find(|(word, choices)| choices.contains('|') && !is_one_of(word, choices));
    match (other, needed.get(given.len()), given.last()) {
        (Some((word, choices)), ..) => format!("'{}' is not {choices}", shown(word)),
        (None, Some(next), _) => format!("{next} is missing"),
        (None, None, Some(last)) => format!("'{}' is one word too many", shown(last)),
        (None, None, None) => format!("'{}' is not understood", shown(verb)),
    }
}

/// Takes `over N pairs` off the words.
pub(super) fn over_pairs(words: &mut Vec<&str>) -> Result<Option<usize>> {
    let ["over", number, "pairs"] = words[words.len().saturating_sub(3)..] else {
        return Ok(None);
    };
    let n = number.parse().ok().filter(|n| (1..=MAX_PAIRS).contains(n));
    let n = n.with_context(|| format!("'{}' is not from 1 to {MAX_PAIRS}", shown(number)))?;
    words.truncate(words.len() - 3);
    Ok(Some(n))
}

pub(super) fn over_line(pairs: Option<usize>) -> String {
    pairs.map_or_else(String::new, |n| format!(" over {n} pairs"))
}

/// `b_1` as a number.
pub(super) fn prediction(task: Task, word: &str) -> Result<usize> {
    task.prediction_named(word).with_context(|| {
        let all = task.predictions().join(" ");
        format!("no prediction '{}'; they are {all}", shown(word))
    })
}

/// A layer that has an MLP; the bare model's is 0.
pub(super) fn mlp_layer(word: &str, config: &Config) -> Result<usize> {
    let layers = match config.mlp {
        Some(_) => config.n_layers.max(1),
        None => 0,
    };
    let layer = word.parse().ok().filter(|&layer| layer < layers);
    layer.with_context(|| match layers {
        0 => "this model has no MLP".to_owned(),
        1 => format!("no MLP '{}'; the layer is 0", shown(word)),
        n => format!("no MLP '{}'; the layers are 0 to {}", shown(word), n - 1),
    })
}

/// What follows `grid`: which, how it is made, and what its numbers are told as.
pub(super) fn grid(words: &[&str], config: &Config) -> Result<(Sheet, Compare, Reading)> {
    let known = Sheet::all(config);
    let (words, reading) = match *words {
        [ref before @ .., "as", word] => (before, Reading::parse(word)?),
        _ => (words, Reading::default()),
    };
    let line = words.join(" ");
    let starts = |sheet: &&Sheet| {
        let rest = line.strip_prefix(&sheet.line());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let sheet = known.iter().find(starts).with_context(|| {
        let names: Vec<String> = known.iter().map(|sheet| sheet.line()).collect();
        format!(
            "no grid '{}'; the grids are {}",
            shown(&line),
            listed(&names, ", ")
        )
    })?;
    let rest = line[sheet.line().len()..].trim();
    let mut all = Compare::ALL.into_iter();
    let compare = match rest {
        "" => Compare::Exact,
        word => all
            .find(|(name, _)| *name == word)
            .map(|(_, one)| one)
            .with_context(|| {
                let names = Compare::ALL.map(|(name, _)| name).join(", ");
                format!("'{}' is none of {names}", shown(word))
            })?,
    };
    Ok((*sheet, compare, reading))
}

/// Names fit for the head of a column: `0.0<elt` for `0.0 from elt`.
pub(super) fn short(names: Vec<String>) -> Vec<String> {
    let names = names.into_iter();
    names
        .map(|name| name.replace(" from ", "<").replace("position", "pos"))
        .collect()
}

/// TransformerLens's labels of a decomposed stream as the screen names activations: `resid_pre 1` for
/// `1_pre`, `resid_post 1` for `final_post`, `attn_out 0` for `0_attn_out`.
pub(super) fn on_screen(label: &str, last: usize) -> String {
    match label.split_once('_') {
        Some(("final", "post")) => format!("resid_post {last}"),
        Some((layer, "mlp_out")) => format!("mlp_out {layer}"),
        Some((layer, "pre")) => format!("resid_pre {layer}"),
        Some((layer, "attn_out")) => format!("attn_out {layer}"),
        _ => label.to_owned(),
    }
}
