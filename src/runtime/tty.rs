//! The way out to the terminal: a terminal that takes nothing any more keeps nobody from leaving.
//!
//! A stalled terminal (a connection that hangs, a multiplexer that is stopped) lets a write wait for ever,
//! and who waits hears no signal. So the terminal is opened once more for ourselves, without waiting, and
//! whoever finds it full waits in small steps, in which it is asked whether the program is to end.

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::{File, OpenOptions, read_link};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A step of waiting.
const STEP: u16 = 50;
/// How long a terminal that takes nothing is waited for when the program is to end.
const STALLED: Duration = Duration::from_millis(200);
/// How long the last words may take.
const LAST: Duration = Duration::from_millis(300);
/// So many bytes a terminal takes at once when it says that it has room.
const ROOM: usize = 256;

/// The program's own way to its terminal.
struct Way {
    file: File,
    /// Whether a write may wait, because the terminal could not be opened once more.
    waits: bool,
}

static WAY: OnceLock<Way> = OnceLock::new();
/// Whether the terminal took nothing when the program was to end: it is not waited for again.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);
/// Since when the program is to end.
static ENDING: OnceLock<Instant> = OnceLock::new();

/// Finds the way to the terminal of standard output.
///
/// # Errors
/// When there is none.
pub(super) fn open() -> io::Result<()> {
    if WAY.get().is_some() {
        return Ok(());
    }
    let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let ours = read_link("/proc/self/fd/1").ok();
    let names = ours.into_iter().chain(["/dev/tty".into()]);
    let again = names.filter_map(|name| {
        let mut options = OpenOptions::new();
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        options.write(true).custom_flags(flags).open(name).ok()
    });
    let device = stdout.metadata()?.rdev();
    let same =
        |file: &File| file.is_terminal() && file.metadata().is_ok_and(|data| data.rdev() == device);
    let way = match again.into_iter().find(same) {
        Some(file) => Way { file, waits: false },
        None => Way {
            file: stdout,
            waits: true,
        },
    };
    // somebody else was as fast
    let _ = WAY.set(way);
    Ok(())
}

fn way() -> io::Result<&'static Way> {
    WAY.get().ok_or_else(|| ErrorKind::NotConnected.into())
}

/// The descriptor, for who may do nothing but write to it.
pub(super) fn descriptor() -> Option<BorrowedFd<'static>> {
    WAY.get().map(|way| way.file.as_fd())
}

/// From now on nobody waits long for the terminal.
pub(super) fn end_soon() {
    ENDING.get_or_init(Instant::now);
}

/// Since when somebody wants the program to end.
pub(super) fn ending_since() -> Option<Instant> {
    ENDING.get().copied()
}

/// Writes some of the bytes; waits for room, however long that takes.
///
/// # Errors
/// [`ErrorKind::TimedOut`] when the terminal takes nothing and the program is to end; otherwise as any write.
pub(super) fn write(bytes: &[u8]) -> io::Result<usize> {
    let way = way()?;
    let since = Instant::now();
    while !GIVEN_UP.load(Ordering::SeqCst) {
        match some(way, bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
        if ENDING.get().is_some() && since.elapsed() >= STALLED {
            GIVEN_UP.store(true, Ordering::SeqCst);
        }
    }
    Err(ErrorKind::TimedOut.into())
}

/// Writes what the terminal takes of the bytes in a short while.
pub(super) fn last_words(mut bytes: &[u8]) {
    let Ok(way) = way() else {
        return;
    };
    let since = Instant::now();
    while !bytes.is_empty() && since.elapsed() < LAST {
        match some(way, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => return,
        }
    }
}

/// Some of the bytes, where there is room for any within a step.
fn some(way: &Way, bytes: &[u8]) -> io::Result<usize> {
    let room = match way.waits {
        // it says that there is room for some, not for how many
        true if !has_room(way)? => return Err(ErrorKind::WouldBlock.into()),
        true => bytes.len().min(ROOM),
        false => bytes.len(),
    };
    let written = (&way.file).write(&bytes[..room]);
    if matches!(&written, Err(error) if error.kind() == ErrorKind::WouldBlock) {
        has_room(way)?;
    }
    written
}

/// Waits a step for room.
fn has_room(way: &Way) -> io::Result<bool> {
    let mut fds = [PollFd::new(way.file.as_fd(), PollFlags::POLLOUT)];
    Ok(poll(&mut fds, PollTimeout::from(STEP))? > 0)
}
