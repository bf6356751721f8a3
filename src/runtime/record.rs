//! `--record`: what goes to the terminal goes into a cast too, written by a thread of its own.

use super::tty;
use crate::findings::cast::{Characters, event, header};
use anyhow::{Context, Result, anyhow, ensure};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// How long leaving waits for a slow disk.
const PATIENCE: Duration = Duration::from_secs(1);

enum Happened {
    Output(Vec<u8>),
    Resized(u16, u16),
    /// Whom to tell when it cannot go on.
    Tell(Tell),
    End,
}

type Tell = Box<dyn Fn(String) + Send>;

/// A recording that was begun.
#[derive(Debug)]
pub struct Recording {
    began: Instant,
    events: Sender<(f64, Happened)>,
    writer: JoinHandle<Result<()>>,
    path: PathBuf,
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
        let name = path.to_owned();
        let writer = std::thread::Builder::new()
            .name("record".into())
            .spawn(move || write_all(&name, file, &received))
            .context("cannot start the recording thread")?;
        Ok(Self {
            began: Instant::now(),
            events,
            writer,
            path: path.to_owned(),
        })
    }

    /// Where events go.
    pub(super) fn tape(&self) -> Tape {
        Tape {
            began: self.began,
            events: self.events.clone(),
        }
    }

    /// Who is told while the program runs that the recording cannot go on.
    pub(super) fn tell(&self, tell: impl Fn(String) + Send + 'static) {
        self.tape().put(Happened::Tell(Box::new(tell)));
    }

    /// Waits a while for everything to be written.
    ///
    /// # Errors
    /// When not all of it is.
    pub(super) fn end(self) -> Result<()> {
        self.tape().put(Happened::End);
        let since = Instant::now();
        while !self.writer.is_finished() && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
        ensure!(
            self.writer.is_finished(),
            "the recording is cut off, because the disk is too slow: {:?}",
            self.path
        );
        let written = self.writer.join();
        written
            .unwrap_or_else(|_| Err(anyhow!("its thread broke down")))
            .with_context(|| cut_off(&self.path))
    }
}

fn cut_off(path: &Path) -> String {
    format!("the recording ends here: it could not be written to {path:?}")
}

/// Whole lines only: a recording that breaks off is one that ends there.
fn write_all(
    path: &Path,
    mut file: BufWriter<File>,
    events: &Receiver<(f64, Happened)>,
) -> Result<()> {
    let mut tell: Option<Tell> = None;
    let mut characters = Characters::default();
    while let Ok((seconds, happened)) = events.recv() {
        let line = match happened {
            Happened::Output(bytes) => event(seconds, "o", &characters.take(&bytes)),
            Happened::Resized(width, height) => event(seconds, "r", &format!("{width}x{height}")),
            Happened::Tell(whom) => {
                tell = Some(whom);
                continue;
            }
            Happened::End => return Ok(()),
        };
        // a full disk ends the recording, not the work
        let written = file.write_all(line.as_bytes());
        if let Err(error) = written.and_then(|()| file.flush()) {
            if let Some(tell) = tell {
                tell(format!("the recording ends here: {error}; {path:?}"));
            }
            // what is left in it would be tried again
            let _ = file.into_parts();
            return Err(error.into());
        }
    }
    Ok(())
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
    tape: Option<Tape>,
}

impl Out {
    pub fn new(tape: Option<Tape>) -> Self {
        Self { tape }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = tty::write(bytes)?;
        if let Some(tape) = &self.tape {
            tape.put(Happened::Output(bytes[..written].to_vec()));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
