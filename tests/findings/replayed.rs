//! `circuitscope replay` and `report`, driven as a user drives them.

use crate::keep;
use crate::program::{command, output, refused, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Exit code and what was printed.
fn run(args: &[&str]) -> (i32, String) {
    let output = output(args);
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn what_was_kept_is_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), "tab tab tab right enter b 'One' ctrl-s");
    keep(folder.path(), "L . b 'Two' tab 'with a question' ctrl-s");
    let findings = folder.path().join("findings");
    let all = stdout(&["replay", text(&findings)]);
    assert!(
        all.contains("one: ") && all.contains("two: ") && all.contains("numbers as they were"),
        "{all}"
    );
    // the same bytes every time, of findings and of a session
    for path in [findings.clone(), findings.join("one/session.json")] {
        let [first, second] = [0, 1].map(|_| stdout(&["replay", text(&path), "--json"]));
        assert_eq!(first, second);
        let answer: Value = serde_json::from_str(&first).unwrap();
        assert_eq!(
            (&answer["holds"], &answer["format"]),
            (&true.into(), &"circuitscope-replay-1".into())
        );
    }
    let session: Value = serde_json::from_str(&stdout(&[
        "replay",
        text(&findings.join("two/session.json")),
        "--json",
    ]))
    .unwrap();
    let recorded: Value =
        serde_json::from_str(&fs::read_to_string(findings.join("two/numbers.json")).unwrap())
            .unwrap();
    assert_eq!(session["records"][0]["numbers"], recorded);
    assert_eq!(recorded["answer"]["question"], "attribution target");
}

#[test]
fn another_number_another_model_and_missing_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), "tab tab tab right enter b 'One' ctrl-s");
    let one = folder.path().join("findings/one");
    let file = one.join("numbers.json");
    let recorded = fs::read_to_string(&file).unwrap();
    let mut changed: Value = serde_json::from_str(&recorded).unwrap();
    changed["patching"]["metric"]["patched"] = 12.5.into();
    fs::write(&file, changed.to_string()).unwrap();
    let (code, said) = run(&["replay", text(&one)]);
    assert!(
        code == 1 && said.contains("patching.metric.patched") && said.contains("12.5"),
        "{code} {said}"
    );
    let (code, said) = run(&["replay", text(&one), "--json"]);
    let answer: Value = serde_json::from_str(&said).unwrap();
    let difference = &answer["records"][0]["comparison"]["differences"][0];
    assert_eq!(
        (code, &difference["what"], &difference["then"]),
        (1, &"patching.metric.patched".into(), &12.5.into())
    );
    assert_eq!(run(&["replay", text(&one), "--tolerance", "1000"]).0, 0);
    fs::write(&file, &recorded).unwrap();
    // another model says so first
    let weights = folder.path().join("other.safetensors");
    let train = [
        "train",
        "--steps",
        "1",
        "--batch",
        "2",
        "--d-model",
        "4",
        "--d-head",
        "4",
        "--judge",
        "1",
        "-o",
        text(&weights),
    ];
    assert!(command(&train).output().unwrap().status.success());
    let (code, said) = run(&["replay", text(&one), "--model", text(&weights)]);
    assert!(
        code == 1 && said.starts_with("one: another model: made on array_update"),
        "{said}"
    );
    fs::remove_file(&file).unwrap();
    refused(&["replay", text(&one)], "numbers.json");
    refused(&["replay", text(folder.path())], "there is no finding");
    refused(
        &["replay", text(&one.join("nothing"))],
        "cannot read the session",
    );
    refused(&["replay", text(&one), "--tolerance=-1"], "tolerance");
}

#[test]
fn a_report_holds_everything_and_nothing_foreign_acts() {
    let folder = tempfile::tempdir().unwrap();
    keep(
        folder.path(),
        "b '<script>alert(1)</script>' tab '<b>bold & \"quoted\"' ctrl-s",
    );
    keep(
        folder.path(),
        "tab tab tab right enter b 'Second' tab 'note' ctrl-s",
    );
    let findings = folder.path().join("findings");
    let [html, md] = ["r.html", "r.md"].map(|name| folder.path().join(name));
    for path in [&html, &md] {
        stdout(&["report", text(&findings), "-o", text(path)]);
        refused(
            &["report", text(&findings), "-o", text(path)],
            "already exists",
        );
    }
    let page = fs::read_to_string(&html).unwrap();
    assert_eq!(crate::html::problem(&page), Ok(()));
    assert!(
        !page.contains("<script") && !page.contains("<b>"),
        "markup got through"
    );
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "it needs the net"
    );
    let places = [
        "&lt;script&gt;",
        "&lt;b&gt;bold &amp;",
        "patch blocks.1",
        "Second",
    ];
    assert!(places.iter().all(|part| page.contains(part)));
    assert_eq!(page.matches("data:image/svg+xml;base64,").count(), 2);
    let page = fs::read_to_string(&md).unwrap();
    assert_eq!(page.matches("data:image/png;base64,").count(), 2);
    assert!(page.contains("## Second") && page.contains("\nnote\n"));
    refused(
        &[
            "report",
            text(&findings),
            "-o",
            text(&folder.path().join("r.txt")),
        ],
        ".html or .md",
    );
    refused(
        &["report", text(folder.path()), "-o", text(&html)],
        "no finding",
    );
}

#[test]
fn kept_claims_are_checked_again() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("small.safetensors");
    let train = "train --steps 1 --batch 2 --d-model 4 --d-head 4 --judge 1 --max-num 4 -o";
    let train: Vec<&str> = train.split(' ').chain([text(&weights)]).collect();
    let trained = command(&train).output().unwrap();
    assert!(trained.status.success(), "{trained:?}");
    let snapshots = text(folder.path());
    let picture = folder.path().join("screen.txt");
    // one that holds, one that is only told, one that was kept and let go again
    let keys = "S / 'idx < 3' enter + / 'mean margin' enter + \
                / 'elt == 0' enter + u b 'One' ctrl-s";
    let render = [
        "render",
        "--model",
        text(&weights),
        "--snapshots",
        snapshots,
    ];
    let render = [&render[..], &["--keys", keys, "-o", text(&picture)]].concat();
    output(&render);
    let one = folder.path().join("findings/one");
    let file = one.join("finding.json");
    let card = fs::read_to_string(&file).unwrap();
    let read: Value = serde_json::from_str(&card).unwrap();
    let claims = read["claims"].as_array().unwrap();
    assert_eq!(claims.len(), 2, "{card}");
    let (holds, count) = (&claims[0]["holds"], &claims[0]["numbers"]["count"]);
    assert_eq!((holds, count), (&true.into(), &768.into()));
    assert!(claims[1]["holds"].is_null() && claims[1]["numbers"]["mean"].is_f64());
    let (code, said) = run(&["replay", text(&one)]);
    assert!(
        code == 0 && said.contains("claim idx < 3: PROVED (was: PROVED)"),
        "{said}"
    );
    let [first, second] = [0, 1].map(|_| stdout(&["replay", text(&one), "--json"]));
    assert_eq!(first, second);
    // another count is a row of the table
    fs::write(&file, card.replace("\"count\": 768", "\"count\": 700")).unwrap();
    let (code, said) = run(&["replay", text(&one)]);
    assert_eq!(code, 1, "{said}");
    let row = said.lines().find(|line| line.contains("counted.count"));
    let row = row.unwrap();
    assert!(row.contains("700") && row.contains("768"), "{row}");
    // a verdict that is not borne out is none, whether numbers stand beside it or not
    let forged = |change: &dyn Fn(&mut Value)| {
        let mut card = read.clone();
        change(&mut card);
        fs::write(&file, card.to_string()).unwrap();
        let (code, said) = run(&["replay", text(&one)]);
        assert_eq!(code, 1, "{said}");
        said
    };
    // a second word on a claim is borne out by nothing
    let said = forged(&|card| {
        let mut again = card["claims"][0].clone();
        again["because"] = "x".into();
        let claims = card["claims"].as_array_mut().unwrap();
        claims.push(again);
    });
    assert!(said.contains("says this claim twice"), "{said}");
    let said = forged(&|card| card["claims"][0]["verdict"] = "REFUTED".into());
    assert!(said.contains("PROVED (was: REFUTED)"), "{said}");
    forged(&|card| {
        card["claims"][0] =
            serde_json::json!({"claim": "idx < 3", "holds": false, "because": "trust me"});
    });
    let said = forged(&|card| {
        let more =
            serde_json::json!({"claim": "utter nonsense", "holds": true, "because": "trust me"});
        card["claims"].as_array_mut().unwrap().push(more);
    });
    assert!(
        said.contains("the session does not state this claim"),
        "{said}"
    );
    // a session alone has no record: a claim that fails is told by the exit code
    fs::write(&file, &card).unwrap();
    let session = one.join("session.json");
    let written = fs::read_to_string(&session).unwrap();
    assert_eq!(run(&["replay", text(&session)]).0, 0);
    fs::write(&session, written.replace("idx < 3", "idx < 2")).unwrap();
    let (code, said) = run(&["replay", text(&session)]);
    assert!(
        code == 1 && said.contains("claim idx < 2: REFUTED"),
        "{said}"
    );
    // words that are written beside it do not make it hold, and a page says whose words they are
    let mut forged = read.clone();
    forged["claims"][0] =
        serde_json::json!({"claim": "idx < 2", "holds": true, "because": "trust me"});
    fs::write(&file, forged.to_string()).unwrap();
    let (code, said) = run(&["replay", text(&one)]);
    assert!(
        code == 1 && said.contains("claim idx < 2: REFUTED (was: holds)"),
        "{said}"
    );
    for page in ["page.md", "page.html"].map(|name| folder.path().join(name)) {
        stdout(&["report", text(&one), "-o", text(&page)]);
        let page = fs::read_to_string(&page).unwrap();
        let told = page.matches("as the card says, not checked here");
        assert_eq!(told.count(), 2, "{page}");
        assert!(page.contains("trust me"));
    }
}

#[test]
fn render_takes_the_folder_of_findings() {
    let folder = tempfile::tempdir().unwrap();
    let [place, screen] = ["elsewhere", "screen.txt"].map(|name| folder.path().join(name));
    let render = |keys: &str| {
        let flags = [
            "--findings",
            text(&place),
            "--snapshots",
            text(folder.path()),
        ];
        let rest = ["--keys", keys, "-o", text(&screen)];
        output(&[&["render"], &flags[..], &rest[..]].concat());
        fs::read_to_string(&screen).unwrap()
    };
    let shown = render("b 'Here' ctrl-s");
    assert!(shown.contains("kept as"), "{shown}");
    assert!(place.join("here/finding.json").is_file());
    assert!(!folder.path().join("findings").exists());
    assert!(render("F").contains("Here"));
}

#[test]
fn every_tutorial_holds() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    for slide in &circuitscope::model::SLIDES {
        let folder = match slide.name {
            "array_update" => assets.join("findings"),
            name => assets.join("slides").join(name),
        };
        holds(slide.name, &folder);
    }
    let others = crate::entries(&assets.join("slides"));
    assert_eq!(others.len(), circuitscope::model::SLIDES.len() - 1);
}

/// Every finding claims something of all inputs, and all that they claim holds.
fn holds(slide: &str, folder: &Path) {
    use circuitscope::findings::tutorial;
    let (code, said) = run(&["replay", text(folder)]);
    assert_eq!(code, 0, "{said}");
    let kept = tutorial::list(slide).unwrap().findings;
    for finding in &kept {
        let claims = &finding.card.claims;
        let holds = claims.iter().all(|claim| claim.holds == Some(true));
        assert!(!claims.is_empty() && holds, "{}", finding.name);
        for claim in claims {
            let line = format!(
                "{}: claim {}: PROVED (was: holds)",
                finding.name, claim.claim
            );
            assert!(said.contains(&line), "{line} is not in {said}");
        }
        let session = tutorial::session(slide, &finding.name).unwrap();
        let lines: Vec<&String> = claims.iter().map(|claim| &claim.claim).collect();
        assert_eq!(lines, session.study.claims.iter().collect::<Vec<_>>());
    }
    // all of them are in the program
    let inside: Vec<String> = kept.into_iter().map(|finding| finding.name).collect();
    assert_eq!(crate::entries(folder), inside);
}
