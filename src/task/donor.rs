//! Donors: another input that agrees with this one in some fields, for resampling ablations
//! (Chan et al., "Causal scrubbing", 2022).

use super::{Field, Task, Token, Values};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where an input has no more donors than this, seeds count through them.
const COUNTED: u128 = 4096;
/// So many donors are drawn where some inputs do not exist, and all cannot be listed.
const TRIES: u32 = 256;
/// Where only some combinations are inputs, these are listed if there are no more combinations than this.
const LISTED: u128 = 1 << 20;
/// Lists that are kept, the newest last.
const KEPT: usize = 16;

/// Numbers of the inputs that there are, by what stands in some slots.
type ByKept = HashMap<Vec<Token>, Vec<u32>>;

/// The lists made so far: of which task, by which slots.
static LISTS: Mutex<Vec<KeptList>> = Mutex::new(Vec::new());

/// A task and its slots, and the list.
type KeptList = ((usize, Vec<usize>), Arc<ByKept>);

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
    /// in a row are all of them, each once, in an order of the input's own in which neighbours have nothing in common. Where not all inputs exist, those that do are listed if there are no
    /// more than 2^20 combinations; else one that does not exist gives way to the next that is drawn, and
    /// the input itself is the last resort.
    #[must_use]
    pub fn donor(self, of: &Values, keep: &[Field], seed: u32) -> Values {
        if self.all_exist() {
            return self.donor_drawn(of, keep, seed, 0);
        }
        if let Some(donor) = self.donor_listed(of, keep, seed, 0) {
            return donor;
        }
        let mut tries = (0..TRIES).map(|attempt| self.donor_drawn(of, keep, seed, attempt));
        let exists = |donor: &Values| {
            let found = self.existing(std::slice::from_ref(donor));
            found.is_ok_and(|found| found[0])
        };
        tries.find(exists).unwrap_or_else(|| of.clone())
    }

    /// Any combination of values, drawn uniformly for this input, seed and attempt; one that exists, where these
    /// can be listed.
    pub(super) fn drawn_for(self, of: &Values, seed: u32, attempt: u32) -> Values {
        let listed = (!self.all_exist()).then(|| self.donor_listed(of, &[], seed, attempt));
        let drawn = || self.donor_drawn(of, &[], seed, attempt);
        listed.flatten().unwrap_or_else(drawn)
    }

    /// One of the inputs that there are, where they can be listed.
    fn donor_listed(self, of: &Values, keep: &[Field], seed: u32, attempt: u32) -> Option<Values> {
        let mut slots: Vec<usize> = keep.iter().map(|field| field.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let alike = self.alike(&slots)?;
        let key: Vec<Token> = slots.iter().map(|&slot| of.tokens()[slot]).collect();
        let all = alike.get(&key)?;
        let n = all.len() as u128;
        let draw = match n <= COUNTED && attempt == 0 {
            true => shuffled(number(of, 0, 0), n, seed),
            false => number(of, seed, attempt),
        };
        Some(self.values_at(all[(draw % n) as usize].into()))
    }

    /// The inputs that there are, by what stands in these slots; `None` where they are too many to list, or the
    /// task's own function fails.
    fn alike(self, slots: &[usize]) -> Option<Arc<ByKept>> {
        let space = u32::try_from(self.input_space()).ok();
        let space = space.filter(|&space| u128::from(space) <= LISTED)?;
        let wanted = (std::ptr::from_ref(self.get()).addr(), slots.to_vec());
        let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = lists.iter().find(|(one, _)| *one == wanted) {
            return Some(found.clone());
        }
        let mut alike = ByKept::new();
        for first in (0..space).step_by(4096) {
            let numbers: Vec<u32> = (first..space.min(first + 4096)).collect();
            let inputs: Vec<Values> = numbers
                .iter()
                .map(|&number| self.values_at(number.into()))
                .collect();
            let exist = self.existing(&inputs).ok()?;
            let found = numbers.into_iter().zip(inputs).zip(exist);
            for ((number, input), _) in found.filter(|(_, exists)| *exists) {
                let key = slots.iter().map(|&slot| input.tokens()[slot]).collect();
                alike.entry(key).or_default().push(number);
            }
        }
        let alike = Arc::new(alike);
        if lists.len() == KEPT {
            lists.remove(0);
        }
        lists.push((wanted, alike.clone()));
        Some(alike)
    }

    fn donor_drawn(self, of: &Values, keep: &[Field], seed: u32, attempt: u32) -> Values {
        let all = self.donors(keep);
        let counted = all <= COUNTED && self.all_exist();
        let mut draw = number(of, if counted { 0 } else { seed }, attempt);
        if counted {
            draw = shuffled(draw, all, seed);
        }
        let kept = |slot: usize| keep.iter().any(|field| field.slot == slot);
        let mut donor = of.clone();
        for group in &self.groups {
            draw = self.redraw(group, &mut donor, &kept, draw);
        }
        donor
    }
}

/// A number of an input's own, of a seed and an attempt: far more than there are donors, so that all are as
/// likely.
fn number(of: &Values, seed: u32, attempt: u32) -> u128 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for token in of.tokens() {
        hash.update(token.to_le_bytes());
    }
    if attempt > 0 {
        hash.update(attempt.to_le_bytes());
    }
    let bytes = hash.finalize();
    bytes
        .iter()
        .take(16)
        .fold(0u128, |sum, byte| sum << 8 | u128::from(*byte))
}

/// The number that stands at a place of `0..n`, at most [`COUNTED`] of them, shuffled by a key: a Feistel network of four
/// rounds over the next power of four, walked until it is back among them (Black and Rogaway, 2002).
fn shuffled(key: u128, n: u128, place: u32) -> u128 {
    let n = n.max(1);
    let half = (u128::BITS - (n - 1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1u32 << half) - 1;
    let mut x = (u128::from(place) % n) as u32;
    loop {
        let (mut left, mut right) = (x >> half, x & mask);
        for round in 0..4 {
            let own = (key >> (32 * round)) as u32;
            let mixed = (right ^ own).wrapping_mul(0x9E37_79B1);
            let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85EB_CA77);
            (left, right) = (right, left ^ (mixed >> 16) & mask);
        }
        x = left << half | right;
        if u128::from(x) < n {
            return x.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn donors_that_hardly_any_combination_is_are_found_all_the_same() {
        // lists of six of which five are the same
        let mut spec = crate::task::Spec::raw(6, 6, 6);
        spec.exists = Some(Arc::new(|all: &[&[Token]]| {
            let rare =
                |one: &&[Token]| (0..6).any(|v| one.iter().filter(|t| **t == v).count() >= 5);
            Ok(all.iter().map(rare).collect())
        }));
        let task = Task::from(spec);
        let input = Values::new(task, vec![2, 2, 2, 2, 2, 4]);
        let all: BTreeSet<Vec<Token>> = (0..186)
            .map(|seed| task.donor(&input, &[], seed).tokens().to_vec())
            .collect();
        // six of all the same, and thirty of each place that may differ
        assert_eq!(all.len(), 186);
        let kept = [Field::new(task, 5)];
        let donors = (0..40).map(|seed| task.donor(&input, &kept, seed));
        let mut others = 0;
        for donor in donors {
            assert_eq!(donor.tokens()[5], 4);
            others += u32::from(donor != input);
        }
        assert!(others > 30, "{others}");
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
        // and in an order in which neighbours have nothing in common: of draws that are independent one in three has the
        // index of the one before, and one in fifty the element
        let pairs = (0..3000u32).map(|i| {
            let input = update(&[4, 9, i % 50], i % 3, i / 60);
            [i % 149, i % 149 + 1].map(|seed| task.donor(&input, &keep, seed))
        });
        let (mut same_idx, mut same_elt) = (0, 0);
        for [a, b] in pairs {
            same_idx += u32::from(a.tokens()[3] == b.tokens()[3]);
            same_elt += u32::from(a.tokens()[4] == b.tokens()[4]);
        }
        assert!((900..1100).contains(&same_idx), "{same_idx}");
        assert!((15..90).contains(&same_elt), "{same_elt}");
    }
}
