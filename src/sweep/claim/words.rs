//! The words of claims: what there is to type, and which word means nothing.

use super::grammar::ClaimError;
use crate::task::Task;

/// The words of claims, for completion and errors: form and meaning.
pub const WORDS: [(&str, &str); 24] = [
    (
        "pred == truth",
        "every prediction is right; pred[b_0] is the token predicted at b_0",
    ),
    (
        "A1[b_0,elt]",
        "attention from b_0 to elt, layer 1 (A1.0 names the head)",
    ),
    (
        "S1[b_0,elt]",
        "the score of that cell, after 1/sqrt(d_head)",
    ),
    (
        "A0[elt,idx] is argmax",
        "the cell is the largest of its row",
    ),
    (
        "logit[b_0,48]",
        "a logit at b_0; tokens: numbers, truth, old, elt, idx, a_0 ..",
    ),
    (
        "logit_diff[b_0]",
        "right answer less the other candidate (old value, or elt)",
    ),
    (
        "margin[b_0]",
        "right answer less the best of the others; alone: the least",
    ),
    (
        "logp[b_0]",
        "log probability of the right answer; alone: the mean",
    ),
    ("rank[b_0]", "of the right answer, 1 is best"),
    (
        "accuracy[b_0]",
        "1 where the prediction is right, else 0; alone: all of them",
    ),
    (
        "loss[b_0]",
        "cross entropy of the right answer; alone: the mean",
    ),
    (
        "prob[b_0,48]",
        "a probability; prob[b_0] is the right answer's",
    ),
    (
        "neuron[0.17,b_0]",
        "what a neuron holds: layer and number, then the position",
    ),
    (
        "act[blocks.0.attn.hook_z,b_0,3]",
        "one number of an activation; HOOK,POS,HEAD,I where heads are several",
    ),
    (
        "norm[blocks.0.hook_resid_post,b_0]",
        "the length of an activation",
    ),
    (
        "dot[blocks.0.hook_resid_post,b_0][W_U,48]",
        "its product with W_U,TOKEN or W_E,TOKEN or W_pos,POS",
    ),
    (
        "adds[0.0][b_0,48]",
        "what a part writes along a logit: a head, L0, M0, N0.17, embed",
    ),
    (
        "path[0.0>1.0][b_0,48]",
        "what a path brings to a logit; path[direct][..]",
    ),
    (
        "matters[ov.1.0][26,48]",
        "what a circuit's entry does: to attention (qk), to a logit (ov, direct)",
    ),
    (
        "pred[b_0].clean",
        "the untouched model's, of the same input; .patched, or nothing: under the interventions",
    ),
    (
        "idx, elt, a_0 ..",
        "fields of the input; truth[b_0] the right answer there",
    ),
    (
        "mean, min, max",
        "before an expression: the number to compare or to report",
    ),
    (
        "when",
        "only the inputs for which: idx=1, a_0 in {0,1,2}, not, and, or",
    ),
    ("+ - * / abs() < <= > >= == !=", "arithmetic and comparison"),
];

/// Words that are no field of a list and name no head.
const PLAIN: &str = "pred margin logp rank logit logit_diff path matters accuracy right loss prob \
     neuron act norm dot adds truth idx elt mean min max \
     when and or not in is argmax abs";

/// What is wrong with a word that means nothing.
pub(super) const NO_WORD: &str = "no such word; there are pred truth margin accuracy loss prob logp \
     rank logit logit_diff path matters adds neuron act norm dot, A0[..] S0[..], idx elt a_0 .., numbers";

/// The first word before an error that means nothing anywhere: that is what is wrong then.
pub(super) fn unknown_word(error: &ClaimError) -> Option<ClaimError> {
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
                if depth == 0 && !is_known(&error.line[first..at]) {
                    return Some(ClaimError {
                        at: first,
                        problem: NO_WORD.to_owned(),
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
fn is_known(word: &str) -> bool {
    let word = [".clean", ".patched"]
        .iter()
        .find_map(|run| word.strip_suffix(run))
        .unwrap_or(word);
    let first = word.chars().next();
    let of_cell = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    PLAIN.split_whitespace().any(|one| one == word)
        || first.is_some_and(|c| c.is_ascii_digit() || c == '.')
        || word.starts_with("a_")
        || word.strip_prefix(['A', 'S']).is_some_and(of_cell)
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
    words.retain(|word| word.starts_with(part) && word != part);
    words.sort();
    words.dedup();
    words
        .into_iter()
        .map(|word| format!("{before}{word}"))
        .collect()
}
