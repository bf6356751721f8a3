//! The prompt fields: eight one-line editors, four for each side of the pair.

use super::editor::{editor, jump};
use super::word;
use crate::lens::{Continuation, Source};
use crate::task::{PromptError, Task, Token};
use std::ops::Range;
use tui_textarea::TextArea;

/// A side of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The clean prompt.
    Clean,
    /// The corrupted prompt.
    Corrupted,
}

/// One of a side's editors: a field of the task, or behind them what is fed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part(pub usize);

impl Part {
    /// All editors of a side.
    pub fn all(task: Task) -> impl Iterator<Item = Self> {
        let fed_back = usize::from(task.feeds_back());
        (0..task.groups.len() + fed_back).map(Self)
    }

    /// What the answers that are fed back are typed in.
    #[must_use]
    pub fn continuation(task: Task) -> Self {
        Self(task.groups.len())
    }

    /// Its name: `a`, `idx`, `b`.
    #[must_use]
    pub fn name(self, task: Task) -> &'static str {
        let spec = task.get();
        let answer = || spec.answers.iter().find(|one| one.fed_back.is_some());
        match spec.groups.get(self.0) {
            Some(group) => &group.name,
            None => answer().map_or("", |answer| &answer.group),
        }
    }

    /// Whether it holds several values.
    #[must_use]
    pub fn is_list(self, task: Task) -> bool {
        task.groups.get(self.0).is_none_or(|group| group.is_list)
    }
}

/// The editors of both sides and which one is being typed in.
#[derive(Clone, Debug)]
pub struct Fields {
    pub(super) task: Task,
    pub(super) editors: Vec<TextArea<'static>>,
    pub(super) selected: usize,
    /// Nothing was typed at the value at hand: what is typed replaces it.
    pub(super) whole: bool,
    /// What stood in the selected field when it was entered.
    pub(super) found: String,
    /// A comma was typed last.
    pub(super) parted: bool,
}

fn list_text(task: Task, tokens: &[Token]) -> String {
    let words: Vec<_> = tokens.iter().map(|&token| task.token_name(token)).collect();
    words.join(" ")
}

impl Fields {
    /// Editors showing a pair.
    #[must_use]
    pub fn new(clean: &Source, corrupted: &Source) -> Self {
        let task = clean.values.task();
        let mut fields = Self {
            task,
            editors: vec![TextArea::default(); 2 * Part::all(task).count()],
            selected: 0,
            whole: true,
            found: String::new(),
            parted: false,
        };
        fields.show(clean, corrupted);
        fields.enter();
        fields
    }

    /// Shows a pair; fields whose value is the same keep their text and cursor. A continuation
    /// that is the model's own stays as it is until a run tells it.
    pub fn show(&mut self, clean: &Source, corrupted: &Source) {
        for (side, source) in [(Side::Clean, clean), (Side::Corrupted, corrupted)] {
            let known = source.continuation != Continuation::Model;
            let prompt = source.prompt();
            let fed_back = Part::continuation(self.task);
            for part in Part::all(self.task).filter(|part| known || *part != fed_back) {
                let text = if part == fed_back {
                    list_text(self.task, &prompt.continuation)
                } else {
                    prompt.values.names(part.0).join(" ")
                };
                self.put(side, part, text);
            }
        }
    }

    /// Shows a continuation that only a run could tell.
    pub fn show_continuation(&mut self, side: Side, b: &[Token]) {
        self.put(side, Part::continuation(self.task), list_text(self.task, b));
    }

    fn put(&mut self, side: Side, field: Part, text: String) {
        let same = {
            let words = |text: &str| -> Vec<String> {
                // a comma parts the values of a list, and is a mistake elsewhere
                let list = field.is_list(self.task);
                let separator = |c: char| c.is_whitespace() || list && c == ',';
                text.split(separator)
                    .filter(|word| !word.is_empty())
                    .map(|word| {
                        word.parse::<u64>()
                            .map_or_else(|_| word.to_owned(), |n| n.to_string())
                    })
                    .collect()
            };
            words(self.text(side, field)) == words(&text)
        };
        if !same {
            let slot = self.slot(side, field);
            let column = self.editors[slot].cursor().1;
            self.editors[slot] = editor(text);
            if slot == self.selected {
                self.found = self.line().to_owned();
                self.point(column);
            }
        }
    }

    /// Editors of a side.
    fn each(&self) -> usize {
        self.editors.len() / 2
    }

    fn slot(&self, side: Side, part: Part) -> usize {
        (side as usize * self.each() + part.0).min(self.editors.len() - 1)
    }

    /// The field being typed in.
    #[must_use]
    pub fn selected(&self) -> (Side, Part) {
        let side = if self.selected < self.each() {
            Side::Clean
        } else {
            Side::Corrupted
        };
        (side, Part(self.selected % self.each()))
    }

    /// Types in this field from now on: at its first value.
    pub fn select(&mut self, side: Side, field: Part) {
        self.selected = self.slot(side, field);
        self.enter();
    }

    /// Moves on by so many fields; stops at the ends.
    pub fn step(&mut self, by: isize) {
        self.selected = self
            .selected
            .saturating_add_signed(by)
            .min(self.editors.len() - 1);
        self.enter();
    }

    /// The field at hand as it was found.
    fn enter(&mut self) {
        self.found = self.line().to_owned();
        self.parted = false;
        self.put_on(word::at(&self.found, 0));
    }

    /// The text being typed in.
    pub(super) fn line(&self) -> &str {
        let line = self.editors[self.selected].lines().first();
        line.map_or("", String::as_str)
    }

    /// The bytes of the value at hand.
    pub(super) fn word(&self) -> Range<usize> {
        word::at(self.line(), self.cursor())
    }

    /// The columns of the value that the next letter replaces; `None` where it goes on with what was typed.
    #[must_use]
    pub fn replaced(&self) -> Option<Range<usize>> {
        let (line, word) = (self.line(), self.word());
        let columns = word::column(line, word.start)..word::column(line, word.end);
        self.whole.then_some(columns)
    }

    /// Puts the cursor behind a value, to be replaced by what is typed.
    pub(super) fn put_on(&mut self, word: Range<usize>) {
        let column = word::column(self.line(), word.end);
        self.set_cursor(column);
        self.whole = true;
    }

    /// Whether the value at hand is replaced by what is typed next.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// What a field says.
    #[must_use]
    pub fn text(&self, side: Side, field: Part) -> &str {
        self.editors[self.slot(side, field)]
            .lines()
            .first()
            .map_or("", String::as_str)
    }

    /// Where the cursor stands in the field being typed in, in characters.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.editors[self.selected].cursor().1
    }

    /// Makes a field say this.
    pub(in crate::app) fn set_text(&mut self, side: Side, field: Part, text: &str) {
        let slot = self.slot(side, field);
        self.editors[slot] = editor(text.to_owned());
    }

    /// Puts the cursor of the field being typed in at a character, or at its end.
    pub(in crate::app) fn set_cursor(&mut self, column: usize) {
        self.editors[self.selected].move_cursor(jump(column));
    }

    /// Says whether what is typed next takes the place of the value at hand.
    pub(in crate::app) fn set_whole(&mut self, whole: bool) {
        self.whole = whole;
    }

    /// The value at a column is the one at hand.
    pub(in crate::app) fn point(&mut self, column: usize) {
        self.put_on(word::at(self.line(), column));
    }

    /// Reads one side.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn read(&self, side: Side, continuation: &Continuation) -> Result<Source, PromptError> {
        let task = self.task;
        let text = |part| self.text(side, part);
        let texts: Vec<&str> = (0..task.groups.len())
            .map(|part| text(Part(part)))
            .collect();
        let values = task.parse_groups(&texts)?;
        let continuation = match continuation {
            Continuation::Typed(_) => {
                // where nothing is fed back there is no editor for it
                let fed_back = task.feeds_back().then(|| text(Part::continuation(task)));
                let typed = task.parse_continuation(fed_back.unwrap_or_default())?;
                Continuation::Typed(typed)
            }
            other => other.clone(),
        };
        Ok(Source {
            values,
            continuation,
        })
    }
}
