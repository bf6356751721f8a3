//! A file too long to be kept in memory, still written whole or not at all.

use super::files;
use anyhow::Result;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that grows under a passing name and gets its own at the end.
pub struct Growing {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl Growing {
    /// A file that is going to stand at `path`, in place of one that may be there already.
    ///
    /// # Errors
    /// As [`files::write_whole`].
    pub fn new(path: &Path) -> Result<Self> {
        files::check_writable(path, true)?;
        let staged = files::stage_for(path)?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(staged),
        })
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| files::refused(&self.path, error))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When the disk does not take it; what stood there stands there still.
    pub fn finish(self) -> Result<()> {
        let path = self.path;
        let staged = self.file.into_inner().map_err(std::io::Error::from);
        let staged = staged.map_err(|error| files::refused(&path, error))?;
        files::settle_whole(&path, staged)
    }
}
