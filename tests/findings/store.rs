//! The folder of findings.

use crate::entries;
use crate::workbench::workbench;
use circuitscope::findings::store::{Card, Draft, FINDING, Store, open, utc};
use std::fs;

pub fn draft(title: &str, note: &str) -> Draft {
    let session = workbench(1).state.session();
    Draft {
        card: Card {
            format: FINDING.format(),
            program: "circuitscope test".into(),
            title: title.into(),
            created: utc(1_764_000_000),
            model: session.model.clone(),
            claims: Vec::new(),
        },
        note: note.into(),
        session,
        files: vec![("numbers.json".into(), b"{}\n".to_vec())],
    }
}

#[test]
fn a_finding_is_kept_whole_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("deep/findings"));
    assert_eq!(store.list().unwrap().findings, []);
    let note = "é 漢字 \u{1f52c}\n\n  second line, trailing \n";
    let made = draft("Wörter: 1.0 → elt!", note);
    let name = store.create(&made).unwrap();
    assert_eq!(name, "w-rter-1-0-elt");
    let found = store.list().unwrap().findings;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].card, &found[0].note[..]), (&made.card, note));
    assert_eq!(store.session(&name).unwrap(), made.session);
    assert_eq!(entries(store.folder()), [name]);
}

#[test]
fn a_name_is_never_taken_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    fs::write(folder.path().join("one-2"), "a file").unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.path().join("one-3")).unwrap();
    let names: Vec<String> = (0..3)
        .map(|_| store.create(&draft("One", "")).unwrap())
        .collect();
    assert_eq!(names, ["one", "one-4", "one-5"]);
    assert_eq!(
        fs::read_to_string(folder.path().join("one-2")).unwrap(),
        "a file"
    );
}

#[test]
fn two_programs_make_findings_of_one_title_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let made = draft("Same", "note");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let store = Store::new(folder.path().to_owned());
                for _ in 0..5 {
                    store.create(&made).unwrap();
                }
            });
        }
    });
    let listing = Store::new(folder.path().to_owned()).list().unwrap();
    assert_eq!((listing.findings.len(), listing.broken.len()), (40, 0));
}

#[test]
fn titles_and_notes_change_and_the_trash_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    let name = store.create(&draft("Old", "first")).unwrap();
    let other = store.create(&draft("New", "other")).unwrap();
    let renamed = store.rename(&name, "New").unwrap();
    assert_eq!((other.as_str(), renamed.as_str()), ("new", "new-2"));
    assert_eq!(
        open(&folder.path().join(&renamed)).unwrap().card.title,
        "New"
    );
    assert_eq!(store.rename(&other, "New").unwrap(), "new");
    store.set_note(&renamed, "first", "second").unwrap();
    // somebody else has written meanwhile: nothing is lost
    let error = store.set_note(&renamed, "first", "third").unwrap_err();
    assert!(
        format!("{error:#}").contains("changed by somebody else"),
        "{error:#}"
    );
    assert_eq!(open(&folder.path().join(&renamed)).unwrap().note, "second");
    for name in ["new", "new-2"] {
        let place = store.trash(name).unwrap();
        assert!(open(&place).is_ok());
    }
    store.create(&draft("New", "third")).unwrap();
    store.trash("new").unwrap();
    assert_eq!(
        entries(&folder.path().join(".trash")),
        ["new", "new-2", "new-3"]
    );
    assert_eq!(store.list().unwrap().findings, []);
    let error = store.trash("new").unwrap_err();
    assert!(
        format!("{error:#}").contains("there is no finding"),
        "{error:#}"
    );
}

#[test]
fn what_cannot_be_written_is_told_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::new(file.join("findings"))
        .create(&draft("One", ""))
        .unwrap_err();
    assert!(
        format!("{error:#}").contains("--findings names another"),
        "{error:#}"
    );
    let mut wrong = draft("One", "");
    wrong.files.push(("no/such/folder".into(), Vec::new()));
    let store = Store::new(folder.path().join("findings"));
    store.create(&wrong).unwrap_err();
    assert_eq!(entries(store.folder()), [""; 0]);
}

/// Permissions do not bind root; a file system that takes nothing does.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_nothing_is_told_to_anybody() {
    for place in ["/proc/findings", "/proc/self"] {
        let store = Store::new(place.into());
        let error = store.create(&draft("One", "")).unwrap_err();
        let said = format!("{error:#}");
        assert!(said.contains(place), "{said}");
        assert!(!said.contains('\n') && said.len() < 300, "{said}");
    }
}

#[test]
fn what_a_killed_program_left_is_swept_up_later() {
    let folder = tempfile::tempdir().unwrap();
    let left = |name: &str| folder.path().join(format!(".circuitscope-{name}.part"));
    for name in ["old", "new"] {
        fs::create_dir(left(name)).unwrap();
    }
    let hours = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    fs::File::open(left("old"))
        .unwrap()
        .set_modified(hours)
        .unwrap();
    Store::new(folder.path().to_owned())
        .create(&draft("One", ""))
        .unwrap();
    assert_eq!(entries(folder.path()), [".circuitscope-new.part", "one"]);
}

#[test]
fn dates() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (1_709_251_200, "2024-03-01T00:00:00Z"),
        (4_102_444_800, "2100-01-01T00:00:00Z"),
    ] {
        assert_eq!(utc(seconds), text);
    }
}
