//! The screen of all inputs and the findings view in a session.

use super::read::{plain, value};
use super::{ORDERS, WANTS, WHOSE, word};
use crate::app::shelf::Shelf;
use crate::app::space::{CaseOrder, Space};
use crate::findings::session::{ShelfText, SpaceText};
use crate::sweep::By;
use anyhow::{Context as _, Result};

/// How inputs are sorted.
const BY: [(&str, CaseOrder); 5] = [
    ("margin", CaseOrder::Margin),
    ("loss", CaseOrder::Loss),
    ("idx", CaseOrder::Group(By::Field)),
    ("prediction", CaseOrder::Group(By::Position)),
    ("instead", CaseOrder::Group(By::Instead)),
];

pub(super) fn space_text(space: &Space) -> SpaceText {
    SpaceText {
        wants: word(&WANTS, &space.wants),
        claims: space.stated.clone(),
        cursor: space.cursor,
        order: word(&BY, &space.order),
    }
}

/// What is wanted; nothing is known yet.
pub(super) fn space(text: &SpaceText) -> Result<Space> {
    for (i, claim) in text.claims.iter().enumerate() {
        plain(claim).with_context(|| format!("claims[{i}]"))?;
    }
    let mut space = Space::default();
    space.wants = value(&WANTS, &text.wants).context("wants")?;
    space.order = value(&BY, &text.order).context("order")?;
    space.stated.clone_from(&text.claims);
    space.cursor = text.cursor;
    Ok(space)
}

pub(super) fn shelf_text(shelf: &Shelf) -> ShelfText {
    ShelfText {
        whose: word(&WHOSE, &shelf.which),
        search: shelf.search.clone(),
        order: word(&ORDERS, &shelf.order),
        cursor: shelf.cursor,
        scroll: shelf.scroll,
        // a folder may be called anything; it is asked for again then
        doomed: shelf.doomed.clone().filter(|name| plain(name).is_ok()),
    }
}

/// The view before its findings are read.
pub(super) fn shelf(text: &ShelfText) -> Result<Shelf> {
    let doomed = text.doomed.as_deref().map(plain).transpose();
    Ok(Shelf {
        search: plain(&text.search).context("search")?.to_owned(),
        order: value(&ORDERS, &text.order).context("order")?,
        cursor: text.cursor,
        scroll: text.scroll,
        doomed: doomed.context("doomed")?.map(str::to_owned),
        ..Shelf::new(value(&WHOSE, &text.whose).context("whose")?)
    })
}
