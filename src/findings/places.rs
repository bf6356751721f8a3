//! Where the program keeps what it is not told to put elsewhere: the XDG base directories.

use std::path::PathBuf;

/// Sessions that are saved by themselves: `$XDG_STATE_HOME/circuitscope/sessions`.
#[must_use]
pub fn sessions(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    Some(base(env, "XDG_STATE_HOME", ".local/state")?.join("sessions"))
}

/// Trainings that were begun in the program: `$XDG_STATE_HOME/circuitscope/trainings`.
#[must_use]
pub fn trainings(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    Some(base(env, "XDG_STATE_HOME", ".local/state")?.join("trainings"))
}

/// Findings: `$XDG_DATA_HOME/circuitscope/findings`.
#[must_use]
pub fn findings(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    Some(base(env, "XDG_DATA_HOME", ".local/share")?.join("findings"))
}

/// The variable's folder, else the one in the home folder; a relative one counts as not set, as
/// the standard says. `None` where there is no home.
fn base(env: &dyn Fn(&str) -> Option<String>, name: &str, at_home: &str) -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let named = env(name).map(PathBuf::from).and_then(absolute);
    let home = || Some(absolute(env("HOME")?.into())?.join(at_home));
    Some(named.or_else(home)?.join("circuitscope"))
}
