//! An intervention that is being typed acts before it is taken: what is on screen is the run under it, as soon as
//! what is typed is one.

use super::asked;
use crate::app::held::message::Effect;
use crate::app::held::state::{Mode, Purpose, State};
use crate::app::held::study::Tried;
use crate::app::keys::key::Key;
use crate::lens::{Averaged, From, Intervention, MetricValues};
use crossterm::event::KeyCode;

impl State {
    /// The metric before what is being typed acted.
    #[must_use]
    pub fn untried(&self) -> Option<MetricValues> {
        self.untried
    }
}

/// What was tried before a message.
pub(in crate::app) struct Before(Option<Tried>);

/// Before a message: a key that takes the line or leaves it finds the study without it.
pub(in crate::app) fn begin(state: &mut State, key: Option<Key>) -> Before {
    let before = state.study().tried.clone();
    let ends = matches!(key.map(|key| key.code), Some(KeyCode::Enter | KeyCode::Esc));
    if ends && before.is_some() {
        state.history.attempt(None);
    }
    Before(before)
}

/// After a message: what is typed now acts, and nothing that was typed before; `done` is what the message asks for.
pub(in crate::app) fn follow(
    state: &mut State,
    Before(before): Before,
    done: &[Effect],
) -> Vec<Effect> {
    let now = typed(state);
    if before.is_none() && now.is_some() {
        let seen = state.observation.as_deref();
        state.untried = seen.and_then(|seen| seen.metric);
    }
    if now == before && now == state.study().tried {
        return Vec::new();
    }
    state.history.attempt(now.clone());
    // what was taken is asked for already
    let asked = done.iter().any(|one| matches!(one, Effect::Observe(_)));
    if now.is_none() && asked {
        return Vec::new();
    }
    if now.is_none() {
        state.untried = None;
    }
    let mut effects = vec![state.request()];
    effects.extend(asked::ask_under_others(state));
    effects
}

/// The intervention that a line says as it is, if it does; not one that takes long to be made.
fn typed(state: &State) -> Option<Tried> {
    let Mode::Line(line) = &state.mode else {
        return None;
    };
    let at = match line.purpose {
        Purpose::Command => None,
        Purpose::Edit(at) => Some(at),
        _ => return None,
    };
    let parsed = Intervention::parse(line.text(), state.task(), &state.model.config);
    let intervention = parsed.ok()?;
    let slow = matches!(
        intervention.taken_from(),
        Some((From::Mean(Averaged::Space, _), _))
    );
    (!slow).then_some(Tried { at, intervention })
}
