//! The tutorial's steps on a model that they were not found in.

use super::program::output;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A slide's files, every weight of one tensor times a factor.
fn scaled(tensor: &str, factor: f32, folder: &Path) -> String {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut bytes = fs::read(models.join("min_of_two.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let place = |i: usize| header[tensor]["data_offsets"][i].as_u64().unwrap() as usize;
    let (from, to) = (8 + length + place(0), 8 + length + place(1));
    for number in bytes[from..to].chunks_exact_mut(4) {
        let value = f32::from_le_bytes((&*number).try_into().unwrap()) * factor;
        number.copy_from_slice(&value.to_le_bytes());
    }
    fs::write(folder.join("m.safetensors"), bytes).unwrap();
    fs::copy(models.join("min_of_two.json"), folder.join("m.json")).unwrap();
    folder.join("m.safetensors").to_str().unwrap().to_owned()
}

#[test]
fn each_step_is_judged_on_the_model_at_hand() {
    for (factor, mark) in [(1.001, "✓ 1 "), (0.0, "✗ 1 ")] {
        let folder = tempfile::tempdir().unwrap();
        let model = scaled("blocks.0.attn.W_Q", factor, folder.path());
        let path = folder.path().join("screen.txt");
        let path = path.to_str().unwrap();
        let drawn = output(&[
            "render", "--model", &model, "--keys", "? t", "--size", "120x40", "-o", path,
        ]);
        assert!(drawn.status.success(), "{drawn:?}");
        let screen = fs::read_to_string(path).unwrap();
        assert!(screen.contains(mark), "{factor}: {screen}");
        assert!(
            screen.contains("judged on this one, over all inputs"),
            "{screen}"
        );
        assert!(screen.contains("of 4,096 inputs"), "{screen}");
    }
}
