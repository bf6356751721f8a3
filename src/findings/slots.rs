//! Sessions that are saved by themselves: a numbered file for each running program.
//!
//! `3.json` belongs to the program that holds the lock on `3.lock`. The system lets go of a lock
//! however a program ends, so a session whose lock is free was left behind by one that did not
//! leave by itself. One that did leaves its session as `last.json`. Lock files stay: removing one
//! that another program has just opened would let two hold one slot.
//!
//! What stands in a lock file is a bad sign: the program broke down, or it took a session up and never
//! came so far as to show its numbers. Such a session is taken up without what it would ask
//! ([`Session::asking_nothing`]), or it would end every program that takes it up; as it was, it
//! stays as `crashed.json`.

use super::files::write_whole;
use super::session::{SESSION, Session};
use crate::task::plain::{self, Links};
use anyhow::{Context as _, Result, bail};
use nix::libc;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// More programs at once, or sessions left behind, are not looked for.
const MAX_SLOTS: u32 = 256;
/// The session of the last program that left by itself.
const LAST: &str = "last.json";

/// A session that broke down, as it was.
const CRASHED: &str = "crashed.json";
/// What to say of one that is taken up.
pub const WITHOUT: &str = "opened without interventions, questions and claims, because it could not go on with \
                           them; as it was it is crashed.json, beside the saved sessions";

/// A running program's place for its session.
#[derive(Debug)]
pub struct Slot {
    path: PathBuf,
    /// Held until dropped.
    lock: File,
}

/// A session that is taken up again.
#[derive(Debug)]
pub struct TakenUp {
    /// The session, without what it would ask if that has ended a program before.
    pub session: Session,
    /// Whether it has.
    pub crashed: bool,
    /// Where it was.
    path: PathBuf,
}

impl TakenUp {
    fn open(path: &Path, lock: &File) -> Result<Self> {
        let session = Session::open(path)?;
        let crashed = lock.metadata()?.len() > 0;
        let session = if crashed {
            session.asking_nothing()
        } else {
            session
        };
        Ok(Self {
            session,
            crashed,
            path: path.to_owned(),
        })
    }

    /// Keeps the session as it was, whatever is saved from now on.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn put_aside(&self) -> Result<()> {
        let path = &self.path;
        let bytes = plain::bytes(path, SESSION.max_bytes, Links::Followed);
        let bytes = bytes.with_context(|| format!("cannot copy {path:?}"))?;
        write_whole(&path.with_file_name(CRASHED), &bytes)
    }
}

impl Slot {
    /// A place of one's own.
    ///
    /// # Errors
    /// When the folder cannot be made or written to.
    pub fn claim(folder: &Path) -> Result<Self> {
        let wrong =
            || format!("cannot keep sessions in {folder:?}; XDG_STATE_HOME names another folder");
        fs::create_dir_all(folder).with_context(wrong)?;
        for number in 1..=MAX_SLOTS {
            let path = folder.join(format!("{number}.json"));
            if let Some(lock) = lock(&path).with_context(wrong)?
                && fs::symlink_metadata(&path).is_err()
            {
                // the program that held it before is no matter
                lock.set_len(0).with_context(wrong)?;
                return Ok(Self { path, lock });
            }
        }
        bail!("{MAX_SLOTS} sessions stand in {folder:?}: nothing is saved by itself; remove some")
    }

    /// Where a program that breaks down says so, by writing anything at all.
    ///
    /// # Errors
    /// When the system has no more files to give.
    pub fn sign(&self) -> Result<File> {
        Ok(self.lock.try_clone()?)
    }

    /// A session that was taken up goes on here; until it has [settled](Slot::settled), it may be what
    /// ends the program.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn go_on(&self, session: &Session) -> Result<()> {
        self.save(&session.to_json()?)?;
        Ok(self.sign()?.write_all(b"taken up\n")?)
    }

    /// The session is shown with its numbers: what is asked of it ends no program.
    ///
    /// # Errors
    /// When the lock file cannot be written to.
    pub fn settled(&self) -> Result<()> {
        Ok(self.lock.set_len(0)?)
    }

    /// Writes the session, whole or not at all.
    ///
    /// # Errors
    /// As [`write_whole`].
    pub fn save(&self, bytes: &[u8]) -> Result<()> {
        write_whole(&self.path, bytes)
    }

    /// The program leaves by itself: its session becomes the last one.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn leave(self) -> Result<()> {
        retire(&self.path, LAST)
    }
}

fn retire(path: &Path, name: &str) -> Result<()> {
    match fs::rename(path, path.with_file_name(name)) {
        // nothing was ever saved
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        outcome => outcome.with_context(|| format!("cannot rename {path:?}")),
    }
}

/// The lock beside a session; `None` while another program holds it.
fn lock(path: &Path) -> Result<Option<File>> {
    let path = path.with_extension("lock");
    let mut options = OpenOptions::new();
    // a pipe would be waited for
    options.custom_flags(libc::O_NONBLOCK);
    let file = options.create(true).append(true).open(&path);
    let file = file.with_context(|| format!("cannot open {path:?}"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {path:?}"))
        }
    }
}

/// Whether a program ended without leaving, so that its session waits to be taken up.
#[must_use]
pub fn is_left_behind(folder: &Path) -> bool {
    left_behind(folder).is_ok_and(|found| found.is_some())
}

/// The newest session left behind, with its lock.
fn left_behind(folder: &Path) -> Result<Option<(PathBuf, File)>> {
    let mut found: Vec<(SystemTime, PathBuf)> = (1..=MAX_SLOTS)
        .map(|number| folder.join(format!("{number}.json")))
        .filter_map(|path| Some((fs::symlink_metadata(&path).ok()?.modified().ok()?, path)))
        .collect();
    found.sort();
    for (_, path) in found.into_iter().rev() {
        if let Some(lock) = lock(&path)? {
            return Ok(Some((path, lock)));
        }
    }
    Ok(None)
}

/// Takes up the newest session left behind, in its own place, or else the last one that was left
/// in order, in a place of one's own.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn resume(folder: &Path) -> Result<(Slot, TakenUp)> {
    if let Some((path, lock)) = left_behind(folder)? {
        let found = TakenUp::open(&path, &lock)?;
        return Ok((Slot { path, lock }, found));
    }
    let path = folder.join(LAST);
    if fs::symlink_metadata(&path).is_err() {
        bail!("there is no session in {folder:?} to take up again");
    }
    let (session, crashed) = (Session::open(&path)?, false);
    let found = TakenUp {
        session,
        crashed,
        path,
    };
    Ok((Slot::claim(folder)?, found))
}

/// The newest session left behind, for a program that runs already; from now on it is the last
/// session, so that it is not offered twice, and not lost either.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn take_up(folder: &Path) -> Result<TakenUp> {
    let Some((path, lock)) = left_behind(folder)? else {
        bail!("no session was left behind");
    };
    let found = TakenUp::open(&path, &lock)?;
    retire(&path, if found.crashed { CRASHED } else { LAST })?;
    Ok(found)
}
