//! The live workbench: one loop that owns the state and the screen.

use super::autosave::Autosave;
use super::curves::Curver;
use super::input::Input;
use super::mailbox::Mailbox;
use super::record::{Out, Recording, Tape};
use super::shelf::{self, Places, Work};
use super::signals::{self, Signal};
use super::steps::Stepper;
use super::sweeper::Sweeper;
use super::switch::{Left, Opener};
pub use super::threads::Fault;
use super::threads::{
    Happening, on_purpose, spawn_input, spawn_worker, start_autosave, too_deep, watch_terminal,
};
use super::train::Trainer;
use super::worker::Models;
use super::{snapshot, terminal, tty};
use crate::app::{Effect, Mode, Msg, Opening, ShelfJob, State, begin_training, update};
use crate::findings::slots::{self, Slot};
use crate::task::text::harmless_lines;
use crate::training::Spoken;
use crate::ui::look::Look;
use anyhow::{Context, Result};
use frames::{FRAME, Line};
use pending::{Pending, is_too_late};
use pointer::Clicks;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use std::io::{BufWriter, Write as _};
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

mod clipboard;
mod frames;
mod pending;
mod pointer;
mod switch;
mod training;

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
    /// A training that begins with it.
    pub begin: Option<Spoken>,
    /// Where trainings are kept that were begun in the program.
    pub trainings: Option<PathBuf>,
    /// Opens another model.
    pub open: Opener,
    /// What goes to the terminal is recorded here too.
    pub recording: Option<Recording>,
    /// Whether the mouse does anything.
    pub mouse: bool,
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
    /// How many models were looked at before this one: what is computed on those is not news.
    epoch: u64,
    left: Left,
    /// What is computed on.
    models: Models,
    /// Opens steps of the model, once one is wanted.
    stepper: Option<Stepper>,
    /// Makes curves, once one is wanted.
    curver: Option<Curver>,
    /// Trains a model, once that is wanted.
    trainer: Option<Arc<Trainer>>,
    autosave: Option<Autosave>,
    sender: Sender<Happening>,
    pending: Pending,
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
    /// What was clicked last.
    clicks: Clicks,
    /// How far the terminal is behind.
    line: Line,
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
    terminal::enter(options.mouse).context("cannot set the terminal up")?;
    let _guard = terminal::Guard;
    let fault = options.fault;
    let for_sweeps = sender.clone();
    let sweeper = Sweeper::spawn(models.first.transformer.clone(), move |message| {
        for_sweeps.send(Happening::Computed(0, message)).is_ok()
    })?;
    spawn_worker(models.clone(), &mailbox, &sender, 0, fault)?;
    spawn_input(&sender)?;
    watch_terminal(&sender)?;
    let autosave = options
        .slot
        .take()
        .map(|slot| start_autosave(slot, &sender));
    let recording = options.recording.take();
    let tape = recording.as_ref().map(Recording::tape);
    if let Some(recording) = &recording {
        let sender = sender.clone();
        // nobody listens when the program has ended meanwhile
        recording.tell(move |why| drop(sender.send(Happening::Message(Msg::Told(Err(why))))));
    }
    let out = BufWriter::with_capacity(OUT_BUFFER, Out::new(tape.clone()));
    let screen = Terminal::new(CrosstermBackend::new(out)).context("cannot draw")?;
    let mut live = Live {
        state,
        options,
        screen: ManuallyDrop::new(screen),
        mailbox,
        sweeper,
        epoch: 0,
        left: Left::default(),
        models,
        stepper: None,
        curver: None,
        trainer: None,
        autosave: autosave.transpose()?,
        sender,
        pending: Pending::new(receiver),
        tape,
        dirty: true,
        last_frame: None,
        drawn: None,
        asked: None,
        stopped: false,
        clicks: Clicks::default(),
        line: Line::default(),
        leaving: None,
    };
    let mut result = live.run();
    live.settle();
    if let Some(autosave) = live.autosave.take() {
        let by_itself = matches!(&result, Ok(code) if *code == ExitCode::SUCCESS);
        let saved = autosave.leave(live.state.session(), by_itself);
        result = result.and_then(|code| saved.map(|()| code));
    }
    if let Some(recording) = recording {
        let written = recording.end();
        result = result.and_then(|code| written.map(|()| code));
    }
    live.mailbox.close();
    if let Some(said) = live.leave_training() {
        terminal::leave();
        // nobody is left to tell if stderr is gone
        let _ = writeln!(std::io::stderr(), "circuitscope: {}", harmless_lines(&said));
    }
    result
}

impl Live {
    fn run(&mut self) -> Result<ExitCode> {
        let mut effects = self.state.start();
        let begin = self.options.begin.take();
        effects.extend(
            begin
                .into_iter()
                .flat_map(|spoken| begin_training(&mut self.state, spoken)),
        );
        self.carry_out(effects)?;
        loop {
            // before anything is drawn: a terminal may take for ever
            if let Some(autosave) = &mut self.autosave {
                autosave.hand_over(|| self.state.session());
            }
            // who is to end draws nothing more: what was typed before comes first
            let ending = tty::ending_since().is_some();
            if self.dirty && self.pause().is_zero() && !ending {
                self.draw()?;
                match self.options.fault {
                    Some(Fault::MainPanic) => on_purpose(),
                    Some(Fault::MainError) => anyhow::bail!("an error on purpose"),
                    Some(Fault::StackOverflow) => drop(too_deep(0)),
                    _ => {}
                }
            }
            if let Some(autosave) = &self.autosave
                && self.options.taken_up
                && self.state.is_settled()
            {
                self.options.taken_up = false;
                autosave.settled();
            }
            self.wait()?;
            if let Some(code) = self.leaving {
                return Ok(code);
            }
        }
    }

    /// Waits for something to happen, or for the next frame, and takes what has happened: all of it, or as
    /// much as there is time for until the next frame.
    fn wait(&mut self) -> Result<()> {
        let frame = self.dirty.then(|| self.pause());
        let save = self.autosave.as_ref().and_then(Autosave::due);
        let mut event = self.pending.wait(frame.into_iter().chain(save).min())?;
        let since = Instant::now();
        while let Some(now) = event {
            let now = match &self.state.mode {
                Mode::Line(_) | Mode::Note(_) => self.pending.joined(now),
                _ => now,
            };
            if !is_too_late(&now) {
                self.take(now)?;
            }
            let ending = tty::ending_since().is_some();
            if self.leaving.is_some() || self.dirty && since.elapsed() >= FRAME && !ending {
                return Ok(());
            }
            event = self.pending.at_once();
        }
        Ok(())
    }

    fn take(&mut self, event: Happening) -> Result<()> {
        let message = match event {
            Happening::Message(message) => Some(message),
            Happening::Computed(epoch, message) => (epoch == self.epoch).then_some(message),
            Happening::Model(opened) => {
                self.dirty = true;
                return self.show_model(opened);
            }
            Happening::Other(epoch, opened) => self.beside_this(epoch, opened),
            Happening::Step(at, opened) => {
                self.dirty = true;
                return self.show_step(at, opened);
            }
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
            Happening::Terminal(Input::Pointer(button, at)) => self.pointed(button, at),
            Happening::Terminal(Input::Shown) => {
                self.line.shown();
                None
            }
        };
        if let Some(message) = message {
            self.dirty = true;
            // how far a training is stands in no session
            if let Some(autosave) = &mut self.autosave
                && !matches!(message, Msg::Trained(_))
            {
                autosave.touch();
            }
            if matches!(message, Msg::Observed { .. }) {
                self.asked = None;
            }
            let effects = update(&mut self.state, message);
            if let Some(curver) = &self.curver {
                let open = self.state.inquiry.iter().chain(&self.state.pinned);
                curver.keep(open.map(|inquiry| inquiry.asked));
            }
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
                Effect::Look(view) => self.mailbox.look(view),
                Effect::Ask(ask) => self.ask(ask)?,
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
                Effect::Switch(to) => self.open_model(to)?,
                Effect::Compare(path) => self.open_other(path)?,
                Effect::Step(at) => self.want_step(at)?,
                Effect::Train(job) => self.train(job)?,
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
            slide: shelf::slide_of(&self.state),
        };
        self.aside(move || work.carry_out(&places))
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
        self.beside(move || {
            // nobody listens when the program has ended meanwhile
            let _ = sender.send(Happening::Message(work()));
        })
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
        self.settle();
        terminal::leave();
        signals::stop_here();
        self.come_back()
    }

    /// After a stop by Ctrl-Z or by SIGSTOP alike.
    fn come_back(&mut self) -> Result<()> {
        terminal::leave();
        terminal::enter(self.options.mouse).context("cannot set the terminal up again")?;
        self.redraw()
    }
}
