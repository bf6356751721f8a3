//! Files written whole or not at all.
//!
//! A file appears under its name only when every byte of it is on the disk: it is written under
//! a passing name in the same folder, synchronised, and then renamed. Whoever reads the name sees
//! the old file or the new one, never half of either, even after a power cut.

use std::fs::{self, Metadata, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Error, Result, bail};
use tempfile::{Builder, NamedTempFile};

/// The longest slug in characters: with a number and an extension still a fine file name.
const SLUG_LENGTH: usize = 60;

/// What a text without a single letter or digit becomes.
const NAMELESS: &str = "untitled";

/// Writes `bytes` to `path`, in place of a file that may be there already.
///
/// A file that is replaced keeps its permissions; a new one gets those of any new file.
///
/// # Errors
///
/// When `path` names a folder, a symbolic link or a read-only file, or when its folder cannot be
/// written to. The error names the file and says what to do. The old file is then as it was, and
/// no other file is left behind. (One exception: the last step tells the disk to keep the folder's
/// new entry. Should that fail, the error says so, and the new file is in place.)
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let permissions = match standing(path) {
        Some(old) => Some(replaceable(path, &old)?),
        None => None,
    };
    place(path, bytes, permissions, |file| file.persist(path).err())
}

/// Writes `bytes` to `path`, which must not exist yet.
///
/// # Errors
///
/// When there is anything at `path`, which then stays as it is, even if it appeared while the
/// bytes were being written; otherwise as [`write_whole`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    if standing(path).is_some() {
        bail!(taken(path));
    }
    place(path, bytes, None, |file| file.persist_noclobber(path).err())
}

/// [`write_whole`] where an old file may be replaced, else [`write_new`].
///
/// # Errors
///
/// Those of the two.
pub fn write(path: &Path, bytes: &[u8], replacing: bool) -> Result<()> {
    if replacing {
        write_whole(path, bytes)
    } else {
        write_new(path, bytes)
    }
}

/// Writes several files that belong together: all of them or none.
///
/// # Errors
///
/// Those of [`write()`]; what was written before is taken away again, unless it stands in place of an
/// older file.
pub fn write_together(all: &[(&Path, &[u8])], replacing: bool) -> Result<()> {
    for (path, _) in all {
        check_writable(path, replacing)?;
    }
    let mut new = Vec::new();
    for (path, bytes) in all {
        let there = standing(path).is_some();
        if let Err(error) = write(path, bytes, replacing) {
            for path in new {
                // it was not there before
                let _ = fs::remove_file(path);
            }
            return Err(error);
        }
        if !there {
            new.push(path);
        }
    }
    Ok(())
}

/// Whether [`write_new`], or [`write_whole`] where `replacing`, would work as things are now.
/// Nothing is left behind.
///
/// # Errors
///
/// Those of the write.
pub fn check_writable(path: &Path, replacing: bool) -> Result<()> {
    match standing(path) {
        Some(_) if !replacing => bail!("{}, or --force to replace it", taken(path)),
        Some(old) => {
            replaceable(path, &old)?;
        }
        None => {}
    }
    let folder = folder_of(path)?;
    stage(folder, &[], None).map_err(|error| explain(path, folder, error))?;
    Ok(())
}

/// An empty file under a passing name beside `path`.
///
/// # Errors
///
/// When its folder cannot be written to.
pub(super) fn stage_for(path: &Path) -> Result<NamedTempFile> {
    let folder = folder_of(path)?;
    stage(folder, &[], None).map_err(|error| explain(path, folder, error))
}

/// Gives a staged file its name, in place of a file that may be there already.
///
/// # Errors
///
/// Those of [`write_whole`].
pub(super) fn settle_whole(path: &Path, staged: NamedTempFile) -> Result<()> {
    if let Some(old) = standing(path) {
        let permissions = replaceable(path, &old)?;
        let set = staged.as_file().set_permissions(permissions);
        set.map_err(|error| refused(path, error))?;
    }
    let synced = staged.as_file().sync_all();
    synced.map_err(|error| refused(path, error))?;
    settle(path, folder_of(path)?, staged, |file| {
        file.persist(path).err()
    })
}

/// What a reader is told when the disk refuses.
pub(super) fn refused(path: &Path, error: io::Error) -> Error {
    match folder_of(path) {
        Ok(folder) => explain(path, folder, error),
        Err(nameless) => nameless,
    }
}

/// The first of `stem`, `stem-2`, `stem-3`, ... for which `folder` holds no file with any of the
/// `extensions` (each without its dot).
///
/// Several files that belong together can then share one stem. Nothing is reserved: whoever
/// writes uses [`write_new`], which notices a file that has come between.
#[must_use]
pub fn unused_stem(folder: &Path, stem: &str, extensions: &[&str]) -> String {
    let is_free = |candidate: &String| {
        let taken = |extension| standing(&folder.join(format!("{candidate}.{extension}")));
        extensions
            .iter()
            .all(|extension| taken(extension).is_none())
    };
    let numbered = (2_u64..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.to_owned())
        .chain(numbered)
        .find(is_free)
        .unwrap_or_else(|| stem.to_owned())
}

/// `text` as part of a file name that is fine on every system: lower-case ASCII letters, digits
/// and single `-` between them, 1 to 60 characters.
///
/// All other characters count as gaps; a text of nothing but gaps becomes `untitled`.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if slug.len() == SLUG_LENGTH {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() {
        slug.push_str(NAMELESS);
    }
    slug
}

/// What is at `path` now; a symbolic link counts as itself, wherever it leads.
fn standing(path: &Path) -> Option<Metadata> {
    fs::symlink_metadata(path).ok()
}

/// The permissions of the file at `path`, if it may be replaced.
fn replaceable(path: &Path, old: &Metadata) -> Result<Permissions> {
    if old.is_symlink() {
        bail!(
            "cannot write {path:?}: it is a symbolic link; name the file it leads to, or remove \
             the link"
        );
    }
    if old.is_dir() {
        bail!("cannot write {path:?}: it is a folder; name a file inside it");
    }
    if !old.is_file() {
        bail!("cannot write {path:?}: it is a device or a pipe; name a plain file");
    }
    if old.permissions().readonly() {
        bail!(
            "cannot write {path:?}: the file there is read-only; make it writable or choose \
             another name"
        );
    }
    Ok(old.permissions())
}

/// Stages the bytes beside `path` and settles them.
fn place(
    path: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
    rename: impl FnOnce(NamedTempFile) -> Option<tempfile::PersistError>,
) -> Result<()> {
    let folder = folder_of(path)?;
    let staged = stage(folder, bytes, permissions).map_err(|error| explain(path, folder, error))?;
    settle(path, folder, staged, rename)
}

/// Lets `rename` give a staged file its name, and makes the disk keep the result.
///
/// `rename` gives back the error, and with it the staged file, which is removed on being dropped.
fn settle(
    path: &Path,
    folder: &Path,
    staged: NamedTempFile,
    rename: impl FnOnce(NamedTempFile) -> Option<tempfile::PersistError>,
) -> Result<()> {
    if let Some(refused) = rename(staged) {
        return Err(explain(path, folder, refused.error));
    }
    sync_folder(folder).map_err(|error| {
        Error::new(error).context(format!(
            "{path:?} is written, but may be lost in a power cut: its folder could not be \
             synchronised; write it again when the disk is well"
        ))
    })
}

/// The folder that holds `path`.
fn folder_of(path: &Path) -> Result<&Path> {
    match (path.file_name(), path.parent()) {
        (Some(_), Some(parent)) if parent.as_os_str().is_empty() => Ok(Path::new(".")),
        (Some(_), Some(parent)) => Ok(parent),
        _ => bail!("cannot write {path:?}: this is not the name of a file; add one"),
    }
}

/// A file in `folder` under a passing name, with all its bytes on the disk.
fn stage(
    folder: &Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".circuitscope-").suffix(".part");
    // A temporary file is for its owner's eyes only. This one will not be temporary.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes the disk keep the entries of `folder` as they are now.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(()); // Elsewhere a folder cannot be opened like a file.
    }
    match fs::File::open(folder).and_then(|open| open.sync_all()) {
        // Some network file systems cannot do this, and a folder may be writable but not
        // readable. The file itself is on the disk; there is no more to be had.
        Err(error) if is_unable(error.kind()) => Ok(()),
        outcome => outcome,
    }
}

const fn is_unable(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
    )
}

fn taken(path: &Path) -> String {
    format!("cannot write {path:?}: it already exists; choose another name or remove it first")
}

/// An error for a reader: which file, and what to do. The system's own words come last.
pub(super) fn explain(path: &Path, folder: &Path, error: io::Error) -> Error {
    let message = match error.kind() {
        ErrorKind::AlreadyExists => taken(path),
        ErrorKind::NotFound => format!(
            "cannot write {path:?}: there is no folder {folder:?}; create it first or name another"
        ),
        ErrorKind::NotADirectory => {
            format!("cannot write {path:?}: {folder:?} is not a folder; name another")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => format!(
            "cannot write {path:?}: the folder {folder:?} may not be written to; name another, or \
             allow it"
        ),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            format!("cannot write {path:?}: the disk is full; free some space or name another")
        }
        ErrorKind::InvalidFilename => {
            format!("cannot write {path:?}: the name does not do here; choose a shorter, plain one")
        }
        _ => format!("cannot write {path:?}: the disk did not take it; try another folder"),
    };
    Error::new(error).context(message)
}
