//! The findings view: a list with a preview, searched, sorted, opened, renamed, deleted.

use super::message::{Effect, ShelfJob};
use super::note;
use super::state::{Mode, Purpose, State, Tone};
use super::typing::open_line;
use crate::findings::store::{Finding, Listing};

/// Whose findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those of the folder.
    Own,
    /// The embedded model's own solution, in the program.
    Tutorial,
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    Newest,
    /// By title.
    Title,
    /// By folder.
    Name,
}

impl Order {
    /// Its name on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest first",
            Self::Title => "by title",
            Self::Name => "by folder",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Newest => Self::Title,
            Self::Title => Self::Name,
            Self::Name => Self::Newest,
        }
    }
}

/// The open view.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// Whose findings.
    pub which: Which,
    /// All of them, once read, or why there are none.
    pub listing: Option<Result<Listing, String>>,
    /// Only those that have this in title, note, claims or model are shown.
    pub search: String,
    /// How they are sorted.
    pub order: Order,
    /// The selected one of those shown.
    pub cursor: usize,
    /// Lines of the preview above the first one shown.
    pub scroll: usize,
    /// The one that goes to the trash if the key comes again.
    pub doomed: Option<String>,
}

impl Shelf {
    pub(super) fn new(which: Which) -> Self {
        let order = match which {
            Which::Own => Order::Newest,
            Which::Tutorial => Order::Name,
        };
        Self {
            which,
            listing: None,
            search: String::new(),
            order,
            cursor: 0,
            scroll: 0,
            doomed: None,
        }
    }

    /// Those that are shown, in order.
    #[must_use]
    pub fn shown(&self) -> Vec<&Finding> {
        let Some(Ok(listing)) = &self.listing else {
            return Vec::new();
        };
        let wanted = self.search.to_lowercase();
        let has = |finding: &&Finding| {
            let card = &finding.card;
            let claims = card.claims.iter().map(|claim| &claim.claim);
            let mut texts = [&card.title, &finding.note, &card.model.name, &finding.name]
                .into_iter()
                .chain(claims);
            texts.any(|text| text.to_lowercase().contains(&wanted))
        };
        let mut shown: Vec<&Finding> = listing.findings.iter().filter(has).collect();
        match self.order {
            Order::Newest => shown.sort_by(|a, b| b.card.created.cmp(&a.card.created)),
            Order::Title => shown.sort_by_key(|finding| finding.card.title.to_lowercase()),
            Order::Name => shown.sort_by_key(|finding| finding.name.clone()),
        }
        shown
    }

    /// The selected one.
    #[must_use]
    pub fn selected(&self) -> Option<&Finding> {
        self.shown().get(self.cursor).copied()
    }
}

/// Opens the view.
pub(super) fn open(state: &mut State, which: Which) -> Vec<Effect> {
    state.shelf = Some(Box::new(Shelf::new(which)));
    state.mode = Mode::Findings;
    read(state).into_iter().collect()
}

/// Asks for what the open view lists.
pub(super) fn read(state: &State) -> Option<Effect> {
    let shelf = state.shelf.as_ref()?;
    Some(Effect::Shelf(ShelfJob::List(shelf.which)))
}

/// Closes it.
pub(super) fn close(state: &mut State) {
    state.shelf = None;
    state.mode = Mode::Normal;
}

/// The list was read.
pub(super) fn listed(state: &mut State, which: Which, result: Result<Listing, String>) {
    let Some(shelf) = state.shelf.as_mut().filter(|shelf| shelf.which == which) else {
        return;
    };
    shelf.listing = Some(result);
    shelf.cursor = shelf.cursor.min(shelf.shown().len().saturating_sub(1));
}

/// Something was written; the list is read again.
pub(super) fn changed(state: &mut State, result: Result<String, String>) -> Vec<Effect> {
    note::saved(state, result.is_ok());
    match result {
        Ok(text) => state.say(Tone::Good, text),
        Err(error) => state.say(Tone::Bad, error),
    }
    read(state).into_iter().collect()
}

/// Moves the cursor.
pub(super) fn step(state: &mut State, by: isize) {
    if let Some(shelf) = &mut state.shelf {
        let last = shelf.shown().len().saturating_sub(1);
        shelf.cursor = shelf.cursor.saturating_add_signed(by).min(last);
        shelf.scroll = 0;
        shelf.doomed = None;
    }
}

/// Scrolls the preview.
pub(super) fn scroll(state: &mut State, by: isize) {
    if let Some(shelf) = &mut state.shelf {
        let lines = shelf.selected().map_or(0, |finding| {
            let claims = 4 * finding.card.claims.len();
            finding.note.lines().count() + finding.frame.lines().count() + claims
        });
        shelf.scroll = shelf.scroll.saturating_add_signed(by).min(lines);
    }
}

/// Sorts by something else.
pub(super) fn sort(state: &mut State) {
    if let Some(shelf) = &mut state.shelf {
        shelf.order = shelf.order.next();
        shelf.cursor = 0;
    }
}

/// Shows the selected finding in every pane.
pub(super) fn look(state: &mut State) -> Vec<Effect> {
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

/// The selected finding, unless it is one of the program's own.
fn own(state: &mut State) -> Option<Finding> {
    let shelf = state.shelf.as_ref()?;
    if shelf.which == Which::Tutorial {
        state.say(
            Tone::Plain,
            "these are in the program; open one, and b keeps your own",
        );
        return None;
    }
    shelf.selected().cloned()
}

/// Opens a line for another title.
pub(super) fn rename(state: &mut State) {
    if let Some(finding) = own(state) {
        open_line(state, Purpose::Rename, finding.card.title);
    }
}

/// Takes another title.
pub(super) fn take_title(state: &mut State, title: &str) -> Result<Vec<Effect>, String> {
    let title = crate::findings::store::clean_title(title).map_err(|error| error.to_string())?;
    let name = own(state).map(|finding| finding.name);
    let job = name.map(|name| ShelfJob::Rename { name, title });
    Ok(job.map(Effect::Shelf).into_iter().collect())
}

/// Opens a line for what is searched.
pub(super) fn search(state: &mut State) {
    let text = state.shelf.as_ref().map(|shelf| shelf.search.clone());
    open_line(state, Purpose::Search, text.unwrap_or_default());
}

/// Shows only those that have this.
pub(super) fn take_search(state: &mut State, text: &str) {
    if let Some(shelf) = &mut state.shelf {
        shelf.search = text.trim().to_owned();
        shelf.cursor = 0;
        shelf.scroll = 0;
    }
}

/// Opens the note's editor.
pub(super) fn edit(state: &mut State) {
    if let Some(finding) = own(state) {
        note::open_note(state, &finding);
    }
}

/// Puts the selected finding in the trash when asked twice.
pub(super) fn trash(state: &mut State) -> Vec<Effect> {
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
pub(super) fn report(state: &mut State) -> Vec<Effect> {
    let which = state.shelf.as_ref().map(|shelf| shelf.which);
    let job = which.map(|which| Effect::Shelf(ShelfJob::Report(which)));
    job.into_iter().collect()
}
