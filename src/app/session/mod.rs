//! The workbench as a session, and back: everything on screen is a function of it.
//!
//! Not in it: numbers (they are computed again) and the colours' theme name (the terminal's owner
//! chooses it; how far it was stepped is there).

mod lists;
mod open;
mod read;
mod write;

pub(super) use open::opened;

use super::fields::Side;
use super::shelf::{Order, Which};
use super::space::Wants;
use super::state::{Pane, Purpose, Tone};
use crate::lens::{RunName, Shown};

/// The words of a session file for what the state holds as an enum.
const PANES: [(&str, Pane); 8] = [
    ("prompt", Pane::Prompt),
    ("logits", Pane::Logits),
    ("attention", Pane::Attention),
    ("patching", Pane::Strips),
    ("pattern cells", Pane::Cells),
    ("interventions", Pane::Interventions),
    ("answer", Pane::Answer),
    ("input space", Pane::Space),
];

const RUNS: [(&str, Shown); 4] = [
    ("clean", Shown::Run(RunName::Clean)),
    ("corrupted", Shown::Run(RunName::Corrupted)),
    ("patched", Shown::Run(RunName::Patched)),
    ("difference", Shown::Difference),
];

const SIDES: [(&str, Side); 2] = [("clean", Side::Clean), ("corrupted", Side::Corrupted)];

const TONES: [(&str, Tone); 3] = [
    ("good", Tone::Good),
    ("bad", Tone::Bad),
    ("plain", Tone::Plain),
];

const PURPOSES: [(&str, Purpose); 8] = [
    ("command", Purpose::Command),
    ("metric", Purpose::Metric),
    ("example", Purpose::Jump),
    ("cell", Purpose::Cell),
    ("question", Purpose::Question),
    ("find", Purpose::Find),
    ("search", Purpose::Search),
    ("title", Purpose::Rename),
];

const WANTS: [(&str, Wants); 3] = [
    ("nothing", Wants::Nothing),
    ("claims", Wants::Claims),
    ("all", Wants::All),
];

const ORDERS: [(&str, Order); 3] = [
    ("newest", Order::Newest),
    ("title", Order::Title),
    ("folder", Order::Name),
];

const WHOSE: [(&str, Which); 2] = [("own", Which::Own), ("tutorial", Which::Tutorial)];

/// The purpose that carries a number.
const EDIT: &str = "edit";

/// The word for a value.
fn word<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> String {
    let found = table.iter().find(|(_, known)| known == value);
    found.map_or("", |(word, _)| word).to_owned()
}
