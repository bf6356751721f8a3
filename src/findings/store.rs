//! Findings on the disk: one folder each, which appears whole or not at all.
//!
//! ```text
//! head-1-0-copies-elt/
//!   finding.json     title, date, model, claims and their verdicts
//!   note.md          the note
//!   session.json     what the program opens again
//!   numbers.json     every number, for replay; also as numbers.csv and numbers.safetensors
//!   frame.txt ...    the screen
//! ```
//! A folder is made beside the others under a passing name, synchronised, and renamed: `rename`
//! never takes the place of a folder that holds anything. A deleted finding goes to `.trash`.

use super::files::{explain, slug, sync_folder, write_whole};
use super::gather::{names, one_of_many};
use super::read::{self, Kind};
use super::session::{ModelRef, SESSION, Session};
use crate::sweep::Conclusion;
use crate::task::plain::{self, Links};
use crate::task::text;
use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The card of a finding.
pub const FINDING: Kind = Kind {
    name: "finding",
    version: 1,
    max_bytes: 1 << 20,
};
/// The files of a finding that the program reads.
const CARD: &str = "finding.json";
const NOTE: &str = "note.md";
const SESSION_FILE: &str = "session.json";
const FRAME: &str = "frame.txt";
/// Every number, for replay.
pub const NUMBERS: &str = "numbers.json";
/// Deleted findings.
const TRASH: &str = ".trash";
/// How folders in the making are called; see `files`.
const PASSING: (&str, &str) = (".circuitscope-", ".part");
/// A folder in the making is not older; what is was left by a program that was killed.
const MAKING: Duration = Duration::from_secs(3600);
/// Names tried for one title.
const MAX_NAMES: usize = 10_000;
/// A note has no more bytes.
const MAX_TEXT: u64 = 1 << 20;
/// A picture of the screen has no more bytes.
pub const MAX_PICTURE: u64 = 32 << 20;
/// Nor have the recorded numbers.
pub const MAX_NUMBERS: u64 = 256 << 20;

/// A claim and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Its line.
    pub claim: String,
    /// What is known of it; absent where nothing is, and in findings of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Conclusion>,
    /// Whether it holds; null where it could not be told.
    pub holds: Option<bool>,
    /// What was found, in a few words.
    pub because: String,
    /// What was counted; absent where it was not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Counted>,
}

impl Verdict {
    /// What became of it, in one or two words.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Some(known) => known.word(),
            None => verdict_word(self.holds, self.numbers.is_some()),
        }
    }
}

/// What became of a claim of which it is not written how that is known.
#[must_use]
pub fn verdict_word(holds: Option<bool>, counted: bool) -> &'static str {
    match (holds, counted) {
        (Some(true), _) => "holds",
        (Some(false), _) => "fails",
        (None, true) => "told",
        (None, false) => "not checked",
    }
}

/// What a claim comes to, over the inputs that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Inputs of which it is true.
    pub count: u64,
    /// Inputs that it is about.
    pub total: u64,
    /// Of its first expression; null where it is about no input.
    pub mean: Option<f64>,
    /// The least.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// What a finding says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// `circuitscope-finding-1`
    pub format: String,
    /// The program that wrote it.
    pub program: String,
    /// Its title: one line.
    pub title: String,
    /// When it was made: `2026-11-23T20:30:00Z`.
    pub created: String,
    /// The model it is about.
    pub model: ModelRef,
    /// Its claims.
    pub claims: Vec<Verdict>,
}

/// A finding as the list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its folder's name.
    pub name: String,
    /// What it says about itself.
    pub card: Card,
    /// Its note.
    pub note: String,
    /// The screen, as text; empty where there is none.
    pub frame: String,
}

/// All findings of a folder, and what is wrong with those that cannot be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// By name.
    pub findings: Vec<Finding>,
    /// Folders that are none, and why: by name.
    pub broken: Vec<(String, String)>,
}

/// A finding in the making.
#[derive(Debug)]
pub struct Draft {
    /// What it says about itself.
    pub card: Card,
    /// Its note.
    pub note: String,
    /// What the program opens again.
    pub session: Session,
    /// Numbers and pictures, by file name.
    pub files: Vec<(String, Vec<u8>)>,
}

/// A folder of findings.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The findings of a folder, which need not be there yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every finding, by name.
    ///
    /// # Errors
    /// When the folder cannot be read; one that is not there is empty.
    pub fn list(&self) -> Result<Listing> {
        let mut listing = Listing::default();
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(listing),
            entries => {
                entries.with_context(|| format!("cannot read the folder {:?}", self.folder))?
            }
        };
        for name in names(entries)? {
            let path = self.folder.join(&name);
            if !path.is_dir() {
                continue;
            }
            match one_of_many(&path).and_then(|()| open(&path)) {
                Ok(finding) => listing.findings.push(finding),
                Err(error) => listing.broken.push((name, format!("{error:#}"))),
            }
        }
        Ok(listing)
    }

    /// Makes a finding; its name. Nothing that is there is touched.
    ///
    /// # Errors
    /// When the folder cannot be written to; nothing is left behind then.
    pub fn create(&self, draft: &Draft) -> Result<String> {
        let folder = &self.folder;
        let wrong =
            |error: io::Error| explain(&folder.join(slug(&draft.card.title)), folder, error);
        fs::create_dir_all(folder).with_context(|| {
            format!("cannot make the folder {folder:?} for findings; --findings names another")
        })?;
        self.sweep_up();
        let mut builder = tempfile::Builder::new();
        builder.prefix(PASSING.0).suffix(PASSING.1);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let making = builder.tempdir_in(folder).map_err(wrong)?;
        let card = FINDING.text(&draft.card)?;
        let session = draft.session.to_json()?;
        let own: [(&str, &[u8]); 3] = [
            (CARD, &card),
            (NOTE, draft.note.as_bytes()),
            (SESSION_FILE, &session),
        ];
        let files = draft
            .files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        for (name, bytes) in own.into_iter().chain(files) {
            write_synced(&making.path().join(name), bytes).map_err(wrong)?;
        }
        sync_folder(making.path()).map_err(wrong)?;
        let name = self.settle(making.path(), &draft.card.title)?;
        // it is elsewhere now: nothing is to be cleaned up under its old name
        let _ = making.keep();
        Ok(name)
    }

    /// Renames a folder to the first name of a title that is free.
    fn settle(&self, from: &Path, title: &str) -> Result<String> {
        let stem = slug(title);
        for number in 1..=MAX_NAMES {
            let name = if number == 1 {
                stem.clone()
            } else {
                format!("{stem}-{number}")
            };
            let to = self.folder.join(&name);
            if fs::symlink_metadata(&to).is_ok() {
                continue;
            }
            match fs::rename(from, &to) {
                // somebody else has taken the name meanwhile
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::DirectoryNotEmpty
                            | ErrorKind::NotADirectory
                            | ErrorKind::AlreadyExists
                    ) => {}
                Err(error) => return Err(explain(&to, &self.folder, error)),
                Ok(()) => {
                    sync_folder(&self.folder).with_context(|| {
                        format!("{to:?} is written, but may be lost in a power cut")
                    })?;
                    return Ok(name);
                }
            }
        }
        bail!(
            "{MAX_NAMES} findings in {:?} are called {stem}; choose another title",
            self.folder
        )
    }

    /// Removes folders that a killed program did not finish. What cannot be removed stays.
    fn sweep_up(&self) {
        let old = |path: &Path| {
            let age = fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()?;
            Some(age > MAKING)
        };
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let passing = name.starts_with(PASSING.0) && name.ends_with(PASSING.1);
            if passing && old(&entry.path()) == Some(true) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// The session of a finding.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn session(&self, name: &str) -> Result<Session> {
        session(&self.path(name)?)
    }

    /// Gives a finding another title, and a folder of that name; the name.
    ///
    /// # Errors
    /// When there is no such finding, or the folder cannot be written to.
    pub fn rename(&self, name: &str, title: &str) -> Result<String> {
        let path = self.path(name)?;
        let mut card: Card = read::open(&path.join(CARD), &FINDING, Links::Refused)?;
        card.title = clean_title(title)?;
        write_whole(&path.join(CARD), &FINDING.text(&card)?)?;
        if slug(title) == name {
            return Ok(name.to_owned());
        }
        self.settle(&path, title)
    }

    /// Another note in place of the one that was read.
    ///
    /// # Errors
    /// When somebody else has changed it meanwhile, or it cannot be written; it stays then.
    pub fn set_note(&self, name: &str, was: &str, note: &str) -> Result<()> {
        let path = self.path(name)?.join(NOTE);
        let now = note_of(&path)?;
        ensure!(
            now == was,
            "the note {path:?} was changed by somebody else meanwhile; yours is still here: copy \
             it, and open the finding's note again"
        );
        write_whole(&path, note.as_bytes())
    }

    /// Puts a finding in the trash folder; its place there.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn trash(&self, name: &str) -> Result<PathBuf> {
        let path = self.path(name)?;
        let trash = Self::new(self.folder.join(TRASH));
        fs::create_dir_all(&trash.folder)
            .with_context(|| format!("cannot make the folder {:?}", trash.folder))?;
        let name = trash.settle(&path, name)?;
        Ok(trash.folder.join(name))
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        ensure!(path.is_dir(), "there is no finding {path:?} any more");
        Ok(path)
    }
}

/// The finding in a folder.
///
/// # Errors
/// Names the file that is missing or broken.
pub fn open(folder: &Path) -> Result<Finding> {
    let card: Card = read::open(&folder.join(CARD), &FINDING, Links::Refused)?;
    clean_title(&card.title).with_context(|| format!("cannot use {:?}", folder.join(CARD)))?;
    let name = folder.file_name().unwrap_or_default();
    Ok(Finding {
        name: name.to_string_lossy().into_owned(),
        card,
        note: note_of(&folder.join(NOTE))?,
        frame: String::from_utf8_lossy(&picture(folder, FRAME)?).into_owned(),
    })
}

/// Whether a folder is a finding.
#[must_use]
pub fn is_finding(folder: &Path) -> bool {
    plain::stands(&folder.join(CARD)).unwrap_or(true)
}

/// The session of the finding in a folder.
///
/// # Errors
/// When it is missing or broken.
pub fn session(folder: &Path) -> Result<Session> {
    read::open(&folder.join(SESSION_FILE), &SESSION, Links::Refused)
}

/// A picture of the finding in a folder; empty where there is none.
///
/// # Errors
/// When it is there and cannot be read.
pub fn picture(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    if !plain::stands(&path)? {
        return Ok(Vec::new());
    }
    plain::bytes(&path, MAX_PICTURE, Links::Refused)
        .with_context(|| format!("cannot read {path:?}"))
}

fn note_of(path: &Path) -> Result<String> {
    plain::text(path, MAX_TEXT, Links::Refused)
        .with_context(|| format!("cannot read the note {path:?}"))
}

/// A title: one line without control characters, not empty.
///
/// # Errors
/// Says what is wrong with it.
pub fn clean_title(title: &str) -> Result<String> {
    let title = title.trim();
    ensure!(!title.is_empty(), "a finding needs a title");
    ensure!(
        title.chars().count() <= 200,
        "a title has at most 200 characters"
    );
    ensure!(!title.contains(text::acts), "a title is one line of text");
    Ok(title.to_owned())
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The time now, as a card says it.
#[must_use]
pub fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    utc(since.unwrap_or_default().as_secs())
}

/// Seconds since 1970 as `2026-11-23T20:30:00Z`.
#[must_use]
pub fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // days since 0000-03-01, in eras of 400 years (H. Hinnant's civil calendar)
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
