//! The form in which all inputs of a task can be swept through tables.

use super::rule::{Pick, Rule};
use super::spec::{Place, Spec};
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
        let mut fixed = Vec::new();
        for place in &spec.places {
            match place {
                Place::Fixed(token) if !fixed.contains(token) => fixed.push(*token),
                _ => {}
            }
        }
        Some(Self {
            picks: picks?,
            sizes,
            fixed,
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

    /// The position of the lane's own slot.
    #[must_use]
    pub fn lane_position(&self) -> usize {
        let lane = Place::Slot(self.lane());
        let mut places = self.places.iter();
        places.position(|place| *place == lane).unwrap_or(0)
    }
}

impl Task {
    /// The form for tables, where the task has one.
    #[must_use]
    pub fn form(self) -> Option<&'static Form> {
        self.0.form.get_or_init(|| Form::of(&self.0.spec)).as_ref()
    }
}
