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
            r#"{"sliding_window": 10}"#,
            "config field sliding_window is 10: attention to a window of the prompt is not supported",
        ),
        (
            r#"{"sliding_window": 10, "n_ctx": 11}"#,
            "it must be as long as n_ctx, or null",
        ),
        (
            r#"{"use_qk_norm": true}"#,
            "config field use_qk_norm is true: that is not supported",
        ),
        (
            r#"{"attn_scores_soft_cap": 30.0}"#,
            "config field attn_scores_soft_cap is 30.0: that is not supported",
        ),
        (
            r#"{"logit_scale": 0.5}"#,
            "config field logit_scale is 0.5: that is not supported",
        ),
        (r#"{"rotary_pct": 0.25}"#, "say rotary_dim"),
        (
            r#"{"positional_embedding": "standard"}"#,
            "did you mean positional_embedding_type?",
        ),
        (
            r#"{"position_embedding_type": "absolute"}"#,
            "did you mean positional_embedding_type?",
        ),
        (
            r#"{"Attention_Direction": "bidirectional"}"#,
            "did you mean attention_dir?",
        ),
        (r#"{"use_atn_scal": false}"#, "did you mean use_attn_scale?"),
        (
            r#"{"n_heads": 2, "cfg": {"num_heads": 4}}"#,
            "config fields num_heads and n_heads contradict each other",
        ),
        (
            r#"{"shortformer_pos": true, "positional_embedding_type": "standard"}"#,
            "contradict each other",
        ),
        (
            r#"{"n_heads": "two"}"#,
            r#"config field n_heads is "two"; a whole number is needed"#,
        ),
        (
            r#"{"n_heads": -2}"#,
            "config field n_heads is -2; a whole number is needed",
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
        // a size that follows from others
        r#"{"d_vocab_out": -1, "n_heads": -1}"#,
    ] {
        open(config).unwrap();
    }
    // the same thing twice, and switches that stand where they stand here
    open(
        r#"{"n_heads": 2, "num_heads": 2, "rope_scaling": null, "logit_scale": 1, "alibi": false}"#,
    )
    .unwrap();
    let standard = open(r#"{"positional_embedding_type": "standard"}"#).unwrap();
    assert_eq!(standard.transformer.config().positional_embedding, Standard);
}

/// A key that may change what is computed, and that nobody here knows, is told; one of training is not.
#[test]
fn keys_that_are_not_known_are_told() {
    let told = |config: &str| open(config).unwrap().unread.unwrap_or_default();
    let said =
        told(r#"{"lr": 0.1, "attention_sinks": 4, "layer_types": ["full"], "dropout": 0.1}"#);
    assert!(said.contains("attention_sinks, layer_types"), "{said}");
    assert!(!said.contains("lr") && !said.contains("dropout"), "{said}");
    assert_eq!(told(r#"{"use_attn_result": true, "seed": 1}"#), "");
}

/// A link that leads nowhere, a pipe, a folder or a large file beside a checkpoint is an error, and no absence.
#[test]
fn a_config_that_cannot_be_read_does_not_count_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, _) = small().to_files().unwrap();
    let model = folder.path().join("m.safetensors");
    std::fs::write(&model, weights).unwrap();
    let wish = circuitscope::lens::slide::Wish::default();
    let open = || circuitscope::lens::slide::open(&model, &wish, &Device::Cpu);
    open().unwrap();
    for name in ["m.json", "m.config.json", "m.star", "task.star"] {
        let beside = folder.path().join(name);
        let pipe = || {
            let made = std::process::Command::new("mkfifo").arg(&beside).status();
            assert!(made.unwrap().success());
        };
        let large = || {
            std::fs::File::create(&beside)
                .unwrap()
                .set_len(1 << 40)
                .unwrap();
        };
        let link = || std::os::unix::fs::symlink("/nowhere/at/all", &beside).unwrap();
        for (make, problem) in [
            (&pipe as &dyn Fn(), "it is no plain file"),
            (&large, "at most"),
            (&link, "No such file"),
        ] {
            make();
            let message = format!("{:#}", open().unwrap_err());
            let names = message.contains(beside.to_str().unwrap());
            assert!(names && message.contains(problem), "{name}: {message}");
            std::fs::remove_file(&beside).unwrap();
        }
    }
}

/// Beside a checkpoint one says more of it: what its own config says of anything else still holds.
#[test]
fn what_is_said_beside_a_checkpoint_does_not_silence_what_is_said_in_it() {
    use circuitscope::model::config::{Sidecar, over};
    let fields = |text: &str| Sidecar::fields_of(text).unwrap();
    let inside =
        fields(r#"{"cfg": {"act_fn": "gelu", "n_head": 4}, "shortformer_pos": true, "lr": 1}"#);
    let beside = fields(r#"{"n_heads": 2, "positional_embedding_type": "standard"}"#);
    let said = Sidecar::from_fields(&over(&inside, &beside)).unwrap();
    assert_eq!(
        (said.n_heads, said.positional_embedding_type),
        (Some(2), Some(Standard))
    );
    assert!(said.act_fn.is_some());
}

#[test]
fn a_window_that_leaves_nothing_out_changes_nothing() {
    for config in [
        r#"{"sliding_window": null}"#,
        r#"{"sliding_window": 11, "n_ctx": 11}"#,
        r#"{"sliding_window": 2, "use_sliding_window": false}"#,
    ] {
        let model = open(config).unwrap();
        assert!(model.unread.is_none(), "{config}: {:?}", model.unread);
    }
}
