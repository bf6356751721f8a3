//! The embedded model's own solution, as findings inside the program; the same files stand in
//! `assets/findings`, where `circuitscope replay` checks them.

use super::read;
use super::report::Item;
use super::session::Session;
use super::store::{Card, FINDING, Finding, Listing};
use anyhow::{Context as _, Result};

/// A finding's folder: its name, and its files.
struct Embedded {
    name: &'static str,
    card: &'static str,
    note: &'static str,
    session: &'static str,
    frame: &'static str,
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        [$(Embedded {
            name: $name,
            card: include_str!(concat!("../../assets/findings/", $name, "/finding.json")),
            note: include_str!(concat!("../../assets/findings/", $name, "/note.md")),
            session: include_str!(concat!("../../assets/findings/", $name, "/session.json")),
            frame: include_str!(concat!("../../assets/findings/", $name, "/frame.txt")),
        }),*]
    };
}

const ALL: [Embedded; 6] = embedded![
    "1-head-1-0-copies-the-answer",
    "2-what-head-1-0-reads-it-writes",
    "3-the-index-travels-from-idx-to-elt-to-b-0",
    "4-one-key-is-enough",
    "5-why-b-0-looks-at-elt-and-not-at-a-1",
    "6-without-the-look-back-at-idx-the-update-is-lost",
];

/// All of them, in order.
///
/// # Errors
/// When one is broken, which the tests rule out.
pub fn list() -> Result<Listing> {
    Ok(Listing {
        findings: ALL.iter().map(finding).collect::<Result<_>>()?,
        broken: Vec::new(),
    })
}

fn finding(embedded: &Embedded) -> Result<Finding> {
    let card: Card = read::parse(embedded.card, &FINDING)?;
    Ok(Finding {
        name: embedded.name.to_owned(),
        card,
        note: embedded.note.to_owned(),
        frame: embedded.frame.to_owned(),
    })
}

/// The session of one.
///
/// # Errors
/// When there is none of that name.
pub fn session(name: &str) -> Result<Session> {
    let found = ALL.iter().find(|one| one.name == name);
    Session::parse(found.context("no finding of that name")?.session)
}

/// All of them for a report.
///
/// # Errors
/// When one is broken, which the tests rule out.
pub fn items() -> Result<Vec<Item>> {
    let items = ALL.iter().map(|one| {
        Ok(Item {
            finding: finding(one)?,
            study: Session::parse(one.session)?.study,
            svg: String::new(),
            png: Vec::new(),
        })
    });
    items.collect()
}
