//! The words of a session file for what the state holds as an enum.

use crate::app::held::fields::Side;
use crate::app::held::panes::strip_rows;
use crate::app::held::shelf::{Order, Which};
use crate::app::held::space::Wants;
use crate::app::held::state::State;
use crate::app::held::state::{Purpose, Tone};
use crate::app::keys::pane::Pane;
use crate::lens::{RunName, Shown};
use crate::task::limits::MAX_LINE;
use crate::task::shown;
use anyhow::{Result, anyhow, bail, ensure};

/// The words of a session file for what the state holds as an enum.
pub(in crate::app) const PANES: [(&str, Pane); 8] = [
    ("prompt", Pane::Prompt),
    ("logits", Pane::Logits),
    ("attention", Pane::Attention),
    ("patching", Pane::Strips),
    ("pattern cells", Pane::Cells),
    ("interventions", Pane::Interventions),
    ("answer", Pane::Answer),
    ("input space", Pane::Space),
];

pub(in crate::app) const RUNS: [(&str, Shown); 4] = [
    ("clean", Shown::Run(RunName::Clean)),
    ("corrupted", Shown::Run(RunName::Corrupted)),
    ("patched", Shown::Run(RunName::Patched)),
    ("difference", Shown::Difference),
];

pub(in crate::app) const SIDES: [(&str, Side); 2] =
    [("clean", Side::Clean), ("corrupted", Side::Corrupted)];

pub(in crate::app) const TONES: [(&str, Tone); 3] = [
    ("good", Tone::Good),
    ("bad", Tone::Bad),
    ("plain", Tone::Plain),
];

pub(in crate::app) const PURPOSES: [(&str, Purpose); 8] = [
    ("command", Purpose::Command),
    ("metric", Purpose::Metric),
    ("example", Purpose::Jump),
    ("cell", Purpose::Cell),
    ("question", Purpose::Question),
    ("find", Purpose::Find),
    ("search", Purpose::Search),
    ("title", Purpose::Rename),
];

pub(in crate::app) const WANTS: [(&str, Wants); 3] = [
    ("nothing", Wants::Nothing),
    ("claims", Wants::Claims),
    ("all", Wants::All),
];

pub(in crate::app) const ORDERS: [(&str, Order); 3] = [
    ("newest", Order::Newest),
    ("title", Order::Title),
    ("folder", Order::Name),
];

pub(in crate::app) const WHOSE: [(&str, Which); 2] =
    [("own", Which::Own), ("tutorial", Which::Tutorial)];

/// The purpose that carries a number.
pub(in crate::app) const EDIT: &str = "edit";

/// The word for a value.
pub(in crate::app) fn word<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> String {
    let found = table.iter().find(|(_, known)| known == value);
    found.map_or("", |(word, _)| word).to_owned()
}

/// The value of a word.
pub(in crate::app) fn value<T: Copy>(table: &[(&'static str, T)], text: &str) -> Result<T> {
    let found = table.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
        anyhow!("'{}' is none of: {}", shown(text), known.join(", "))
    })
}

/// A line that can be shown: as long as one that is typed, without a control character.
pub(in crate::app) fn plain(text: &str) -> Result<&str> {
    ensure!(
        text.len() <= MAX_LINE,
        "{} bytes; at most {MAX_LINE} are read",
        text.len()
    );
    match text.chars().find(|c| c.is_control()) {
        Some(c) => bail!("it has the control character {}", c.escape_unicode()),
        None => Ok(text),
    }
}

/// The strips' names in a session, from top to bottom.
pub(in crate::app) fn strip_names(state: &State) -> Vec<String> {
    let rows = strip_rows(&state.model.config).into_iter();
    rows.map(|(grid, head)| match head {
        Some(head) => format!("{}.{head}", grid.name()),
        None => grid.name().to_owned(),
    })
    .collect()
}
