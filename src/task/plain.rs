//! Plain files, and nothing else: the one opener for all that is read.
//!
//! A pipe is never waited for, a device never read, a file never read beyond what its reader takes, and
//! where a folder came from somebody else its links are not followed.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nix::libc;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Whether a link at the end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// In what the user names.
    Followed,
    /// In folders that may come from somebody else: the page of a report would show what they lead to.
    Refused,
}

/// A plain file, opened for reading.
///
/// # Errors
/// When there is none, or it is a link that is not followed, a folder, a pipe or a device.
pub fn open(path: &Path, links: Links) -> Result<File> {
    let follows = links == Links::Followed;
    // asked before it is opened: to open a pipe or a device may already do something
    let data = if follows {
        fs::metadata(path)
    } else {
        fs::symlink_metadata(path)
    };
    check(&data?)?;
    let flags = if follows { 0 } else { libc::O_NOFOLLOW };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags | libc::O_NONBLOCK)
        .open(path)?;
    // another one may have taken its place meanwhile
    check(&file.metadata()?)?;
    Ok(file)
}

fn check(data: &Metadata) -> Result<()> {
    if data.is_symlink() {
        bail!("it is a symbolic link, and links are not followed here; put the file itself there");
    }
    ensure!(data.is_file(), "it is no plain file");
    Ok(())
}

/// The bytes of a plain file of at most `most` bytes.
///
/// # Errors
/// As [`open`], and when it is larger.
pub fn bytes(path: &Path, most: u64, links: Links) -> Result<Vec<u8>> {
    let file = open(path, links)?;
    let size = file.metadata()?.len();
    ensure!(size <= most, "it has {size} bytes; at most {most} are read");
    let mut bytes = Vec::with_capacity(usize::try_from(size)?);
    // it may grow while it is read
    file.take(most + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() as u64 <= most,
        "it grew beyond {most} bytes while it was read"
    );
    Ok(bytes)
}

/// The text of a plain file of at most `most` bytes.
///
/// # Errors
/// As [`bytes`], and when it is no UTF-8.
pub fn text(path: &Path, most: u64, links: Links) -> Result<String> {
    String::from_utf8(bytes(path, most, links)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow!("it is no text: byte {at} is not UTF-8")
    })
}

/// Whether anything stands under a path. A link counts as itself, wherever it leads: one that leads nowhere
/// is a mistake to be told, not an absence.
///
/// # Errors
/// When the system does not say.
pub fn stands(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => {
            Err(error).with_context(|| format!("cannot look at {}", super::shown_path(path)))
        }
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    #[test]
    fn only_plain_files_of_their_size_are_read_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "twelve bytes").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("gone"), at("dangling")).unwrap();
        symlink("/dev/zero", at("zero")).unwrap();
        let made = Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        fs::write(at("bytes"), b"ab\xff").unwrap();
        let both = [Links::Followed, Links::Refused];
        for links in both {
            assert_eq!(text(&at("file"), 12, links).unwrap(), "twelve bytes");
            let said = |name: &str| format!("{:#}", text(&at(name), 11, links).unwrap_err());
            assert_eq!(said("file"), "it has 12 bytes; at most 11 are read");
            assert_eq!(said("pipe"), "it is no plain file");
            assert_eq!(said("."), "it is no plain file");
            assert_eq!(said("bytes"), "it is no text: byte 2 is not UTF-8");
            assert!(said("gone").contains("No such file"));
        }
        assert_eq!(
            text(&at("link"), 12, Links::Followed).unwrap(),
            "twelve bytes"
        );
        for name in ["link", "dangling", "zero"] {
            let said = text(&at(name), 12, Links::Refused).unwrap_err().to_string();
            assert!(said.contains("symbolic link"), "{said}");
        }
        let said = bytes(&at("zero"), 12, Links::Followed)
            .unwrap_err()
            .to_string();
        assert_eq!(said, "it is no plain file");
        for (name, wanted) in [
            ("file", true),
            ("dangling", true),
            ("gone", false),
            ("file/x", false),
        ] {
            assert_eq!(stands(&at(name)).unwrap(), wanted, "{name}");
        }
    }
}
