//! What questions to all inputs share: which inputs, what is done to the model, how it is told.

use super::args::Common;
use super::common::{clean_or_first, corrupted_or_next, cut_down, interventions, open_model};
use super::run::heading;
use super::table::{self, Align};
use crate::findings::numbers::ModelNumbers;
use crate::lens::{Direction, Experiment, Matrices, Measure};
use crate::model::{HookedTransformer, Model};
use crate::sweep::{Over, Sweep};
use crate::task::Sample;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// Which inputs, and what is done to the model.
#[derive(Debug, Args)]
pub struct SpaceArgs {
    /// An intervention, such as 'zero blocks.1.attn.hook_z @b_0'; may be repeated
    #[arg(long, value_name = "LINE")]
    pub intervene: Vec<String>,
    /// Only these inputs, not the whole space: random:SEED or notebook:SEED, and :N
    #[arg(long)]
    pub over: Option<Sample>,
    /// What means and examples in interventions are taken from
    #[arg(long, default_value_t)]
    pub sample: Sample,
    /// The clean prompt, for patches from it; by default the sample's first
    #[arg(long, num_args = 1.., value_name = "PROMPT", allow_negative_numbers = true)]
    pub clean: Option<Vec<String>>,
    /// The corrupted prompt; by default the clean one's first counterfactual
    #[arg(long, num_args = 1.., value_name = "PROMPT", allow_negative_numbers = true)]
    pub corrupted: Option<Vec<String>>,
    /// Keep the top R singular directions of a head's circuit: ov.1.0:5, qk.0.0:3; may be repeated
    #[arg(long, value_name = "CIRCUIT:R")]
    pub low_rank: Vec<String>,
    #[command(flatten)]
    pub common: Common,
}

/// What every answer says of what was asked.
#[derive(Serialize)]
pub(super) struct Asked {
    pub(super) model: ModelNumbers,
    pub(super) interventions: Vec<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) low_rank: Vec<String>,
    pub(super) over: String,
}

/// The model, cut down where asked, with the experiment.
pub(super) struct Opened {
    pub(super) model: Model,
    pub(super) transformer: HookedTransformer,
    /// `None` where the model has no tables.
    pub(super) weights: Option<Matrices>,
    pub(super) experiment: Experiment,
}

impl Opened {
    pub(super) fn new(args: &SpaceArgs) -> Result<Self> {
        let model = open_model(&args.common)?;
        let cut = cut_down(&args.low_rank, &model.transformer)?;
        let transformer = cut.unwrap_or_else(|| model.transformer.clone());
        Ok(Self {
            weights: Matrices::where_folded(&transformer)?,
            experiment: experiment(args, &transformer)?,
            transformer,
            model,
        })
    }

    pub(super) fn sweep(&self) -> Result<Sweep> {
        Sweep::new(&self.transformer, self.weights.as_ref(), &self.experiment)
    }

    pub(super) fn asked(&self, args: &SpaceArgs, over: Over) -> Asked {
        let task = self.transformer.task();
        let lines = self.experiment.interventions.iter();
        Asked {
            model: ModelNumbers::from(&self.model),
            interventions: lines.map(|one| one.line(task)).collect(),
            low_rank: args.low_rank.clone(),
            over: over.to_string(),
        }
    }
}

/// What is done to the model, and about which pair.
pub(super) fn experiment(args: &SpaceArgs, model: &HookedTransformer) -> Result<Experiment> {
    let task = model.task();
    let typed = |words: &Option<Vec<String>>| words.clone().unwrap_or_default();
    let clean = clean_or_first(task, &typed(&args.clean), args.sample, None)?;
    let corrupted = corrupted_or_next(&clean, &typed(&args.corrupted), None, args.sample)?;
    Ok(Experiment {
        clean,
        corrupted,
        direction: Direction::Denoise,
        metric: None,
        measure: Measure::default(),
        interventions: interventions(&args.intervene, model)?,
        sample: args.sample,
    })
}

impl SpaceArgs {
    pub(super) fn over(&self) -> Over {
        self.over.map_or(Over::Space, Over::Sample)
    }
}

pub(super) fn tell(reason: Option<&str>) {
    if let Some(reason) = reason {
        // nobody is left to tell if stderr is gone
        let _ = writeln!(
            std::io::stderr(),
            "circuitscope: one forward pass for each input: {reason}"
        );
    }
}

/// What a sweep that was stopped says.
pub(super) const STOPPED: &str = "stopped before the end; nothing is known of all inputs";

pub(super) fn print_asked(out: &mut dyn Write, opened: &Opened, asked: &Asked) -> Result<()> {
    writeln!(out, "{}", heading(&opened.model))?;
    for line in &asked.interventions {
        writeln!(out, "with {line}")?;
    }
    if !asked.low_rank.is_empty() {
        writeln!(out, "low rank: {}", asked.low_rank.join(" "))?;
    }
    Ok(())
}

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Rows whose first column is a name.
pub(super) fn print_rows(out: &mut dyn Write, rows: &[Vec<String>]) -> Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut align = vec![Align::Right; columns];
    align[..1.min(columns)].fill(Align::Left);
    Ok(table::write(out, &align, rows)?)
}
