//! A finding as a script for TransformerLens: what is written, and where Python has it, what it says.

use crate::keep;
use crate::program::{refused, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A finding made by these interventions, as a script: where it lies, its text and its data.
fn exported(folder: &Path, lines: &[&str]) -> (String, String, Value) {
    let keys: Vec<String> = lines
        .iter()
        .map(|line| format!(": '{line}' enter"))
        .collect();
    keep(folder, &format!("{} b 'Mine' ctrl-s", keys.join(" ")));
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let script = path("check.py");
    stdout(&["export", &path("findings/mine"), "--python", "-o", &script]);
    let text = fs::read_to_string(&script).unwrap();
    let data = serde_json::from_str(text.split("\"\"\"").nth(3).unwrap()).unwrap();
    (script, text, data)
}

#[test]
fn a_finding_is_a_script_that_others_can_run() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        "patch blocks.0.attn.hook_z @elt from clean",
        "rule blocks.1.attn.hook_pattern [nl_1,*] = one(elt) if idx == 0 else one(a_0)",
        "mean blocks.0.attn.hook_v @a_0 over sample given idx",
        "rule blocks.0.attn.hook_k @idx = as_if(idx=0)",
        "knock blocks.1.attn.hook_attn_scores [b_1,elt]",
    ];
    let (script, text, data) = exported(folder.path(), &lines);
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let finding = path("findings/mine");
    let told = data["interventions"].as_array().unwrap();
    let told: Vec<&str> = told
        .iter()
        .map(|one| one["line"].as_str().unwrap())
        .collect();
    assert_eq!(told, lines);
    assert_eq!(
        data["runs"]["patched"]["logits"].as_array().unwrap().len(),
        11
    );
    assert!(folder.path().join("check.safetensors").is_file());
    refused(&["export", &finding, "--python", "-o", &script], "check.py");
    refused(
        &["export", &finding, "--python", "-o", &path("check.txt")],
        "ends in .py",
    );
    // a recorded number that is another is found out
    let forged = path("forged.py");
    let number = data["runs"]["patched"]["logits"][8][48].to_string();
    fs::write(&forged, text.replacen(&number, "77.5", 1)).unwrap();
    if let Some(python) = with_transformer_lens() {
        for (file, code, says) in [(&script, 0, "as the finding says"), (&forged, 1, "NOT as")] {
            let said = Command::new(&python).arg(file).output().unwrap();
            let told = String::from_utf8_lossy(&said.stdout);
            assert_eq!(said.status.code(), Some(code), "{told}");
            assert!(told.contains(says), "{told}");
        }
    }
}

#[test]
fn edges_paths_ranks_and_logits_are_told_to_others_too() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        "edge L0->K1 off",
        "edge L0.0->V1.0 from clean",
        "path 0.0>1.0 off",
        "rank blocks.1.attn.hook_v @* head 0 to 5",
        "remove blocks.0.hook_resid_pre @elt pca W_E 2",
        "keep logits @b_0 frequencies classes 0 1 2",
        "scale logits @b_1 by 0.5",
    ];
    let (script, _, data) = exported(folder.path(), &lines);
    let does: Vec<&str> = (data["interventions"].as_array().unwrap().iter())
        .map(|one| one["does"].as_str().unwrap())
        .collect();
    assert_eq!(
        does,
        ["edge", "edge", "path", "rank", "map", "map", "scale"]
    );
    assert_eq!(data["grids"].as_object().unwrap().len(), 13);
    if let Some(python) = with_transformer_lens() {
        let said = Command::new(&python).arg(&script).output().unwrap();
        let told = String::from_utf8_lossy(&said.stdout);
        let grids = told.matches("grid ").count();
        assert!(said.status.success() && grids == 13, "{told}");
    }
}

/// A Python that has TransformerLens, where there is one.
fn with_transformer_lens() -> Option<String> {
    let python = std::env::var("TRANSFORMER_LENS_PYTHON").unwrap_or_else(|_| "python3".into());
    let known = Command::new(&python)
        .args(["-c", "import transformer_lens"])
        .output();
    known
        .is_ok_and(|known| known.status.success())
        .then_some(python)
}
