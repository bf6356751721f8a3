//! A training on a thread of its own, a core left to what is typed. It says how far it is, and can be paused
//! and stopped between two steps; whatever ends it, what there is is kept.

use super::place::{check_free, claimed, moved};
use super::{Outputs, TrainingRun, judged};
use crate::app::{TrainNews, TrainedSoFar};
use crate::model::device::DeviceChoice;
use crate::model::series::Recorded;
use crate::runtime::pool;
use crate::task::fraction;
use crate::task::text::as_command;
use crate::training::{Spoken, Training};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two words of how far it is.
const REPORT: Duration = Duration::from_millis(100);
/// The rate is one of about so long.
const RATE_OVER: Duration = Duration::from_secs(2);
/// How right a model is on the way is told of all inputs where there are so few, else of so many.
const JUDGE: u32 = 512;
/// The same of the last one.
const JUDGE_LAST: u32 = 20_000;

/// What is wished of the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runtime) enum TrainWish {
    /// That it takes steps.
    Run,
    /// That it waits.
    Pause,
    /// That it ends, and is judged.
    Stop,
    /// That it ends at once: nobody looks at it any more.
    Leave,
}

/// The wish, and what wakes a training that waits for another.
#[derive(Default)]
struct Wishes(Mutex<Option<TrainWish>>, Condvar);

impl Wishes {
    fn lock(&self) -> MutexGuard<'_, Option<TrainWish>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> TrainWish {
        self.lock().unwrap_or(TrainWish::Run)
    }

    /// A training that is to end does not go on again.
    fn set(&self, wish: TrainWish) {
        let mut now = self.lock();
        if !matches!(*now, Some(TrainWish::Stop | TrainWish::Leave)) || wish == TrainWish::Leave {
            *now = Some(wish);
        }
        self.1.notify_all();
    }

    /// Waits for another wish than to wait.
    fn wait(&self) {
        let mut now = self.lock();
        while *now == Some(TrainWish::Pause) {
            now = self.1.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The way to the thread.
pub(in crate::runtime) struct Trainer {
    wishes: Arc<Wishes>,
    place: Arc<OnceLock<PathBuf>>,
    /// Says whether it was left before its end.
    thread: Mutex<Option<JoinHandle<bool>>>,
    flags: Vec<String>,
}

impl Trainer {
    /// Begins a training in a folder of its own in this one. `send` says whether anybody still listens.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn spawn(
        spoken: Spoken,
        folder: PathBuf,
        send: impl Fn(TrainNews) -> bool + Send + Sync + 'static,
    ) -> Result<Self> {
        let (wishes, place) = (Arc::new(Wishes::default()), Arc::new(OnceLock::new()));
        let flags = spoken.flags.clone();
        let body = {
            let (wishes, place) = (Arc::clone(&wishes), Arc::clone(&place));
            move || {
                let at_work = AtWork {
                    wishes: &wishes,
                    send: &send,
                };
                let mut left = false;
                let worked = crate::runtime::worker::guarded(|| {
                    let ended = at_work.train(&spoken, &folder, &place)?;
                    left = ended.is_none();
                    Ok(ended)
                });
                if let Some(ended) = worked.transpose() {
                    send(TrainNews::Ended(ended));
                }
                left
            }
        };
        let threads = pool::cores().saturating_sub(1).max(1);
        let thread = std::thread::Builder::new()
            .name("training".into())
            .spawn(move || pool::install_on(threads, body))
            .context("cannot start the thread for a training")?;
        Ok(Self {
            wishes,
            place,
            thread: Mutex::new(Some(thread)),
            flags,
        })
    }

    /// Wishes something of it.
    pub fn wish(&self, wish: TrainWish) {
        self.wishes.set(wish);
    }

    /// Waits for its end; whether it was left before it.
    fn join(&self) -> bool {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread
            .take()
            .is_some_and(|thread| thread.join().unwrap_or(true))
    }

    /// Ends it and puts its folder there. Takes as long as its last step and its judgement.
    ///
    /// # Errors
    /// When something stands there, which then goes on to stand, and the training goes on too; or the folder
    /// cannot be put there.
    pub fn keep(&self, to: &Path) -> Result<()> {
        check_free(to)?;
        self.wish(TrainWish::Stop);
        self.join();
        let from = self.place.get().context("the training has no folder yet")?;
        moved(from, to)
    }

    /// Ends it after its step, with what there is kept; says where and how it can be gone on with, unless it
    /// had ended before.
    pub fn leave(&self) -> Option<String> {
        self.wish(TrainWish::Leave);
        let place = self.join().then(|| self.place.get()).flatten()?;
        Some(format!(
            "the training was stopped, and what there is is kept; to go on: {} --continue",
            command(&self.flags, &place.to_string_lossy())
        ))
    }
}

/// How the shell is asked for the same.
fn command(flags: &[String], output: &str) -> String {
    let own = ["--device", "cpu", "--output", output].map(str::to_owned);
    let words = ["circuitscope", "train"].map(str::to_owned).into_iter();
    as_command(words.chain(flags.iter().cloned()).chain(own))
}

/// A training at work.
struct AtWork<'a> {
    wishes: &'a Wishes,
    send: &'a dyn Fn(TrainNews) -> bool,
}

impl AtWork<'_> {
    /// What it came to in words; nothing where it was left.
    fn train(
        &self,
        spoken: &Spoken,
        folder: &Path,
        place: &OnceLock<PathBuf>,
    ) -> Result<Option<String>> {
        let own = claimed(folder, spoken)?;
        let outputs = Outputs::folder(own.clone(), Some(spoken.saves.clone()), false);
        let picked = DeviceChoice::Cpu.open()?;
        let begun = TrainingRun::begin(spoken.recipe.clone(), outputs, false, &picked);
        let mut run = match begun {
            Ok(run) => run,
            Err(error) => {
                // nothing is in it
                let _ = fs::remove_dir(&own);
                return Err(error);
            }
        };
        let own = place.get_or_init(|| own);
        (self.send)(TrainNews::Begun(own.clone()));
        self.tell_saved(&run)?;
        let name = own.file_name().unwrap_or_default().to_string_lossy();
        let command = command(&spoken.flags, &format!("{name}/"));
        if !self.take_steps(&mut run)? {
            // who leaves does not wait long
            run.end(JUDGE, &command)?;
            return Ok(None);
        }
        let trained = run.end(JUDGE_LAST, &command)?;
        self.tell_saved(&run)?;
        let (done, steps) = (run.steps(), spoken.recipe.steps);
        let words = trained.overall.words();
        Ok(Some(match trained.finished {
            true => format!("trained {done} steps, {words}"),
            false => format!("stopped after {done} of {steps} steps, {words}"),
        }))
    }

    /// Takes steps until it is over or to end; whether anybody looks at what comes of it.
    fn take_steps(&self, run: &mut TrainingRun) -> Result<bool> {
        let mut pace = Pace::new(run.steps());
        while !run.is_over() {
            match self.wishes.now() {
                TrainWish::Run => {}
                TrainWish::Stop => break,
                TrainWish::Leave => return Ok(false),
                TrainWish::Pause => {
                    run.save()?;
                    self.tell_saved(run)?;
                    (self.send)(TrainNews::Paused);
                    self.wishes.wait();
                    (self.send)(TrainNews::Gone);
                    pace = Pace::new(run.steps());
                    continue;
                }
            }
            if run.step()? {
                self.tell_saved(run)?;
            }
            let far = pace.far(run).map(TrainNews::Far);
            if far.is_some_and(|far| !(self.send)(far)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn tell_saved(&self, run: &TrainingRun) -> Result<()> {
        let mut recorded = run.journal().points.clone();
        let now = run.steps() as u64;
        if let Some(loss) = run.journal().mean_loss
            && recorded.last().is_none_or(|last| last.step < now)
        {
            recorded.push(Recorded {
                step: now,
                loss,
                held_out: None,
            });
        }
        (self.send)(TrainNews::Saved {
            step: now,
            right: right(run.training())?,
            recorded,
        });
        Ok(())
    }
}

/// How right the model is, and on what is held out.
fn right(training: &Training) -> Result<String> {
    let overall = judged(training, JUDGE)?;
    let n = overall.score.inputs;
    let of = match overall.sample {
        None => format!("all {n}"),
        Some(_) => format!("{n}"),
    };
    let held_out = training.held_out()?;
    let held_out =
        held_out.map(|score| format!(", held out {}", fraction(score.right().inputs_accuracy)));
    let right = fraction(overall.inputs().mean);
    Ok(format!(
        "right {right} of {of}{}",
        held_out.unwrap_or_default()
    ))
}

/// How fast it goes.
struct Pace {
    told: Instant,
    since: (Instant, usize),
    rate: Option<f64>,
}

impl Pace {
    fn new(step: usize) -> Self {
        let now = Instant::now();
        Self {
            told: now,
            since: (now, step),
            rate: None,
        }
    }

    /// How far it is, where it is time to say so.
    fn far(&mut self, run: &TrainingRun) -> Option<TrainedSoFar> {
        if self.told.elapsed() < REPORT {
            return None;
        }
        self.told = Instant::now();
        let (since, step) = self.since;
        let rate = (run.steps() - step) as f64 / since.elapsed().as_secs_f64();
        if since.elapsed() >= RATE_OVER || self.rate.is_none() {
            self.rate = Some(rate);
        }
        if since.elapsed() >= RATE_OVER {
            self.since = (self.told, run.steps());
        }
        Some(TrainedSoFar {
            step: run.steps() as u64,
            loss: run.journal().mean_loss,
            rate: self.rate,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::lens::slide;
    use crate::model::Config;
    use crate::task::{Sizes, Task};
    use std::sync::mpsc::{Receiver, channel};

    const WORDS: &str = "layers 1 heads 2 d_model 8 d_mlp 0 batch 40 seed 3 save_at 1,2,5 steps";

    fn spoken(steps: usize) -> Spoken {
        let task: Task = slide::named("min_of_two:max_num=9", &Sizes::default()).unwrap();
        Spoken::parse(&format!("{WORDS} {steps}"), task, None, &Config::default()).unwrap()
    }

    fn begun(steps: usize, folder: &Path) -> (Trainer, Receiver<TrainNews>) {
        let (sender, receiver) = channel();
        let send = move |news| sender.send(news).is_ok();
        let sender = Mutex::new(send);
        let send = move |news| (sender.lock().unwrap())(news);
        let trainer = Trainer::spawn(spoken(steps), folder.to_owned(), send).unwrap();
        (trainer, receiver)
    }

    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = entries
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read(path).unwrap())
            })
            // what says how long it took is no part of it
            .filter(|(name, _)| name.starts_with("step-"))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_training_beside_the_screen_makes_the_bytes_of_one_in_the_shell() {
        let folder = tempfile::tempdir().unwrap();
        let (trainer, news) = begun(12, folder.path());
        let heard: Vec<TrainNews> = news.iter().collect();
        assert!(
            matches!(heard.first(), Some(TrainNews::Begun(_))),
            "{heard:?}"
        );
        let saved: Vec<u64> = (heard.iter())
            .filter_map(|one| match one {
                TrainNews::Saved { step, .. } => Some(*step),
                _ => None,
            })
            .collect();
        assert_eq!(saved, [0, 1, 2, 5, 12]);
        assert!(
            matches!(heard.last(), Some(TrainNews::Ended(Ok(_)))),
            "{heard:?}"
        );
        let kept = folder.path().join("kept");
        fs::create_dir(&kept).unwrap();
        assert!(trainer.keep(&kept).is_err());
        fs::remove_dir(&kept).unwrap();
        trainer.keep(&kept).unwrap();
        assert!(!trainer.place.get().unwrap().exists());
        // the same as the shell takes its steps, on every core
        let shell = folder.path().join("shell");
        let spoken = spoken(12);
        let outputs = Outputs::folder(shell.clone(), Some(spoken.saves.clone()), false);
        let picked = DeviceChoice::Cpu.open().unwrap();
        let mut run = TrainingRun::begin(spoken.recipe, outputs, false, &picked).unwrap();
        while !run.is_over() {
            run.step().unwrap();
        }
        run.end(JUDGE_LAST, "").unwrap();
        let (ours, theirs) = (files(&kept), files(&shell));
        assert_eq!(ours.len(), 10);
        assert!(ours == theirs);
    }

    #[test]
    fn it_waits_goes_on_and_is_left_with_what_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let (trainer, news) = begun(100_000_000, folder.path());
        trainer.wish(TrainWish::Pause);
        assert!(news.iter().any(|one| one == TrainNews::Paused));
        assert!(news.try_recv().is_err(), "it waits");
        trainer.wish(TrainWish::Run);
        assert!(
            news.iter()
                .any(|one| matches!(one, TrainNews::Far(far) if far.step > 5))
        );
        let said = trainer.leave().unwrap();
        assert!(
            said.contains("--seed 3") && said.contains("--continue"),
            "{said}"
        );
        let place = trainer.place.get().unwrap();
        assert!(place.join("state.safetensors").is_file());
        let record = fs::read_to_string(place.join("record.json")).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        let command = record["command"].as_str().unwrap();
        assert!(
            command.ends_with("--output min-of-two-seed-3/"),
            "{command}"
        );
        // it is left once
        assert_eq!(trainer.leave(), None);
        // and goes on where it was
        let spoken = spoken(100_000_000);
        let outputs = Outputs::folder(place.clone(), Some(spoken.saves), true);
        let picked = DeviceChoice::Cpu.open().unwrap();
        let run = TrainingRun::begin(spoken.recipe, outputs, true, &picked).unwrap();
        assert!(run.steps() > 5);
    }
}
