//! A key as the key table, the help and scripts spell it.

use crate::task::limits::MAX_KEYS;
use crate::task::shown;
use anyhow::{Result, ensure};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;
use std::str::FromStr;

/// A key press. Shift is part of the character (`N`), so it is not kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// With Ctrl.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
}

impl Key {
    /// The key without Ctrl or Alt.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
        }
    }

    /// The key of that character.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// Ctrl and that character.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self {
            code: KeyCode::Char(c),
            ctrl: true,
            alt: false,
        }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self {
            code: event.code,
            ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
            alt: event.modifiers.contains(KeyModifiers::ALT),
        }
    }
}

impl From<Key> for KeyEvent {
    fn from(key: Key) -> Self {
        let mut modifiers = KeyModifiers::NONE;
        modifiers.set(KeyModifiers::CONTROL, key.ctrl);
        modifiers.set(KeyModifiers::ALT, key.alt);
        Self::new(key.code, modifiers)
    }
}

/// Names of keys that are no character.
const NAMES: [(&str, KeyCode); 16] = [
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("insert", KeyCode::Insert),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        if self.alt {
            f.write_str("alt-")?;
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "f{n}"),
            _ => f.write_str("?"),
        }
    }
}

impl FromStr for Key {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> Result<Self> {
        let (ctrl, rest) = match text.strip_prefix("ctrl-") {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, text),
        };
        let (alt, rest) = match rest.strip_prefix("alt-") {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, rest),
        };
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => named(rest)?,
        };
        Ok(Self { code, ctrl, alt })
    }
}

fn named(name: &str) -> Result<KeyCode> {
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(*code);
    }
    let function = name.strip_prefix('f').and_then(|n| n.parse().ok());
    if let Some(n @ 1..=12) = function {
        return Ok(KeyCode::F(n));
    }
    let known = NAMES.map(|(name, _)| name).join(" ");
    anyhow::bail!(
        "no key '{}'; a key is one character, ctrl-x, f1..f12 or one of: {known}",
        shown(name)
    )
}

/// Keys from a script: words apart by spaces, each a key, or text in single quotes typed
/// character by character: `tab down : 'zero blocks.0.attn.hook_z @*' enter`.
///
/// # Errors
/// Names the word that is no key.
pub fn parse_script(script: &str) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    // other blanks than these are keys
    let blank = |c: char| c.is_ascii_whitespace();
    let mut rest = script.trim_start_matches(blank);
    while !rest.is_empty() {
        if let Some(quoted) = rest
            .strip_prefix('\'')
            .filter(|quoted| quoted.contains('\''))
        {
            let (text, after) = quoted.split_once('\'').unwrap_or((quoted, ""));
            keys.extend(text.chars().filter(|c| !c.is_control()).map(Key::char));
            ensure!(keys.len() <= MAX_KEYS, too_many(rest));
            rest = after.trim_start_matches(blank);
            continue;
        }
        let end = rest.find(blank).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        keys.push(word.parse()?);
        ensure!(keys.len() <= MAX_KEYS, too_many(rest));
        rest = after.trim_start_matches(blank);
    }
    Ok(keys)
}

/// What to say at the word that is one too many.
fn too_many(rest: &str) -> String {
    let word = rest.split_whitespace().next().unwrap_or_default();
    let word = shown(word);
    format!("at '{word}': a script has at most {MAX_KEYS} keys")
}
