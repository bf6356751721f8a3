//! The findings view: what is listed, and how.

use crate::findings::store::{Finding, Listing};
use std::collections::BTreeMap;

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

/// What becomes of a claim on the model at hand, where it was made in another one or only published; each with what was
/// counted, or why nothing was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It holds over all inputs.
    Holds(String),
    /// It fails, but holds on the finding's own example.
    Here(String),
    /// It fails.
    Fails(String),
    /// It could not be asked.
    NotAsked(String),
}

impl Judged {
    /// What became of it, in a word or two.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Holds(_) => "holds",
            Self::Here(_) => "1 only",
            Self::Fails(_) => "fails",
            Self::NotAsked(_) => "?",
        }
    }

    /// What was counted, or why nothing was.
    #[must_use]
    pub fn because(&self) -> String {
        match self {
            Self::Here(text) => format!("{text}, this example among them"),
            Self::Holds(text) | Self::Fails(text) | Self::NotAsked(text) => text.clone(),
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
    /// What became of the claims of findings about another model, on this one; by the finding's name.
    pub judged: BTreeMap<String, Vec<Judged>>,
    /// The request under way, and the finding that it is about.
    pub(in crate::app) judging: Option<(u64, String)>,
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
            judged: BTreeMap::new(),
            judging: None,
        }
    }

    /// Whether a finding's claims are to be computed before anything is said of them: it is a step of the tutorial,
    /// and was found in another model than the one of this hash, or nothing was counted of it.
    #[must_use]
    pub fn is_to_be_judged(&self, finding: &Finding, hash: &str) -> bool {
        let mut claims = finding.card.claims.iter();
        let is_open =
            finding.card.model.hash != hash || claims.any(|claim| claim.numbers.is_none());
        self.which == Which::Tutorial && is_open
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
