//! The command line: what can be typed, and what it means.

use crate::model::device::DeviceChoice;
use crate::runtime::headless::parse_size;
use crate::runtime::live::Fault;
use crate::task::Sample;
use crate::training::Schedule;
use crate::ui::colour::Depth;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A terminal microscope for small transformers.
///
/// Without a command it opens the workbench on the embedded model: type an array update and see
/// logits, attention and the effect of every patch, on each keystroke.
#[derive(Debug, Parser)]
#[command(
    name = "circuitscope",
    version,
    about,
    long_about,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do instead of opening the workbench
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How the workbench starts
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
}

/// How the workbench starts.
#[derive(Clone, Debug, Args)]
pub struct WorkbenchArgs {
    /// A .pt or .safetensors checkpoint instead of the embedded model
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Examples to step through: random:SEED[:N] or notebook:SEED[:N]
    #[arg(long, default_value_t = Sample::default())]
    pub sample: Sample,
    /// A clean prompt to begin with instead of the sample's first
    #[arg(long)]
    pub prompt: Option<String>,
    /// Colours: a theme's name
    #[arg(long, default_value = "dark")]
    pub theme: String,
    /// 24bit, 256, 16 or none; by default what NO_COLOR, COLORTERM and TERM say
    #[arg(long, alias = "colors")]
    pub colours: Option<Depth>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Folder for snapshots
    #[arg(long, default_value = ".")]
    pub snapshots: PathBuf,
    /// Fail on purpose, to test that the terminal recovers
    #[arg(long, hide = true)]
    pub fault: Option<Fault>,
}

/// `circuitscope render`
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Keys to press, apart by spaces: tab down enter : 'zero blocks.0.attn.hook_z @*' enter
    #[arg(long, default_value = "")]
    pub keys: String,
    /// Columns and rows
    #[arg(long, default_value = "120x40", value_parser = parse_size)]
    pub size: (u16, u16),
    /// File to write: .txt, .ans, .svg, .png, or .json for the numbers
    #[arg(short, long)]
    pub output: PathBuf,
    /// How the workbench starts
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Draw the workbench after some keys, without a terminal
    Render(RenderArgs),
    /// Train the task's model and write weights, config and record
    Train(TrainArgs),
}

/// How a command prints its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// `circuitscope train`
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Weights file to write; config and record go beside it
    #[arg(short, long, default_value = "array_update.safetensors")]
    pub output: PathBuf,
    /// Numbers in a list
    #[arg(long, default_value_t = 3)]
    pub list_len: usize,
    /// Values a number can have
    #[arg(long, default_value_t = 50)]
    pub max_num: u32,
    /// Attention blocks
    #[arg(long, default_value_t = 2)]
    pub layers: usize,
    /// Heads in a block
    #[arg(long, default_value_t = 1)]
    pub heads: usize,
    /// Width of the residual stream
    #[arg(long, default_value_t = 128)]
    pub d_model: usize,
    /// Width of a head
    #[arg(long, default_value_t = 128)]
    pub d_head: usize,
    /// Optimiser steps
    #[arg(long, default_value_t = 1000)]
    pub steps: usize,
    /// Sequences in a step
    #[arg(long, default_value_t = 256)]
    pub batch: usize,
    /// Learning rate
    #[arg(long, default_value_t = 1e-3)]
    pub lr: f64,
    /// How the learning rate changes
    #[arg(long, value_enum, default_value_t = Schedule::Constant)]
    pub schedule: Schedule,
    /// AdamW's first beta
    #[arg(long, default_value_t = 0.9)]
    pub beta1: f64,
    /// AdamW's second beta
    #[arg(long, default_value_t = 0.98)]
    pub beta2: f64,
    /// AdamW's weight decay
    #[arg(long, default_value_t = 1e-2)]
    pub weight_decay: f64,
    /// Seed of the initial weights and the data
    #[arg(long, default_value_t = 0)]
    pub seed: u32,
    /// Draw one (idx, elt) for a whole batch, as the notebook does, instead of one for each row
    #[arg(long)]
    pub one_update_per_batch: bool,
    /// Random inputs on which the trained model is judged
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(usize))]
    pub judge: usize,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}
