//! The words of claims: what there is to type, and which word means nothing.

use super::grammar::ClaimError;
use crate::task::Task;
use crate::task::text::edit_distance;

/// The words of claims, for help and errors: form and meaning, with places for a task's own names
/// ([`Task::in_names`]).
pub const WORDS: [(&str, &str); 27] = [
    (
        "pred == truth",
        "every prediction is right; pred[{query}] is the token predicted at {query}",
    ),
    (
        "A1[{query},{key}]",
        "attention from {query} to {key}, layer 1 (A1.0 names the head)",
    ),
    (
        "S1[{query},{key}]",
        "the score of that cell, after 1/sqrt(d_head)",
    ),
    (
        "A0[{key},{key}] is argmax",
        "the cell is the largest of its row",
    ),
    (
        "logit[{query},{token}]",
        "a logit at {query}; tokens by name, truth, old, or a field's",
    ),
    (
        "logit_diff[{query}]",
        "right answer less the other candidate, where what is right is a copy of one of two",
    ),
    (
        "margin[{query}]",
        "right answer less the best of the others; alone: the least",
    ),
    (
        "logp[{query}]",
        "log probability of the right answer; alone: the mean",
    ),
    ("rank[{query}]", "of the right answer, 1 is best"),
    (
        "accuracy[{query}]",
        "1 where the prediction is right, else 0; alone: all of them",
    ),
    (
        "loss[{query}]",
        "cross entropy of the right answer; alone: the mean",
    ),
    (
        "prob[{query},{token}]",
        "a probability; prob[{query}] is the right answer's",
    ),
    (
        "neuron[0.17,{query}]",
        "what a neuron holds: layer and number, then the position",
    ),
    (
        "act[blocks.0.attn.hook_z,{query},3]",
        "one number of an activation; HOOK,POS,HEAD,I where heads are several",
    ),
    (
        "norm[blocks.0.hook_resid_post,{query}]",
        "the length of an activation",
    ),
    (
        "dot[blocks.0.hook_resid_post,{query}][W_U,{token}]",
        "its product with W_U,TOKEN or W_E,TOKEN or W_pos,POS",
    ),
    (
        "adds[0.0][{query},{token}]",
        "what a part writes along a logit: a head, L0, M0, N0.17, embed",
    ),
    (
        "path[0.0>1.0][{query},{token}]",
        "what a path brings to a logit; path[direct][..]",
    ),
    (
        "matters[ov.1.0][{wrong},{token}]",
        "what a circuit's entry does: to attention (qk), to a logit (ov, direct)",
    ),
    (
        "pred[{query}].clean",
        "the untouched model's, of the same input; .patched, or nothing: under the interventions",
    ),
    (
        "pred == pred.clean",
        "all predictions are those of the untouched model",
    ),
    (
        "{other}, {field} ..",
        "fields of the input; truth[{query}] the right answer there",
    ),
    (
        "mean, min, max",
        "before an expression: the number to compare or to report",
    ),
    (
        "when",
        "only the inputs for which: {field} == {other}, {field} in {a, b}, not, and, or",
    ),
    (
        "+ - * / // % ** abs()",
        "arithmetic, as in the task's language",
    ),
    ("< <= > >= == != in, not in", "comparison"),
    (
        "({other} + {field}) % 7",
        "any expression of the task's language over the fields: max(..), sorted(..)[0], (x if .. else y)",
    ),
];

/// Words that are no field of a list and name no head.
const PLAIN: &str = "pred margin logp rank logit logit_diff path matters accuracy right loss prob \
     neuron act norm dot adds truth mean min max \
     when and or not in is argmax abs if else for True False None";

/// How a word that stands wrong is written, or that there is none such.
pub(super) fn written(word: &str) -> String {
    let stem = |form: &'static str| form.split(['[', ' ', ',']).next();
    match WORDS.iter().find(|(form, _)| stem(form) == Some(word)) {
        _ if word.starts_with(['A', 'S']) && word.len() > 1 => {
            "attention is written A1[{query},{key}]: layer, then query and key".to_owned()
        }
        Some((form, _)) => format!("it is written {form}"),
        None => no_word(word),
    }
}

/// What is wrong with a word that means nothing, and which one is meant where one is much like it.
fn no_word(word: &str) -> String {
    let distances = PLAIN
        .split_whitespace()
        .map(|one| (edit_distance(one, word), one));
    let near = distances
        .min()
        .filter(|(distance, near)| *distance <= 2 && 2 * distance < near.len());
    match near {
        Some((_, near)) => format!("no such word; did you mean {near}? {NO_WORD}"),
        None => format!("no such word; {NO_WORD}"),
    }
}

/// All words of claims.
const NO_WORD: &str = "there are pred truth margin accuracy loss prob logp \
     rank logit logit_diff path matters adds neuron act norm dot, A0[..] S0[..], {other} {field} .., numbers";

/// What is wrong with a line that is none, in the task's own names.
pub(super) fn explained(error: ClaimError, task: Task) -> ClaimError {
    let error = unknown_word(&error, task).unwrap_or(error);
    ClaimError {
        problem: task.in_names(&error.problem),
        ..error
    }
}

/// The first word before an error that means nothing anywhere: that is what is wrong then.
fn unknown_word(error: &ClaimError, task: Task) -> Option<ClaimError> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut depth = 0usize;
    let mut start = None;
    for (at, c) in error.line[..error.at]
        .char_indices()
        .chain([(error.at, ' ')])
    {
        match (start, is_part(c)) {
            (None, true) => start = Some(at),
            (Some(first), false) => {
                start = None;
                let is_called = error.line[at..].starts_with('(');
                if depth == 0 && !is_called && !is_known(&error.line[first..at], task) {
                    return Some(ClaimError {
                        at: first,
                        problem: no_word(&error.line[first..at]),
                        ..error.clone()
                    });
                }
            }
            _ => {}
        }
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether a word can stand somewhere outside of brackets.
fn is_known(word: &str, task: Task) -> bool {
    let word = [".clean", ".patched"]
        .iter()
        .find_map(|run| word.strip_suffix(run))
        .unwrap_or(word);
    let first = word.chars().next();
    PLAIN.split_whitespace().any(|one| one == word)
        || first.is_some_and(|c| c.is_ascii_digit() || c == '.')
        || task.fields().any(|field| field.to_string() == word)
        || task.groups.iter().any(|group| group.name == word)
        || task.vocabulary.named(word).is_some()
        || task.classes.named(word).is_some()
        || is_cell(word)
}

/// Whether a word names a head's attention or scores: `A1`, `S0.1`.
pub(super) fn is_cell(word: &str) -> bool {
    let of_head = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    word.strip_prefix(['A', 'S']).is_some_and(of_head)
}

/// What the word that a line ends in can become: whole lines.
#[must_use]
pub fn complete(text: &str, task: Task, heads: &[String]) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let start = text
        .char_indices()
        .rev()
        .take_while(|&(_, c)| is_part(c))
        .last()
        .map_or(text.len(), |(at, _)| at);
    let (before, part) = text.split_at(start);
    let open = before.matches('[').count() > before.matches(']').count();
    let mut words: Vec<String> = Vec::new();
    if open {
        words.extend(task.labels());
        words.extend(["truth", "old"].map(str::to_owned));
    } else {
        words.extend(PLAIN.split_whitespace().map(str::to_owned));
        words.extend(task.fields().map(|field| field.to_string()));
        words.extend(
            heads
                .iter()
                .flat_map(|h| [format!("A{h}"), format!("S{h}")]),
        );
    }
    // a word that is there goes on in brackets
    let bracketed = WORDS.iter().filter_map(|(form, _)| form.split_once('['));
    let goes_on = bracketed.map(|(word, _)| word).any(|word| word == part);
    words.extend((!open && goes_on).then(|| format!("{part}[")));
    words.retain(|word| word.starts_with(part) && word != part);
    words.sort();
    words.dedup();
    words
        .into_iter()
        .map(|word| format!("{before}{word}"))
        .collect()
}
