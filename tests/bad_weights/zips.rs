//! The zip around the pickle: other writers, damage, directories that mislead.

use circuitscope::model::weights::parse_pt;

use super::forge::{good_pt, one_tensor, pt, six, zip};
use super::{F32_6, refused};

/// Replaces every occurrence of `from` by `to`, of the same length; there must be `times`.
fn patch(mut bytes: Vec<u8>, from: &[u8], to: &[u8], times: usize) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    assert_eq!(places.len(), times, "occurrences of {from:?}");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn truncated_anywhere() {
    let good = good_pt();
    for length in 0..good.len() {
        assert!(parse_pt(&good[..length]).is_err(), "cut to {length} bytes");
    }
    refused(
        &good[..good.len() - 1],
        &["the zip is damaged", "copy the file again"],
    );
    refused(
        &good[..good.len() / 2],
        &["does not end with a zip end record"],
    );
}

#[test]
fn zips_that_torch_does_not_write() {
    let pickle = one_tensor(F32_6, (0, &[6], &[1]));
    let six = six();
    let both: [(&str, &[u8]); 3] = [
        ("a/data.pkl", &pickle),
        ("b/data.pkl", &pickle),
        ("a/data/0", &six),
    ];
    refused(&zip(&both), &["2 entries named `data.pkl`"]);
    // The same name twice, in the local and in the central headers.
    refused(
        &patch(zip(&both), b"b/data.pkl", b"a/data.pkl", 2),
        &["two entries", "same name"],
    );

    // Method 0 (stored) to 8 (deflated), just before the date in both headers of an entry.
    let local = patch(
        good_pt(),
        b"PK\x03\x04\x0a\0\0\0\0\0",
        b"PK\x03\x04\x0a\0\0\0\x08\0",
        4,
    );
    let deflated = patch(
        local,
        b"\x0a\0\0\0\0\0\0\0\x21\0",
        b"\x0a\0\0\0\x08\0\0\0\x21\0",
        4,
    );
    refused(&deflated, &["entry `m/data.pkl`", "compressed"]);

    let flipped = patch(good_pt(), &4f32.to_le_bytes(), &[0, 0, 0x80, 0x41], 1);
    refused(
        &flipped,
        &[
            "tensor `W`",
            "entry `m/data/0`",
            "checksum",
            "copy the file again",
        ],
    );
    let pickle_flipped = patch(good_pt(), b"cpu", b"cpv", 1);
    refused(&pickle_flipped, &["entry `m/data.pkl`", "checksum"]);

    let big: [(&str, &[u8]); 3] = [
        ("data.pkl", &pickle),
        ("data/0", &six),
        ("byteorder", b"big"),
    ];
    refused(&zip(&big), &["`byteorder` says `big`", "only `little`"]);
    let large = vec![b'N'; (4 << 20) + 1];
    refused(&pt(&large, &[]), &["entry `m/data.pkl`", "at most 4194304"]);
    let names: Vec<String> = (0..5000).map(|n| format!("m/data/{n}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    refused(&zip(&many), &["5000 entries in "]);
}

#[test]
fn zip_end_records_that_mislead() {
    let good = good_pt();
    let end = good.len() - 22;
    let with = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[end + at..end + at + bytes.len()].copy_from_slice(bytes);
        file
    };
    refused(&with(8, &[0xff; 4]), &["65535 entries"]);
    refused(&with(8, &[5, 0, 6, 0]), &["several disks"]);
    let early = [&good[..end], &vec![0; 3 << 20], &good[end..]].concat();
    refused(&early, &["4 entries in 3145972", "at most 4160 in 2097152"]);
    refused(&with(4, &[1, 0]), &["several disks"]);
    refused(&with(16, &[0xff; 4]), &["64-bit"]);
    refused(&with(12, &[0xff; 4]), &["64-bit"]);
    refused(&with(20, &[9, 0]), &["does not end with a zip end record"]);
    refused(
        &[good.as_slice(), b"PK\x05\x06"].concat(),
        &["does not end with"],
    );
    refused(&[&good[..], &good[end..]].concat(), &["2 end records"]);
    // More entries than there are, and fewer.
    refused(&with(8, &[5, 0, 5, 0]), &["the zip is damaged"]);
    refused(&with(8, &[1, 0, 1, 0]), &["no entry `m/data/0`"]);
}
