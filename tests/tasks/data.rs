//! Tasks from tables of prompts and targets.

use crate::sizes;
use circuitscope::task::{Sample, Sizes, Target, Task};
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::io::Write as _;

const JSON: &str =
    "{\"tokens\": [5, 1, 7], \"targets\": [6]}\n\n{\"tokens\": [5, 2, 2], \"targets\": [null]}\n";

fn read(bytes: &[u8]) -> Result<Task, String> {
    Task::from_data("dir/rows.bin", bytes, &Sizes::default()).map_err(|error| error.to_string())
}

#[track_caller]
fn right(task: Task, typed: &str) -> Vec<Target> {
    let prompt = task.parse_prompt(typed).unwrap();
    task.targets(&[prompt.values]).unwrap().remove(0)
}

fn le(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|one| one.to_le_bytes()).collect()
}

fn npy(shape: &str, kind: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut array = b"\x93NUMPY\x01\x00".to_vec();
    array.extend((header.len() as u16).to_le_bytes());
    array.extend(header.bytes());
    array.extend(data);
    array
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    zipped(arrays, zip::CompressionMethod::Stored)
}

fn zipped(arrays: &[(&str, Vec<u8>)], how: zip::CompressionMethod) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut archive = zip::ZipWriter::new(&mut bytes);
    let stored = zip::write::SimpleFileOptions::default().compression_method(how);
    for (name, array) in arrays {
        archive.start_file(*name, stored).unwrap();
        archive.write_all(array).unwrap();
    }
    archive.finish().unwrap();
    bytes.into_inner()
}

/// The same two rows in every form are the same task.
#[test]
fn four_forms_of_one_table() {
    let tokens = [5, 1, 7, 5, 2, 2];
    let csv = "a,b,c,target_x\n5,1,7,6\r\n5, 2, 2,\n";
    let (flat, ids) = (le(&tokens), le(&[6, -1]));
    let view = |shape: Vec<usize>, data| TensorView::new(Dtype::I64, shape, data).unwrap();
    let tensors = [
        ("tokens", view(vec![2, 3], &flat)),
        ("targets", view(vec![2], &ids)),
    ];
    let safe = serialize(tensors, None).unwrap();
    let small: Vec<u8> = tokens.iter().map(|&one| one as u8).collect();
    let arrays = [
        ("tokens.npy", npy("(2, 3)", "|u1", &small)),
        ("targets.npy", npy("(2, 1)", "<i8", &ids)),
    ];
    // np.savez and np.savez_compressed
    let packed = zipped(&arrays, zip::CompressionMethod::Deflated);
    for bytes in [
        JSON.as_bytes(),
        csv.as_bytes(),
        &safe,
        &npz(&arrays),
        &packed,
    ] {
        let task = read(bytes).unwrap();
        assert_eq!(task.name, "rows");
        assert_eq!(
            (task.seq_len(), task.d_vocab(), task.classes.len()),
            (3, 8, 7)
        );
        assert_eq!(task.predictions().join(" "), "t_2→target_0");
        assert_eq!(right(task, "5 1 7"), [Target::One(6)]);
        assert_eq!(right(task, "5 2 2"), [Target::Nothing]);
        let other = task.parse_prompt("5 2 3").unwrap_err().to_string();
        assert!(other.contains("is no input"), "{other}");
        let drawn = Sample::Random { seed: 1, len: 40 }.prompts(task);
        let first = drawn
            .iter()
            .filter(|prompt| prompt.values.tokens()[1] == 1)
            .count();
        assert!((8..32).contains(&first), "{first}");
    }
}

/// The largest number of every element type is read as it is, and below zero stands for no target.
#[test]
fn every_element_type_says_what_it_holds() {
    let most = 8191i64;
    for (kind, dtype, width, largest) in [
        ("<i8", Dtype::I64, 8, most),
        ("<u8", Dtype::U64, 8, most),
        ("<i4", Dtype::I32, 4, most),
        ("<u4", Dtype::U32, 4, most),
        ("<i2", Dtype::I16, 2, most),
        ("<u2", Dtype::U16, 2, most),
        ("|i1", Dtype::I8, 1, 127),
        ("|u1", Dtype::U8, 1, 255),
    ] {
        let bytes = |numbers: &[i64]| -> Vec<u8> {
            let each = numbers.iter().map(|one| one.to_le_bytes());
            each.flat_map(|one| one[..width].to_vec()).collect()
        };
        let forms = |tokens: &[u8], targets: &[u8]| {
            let view = |shape: Vec<usize>, data| TensorView::new(dtype, shape, data).unwrap();
            let tensors = [
                ("tokens", view(vec![2, 1], tokens)),
                ("targets", view(vec![2], targets)),
            ];
            let arrays = [
                ("tokens.npy", npy("(2, 1)", kind, tokens)),
                ("targets.npy", npy("(2,)", kind, targets)),
            ];
            [serialize(tensors, None).unwrap(), npz(&arrays)]
        };
        for bytes in forms(&bytes(&[largest, 3]), &bytes(&[2, largest])) {
            let task = read(&bytes).unwrap();
            assert_eq!(task.d_vocab() as i64, largest + 1, "{kind}");
            assert_eq!(right(task, "3"), [Target::One(largest as u32)], "{kind}");
        }
        // all bits set: nothing where there is a sign, else the largest number, which is a token or too large
        let all_set = vec![0xff; 2 * width];
        for bytes in forms(&bytes(&[1, 3]), &[&bytes(&[2]), &all_set[width..]].concat()) {
            let signed = kind.contains('i') || width == 8;
            match (read(&bytes), signed, width) {
                (Ok(task), true, _) => assert_eq!(right(task, "3"), [Target::Nothing], "{kind}"),
                (Ok(task), false, 1) => assert_eq!(right(task, "3"), [Target::One(255)], "{kind}"),
                (Err(error), false, 2) => assert!(error.contains("65535"), "{error}"),
                (Err(error), false, 4) => assert!(error.contains("4294967295"), "{error}"),
                (found, ..) => assert_eq!(format!("{found:?}"), kind),
            }
        }
    }
}

#[test]
fn targets_at_every_position_and_at_the_last() {
    let task = read(b"t,t,t,target,target,target\n1,2,3,,1,0\n0,2,3,-1,1,1\n").unwrap();
    assert_eq!(task.read_positions(), [1, 2]);
    assert_eq!(right(task, "0 2 3"), [Target::One(1), Target::One(1)]);
    let task = read(b"t,t,t,target,target\n1,2,3,1,0\n").unwrap();
    assert_eq!(task.read_positions(), [1, 2]);
    let sized = Task::from_data("x", b"t,target\n1,0\n", &sizes(4, 9, 3)).unwrap();
    assert_eq!((sized.d_vocab(), sized.classes.len()), (9, 3));
}

#[test]
fn tables_that_are_wrong() {
    // a small file that unpacks to a large one
    let large = npy("(9000000, 1)", "<i8", &vec![0; 72_000_000]);
    let bomb = zipped(&[("tokens.npy", large)], zip::CompressionMethod::Deflated);
    assert!(bomb.len() < 1 << 20);
    let cut = npz(&[("tokens.npy", npy("(2, 3)", "<i8", &[0; 40]))]);
    let lies = npz(&[(
        "tokens.npy",
        npy("(9223372036854775807, 9)", "<i8", &[0; 48]),
    )]);
    let real = npz(&[("tokens.npy", npy("(2, 3)", "<f8", &[0; 48]))]);
    let alone = npz(&[("tokens.npy", npy("(1, 1)", "<i8", &[0; 8]))]);
    for (bytes, part) in [
        (&b""[..], "the file is empty"),
        (b"a,b\n1,2\n", "names no targets"),
        (b"a,target\n", "there are no rows"),
        (b"a,target\n1\n", "line 2 has 1 cells where the first has 2"),
        (b"a,target\nx,2\n", "line 2: 'x' is no whole number"),
        (
            b"a,target\n-1,2\n",
            "token -1 in row 0 (the first is 0) is not from 0 to",
        ),
        (
            b"a,target\n1,-2\n",
            "target -2 in row 0 (the first is 0) is not from 0 to",
        ),
        (b"a,target\n1,\n", "no target is right anywhere"),
        (
            b"a,target\n1,2\n1,3\n",
            "row 1 has the tokens of a row before it",
        ),
        (b"a,target,target\n1,2,3\n", "2 targets a row of 1 tokens"),
        (
            b"a,target\n99999999,0\n",
            "token 99999999 in row 0 (the first is 0) is not from 0 to 8191",
        ),
        (b"{\"tokens\": [1]}", "line 1: missing field `targets`"),
        (
            b"{\"tokens\": [1], \"targets\": [1]}\n{\"tokens\": [1, 2], \"targets\": [1]}",
            "line 2 has 2 numbers where the first has 1",
        ),
        (
            b"\xff\xfe\0",
            "neither safetensors, npz, JSON lines nor CSV",
        ),
        (b"PK\x03\x04", "no npz file"),
        (
            b"\x10\0\0\0\0\0\0\0{\"a\": 3}        ",
            "no safetensors file",
        ),
        (&cut, "it is cut off"),
        (&bomb, "array `tokens` has more than 67108864 bytes"),
        (&lies, "it is cut off"),
        (&real, "'<f8', and no whole numbers"),
        (&alone, "no array `targets`"),
    ] {
        let message = read(bytes).err().unwrap_or_else(|| "it was taken".into());
        assert!(
            message.starts_with("dir/rows.bin: "),
            "{message} for {part}"
        );
        assert!(message.contains(part), "{message:?} lacks {part:?}");
        assert!(!message.contains('\n') && message.len() < 700, "{message}");
    }
}
