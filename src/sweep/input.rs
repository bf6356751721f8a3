//! One input of a sweep, and the inputs in pieces.

use super::block::Block;
use super::run::Over;
use super::space::Space;
use crate::task::Update;
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

    /// How many tokens have a logit.
    pub fn tokens(&self) -> usize {
        match self.numbers {
            Numbers::Single(block) => block.d_vocab_out,
            Numbers::Double(block) => block.d_vocab_out,
        }
    }

    /// The input itself.
    pub fn update(&self) -> Update {
        self.space.update(self.fields)
    }

    /// Its place in the space's order; 0 where that cannot be counted.
    pub fn number(&self) -> u64 {
        let n = self.space.task.list_len;
        let list = self.space.list_of(&self.update()) as u64;
        let per_list = self.space.inputs_per_list() as u64;
        let in_list = self.fields[n] * self.space.task.max_num as usize + self.fields[n + 1];
        list.wrapping_mul(per_list).wrapping_add(in_list as u64)
    }
}

/// The inputs in pieces.
pub(super) struct Pieces {
    pub count: usize,
    /// Lists, or examples, that one has.
    each: usize,
    pub lists: usize,
    pub sample: Option<Vec<Update>>,
}

impl Pieces {
    pub fn new(space: Space, over: Over, each: usize) -> Result<Self> {
        let task = space.task;
        match over {
            Over::Space => {
                space.count()?;
                let lists = space.lists().context("too many lists")?;
                Ok(Self {
                    count: lists.div_ceil(each),
                    each,
                    lists,
                    sample: None,
                })
            }
            Over::Sample(sample) => {
                let prompts = sample.prompts(task).into_iter();
                let sample: Vec<Update> = prompts.map(|prompt| prompt.update).collect();
                Ok(Self {
                    count: sample.len().div_ceil(each),
                    each,
                    lists: 0,
                    sample: Some(sample),
                })
            }
        }
    }

    pub fn range(&self, piece: usize, all: usize) -> Range<usize> {
        piece * self.each..((piece + 1) * self.each).min(all)
    }

    pub fn inputs(&self, piece: usize, space: Space) -> u64 {
        match &self.sample {
            Some(sample) => self.range(piece, sample.len()).len() as u64,
            None => (self.range(piece, self.lists).len() * space.inputs_per_list()) as u64,
        }
    }
}
