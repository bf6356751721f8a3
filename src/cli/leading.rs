//! Flags that say which model stand before the command or after it.

use super::args::Cli;
use super::model_args::ModelArgs;
use clap::{Args as _, CommandFactory};
use std::ffi::OsString;

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
