//! The map of the house holds: which room looks at which, what each may touch, what is at the top.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms it may look at. Arrows only point downwards.
const ROOMS: [(&str, &[&str]); 11] = [
    ("task", &[]),
    ("model", &["task"]),
    ("lens", &["task", "model"]),
    ("sweep", &["task", "model", "lens"]),
    ("answers", &["task", "model", "lens", "sweep"]),
    ("training", &["task", "model", "lens"]),
    ("findings", &["task", "model", "lens", "sweep", "answers"]),
    (
        "app",
        &[
            "task", "model", "lens", "sweep", "answers", "training", "findings",
        ],
    ),
    (
        "ui",
        &[
            "task", "model", "lens", "sweep", "answers", "training", "findings", "app",
        ],
    ),
    (
        "runtime",
        &[
            "task", "model", "lens", "sweep", "answers", "training", "findings", "app", "ui",
        ],
    ),
    (
        "cli",
        &[
            "task", "model", "lens", "sweep", "answers", "training", "findings", "app", "ui",
            "runtime",
        ],
    ),
];

/// The sub-rooms of a room, and for each those of its neighbours that it may look at: the ones listed
/// before it.
const SUB_ROOMS: [(&str, &[&str]); 2] = [
    (
        "lens",
        &[
            "numbers",
            "names",
            "weights",
            "experiment",
            "exact",
            "runs",
            "shares",
        ],
    ),
    ("app", &["keys", "held", "does", "session"]),
];

/// What rooms must not mention: numerics know no terminal, no thread, no printing; state and view
/// do no I/O and start no forward pass.
const FORBIDDEN: [(&[&str], &[&str]); 2] = [
    (
        &["task", "model", "lens", "sweep", "answers", "training"],
        &[
            "ratatui",
            "crossterm",
            "thread::spawn",
            "thread::Builder",
            "stdout",
            "stderr",
        ],
    ),
    (
        &["app", "ui"],
        &[
            "candle_core",
            "candle_nn",
            "std::fs",
            "std::io",
            "std::thread",
            "std::time",
            "std::env",
            "observe(",
            "HookedTransformer",
        ],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a file without its comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| match line.trim_start() {
        comment if comment.starts_with("//") => "",
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn rooms_look_only_downwards() {
    let mut wrong = Vec::new();
    for (room, below) in ROOMS {
        for path in sources(&root().join("src").join(room)) {
            let code = code(&path);
            for seen in code.split("crate::").skip(1) {
                let name: String = seen
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                let is_room = ROOMS.iter().any(|(other, _)| *other == name);
                if is_room && name != room && !below.contains(&name.as_str()) {
                    wrong.push(format!("{}: {room} looks at {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words that follow `start` in some code.
fn after<'a>(code: &'a str, start: &str) -> impl Iterator<Item = &'a str> {
    code.split(start).skip(1).map(|rest| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        rest.split(|c: char| !is_name(c)).next().unwrap_or("")
    })
}

#[test]
fn sub_rooms_look_only_at_those_before_them() {
    let mut wrong = Vec::new();
    for (room, order) in SUB_ROOMS {
        let folder = root().join("src").join(room);
        let place = |name: &str| order.iter().position(|one| *one == name);
        let found = fs::read_dir(&folder).unwrap().map(|one| one.unwrap());
        for entry in found.filter(|entry| entry.path().is_dir()) {
            let name = entry.file_name().into_string().unwrap();
            assert!(place(&name).is_some(), "{room}/{name} is not in the order");
            let own = place(&name).unwrap();
            for path in sources(&entry.path()) {
                let code = code(&path);
                for seen in after(&code, &format!("crate::{room}::")) {
                    if place(seen).is_none_or(|seen| seen >= own) {
                        wrong.push(format!("{}: {name} looks at '{seen}'", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No file of a sub-room needs itself by way of others: with every step from a file to those it uses,
/// some file must be left that uses none of those left.
#[test]
fn no_files_go_round_in_circles() {
    for (room, order) in SUB_ROOMS {
        for name in order {
            let folder = root().join("src").join(room).join(name);
            let files = sources(&folder);
            let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut left: Vec<(String, Vec<String>)> = files
                .iter()
                .filter(|path| !path.ends_with("mod.rs"))
                .map(|path| {
                    let code = code(path);
                    let uses = after(&code, "super::").map(str::to_owned).collect();
                    (stem(path), uses)
                })
                .collect();
            while !left.is_empty() {
                let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
                let before = left.len();
                left.retain(|(own, uses)| uses.iter().any(|one| one != own && names.contains(one)));
                assert!(
                    left.len() < before,
                    "{room}/{name}: a circle among {names:?}"
                );
            }
        }
    }
}

#[test]
fn every_folder_is_a_known_room() {
    let mut rooms: Vec<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let mut known: Vec<String> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    rooms.sort();
    known.sort();
    assert_eq!(rooms, known);
}

#[test]
fn rooms_touch_only_what_they_may() {
    let mut wrong = Vec::new();
    for (rooms, forbidden) in FORBIDDEN {
        for path in rooms
            .iter()
            .flat_map(|room| sources(&root().join("src").join(room)))
        {
            let code = code(&path);
            for word in forbidden.iter().filter(|word| code.contains(**word)) {
                wrong.push(format!("{} mentions {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    let long: Vec<String> = ["src", "tests"]
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > 450)
        .map(|(lines, path)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// People write `0 to 2`, `1.71` and no minus zero: signs and powers of ten are put into numbers in
/// one place.
#[test]
fn numbers_are_written_in_one_place() {
    let mut wrong = Vec::new();
    for path in sources(&root().join("src")) {
        if path.ends_with("task/number.rs") || path.ends_with("ui/number.rs") {
            continue;
        }
        for line in code(&path).lines() {
            // what stands between quotes
            let texts = line.split('"').skip(1).step_by(2);
            let ranges = texts
                .clone()
                .any(|text| text.contains("..=") && !text.contains('['));
            let formats = texts.flat_map(|text| text.split('{').skip(1));
            let formats = formats.filter_map(|text| text.split_once('}')?.0.split_once(':'));
            let signs = formats.map(|(_, format)| format);
            let signed = signs
                .clone()
                .any(|f| f.starts_with('+') || f.contains('.') && f.ends_with('e'));
            if ranges || signed {
                wrong.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_terminal_library() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in ["crossterm", "ratatui", "ratatui-core", "candle-core"] {
        let entry = format!("name = \"{name}\"\n");
        let count = lock.matches(&entry).count();
        assert_eq!(count, 1, "{count} versions of {name} in Cargo.lock");
    }
}

#[test]
fn the_top_level_is_what_was_agreed() {
    let agreed = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "src",
        "assets",
        "models",
        "tests",
        "docs",
    ];
    for name in agreed {
        assert!(root().join(name).exists(), "{name} is missing");
    }
    let strays: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // "target" is the build folder, which git ignores
        .filter(|name| {
            !name.starts_with('.') && name != "target" && !agreed.contains(&name.as_str())
        })
        .collect();
    assert!(strays.is_empty(), "at the top level: {strays:?}");
}
