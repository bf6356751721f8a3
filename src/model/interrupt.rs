//! Work that is given up halfway because nobody waits for it.

use anyhow::{Result, bail};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Says between forward passes that what they are for is not wanted now.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Option<Arc<AtomicBool>>);

impl Interrupt {
    /// One that is raised and taken back by somebody else.
    #[must_use]
    pub fn by(flag: &Arc<AtomicBool>) -> Self {
        Self(Some(Arc::clone(flag)))
    }

    /// # Errors
    /// [`Interrupted`] once it is raised.
    pub(super) fn check(&self) -> Result<()> {
        match &self.0 {
            Some(flag) if flag.load(Ordering::Acquire) => bail!(Interrupted),
            _ => Ok(()),
        }
    }
}

/// The error of work that was given up; nothing is wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("given up for something newer")
    }
}

impl std::error::Error for Interrupted {}
