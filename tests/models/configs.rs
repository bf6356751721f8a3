//! The JSON beside a checkpoint: what is read, what is refused and how it is said.

use super::files::small;
use candle_core::Device;
use circuitscope::model::Model;
use circuitscope::model::config::PositionalEmbedding::Standard;

/// A checkpoint in a file, with this JSON beside it.
fn open(config: &str) -> anyhow::Result<Model> {
    let folder = tempfile::tempdir().unwrap();
    let (weights, _) = small().to_files().unwrap();
    std::fs::write(folder.path().join("m.safetensors"), weights).unwrap();
    std::fs::write(folder.path().join("m.json"), config).unwrap();
    Model::open(&folder.path().join("m.safetensors"), &Device::Cpu)
}

#[test]
fn a_wrong_config_field_is_named() {
    for (config, problem) in [
        (
            r#"{"n_layers": 3}"#,
            "config field n_layers is 3, but the tensors have 2",
        ),
        (
            r#"{"n_heads": 1}"#,
            "config field n_heads is 1, but the tensors have 2",
        ),
        (
            r#"{"d_model": 8}"#,
            "config field d_model is 8, but the tensors have 16",
        ),
        (
            r#"{"d_head": 16}"#,
            "config field d_head is 16, but the tensors have 8",
        ),
        (
            r#"{"n_ctx": 13}"#,
            "config field n_ctx is 13, but the tensors have 11",
        ),
        (
            r#"{"d_vocab": 52}"#,
            "config field d_vocab is 52, but the tensors have 9",
        ),
        (
            r#"{"d_vocab_out": 9}"#,
            "config field d_vocab_out is 9, but the tensors have 7",
        ),
        (r#"{"list_len": 4}"#, "list_len 4 needs 13"),
        (r#"{"list_len": 0}"#, "list length 0 is not from 1 to 64"),
        (r#"{"max_num": 8}"#, "max_num 8 needs 10 and 8"),
        (
            r#"{"normalization_type": "LN"}"#,
            "config field normalization_type is LN, but the tensors have no blocks.0.ln1.w",
        ),
        (
            r#"{"attn_only": false}"#,
            "config field attn_only is false, but the tensors have no blocks.0.mlp.W_in",
        ),
        (
            r#"{"positional_embedding_type": "alibi"}"#,
            r#"config field positional_embedding_type is "alibi"; shortformer, standard, rotary or none is needed"#,
        ),
        (
            r#"{"positional_embedding_type": "rotary"}"#,
            "tensor pos_embed.W_pos is extra: positions enter elsewhere in this model",
        ),
        (
            r#"{"positional_embedding_typ": "standard"}"#,
            "config field positional_embedding_typ is no option; did you mean positional_embedding_type?",
        ),
        (
            r#"{"n_layers": 2, "n_layers": 2}"#,
            "config field n_layers is there twice",
        ),
        (
            r#"{"use_qk_norm": true}"#,
            "config field use_qk_norm is true: that is not supported",
        ),
        (
            r#"{"n_heads": "two"}"#,
            r#"config field n_heads is "two"; a whole number is needed"#,
        ),
        (
            r#"{"n_heads": -1}"#,
            "config field n_heads is -1; a whole number is needed",
        ),
        (
            r#"{"attn_only": 1}"#,
            "config field attn_only is 1; true or false is needed",
        ),
        (
            r#"{"normalization_type": 5}"#,
            "config field normalization_type is 5; null, none, LN, LNPre, RMS or RMSPre is needed",
        ),
        (
            "[]",
            "m.json is not one of this tool or TransformerLens; mend or remove it",
        ),
        ("{", "m.json is not one of this tool"),
        ("", "m.json is not one of this tool"),
    ] {
        let message = format!("{:#}", open(config).unwrap_err());
        assert!(message.contains(problem), "{config}: {message}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
    for config in [
        "{}",
        r#"{"act_fn": "relu", "seed": -1, "n_layers": 2, "normalization_type": null}"#,
    ] {
        open(config).unwrap();
    }
    let standard = open(r#"{"positional_embedding_type": "standard"}"#).unwrap();
    assert_eq!(standard.transformer.config().positional_embedding, Standard);
}
