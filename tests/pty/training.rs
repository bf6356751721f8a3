//! A training in the live program: the panes follow it, keys go on, and leaving keeps what there is.

use crate::session::{PROGRAM, Session, command};
use std::path::Path;

fn started(home: &Path) -> Session {
    let mut command = command(PROGRAM);
    command.env("XDG_STATE_HOME", home.join("state"));
    command.args(["--slide", "min_of_two"]);
    let session = Session::start(command, (160, 40));
    session.wait_for("min_of_two");
    session.wait_for("logp");
    session
}

#[test]
fn it_is_watched_paused_and_kept_and_its_series_is_opened() {
    let home = tempfile::tempdir().unwrap();
    let mut session = started(home.path());
    session.send(":train steps 100000 d_model 16 d_head 16 seed 7\r");
    session.wait_for("training ");
    session.wait_for("/100000  loss ");
    session.wait_for("left");
    session.send(":train pause\r");
    session.wait_for("paused; train go goes on");
    // keys are taken meanwhile
    session.send(":step first\r");
    session.wait_for("step 0  1/");
    session.send(":train go\r");
    session.wait_for("training ");
    let kept = home.path().join("kept");
    session.send(&format!(":train keep {}\r", kept.to_str().unwrap()));
    session.wait_for("the training is kept in");
    session.send("}");
    session.wait_for("step 1  2/");
    assert!(kept.join("record.json").is_file());
    assert!(kept.join("step-00000000.safetensors").is_file());
    session.send("q");
    session.ends(0, 1);
}

#[test]
fn leaving_keeps_what_there_is_and_says_how_to_go_on() {
    let home = tempfile::tempdir().unwrap();
    let mut session = started(home.path());
    session.send(":train steps 100000 d_model 16 d_head 16\r");
    session.wait_for("/100000  loss ");
    session.send("q");
    session.wait_for("the training was stopped");
    session.wait_for("--continue");
    session.ends(0, 1);
    let place = home
        .path()
        .join("state/circuitscope/trainings/min-of-two-seed-0");
    assert!(place.join("state.safetensors").is_file());
}
