//! Samples of the input space: the notebook's own, bit for bit, and uniform ones.

use super::{Field, Prompt, Task, Token, Values, shown};
use rand_mt::Mt;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Examples a sample holds unless its name says otherwise: the notebook's batch.
const DEFAULT_LEN: usize = 256;
/// So often an input that does not exist is drawn again.
const TRIES: usize = 10_000;
/// More than this is a job for a sweep, not for a sample kept in memory.
const MAX_LEN: usize = 1_000_000;

/// Which examples: written `notebook:SEED[:N]` or `random:SEED[:N]`, N being 256 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sample {
    /// The first batch of the notebook's `make_data_generator(cfg, N, seed=SEED)` after
    /// `random.seed(0)`: all rows share one (idx, elt).
    Notebook {
        /// Seeds torch's generator; Python's is seeded with 0, as the notebook's config does.
        seed: u32,
        /// Rows in the batch.
        len: usize,
    },
    /// Every field of every row drawn uniformly.
    Random {
        /// Seeds the generator.
        seed: u32,
        /// Rows.
        len: usize,
    },
}

impl Default for Sample {
    fn default() -> Self {
        Self::Random {
            seed: 0,
            len: DEFAULT_LEN,
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, seed, len) = match *self {
            Self::Notebook { seed, len } => ("notebook", seed, len),
            Self::Random { seed, len } => ("random", seed, len),
        };
        write!(f, "{name}:{seed}")?;
        if len != DEFAULT_LEN {
            write!(f, ":{len}")?;
        }
        Ok(())
    }
}

impl From<Sample> for String {
    fn from(sample: Sample) -> Self {
        sample.to_string()
    }
}

impl TryFrom<String> for Sample {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl FromStr for Sample {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> anyhow::Result<Self> {
        super::limits::check_line(text)?;
        let form = "a sample is notebook:SEED[:N] or random:SEED[:N]";
        let mut parts = text.trim().split(':');
        let name = parts.next().unwrap_or_default();
        let seed = parts.next().unwrap_or("0");
        let seed: u32 = seed.parse().map_err(|_| {
            anyhow::anyhow!("seed '{}' is not from 0 to 4294967295; {form}", shown(seed))
        })?;
        let len = match parts.next() {
            None => DEFAULT_LEN,
            Some(word) => word
                .parse()
                .ok()
                .filter(|n| (1..=MAX_LEN).contains(n))
                .ok_or_else(|| {
                    anyhow::anyhow!(
                        "length '{}' is not from 1 to {MAX_LEN}; {form}",
                        shown(word)
                    )
                })?,
        };
        anyhow::ensure!(parts.next().is_none(), "too many parts; {form}");
        match name {
            "notebook" => Ok(Self::Notebook { seed, len }),
            "random" => Ok(Self::Random { seed, len }),
            _ => anyhow::bail!("no sample '{}'; {form}", shown(name)),
        }
    }
}

impl Sample {
    /// How many examples it has.
    #[must_use]
    pub fn examples(self) -> usize {
        let (Self::Notebook { len, .. } | Self::Random { len, .. }) = self;
        len
    }

    /// The examples, teacher-forced.
    #[must_use]
    pub fn prompts(&self, task: Task) -> Vec<Prompt> {
        let inputs: Vec<Values> = match *self {
            Self::Notebook { seed, len } => {
                Batches::new(task, len, seed).next().unwrap_or_default()
            }
            Self::Random { seed, len } => {
                let mut rng = Mt::new(seed);
                (0..len).map(|_| task.drawn(&mut rng)).collect()
            }
        };
        inputs.into_iter().map(Prompt::teacher_forced).collect()
    }
}

impl Task {
    /// An input as the task draws it: by its own function, or every field uniformly, slot by slot.
    #[must_use]
    pub fn drawn(self, rng: &mut Mt) -> Values {
        if let Some(draw) = &self.get().draw
            && let Ok(tokens) = draw(rng)
        {
            return Values::new(self, tokens);
        }
        let mut input = self.uniform(&[], rng);
        // what does not exist is drawn again; where hardly anything exists the task needs a function
        for _ in 0..TRIES {
            match self.existing(std::slice::from_ref(&input)).as_deref() {
                Ok([false]) => input = self.uniform(&[], rng),
                _ => break,
            }
        }
        input
    }

    /// An input in which these fields are given and the others are drawn uniformly.
    #[must_use]
    pub fn drawn_with(self, given: &[(Field, Token)], rng: &mut Mt) -> Values {
        if self.get().draw.is_some() || self.get().exists.is_some() {
            return self.drawn(rng);
        }
        self.uniform(given, rng)
    }

    fn uniform(self, given: &[(Field, Token)], rng: &mut Mt) -> Values {
        let is_given = |slot: usize| given.iter().find(|(field, _)| field.slot == slot);
        let groups = self.get().groups.iter();
        let tokens = groups.flat_map(|group| match is_given(group.slots.start) {
            Some((_, token)) if group.slots.len() == 1 => vec![*token],
            _ => group_drawn(self, group, rng),
        });
        Values::new(self, tokens.collect())
    }
}

fn group_drawn(task: Task, group: &super::Group, rng: &mut Mt) -> Vec<Token> {
    let values = task
        .get()
        .slots
        .get(group.slots.start)
        .map_or(&[][..], |slot| &slot.values);
    let len = match &group.lengths {
        Some(lengths) => lengths[below(rng, lengths.len() as u32) as usize],
        None => group.slots.len(),
    };
    let mut left = values.to_vec();
    let mut tokens = Vec::with_capacity(group.slots.len());
    for _ in 0..len {
        let at = below(rng, left.len() as u32) as usize;
        tokens.push(left[at]);
        if group.distinct {
            left.remove(at);
        }
    }
    tokens.resize(group.slots.len(), task.pad.unwrap_or(0));
    tokens
}

/// A uniform number in `0..n`, drawn as CPython's `random.Random._randbelow` draws it: the top
/// bits of a word, again if they are too large.
pub fn below(rng: &mut Mt, n: u32) -> u32 {
    let bits = 32 - n.max(1).leading_zeros();
    loop {
        let value = rng.next_u32() >> (32 - bits);
        if value < n.max(1) {
            return value;
        }
    }
}

/// A standard normal number (Box and Muller 1958).
pub fn standard_normal(rng: &mut Mt) -> f64 {
    let mut uniform = || (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0;
    let (radius, angle) = (uniform(), uniform());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// The notebook's data generator: fields from torch's Mersenne Twister seeded with `seed`
/// (`torch.randint`: one word modulo the range), those that are drawn once a batch, idx and elt,
/// from Python's, seeded with 0 (`random.randint`). Source: training notebook, cell 18.
pub struct Batches {
    task: Task,
    len: usize,
    torch: Mt,
    python: Mt,
}

impl Batches {
    /// Batches of `len` inputs.
    #[must_use]
    pub fn new(task: Task, len: usize, seed: u32) -> Self {
        Self {
            task,
            len,
            torch: Mt::new(seed),
            // CPython seeds with init_by_array over the 32-bit digits of the seed, here the one digit 0
            python: Mt::new_with_key([0u32]),
        }
    }
}

impl Iterator for Batches {
    type Item = Vec<Values>;

    fn next(&mut self) -> Option<Self::Item> {
        let spec = self.task.get();
        let shared = |slot: &usize| spec.once_a_batch.contains(slot);
        let uneven = spec.exists.is_some() || spec.draw.is_some();
        if uneven
            || spec
                .groups
                .iter()
                .any(|one| one.distinct || one.lengths.is_some())
        {
            let torch = &mut self.torch;
            return Some((0..self.len).map(|_| self.task.drawn(torch)).collect());
        }
        let mut rows = vec![vec![0; spec.slots.len()]; self.len];
        for row in &mut rows {
            for slot in (0..spec.slots.len()).filter(|slot| !shared(slot)) {
                let values = &spec.slots[slot].values;
                row[slot] = values[self.torch.next_u32() as usize % values.len()];
            }
        }
        for &slot in &spec.once_a_batch {
            let values = &spec.slots[slot].values;
            let token = values[below(&mut self.python, values.len() as u32) as usize];
            for row in &mut rows {
                row[slot] = token;
            }
        }
        Some(
            rows.into_iter()
                .map(|row| Values::new(self.task, row))
                .collect(),
        )
    }
}
