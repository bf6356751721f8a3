//! `circuitscope run`: one prompt, its logits and predictions.

use super::args::{Format, RunArgs};
use super::common::open_with_prompt;
use super::output::print_numbers;
use super::table::{self, Align};
use crate::findings::numbers::{ModelNumbers, RunNumbers};
use crate::lens::numbers::logits::is_defined;
use crate::lens::runs::undefined::undefined;
use crate::lens::{Prediction, RunView, observe_run};
use crate::model::Model;
use crate::model::config::Assumed;
use crate::task::number::{fixed, significant};
use crate::task::text::counted;
use crate::task::{Target, Task};
use anyhow::Result;
use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    #[serde(flatten)]
    run: RunNumbers,
}

/// Runs the command.
///
/// # Errors
/// When the prompt, the model or the device will not do.
pub fn run(args: &RunArgs, out: &mut dyn Write) -> Result<()> {
    let (model, source) = open_with_prompt(
        &args.common,
        &args.prompt,
        args.tokens.as_deref(),
        args.continuation,
    )?;
    let task = model.transformer.task();
    let run = observe_run(&model.transformer, &source)?;
    match args.common.format {
        Format::Json | Format::Csv => print_numbers(
            args.common.format,
            out,
            &Answer {
                model: ModelNumbers::from(&model),
                run: RunNumbers::new(task, &run),
            },
        ),
        Format::Text => {
            writeln!(out, "{}", heading(&model))?;
            writeln!(out, "continuation: {}", source.continuation.name())?;
            print_run(out, &run, task)
        }
    }
}

/// Right, wrong or tied.
fn verdict(task: Task, one: &Prediction, right: &Target) -> String {
    let target = match right {
        Target::Nothing => return "nothing is right here".to_owned(),
        right => task.target_name(right),
    };
    let p = one.log_prob.exp();
    match (one.correct, one.argmax, one.tied) {
        (Some(true), ..) => "ok".to_owned(),
        (_, None, _) => format!("undefined, {target} is right"),
        (_, _, 0) => format!("wrong, {target} is right (p {p:.4})"),
        (_, _, tied) => {
            let others = counted(tied, "other");
            format!("wrong, tied with {others}; {target} is right (p {p:.4})")
        }
    }
}

/// Which model the numbers below belong to.
pub fn heading(model: &Model) -> String {
    let config = model.transformer.config();
    let assumed = if config.assumes(Assumed::Positions) {
        format!("  positions: {}", config.positions_words())
    } else {
        String::new()
    };
    let task = model.transformer.task();
    let mut lines = vec![format!("{} #{}{assumed}", model.name, model.short_hash())];
    if task.name != "array_update" {
        let what = if task.is_judged() {
            format!("task {task}")
        } else {
            "no task: nothing is right or wrong".to_owned()
        };
        lines.push(format!("{what}  {}", config.words().join(", ")));
    }
    lines.extend(model.named_as());
    lines.extend(model.told.iter().chain(&model.unread).cloned());
    lines.join("\n")
}

/// A line for each position, with what is predicted there, and the loss.
pub fn print_run(out: &mut dyn Write, run: &RunView, task: Task) -> Result<()> {
    let (predictions, truth) = (run.predictions(task), run.prompt.values.truth());
    let header = ["position", "token", "prediction", "likeliest", "p", ""];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (position, &token) in run.tokens.iter().enumerate() {
        let mut row = vec![task.label(position), task.token_name(token)];
        if !task.is_judged() && position < run.logits.shape()[0] {
            let is_told = is_defined(run.logits.slice(&[position]));
            let top = run.top(position, 1).first().copied().filter(|_| is_told);
            let class = top.map_or("n/a".to_owned(), |(class, _)| task.class_name(class));
            let p = top.map_or(f32::NAN, |(_, p)| p);
            row.extend([String::new(), class, fixed(p, 4)]);
        }
        let mut judged = predictions.iter().zip(&truth);
        if let Some((one, right)) = judged.find(|(one, _)| one.position == position) {
            let top = run.top(position, 1).first().map_or(f32::NAN, |top| top.1);
            row.extend([one.name.clone(), task.said_words(one.argmax)]);
            row.extend([fixed(top, 4), verdict(task, one, right)]);
        }
        rows.push(row);
    }
    let align = [
        Align::Left,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Left,
    ];
    table::write(out, &align, &rows)?;
    if let Some(undefined) = undefined(task, run) {
        writeln!(out, "{undefined}")?;
    }
    if task.is_judged() {
        let answers = task.answer_groups().join(", ");
        let loss = significant(run.loss(task), 4);
        writeln!(
            out,
            "loss {loss} (mean over {answers}, against the right answer)"
        )?;
    }
    Ok(())
}
