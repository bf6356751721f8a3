//! Each verb does what its documentation says, where it says, and nowhere else.

use super::{models, pair, under};
use circuitscope::lens::{Array, Derived, Direction, Editor, Intervention, Sources};
use circuitscope::model::{ActivationCache, HookName, HookedTransformer, NoHooks, Recorder, Site};

fn recorded(model: &HookedTransformer, tokens: &[u32], lines: &[&str]) -> ActivationCache {
    let tokens = model.tokens(&[tokens.to_vec()]).unwrap();
    let mut nothing = NoHooks;
    let mut recorder = Recorder::new(&mut nothing).with_result();
    model.forward(&tokens, &mut recorder).unwrap();
    let untouched = recorder.into_cache();
    if lines.is_empty() {
        return untouched;
    }
    let parse = |line: &&str| Intervention::parse(line, model.task(), model.config()).unwrap();
    let list: Vec<Intervention> = lines.iter().map(parse).collect();
    let sources = Sources {
        clean: &untouched,
        corrupted: &untouched,
        derived: &Derived::default(),
    };
    let mut editor = Editor::new(&list, sources).unwrap();
    let mut recorder = Recorder::new(&mut editor).with_result();
    model.forward(&tokens, &mut recorder).unwrap();
    recorder.into_cache()
}

/// Runs `lines` on every model and compares the activation at `hook` with what `expected` makes
/// of the untouched one: `expected(index, old)`, the index without the batch.
fn check(lines: &[&str], hook: HookName, expected: impl Fn(&[usize], f32) -> f32) {
    for (name, model) in models() {
        let HookName::Block(layer, _) = hook else {
            continue;
        };
        if layer >= model.config().n_layers {
            continue;
        }
        let tokens = model.task().tokens(&pair(Direction::Noise).clean.prompt());
        let get = |lines: &[&str]| {
            let cache = recorded(&model, &tokens, lines);
            let tensor = cache.get(hook).unwrap().get(0).unwrap();
            Array::from_tensor(&tensor).unwrap()
        };
        let (old, new) = (get(&[]), get(lines));
        let mut index = vec![0; old.shape().len()];
        for (flat, (&old_value, &new_value)) in old.values().iter().zip(new.values()).enumerate() {
            let mut rest = flat;
            for (axis, &n) in old.shape().iter().enumerate().rev() {
                index[axis] = rest % n;
                rest /= n;
            }
            let want = expected(&index, old_value);
            let same = want == new_value || (want - new_value).abs() < 1e-6;
            assert!(same, "{name} {hook} {index:?}: {new_value}, not {want}");
        }
    }
}

const ELT: usize = 6;
const B_0: usize = 8;

#[test]
fn zero_scale_and_set_touch_their_positions_only() {
    let hook = |site| HookName::Block(0, site);
    check(
        &["zero blocks.0.attn.hook_z @elt"],
        hook(Site::Z),
        |i, old| {
            if i[0] == ELT { 0.0 } else { old }
        },
    );
    check(
        &["scale blocks.0.hook_resid_pre @elt,b_0 by -0.5"],
        hook(Site::ResidPre),
        |i, old| {
            if [ELT, B_0].contains(&i[0]) {
                old * -0.5
            } else {
                old
            }
        },
    );
    check(
        &["set blocks.0.attn.hook_v @* = 2.5"],
        hook(Site::V),
        |_, _| 2.5,
    );
    check(
        &["set blocks.1.attn.hook_q @b_0 head 0 = -1"],
        HookName::Block(1, Site::Q),
        |i, old| {
            if i[0] == B_0 && i[1] == 0 { -1.0 } else { old }
        },
    );
    check(
        &["zero blocks.0.attn.hook_result @elt"],
        hook(Site::Result),
        |i, old| {
            if i[0] == ELT { 0.0 } else { old }
        },
    );
}

#[test]
fn interventions_act_in_their_order() {
    let hook = HookName::Block(0, Site::Z);
    let set = "set blocks.0.attn.hook_z @elt = 3";
    let double = "scale blocks.0.attn.hook_z @elt by 2";
    let at_elt = |value: f32| move |i: &[usize], old: f32| if i[0] == ELT { value } else { old };
    check(&[set, double], hook, at_elt(6.0));
    check(&[double, set], hook, at_elt(3.0));
}

#[test]
fn attention_cells_rows_and_columns() {
    let pattern = HookName::Block(0, Site::Pattern);
    check(
        &["set blocks.0.attn.hook_pattern [b_0,elt] = 1"],
        pattern,
        |i, old| {
            if i[1..] == [B_0, ELT] { 1.0 } else { old }
        },
    );
    check(
        &["zero blocks.0.attn.hook_pattern [b_0,*]"],
        pattern,
        |i, old| {
            if i[1] == B_0 { 0.0 } else { old }
        },
    );
    check(
        &["scale blocks.0.attn.hook_pattern [*,elt] head 0 by 0.5"],
        pattern,
        |i, old| {
            if i[0] == 0 && i[2] == ELT {
                old * 0.5
            } else {
                old
            }
        },
    );
}

#[test]
fn a_scaled_score_that_is_masked_stays_masked() {
    let scores = HookName::Block(0, Site::AttnScores);
    for factor in [0.0f32, -1.0, 0.5] {
        let line = format!("scale blocks.0.attn.hook_attn_scores [*,*] by {factor}");
        check(&[&line], scores, |i, old| {
            if i[2] > i[1] {
                f32::NEG_INFINITY
            } else {
                old * factor
            }
        });
    }
}

/// The row of `b_0` in layer 0, head 0, untouched and under a line.
fn rows(model: &HookedTransformer, line: &str) -> (Vec<f32>, Vec<f32>) {
    let seen = under(model, &[line], pair(Direction::Noise));
    let row = |run: &circuitscope::lens::RunView| run.pattern.slice(&[0, 0, B_0]).to_vec();
    (row(&seen.clean), row(&seen.patched))
}

#[test]
fn a_knocked_score_renormalises_and_a_knocked_probability_does_not() {
    for (name, model) in models() {
        let (old, new) = rows(&model, "knock blocks.0.attn.hook_attn_scores [b_0,elt]");
        assert_eq!(new[ELT], 0.0, "{name}");
        let left = 1.0 - old[ELT];
        for (old, new) in old
            .iter()
            .zip(&new)
            .enumerate()
            .filter(|(i, _)| *i != ELT)
            .map(|x| x.1)
        {
            assert!((new - old / left).abs() < 1e-5, "{name}: {new} after {old}");
        }
        let (old, new) = rows(&model, "knock blocks.0.attn.hook_pattern [b_0,elt]");
        let mut want = old;
        want[ELT] = 0.0;
        assert_eq!(new, want, "{name}");
    }
}

#[test]
fn a_change_that_changes_nothing_says_so() {
    let (_, model) = &models()[1];
    let lines = [
        "zero blocks.0.attn.hook_pattern [idx,b_0]",
        "scale blocks.0.attn.hook_z @elt by 1",
        "zero blocks.0.attn.hook_z @elt",
        "zero blocks.0.attn.hook_z @elt",
    ];
    let seen = under(model, &lines, pair(Direction::Noise));
    assert_eq!(seen.changed, [false, false, true, false]);
}
