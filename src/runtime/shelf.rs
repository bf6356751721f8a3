//! Findings: made of the state at the moment of the key, read and written on a thread of their own.

use super::export::{about, answer_table};
use super::snapshot::{ground, numbers};
use super::verdicts;
use crate::app::{Mode, Msg, Opening, ShelfJob, State, Which};
use crate::findings::files::{unused_stem, write_new};
use crate::findings::frame::{FrameFormat, Ground, encode};
use crate::findings::gather::{Gathered, gather};
use crate::findings::numbers::SnapshotNumbers;
use crate::findings::report::{Item, Page, page};
use crate::findings::session::Session;
use crate::findings::store::{
    Card, Draft, FINDING, Listing, MAX_NUMBERS, MAX_PICTURE, NUMBERS, Store, Verdict, now,
};
use crate::findings::{arrays, tutorial};
use crate::model::{SLIDES, Slide};
use crate::task::Task;
use crate::ui::look::Look;
use anyhow::{Context, Result, ensure};
use ratatui::buffer::Buffer;
use std::cell::Cell;
use std::path::{Path, PathBuf};

/// Where findings and reports go.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// `None` where no folder is known.
    pub findings: Option<PathBuf>,
    /// Reports.
    pub reports: PathBuf,
    /// The model in the binary whose findings are told, or what was published of the one that is open; empty where
    /// none is of the task.
    pub slide: &'static str,
}

/// What was published of the model that a state looks at, else the model in the binary; of a file that of its task.
pub(super) fn slide_of(state: &State) -> &'static str {
    if let Some(published) = tutorial::published_of(&state.model.hash) {
        return published;
    }
    let path = state.model.path.as_deref().map(Path::new);
    let slide = path.map_or(Some(Ok(&SLIDES[0])), Slide::of_path);
    let of_task = || SLIDES.iter().find(|slide| slide.name == state.task().name);
    let slide = slide.and_then(Result::ok).or_else(of_task);
    slide.map_or("", |slide| slide.name)
}

/// What is to be done, with all of the state that it needs.
pub(super) enum Work {
    Job(ShelfJob),
    Keep(Box<Kept>),
}

/// What is on screen, as a finding keeps it; pictures are drawn later.
pub(super) struct Kept {
    title: String,
    note: String,
    task: Task,
    session: Session,
    claims: Vec<Verdict>,
    numbers: SnapshotNumbers,
    arrays: Vec<arrays::Named>,
    about: Vec<(String, String)>,
    buffer: Buffer,
    ground: Ground,
}

impl Kept {
    /// The state as it is, without what lies over the panes, on a screen of that size.
    pub fn new(
        state: &State,
        look: &Look,
        (width, height): (u16, u16),
        title: String,
        note: String,
    ) -> Self {
        let mut state = state.clone();
        state.mode = Mode::Normal;
        (state.status, state.draft, state.shelf) = (None, None, None);
        let seen = state.observation.as_deref();
        let mut arrays = seen.map(arrays::of_observation).unwrap_or_default();
        arrays.extend(answer_table(&state).map(|table| arrays::of_table("answer", table)));
        Self {
            title,
            note,
            task: state.task(),
            session: state.session(),
            claims: verdicts::on_screen(&state),
            numbers: numbers(&state),
            arrays,
            about: about(&state),
            buffer: crate::ui::frame(&state, look, width, height),
            ground: ground(&state, look),
        }
    }

    /// The finding, its pictures drawn.
    pub fn draft(self) -> Result<Draft> {
        let task = self.task;
        let numbers = compact(&self.numbers)?;
        within(NUMBERS, &numbers, MAX_NUMBERS)?;
        let mut files = vec![
            (NUMBERS.to_owned(), numbers),
            (
                "numbers.csv".to_owned(),
                arrays::csv(task, &self.arrays, &self.about).into_bytes(),
            ),
            (
                "numbers.safetensors".to_owned(),
                arrays::safetensors(&self.arrays, &self.about)?,
            ),
        ];
        for format in FrameFormat::ALL {
            let name = format!("frame.{}", format.extension());
            let bytes = encode(&self.buffer, format, self.ground)?;
            within(&name, &bytes, MAX_PICTURE)?;
            files.push((name, bytes));
        }
        Ok(Draft {
            card: Card {
                format: FINDING.format(),
                program: self.session.program.clone(),
                title: self.title,
                created: now(),
                model: self.session.model.clone(),
                claims: self.claims,
            },
            note: self.note,
            session: self.session,
            files,
        })
    }
}

/// What is written is read again.
fn within(name: &str, bytes: &[u8], most: u64) -> Result<()> {
    ensure!(
        bytes.len() as u64 <= most,
        "{name} would have {} bytes; at most {most} are read again",
        bytes.len()
    );
    Ok(())
}

/// JSON without blanks: numbers are for programs.
pub(super) fn compact(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl Work {
    /// Takes from the state what the job needs.
    pub fn new(job: ShelfJob, state: &State, look: &Look, size: (u16, u16)) -> Self {
        match job {
            ShelfJob::Keep { title, note } => {
                Self::Keep(Box::new(Kept::new(state, look, size, title, note)))
            }
            job => Self::Job(job),
        }
    }

    /// Does it.
    pub fn carry_out(self, places: &Places) -> Msg {
        let text = |error: anyhow::Error| format!("{error:#}");
        match self {
            Self::Keep(kept) => Msg::Shelved(keep(*kept, places).map_err(text)),
            Self::Job(ShelfJob::List(which)) => {
                Msg::Listed(which, list(which, places).map_err(text))
            }
            Self::Job(ShelfJob::Open { which, name, title }) => {
                let session = session(which, &name, places).map(Box::new);
                let step = (which == Which::Tutorial).then(|| name.clone());
                Msg::Opened(Opening::Finding { title, step }, session.map_err(text))
            }
            Self::Job(job) => Msg::Shelved(change(job, places).map_err(text)),
        }
    }
}

fn store(places: &Places) -> Result<Store> {
    let folder = places.findings.clone();
    let folder =
        folder.context("neither XDG_DATA_HOME nor HOME names a folder; --findings does")?;
    Ok(Store::new(folder))
}

fn keep(kept: Kept, places: &Places) -> Result<String> {
    let store = store(places)?;
    let name = store.create(&kept.draft()?)?;
    Ok(format!("kept as {}", store.folder().join(name).display()))
}

fn list(which: Which, places: &Places) -> Result<Listing> {
    match which {
        Which::Own => store(places)?.list(),
        Which::Tutorial => tutorial::list(places.slide),
    }
}

fn session(which: Which, name: &str, places: &Places) -> Result<Session> {
    match which {
        Which::Own => store(places)?.session(name),
        Which::Tutorial => tutorial::session(places.slide, name),
    }
}

fn change(job: ShelfJob, places: &Places) -> Result<String> {
    match job {
        ShelfJob::Rename { name, title } => {
            let name = store(places)?.rename(&name, &title)?;
            Ok(format!("renamed to {name}"))
        }
        ShelfJob::SetNote { name, was, note } => {
            store(places)?.set_note(&name, &was, &note)?;
            Ok("note written".to_owned())
        }
        ShelfJob::Trash(name) => {
            let place = store(places)?.trash(&name)?;
            Ok(format!("moved to {}", place.display()))
        }
        ShelfJob::Report(which) => {
            let (path, broken) = report(which, places)?;
            let without = match broken {
                0 => String::new(),
                n => format!(", without {n} that could not be read"),
            };
            Ok(format!("written to {}{without}", path.display()))
        }
        ShelfJob::List(_) | ShelfJob::Open { .. } | ShelfJob::Keep { .. } => Ok(String::new()),
    }
}

/// Where the report is, and how many findings are not in it.
fn report(which: Which, places: &Places) -> Result<(PathBuf, usize)> {
    let found = match which {
        Which::Own => items(store(places)?.folder())?,
        Which::Tutorial => Gathered {
            read: tutorial::items(places.slide)?,
            broken: Vec::new(),
        },
    };
    let text = page(&found.read, &found.broken, Page::Html)?;
    let folder = &places.reports;
    let name = unused_stem(folder, "report", &["html"]);
    let path = folder.join(name).with_extension("html");
    write_new(&path, text.as_bytes())?;
    Ok((path, found.broken.len()))
}

/// What a report shows has at most so many bytes of pictures.
const MAX_PICTURES: usize = 256 << 20;

/// The findings of a folder, or the one that the folder is, oldest first, and which could not be read.
///
/// # Errors
/// When there is none, or the only one cannot be read.
pub fn items(folder: &Path) -> Result<Gathered<Item>> {
    let taken = Cell::new(0);
    let mut items = gather(folder, |folder| {
        let item = Item::open(folder)?;
        let bytes: usize = taken.get() + item.svg.len() + item.png.len();
        ensure!(
            bytes <= MAX_PICTURES,
            "with it the pictures would have more than {} MB; report fewer findings at once",
            MAX_PICTURES >> 20
        );
        taken.set(bytes);
        Ok(item)
    })?;
    (items.read).sort_by(|a, b| a.finding.card.created.cmp(&b.finding.card.created));
    Ok(items)
}
