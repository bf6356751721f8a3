//! What cannot be folded into tables: plain batched forward passes of the same inputs.

use super::block::{Block, Size, Wanted};
use super::lanes::ONE;
use super::run::BLOCK;
use super::space::Space;
use crate::lens::{
    Changes, Derived, Editor, Experiment, HeadName, Intervention, Matrices, PathTables, RunView,
    Source, Sources, observe_hooks, predictions,
};
use crate::model::{ActivationCache, HookName, HookedTransformer, Recorder, Site};
use crate::task::{Prompt, Token, Values};
use anyhow::{Context, Result};
use candle_core::Tensor;
use std::sync::OnceLock;

/// A model under interventions, run by candle.
pub(super) struct ByCandle {
    model: HookedTransformer,
    experiment: Experiment,
    clean: ActivationCache,
    corrupted: ActivationCache,
    /// What interventions put there, as far as it does not depend on the input.
    derived: Derived,
    space: Space,
    /// An input that there is.
    first: Values,
    /// Made when a number needs them.
    weights: OnceLock<Matrices>,
    /// Likewise.
    tables: OnceLock<PathTables>,
}

/// A batch that was run.
#[derive(Clone, Copy)]
struct Ran<'a> {
    prompts: &'a [Prompt],
    logits: &'a Tensor,
    cache: &'a ActivationCache,
    sources: Sources<'a>,
}

impl ByCandle {
    /// Runs what the interventions take activations from.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(model: &HookedTransformer, experiment: &Experiment) -> Result<Self> {
        let model = model.for_rows(BLOCK);
        let hooks = experiment
            .interventions
            .iter()
            .flat_map(Intervention::hooks);
        let wanted: Vec<HookName> = hooks.collect();
        let cache =
            |source: &Source| Ok::<_, anyhow::Error>(observe_hooks(model, source, &wanted)?.1);
        // an example agrees with itself, so that conditional means exist for it
        let examples = experiment.sample.prompts(model.task());
        let first = examples.first().context("the sample has no examples")?;
        Ok(Self {
            first: first.values.clone(),
            derived: Derived::new(model, experiment, first)?,
            clean: cache(&experiment.clean)?,
            corrupted: cache(&experiment.corrupted)?,
            model: model.clone(),
            experiment: experiment.clone(),
            space: Space::new(model.task()),
            weights: OnceLock::new(),
            tables: OnceLock::new(),
        })
    }

    /// Runs one input: an intervention that cannot be derived fails here, before hours of work.
    ///
    /// # Errors
    /// When it fails.
    pub fn try_one(&self) -> Result<()> {
        let first = self.space.fields_of(&self.first);
        self.block(&[first], &Wanted::default()).map(|_| ())
    }

    fn weights(&self) -> Result<&Matrices> {
        if let Some(made) = self.weights.get() {
            return Ok(made);
        }
        let made = Matrices::new(&self.model)?;
        Ok(self.weights.get_or_init(|| made))
    }

    /// The same with another donor for each input, where interventions resample.
    ///
    /// # Errors
    /// When the device fails.
    pub fn with_donors(&self, further: u32) -> Result<Self> {
        let mut experiment = self.experiment.clone();
        for one in &mut experiment.interventions {
            one.reseed(further);
        }
        Self::new(&self.model, &experiment)
    }

    /// The numbers of these inputs, in their order.
    ///
    /// # Errors
    /// When the device fails, or a conditional mean has no example for an input.
    pub fn block(&self, inputs: &[Vec<usize>], wanted: &Wanted) -> Result<Block<f32>> {
        let task = self.space.task;
        let size = Size {
            elements: inputs.len(),
            pad: inputs.len(),
            predictions: task.answers.len(),
            d_vocab_out: self.model.config().d_vocab_out,
            // nothing is told apart that heads carry
            carried: 0,
        };
        let mut block = Block::new(0.0, size, wanted);
        let values: Vec<Values> = inputs.iter().map(|one| self.space.values(one)).collect();
        block.targets = task.targets(&values)?;
        let prompts = task.answered(&values, &block.targets);
        let rows: Vec<Vec<Token>> = prompts.iter().map(|prompt| task.tokens(prompt)).collect();
        let derived = self
            .derived
            .for_each(&self.model, &self.experiment, &prompts)?;
        let sources = Sources {
            clean: &self.clean,
            corrupted: &self.corrupted,
            derived: &derived,
        };
        let mut editor = Editor::new(&self.experiment.interventions, sources)?;
        let held = wanted.held.iter().map(|held| held.hook);
        let mut recorder = Recorder::new(&mut editor).wanting(held);
        let logits = self
            .model
            .forward(&self.model.tokens(&rows)?, &mut recorder)?;
        let cache = recorder.into_cache();
        let predictions = predictions(task, &logits)?;
        for (at, logits) in predictions.iter().enumerate() {
            for (j, logits) in logits.iter().enumerate() {
                block.keep_row(at, j, logits);
            }
        }
        if !wanted.paths.is_empty() {
            let ran = Ran {
                prompts: &prompts,
                logits: &logits,
                cache: &cache,
                sources,
            };
            self.keep_paths(ran, wanted, &mut block)?;
        }
        self.keep_attention(&cache, &values, wanted, &mut block)?;
        if !wanted.held.is_empty() {
            self.keep_held(&cache, &values, wanted, &mut block)?;
        }
        Ok(block)
    }

    /// What paths bring, given the attention, scales and gates of each input's own run.
    fn keep_paths(&self, ran: Ran<'_>, wanted: &Wanted, block: &mut Block<f32>) -> Result<()> {
        let task = self.space.task;
        let weights = self.weights()?;
        let tables = self.tables()?;
        let listed = &self.experiment.interventions;
        for (at, prompt) in ran.prompts.iter().enumerate() {
            let prompt = prompt.clone();
            let mut run = RunView::of_row(&self.model, prompt, ran.logits, ran.cache, at)?;
            if !listed.is_empty() {
                run.changes = Changes::new(listed, ran.sources, at)?;
            }
            let split = tables.split(weights, &run)?;
            for (number, (path, j)) in wanted.paths.iter().enumerate() {
                let brought = split.brought(path, task.predicts_at(*j));
                for (token, share) in brought.into_iter().enumerate() {
                    let row = number * block.d_vocab_out + token;
                    block.shares[row * block.pad + at] = share as f32;
                }
            }
        }
        Ok(())
    }

    fn tables(&self) -> Result<&PathTables> {
        if let Some(made) = self.tables.get() {
            return Ok(made);
        }
        let made = PathTables::new(self.weights()?)?;
        Ok(self.tables.get_or_init(|| made))
    }

    fn keep_held(
        &self,
        cache: &ActivationCache,
        inputs: &[Values],
        wanted: &Wanted,
        block: &mut Block<f32>,
    ) -> Result<()> {
        let weights = self.weights()?;
        let mut vectors = None;
        for (row, held) in wanted.held.iter().enumerate() {
            let first = row * block.pad;
            let numbers = held.of(cache, inputs.len(), weights, &mut vectors)?;
            for (at, (number, input)) in numbers.into_iter().zip(inputs).enumerate() {
                block.held[first + at] = match self.is_there(held.pos, input) {
                    true => number,
                    false => f32::NAN,
                };
            }
        }
        Ok(())
    }

    fn is_there(&self, position: usize, input: &Values) -> bool {
        self.space.task.is_there(position, input.tokens())
    }

    fn keep_attention(
        &self,
        cache: &ActivationCache,
        inputs: &[Values],
        wanted: &Wanted,
        block: &mut Block<f32>,
    ) -> Result<()> {
        let heads: Vec<HeadName> = HeadName::all(self.model.config()).collect();
        for &(head, dest) in &wanted.rows {
            let HeadName { layer, head: place } = heads[head];
            let row = |site, input: usize, dest: usize| -> Result<Vec<f32>> {
                let all: &Tensor = cache.get(HookName::Block(layer, site))?;
                let input = input.min(all.dim(0)? - 1);
                Ok(all.get(input)?.get(place)?.get(dest)?.to_vec1()?)
            };
            let first = wanted.row(head, dest).unwrap_or_default();
            for (at, input) in inputs.iter().enumerate() {
                let row = |site| match self.is_there(dest, input) {
                    true => row(site, at, dest),
                    false => Ok(Vec::new()),
                };
                let (scores, pattern) = (row(Site::AttnScores)?, row(Site::Pattern)?);
                for src in 0..wanted.width(dest) {
                    let place = self.is_there(src, input).then_some(src);
                    let cell = |row: &[f32]| place.and_then(|src| row.get(src)).copied();
                    let cell = [&scores, &pattern].map(|row| cell(row).unwrap_or(f32::NAN));
                    block.keep_cell(ONE, first + src, Some(at), ([cell[0]], [cell[1]]));
                }
            }
        }
        Ok(())
    }
}
