//! What is asked of models with more than attention: answers are exact given the run and say so, tables
//! are refused with the reason.

use super::answers::ask;
use super::{beyond, models, pair};
use circuitscope::lens::{Direction, Matrices, Question, RunName, Table};
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
