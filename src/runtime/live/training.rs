//! A training in the background of a running workbench.

use super::super::threads::Happening;
use super::super::train::{TrainWish, Trainer};
use super::Live;
use crate::app::{Msg, TrainJob, TrainNews, update};
use anyhow::Result;
use std::path::PathBuf;
use std::sync::Arc;

impl Live {
    /// Does something with the training.
    pub(super) fn train(&mut self, job: TrainJob) -> Result<()> {
        let wish = match job {
            TrainJob::Begin(spoken) => {
                let Some(folder) = self.options.trainings.clone() else {
                    let why = "neither XDG_STATE_HOME nor HOME names a folder for trainings";
                    return self.hear(TrainNews::Ended(Err(why.to_owned())));
                };
                let sender = self.sender.clone();
                let send = move |news| {
                    let message = Msg::Trained(news);
                    sender.send(Happening::Message(message)).is_ok()
                };
                let trainer = Trainer::spawn(*spoken, folder, send)?;
                self.trainer = Some(Arc::new(trainer));
                return Ok(());
            }
            TrainJob::Keep(to) => return self.keep_training(to),
            TrainJob::Pause => TrainWish::Pause,
            TrainJob::Go => TrainWish::Run,
            TrainJob::Stop => TrainWish::Stop,
        };
        if let Some(trainer) = &self.trainer {
            trainer.wish(wish);
        }
        Ok(())
    }

    fn hear(&mut self, news: TrainNews) -> Result<()> {
        let effects = update(&mut self.state, Msg::Trained(news));
        self.carry_out(effects)
    }

    /// Ends the training and puts its folder elsewhere, on a thread of its own.
    fn keep_training(&self, to: String) -> Result<()> {
        let Some(trainer) = self.trainer.clone() else {
            return Ok(());
        };
        self.aside(move || {
            let path = std::path::absolute(&to).unwrap_or_else(|_| PathBuf::from(&to));
            let kept = trainer.keep(&path);
            let kept = kept.map(|()| path.to_string_lossy().into_owned());
            Msg::Trained(TrainNews::Kept(kept.map_err(|error| format!("{error:#}"))))
        })
    }

    /// Ends a training when the program ends; what there is to say of it.
    pub(super) fn leave_training(&mut self) -> Option<String> {
        self.trainer.take()?.leave()
    }
}
