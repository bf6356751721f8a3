//! Means, resampling, directions and edges: what each kind of intervention is worth.

use super::{models, pair, under};
use crate::common::Parts as _;
use circuitscope::lens::{
    Direction, Experiment, Intervention, Matrices, Observation, PathTables, observe,
};
use circuitscope::model::{HookName, HookedTransformer, NoHooks, Recorder, Site};
use circuitscope::task::Values;
use std::collections::BTreeSet;

fn seen(model: &HookedTransformer, sample: &str, lines: &[&str]) -> Observation {
    let parse = |line: &&str| Intervention::parse(line, model.task(), model.config()).unwrap();
    let experiment = Experiment {
        interventions: lines.iter().map(parse).collect(),
        sample: sample.parse().unwrap(),
        ..pair(Direction::Noise)
    };
    observe(model, &experiment, &|| false).unwrap().unwrap()
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn the_mean_of_one_example_is_that_example() {
    for (name, model) in models() {
        for hook in [
            "attn.hook_z @*",
            "attn.hook_pattern [*,*]",
            "hook_resid_pre @a_0,elt",
        ] {
            let mean = seen(
                &model,
                "random:3:1",
                &[&format!("mean blocks.0.{hook} over sample")],
            );
            let one = seen(
                &model,
                "random:3:1",
                &[&format!("patch blocks.0.{hook} from example 1")],
            );
            assert_eq!(mean.patched.logits, one.patched.logits, "{name} {hook}");
            assert_eq!(mean.changed, [true], "{name} {hook}");
        }
    }
}

/// Examples that agree with a prompt in the given fields.
type Agrees = fn(&Values, &Values) -> bool;

#[test]
fn a_mean_is_the_mean() {
    let given: [(&str, Agrees); 6] = [
        ("", |_, _| true),
        (" given idx", |a, b| a.idx() == b.idx()),
        (" given elt", |a, b| a.elt() == b.elt()),
        (" given a_0", |a, b| a.a()[0] == b.a()[0]),
        (" given a_2", |a, b| a.a()[2] == b.a()[2]),
        (" given idx,a_1", |a, b| {
            (a.idx(), a.a()[1]) == (b.idx(), b.a()[1])
        }),
    ];
    for (name, model) in models() {
        let task = model.task();
        let sample: circuitscope::task::Sample = "random:5:700".parse().unwrap();
        let hook = HookName::Block(0, Site::Z);
        let runs: Vec<(Values, candle_core::Tensor)> = sample
            .prompts(task)
            .iter()
            .map(|prompt| {
                let mut nothing = NoHooks;
                let mut recorder = Recorder::new(&mut nothing);
                let tokens = model.tokens(&[task.tokens(prompt)]).unwrap();
                model.forward(&tokens, &mut recorder).unwrap();
                let z = recorder.into_cache().get(hook).unwrap().clone();
                (prompt.values.clone(), z)
            })
            .collect();
        for (fields, agrees) in given {
            let line = format!("mean blocks.0.attn.hook_z @* over sample{fields}");
            let parsed = Intervention::parse(&line, task, model.config()).unwrap();
            let experiment = Experiment {
                interventions: vec![parsed.clone()],
                sample,
                ..pair(Direction::Noise)
            };
            let base = experiment.clean.prompt();
            let these = runs
                .iter()
                .filter(|(update, _)| agrees(update, &base.values));
            let these: Vec<_> = these.map(|(_, z)| z).collect();
            let all = fields.is_empty();
            assert!(
                these.len() > 1 && (all || these.len() < runs.len()),
                "{line}"
            );
            let want = candle_core::Tensor::cat(&these, 0)
                .unwrap()
                .mean_keepdim(0)
                .unwrap();
            let derived = circuitscope::lens::Derived::new(&model, &experiment, &base).unwrap();
            let got = derived.get(&parsed).unwrap();
            let flat = |t: &candle_core::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(worst(&flat(got), &flat(&want)) < 1e-4, "{name}: {line}");
        }
    }
}

#[test]
fn a_mean_over_nothing_says_so() {
    let (_, model) = models().remove(0);
    let line = "mean blocks.0.attn.hook_z @* over sample given idx,elt,a_0";
    let experiment = Experiment {
        interventions: vec![Intervention::parse(line, model.task(), model.config()).unwrap()],
        sample: "random:1:2".parse().unwrap(),
        ..pair(Direction::Noise)
    };
    let error = observe(&model, &experiment, &|| false).unwrap_err();
    assert!(
        format!("{error:#}").contains("no example of random:1:2 agrees"),
        "{error:#}"
    );
}

#[test]
fn what_keeps_everything_changes_nothing() {
    for (name, model) in models() {
        let fields: Vec<String> = (0..model.task().answers.len())
            .map(|i| format!("a_{i}"))
            .collect();
        let all = format!("{},idx,elt", fields.join(","));
        for line in [
            format!("resample blocks.0.attn.hook_z @* keep {all}"),
            "add blocks.0.hook_resid_pre @* W_U[1] by 0".to_owned(),
            "edge embed->Q0 from clean".to_owned(),
            "edge embed->logits from clean".to_owned(),
        ] {
            let seen = seen(&model, "random:0", &[&line]);
            let off = worst(seen.patched.logits.values(), seen.clean.logits.values());
            assert!(off < 1e-4, "{name} {line}: off by {off}");
        }
        let drawn = seen(
            &model,
            "random:0",
            &["resample blocks.0.attn.hook_z @* keep nothing"],
        );
        assert_eq!(drawn.changed, [true], "{name}");
    }
}

#[test]
fn an_edge_into_the_logits_is_a_term_of_the_logits() {
    for (name, model) in models() {
        let off = seen(&model, "random:0", &["edge L0->logits off"]);
        let task = model.task();
        let mut nothing = NoHooks;
        let mut recorder = Recorder::new(&mut nothing);
        let tokens = model.tokens(&[task.tokens(&off.clean.prompt)]).unwrap();
        model.forward(&tokens, &mut recorder).unwrap();
        let cache = recorder.into_cache();
        let written = cache.get(HookName::Block(0, Site::AttnOut)).unwrap();
        let term = written.get(0).unwrap().matmul(model.w_u()).unwrap();
        let term = term.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let change = off.clean.logits.minus(&off.patched.logits);
        assert!(worst(change.values(), &term) < 1e-4, "{name}");
    }
}

#[test]
fn without_edges_into_it_a_value_is_nothing() {
    // the embedded model has no biases that would be left
    let (_, model) = models().remove(0);
    let cut = seen(
        &model,
        "random:0",
        &["edge embed->V1 off", "edge L0->V1.0 off"],
    );
    let zero = seen(&model, "random:0", &["zero blocks.1.attn.hook_v @*"]);
    let off = worst(cut.patched.logits.values(), zero.patched.logits.values());
    assert!(off < 1e-4, "off by {off}");
}

#[test]
fn an_edge_off_is_its_path_taken_away() {
    let (_, model) = models().remove(0);
    let weights = Matrices::new(&model).unwrap();
    let tables = PathTables::new(&weights).unwrap();
    let frozen = [
        "patch blocks.0.attn.hook_pattern [*,*] from clean",
        "patch blocks.1.attn.hook_pattern [*,*] from clean",
    ];
    for (edge, path) in [
        ("edge embed->logits off", "direct"),
        ("edge L0->logits off", "0.0"),
        ("edge embed->V1 off", "1.0"),
        ("edge L0->V1 off", "0.0>1.0"),
    ] {
        let seen = seen(&model, "random:0", &[frozen[0], frozen[1], edge]);
        let off = BTreeSet::from([tables.parse(path, model.config()).unwrap()]);
        let split = tables.split(&weights, &seen.clean).unwrap();
        let without = split.logits_without(&off);
        let worst = worst(seen.patched.logits.values(), without.values());
        assert!(worst < 1e-4, "{edge}: off by {worst}");
        // and it is worth something
        assert!(seen.changed[2], "{edge}");
    }
}

/// An edge is off or it carries something: twice off is off, and the last word counts.
#[test]
fn an_edge_taken_away_twice_is_taken_away_once() {
    for (name, model) in models().into_iter().skip(1) {
        let last = model.config().n_layers - 1;
        for (lines, same) in [
            (vec!["off", "off"], "off"),
            (vec!["off", "from clean"], "from clean"),
            (vec!["from clean", "from clean", "off"], "off"),
            (vec!["@idx off", "off"], "off"),
        ] {
            let edge = |what: &str| format!("edge embed->K{last} {what}");
            let lines: Vec<String> = lines.into_iter().map(edge).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let twice = under(&model, &lines, pair(Direction::Denoise));
            let line = edge(same);
            let once = under(&model, &[&line], pair(Direction::Denoise));
            let off = twice.patched.logits.minus(&once.patched.logits);
            let most = off
                .values()
                .iter()
                .fold(0.0f32, |most, x| most.max(x.abs()));
            assert!(most < 1e-4, "{name} {lines:?}: {most}");
        }
    }
}
