//! Another model in a running workbench: new threads compute on it, and what the old ones still say is
//! not listened to.

use super::super::mailbox::Mailbox;
use super::super::sweeper::Sweeper;
use super::super::threads::{Happening, spawn_worker};
use super::super::worker::Models;
use super::Live;
use crate::app::{Destination, ModelInfo};
use crate::model::Model;
use anyhow::{Context, Result};
use std::sync::Arc;

impl Live {
    /// Opens a model on a thread of its own; what is on screen stays until it is there.
    pub(super) fn open_model(&self, to: Destination) -> Result<()> {
        let (open, sender) = (Arc::clone(&self.options.open), self.sender.clone());
        self.beside(move || {
            let opened = open(&to).map(Box::new);
            let opened = opened.map_err(|error| format!("{error:#}"));
            // nobody listens when the program has ended meanwhile
            let _ = sender.send(Happening::Model(opened));
        })
    }

    /// Does something on a thread of its own.
    pub(super) fn beside(&self, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = std::thread::Builder::new().name("files".into());
        let started = thread.spawn(work);
        started.context("cannot start a thread for files")?;
        Ok(())
    }

    /// Shows the model that was opened, or says why there is none.
    pub(super) fn show_model(
        &mut self,
        opened: Result<Box<(Model, ModelInfo)>, String>,
    ) -> Result<()> {
        let (model, info) = match opened {
            Ok(opened) => *opened,
            Err(error) => return self.tell(Err(error)),
        };
        let state = match self.left.to(&self.state, info) {
            Ok(state) => state,
            Err(error) => return self.tell(Err(format!("{error:#}"))),
        };
        self.mailbox.close();
        self.mailbox = Arc::new(Mailbox::default());
        self.epoch += 1;
        let (epoch, sender) = (self.epoch, self.sender.clone());
        self.sweeper = Sweeper::spawn(model.transformer.clone(), move |message| {
            sender.send(Happening::Computed(epoch, message)).is_ok()
        })?;
        let models = Models {
            first: model,
            other: None,
        };
        spawn_worker(models, &self.mailbox, &self.sender, epoch, None)?;
        self.state = state;
        let effects = self.state.start();
        self.carry_out(effects)
    }
}
