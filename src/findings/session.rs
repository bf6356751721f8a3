//! A session file: everything that is on screen, as JSON that a person can read and mend.
//!
//! The words are those of the screen (`b_0`, `1.0`, `patch blocks.1.attn.hook_k @elt from clean`).
//! This file knows the form; what the words mean to the workbench is `app::session`.
//! `docs/files.md` documents every field.

use super::read::{self, Kind};
pub use super::typed::{DraftText, FieldsText, FilterText, LineText, MessageText, ModeText};
use crate::task::number::is_zero;
use crate::task::plain::Links;
use crate::task::{Identity, Sample};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What kind of file it is, in its first line.
pub const SESSION: Kind = Kind {
    name: "session",
    version: 1,
    max_bytes: 16 << 20,
};

/// Everything that is on screen, and the undo history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// `circuitscope-session-1`
    pub format: String,
    /// The program that wrote it.
    pub program: String,
    /// The model.
    pub model: ModelRef,
    /// The task's size.
    pub task: Identity,
    /// Which example of the study's sample is shown, from 0; null when the prompt was typed.
    pub example: Option<usize>,
    /// What decides the numbers.
    pub study: StudyText,
    /// Where the panes look.
    pub view: ViewText,
    /// The open question.
    pub question: Option<QuestionText>,
    /// The one that is pinned beside it; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<QuestionText>,
    /// The screen of all inputs.
    #[serde(default)]
    pub space: SpaceText,
    /// The step of the tutorial whose text is open: its name; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<String>,
    /// Whether its text is folded up, where it lies over the panes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folded: bool,
    /// The open findings view; absent where it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf: Option<ShelfText>,
    /// The prompt fields, as far as they say more than the study.
    pub fields: FieldsText,
    /// What lies over the panes.
    pub mode: ModeText,
    /// The message in the footer.
    pub message: Option<MessageText>,
    /// A finding's title and note that are not written yet.
    pub draft: Option<DraftText>,
    /// What undo goes back to, oldest first.
    pub past: Vec<StudyText>,
    /// What redo goes on to, newest undone last.
    pub future: Vec<StudyText>,
}

/// Which model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRef {
    /// Its file; null is the embedded model.
    pub path: Option<String>,
    /// Its name on screen.
    pub name: String,
    /// SHA-256 over the weights and what of the config changes the computation.
    pub hash: String,
    /// The file of its task, where that was named and is no built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_file: Option<String>,
    /// What the user said of the model, by flag: `positions`, `heads`, ..
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, String>,
    /// Where positions enter, where that is only assumed: `shortformer (assumed)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed_positions: Option<String>,
}

/// Everything that decides the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyText {
    /// The clean prompt.
    pub clean: SideText,
    /// The corrupted prompt.
    pub corrupted: SideText,
    /// Which counterfactual of the clean prompt the corrupted one is; null when typed.
    pub counterfactual: Option<usize>,
    /// `denoise` or `noise`.
    pub direction: crate::lens::Direction,
    /// `POS:ANSWER:OTHER`; null follows the pair.
    pub metric: Option<String>,
    /// What is measured there: `log prob` and so on; absent for the logit difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// In their order.
    pub interventions: Vec<InterventionText>,
    /// What is stepped through, and what means are taken over.
    pub sample: Sample,
    /// Claims about all inputs that are kept, a line each; absent where there is none.
    #[serde(default)]
    pub claims: Vec<String>,
    /// In `past` and `future`: what undo or redo shows with it; absent where that stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SightText>,
}

/// What the panes showed at a moment of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SightText {
    /// `clean`, `corrupted`, `patched` or `difference`.
    pub run: String,
    /// How the grids told their metric, in the same words.
    pub grids: String,
    /// Whose answer judged the patched run, `clean` or `corrupted`, where that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
    /// Whether a pane was zoomed.
    pub zoomed: bool,
    /// The title of the pane that filled the screen.
    pub alone: Option<String>,
    /// The question whose answer did.
    pub question: Option<String>,
    /// The attention pane's head, `LAYER.HEAD`.
    pub attention: String,
    /// Scores instead of probabilities there.
    pub scores: bool,
    /// The head of the pattern cells.
    pub cells: String,
    /// How many themes on from the one the program began with.
    pub theme: usize,
}

/// One prompt of the pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideText {
    /// `14 26 35 1 48`: the list, the index, the element.
    pub prompt: String,
    /// `truth`, `model`, or the values.
    pub continuation: String,
}

/// An intervention and whether it applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterventionText {
    /// Its line.
    pub line: String,
    /// Whether it applies.
    pub on: bool,
}

/// Where the panes look; nothing here changes a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewText {
    /// The focused pane's title.
    pub focus: String,
    /// Whether it is shown alone.
    pub zoomed: bool,
    /// `clean`, `corrupted`, `patched` or `difference`.
    pub run: String,
    /// How the grids tell their metric: `clean`, `corrupted`, `patched` or `difference`; absent:
    /// `clean`, 1 is as clean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grids: Option<String>,
    /// Whose answer judges the patched run, `clean` or `corrupted`; absent: that of the run which
    /// its patches come from, or without any that of its prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
    /// The position under the logits' cursor.
    pub position: String,
    /// The attention pane.
    pub attention: AttentionText,
    /// The strips.
    pub strips: StripsText,
    /// The pattern cells.
    pub cells: CellsText,
    /// The selected intervention, from 0.
    pub intervention: usize,
    /// How many themes on from the one the program began with.
    pub theme: usize,
}

/// The attention pane's cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttentionText {
    /// `LAYER.HEAD`
    pub head: String,
    /// Scores instead of probabilities.
    pub scores: bool,
    /// The query's position.
    pub dest: String,
    /// The key's position.
    pub src: String,
}

/// The strips' cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripsText {
    /// The grid, and the head where it has heads: `resid_pre`, `z.0`.
    pub row: String,
    /// The block.
    pub layer: usize,
    /// A position, or `all`.
    pub column: String,
}

/// The pattern cells' cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellsText {
    /// `LAYER.HEAD`
    pub head: String,
    /// The query's position.
    pub dest: String,
    /// The key's position.
    pub src: String,
}

/// An open question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionText {
    /// Its line.
    pub line: String,
    /// Row and column under the cursor, from 0.
    pub cursor: (usize, usize),
    /// The pane that esc goes back to, where that is not the attention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How often its picture was taken closer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub closer: u8,
    /// Whether it stays where another question is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// Where two stand side by side: 0 at the left, 1 at the right.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slot: u8,
}

/// The screen of all inputs. What was counted is not in it: it is counted again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceText {
    /// What is asked while it is looked at: `claims`, `all` (the predictions too), or `nothing`.
    pub wants: String,
    /// Claims that were stated, the newest last.
    pub claims: Vec<String>,
    /// The selected row, from 0.
    pub cursor: usize,
    /// Inputs by `margin` or by `loss`.
    pub order: String,
    /// The claim whose further inputs are listed; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfolded: Option<String>,
}

impl Default for SpaceText {
    fn default() -> Self {
        Self {
            wants: "claims".to_owned(),
            claims: Vec::new(),
            cursor: 0,
            order: "margin".to_owned(),
            unfolded: None,
        }
    }
}

/// The findings view. What it lists is read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShelfText {
    /// `own` or `tutorial`.
    pub whose: String,
    /// What those that are shown must have.
    pub search: String,
    /// `newest`, `title` or `folder`.
    pub order: String,
    /// The selected one, from 0.
    pub cursor: usize,
    /// Lines of the preview above the first one shown.
    pub scroll: usize,
    /// The one that goes to the trash if the key comes again.
    pub doomed: Option<String>,
}

impl Session {
    /// The task as `--task` takes it: by its name, or its file.
    #[must_use]
    pub fn task_named(&self) -> Option<String> {
        self.task.choice().or_else(|| self.model.task_file.clone())
    }

    /// The file's text; the far ends of a history that is too long for a file are left out.
    ///
    /// # Errors
    /// When it would be too large without any history.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut written = SESSION.text(self);
        let mut left = self.past.len().max(self.future.len());
        while written.is_err() && left > 0 {
            left /= 2;
            let mut shorter = self.clone();
            for moments in [&mut shorter.past, &mut shorter.future] {
                // the first are the furthest from now
                moments.drain(..moments.len().saturating_sub(left));
            }
            written = SESSION.text(&shorter);
        }
        written
    }

    /// The session without anything that it would ask: what is left when asking ended the program.
    #[must_use]
    pub fn asking_nothing(mut self) -> Self {
        self.study.interventions.clear();
        self.study.claims.clear();
        self.space = SpaceText::default();
        self.question = None;
        (self.past, self.future) = (Vec::new(), Vec::new());
        self.shelf = None;
        self.mode = ModeText::Normal;
        for pane in ["answer", "input space"] {
            if self.view.focus == pane {
                self.view.focus = "prompt".to_owned();
                self.view.zoomed = false;
            }
        }
        self.view.intervention = 0;
        self
    }

    /// A session from a file's text.
    ///
    /// # Errors
    /// Names the field that is missing, unknown or wrong, or a version that this program does
    /// not know.
    pub fn parse(text: &str) -> Result<Self> {
        read::parse(text, &SESSION)
    }

    /// A session from a file.
    ///
    /// # Errors
    /// As [`Session::parse`]; names the file and what to do.
    pub fn open(path: &Path) -> Result<Self> {
        read::open(path, &SESSION, Links::Followed)
    }
}
