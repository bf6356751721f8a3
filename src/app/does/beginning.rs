//! The step at which something begins to hold, opened.

use super::{steps, training};
use crate::app::held::message::Effect;
use crate::app::held::state::{State, Tone};

/// Opens the step at which the condition of a curve that was just asked for begins to hold, once all steps are
/// measured and none is added; who has moved the cursor stays where they are.
pub(in crate::app) fn open(state: &mut State) -> Vec<Effect> {
    if training::grows(state) {
        return Vec::new();
    }
    let (Some(inquiry), Some(steps)) = (&mut state.inquiry, &state.steps) else {
        return Vec::new();
    };
    let Some(Ok(table)) = inquiry.answer.as_ref().filter(|_| inquiry.goes) else {
        return Vec::new();
    };
    if inquiry.answered < inquiry.asked || table.rows.len() < steps.series.steps.len() {
        return Vec::new();
    }
    inquiry.goes = false;
    let row = table.flagged.first().map(|[row, _]| *row);
    match row.filter(|row| *row == inquiry.cursor.0) {
        Some(row) => {
            let number = steps.number(row);
            state.say(
                Tone::Good,
                format!("opened step {number}, where it begins to hold"),
            );
            steps::want(state, row)
        }
        None => Vec::new(),
    }
}
