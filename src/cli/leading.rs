//! Flags that say which model stand before the command or after it, and may name several files.

use super::args::Cli;
use super::model_args::ModelArgs;
use clap::{Args as _, CommandFactory};
use std::ffi::OsString;
use std::path::Path;

/// What a file of weights ends with.
const WEIGHTS: [&str; 2] = ["pt", "safetensors"];

/// Gives each file of weights that stands behind a model's a flag of its own, as a shell that fills in `*` does not:
/// `--model 1.pt 2.pt` is `--model 1.pt --model 2.pt`. No prompt, question or quantity ends as weights do, so
/// that these stay what they are.
pub(super) fn each(args: Vec<OsString>) -> Vec<OsString> {
    let mut all = Vec::with_capacity(args.len());
    // whether the word before was a flag of the model, or its value
    let (mut named, mut within, mut ended) = (false, false, false);
    for word in args {
        let text = word.to_str().unwrap_or("");
        ended |= text == "--";
        let is_flag = !ended && matches!(text, "--model" | "-m");
        let ends = Path::new(&word).extension();
        let is_weights = ends.is_some_and(|end| WEIGHTS.iter().any(|one| end == *one));
        let is_more = within && !ended && is_weights && !text.starts_with('-');
        if is_more {
            all.push("--model".into());
        }
        within = named || is_more || (!ended && text.starts_with("--model="));
        named = is_flag && !named;
        all.push(word);
    }
    all
}

/// Puts flags of the model that stand before a command behind it, where the parser looks for them:
/// `circuitscope --model x.pt run 1 2 3` is `circuitscope run --model x.pt 1 2 3`.
pub(super) fn behind(args: Vec<OsString>) -> Vec<OsString> {
    // all commands are put together for this: not at every start
    let begins = args.get(1).and_then(|word| word.to_str());
    if !begins.is_some_and(|word| word.starts_with('-')) {
        return args;
    }
    let flags = ModelArgs::augment_args(clap::Command::new("flags"));
    let takes_value = |word: &str| {
        let found = flags.get_arguments().find(|flag| {
            let long = flag
                .get_long()
                .is_some_and(|long| word == format!("--{long}"));
            long || flag
                .get_short()
                .is_some_and(|short| word == format!("-{short}"))
        });
        found.is_some()
    };
    let joined = |word: &str| {
        word.split_once('=')
            .is_some_and(|(name, _)| takes_value(name))
    };
    let mut at = 1;
    while let Some(word) = args.get(at).and_then(|word| word.to_str()) {
        match word {
            word if takes_value(word) => at += 2,
            word if joined(word) => at += 1,
            _ => break,
        }
    }
    let command = args.get(at).and_then(|word| word.to_str()).unwrap_or("");
    let is_command = || {
        let known = Cli::command();
        known.get_subcommands().any(|one| one.get_name() == command)
    };
    if at == 1 || !is_command() {
        return args;
    }
    let (before, after) = args.split_at(at);
    let (program, flags) = before.split_at(1);
    let (command, rest) = after.split_at(1);
    [program, command, flags, rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_several_files_has_its_flag_and_what_is_no_file_is_as_it_was() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (given, wanted) in [
            (
                "c run -m a.pt b.pt c.safetensors 1 2",
                "c run -m a.pt --model b.pt --model c.safetensors 1 2",
            ),
            (
                "c --model=a.pt b.pt run 1",
                "c --model=a.pt --model b.pt run 1",
            ),
            ("c run --model dir 1 x.pt", "c run --model dir 1 x.pt"),
            (
                "c cache -m a.pt -o x.safetensors",
                "c cache -m a.pt -o x.safetensors",
            ),
            (
                "c convert a.pt b.safetensors",
                "c convert a.pt b.safetensors",
            ),
            ("c run -m a.pt -- b.pt", "c run -m a.pt -- b.pt"),
            ("c run --model --model", "c run --model --model"),
        ] {
            assert_eq!(each(words(given)), words(wanted), "{given}");
        }
    }

    #[test]
    fn flags_of_the_model_go_behind_the_command() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (given, wanted) in [
            ("c --model x.pt run 1 2", "c run --model x.pt 1 2"),
            (
                "c -m x.pt --task=sort --device cpu run 1",
                "c run -m x.pt --task=sort --device cpu 1",
            ),
            ("c run --model x.pt 1", "c run --model x.pt 1"),
            // a model may be called as a command is
            ("c --model run", "c --model run"),
            ("c --model run run", "c run --model run"),
            ("c --prompt run", "c --prompt run"),
            ("c", "c"),
        ] {
            assert_eq!(behind(words(given)), words(wanted));
        }
    }
}
