//! The session, saved by itself: a thread writes the newest one, the main thread never waits.

use crate::findings::session::Session;
use crate::findings::slots::Slot;
use anyhow::{Context as _, bail};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// At most one session is handed over in this time.
const PAUSE: Duration = Duration::from_millis(500);
/// How long leaving waits for the last write.
const PATIENCE: Duration = Duration::from_secs(1);

enum Job {
    Save(Box<Session>),
    /// The session that was taken up is shown.
    Settled,
    /// Whether the program leaves by itself.
    Leave(bool),
}

/// Where sessions are handed over.
pub(super) struct Autosave {
    jobs: Sender<Job>,
    done: Receiver<anyhow::Result<()>>,
    /// Since when there is something that was not handed over.
    changed: bool,
    last: Option<Instant>,
}

impl Autosave {
    /// Starts the thread. `failed` is told why a write failed, once until one works again.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(slot: Slot, failed: impl Fn(String) + Send + 'static) -> std::io::Result<Self> {
        let (jobs, received) = channel();
        let (finished, done) = channel();
        let body = move || {
            let last = write_all(slot, &received, &failed);
            // nobody waits when the program has ended meanwhile
            let _ = finished.send(last);
        };
        std::thread::Builder::new()
            .name("autosave".into())
            .spawn(body)?;
        Ok(Self {
            jobs,
            done,
            changed: true,
            last: None,
        })
    }

    /// Something may have changed.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// How long until a session is to be handed over; `None` while nothing has changed.
    pub fn due(&self) -> Option<Duration> {
        let since = self.last.map_or(PAUSE, |last| last.elapsed());
        self.changed.then(|| PAUSE.saturating_sub(since))
    }

    /// Hands a session over if it is time.
    pub fn hand_over(&mut self, session: impl FnOnce() -> Session) {
        if self.due().is_some_and(|due| due.is_zero()) {
            self.save(session());
            self.last = Some(Instant::now());
        }
    }

    /// What was taken up can be computed.
    pub fn settled(&self) {
        let _ = self.jobs.send(Job::Settled);
    }

    fn save(&mut self, session: Session) {
        self.changed = false;
        // a thread that has ended has said why
        let _ = self.jobs.send(Job::Save(Box::new(session)));
    }

    /// The last session; waits a while for it to be written.
    ///
    /// # Errors
    /// When it is not, or not yet.
    pub fn leave(mut self, session: Session, by_itself: bool) -> anyhow::Result<()> {
        self.save(session);
        let _ = self.jobs.send(Job::Leave(by_itself));
        match self.done.recv_timeout(PATIENCE) {
            Ok(last) => last.context("the session is not saved"),
            // a slow disk must not keep the user in a dead program
            Err(RecvTimeoutError::Timeout) => {
                bail!("the session may not be saved: the disk is too slow")
            }
            // it has said why
            Err(RecvTimeoutError::Disconnected) => Ok(()),
        }
    }
}

/// Writes a session, unless it is what stands there.
fn write(slot: &Slot, session: &Session, written: &mut Vec<u8>) -> anyhow::Result<()> {
    let bytes = session.to_json()?;
    if bytes != *written {
        slot.save(&bytes)?;
        *written = bytes;
    }
    Ok(())
}

/// What became of the last session.
fn write_all(slot: Slot, jobs: &Receiver<Job>, failed: &dyn Fn(String)) -> anyhow::Result<()> {
    let mut written = Vec::new();
    let mut failing = false;
    // what became of the newest session, which may have come before the wish to leave
    let mut saved: anyhow::Result<()> = Ok(());
    while let Ok(first) = jobs.recv() {
        let mut newest = None;
        let mut leaving = None;
        for job in std::iter::once(first).chain(jobs.try_iter()) {
            match job {
                Job::Save(session) => newest = Some(session),
                // it is a sign for the next program only, and this one runs
                Job::Settled => drop(slot.settled()),
                Job::Leave(by_itself) => leaving = Some(by_itself),
            }
        }
        if let Some(session) = newest {
            saved = write(&slot, &session, &mut written);
        }
        match &saved {
            Err(error) if !failing => {
                failing = true;
                failed(format!("the session is not saved: {error:#}"));
            }
            Err(_) => {}
            Ok(()) => failing = false,
        }
        if let Some(by_itself) = leaving {
            if by_itself && saved.is_ok() {
                // its name is all that is lost
                let _ = slot.leave();
            }
            return saved;
        }
    }
    Ok(())
}
