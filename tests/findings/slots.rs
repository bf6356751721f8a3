//! A session that was taken up and never shown is not taken up in the same way again.

use crate::entries;
use crate::workbench::{press, workbench};
use circuitscope::findings::session::Session;
use circuitscope::findings::slots::{Slot, is_left_behind, resume, take_up};
use std::fs;
use std::io::Write as _;

/// A session with an intervention.
fn asking() -> Session {
    let mut bench = workbench(1);
    press(&mut bench, ": 'zero blocks.0.attn.hook_z @*' enter n");
    bench.state.session()
}

#[test]
fn only_what_was_shown_is_taken_up_whole() {
    for left in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let session = asking();
        let slot = Slot::claim(folder.path()).unwrap();
        slot.save(&session.to_json().unwrap()).unwrap();
        // by a kill, or in order
        match left {
            false => drop(slot),
            true => slot.leave().unwrap(),
        }
        assert_eq!(is_left_behind(folder.path()), !left);
        let (slot, found) = resume(folder.path()).unwrap();
        assert!(!found.crashed);
        assert_eq!(found.session, session);
        slot.go_on(&found.session).unwrap();
        slot.settled().unwrap();
        drop(slot);
        // it was shown: whole again, and then killed before it is
        let (slot, found) = resume(folder.path()).unwrap();
        assert_eq!((found.crashed, &found.session), (false, &session));
        slot.go_on(&found.session).unwrap();
        drop(slot);
        let (slot, found) = resume(folder.path()).unwrap();
        assert!(found.crashed);
        assert_eq!(found.session, session.clone().asking_nothing());
        found.put_aside().unwrap();
        let whole = fs::read(folder.path().join("crashed.json")).unwrap();
        assert_eq!(whole, session.to_json().unwrap());
        drop(slot);
        // likewise for a program that runs already, and nobody is offered it twice
        let found = take_up(folder.path()).unwrap();
        assert!(found.crashed);
        assert!(!is_left_behind(folder.path()));
        let whole = fs::read(folder.path().join("crashed.json")).unwrap();
        assert_eq!(whole, session.to_json().unwrap());
    }
}

#[test]
fn a_place_that_is_claimed_has_no_part_in_an_earlier_crash() {
    let folder = tempfile::tempdir().unwrap();
    let slot = Slot::claim(folder.path()).unwrap();
    slot.sign().unwrap().write_all(b"crashed\n").unwrap();
    drop(slot);
    let slot = Slot::claim(folder.path()).unwrap();
    let session = asking();
    slot.save(&session.to_json().unwrap()).unwrap();
    drop(slot);
    assert_eq!(entries(folder.path()), ["1.json", "1.lock"]);
    let found = take_up(folder.path()).unwrap();
    assert_eq!((found.crashed, found.session), (false, session));
}
