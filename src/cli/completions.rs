//! `circuitscope completions`: a script that teaches a shell the commands and flags, and the names that they take.

use super::args::Cli;
use crate::lens::{CircuitName, Measure};
use crate::model::SLIDES;
use crate::task::Task;
use crate::ui::theme::Theme;
use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Args, Command, CommandFactory};
use std::io::Write;

/// `circuitscope completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Runs the command.
///
/// # Errors
/// When nothing can be printed.
pub fn run(args: &CompletionsArgs, out: &mut dyn Write) -> Result<()> {
    let mut command = knowing(Cli::command(), &names()?);
    // clap_complete panics where it cannot write; memory can always be written to
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "circuitscope", &mut script);
    out.write_all(&script)?;
    Ok(())
}

/// What an argument takes, by command (any where there is none) and argument.
type Names = Vec<(Option<&'static str>, &'static str, Vec<String>)>;

/// Names that a shell may offer; others are taken all the same: those of circuits are the first model's.
fn names() -> Result<Names> {
    let config = SLIDES[0].opened()?.config;
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let themes = Theme::shipped().iter().map(|theme| theme.name.clone());
    let tasks = Task::built_in_names().map(str::to_owned);
    let circuits = CircuitName::all(&config).into_iter();
    let circuits = circuits.map(|name| name.text(&config));
    let samples = owned(&["random:0", "random:0:4096", "notebook:42"]);
    Ok(vec![
        (None, "theme", themes.collect()),
        (None, "task", tasks.collect()),
        (
            None,
            "measure",
            Measure::ALL
                .iter()
                .map(|one| one.name().to_owned())
                .collect(),
        ),
        (None, "sample", samples),
        (
            None,
            "over",
            owned(&["space", "random:0:4096", "notebook:42"]),
        ),
        (Some("circuit"), "name", circuits.collect()),
    ])
}

/// The command with these names, and all commands below it.
fn knowing(mut command: Command, names: &Names) -> Command {
    for (of, argument, values) in names {
        let here = of.is_none_or(|of| command.get_name() == of);
        let found = command
            .get_arguments()
            .any(|one| one.get_id() == argument && one.get_action().takes_values());
        if here && found {
            // the script is all that this run is for
            let values = values.iter().map(|name| &*name.clone().leak());
            let values = PossibleValuesParser::new(values.collect::<Vec<&'static str>>());
            command = command.mut_arg(argument, |one| one.value_parser(values).default_value(None));
        }
    }
    let below: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    for name in below {
        command = command.mut_subcommand(name, |one| knowing(one, names));
    }
    command
}
