//! One input of a sweep, and the inputs in pieces.

use super::beside::Untouched;
use super::block::Block;
use super::run::{BLOCK, Over};
use super::space::Space;
use crate::task::{Form, Target, Token, Values};
use anyhow::{Context, Result};
use std::ops::Range;

/// The numbers of one input.
pub(super) struct Input<'a> {
    pub space: Space,
    /// `a_0 .. idx elt`
    pub fields: &'a [usize],
    /// Its place in the block.
    pub at: usize,
    pub numbers: Numbers<'a>,
    /// By [`super::block::Wanted::beside`]: those of the untouched model.
    pub untouched: &'a [Untouched],
}

#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    Single(&'a Block<f32>),
    Double(&'a Block<f64>),
}

/// Of which kind a number is.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// By prediction.
    Margin(usize),
    /// By prediction; where the margin is not above 0.
    Other(usize),
    /// By prediction.
    Loss(usize),
    /// By cell of [`super::block::Wanted::rows`].
    Score(usize),
    /// By cell of [`super::block::Wanted::rows`].
    Pattern(usize),
    /// By prediction and token.
    Logit(usize, usize),
    /// By path of [`super::block::Wanted::paths`] and token.
    Share(usize, usize),
    /// By position and coefficient, counted through.
    Carried(usize),
    /// By number of [`super::block::Wanted::held`].
    Held(usize),
}

impl Input<'_> {
    /// One of its numbers.
    #[inline(always)]
    pub fn get(&self, of: Of) -> f64 {
        match self.numbers {
            Numbers::Single(block) => f64::from(block.get(of, self.at)),
            Numbers::Double(block) => block.get(of, self.at),
        }
    }

    /// What an entry of a circuit does, by its place among [`super::block::Wanted::entries`].
    pub fn done(&self, entry: usize) -> f64 {
        match self.numbers {
            Numbers::Single(block) => block.done[entry * block.pad + self.at],
            Numbers::Double(block) => block.done[entry * block.pad + self.at],
        }
    }

    /// Whether double precision knows no more of what is not defined.
    pub fn is_undefined(&self) -> bool {
        matches!(self.numbers, Numbers::Single(block) if block.undefined)
    }

    /// Whether all logits are tied, as single precision knows it exactly.
    pub fn is_level(&self) -> bool {
        matches!(self.numbers, Numbers::Single(block) if block.level)
    }

    /// How many tokens have a logit.
    pub fn tokens(&self) -> usize {
        match self.numbers {
            Numbers::Single(block) => block.d_vocab_out,
            Numbers::Double(block) => block.d_vocab_out,
        }
    }

    /// The input itself.
    pub fn values(&self) -> Values {
        self.space.values(self.fields)
    }

    /// Its place among all combinations.
    pub fn number(&self) -> u64 {
        self.space.task.number_of(&self.values()) as u64
    }

    /// What is right at a prediction; the first where several classes are.
    #[inline]
    pub fn truth(&self, j: usize) -> Option<usize> {
        match self.targets() {
            Some(targets) => targets[j].token().map(|class| class as usize),
            None => {
                let form = self.space.task.form()?;
                let copied = form.picks[self.fields[form.switch()]][j];
                Some(self.fields[copied])
            }
        }
    }

    /// All classes that are right at a prediction, where these are kept and there are several.
    #[inline]
    pub fn rights(&self, j: usize) -> Option<&[Token]> {
        let all = self.targets().map(|targets| targets[j].tokens());
        all.filter(|all| all.len() > 1)
    }

    /// Whether anything is right at a prediction.
    #[inline]
    pub fn asks(&self, j: usize) -> bool {
        self.targets()
            .is_none_or(|targets| targets[j] != Target::Nothing)
    }

    /// Whether an input of this kind may be without a right answer.
    #[inline]
    pub fn may_lack(&self) -> bool {
        self.targets().is_some()
    }

    /// The targets, where they are kept input by input.
    #[inline]
    fn targets(&self) -> Option<&[Target]> {
        match self.numbers {
            Numbers::Single(block) => block.targets.get(self.at).map(Vec::as_slice),
            Numbers::Double(block) => block.targets.get(self.at).map(Vec::as_slice),
        }
    }

    /// Another class that the field which chooses could have made right: the element's place taken by the
    /// old value, and the other way round.
    pub fn rival(&self, j: usize) -> Option<usize> {
        let form = self.space.task.form()?;
        let copied = form.picks[self.fields[form.switch()]][j];
        let mut others = form.picks.iter().map(|row| row[j]);
        others
            .find(|&other| other != copied)
            .map(|slot| self.fields[slot])
    }
}

/// What the inputs of a sweep are counted by.
pub(super) enum Units {
    /// What fills all fields but the last two, so many: each brings a block an index.
    Lists(usize),
    /// Combinations of all fields, so many.
    Numbers(usize),
    /// These.
    Sample(Vec<Values>),
}

/// The inputs in pieces.
pub(super) struct Pieces {
    pub count: usize,
    /// Units that one has.
    each: usize,
    /// Inputs of a unit.
    inputs: usize,
    pub units: Units,
}

impl Pieces {
    /// Pieces of `each` lists, or of as many inputs as some lists would have.
    pub fn new(space: Space, over: Over, form: Option<&Form>, each: usize) -> Result<Self> {
        let task = space.task;
        let (units, each, inputs) = match (over, form) {
            (Over::Space, Some(form)) => {
                space.count()?;
                let lists = form.lists().context("too many lists")?;
                (Units::Lists(lists), each, form.switches() * form.lanes())
            }
            (Over::Space, None) => {
                let all = usize::try_from(space.count()?)?;
                (Units::Numbers(all), each * BLOCK, 1)
            }
            (Over::Sample(sample), _) => {
                let prompts = sample.prompts(task).into_iter();
                let sample = prompts.map(|prompt| prompt.values).collect();
                (Units::Sample(sample), each, 1)
            }
        };
        let mut pieces = Self {
            count: 0,
            each,
            inputs,
            units,
        };
        pieces.count = pieces.len().div_ceil(each);
        Ok(pieces)
    }

    /// Pieces of `each` of these.
    pub fn listed(inputs: Vec<Values>, each: usize) -> Self {
        Self {
            count: inputs.len().div_ceil(each),
            each,
            inputs: 1,
            units: Units::Sample(inputs),
        }
    }

    fn len(&self) -> usize {
        match &self.units {
            Units::Lists(all) | Units::Numbers(all) => *all,
            Units::Sample(sample) => sample.len(),
        }
    }

    pub fn range(&self, piece: usize) -> Range<usize> {
        piece * self.each..((piece + 1) * self.each).min(self.len())
    }

    pub fn inputs(&self, piece: usize) -> u64 {
        (self.range(piece).len() * self.inputs) as u64
    }
}
