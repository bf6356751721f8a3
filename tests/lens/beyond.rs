//! What is asked of models with more than attention: answers are exact given the run and say so, tables
//! are refused with the reason.

use super::answers::ask;
use super::{beyond, models, pair, under};
use circuitscope::answers::{Question, Table};
use circuitscope::lens::{Direction, Matrices, RunName};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::Normalization;
use circuitscope::sweep::Sweep;

fn asked(model: &HookedTransformer, line: &str) -> Table {
    ask(
        model,
        &pair(Direction::Denoise),
        RunName::Clean.into(),
        line,
    )
}

#[test]
fn what_does_not_fold_into_tables_says_why() {
    for (name, model) in beyond() {
        let why = model.config().why_not_folded().unwrap();
        assert!(why.contains("and this one has"), "{name}: {why}");
        assert!(Matrices::where_folded(&model).unwrap().is_none(), "{name}");
        // nor do its weights, whoever asks
        let weights = Matrices::new(&model).unwrap();
        let experiment = pair(Direction::Denoise);
        for weights in [None, Some(&weights)] {
            let sweep = Sweep::new(&model, weights, &experiment).unwrap();
            assert_eq!(sweep.reason(), Some(&*why), "{name}");
        }
    }
    for (name, model) in models() {
        assert_eq!(model.config().why_not_folded(), None, "{name}");
        assert!(Matrices::where_folded(&model).unwrap().is_some());
    }
}

#[test]
fn answers_say_what_they_take_as_given() {
    for (name, model) in beyond() {
        let config = model.config();
        for line in [
            "attribution target",
            "paths b_1 target",
            "why 1.0 b_0 elt",
            "why 1.1 b_0 elt minus idx",
        ] {
            let table = asked(&model, line);
            let given = table.notes.iter().find(|(name, _)| name == "given");
            let through = !line.starts_with("why");
            let words = config.given_words(through);
            assert_eq!(
                given.map(|(_, words)| words),
                words.as_ref(),
                "{name}: {line}"
            );
        }
        let words = config.given_words(true).unwrap_or_default();
        let has = |what: &str| words.contains(what);
        assert_eq!(
            has("norm scales"),
            config.normalization != Normalization::None,
            "{name}: {words}"
        );
        assert_eq!(has("ReLU gates"), config.has_gates(), "{name}: {words}");
        assert_eq!(
            has("one part"),
            config.mlp.is_some() && !config.has_gates(),
            "{name}: {words}"
        );
    }
    for (name, model) in models() {
        assert_eq!(model.config().given_words(true), None, "{name}");
    }
}

#[test]
fn attention_from_both_sides_is_asked_for_and_shown() {
    for (name, model) in beyond() {
        let causal = model.config().is_causal();
        let question = Question::parse("why 1.0 idx elt", model.task(), model.config());
        assert_eq!(question.is_err(), causal, "{name}");
        let table = asked(&model, "attention pattern 1.0");
        let ahead = table.values.get(&[0, 3]).unwrap();
        assert_eq!(ahead == f32::NEG_INFINITY, causal, "{name}");
    }
}

/// A neuron's cell is the metric with that neuron alone from the other run; all of them together are
/// the MLP's output from there.
#[test]
fn neurons_are_patched_one_by_one() {
    for (name, model) in beyond() {
        let task = model.task();
        let Some(mlp) = model.config().mlp else {
            assert!(Question::parse("grid neurons 0", task, model.config()).is_err());
            continue;
        };
        let table = asked(&model, "grid neurons 1");
        assert_eq!(table.rows.len(), mlp.d_mlp, "{name}");
        assert_eq!(table.cols.len(), task.seq_len() + 1, "{name}");
        let untouched = under(&model, &[], pair(Direction::Denoise));
        let at = untouched.metric.unwrap().metric.position;
        for neuron in [0, 5, 11] {
            let place = task.label(at);
            let line = format!("patch blocks.1.mlp.hook_post @{place} neuron {neuron} from clean");
            let patched = under(&model, &[&line], pair(Direction::Denoise));
            assert_eq!(patched.experiment.interventions[0].line(task), line);
            let metric = patched.metric.as_ref().unwrap();
            let want = metric.normalised(metric.patched).unwrap();
            let cell = table.values.get(&[neuron, at]).unwrap();
            assert!(
                (cell - want).abs() < 1e-4,
                "{name}: n{neuron} {cell}, not {want}"
            );
        }
        let every: Vec<String> = (0..mlp.d_mlp)
            .map(|neuron| format!("patch blocks.1.mlp.hook_post @* neuron {neuron} from clean"))
            .collect();
        let every: Vec<&str> = every.iter().map(String::as_str).collect();
        let all = under(&model, &every, pair(Direction::Denoise));
        let out = ["patch blocks.1.hook_mlp_out @* from clean"];
        let out = under(&model, &out, pair(Direction::Denoise));
        let logits = all.patched.logits.values().iter();
        for (a, b) in logits.zip(out.patched.logits.values()) {
            assert!((a - b).abs() < 1e-4, "{name}: {a}, not {b}");
        }
    }
}
