//! Numbers and sessions for the terminal's clipboard.

use super::super::{export, snapshot};
use super::Live;
use crate::findings::share;
use anyhow::Result;
use crossterm::clipboard::CopyToClipboard;

impl Live {
    pub(super) fn copy_table(&mut self) -> Result<()> {
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
    pub(super) fn share(&mut self) -> Result<()> {
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
        let sent = crossterm::execute!(self.screen.backend_mut(), sequence);
        sent.or_else(|error| self.lost(&error))
    }
}
