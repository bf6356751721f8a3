//! Attribution: what each part of the model adds to a logit, at each prediction.
//!
//! With `x` a part of the residual stream and `d` the logit's direction in it (a column of `W_U`,
//! or the difference of two), the part's share is `x . d`. The bias `b_U` belongs to no part and
//! stands apart. Labels and parts are those of TransformerLens's `accumulated_resid` and
//! `decompose_resid`, except that `pos_embed` is listed only where positions are part of the
//! stream: under shortformer they are not. What interventions put in is a part of its own.
//!
//! Behind a norm a part counts as the norm makes it at the scale of this run: its mean taken away,
//! times the weight. The norm's bias is a part too. What an MLP writes is one part.

use super::tally::Tally;
use crate::lens::exact::paths::PathTables;
use crate::lens::exact::rows::Label;
use crate::lens::exact::terms::Terms;
use crate::lens::exact::trace::Trace;
use crate::lens::exact::view::RunView;
use crate::lens::experiment::toward::{Toward, read};
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Place, Start};
use crate::lens::numbers::algebra::Matrix;
use crate::lens::numbers::array::Array;
use crate::lens::runs::many::{Examples, Of, Sum, fold_runs};
use crate::lens::weights::matrices::Matrices;
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
    /// What stays as it was in a run, where that is more than its attention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// What is predicted: `b_0`, `b_1`, ..
    pub predictions: Vec<String>,
    /// The logit (or the difference) itself, `[prediction]`.
    pub logits: Array,
    /// The stream before each layer and at the end: `0_pre`, `1_pre`, `final_post`.
    pub accumulated_resid: Labelled,
    /// `embed`, `pos_embed` where it is part of the stream, each layer's `0_attn_out` and `0_mlp_out`,
    /// the last norm's bias `ln_final.b`; of the bare model its neurons, `post`.
    pub decompose_resid: Labelled,
    /// What interventions put in, by hook point; listed where it is not nothing.
    #[serde(skip_serializing_if = "Labelled::is_empty")]
    pub put: Labelled,
    /// What the unembedding's bias adds, `[prediction]`.
    #[serde(rename = "b_U")]
    pub unembed_bias: Array,
    /// The largest difference between a logit of the runs, at any position, and its sum of parts:
    /// rounding.
    pub remainder: f64,
    /// Each head; a layer's heads and its output bias are its `attn_out`.
    pub heads: Labelled,
    /// The heads by the position that they attend to, `[head, prediction, src_pos]`.
    pub heads_by_source: Array,
    /// The heads by the token that they attend to, `[head, prediction, d_vocab]`.
    pub heads_by_token: Array,
    /// Every path; `None` where a model has too many to list.
    pub paths: Option<PathShares>,
}

impl Labelled {
    fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// The question put to each run.
struct Asked<'a> {
    weights: &'a Matrices,
    paths: Option<&'a PathTables>,
    toward: Toward,
}

impl Asked<'_> {
    fn tally(&self) -> Tally {
        Tally::new(
            self.weights,
            self.paths.map_or(0, |paths| paths.names().len()),
        )
    }

    fn add(&self, tally: &mut Tally, run: &RunView) -> Result<()> {
        let task = self.weights.task();
        let trace = Trace::new(self.weights, run, None)?;
        for i in 0..task.answers.len() {
            let pair = self.toward.tokens(task, &run.prompt, i);
            self.add_prediction(tally, &trace, i, pair)?;
        }
        tally.remainder = tally.remainder.max(trace.remainder());
        if let Some(paths) = self.paths {
            self.add_paths(tally, paths, run)?;
        }
        tally.runs += 1;
        Ok(())
    }

    fn add_prediction(
        &self,
        tally: &mut Tally,
        trace: &Trace<'_>,
        i: usize,
        pair: (Token, Option<Token>),
    ) -> Result<()> {
        let (weights, run) = (self.weights, trace.run);
        let dest = weights.task().predicts_at(i);
        let toward = direction(weights, pair);
        let logits = run.logits.slice(&[dest]);
        let logit = |token: usize| logits.get(token).map_or(f64::NAN, |&x| f64::from(x));
        let logit = read(pair, logit);
        tally.logits.add(&[i], logit);
        let bias = read(pair, |token| weights.b_u[(0, token)]);
        tally.unembed_bias.add(&[i], bias);
        let before = trace.toward(dest, &toward);
        for layer in 0..trace.streams() {
            let stream = shares(trace, trace.stream(layer), dest, &before);
            tally
                .streams
                .add(&[layer, i], stream.map(|(.., x)| x).sum());
        }
        for (label, src, value) in shares(trace, trace.last()?, dest, &toward) {
            self.add_share(tally, label, (i, src, run.tokens[src]), value);
        }
        Ok(())
    }

    /// One part's share of a logit, at the source position where a head found it.
    fn add_share(
        &self,
        tally: &mut Tally,
        label: &Label,
        (i, src, token): (usize, usize, Token),
        value: f64,
    ) {
        let start = match label {
            Label::Head(HeadName { layer, head }) => {
                let head = layer * self.weights.config().n_heads + head;
                tally.by_source.add(&[head, i, src], value);
                tally.by_token.add(&[head, i, token as usize], value);
                return;
            }
            Label::Mlp(layer) => return tally.mlp.add(&[*layer, i], value),
            Label::Path(path) => path.start,
            Label::Bias => return,
        };
        match start {
            Start::Embed => tally.embed.add(&[0, i], value),
            Start::Pos => tally.embed.add(&[1, i], value),
            Start::OutBias(layer) => tally.out_bias.add(&[layer, i], value),
            Start::MlpBias(layer) => tally.mlp.add(&[layer, i], value),
            Start::NormBias(Place::Unembed) => tally.norm_bias.add(&[i], value),
            Start::Put(hook) if value != 0.0 => {
                let none = || Sum::zeros(&[self.weights.task().answers.len()]);
                tally.put.entry(hook).or_insert_with(none).add(&[i], value);
            }
            // none of these ends in the stream as it is
            Start::Put(_) | Start::HeadBias(_) | Start::Unembed => {}
            Start::NormBias(_) | Start::InBias(_) | Start::Mlp(_) => {}
        }
    }

    fn add_paths(&self, tally: &mut Tally, paths: &PathTables, run: &RunView) -> Result<()> {
        let task = self.weights.task();
        let split = paths.split(self.weights, run)?;
        let known = paths.names().len();
        let (n, len) = (task.answers.len(), run.tokens.len());
        tally.paths_remainder = tally.paths_remainder.max(split.remainder(&run.logits));
        for i in 0..n {
            let pair = self.toward.tokens(task, &run.prompt, i);
            let dest = task.predicts_at(i);
            for (path, name) in split.names().enumerate() {
                for src in 0..len {
                    let value = read(pair, |token| split.value(path, dest, src, token));
                    if path < known {
                        tally.paths.add(&[path, i, src], value);
                    } else {
                        let sum = tally.put_paths.entry(name.clone());
                        let sum = sum.or_insert_with(|| Sum::zeros(&[n, len]));
                        sum.add(&[i, src], value);
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(&self, tally: &Tally, of: Of) -> Attribution {
        let config = self.weights.config();
        let mean = |sum: &Sum| sum.mean(tally.runs);
        let by_source = mean(&tally.by_source);
        let heads = Labelled {
            labels: HeadName::all(config).map(|name| name.to_string()).collect(),
            values: last_axis_summed(&by_source),
        };
        let last = (!config.is_bare()).then(|| "final_post".to_owned());
        let streams = (0..config.n_layers).map(|layer| format!("{layer}_pre"));
        let streams = streams.chain(last).collect();
        let through = self.paths.is_some_and(PathTables::through_neurons);
        let put = tally.put.iter();
        let put = put.map(|(&hook, sum)| (PathName::of(Start::Put(hook)), mean(sum)));
        let (names, put): (Vec<_>, Vec<_>) = put.unzip();
        Attribution {
            of,
            given: config.given_words(through).map(|words| {
                let too_many = config.has_gates() && !through && self.paths.is_some();
                let why = if too_many {
                    ": paths through it are too many to list"
                } else {
                    ""
                };
                words + why
            }),
            predictions: self.weights.task().predictions(),
            logits: mean(&tally.logits),
            accumulated_resid: Labelled {
                labels: streams,
                values: mean(&tally.streams),
            },
            decompose_resid: self.decomposed(tally, &heads.values),
            put: Labelled {
                labels: names.iter().map(ToString::to_string).collect(),
                values: Array::stack(&put),
            },
            remainder: tally.remainder,
            unembed_bias: mean(&tally.unembed_bias),
            heads,
            heads_by_source: by_source,
            heads_by_token: mean(&tally.by_token),
            paths: self.paths.map(|paths| path_shares(paths, tally)),
        }
    }

    /// The embeddings and what each layer writes: its heads and its output bias, its MLP.
    fn decomposed(&self, tally: &Tally, heads: &Array) -> Labelled {
        let config = self.weights.config();
        let mean = |sum: &Sum| sum.mean(tally.runs);
        let (embed, out_bias, mlp) = (mean(&tally.embed), mean(&tally.out_bias), mean(&tally.mlp));
        let mut labels = Vec::new();
        let mut parts: Vec<f32> = Vec::new();
        let mut part = |label: String, values: &[f32]| {
            labels.push(label);
            parts.extend_from_slice(values);
        };
        if config.is_bare() {
            part("post".to_owned(), mlp.slice(&[0]));
        } else {
            for (row, label) in ["embed", "pos_embed"]
                .iter()
                .enumerate()
                .take(embed.shape()[0])
            {
                part((*label).to_owned(), embed.slice(&[row]));
            }
        }
        for layer in 0..config.n_layers {
            let mut sum = out_bias.slice(&[layer]).to_vec();
            for head in layer * config.n_heads..(layer + 1) * config.n_heads {
                add(&mut sum, heads.slice(&[head]));
            }
            part(format!("{layer}_attn_out"), &sum);
            if config.mlp.is_some() {
                part(format!("{layer}_mlp_out"), mlp.slice(&[layer]));
            }
        }
        if self
            .weights
            .norm
            .as_ref()
            .is_some_and(|norm| norm.b.is_some())
        {
            part("ln_final.b".to_owned(), mean(&tally.norm_bias).values());
        }
        let shape = vec![labels.len(), self.weights.task().answers.len()];
        Labelled {
            labels,
            values: Array::from_values(shape, parts),
        }
    }
}

/// The model's paths, then those of what interventions put in.
fn path_shares(paths: &PathTables, tally: &Tally) -> PathShares {
    let known = tally.paths.mean(tally.runs);
    let put = tally.put_paths.iter();
    let names = paths.names().chain(put.clone().map(|(name, _)| name));
    let mut values = known.values().to_vec();
    for (_, sum) in put {
        values.extend_from_slice(sum.mean(tally.runs).values());
    }
    let labels: Vec<String> = names.map(ToString::to_string).collect();
    let shape = [&[labels.len()], &known.shape()[1..]].concat();
    let by_source = Array::from_values(shape, values);
    PathShares {
        all: Labelled {
            labels,
            values: last_axis_summed(&by_source),
        },
        by_source,
        remainder: tally.paths_remainder,
    }
}

/// What each term at a position adds in that direction, source position by source position.
fn shares<'t>(
    trace: &'t Trace<'_>,
    terms: &'t Terms,
    dest: usize,
    toward: &'t [f64],
) -> impl Iterator<Item = (&'t Label, usize, f64)> {
    terms.iter().flat_map(move |(family, weights)| {
        let rows = trace.rows(family);
        let here = (0..weights.ncols()).filter(|&src| weights[(dest, src)] != 0.0);
        let row = |src: usize| rows.row([dest, src], weights.ncols());
        let share = |src: usize| weights[(dest, src)] * dot(rows.all(), row(src), toward);
        let all: Vec<(usize, f64)> = here.map(|src| (src, share(src))).collect();
        let label = trace.label(family);
        all.into_iter().map(move |(src, value)| (label, src, value))
    })
}

/// What a logit (or a difference) reads from the stream, `d_model` numbers.
pub(crate) fn direction(weights: &Matrices, pair: (Token, Option<Token>)) -> Vec<f64> {
    let w_u = &weights.w_u;
    (0..w_u.nrows())
        .map(|j| read(pair, |token| w_u[(j, token)]))
        .collect()
}

/// A row of a matrix times a direction.
pub(crate) fn dot(x: &Matrix, row: usize, toward: &[f64]) -> f64 {
    toward
        .iter()
        .enumerate()
        .map(|(j, d)| x[(row, j)] * d)
        .sum()
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

fn last_axis_summed(values: &Array) -> Array {
    let shape = values.shape();
    let (last, outer) = (shape[shape.len() - 1], shape[..shape.len() - 1].to_vec());
    let sum = |cells: &[f32]| cells.iter().map(|&x| f64::from(x)).sum::<f64>() as f32;
    let sums = values.values().chunks(last.max(1)).map(sum).collect();
    Array::from_values(outer, sums)
}

/// The attribution of one run, under whatever was done to it.
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
    attribute_examples(model, weights, paths, Examples::Untouched(prompts), toward)
}

/// The same over examples that may be under interventions.
pub(crate) fn attribute_examples(
    model: &HookedTransformer,
    weights: &Matrices,
    paths: Option<&PathTables>,
    examples: Examples<'_>,
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
    fold_runs(model, examples, part, |tally| all.merge(&tally))?;
    Ok(asked.finish(&all, Of::Mean(examples.len())))
}
