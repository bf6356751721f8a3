//! Questions asked of the model, and the table that answers them.

use super::message::{Ask, Effect, Inquiry};
use super::state::{Pane, Shown, State, Tone};
use crate::lens::{HeadName, Question, RunName, Table, Toward};
use std::sync::Arc;

/// Opens a question and asks it.
pub(super) fn open(state: &mut State, question: Question) -> Vec<Effect> {
    state.view.focus = Pane::Answer;
    state.status = None;
    let cursor = state.inquiry.as_ref().map_or((0, 0), |old| old.cursor);
    state.inquiry = Some(Inquiry {
        question,
        answer: None,
        answered: 0,
        asked: 0,
        cursor,
    });
    ask(state)
}

/// Asks the open question about the study as it is.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    let run = match state.view.shown {
        Shown::Run(run) => run,
        Shown::Difference => RunName::Patched,
    };
    let experiment = state.study().experiment();
    let Some(inquiry) = &mut state.inquiry else {
        return Vec::new();
    };
    // counted over all questions: an answer to an earlier one is older than this
    state.asked += 1;
    inquiry.asked = state.asked;
    vec![Effect::Ask(Box::new(Ask {
        generation: inquiry.asked,
        question: inquiry.question.clone(),
        run,
        experiment,
    }))]
}

/// Asks again after a change of the study, unless the question is about the weights alone.
pub(super) fn ask_again(state: &mut State) -> Vec<Effect> {
    match &state.inquiry {
        Some(inquiry) if !inquiry.question.is_about_weights() => ask(state),
        _ => Vec::new(),
    }
}

/// Takes an answer, unless it is to an older question.
pub(super) fn answered(state: &mut State, generation: u64, result: Result<Box<Table>, String>) {
    let Some(inquiry) = &mut state.inquiry else {
        return;
    };
    if generation < inquiry.asked {
        return;
    }
    inquiry.answered = generation;
    let result = result.map(|table| Arc::new(*table));
    if let Ok(table) = &result {
        let (row, column) = inquiry.cursor;
        let last = |len: usize| len.saturating_sub(1);
        inquiry.cursor = (
            row.min(last(table.rows.len())),
            column.min(last(table.cols.len())),
        );
    }
    inquiry.answer = Some(result);
}

/// Why the attention cell under the cursor is what it is.
pub(super) fn why(state: &mut State) -> Vec<Effect> {
    let at = state.view.attention;
    if at.src > at.dest {
        let text = "this cell is masked: there is no score to explain";
        state.say(Tone::Plain, text);
        return Vec::new();
    }
    let question = Question::Why {
        head: HeadName {
            layer: at.layer,
            head: at.head,
        },
        dest: at.dest,
        src: at.src,
        minus: None,
    };
    open(state, question)
}

/// What adds to the logits, at each prediction.
pub(super) fn attribution(state: &mut State) -> Vec<Effect> {
    let question = Question::Attribution {
        toward: Toward::default(),
        mean: false,
    };
    open(state, question)
}

/// Which paths add to the prediction under the logits' cursor, or to the metric's.
pub(super) fn paths(state: &mut State) -> Vec<Effect> {
    let task = state.task();
    let metric = state.study().experiment().metric_in_force(task);
    let at_metric = metric.and_then(|metric| task.predicted_at(metric.position));
    let at_cursor = task.predicted_at(state.view.position);
    let i = match state.view.focus {
        Pane::Logits => at_cursor,
        _ => at_metric,
    };
    let question = Question::Paths {
        i: i.unwrap_or(0),
        toward: Toward::default(),
    };
    open(state, question)
}

/// The circuits, from the first on.
pub(super) fn circuits(state: &mut State) -> Vec<Effect> {
    let first = crate::lens::CircuitName::all(&state.model.config).into_iter();
    let ov = first.clone().nth(1).or_else(|| first.clone().next());
    match ov {
        Some(name) => open(
            state,
            Question::Circuit {
                name,
                scaled: false,
            },
        ),
        None => Vec::new(),
    }
}

/// Another question of the same kind.
pub(super) fn step(state: &mut State, by: isize) -> Vec<Effect> {
    let (task, config) = (state.task(), state.model.config.clone());
    replace(state, |question| question.next(task, &config, by))
}

/// The other choice that a question has.
pub(super) fn toggle(state: &mut State) -> Vec<Effect> {
    replace(state, Question::toggled)
}

fn replace(state: &mut State, other: impl Fn(&Question) -> Question) -> Vec<Effect> {
    let next = state
        .inquiry
        .as_ref()
        .map(|inquiry| other(&inquiry.question));
    match next {
        Some(question) => open(state, question),
        None => Vec::new(),
    }
}

/// Moves the cursor; stops at the table's edges.
pub(super) fn move_cursor(state: &mut State, rows: isize, columns: isize) {
    let Some(inquiry) = &mut state.inquiry else {
        return;
    };
    if let Some(Ok(table)) = &inquiry.answer {
        let moved = |at: usize, by: isize, len: usize| {
            at.saturating_add_signed(by).min(len.saturating_sub(1))
        };
        let (row, column) = inquiry.cursor;
        inquiry.cursor = (
            moved(row, rows, table.rows.len()),
            moved(column, columns, table.cols.len()),
        );
    }
}

/// Moves the cursor to the largest value.
pub(super) fn hottest(state: &mut State) {
    if let Some(inquiry) = &mut state.inquiry
        && let Some(Ok(table)) = &inquiry.answer
        && let Some(cursor) = table.hottest()
    {
        inquiry.cursor = cursor;
    }
}
