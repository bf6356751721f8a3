//! Unusual weight files that are good, and the way to safetensors and back.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "bad_weights/forge.rs"]
mod forge;

use std::collections::BTreeMap;

use circuitscope::model::weights::{
    RawTensor, StateDict, content_hash, parse_pt, parse_safetensors, to_safetensors,
};
use forge::{Pickle, floats, good_pt, one_tensor, pt, safetensors, six, zip};
use proptest::prelude::*;

fn tensor(shape: &[usize], data: &[f32]) -> RawTensor {
    RawTensor {
        shape: shape.to_vec(),
        data: data.to_vec(),
    }
}

/// The tensor `W` of a file with six floats, 0.0 to 5.0, seen through `view`.
#[track_caller]
fn view(offset: i64, shape: &[i64], strides: &[i64]) -> RawTensor {
    let pickle = one_tensor(("FloatStorage", "0", 6), (offset, shape, strides));
    parse_pt(&pt(&pickle, &[("0", &six())])).unwrap()["W"].clone()
}

#[test]
fn views_are_copied_out_row_major() {
    assert_eq!(
        view(0, &[2, 3], &[3, 1]),
        tensor(&[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    );
    assert_eq!(
        view(0, &[3, 2], &[1, 3]),
        tensor(&[3, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0])
    );
    assert_eq!(view(4, &[2], &[1]), tensor(&[2], &[4.0, 5.0]));
    assert_eq!(
        view(1, &[2, 2], &[3, 1]),
        tensor(&[2, 2], &[1.0, 2.0, 4.0, 5.0])
    );
    assert_eq!(view(5, &[], &[]), tensor(&[], &[5.0]));
    assert_eq!(
        view(2, &[2, 2], &[0, 1]),
        tensor(&[2, 2], &[2.0, 3.0, 2.0, 3.0])
    );
    assert_eq!(view(2, &[3], &[0]), tensor(&[3], &[2.0; 3]));
    assert_eq!(view(6, &[0, 3], &[3, 1]), tensor(&[0, 3], &[]));
    // The stride of a dimension of one element is never taken.
    assert_eq!(
        view(0, &[1, 2], &[i64::MAX, 1]),
        tensor(&[1, 2], &[0.0, 1.0])
    );
    let cube = view(0, &[1, 3, 2], &[6, 1, 3]);
    assert_eq!(cube, tensor(&[1, 3, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
}

#[test]
fn every_storage_type_is_read() {
    let cases: [(&str, &[u8], f32); 10] = [
        ("FloatStorage", &1.5f32.to_le_bytes(), 1.5),
        ("HalfStorage", &[0x00, 0x3e], 1.5),
        ("BFloat16Storage", &[0xc0, 0x3f], 1.5),
        ("DoubleStorage", &1.5f64.to_le_bytes(), 1.5),
        ("LongStorage", &(-3i64).to_le_bytes(), -3.0),
        ("IntStorage", &(-3i32).to_le_bytes(), -3.0),
        ("ShortStorage", &(-3i16).to_le_bytes(), -3.0),
        ("CharStorage", &[0xfd], -3.0),
        ("ByteStorage", &[0xfd], 253.0),
        ("BoolStorage", &[1], 1.0),
    ];
    for (kind, bytes, expected) in cases {
        let pickle = one_tensor((kind, "0", 1), (0, &[1], &[1]));
        let dict = parse_pt(&pt(&pickle, &[("0", bytes)])).unwrap();
        assert_eq!(dict["W"].data, [expected], "{kind}");
    }
}

#[test]
fn numbers_are_not_judged() {
    let odd = [f32::NAN, f32::INFINITY, -0.0];
    let pickle = one_tensor(("FloatStorage", "0", 3), (0, &[3], &[1]));
    let dict = parse_pt(&pt(&pickle, &[("0", &floats(&odd))])).unwrap();
    let bits = |data: &[f32]| data.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&dict["W"].data), bits(&odd));
}

#[test]
fn parameters_and_metadata_are_read_past() {
    // OrderedDict, W as a Parameter, then BUILD with {'_metadata': OrderedDict()}.
    let order = |p: Pickle| p.global("collections", "OrderedDict").raw(b")R");
    let dict = order(Pickle::new()).raw(b"(").text("W");
    let dict = dict.global("torch._utils", "_rebuild_parameter").raw(b"(");
    let dict = dict
        .tensor(("FloatStorage", "0", 6), (0, &[6], &[1]))
        .raw(b"\x88");
    let dict = order(dict).raw(b"tRu}").text("_metadata");
    let pickle = order(dict)
        .raw(b"(")
        .text("")
        .raw(b"}")
        .text("version")
        .raw(b"K\x01susb")
        .stop();
    let dict = parse_pt(&pt(&pickle, &[("0", &six())])).unwrap();
    assert_eq!(
        dict,
        StateDict::from([("W".to_owned(), view(0, &[6], &[1]))])
    );
}

#[test]
fn protocol_4_is_read() {
    let short = |text: &str| [&[0x8c, text.len() as u8], text.as_bytes(), b"\x94"].concat();
    let global = |module, name| [short(module), short(name), b"\x93\x94".to_vec()].concat();
    let program = [
        &b"\x80\x04\x95\x00\x01\0\0\0\0\0\0}\x94"[..],
        &short("W"),
        &global("torch._utils", "_rebuild_tensor_v2"),
        b"((",
        &short("storage"),
        &global("torch", "FloatStorage"),
        &short("0"),
        &short("cpu"),
        b"K\x06t\x94QK\0K\x06\x85\x94K\x01\x85\x94\x89}\x94t\x94R\x94s.",
    ];
    let dict = parse_pt(&pt(&program.concat(), &[("0", &six())])).unwrap();
    assert_eq!(dict["W"], view(0, &[6], &[1]));
}

#[test]
fn tensors_may_share_a_storage() {
    let storage = ("FloatStorage", "0", 6);
    let dict = Pickle::new()
        .raw(b"}(")
        .text("A")
        .tensor(storage, (0, &[2], &[1]));
    let pickle = dict
        .text("B")
        .tensor(storage, (1, &[2], &[2]))
        .raw(b"u")
        .stop();
    let dict = parse_pt(&pt(&pickle, &[("0", &six())])).unwrap();
    assert_eq!(dict["A"].data, [0.0, 1.0]);
    assert_eq!(dict["B"].data, [1.0, 3.0]);
}

#[test]
fn a_zip_without_a_folder_or_byte_order_is_read() {
    let pickle = one_tensor(("FloatStorage", "0", 6), (0, &[6], &[1]));
    let file = zip(&[
        ("data/0", &six()),
        ("data.pkl", &pickle),
        ("extra/notes", b"hello"),
    ]);
    assert_eq!(parse_pt(&file).unwrap()["W"], view(0, &[6], &[1]));
}

#[test]
fn safetensors_types_are_converted() {
    let header = r#"{"__metadata__":{"format":"pt"},
        "h":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},
        "m":{"dtype":"BOOL","shape":[2],"data_offsets":[4,6]},
        "s":{"dtype":"BF16","shape":[],"data_offsets":[6,8]}}"#;
    let file = safetensors(header, &[0x00, 0x3e, 0x00, 0xc0, 0, 1, 0xc0, 0x3f]);
    let dict = parse_safetensors(&file).unwrap();
    assert_eq!(dict["h"], tensor(&[1, 2], &[1.5, -2.0]));
    assert_eq!(dict["m"], tensor(&[2], &[0.0, 1.0]));
    assert_eq!(dict["s"], tensor(&[], &[1.5]));
}

#[test]
fn the_same_weights_hash_alike_in_both_formats() {
    let dict = parse_pt(&good_pt()).unwrap();
    let file = to_safetensors(&dict, &BTreeMap::new()).unwrap();
    assert_eq!(
        content_hash(&parse_safetensors(&file).unwrap(), &[]),
        content_hash(&dict, &[])
    );
}

#[test]
fn written_bytes_are_the_same_every_time() {
    let dict = StateDict::from([
        ("b".to_owned(), tensor(&[2], &[1.0, 2.0])),
        ("a".to_owned(), tensor(&[], &[-1.0])),
    ]);
    let notes = [("seed", "1"), ("config", "{\"n\":2}")];
    let notes = notes
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let bytes = to_safetensors(&dict, &notes).unwrap();
    let header = concat!(
        r#"{"__metadata__":{"config":"{\"n\":2}","seed":"1"},"#,
        r#""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#,
        r#""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
    );
    let padded = header.to_owned() + &" ".repeat(header.len().next_multiple_of(8) - header.len());
    assert_eq!(bytes, safetensors(&padded, &floats(&[-1.0, 1.0, 2.0])));
    // The crate's own reader finds the metadata.
    let (_, read) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let read: BTreeMap<_, _> = read.metadata().clone().unwrap().into_iter().collect();
    assert_eq!(read, notes);
}

#[test]
fn a_dict_that_cannot_be_written_is_refused() {
    let error = |name: &str, tensor: RawTensor| {
        let dict = StateDict::from([(name.to_owned(), tensor)]);
        format!("{:#}", to_safetensors(&dict, &BTreeMap::new()).unwrap_err())
    };
    assert!(error("W", tensor(&[3], &[1.0])).contains("holds 3 elements, but there are 1"));
    assert!(error("__metadata__", tensor(&[], &[1.0])).contains("may not be named"));
    let wide = tensor(&[usize::MAX, 2], &[]);
    assert!(error("W", wide).contains("past 16777216 elements"));
}

proptest! {
    #[test]
    fn safetensors_round_trip(
        parts in prop::collection::btree_map(
            "[a-z._\\PC]{0,12}",
            prop::collection::vec(0usize..4, 0..4),
            0..6,
        ),
        seed in any::<u32>(),
    ) {
        let fill = |shape: Vec<usize>| {
            let count: usize = shape.iter().product();
            // Any bits at all, NaN included: they must come back as they are.
            let bits = (0..count as u32).map(|n| seed.wrapping_mul(n + 1).rotate_left(n));
            RawTensor { shape, data: bits.map(f32::from_bits).collect() }
        };
        let dict: StateDict = parts.into_iter().map(|(name, shape)| (name, fill(shape))).collect();
        let bytes = to_safetensors(&dict, &BTreeMap::new()).unwrap();
        let back = parse_safetensors(&bytes).unwrap();
        prop_assert_eq!(content_hash(&back, &[]), content_hash(&dict, &[]));
        prop_assert_eq!(to_safetensors(&back, &BTreeMap::new()).unwrap(), bytes);
    }
}
