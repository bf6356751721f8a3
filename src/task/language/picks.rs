//! Answers that are copies, found by running the task's functions on tokens that are hidden.
//!
//! A hidden token can be moved and copied and nothing else. What still comes out right, for every
//! value of the fields that are not hidden, holds for all inputs there are.

use super::asking::{Asking, Question};
use super::error::Flaw;
use super::values::{self, Said};
use super::watch;
use crate::task::{Group, Pick, Picks, Spec, Token};
use starlark::eval::Evaluator;
use starlark::values::Value;

/// A field that is not hidden has at most so many values.
const MOST: u128 = 4096;
/// Words by which a function can learn of a token what need not be known to copy it.
const PRYING: [&str; 6] = ["type", "hasattr", "getattr", "dir", "isinstance", "hash"];

/// The copies that all answers are, if they are.
pub(super) fn picks(asking: &Asking) -> Option<Picks> {
    let (program, frame) = (&asking.program, &asking.frame);
    let spec = &frame.spec;
    let pries = PRYING
        .iter()
        .any(|&word| program.source.seen.names.contains(word));
    let varies = spec.groups.iter().any(|group| group.lengths.is_some());
    if spec.answers.is_empty() || pries || varies {
        return None;
    }
    let shown = open(spec);
    shown.into_iter().find_map(|group| with(asking, group))
}

/// What to show of an input: nothing, or one field with few values, those with the fewest first.
fn open(spec: &Spec) -> Vec<Option<usize>> {
    let values = |group: &Group| spec.slots[group.slots.start].values.len() as u128;
    let counts = spec.groups.iter().map(|group| group.count(values(group)));
    let mut few: Vec<(u128, usize)> = counts.zip(0..).filter(|(n, _)| *n <= MOST).collect();
    few.sort_unstable();
    let few = few.into_iter().map(|(_, number)| Some(number));
    std::iter::once(None).chain(few).collect()
}

/// The copies that answers are where this field is shown and all others are hidden.
fn with(asking: &Asking, group: Option<usize>) -> Option<Picks> {
    let spec = &asking.frame.spec;
    let (mut by, mut keys) = (Vec::new(), vec![Vec::new()]);
    if let Some(group) = group.map(|number| &spec.groups[number]) {
        let values = &spec.slots[group.slots.start].values;
        let n = values.len() as u128;
        let key = |rank| group.unrank(n, rank).into_iter().map(|place| values[place]);
        keys = (0..group.count(n))
            .map(|rank| key(rank).collect())
            .collect();
        by = group.slots.clone().collect();
    }
    let rows = asking.program.each(keys.len(), true, |eval, i| {
        let row = row(asking, eval, group, &keys[i]);
        row.ok_or_else(|| Flaw::whole("it is no copy", ""))
    });
    let each = keys.iter().cloned().zip(rows.ok()?).collect();
    Some(Picks { by, each })
}

fn row(
    asking: &Asking,
    eval: &mut Evaluator<'_, '_, '_>,
    shown: Option<usize>,
    key: &[Token],
) -> Option<Vec<Pick>> {
    let spec = &asking.frame.spec;
    let mut row = vec![None; spec.answers.len()];
    for question in &asking.frame.asked {
        let said = call(asking, eval, question, shown, key)?;
        for (&answer, said) in question.asked.answers.iter().zip(said) {
            row[answer] = match said {
                Said::Class(class) => Some(Pick::Class(class)),
                Said::Hidden(slot) if is_said_as_it_is(spec, slot) => Some(Pick::Slot(slot)),
                _ => return None,
            };
        }
    }
    row.into_iter().collect()
}

fn call<'v>(
    asking: &Asking,
    eval: &mut Evaluator<'v, '_, '_>,
    question: &Question,
    shown: Option<usize>,
    key: &[Token],
) -> Option<Vec<Said>> {
    let heap = eval.heap();
    let frame = &asking.frame;
    let argument = |&group: &usize| {
        let first = frame.spec.groups[group].slots.start;
        frame.field(group, &[], heap, |slot, _, heap| {
            let open = key.get(slot - first).filter(|_| shown == Some(group));
            match open.and_then(|&token| frame.spec.vocabulary.meaning(token)) {
                Some(meaning) => values::value_of(meaning, heap),
                None => values::hide(slot, heap),
            }
        })
    };
    let arguments: Vec<Value> = question.parameters.iter().map(argument).collect();
    watch::looked();
    let said = asking.program.call(eval, &question.function, &arguments);
    let said = frame.said(question, said.ok()?).ok()?;
    (!watch::looked()).then_some(said)
}

/// Whether each token that may stand in a slot is the class of the same number.
fn is_said_as_it_is(spec: &Spec, slot: usize) -> bool {
    let values = spec.slots[slot].values.iter();
    values
        .copied()
        .all(|token| spec.class_of_token(token) == Some(token))
}
