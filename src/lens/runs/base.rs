//! A run that one more intervention is added to: many of them, each a row of one batch.

use super::edit::{Editor, Sources};
use super::pair::PairRuns;
use super::window::Window;
use crate::lens::experiment::intervention::{Intervention, Target};
use crate::lens::experiment::metric::MetricValues;
use crate::lens::experiment::setup::Experiment;
use crate::lens::names::run::RunName;
use crate::model::{
    ActivationCache, HookName, HookedTransformer, Reading, Site, Stream, map_chunked,
};
use anyhow::Result;

/// What a grid's cells are added to: a run under the standing interventions.
pub(crate) struct Base<'a> {
    pub model: &'a HookedTransformer,
    /// The standing interventions, applied before a cell's own.
    pub interventions: &'a [Intervention],
    /// Activations of the base run under them, batch size 1.
    pub cache: &'a ActivationCache,
    pub sources: Sources<'a>,
    pub from: RunName,
    pub metric: &'a MetricValues,
    /// How the base run reads its positions.
    reading: Reading,
    /// The logits of the run that activations come from, at the metric's position.
    pub source_logits: &'a [f32],
}

impl<'a> Base<'a> {
    /// The base of an experiment's grids.
    pub fn new(
        model: &'a HookedTransformer,
        experiment: &'a Experiment,
        runs: &'a PairRuns,
        metric: &'a MetricValues,
    ) -> Result<Self> {
        let from = experiment.direction.source();
        let tokens = std::slice::from_ref(&runs.patched.0.tokens);
        Ok(Self {
            reading: model.reading(&model.tokens(tokens)?)?,
            model,
            interventions: &experiment.interventions,
            cache: &runs.patched.1,
            sources: runs.sources(),
            from,
            metric,
            source_logits: runs.get(from).logits.slice(&[metric.metric.position]),
        })
    }

    /// The normalised metric when one of these is added to the interventions, for each of them;
    /// not a number where clean and corrupted run agree.
    pub fn shares(&self, more: &[Intervention]) -> Result<Vec<f32>> {
        Ok(self.shares_unless(more, &|| false)?.unwrap_or_default())
    }

    pub(super) fn shares_unless(
        &self,
        more: &[Intervention],
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<f32>>> {
        let unmoved = self.metric.normalised(self.metric.patched);
        let mut shares = vec![unmoved.unwrap_or(f32::NAN); more.len()];
        if self.metric.normalised(self.metric.clean).is_none() {
            return Ok(Some(shares));
        }
        let mut moving: Vec<usize> = (0..more.len())
            .filter(|&i| self.can_move_metric(&more[i]))
            .collect();
        let pass = |&i: &usize| starts_at(more[i].hook);
        // those that begin at about the same position side by side: what comes before is left out
        moving.sort_by_key(|i| (pass(i), first_changed(&more[*i])));
        let passes = moving.chunk_by(|a, b| pass(a) == pass(b));
        let done = map_chunked(self.model, passes, |chunk| {
            if cancelled() {
                return Ok(None);
            }
            let rows: Vec<Intervention> = chunk.iter().map(|&i| more[i].clone()).collect();
            self.run_rows(&rows).map(Some)
        })?;
        let Some(values) = done.into_iter().collect::<Option<Vec<Vec<f32>>>>() else {
            return Ok(None);
        };
        for (i, value) in moving.into_iter().zip(values.concat()) {
            shares[i] = self.metric.normalised(value).unwrap_or(f32::NAN);
        }
        Ok(Some(shares))
    }

    /// Attention looks only backwards: a change behind the metric's position cannot reach it, and
    /// a masked attention cell is 0 in every run. Unless an intervention has lifted the mask.
    fn can_move_metric(&self, one: &Intervention) -> bool {
        let Some(window) = self.window(std::slice::from_ref(one)) else {
            return true;
        };
        let at_metric = self.metric.metric.position;
        let passes = |pos: usize| match window.is_query(one.hook) {
            true => pos == at_metric,
            false => pos <= at_metric,
        };
        match &one.target {
            Target::Positions(None) => true,
            Target::Positions(Some(list)) => list.iter().any(|&pos| passes(pos)),
            Target::Cell { dest, src } => {
                let masked = matches!((dest, src), (Some(dest), Some(src)) if src > dest);
                dest.is_none_or(passes) && !masked
            }
        }
    }

    /// What of a pass can move the metric; `None` where the whole of it must be computed.
    fn window(&self, rows: &[Intervention]) -> Option<Window> {
        // where attention looks ahead, everything can move everything
        if !self.model.config().is_causal() {
            return None;
        }
        let lifted = self.interventions.iter().chain(rows);
        // a path needs the attention of all positions
        let whole = |one: &Intervention| {
            one.lifts_mask()
                || matches!(
                    one.action,
                    crate::lens::experiment::intervention::Action::Path(_)
                )
        };
        let whole = lifted.into_iter().any(whole);
        (!whole).then(|| Window {
            first: rows.iter().map(first_changed).min().unwrap_or(0),
            end: self.metric.metric.position + 1,
            last_layer: self.model.config().n_layers.saturating_sub(1),
        })
    }

    /// One pass from the interventions' layer on, each in a row of its own.
    fn run_rows(&self, rows: &[Intervention]) -> Result<Vec<f32>> {
        let layers = self.model.config().n_layers;
        let (layer, before) = match rows.first().map(|row| row.hook) {
            _ if layers == 0 => (0, HookName::Embed),
            Some(HookName::Block(layer, _)) => (layer, HookName::Block(layer, Site::ResidPre)),
            Some(HookName::FinalScale | HookName::FinalNormalized | HookName::Logits) => {
                (layers, HookName::Block(layers - 1, Site::ResidPost))
            }
            _ => (0, HookName::Block(0, Site::ResidPre)),
        };
        let later: Vec<Intervention> = self
            .interventions
            .iter()
            // what stands at the stream itself is in the cached stream already
            .filter(|one| one.hook > before)
            .cloned()
            .collect();
        let mut editor = Editor::new(&later, self.sources)?
            .then_rows(rows, self.sources)?
            .after(self.cache);
        let mut stream = Stream {
            resid: self.cache.get(before)?.clone(),
            pos: self.cache.get(HookName::PosEmbed).ok().cloned(),
            reading: self.reading.clone(),
            past: Vec::new(),
        };
        let mut queries = stream.resid.dim(1)?;
        let mut at_metric = self.metric.metric.position;
        if let Some(window) = self.window(rows) {
            editor = editor.within(window)?;
            stream.resid = window.cut(before, &stream.resid)?;
            let pos = stream.pos.iter();
            let mut pos = pos.map(|pos| window.cut(HookName::PosEmbed, pos));
            stream.pos = pos.next().transpose()?;
            stream.past = window.past(self.cache)?;
            (queries, at_metric) = (1, 0);
        }
        let resid = self.model.run_blocks(layer, stream, queries, &mut editor)?;
        let logits = self.model.unembed(&resid, Some(at_metric), &mut editor)?;
        let logits: Vec<Vec<f32>> = logits.to_vec2()?;
        let MetricValues {
            metric, measure, ..
        } = self.metric;
        let values = logits
            .iter()
            .map(|row| metric.value(*measure, row, self.source_logits));
        Ok(values.collect())
    }
}

/// The first position where an intervention can change anything; attention looks only backwards.
fn first_changed(one: &Intervention) -> usize {
    let first = match &one.target {
        Target::Positions(list) => list.as_ref().and_then(|list| list.iter().copied().min()),
        Target::Cell { dest, .. } => *dest,
    };
    first.unwrap_or(0)
}

/// Patches that share a pass: those of a layer, each in its row. What a block reads is changed in
/// passes of its own: there every projection has as many rows.
fn starts_at(hook: HookName) -> (usize, Option<Site>) {
    match hook {
        HookName::Block(layer, site) if site <= Site::VInput => (layer, Some(site)),
        HookName::Block(layer, _) => (layer, None),
        HookName::Embed | HookName::PosEmbed => (0, Some(Site::ResidPre)),
        HookName::Pre | HookName::Post => (0, None),
        // behind the last block
        HookName::FinalScale | HookName::FinalNormalized | HookName::Logits => (usize::MAX, None),
    }
}
