//! What was found out about the models in the binary, as findings inside the program; the same files
//! stand in `assets/findings`, those about other slides than the first in `assets/slides`, where
//! `circuitscope replay` checks them.
//!
//! Of one public checkpoint there is what its author published (`assets/published`): figures and statements, nothing
//! that was read off its file. They are claims, computed for the model that is open, and are told where its
//! hash is that of the checkpoint.

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

/// What was found out about a model in the binary, or was published of another one.
struct Tutorial {
    slide: &'static str,
    findings: &'static [Embedded],
}

/// The checkpoint of which figures were published: the hash of its weights and of what of its config counts.
const PUBLISHED_OF: &str = "377dbe3f24cbb1eeb9fd409e4ce1a3ea50cb223b432a8fcecb95b818473e0c33";
/// What stands for the name of a slide there.
const PUBLISHED: &str = "published";

macro_rules! tutorial {
    ($slide:literal, $folder:literal, [$($name:literal),* $(,)?]) => {
        tutorial!(@ $slide, $folder, [$($name, include_str!(
            concat!("../../assets/", $folder, "/", $name, "/frame.txt")
        )),*])
    };
    // a screen would show numbers that were read off the file
    ($slide:expr, $folder:literal, without frames, [$($name:literal),* $(,)?]) => {
        tutorial!(@ $slide, $folder, [$($name, ""),*])
    };
    (@ $slide:expr, $folder:literal, [$($name:literal, $frame:expr),*]) => {
        Tutorial {
            slide: $slide,
            findings: &[$(Embedded {
                name: $name,
                card: include_str!(concat!("../../assets/", $folder, "/", $name, "/finding.json")),
                note: include_str!(concat!("../../assets/", $folder, "/", $name, "/note.md")),
                session: include_str!(concat!("../../assets/", $folder, "/", $name, "/session.json")),
                frame: $frame,
            }),*],
        }
    };
}

static ALL: [Tutorial; 8] = [
    tutorial!(
        "array_update",
        "findings",
        [
            "1-head-1-0-copies-the-answer",
            "2-what-head-1-0-reads-it-writes",
            "3-the-index-travels-from-idx-to-elt-to-b-0",
            "4-one-key-is-enough",
            "5-why-b-0-looks-at-elt-and-not-at-a-1",
            "6-without-the-look-back-at-idx-the-update-is-lost",
        ]
    ),
    tutorial!(
        "min_of_two",
        "slides/min_of_two",
        ["1-the-last-position-looks-at-the-smaller-number"]
    ),
    tutorial!(
        "permute",
        "slides/permute",
        [
            "1-layer-0-reads-the-index-that-is-due",
            "2-layer-1-fetches-the-value-a-2-for-end-by-way-of-idx-0",
        ]
    ),
    tutorial!(
        "sort",
        "slides/sort",
        ["1-each-answer-looks-at-the-numbers-that-are-due"]
    ),
    tutorial!(
        "modular_addition",
        "slides/modular_addition",
        [
            "1-both-numbers-are-fetched-and-neurons-add-them",
            "2-without-the-neurons-the-sum-is-lost",
        ]
    ),
    tutorial!(
        "palindrome",
        "slides/palindrome",
        [
            "1-all-lists-of-four-are-told-apart",
            "2-the-inner-pair-is-compared-at-a-2",
        ]
    ),
    tutorial!(
        "brackets",
        "slides/brackets",
        ["1-right-on-what-it-was-trained-on-wrong-on-some-odd-lengths"]
    ),
    tutorial!(
        PUBLISHED,
        "published",
        without frames,
        [
            "01-the-sample-is-answered-without-a-mistake",
            "02-the-right-answer-is-made-in-the-last-layer",
            "03-head-1-0-writes-it",
            "04-head-1-0-looks-at-the-token-that-comes-next",
            "05-head-1-0-copies-what-it-looks-at",
            "06-in-layer-0-elt-looks-back-at-idx",
            "07-what-the-pair-differs-in",
            "08-text-which-answer-the-metric-calls-right",
            "09-the-index-goes-from-idx-to-elt",
            "10-layer-0-puts-it-there-layer-1-uses-it-at-b-0",
            "11-no-query-matters",
            "12-the-key-at-elt-is-enough",
            "13-the-value-at-idx-is-enough",
            "14-so-is-the-attention-of-b-0",
            "15-the-weights-say-the-same-k-composition",
            "16-where-nothing-is-updated-the-position-decides",
            "17-text-half-of-the-other-circuit",
            "18-half-of-it-goes-through-both-heads",
            "19-text-the-virtual-head-looks-at-the-right-answer",
            "20-two-heads-in-a-row-copy-too",
            "21-text-the-index-tokens-are-not-copied",
            "22-the-other-predictions-are-made-alike",
            "23-text-the-updated-place-relies-more-on-the-k-composition",
        ]
    ),
];

/// Whose findings are told of the model of this hash, where something was published of it.
#[must_use]
pub fn published_of(hash: &str) -> Option<&'static str> {
    (hash == PUBLISHED_OF).then_some(PUBLISHED)
}

/// The findings about a slide; of any other model, those about the first one.
fn of(slide: &str) -> &'static [Embedded] {
    let found = ALL.iter().find(|one| one.slide == slide);
    found.unwrap_or(&ALL[0]).findings
}

/// All of a slide's, in order.
///
/// # Errors
/// When one is broken, which the tests rule out.
pub fn list(slide: &str) -> Result<Listing> {
    Ok(Listing {
        findings: of(slide).iter().map(finding).collect::<Result<_>>()?,
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

/// A step of the tutorial that is being gone through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Its finding's name.
    pub name: &'static str,
    /// Which of its slide's, from 1.
    pub at: usize,
    /// How many its slide has.
    pub of: usize,
    /// What it says.
    pub title: String,
    /// How, as it was written.
    pub note: &'static str,
    /// The step behind it: name and title.
    pub next: Option<(&'static str, String)>,
}

/// The step of that name, of whichever slide.
#[must_use]
pub fn lesson(name: &str) -> Option<Lesson> {
    let all = |tutorial: &'static Tutorial| tutorial.findings;
    let steps = ALL.iter().map(all);
    let mut found = steps.filter_map(|steps| {
        let at = steps.iter().position(|one| one.name == name)?;
        Some((steps, at))
    });
    let (steps, at) = found.next()?;
    // its number is said beside it
    let bare = |title: &str| {
        let words = title.trim_start_matches(|c: char| c.is_ascii_digit());
        words.trim_start().to_owned()
    };
    let title = |one: &Embedded| Some(bare(&finding(one).ok()?.card.title));
    let step = &steps[at];
    Some(Lesson {
        name: step.name,
        at: at + 1,
        of: steps.len(),
        title: title(step)?,
        note: step.note,
        next: (steps.get(at + 1)).and_then(|next| Some((next.name, title(next)?))),
    })
}

/// The session of the finding of that name, of whichever slide.
#[must_use]
pub fn find(name: &str) -> Option<Session> {
    let mut all = ALL.iter().flat_map(|tutorial| tutorial.findings);
    let found = all.find(|one| one.name == name)?;
    Session::parse(found.session).ok()
}

/// The session of one.
///
/// # Errors
/// When there is none of that name.
pub fn session(slide: &str, name: &str) -> Result<Session> {
    let found = of(slide).iter().find(|one| one.name == name);
    Session::parse(found.context("no finding of that name")?.session)
}

/// All of a slide's for a report.
///
/// # Errors
/// When one is broken, which the tests rule out.
pub fn items(slide: &str) -> Result<Vec<Item>> {
    let items = of(slide).iter().map(|one| {
        Ok(Item {
            finding: finding(one)?,
            study: Session::parse(one.session)?.study,
            svg: String::new(),
            png: Vec::new(),
        })
    });
    items.collect()
}
