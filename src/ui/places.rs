//! Which of a picture's rows or columns stand at which place of the terminal.

use std::ops::Range;

/// So many rows and columns are shown at least, however close.
const CLOSEST: usize = 8;

/// How many of a table's rows or columns share a place, or how many places one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Neighbours in a place.
    pub shared: usize,
    /// Places that one value takes.
    pub wide: usize,
}

impl Step {
    pub fn new(values: usize, places: usize, widest: usize) -> Self {
        let shared = values.div_ceil(places.max(1)).max(1);
        let wide = match shared {
            1 => (places / values.max(1)).clamp(1, widest),
            _ => 1,
        };
        Self { shared, wide }
    }

    /// Places that so many values take.
    pub fn places(self, values: usize) -> usize {
        values.div_ceil(self.shared) * self.wide
    }

    /// The values that a place shows.
    pub fn values(self, place: usize, values: usize) -> Range<usize> {
        let first = place / self.wide * self.shared;
        first.min(values)..(first + self.shared).min(values)
    }

    /// The first place of a value.
    pub fn place(self, value: usize) -> usize {
        value / self.shared * self.wide
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
            assert!(step.places(values) <= places, "{values} {places}");
            let mut seen = vec![false; values];
            for place in 0..step.places(values) {
                let shown = step.values(place, values);
                assert!(!shown.is_empty(), "{values} {places} {place}");
                shown.for_each(|value| seen[value] = true);
            }
            assert!(seen.into_iter().all(|seen| seen));
            for value in 0..values {
                assert!(step.values(step.place(value), values).contains(&value));
            }
        }
    }
}
