//! `circuitscope cache`: every activation of one run, as a safetensors file.

use super::args::{CacheArgs, Format};
use super::common::{open_with_prompt, sequence};
use super::output::print_numbers;
use crate::findings::files;
use crate::findings::numbers::ModelNumbers;
use crate::lens::{Array, observe_hooks};
use crate::model::HookName;
use crate::model::weights::{RawTensor, StateDict, to_safetensors};
use crate::task::shown_path;
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    prompt: String,
    file: String,
    bytes: usize,
    /// Shapes by name.
    tensors: BTreeMap<String, Vec<usize>>,
}

/// Runs the command.
///
/// # Errors
/// When the prompt, the model or the device will not do, or the file cannot be written.
pub fn run(args: &CacheArgs, out: &mut dyn Write) -> Result<()> {
    files::check_writable(&args.output, args.force)?;
    let (model, source) = open_with_prompt(
        &args.common,
        &args.prompt,
        args.tokens.as_deref(),
        args.continuation,
    )?;
    let task = model.transformer.task();
    // those too that TransformerLens has only where it is told to
    let hooks: Vec<HookName> = HookName::all(model.transformer.config()).collect();
    let (run, cache) = observe_hooks(&model.transformer, &source, &hooks)?;
    let mut tensors = StateDict::new();
    let mut put = |name: String, shape: Vec<usize>, data: Vec<f32>| {
        tensors.insert(name, RawTensor { shape, data });
    };
    let read = task.as_read(&run.tokens);
    for (name, tensor) in cache.iter() {
        let array = ordered(*name, Array::from_tensor(tensor)?, &read);
        put(
            name.to_string(),
            array.shape().to_vec(),
            array.values().to_vec(),
        );
    }
    let tokens = read.iter().map(|&at| run.tokens[at] as f32).collect();
    put("tokens".into(), vec![1, run.tokens.len()], tokens);
    let logits = run.logits.ordered(0, &read);
    let shape = [&[1], logits.shape()].concat();
    put("logits".into(), shape, logits.values().to_vec());

    let prompt = sequence(task, &run.tokens);
    let metadata = [
        ("format", "circuitscope-cache-1"),
        ("version", env!("CARGO_PKG_VERSION")),
        ("prompt", &prompt),
        ("model", &model.name),
        ("model_hash", &model.hash),
    ];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let bytes = to_safetensors(&tensors, &BTreeMap::from(metadata))?;
    files::write(&args.output, &bytes, args.force)?;

    let file = shown_path(&args.output);
    match args.common.format {
        Format::Json | Format::Csv => print_numbers(
            args.common.format,
            out,
            &Answer {
                model: ModelNumbers::from(&model),
                prompt,
                file,
                bytes: bytes.len(),
                tensors: tensors.into_iter().map(|(k, t)| (k, t.shape)).collect(),
            },
        ),
        Format::Text => {
            let count = tensors.len();
            writeln!(out, "{file}: {count} tensors of the run {prompt}")?;
            Ok(())
        }
    }
}

/// An activation `[1, ..]` with its positions in the order in which the model reads them.
fn ordered(hook: HookName, array: Array, read: &[usize]) -> Array {
    let axes = hook.position_axes().iter();
    axes.fold(array, |array, &axis| array.ordered(axis, read))
}
