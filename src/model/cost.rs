//! What a run holds, known before anything is taken for it.

use super::config::Config;
use anyhow::{Result, ensure};

/// Bytes of a number.
const NUMBER: usize = size_of::<f32>();
/// A single run holds at most so many bytes of activations: a workbench holds three, and copies of their
/// attention.
pub const MAX_RUN: usize = 128 << 20;
/// The runs that a thread computes at once hold at most about so many.
pub(super) const MAX_CHUNK: usize = 64 << 20;

impl Config {
    /// How many bytes of activations a run over so many positions holds.
    #[must_use]
    pub fn run_bytes(&self, len: usize) -> usize {
        let d_mlp = self.mlp.map_or(0, |mlp| mlp.d_mlp);
        // scores and probabilities
        let attention = 2 * self.n_heads * len * len;
        // queries, keys, values, what they read, and z; the stream; the neurons
        let positions = len * (self.n_heads * 5 * self.d_head + 6 * self.d_model + 3 * d_mlp);
        let logits = len * self.d_vocab_out;
        NUMBER * (self.n_layers * (attention + positions) + positions + logits)
    }

    /// How many multiplications a run over so many positions is, about.
    #[must_use]
    pub fn run_work(&self, len: usize) -> usize {
        let attention = 2 * self.n_layers * self.n_heads * len * len * self.d_head;
        self.weights() * len + attention
    }

    /// # Errors
    /// When a run over so many positions would hold too much, with the figure.
    pub fn check_run(&self, len: usize) -> Result<()> {
        let bytes = self.run_bytes(len);
        ensure!(
            bytes <= MAX_RUN,
            "a run over {len} positions through {} layers of {} heads would hold {} MB of activations, at most \
             {} MB are held; a task with shorter prompts may fit (--task)",
            self.n_layers,
            self.n_heads,
            bytes >> 20,
            MAX_RUN >> 20
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::model::config::PositionalEmbedding::Standard;

    #[test]
    fn a_run_that_would_hold_too_much_is_refused_with_the_figure() {
        let small = Config::attention_only([4, 8], [64, 8], 64, [100, 100], Standard);
        small.check_run(64).unwrap();
        // what a cache of such a run holds: attention alone is 2 MB
        assert!((1 << 20..4 << 20).contains(&small.run_bytes(64)));
        let heads = Config::attention_only([32, 64], [1, 1], 105, [52, 50], Standard);
        let said = heads.check_run(105).unwrap_err().to_string();
        assert!(
            said.contains("105 positions") && said.contains(" MB of activations"),
            "{said}"
        );
        let widest = Config::attention_only([64, 64], [8192, 8192], 1024, [65536, 65536], Standard);
        assert!(widest.check_run(1024).is_err());
    }
}
