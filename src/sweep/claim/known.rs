//! What is known of a claim's condition before an input is walked: a list and an index can rule it
//! out whatever the element and whatever the model does, and then nothing of them is walked.

use super::grammar::{Number, Truth};
use super::meaning::Claim;
use super::word::Word;
use crate::task::Task;

impl Claim {
    /// Whether the claim may be about an input with these fields, the last of which, the element,
    /// is not known yet.
    pub(super) fn concerns(&self, fields: &[usize]) -> bool {
        let when = self.read.when.as_ref();
        when.and_then(|when| when.known(fields, self.task)) != Some(false)
    }
}

impl Truth<Word> {
    /// Whether it is true, where that is known already.
    fn known(&self, fields: &[usize], task: Task) -> Option<bool> {
        match self {
            Self::Compare(a, how, b) => how.of(a.known(fields, task)?, b.known(fields, task)?).0,
            Self::In(a, list) => {
                let a = a.known(fields, task)?;
                let equal = |b: &Number<Word>| Some(a == b.known(fields, task)?);
                any(list.iter().map(equal))
            }
            Self::Within(..) | Self::Argmax(_) => None,
            Self::Not(a) => a.known(fields, task).map(|a| !a),
            Self::And(all) => {
                let no = all
                    .iter()
                    .map(|one| one.known(fields, task).map(|one| !one));
                any(no).map(|no| !no)
            }
            Self::Or(all) => any(all.iter().map(|one| one.known(fields, task))),
        }
    }
}

/// Whether one of them is true; unknown where only an unknown one could be.
fn any(mut all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all.try_fold(Some(false), |so_far, one| match one {
        Some(true) => Err(Some(true)),
        Some(false) => Ok(so_far),
        None => Ok(None),
    })
    .unwrap_or_else(|found| found)
}

impl Number<Word> {
    fn known(&self, fields: &[usize], task: Task) -> Option<f64> {
        match self {
            Self::Constant(x) => Some(*x),
            Self::Word(word) => word.known(fields, task),
            Self::Negative(a) => a.known(fields, task).map(|a| -a),
            Self::Abs(a) => a.known(fields, task).map(f64::abs),
            Self::Choice(a, of, b) => match of.known(fields, task)? {
                true => a.known(fields, task),
                false => b.known(fields, task),
            },
            Self::Chain(first, rest) => rest
                .iter()
                .try_fold(first.known(fields, task)?, |a, (sign, b)| {
                    Some(Self::joined(a, *sign, b.known(fields, task)?))
                }),
        }
    }
}

impl Word {
    fn known(&self, fields: &[usize], task: Task) -> Option<f64> {
        let elt = fields.len() - 1;
        if let Self::Stated(stated) = self {
            return stated.known(fields, elt, task);
        }
        match *self {
            Self::Field(field) if field != elt => Some(task.number_in_slot(field, fields[field])),
            Self::Truth(j) => {
                let form = task.form()?;
                let copied = form.picks[fields[form.switch()]][j];
                (copied != elt).then(|| task.number_of_token(fields[copied]))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::model::Model;
    use candle_core::Device;

    #[test]
    fn a_list_and_an_index_rule_out_what_they_can() {
        let model = Model::embedded(&Device::Cpu).unwrap().transformer;
        let concerns = |when: &str, fields: [usize; 5]| {
            let line = format!("margin > 0 when {when}");
            let claim = Claim::parse(&line, model.task(), model.config()).unwrap();
            claim.concerns(&fields)
        };
        let fields = [5, 9, 30, 1, 0];
        for (when, may) in [
            ("a_0 < 6", true),
            ("a_0 > 6", false),
            ("9 >= a_1 and 4 < a_0", true),
            ("a_0 in {5, 6}", true),
            ("a_0 in {6, 7}", false),
            ("a_0 in {6, elt}", true),
            ("a_0 + a_1 = 14 and idx = 1", true),
            ("a_0 + a_1 = 14 and idx = 0", false),
            ("elt = 7", true),
            ("elt = 7 and idx != 1", false),
            ("elt = 7 or idx != 1", true),
            ("a_0 > 5 or idx != 1", false),
            ("not a_0 = 5", false),
            ("not (elt = 7 and a_0 = 5)", true),
            ("not (elt = 7 or a_0 = 5)", false),
            ("truth[nl_1] = 5", true),
            ("truth[nl_1] = 6", false),
            // the answer there is the element
            ("truth[b_0] = 9", true),
            ("A1[b_0,elt] > 0.5", true),
            ("A0[elt,idx] is argmax and abs(a_0 - a_2) < 25", false),
        ] {
            assert_eq!(concerns(when, fields), may, "{when}");
        }
    }
}
