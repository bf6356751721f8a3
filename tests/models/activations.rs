//! Activations of any model against those of TransformerLens.

use candle_core::{DType, Tensor};
use circuitscope::lens::Array;
use circuitscope::model::{HookName, HookedTransformer, NoHooks, Recorder, Site};

/// How far a number may be off, as a part of the largest in its tensor.
const OFF: f32 = 1e-5;

/// A score that a mask has taken away.
fn masked(score: f32) -> bool {
    score < -9e4
}

/// The numbers of a tensor.
pub fn values(tensor: &Tensor) -> Vec<f32> {
    let tensor = tensor.to_dtype(DType::F32).unwrap();
    Array::from_tensor(&tensor).unwrap().values().to_vec()
}

/// All numbers agree within a hundred-thousandth of the tensor's scale; what is masked there is
/// masked here.
pub fn assert_alike(name: &str, got: &Tensor, want: &Tensor) {
    let values = values(want);
    let unmasked = values.iter().filter(|x| !masked(**x));
    let scale = unmasked.fold(0.0f32, |a, b| a.max(b.abs()));
    assert_close(name, got, want, scale);
}

/// The same within a hundred-thousandth of this scale.
pub fn assert_close(name: &str, got: &Tensor, want: &Tensor, scale: f32) {
    assert_eq!(
        got.elem_count(),
        want.elem_count(),
        "{name}: {got:?} {want:?}"
    );
    let (got, want) = (values(got), values(want));
    for (i, (a, b)) in got.iter().zip(&want).enumerate() {
        if masked(*b) {
            assert_eq!(*a, f32::NEG_INFINITY, "{name}[{i}]: {b} is masked there");
            continue;
        }
        let off = (a - b).abs();
        assert!(
            off <= OFF * scale.max(1e-3),
            "{name}[{i}]: {a} instead of {b}"
        );
    }
}

/// Logits and all activations of a batch `[row, pos]`, `hook_result` and `hook_mlp_in` included.
pub fn everything(
    model: &HookedTransformer,
    rows: &[Vec<u32>],
) -> (Tensor, circuitscope::model::ActivationCache) {
    let config = model.config();
    let wanted = HookName::all(config)
        .filter(|hook| matches!(hook, HookName::Block(_, Site::Result | Site::MlpIn)));
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing).wanting(wanted);
    let tokens = model.tokens(rows).unwrap();
    let logits = model.forward(&tokens, &mut recorder).unwrap();
    (logits, recorder.into_cache())
}
