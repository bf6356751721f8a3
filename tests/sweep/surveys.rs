//! Surveys: what their lines mean, and that their rows are the sweeps they stand for.

use crate::common::{self, random_model};
use circuitscope::lens::{Direction, Experiment, Intervention, Matrices, Measure, Source};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding::Shortformer;
use circuitscope::sweep::{Over, Survey, Surveyed, Sweep, Tally};
use circuitscope::task::{Sample, Task};
use rand_mt::Mt;

fn experiment(model: &HookedTransformer) -> Experiment {
    let mut rng = Mt::new(5);
    let mut source = || Source::new(common::random_update(model.task(), &mut rng));
    Experiment {
        clean: source(),
        corrupted: source(),
        direction: Direction::Denoise,
        metric: None,
        measure: Measure::default(),
        interventions: Vec::new(),
        sample: "random:3:40".parse::<Sample>().unwrap(),
    }
}

fn survey(model: &HookedTransformer, line: &str) -> Surveyed {
    let weights = Matrices::new(model).unwrap();
    let survey = Survey::parse(line, model.task(), model.config()).unwrap();
    let found = survey.answer(model, &weights, &experiment(model), &mut |_| Ok(true));
    found.unwrap().unwrap()
}

#[test]
fn every_choice_is_the_sweep_of_its_lines() {
    let task = Task::array_update(2, 5).unwrap();
    let model = random_model([2, 1], Shortformer, task, 8);
    let weights = Matrices::new(&model).unwrap();
    for line in [
        "ablations blocks.0.attn.hook_z @elt",
        "ablations blocks.1.hook_attn_out @* over space",
        "minimal 0.1",
        "minimal 0.1 over space",
    ] {
        let found = survey(&model, line);
        let whole = line.ends_with("space");
        assert_eq!(found.over == Over::Space, whole, "{line}");
        assert!(!found.choices.is_empty(), "{line}");
        for choice in &found.choices {
            let mut alone = experiment(&model);
            let parse = |line: &String| Intervention::parse(line, task, model.config()).unwrap();
            alone.interventions = choice.interventions.iter().map(parse).collect();
            let sweep = Sweep::new(&model, &weights, &alone).unwrap();
            let tally = sweep.tally(found.over, Tally::new(task), &mut |_, _| Ok(true));
            let tally = tally.unwrap().unwrap();
            let left = choice.left.as_ref().unwrap();
            if let Some(draws) = left.draws {
                // over all inputs of so small a space, all donors are gone through too
                assert!(!whole || draws.exact, "{line}: {draws:?}");
                if draws.donors > 1 && !whole {
                    let off = (left.accuracy.mean - tally.accuracy()).abs();
                    assert!(off < 0.2, "{}: {off}", choice.name);
                    continue;
                }
            }
            let (a, b) = (left.accuracy.mean, tally.accuracy());
            assert_eq!(a.to_bits(), b.to_bits(), "{line}: {}", choice.name);
            assert_eq!(left.accuracy_by_position, tally.accuracy_by_position());
            assert_eq!(left.mean_loss.to_bits(), tally.mean_loss().to_bits());
        }
    }
}

/// Predictions behind a query without keys are no part of what a set of edges does.
#[test]
fn what_is_undefined_with_every_edge_is_told() {
    let task = Task::array_update(2, 5).unwrap();
    let model = random_model([2, 1], Shortformer, task, 8);
    let weights = Matrices::new(&model).unwrap();
    let mut with = experiment(&model);
    let survey = Survey::parse("minimal 0.1 over space", task, model.config()).unwrap();
    let verdict = |with: &Experiment| {
        let found = survey.answer(&model, &weights, with, &mut |_| Ok(true));
        found.unwrap().unwrap().verdict
    };
    assert!(!verdict(&with).contains("undefined"));
    let line = "knock blocks.1.attn.hook_attn_scores [b_0,*]";
    with.interventions = vec![Intervention::parse(line, task, model.config()).unwrap()];
    let told = verdict(&with);
    assert!(
        told.starts_with("250 of 500 predictions are undefined"),
        "{told}"
    );
}

/// The last prediction's attention output is read by nothing before it: what stands at the first
/// number of the list depends on the tokens up to there alone.
#[test]
fn a_node_depends_on_what_it_can_see() {
    let model = common::embedded().transformer;
    let found = survey(&model, "ablations blocks.0.attn.hook_v @a_1");
    // a value of the first layer is its token's
    assert!(
        found.verdict.contains("depends on a_1 only"),
        "{}",
        found.verdict
    );
    let found = survey(&model, "ablations blocks.0.attn.hook_z @BOS");
    assert!(
        found.verdict.contains("depends on nothing"),
        "{}",
        found.verdict
    );
}

/// A mean given a number that some examples have and others not: over the sample there is one for
/// each example, over all inputs it is one of all inputs. That of the sample has none for some.
#[test]
fn a_conditional_mean_needs_its_examples_alone() {
    let task = Task::array_update(2, 60).unwrap();
    let model = random_model([1, 1], Shortformer, task, 8);
    for (line, over) in [
        ("ablations blocks.0.attn.hook_z @elt", "sample"),
        ("ablations blocks.0.attn.hook_z @elt over space", "space"),
    ] {
        let found = survey(&model, line);
        let name = format!("mean over {over} given elt");
        let mut choices = found.choices.iter();
        let mean = choices.find(|one| one.name == name).unwrap();
        assert!(mean.left.is_ok(), "{line}: {:?}", mean.left);
    }
    let mut with = experiment(&model);
    let line = "mean blocks.0.attn.hook_z @elt over sample given elt";
    let one = Intervention::parse(line, task, model.config()).unwrap();
    with.interventions.push(one);
    let why = match Sweep::new(&model, &Matrices::new(&model).unwrap(), &with) {
        Err(why) => format!("{why:#}"),
        Ok(sweep) => sweep
            .tally(Over::Space, Tally::new(task), &mut |_, _| Ok(true))
            .map_or_else(|why| format!("{why:#}"), |_| String::new()),
    };
    assert!(why.contains("no example of random:3:40 agrees"), "{why}");
}

#[test]
fn lines_come_back_and_errors_name_the_word() {
    let model = common::embedded().transformer;
    let (task, config) = (model.task(), model.config());
    for (line, told) in [
        (
            "ablations  blocks.0.attn.hook_z @elt",
            "ablations blocks.0.attn.hook_z @elt",
        ),
        (
            "ablations blocks.1.attn.hook_q @* head 0 over sample",
            "ablations blocks.1.attn.hook_q @* head 0",
        ),
        ("minimal", "minimal 0.99"),
        ("minimal 0.5 over space", "minimal 0.5 over space"),
    ] {
        let survey = Survey::parse(line, task, config).unwrap();
        assert_eq!(survey.line(task), told);
        assert_eq!(Survey::parse(told, task, config).unwrap(), survey);
    }
    for (line, word, problem) in [
        ("ablations blocks.0.attn.hook_zz @elt", 1, "hook_z"),
        ("ablations blocks.0.attn.hook_z @el", 2, "elt"),
        ("ablations", 1, "hook"),
        ("minimal 2", 1, "no accuracy from 0 to 1"),
        ("minimal x\u{1b}[2J", 1, "\\u{1b}"),
        ("minimal 0.5 0.6", 2, "the form is"),
        ("minimal 0.5 over everything", 3, "over space or sample"),
    ] {
        let error = Survey::parse(line, task, config).unwrap_err();
        assert_eq!(error.word, word, "{line}: {error}");
        assert!(error.problem.contains(problem), "{line}: {error}");
    }
    assert!(!Survey::is("min margin[b_1]"));
}
