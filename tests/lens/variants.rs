//! Variants of a model: fewer directions, paths and edges away, another model beside it.

use super::sheets::ask;
use super::{models, pair, seen, under};
use crate::common::random_of;
use circuitscope::answers::{Inquest, Question, Tools, answer};
use circuitscope::lens::{
    Array, Direction, Experiment, HeadName, Intervention, LowRank, Matrices, PathTables, RunName,
    Source, Start, low_rank, observe_run, score,
};
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::model::{Config, HookedTransformer};
use circuitscope::task::{Sizes, Target, Task, Values};

fn parse(model: &HookedTransformer, line: &str) -> Intervention {
    Intervention::parse(line, model.task(), model.config()).unwrap()
}

fn largest_difference(a: &Array, b: &Array) -> f32 {
    let all = a.minus(b);
    all.values().iter().fold(0.0, |most, x| most.max(x.abs()))
}

#[test]
fn a_cut_in_the_run_is_the_cut_of_the_weights() {
    for (name, model) in models() {
        let last = model.config().n_layers - 1;
        let full = model.config().d_head;
        for (weight, hook) in [("ov", "v"), ("qk", "q")] {
            for rank in [0, 1, 3, full / 2, full] {
                let cut = LowRank::parse(&format!("{weight}.{last}.0:{rank}"), model.config());
                let cut_model = low_rank(&model, &[cut.unwrap()]).unwrap();
                let wanted = seen(&cut_model, &pair(Direction::Noise));
                let line = format!("rank blocks.{last}.attn.hook_{hook} @* head 0 to {rank}");
                let got = under(&model, &[&line], pair(Direction::Noise));
                let off = largest_difference(&got.patched.logits, &wanted.clean.logits);
                assert!(off < 2e-3, "{name} {line}: {off}");
            }
        }
    }
}

#[test]
fn a_cut_belongs_to_a_circuit() {
    let (_, model) = models().remove(1);
    for (line, word) in [
        ("rank blocks.0.attn.hook_k @* to 2", "hook_v"),
        ("rank blocks.0.attn.hook_v @* to 999", "0 to "),
        ("rank blocks.0.attn.hook_v @* by 2", "'to'"),
    ] {
        let error = Intervention::parse(line, model.task(), model.config()).unwrap_err();
        assert!(error.problem.contains(word), "{line}: {error}");
    }
}

#[test]
fn a_paths_own_edge_takes_that_path_away() {
    for (name, model) in models() {
        let weights = Matrices::new(&model).unwrap();
        let paths = PathTables::new(&weights).unwrap();
        let before = seen(&model, &pair(Direction::Noise));
        let split = paths.split(&weights, &before.clean).unwrap();
        let mut found = 0;
        for path in paths.names() {
            let Some(edge) = path.own_edge(model.config()) else {
                // in a model of two layers every path from an embedding has its own edge
                assert!(
                    model.config().n_layers > 2 || path.start != Start::Embed,
                    "{name} {path}"
                );
                continue;
            };
            found += 1;
            let mut experiment = pair(Direction::Noise);
            experiment.interventions.push(edge.clone());
            let edge = &edge;
            let after = seen(&model, &experiment);
            let moved = largest_difference(&after.patched.pattern, &before.clean.pattern);
            assert!(moved < 1e-5, "{name} {path}: attention moved by {moved}");
            let lost = before.clean.logits.minus(&after.patched.logits);
            for dest in 0..model.task().seq_len() {
                for token in 0..model.config().d_vocab_out {
                    // what leaves together by this edge
                    let together = paths.names().enumerate();
                    let together = together
                        .filter(|(_, other)| other.own_edge(model.config()).as_ref() == Some(edge));
                    let share: f64 = together
                        .flat_map(|(j, _)| (0..=dest).map(move |src| (j, src)))
                        .map(|(j, src)| split.value(j, dest, src, token))
                        .sum();
                    let lost = f64::from(lost.get(&[dest, token]).unwrap());
                    assert!((lost - share).abs() < 1e-3, "{name} {path}: {lost} {share}");
                }
            }
        }
        assert!(found > 0, "{name}");
    }
}

#[test]
fn necessity_and_ranks_are_their_lines() {
    for (name, model) in models().into_iter().take(3) {
        let mut experiment = pair(Direction::Denoise);
        experiment.sample = "random:2:40".parse().unwrap();
        let prompts = experiment.sample.prompts(model.task());
        for line in ["necessity", "ranks qk 0.0"] {
            let table = ask(&model, &experiment, line);
            let columns = table.cols.len();
            assert_eq!(table.rows[0], "as it stands");
            let stands = table.values.slice(&[0]);
            assert!(
                (stands[0] - 1.0).abs() < 1e-6,
                "{name}: the clean run is as clean"
            );
            let whole = score(&model, &prompts).unwrap();
            assert!((f64::from(stands[columns - 2]) - whole.accuracy()).abs() < 1e-6);
            assert!((f64::from(stands[columns - 1]) - whole.loss).abs() < 1e-4);
            for row in [1, table.rows.len() - 1] {
                let mut one = experiment.clone();
                one.direction = Direction::Noise;
                one.interventions
                    .extend(table.intervention(row, 0).cloned());
                let values = seen(&model, &one).metric.unwrap();
                let share = values.normalised(values.patched).unwrap();
                let shown = table.values.get(&[row, 0]).unwrap();
                assert!((share - shown).abs() < 1e-4, "{name} {}", table.rows[row]);
            }
        }
    }
}

/// A batch under interventions, each of its rows against a run alone.
#[test]
fn accuracy_under_interventions_is_counted_run_by_run() {
    let (_, model) = models().remove(1);
    for line in [
        "zero blocks.0.attn.hook_z @idx",
        "mean blocks.1.attn.hook_k @elt over sample given idx",
        "resample blocks.0.attn.hook_v @* keep elt seed 3",
        "patch blocks.1.attn.hook_k @elt from corrupted",
        "edge L0.1->K1.0 from corrupted",
        "rank blocks.1.attn.hook_v @* to 2",
    ] {
        let mut experiment = pair(Direction::Denoise);
        experiment.sample = "random:2:40".parse().unwrap();
        experiment.interventions.push(parse(&model, line));
        let table = ask(&model, &experiment, "necessity");
        let shown = table.values.get(&[0, table.cols.len() - 2]).unwrap();
        let mut right = 0;
        for mut one in experiment.over_sample(model.task(), 40) {
            one.direction = Direction::Noise;
            let run = seen(&model, &one).patched;
            right += run
                .predictions(model.task())
                .iter()
                .filter(|p| p.correct == Some(true))
                .count();
        }
        let wanted = right as f32 / 120.0;
        assert!(
            (shown - wanted).abs() < 1e-6,
            "{line}: {shown}, not {wanted}"
        );
    }
}

#[test]
fn two_models_stand_side_by_side() {
    let all = models();
    let (model, other) = (&all[1].1, &all[3].1);
    let experiment: Experiment = pair(Direction::Denoise);
    let tools = Tools::new(model).unwrap();
    let put = |line: &str, other| {
        answer(Inquest {
            model,
            tools: &tools,
            other,
            question: &Question::parse(line, model.task(), model.config()).unwrap(),
            experiment: &experiment,
            about: RunName::Clean.into(),
        })
    };
    let table = put("models logits", Some((other, "theirs"))).unwrap();
    let theirs = seen(other, &experiment).clean.logits;
    let ours = seen(model, &experiment).clean.logits;
    assert_eq!((&table.values, &table.beside[1].values), (&ours, &theirs));
    assert_eq!(table.beside[0].values, ours.minus(&theirs));
    let table = put("models attention 1.1", Some((other, "theirs"))).unwrap();
    assert_eq!(table.beside[1].name, "theirs");
    let error = put("models logits", None).unwrap_err().to_string();
    assert!(error.contains("--compare"), "{error}");
    assert_eq!(HeadName::all(model.config()).count(), 4);
}

/// Where an answer is not asked for in every input, its accuracy is over those in which it is.
#[test]
fn accuracy_is_over_what_is_asked() {
    let rows = [
        r#"{"tokens": [0, 1, 2], "targets": [1, null, 2]}"#,
        r#"{"tokens": [1, 1, 0], "targets": [null, 0, null]}"#,
        r#"{"tokens": [2, 0, 1], "targets": [0, 1, 2]}"#,
        r#"{"tokens": [2, 2, 1], "targets": [2, null, null]}"#,
    ];
    let task = Task::from_data("rows.jsonl", rows.join("\n").as_bytes(), &Sizes::default());
    let task = task.unwrap();
    let sizes = [task.d_vocab(), task.classes.len()];
    let standard = PositionalEmbedding::Standard;
    let config = Config::attention_only([1, 2], [8, 4], 3, sizes, standard);
    let model = random_of(config, task, 5);
    let source = |tokens: [u32; 3]| Source::new(Values::new(task, tokens.to_vec()));
    let experiment = Experiment {
        clean: source([0, 1, 2]),
        corrupted: source([2, 0, 1]),
        sample: "random:3:60".parse().unwrap(),
        ..pair(Direction::Noise)
    };
    let table = ask(&model, &experiment, "necessity");
    let prompts = experiment.sample.prompts(task);
    for (j, name) in task.predictions().iter().enumerate() {
        let (mut asked, mut right) = (0, 0);
        for prompt in &prompts {
            let targets = task.targets(std::slice::from_ref(&prompt.values)).unwrap();
            if targets[0][j] == Target::Nothing {
                continue;
            }
            let run = observe_run(&model, &Source::new(prompt.values.clone())).unwrap();
            let said = run.top(task.predicts_at(j), 1)[0].0;
            asked += 1;
            right += usize::from(targets[0][j].allows(said));
        }
        let column = table
            .cols
            .iter()
            .position(|col| *col == format!("acc {name}"));
        let found = table.values.get(&[0, column.unwrap()]).unwrap();
        assert!(asked > 0 && asked < prompts.len(), "{name}");
        assert!(
            (found - right as f32 / asked as f32).abs() < 1e-6,
            "{name}: {found}"
        );
    }
}
