//! `circuitscope bench`: how fast this machine is, measured.

use super::args::Format;
use super::common::{open, tell};
use super::model_args::ModelArgs;
use super::output::print_numbers;
use super::workbench::absolute;
use crate::app::{ModelInfo, State};
use crate::findings::numbers::ModelNumbers;
use crate::runtime::bench::{
    Compute, Effort, Screen, Spread, WhileBusy, Workbench, compute, while_sweeping, while_training,
    workbench,
};
use crate::runtime::headless::parse_size;
use crate::runtime::pool;
use crate::task::Sample;
use crate::ui::colour::Depth;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

/// A terminal larger than most.
const LARGE: (u16, u16) = (200, 60);
/// Of the time that a sweep was measured to take: so long it surely goes on.
const SURELY: f64 = 0.75;

/// `circuitscope bench`
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Columns and rows of the terminal in which keys are timed
    #[arg(long, default_value = "120x40", value_parser = parse_size)]
    pub size: (u16, u16),
    /// Measure only what needs no terminal
    #[arg(long)]
    pub numbers: bool,
    /// Fewer and shorter measurements: rougher numbers, in seconds
    #[arg(long)]
    pub quick: bool,
    /// Which model, and where it computes
    #[command(flatten)]
    pub which: ModelArgs,
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    #[serde(flatten)]
    workbench: Option<Workbench>,
    /// In the same terminal; none where a sweep is over too soon.
    while_sweeping: Option<WhileBusy>,
    /// The same while a model is trained in the background.
    while_training: Option<WhileBusy>,
    #[serde(flatten)]
    compute: Compute,
    /// Other terminals.
    other_terminals: Vec<Workbench>,
    device: String,
    threads: usize,
    version: &'static str,
    system: String,
    /// `release`, or `debug` whose numbers mean little.
    build: &'static str,
}

/// Runs the command.
///
/// # Errors
/// When the model, the device or a terminal will not do.
pub fn run(args: &BenchArgs, out: &mut dyn Write) -> Result<()> {
    let (model, picked) = open(&args.which)?;
    tell(&picked);
    // nobody is left to tell if stderr is gone
    let say = |what: &str| drop(writeln!(std::io::stderr(), "measuring {what}"));
    let mut flags = vec!["--device".to_owned(), args.which.said.device.to_string()];
    if let Some(path) = absolute(args.which.path().as_deref()) {
        flags.extend(["--model".to_owned(), path]);
    }
    let effort = if args.quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let screen = |size, depth, keys| Screen {
        size,
        depth,
        keys,
        starts: effort.starts,
    };
    let first = screen(args.size, Depth::True, effort.keys);
    let others = [
        (args.size, Depth::Indexed),
        (LARGE, Depth::True),
        (LARGE, Depth::Indexed),
    ];
    let others = others.map(|(size, depth)| screen(size, depth, effort.other_keys));
    let measure = |terminal: Screen| {
        let (columns, rows) = terminal.size;
        say(&format!("starts and keys at {columns}x{rows}"));
        workbench(terminal, &flags)
    };
    let terminals = || std::iter::once(first).chain(others);
    let measured = terminals().filter(|_| !args.numbers).map(measure);
    let measured: Vec<Workbench> = measured.collect::<Result<_>>()?;
    let info = ModelInfo::new(&model, None, picked.name.clone());
    let state = State::new(info, Sample::default(), None);
    let experiment = state.study().experiment();
    let compute = compute(&model.transformer, &experiment, effort, &say)?;
    let mut measured = measured.into_iter();
    let first_measured = measured.next();
    let sweeping = match &first_measured {
        // a sample is no sweep of the screen's
        Some(alone) if compute.sweep_sample.is_none() => {
            say("keys while all inputs are swept");
            let inputs = model.transformer.task().input_space() as f64;
            let lasts = SURELY * inputs / compute.sweep_inputs_per_s;
            let lasts = Duration::try_from_secs_f64(lasts).unwrap_or(Duration::MAX);
            while_sweeping(first, &flags, lasts, alone)?
        }
        _ => None,
    };
    let training = first_measured.as_ref().map(|alone| {
        say("keys while a model is trained");
        while_training(first, &flags, alone)
    });
    let answer = Answer {
        model: ModelNumbers::from(&model),
        workbench: first_measured,
        while_sweeping: sweeping,
        while_training: training.transpose()?,
        compute,
        other_terminals: measured.collect(),
        device: picked.name,
        threads: pool::cores(),
        version: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        build: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    };
    match args.format {
        Format::Json | Format::Csv => print_numbers(args.format, out, &answer),
        Format::Text => print(out, &answer),
    }
}

fn print(out: &mut dyn Write, answer: &Answer) -> Result<()> {
    writeln!(
        out,
        "circuitscope {} ({} build), {} on {}, {} threads, {}",
        answer.version,
        answer.build,
        answer.model.name,
        answer.device,
        answer.threads,
        answer.system
    )?;
    for bench in answer.workbench.iter().chain(&answer.other_terminals) {
        terminal(out, bench)?;
    }
    let busy = [
        ("while all inputs are swept", &answer.while_sweeping),
        ("while a model is trained", &answer.while_training),
    ];
    for (what, busy) in busy {
        let Some(busy) = busy else {
            continue;
        };
        writeln!(out, "\n{what}")?;
        key_to_frame(out, busy.keys, &busy.key_to_frame_ms)?;
        let times = format!("{:.2} times that without", busy.times_alone_p95);
        row(out, "its p95", times)?;
    }
    let Compute {
        forward_1_us,
        forward_cache_us,
        grids_132_ms,
        grids_406_ms,
        patches,
        ..
    } = &answer.compute;
    writeln!(out, "\nnumbers")?;
    row(out, "one forward pass", format!("{forward_1_us:.0} µs"))?;
    row(
        out,
        "with every activation",
        format!("{forward_cache_us:.0} µs"),
    )?;
    row(
        out,
        &format!("{} patches", patches[0]),
        format!("{grids_132_ms:.2} ms"),
    )?;
    row(
        out,
        &format!("{} patches", patches[1]),
        format!("{grids_406_ms:.2} ms"),
    )?;
    if let Some(ms) = answer.compute.map_ms {
        let name = format!("map of {} cells", answer.compute.map_cells);
        row(out, &name, format!("{ms:.2} ms"))?;
    }
    rates(out, &answer.compute)
}

fn rates(out: &mut dyn Write, compute: &Compute) -> Result<()> {
    let rate = |x: f64| format!("{x:.0} inputs/s");
    let sweep = format!(
        "{} ({:.0} times forward passes)",
        rate(compute.sweep_inputs_per_s),
        compute.sweep_times_forward
    );
    let of = compute.sweep_sample.as_deref().unwrap_or("all inputs");
    row(out, &format!("sweep of {of}"), sweep)?;
    if let Some(reason) = &compute.sweep_reason {
        row(out, "", format!("by forward passes: {reason}"))?;
    }
    if let (Some(each), Some(share)) = (compute.sweep_multiply_adds, compute.sweep_share_of_peak) {
        let text = format!("{each:.0} an input, {:.0}% of peak", 100.0 * share);
        row(out, "its multiply-adds", text)?;
    }
    row(
        out,
        "forward passes, batched",
        rate(compute.forward_inputs_per_s),
    )?;
    row(
        out,
        "training, batches of 256",
        format!("{:.1} steps/s", compute.train_steps_per_s),
    )?;
    row(
        out,
        "matrix products, one thread",
        format!("{:.0} GFLOP/s", compute.matmul_gflops),
    )?;
    row(
        out,
        "multiply-adds, all threads",
        format!("{:.0} GFLOP/s", compute.peak_gflops),
    )
}

fn terminal(out: &mut dyn Write, bench: &Workbench) -> Result<()> {
    writeln!(out, "\nterminal {}, {} colours", bench.size, bench.colours)?;
    row(
        out,
        "start to first frame",
        format!("{:.1} ms", bench.start_to_first_frame_ms),
    )?;
    row(
        out,
        "start to numbers",
        format!("{:.1} ms", bench.start_to_numbers_ms),
    )?;
    key_to_frame(out, bench.keys, &bench.key_to_frame_ms)?;
    row(
        out,
        "sent for a key",
        spread(&bench.bytes_per_key, 0, "bytes"),
    )?;
    row(
        out,
        "sent when idle",
        format!("{:.0} bytes/s", bench.idle_bytes_per_s),
    )?;
    if let Some(peak) = bench.peak_rss_mb {
        row(out, "memory at most", format!("{peak:.0} MB"))?;
    }
    Ok(())
}

fn key_to_frame(out: &mut dyn Write, keys: usize, times: &Spread) -> Result<()> {
    let name = format!("key to frame, {keys} keys");
    row(out, &name, spread(times, 1, "ms"))
}

fn spread(spread: &Spread, digits: usize, unit: &str) -> String {
    let Spread { p50, p95, p99, max } = spread;
    format!("p50 {p50:.digits$}  p95 {p95:.digits$}  p99 {p99:.digits$}  max {max:.digits$} {unit}")
}

fn row(out: &mut dyn Write, name: &str, value: impl Display) -> Result<()> {
    writeln!(out, "  {name:<30}{value}")?;
    Ok(())
}
