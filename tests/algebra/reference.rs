//! What circuits tell of the reference checkpoint, as its author's tutorial does.

use crate::common::shared;
use crate::program::{json, stdout};
use circuitscope::lens::{Circuit, CircuitName, Diagonal, Matrices};
use circuitscope::model::Model;

const MODEL: &str = "models/array_indexing_model.pt";

fn diagonal(model: &Model, name: &str) -> Diagonal {
    let weights = Matrices::new(&model.transformer).unwrap();
    let name = CircuitName::parse(name, weights.config()).unwrap();
    let circuit = Circuit::new(&weights, &name, false).unwrap();
    circuit.diagonal().unwrap()
}

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got} instead of {want}");
}

#[test]
fn head_1_0_copies_every_number() {
    let Some(shared) = shared() else { return };
    let model = Model::open(&shared.join(MODEL), crate::common::device()).unwrap();
    let found = diagonal(&model, "ov.1");
    for (got, want) in [
        (found.on.mean, 8.0935),
        (found.on.min, 5.7866),
        (found.on.max, 12.2754),
        (found.off.mean, -0.2327),
        (found.off.min, -6.9567),
        (found.off.max, 4.5966),
    ] {
        close(got, want, 6e-5);
    }
    close(found.smallest_margin, 2.037, 6e-4);
    assert_eq!(found.smallest_margin_row, "23");
    assert_eq!((found.top1, found.rows), (1.0, 50));
    assert!(found.failing.is_empty());
}

#[test]
fn virtual_ov_fails_for_token_1_alone() {
    let Some(shared) = shared() else { return };
    let path = shared.join(MODEL);
    let model = Model::open(&path, crate::common::device()).unwrap();
    let found = diagonal(&model, "ov.virtual");
    let failing = found.failing.iter();
    let failing: Vec<(&str, &str)> = failing
        .map(|one| (one.row.as_str(), one.largest.as_str()))
        .collect();
    assert_eq!(failing, [("1", "2")]);
    close(found.top1, 0.98, 1e-9);
    // the shell says the same, in words and in JSON
    let path = path.to_str().unwrap();
    let text = stdout(&["circuit", "ov.virtual", "--model", path]);
    assert!(
        text.contains("failing rows       1 of 50: 1 (2 is larger)"),
        "{text}"
    );
    let text = stdout(&["circuit", "ov.1", "--model", path]);
    for told in [
        "mean 8.0935 (5.7866 to 12.2754)",
        "mean -0.2327 (-6.9567 to 4.5966)",
        "at 23",
        "none of 50",
    ] {
        assert!(text.contains(told), "no {told} in\n{text}");
    }
    let answer = json(&["circuit", "ov.virtual", "--model", path]);
    assert_eq!(answer["diagonal"]["failing"][0]["row"], "1");
    assert_eq!(answer["diagonal"]["failing"][0]["largest"], "2");
    assert!(answer["top1_on_diagonal"].is_f64());
}
