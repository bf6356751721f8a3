//! The tutorial's steps on a model that they were not found in.

use super::program::stdout;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The first slide's files, one weight of it all zeros.
fn without(tensor: &str, folder: &Path) -> String {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut bytes = fs::read(models.join("array_update.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let place = |i: usize| header[tensor]["data_offsets"][i].as_u64().unwrap() as usize;
    bytes[8 + length + place(0)..8 + length + place(1)].fill(0);
    fs::write(folder.join("m.safetensors"), bytes).unwrap();
    fs::copy(models.join("array_update.json"), folder.join("m.json")).unwrap();
    folder.join("m.safetensors").to_str().unwrap().to_owned()
}

#[test]
fn each_step_is_judged_on_the_model_at_hand() {
    let folder = tempfile::tempdir().unwrap();
    let model = without("blocks.1.attn.W_Q", folder.path());
    let path = folder.path().join("screen.txt");
    let path = path.to_str().unwrap();
    let render = |keys: &str| {
        let _ = fs::remove_file(path);
        stdout(&[
            "render", "--model", &model, "--keys", keys, "--size", "120x40", "-o", path,
        ]);
        fs::read_to_string(path).unwrap()
    };
    let screen = render("? t");
    // the head that no query asks copies nothing; what layer 0 does is as it was
    assert!(screen.contains("✗ 1 Head 1.0"), "{screen}");
    assert!(screen.contains("✓ 3 The index"), "{screen}");
    assert!(
        screen.contains("judged on this one, over all inputs"),
        "{screen}"
    );
    let third = render("? t down down");
    assert!(
        third.contains("holds for 18,750,000 of 18,750,000 inputs"),
        "{third}"
    );
}
