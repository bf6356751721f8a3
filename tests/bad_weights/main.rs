//! Files that are not what they should be: each is refused with one message that says what is
//! wrong, quickly, and without a panic.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod forge;
mod fuzz;
mod pickles;
mod safetensors;
mod views;
mod zips;

use std::path::Path;
use std::time::{Duration, Instant};

use circuitscope::model::weights::{MAX_FILE_BYTES, StateDict, read_state_dict};
use forge::{pt, six, zip};

/// A storage of six floats under the key `0`, as a pickle describes it.
pub const F32_6: (&str, &str, i64) = ("FloatStorage", "0", 6);

/// Reads `bytes` as a file on disk would be read, by content.
pub fn read(bytes: &[u8]) -> anyhow::Result<StateDict> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    read_state_dict(file.path())
}

/// Asserts that `bytes` are refused with a message that contains each of `parts`.
#[track_caller]
pub fn refused(bytes: &[u8], parts: &[&str]) {
    let start = Instant::now();
    let message = format!("{:#}", read(bytes).unwrap_err());
    assert!(start.elapsed() < Duration::from_secs(1), "{message}");
    for part in ["cannot read weights from `"].iter().chain(parts) {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    assert!(!message.chars().any(char::is_control), "{message:?}");
    assert!(message.chars().count() < 600, "{message:?}");
}

/// Asserts that a `.pt` file with this pickle and the storage of six floats is refused.
#[track_caller]
pub fn pickle_refused(pickle: &[u8], parts: &[&str]) {
    refused(&pt(pickle, &[("0", &six())]), parts);
}

#[test]
fn files_of_other_kinds() {
    refused(b"", &["the file is empty", "copy it again"]);
    refused(
        b"hello, world, this is text\n",
        &["neither a PyTorch zip nor a safetensors file"],
    );
    refused(&[0; 5000], &["neither a PyTorch zip"]);
    let garbage: Vec<u8> = (0..5000u32).map(|n| ((n * n) >> 3) as u8).collect();
    refused(&garbage, &["neither a PyTorch zip"]);
    let legacy = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.";
    refused(
        legacy,
        &["before version 1.6", "torch.save(model.state_dict(), path)"],
    );
    refused(&zip(&[]), &["no entry `data.pkl`"]);
    refused(
        &zip(&[("word/document.xml", b"<w/>")]),
        &["no entry `data.pkl`"],
    );
    refused(&vec![b'P'; MAX_FILE_BYTES + 1], &["larger than 64 MB"]);
}

#[test]
fn paths_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| format!("{:#}", read_state_dict(path).unwrap_err());
    assert!(message(folder.path()).contains("no plain file"));
    let missing = message(&folder.path().join("a\u{1b}[2Jb.pt"));
    assert!(
        missing.contains("a\\u{1b}[2Jb.pt") && missing.contains("check the path"),
        "{missing}"
    );
}
