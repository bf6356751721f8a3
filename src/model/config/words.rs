//! What a config is, in words.

use super::{Activation, Assumed, AttentionDir, Config, Normalization, PositionalEmbedding};
use crate::task::number::significant;

impl Config {
    /// Where positions enter, and whether that was said or is assumed.
    #[must_use]
    pub fn positions_words(&self) -> String {
        let mut words = self.positional_embedding.name().to_owned();
        if self.positional_embedding == PositionalEmbedding::Rotary {
            let pairs = if self.rotary.adjacent_pairs {
                "neighbours"
            } else {
                "halves"
            };
            words += &format!(
                " ({} of {} numbers, base {}, {pairs})",
                self.rotary.dim, self.d_head, self.rotary.base
            );
        }
        words + self.mark(Assumed::Positions)
    }

    /// Why there is no such layer.
    #[must_use]
    pub fn no_layer(&self, layer: usize) -> String {
        match self.n_layers {
            0 => "this model has no blocks; its hooks are hook_embed, hook_pre and hook_post"
                .to_owned(),
            n => format!(
                "no layer {layer} in a model of {n} layers; the layers are 0 to {}",
                n - 1
            ),
        }
    }

    /// Whether a choice is assumed.
    #[must_use]
    pub fn assumes(&self, choice: Assumed) -> bool {
        self.assumed.contains(&choice)
    }

    /// What is assumed and was not decided by accuracy, each with the flag that says otherwise:
    /// `positions standard (--positions)`.
    #[must_use]
    pub fn assumed_words(&self) -> Vec<String> {
        let act = self.mlp.map_or("none", |mlp| mlp.act_fn.name());
        let words = |choice: &Assumed| match choice {
            Assumed::Positions => {
                format!(
                    "positions {} (--positions)",
                    self.positional_embedding.name()
                )
            }
            Assumed::Attention => format!("attention {} (--attention)", self.attention_dir.name()),
            Assumed::Act => format!("activation {act} (--act)"),
            Assumed::Eps => format!("eps {} (--norm-eps)", self.eps),
        };
        let open = self.assumed.difference(&self.judged);
        open.map(words).collect()
    }

    /// All that neither the tensors nor a config said, in a few words, whatever decided it: `assumed: shortformer,
    /// causal, eps 1e-5`. Empty where all was said.
    #[must_use]
    pub fn assumed_in_short(&self) -> String {
        let words = |choice: &Assumed| match choice {
            Assumed::Positions => match self.positional_embedding.name() {
                "none" => "no positions".to_owned(),
                name => name.to_owned(),
            },
            Assumed::Attention => self.attention_dir.name().to_owned(),
            Assumed::Act => self.mlp.map_or("", |mlp| mlp.act_fn.name()).to_owned(),
            Assumed::Eps => format!("eps {}", significant(self.eps, 1)),
        };
        let choices: Vec<String> = self.assumed.iter().map(words).collect();
        match choices.is_empty() {
            true => String::new(),
            false => format!("assumed: {}", choices.join(", ")),
        }
    }

    fn mark(&self, choice: Assumed) -> &'static str {
        if self.judged.contains(&choice) {
            " (by accuracy)"
        } else if self.assumes(choice) {
            " (assumed)"
        } else {
            ""
        }
    }

    /// Everything that decides what is computed, one thing an entry: `4 layers`, `positions standard
    /// (assumed)`.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        if self.is_bare() {
            let mut all = vec!["no attention: the embeddings' sum goes through neurons".to_owned()];
            all.extend(self.mlp_words());
            all.push(format!("d_model {}", self.d_model));
            return all;
        }
        let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let mut heads = counted(self.n_heads, "head");
        if self.n_key_value_heads < self.n_heads {
            let shared = counted(self.n_key_value_heads, "key");
            heads += &format!(" that share {shared}");
        }
        let mut all = vec![
            counted(self.n_layers, "layer"),
            heads,
            format!("d_model {}", self.d_model),
            format!("d_head {}", self.d_head),
        ];
        all.push(format!("positions {}", self.positions_words()));
        all.push(self.attention_words());
        all.extend(self.norm_words());
        match self.mlp_words() {
            Some(words) => all.push(words),
            None => all.push("no MLP".to_owned()),
        }
        all
    }

    /// Which positions attention looks at, and what scores are divided by where that is unusual.
    #[must_use]
    pub fn attention_words(&self) -> String {
        let mut words = format!("attention {}", self.attention_dir.name());
        if let Some(pad) = self.pad_token {
            words += &format!(", not at padding (token {pad})");
        }
        if !self.has_usual_scale() {
            words += &format!(", scores divided by {}", self.attn_scale);
        }
        words + self.mark(Assumed::Attention)
    }

    /// Whether scores are divided by the root of the head's width.
    pub(crate) fn has_usual_scale(&self) -> bool {
        let usual = (self.d_head as f64).sqrt();
        // a file may have rounded it
        (self.attn_scale - usual).abs() <= 1e-6 * usual
    }

    fn norm_words(&self) -> Option<String> {
        (self.normalization != Normalization::None).then(|| {
            let last = if self.no_final_norm {
                ", none at the end".to_owned()
            } else if self.final_rms && self.normalization.centres() {
                format!(", the last one {}", self.final_norm().name())
            } else {
                String::new()
            };
            let (kind, eps) = (self.normalization.name(), self.eps);
            format!("{kind} (eps {eps}{}){last}", self.mark(Assumed::Eps))
        })
    }

    fn mlp_words(&self) -> Option<String> {
        let mlp = self.mlp.as_ref()?;
        let gated = if mlp.gated { "gated " } else { "" };
        let parallel = if mlp.parallel {
            ", beside attention"
        } else {
            ""
        };
        let act = mlp.act_fn.name();
        Some(format!(
            "{gated}MLP of {} neurons, {act}{}{parallel}",
            mlp.d_mlp,
            self.mark(Assumed::Act)
        ))
    }

    /// What of a run stays as it was where its numbers are told as sums; `None` where that is its
    /// attention alone. `through` says whether parts go on through the gates of its neurons.
    #[must_use]
    pub fn given_words(&self, through: bool) -> Option<String> {
        let mut given = Vec::new();
        if self.n_layers > 0 {
            given.push("attention");
        }
        if self.normalization != Normalization::None {
            given.push("norm scales");
        }
        let gates = through && self.has_gates();
        if gates {
            given.push("ReLU gates");
        }
        let node = (self.mlp.is_some() && !gates).then_some("what an MLP writes is one part");
        let given = match given.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => return node.map(str::to_owned),
        };
        let only_attention = given == "attention";
        match node {
            Some(node) => Some(format!("{given} of this run; {node}")),
            None => (!only_attention).then(|| format!("{given} of this run")),
        }
    }

    /// What keeps the model from being attention alone, added up.
    pub(super) fn beyond_linear(&self) -> Vec<&'static str> {
        let rotary = self.positional_embedding == PositionalEmbedding::Rotary;
        let nowhere = self.positional_embedding == PositionalEmbedding::None;
        let kinds = [
            (self.is_bare(), "no attention"),
            (self.mlp.is_some() && !self.is_bare(), "an MLP"),
            (self.normalization != Normalization::None, "norms"),
            (rotary, "rotary positions"),
            (nowhere && !self.is_bare(), "no positions"),
            (
                self.attention_dir == AttentionDir::Bidirectional,
                "attention in both directions",
            ),
            (self.pad_token.is_some(), "a padding token"),
            (
                !self.is_bare() && !self.has_usual_scale(),
                "another scale of scores",
            ),
            (
                self.n_key_value_heads < self.n_heads,
                "heads that share keys",
            ),
        ];
        kinds
            .into_iter()
            .filter_map(|(is, what)| is.then_some(what))
            .collect()
    }

    /// What of a config changes the computation and cannot be seen in the weights, as a hash takes
    /// it. What the first models had is left out, so that hashes that were kept go on to be right.
    pub(crate) fn hashed(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        let mut say = |applies: bool, name: &'static str, value: String| {
            if applies {
                all.push((name, value));
            }
        };
        let positions = self.positional_embedding;
        let rotary = positions == PositionalEmbedding::Rotary;
        let normed = self.normalization != Normalization::None;
        let act = self.mlp.map(|mlp| mlp.act_fn);
        say(
            positions != PositionalEmbedding::Shortformer && !self.is_bare(),
            "positional_embedding_type",
            positions.name().to_owned(),
        );
        say(rotary, "rotary_dim", self.rotary.dim.to_string());
        say(rotary, "rotary_base", self.rotary.base.to_string());
        say(
            rotary && self.rotary.adjacent_pairs,
            "rotary_adjacent_pairs",
            "true".to_owned(),
        );
        say(
            self.attention_dir == AttentionDir::Bidirectional,
            "attention_dir",
            self.attention_dir.name().to_owned(),
        );
        let pad = self.pad_token.map(|pad| pad.to_string());
        say(pad.is_some(), "pad_token", pad.unwrap_or_default());
        say(
            !self.is_bare() && !self.has_usual_scale(),
            "attn_scale",
            self.attn_scale.to_string(),
        );
        say(
            normed,
            "normalization_type",
            self.normalization.name().to_owned(),
        );
        say(
            normed || act == Some(Activation::SoluLn),
            "eps",
            self.eps.to_string(),
        );
        say(self.final_rms && normed, "final_rms", "true".to_owned());
        say(
            self.no_final_norm && normed,
            "final_norm",
            "false".to_owned(),
        );
        say(
            act.is_some(),
            "act_fn",
            act.map_or("", Activation::name).to_owned(),
        );
        let parallel = self.mlp.is_some_and(|mlp| mlp.parallel);
        say(parallel, "parallel_attn_mlp", "true".to_owned());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_assumed_is_told_in_short() {
        let mut config = Config {
            positional_embedding: PositionalEmbedding::Shortformer,
            attention_dir: AttentionDir::Causal,
            eps: 1e-5,
            ..Config::default()
        };
        assert_eq!(config.assumed_in_short(), "");
        config.assumed = [Assumed::Positions, Assumed::Attention, Assumed::Eps].into();
        let all = "assumed: shortformer, causal, eps 1e-5";
        assert_eq!(config.assumed_in_short(), all);
        // what accuracy decided nobody said either
        config.judged = [Assumed::Positions].into();
        assert_eq!(config.assumed_in_short(), all);
    }
}
