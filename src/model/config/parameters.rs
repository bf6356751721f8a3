//! The names and shapes of a model's tensors.

use super::{Activation, Config, Normalization};

/// Names and shapes.
type Named = Vec<(String, Vec<usize>)>;

impl Config {
    /// How many numbers all its parameters have.
    #[must_use]
    pub fn weights(&self) -> usize {
        let parameters = self.parameters();
        let sizes = parameters
            .iter()
            .map(|(_, shape)| shape.iter().product::<usize>());
        sizes.sum()
    }

    /// Every parameter with its TransformerLens name and shape; the biases (`b_*`, `.b`) may be
    /// absent from a checkpoint, they are zero then.
    #[must_use]
    pub fn parameters(&self) -> Named {
        if self.is_bare() {
            let d_mlp = self.mlp.map_or(0, |mlp| mlp.d_mlp);
            return vec![
                ("W_E".to_owned(), vec![self.d_vocab, self.d_model]),
                ("W_in".to_owned(), vec![self.d_model, d_mlp]),
                ("W_U".to_owned(), vec![d_mlp, self.d_vocab_out]),
            ];
        }
        let d = self.d_model;
        let mut all = vec![("embed.W_E".to_owned(), vec![self.d_vocab, d])];
        if self.has_w_pos() {
            all.push(("pos_embed.W_pos".to_owned(), vec![self.n_ctx, d]));
        }
        for layer in 0..self.n_layers {
            norm(
                &mut all,
                &format!("blocks.{layer}.ln1"),
                self.normalization,
                d,
            );
            self.attention(&mut all, layer);
            self.neurons(&mut all, layer);
        }
        norm(&mut all, "ln_final", self.final_norm(), d);
        all.push(("unembed.W_U".to_owned(), vec![d, self.d_vocab_out]));
        all.push(("unembed.b_U".to_owned(), vec![self.d_vocab_out]));
        all
    }

    fn attention(&self, all: &mut Named, layer: usize) {
        let (h, d, e) = (self.n_heads, self.d_model, self.d_head);
        let mut push = |name: &str, shape: Vec<usize>| {
            all.push((format!("blocks.{layer}.attn.{name}"), shape));
        };
        for side in ["Q", "K", "V"] {
            // grouped ones have names of their own, as in TransformerLens
            let (mark, heads) = match self.n_key_value_heads {
                shared if shared < h && side != "Q" => ("_", shared),
                _ => ("", h),
            };
            push(&format!("{mark}W_{side}"), vec![heads, d, e]);
            push(&format!("{mark}b_{side}"), vec![heads, e]);
        }
        push("W_O", vec![h, e, d]);
        push("b_O", vec![d]);
    }

    fn neurons(&self, all: &mut Named, layer: usize) {
        let Some(mlp) = self.mlp else {
            return;
        };
        let (d, n) = (self.d_model, mlp.d_mlp);
        norm(all, &format!("blocks.{layer}.ln2"), self.normalization, d);
        let mut push = |name: &str, shape: Vec<usize>| {
            all.push((format!("blocks.{layer}.mlp.{name}"), shape));
        };
        if mlp.gated {
            push("W_gate", vec![d, n]);
        }
        push("W_in", vec![d, n]);
        push("b_in", vec![n]);
        push("W_out", vec![n, d]);
        push("b_out", vec![d]);
        if mlp.act_fn == Activation::SoluLn && self.normalization == Normalization::Ln {
            norm(all, &format!("blocks.{layer}.mlp.ln"), Normalization::Ln, n);
        }
    }
}

fn norm(all: &mut Named, name: &str, kind: Normalization, width: usize) {
    if kind.has_weights() {
        all.push((format!("{name}.w"), vec![width]));
        if kind.centres() {
            all.push((format!("{name}.b"), vec![width]));
        }
    }
}

/// Whether a parameter may be absent: a bias.
#[must_use]
pub fn is_bias(name: &str) -> bool {
    let last = name.rsplit('.').next();
    last.is_some_and(|last| last == "b" || last.trim_start_matches('_').starts_with("b_"))
}
