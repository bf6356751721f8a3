//! What names of modules mean.

/// A part of a model that a tensor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Embed,
    Positions,
    Unembed,
    Norm,
    Query,
    Key,
    Value,
    /// Queries, keys and values, joined.
    All,
    Output,
    Norm1,
    Norm2,
    In,
    Gate,
    Out,
    /// The neurons' own norm.
    Inner,
    /// Nothing learned.
    Buffer,
}

/// A tensor's name, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// The block, if it is in one.
    pub layer: Option<usize>,
    /// The head, if it is one's own.
    pub head: Option<usize>,
    pub part: Part,
    pub bias: bool,
}

const TOP: [(Part, &[&str]); 4] = [
    (
        Part::Embed,
        &[
            "embed",
            "tok_embed",
            "token_embed",
            "token_embedding",
            "embedding",
            "tok_emb",
            "token_emb",
            "wte",
            "tok_embeddings",
            "embed_tokens",
            "embeddings",
        ],
    ),
    (
        Part::Positions,
        &[
            "pos_embed",
            "pos",
            "pos_embedding",
            "position_embedding",
            "positional_embedding",
            "pos_emb",
            "wpe",
            "position_embeddings",
            "pos_enc",
        ],
    ),
    (
        Part::Norm,
        &[
            "ln_final",
            "ln_out",
            "ln_f",
            "norm",
            "final_norm",
            "norm_f",
            "ln",
            "final_ln",
        ],
    ),
    (
        Part::Unembed,
        &[
            "unembed",
            "head",
            "lm_head",
            "output",
            "out",
            "fc_out",
            "fc",
            "unembedding",
            "classifier",
        ],
    ),
];
const ATTENTION: [&str; 7] = [
    "attn.",
    "attention.",
    "self_attn.",
    "self_attention.",
    "mha.",
    "sa.",
    "",
];
const PROJECTIONS: [(Part, &[&str]); 5] = [
    (Part::Query, &["q", "W_Q", "query", "q_proj", "wq", "to_q"]),
    (Part::Key, &["k", "W_K", "key", "k_proj", "wk", "to_k"]),
    (Part::Value, &["v", "W_V", "value", "v_proj", "wv", "to_v"]),
    (
        Part::Output,
        &[
            "o", "W_O", "out_proj", "o_proj", "proj", "c_proj", "wo", "to_out",
        ],
    ),
    (Part::All, &["qkv", "c_attn", "in_proj", "qkv_proj"]),
];
const NEURONS: [&str; 6] = ["mlp.", "ffn.", "ff.", "feed_forward.", "feedforward.", ""];
const LAYERS: [(Part, &[&str]); 4] = [
    (
        Part::In,
        &[
            "in", "fc_in", "W_in", "0", "c_fc", "fc1", "linear1", "up", "up_proj",
        ],
    ),
    (
        Part::Out,
        &[
            "out",
            "fc_out",
            "W_out",
            "2",
            "c_proj",
            "fc2",
            "linear2",
            "down",
            "down_proj",
        ],
    ),
    (Part::Gate, &["gate", "W_gate", "gate_proj"]),
    (Part::Inner, &["ln"]),
];
const NORMS: [(Part, &[&str]); 2] = [
    (
        Part::Norm1,
        &[
            "ln1",
            "norm1",
            "ln_1",
            "attn_norm",
            "input_layernorm",
            "attention_norm",
        ],
    ),
    (
        Part::Norm2,
        &[
            "ln2",
            "norm2",
            "ln_2",
            "mlp_norm",
            "post_attention_layernorm",
            "ffn_norm",
        ],
    ),
];
/// What a block is called that is the only one.
const ONLY: [&str; 4] = ["block.", "layer.", "transformer_block.", "encoder_layer."];
/// Modules that hold the blocks, and what stands beside these.
const CONTAINERS: [&str; 4] = [
    "encoder.",
    "transformer_encoder.",
    "decoder.",
    "transformer.",
];
const BUFFERS: [&str; 8] = [
    "mask",
    "causal_mask",
    "tril",
    "IGNORE",
    "cos_cached",
    "sin_cached",
    "attn_mask",
    "inv_freq",
];

fn find(table: &[(Part, &[&str])], word: &str) -> Option<Part> {
    let row = table.iter().find(|(_, words)| words.contains(&word));
    row.map(|(part, _)| *part)
}

/// What a name means; `None` where nobody is known to give it.
pub(super) fn understood(name: &str) -> Option<Name> {
    let last = name.rsplit('.').next()?;
    let pieces: Vec<&str> = name.split('.').collect();
    // heads and the modules of an MLP are numbered, too
    let is_list = |at: usize| {
        let of = at.checked_sub(1).and_then(|before| pieces.get(before));
        !of.is_some_and(|of| {
            *of == "heads" || NEURONS.iter().any(|one| one.trim_end_matches('.') == *of)
        })
    };
    let number = (0..pieces.len()).find(|&at| pieces[at].parse::<usize>().is_ok() && is_list(at));
    let layer = number.and_then(|at| pieces[at].parse().ok());
    let named = |part, head, bias| Name {
        layer,
        head,
        part,
        bias,
    };
    if BUFFERS.contains(&last) {
        return Some(named(Part::Buffer, None, false));
    }
    let (place, bias) = match last {
        "weight" => (name.strip_suffix(".weight")?, false),
        "bias" => (name.strip_suffix(".bias")?, true),
        // nn.MultiheadAttention
        "in_proj_weight" => (name.strip_suffix("_weight")?, false),
        "in_proj_bias" => (name.strip_suffix("_bias")?, true),
        // a parameter of its own
        _ => (name, false),
    };
    let Some(at) = number else {
        let inside = CONTAINERS.iter().find_map(|name| place.strip_prefix(name));
        if let Some(part) = find(&TOP, inside.unwrap_or(place)) {
            return Some(named(part, None, bias));
        }
        // the only block there is may be in no list
        let inside = ONLY.iter().find_map(|name| place.strip_prefix(name));
        let (part, head) = of_block(inside.unwrap_or(place))?;
        return Some(Name {
            layer: Some(0),
            ..named(part, head, bias)
        });
    };
    let block = pieces[..=at].join(".").len() + 1;
    let (part, head) = of_block(place.get(block..)?)?;
    Some(named(part, head, bias))
}

/// The part of a block that a name inside of it is, and the head where it is one's own.
fn of_block(inside: &str) -> Option<(Part, Option<usize>)> {
    if let Some(part) = find(&NORMS, inside) {
        return Some((part, None));
    }
    let part = ATTENTION.iter().find_map(|prefix| {
        let rest = inside.strip_prefix(prefix)?;
        if let Some(head) = rest.strip_prefix("heads.") {
            let (head, rest) = head.split_once('.')?;
            return Some((find(&PROJECTIONS, rest)?, Some(head.parse().ok()?)));
        }
        Some((find(&PROJECTIONS, rest)?, None))
    });
    if part.is_some() {
        return part;
    }
    NEURONS.iter().find_map(|prefix| {
        let part = find(&LAYERS, inside.strip_prefix(prefix)?)?;
        Some((part, None))
    })
}
