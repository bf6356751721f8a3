//! The real program in a pseudo terminal: what it writes, what that looks like, how it leaves.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_circuitscope");
/// A prompt that every model for lists of three numbers below 50 reads.
pub const PROMPT: &str = "14 26 35 1 48";
/// How long anything may take; a loaded machine is slow, a broken program is slower.
pub const DEADLINE: Duration = Duration::from_secs(40);

/// What came out of the terminal.
struct Output {
    raw: Vec<u8>,
    screen: vt100::Parser,
    last: Instant,
    /// The reader is to let go of the terminal.
    stop: bool,
    /// Nobody reads what comes.
    stalled: bool,
    /// So many bytes a second are read.
    rate: Option<usize>,
    ended: bool,
}

struct Shared {
    output: Mutex<Output>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap()
    }
}

/// A program in a terminal of its own.
pub struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    shared: Arc<Shared>,
    modes_before: String,
}

impl Session {
    /// The workbench at 80x24 on [`PROMPT`], with more flags.
    pub fn workbench(flags: &[&str]) -> Self {
        Self::sized((80, 24), flags)
    }

    /// The same at another size.
    pub fn sized(size: (u16, u16), flags: &[&str]) -> Self {
        let mut command = command(PROGRAM);
        command.args(["--prompt", PROMPT]);
        command.args(flags);
        Self::start(command, size)
    }

    /// Any command.
    pub fn start(command: CommandBuilder, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system()
            .openpty(pty_size(columns, rows))
            .unwrap();
        let modes_before = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        // the program alone holds the terminal: its end is the end of the output
        drop(pair.slave);
        let screen = vt100::Parser::new(cells(rows), cells(columns), 0);
        let shared = Arc::new(Shared {
            output: Mutex::new(Output {
                raw: Vec::new(),
                screen,
                last: Instant::now(),
                stop: false,
                stalled: false,
                rate: None,
                ended: false,
            }),
            changed: Condvar::new(),
        });
        let reader = pair.master.try_clone_reader().unwrap();
        let for_reader = Arc::clone(&shared);
        std::thread::spawn(move || read(reader, &for_reader));
        let writer = pair.master.take_writer().unwrap();
        Self {
            child,
            master: Some(pair.master),
            writer: Some(writer),
            shared,
            modes_before,
        }
    }

    /// Bytes as a keyboard sends them.
    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id() as i32), signal).unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let mut output = self.shared.lock();
        output.screen.set_size(cells(rows), cells(columns));
        let master = self.master.as_ref().unwrap();
        master.resize(pty_size(columns, rows)).unwrap();
    }

    /// Waits until the screen is as the caller wants it.
    pub fn wait(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut output = self.shared.lock();
        while !wanted(output.screen.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !output.ended,
                "no {what} in time; ended: {}; the screen:\n{}\nthe last bytes: {:?}",
                output.ended,
                output.screen.screen().contents(),
                tail(&output.raw)
            );
            output = self.shared.changed.wait_timeout(output, left).unwrap().0;
        }
    }

    pub fn wait_for(&self, text: &str) {
        self.wait(&format!("{text:?}"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Waits until the screen shows exactly these rows.
    pub fn wait_for_rows(&self, rows: &[String]) {
        let what = format!("screen like\n{}\n", rows.join("\n"));
        self.wait(&what, |screen| screen_rows(screen) == rows);
    }

    /// Waits until nothing was written for so long.
    pub fn wait_quiet(&self, quiet: Duration) {
        let until = Instant::now() + DEADLINE;
        let mut output = self.shared.lock();
        while output.last.elapsed() < quiet {
            assert!(Instant::now() < until, "the program never stops writing");
            let left = quiet.saturating_sub(output.last.elapsed());
            output = self.shared.changed.wait_timeout(output, left).unwrap().0;
        }
    }

    /// Every byte written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.shared.lock().raw.clone()
    }

    /// What the screen shows now.
    pub fn rows(&self) -> Vec<String> {
        screen_rows(self.shared.lock().screen.screen())
    }

    pub fn look<T>(&self, at: impl Fn(&vt100::Screen) -> T) -> T {
        at(self.shared.lock().screen.screen())
    }

    /// Whether the terminal is as it was before the program, line discipline included.
    pub fn is_cooked(&self) -> bool {
        modes(self.master.as_deref().unwrap()) == self.modes_before
    }

    /// Takes the terminal away, as a lost connection does.
    pub fn hang_up(&mut self) {
        self.shared.lock().stop = true;
        // the reader lets go once it has read something more
        self.send("\x0c");
        self.until("the reader to stop", |output| output.ended);
        self.writer = None;
        self.master = None;
    }

    /// From now on, or no longer, the terminal takes nothing: what the program writes stays in its way.
    pub fn stall(&self, stalled: bool) {
        self.shared.lock().stalled = stalled;
    }

    /// From now on the terminal takes so many bytes a second.
    pub fn throttle(&self, rate: usize) {
        self.shared.lock().rate = Some(rate);
    }

    /// Waits until the alternate screen was entered so many times.
    pub fn wait_entered(&self, times: usize) {
        self.until("entering again", |output| {
            let raw = String::from_utf8_lossy(&output.raw);
            raw.matches("\x1b[?1049h").count() >= times
        });
    }

    /// Waits until more than so many bytes were written.
    pub fn wait_more(&self, len: usize) {
        self.until("more output", |output| output.raw.len() > len);
    }

    fn until(&self, what: &str, wanted: impl Fn(&Output) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut output = self.shared.lock();
        while !wanted(&output) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "no time for {what}: {:?}",
                tail(&output.raw)
            );
            output = self.shared.changed.wait_timeout(output, left).unwrap().0;
        }
    }

    /// Waits for the program's end.
    pub fn wait_end(&mut self, limit: Duration) -> ExitStatus {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < until,
                "the program has not ended: {:?}",
                self.rows()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the end with this exit code, and checks that the terminal is in order again and
    /// that all modes were entered and left so many times.
    pub fn ends(mut self, code: u32, times: usize) -> Ended {
        let status = self.wait_end(DEADLINE);
        self.until("the rest of the output", |output| output.ended);
        assert_eq!(status.exit_code(), code, "{:?}", tail(&self.raw()));
        assert!(self.is_cooked(), "the line discipline is not as it was");
        let raw = String::from_utf8_lossy(&self.raw()).into_owned();
        let screen = self.look(vt100::Screen::clone);
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        for mode in ["?1049", "?2004"] {
            for end in ["h", "l"] {
                let count = raw.matches(&format!("\x1b[{mode}{end}")).count();
                assert_eq!(count, times, "{mode}{end} in {:?}", tail(raw.as_bytes()));
            }
        }
        // the mouse may be left to the terminal
        let [asked, ..] = ["?1000h", "?1006h", "?1000l", "?1006l"].map(|mode| {
            let counted = |mode: &str| raw.matches(&format!("\x1b[{mode}")).count();
            assert_eq!(counted(mode), counted("?1000h"), "{mode}");
            counted(mode)
        });
        assert!(asked == times || asked == 0, "the mouse, {asked} times");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        // hidden again with every frame, but shown only when the program leaves
        assert_eq!(raw.matches("\x1b[?25h").count(), times);
        assert!(times == 0 || raw.contains("\x1b[?25l"));
        let after = raw.rsplit("\x1b[?1049l").next().unwrap_or(&raw).to_owned();
        Ended { after }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // a failed test leaves no process behind; one that has ended is no matter
        let _ = self.child.kill();
    }
}

/// What is left of a program.
pub struct Ended {
    /// All that was written after the terminal was left, as raw text.
    pub after: String,
}

/// An empty folder that no other program of this test run has.
pub fn fresh_home() -> std::path::PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{number}"));
    // what an earlier run left there; nothing at the first
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).unwrap();
    home
}

/// A command with an environment that is the same on every machine.
pub fn command(program: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    for name in [
        "NO_COLOR",
        "COLORTERM",
        "LC_ALL",
        "LC_CTYPE",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    // a home of its own for every program: none finds what another left behind
    let home = fresh_home();
    command.env("XDG_STATE_HOME", &home);
    command.env("XDG_DATA_HOME", &home);
    command.cwd(env!("CARGO_TARGET_TMPDIR"));
    command
}

/// What the workbench must show after these keys, drawn without a terminal.
pub fn rendered((columns, rows): (u16, u16), keys: &str) -> Vec<String> {
    let file = tempfile::Builder::new().suffix(".txt").tempfile().unwrap();
    let output = Command::new(PROGRAM)
        .args(["render", "--prompt", PROMPT, "--keys", keys])
        .args(["--size", &format!("{columns}x{rows}"), "--output"])
        .arg(file.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(file.path()).unwrap();
    let mut shown: Vec<String> = text.lines().map(|row| row.trim_end().to_owned()).collect();
    shown.resize(usize::from(rows), String::new());
    shown
}

fn screen_rows(screen: &vt100::Screen) -> Vec<String> {
    let columns = screen.size().1.get();
    let rows = screen.rows(0, columns);
    rows.map(|row| row.trim_end().to_owned()).collect()
}

fn read(mut reader: Box<dyn Read + Send>, shared: &Shared) {
    let mut bytes = [0; 1 << 16];
    // how much of the output the emulator has seen
    let mut shown = 0;
    loop {
        while shared.lock().stalled {
            std::thread::sleep(Duration::from_millis(5));
        }
        // the end is an error on a terminal whose program has gone
        let rate = shared.lock().rate;
        let most = rate.map_or(bytes.len(), |rate| (rate / 50).max(1));
        let len = reader.read(&mut bytes[..most.min(1 << 16)]).unwrap_or(0);
        if let Some(rate) = rate {
            std::thread::sleep(Duration::from_secs_f64(len as f64 / rate as f64));
        }
        let mut output = shared.lock();
        output.raw.extend_from_slice(&bytes[..len]);
        // a character may come in two pieces, and the emulator wants it whole
        let end = output.raw.len();
        let whole = whole_characters(&output.raw[shown..]);
        let piece = output.raw[shown..shown + whole].to_vec();
        output.screen.process(&piece);
        shown = if len == 0 { end } else { shown + whole };
        output.last = Instant::now();
        let ended = len == 0 || output.stop;
        if ended {
            drop(output);
            drop(reader);
            shared.lock().ended = true;
            shared.changed.notify_all();
            return;
        }
        drop(output);
        shared.changed.notify_all();
    }
}

/// How many bytes lie before a character whose last bytes have not come yet.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

/// The line discipline as text.
fn modes(master: &(dyn MasterPty + Send)) -> String {
    let modes = master.get_termios().unwrap();
    format!(
        "{:?} {:?} {:?}",
        modes.input_flags, modes.output_flags, modes.local_flags
    )
}

pub fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn pty_size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn tail(raw: &[u8]) -> String {
    String::from_utf8_lossy(&raw[raw.len().saturating_sub(400)..]).into_owned()
}
