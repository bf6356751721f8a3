//! The threads beside the main one: worker, keyboard, terminal, autosave. Each sends what happens.

use super::autosave::Autosave;
use super::mailbox::Mailbox;
use super::signals::Signal;
use super::worker::{self, Models};
use crate::app::{ModelInfo, Msg};
use crate::findings::slots::Slot;
use crate::model::Model;
use anyhow::{Context, Result};
use crossterm::event::Event;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

/// What the main thread waits for.
pub(super) enum Happening {
    /// From the terminal.
    Terminal(Event),
    /// From a writer.
    Message(Msg),
    /// From the worker or the sweeper of the model of this number.
    Computed(u64, Msg),
    /// Another model was opened, or why not.
    Model(Result<Box<(Model, ModelInfo)>, String>),
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

/// Reads the terminal. The thread is never joined: on a lost connection a read may never return.
pub(super) fn spawn_input(sender: &Sender<Happening>) -> Result<()> {
    let sender = sender.clone();
    let body = move || {
        loop {
            let event = match crossterm::event::read() {
                Ok(event) => Happening::Terminal(event),
                Err(_) => Happening::Lost,
            };
            let lost = matches!(event, Happening::Lost);
            if sender.send(event).is_err() || lost {
                return;
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
