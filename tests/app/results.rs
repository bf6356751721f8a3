//! What comes back from the worker and from the disk.

use crate::told;
use crate::workbench::{model, press, state, workbench, workbench_in};
use circuitscope::app::{Effect, Key, Msg, Pane, State, update};
use circuitscope::lens::{Cell, GridName, Observation, Reading, observe};
use circuitscope::model::Model;
use std::path::Path;

fn fresh() -> (Model, State) {
    let model = model(1);
    let state = state(&model, "random:0:16".parse().unwrap());
    (model, state)
}

fn observed(model: &Model, effects: &[Effect]) -> Option<(u64, Box<Observation>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Observe(request) => {
            let seen = observe(&model.transformer, &request.experiment, &|| false);
            Some((request.generation, Box::new(seen.unwrap().unwrap())))
        }
        _ => None,
    })
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let (model, mut state) = fresh();
    let effects = state.start();
    let (old, old_seen) = observed(&model, &effects).unwrap();
    let effects = update(&mut state, Msg::Key(Key::char('c')));
    let (new, new_seen) = observed(&model, &effects).unwrap();
    assert!(new > old);
    let answer = |generation, seen: &Observation| Msg::Observed {
        generation,
        result: Ok(Box::new(seen.clone())),
    };
    assert!(update(&mut state, answer(old, &old_seen)).is_empty());
    assert!(
        state.observation.is_none(),
        "old numbers under a new prompt"
    );
    update(&mut state, answer(new, &new_seen));
    assert!(!state.is_stale());
    update(&mut state, answer(old, &old_seen));
    assert_eq!(state.observation.as_deref(), Some(&*new_seen));
    // an old error is no news either
    let failed = |generation| Msg::Observed {
        generation,
        result: Err("out of memory".into()),
    };
    update(&mut state, failed(old));
    assert_eq!(state.failure, None);
    update(&mut state, failed(new));
    assert_eq!(state.failure.as_deref(), Some("out of memory"));
    update(&mut state, answer(new, &new_seen));
    assert_eq!(state.failure, None);
}

#[test]
fn numbers_are_stale_until_their_own_come() {
    let (model, mut state) = fresh();
    let effects = state.start();
    assert!(state.is_stale());
    let (generation, seen) = observed(&model, &effects).unwrap();
    update(
        &mut state,
        Msg::Observed {
            generation,
            result: Ok(seen),
        },
    );
    assert!(!state.is_stale());
    update(&mut state, Msg::Key(Key::char('d')));
    assert!(state.is_stale() && state.observation.is_some());
    // back where the numbers on screen belong, but asked for again
    update(&mut state, Msg::Key(Key::char('u')));
    assert!(!state.is_stale());
}

#[test]
fn a_score_of_another_sample_is_dropped() {
    let (_, mut state) = fresh();
    let score = workbench(1).state.sample.score.unwrap();
    let scored = |sample: &str| Msg::Scored {
        sample: sample.parse().unwrap(),
        result: Ok(score.clone()),
    };
    update(&mut state, scored("random:1:16"));
    assert!(state.sample.score.is_none());
    update(&mut state, scored("random:0:16"));
    assert!(state.sample.score.is_some());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_snapshot_never_takes_the_place_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("new/folder");
    let mut bench = workbench_in(&place, 1);
    press(&mut bench, "s");
    let first = ["ans", "html", "json", "png", "svg", "txt"].map(|end| format!("snapshot.{end}"));
    assert_eq!(names(&place), first);
    assert!(told(&bench).starts_with("saved snapshot.json"));
    let before: Vec<Vec<u8>> = first.iter().map(|name| read(&place, name)).collect();
    press(&mut bench, "c s");
    let second =
        ["ans", "html", "json", "png", "svg", "txt"].map(|end| format!("snapshot-2.{end}"));
    for (name, bytes) in first.iter().zip(&before) {
        assert_eq!(read(&place, name), *bytes, "{name} was written again");
    }
    assert_eq!(names(&place).len(), 12);
    for name in &second {
        assert!(!read(&place, name).is_empty());
    }
    let text = String::from_utf8(read(&place, "snapshot.txt")).unwrap();
    assert!(text.contains("circuitscope") && text.lines().count() == 24);
    let json: serde_json::Value = serde_json::from_slice(&read(&place, "snapshot.json")).unwrap();
    assert_eq!(json["model"]["name"], "small");
    assert_eq!(json["stale"], false);
    assert!(read(&place, "snapshot.png").starts_with(b"\x89PNG"));
    assert!(read(&place, "snapshot.svg").starts_with(b"<"));
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn a_snapshot_that_cannot_be_written_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut bench = workbench_in(file.path(), 1);
    press(&mut bench, "s");
    assert!(
        told(&bench).starts_with("nothing saved: "),
        "{}",
        told(&bench)
    );
}

/// A grid that is written says its numbers as the screen does, whichever way that is.
#[test]
fn written_grids_are_told_as_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = workbench_in(folder.path(), 1);
    bench.state.view.focus = Pane::Strips;
    let mut written = Vec::new();
    for reading in Reading::ALL {
        assert_eq!(bench.state.view.reading, reading);
        press(&mut bench, "e");
        let newest = std::fs::read_dir(folder.path()).unwrap();
        let newest = newest.map(|entry| entry.unwrap().path());
        let newest = newest.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let newest = newest
            .max_by_key(|path| path.to_string_lossy().len())
            .unwrap();
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&newest).unwrap()).unwrap();
        let seen = bench.state.observation.clone().unwrap();
        let cell = |pos| Cell {
            layer: 0,
            head: None,
            pos: Some(pos),
            src: None,
        };
        for pos in 0..bench.state.task().seq_len() {
            let told = seen.told(reading, GridName::ResidPre, cell(pos)).unwrap();
            let value = json["values"][0][pos].as_f64().unwrap();
            assert!((value - f64::from(told)).abs() < 1e-6, "{reading:?} {pos}");
        }
        written.push(json["values"].to_string());
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::remove_file(path).unwrap();
            }
        }
        press(&mut bench, "v");
    }
    written.dedup();
    assert_eq!(written.len(), Reading::ALL.len());
}
