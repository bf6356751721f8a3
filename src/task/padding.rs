//! Prompts of several lengths: where a shorter list leaves places free, and in which order a model reads.
//!
//! On screen and in lines everything stands where the longest prompt has it, so that a name is one place in every
//! prompt; what a shorter list leaves free holds the pad token. A model reads what there is without a gap, and the
//! pads at the end.

use super::{Place, Prompt, Spec, Task, Token};

impl Spec {
    /// Whether prompts differ in length.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.lists() > 0
    }

    /// How many fields are lists of several lengths.
    #[must_use]
    pub(super) fn lists(&self) -> usize {
        let groups = self.groups.iter();
        groups.filter(|group| group.lengths.is_some()).count()
    }

    /// Whether there is anything at a position of the prompt of an input, by what its slots hold: no list has ended
    /// before it.
    #[must_use]
    pub fn is_there(&self, position: usize, input: &[Token]) -> bool {
        let Some(Place::Slot(slot)) = self.places.get(position) else {
            return true;
        };
        let is_free = self.pad.is_some() && input.get(*slot).copied() == self.pad;
        !(is_free && self.in_list(*slot))
    }

    /// For each position of a prompt `tokens` which one it is of those that a model reads, from 0 on: what is left
    /// free comes last. `None` where all stand in order, and where these tokens are no prompt of the task.
    #[must_use]
    pub fn order(&self, tokens: &[Token]) -> Option<Vec<usize>> {
        let pad = self.pad.filter(|_| self.varies())?;
        let laid = self.places.len() == tokens.len() && {
            let mut places = self.places.iter().zip(tokens);
            places.all(|(place, token)| !matches!(place, Place::Fixed(fixed) if fixed != token))
        };
        if !laid || !tokens.contains(&pad) {
            return None;
        }
        let is_free = |at: &usize| {
            tokens[*at] == pad
                && matches!(self.places[*at], Place::Slot(slot) if self.in_list(slot))
        };
        let (free, held): (Vec<usize>, Vec<usize>) = (0..tokens.len()).partition(is_free);
        let mut order = vec![0; tokens.len()];
        for (number, position) in held.into_iter().chain(free).enumerate() {
            order[position] = number;
        }
        let moved = order.iter().copied().ne(0..order.len());
        moved.then_some(order)
    }

    /// Which position of those that a model reads one is, by [`Spec::order`].
    #[must_use]
    pub fn placed(order: Option<&[usize]>, position: usize) -> usize {
        order.map_or(position, |order| order[position])
    }

    /// Whether a slot is of a list whose length varies.
    pub(super) fn in_list(&self, slot: usize) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| group.lengths.is_some() && group.slots.contains(&slot))
    }

    /// The positions of a prompt `tokens` in the order in which a model reads them.
    #[must_use]
    pub fn as_read(&self, tokens: &[Token]) -> Vec<usize> {
        let mut positions: Vec<usize> = (0..tokens.len()).collect();
        if let Some(order) = self.order(tokens) {
            positions.sort_by_key(|&position| order[position]);
        }
        positions
    }
}

impl Task {
    /// The prompt as a model reads it: as [`Task::tokens`], what a shorter list leaves free at the end.
    #[must_use]
    pub fn row(self, prompt: &Prompt) -> Vec<Token> {
        let tokens = self.tokens(prompt);
        let positions = self.as_read(&tokens).into_iter();
        positions.map(|position| tokens[position]).collect()
    }
}
