//! The findings view: what is listed, and how.

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

    pub(in crate::app) fn next(self) -> Self {
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
    pub(in crate::app) fn new(which: Which) -> Self {
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
