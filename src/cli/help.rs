//! What `--help` says below the flags: how prompts, questions and claims are written.

use crate::answers::FORMS;
use crate::sweep::WORDS;
use crate::task::Task;

/// How to write a prompt; the same words everywhere.
pub(super) const PROMPT_HELP: &str = "\
A prompt is written in one of three forms:
  14 26 35 1 48                         the list, the index, the element
  'BOS 14 26 35 \\n 1 48 \\n 14 48 35'   the whole sequence (or its token ids)
  'a=[14,26,35]; a[1]=48'               an assignment, optionally '-> [14,48,35]'
Where no continuation is given it is the right answer.";

/// All questions there are, one form a line.
pub(super) fn forms() -> String {
    let lines = FORMS.map(|(verb, form)| format!("  {verb} {form}"));
    format!(
        "Questions:\n{}\n\nA QUANTITY is a number in the words of claims, an EXPRESSION one over the fields as in \
         a task file, with said and truth.\n{}\n\n{PROMPT_HELP}",
        lines.join("\n"),
        words()
    )
}

/// How to write a claim.
pub(super) fn claim_help() -> String {
    format!(
        "Claims:\n  pred == truth                      A0[elt,idx] is argmax\n  A1[b_0,elt] > 0.5 when \
         idx=1       mean A0[elt,idx] >= 0.9\n\n{}\nThe brackets name positions: what is read at b_0 \
         predicts b_1.",
        words()
    )
}

/// The words of claims and of quantities, one a line.
fn words() -> String {
    // without a model at hand the notebook's task stands for all of them
    let task = Task::array_update(3, 50).ok();
    let named = |text: &str| task.map_or_else(|| text.to_owned(), |task| task.in_names(text));
    let lines = WORDS.map(|words| {
        let (form, meaning) = (named(words.0), named(words.1));
        format!("  {form:<36} {meaning}")
    });
    format!("Words:\n{}", lines.join("\n"))
}
