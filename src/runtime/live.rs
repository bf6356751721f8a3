//! The live workbench: one loop that owns the state and the screen.

use super::autosave::Autosave;
use super::input::Input;
use super::mailbox::Mailbox;
use super::record::{Out, Recording, Tape};
use super::shelf::{Places, Work};
use super::signals::{self, Signal};
use super::sweeper::Sweeper;
pub use super::threads::Fault;
use super::threads::{
    Happening, on_purpose, spawn_input, spawn_worker, start_autosave, too_deep, watch_terminal,
};
use super::worker::Models;
use super::{export, snapshot, terminal};
use crate::app::{Effect, Msg, Opening, ShelfJob, State, update};
use crate::findings::share;
use crate::findings::slots::{self, Slot};
use crate::ui::look::Look;
use anyhow::{Context, Result};
use crossterm::clipboard::CopyToClipboard;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use std::io::{self, BufWriter};
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// At most one frame in this time.
const FRAME: Duration = Duration::from_millis(16);
/// How long a frame waits for the numbers of what was just typed: drawn with them, it is one frame
/// instead of two, and nothing flickers. Without them it shows the old ones, dimmed.
const PATIENCE: Duration = Duration::from_millis(24);
/// Bytes gathered before they go to the terminal: a frame in one write.
const OUT_BUFFER: usize = 1 << 16;

/// What the workbench is started with.
pub struct Options {
    /// How it looks.
    pub look: Look,
    /// Where snapshots and reports go.
    pub snapshots: PathBuf,
    /// Where findings are; `None` where no folder is known.
    pub findings: Option<PathBuf>,
    /// Where the session is saved by itself.
    pub slot: Option<Slot>,
    /// Whether it was taken up, and has to show that it can be computed.
    pub taken_up: bool,
    /// Where sessions are that were left behind.
    pub sessions: Option<PathBuf>,
    /// What goes to the terminal is recorded here too.
    pub recording: Option<Recording>,
    /// For tests.
    pub fault: Option<Fault>,
}

type Screen = Terminal<CrosstermBackend<BufWriter<Out>>>;

struct Live {
    state: State,
    options: Options,
    /// Never dropped: it would show the cursor once more after the terminal was left, and complain
    /// on stderr about a terminal that has gone.
    screen: ManuallyDrop<Screen>,
    mailbox: Arc<Mailbox>,
    sweeper: Sweeper,
    autosave: Option<Autosave>,
    sender: Sender<Happening>,
    receiver: Receiver<Happening>,
    /// The recording, for new sizes.
    tape: Option<Tape>,
    /// Something changed since the last frame.
    dirty: bool,
    last_frame: Option<Instant>,
    /// What is on the screen, where that is known.
    drawn: Option<Buffer>,
    /// Since when numbers are waited for.
    asked: Option<Instant>,
    /// Stopped by our own doing: the signal that says we are back is no news.
    stopped: bool,
    /// Set when it is time to go.
    leaving: Option<ExitCode>,
}

/// Runs the workbench until the user leaves.
///
/// # Errors
/// When the terminal fails; it is left in order.
pub fn run(models: Models, state: State, mut options: Options) -> Result<ExitCode> {
    let (sender, receiver) = channel();
    let mailbox = Arc::new(Mailbox::default());
    terminal::install_panic_hook();
    let for_signals = sender.clone();
    signals::watch(move |signal| for_signals.send(Happening::Signal(signal)).is_ok())?;
    let sign = options.slot.as_ref().map(Slot::sign).transpose()?;
    terminal::prepare_for_abort(sign)?;
    terminal::enter().context("cannot set the terminal up")?;
    let _guard = terminal::Guard;
    let fault = options.fault;
    let for_sweeps = sender.clone();
    let sweeper = Sweeper::spawn(models.first.transformer.clone(), move |message| {
        for_sweeps.send(Happening::Message(message)).is_ok()
    })?;
    spawn_worker(models, &mailbox, &sender, fault)?;
    spawn_input(&sender)?;
    watch_terminal(&sender)?;
    let autosave = options
        .slot
        .take()
        .map(|slot| start_autosave(slot, &sender));
    let recording = options.recording.take();
    let tape = recording.as_ref().map(Recording::tape);
    let out = BufWriter::with_capacity(OUT_BUFFER, Out::new(tape.clone()));
    let screen = Terminal::new(CrosstermBackend::new(out)).context("cannot draw")?;
    let mut live = Live {
        state,
        options,
        screen: ManuallyDrop::new(screen),
        mailbox,
        sweeper,
        autosave: autosave.transpose()?,
        sender,
        receiver,
        tape,
        dirty: true,
        last_frame: None,
        drawn: None,
        asked: None,
        stopped: false,
        leaving: None,
    };
    let result = live.run();
    if let Some(autosave) = live.autosave.take() {
        let by_itself = matches!(&result, Ok(code) if *code == ExitCode::SUCCESS);
        autosave.leave(live.state.session(), by_itself);
    }
    if let Some(recording) = recording {
        recording.end();
    }
    live.mailbox.close();
    result
}

impl Live {
    fn run(&mut self) -> Result<ExitCode> {
        let effects = self.state.start();
        self.carry_out(effects)?;
        loop {
            if self.dirty && self.pause().is_zero() {
                self.draw()?;
                match self.options.fault {
                    Some(Fault::MainPanic) => on_purpose(),
                    Some(Fault::MainError) => anyhow::bail!("an error on purpose"),
                    Some(Fault::StackOverflow) => drop(too_deep(0)),
                    _ => {}
                }
            }
            if let Some(autosave) = &mut self.autosave {
                autosave.hand_over(|| self.state.session());
                if self.options.taken_up && self.state.is_settled() {
                    self.options.taken_up = false;
                    autosave.settled();
                }
            }
            self.wait()?;
            if let Some(code) = self.leaving {
                return Ok(code);
            }
        }
    }

    /// How long until the next frame may be drawn.
    fn pause(&self) -> Duration {
        let left = |since: Option<Instant>, whole: Duration| {
            since.map_or(Duration::ZERO, |since| {
                whole.saturating_sub(since.elapsed())
            })
        };
        // the very first frame waits for nothing
        let asked = self.asked.filter(|_| self.state.observation.is_some());
        left(self.last_frame, FRAME).max(left(asked, PATIENCE))
    }

    fn draw(&mut self) -> Result<()> {
        self.dirty = false;
        let (state, look) = (&self.state, &self.options.look);
        let drawn = self.screen.size().and_then(|size| {
            let next = crate::ui::frame(state, look, size.width, size.height);
            // news of a sweep that is not looked at, a key that changes nothing: not a byte
            if self.drawn.as_ref() == Some(&next) {
                return Ok(());
            }
            self.screen.draw(|frame| match frame.buffer_mut() {
                buffer if buffer.area == next.area => buffer.clone_from(&next),
                // the size has changed just now
                buffer => crate::ui::draw(state, look, buffer),
            })?;
            self.last_frame = Some(Instant::now());
            self.drawn = Some(next);
            Ok(())
        });
        drawn.or_else(|error| self.lost(&error))
    }

    /// A terminal that cannot be written to has gone: nothing is left to be said to it.
    fn lost(&mut self, error: &io::Error) -> Result<()> {
        match error.kind() {
            io::ErrorKind::Interrupted => self.dirty = true,
            _ => self.leaving = Some(ExitCode::from(signals::exit_code(1))),
        }
        Ok(())
    }

    /// Waits for something to happen, or for the next frame, and takes all that has happened.
    fn wait(&mut self) -> Result<()> {
        let frame = self.dirty.then(|| self.pause());
        let save = self.autosave.as_ref().and_then(Autosave::due);
        let first = match frame.into_iter().chain(save).min() {
            Some(due) => self.receiver.recv_timeout(due),
            None => (self.receiver.recv()).map_err(|_| RecvTimeoutError::Disconnected),
        };
        let mut event = match first {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("all threads have ended"),
        };
        while let Some(now) = event {
            self.take(now)?;
            if self.leaving.is_some() {
                return Ok(());
            }
            event = self.receiver.try_recv().ok();
        }
        Ok(())
    }

    fn take(&mut self, event: Happening) -> Result<()> {
        let message = match event {
            Happening::Message(message) => Some(message),
            Happening::Lost | Happening::Signal(Signal::End(1)) => {
                self.leaving = Some(ExitCode::from(signals::exit_code(1)));
                None
            }
            Happening::Signal(Signal::End(signal)) => {
                self.leaving = Some(ExitCode::from(signals::exit_code(signal)));
                None
            }
            Happening::Signal(Signal::Stop) => return self.suspend(),
            Happening::Signal(Signal::Back) if std::mem::take(&mut self.stopped) => None,
            Happening::Signal(Signal::Back) => return self.come_back(),
            Happening::Signal(Signal::Resized) => {
                // what a terminal leaves on its screen then is its own affair
                self.drawn = None;
                if let (Some(tape), Ok((width, height))) = (&self.tape, crossterm::terminal::size())
                {
                    tape.resized(width, height);
                }
                Some(Msg::Resize)
            }
            Happening::Terminal(Input::Key(key)) => Some(Msg::Key(key)),
            Happening::Terminal(Input::Paste(text)) => Some(Msg::Paste(text)),
        };
        if let Some(message) = message {
            self.dirty = true;
            if let Some(autosave) = &mut self.autosave {
                autosave.touch();
            }
            if matches!(message, Msg::Observed { .. }) {
                self.asked = None;
            }
            let effects = update(&mut self.state, message);
            self.carry_out(effects)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<()> {
        for effect in effects {
            match effect {
                Effect::Observe(request) => {
                    self.asked.get_or_insert_with(Instant::now);
                    self.mailbox.observe(request);
                }
                Effect::Ask(ask) => self.mailbox.ask(ask),
                Effect::Space(request) => self.sweeper.ask(*request),
                Effect::StopSpace(generation) => self.sweeper.stop(generation),
                Effect::Export => {
                    let job = snapshot::Job::export(
                        &self.state,
                        &self.options.look,
                        &self.options.snapshots,
                    );
                    self.write(job)?;
                }
                Effect::Score(sample, prompts) => self.mailbox.score(sample, prompts),
                Effect::Snapshot => self.snapshot()?,
                Effect::TakeUp => self.take_up()?,
                Effect::Shelf(job) => self.shelve(job)?,
                Effect::CopyTable => self.copy_table()?,
                Effect::Share => self.share()?,
                Effect::Redraw => self.redraw()?,
                Effect::Suspend => self.suspend()?,
                Effect::Quit => self.leaving = Some(ExitCode::SUCCESS),
            }
        }
        Ok(())
    }

    fn shelve(&self, job: ShelfJob) -> Result<()> {
        let size = self.screen.size().context("cannot ask for the size")?;
        let size = (size.width, size.height);
        let work = Work::new(job, &self.state, &self.options.look, size);
        let places = Places {
            findings: self.options.findings.clone(),
            reports: self.options.snapshots.clone(),
        };
        self.aside(move || work.carry_out(&places))
    }

    fn copy_table(&mut self) -> Result<()> {
        let text = export::clipboard(&self.state);
        let told = match text {
            Ok(text) => self
                .copy(&text)
                .map(|()| "the pane's numbers are sent to the clipboard".to_owned()),
            Err(error) => Err(error),
        };
        self.tell(told.map_err(|error| format!("{error:#}")))
    }

    /// To the clipboard where the terminal has one, and into a file for where it has none.
    fn share(&mut self) -> Result<()> {
        let line = match share::line(&self.state.session()) {
            Ok(line) => line,
            Err(error) => return self.tell(Err(format!("{error:#}"))),
        };
        self.copy(&line)?;
        let job = snapshot::Job::line(line, &self.options.snapshots);
        self.write(job)
    }

    /// OSC 52: the terminal puts the text on its own clipboard, over SSH too.
    fn copy(&mut self, text: &str) -> Result<()> {
        let sequence = CopyToClipboard::to_clipboard_from(text);
        crossterm::execute!(self.screen.backend_mut(), sequence)
            .context("cannot reach the terminal")
    }

    fn tell(&mut self, told: Result<String, String>) -> Result<()> {
        let effects = update(&mut self.state, Msg::Told(told));
        self.carry_out(effects)
    }

    /// Reads the session that was left behind.
    fn take_up(&self) -> Result<()> {
        let folder = self.options.sessions.clone();
        self.aside(move || {
            let folder = folder.context("no folder is known for sessions");
            let found = folder.and_then(|folder| slots::take_up(&folder));
            let crashed = found.as_ref().is_ok_and(|found| found.crashed);
            let session = found.map(|found| Box::new(found.session));
            let session = session.map_err(|error| format!("{error:#}"));
            Msg::Opened(Opening::TakenUp { crashed }, session)
        })
    }

    fn snapshot(&mut self) -> Result<()> {
        let size = self.screen.size().context("cannot ask for the size")?;
        let buffer = crate::ui::frame(&self.state, &self.options.look, size.width, size.height);
        let (look, folder) = (&self.options.look, &self.options.snapshots);
        self.write(snapshot::Job::new(&self.state, look, buffer, folder))
    }

    fn write(&self, job: snapshot::Job) -> Result<()> {
        self.aside(move || Msg::Saved(job.write().map_err(|error| format!("{error:#}"))))
    }

    /// Reads and writes on a thread of its own: a slow disk must not stop the screen.
    fn aside(&self, work: impl FnOnce() -> Msg + Send + 'static) -> Result<()> {
        let sender = self.sender.clone();
        std::thread::Builder::new()
            .name("files".into())
            .spawn(move || {
                // nobody listens when the program has ended meanwhile
                let _ = sender.send(Happening::Message(work()));
            })
            .context("cannot start a thread for files")?;
        Ok(())
    }

    fn redraw(&mut self) -> Result<()> {
        self.dirty = true;
        self.drawn = None;
        // `Terminal::clear` would ask the terminal for its cursor, and the answer would be read by
        // the input thread; a new size clears the screen without a question
        let size = self.screen.size();
        let cleared = size.and_then(|size| self.screen.resize(size.into()));
        cleared.or_else(|error| self.lost(&error))
    }

    fn suspend(&mut self) -> Result<()> {
        if !signals::can_stop() {
            let text = "no shell to come back from: not stopped".to_owned();
            self.state.tell(text);
            self.dirty = true;
            return Ok(());
        }
        self.stopped = true;
        terminal::leave();
        signals::stop_here();
        self.come_back()
    }

    /// After a stop by Ctrl-Z or by SIGSTOP alike.
    fn come_back(&mut self) -> Result<()> {
        terminal::leave();
        terminal::enter().context("cannot set the terminal up again")?;
        self.redraw()
    }
}
