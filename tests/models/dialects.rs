//! Checkpoints as other programs write them (`tests/golden/make_dialects.py`).

use super::activations::{assert_alike, everything};
use super::common::device;
use candle_core::{Device, Tensor};
use circuitscope::model::config::{Assumed, Config, Overrides, Sidecar};
use circuitscope::model::weights::{RawTensor, StateDict};
use circuitscope::model::{
    Dialect, HookName, HookedTransformer, Model, NoHooks, Opened, Recorder, Site,
};
use circuitscope::task::Task;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dialects")
}

fn read(file: &str, said: &[(&str, &str)]) -> anyhow::Result<Opened> {
    let mut overrides = Overrides::default();
    for (option, word) in said {
        overrides.set(option, word)?;
    }
    Opened::read(&folder().join(file), &overrides)
}

fn model(opened: &Opened) -> HookedTransformer {
    let config = opened.config.clone();
    let model = Model::of(opened, config, Task::default(), device()).unwrap();
    model.transformer
}

fn refused(file: &str, said: &[(&str, &str)]) -> String {
    format!("{:#}", read(file, said).unwrap_err())
}

#[test]
fn every_dialect_computes_what_its_own_program_does() {
    let logits = std::fs::read_to_string(folder().join("logits.json")).unwrap();
    let logits: serde_json::Value = serde_json::from_str(&logits).unwrap();
    for (file, said, dialect) in [
        ("older.pt", &[][..], Dialect::Older),
        ("prefixed.pt", &[], Dialect::TransformerLens),
        ("native.pt", &[], Dialect::TransformerLens4),
        ("joined.pt", &[], Dialect::MultiheadAttention),
        ("apart.pt", &[], Dialect::SeparateHeads),
        ("series.pt#1", &[], Dialect::TransformerLens),
    ] {
        let opened = read(file, said).unwrap();
        assert_eq!(opened.dialect, dialect, "{file}");
        let model = model(&opened);
        let got = everything(&model, &[vec![3, 1, 6, 0, 2]]).0;
        let name = file.split('.').next().unwrap();
        let want: Vec<Vec<f32>> = serde_json::from_value(logits[name].clone()).unwrap();
        let want = Tensor::new(want, &Device::Cpu).unwrap();
        assert_alike(file, &got, &want);
    }
}

#[test]
fn a_config_among_the_weights_is_used() {
    // a dataclass of the author's own: its fields are read, its class is not
    let joined = read("joined.pt", &[]).unwrap().config;
    assert_eq!(joined.n_heads, 2);
    assert!(!joined.assumes(Assumed::Act), "{joined:?}");
    // what the user says comes before it
    let four = read("joined.pt", &[("heads", "4"), ("act", "relu")])
        .unwrap()
        .config;
    assert_eq!((four.n_heads, four.d_head), (4, 2));
    assert_eq!(four.mlp.unwrap().act_fn.name(), "relu");
}

#[test]
fn one_of_a_series_is_chosen_by_its_number() {
    let message = refused("series.pt", &[]);
    assert!(
        message.contains(
            "a series of 3 sets of weights; choose one by its number behind the path, `#0` to `#2`"
        ),
        "{message}"
    );
    let message = refused("series.pt#3", &[]);
    assert!(
        message.contains("the series ends at #2; there is no #3"),
        "{message}"
    );
    let message = refused("older.pt#0", &[]);
    assert!(
        message.contains("one set of weights, no series"),
        "{message}"
    );
    let [first, second] = ["series.pt#0", "series.pt#2"].map(|file| read(file, &[]).unwrap());
    assert_ne!(first.weights, second.weights);
    assert_eq!(first.name, "series.pt#0");
}

#[test]
fn doubles_of_halves_are_the_halves() {
    let half = read("half.pt", &[]).unwrap();
    let whole = read("prefixed.pt", &[]).unwrap();
    for (name, tensor) in &half.weights {
        for (a, b) in tensor.data.iter().zip(&whole.weights[name].data) {
            assert!((a - b).abs() <= b.abs() / 128.0, "{name}: {a} {b}");
        }
    }
}

#[test]
fn joined_heads_must_be_counted_by_somebody() {
    let mut opened = read("joined.pt", &[]).unwrap();
    opened.said.n_heads = None;
    let weights = circuitscope::model::weights::read_state_dict(&folder().join("joined.pt"));
    let said = Sidecar::default();
    let error = Opened::of(weights.unwrap(), &said, "joined".into()).unwrap_err();
    let message = format!("{error:#}");
    assert!(
        message.contains("say n_heads in a JSON beside the checkpoint, or --heads"),
        "{message}"
    );
    let message = refused("joined.pt", &[("heads", "3")]);
    assert!(
        message.contains(
            "joined.pt with --heads 3: 8 rows of queries cannot be divided among 3 heads"
        ),
        "{message}"
    );
    let message = refused("apart.pt", &[("heads", "5")]);
    let says = "apart.pt with --heads 5: config field n_heads is 5, but the tensors have 2";
    assert!(message.contains(says), "{message}");
}

/// A file's tensors under other names.
fn renamed(file: &str, new: impl Fn(&str) -> String) -> StateDict {
    let weights = circuitscope::model::weights::read_state_dict(&folder().join(file)).unwrap();
    let all = weights.into_iter();
    all.map(|(name, tensor)| (new(&name), tensor)).collect()
}

fn opened(weights: StateDict, said: &Sidecar) -> anyhow::Result<Opened> {
    Opened::of(weights, said, "renamed".into())
}

#[test]
fn the_only_block_need_not_be_in_a_list() {
    let said = Sidecar {
        n_heads: Some(2),
        ..Sidecar::default()
    };
    let listed = opened(renamed("joined.pt", str::to_owned), &said).unwrap();
    for place in ["", "block.", "transformer_block."] {
        let alone = renamed("joined.pt", |name| name.replace("blocks.0.", place));
        let alone = opened(alone, &said).unwrap();
        assert_eq!(alone.weights, listed.weights, "{place:?}");
        assert_eq!(alone.config.n_layers, 1);
    }
    // heads with a number each, of which one block has lost its second
    let apart = |place: &str| {
        let all = renamed("apart.pt", str::to_owned).into_iter();
        let of_first = all.filter(|(name, _)| !name.starts_with("layers.1."));
        let named = of_first.map(|(name, tensor)| (name.replace("layers.0.", place), tensor));
        opened(named.collect(), &Sidecar::default()).unwrap()
    };
    assert_eq!(apart("").weights, apart("layers.0.").weights);
}

/// Who writes shared tensors once leaves out the unembedding: it is the embedding then, and that is told.
#[test]
fn a_missing_unembedding_is_the_embedding() {
    let said = Sidecar {
        n_heads: Some(2),
        ..Sidecar::default()
    };
    let tied = || {
        let mut weights = renamed("joined.pt", str::to_owned);
        weights.retain(|name, _| !name.starts_with("head."));
        weights
    };
    let read = opened(tied(), &said).unwrap();
    let (w_e, w_u) = (&read.weights["embed.W_E"], &read.weights["unembed.W_U"]);
    let &[tokens, width] = &w_e.shape[..] else {
        unreachable!("{:?}", w_e.shape);
    };
    assert_eq!(w_u.shape, [width, tokens]);
    for token in 0..tokens {
        for i in 0..width {
            assert_eq!(w_e.data[token * width + i], w_u.data[i * tokens + token]);
        }
    }
    assert!(
        read.noted.iter().any(|one| one.contains("assumed")),
        "{:?}",
        read.noted
    );
    let told = Sidecar {
        tie_word_embeddings: Some(true),
        ..said.clone()
    };
    assert!(opened(tied(), &told).unwrap().noted.is_empty());
    let other = Sidecar {
        tie_word_embeddings: Some(false),
        ..said
    };
    let message = format!("{:#}", opened(tied(), &other).unwrap_err());
    assert!(message.contains("tie_word_embeddings: false"), "{message}");
}

/// `torch.nn.TransformerEncoder` with a last norm, its blocks made with `norm_first=True`.
#[test]
fn an_encoder_of_pytorch_is_read_with_its_last_norm() {
    let block = |name: &str, shape: &[usize]| (format!("encoder.layers.0.{name}"), shape.to_vec());
    let all = [
        ("embed.weight".to_owned(), vec![7, 8]),
        ("pos_embed".to_owned(), vec![5, 8]),
        block("self_attn.in_proj_weight", &[24, 8]),
        block("self_attn.in_proj_bias", &[24]),
        block("self_attn.out_proj.weight", &[8, 8]),
        block("self_attn.out_proj.bias", &[8]),
        block("linear1.weight", &[16, 8]),
        block("linear1.bias", &[16]),
        block("linear2.weight", &[8, 16]),
        block("linear2.bias", &[8]),
        block("norm1.weight", &[8]),
        block("norm1.bias", &[8]),
        block("norm2.weight", &[8]),
        block("norm2.bias", &[8]),
        ("encoder.norm.weight".to_owned(), vec![8]),
        ("encoder.norm.bias".to_owned(), vec![8]),
        ("unembed.weight".to_owned(), vec![7, 8]),
    ];
    let raw = |shape: Vec<usize>| RawTensor {
        data: vec![0.5; shape.iter().product()],
        shape,
    };
    let weights = all.into_iter().map(|(name, shape)| (name, raw(shape)));
    let mut weights: StateDict = weights.collect();
    let said = Sidecar {
        n_heads: Some(2),
        norm_first: Some(true),
        ..Sidecar::default()
    };
    let of = |weights: &StateDict, said: &Sidecar| Opened::of(weights.clone(), said, "e".into());
    let opened = of(&weights, &said).unwrap();
    assert_eq!(opened.config.normalization.name(), "LN");
    assert_eq!(opened.weights["ln_final.w"].shape, [8]);
    assert_eq!(model(&opened).config().n_heads, 2);
    // whether it norms first its tensors do not show
    let message = format!("{:#}", of(&weights, &Sidecar::default()).unwrap_err());
    assert!(message.contains("say norm_first: true"), "{message}");
    // without a last norm the stream is read as it is, and the header says so
    weights.retain(|name, _| !name.starts_with("encoder.norm"));
    let opened = of(&weights, &said).unwrap();
    let last = |config: &Config| {
        let words = config.words().join(" ");
        assert!(
            config.no_final_norm && words.contains("none at the end"),
            "{words}"
        );
    };
    last(&opened.config);
    let without = model(&opened);
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing);
    let tokens = without.tokens(&[vec![1, 2, 3]]).unwrap();
    let logits = without.forward(&tokens, &mut recorder).unwrap();
    let cache = recorder.into_cache();
    assert!(cache.get(HookName::FinalNormalized).is_err());
    let resid = cache.get(HookName::Block(0, Site::ResidPost)).unwrap();
    let read = resid.squeeze(0).unwrap().matmul(without.w_u()).unwrap();
    let off = (logits.squeeze(0).unwrap() - read).unwrap().abs().unwrap();
    let off = off.max_all().unwrap().to_scalar::<f32>().unwrap();
    assert!(off < 1e-5, "{off}");
    // what is written says it again
    let (file, config) = without.to_files().unwrap();
    let weights = circuitscope::model::weights::parse_safetensors(&file).unwrap();
    let again = of(&weights, &Sidecar::parse(&config).unwrap()).unwrap();
    last(&again.config);
}
