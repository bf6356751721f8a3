//! `circuitscope patch`: a pair of prompts, interventions, the metric and all patching grids.

use super::args::{Format, PairArgs, PatchArgs};
use super::common::{
    clean_or_first, corrupted_or_next, interventions, open_model, sequence, token_ids, with_tokens,
};
use super::output::print_numbers;
use super::run::{heading, print_run};
use super::table::{self, Align};
use crate::answers::{Compare, Inquest, Question, Sheet, Table, Tools, answer};
use crate::findings::numbers::{InterventionNumbers, ModelNumbers, PairNumbers, RunNumbers};
use crate::lens::{
    Direction, Experiment, Grid, GridName, HeadName, Metric, Observation, Reading, RunName, Source,
    observe, patching_grids,
};
use crate::model::{HookedTransformer, Model};
use crate::task::Task;
use crate::task::number::fixed;
use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;

/// Each neuron is a row of a forward pass.
const MAX_NEURONS: usize = 8192;

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    #[serde(flatten)]
    pair: PairNumbers,
    clean: RunNumbers,
    corrupted: RunNumbers,
    patched: RunNumbers,
}

#[derive(Serialize)]
struct Averaged {
    model: ModelNumbers,
    sample: String,
    direction: Direction,
    measure: crate::lens::Measure,
    tables: Vec<Table>,
}

/// Runs the command.
///
/// # Errors
/// When a prompt, the metric, an intervention, the model or the device will not do.
pub fn run(args: &PatchArgs, out: &mut dyn Write) -> Result<()> {
    let mut model = open_model(&args.pair.common)?;
    let experiment = experiment(&args.pair, &mut model)?;
    let task = model.transformer.task();
    if let Some(n) = args.pairs {
        return averaged(args, &model, &experiment, n as usize, out);
    }
    let seen = observe(&model.transformer, &experiment, &|| false)?
        .context("the observation broke off")?;
    let mut pair = PairNumbers::new(task, &seen);
    if args.pair.common.format == Format::Json && seen.metric.is_some() {
        pair = with_neurons(pair, &model, &experiment)?;
    }
    match args.pair.common.format {
        Format::Json | Format::Csv => print_numbers(
            args.pair.common.format,
            out,
            &Answer {
                model: ModelNumbers::from(&model),
                pair,
                clean: RunNumbers::new(task, &seen.clean),
                corrupted: RunNumbers::new(task, &seen.corrupted),
                patched: RunNumbers::new(task, &seen.patched),
            },
        ),
        Format::Text => {
            writeln!(out, "{}", heading(&model))?;
            print_text(out, &seen, &model.transformer, &pair)
        }
    }
}

/// The grid of neurons too, where there are such and not too many.
fn with_neurons(
    mut pair: PairNumbers,
    model: &Model,
    experiment: &Experiment,
) -> Result<PairNumbers> {
    let name = GridName::Neurons;
    let shape = name.shape(model.transformer.config(), 0);
    let cells: usize = shape.iter().product();
    if cells > MAX_NEURONS {
        pair.warnings.push(format!(
            "the grid of {cells} neurons is left out, for they are more than {MAX_NEURONS}; `ask -q 'grid \
             neurons LAYER'` has them"
        ));
        return Ok(pair);
    }
    match cells {
        0 => Ok(pair),
        _ => Ok(pair.with(patching_grids(&model.transformer, experiment, &[name])?)),
    }
}

/// All grids, averaged over the pair's change made to examples of the sample.
fn averaged(
    args: &PatchArgs,
    model: &Model,
    experiment: &Experiment,
    n: usize,
    out: &mut dyn Write,
) -> Result<()> {
    let transformer = &model.transformer;
    let tools = Tools::new(transformer)?;
    let heads = HeadName::all(transformer.config());
    let sheets = [Sheet::Strips, Sheet::Edges, Sheet::EdgesByPos].into_iter();
    let sheets = sheets.chain(heads.map(Sheet::PatternCells));
    let grids = sheets.map(|sheet| Question::Grid {
        reading: Reading::default(),
        sheet,
        compare: Compare::Exact,
        pairs: Some(n),
    });
    let questions = std::iter::once(Question::Metrics { pairs: Some(n) }).chain(grids);
    let tables = questions.map(|question| {
        answer(Inquest {
            model: transformer,
            tools: &tools,
            other: None,
            question: &question,
            experiment,
            about: RunName::Patched.into(),
        })
    });
    let tables = tables.collect::<Result<Vec<_>>>()?;
    match args.pair.common.format {
        Format::Json | Format::Csv => print_numbers(
            args.pair.common.format,
            out,
            &Averaged {
                model: ModelNumbers::from(model),
                sample: experiment.sample.to_string(),
                direction: experiment.direction,
                measure: experiment.measure,
                tables,
            },
        ),
        Format::Text => {
            writeln!(out, "{}", heading(model))?;
            for table in &tables {
                writeln!(out)?;
                table::write_table(out, table)?;
            }
            Ok(())
        }
    }
}

/// The experiment that the flags describe.
pub(super) fn experiment(args: &PairArgs, model: &mut Model) -> Result<Experiment> {
    let (clean, corrupted) = pair(args, model)?;
    let model = &model.transformer;
    let task = model.task();
    let metric = args.metric.as_deref();
    let metric = metric.map(|text| Metric::parse(task, text)).transpose();
    Ok(Experiment {
        clean,
        corrupted,
        direction: if args.noise {
            Direction::Noise
        } else {
            Direction::Denoise
        },
        metric: metric.context("in --metric")?,
        measure: args.measure,
        interventions: interventions(&args.intervene, model)?,
        sample: args.sample(),
    })
}

/// The two prompts.
fn pair(args: &PairArgs, model: &mut Model) -> Result<(Source, Source)> {
    if let Some(clean) = &args.clean_tokens {
        // what is asked of one run needs no other
        let corrupted = args.corrupted_tokens.as_ref().unwrap_or(clean);
        let clean = token_ids(clean).context("in --clean-tokens")?;
        let corrupted = token_ids(corrupted).context("in --corrupted-tokens")?;
        let sources = with_tokens(model, &[&clean, &corrupted])?;
        let [clean, corrupted] = <[Source; 2]>::try_from(sources)
            .map_err(|_| anyhow::anyhow!("a pair has two prompts"))?;
        return Ok((clean, corrupted));
    }
    let task = model.transformer.task();
    let clean = clean_or_first(task, args.clean(), args.sample(), args.continuation)?;
    let corrupted = match &args.counterfactual {
        Some(field) => {
            let change = task
                .parse_change(&clean.values, field)
                .context("in --counterfactual")?;
            let mut corrupted = Source::new(clean.values.with(change));
            if let Some(choice) = args.continuation {
                corrupted.continuation = choice.into();
            }
            corrupted
        }
        None => corrupted_or_next(&clean, &args.corrupted, args.continuation, args.sample())?,
    };
    Ok((clean, corrupted))
}

fn print_text(
    out: &mut dyn Write,
    seen: &Observation,
    model: &HookedTransformer,
    pair: &PairNumbers,
) -> Result<()> {
    let (task, config) = (model.task(), model.config());
    writeln!(out, "clean      {}", sequence(task, &seen.clean.tokens))?;
    writeln!(out, "corrupted  {}", sequence(task, &seen.corrupted.tokens))?;
    let direction = seen.experiment.direction;
    match &seen.metric {
        Some(values) => writeln!(
            out,
            "{}  {} at {}: clean {}, corrupted {}, patched {}, normalised {}",
            direction.name(),
            values.metric.words(task, values.measure),
            task.read_at(values.metric.position),
            values.measure.written(values.clean, 3),
            values.measure.written(values.corrupted, 3),
            values.measure.written(values.patched, 3),
            number(values.normalised(values.patched)),
        )?,
        None => writeln!(out, "{}  no metric", direction.name())?,
    }
    for warning in &pair.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    for InterventionNumbers { line, changed } in &pair.interventions {
        let note = if *changed { "" } else { "  (changes nothing)" };
        writeln!(out, "intervention: {line}{note}")?;
    }
    writeln!(out, "\npatched run")?;
    print_run(out, &seen.patched, task)?;
    for grid in GridName::STRIPS.iter().filter_map(|&name| seen.grid(name)) {
        writeln!(out)?;
        print_strip(out, grid, task)?;
    }
    for name in GridName::all(config) {
        if let Some(why) = name.too_large(config, task.seq_len()) {
            writeln!(out, "\n{}: {why}", name.name())?;
        }
    }
    Ok(())
}

/// A line for each layer and head, a column for each position.
fn print_strip(out: &mut dyn Write, grid: &Grid, task: Task) -> Result<()> {
    let shape = grid.values.shape();
    let head_axis = grid.name.axes().iter().position(|&axis| axis == "head");
    let heads = head_axis.map_or(1, |axis| shape[axis]);
    let mut rows = vec![[vec![grid.name.name().to_owned()], task.labels()].concat()];
    for layer in 0..shape[0] {
        for head in 0..heads {
            let label = match head_axis {
                Some(_) => format!("{layer}.{head}"),
                None => layer.to_string(),
            };
            let values = (0..task.seq_len()).map(|pos| {
                let index = grid.name.index(crate::lens::Cell {
                    layer,
                    head: Some(head),
                    pos: Some(pos),
                    src: None,
                });
                number(grid.values.get(&index).filter(|value| !value.is_nan()))
            });
            rows.push(std::iter::once(label).chain(values).collect());
        }
    }
    let mut align = vec![Align::Right; task.seq_len() + 1];
    align[0] = Align::Left;
    Ok(table::write(out, &align, &rows)?)
}

/// Three decimals, or n/a.
fn number(value: Option<f32>) -> String {
    value.map_or_else(|| "n/a".into(), |value| fixed(value, 3))
}
