//! The threads beside the main one: worker, keyboard, terminal, autosave. Each sends what happens.

use super::autosave::Autosave;
use super::input::{Input, Reader};
use super::mailbox::Mailbox;
use super::signals::Signal;
use super::steps::OpenedStep;
use super::switch::Opened;
use super::tty;
use super::worker::{self, Models};
use crate::app::{Key, Msg};
use crate::findings::slots::Slot;
use crate::model::Model;
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// What the main thread waits for.
pub(super) enum Happening {
    /// From the terminal.
    Terminal(Input),
    /// From a writer.
    Message(Msg),
    /// From the worker or the sweeper of the model of this number.
    Computed(u64, Msg),
    /// Another model was opened, or why not.
    Model(Result<Box<Opened>, String>),
    /// A model to compare with was opened, or why not: with the number of the model it was asked of.
    Other(u64, Result<Box<Model>, String>),
    /// A step of the model was opened, or why not: with the number of the model it was asked of.
    Step(usize, Result<Box<OpenedStep>, String>),
    /// From the system.
    Signal(Signal),
    /// The terminal is gone.
    Lost,
}

/// A fault to try on purpose, for tests of the terminal's recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// The main thread panics after the first frame.
    MainPanic,
    /// The main thread returns an error after the first frame.
    MainError,
    /// The worker panics on its first request.
    WorkerPanic,
    /// The main thread runs out of stack after the first frame.
    StackOverflow,
}

/// Calls itself until there is no stack left.
pub(super) fn too_deep(depth: usize) -> usize {
    match std::hint::black_box(depth) {
        usize::MAX => 0,
        depth => std::hint::black_box(1 + too_deep(depth + 1)),
    }
}

#[expect(
    clippy::panic,
    reason = "asked for, to test that the terminal recovers"
)]
pub(super) fn on_purpose() {
    panic!("a panic on purpose");
}

pub(super) fn start_autosave(slot: Slot, sender: &Sender<Happening>) -> Result<Autosave> {
    let sender = sender.clone();
    let failed = move |error| {
        // nobody listens when the program has ended meanwhile
        let _ = sender.send(Happening::Message(Msg::Told(Err(error))));
    };
    Autosave::start(slot, failed).context("cannot start the autosave thread")
}

pub(super) fn spawn_worker(
    models: Models,
    mailbox: &Arc<Mailbox>,
    sender: &Sender<Happening>,
    epoch: u64,
    fault: Option<Fault>,
) -> Result<()> {
    let (mailbox, sender) = (Arc::clone(mailbox), sender.clone());
    let body = move || {
        let send = |message| sender.send(Happening::Computed(epoch, message)).is_ok();
        let failed = AtomicBool::new(false);
        let fault = || {
            if fault == Some(Fault::WorkerPanic) && !failed.swap(true, Ordering::Relaxed) {
                on_purpose();
            }
        };
        worker::work(models, &mailbox, &send, &fault);
    };
    std::thread::Builder::new()
        .name("worker".into())
        .spawn(body)
        .context("cannot start the worker")?;
    Ok(())
}

/// Where keys come from: standard input, or the terminal itself where that is something else.
fn terminal() -> Result<File> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let own = stdin.as_fd().try_clone_to_owned();
        return own.map(File::from).context("cannot read standard input");
    }
    File::open("/dev/tty").context("cannot read the terminal /dev/tty")
}

/// Bytes, or `None` when there were none for so long.
fn read(tty: &File, bytes: &mut [u8], patience: Option<Duration>) -> io::Result<Option<usize>> {
    let timeout = match patience {
        None => PollTimeout::NONE,
        Some(time) => PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX),
    };
    loop {
        let mut fds = [PollFd::new(tty.as_fd(), PollFlags::POLLIN)];
        let read = match poll(&mut fds, timeout) {
            Ok(0) => return Ok(None),
            Ok(_) => (&*tty).read(bytes),
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read.map(Some),
        }
    }
}

/// Reads the terminal. The thread is never joined: on a lost connection a read may never return.
pub(super) fn spawn_input(sender: &Sender<Happening>) -> Result<()> {
    let sender = sender.clone();
    let tty = terminal()?;
    let body = move || {
        let mut reader = Reader::default();
        let mut bytes = [0; 4096];
        loop {
            let inputs = match read(&tty, &mut bytes, reader.patience()) {
                Ok(None) => reader.give_up(),
                Ok(Some(read @ 1..)) => reader.take(&bytes[..read]),
                // the end of the terminal's file, or an error
                _ => {
                    // nobody listens when the program has ended meanwhile
                    let _ = sender.send(Happening::Lost);
                    return;
                }
            };
            for input in inputs {
                if input == Input::Key(Key::ctrl('c')) {
                    tty::end_soon();
                }
                if sender.send(Happening::Terminal(input)).is_err() {
                    return;
                }
            }
        }
    };
    std::thread::Builder::new()
        .name("input".into())
        .spawn(body)
        .context("cannot start the input thread")?;
    Ok(())
}

/// Notices a terminal that goes away without a signal: a read may never return then. The poll
/// asks for nothing, so it returns only for a hang-up, and costs nothing until then.
pub(super) fn watch_terminal(sender: &Sender<Happening>) -> Result<()> {
    let sender = sender.clone();
    let body = move || {
        let stdin = io::stdin();
        let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
        loop {
            let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::empty())];
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Ok(_) if !fds[0].revents().is_some_and(|seen| seen.intersects(gone)) => {}
                _ => break,
            }
        }
        // nobody listens when the program has ended meanwhile
        let _ = sender.send(Happening::Lost);
    };
    std::thread::Builder::new()
        .name("terminal".into())
        .spawn(body)
        .context("cannot start the terminal thread")?;
    Ok(())
}
