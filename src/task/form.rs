//! The form in which all inputs of a task can be swept through tables.

use super::rule::{Pick, Rule};
use super::spec::{Answer, Place, Spec};
use super::{Task, Token};

/// A task whose answers are copies of fields, chosen by the last field but one, the *switch*; the last
/// field is the *lane*: inputs that differ in it alone are computed side by side. Every field holds any
/// token from 0 up to its size, and a class is the token of its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// How many values each slot has.
    pub sizes: Vec<usize>,
    /// By value of the switch and answer: the slot that is copied.
    pub picks: Vec<Vec<usize>>,
    /// Fixed tokens, each once, in the order of the layout.
    pub fixed: Vec<Token>,
    /// Whether inputs are walked one by one: see [`Task::form_of_each`].
    pub is_of_each: bool,
    places: Vec<Place>,
}

impl Form {
    pub(super) fn of(spec: &Spec) -> Option<Self> {
        let Rule::Picks(picks) = &spec.rule else {
            return None;
        };
        let switch = spec.slots.len().checked_sub(2)?;
        let uneven = |one: &super::Group| one.distinct || one.lengths.is_some();
        if spec.exists.is_some() || spec.pad.is_some() || spec.groups.iter().any(uneven) {
            return None;
        }
        let counted = |values: &[Token]| values.iter().copied().eq(0..values.len() as Token);
        let same = |token: Token| spec.class_of_token(token) == Some(token);
        let slots = spec.slots.iter();
        if !slots.clone().all(|slot| counted(&slot.values)) || picks.by != [switch] {
            return None;
        }
        let sizes: Vec<usize> = slots.map(|slot| slot.values.len()).collect();
        let one = |value: usize| {
            let row = picks.each.get(&[value as Token][..])?.iter();
            let slot = |pick: &Pick| match pick {
                Pick::Slot(slot) if (0..sizes[*slot] as Token).all(same) => Some(*slot),
                _ => None,
            };
            row.map(slot).collect::<Option<Vec<usize>>>()
        };
        let picks: Option<Vec<Vec<usize>>> = (0..sizes[switch]).map(one).collect();
        Some(Self {
            picks: picks?,
            sizes,
            fixed: fixed(spec),
            is_of_each: false,
            places: spec.places.clone(),
        })
    }

    fn of_each(spec: &Spec) -> Option<Self> {
        let mut read: Vec<usize> = spec.answers.iter().map(|answer| answer.read_at).collect();
        read.sort_unstable();
        let twice = read.windows(2).any(|pair| pair[0] == pair[1]);
        let has_holes = spec.pad.is_some() || spec.groups.iter().any(|one| one.lengths.is_some());
        if read.is_empty() || twice || has_holes {
            return None;
        }
        let largest = |values: &[Token]| values.iter().max().map_or(1, |&most| most as usize + 1);
        let mut sizes: Vec<usize> = (spec.slots.iter())
            .map(|slot| largest(&slot.values))
            .collect();
        let mut slot_of = |answer: &Answer| match answer.fed_back {
            Some(_) => {
                sizes.push(spec.vocabulary.len());
                sizes.len() - 1
            }
            // nothing reads it
            None => 0,
        };
        let picks = spec.answers.iter().map(&mut slot_of).collect();
        sizes.extend([1, 1]);
        Some(Self {
            picks: vec![picks],
            sizes,
            fixed: fixed(spec),
            is_of_each: true,
            places: spec.places.clone(),
        })
    }

    /// The slot of the switch.
    #[must_use]
    pub fn switch(&self) -> usize {
        self.sizes.len() - 2
    }

    /// The slot of the lane.
    #[must_use]
    pub fn lane(&self) -> usize {
        self.sizes.len() - 1
    }

    /// How many values the switch has.
    #[must_use]
    pub fn switches(&self) -> usize {
        self.sizes[self.switch()]
    }

    /// How many values the lane has.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.sizes[self.lane()]
    }

    /// How many ways there are to fill the other slots.
    #[must_use]
    pub fn lists(&self) -> Option<usize> {
        let others = self.sizes[..self.switch()].iter();
        others.copied().try_fold(1usize, usize::checked_mul)
    }

    /// What stands at a position of a teacher-forced prompt where the switch has this value.
    #[must_use]
    pub fn at(&self, position: usize, switch: usize) -> Place {
        match self.places[position] {
            Place::Answer(answer) => Place::Slot(self.picks[switch][answer]),
            other => other,
        }
    }

    /// The first position at which inputs may differ that differ in the lane alone: that of its own slot.
    #[must_use]
    pub fn lane_position(&self) -> usize {
        if self.is_of_each {
            return self.places.len();
        }
        let lane = Place::Slot(self.lane());
        let mut places = self.places.iter();
        places.position(|place| *place == lane).unwrap_or(0)
    }

    /// What the slots hold in a prompt of these tokens, where inputs are walked one by one.
    #[must_use]
    pub fn held(&self, prompt: &[Token]) -> Vec<usize> {
        let mut held = vec![0; self.sizes.len()];
        for (place, &token) in self.places.iter().zip(prompt) {
            match place {
                Place::Fixed(_) => {}
                Place::Slot(slot) => held[*slot] = token as usize,
                Place::Answer(answer) => held[self.picks[0][*answer]] = token as usize,
            }
        }
        held
    }
}

/// The fixed tokens of a layout, each once.
fn fixed(spec: &Spec) -> Vec<Token> {
    let mut fixed = Vec::new();
    for place in &spec.places {
        match place {
            Place::Fixed(token) if !fixed.contains(token) => fixed.push(*token),
            _ => {}
        }
    }
    fixed
}

impl Task {
    /// The form for tables, where the task has one.
    #[must_use]
    pub fn form(self) -> Option<&'static Form> {
        self.0.form.get_or_init(|| Form::of(&self.0.spec)).as_ref()
    }

    /// The form in which inputs are walked one by one, whatever the rule: every field is a slot, and
    /// behind them every answer that is fed back; the switch and the lane have one value each. None where
    /// prompts have holes, or two answers are read at one position.
    #[must_use]
    pub fn form_of_each(self) -> Option<&'static Form> {
        let form = &self.0.form_of_each;
        form.get_or_init(|| Form::of_each(&self.0.spec)).as_ref()
    }
}
