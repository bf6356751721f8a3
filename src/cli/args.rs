//! The command line: what can be typed, and what it means.

use super::ablations::{AblationsArgs, MinimalArgs};
use super::ask::AskArgs;
use super::asked::{AttendArgs, AttentionArgs, AttributeArgs};
use super::bench::BenchArgs;
use super::circuit::CircuitArgs;
use super::claim::{ClaimArgs, VerifyArgs};
use super::compare::CompareArgs;
use super::completions::CompletionsArgs;
use super::convert::ConvertArgs;
use super::curve::CurveArgs;
use super::devices::DevicesArgs;
use super::doctor::DoctorArgs;
use super::explain::ExplainArgs;
use super::export::ExportArgs;
use super::findings::{OpenArgs, ReportArgs, ShareArgs};
use super::help::{PROMPT_HELP, claim_help, forms};
use super::inspect::InspectArgs;
use super::model_args::ModelArgs;
use super::replay::ReplayArgs;
use super::slides::SlidesArgs;
use super::sweep::SweepArgs;
use super::train::TrainArgs;
use crate::lens::{Continuation, Measure};
use crate::runtime::headless::parse_size;
use crate::runtime::live::Fault;
use crate::task::Sample;
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
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do instead of opening the workbench
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How the workbench starts
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
    /// What only a workbench in a terminal understands
    #[command(flatten)]
    pub live: LiveArgs,
}

/// How the workbench starts.
#[derive(Clone, Debug, Args)]
pub struct WorkbenchArgs {
    /// Which model, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
    /// Examples to step through: random:SEED or notebook:SEED, and :N for their number
    #[arg(long, default_value_t = Sample::default())]
    pub sample: Sample,
    /// A clean prompt to begin with instead of the sample's first
    #[arg(long)]
    pub prompt: Option<String>,
    /// Another model of the same task, to compare with on the same prompts (D)
    #[arg(long, value_name = "PATH")]
    pub compare: Option<PathBuf>,
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
    /// Folder for findings; by default in the user's data folder, for `render` beside the snapshots
    #[arg(long, value_name = "DIR")]
    pub findings: Option<PathBuf>,
    /// Begin with what this session file says; its model too, unless --model names one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sample", "prompt"])]
    pub session: Option<PathBuf>,
}

/// What only a workbench in a terminal understands.
#[derive(Clone, Debug, Args)]
pub struct LiveArgs {
    /// Begin where the last session ended, its undo history included
    #[arg(long, conflicts_with_all = ["session", "sample", "prompt"])]
    pub resume: bool,
    /// Record the session as an asciinema cast, in a new file
    #[arg(long, value_name = "FILE.cast")]
    pub record: Option<PathBuf>,
    /// Leave the mouse to the terminal; with it, shift selects text as the terminal does
    #[arg(long)]
    pub no_mouse: bool,
    /// Run in a session of its own, for measurements
    #[arg(long, hide = true)]
    pub own_session: bool,
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
    /// File to write: .txt, .ans, .svg, .png, .html, .json for the numbers, or .cast for a screen after each key
    #[arg(short, long)]
    pub output: PathBuf,
    /// Show the screen after each key in turn: an animated .svg
    #[arg(long, conflicts_with_all = ["pane", "figure"])]
    pub animate: bool,
    /// Seconds between two keys of a .cast or an animation
    #[arg(long, default_value_t = 0.5)]
    pub pause: f64,
    /// Draw the focused pane alone
    #[arg(long)]
    pub pane: bool,
    /// Draw for a page: light, with title and caption; with --pane all its numbers, axes, colour bar
    #[arg(long)]
    pub figure: bool,
    /// How the workbench starts
    #[command(flatten)]
    pub workbench: WorkbenchArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the key table as Markdown
    Keys,
    /// Draw the workbench after some keys, without a terminal
    Render(RenderArgs),
    /// Run one prompt: logits, predictions, loss
    #[command(after_help = PROMPT_HELP)]
    Run(RunArgs),
    /// Write every activation of one run to a safetensors file
    ///
    /// Names and axes are TransformerLens's; `logits` and `tokens` are there too. Masked attention
    /// scores are minus infinity. All tensors are f32, and `hook_pos_embed` has batch size 1.
    #[command(after_help = PROMPT_HELP)]
    Cache(CacheArgs),
    /// Patch one run with activations of another: metric and all patching grids
    ///
    /// Without --noise clean activations go into the corrupted run. A cell of a grid is the metric
    /// with that patch added to the interventions, scaled so that 1 is as clean, 0 as corrupted.
    #[command(after_help = PROMPT_HELP)]
    Patch(PatchArgs),
    /// Ask what the workbench asks: grids, path patching, metrics, necessity, ranks, two models
    ///
    /// One line, as it is typed after / in the workbench: 'grid edges over 64 pairs', 'grid strips
    /// attribution', 'metrics over 64 pairs', 'necessity', 'ranks ov 1.0', 'sources b_1 by token
    /// over sample', 'models logits', 'circuit ov.0 beside ov.1', and all the others.
    #[command(after_help = forms(), arg_required_else_help = true)]
    Ask(AskArgs),
    /// What each part of the model adds to a logit: logit lens, components, heads, paths
    ///
    /// At each prediction, for one prompt or on average. Toward `target` (the right answer there),
    /// a token, the token at a label, or a difference such as 48-26 or target-a_1. Paths add up to
    /// the logits exactly; the remainder is printed.
    #[command(after_help = PROMPT_HELP)]
    Attribute(AttributeArgs),
    /// Why a head attends there: one attention score, split by what query and key are made of
    ///
    /// Sources are the token, the position and each earlier head's output, by the position that it
    /// came from. Values are after 1/sqrt(d_head) and add up to the model's own score.
    #[command(after_help = PROMPT_HELP)]
    Attend(AttendArgs),
    /// Attention of one prompt or averaged: probabilities, scores, weighted, virtual, argmax
    #[command(after_help = PROMPT_HELP)]
    Attention(AttentionArgs),
    /// A circuit: a table of products of weights, with its spectrum and scores
    ///
    /// `ov.1` what an attended token does to the logits, `ov.0.0>1.0` through two heads, `direct`,
    /// `qk.1.tok_pos` what query tokens want of key positions, `qk.1.k_comp` position queries
    /// against an earlier head's output; `pca.tok` and `pca.pos` the embeddings' main directions.
    Circuit(CircuitArgs),
    /// Compute findings again and compare every number and claim
    ///
    /// Exit code 0: all is as it was; 1: something is not, and a table says what. The tolerance is
    /// relative to the larger of two numbers, or to 1.
    Replay(ReplayArgs),
    /// Write a finding as a script that TransformerLens users can check it with
    ///
    /// The script builds the model from the weights beside it, does the same interventions, and compares
    /// logits, attention, predictions and the metric of all three runs with the recorded ones.
    Export(ExportArgs),
    /// Write all findings of a folder as one page that opens offline
    Report(ReportArgs),
    /// Print a session as one line that somebody else can open
    Share(ShareArgs),
    /// Open the workbench on a line that was shared
    Open(Box<OpenArgs>),
    /// Judge the model on a sample of inputs
    Score(ScoreArgs),
    /// Every input there is: how many are wrong, where, and how narrowly
    ///
    /// Teacher-forced. The model is folded into tables, so that all 18,750,000 inputs of lists of
    /// 3 numbers below 50 take seconds; margins below 0.001 are decided in double precision.
    /// Interventions that cannot be folded go through plain forward passes, and it is said why.
    Sweep(SweepArgs),
    /// Check a claim against every input
    ///
    /// PROVED: true of every input, each was looked at; REFUTED: an input shows that it is not;
    /// SUPPORTED: no input of a sample fails; UNDECIDED: not known, and why. Exit code 0, 1, 0, 2.
    #[command(after_help = claim_help())]
    Claim(ClaimArgs),
    /// Check the certificate of a claim again
    ///
    /// Exit code 0: all is as it says; 1: something is not, and it is said what.
    Verify(VerifyArgs),
    /// Whether an algorithm that is written down is the model's
    ///
    /// A page of rules and removed parts: on how many inputs the model so changed predicts what it does
    /// untouched, what hangs on which rule, what is explained. Exit code as of `claim`: are all kept?
    Explain(ExplainArgs),
    /// One node under every ablation: zero, means, resampled keeping each set of fields
    Ablations(AblationsArgs),
    /// The smallest sets of edges that keep the accuracy
    Minimal(MinimalArgs),
    /// Measure this machine: start, keys to frames, bytes sent, patching, sweeps, training
    ///
    /// Takes about a minute. The workbench runs in a terminal of its own and is typed into;
    /// nothing on screen changes and nothing is kept.
    Bench(BenchArgs),
    /// List the models in the binary: task, architecture, size, how right they are
    Slides(SlidesArgs),
    /// What is in a file: tensors, config, what is assumed, and which built-in tasks fit
    ///
    /// Each task that fits its sizes is tried, with what is assumed decided by accuracy where that is
    /// clear. Accuracies are exact where all inputs are few, else of a sample, with standard errors.
    Inspect(InspectArgs),
    /// Write a checkpoint of any dialect as TransformerLens safetensors, with its config beside it
    ///
    /// The converted model computes the same logits bit for bit. Nothing is folded.
    Convert(ConvertArgs),
    /// List the devices that can compute
    Devices(DevicesArgs),
    /// A number of every checkpoint of a series: how it came to be
    ///
    /// A series is a folder such as `train --save-every` makes, or several files; `--model FOLDER#STEP` opens one.
    Curve(CurveArgs),
    /// What the workbench finds here, and what to do where it is not what one wants
    ///
    /// Terminal, size, colours, clipboard, threads, devices, folders, model.
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Train a model on a task and write weights, config and record
    ///
    /// Any task and any architecture. Ctrl-C keeps what there is, and --continue goes on from it to the
    /// very weights that an unbroken run comes to. For grokking: --full-batch 0.4 --weight-decay 1.
    Train(Box<TrainArgs>),
    /// Do several models have the same circuit? Necessity, smallest sets, frequencies; as `train --seeds` ends
    Compare(CompareArgs),
}

/// How a command prints its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    #[value(alias = "plain")]
    Text,
    /// For programs.
    Json,
    /// For tables: of an answer that is one the table itself, else a line for each number.
    Csv,
}

/// What every command that runs a model understands.
#[derive(Debug, Args)]
pub struct Common {
    /// Which model, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

/// What the model is shown after the second newline, where it is not as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ContinuationChoice {
    /// The right answer
    Truth,
    /// What the model itself predicts
    Model,
}

impl From<ContinuationChoice> for Continuation {
    fn from(choice: ContinuationChoice) -> Self {
        match choice {
            ContinuationChoice::Truth => Self::Truth,
            ContinuationChoice::Model => Self::Model,
        }
    }
}

/// `circuitscope run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The prompt; several words are one prompt, - reads it from standard input
    #[arg(required_unless_present = "tokens", allow_negative_numbers = true)]
    pub prompt: Vec<String>,
    /// The prompt as token ids instead, for any model and without any task
    #[arg(long, value_name = "IDS", conflicts_with_all = ["prompt", "continuation"])]
    pub tokens: Option<String>,
    /// Continue with this instead of what the prompt says
    #[arg(long, value_enum)]
    pub continuation: Option<ContinuationChoice>,
    #[command(flatten)]
    pub common: Common,
}

/// `circuitscope cache`
#[derive(Debug, Args)]
pub struct CacheArgs {
    /// The prompt; several words are one prompt, - reads it from standard input
    #[arg(required_unless_present = "tokens", allow_negative_numbers = true)]
    pub prompt: Vec<String>,
    /// The prompt as token ids instead, for any model and without any task
    #[arg(long, value_name = "IDS", conflicts_with_all = ["prompt", "continuation"])]
    pub tokens: Option<String>,
    /// File to write
    #[arg(short, long, value_name = "FILE.safetensors")]
    pub output: PathBuf,
    /// Replace a file that is there already
    #[arg(long)]
    pub force: bool,
    /// Continue with this instead of what the prompt says
    #[arg(long, value_enum)]
    pub continuation: Option<ContinuationChoice>,
    #[command(flatten)]
    pub common: Common,
}

/// A pair of prompts, a metric, and interventions.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("other side"))]
pub struct PairArgs {
    /// The clean prompt; several words are one prompt, - reads it from standard input; by default the
    /// sample's first
    #[arg(value_name = "PROMPT", allow_negative_numbers = true)]
    pub prompt: Vec<String>,
    /// The same
    #[arg(long, visible_alias = "prompt", num_args = 1.., value_name = "PROMPT", allow_negative_numbers = true, conflicts_with = "prompt")]
    pub clean: Vec<String>,
    /// The clean prompt as token ids instead, for any model and without any task
    #[arg(long, value_name = "IDS", conflicts_with_all = ["prompt", "clean", "corrupted", "counterfactual", "continuation"])]
    pub clean_tokens: Option<String>,
    /// The corrupted prompt as token ids
    #[arg(
        long,
        value_name = "IDS",
        group = "other side",
        requires = "clean_tokens"
    )]
    pub corrupted_tokens: Option<String>,
    /// The corrupted prompt; by default the clean one's first counterfactual
    #[arg(long, num_args = 1.., value_name = "PROMPT", group = "other side", allow_negative_numbers = true)]
    pub corrupted: Vec<String>,
    /// Make the corrupted prompt from the clean one: idx, elt or a_1, optionally =VALUE
    #[arg(long, value_name = "FIELD[=VALUE]", group = "other side")]
    pub counterfactual: Option<String>,
    /// What is measured; by default the logit difference that the pair suggests
    #[arg(long, value_name = "POS:ANSWER:OTHER")]
    pub metric: Option<String>,
    /// What is measured of it: logit_diff, log_prob, prob, rank, kl or accuracy
    #[arg(long, default_value = "logit_diff", value_parser = Measure::parse)]
    pub measure: Measure,
    /// Patch corrupted activations into the clean run
    #[arg(long)]
    pub noise: bool,
    /// An intervention, such as 'patch blocks.1.attn.hook_k @elt from clean'; may be repeated
    #[arg(long, value_name = "LINE")]
    pub intervene: Vec<String>,
    /// What means and examples are taken from: random:SEED or notebook:SEED, and :N [default: random:0]
    #[arg(long)]
    pub sample: Option<Sample>,
    /// Continue both prompts with this instead of what they say
    #[arg(long, value_enum)]
    pub continuation: Option<ContinuationChoice>,
    #[command(flatten)]
    pub common: Common,
}

impl PairArgs {
    /// The words of the clean prompt, however they were given; none where it is not given.
    pub fn clean(&self) -> &[String] {
        match self.prompt.is_empty() {
            true => &self.clean,
            false => &self.prompt,
        }
    }

    /// What means and examples are taken from.
    pub fn sample(&self) -> Sample {
        self.sample.unwrap_or_default()
    }
}

/// A whole number between two others.
pub(super) fn whole(
    first: u32,
    last: u32,
) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(number) if (first..=last).contains(&number) => Ok(number),
        _ => Err(format!("not a whole number from {first} to {last}")),
    }
}

/// `circuitscope patch`
#[derive(Debug, Args)]
pub struct PatchArgs {
    #[command(flatten)]
    pub pair: PairArgs,
    /// Average all grids over this pair's own change made to so many examples of the sample
    #[arg(long, value_name = "N", value_parser = whole(1, 4096))]
    pub pairs: Option<u32>,
}

/// `circuitscope score`
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Which inputs: random:SEED or notebook:SEED, and :N for their number
    #[arg(long, visible_alias = "over", default_value_t)]
    pub sample: Sample,
    /// Keep the top R singular directions of a head's circuit: ov.1.0:5, qk.0.0:3; may be repeated
    #[arg(long, value_name = "CIRCUIT:R")]
    pub low_rank: Vec<String>,
    #[command(flatten)]
    pub common: Common,
}
