//! Donors: another input that agrees with this one in some fields, for resampling ablations
//! (Chan et al., "Causal scrubbing", 2022).

use super::{ArrayUpdate, Field, Token, Update};
use sha2::{Digest, Sha256};

/// Where an input has no more donors than this, seeds count through them.
const COUNTED: u128 = 4096;

impl ArrayUpdate {
    /// All fields, in the order `a_0 .. idx elt`.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        let list = (0..self.list_len).map(Field::A);
        list.chain([Field::Idx, Field::Elt])
    }

    /// How many inputs agree with any one input in the kept fields, itself included.
    #[must_use]
    pub fn donors(self, keep: &[Field]) -> u128 {
        let free = self.fields().filter(|field| !keep.contains(field));
        let sizes = free.map(|field| u128::from(self.values_of(field)));
        sizes.fold(1, u128::saturating_mul)
    }

    /// An input's donor: it agrees with the input in the kept fields and is drawn uniformly in the
    /// others. It depends on the input and the seed alone, so it is the same wherever that input is
    /// run; other inputs have other donors. Where there are 4096 donors at most, as many seeds
    /// in a row are all of them, each once.
    #[must_use]
    pub fn donor(self, of: &Update, keep: &[Field], seed: u32) -> Update {
        let all = self.donors(keep);
        let counted = all <= COUNTED;
        let mut hash = Sha256::new();
        hash.update(if counted { 0 } else { seed }.to_le_bytes());
        for field in self.fields() {
            hash.update(of.get(field).to_le_bytes());
        }
        let mut draw = hash.finalize().iter().take(16).fold(0u128, |sum, byte| {
            // far more than there are donors, so that all are as likely
            sum << 8 | u128::from(*byte)
        });
        if counted {
            draw = draw % all + u128::from(seed);
        }
        let mut donor = of.clone();
        for field in self.fields().filter(|field| !keep.contains(field)) {
            let values = u128::from(self.values_of(field));
            donor.set(field, (draw % values) as Token);
            draw /= values;
        }
        donor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn update(a: &[Token], idx: Token, elt: Token) -> Update {
        let a = a.to_vec();
        Update { a, idx, elt }
    }

    #[test]
    fn a_donor_keeps_what_is_kept_and_depends_on_the_input() {
        let task = ArrayUpdate::default();
        let keep = [Field::Idx, Field::A(1)];
        let mut elements = BTreeSet::new();
        for elt in 0..50 {
            let input = update(&[1, 2, 3], 1, elt);
            let donor = task.donor(&input, &keep, 7);
            assert_eq!((donor.idx, donor.a[1]), (1, 2));
            assert_eq!(donor, task.donor(&input, &keep, 7));
            assert_ne!(donor, task.donor(&input, &keep, 8));
            elements.insert(donor.elt);
        }
        // 50 uniform draws of 50 hit about 32 of them
        assert!(elements.len() > 20, "{} of 50", elements.len());
        let all: Vec<Field> = task.fields().collect();
        let input = update(&[1, 2, 3], 1, 9);
        assert_eq!(task.donor(&input, &all, 5), input);
    }

    #[test]
    fn few_donors_are_counted_through() {
        let task = ArrayUpdate::default();
        let keep = [Field::A(0), Field::A(1), Field::A(2)];
        assert_eq!(task.donors(&keep), 150);
        let input = update(&[4, 9, 9], 2, 31);
        let all: BTreeSet<(Token, Token)> = (0..150)
            .map(|seed| task.donor(&input, &keep, seed))
            .map(|donor| (donor.idx, donor.elt))
            .collect();
        assert_eq!(all.len(), 150);
    }
}
