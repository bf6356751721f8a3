//! Which fields an answer may be told by: its own place in a list, or a field that holds what was said.

use super::spec::Spec;
use super::{Field, Task, Token};

/// What answers and fields have to do with each other.
#[derive(Clone, Debug)]
pub struct Kin {
    /// By answer: the slot at the same place of a list as long as the list of answers, and its group.
    pub own: Vec<Option<(usize, usize)>>,
    /// By class: the token of the same meaning.
    pub token_of_class: Vec<Option<Token>>,
    /// All slots with their groups; single fields first, they say more than one of many.
    pub slots: Vec<(usize, usize)>,
}

impl Kin {
    fn of(spec: &Spec) -> Self {
        let own = spec.answers.iter().enumerate().map(|(j, answer)| {
            let first = spec
                .answers
                .iter()
                .position(|one| one.group == answer.group);
            let alike = spec.answers.iter().filter(|one| one.group == answer.group);
            let (place, len) = (j - first.unwrap_or(0), alike.count());
            let mut groups = spec.groups.iter().enumerate();
            let found = groups.find(|(_, one)| one.is_list && one.slots.len() == len);
            found.map(|(number, group)| (group.slots.start + place, number))
        });
        let groups = || spec.groups.iter().enumerate();
        let single = groups().filter(|(_, group)| !group.is_list);
        let lists = groups().filter(|(_, group)| group.is_list);
        let slots = single
            .chain(lists)
            .flat_map(|(number, group)| group.slots.clone().map(move |slot| (slot, number)));
        let classes = 0..spec.classes.len() as Token;
        Self {
            own: own.collect(),
            slots: slots.collect(),
            token_of_class: classes.map(|class| spec.token_of_class(class)).collect(),
        }
    }
}

impl Task {
    /// What answers and fields have to do with each other.
    #[must_use]
    pub fn kin(self) -> &'static Kin {
        self.0.kin.get_or_init(|| Kin::of(&self.0.spec))
    }

    /// The two fields by which failures are laid out: the last two of those that every input has. None where there is
    /// no such field.
    #[must_use]
    pub fn axes(self) -> Option<[Field; 2]> {
        let is_there = |&slot: &usize| {
            let mut groups = self.groups.iter();
            let group = groups.find(|group| group.slots.contains(&slot));
            let lengths = group.and_then(|group| Some((group, group.lengths.as_ref()?)));
            lengths.is_none_or(|(group, lengths)| {
                let least = lengths.iter().min().copied().unwrap_or(0);
                slot - group.slots.start < least
            })
        };
        let mut slots = (0..self.slots.len()).rev().filter(is_there);
        let last = slots.next()?;
        let before = slots.next().unwrap_or(last);
        Some([before, last].map(|slot| Field::new(self, slot)))
    }
}
