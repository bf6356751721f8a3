//! What undo brings back of the view: what the panes show. Where cursors and the focus stand is no
//! part of it: they stay where they are, so that an intervention can be taken back and done again
//! under one's eyes.

use super::{inquire, pin};
use crate::app::held::inquiry::Inquiry;
use crate::app::held::sight::Sight;
use crate::app::held::state::{State, Tone};
use crate::app::keys::pane::Pane;
use crate::lens::HeadName;

/// Other colours: the theme at this place of the round.
pub(in crate::app) fn theme(state: &mut State, at: usize) {
    state.view.theme = at;
    if let Some(name) = state.themes.get(at) {
        state.say(Tone::Good, format!("theme {name}"));
    }
}

impl State {
    /// What the panes show now.
    #[must_use]
    pub fn sight(&self) -> Sight {
        let view = &self.view;
        let fills = view.zoomed || view.focus == Pane::Space;
        Sight {
            shown: view.shown,
            reading: view.reading,
            judge: view.judge,
            zoomed: view.zoomed,
            alone: fills.then_some(view.focus),
            question: self
                .inquiry
                .as_ref()
                .map(|inquiry| inquiry.question.clone()),
            attention: HeadName {
                layer: view.attention.layer,
                head: view.attention.head,
            },
            scores: view.attention.scores,
            cells: HeadName {
                layer: view.cells.layer,
                head: view.cells.head,
            },
            theme: view.theme,
        }
    }

    /// Shows that again; whether its question must be asked anew.
    pub(in crate::app) fn see(&mut self, sight: &Sight) -> bool {
        let other_run = self.view.shown != sight.shown;
        let view = &mut self.view;
        (view.attention.layer, view.attention.head) = (sight.attention.layer, sight.attention.head);
        (view.cells.layer, view.cells.head) = (sight.cells.layer, sight.cells.head);
        view.attention.scores = sight.scores;
        view.shown = sight.shown;
        view.reading = sight.reading;
        view.judge = sight.judge;
        view.zoomed = sight.zoomed;
        view.theme = sight.theme;
        match (sight.alone, view.focus) {
            (Some(pane), _) => view.focus = pane,
            (None, Pane::Space) => view.focus = Pane::Prompt,
            (None, _) => {}
        }
        let Some(question) = &sight.question else {
            self.pinned = None;
            inquire::close(self);
            return false;
        };
        let open = self.inquiry.as_ref().map(|inquiry| &inquiry.question);
        let reopened = open != Some(question);
        if reopened {
            let new = Inquiry::new(question.clone());
            let slot = pin::make_room(self, None);
            self.inquiry = Some(Inquiry {
                slot,
                ..new.opened_from(self.view.focus, None)
            });
            if sight.alone.is_none() {
                self.view.focus = Pane::Answer;
            }
        }
        reopened || other_run
    }
}
