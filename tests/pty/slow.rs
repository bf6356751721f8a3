//! A slow line: what is drawn is the newest state, and nothing stands in a queue before it.

use crate::session::{Session, rendered};
use std::time::{Duration, Instant};

const SIZE: (u16, u16) = (80, 24);
/// How long a key is held, and how often it comes.
const HELD: Duration = Duration::from_secs(3);
const REPEAT: Duration = Duration::from_millis(33);
/// A frame of the workbench costs less; the queue of a terminal holds far more.
const TWO_FRAMES: usize = 8000;

/// A terminal that is asked whether it is well says so, once it has come so far.
fn answer(session: &mut Session, answered: &mut usize) {
    let asked = String::from_utf8_lossy(&session.raw())
        .matches("\x1b[5n")
        .count();
    for _ in *answered..asked {
        session.send("\x1b[0n");
    }
    *answered = asked;
}

#[test]
fn the_last_key_is_shown_soon_on_a_slow_line() {
    for rate in [10_000, 2_000] {
        let mut session = Session::workbench(&[]);
        let mut answered = 0;
        session.wait_for("logp");
        session.send("\x1b[B");
        session.wait_for_rows(&rendered(SIZE, "down"));
        answer(&mut session, &mut answered);
        session.throttle(rate);
        let start = Instant::now();
        let mut keys = ["\x7f", "2", "\x7f", "0"].into_iter().cycle();
        let mut count = 0;
        // an even number, so that the field ends with a digit
        while start.elapsed() < HELD || count % 4 != 2 {
            session.send(keys.next().unwrap());
            count += 1;
            let next = start + REPEAT * count;
            while Instant::now() < next {
                answer(&mut session, &mut answered);
                std::thread::sleep(Duration::from_millis(3));
            }
        }
        let (released, before) = (Instant::now(), session.raw().len());
        let last = rendered(SIZE, "down backspace 0 backspace 2");
        let until = released + crate::session::DEADLINE;
        while session.rows() != last {
            answer(&mut session, &mut answered);
            assert!(Instant::now() < until, "the last key is never shown");
            std::thread::sleep(Duration::from_millis(3));
        }
        let (late, bytes) = (released.elapsed(), session.raw().len() - before);
        eprintln!("{rate} bytes a second: {late:?} and {bytes} bytes after the last key");
        assert!(
            bytes < TWO_FRAMES,
            "{rate}: {bytes} bytes after the last key"
        );
        session.throttle(1 << 20);
        session.send("q");
        answer(&mut session, &mut answered);
        session.ends(0, 1);
    }
}
