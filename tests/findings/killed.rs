//! A program that is killed while it saves leaves old or new, never half; so does a full disk.

use crate::store::draft;
use crate::{entries, workbench};
use circuitscope::findings::files::write_whole;
use circuitscope::findings::session::Session;
use circuitscope::findings::store::Store;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Set for the copy of this test that saves until it is killed.
const FOLDER: &str = "SAVE_UNTIL_KILLED";
const FULL: &str = "SAVE_ON_A_FULL_DISK";

fn copy_of(test: &str, variable: &str, folder: &Path) -> Command {
    let mut copy = Command::new(std::env::current_exe().unwrap());
    copy.args(["--exact", test, "--nocapture"]);
    copy.env(variable, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    copy
}

/// Two sessions of different lengths, one after the other, and findings.
fn save_for_ever(folder: &Path) {
    let mut bench = workbench::workbench(1);
    let short = bench.state.session().to_json().unwrap();
    workbench::press(&mut bench, &"n ".repeat(40));
    let long = bench.state.session().to_json().unwrap();
    std::fs::write(folder.join("ready"), "").unwrap();
    let store = Store::new(folder.join("findings"));
    let mut made = draft("Finding", "a note");
    made.files.push(("numbers.csv".into(), vec![b'x'; 200_000]));
    loop {
        for bytes in [&short, &long] {
            write_whole(&folder.join("session.json"), bytes).unwrap();
        }
        let name = store.create(&made).unwrap();
        store.set_note(&name, "a note", "another note").unwrap();
        store.trash(&name).unwrap();
    }
}

#[test]
fn a_hundred_kills_leave_everything_whole() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        save_for_ever(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "killed::a_hundred_kills_leave_everything_whole";
    let mut seen = 0;
    for round in 0..100_u64 {
        let mut child = copy_of(name, FOLDER, folder.path()).spawn().unwrap();
        let ready = folder.path().join("ready");
        while !ready.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::fs::remove_file(&ready).unwrap();
        // anywhere in a cycle of some milliseconds
        std::thread::sleep(Duration::from_micros(500 + round * 1931 % 30_000));
        child.kill().unwrap();
        child.wait().unwrap();
        seen += check(folder.path());
    }
    assert!(
        seen >= 50,
        "only {seen} kills came while there was something to break"
    );
}

/// Whether anything was there; all of it must be whole.
fn check(folder: &Path) -> usize {
    let session = folder.join("session.json");
    if !session.exists() {
        return 0;
    }
    Session::open(&session).unwrap();
    for place in ["findings", "findings/.trash"] {
        let place = folder.join(place);
        if !place.exists() {
            continue;
        }
        let listing = Store::new(place).list().unwrap();
        assert_eq!(listing.broken, []);
        for finding in listing.findings {
            assert!(["a note", "another note"].contains(&finding.note.as_str()));
        }
    }
    1
}

/// No byte goes into a file any more, as on a full disk.
#[test]
fn a_full_disk_leaves_the_old_and_says_so() {
    let Some(folder) = std::env::var_os(FULL) else {
        let folder = tempfile::tempdir().unwrap();
        let session = workbench::workbench(1).state.session().to_json().unwrap();
        write_whole(&folder.path().join("session.json"), &session).unwrap();
        Store::new(folder.path().join("findings"))
            .create(&draft("Old", "a note"))
            .unwrap();
        let name = "killed::a_full_disk_leaves_the_old_and_says_so";
        let status = copy_of(name, FULL, folder.path()).status().unwrap();
        assert!(status.success());
        assert_eq!(check(folder.path()), 1);
        assert_eq!(entries(&folder.path().join("findings")), ["old"]);
        assert_eq!(entries(folder.path()), ["findings", "session.json"]);
        return;
    };
    let folder = Path::new(&folder);
    // the signal would end the process before the error came
    #[expect(unsafe_code, reason = "ignoring a signal runs no code of ours")]
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0).unwrap();
    let store = Store::new(folder.join("findings"));
    for error in [
        write_whole(&folder.join("session.json"), b"new").unwrap_err(),
        store.create(&draft("New", "note")).unwrap_err(),
        store.set_note("old", "a note", "new").unwrap_err(),
        store.rename("old", "New").unwrap_err(),
    ] {
        assert!(format!("{error:#}").contains("disk is full"), "{error:#}");
    }
}
