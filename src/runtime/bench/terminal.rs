//! What a user feels: the program itself in a terminal of ours, keys in and frames out.
//!
//! The terminal is a pseudo-terminal, so everything that a keystroke passes through is measured:
//! input thread, update, worker, drawing, and the bytes that go down the line.

use super::Spread;
use crate::ui::colour::Depth;
use anyhow::{Context, Result, ensure};
use nix::pty::{Winsize, openpty};
use serde::Serialize;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A frame has ended when nothing came for so long; numbers that come late come within it.
const QUIET: Duration = Duration::from_millis(40);
/// How long nothing may come after a key before it counts as one that changes nothing.
const NOTHING: Duration = Duration::from_millis(500);
/// How long a program may take to start.
const START: Duration = Duration::from_secs(30);
/// How long the program is left alone.
const IDLE: Duration = Duration::from_secs(2);
/// Programs that are typed into while they sweep, at most.
const SWEEPS: usize = 8;
/// Opens all inputs, which are swept from then on, and goes back to the workbench.
const SWEEP: &str = "S\t";
/// Begins a training that lasts longer than the keys.
const TRAIN: &str = ":train steps 100000 save-every 100000\r";
/// Frames of a key and those of a training are so far apart at least.
const BETWEEN: Duration = Duration::from_millis(10);

/// Keys of someone at work, from the prompt pane back to it: examples, counterfactuals, views,
/// typing, positions, attention cells, grid cells, a patch added and taken away. They leave
/// everything as it was.
const ROUND: [&str; 30] = [
    "n", "p", "c", "C", "v", "v", "v", "v", "d", "d", "8", "\x7f", "\t", "\x1b[B", "\x1b[B",
    "\x1b[A", "\t", "\x1b[B", "\x1b[C", "\x1b[A", "\t", "\x1b[B", "\x1b[C", "\r", "x", "u", "u",
    "\x1b[Z", "\x1b[Z", "\x1b[Z",
];

/// One kind of terminal.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Colours.
    pub depth: Depth,
    /// Keys to press.
    pub keys: usize,
    /// Programs to start, one after the other; keys are pressed in the last.
    pub starts: usize,
}

/// How the workbench behaves in a terminal.
#[derive(Clone, Debug, Serialize)]
pub struct Workbench {
    /// Columns x rows.
    pub size: String,
    /// `24bit` or `256`.
    pub colours: String,
    /// From the start of the process to the end of its first frame, files in the cache; the median.
    pub start_to_first_frame_ms: f64,
    /// The same to the first frame with numbers.
    pub start_to_numbers_ms: f64,
    /// From a key to the last byte of what it changes.
    pub key_to_frame_ms: Spread,
    /// Bytes sent to the terminal for it.
    pub bytes_per_key: Spread,
    /// Bytes sent when nothing is typed.
    pub idle_bytes_per_s: f64,
    /// The most memory the program held, in 10^6 bytes; none where the system does not say.
    pub peak_rss_mb: Option<f64>,
    /// Keys pressed.
    pub keys: usize,
}

/// A session of its own, so that a terminal that we were started from is none of ours any more and
/// standard input and output are.
///
/// # Errors
/// When the process leads a group.
pub fn own_session() -> Result<()> {
    nix::unistd::setsid().context("cannot begin a session of its own")?;
    Ok(())
}

/// A program and the other end of its terminal.
struct Session {
    child: Child,
    keys: File,
    output: Receiver<(Instant, Vec<u8>)>,
    began: Instant,
}

impl Drop for Session {
    fn drop(&mut self) {
        // it has ended already, or nothing more can be done about it
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Session {
    /// A program with its first numbers; when its first frame was there, and when these were.
    fn open(screen: Screen, flags: &[String], home: &Path) -> Result<(Self, (f64, f64))> {
        let mut session = Self::start(screen, flags, home)?;
        let frames = session.first_frames(screen.size.1)?;
        Ok((session, frames))
    }

    /// Waits until nothing comes by itself any more: the sample is scored first.
    fn settle(&mut self) -> Result<()> {
        while self.burst(NOTHING)?.is_some() {}
        Ok(())
    }

    fn start(screen: Screen, flags: &[String], home: &Path) -> Result<Self> {
        let size = Winsize {
            ws_col: screen.size.0,
            ws_row: screen.size.1,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).context("cannot open a terminal")?;
        let (ours, theirs) = (File::from(pty.master), File::from(pty.slave));
        let end = || theirs.try_clone().map(Stdio::from);
        let program = std::env::current_exe().context("cannot find this program")?;
        let began = Instant::now();
        let child = Command::new(program)
            .args(["--own-session", "--colours", screen.depth.name()])
            .args(flags)
            .env("XDG_STATE_HOME", home)
            .env("XDG_DATA_HOME", home)
            .env("TERM", "xterm-256color")
            .current_dir(home)
            .stdin(end()?)
            .stdout(end()?)
            .stderr(end()?)
            .spawn()
            .context("cannot start this program again")?;
        let mut reader = ours.try_clone()?;
        let (sender, output) = channel();
        std::thread::Builder::new()
            .name("terminal".into())
            .spawn(move || {
                let mut buffer = vec![0; 1 << 16];
                while let Ok(n @ 1..) = reader.read(&mut buffer) {
                    if sender.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                        return;
                    }
                }
            })
            .context("cannot read the terminal")?;
        Ok(Self {
            child,
            keys: ours,
            output,
            began,
        })
    }

    /// Waits for output, then until nothing more comes: when the last of it came, and how much.
    fn burst(&mut self, patience: Duration) -> Result<Option<(Instant, Vec<u8>)>> {
        self.burst_within(patience, QUIET)
    }

    fn burst_within(
        &mut self,
        patience: Duration,
        quiet: Duration,
    ) -> Result<Option<(Instant, Vec<u8>)>> {
        let mut all: Option<(Instant, Vec<u8>)> = None;
        loop {
            let wait = if all.is_some() { quiet } else { patience };
            match self.output.recv_timeout(wait) {
                Ok((at, bytes)) => {
                    let (last, text) = all.get_or_insert_with(|| (at, Vec::new()));
                    *last = at;
                    text.extend(bytes);
                }
                Err(RecvTimeoutError::Timeout) => return Ok(all),
                Err(RecvTimeoutError::Disconnected) => {
                    let text = all.map(|(_, bytes)| bytes).unwrap_or_default();
                    anyhow::bail!(
                        "the workbench ended: {}",
                        crate::task::shown(&String::from_utf8_lossy(&text))
                    )
                }
            }
        }
    }

    /// From a key to the last byte of its frame, in milliseconds, and how many bytes.
    fn key(&mut self, key: &str) -> Result<Option<(f64, usize)>> {
        let sent = Instant::now();
        self.keys.write_all(key.as_bytes())?;
        let seen = self.burst(NOTHING)?;
        Ok(seen.map(|(at, bytes)| ((at - sent).as_secs_f64() * 1e3, bytes.len())))
    }

    /// When the first frame was there, and when the first one with numbers was; in seconds.
    fn first_frames(&mut self, rows: u16) -> Result<(f64, f64)> {
        // a frame is drawn from the top down
        let last_row = format!("\x1b[{rows};");
        let (mut text, mut first) = (Vec::new(), None);
        loop {
            let (at, bytes) = self
                .output
                .recv_timeout(START)
                .context("the workbench draws nothing")?;
            text.extend(bytes);
            let since = (at - self.began).as_secs_f64();
            let seen = |what: &str| text.windows(what.len()).any(|part| part == what.as_bytes());
            if first.is_none() && seen(&last_row) {
                first = Some(since);
            }
            if let (Some(first), true) = (first, seen(NUMBERS)) {
                return Ok((first, since));
            }
            ensure!(
                self.began.elapsed() < START,
                "the workbench draws no numbers"
            );
        }
    }

    fn quit(mut self) -> Result<()> {
        self.keys.write_all(b"q")?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(asked.elapsed() < START, "the workbench does not leave");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// On the screen once there are numbers: the head of the logits' table.
const NUMBERS: &str = "logp";

/// Measures the workbench in a terminal. `flags` say which model, and where it computes.
///
/// # Errors
/// When there is no terminal to be had, or the workbench fails.
pub fn workbench(screen: Screen, flags: &[String]) -> Result<Workbench> {
    let home = tempfile::tempdir().context("cannot make a folder")?;
    let mut starts = Vec::new();
    for _ in 1..screen.starts {
        let (mut session, frames) = Session::open(screen, flags, home.path())?;
        starts.push(frames);
        session.burst(QUIET)?;
        session.quit()?;
    }
    let (mut session, frames) = Session::open(screen, flags, home.path())?;
    starts.push(frames);
    session.settle()?;
    let idle = session.idle()?;
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for key in ROUND.iter().cycle().take(screen.keys) {
        let seen = session.key(key)?;
        times.extend(seen.map(|(ms, _)| ms));
        bytes.push(seen.map_or(0.0, |(_, sent)| sent as f64));
    }
    let peak = peak_rss(&session.child);
    session.quit()?;
    let median = |pick: fn(&(f64, f64)) -> f64| Spread::of(starts.iter().map(pick).collect()).p50;
    Ok(Workbench {
        size: format!("{}x{}", screen.size.0, screen.size.1),
        colours: screen.depth.name().to_owned(),
        start_to_first_frame_ms: median(|start| start.0) * 1e3,
        start_to_numbers_ms: median(|start| start.1) * 1e3,
        key_to_frame_ms: Spread::of(times),
        bytes_per_key: Spread::of(bytes),
        idle_bytes_per_s: idle,
        peak_rss_mb: peak,
        keys: screen.keys,
    })
}

/// The same keys while the program is busy with something else.
#[derive(Clone, Debug, Serialize)]
pub struct WhileBusy {
    /// From a key to the last byte of what it changes.
    pub key_to_frame_ms: Spread,
    /// The 95th percentile over that of a workbench that is not.
    pub times_alone_p95: f64,
    /// Keys pressed.
    pub keys: usize,
}

impl WhileBusy {
    /// What these times in milliseconds come to, beside a program that did nothing else.
    fn of(times: Vec<f64>, alone: &Workbench) -> Self {
        let keys = times.len();
        let spread = Spread::of(times);
        Self {
            key_to_frame_ms: spread,
            times_alone_p95: spread.p95 / alone.key_to_frame_ms.p95,
            keys,
        }
    }
}

/// Measures keys to frames while all inputs are swept, which takes `lasts` at least: only rounds of
/// keys that are over by then count. `None` where that is too short for one.
///
/// # Errors
/// As [`workbench`].
pub fn while_sweeping(
    screen: Screen,
    flags: &[String],
    lasts: Duration,
    alone: &Workbench,
) -> Result<Option<WhileBusy>> {
    let home = tempfile::tempdir().context("cannot make a folder")?;
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..SWEEPS {
        let (mut session, _) = Session::open(screen, flags, home.path())?;
        session.settle()?;
        let began = Instant::now();
        session.key(SWEEP)?;
        while times.len() < screen.keys {
            let mut round = Vec::new();
            for key in ROUND {
                round.extend(session.key(key)?.map(|(ms, _)| ms));
            }
            if began.elapsed() > lasts {
                break;
            }
            times.extend(round);
        }
        session.quit()?;
        if times.is_empty() || times.len() >= screen.keys {
            break;
        }
    }
    Ok((!times.is_empty()).then(|| WhileBusy::of(times, alone)))
}

/// Measures keys to frames while a model is trained in the background, on all cores but one.
///
/// # Errors
/// As [`workbench`].
pub fn while_training(screen: Screen, flags: &[String], alone: &Workbench) -> Result<WhileBusy> {
    let home = tempfile::tempdir().context("cannot make a folder")?;
    let (mut session, _) = Session::open(screen, flags, home.path())?;
    session.settle()?;
    session.keys.write_all(TRAIN.as_bytes())?;
    // until the first model that was written takes the place of the one at hand
    std::thread::sleep(IDLE);
    let mut times: Vec<f64> = Vec::new();
    for key in ROUND.iter().cycle().take(screen.keys) {
        // how far the training is comes by itself, some times a second
        session.burst_within(Duration::ZERO, BETWEEN)?;
        let sent = Instant::now();
        session.keys.write_all(key.as_bytes())?;
        let seen = session.burst_within(NOTHING, BETWEEN)?;
        times.extend(seen.map(|(at, _)| (at - sent).as_secs_f64() * 1e3));
    }
    Ok(WhileBusy::of(times, alone))
}

impl Session {
    /// Bytes a second when nothing is typed.
    fn idle(&mut self) -> Result<f64> {
        let began = Instant::now();
        let mut bytes = 0;
        while let Some(left) = IDLE.checked_sub(began.elapsed()) {
            match self.output.recv_timeout(left) {
                Ok((_, some)) => bytes += some.len(),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the workbench ended"),
            }
        }
        Ok(bytes as f64 / began.elapsed().as_secs_f64())
    }
}

/// The most memory a process held, in 10^6 bytes, where the system has it in a file.
fn peak_rss(child: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
