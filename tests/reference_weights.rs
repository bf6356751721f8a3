//! The reference checkpoint, read by this crate and by candle: the same tensors, to the bit.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use candle_core::{DType, Tensor, pickle};
use circuitscope::model::weights::{
    RawTensor, content_hash, parse_safetensors, read_state_dict, to_safetensors,
};

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");

#[test]
fn candle_reads_the_same() {
    if !Path::new(SHARED).exists() {
        // straight to stderr: what a passing test prints is kept from the screen
        let text = b"SKIPPED LOUDLY: ../shared is absent, the reference checkpoint is not read\n";
        std::io::stderr().write_all(text).unwrap();
        return;
    }
    let path = Path::new(SHARED).join("models/array_indexing_model.pt");
    let ours = read_state_dict(&path).unwrap();
    let theirs: BTreeMap<String, Tensor> = pickle::read_all(&path).unwrap().into_iter().collect();

    // candle does not read bool tensors.
    let masks = BTreeSet::from(["blocks.0.attn.mask", "blocks.1.attn.mask"]);
    let names: BTreeSet<&str> = ours.keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> = theirs
        .keys()
        .map(String::as_str)
        .chain(masks.clone())
        .collect();
    assert_eq!(names, expected);
    for (name, theirs) in &theirs {
        assert_same(name, &ours[name], theirs);
    }
    for name in masks {
        let causal = (0..121).map(|n| f32::from(u8::from(n % 11 <= n / 11)));
        assert_eq!(ours[name].shape, [11, 11]);
        assert_eq!(
            ours[name].data,
            causal.collect::<Vec<_>>(),
            "{name} is causal"
        );
    }
    let count: usize = ours.values().map(|tensor| tensor.data.len()).sum();
    assert_eq!(count, 146_612 + 2 * 121);

    let written = to_safetensors(&ours, &BTreeMap::new()).unwrap();
    let back = parse_safetensors(&written).unwrap();
    assert_eq!(content_hash(&back, &[]), content_hash(&ours, &[]));
}

fn assert_same(name: &str, ours: &RawTensor, theirs: &Tensor) {
    assert_eq!(theirs.dtype(), DType::F32, "{name}");
    assert_eq!(ours.shape, theirs.dims(), "{name}");
    let theirs: Vec<f32> = theirs.flatten_all().unwrap().to_vec1().unwrap();
    let bits = |data: &[f32]| data.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert!(bits(&ours.data) == bits(&theirs), "{name} differs");
}
