//! Answers that are copies, found by running the task's functions on tokens that are hidden.
//!
//! A hidden token can be moved and copied and nothing else. What still comes out right, for every
//! value of the fields that are not hidden, holds for all inputs there are.

use super::Sizes;
use super::asking::{Asking, Frame, Question};
use super::globals::globals;
use super::values::{self, Options, Said};
use super::watch;
use crate::task::{Group, Pick, Picks, Spec, Token};
use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::values::Value;
use std::collections::HashMap;

/// A field that is not hidden has at most so many values.
const MOST: u128 = 4096;
/// Words by which a function can learn of a token what need not be known to copy it.
const PRYING: [&str; 6] = ["type", "hasattr", "getattr", "dir", "isinstance", "hash"];

/// The copies that all answers are, if they are.
pub(super) fn picks(asking: &Asking, sizes: &Sizes) -> Option<Picks> {
    let (program, frame) = (&asking.program, &asking.frame);
    let spec = &frame.spec;
    let pries = PRYING
        .iter()
        .any(|&word| program.source.seen.names.contains(word));
    let varies = spec.groups.iter().any(|group| group.lengths.is_some());
    if spec.answers.is_empty() || pries || varies {
        return None;
    }
    let parsed = program.source.program(true).ok()?;
    let options = Options {
        chosen: program.options.clone(),
        ..Options::default()
    };
    Module::with_temp_heap(|module| {
        let mut eval = Evaluator::new(&module);
        watch::bound(&mut eval).ok()?;
        watch::begin();
        eval.disable_gc();
        eval.extra = Some(&options);
        eval.eval_module(parsed, &globals(sizes)).ok()?;
        let mut functions = Vec::new();
        for question in &frame.asked {
            functions.push(module.get(&question.function.name)?);
        }
        let mut run = Run {
            frame,
            functions,
            eval: &mut eval,
        };
        let shown = open(spec);
        shown.into_iter().find_map(|group| run.with(group))
    })
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

struct Run<'r, 'v, 'a, 'e> {
    frame: &'r Frame,
    functions: Vec<Value<'v>>,
    eval: &'r mut Evaluator<'v, 'a, 'e>,
}

impl<'v> Run<'_, 'v, '_, '_> {
    /// The copies that answers are where this field is shown and all others are hidden.
    fn with(&mut self, group: Option<usize>) -> Option<Picks> {
        let spec = &self.frame.spec;
        let Some(number) = group else {
            let row = self.row(None, &[])?;
            return Some(Picks {
                by: Vec::new(),
                each: HashMap::from([(Vec::new(), row)]),
            });
        };
        let group = &spec.groups[number];
        let values = &spec.slots[group.slots.start].values;
        let count = group.count(values.len() as u128);
        let mut each = HashMap::new();
        for rank in 0..count {
            let places = group.unrank(values.len() as u128, rank);
            let key: Vec<Token> = places.into_iter().map(|place| values[place]).collect();
            let row = self.row(Some(number), &key)?;
            each.insert(key, row);
        }
        Some(Picks {
            by: group.slots.clone().collect(),
            each,
        })
    }

    fn row(&mut self, shown: Option<usize>, key: &[Token]) -> Option<Vec<Pick>> {
        watch::begin();
        let spec = &self.frame.spec;
        let mut row = vec![None; spec.answers.len()];
        for (question, &function) in self.frame.asked.iter().zip(&self.functions) {
            let said = call(self.frame, self.eval, question, function, shown, key)?;
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
}

fn call<'v>(
    frame: &Frame,
    eval: &mut Evaluator<'v, '_, '_>,
    question: &Question,
    function: Value<'v>,
    shown: Option<usize>,
    key: &[Token],
) -> Option<Vec<Said>> {
    let heap = eval.heap();
    let vocabulary = &frame.spec.vocabulary;
    let argument = |&group: &usize| {
        let first = frame.spec.groups[group].slots.start;
        frame.field(group, &[], heap, |slot, _, heap| {
            let open = key.get(slot - first).filter(|_| shown == Some(group));
            match open.and_then(|&token| vocabulary.meaning(token)) {
                Some(meaning) => values::value_of(meaning, heap),
                None => values::hide(slot, heap),
            }
        })
    };
    let arguments: Vec<Value> = question.parameters.iter().map(argument).collect();
    watch::looked();
    let said = eval.eval_function(function, &arguments, &[]).ok()?;
    let said = frame.said(question, said).ok()?;
    (!watch::looked()).then_some(said)
}

/// Whether each token that may stand in a slot is the class of the same number.
fn is_said_as_it_is(spec: &Spec, slot: usize) -> bool {
    let values = spec.slots[slot].values.iter();
    values
        .copied()
        .all(|token| spec.class_of_token(token) == Some(token))
}
