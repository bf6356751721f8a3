//! Safetensors files.

use circuitscope::model::weights::parse_safetensors;

use super::forge::safetensors;
use super::{read, refused};

#[test]
fn safetensors_that_are_not() {
    let tensor = |name: &str, shape: &str, from: usize, to: usize| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let (a, b) = (tensor("a", "[2]", 0, 8), tensor("b", "[2]", 8, 16));
    let good = safetensors(&format!("{{{a},{b}}}"), &[0; 16]);
    assert_eq!(read(&good).unwrap().len(), 2);
    for length in 0..good.len() {
        assert!(
            parse_safetensors(&good[..length]).is_err(),
            "cut to {length} bytes"
        );
    }
    refused(
        &good[..good.len() - 1],
        &["not a valid safetensors file", "copy it again"],
    );
    refused(&good[..20], &["header is cut off"]);
    let long = [&(u64::from(u32::MAX)).to_le_bytes()[..], b"{}"].concat();
    refused_safetensors(&long, "header is 4294967295 bytes long");
    refused_safetensors(&[0xff; 16], "bytes long (at most 1048576)");
    refused_safetensors(b"abc", "3 bytes is cut off");
    let header = |items: &[&str]| safetensors(&format!("{{{}}}", items.join(",")), &[0; 16]);
    refused(
        &header(&[&a, &tensor("b", "[2]", 4, 12)]),
        &["invalid offset for tensor `b`"],
    );
    refused(
        &header(&[&a, &tensor("b", "[1]", 12, 16)]),
        &["invalid offset"],
    );
    refused(&header(&[&a]), &["not fully covered"]);
    refused(
        &header(&[&tensor("a", "[3]", 0, 16)]),
        &["tensor `a`", "shape [3] of F32 does not fit"],
    );
    refused(
        &header(&[&tensor("a", "[9223372036854775807,4]", 0, 16)]),
        &["tensor `a`", "does not fit its data_offsets"],
    );
    let flat = tensor("a", "[0,0,0,0,0,0,0,0,0]", 0, 0);
    refused(
        &safetensors(&format!("{{{flat}}}"), &[]),
        &["tensor `a`", "9 dimensions"],
    );
    refused(&header(&[&a, &a]), &["tensor `a`", "twice"]);
    refused(
        &header(&[&a.replace("F32", "U64").replace("[2]", "[1]"), &b]),
        &["tensor `a`", "U64 is not read"],
    );
    for (entry, problem) in [
        (a.replace("F32", "U16"), "shape [2] of U16 does not fit"),
        (
            a.replace("F32", "F8_E4M3"),
            "shape [2] of F8_E4M3 does not fit",
        ),
        (
            a.replace("F32", "STRANGE"),
            "element type STRANGE is not known",
        ),
        (
            a.replace("[2]", "[-1]"),
            "its shape is no list of whole numbers",
        ),
        (a.replace("[0,8]", "[0]"), "no pair of whole numbers"),
        (a.replace("dtype", "kind"), "it has no dtype"),
    ] {
        refused(&header(&[&b, &entry]), &["tensor `a`", problem]);
    }
    refused(&safetensors("{nonsense", &[]), &["invalid JSON"]);
    refused(
        &safetensors(&"{\"a\":".repeat(1000), &[]),
        &["invalid JSON"],
    );
}

#[track_caller]
fn refused_safetensors(bytes: &[u8], part: &str) {
    let message = format!("{:#}", parse_safetensors(bytes).unwrap_err());
    assert!(message.contains(part), "{message:?} lacks {part:?}");
}
