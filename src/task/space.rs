//! All inputs of a task, counted through.

use super::spec::Group;
use super::{Task, Token, Values};

impl Group {
    fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many tuples the group may hold; `u128::MAX` stands for more than can be counted.
    pub(super) fn count(&self, values: u128) -> u128 {
        self.all_lengths()
            .map(|len| self.of_length(values, len))
            .fold(0, u128::saturating_add)
    }

    /// Whether the group may hold these tokens, of slots that may hold `values`: as many as it has, padded only
    /// behind them, none twice where that may not be.
    fn holds(&self, tokens: &[Token], values: &[Token], pad: Option<Token>) -> bool {
        let is_value = |token: &&Token| values.contains(token);
        // what pads may be a value as well, in a group of one length
        let len = match &self.lengths {
            None => tokens.len(),
            Some(_) => {
                let padded = tokens.iter().rev().take_while(|token| Some(**token) == pad);
                tokens.len() - padded.count()
            }
        };
        let own = &tokens[..len];
        let alone = |i: usize| !self.distinct || !own[..i].contains(&own[i]);
        self.all_lengths().any(|one| one == len)
            && own.iter().all(|token| is_value(&token))
            && (0..len).all(alone)
    }

    fn all_lengths(&self) -> impl Iterator<Item = usize> {
        let one = self.lengths.is_none().then_some(self.len());
        one.into_iter()
            .chain(self.lengths.iter().flatten().copied())
    }

    /// How many tuples of `len` there are.
    fn of_length(&self, values: u128, len: usize) -> u128 {
        let choices = |i: usize| values.saturating_sub(if self.distinct { i as u128 } else { 0 });
        (0..len).map(choices).fold(1, u128::saturating_mul)
    }

    /// The tuple of this number, as places among the values; the first is the most significant.
    pub(super) fn unrank(&self, values: u128, mut number: u128) -> Vec<usize> {
        let mut len = self.len();
        for one in self.all_lengths() {
            len = one;
            let here = self.of_length(values, one);
            if number < here {
                break;
            }
            number -= here;
        }
        let mut digits = vec![0; len];
        for (i, digit) in digits.iter_mut().enumerate().rev() {
            let base = if self.distinct {
                values - i as u128
            } else {
                values
            };
            *digit = (number % base) as usize;
            number /= base;
        }
        if self.distinct {
            let mut left: Vec<usize> = (0..values as usize).collect();
            digits = digits.into_iter().map(|digit| left.remove(digit)).collect();
        }
        digits
    }

    fn rank(&self, values: u128, digits: &[usize]) -> u128 {
        let shorter = self.all_lengths().take_while(|&len| len != digits.len());
        let before: u128 = shorter.map(|len| self.of_length(values, len)).sum();
        let mut left: Vec<usize> = (0..values as usize).collect();
        let mut number = 0u128;
        for (i, &digit) in digits.iter().enumerate() {
            let (base, digit) = if self.distinct {
                let at = left.iter().position(|&one| one == digit).unwrap_or(0);
                left.remove(at.min(left.len().saturating_sub(1)));
                (values - i as u128, at)
            } else {
                (values, digit)
            };
            number = number.saturating_mul(base).saturating_add(digit as u128);
        }
        before.saturating_add(number)
    }
}

impl Task {
    /// The values that a group's slots may hold: the same for each of them.
    fn values_of_group(self, group: &Group) -> &'static [Token] {
        let slots = &self.get().slots;
        slots
            .get(group.slots.start)
            .map_or(&[], |slot| &slot.values)
    }

    fn count_of(self, group: &Group) -> u128 {
        group.count(self.values_of_group(group).len() as u128)
    }

    /// How many different inputs there are, the product over all fields; where only some of these
    /// exist ([`Task::all_exist`]) it is more than there are. `u128::MAX` stands for too many to
    /// count.
    #[must_use]
    pub fn input_space(self) -> u128 {
        let groups = self.groups.iter();
        groups
            .map(|group| self.count_of(group))
            .fold(1, u128::saturating_mul)
    }

    /// Whether every combination of values is an input.
    #[must_use]
    pub fn all_exist(self) -> bool {
        self.exists.is_none()
    }

    /// Which of these combinations are inputs of the task.
    ///
    /// # Errors
    /// When the task's own function fails.
    pub fn existing(self, inputs: &[Values]) -> anyhow::Result<Vec<bool>> {
        let mut known: Vec<bool> = inputs.iter().map(|one| self.has_form(one)).collect();
        if let Some(exists) = &self.exists {
            let asked: Vec<usize> = (0..inputs.len()).filter(|&i| known[i]).collect();
            let tokens: Vec<&[Token]> = asked.iter().map(|&i| inputs[i].tokens()).collect();
            for (i, exists) in asked.into_iter().zip(exists(&tokens)?) {
                known[i] = exists;
            }
        }
        Ok(known)
    }

    /// Whether every field has one of its values, and each list as many as it may have, none twice where that may
    /// not be.
    fn has_form(self, input: &Values) -> bool {
        let mut groups = self.groups.iter();
        groups.all(|group| {
            let tokens = input.tokens().get(group.slots.clone());
            tokens.is_some_and(|tokens| group.holds(tokens, self.values_of_group(group), self.pad))
        })
    }

    /// Those of these combinations that are inputs of the task, in their order.
    ///
    /// # Errors
    /// When the task's own function fails.
    pub fn that_exist(self, inputs: Vec<Values>) -> anyhow::Result<Vec<Values>> {
        let exist = self.existing(&inputs)?;
        let both = inputs.into_iter().zip(exist);
        Ok(both
            .filter_map(|(input, exists)| exists.then_some(input))
            .collect())
    }

    /// The combination of this number, from 0 up to [`Task::input_space`].
    #[must_use]
    pub fn values_at(self, mut number: u128) -> Values {
        let mut tokens = vec![self.pad.unwrap_or(0); self.slots.len()];
        for group in self.groups.iter().rev() {
            let (values, count) = (self.values_of_group(group), self.count_of(group).max(1));
            let digits = group.unrank(values.len() as u128, number % count);
            number /= count;
            for (slot, digit) in group.slots.clone().zip(digits) {
                tokens[slot] = values[digit];
            }
        }
        Values::new(self, tokens)
    }

    /// The number of a combination; the reverse of [`Task::values_at`].
    #[must_use]
    pub fn number_of(self, input: &Values) -> u128 {
        self.groups.iter().fold(0u128, |number, group| {
            let values = self.values_of_group(group);
            let slots = input.tokens().get(group.slots.clone()).unwrap_or_default();
            let place = |token: &Token| values.iter().position(|value| value == token);
            let digits: Vec<usize> = slots.iter().map_while(place).collect();
            let rank = group.rank(values.len() as u128, &digits);
            number
                .saturating_mul(self.count_of(group))
                .saturating_add(rank)
        })
    }

    /// A group's tuple drawn uniformly among those that agree with `input` in the kept slots. A
    /// field of varying length is kept as a whole or not at all. What `draw` has left comes back.
    pub(super) fn redraw(
        self,
        group: &Group,
        input: &mut Values,
        keep: &dyn Fn(usize) -> bool,
        mut draw: u128,
    ) -> u128 {
        let values = self.values_of_group(group);
        let count = self.free(group, keep);
        let kept = group.slots.clone().filter(|&slot| keep(slot)).count();
        if group.lengths.is_some() || group.distinct && kept == 0 {
            if kept == 0 {
                let digits = group.unrank(values.len() as u128, draw % count);
                let mut digits = digits.into_iter();
                for slot in group.slots.clone() {
                    let token = digits
                        .next()
                        .map_or(self.pad.unwrap_or(0), |digit| values[digit]);
                    input.set(super::Field::new(self, slot), token);
                }
            }
            return draw / count;
        }
        let mut taken: Vec<Token> = group
            .slots
            .clone()
            .filter(|&slot| keep(slot))
            .map(|slot| input.tokens()[slot])
            .collect();
        for slot in group.slots.clone().filter(|&slot| !keep(slot)) {
            let free = values
                .iter()
                .filter(|one| !group.distinct || !taken.contains(one));
            let free: Vec<Token> = free.copied().collect();
            let token = free[(draw % free.len() as u128) as usize];
            draw /= free.len() as u128;
            taken.push(token);
            input.set(super::Field::new(self, slot), token);
        }
        draw
    }

    /// How many tuples [`Task::redraw`] draws from.
    pub(super) fn free(self, group: &Group, keep: &dyn Fn(usize) -> bool) -> u128 {
        let values = self.values_of_group(group).len() as u128;
        let kept = group.slots.clone().filter(|&slot| keep(slot)).count();
        if group.lengths.is_some() {
            return if kept == 0 { group.count(values) } else { 1 };
        }
        let taken = |i: usize| {
            if group.distinct {
                (kept + i) as u128
            } else {
                0
            }
        };
        let choices = (0..group.len() - kept).map(|i| values.saturating_sub(taken(i)));
        choices.fold(1, u128::saturating_mul)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Place, Slot, Spec, Vocabulary};

    fn task(group: impl FnOnce(&mut Group), slots: usize, values: u32) -> Task {
        let mut spec = Spec::clone(&Task::raw(slots, values as usize + 1, 2));
        spec.vocabulary = Vocabulary::numbers_and(values, &["pad"]);
        spec.slots = (0..slots)
            .map(|i| Slot {
                name: format!("t_{i}"),
                values: (0..values).collect(),
            })
            .collect();
        spec.places = (0..slots).map(Place::Slot).collect();
        group(&mut spec.groups[0]);
        spec.pad = spec.groups[0].lengths.is_some().then_some(values);
        spec.into()
    }

    #[test]
    fn every_number_is_one_input_and_every_input_one_number() {
        let free = task(|_| {}, 3, 4);
        let distinct = task(|group| group.distinct = true, 3, 5);
        let cut = task(|group| group.lengths = Some(vec![1, 3]), 3, 3);
        for (task, all) in [(free, 64), (distinct, 60), (cut, 30)] {
            assert_eq!(task.input_space(), all);
            let mut seen = std::collections::HashSet::new();
            for number in 0..all {
                let input = task.values_at(number);
                assert_eq!(task.number_of(&input), number, "{input}");
                assert!(seen.insert(input.tokens().to_vec()));
            }
        }
        let longest = Task::array_update(3, 50).unwrap_or_default();
        assert_eq!(longest.values_at(18_749_999).to_string(), "49 49 49 2 49");
    }

    #[test]
    fn what_must_differ_differs_when_it_is_drawn_again() {
        let task = task(|group| group.distinct = true, 3, 3);
        for number in 0..6 {
            let input = task.values_at(number);
            let keep = |slot: usize| slot == 1;
            assert_eq!(task.free(&task.groups[0], &keep), 2);
            let all: std::collections::HashSet<Vec<Token>> = (0..2)
                .map(|draw| {
                    let mut other = input.clone();
                    task.redraw(&task.groups[0], &mut other, &keep, draw);
                    other.tokens().to_vec()
                })
                .collect();
            assert_eq!(all.len(), 2);
            for one in all {
                assert_eq!(one[1], input.tokens()[1]);
                let one = Values::new(task, one);
                assert_eq!(task.values_at(task.number_of(&one)), one);
            }
        }
    }
}
