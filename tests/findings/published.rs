//! What was published of the reference checkpoint: told of that model alone, and computed there.

use crate::common::{reference, shared};
use crate::workbench::{around, look, press};
use circuitscope::app::{Judged, ModelInfo, State};
use circuitscope::findings::session::Session;
use circuitscope::findings::tutorial;
use circuitscope::model::{Model, SLIDES};
use circuitscope::runtime::headless::Headless;
use circuitscope::task::Sample;
use std::path::{Path, PathBuf};

const SET: &str = "published";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets")
        .join(SET)
}

/// The checkpoint, as the workbench opens it.
fn opened(model: &Model) -> ModelInfo {
    ModelInfo::new(model, None, "cpu".into())
}

#[test]
fn it_is_told_of_the_model_of_that_hash_alone() {
    let listing = tutorial::list(SET).unwrap();
    let hash = &listing.findings[0].card.model.hash;
    assert_eq!(tutorial::published_of(hash), Some(SET));
    let others = listing.findings.iter();
    assert!(others.clone().all(|one| one.card.model.hash == *hash));
    for at in 0..hash.len() {
        let other = if &hash[at..=at] == "0" { "1" } else { "0" };
        let other = format!("{}{other}{}", &hash[..at], &hash[at + 1..]);
        assert_eq!(tutorial::published_of(&other), None);
    }
    for slide in &SLIDES {
        for finding in tutorial::list(slide.name).unwrap().findings {
            let hash = &finding.card.model.hash;
            assert_eq!(tutorial::published_of(hash), None, "{}", slide.name);
        }
    }
    if let Some((model, ..)) = reference() {
        assert_eq!(tutorial::published_of(&model.hash), Some(SET));
    }
}

/// Nothing that was read off the checkpoint's file is shipped: no screen, no numbers, no count.
#[test]
fn it_is_figures_and_statements_only() {
    let listing = tutorial::list(SET).unwrap();
    let names: Vec<&String> = listing.findings.iter().map(|one| &one.name).collect();
    assert_eq!(
        crate::entries(&folder()),
        names.into_iter().cloned().collect::<Vec<_>>()
    );
    for finding in &listing.findings {
        let files = crate::entries(&folder().join(&finding.name));
        assert_eq!(files, ["finding.json", "note.md", "session.json"]);
        assert!(finding.frame.is_empty() && !finding.note.is_empty());
        assert!(!finding.card.claims.is_empty(), "{}", finding.name);
        for claim in &finding.card.claims {
            assert!(claim.numbers.is_none() && claim.verdict.is_none());
            assert!(claim.holds.is_some(), "{}", claim.claim);
        }
        let session = tutorial::session(SET, &finding.name).unwrap();
        let lines = finding.card.claims.iter().map(|claim| &claim.claim);
        assert!(lines.eq(&session.study.claims), "{}", finding.name);
        // where the text is wrong, something fails
        let fails = finding
            .card
            .claims
            .iter()
            .any(|claim| claim.holds == Some(false));
        assert!(fails || !finding.card.title.contains("Text:"));
    }
}

/// Every claim is computed when the list is opened, and comes to what its card says.
#[test]
fn every_figure_is_computed_and_every_wrong_statement_fails() {
    let Some((model, ..)) = reference() else {
        return;
    };
    let sample = Sample::Notebook { seed: 42, len: 256 };
    let state = State::new(opened(&model), sample, None);
    let folder = tempfile::tempdir().unwrap();
    let around = around(folder.path());
    let mut bench = Headless::within(model, state, look(), (120, 40), around);
    press(&mut bench, "T");
    let judged = bench.state.shelf.as_ref().unwrap().judged.clone();
    let listing = tutorial::list(SET).unwrap();
    assert_eq!(judged.len(), listing.findings.len());
    let mut only_here = 0;
    for finding in &listing.findings {
        let found = &judged[&finding.name];
        assert_eq!(found.len(), finding.card.claims.len());
        for (claim, judged) in finding.card.claims.iter().zip(found) {
            let said = format!("{}: {}: {judged:?}", finding.name, claim.claim);
            let holds = match judged {
                Judged::Holds(_) => Some(true),
                Judged::Fails(_) => Some(false),
                Judged::Here(_) => {
                    only_here += 1;
                    Some(false)
                }
                Judged::NotAsked(_) => None,
            };
            assert_eq!(claim.holds, holds, "{said}");
        }
    }
    // of the sample, but not of every input
    assert_eq!(only_here, 2);
    // the preview says so
    let screen = bench.encode(Path::new("frame.txt")).unwrap();
    let screen = String::from_utf8(screen).unwrap();
    assert!(
        screen.contains("published of this model; computed here"),
        "{screen}"
    );
}

/// Each opens on the answer that shows it, with its text beside it.
#[test]
fn each_opens_on_its_answer() {
    let Some((model, ..)) = reference() else {
        return;
    };
    for finding in tutorial::list(SET).unwrap().findings {
        let session = tutorial::session(SET, &finding.name).unwrap();
        let lesson = tutorial::lesson(&finding.name).unwrap();
        assert!(lesson.next.is_some() || lesson.at == lesson.of);
        let state = State::from_session(opened(&model), &session).unwrap();
        let bench = Headless::new(model.clone(), state, look(), (120, 40));
        let inquiry = bench.state.inquiry.as_ref().unwrap();
        let table = inquiry.answer.as_ref().unwrap().as_ref().unwrap();
        let (row, col) = inquiry.cursor;
        assert!(row < table.rows.len() && col < table.cols.len());
        let question = session.question.as_ref().unwrap();
        assert_eq!(question.cursor, inquiry.cursor, "{}", finding.name);
    }
}

/// A session of theirs is one like any other.
#[test]
fn their_sessions_can_be_read_as_files() {
    for name in crate::entries(&folder()) {
        let session = Session::open(&folder().join(&name).join("session.json")).unwrap();
        assert_eq!(session, tutorial::session(SET, &name).unwrap());
    }
    // where the checkpoint is, it is named as its file is
    let Some(shared) = shared() else { return };
    let name = &tutorial::list(SET).unwrap().findings[0].card.model.name;
    assert!(shared.join("models").join(name).is_file());
}
