//! Another model in a running workbench: new threads compute on it, and what the old ones still say is
//! not listened to.

use super::super::curves::Curver;
use super::super::mailbox::Mailbox;
use super::super::steps::{OpenedStep, Stepper};
use super::super::sweeper::Sweeper;
use super::super::switch::Opened;
use super::super::threads::{Happening, spawn_worker};
use super::super::worker::Models;
use super::Live;
use crate::answers::Question;
use crate::app::{Ask, Destination, Effect, Msg, update};
use crate::lens::{Observation, slide};
use crate::model::Model;
use anyhow::{Context, Result};
use std::path::Path;
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

    /// Opens a model beside this one on a thread of its own.
    pub(super) fn open_other(&self, path: String) -> Result<()> {
        let (sender, epoch) = (self.sender.clone(), self.epoch);
        let first = self.models.first.transformer.clone();
        self.beside(move || {
            let opened = slide::open_for(Path::new(&path), first.task(), first.device());
            let opened = opened.map(Box::new).map_err(|error| format!("{error:#}"));
            // nobody listens when the program has ended meanwhile
            let _ = sender.send(Happening::Other(epoch, opened));
        })
    }

    /// Compares with a model that was opened for the one that is looked at.
    pub(super) fn beside_this(
        &mut self,
        epoch: u64,
        opened: Result<Box<Model>, String>,
    ) -> Option<Msg> {
        if epoch != self.epoch {
            return None;
        }
        Some(Msg::Compared(opened.map(|model| {
            let name = model.name.clone();
            self.models.other = Some(Model::clone(&model));
            self.mailbox.compare(model);
            name
        })))
    }

    /// Does something on a thread of its own.
    pub(super) fn beside(&self, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = std::thread::Builder::new().name("files".into());
        let started = thread.spawn(work);
        started.context("cannot start a thread for files")?;
        Ok(())
    }

    /// Shows the model that was opened, or says why there is none.
    pub(super) fn show_model(&mut self, opened: Result<Box<Opened>, String>) -> Result<()> {
        let Opened {
            model,
            info,
            steps,
            note,
        } = match opened {
            Ok(opened) => *opened,
            Err(error) => return self.tell(Err(error)),
        };
        let state = match self.left.to(&self.state, info, steps) {
            Ok(state) => state,
            Err(error) => return self.tell(Err(format!("{error:#}"))),
        };
        let models = Models {
            first: model,
            other: None,
        };
        self.compute_on(models)?;
        self.state = state;
        if let Some(note) = note {
            self.state.tell(note);
        }
        let effects = self.state.start();
        self.carry_out(effects)
    }

    /// New threads compute on these models; the old ones end.
    fn compute_on(&mut self, models: Models) -> Result<()> {
        self.mailbox.close();
        self.sweeper.stop(u64::MAX);
        self.mailbox = Arc::new(Mailbox::default());
        self.epoch += 1;
        let (epoch, sender) = (self.epoch, self.sender.clone());
        self.sweeper = Sweeper::spawn(models.first.transformer.clone(), move |message| {
            sender.send(Happening::Computed(epoch, message)).is_ok()
        })?;
        self.models = models.clone();
        spawn_worker(models, &self.mailbox, &self.sender, epoch, None)
    }

    /// Asks a question: a curve of all steps, whichever is looked at, else the model.
    pub(super) fn ask(&mut self, ask: Box<Ask>) -> Result<()> {
        let steps = self.state.steps.as_ref();
        let (Question::Curves(_), Some(steps)) = (&ask.question, steps) else {
            self.mailbox.ask(ask);
            return Ok(());
        };
        let curver = match &self.curver {
            Some(curver) => curver,
            None => {
                let sender = self.sender.clone();
                let send = move |message| sender.send(Happening::Message(message)).is_ok();
                self.curver.insert(Curver::spawn(send)?)
            }
        };
        curver.ask(&ask, &steps.series, &self.models.first.transformer);
        Ok(())
    }

    /// Asks for a step of the model; what is on screen stays until it is there.
    pub(super) fn want_step(&mut self, at: usize) -> Result<()> {
        let stepper = match &self.stepper {
            Some(stepper) => stepper,
            None => {
                let sender = self.sender.clone();
                self.stepper.insert(Stepper::spawn(move |at, opened| {
                    let opened = opened.map(Box::new);
                    sender.send(Happening::Step(at, opened)).is_ok()
                })?)
            }
        };
        if let Some(steps) = &self.state.steps {
            let experiment = self.state.study().experiment();
            stepper.want(steps, at, &self.models.first.transformer, experiment);
        }
        Ok(())
    }

    /// Shows the step that was opened, if it is the one that is wanted.
    pub(super) fn show_step(
        &mut self,
        at: usize,
        opened: Result<Box<OpenedStep>, String>,
    ) -> Result<()> {
        let steps = self.state.steps.as_ref();
        if steps.is_none_or(|steps| steps.wanted != Some(at)) {
            return Ok(());
        }
        let mut seen = None;
        let result = match opened {
            Ok(opened) => {
                let (model, ahead) = *opened;
                seen = ahead;
                let named = (model.name.clone(), model.hash.clone());
                let other = self.models.other.take();
                self.compute_on(Models {
                    first: model,
                    other,
                })?;
                Ok(named)
            }
            Err(error) => Err(error),
        };
        if let Some(autosave) = &mut self.autosave {
            autosave.touch();
        }
        let effects = update(&mut self.state, Msg::Stepped { at, result });
        self.carry_out_knowing(effects, seen)
    }

    /// Carries out what a step asks for, but for what was seen of it ahead.
    fn carry_out_knowing(
        &mut self,
        mut effects: Vec<Effect>,
        seen: Option<Box<Observation>>,
    ) -> Result<()> {
        let Some(seen) = seen else {
            return self.carry_out(effects);
        };
        let mut known = effects.extract_if(.., |effect| match effect {
            Effect::Observe(request) => request.experiment == seen.experiment,
            _ => false,
        });
        let generation = match known.next() {
            Some(Effect::Observe(request)) => Some(request.generation),
            _ => None,
        };
        drop(known);
        if let Some(generation) = generation {
            let result = Ok(seen);
            let more = update(&mut self.state, Msg::Observed { generation, result });
            effects.extend(more);
        }
        self.carry_out(effects)
    }
}
