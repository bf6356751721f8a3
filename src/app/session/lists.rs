//! The screen of all inputs and the findings view in a session.

use super::words::{ORDERS, WANTS, WHOSE, plain, value, word};
use crate::app::held::shelf::Shelf;
use crate::app::held::space::{CaseOrder, Space};
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

pub(in crate::app) fn space_text(space: &Space) -> SpaceText {
    SpaceText {
        wants: word(&WANTS, &space.wants),
        claims: space.stated.clone(),
        cursor: space.cursor,
        order: word(&BY, &space.order),
        unfolded: space.unfolded.clone(),
    }
}

/// What is wanted; nothing is known yet.
pub(in crate::app) fn space(text: &SpaceText) -> Result<Space> {
    for (i, claim) in text.claims.iter().enumerate() {
        plain(claim).with_context(|| format!("claims[{i}]"))?;
    }
    if let Some(claim) = &text.unfolded {
        plain(claim).context("unfolded")?;
    }
    Ok(Space {
        wants: value(&WANTS, &text.wants).context("wants")?,
        order: value(&BY, &text.order).context("order")?,
        stated: text.claims.clone(),
        cursor: text.cursor,
        unfolded: text.unfolded.clone(),
        ..Space::default()
    })
}

pub(in crate::app) fn shelf_text(shelf: &Shelf) -> ShelfText {
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
pub(in crate::app) fn shelf(text: &ShelfText) -> Result<Shelf> {
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
