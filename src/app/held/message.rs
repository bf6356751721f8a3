//! What can happen to the workbench, and what it wants done.

use super::shelf::Which;
use super::space::{SpaceNews, SpaceRequest};
use super::spot::{Gesture, Spot};
use super::training::{TrainJob, TrainNews};
use crate::answers::{Question, Table};
use crate::app::keys::key::Key;
use crate::findings::session::Session;
use crate::findings::store::Listing;
use crate::lens::{Experiment, Gridded, InView, Observation, Score, Shown};
use crate::task::{Prompt, Sample};
use std::sync::Arc;

/// What the worker is asked: an answer to a question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Counts up with every request.
    pub generation: u64,
    /// Which of two answers side by side it is for: an older one for the same is not wanted any more.
    pub slot: u8,
    /// The question.
    pub question: Question,
    /// About which run, or what changed in it.
    pub about: Shown,
    /// Of which experiment.
    pub experiment: Experiment,
}

/// What the worker is asked: numbers for an experiment.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counts up with every request; the worker drops all but the newest.
    pub generation: u64,
    /// What to observe.
    pub experiment: Experiment,
    /// What of its grids is wanted first.
    pub view: InView,
}

/// What a session that was read is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The session that was left behind takes the place of this one.
    TakenUp {
        /// Without what it would ask, because it ended in a crash.
        crashed: bool,
    },
    /// A finding is looked at; undo leads back.
    Finding {
        /// Its title.
        title: String,
        /// Its name, where it is a step of the tutorial.
        step: Option<String>,
    },
}

/// What can happen to the workbench.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(Key),
    /// Pasted text, as it came.
    Paste(String),
    /// The mouse was used.
    Pointed {
        /// On this.
        spot: Spot,
        /// How.
        gesture: Gesture,
    },
    /// The terminal has another size, or must be drawn anew.
    Resize,
    /// Numbers came back.
    Observed {
        /// For this request.
        generation: u64,
        /// What was seen, or why nothing was.
        result: Result<Box<Observation>, String>,
    },
    /// More of the grids came.
    Gridded {
        /// For this request.
        generation: u64,
        /// Which cells, or why no more.
        result: Result<Gridded, String>,
    },
    /// A question was answered.
    Answered {
        /// For this request.
        generation: u64,
        /// The answer, or why there is none.
        result: Result<Box<Table>, String>,
    },
    /// The sample was scored.
    Scored {
        /// Which sample.
        sample: Sample,
        /// The score, or why there is none.
        result: Result<Score, String>,
    },
    /// The sweeper has found something.
    Space {
        /// For this request.
        generation: u64,
        /// What, or why nothing.
        result: Result<Box<SpaceNews>, String>,
    },
    /// Another step of the model was opened, or why not; what is computed from here on is of that step.
    Stepped {
        /// Which.
        at: usize,
        /// Its name and its hash.
        result: Result<(String, String), String>,
    },
    /// Another model was opened beside this one, by its name, or why not.
    Compared(Result<String, String>),
    /// A training in the background has something to say.
    Trained(TrainNews),
    /// A session was read, or why not.
    Opened(Opening, Result<Box<Session>, String>),
    /// Findings were listed.
    Listed(Which, Result<Listing, String>),
    /// Findings were changed, or why not.
    Shelved(Result<String, String>),
    /// Something happened outside.
    Told(Result<String, String>),
    /// The snapshot's files, or why there are none.
    Saved(Result<Vec<String>, String>),
}

/// What is to be done with findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShelfJob {
    /// Read them all.
    List(Which),
    /// Read one's session.
    Open {
        /// Whose.
        which: Which,
        /// Its folder's name.
        name: String,
        /// Its title.
        title: String,
    },
    /// Make one of what is on screen.
    Keep {
        /// Its title.
        title: String,
        /// Its note.
        note: String,
    },
    /// Another title.
    Rename {
        /// The folder's name.
        name: String,
        /// The title.
        title: String,
    },
    /// Another note.
    SetNote {
        /// The folder's name.
        name: String,
        /// The note that was read.
        was: String,
        /// The note.
        note: String,
    },
    /// To the trash.
    Trash(String),
    /// All of them as one page.
    Report(Which),
}

/// Where `:slide` and `:task` lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The model: a file, or `slide:NAME`; `None` is the one that is opened unasked.
    pub path: Option<String>,
    /// The task that it is opened for, by name or file; `None` leaves that to the file.
    pub task: Option<String>,
}

/// What the workbench wants done.
#[derive(Debug)]
pub enum Effect {
    /// Numbers for an experiment.
    Observe(Request),
    /// Something else of the grids is looked at.
    Look(InView),
    /// An answer to a question.
    Ask(Box<Ask>),
    /// A question to all inputs.
    Space(Box<SpaceRequest>),
    /// No answer is wanted any more to what was asked before this.
    StopSpace(u64),
    /// The numbers of the focused pane, as files.
    Export,
    /// The score of a sample.
    Score(Sample, Arc<Vec<Prompt>>),
    /// Pictures and numbers of the screen.
    Snapshot,
    /// Something with findings.
    Shelf(ShelfJob),
    /// The focused pane's numbers for the terminal's clipboard.
    CopyTable,
    /// The session as one line, for the clipboard and as a file.
    Share,
    /// The session that was left behind.
    TakeUp,
    /// Another model, or this one for another task, takes the place of this one.
    Switch(Destination),
    /// Another model, in this file, beside this one.
    Compare(String),
    /// This step of the model takes the place of the one that is looked at.
    Step(usize),
    /// Something with a training in the background.
    Train(TrainJob),
    /// Draw everything anew.
    Redraw,
    /// Stop the program for a while.
    Suspend,
    /// Leave.
    Quit,
}
