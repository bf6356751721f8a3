//! Questions asked of the model, and the table that answers them.

use super::asked::{ask, ask_again};
use super::{curves, pin};
use crate::answers::{Compare, Kind, Question, Sheet, Table, Variants};
use crate::app::held::inquiry::{Inquiry, Seek};
use crate::app::held::message::Effect;
use crate::app::held::panes::{StripColumn, strip_rows};
use crate::app::held::state::{State, Tone};
use crate::app::keys::action::Action;
use crate::app::keys::pane::Pane;
use crate::lens::{CircuitName, HeadName, Intervention, Toward, Weight};
use crate::task::Values;

/// Opens a question and asks it.
pub(in crate::app) fn open(state: &mut State, question: Question) -> Vec<Effect> {
    let old = state.inquiry.take();
    let same = |old: &&Inquiry| match (&old.question, &question) {
        // what makes one cell's score says nothing of another's
        (
            Question::Why { dest, src, .. },
            Question::Why {
                dest: d, src: s, ..
            },
        ) => (dest, src) == (d, s),
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    };
    // of the same kind, the cell that was looked at stays
    let kept = old.as_ref().filter(same).map(|old| old.cursor);
    let cursor = kept.unwrap_or((0, 0));
    let left = |old: &&Inquiry| old.question != question && !old.pinned;
    if let Some(old) = old.as_ref().filter(left) {
        state.trail.leave(old);
    }
    let effects = put(state, question, cursor, old.as_ref());
    if let Some(inquiry) = &mut state.inquiry {
        inquiry.seeks = match kept {
            Some(_) => Seek::Nowhere,
            None => Seek::Anywhere,
        };
        let before = old.as_ref().map(|old| &old.question);
        inquiry.goes = curves::asks_when(&inquiry.question, before);
    }
    effects
}

/// Shows a question in the place of another one, and asks it.
pub(in crate::app) fn put(
    state: &mut State,
    question: Question,
    cursor: (usize, usize),
    old: Option<&Inquiry>,
) -> Vec<Effect> {
    let new = Inquiry::new(question).opened_from(state.view.focus, old);
    let other = old.filter(|old| old.question != new.question);
    let slot = pin::make_room(state, other);
    let pinned = other.is_none() && old.is_some_and(|old| old.pinned);
    state.view.focus = Pane::Answer;
    state.status = None;
    state.inquiry = Some(Inquiry {
        cursor,
        slot,
        pinned,
        ..new
    });
    ask(state)
}

/// Puts the answer away; one that was pinned beside it stays.
pub(in crate::app) fn close(state: &mut State) {
    let Some(old) = state.inquiry.take() else {
        return;
    };
    state.trail.leave(&old);
    if let Some(pinned) = state.pinned.take() {
        state.inquiry = Some(pinned);
        return;
    }
    if state.view.focus == Pane::Answer {
        state.view.focus = old.from;
        state.view.zoomed = false;
    }
}

/// Why the attention cell under the cursor is what it is.
pub(in crate::app) fn why(state: &mut State) -> Vec<Effect> {
    let at = state.view.attention;
    if at.src > at.dest && state.model.config.is_causal() {
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
        summed: true,
    };
    open(state, question)
}

/// The attention of the head on screen, averaged over the sample.
pub(in crate::app) fn mean_attention(state: &mut State) -> Vec<Effect> {
    let at = state.view.attention;
    let question = Question::Attention {
        head: HeadName {
            layer: at.layer,
            head: at.head,
        },
        kind: if at.scores {
            Kind::Scores
        } else {
            Kind::Pattern
        },
        mean: true,
        beside: false,
    };
    open(state, question)
}

/// What adds to the logits, at each prediction.
pub(in crate::app) fn attribution(state: &mut State) -> Vec<Effect> {
    let question = Question::Attribution {
        toward: Toward::default(),
        mean: false,
    };
    let effects = open(state, question);
    let column = state.prediction_at_hand();
    if let Some(inquiry) = &mut state.inquiry
        && inquiry.seeks == Seek::Anywhere
    {
        inquiry.cursor.1 = column;
        inquiry.seeks = Seek::InColumn;
    }
    effects
}

/// Which paths add to the prediction under the logits' cursor.
pub(in crate::app) fn paths(state: &mut State) -> Vec<Effect> {
    let question = Question::Paths {
        i: state.prediction_at_hand(),
        toward: Toward::default(),
        mean: false,
    };
    open(state, question)
}

/// The whole grid in focus as a table, at the same cell; path patching where no grid has the focus.
pub(in crate::app) fn grid(state: &mut State) -> Vec<Effect> {
    let mut cursor = None;
    let sheet = match state.view.focus {
        Pane::Strips => {
            cursor = strip_in_table(state);
            Sheet::Strips
        }
        Pane::Cells => {
            let at = state.view.cells;
            cursor = Some((at.dest, at.src));
            Sheet::PatternCells(HeadName {
                layer: at.layer,
                head: at.head,
            })
        }
        _ => Sheet::Edges,
    };
    let question = Question::Grid {
        sheet,
        compare: Compare::Exact,
        reading: state.view.reading,
        pairs: None,
    };
    let effects = open(state, question);
    if let (Some(cursor), Some(inquiry)) = (cursor, &mut state.inquiry) {
        inquiry.put_cursor(cursor);
    }
    effects
}

/// Where the cell under the strips' cursor stands in the table of all strips: grid by grid, in
/// each layer by layer.
fn strip_in_table(state: &State) -> Option<(usize, usize)> {
    let at = state.view.strips;
    let rows = strip_rows(&state.model.config);
    let (grid, head) = *rows.get(at.row)?;
    let of_grid = rows.iter().filter(|(other, _)| *other == grid).count();
    let before = rows.iter().take_while(|(other, _)| *other != grid).count();
    let row = before * state.model.config.n_layers + at.layer * of_grid + head.unwrap_or(0);
    let column = match at.column {
        StripColumn::Pos(pos) => pos,
        StripColumn::All => state.task().seq_len(),
    };
    Some((row, column))
}

/// What each head adds to the prediction at hand, by what it attends to.
pub(in crate::app) fn sources(state: &mut State) -> Vec<Effect> {
    let question = Question::Sources {
        i: state.prediction_at_hand(),
        toward: Toward::default(),
        by_token: false,
        mean: false,
    };
    open(state, question)
}

/// The open circuit's head with fewer singular directions.
fn cut(question: &Question) -> Option<Question> {
    let cut = match question {
        Question::Circuit {
            name: CircuitName::Ov(chain),
            ..
        } => Variants::Ranks(Weight::Ov, *chain.last()?),
        Question::Circuit {
            name: CircuitName::Qk { head, .. },
            ..
        } => Variants::Ranks(Weight::Qk, *head),
        _ => return None,
    };
    Some(Question::Variants(cut))
}

/// The question that a key leads to from the open one.
fn led_to(state: &State, question: &Question, action: Action) -> Option<Question> {
    let config = &state.model.config;
    Some(match action {
        Action::NextQuestion => question.next(state.task(), config, 1),
        Action::PreviousQuestion => question.next(state.task(), config, -1),
        Action::ToggleQuestion => question.toggled(),
        Action::Compare => match question {
            Question::Why { .. } => return against(state, question),
            _ => question.compared(config),
        },
        Action::AskRanks => return cut(question),
        _ => return None,
    })
}

/// The score explained as a difference from that of the cell which gets most attention besides; or
/// by itself again.
fn against(state: &State, question: &Question) -> Option<Question> {
    let Question::Why {
        head,
        dest,
        src,
        minus,
        summed,
    } = *question
    else {
        return None;
    };
    let run = state.observation.as_ref()?.run(state.view.shown.run());
    let row = run.pattern.slice(&[head.layer, head.head, dest]);
    // what is masked has a probability of 0
    let others =
        (0..row.len()).filter(|&other| other != src && minus.is_none() && row[other] > 0.0);
    let most = others.max_by(|&a, &b| row[a].total_cmp(&row[b]));
    Some(Question::Why {
        head,
        dest,
        src,
        minus: most,
        summed,
    })
}

/// Why a key does nothing to the open answer, if it does nothing.
pub(in crate::app) fn idle(state: &State, action: Action) -> Option<&'static str> {
    let why = match action {
        Action::NextQuestion | Action::PreviousQuestion => "there is but one answer of this kind",
        Action::ToggleQuestion => "this answer has no mean, no other scale and no parts",
        Action::Compare => "nothing can stand beside this answer",
        Action::AskRanks => "only a QK or OV circuit has ranks; o opens the circuits",
        Action::AskInputs => "inputs belong to an entry of a circuit; o opens the circuits",
        _ => return None,
    };
    let question = &state.inquiry.as_ref()?.question;
    if action == Action::AskInputs {
        return (!matches!(question, Question::Circuit { .. })).then_some(why);
    }
    let next = led_to(state, question, action);
    next.is_none_or(|next| next == *question).then_some(why)
}

/// Goes on to the question that a key leads to, or says why there is none.
pub(in crate::app) fn lead(state: &mut State, action: Action) -> Vec<Effect> {
    if let Some(why) = idle(state, action) {
        state.say(Tone::Plain, why);
        return Vec::new();
    }
    let asked = state.inquiry.as_ref();
    let next = asked.and_then(|inquiry| led_to(state, &inquiry.question, action));
    let Some(next) = next else {
        return Vec::new();
    };
    // the logits' cursor goes with what is asked
    if let Question::Paths { i, .. } | Question::Sources { i, .. } = &next {
        state.view.position = state.task().predicts_at(*i);
    }
    open(state, next)
}

/// Another run on screen; over grids another way to tell what their patches do.
pub(in crate::app) fn cycle_run(state: &mut State) -> Vec<Effect> {
    let asked = state.inquiry.as_ref();
    let reread = asked.and_then(|inquiry| inquiry.question.reread());
    match (state.view.focus, reread) {
        (Pane::Strips | Pane::Cells, _) => {
            state.view.reading = state.view.reading.next();
            Vec::new()
        }
        (Pane::Answer, Some(question)) => open(state, question),
        _ => {
            state.view.shown = state.view.shown.next();
            ask_again(state)
        }
    }
}

/// The intervention that the answer's cell under the cursor stands for.
pub(in crate::app) fn pointed_at(state: &State) -> Option<Intervention> {
    at_cursor(state, |table, row, column| {
        table.intervention(row, column).cloned()
    })
}

/// The input that the answer's cell under the cursor stands for.
pub(in crate::app) fn input_at(state: &State) -> Option<Values> {
    at_cursor(state, |table, row, column| {
        table.input(row, column).cloned()
    })
}

/// The question about what the answer's row under the cursor is of.
pub(in crate::app) fn row_question(state: &State) -> Option<Question> {
    let inquiry = state.inquiry.as_ref()?;
    at_cursor(state, |_, row, _| {
        inquiry.question.of_row(row, &state.model.config)
    })
}

/// What stands at the cursor of an answer that is up to date: what is not points at another cell than the one
/// asked for.
fn at_cursor<T>(state: &State, of: impl FnOnce(&Table, usize, usize) -> Option<T>) -> Option<T> {
    let inquiry = state.inquiry.as_ref()?;
    let (row, column) = inquiry.cursor;
    match &inquiry.answer {
        Some(Ok(table)) if inquiry.answered >= inquiry.asked => of(table, row, column),
        _ => None,
    }
}

/// Whether the answer's cells stand for interventions.
pub(in crate::app) fn takes_cells(state: &State) -> bool {
    let asked = state.inquiry.as_ref();
    if curves::step_at(state).is_some() || row_question(state).is_some() {
        return true;
    }
    let answer = asked.and_then(|inquiry| inquiry.answer.as_ref());
    matches!(answer, Some(Ok(table)) if table.cells.iter().any(Option::is_some)
        || table.inputs.iter().any(Option::is_some))
}

/// Moves the cursor to a row and a column by name: `48`, `48 26`, `* 26`.
///
/// # Errors
/// When there is none of that name.
pub(in crate::app) fn find(state: &mut State, text: &str) -> Result<(), (Option<usize>, String)> {
    let Some(inquiry) = &mut state.inquiry else {
        return Ok(());
    };
    let Some(Ok(table)) = &inquiry.answer else {
        return Err((None, "the answer is not there yet".into()));
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut cursor = inquiry.cursor;
    let sides = [("row", &table.rows), ("column", &table.cols)];
    for (i, (word, (side, names))) in words.iter().zip(sides).enumerate() {
        let place = if i == 0 { &mut cursor.0 } else { &mut cursor.1 };
        let exact = names.iter().position(|name| name == word);
        let begins = || names.iter().position(|name| name.starts_with(word));
        match exact.or_else(begins) {
            Some(at) => *place = at,
            None if *word == "*" => {}
            None => {
                let (first, last) = (names.first(), names.last());
                let ends = first.zip(last).map(|(a, b)| format!("{a} .. {b}"));
                let word = crate::task::shown(word);
                let ends = ends.unwrap_or_default();
                return Err((Some(i), format!("no {side} '{word}'; there are {ends}")));
            }
        }
    }
    inquiry.cursor = cursor;
    Ok(())
}
