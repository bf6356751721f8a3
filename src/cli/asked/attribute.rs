//! `circuitscope attribute`: what each part of the model adds to a logit.

use super::Form;
use crate::cli::ask::AboutArgs;
use crate::lens::{Attribution, Toward};
use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// `circuitscope attribute`
#[derive(Debug, Args)]
pub struct AttributeArgs {
    /// Which logit: target, a token, the token at a label (elt), or a difference (48-26)
    #[arg(long, default_value = "target", value_name = "LOGIT")]
    pub toward: String,
    #[command(flatten)]
    pub about: AboutArgs,
}

#[derive(Serialize)]
struct Numbers {
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
pub fn attribute(args: &AttributeArgs, out: &mut dyn Write) -> Result<()> {
    let form = Form::open(&args.about)?;
    let task = form.asking.model.transformer.task();
    let toward = Toward::parse(task, &args.toward).context("in --toward")?;
    let (name, over) = (toward.line(task), form.over());
    let parts = format!("attribution {name}{over}");
    let predictions = task.predictions().into_iter();
    let paths = predictions.map(|prediction| format!("paths {prediction} {name}{over}"));
    let mut tables = vec![form.asking.ask(&parts)?];
    // a model may have too many paths to list
    tables.extend(paths.filter_map(|line| form.asking.ask(&line).ok()));
    form.print(&parts, &tables, out, |question| {
        Ok(Numbers {
            toward: name.clone(),
            positions: task.labels(),
            attribution: form
                .asking
                .inquest(question)
                .attribution(toward, form.mean)?,
        })
    })
}
