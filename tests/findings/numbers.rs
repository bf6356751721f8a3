//! Numbers that leave the program are read back: by this test, and by Python where it is there.

use crate::keep;
use crate::program::refused;
use circuitscope::findings::arrays::csv;
use circuitscope::model::weights::parse_safetensors;
use circuitscope::task::Task;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

fn made(folder: &Path) -> std::path::PathBuf {
    keep(folder, "tab tab tab right enter L b 'One' ctrl-s");
    folder.join("findings/one")
}

#[test]
fn csv_json_and_safetensors_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let one = made(folder.path());
    let tensors = parse_safetensors(&fs::read(one.join("numbers.safetensors")).unwrap()).unwrap();
    let json: Value =
        serde_json::from_str(&fs::read_to_string(one.join("numbers.json")).unwrap()).unwrap();
    let logits = &tensors["patched.logits"];
    assert_eq!(logits.shape, [11, 50]);
    let at = |pos: usize, token: usize| logits.data[pos * 50 + token];
    assert_eq!(
        json["runs"]["patched"]["logits"][9][35].as_f64().unwrap() as f32,
        at(9, 35)
    );
    let answer = &tensors["answer"];
    assert_eq!(
        json["answer"]["table"]["values"][1][2].as_f64().unwrap() as f32,
        answer.data[answer.shape[1] + 2]
    );
    let csv = fs::read_to_string(one.join("numbers.csv")).unwrap();
    let line = csv
        .lines()
        .find(|line| line.starts_with("patched.logits,,,b_1,,,35,,,"))
        .unwrap();
    assert_eq!(
        line.rsplit(',').next().unwrap().parse::<f32>().unwrap(),
        at(9, 35)
    );
    let masked = csv
        .lines()
        .find(|line| line.starts_with("clean.attn_scores,0,0,,BOS,a_0,,,,"));
    assert!(masked.unwrap().ends_with(','), "a masked score is empty");
    let count: usize = tensors.values().map(|tensor| tensor.data.len()).sum();
    assert_eq!(
        csv.lines().filter(|line| !line.starts_with('#')).count(),
        count + 1
    );
    for about in [
        "# model hash: ",
        "# clean: ",
        "# metric: ",
        "# intervention: patch blocks.1",
    ] {
        assert!(csv.contains(about), "{about}");
    }
}

/// Numbers that are nested without end are one error, and no end of the program.
#[test]
fn numbers_are_not_nested_deep() {
    let folder = tempfile::tempdir().unwrap();
    let one = made(folder.path());
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        fs::write(one.join("numbers.json"), deep).unwrap();
        refused(&["replay", one.to_str().unwrap()], "recursion limit");
    }
}

/// What is about the numbers stands in comment lines, whatever it says.
#[test]
fn nothing_breaks_out_of_a_comment() {
    let about = [("model".to_owned(), "one\ntwo\r\nthree\rfour".to_owned())];
    let csv = csv(Task::default(), &[], &about);
    let lines: Vec<&str> = csv
        .split(['\n', '\r'])
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines.len(), 2, "{csv:?}");
    assert!(
        lines[0].starts_with("# model: one two") && lines[1].starts_with("array,"),
        "{csv:?}"
    );
}

/// Only the standard library is needed.
const SCRIPT: &str = r"
import csv, json, struct, sys
folder = sys.argv[1]
raw = open(folder + '/numbers.safetensors', 'rb').read()
size = struct.unpack('<Q', raw[:8])[0]
header = json.loads(raw[8:8 + size])
meta = header.pop('__metadata__')
assert 'patch blocks.1' in meta['intervention'] and meta['model hash'] and meta['metric'] and meta['clean']
entry = header['patched.logits']
assert entry['dtype'] == 'F32' and entry['shape'] == [11, 50], entry
begin, end = entry['data_offsets']
values = struct.unpack('<550f', raw[8 + size + begin:8 + size + end])
numbers = json.load(open(folder + '/numbers.json'))
flat = [x for row in numbers['runs']['patched']['logits'] for x in row]
assert all(abs(a - b) < 1e-5 * max(1, abs(b)) for a, b in zip(values, flat))
lines = [line for line in open(folder + '/numbers.csv', encoding='utf-8') if not line.startswith('#')]
rows = [row for row in csv.DictReader(lines) if row['array'] == 'patched.logits']
assert [float(row['value']) for row in rows] == flat
try:
    import numpy
    table = numpy.frombuffer(raw[8 + size + begin:8 + size + end], '<f4').reshape(11, 50)
    assert numpy.allclose(table, numbers['runs']['patched']['logits'])
    print('read with numpy')
except ImportError:
    print('read')
";

#[test]
#[expect(clippy::print_stderr, reason = "what is not tried is told")]
fn python_reads_them() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("NOT TRIED: there is no python3 here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let one = made(folder.path());
    let output = Command::new("python3")
        .arg("-c")
        .arg(SCRIPT)
        .arg(&one)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    match said.trim() {
        "read with numpy" => {}
        "read" => eprintln!("NOT TRIED: this python3 has no numpy; its own libraries read all"),
        _ => unreachable!("{said} {told}"),
    }
}
