//! Checkpoints and configs that contradict themselves or lack something, in every dialect: one line that
//! names the file, what is wrong and what would do, at once.

use super::common::random_of;
use super::program::output;
use circuitscope::model::Config;
use circuitscope::model::config::{Activation, Mlp, PositionalEmbedding::Standard};
use circuitscope::model::weights::{RawTensor, StateDict, to_safetensors};
use circuitscope::task::Task;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Two heads of four, eight neurons, six tokens and five classes, three positions.
fn good() -> StateDict {
    let config = Config {
        mlp: Some(Mlp {
            d_mlp: 8,
            act_fn: Activation::Relu,
            gated: false,
            parallel: false,
        }),
        ..Config::attention_only([1, 2], [8, 4], 3, [6, 5], Standard)
    };
    let model = random_of(config, Task::raw(3, 6, 5), 3);
    model.state_dict().unwrap()
}

fn raw(shape: &[usize]) -> RawTensor {
    RawTensor {
        shape: shape.to_vec(),
        data: vec![0.5; shape.iter().product()],
    }
}

fn named(all: &[(&str, &[usize])]) -> StateDict {
    let one = |(name, shape): &(&str, &[usize])| ((*name).to_owned(), raw(shape));
    all.iter().map(one).collect()
}

fn write(folder: &Path, weights: &StateDict) -> PathBuf {
    let path = folder.join("m.safetensors");
    std::fs::write(&path, to_safetensors(weights, &BTreeMap::new()).unwrap()).unwrap();
    path
}

#[track_caller]
fn refused(path: &Path, parts: &[&str]) {
    let start = Instant::now();
    let path = path.to_string_lossy();
    let output = output(&["run", "--model", &path, "--tokens", "1 2"]);
    let took = start.elapsed();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{parts:?}: {said}");
    assert!(
        output.stdout.is_empty() && said.lines().count() == 1,
        "{said}"
    );
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    assert!(took < Duration::from_secs(1), "{took:?}: {said}");
}

#[test]
fn configs_that_contradict_the_tensors_name_the_field_and_both_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &good());
    for (field, value, said) in [
        ("n_layers", "3", "n_layers is 3, but the tensors have 1"),
        ("d_model", "9", "d_model is 9, but the tensors have 8"),
        ("n_heads", "4", "n_heads is 4, but the tensors have 2"),
        ("d_head", "8", "d_head is 8, but the tensors have 4"),
        ("d_mlp", "0", "d_mlp is 0, but the tensors have 8"),
        ("d_vocab", "99", "d_vocab is 99, but the tensors have 6"),
        ("n_ctx", "1000000000000", "but the tensors have 3"),
        (
            "n_key_value_heads",
            "3",
            "n_key_value_heads is 3, but the tensors have 2",
        ),
        ("attn_only", "true", "the tensors have a blocks.0.mlp.W_in"),
        (
            "gated_mlp",
            "true",
            "the tensors have no blocks.0.mlp.W_gate",
        ),
        (
            "normalization_type",
            "\"LN\"",
            "the tensors have no blocks.0.ln1.w",
        ),
    ] {
        let config = format!("{{\"{field}\": {value}}}");
        std::fs::write(folder.path().join("m.json"), config).unwrap();
        refused(&path, &["m.safetensors", "m.json", field, said]);
    }
}

#[test]
fn configs_of_unknown_words_say_which_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &good());
    for (field, value, said) in [
        (
            "act_fn",
            "\"swoosh\"",
            "relu, gelu, gelu_new, silu, solu or solu_ln is needed",
        ),
        (
            "normalization_type",
            "\"BatchNorm\"",
            "LN, LNPre, RMS or RMSPre is needed",
        ),
        (
            "positional_embedding_type",
            "\"alibi\"",
            "shortformer, standard, rotary or none",
        ),
        (
            "attention_dir",
            "\"sideways\"",
            "causal or bidirectional is needed",
        ),
        ("d_model", "8.5", "a whole number is needed"),
        ("n_layers", "-1", "a whole number is needed"),
        ("eps", "-1.0", "a number is needed"),
    ] {
        let config = format!("{{\"{field}\": {value}}}");
        std::fs::write(folder.path().join("m.json"), config).unwrap();
        refused(&path, &["m.json", field, said]);
    }
    for (text, said) in [("{ no", "line 1"), ("[1]", "no JSON object")] {
        std::fs::write(folder.path().join("m.json"), text).unwrap();
        refused(&path, &["m.json", "mend or remove it", said]);
    }
}

#[test]
fn mlps_and_norms_that_are_not_whole_name_the_tensor() {
    type Change = fn(&mut StateDict);
    let changes: [(Change, &str); 7] = [
        (
            |w| drop(w.remove("blocks.0.mlp.W_out")),
            "tensor blocks.0.mlp.W_out of shape [8, 8] is missing",
        ),
        (
            |w| drop(w.insert("blocks.0.mlp.W_in".into(), raw(&[8, 5]))),
            "blocks.0.mlp.W_out has shape [8, 8]; [5, 8]",
        ),
        (
            |w| drop(w.insert("blocks.0.mlp.W_in".into(), raw(&[8, 0]))),
            "d_mlp is 0; 1 to ",
        ),
        (
            |w| drop(w.insert("blocks.0.mlp.b_in".into(), raw(&[8, 1]))),
            "blocks.0.mlp.b_in has shape",
        ),
        (
            |w| w.get_mut("blocks.0.mlp.W_in").unwrap().data[2] = f32::NAN,
            "blocks.0.mlp.W_in holds NaN",
        ),
        (
            |w| drop(w.insert("blocks.0.ln1.w".into(), raw(&[8]))),
            "blocks.0.ln2.w of shape [8] is missing",
        ),
        (
            |w| drop(w.insert("unembed.W_U".into(), raw(&[5, 8]))),
            "unembed.W_U has shape [5, 8]; [8, 8]",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (change, said) in changes {
        let mut weights = good();
        change(&mut weights);
        refused(&write(folder.path(), &weights), &["m.safetensors", said]);
    }
}

const APART: [(&str, &[usize]); 10] = [
    ("tok_embed.weight", &[6, 8]),
    ("pos_embed.weight", &[3, 8]),
    ("unembed.weight", &[5, 8]),
    ("layers.0.W_O.weight", &[8, 8]),
    ("layers.0.heads.0.W_Q.weight", &[4, 8]),
    ("layers.0.heads.0.W_K.weight", &[4, 8]),
    ("layers.0.heads.0.W_V.weight", &[4, 8]),
    ("layers.0.heads.1.W_Q.weight", &[4, 8]),
    ("layers.0.heads.1.W_K.weight", &[4, 8]),
    ("layers.0.heads.1.W_V.weight", &[4, 8]),
];

#[test]
fn heads_of_their_own_that_are_missing_or_unlike_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut lacking = named(&APART);
    lacking.remove("layers.0.heads.1.W_K.weight");
    refused(
        &write(folder.path(), &lacking),
        &["W_K of block 0: head 1 has none"],
    );
    let mut unlike = named(&APART);
    unlike.insert("layers.0.heads.1.W_K.weight".into(), raw(&[8, 4]));
    let said = "W_K of block 0: the heads have different shapes, [4, 8] and [8, 4]";
    refused(&write(folder.path(), &unlike), &[said]);
    let mut narrow = named(&APART);
    narrow.insert("layers.0.W_O.weight".into(), raw(&[8, 7]));
    let said = "W_O of block 0: shape [7, 8] cannot be divided among 2 heads";
    refused(&write(folder.path(), &narrow), &[said]);
    let mut strange = named(&APART);
    strange.insert("layers.0.rnn.weight".into(), raw(&[8, 8]));
    refused(
        &write(folder.path(), &strange),
        &["tensor layers.0.rnn.weight is none"],
    );
}

#[test]
fn a_bare_model_lacks_nothing() {
    let all: [(&str, &[usize]); 3] = [("W_E", &[6, 8]), ("W_in", &[8, 4]), ("W_U", &[4, 5])];
    let folder = tempfile::tempdir().unwrap();
    for (name, shape, said) in [
        ("W_U", None, "tensor W_U is missing"),
        (
            "W_in",
            Some([9, 4]),
            "tensor W_in has shape [9, 4]; [8, 4] is needed",
        ),
        (
            "W_U",
            Some([5, 4]),
            "tensor W_U has shape [5, 4]; [4, 4] is needed",
        ),
    ] {
        let mut weights = named(&all);
        match shape {
            Some(shape) => drop(weights.insert(name.into(), raw(&shape))),
            None => drop(weights.remove(name)),
        }
        refused(&write(folder.path(), &weights), &[said]);
    }
}

/// What is to be done is to choose, not to save the file again.
#[test]
fn a_series_is_chosen_from() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dialects");
    for (file, said) in [
        (
            "series.pt",
            "choose one by its number behind the path, `#0` to `#2`",
        ),
        ("series.pt#3", "the series ends at #2; there is no #3"),
        ("older.pt#0", "leave out the # behind its name"),
    ] {
        let path = folder.join(file);
        let output = output(&["run", "1", "--model", &path.to_string_lossy()]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.contains(said) && !text.contains("save it again"),
            "{text}"
        );
    }
}
