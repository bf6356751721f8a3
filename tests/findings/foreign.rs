//! Findings that somebody else has made: nothing in them acts, leads elsewhere, or passes unchecked.

use crate::program::{command, refused};
use crate::store::draft;
use circuitscope::findings::report::{self, Item, Page};
use circuitscope::findings::store::{Finding, Store, Verdict};
use circuitscope::task::text::acts;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Ways to make a finding read what is none of it, or never end.
fn spoil(finding: &Path) -> Vec<(&'static str, &'static str)> {
    let parent = finding.parent().unwrap();
    let secret = parent.join("secret.txt");
    fs::write(&secret, "TOP-SECRET").unwrap();
    let mut all = Vec::new();
    for (name, file, target) in [
        ("link-svg", "frame.svg", Some(secret.to_str().unwrap())),
        ("link-note", "note.md", Some(secret.to_str().unwrap())),
        ("endless-png", "frame.png", Some("/dev/zero")),
        ("dangling-txt", "frame.txt", Some("/nowhere/at/all")),
        ("pipe-note", "note.md", None),
        ("pipe-session", "session.json", None),
        ("pipe-card", "finding.json", None),
        ("pipe-numbers", "numbers.json", None),
        ("pipe-svg", "frame.svg", None),
        ("large-svg", "frame.svg", Some("")),
        ("large-note", "note.md", Some("")),
    ] {
        let spoilt = parent.join(name);
        fs::create_dir(&spoilt).unwrap();
        for entry in fs::read_dir(finding).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), spoilt.join(entry.file_name())).unwrap();
        }
        let path = spoilt.join(file);
        fs::remove_file(&path).unwrap();
        match target {
            // a file with nothing in it, of a terabyte
            Some("") => fs::File::create(&path).unwrap().set_len(1 << 40).unwrap(),
            Some(target) => symlink(target, &path).unwrap(),
            None => assert!(
                Command::new("mkfifo")
                    .arg(&path)
                    .status()
                    .unwrap()
                    .success()
            ),
        }
        all.push((name, file));
    }
    all
}

/// Pipes are not waited for, links not followed, sizes not believed; and nine broken findings keep nobody
/// from the one that is whole.
#[test]
fn findings_of_others_are_read_as_plain_files_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    crate::keep(folder.path(), "b 'Whole' ctrl-s");
    let findings = folder.path().join("findings");
    let spoilt = spoil(&findings.join("whole"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        // a terabyte, or a pipe, would take for ever
        let mut child = command(args);
        let child = child.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let since = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(since.elapsed() < Duration::from_secs(60), "{args:?} hangs");
            std::thread::sleep(Duration::from_millis(5));
        }
        let done = child.wait_with_output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8(said).unwrap())
    };
    for name in ["r.html", "r.md"] {
        let page = folder.path().join(name);
        let (code, said) = run(&["report", &text(&findings), "-o", &text(&page)]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with("2 findings in "), "{said}");
        let page = fs::read_to_string(&page).unwrap();
        assert!(
            page.contains("Whole") && !page.contains("VE9QLVNFQ1JFV"),
            "a secret in {name}"
        );
        // the report reads no recorded numbers: `replay` does
        for (broken, file) in spoilt.iter().filter(|(_, file)| *file != "numbers.json") {
            let line = said.lines().find(|line| line.starts_with(broken));
            assert!(
                line.is_some_and(|line| line.contains(file)),
                "{broken}: {said}"
            );
            assert!(
                page.contains("Left out") && page.contains(broken),
                "{broken}"
            );
        }
    }
    let (code, said) = run(&["replay", &text(&findings)]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("whole: ") && said.contains("numbers as they were"),
        "{said}"
    );
    // pictures are no matter to it, but for the one that the list shows
    let unread = ["frame.svg", "frame.png"];
    for (broken, file) in spoilt.iter().filter(|(_, file)| !unread.contains(file)) {
        let line = said.lines().find(|line| line.starts_with(broken));
        let told = line.is_some_and(|line| line.contains("not computed") && line.contains(file));
        assert!(told, "{broken}: {said}");
        let alone = text(&findings.join(broken));
        let (code, said) = run(&["replay", &alone]);
        assert!(code == Some(2) && said.contains(file), "{broken}: {said}");
    }
    let listing = Store::new(findings).list().unwrap();
    assert!(listing.findings.iter().any(|one| one.name == "whole"));
    assert!(listing.broken.iter().any(|(name, _)| name == "pipe-note"));
    assert!(
        !listing
            .findings
            .iter()
            .any(|one| one.note.contains("SECRET"))
    );
}

#[test]
fn a_verdict_on_a_claim_that_nobody_checks_again_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    crate::keep(folder.path(), "b 'One' ctrl-s");
    let one = folder.path().join("findings/one");
    let card = one.join("finding.json");
    let written = fs::read_to_string(&card).unwrap();
    let mut card_read: Value = serde_json::from_str(&written).unwrap();
    let claim = json!({"claim": "utter nonsense", "holds": true, "because": "trust me"});
    card_read["claims"] = json!([claim]);
    fs::write(&card, card_read.to_string()).unwrap();
    let (path, page) = (one.to_str().unwrap(), folder.path().join("r.html"));
    let page = page.to_str().unwrap();
    let report = ["report", path, "-o", page];
    let replayed = || command(&["replay", path]).output().unwrap().status.code();
    refused(
        &report,
        "a verdict on the claim 'utter nonsense', and session.json does not make it",
    );
    assert_eq!(replayed(), Some(1));
    // twice the same claim: the first would be compared, and the second shown
    let session = one.join("session.json");
    let mut made: Value = serde_json::from_str(&fs::read_to_string(&session).unwrap()).unwrap();
    made["study"]["claims"] = json!(["utter nonsense"]);
    fs::write(&session, made.to_string()).unwrap();
    card_read["claims"] = json!([claim, claim]);
    fs::write(&card, card_read.to_string()).unwrap();
    refused(&report, "'utter nonsense' twice");
    // and one that both make is checked
    card_read["claims"] = json!([claim]);
    fs::write(&card, card_read.to_string()).unwrap();
    assert_eq!(replayed(), Some(1));
}

/// Whatever stands in a finding, a page of Markdown has no markup of it, and nothing of it acts.
#[test]
fn markdown_shows_foreign_text_as_it_is() {
    let foreign = "<script>alert(1)</script> ![x](http://y) **b** `c` # h\n1. a\n- b\n\n    code\n===\n\
                   \u{1b}]0;owned\u{7}\u{202e}\u{2028}\u{e0041}";
    let made = draft("Title", foreign);
    let mut card = made.card;
    card.title = foreign.to_owned();
    let (claim, because) = (foreign.to_owned(), foreign.to_owned());
    card.claims = vec![Verdict {
        claim,
        verdict: None,
        holds: Some(true),
        because,
        numbers: None,
    }];
    let mut study = made.session.study;
    study.metric = Some(foreign.to_owned());
    let item = Item {
        finding: Finding {
            name: "name".into(),
            card,
            note: foreign.into(),
            frame: foreign.into(),
        },
        study,
        svg: String::new(),
        png: Vec::new(),
    };
    let broken = [(foreign.to_owned(), foreign.to_owned())];
    let page = report::page(std::slice::from_ref(&item), &broken, Page::Markdown).unwrap();
    let html = report::page(&[item], &broken, Page::Html).unwrap();
    for text in [&page, &html] {
        let bad = text.chars().find(|&c| c != '\n' && acts(c));
        assert_eq!(bad, None, "{text}");
    }
    for line in page.lines().filter(|line| !line.starts_with("    ")) {
        let ours = ["## ", "# ", "- **holds**: ", "- "];
        let own = ours.iter().find_map(|start| line.strip_prefix(start));
        let text = own.unwrap_or(line);
        let begins = text.trim_start_matches(|c: char| c.is_ascii_digit());
        assert!(!begins.starts_with(['-', '=', '+', '.']), "{line}");
        // without what is code, and without marks that have a backslash before them
        let mut rest: String = text.split('`').step_by(2).collect();
        for mark in "\\`*_[]<>&#|~$!".chars() {
            rest = rest.replace(&format!("\\{mark}"), "");
        }
        assert!(
            !rest.contains(['<', '>', '*', '[', '!', '#', '`']),
            "{line}"
        );
    }
}
