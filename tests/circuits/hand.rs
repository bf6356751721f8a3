//! A model whose weights are set one by one.

use candle_core::{Device, Tensor};
use circuitscope::model::{Config, HookedTransformer};
use circuitscope::task::{Sizes, Task};
use std::collections::BTreeMap;

/// What a score is made of where attention is to be sure of itself: after the root of a head's width there
/// are still 35 between the key that is meant and any other.
const SURE: f32 = 100.0;

/// Weights that are 0 where nobody set them.
pub struct Hand {
    config: Config,
    task: Task,
    weights: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// Where spaces of these widths begin in the stream, one behind the other, and where they end.
pub fn spaces<const N: usize>(widths: [usize; N]) -> ([usize; N], usize) {
    let mut end = 0;
    let starts = widths.map(|width| {
        end += width;
        end - width
    });
    (starts, end)
}

/// A task from a file's text.
pub fn task(text: &str) -> Task {
    Task::from_file("known.star", text, &[], &Sizes::default()).unwrap()
}

impl Hand {
    pub fn new(config: Config, task: Task) -> Self {
        let zeros = |(name, shape): (String, Vec<usize>)| {
            let zeros = vec![0.0; shape.iter().product()];
            (name, (shape, zeros))
        };
        Self {
            weights: config.parameters().into_iter().map(zeros).collect(),
            config,
            task,
        }
    }

    /// One number of a tensor.
    pub fn set(&mut self, name: &str, index: &[usize], value: f32) {
        let (shape, values) = self.weights.get_mut(name).unwrap();
        assert_eq!(index.len(), shape.len(), "{name}");
        let place = index.iter().zip(&*shape).fold(0, |place, (&i, &len)| {
            assert!(i < len, "{name}{index:?} of {shape:?}");
            place * len + i
        });
        values[place] = value;
    }

    /// Each token is written into a space of its own, and each position into another.
    pub fn embed(&mut self, tokens: usize, positions: usize) {
        for token in 0..self.config.d_vocab {
            self.set("embed.W_E", &[token, tokens + token], 1.0);
        }
        for position in 0..self.config.n_ctx {
            self.set("pos_embed.W_pos", &[position, positions + position], 1.0);
        }
    }

    /// What stands in a space is said: the n-th place the n-th class.
    pub fn unembed(&mut self, out: usize) {
        for class in 0..self.config.d_vocab_out {
            self.set("unembed.W_U", &[out + class, class], 8.0);
        }
    }

    /// A head looks for what its query names: places of the stream and of the head, for queries and keys.
    pub fn looks(
        &mut self,
        [layer, head]: [usize; 2],
        queries: impl IntoIterator<Item = (usize, usize)>,
        keys: impl IntoIterator<Item = (usize, usize)>,
    ) {
        for (stream, place) in queries {
            let name = format!("blocks.{layer}.attn.W_Q");
            self.set(&name, &[head, stream, place], 1.0);
        }
        for (stream, place) in keys {
            let name = format!("blocks.{layer}.attn.W_K");
            self.set(&name, &[head, stream, place], SURE);
        }
    }

    /// A head copies so many places from one space into another.
    pub fn copies(&mut self, [layer, head]: [usize; 2], from: usize, to: usize, width: usize) {
        for place in 0..width {
            let name = format!("blocks.{layer}.attn.W_V");
            self.set(&name, &[head, from + place, place], 1.0);
            let name = format!("blocks.{layer}.attn.W_O");
            self.set(&name, &[head, place, to + place], 1.0);
        }
    }

    pub fn model(self) -> HookedTransformer {
        let tensor = |(name, (shape, values)): (String, (Vec<usize>, Vec<f32>))| {
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
            (name, tensor)
        };
        let tensors = self.weights.into_iter().map(tensor).collect();
        HookedTransformer::from_tensors(self.config, self.task, &Device::Cpu, &tensors).unwrap()
    }
}
