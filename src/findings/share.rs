//! A session as one line that can be pasted: `cs1.BYTES.CHECKSUM`.
//!
//! The bytes are the session as JSON without its undo history, what lies over the panes and paths,
//! deflated, in the letters of base64url, which no shell and no mail touches. The checksum is the first
//! eight hexadecimal digits of the SHA-256 of everything before it.

use super::session::{ModeText, Session};
use crate::model::Slide;
use crate::task::limits::{MAX_SHARED, MAX_SHARING_LINE};
use anyhow::{Result, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// What a line begins with; the number is the form's version.
const START: &str = "cs1";

/// The line of a session.
///
/// # Errors
/// When the session is more than a line holds.
pub fn line(session: &Session) -> Result<String> {
    let mut session = session.clone();
    session.past.clear();
    session.future.clear();
    session.message = None;
    session.draft = None;
    session.shelf = None;
    // where a file lies is nobody else's business; its hash is in the line
    let in_binary = |path: &String| Slide::of_path(Path::new(path)).is_some();
    session.model.path = session.model.path.filter(in_binary);
    session.model.task_file = None;
    session.mode = ModeText::Normal;
    let json = serde_json::to_vec(&session)?;
    ensure!(
        json.len() <= MAX_SHARED,
        "{} bytes are too many for a line (at most {MAX_SHARED}); keep a finding with b instead",
        json.len()
    );
    let packed = compress_to_vec_zlib(&json, 9);
    let body = format!("{START}.{}", URL_SAFE_NO_PAD.encode(packed));
    Ok(format!("{body}.{}", checksum(&body)))
}

/// The session of a line. Blanks and line breaks that a mail or a terminal put in do not matter.
///
/// # Errors
/// When it is cut off, mistyped, or of a newer version.
pub fn parse(line: &str) -> Result<Session> {
    ensure!(
        line.len() <= MAX_SHARING_LINE,
        "a sharing line has at most {MAX_SHARING_LINE} letters; this has {}",
        line.len()
    );
    let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    let form = "a sharing line is cs1.LETTERS.CHECKSUM; copy it again, whole";
    let Some((body, sum)) = line.rsplit_once('.') else {
        bail!("this is no sharing line: {form}");
    };
    let Some((start, text)) = body.split_once('.') else {
        bail!("this is no sharing line, or its end is cut off: {form}");
    };
    if start != START {
        let version = start.strip_prefix("cs").and_then(|n| n.parse::<u32>().ok());
        match version {
            Some(version) if version > 1 => bail!(
                "the line is of version {version}; a newer circuitscope wrote it, open it with that one"
            ),
            _ => bail!("this is no sharing line: {form}"),
        }
    }
    ensure!(
        sum == checksum(body),
        "the line is not as it was written: something is missing or mistyped ({} letters); {form}",
        line.len()
    );
    let broken = || anyhow!("the line cannot be unpacked; {form}");
    let packed = URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?;
    let json = decompress_to_vec_zlib_with_limit(&packed, MAX_SHARED).map_err(|_| broken())?;
    Session::parse(&String::from_utf8(json).map_err(|_| broken())?)
}

fn checksum(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
