//! The findings of a folder, read one by one.

use super::session::Session;
use super::store::{self, Finding, is_finding};
use crate::task::shown;
use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::path::Path;

/// What was read of the findings of a folder, and what is wrong with the others: one that is broken keeps
/// nobody from the rest.
#[derive(Clone, Debug)]
pub struct Gathered<T> {
    /// By name.
    pub read: Vec<T>,
    /// Those that cannot be read, and why: by name.
    pub broken: Vec<(String, String)>,
}

/// Reads the finding that a folder is, or each of those that it holds.
///
/// # Errors
/// When there is none, or the only one there is cannot be read.
pub fn gather<T>(folder: &Path, read: impl Fn(&Path) -> Result<T>) -> Result<Gathered<T>> {
    if is_finding(folder) {
        return Ok(Gathered {
            read: vec![read(folder)?],
            broken: Vec::new(),
        });
    }
    let entries = fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read the folder {folder:?}"))?;
    let (mut all, mut broken) = (Vec::new(), Vec::new());
    for name in names(entries)? {
        let path = folder.join(&name);
        if path.is_dir() && is_finding(&path) {
            match one_of_many(&path).and_then(|()| read(&path)) {
                Ok(one) => all.push(one),
                Err(error) => broken.push((name, format!("{error:#}"))),
            }
        }
    }
    ensure!(
        !(all.is_empty() && broken.is_empty()),
        "there is no finding in {folder:?}"
    );
    Ok(Gathered { read: all, broken })
}

/// The names in a folder but for hidden ones, sorted.
pub(super) fn names(entries: fs::ReadDir) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// A folder of findings holds what was put there, and not what a link leads to.
pub(super) fn one_of_many(path: &Path) -> Result<()> {
    let is_link = fs::symlink_metadata(path)?.is_symlink();
    ensure!(
        !is_link,
        "it is a link to a folder; name that folder itself, or move it here"
    );
    Ok(())
}

/// The finding in a folder with what the program opens again, which go together: each verdict is one on a
/// claim that the session makes, or it would stand where nobody checks it again.
///
/// # Errors
/// Names the file that is missing or broken, or the claim that is only in one of them.
pub fn whole(folder: &Path) -> Result<(Finding, Session)> {
    let (finding, session) = (store::open(folder)?, store::session(folder)?);
    let claims = &finding.card.claims;
    for (i, one) in claims.iter().enumerate() {
        let claim = &one.claim;
        let which = || format!("finding.json has a verdict on the claim '{}'", shown(claim));
        if claims[..i].iter().any(|before| before.claim == *claim) {
            bail!("{} twice; take one of them out", which());
        }
        ensure!(
            session.study.claims.contains(claim),
            "{}, and session.json does not make it; take it out, or add it there",
            which()
        );
    }
    Ok((finding, session))
}
