//! Attribution: what each part of the model adds to a logit, at each prediction.
//!
//! With `x` a part of the residual stream and `d` the logit's direction in it (a column of `W_U`,
//! or the difference of two), the part's share is `x . d`. The bias `b_U` belongs to no part and
//! stands apart. Labels and parts are those of TransformerLens's `accumulated_resid` and
//! `decompose_resid`, except that `pos_embed` is listed only where positions are part of the
//! stream: under shortformer they are not.

use super::algebra::Matrix;
use super::array::Array;
use super::matrices::{HeadName, Matrices};
use super::observe::RunView;
use super::paths::PathTables;
use super::replay::Replay;
use super::runs::{Of, Sum, fold_runs};
use super::toward::{Toward, read};
use crate::model::HookedTransformer;
use crate::task::{Prompt, Token};
use anyhow::Result;
use serde::Serialize;

/// Rows with their names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Labelled {
    /// One for each row.
    pub labels: Vec<String>,
    /// `[row, prediction, ..]`, in logits.
    pub values: Array,
}

/// The paths' shares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathShares {
    /// `[path, prediction]`
    #[serde(flatten)]
    pub all: Labelled,
    /// The same by the position at which a path started, `[path, prediction, src_pos]`.
    pub by_source: Array,
    /// The largest difference between a logit of the runs and its sum of paths.
    pub remainder: f64,
}

/// What the parts of a model add to a logit, in one run or on average.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attribution {
    /// One run, or a mean.
    pub of: Of,
    /// What is predicted: `b_0`, `b_1`, ..
    pub predictions: Vec<String>,
    /// The logit (or the difference) itself, `[prediction]`.
    pub logits: Array,
    /// The stream before each layer and at the end: `0_pre`, `1_pre`, `final_post`.
    pub accumulated_resid: Labelled,
    /// `embed`, `pos_embed` where it is part of the stream, and each layer's `0_attn_out`.
    pub decompose_resid: Labelled,
    /// What the unembedding's bias adds, `[prediction]`.
    #[serde(rename = "b_U")]
    pub unembed_bias: Array,
    /// Each head; a layer's heads and its output bias are its `attn_out`.
    pub heads: Labelled,
    /// The heads by the position that they attend to, `[head, prediction, src_pos]`.
    pub heads_by_source: Array,
    /// The heads by the token that they attend to, `[head, prediction, d_vocab]`.
    pub heads_by_token: Array,
    /// Every path; `None` where a model has too many to list.
    pub paths: Option<PathShares>,
}

/// Sums over runs.
struct Tally {
    runs: usize,
    /// `[prediction]`
    logits: Sum,
    unembed_bias: Sum,
    /// `[1 or 2, prediction]`: token and position embedding
    embed: Sum,
    /// `[layer, prediction]`
    out_bias: Sum,
    /// `[head, prediction, pos]` and `[head, prediction, d_vocab]`
    by_source: Sum,
    by_token: Sum,
    /// `[path, prediction, pos]`
    paths: Sum,
    remainder: f64,
}

/// The question put to each run.
struct Asked<'a> {
    weights: &'a Matrices,
    paths: Option<&'a PathTables>,
    toward: Toward,
}

impl Asked<'_> {
    fn tally(&self) -> Tally {
        let config = self.weights.config();
        let task = self.weights.task();
        let (n, len) = (task.list_len, task.seq_len());
        let heads = config.n_layers * config.n_heads;
        Tally {
            runs: 0,
            logits: Sum::zeros(&[n]),
            unembed_bias: Sum::zeros(&[n]),
            embed: Sum::zeros(&[1 + usize::from(self.weights.is_standard()), n]),
            out_bias: Sum::zeros(&[config.n_layers, n]),
            by_source: Sum::zeros(&[heads, n, len]),
            by_token: Sum::zeros(&[heads, n, config.d_vocab]),
            paths: Sum::zeros(&[self.paths.map_or(0, |paths| paths.names().len()), n, len]),
            remainder: 0.0,
        }
    }

    fn add(&self, tally: &mut Tally, run: &RunView) -> Result<()> {
        let task = self.weights.task();
        let replay = Replay::new(self.weights, run)?;
        for i in 0..task.list_len {
            let pair = self.toward.tokens(task, &run.prompt, i);
            self.add_prediction(tally, &replay, run, i, pair);
        }
        if let Some(paths) = self.paths {
            self.add_paths(tally, paths, run)?;
        }
        tally.runs += 1;
        Ok(())
    }

    fn add_prediction(
        &self,
        tally: &mut Tally,
        replay: &Replay<'_>,
        run: &RunView,
        i: usize,
        pair: (Token, Option<Token>),
    ) {
        let weights = self.weights;
        let dest = weights.task().predicts_at(i);
        let toward = direction(weights, pair);
        let share = |x: &Matrix, row: usize| dot(x, row, &toward);
        let logits = run.logits.slice(&[dest]);
        let logit = |token: usize| logits.get(token).map_or(f64::NAN, |&x| f64::from(x));
        tally.logits.add(&[i], read(pair, logit));
        let bias = read(pair, |token| weights.b_u[(0, token)]);
        tally.unembed_bias.add(&[i], bias);
        let token = run.tokens[dest] as usize;
        tally.embed.add(&[0, i], share(&weights.w_e, token));
        if weights.is_standard() {
            tally.embed.add(&[1, i], share(&weights.w_pos, dest));
        }
        for (layer, b_o) in weights.b_o.iter().enumerate() {
            tally.out_bias.add(&[layer, i], share(b_o, 0));
        }
        for (h, name) in HeadName::all(weights.config()).enumerate() {
            let (pattern, given) = (replay.pattern(name), replay.given(name));
            for (src, &token) in run.tokens.iter().enumerate() {
                let value = pattern[(dest, src)] * share(given, src);
                tally.by_source.add(&[h, i, src], value);
                tally.by_token.add(&[h, i, token as usize], value);
            }
        }
    }

    fn add_paths(&self, tally: &mut Tally, paths: &PathTables, run: &RunView) -> Result<()> {
        let task = self.weights.task();
        let split = paths.split(self.weights, run)?;
        tally.remainder = tally.remainder.max(split.remainder(&run.logits));
        for i in 0..task.list_len {
            let pair = self.toward.tokens(task, &run.prompt, i);
            let dest = task.predicts_at(i);
            for path in 0..split.names().len() {
                for src in 0..=dest {
                    let value = read(pair, |token| split.value(path, dest, src, token));
                    tally.paths.add(&[path, i, src], value);
                }
            }
        }
        Ok(())
    }

    fn finish(&self, tally: &Tally, of: Of) -> Attribution {
        let task = self.weights.task();
        let config = self.weights.config();
        let mean = |sum: &Sum| sum.mean(tally.runs);
        let heads: Vec<String> = HeadName::all(config).map(|name| name.to_string()).collect();
        let (by_source, embed, out_bias) = (
            mean(&tally.by_source),
            mean(&tally.embed),
            mean(&tally.out_bias),
        );
        let head_values = last_axis_summed(&by_source);
        let mut labels = vec!["embed".to_owned()];
        labels.extend(self.weights.is_standard().then(|| "pos_embed".to_owned()));
        let mut parts: Vec<Vec<f32>> = rows(&embed);
        for layer in 0..config.n_layers {
            let mut sum = out_bias.slice(&[layer]).to_vec();
            for head in layer * config.n_heads..(layer + 1) * config.n_heads {
                add(&mut sum, head_values.slice(&[head]));
            }
            labels.push(format!("{layer}_attn_out"));
            parts.push(sum);
        }
        let paths = self.paths.map(|paths| {
            let by_source = mean(&tally.paths);
            PathShares {
                all: Labelled {
                    labels: paths.names().map(ToString::to_string).collect(),
                    values: last_axis_summed(&by_source),
                },
                by_source,
                remainder: tally.remainder,
            }
        });
        Attribution {
            of,
            predictions: (0..task.list_len).map(|i| format!("b_{i}")).collect(),
            logits: mean(&tally.logits),
            accumulated_resid: accumulated(&parts, config.n_layers),
            decompose_resid: labelled(labels, &parts),
            unembed_bias: mean(&tally.unembed_bias),
            heads: Labelled {
                labels: heads,
                values: head_values,
            },
            heads_by_source: by_source,
            heads_by_token: mean(&tally.by_token),
            paths,
        }
    }
}

impl Tally {
    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.logits.merge(&other.logits);
        self.unembed_bias.merge(&other.unembed_bias);
        self.embed.merge(&other.embed);
        self.out_bias.merge(&other.out_bias);
        self.by_source.merge(&other.by_source);
        self.by_token.merge(&other.by_token);
        self.paths.merge(&other.paths);
        self.remainder = self.remainder.max(other.remainder);
    }
}

/// What a logit (or a difference) reads from the stream, `d_model` numbers.
pub(super) fn direction(weights: &Matrices, pair: (Token, Option<Token>)) -> Vec<f64> {
    let w_u = &weights.w_u;
    (0..w_u.nrows())
        .map(|j| read(pair, |token| w_u[(j, token)]))
        .collect()
}

/// A row of a matrix times a direction.
pub(super) fn dot(x: &Matrix, row: usize, toward: &[f64]) -> f64 {
    toward
        .iter()
        .enumerate()
        .map(|(j, d)| x[(row, j)] * d)
        .sum()
}

fn rows(values: &Array) -> Vec<Vec<f32>> {
    let count = values.shape().first().copied().unwrap_or(0);
    (0..count).map(|i| values.slice(&[i]).to_vec()).collect()
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

fn labelled(labels: Vec<String>, parts: &[Vec<f32>]) -> Labelled {
    let shape = vec![parts.len(), parts.first().map_or(0, Vec::len)];
    Labelled {
        labels,
        values: Array::from_values(shape, parts.concat()),
    }
}

/// The stream before each layer and at the end. All but the last `layers` parts are there at first.
fn accumulated(parts: &[Vec<f32>], layers: usize) -> Labelled {
    let first = parts.len() - layers;
    let mut sum = vec![0.0; parts.first().map_or(0, Vec::len)];
    let mut streams = Vec::with_capacity(layers + 1);
    for (i, part) in parts.iter().enumerate() {
        add(&mut sum, part);
        if i + 1 >= first {
            streams.push(sum.clone());
        }
    }
    let names = (0..layers).map(|layer| format!("{layer}_pre"));
    labelled(names.chain(["final_post".to_owned()]).collect(), &streams)
}

fn last_axis_summed(values: &Array) -> Array {
    let shape = values.shape();
    let (last, outer) = (shape[shape.len() - 1], shape[..shape.len() - 1].to_vec());
    let sum = |cells: &[f32]| cells.iter().map(|&x| f64::from(x)).sum::<f64>() as f32;
    let sums = values.values().chunks(last.max(1)).map(sum).collect();
    Array::from_values(outer, sums)
}

/// The attribution of one run. Of the run it reads tokens, attention and logits: an intervention on
/// attention is followed exactly, any other shows as the paths' remainder.
///
/// # Errors
/// When the run is not one of this model.
pub fn attribute(
    weights: &Matrices,
    paths: Option<&PathTables>,
    run: &RunView,
    toward: Toward,
) -> Result<Attribution> {
    let asked = Asked {
        weights,
        paths,
        toward,
    };
    let mut tally = asked.tally();
    asked.add(&mut tally, run)?;
    Ok(asked.finish(&tally, Of::Single))
}

/// The mean attribution over some prompts, on all threads. `model` is the one that `weights` and
/// `paths` were made from.
///
/// # Errors
/// When the device fails.
pub fn attribute_sample(
    model: &HookedTransformer,
    weights: &Matrices,
    paths: Option<&PathTables>,
    prompts: &[Prompt],
    toward: Toward,
) -> Result<Attribution> {
    let asked = Asked {
        weights,
        paths,
        toward,
    };
    let mut all = asked.tally();
    let part = |runs: &[RunView]| {
        let mut tally = asked.tally();
        for run in runs {
            asked.add(&mut tally, run)?;
        }
        Ok(tally)
    };
    fold_runs(model, prompts, part, |tally| all.merge(&tally))?;
    Ok(asked.finish(&all, Of::Mean(prompts.len())))
}
