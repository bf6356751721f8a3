//! A model at several steps, in the live program: a key that is held down is kept up with.

use crate::session::{PROGRAM, Session, command};
use std::time::Duration;

#[test]
fn a_held_key_goes_through_all_steps_and_the_last_one_wanted_is_shown() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let recipe =
        "train --task min_of_two:max_num=6 --d-model 16 --layers 1 --steps 60 --save-every 2 -o";
    let trained = std::process::Command::new(PROGRAM)
        .args(recipe.split(' '))
        .arg(&folder)
        .output()
        .unwrap();
    assert!(trained.status.success(), "{trained:?}");
    let mut command = command(PROGRAM);
    command.args(["--model", folder.to_str().unwrap()]);
    let mut session = Session::start(command, (120, 40));
    session.wait_for("step 60  31/31");
    session.wait_for("logp");
    // as a keyboard repeats it, thirty a second
    for _ in 0..25 {
        session.send("{");
        std::thread::sleep(Duration::from_millis(33));
    }
    session.wait_for("step 10  6/31");
    // faster than anybody types: none is lost, those between need not be seen
    session.send(&"}".repeat(20));
    session.wait_for("step 50  26/31");
    session.wait_for("pred acc");
    session.send("q");
    session.ends(0, 1);
}
