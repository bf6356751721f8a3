//! What is done in the findings view.

use super::line::open_line;
use super::note;
use crate::app::held::message::{Effect, ShelfJob};
use crate::app::held::shelf::{Shelf, Which};
use crate::app::held::state::{Mode, Purpose, State, Tone};
use crate::findings::store::{Finding, Listing};

/// Opens the view.
pub(in crate::app) fn open(state: &mut State, which: Which) -> Vec<Effect> {
    state.shelf = Some(Box::new(Shelf::new(which)));
    state.mode = Mode::Findings;
    read(state).into_iter().collect()
}

/// Asks for what the open view lists.
pub(in crate::app) fn read(state: &State) -> Option<Effect> {
    let shelf = state.shelf.as_ref()?;
    Some(Effect::Shelf(ShelfJob::List(shelf.which)))
}

/// Closes it.
pub(in crate::app) fn close(state: &mut State) {
    state.shelf = None;
    state.mode = Mode::Normal;
}

/// The list was read.
pub(in crate::app) fn listed(state: &mut State, which: Which, result: Result<Listing, String>) {
    let Some(shelf) = state.shelf.as_mut().filter(|shelf| shelf.which == which) else {
        return;
    };
    shelf.listing = Some(result);
    shelf.cursor = shelf.cursor.min(shelf.shown().len().saturating_sub(1));
}

/// Something was written; the list is read again.
pub(in crate::app) fn changed(state: &mut State, result: Result<String, String>) -> Vec<Effect> {
    note::saved(state, result.is_ok());
    match result {
        Ok(text) => state.say(Tone::Good, text),
        Err(error) => state.say(Tone::Bad, error),
    }
    read(state).into_iter().collect()
}

/// Moves the cursor.
pub(in crate::app) fn step(state: &mut State, by: isize) {
    if let Some(shelf) = &mut state.shelf {
        let last = shelf.shown().len().saturating_sub(1);
        shelf.cursor = shelf.cursor.saturating_add_signed(by).min(last);
        shelf.scroll = 0;
        shelf.doomed = None;
    }
}

/// Selects one of those shown.
pub(in crate::app) fn select(state: &mut State, at: usize) {
    let now = state.shelf.as_ref().map_or(0, |shelf| shelf.cursor);
    if at != now {
        step(state, at as isize - now as isize);
    }
}

/// Scrolls the preview.
pub(in crate::app) fn scroll(state: &mut State, by: isize) {
    if let Some(shelf) = &mut state.shelf {
        let lines = shelf.selected().map_or(0, |finding| {
            let claims = 4 * finding.card.claims.len();
            finding.note.lines().count() + finding.frame.lines().count() + claims
        });
        shelf.scroll = shelf.scroll.saturating_add_signed(by).min(lines);
    }
}

/// Sorts by something else.
pub(in crate::app) fn sort(state: &mut State) {
    if let Some(shelf) = &mut state.shelf {
        shelf.order = shelf.order.next();
        shelf.cursor = 0;
    }
}

/// Shows the selected finding in every pane.
pub(in crate::app) fn look(state: &mut State) -> Vec<Effect> {
    let Some(shelf) = &state.shelf else {
        return Vec::new();
    };
    let job = shelf.selected().map(|finding| ShelfJob::Open {
        which: shelf.which,
        name: finding.name.clone(),
        title: finding.card.title.clone(),
    });
    job.map(Effect::Shelf).into_iter().collect()
}

/// Opens the tutorial; while one of its steps is open, the next one.
pub(in crate::app) fn teach(state: &mut State) -> Vec<Effect> {
    let Some(lesson) = state.lesson.as_ref().filter(|_| state.shelf.is_none()) else {
        return open(state, Which::Tutorial);
    };
    let Some((name, title)) = lesson.next.clone() else {
        state.say(Tone::Plain, "that was the last step of the tutorial");
        return open(state, Which::Tutorial);
    };
    let name = name.to_owned();
    vec![Effect::Shelf(ShelfJob::Open {
        which: Which::Tutorial,
        name,
        title,
    })]
}

/// The selected finding, unless it is one of the program's own.
fn own(state: &State) -> Option<Finding> {
    let shelf = state.shelf.as_ref()?;
    let selected = shelf.selected().filter(|_| shelf.which == Which::Own);
    selected.cloned()
}

/// Opens a line for another title.
pub(in crate::app) fn rename(state: &mut State) {
    if let Some(finding) = own(state) {
        open_line(state, Purpose::Rename, finding.card.title);
    }
}

/// Takes another title.
pub(in crate::app) fn take_title(state: &mut State, title: &str) -> Result<Vec<Effect>, String> {
    let title = crate::findings::store::clean_title(title).map_err(|error| error.to_string())?;
    let name = own(state).map(|finding| finding.name);
    let job = name.map(|name| ShelfJob::Rename { name, title });
    Ok(job.map(Effect::Shelf).into_iter().collect())
}

/// Opens a line for what is searched.
pub(in crate::app) fn search(state: &mut State) {
    let text = state.shelf.as_ref().map(|shelf| shelf.search.clone());
    open_line(state, Purpose::Search, text.unwrap_or_default());
}

/// Shows only those that have this.
pub(in crate::app) fn take_search(state: &mut State, text: &str) {
    if let Some(shelf) = &mut state.shelf {
        shelf.search = text.trim().to_owned();
        shelf.cursor = 0;
        shelf.scroll = 0;
    }
}

/// Opens the note's editor.
pub(in crate::app) fn edit(state: &mut State) {
    if let Some(finding) = own(state) {
        note::open_note(state, &finding);
    }
}

/// Puts the selected finding in the trash when asked twice.
pub(in crate::app) fn trash(state: &mut State) -> Vec<Effect> {
    let Some(finding) = own(state) else {
        return Vec::new();
    };
    let Some(shelf) = &mut state.shelf else {
        return Vec::new();
    };
    if shelf.doomed.as_ref() == Some(&finding.name) {
        shelf.doomed = None;
        return vec![Effect::Shelf(ShelfJob::Trash(finding.name))];
    }
    shelf.doomed = Some(finding.name);
    let text = format!(
        "delete again to put \"{}\" in the trash",
        finding.card.title
    );
    state.say(Tone::Plain, text);
    Vec::new()
}

/// Writes all findings as one page.
pub(in crate::app) fn report(state: &mut State) -> Vec<Effect> {
    let which = state.shelf.as_ref().map(|shelf| shelf.which);
    let job = which.map(|which| Effect::Shelf(ShelfJob::Report(which)));
    job.into_iter().collect()
}
