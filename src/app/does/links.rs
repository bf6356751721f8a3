//! From an example to the weights and back: the circuit's entry behind an attention cell, and the
//! inputs in which an entry does most.

use super::inquire;
use super::space;
use crate::answers::Question;
use crate::app::held::inquiry::Inquiry;
use crate::app::held::message::Effect;
use crate::app::held::state::{State, Tone};
use crate::app::keys::action::Action;
use crate::app::keys::pane::Pane;
use crate::lens::{CircuitName, HeadName, Side, head_pairs};

/// The circuits: from an attention cell the one that does most for its score, from a head's attention what that head
/// writes, else from the first on.
pub(in crate::app) fn circuits(state: &mut State) -> Vec<Effect> {
    if state.view.focus == Pane::Attention {
        let effects = inquire::why(state);
        if let Some(inquiry) = state.inquiry.as_mut().filter(|_| !effects.is_empty()) {
            inquiry.leads = true;
        }
        return effects;
    }
    let mut all = CircuitName::all(&state.model.config).into_iter();
    match writes(state).or_else(|| all.nth(1)) {
        Some(name) => circuit(state, name, None),
        None => Vec::new(),
    }
}

/// Opens a circuit, at an entry where one is meant.
fn circuit(state: &mut State, name: CircuitName, cursor: Option<(usize, usize)>) -> Vec<Effect> {
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

/// What the head writes whose attention is the open answer; of two heads, both.
fn writes(state: &State) -> Option<CircuitName> {
    let inquiry = state.inquiry.as_ref();
    let open = inquiry.filter(|_| state.view.focus == Pane::Answer)?;
    match &open.question {
        Question::Attention { head, .. } => Some(CircuitName::Ov(vec![*head])),
        Question::Virtual { pair, .. } => {
            let (earlier, later) = head_pairs(&state.model.config).nth(*pair)?;
            Some(CircuitName::Ov(vec![earlier, later]))
        }
        _ => None,
    }
}

/// It is known what the score of a cell is made of: from there to the circuit that does most, where that was
/// meant.
pub(in crate::app) fn lead_on(state: &mut State) -> Vec<Effect> {
    let answered = |inquiry: &&mut Inquiry| inquiry.leads && inquiry.answered >= inquiry.asked;
    let Some(inquiry) = state.inquiry.as_mut().filter(answered) else {
        return Vec::new();
    };
    inquiry.leads = false;
    let entry = behind_score(state).or_else(|| entry_of_cell(state));
    entry.map_or_else(Vec::new, |(name, cursor)| circuit(state, name, cursor))
}

/// The circuit whose entry does most for the score that the open answer takes apart, and where that entry
/// stands: of what an earlier head brought the token that it attends to most.
fn behind_score(state: &State) -> Option<(CircuitName, Option<(usize, usize)>)> {
    let inquiry = state.inquiry.as_ref()?;
    let Question::Why {
        head, dest, src, ..
    } = inquiry.question
    else {
        return None;
    };
    let table = inquiry.answer.as_ref()?.as_ref().ok()?;
    let (row, col) = table.hottest(inquiry.question.alike(), (0, 0))?;
    let config = &state.model.config;
    let run = state.observation.as_ref()?.run(state.view.shown.run());
    let token = |at: usize| run.tokens.get(at).map(|&token| token as usize);
    let side = |name: &str, at: usize| match name {
        "token" => Some((Side::Tok, token(at)?)),
        "position" | "pos" => Some((Side::Pos, at)),
        _ => {
            let earlier = HeadName::parse(name, config).ok()?;
            let row = run.pattern.slice(&[earlier.layer, earlier.head, at]);
            let most = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]))?;
            Some((Side::Via(earlier), token(most)?))
        }
    };
    let (query, row) = side(table.rows.get(row)?, dest)?;
    let (key, col) = side(table.cols.get(col)?, src)?;
    let name = CircuitName::Qk { head, query, key };
    let is_one = CircuitName::all(config).contains(&name);
    is_one.then_some((name, Some((row, col))))
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
