//! Logits that are changed themselves, behind everything that the model does.

use super::{models, pair, under};
use circuitscope::lens::{Direction, Observation};

const B_0: usize = 8;

fn logits(seen: &Observation, position: usize) -> (Vec<f32>, Vec<f32>) {
    let base = seen.base().logits.slice(&[position]).to_vec();
    (base, seen.patched.logits.slice(&[position]).to_vec())
}

#[test]
fn each_verb_does_to_logits_what_it_does_elsewhere() {
    for (name, model) in models() {
        let classes = model.config().d_vocab_out;
        let one = |line: &str| under(&model, &[line], pair(Direction::Noise));
        let (base, zeroed) = logits(&one("zero logits @b_0"), B_0);
        assert_eq!(zeroed, vec![0.0; classes], "{name}");
        let (_, scaled) = logits(&one("scale logits @b_0 by 0.5"), B_0);
        let half: Vec<f32> = base.iter().map(|logit| logit * 0.5).collect();
        assert_eq!(scaled, half, "{name}");
        let (elsewhere, same) = logits(&one("zero logits @b_0"), B_0 + 1);
        assert_eq!(elsewhere, same, "{name}: only where it is said");
        let seen = one("patch logits @b_0 from corrupted");
        let other = seen.corrupted.logits.slice(&[B_0]).to_vec();
        assert_eq!(logits(&seen, B_0).1, other, "{name}");
        let rule = format!("rule logits @b_0 = [c + 0.25 * idx for c in range({classes})]");
        let seen = one(&rule);
        let idx = f32::from(u8::try_from(seen.base().prompt.values.tokens()[3]).unwrap());
        let said: Vec<f32> = (0..classes).map(|c| c as f32 + 0.25 * idx).collect();
        assert_eq!(logits(&seen, B_0).1, said, "{name}");
        assert_eq!(seen.changed, [true], "{name}");
    }
}

#[test]
fn waves_along_the_classes_are_kept_or_taken_out() {
    for (name, model) in models() {
        let classes = model.config().d_vocab_out;
        let one = |line: &str| under(&model, &[line], pair(Direction::Noise));
        let seen = one("keep logits @b_0 frequencies classes 0 1");
        let (base, kept) = logits(&seen, B_0);
        let (_, removed) = logits(&one("remove logits @b_0 frequencies classes 0 1"), B_0);
        let step = std::f64::consts::TAU / classes as f64;
        let of = |wave: &dyn Fn(f64) -> f64| {
            let pairs = base.iter().enumerate();
            pairs
                .map(|(c, &logit)| f64::from(logit) * wave(step * c as f64))
                .sum::<f64>()
        };
        let n = classes as f64;
        let (mean, cos, sin) = (
            of(&|_| 1.0) / n,
            of(&f64::cos) * 2.0 / n,
            of(&f64::sin) * 2.0 / n,
        );
        for c in 0..classes {
            let at = step * c as f64;
            let want = mean + cos * at.cos() + sin * at.sin();
            assert!(
                (f64::from(kept[c]) - want).abs() < 1e-4,
                "{name} {c}: {} {want}",
                kept[c]
            );
            let sum = kept[c] + removed[c];
            assert!(
                (sum - base[c]).abs() < 1e-4,
                "{name} {c}: {sum} {}",
                base[c]
            );
        }
    }
}

#[test]
fn what_makes_no_sense_of_logits_is_told() {
    let (_, model) = models().into_iter().next().unwrap();
    for (line, told) in [
        ("add logits @b_0 W_U[1] by 2", "residual stream"),
        ("keep logits @b_0 pca W_U 2", "frequencies classes"),
        ("keep logits @b_0 frequencies W_E 1", "along classes"),
        (
            "keep logits @b_0 frequencies classes 99",
            "frequencies are 0 to",
        ),
        ("zero logits @b_0 head 0", "no heads"),
        ("rule logits @b_0 = [1, 2]", "a list of"),
        ("rank logits @b_0 to 2", "circuit"),
    ] {
        let read = circuitscope::lens::Intervention::parse(line, model.task(), model.config());
        let error = read.unwrap_err().to_string();
        assert!(error.contains(told), "{line}: {error}");
    }
}
