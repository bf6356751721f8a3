//! Strict reading of our own JSON files: one error that names the file, the field and the way out.

use crate::task::plain::{self, Links};
use crate::task::{harmless, shown};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A kind of file, as its field `format` says it: `circuitscope-session-1`.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What it holds.
    pub name: &'static str,
    /// The version this program writes, and the only one it reads.
    pub version: u32,
    /// A larger file is none of ours.
    pub max_bytes: u64,
}

impl Kind {
    /// What stands in the field `format`.
    #[must_use]
    pub fn format(&self) -> String {
        format!("circuitscope-{}-{}", self.name, self.version)
    }

    /// A value as such a file's text, which [`open`] takes again.
    ///
    /// # Errors
    /// When it is larger than any that is read.
    pub fn text(&self, value: &impl Serialize) -> Result<Vec<u8>> {
        let name = self.name;
        let written = serde_json::to_vec_pretty(value);
        let mut bytes = written.with_context(|| format!("cannot write the {name}"))?;
        bytes.push(b'\n');
        ensure!(
            bytes.len() as u64 <= self.max_bytes,
            "the {name} has {} bytes; at most {} are read again",
            bytes.len(),
            self.max_bytes
        );
        Ok(bytes)
    }
}

/// The only field that is read before the version is known.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// A value from a file's text.
///
/// # Errors
/// Names the field that is wrong, or a version that this program does not know.
pub fn parse<T: DeserializeOwned>(text: &str, kind: &Kind) -> Result<T> {
    check_version(text, kind)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let mut problem = shown_line(&error.into_inner().to_string());
        if problem.starts_with("unknown field") {
            problem.push_str(
                "; another build of the program wrote it: take that field out to open the rest",
            );
        }
        match field.as_str() {
            "." => anyhow!("{problem}"),
            _ => anyhow!("field '{}': {problem}", shown(&field)),
        }
    })?;
    json.end()
        .map_err(|error| anyhow!("after the last brace: {error}"))?;
    Ok(value)
}

fn check_version(text: &str, kind: &Kind) -> Result<()> {
    let head: Head = serde_json::from_str(text).map_err(|error| {
        anyhow!(
            "it is no {} file: {}",
            kind.name,
            shown_line(&error.to_string())
        )
    })?;
    if head.format == kind.format() {
        return Ok(());
    }
    let prefix = format!("circuitscope-{}-", kind.name);
    let version = head.format.strip_prefix(&prefix);
    match version.and_then(|version| version.parse::<u32>().ok()) {
        Some(version) if version > kind.version => bail!(
            "it is of version {version}, and this program reads version {}; a newer circuitscope \
             wrote it: open it with that one",
            kind.version
        ),
        _ => bail!(
            "field 'format': '{}' is not {}",
            shown(&head.format),
            kind.format()
        ),
    }
}

/// A value from a file.
///
/// # Errors
/// As [`parse`], naming the file and what to do; when there is none, or it is too large.
pub fn open<T: DeserializeOwned>(path: &Path, kind: &Kind, links: Links) -> Result<T> {
    let name = kind.name;
    let text = plain::text(path, kind.max_bytes, links)
        .with_context(|| format!("cannot read the {name} {path:?}"))?;
    parse(&text, kind).with_context(|| {
        format!("cannot use the {name} {path:?} (mend that place, or put the file away)")
    })
}

/// A foreign error message without anything that could act on a terminal.
fn shown_line(text: &str) -> String {
    harmless(&text.chars().take(300).collect::<String>())
}
