//! The editor of a finding's note: opened, put aside, saved.

use crate::app::held::draft::{Edited, NoteEditor};
use crate::app::held::message::{Effect, ShelfJob};
use crate::app::held::state::{Mode, State, Tone};
use crate::findings::store::{Finding, clean_title};

/// The longest title that is proposed, in letters.
const MAX_PROPOSED: usize = 80;

/// Opens the editor for a new finding of what is on screen; a draft that was put aside comes back.
pub(in crate::app) fn open_new(state: &mut State) {
    let aside = state.draft.take().filter(|draft| draft.edited.is_none());
    let editor = aside.unwrap_or_else(|| Box::new(NoteEditor::proposed(&proposed(state))));
    state.status = None;
    state.mode = Mode::Note(editor);
}

/// A title made of what is on screen: what the answer says, or what the interventions do to the metric.
fn proposed(state: &State) -> String {
    let (task, config) = (state.task(), &state.model.config);
    if let Some(inquiry) = &state.inquiry
        && let Some(Ok(table)) = &inquiry.answer
    {
        let found = inquiry.question.found(table, inquiry.cursor);
        let sentence = || inquiry.question.sentence(task, config);
        return fitting(&found.unwrap_or_else(sentence));
    }
    let interventions = state.study().experiment().interventions;
    let lines: Vec<String> = interventions.iter().map(|one| one.line(task)).collect();
    let values = state.study().clean.values.to_string();
    match &lines[..] {
        [] => fitting(&values),
        lines => fitting(&format!("{} on {}", lines.join(", "), values)),
    }
}

/// As much of a text as a title takes.
fn fitting(text: &str) -> String {
    let text: String = text.chars().take(MAX_PROPOSED).collect();
    clean_title(&text).unwrap_or_default()
}

/// Opens the editor for a finding's note.
pub(in crate::app) fn open_note(state: &mut State, finding: &Finding) {
    let same = |draft: &NoteEditor| {
        let edited = draft.edited.as_ref();
        edited.is_some_and(|edited| edited.name == finding.name)
    };
    if state.draft.as_deref().is_some_and(same)
        && let Some(draft) = state.draft.take()
    {
        state.mode = Mode::Note(draft);
        return;
    }
    let edited = Edited {
        name: finding.name.clone(),
        was: finding.note.clone(),
    };
    let editor = NoteEditor::new(&finding.card.title, &finding.note, Some(edited));
    state.mode = Mode::Note(Box::new(editor));
}

/// Puts the editor aside; what was typed is kept until it is saved.
pub(in crate::app) fn put_aside(state: &mut State) {
    let below = state.below();
    if let Mode::Note(editor) = std::mem::replace(&mut state.mode, below)
        && !editor.is_empty()
    {
        let key = if editor.edited.is_none() { "b" } else { "e" };
        state.say(
            Tone::Plain,
            format!("the text is kept aside: {key} goes on with it"),
        );
        state.draft = Some(editor);
    }
}

/// Asks for what was typed to be written.
pub(in crate::app) fn save(state: &mut State) -> Vec<Effect> {
    let stale = state.is_stale();
    let coming = state
        .observation
        .as_ref()
        .map_or(0, |seen| seen.blocks.left);
    let Mode::Note(editor) = &mut state.mode else {
        return Vec::new();
    };
    let (title, note) = (editor.title_text(), editor.note_text());
    let job = match &editor.edited {
        Some(edited) => Ok(ShelfJob::SetNote {
            name: edited.name.clone(),
            was: edited.was.clone(),
            note,
        }),
        None if stale => {
            Err("the numbers are not those of the prompts; nothing saved yet".to_owned())
        }
        None if coming > 0 => Err(format!(
            "{coming} parts of the grids are still being computed; nothing saved yet"
        )),
        None => clean_title(&title)
            .map_err(|error| error.to_string())
            .map(|title| ShelfJob::Keep { title, note }),
    };
    match job {
        Err(error) => {
            state.say(Tone::Bad, error);
            Vec::new()
        }
        Ok(_) if editor.saving => Vec::new(),
        Ok(job) => {
            editor.saving = true;
            vec![Effect::Shelf(job)]
        }
    }
}

/// What came of saving: only what is on the disk leaves the editor.
pub(in crate::app) fn saved(state: &mut State, worked: bool) {
    if let Mode::Note(editor) = &mut state.mode {
        editor.saving = false;
        if worked {
            state.draft = None;
            state.mode = state.below();
        }
    }
}
