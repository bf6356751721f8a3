//! The models in the binary.

use super::common::device;
use super::program::{command, json, output, refused, stdout};
use circuitscope::lens::slide::{self, Wish, overall};
use circuitscope::model::SLIDES;
use circuitscope::task::Sample;
use serde_json::Value;
use std::path::Path;

/// So many inputs are counted whole in a test.
const COUNTED: usize = 200_000;

#[test]
fn they_are_as_right_as_the_list_says() {
    let listed = json(&["slides"]);
    let text = stdout(&["slides"]);
    let listed = listed["slides"].as_array().unwrap();
    assert_eq!(listed.len(), SLIDES.len());
    for (slide, line) in SLIDES.iter().zip(listed) {
        assert_eq!(line["name"], slide.name);
        assert!(line["bytes"].as_u64().unwrap() < 600_000, "{line}");
        let model = slide::open(&slide.path(), &Wish::default(), device()).unwrap();
        assert!(
            model.transformer.config().assumed.is_empty(),
            "{}",
            slide.name
        );
        let task = model.transformer.task();
        assert_eq!(line["task"], task.identity().to_string());
        if task.input_space() > COUNTED as u128 {
            // too many for a test: the sample that the record names
            assert_eq!(
                (&line["exact"], &line["inputs_right"]),
                (&false.into(), &line["inputs"])
            );
            assert!(
                line["sample"].as_str().unwrap().starts_with("random:"),
                "{line}"
            );
            continue;
        }
        let counted = overall(&model.transformer, COUNTED, Sample::default()).unwrap();
        assert_eq!(line["exact"], true, "{}", slide.name);
        assert_eq!(
            (&line["inputs"], &line["inputs_right"]),
            (
                &counted.score.inputs.into(),
                &counted.score.right().inputs_right.into()
            ),
            "{}",
            slide.name
        );
    }
    assert!(text.contains("sort list_len=4"), "{text}");
}

#[test]
fn any_command_opens_one() {
    let run = json(&["run", "--slide", "sort", "9 2 7 2"]);
    assert_eq!(run["model"]["name"], "sort (embedded)");
    let said: Vec<&Value> = run["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["argmax"])
        .collect();
    assert_eq!(said, [2, 2, 7, 9]);
    // the first one is what is opened unasked
    let [named, unasked] = [&["--slide", "array_update"][..], &[]]
        .map(|more| stdout(&[&["run", "14 26 35 1 48"], more].concat()));
    assert_eq!(named, unasked);
    // another task of its sizes
    let other = json(&[
        "run",
        "--slide",
        "modular_addition",
        "--task",
        "modular_subtraction",
        "7 9 =",
    ]);
    assert_eq!(other["predictions"][0]["target"], 29);
    refused(&["run", "--slide", "nonsense", "1"], "min_of_two");
    refused(
        &["run", "--slide", "sort", "--model", "m.pt", "1"],
        "cannot be used with",
    );
    refused(
        &["run", "--slide", "sort", "--positions", "none", "1 2 3 4"],
        "say all of themselves",
    );
    refused(
        &["run", "--model", "slide:nonsense", "1"],
        "no slide 'nonsense'; the slides are",
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            stdout(&["completions", shell]).contains("modular_addition"),
            "{shell}"
        );
    }
}

/// The frame after some keys.
fn frame(args: &[&str], keys: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("frame.txt");
    let out = out.to_str().unwrap();
    let made = output(
        &[
            &["render", "-o", out, "--size", "120x40", "--keys", keys],
            args,
        ]
        .concat(),
    );
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    std::fs::read_to_string(out).unwrap()
}

#[test]
fn a_session_of_one_opens_it_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/slides/sort");
    let first = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let session = first.path().join("session.json");
    let shown = frame(&["--session", session.to_str().unwrap()], "");
    assert!(shown.contains("sort (embedded)"), "{shown}");
    // somebody else's program has it too
    let kept = circuitscope::findings::session::Session::open(&session).unwrap();
    let line = circuitscope::findings::share::line(&kept).unwrap();
    let shared = circuitscope::findings::share::parse(&line).unwrap();
    assert_eq!(shared.model.path.as_deref(), Some("slide:sort"));
    // each has a tutorial of its own
    let shown = frame(&["--slide", "min_of_two"], "? t");
    assert!(shown.contains("looks at the smaller"), "{shown}");
    assert!(!shown.contains("copies the answer"), "{shown}");
}

#[test]
fn a_line_switches_to_another_and_back_to_what_was_done() {
    let shown = frame(&[], ": 'slide sort' enter");
    let header = shown.lines().next().unwrap();
    assert!(header.contains("sort (embedded)"), "{shown}");
    assert!(shown.contains("leads back to array_update"), "{shown}");
    assert!(shown.contains("MID"), "{shown}");
    let zero = ": 'zero blocks.0.attn.hook_z @idx' enter";
    let back = frame(
        &[],
        &format!("{zero} : 'slide sort' enter : 'slide array_update' enter"),
    );
    assert!(
        back.lines()
            .next()
            .unwrap()
            .contains("array_update (embedded)"),
        "{back}"
    );
    assert!(back.contains("zero blocks.0.attn.hook_z @idx"), "{back}");
    // and the numbers are those of the model that is shown
    let plain = frame(&[], zero);
    let logits = |frame: &str| {
        frame
            .lines()
            .skip(1)
            .take(15)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(logits(&back), logits(&plain));
    let wrong = frame(&[], ": 'slide nonsense' enter");
    assert!(wrong.contains("no slide 'nonsense'"), "{wrong}");
    let wrong = frame(&[], ": 'slide no/such.pt' enter");
    let header = wrong.lines().next().unwrap();
    assert!(header.contains("array_update (embedded)"), "{wrong}");
    assert!(wrong.contains("cannot read weights"), "{wrong}");
}

/// A slide says what its task is: a task file in the folder one stands in is of another model.
#[test]
fn a_task_file_in_the_folder_is_none_of_a_slide() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("task.star"), "this is no task").unwrap();
    let run = command(&["run", "--slide", "sort", "1 2 3 4", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    let run: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(run["model"]["task"]["name"], "sort", "{run}");
}
