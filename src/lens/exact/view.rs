//! What one run showed.

use super::changes::Changes;
use crate::lens::numbers::array::Array;
use crate::lens::numbers::logits::{Judged, log_softmax};
use crate::model::{ActivationCache, HookName, HookedTransformer, Site};
use crate::task::{Prompt, Target, Task, Token};
use anyhow::Result;
use candle_core::Tensor;
use serde::Serialize;

/// What one run showed.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// What was run, its continuation resolved.
    pub prompt: Prompt,
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// `[pos, d_vocab_out]`
    pub logits: Array,
    /// `[layer, head, dest_pos, src_pos]`
    pub pattern: Array,
    /// `[layer, head, dest_pos, src_pos]`, minus infinity where masked.
    pub scores: Array,
    /// Neurons behind their activation, `[layer, pos, d_mlp]`; of a model without MLPs none.
    pub post: Array,
    /// What was done to it.
    pub changes: Changes,
}

/// What a run says about one element of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The position whose logits these are.
    pub position: usize,
    /// What is predicted there: `b_0`.
    pub predicts: String,
    /// The prediction's name: `nl_1→b_0`.
    pub name: String,
    /// The right answer.
    pub target: Option<Token>,
    /// The likeliest token: of tied ones the first that is not the right answer; null where the logits
    /// are not defined.
    pub argmax: Option<Token>,
    /// Whether the right answer is likelier than every other token.
    pub correct: Option<bool>,
    /// How many other tokens are exactly as likely as the likeliest.
    pub tied: usize,
    /// Log probability of the right answer, in nats.
    pub log_prob: f32,
}

impl RunView {
    /// One row of a batch: its logits `[batch, pos, d_vocab_out]` and activations.
    pub(crate) fn of_row(
        model: &HookedTransformer,
        prompt: Prompt,
        logits: &Tensor,
        cache: &ActivationCache,
        row: usize,
    ) -> Result<Self> {
        let config = model.config();
        let one = |hook| -> Result<Array> { Array::from_tensor(&cache.get(hook)?.get(row)?) };
        let by_layer = |site| -> Result<Array> {
            let layers = (0..config.n_layers).map(|layer| one(HookName::Block(layer, site)));
            Ok(Array::stack(&layers.collect::<Result<Vec<_>>>()?))
        };
        let post = match config.mlp {
            Some(_) if config.is_bare() => Array::stack(&[one(HookName::Post)?]),
            Some(_) => by_layer(Site::MlpPost)?,
            None => Array::default(),
        };
        Ok(Self {
            tokens: model.task().tokens(&prompt),
            logits: Array::from_tensor(&logits.get(row)?)?,
            pattern: by_layer(Site::Pattern)?,
            scores: by_layer(Site::AttnScores)?,
            post,
            changes: Changes::default(),
            prompt,
        })
    }

    /// Log probabilities at a position, in nats.
    #[must_use]
    pub fn log_probs(&self, position: usize) -> Vec<f32> {
        log_softmax(self.logits.slice(&[position]))
    }

    /// Tokens at a position, likeliest first (ties in token order), with their probabilities.
    #[must_use]
    pub fn top(&self, position: usize, k: usize) -> Vec<(Token, f32)> {
        // by logarithms: far down the probabilities are all zero
        let mut ranked: Vec<(Token, f32)> = (0..).zip(self.log_probs(position)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.truncate(k);
        ranked
            .into_iter()
            .map(|(token, log_prob)| (token, log_prob.exp()))
            .collect()
    }

    /// One prediction for each element of the answer.
    #[must_use]
    pub fn predictions(&self, task: Task) -> Vec<Prediction> {
        let truth = self.prompt.values.truth();
        let one = |(i, target): (usize, &Target)| {
            let position = task.predicts_at(i);
            let judged = Judged::of(self.logits.slice(&[position]), target);
            Prediction {
                position,
                predicts: task.answers[i].name.clone(),
                name: task.prediction(i),
                target: target.token(),
                argmax: judged.said,
                correct: judged.asked.then(|| judged.is_right()),
                tied: judged.tied,
                log_prob: judged.log_prob,
            }
        };
        truth.iter().enumerate().map(one).collect()
    }

    /// Mean cross entropy of the right answers, in nats per prediction that has one.
    #[must_use]
    pub fn loss(&self, task: Task) -> f64 {
        self.loss_of(task, &self.prompt.values.truth())
    }

    /// The same of other answers than this prompt's own.
    #[must_use]
    pub fn loss_of(&self, task: Task, answers: &[Target]) -> f64 {
        let one = |(i, target): (usize, &Target)| {
            let logits = self.logits.slice(&[task.predicts_at(i)]);
            -f64::from(Judged::of(logits, target).log_prob)
        };
        let asked = answers.iter().enumerate();
        let asked = asked.filter(|(_, target)| **target != Target::Nothing);
        let losses: Vec<f64> = asked.map(one).collect();
        losses.iter().sum::<f64>() / losses.len() as f64
    }
}
