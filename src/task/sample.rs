//! Samples of the input space: the notebook's own, bit for bit, and uniform ones.

use super::{ArrayUpdate, Prompt, Update, shown};
use rand_mt::Mt;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Examples a sample holds unless its name says otherwise: the notebook's batch.
const DEFAULT_LEN: usize = 256;
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
    pub fn prompts(&self, task: ArrayUpdate) -> Vec<Prompt> {
        match *self {
            Self::Notebook { seed, len } => {
                notebook_batches(task, len, seed).next().unwrap_or_default()
            }
            Self::Random { seed, len } => {
                let mut rng = Mt::new(seed);
                (0..len).map(|_| random_prompt(task, &mut rng)).collect()
            }
        }
    }
}

fn random_prompt(task: ArrayUpdate, rng: &mut Mt) -> Prompt {
    let a = (0..task.list_len)
        .map(|_| below(rng, task.max_num))
        .collect();
    let idx = below(rng, task.list_len as u32);
    let elt = below(rng, task.max_num);
    Prompt::teacher_forced(Update { a, idx, elt })
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

/// The notebook's data generator: lists from torch's Mersenne Twister seeded with `seed`
/// (`torch.randint`: one word modulo the range), one (idx, elt) a batch from Python's, seeded
/// with 0 (`random.randint`). Source: training notebook, cell 18.
pub fn notebook_batches(
    task: ArrayUpdate,
    batch: usize,
    seed: u32,
) -> impl Iterator<Item = Vec<Prompt>> {
    let mut torch = Mt::new(seed);
    // CPython seeds with init_by_array over the 32-bit digits of the seed, here the one digit 0.
    let mut python = Mt::new_with_key([0u32]);
    std::iter::from_fn(move || {
        let lists: Vec<Vec<u32>> = (0..batch)
            .map(|_| {
                (0..task.list_len)
                    .map(|_| torch.next_u32() % task.max_num)
                    .collect()
            })
            .collect();
        let idx = below(&mut python, task.list_len as u32);
        let elt = below(&mut python, task.max_num);
        let rows = lists.into_iter();
        Some(
            rows.map(|a| Prompt::teacher_forced(Update { a, idx, elt }))
                .collect(),
        )
    })
}
