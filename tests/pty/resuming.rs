//! Sessions outlive the program: whatever ends it, the same screen comes back.

use crate::session::{PROGRAM, PROMPT, Session, cells, command, fresh_home};
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn start(home: &Path, flags: &[&str]) -> Session {
    let mut command = command(PROGRAM);
    command.env("XDG_STATE_HOME", home);
    command.args(flags);
    Session::start(command, (120, 40))
}

/// A workbench that stands at something that is worth keeping.
fn busy(home: &Path) -> Session {
    let mut session = start(home, &["--prompt", PROMPT]);
    session.wait_for("logp");
    for key in ["\t", "\t", "\t", "\x1b[C", "\r", "c"] {
        session.send(key);
        session.wait_quiet(Duration::from_millis(60));
    }
    session.wait_for("counterfactual 2/");
    session
}

fn saved(home: &Path) -> PathBuf {
    home.join("circuitscope/sessions")
}

/// Waits for a saved session that says this; the time it took.
fn wait_saved(home: &Path, name: &str, text: &str) -> Duration {
    let since = Instant::now();
    loop {
        let found = fs::read_to_string(saved(home).join(name));
        if found.is_ok_and(|found| found.contains(text)) {
            return since.elapsed();
        }
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "{name} does not say {text}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// All but the header, the footer and the line above it, which has a message.
fn panes(session: &Session) -> Vec<String> {
    session.wait_for("acc 1");
    session.wait_quiet(Duration::from_millis(200));
    let rows = session.rows();
    rows[1..rows.len() - 2].to_vec()
}

fn comes_back(home: &Path, before: &[String], flags: &[&str], keys: &str) {
    let mut session = start(home, flags);
    session.wait_for("logp");
    session.send(keys);
    session.wait_for("counterfactual 2/");
    assert_eq!(panes(&session), before);
    // undo goes back behind the end of the last program
    session.send("uu");
    session.wait_for("counterfactual 1/");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_killed_session_is_offered_and_comes_back() {
    let home = fresh_home();
    let mut session = busy(&home);
    let took = wait_saved(&home, "1.json", "\"counterfactual\": 1");
    assert!(took < Duration::from_secs(2), "{took:?}");
    let before = panes(&session);
    wait_saved(&home, "1.json", "patch blocks");
    std::thread::sleep(Duration::from_millis(700));
    session.signal(Signal::SIGKILL);
    session.wait_end(Duration::from_secs(5));
    let mut session = start(&home, &[]);
    session.wait_for("ctrl-r takes it up");
    session.send("q");
    session.ends(0, 1);
    comes_back(&home, &before, &[], "\x12");
    // it was taken up: nobody is offered it again
    let mut session = start(&home, &["--prompt", PROMPT]);
    session.wait_for("logp");
    assert!(!session.look(|screen| screen.contents().contains("ctrl-r takes it up")));
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_hung_up_or_left_session_is_resumed() {
    for signal in [Some(Signal::SIGHUP), Some(Signal::SIGKILL), None] {
        let home = fresh_home();
        let mut session = busy(&home);
        let before = panes(&session);
        match signal {
            Some(Signal::SIGKILL) => {
                wait_saved(&home, "1.json", "\"counterfactual\": 1");
                session.signal(Signal::SIGKILL);
            }
            Some(signal) => session.signal(signal),
            None => session.send("q"),
        }
        session.wait_end(Duration::from_secs(5));
        comes_back(&home, &before, &["--resume"], "");
    }
}

#[test]
fn two_programs_keep_two_sessions() {
    let home = fresh_home();
    let mut first = start(&home, &["--prompt", PROMPT]);
    first.wait_for("logp");
    let mut second = start(&home, &["--prompt", "1 2 3 0 4"]);
    second.wait_for("logp");
    assert!(!second.look(|screen| screen.contents().contains("ctrl-r takes it up")));
    wait_saved(&home, "1.json", "14 26 35 1 48");
    wait_saved(&home, "2.json", "1 2 3 0 4");
    // what runs is not taken from it
    second.send("\x12");
    second.wait_for("no session was left behind");
    for session in [&mut first, &mut second] {
        session.send("q");
    }
    first.ends(0, 1);
    second.ends(0, 1);
}

/// Of several that were left behind the newest is taken up, wherever it stands.
#[test]
fn the_newest_of_those_left_behind_is_resumed() {
    let home = fresh_home();
    let mut session = busy(&home);
    wait_saved(&home, "1.json", "\"counterfactual\": 1");
    session.signal(Signal::SIGKILL);
    session.wait_end(Duration::from_secs(5));
    let folder = saved(&home);
    let text = fs::read_to_string(folder.join("1.json")).unwrap();
    let hour = Duration::from_secs(3600);
    for (name, idx, age) in [("1", 0, 3), ("2", 2, 1), ("3", 1, 2)] {
        let path = folder.join(format!("{name}.json"));
        fs::write(
            &path,
            text.replace("14 26 35 1 48", &format!("14 26 35 {idx} 48")),
        )
        .unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::now() - age * hour)
            .unwrap();
    }
    let mut session = start(&home, &["--resume"]);
    session.wait_for("logp");
    assert!(
        fs::read_to_string(folder.join("2.json"))
            .unwrap()
            .contains("14 26 35 2 48")
    );
    session.send("n");
    wait_saved(&home, "2.json", "\"example\": 0");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_state_folder_that_cannot_be_used_is_told_and_survived() {
    let home = fresh_home();
    let file = home.join("file");
    fs::write(&file, "").unwrap();
    let mut session = start(&file, &["--prompt", PROMPT]);
    session.wait_for("cannot keep sessions in");
    session.send("n");
    session.wait_for("example");
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn a_full_disk_is_told_and_the_old_session_stays() {
    let home = fresh_home();
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {PROGRAM} --prompt '{PROMPT}'");
    let mut shell = command("sh");
    shell.env("XDG_STATE_HOME", &home);
    shell.args(["-c", &script]);
    let mut session = Session::start(shell, (120, 40));
    session.wait_for("the session is not saved");
    session.send("q");
    // and again on leaving, with the exit code
    let after = session.ends(2, 1).after;
    assert!(after.contains("the session is not saved"), "{after}");
    let left: Vec<_> = fs::read_dir(saved(&home))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["1.lock"], "something is left of a write that failed");
}

#[test]
fn nothing_to_resume_and_broken_sessions_are_told_before_the_terminal_is_touched() {
    let home = fresh_home();
    let after = start(&home, &["--resume"]).ends(2, 0).after;
    assert!(
        after.contains("no session") && after.contains("sessions"),
        "{after}"
    );
    fs::create_dir_all(saved(&home)).unwrap();
    fs::write(
        saved(&home).join("last.json"),
        "{\"format\": \"circuitscope-session-9\"}",
    )
    .unwrap();
    let after = start(&home, &["--resume"]).ends(2, 0).after;
    assert!(
        after.contains("last.json") && after.contains("newer circuitscope"),
        "{after}"
    );
}

#[test]
fn a_session_is_recorded_as_a_cast() {
    let home = fresh_home();
    let cast = home.join("demo.cast");
    let flags = ["--prompt", PROMPT, "--record", cast.to_str().unwrap()];
    let mut session = start(&home, &flags);
    session.wait_for("logp");
    session.send("n");
    session.wait_for("example 1/");
    session.resize(100, 30);
    session.wait_quiet(Duration::from_millis(200));
    let shown = session.rows();
    session.send("q");
    session.ends(0, 1);
    let text = fs::read_to_string(&cast).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["version"], &lines[0]["width"]),
        (&2.into(), &120.into())
    );
    // played into a terminal it shows what was on the screen
    let mut player = vt100::Parser::new(cells(40), cells(120), 0);
    let mut last = 0.0;
    for event in &lines[1..] {
        let seconds = event[0].as_f64().unwrap();
        assert!(seconds >= last, "time runs backwards");
        last = seconds;
        let data = event[2].as_str().unwrap();
        match event[1].as_str().unwrap() {
            "o" => player.process(data.as_bytes()),
            "r" => {
                assert_eq!(data, "100x30");
                player.screen_mut().set_size(cells(30), cells(100));
            }
            other => unreachable!("{other}"),
        }
    }
    let played: Vec<String> = player
        .screen()
        .rows(0, 100)
        .map(|row| row.trim_end().to_owned())
        .collect();
    assert_eq!(played, shown);
    // a recording takes no file's place
    let after = start(&home, &flags).ends(2, 0).after;
    assert!(after.contains("demo.cast"), "{after}");
    assert_eq!(fs::read_to_string(&cast).unwrap(), text);
}

/// A connection that hangs: the program waits in a write, and hears all the same. What was typed into it
/// meanwhile is saved.
#[test]
fn a_stalled_terminal_keeps_nobody_from_leaving_and_loses_nothing() {
    for (signal, code, file) in [
        (Some(Signal::SIGTERM), 143, "1.json"),
        (Some(Signal::SIGHUP), 129, "1.json"),
        (None, 0, "last.json"),
    ] {
        let home = fresh_home();
        let mut session = start(&home, &["--prompt", PROMPT]);
        session.wait_for("logp");
        session.stall(true);
        // until the terminal's own buffer is full
        for _ in 0..60 {
            session.send("\x0c");
            std::thread::sleep(Duration::from_millis(20));
        }
        session.send("bA title typed blindly");
        std::thread::sleep(Duration::from_millis(100));
        let since = Instant::now();
        match signal {
            Some(signal) => session.signal(signal),
            None => session.send("\x03"),
        }
        let status = session.wait_end(Duration::from_secs(4));
        let took = since.elapsed();
        assert_eq!(status.exit_code(), code);
        assert!(took < Duration::from_secs(2), "{signal:?}: {took:?}");
        let found = fs::read_to_string(saved(&home).join(file)).unwrap();
        assert!(found.contains("A title typed blindly"), "{signal:?}");
        session.stall(false);
    }
}

/// A disk that is full in the middle of a recording is told at once, and again at the end; the work goes on.
#[test]
fn a_recording_that_cannot_go_on_is_told() {
    let home = fresh_home();
    let cast = home.join("long.cast");
    let mut shell = command("sh");
    // files of at most 64 or 128 kB: enough for sessions
    shell.args([
        "-c",
        "ulimit -f 128; exec \"$0\" \"$@\"",
        PROGRAM,
        "--prompt",
        PROMPT,
    ]);
    shell.args(["--record", cast.to_str().unwrap()]);
    let mut session = Session::start(shell, (80, 24));
    session.wait_for("logp");
    // told once, until the next key
    let told = |session: &Session| {
        String::from_utf8_lossy(&session.raw()).contains("the recording ends here: File too")
    };
    let since = Instant::now();
    while !told(&session) {
        assert!(since.elapsed() < Duration::from_secs(30), "not told");
        session.send("\x0c");
        session.wait_quiet(Duration::from_millis(50));
    }
    session.send("\t");
    session.send("q");
    let after = session.ends(2, 1).after;
    assert!(
        after.contains("long.cast") && after.contains("ends here"),
        "{after}"
    );
    // what there is of it are whole lines, but for the last one
    // it may end in the middle of a character
    let text = fs::read(&cast).unwrap();
    let text = String::from_utf8_lossy(&text);
    assert!(text.len() >= 65_536 && text.lines().count() > 3);
}
