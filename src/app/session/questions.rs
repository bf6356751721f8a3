//! The open question and the one that is pinned beside it, as texts, and back.

use super::words::{PANES, value, word};
use crate::answers::Question;
use crate::app::held::inquiry::Inquiry;
use crate::app::held::state::State;
use crate::app::keys::pane::Pane;
use crate::findings::session::{QuestionText, Session};
use anyhow::{Context, Result, ensure};

/// A question with what is looked at of its answer.
pub(in crate::app) fn text(state: &State, inquiry: Option<&Inquiry>) -> Option<QuestionText> {
    inquiry.map(|inquiry| QuestionText {
        line: inquiry.question.line(state.task(), &state.model.config),
        cursor: inquiry.cursor,
        from: (inquiry.from != Pane::Attention).then(|| word(&PANES, &inquiry.from)),
        closer: inquiry.closer,
        pinned: inquiry.pinned,
        slot: inquiry.slot,
    })
}

/// Opens what a session had open.
pub(in crate::app) fn read(state: &mut State, session: &Session) -> Result<()> {
    if let Some(text) = &session.question {
        state.inquiry = Some(inquiry(state, text).context("field 'question'")?);
    }
    if let Some(text) = &session.beside {
        let pinned = inquiry(state, text).context("field 'beside'")?;
        let open = state.inquiry.as_ref();
        let other = open.is_some_and(|open| open.slot != pinned.slot);
        ensure!(
            other && pinned.pinned,
            "field 'beside': what is pinned stands beside 'question', in the other 'slot'"
        );
        state.pinned = Some(pinned);
    }
    Ok(())
}

fn inquiry(state: &State, text: &QuestionText) -> Result<Inquiry> {
    let question = Question::parse(&text.line, state.task(), &state.model.config)?;
    let from = text.from.as_deref().map(|pane| value(&PANES, pane));
    let from = from.transpose().context("from")?;
    ensure!(text.slot < 2, "slot: {} is neither 0 nor 1", text.slot);
    Ok(Inquiry {
        cursor: text.cursor,
        from: from.unwrap_or(Pane::Attention),
        closer: text.closer,
        pinned: text.pinned,
        slot: text.slot,
        ..Inquiry::new(question)
    })
}
