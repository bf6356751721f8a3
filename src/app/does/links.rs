//! From an example to the weights and back: the circuit's entry behind an attention cell, and the
//! inputs in which an entry does most.

use super::inquire;
use super::space;
use crate::answers::Question;
use crate::app::held::message::Effect;
use crate::app::held::state::{State, Tone};
use crate::app::keys::action::Action;
use crate::app::keys::pane::Pane;
use crate::lens::{CircuitName, HeadName, Side};

/// The circuits: of an attention cell what its head makes of the two tokens there, else from the
/// first on.
pub(in crate::app) fn circuits(state: &mut State) -> Vec<Effect> {
    let of_cell = (state.view.focus == Pane::Attention)
        .then(|| entry_of_cell(state))
        .flatten();
    let mut all = CircuitName::all(&state.model.config).into_iter();
    let entry = of_cell.or_else(|| all.nth(1).map(|name| (name, None)));
    let Some((name, cursor)) = entry else {
        return Vec::new();
    };
    let question = Question::Circuit {
        name,
        scaled: false,
        folded: false,
        beside: None,
    };
    let effects = inquire::open(state, question);
    if let (Some(cursor), Some(inquiry)) = (cursor, &mut state.inquiry) {
        inquiry.put_cursor(cursor);
    }
    effects
}

/// The QK circuit of tokens of the attention's head, and where the cell's tokens stand in it.
fn entry_of_cell(state: &State) -> Option<(CircuitName, Option<(usize, usize)>)> {
    let at = state.view.attention;
    let tokens = &state
        .observation
        .as_ref()?
        .run(state.view.shown.run())
        .tokens;
    let token = |position: usize| tokens.get(position).map(|&token| token as usize);
    let name = CircuitName::Qk {
        head: HeadName {
            layer: at.layer,
            head: at.head,
        },
        query: Side::Tok,
        key: Side::Tok,
    };
    Some((name, token(at.dest).zip(token(at.src))))
}

/// States which inputs the entry under the cursor does most in, and has it looked for.
pub(in crate::app) fn inputs(state: &mut State) -> Vec<Effect> {
    match (inquire::idle(state, Action::AskInputs), claim(state)) {
        (Some(why), _) => state.say(Tone::Plain, why),
        (None, Some(line)) => space::state_claim(state, line),
        (None, None) => {}
    }
    Vec::new()
}

/// The claim that asks where the entry under the cursor does most.
fn claim(state: &State) -> Option<String> {
    let inquiry = state.inquiry.as_ref()?;
    let Question::Circuit { name, .. } = &inquiry.question else {
        return None;
    };
    let config = &state.model.config;
    let (row, col) = inquiry.cursor;
    let [rows, cols] = name.axes().map(|axis| axis.labels(config, state.task()));
    let (row, col) = rows.get(row).zip(cols.get(col))?;
    Some(format!("max matters[{}][{row},{col}]", name.text(config)))
}
