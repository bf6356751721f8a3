//! `--record`: what goes to the terminal goes into a cast too, written by a thread of its own.

use crate::findings::cast::{Characters, event, header};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// How long leaving waits for a slow disk.
const PATIENCE: Duration = Duration::from_secs(1);

enum Happened {
    Output(Vec<u8>),
    Resized(u16, u16),
    End,
}

/// A recording that was begun.
#[derive(Debug)]
pub struct Recording {
    began: Instant,
    events: Sender<(f64, Happened)>,
    writer: JoinHandle<()>,
}

/// Where events go; clones go to one recording.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    began: Instant,
    events: Sender<(f64, Happened)>,
}

impl Recording {
    /// Begins a recording of a screen of that size in a new file.
    ///
    /// # Errors
    /// When there is a file of that name, or it cannot be made.
    pub fn begin(path: &Path, (width, height): (u16, u16)) -> Result<Self> {
        let file = File::create_new(path).with_context(|| {
            format!("cannot record to {path:?}; a recording never takes a file's place")
        })?;
        let mut file = BufWriter::new(file);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let head = header(width, height, now.ok().map(|now| now.as_secs()));
        file.write_all(head.as_bytes())
            .and_then(|()| file.flush())
            .with_context(|| format!("cannot record to {path:?}"))?;
        let (events, received) = channel();
        let writer = std::thread::Builder::new()
            .name("record".into())
            .spawn(move || write_all(file, &received))
            .context("cannot start the recording thread")?;
        Ok(Self {
            began: Instant::now(),
            events,
            writer,
        })
    }

    /// Where events go.
    pub(super) fn tape(&self) -> Tape {
        Tape {
            began: self.began,
            events: self.events.clone(),
        }
    }

    /// Waits a while for everything to be written.
    pub(super) fn end(self) {
        self.tape().put(Happened::End);
        let since = Instant::now();
        while !self.writer.is_finished() && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Whole lines only: a recording that breaks off is one that ends there.
fn write_all(mut file: BufWriter<File>, events: &Receiver<(f64, Happened)>) {
    let mut characters = Characters::default();
    while let Ok((seconds, happened)) = events.recv() {
        let line = match happened {
            Happened::Output(bytes) => event(seconds, "o", &characters.take(&bytes)),
            Happened::Resized(width, height) => event(seconds, "r", &format!("{width}x{height}")),
            Happened::End => return,
        };
        // a full disk ends the recording, not the work
        if file
            .write_all(line.as_bytes())
            .and_then(|()| file.flush())
            .is_err()
        {
            return;
        }
    }
}

impl Tape {
    fn put(&self, happened: Happened) {
        // a recording that has ended takes nothing any more
        let _ = self
            .events
            .send((self.began.elapsed().as_secs_f64(), happened));
    }

    /// The terminal has another size.
    pub fn resized(&self, width: u16, height: u16) {
        self.put(Happened::Resized(width, height));
    }
}

/// The terminal, and the tape beside it.
pub(super) struct Out {
    stdout: Stdout,
    tape: Option<Tape>,
}

impl Out {
    pub fn new(tape: Option<Tape>) -> Self {
        Self {
            stdout: io::stdout(),
            tape,
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes)?;
        if let Some(tape) = &self.tape {
            tape.put(Happened::Output(bytes[..written].to_vec()));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}
