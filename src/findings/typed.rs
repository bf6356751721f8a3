//! What is typed, as a session has it: the prompt fields, a line, a note, and what was said last.

use serde::{Deserialize, Serialize};

/// The prompt fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldsText {
    /// `clean` or `corrupted`, and `a`, `idx`, `elt` or `b`.
    pub selected: (String, String),
    /// Where the cursor stands in it, in characters.
    pub cursor: usize,
    /// Whether what is typed next takes the place of the whole value there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// What stood in the selected field when it was entered, where that has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Fields whose text is not the study's own: side, field, text.
    pub texts: Vec<(String, String, String)>,
    /// The side whose text is wrong.
    pub wrong: Option<String>,
}

/// What lies over the panes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum ModeText {
    /// Nothing.
    Normal,
    /// The help: its cursor.
    Help(usize),
    /// The help with what its keys must have.
    Filtered(FilterText),
    /// The menu of keys.
    Menu,
    /// A line is being typed.
    Line(LineText),
    /// The findings are looked through.
    Findings,
    /// The draft of a note is being typed.
    Note,
}

/// What of the help is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterText {
    /// The cursor.
    pub at: usize,
    /// What the keys must have in their text.
    pub filter: String,
    /// Whether that is being typed.
    pub typing: bool,
    /// The words on screen instead of the keys.
    pub words: bool,
}

/// A line being typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineText {
    /// `command`, `metric`, `example`, `edit`, `cell`, `question`, `find`, `search` or `title`.
    pub purpose: String,
    /// The intervention that is edited, from 0.
    pub edits: Option<usize>,
    /// The text.
    pub text: String,
    /// Where the cursor stands, in characters.
    pub cursor: usize,
    /// Whether the first thing typed replaces the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub selected: bool,
    /// Which of the things that the palette found is chosen, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<usize>,
    /// What is wrong with it, and at which word.
    pub error: Option<(Option<usize>, String)>,
}

/// A title and a note that are not written yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftText {
    /// Whether the title is proposed, and goes with the first letter typed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proposed: bool,
    /// The title.
    pub title: String,
    /// The note.
    pub note: String,
    /// The cursors in title and note: line and character, from 0.
    pub cursors: [(usize, usize); 2],
    /// Whether the title is typed in.
    pub on_title: bool,
    /// The finding it belongs to and the note that was read; null makes a new one.
    pub edited: Option<(String, String)>,
}

/// A message in the footer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageText {
    /// The text.
    pub text: String,
    /// `good`, `bad` or `plain`.
    pub tone: String,
}
