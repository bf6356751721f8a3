//! Why does it attend there: one attention score, split by what the query and the key are made of.
//!
//! Before the softmax a score is `(x W_Q + b_Q) . (y W_K + b_K) / attn_scale`, and both `x` and
//! `y` are sums: a token's embedding, a position's, the earlier heads' outputs (each again a sum
//! over the positions that it attended to), MLPs' outputs and biases. So the score is a sum over pairs.
//! A norm counts at the scale of this run; where positions turn queries and keys, each part is turned.
//! Interventions change both sides as they change the run; what they put in is a part of its own.

use crate::lens::exact::rows::Label;
use crate::lens::exact::terms::Terms;
use crate::lens::exact::trace::Trace;
use crate::lens::exact::view::RunView;
use crate::lens::experiment::intervention::Action;
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::Matrix;
use crate::lens::numbers::array::Array;
use crate::lens::weights::matrices::Matrices;
use crate::model::{HookName, Site};
use crate::task::Task;
use anyhow::{Result, ensure};
use std::collections::BTreeMap;

/// What a query or a key is partly made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The embedding of the token that stands there.
    Token,
    /// The embedding of the position.
    Position,
    /// The output of an earlier head, or the part of it that came from one position.
    Head(HeadName, Option<usize>),
    /// What the neurons of a layer wrote.
    Mlp(usize),
    /// What interventions put in at a hook point.
    Put(HookName),
    /// Output biases of earlier layers, the norm's and the bias of the query or key itself.
    Bias,
}

impl Part {
    /// Its name on screen: `token`, `position`, `0.0`, `0.0 from elt`, `put at HOOK`, `bias`.
    #[must_use]
    pub fn label(&self, task: Task) -> String {
        match self {
            Self::Token => "token".into(),
            Self::Position => "position".into(),
            Self::Head(name, None) => name.to_string(),
            Self::Head(name, Some(from)) => format!("{name} from {}", task.label(*from)),
            Self::Mlp(layer) => PathName::of(Start::Mlp(*layer)).to_string(),
            Self::Put(hook) => PathName::of(Start::Put(*hook)).to_string(),
            Self::Bias => "bias".into(),
        }
    }

    /// Whether it is listed only where it is not nothing.
    fn is_optional(self) -> bool {
        matches!(self, Self::Put(_) | Self::Bias)
    }
}

/// A score, split. After its scale.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreSplit {
    /// What the query is made of.
    pub query: Vec<Part>,
    /// What the key is made of.
    pub key: Vec<Part>,
    /// `[query, key]`
    pub values: Array,
    /// The sum of all values.
    pub total: f64,
    /// The score (or the difference of scores) in the run.
    pub score: f32,
}

impl ScoreSplit {
    /// The same with each earlier head as one source, whatever position its output came from.
    #[must_use]
    pub fn grouped(&self) -> Self {
        let whole = |source: &Part| match source {
            Part::Head(name, _) => Part::Head(*name, None),
            other => *other,
        };
        let group = |sources: &[Part]| {
            let mut groups: Vec<Part> = sources.iter().map(whole).collect();
            groups.dedup();
            groups
        };
        let (query, key) = (group(&self.query), group(&self.key));
        let place = |groups: &[Part], source: &Part| {
            let wanted = whole(source);
            groups
                .iter()
                .position(|group| *group == wanted)
                .unwrap_or(0)
        };
        let mut sums = Matrix::zeros(query.len(), key.len());
        for (i, from) in self.query.iter().enumerate() {
            for (j, to) in self.key.iter().enumerate() {
                let value = self.values.get(&[i, j]).unwrap_or(0.0);
                sums[(place(&query, from), place(&key, to))] += f64::from(value);
            }
        }
        Self {
            query,
            key,
            values: crate::lens::numbers::algebra::array(&sums),
            ..*self
        }
    }

    /// From the values of each pair of parts; a bias or a put that adds nothing is left out.
    fn new(values: &BTreeMap<(Part, Part), f64>, listed: &[Part], score: f32) -> Self {
        let value = |query: Part, key: Part| values.get(&(query, key)).copied().unwrap_or(0.0);
        let says = |part: &Part, value: &dyn Fn(Part) -> f64| {
            !part.is_optional() || listed.iter().any(|&other| value(other) != 0.0)
        };
        let query = listed.iter().copied();
        let query: Vec<Part> = query
            .filter(|part| says(part, &|other| value(*part, other)))
            .collect();
        let key = listed.iter().copied();
        let key: Vec<Part> = key
            .filter(|part| says(part, &|other| value(other, *part)))
            .collect();
        let cell = |i: usize, j: usize| value(query[i], key[j]) as f32;
        Self {
            values: Array::from_fn([query.len(), key.len()], cell),
            total: values.values().sum(),
            query,
            key,
            score,
        }
    }
}

/// A cell of the attention: from where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionCell {
    /// The position that attends.
    pub dest: usize,
    /// The position that is attended to.
    pub src: usize,
}

/// A head's score at a cell, or how much larger it is than at another cell, split by sources.
///
/// # Errors
/// When there is no such head or position, or a cell is masked.
pub fn split_score(
    weights: &Matrices,
    run: &RunView,
    head: HeadName,
    cell: AttentionCell,
    minus: Option<AttentionCell>,
) -> Result<ScoreSplit> {
    let config = weights.config();
    ensure!(
        head.layer < config.n_layers && head.head < config.n_heads,
        "no head {head} in a model of {} layers of {} heads",
        config.n_layers,
        config.n_heads
    );
    let mut trace = Trace::new(weights, run, None)?;
    let mut values = split_cell(&mut trace, head, cell)?;
    let at = |cell: AttentionCell| [head.layer, head.head, cell.dest, cell.src];
    let in_run = |cell: AttentionCell| run.scores.get(&at(cell)).unwrap_or(f32::NAN);
    let mut score = in_run(cell);
    if let Some(other) = minus {
        for (pair, value) in split_cell(&mut trace, head, other)? {
            *values.entry(pair).or_default() -= value;
        }
        score -= in_run(other);
    }
    let mut listed = always_listed(weights, run, head.layer);
    listed.extend(values.keys().flat_map(|&(query, key)| [query, key]));
    listed.sort_unstable();
    listed.dedup();
    Ok(ScoreSplit::new(&values, &listed, score))
}

/// The parts that every query and key of a layer may have, in their order.
fn always_listed(weights: &Matrices, run: &RunView, layer: usize) -> Vec<Part> {
    let earlier = HeadName::all(weights.config()).filter(|name| name.layer < layer);
    let sources = 0..run.tokens.len();
    let heads =
        earlier.flat_map(|name| sources.clone().map(move |src| Part::Head(name, Some(src))));
    let mlps = (0..layer.min(weights.mlps.len())).map(Part::Mlp);
    let position = weights.config().has_w_pos().then_some(Part::Position);
    [Part::Token, Part::Bias]
        .into_iter()
        .chain(position)
        .chain(heads)
        .chain(mlps)
        .collect()
}

/// What each pair of parts adds to a score.
fn split_cell(
    trace: &mut Trace<'_>,
    head: HeadName,
    AttentionCell { dest, src }: AttentionCell,
) -> Result<BTreeMap<(Part, Part), f64>> {
    let task = trace.weights.task();
    let len = trace.run.tokens.len();
    ensure!(dest < len && src < len, "no position {}", dest.max(src));
    let config = trace.weights.config();
    ensure!(
        src <= dest || !config.is_causal(),
        "{} comes after {}: attention looks back only, there is no score",
        task.label(src),
        task.label(dest)
    );
    ensure!(
        config.pad_token != Some(trace.run.tokens[src]),
        "{} is padding: no attention looks at it, there is no score",
        task.label(src)
    );
    if let Some(order) = task.order(&trace.run.tokens) {
        ensure!(
            order[src] <= order[dest] || !config.is_causal(),
            "the list has ended before {}: attention looks back only, there is no score",
            task.label(src)
        );
    }
    let query = trace.asks(head, [Site::QInput, Site::Q])?;
    let query = parts(trace, &query, dest);
    let key = trace.asks(head, [Site::KInput, Site::K])?;
    let key = parts(trace, &key, src);
    let scale = 1.0 / config.attn_scale;
    let mut values = BTreeMap::new();
    for (&from, q) in &query {
        for (&to, k) in &key {
            let product: f64 = q.iter().zip(k).map(|(q, k)| q * k).sum();
            values.insert((from, to), product * scale);
        }
    }
    edit_score(trace.run, head, [dest, src], &mut values);
    Ok(values)
}

/// What interventions on the score itself make of its parts.
fn edit_score(
    run: &RunView,
    HeadName { layer, head }: HeadName,
    [dest, src]: [usize; 2],
    values: &mut BTreeMap<(Part, Part), f64>,
) {
    let hook = HookName::Block(layer, Site::AttnScores);
    for change in run.changes.at(hook) {
        let one = &change.intervention;
        match &one.action {
            _ if !one.selects(head, dest, src) => {}
            // what is cut off stays cut off
            Action::Scale(factor) => {
                let open = values.values_mut().filter(|x| **x != f64::NEG_INFINITY);
                open.for_each(|x| *x *= factor);
            }
            action => {
                let put = match (action, &change.taken) {
                    (Action::Knock, _) => f64::NEG_INFINITY,
                    (Action::Set(value), _) => f64::from(*value as f32),
                    (_, Some(taken)) => taken.get(&[head, dest, src]).map_or(f64::NAN, f64::from),
                    _ => 0.0,
                };
                values.clear();
                values.insert((Part::Put(hook), Part::Put(hook)), put);
            }
        }
    }
}

/// What stands at a position, part by part, `d_head` wide.
fn parts(trace: &Trace<'_>, terms: &Terms, pos: usize) -> BTreeMap<Part, Vec<f64>> {
    let mut parts: BTreeMap<Part, Vec<f64>> = BTreeMap::new();
    for (family, weights) in terms.iter() {
        let rows = trace.rows(family);
        for src in (0..weights.ncols()).filter(|&src| weights[(pos, src)] != 0.0) {
            let none = || vec![0.0; rows.all().ncols()];
            let sum = parts
                .entry(part(trace.label(family), src))
                .or_insert_with(none);
            let row = rows.row([pos, src], weights.ncols());
            for (j, sum) in sum.iter_mut().enumerate() {
                *sum += weights[(pos, src)] * rows.all()[(row, j)];
            }
        }
    }
    parts
}

fn part(label: &Label, src: usize) -> Part {
    match label {
        Label::Head(name) => Part::Head(*name, Some(src)),
        Label::Mlp(layer) => Part::Mlp(*layer),
        Label::Bias => Part::Bias,
        Label::Path(path) => match path.start {
            Start::Embed => Part::Token,
            Start::Pos => Part::Position,
            Start::Put(hook) => Part::Put(hook),
            Start::Mlp(layer) => Part::Mlp(layer),
            Start::HeadBias(_) | Start::OutBias(_) | Start::Unembed => Part::Bias,
            Start::NormBias(_) | Start::InBias(_) | Start::MlpBias(_) => Part::Bias,
        },
    }
}
