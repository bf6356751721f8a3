//! Donors: another input that agrees with this one in some fields, for resampling ablations
//! (Chan et al., "Causal scrubbing", 2022).

use super::{Field, Task, Values};
use sha2::{Digest, Sha256};

/// Where an input has no more donors than this, seeds count through them.
const COUNTED: u128 = 4096;
/// So many donors are drawn where some inputs do not exist.
const TRIES: u32 = 256;

impl Task {
    /// How many inputs agree with any one input in the kept fields, itself included.
    #[must_use]
    pub fn donors(self, keep: &[Field]) -> u128 {
        let kept = |slot: usize| keep.iter().any(|field| field.slot == slot);
        let groups = self.groups.iter();
        groups
            .map(|group| self.free(group, &kept))
            .fold(1, u128::saturating_mul)
    }

    /// An input's donor: it agrees with the input in the kept fields and is drawn uniformly in the
    /// others. It depends on the input and the seed alone, so it is the same wherever that input is
    /// run; other inputs have other donors. Where there are 4096 donors at most, as many seeds
    /// in a row are all of them, each once. Where not all inputs exist, one that does not gives way to
    /// the next that is drawn; the input itself is the last resort.
    #[must_use]
    pub fn donor(self, of: &Values, keep: &[Field], seed: u32) -> Values {
        if self.all_exist() {
            return self.donor_drawn(of, keep, seed, 0);
        }
        let mut tries = (0..TRIES).map(|attempt| self.donor_drawn(of, keep, seed, attempt));
        let exists = |donor: &Values| {
            let found = self.existing(std::slice::from_ref(donor));
            found.is_ok_and(|found| found[0])
        };
        tries.find(exists).unwrap_or_else(|| of.clone())
    }

    /// Any combination of values, drawn uniformly for this input, seed and attempt.
    pub(super) fn drawn_for(self, of: &Values, seed: u32, attempt: u32) -> Values {
        self.donor_drawn(of, &[], seed, attempt)
    }

    fn donor_drawn(self, of: &Values, keep: &[Field], seed: u32, attempt: u32) -> Values {
        let all = self.donors(keep);
        let counted = all <= COUNTED && self.all_exist();
        let mut hash = Sha256::new();
        hash.update(if counted { 0 } else { seed }.to_le_bytes());
        for token in of.tokens() {
            hash.update(token.to_le_bytes());
        }
        if attempt > 0 {
            hash.update(attempt.to_le_bytes());
        }
        let mut draw = hash.finalize().iter().take(16).fold(0u128, |sum, byte| {
            // far more than there are donors, so that all are as likely
            sum << 8 | u128::from(*byte)
        });
        if counted {
            draw = draw % all + u128::from(seed);
        }
        let kept = |slot: usize| keep.iter().any(|field| field.slot == slot);
        let mut donor = of.clone();
        for group in &self.groups {
            draw = self.redraw(group, &mut donor, &kept, draw);
        }
        donor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Token;
    use std::collections::BTreeSet;

    fn update(a: &[Token], idx: Token, elt: Token) -> Values {
        Values::new(Task::default(), [a, &[idx, elt]].concat())
    }

    fn keep(names: &[&str]) -> Vec<Field> {
        let fields = names.iter().filter_map(|name| Task::default().field(name));
        fields.collect()
    }

    #[test]
    fn a_donor_keeps_what_is_kept_and_depends_on_the_input() {
        let task = Task::default();
        let keep = keep(&["idx", "a_1"]);
        let mut elements = BTreeSet::new();
        for elt in 0..50 {
            let input = update(&[1, 2, 3], 1, elt);
            let donor = task.donor(&input, &keep, 7);
            assert_eq!((donor.tokens()[3], donor.tokens()[1]), (1, 2));
            assert_eq!(donor, task.donor(&input, &keep, 7));
            assert_ne!(donor, task.donor(&input, &keep, 8));
            elements.insert(donor.tokens()[4]);
        }
        // 50 uniform draws of 50 hit about 32 of them
        assert!(elements.len() > 20, "{} of 50", elements.len());
        let all: Vec<Field> = task.fields().collect();
        let input = update(&[1, 2, 3], 1, 9);
        assert_eq!(task.donor(&input, &all, 5), input);
    }

    #[test]
    fn few_donors_are_counted_through() {
        let task = Task::default();
        let keep = keep(&["a_0", "a_1", "a_2"]);
        assert_eq!(task.donors(&keep), 150);
        let input = update(&[4, 9, 9], 2, 31);
        let all: BTreeSet<(Token, Token)> = (0..150)
            .map(|seed| task.donor(&input, &keep, seed))
            .map(|donor| (donor.tokens()[3], donor.tokens()[4]))
            .collect();
        assert_eq!(all.len(), 150);
    }
}
