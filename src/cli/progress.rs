//! Long work on the command line: a bar on stderr, and Ctrl-C.

use crate::sweep::Progress;
use anyhow::{Context, Result};
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by the first Ctrl-C or SIGTERM from here on; the second ends the program where it is.
///
/// # Errors
/// When signals cannot be watched.
pub fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stopped))
            .context("cannot watch for Ctrl-C")?;
        signal_hook::flag::register(signal, Arc::clone(&stopped))
            .context("cannot watch for Ctrl-C")?;
    }
    Ok(stopped)
}

/// Shows how far work is; silent where stderr is no terminal.
pub struct Bar {
    bar: ProgressBar,
    stopped: Arc<AtomicBool>,
}

impl Bar {
    /// A bar that counts things of this name. From here on the first Ctrl-C only stops the work;
    /// the second ends the program where it is.
    ///
    /// # Errors
    /// When signals cannot be watched.
    pub fn new(what: &str) -> Result<Self> {
        let bar = ProgressBar::new(0);
        let numbers = "{human_pos}/{human_len}";
        let style = format!("{{bar:30}} {numbers} {what} {{rate}} {{eta}} {{msg}}");
        let style = ProgressStyle::with_template(&style)?;
        bar.set_style(
            style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
                // a bar without its rate is still a bar
                let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
            }),
        );
        Ok(Self {
            bar,
            stopped: stop_flag()?,
        })
    }

    /// Shows progress; says whether to go on.
    ///
    /// # Errors
    /// Never; the type is that of the reports it is used in.
    pub fn tell(&self, progress: Progress, message: &str) -> Result<bool> {
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
        self.bar.set_message(message.to_owned());
        Ok(!self.stopped.load(Ordering::Relaxed))
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}
