//! Which of a picture's rows or columns stand at which place of the terminal.

use std::ops::Range;

/// So many rows and columns are shown at least, however close.
const CLOSEST: usize = 8;

/// How a table's rows or columns stand at places: some share one only where there are fewer places than values, and then
/// no more of them than must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    values: usize,
    /// Values or groups of neighbours that are told apart.
    told: usize,
    /// Places that one of these takes.
    pub wide: usize,
}

impl Step {
    pub fn new(values: usize, places: usize, widest: usize) -> Self {
        let told = values.min(places.max(1));
        let wide = match told == values {
            true => (places / values.max(1)).clamp(1, widest),
            false => 1,
        };
        Self { values, told, wide }
    }

    /// How many neighbours share a place at most.
    pub fn shared(self) -> usize {
        self.values.div_ceil(self.told.max(1)).max(1)
    }

    /// How many share a place, in words: `2`, or `up to 2` where some have one alone.
    pub fn shared_words(self) -> String {
        match self.values.is_multiple_of(self.told.max(1)) {
            true => self.shared().to_string(),
            false => format!("up to {}", self.shared()),
        }
    }

    /// The same with the places of one a multiple of so many, where they are more than one.
    pub fn in_multiples_of(self, of: usize) -> Self {
        let wide = match self.wide {
            1 => 1,
            wide => wide - wide % of,
        };
        Self { wide, ..self }
    }

    /// Places that all of them take.
    pub fn places(self) -> usize {
        self.told * self.wide
    }

    /// The values that a place shows.
    pub fn values(self, place: usize) -> Range<usize> {
        let first = |group: usize| (group * self.values).div_ceil(self.told.max(1));
        let group = (place / self.wide).min(self.told);
        first(group)..first((group + 1).min(self.told))
    }

    /// The first place of a value.
    pub fn place(self, value: usize) -> usize {
        value * self.told / self.values.max(1) * self.wide
    }
}

/// The rows or columns that a picture shows, taken closer so often around the cursor.
pub(super) fn part(size: usize, cursor: usize, closer: u8) -> Range<usize> {
    let len = (size >> closer.min(16)).max(CLOSEST).min(size);
    let first = cursor.saturating_sub(len / 2).min(size - len);
    first..first + len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_place_and_every_place_a_value() {
        for (values, places, widest) in [
            (50, 50, 4),
            (200, 116, 4),
            (3, 40, 4),
            (113, 60, 2),
            (1, 1, 1),
        ] {
            let step = Step::new(values, places, widest);
            assert!(step.places() <= places, "{values} {places}");
            let mut seen = vec![false; values];
            for place in 0..step.places() {
                let shown = step.values(place);
                assert!(!shown.is_empty(), "{values} {places} {place}");
                assert!(shown.len() <= step.shared(), "{values} {places} {place}");
                shown.for_each(|value| seen[value] = true);
            }
            assert!(seen.into_iter().all(|seen| seen));
            for value in 0..values {
                assert!(step.values(step.place(value)).contains(&value));
            }
        }
    }

    /// 113 rows at 106 places: seven places have two, all others one.
    #[test]
    fn no_more_share_a_place_than_must() {
        let step = Step::new(113, 106, 4);
        assert_eq!(step.places(), 106);
        let alone = (0..106).filter(|&place| step.values(place).len() == 1);
        assert_eq!((alone.count(), step.shared()), (99, 2));
        assert_eq!(step.shared_words(), "up to 2");
        assert_eq!(Step::new(200, 100, 4).shared_words(), "2");
        assert_eq!(Step::new(50, 50, 4).shared(), 1);
    }
}
