//! What the user says of a model on the command line: it comes before everything else.

use super::{Activation, AttentionDir, Config, Normalization, PositionalEmbedding, Sidecar};
use crate::task::shown;
use anyhow::{Context, Result, ensure};

/// Choices that are set, each of which the tensors do not decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Where positions enter.
    pub positions: Option<PositionalEmbedding>,
    /// The activation of the MLP.
    pub act: Option<Activation>,
    /// Which positions attention looks at.
    pub attention: Option<AttentionDir>,
    /// The token that no attention looks at.
    pub pad: Option<u32>,
    /// The number that keeps a norm from dividing by zero.
    pub norm_eps: Option<f64>,
    /// A norm that has no parameters, or none.
    pub norm: Option<Normalization>,
    /// Heads in a block, where the tensors join them.
    pub heads: Option<usize>,
}

impl Overrides {
    /// The names of what can be set, as on the command line.
    pub const NAMES: [&str; 7] = [
        "positions",
        "act",
        "attention",
        "pad",
        "norm-eps",
        "norm",
        "heads",
    ];

    /// Sets one of [`Self::NAMES`] from a word.
    ///
    /// # Errors
    /// Says which words there are.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        match name {
            "positions" => self.positions = Some(PositionalEmbedding::parse(text)?),
            "act" => self.act = Some(Activation::parse(text)?),
            "attention" => self.attention = Some(AttentionDir::parse(text)?),
            "pad" => self.pad = Some(number(name, text)?),
            "norm-eps" => self.norm_eps = Some(small(text)?),
            "norm" => self.norm = Some(Normalization::parse(text)?),
            "heads" => {
                let heads: usize = number(name, text)?;
                ensure!(
                    heads > 0,
                    "--heads 0 leaves no heads; a number from 1 on is needed"
                );
                self.heads = Some(heads);
            }
            _ => anyhow::bail!("no option --{}", shown(name)),
        }
        Ok(())
    }

    /// What is set, as the flags that say so behind a model's name; nothing where nothing is.
    #[must_use]
    pub fn words(&self) -> String {
        let set = [
            self.positions.map(|one| one.name().to_owned()),
            self.act.map(|one| one.name().to_owned()),
            self.attention.map(|one| one.name().to_owned()),
            self.pad.map(|pad| pad.to_string()),
            self.norm_eps.map(|eps| eps.to_string()),
            self.norm.map(|one| one.name().to_owned()),
            self.heads.map(|heads| heads.to_string()),
        ];
        let flags = Self::NAMES.iter().zip(set);
        let flags = flags.filter_map(|(name, value)| Some(format!(" --{name} {}", value?)));
        let flags: String = flags.collect();
        match flags.is_empty() {
            true => flags,
            false => format!(" with{flags}"),
        }
    }

    /// Refuses what a model has no use for, where the tensors alone would not show that it is wrong.
    ///
    /// # Errors
    /// Names the flag and what the model is.
    pub(crate) fn check(&self, config: &Config) -> Result<()> {
        match self.heads {
            Some(heads) if config.is_bare() => {
                anyhow::bail!("--heads {heads}, and this model has no attention")
            }
            _ => Ok(()),
        }
    }

    /// What was said beside the weights, with this put over it.
    #[must_use]
    pub(crate) fn over(&self, said: &Sidecar) -> Sidecar {
        Sidecar {
            positional_embedding_type: self.positions.or(said.positional_embedding_type),
            act_fn: self.act.or(said.act_fn),
            attention_dir: self.attention.or(said.attention_dir),
            pad_token: self.pad.or(said.pad_token),
            eps: self.norm_eps.or(said.eps),
            normalization_type: self.norm.or(said.normalization_type),
            n_heads: self.heads.or(said.n_heads),
            ..said.clone()
        }
    }
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T> {
    let parsed = text.parse().ok();
    parsed.with_context(|| format!("--{name} '{}' is no whole number", shown(text)))
}

/// A number that a variance can stand beside.
fn small(text: &str) -> Result<f64> {
    let parsed = text.parse().ok();
    let fits = parsed.filter(|eps: &f64| eps.is_finite() && (0.0..=1.0).contains(eps));
    fits.with_context(|| format!("--norm-eps '{}' is no number from 0 to 1", shown(text)))
}
