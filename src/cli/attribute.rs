//! `circuitscope attribute`: what each part of the model adds to a logit.

use super::args::{Common, Format};
use super::common::{open_model, print_json};
use super::inputs::{InputArgs, InputNumbers, Inputs};
use super::run::heading;
use super::table;
use crate::findings::numbers::ModelNumbers;
use crate::lens::{
    Array, Attribution, Labelled, Matrices, PathTables, Toward, attribute, attribute_sample,
};
use crate::task::number::significant;
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// `circuitscope attribute`
#[derive(Debug, Args)]
pub struct AttributeArgs {
    /// One prompt, or a sample
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Which logit: target, a token, the token at a label (elt), or a difference (48-26)
    #[arg(long, default_value = "target", value_name = "LOGIT")]
    pub toward: String,
    /// Model, device and format
    #[command(flatten)]
    pub common: Common,
}

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    #[serde(flatten)]
    inputs: InputNumbers,
    toward: String,
    /// What stands at each source position.
    positions: Vec<String>,
    #[serde(flatten)]
    attribution: Attribution,
}

/// Runs the command.
///
/// # Errors
/// When the prompt, the logit, the model or the device will not do.
pub fn run(args: &AttributeArgs, out: &mut dyn Write) -> Result<()> {
    let model = open_model(&args.common)?;
    let transformer = &model.transformer;
    let task = transformer.task();
    let toward = Toward::parse(task, &args.toward).context("in --toward")?;
    let inputs = Inputs::open(&args.inputs, transformer)?;
    let weights = Matrices::new(transformer)?;
    // a model may have too many paths to list
    let paths = PathTables::new(&weights).ok();
    let attribution = match &inputs {
        Inputs::Run(run) => attribute(&weights, paths.as_ref(), run, toward)?,
        Inputs::Sample(_, prompts) => {
            attribute_sample(transformer, &weights, paths.as_ref(), prompts, toward)?
        }
    };
    let answer = Answer {
        model: ModelNumbers::from(&model),
        inputs: inputs.numbers(task),
        toward: toward.line(task),
        positions: task.labels(),
        attribution,
    };
    match args.common.format {
        Format::Json => print_json(out, &answer),
        Format::Text => {
            writeln!(out, "{}", heading(&model))?;
            print_text(out, &answer)
        }
    }
}

fn print_text(out: &mut dyn Write, answer: &Answer) -> Result<()> {
    let found = &answer.attribution;
    let (of, inputs, toward) = (found.of, &answer.inputs, &answer.toward);
    writeln!(out, "{inputs}: {of}, toward {toward}")?;
    if let Some(given) = &found.given {
        writeln!(out, "given {given}")?;
    }
    let predictions = &found.predictions;
    print_part(out, "accumulated", predictions, &found.accumulated_resid)?;
    print_part(out, "component", predictions, &found.decompose_resid)?;
    print_part(out, "head", predictions, &found.heads)?;
    let (b_u, logits) = (&found.unembed_bias, &found.logits);
    let last = Labelled {
        labels: vec!["b_U".into(), "logit".into()],
        values: Array::stack(&[b_u.clone(), logits.clone()]),
    };
    print_part(out, "", predictions, &last)?;
    let remainder = significant(found.remainder, 2);
    writeln!(out, "\nremainder of the parts {remainder}")?;
    let Some(paths) = &found.paths else {
        writeln!(out, "too many paths to list")?;
        return Ok(());
    };
    print_part(out, "path", predictions, &paths.all)?;
    for (i, prediction) in predictions.iter().enumerate() {
        let rows = (0..paths.all.labels.len()).map(|path| paths.by_source.slice(&[path, i]));
        let values: Vec<f32> = rows.flatten().copied().collect();
        let shape = vec![paths.all.labels.len(), answer.positions.len()];
        let part = Labelled {
            labels: paths.all.labels.clone(),
            values: Array::from_values(shape, values),
        };
        let title = format!("{prediction} from");
        print_part(out, &title, &answer.positions, &part)?;
    }
    let remainder = significant(paths.remainder, 2);
    writeln!(out, "\nremainder of the paths {remainder}")?;
    Ok(())
}

fn print_part(out: &mut dyn Write, title: &str, cols: &[String], part: &Labelled) -> Result<()> {
    writeln!(out)?;
    Ok(table::write_grid(
        out,
        title,
        &part.labels,
        cols,
        &part.values,
    )?)
}
