//! What can be said of a training, as flags in the shell and as words in the workbench, and the recipe
//! that it makes.

use super::{Recipe, Saves, Schedule};
use crate::lens::slide;
use crate::model::Config;
use crate::model::config::{Activation, AttentionDir, Mlp, Normalization, PositionalEmbedding};
use crate::task::{Sizes, Task};
use anyhow::{Context, Result, ensure};
use clap::Args;

const MODEL: &str = "The model";
const RECIPE: &str = "The recipe";

/// What decides what a training makes.
#[derive(Clone, Debug, Args)]
pub struct RecipeArgs {
    /// The task: a built-in one (sort, or sort:list_len=5), or a task file
    #[arg(long, value_name = "NAME|FILE")]
    pub task: Option<String>,
    /// Numbers in a list of the array update
    #[arg(long, default_value_t = 3, conflicts_with = "task")]
    pub list_len: usize,
    /// Values a number of the array update can have
    #[arg(long, default_value_t = 50, conflicts_with = "task")]
    pub max_num: u32,
    /// Blocks
    #[arg(long, default_value_t = 2, help_heading = MODEL)]
    pub layers: usize,
    /// Heads in a block
    #[arg(long, default_value_t = 1, help_heading = MODEL)]
    pub heads: usize,
    /// Keys and values in a block, where several heads share one
    #[arg(long, value_name = "N", help_heading = MODEL)]
    pub kv_heads: Option<usize>,
    /// Width of the residual stream
    #[arg(long, default_value_t = 128, help_heading = MODEL)]
    pub d_model: usize,
    /// Width of a head; by default d_model shared out among the heads
    #[arg(long, value_name = "N", help_heading = MODEL)]
    pub d_head: Option<usize>,
    /// Neurons in a block; without it, or with 0, there is no MLP
    #[arg(long, value_name = "N", help_heading = MODEL)]
    pub d_mlp: Option<usize>,
    /// The activation of the MLP: relu, gelu, gelu_new, silu or solu_ln
    #[arg(long, default_value = "relu", value_parser = Activation::parse, requires = "d_mlp", help_heading = MODEL)]
    pub act: Activation,
    /// The MLP has a gate
    #[arg(long, requires = "d_mlp", help_heading = MODEL)]
    pub gated: bool,
    /// The MLP reads what attention reads
    #[arg(long, requires = "d_mlp", help_heading = MODEL)]
    pub parallel: bool,
    /// The norm: none, LN, LNPre, RMS or RMSPre
    #[arg(long, default_value = "none", value_parser = Normalization::parse, help_heading = MODEL)]
    pub norm: Normalization,
    /// Where positions enter: standard, shortformer (as in the array update), rotary or none
    #[arg(long, value_name = "KIND", value_parser = PositionalEmbedding::parse, help_heading = MODEL)]
    pub positions: Option<PositionalEmbedding>,
    /// Which positions attention looks at: causal or bidirectional; by default as the task says
    #[arg(long, value_name = "DIRECTION", value_parser = AttentionDir::parse, help_heading = MODEL)]
    pub attention: Option<AttentionDir>,
    /// Learn biases too, instead of leaving them zero
    #[arg(long, help_heading = MODEL)]
    pub biases: bool,
    /// Optimiser steps
    #[arg(long, default_value_t = 1000, help_heading = RECIPE)]
    pub steps: usize,
    /// Inputs in a step
    #[arg(long, default_value_t = 256, help_heading = RECIPE)]
    pub batch: usize,
    /// Every step takes this fraction of all inputs, from above 0 up to 1; the rest is held out
    #[arg(long, value_name = "FRACTION", conflicts_with_all = ["batch", "one_update_per_batch"], help_heading = RECIPE)]
    pub full_batch: Option<f64>,
    /// Learning rate
    #[arg(long, default_value_t = 1e-3, help_heading = RECIPE)]
    pub lr: f64,
    /// How the learning rate changes
    #[arg(long, value_enum, default_value_t = Schedule::Constant, help_heading = RECIPE)]
    pub schedule: Schedule,
    /// AdamW's first beta
    #[arg(long, default_value_t = 0.9, help_heading = RECIPE)]
    pub beta1: f64,
    /// AdamW's second beta
    #[arg(long, default_value_t = 0.98, help_heading = RECIPE)]
    pub beta2: f64,
    /// AdamW's weight decay
    #[arg(long, default_value_t = 1e-2, help_heading = RECIPE)]
    pub weight_decay: f64,
    /// Seed of the initial weights and the data
    #[arg(long, default_value_t = 0, help_heading = RECIPE)]
    pub seed: u32,
    /// Draw what the task says so of once for a whole batch, as the notebook draws (idx, elt)
    #[arg(long, help_heading = RECIPE)]
    pub one_update_per_batch: bool,
}

/// When the model is written on the way.
#[derive(Clone, Debug, Default, Args)]
pub struct SavesArgs {
    /// Write the model every N steps into the folder --output, with what is needed to go on
    #[arg(long, value_name = "N", conflicts_with = "save_at")]
    pub save_every: Option<usize>,
    /// Write it after these steps: log:N, N in each decade (log:8), or a list, 1,2,4,8
    #[arg(long, value_name = "log:N|STEPS")]
    pub save_at: Option<Saves>,
}

impl SavesArgs {
    /// When the model is written; `None` where only at the end.
    #[must_use]
    pub fn saves(&self) -> Option<Saves> {
        self.save_every
            .map(Saves::Every)
            .or_else(|| self.save_at.clone())
    }
}

impl RecipeArgs {
    /// The recipe that the flags make.
    ///
    /// # Errors
    /// When the task, a size or a number makes no sense; says which.
    pub fn recipe(&self) -> Result<Recipe> {
        self.recipe_for(match &self.task {
            Some(text) => slide::named(text, &Sizes::default()).context("in --task")?,
            None => Task::array_update(self.list_len, self.max_num)?,
        })
    }

    /// The same for a task that is known.
    ///
    /// # Errors
    /// When a size or a number makes no sense; says which.
    pub(super) fn recipe_for(&self, task: Task) -> Result<Recipe> {
        let model = self.model(task)?;
        let recipe = Recipe {
            task: slide::suited(task, &model),
            model,
            steps: self.steps,
            batch: self.batch,
            full_batch: self.full_batch,
            lr: self.lr,
            schedule: self.schedule,
            beta1: self.beta1,
            beta2: self.beta2,
            weight_decay: self.weight_decay,
            biases: self.biases,
            seed: self.seed,
            one_update_per_batch: self.one_update_per_batch,
        };
        recipe.check()?;
        ensure!(
            self.d_head.is_some()
                || recipe.model.is_bare()
                || self.d_model.is_multiple_of(self.heads),
            "--heads {} does not divide --d-model {}; --d-head says how wide a head is all the same",
            self.heads,
            self.d_model
        );
        Ok(recipe)
    }

    fn model(&self, task: Task) -> Result<Config> {
        let mlp = self.d_mlp.filter(|d_mlp| *d_mlp > 0).map(|d_mlp| Mlp {
            d_mlp,
            act_fn: self.act,
            gated: self.gated,
            parallel: self.parallel,
        });
        let vocabularies = [task.d_vocab(), task.classes.len()];
        if self.layers == 0 && mlp.is_some() {
            return self.bare(task, mlp);
        }
        let positions = self.positions.unwrap_or(match &*task.name {
            "array_update" => PositionalEmbedding::Shortformer,
            _ => PositionalEmbedding::Standard,
        });
        let d_head = self.d_head.unwrap_or(self.d_model / self.heads.max(1));
        let attention_dir = self.attention.unwrap_or(match task.bidirectional {
            Some(true) => AttentionDir::Bidirectional,
            _ => AttentionDir::Causal,
        });
        let both_ways = attention_dir == AttentionDir::Bidirectional;
        Ok(Config {
            n_key_value_heads: self.kv_heads.unwrap_or(self.heads),
            mlp,
            normalization: self.norm,
            attention_dir,
            pad_token: task.pad.filter(|_| both_ways),
            ..Config::attention_only(
                [self.layers, self.heads],
                [self.d_model, d_head],
                task.seq_len(),
                vocabularies,
                positions,
            )
        })
    }

    /// The model without attention, `W_E W_in W_U`.
    fn bare(&self, task: Task, mlp: Option<Mlp>) -> Result<Config> {
        let plain = !self.gated && !self.parallel && self.norm == Normalization::None;
        ensure!(
            plain && task.seq_len() == 2 && task.answers.len() == 1,
            "--layers 0 with --d-mlp is the model W_E W_in W_U: it has no gate and no norm, and reads \
             two tokens for one answer, as in modular_addition:equals=False"
        );
        Ok(Config {
            d_model: self.d_model,
            n_ctx: task.seq_len(),
            d_vocab: task.d_vocab(),
            d_vocab_out: task.classes.len(),
            mlp,
            positional_embedding: PositionalEmbedding::None,
            ..Config::default()
        })
    }
}
