//! Random edits and random bytes: no panic, and what is accepted is whole.

use circuitscope::model::weights::{parse_pt, parse_safetensors};
use proptest::prelude::*;

use super::F32_6;
use super::forge::{good_pt, one_tensor, pt, six};

/// How files of each kind start.
const STARTS: &[&[u8]] = &[b"", b"PK\x03\x04", b"\x80\x02", b"\x10\0\0\0\0\0\0\0{"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn edited_pt_files_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = good_pt();
        for (at, byte) in edits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = parse_pt(&file);
    }

    #[test]
    fn edited_pickles_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut pickle = one_tensor(F32_6, (0, &[2, 3], &[3, 1]));
        for (at, byte) in edits {
            let at = at.index(pickle.len());
            pickle[at] = byte;
        }
        // Inside a sound zip, so that the edits reach the machine behind the CRC.
        if let Ok(dict) = parse_pt(&pt(&pickle, &[("0", &six())])) {
            prop_assert!(dict.values().all(|t| t.data.len() == t.shape.iter().product::<usize>()));
        }
    }

    #[test]
    fn random_opcodes_never_panic(
        // Mostly opcodes and small arguments, so that programs get further than one step.
        program in prop::collection::vec(
            prop_oneof![
                4 => prop::sample::select(&b"(NK\x01)\x85\x86\x87t}suq\x01h\x01bRQ.\x88\x94"[..]),
                1 => any::<u8>(),
            ],
            0..200,
        ),
    ) {
        let program = [b"\x80\x02", &program[..]].concat();
        prop_assert!(parse_pt(&pt(&program, &[])).is_err());
    }

    #[test]
    fn random_bytes_never_panic(
        start in prop::sample::select(STARTS),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [start, &bytes].concat();
        prop_assert!(parse_pt(&bytes).is_err());
        let _ = parse_safetensors(&bytes);
    }
}
