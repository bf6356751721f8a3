//! Why does it attend there: one attention score, split by what the query and the key are made of.
//!
//! Before the softmax a score is `(x W_Q + b_Q) . (y W_K + b_K) / sqrt(d_head)`, and both `x` and
//! `y` are sums: a token's embedding, a position's, the earlier heads' outputs (each again a sum
//! over the positions that it attended to) and output biases. So the score is a sum over pairs.

use super::algebra::Matrix;
use super::array::Array;
use super::matrices::{HeadName, Matrices};
use super::observe::RunView;
use super::replay::Replay;
use crate::task::ArrayUpdate;
use anyhow::{Result, ensure};

/// What a query or a key is partly made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The embedding of the token that stands there.
    Token,
    /// The embedding of the position.
    Position,
    /// The output of an earlier head, or the part of it that came from one position.
    Head(HeadName, Option<usize>),
    /// Output biases of earlier layers and the bias of the query or key itself.
    Bias,
}

impl Part {
    /// Its name on screen: `token`, `position`, `0.0`, `0.0 from elt`, `bias`.
    #[must_use]
    pub fn label(&self, task: ArrayUpdate) -> String {
        match self {
            Self::Token => "token".into(),
            Self::Position => "position".into(),
            Self::Head(name, None) => name.to_string(),
            Self::Head(name, Some(from)) => format!("{name} from {}", task.label(*from)),
            Self::Bias => "bias".into(),
        }
    }
}

/// A score, split. After `1/sqrt(d_head)`.
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
            values: super::algebra::array(&sums),
            ..*self
        }
    }

    /// Without a bias that is zero on both sides of the pair.
    fn without_zero_bias(mut self) -> Self {
        let [rows, cols] = [self.query.len(), self.key.len()];
        let is_zero = |at: [usize; 2]| self.values.get(&at).is_none_or(|value| value == 0.0);
        let row = (0..cols).all(|j| is_zero([rows - 1, j]));
        let col = (0..rows).all(|i| is_zero([i, cols - 1]));
        self.query.truncate(rows - usize::from(row));
        self.key.truncate(cols - usize::from(col));
        self.values = Array::from_fn([self.query.len(), self.key.len()], |i, j| {
            self.values.get(&[i, j]).unwrap_or(0.0)
        });
        self
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
/// Of the run it reads tokens, attention and scores. An intervention on anything else shows as a
/// difference between `total` and `score`.
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
    let replay = Replay::new(weights, run)?;
    let mut split = split_cell(&replay, run, head, cell)?;
    if let Some(other) = minus {
        let other = split_cell(&replay, run, head, other)?;
        split.values = split.values.minus(&other.values);
        split.total -= other.total;
        split.score -= other.score;
    }
    Ok(split.without_zero_bias())
}

fn split_cell(
    replay: &Replay<'_>,
    run: &RunView,
    head: HeadName,
    AttentionCell { dest, src }: AttentionCell,
) -> Result<ScoreSplit> {
    let task = replay.weights.task();
    let len = run.tokens.len();
    ensure!(dest < len && src < len, "no position {}", dest.max(src));
    ensure!(
        src <= dest,
        "{} comes after {}: attention looks back only, there is no score",
        task.label(src),
        task.label(dest)
    );
    let weights = replay.weights.head(head);
    let (sources, query) = terms(replay, head.layer, dest);
    let (_, key) = terms(replay, head.layer, src);
    let mut query = query * &weights.w_q;
    let mut key = key * &weights.w_k;
    for j in 0..query.ncols() {
        query[(sources.len() - 1, j)] += weights.b_q[(0, j)];
        key[(sources.len() - 1, j)] += weights.b_k[(0, j)];
    }
    let scale = 1.0 / (replay.weights.config().d_head as f64).sqrt();
    let products = &query * key.transpose() * faer::Scale(scale);
    let total = (0..sources.len())
        .flat_map(|i| (0..sources.len()).map(move |j| (i, j)))
        .map(|at| products[at])
        .sum();
    let score = run.scores.get(&[head.layer, head.head, dest, src]);
    Ok(ScoreSplit {
        query: sources.clone(),
        key: sources,
        values: super::algebra::array(&products),
        total,
        score: score.unwrap_or(f32::NAN),
    })
}

/// What a layer's queries and keys read at a position: sources, and `[source, d_model]`. The same
/// sources at every position; the last one is the bias.
fn terms(replay: &Replay<'_>, layer: usize, pos: usize) -> (Vec<Part>, Matrix) {
    let weights = replay.weights;
    let len = replay.tokens.len();
    let earlier: Vec<HeadName> = HeadName::all(weights.config())
        .filter(|name| name.layer < layer)
        .collect();
    let mut sources = vec![Part::Token, Part::Position];
    for &name in &earlier {
        sources.extend((0..len).map(|from| Part::Head(name, Some(from))));
    }
    sources.push(Part::Bias);
    let token = replay.tokens[pos] as usize;
    let value = |i: usize, j: usize| match sources[i] {
        Part::Token => weights.w_e[(token, j)],
        Part::Position => weights.w_pos[(pos, j)],
        Part::Head(name, Some(from)) => {
            replay.pattern(name)[(pos, from)] * replay.given(name)[(from, j)]
        }
        Part::Head(_, None) => 0.0,
        Part::Bias => weights.b_o[..layer].iter().map(|b_o| b_o[(0, j)]).sum(),
    };
    let matrix = Matrix::from_fn(sources.len(), weights.config().d_model, value);
    (sources, matrix)
}
