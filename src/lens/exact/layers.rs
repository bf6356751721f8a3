//! What a trace goes through besides attention: norms, neurons, rotary positions.

use super::changes::Change;
use super::paths::PathTables;
use super::rows::{Family, Label, Rows, spread};
use super::terms::Terms;
use super::trace::Trace;
use crate::lens::experiment::intervention::{Action, Sender};
use crate::lens::names::path::{PathName, Place, Start, Step};
use crate::lens::numbers::algebra::{Matrix, matrix};
use crate::lens::weights::layers::Norm;
use crate::model::{HookName, Site};
use crate::task::Spec;
use anyhow::{Context, Result};

impl Trace<'_> {
    /// The stream as a layer's attention reads it.
    pub(crate) fn norm_before(&mut self, layer: usize, resid: Terms) -> Result<Terms> {
        let Some(norm) = self.weights.norm_of(layer) else {
            return Ok(resid);
        };
        let hooks = [Site::Ln1Scale, Site::Ln1Normalized];
        let hooks = hooks.map(|site| HookName::Block(layer, site));
        Ok(self.norm(norm, Place::Attention(layer), hooks, resid)?.0)
    }

    /// The stream as the unembedding reads it.
    pub(crate) fn last_norm(&mut self, resid: Terms) -> Result<Terms> {
        let Some(norm) = &self.weights.norm else {
            return Ok(resid);
        };
        let hooks = [HookName::FinalScale, HookName::FinalNormalized];
        let (read, scale) = self.norm(norm, Place::Unembed, hooks, resid)?;
        self.last_scale = scale;
        Ok(read)
    }

    /// What a norm makes of a stream, and what it divides by, `[pos]`.
    fn norm(
        &mut self,
        norm: &Norm,
        place: Place,
        [scale, normalized]: [HookName; 2],
        mut terms: Terms,
    ) -> Result<(Terms, Vec<f64>)> {
        let divisors = norm.scale(&self.sum(&terms));
        let divisors = self.edit_numbers(scale, divisors)?;
        for (pos, divisor) in divisors.iter().enumerate() {
            terms.scale_at(pos, 1.0 / divisor);
        }
        let mut terms = self.mapped(&terms, |rows| norm.centred(rows));
        if !norm.centres() {
            let terms = self.edit(normalized, 0, terms)?;
            let terms = self.mapped(&terms, |rows| norm.weighted(rows.clone()));
            return Ok((terms, divisors));
        }
        terms = self.mapped(&terms, |rows| norm.weighted(rows.clone()));
        terms.add(&self.enter(Start::NormBias(place)));
        Ok((self.edit(normalized, 0, terms)?, divisors))
    }

    /// Numbers by position as the interventions at their hook point leave them.
    fn edit_numbers(&self, hook: HookName, mut numbers: Vec<f64>) -> Result<Vec<f64>> {
        for Change {
            intervention: one,
            taken,
        } in self.run.changes.at(hook)
        {
            for (pos, number) in numbers.iter_mut().enumerate() {
                if !one.selects(0, pos, 0) {
                    continue;
                }
                *number = match &one.action {
                    Action::Zero => 0.0,
                    Action::Scale(factor) => *number * factor,
                    Action::Set(value) => f64::from(*value as f32),
                    _ => {
                        let taken = taken.as_ref().context("nothing was put in")?;
                        taken.get(&[pos, 0]).map_or(f64::NAN, f64::from)
                    }
                };
            }
        }
        Ok(numbers)
    }

    /// What an MLP writes.
    pub(crate) fn mlp(&mut self, layer: usize, resid: Terms) -> Result<Terms> {
        let weights = self.weights;
        let mlp = &weights.mlps[layer];
        let post = self.neurons(layer, resid)?;
        let mut out = match &mlp.w_out {
            Some(w_out) => self.through(&post, w_out),
            None => post,
        };
        out.add(&self.enter(Start::MlpBias(layer)));
        let out = self.edit(HookName::Block(layer, Site::MlpOut), 0, out)?;
        self.sent.insert(Sender::Mlp(layer), out.clone());
        Ok(out)
    }

    /// An MLP's neurons behind their activation: path by path where they have gates, else as they
    /// were in the run.
    pub(crate) fn neurons(&mut self, layer: usize, resid: Terms) -> Result<Terms> {
        let hook = match self.weights.config().is_bare() {
            true => HookName::Post,
            false => HookName::Block(layer, Site::MlpPost),
        };
        let through = self.tables.is_some_and(PathTables::through_neurons);
        let label = match self.tables {
            None => Label::Mlp(layer),
            Some(_) if through && !self.single_neurons(layer) => {
                return self.gated(layer, resid);
            }
            // no path's rows lose one of their numbers: what the neurons hold then was put there
            Some(_) if through => Label::Path(PathName::of(Start::Put(hook))),
            Some(_) => Label::Path(PathName::of(Start::Mlp(layer))),
        };
        let post = self.run.post.slice(&[layer]);
        let width = self.weights.mlps[layer].w_in.ncols();
        let post = matrix(self.outputs(), width, post);
        Ok(self.everywhere(label, post))
    }

    /// Whether something was done to single neurons of an MLP.
    fn single_neurons(&self, layer: usize) -> bool {
        let here = |hook| match hook {
            HookName::Block(one, _) => one == layer,
            _ => true,
        };
        let mut all = self.run.changes.all();
        all.any(|change| {
            let one = &change.intervention;
            one.hook.has_neurons() && here(one.hook) && one.head.is_some()
        })
    }

    /// Neurons whose gates the run has opened or not.
    fn gated(&mut self, layer: usize, resid: Terms) -> Result<Terms> {
        let weights = self.weights;
        let mlp = &weights.mlps[layer];
        let bare = weights.config().is_bare();
        let at = |site, alone| match bare {
            true => alone,
            false => HookName::Block(layer, site),
        };
        let mut read = resid;
        if !bare {
            read = self.edit(HookName::Block(layer, Site::MlpIn), 0, read)?;
        }
        if let Some(norm) = &mlp.norm {
            let hooks = [Site::Ln2Scale, Site::Ln2Normalized];
            let hooks = hooks.map(|site| HookName::Block(layer, site));
            read = self.norm(norm, Place::Mlp(layer), hooks, read)?.0;
        }
        let mut pre = self.through(&read, &mlp.w_in);
        pre.add(&self.enter(Start::InBias(layer)));
        let pre = self.edit(at(Site::MlpPre, HookName::Pre), 0, pre)?;
        let post = self.opened(layer, &pre);
        self.edit(at(Site::MlpPost, HookName::Post), 0, post)
    }

    /// What the gates of neurons let through.
    fn opened(&mut self, layer: usize, pre: &Terms) -> Terms {
        let whole = self.sum(pre);
        let gates = Matrix::from_fn(whole.nrows(), whole.ncols(), |pos, neuron| {
            f64::from(whole[(pos, neuron)] > 0.0)
        });
        let mut out = Terms::default();
        for (family, weights) in pre.iter() {
            let Family { label, rows } = &self.families[family];
            let label = match label {
                // its own bias is on its way already
                Label::Path(name) if name.start != Start::InBias(layer) => {
                    Label::Path(name.then(Step::Mlp(layer)))
                }
                other => other.clone(),
            };
            let rows = rows.times(weights, &gates);
            out.push(self.family(label, rows), weights.clone());
        }
        out
    }

    /// Queries or keys, turned by their positions.
    pub(crate) fn turned(&mut self, asks: &Terms) -> Terms {
        let rotary = self.weights.config().rotary;
        let order = self.weights.task().order(&self.run.tokens);
        let mut out = Terms::default();
        for (family, weights) in asks.iter() {
            let Family { label, rows } = &self.families[family];
            let pairs = rows.by_pair(weights);
            let sources = weights.ncols();
            let turned = Matrix::from_fn(pairs.nrows(), pairs.ncols(), |row, column| {
                if column >= rotary.dim {
                    return pairs[(row, column)];
                }
                let (partner, sign) = rotary.partner(column);
                let at = Spec::placed(order.as_deref(), row / sources);
                let angle = rotary.angle(at, column);
                pairs[(row, column)] * angle.cos() + sign * pairs[(row, partner)] * angle.sin()
            });
            let label = label.clone();
            out.push(self.family(label, Rows::Pairs(turned)), weights.clone());
        }
        out
    }

    /// A direction behind the last norm as the last stream is read in it at a position, at the scale
    /// of this run.
    pub fn toward(&self, dest: usize, direction: &[f64]) -> Vec<f64> {
        match &self.weights.norm {
            Some(norm) => {
                let scale = self.last_scale.get(dest).copied().unwrap_or(f64::NAN);
                let reader = Matrix::from_fn(direction.len(), 1, |i, _| direction[i]);
                let read = norm.before(&reader);
                (0..read.nrows()).map(|i| read[(i, 0)] / scale).collect()
            }
            None => direction.to_vec(),
        }
    }

    /// A bias at every position.
    pub(crate) fn bias(&self, start: Start) -> Option<Matrix> {
        let weights = self.weights;
        let row = match start {
            Start::NormBias(Place::Attention(layer)) => weights.norm_of(layer)?.b.as_ref()?,
            Start::NormBias(Place::Mlp(layer)) => weights.mlps[layer].norm.as_ref()?.b.as_ref()?,
            Start::NormBias(Place::Unembed) => weights.norm.as_ref()?.b.as_ref()?,
            Start::HeadBias(head) => &weights.head(head).b_v,
            Start::OutBias(layer) => &weights.b_o[layer],
            Start::InBias(layer) => &weights.mlps[layer].b_in,
            Start::MlpBias(layer) => &weights.mlps[layer].b_out,
            Start::Embed | Start::Pos | Start::Mlp(_) | Start::Unembed | Start::Put(_) => {
                return None;
            }
        };
        Some(spread(row, self.outputs()))
    }
}
