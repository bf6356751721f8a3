//! The tutorial's frames are the program's own, and its keys are few.
//!
//! `TUTORIAL=update cargo test --test tutorial` draws the frames anew; the story is for people to
//! read again then.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
#[path = "common/mod.rs"]
mod common;

use circuitscope::app::{ModelInfo, State, parse_script};
use circuitscope::runtime::headless::Headless;
use circuitscope::task::Sample;
use circuitscope::ui::colour::Depth;
use circuitscope::ui::look::Look;
use circuitscope::ui::theme::Theme;
use std::path::Path;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tutorial.md");
/// A step is at most so many keys away from the one before.
const MOST_KEYS: usize = 5;

fn workbench() -> Headless {
    let model = common::embedded();
    let info = ModelInfo::new(&model, None, "cpu".into());
    let state = State::new(info, Sample::default(), None);
    let look = Look {
        theme: Theme::named("dark").unwrap().clone(),
        depth: Depth::True,
        ascii: false,
    };
    Headless::new(model, state, look, (112, 26))
}

/// The words between a pair of marks.
fn between<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.split(mark).skip(1).step_by(2).collect()
}

/// The page with every frame drawn anew, how many there are, and what is told of one that it does
/// not show.
fn drawn(page: &str) -> (String, usize, Vec<String>) {
    let mut bench = workbench();
    let mut fresh = String::new();
    let (mut prose, mut steps, mut in_frame) = (String::new(), 0, false);
    let mut wrong = Vec::new();
    for line in page.lines() {
        if in_frame {
            in_frame = line != "```";
            if in_frame {
                continue;
            }
        }
        fresh.push_str(line);
        fresh.push('\n');
        prose.push_str(line);
        prose.push('\n');
        if let Some(words) = line.strip_prefix("Keys:") {
            let keys = between(words, "`");
            assert!(keys.len() <= MOST_KEYS, "too many keys: {line}");
            for key in parse_script(&keys.join(" ")).unwrap() {
                bench.key(key);
            }
        }
        if line == "```text" {
            steps += 1;
            let frame = bench.encode(Path::new("frame.txt")).unwrap();
            let frame = String::from_utf8(frame).unwrap();
            // a number in bold type is one that the reader can see
            let told = between(&prose, "**").into_iter();
            let missing = told.filter(|number| !frame.contains(number));
            wrong.extend(missing.map(|number| format!("step {steps}: no {number} in its frame")));
            fresh.push_str(frame.trim_end());
            fresh.push('\n');
            prose.clear();
            in_frame = true;
        }
    }
    (fresh, steps, wrong)
}

/// 18,750,000
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let parts = digits.as_bytes().rchunks(3).rev();
    let parts: Vec<&str> = parts
        .map(|part| std::str::from_utf8(part).unwrap())
        .collect();
    parts.join(",")
}

/// The table of claims says what the findings in the program say; that these hold, and with these
/// numbers, is what `findings::replayed::every_tutorial_holds` computes.
#[test]
fn the_claims_are_those_of_the_findings() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let shown = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    let mut rows = Vec::new();
    for finding in circuitscope::findings::tutorial::list("array_update")
        .unwrap()
        .findings
    {
        let number = finding.name.split('-').next().unwrap();
        for claim in &finding.card.claims {
            let n = claim.numbers.as_ref().unwrap();
            rows.push(format!(
                "| {number} | `{}` | {} of {} | {:.3} | {:.3} | {:.3} |",
                claim.claim,
                grouped(n.count),
                grouped(n.total),
                n.mean.unwrap(),
                n.min.unwrap(),
                n.max.unwrap()
            ));
        }
    }
    assert!(rows.len() >= 12, "{rows:#?}");
    assert_eq!(shown.collect::<Vec<_>>(), rows);
}

#[test]
fn the_frames_are_the_programs_own() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (fresh, steps, wrong) = drawn(&page);
    assert!(steps >= 20, "only {steps} steps");
    if std::env::var_os("TUTORIAL").is_some_and(|what| what == "update") {
        std::fs::write(PAGE, fresh).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (i, (now, then)) in fresh.lines().zip(page.lines()).enumerate() {
        assert_eq!(
            now,
            then,
            "line {}; TUTORIAL=update draws the frames anew",
            i + 1
        );
    }
    assert_eq!(fresh.lines().count(), page.lines().count());
}
