//! What is not defined is nowhere a perfect score, a tie is nowhere right, and each input has a donor
//! of its own.

use super::common::{device, embedded, random_of, random_update, reference};
use super::plain;
use super::program::{json, output, stdout};
use candle_core::Tensor;
use circuitscope::lens::{
    Experiment, Intervention, Judged, Matrices, Measure, Source, observe, observe_run, score,
    warnings,
};
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::model::{Config, HookedTransformer};
use circuitscope::sweep::{Claim, Over, Sweep, Tally, Verdict};
use circuitscope::task::{Change, Sizes, Task, Values};
use rand_mt::Mt;

/// Every key of a query masked; and numbers that overflow.
const UNDEFINED: [&[&str]; 2] = [
    &["knock blocks.1.attn.hook_attn_scores [b_0,*]"],
    &["scale blocks.0.hook_resid_pre @* by 1e6"; 7],
];

fn under(model: &HookedTransformer, lines: &[&str]) -> Experiment {
    let update = random_update(model.task(), &mut Mt::new(4));
    let mut with = plain::experiment(model, &update);
    let parse = |line: &&str| Intervention::parse(line, model.task(), model.config()).unwrap();
    with.interventions = lines.iter().map(parse).collect();
    with
}

fn over() -> Over {
    Over::Sample("random:5:64".parse().unwrap())
}

fn swept(model: &HookedTransformer, with: &Experiment) -> Sweep {
    Sweep::new(model, &Matrices::new(model).unwrap(), with).unwrap()
}

fn tally(model: &HookedTransformer, with: &Experiment, over: Over) -> Tally {
    let tally = Tally::new(model.task());
    let found = swept(model, with).tally(over, tally, &mut |_, _| Ok(true));
    found.unwrap().unwrap()
}

fn verdict(model: &HookedTransformer, with: &Experiment, line: &str) -> Verdict {
    let claim = Claim::parse(line, model.task(), model.config()).unwrap();
    let found = swept(model, with).check(over(), &claim, &mut |_, _| Ok(true));
    found.unwrap().unwrap()
}

#[test]
fn what_is_not_defined_makes_a_claim_fail() {
    let model = embedded().transformer;
    for lines in UNDEFINED {
        let with = under(&model, lines);
        let found = tally(&model, &with, over());
        assert_eq!(found.inputs, 64);
        assert_eq!(found.undefined_by_position[1], 64, "{lines:?}");
        assert_eq!(found.wrong_by_position[1], 64);
        assert_eq!(found.worst()[0].predicted[1], None);
        for line in [
            "rank[b_0] == 1",
            "rank[b_0] != 1",
            "not rank[b_0] == 1",
            "margin[b_0] > 0",
            "not margin[b_0] > 0",
            "pred[b_0] == truth[b_0]",
            "pred[b_0] != truth[b_0]",
            "mean logp[b_0] > -1000",
            "min margin[b_0] > -1000",
            "logit[b_0,3] in {1}",
            "elt >= 0 when margin[b_0] > 0",
            "1/0 > 2",
            "not 1/0 > 2",
            "1/(elt - elt) != 3",
        ] {
            let found = verdict(&model, &with, line);
            assert_eq!(found.holds, Some(false), "{line}: {found:?}");
            assert_eq!(found.undefined, 64, "{line}");
            assert_eq!(found.count, 0, "{line}");
            assert!(found.count_words().contains("undefined for 64"), "{line}");
        }
        // what does not hang on it is true or false all the same
        for (line, holds) in [
            ("elt >= 0 or margin[b_0] > 0", true),
            ("elt < 0 and margin[b_0] > 0", false),
        ] {
            let found = verdict(&model, &with, line);
            assert_eq!((found.holds, found.undefined), (Some(holds), 0), "{line}");
        }
        let asked = verdict(&model, &with, "mean logp[b_0]");
        assert!(asked.mean.is_nan() && asked.min.is_nan() && asked.max.is_nan());
        assert_eq!(asked.word(), "n/a");
        assert!(asked.number_words().contains("mean n/a  min n/a  max n/a"));
    }
}

#[test]
fn what_is_not_defined_has_no_metric_and_one_warning() {
    let model = embedded().transformer;
    for (lines, why) in UNDEFINED
        .iter()
        .zip(["no key is left for the query b_0", "overflow"])
    {
        let mut with = under(&model, lines);
        with.clean.values = with.clean.values.with(Change {
            field: crate::common::field(model.task(), "idx"),
            value: 1,
        });
        with.corrupted.values = with.clean.values.clone();
        with.corrupted.values = with.corrupted.values.with(Change {
            field: crate::common::field(model.task(), "idx"),
            value: 2,
        });
        for measure in Measure::ALL {
            with.measure = measure;
            let seen = observe(&model, &with, &|| false).unwrap().unwrap();
            let metric = seen.metric.unwrap();
            assert!(metric.patched.is_nan(), "{measure:?}: {}", metric.patched);
            assert_eq!(metric.normalised(metric.patched), None);
            let warned = warnings(model.task(), &with, Some(&seen));
            let about = warned
                .iter()
                .filter(|one| one.text.starts_with("undefined"));
            let about: Vec<_> = about.collect();
            assert_eq!(about.len(), 1);
            assert!(about[0].text.contains(why), "{}", about[0].text);
        }
    }
}

#[test]
fn a_mean_over_pairs_leaves_out_what_is_not_defined() {
    let line = "knock blocks.1.attn.hook_attn_scores [b_0,*]";
    let mut args = vec!["ask", "-q", "metrics over 64 pairs", "--intervene", line];
    args.extend([
        "--clean",
        "14",
        "26",
        "35",
        "1",
        "48",
        "--counterfactual",
        "idx",
    ]);
    args.extend(["--format", "json"]);
    let text = output(&args);
    let table: serde_json::Value = serde_json::from_slice(&text.stdout).unwrap();
    let names = table["cols"].as_array().unwrap();
    let patched = names.iter().position(|name| name == "patched").unwrap();
    let rows = table["rows"].as_array().unwrap();
    let kl = rows.iter().position(|name| name == "kl").unwrap();
    let value = &table["values"][kl][patched];
    // pairs that are read at other predictions are defined; the rest is none of the mean
    let notes = table["notes"].to_string();
    assert!(
        notes.contains("at the least; the rest is left out"),
        "{notes}"
    );
    assert!(value.as_f64().unwrap() > 0.0, "{value}");
}

/// A model whose logits are all equal.
fn equal() -> HookedTransformer {
    let model = embedded().transformer;
    let config = model.config().clone();
    let tensors = config.parameters().into_iter().map(|(name, shape)| {
        let zero = Tensor::zeros(shape, candle_core::DType::F32, device()).unwrap();
        (name, zero)
    });
    HookedTransformer::from_tensors(config, model.task(), device(), &tensors.collect()).unwrap()
}

#[test]
fn a_tie_is_right_nowhere() {
    let model = equal();
    let (task, with) = (model.task(), under(&equal(), &[]));
    let found = tally(&model, &with, over());
    assert_eq!(
        (found.wrong_inputs, found.right().predictions_right),
        (64, 0)
    );
    let prompts = "random:5:64".parse::<circuitscope::task::Sample>().unwrap();
    let scored = score(&model, &prompts.prompts(task)).unwrap();
    assert_eq!(
        (scored.wrong_inputs, scored.right().predictions_right),
        (64, 0)
    );
    for (line, holds) in [
        ("rank[b_0] == 50", true),
        ("pred == truth", false),
        ("pred[b_0] == truth[b_0]", false),
        ("pred[b_0] <= 1", true),
        ("margin == 0", true),
    ] {
        assert_eq!(verdict(&model, &with, line).holds, Some(holds), "{line}");
    }
    let run = observe_run(&model, &with.clean).unwrap();
    for (j, one) in run.predictions(task).iter().enumerate() {
        assert!(one.correct == Some(false) && one.tied == 49);
        let judged = Judged::new(run.logits.slice(&[one.position]), one.target.unwrap());
        assert_eq!((judged.rank, one.argmax), (Some(50), judged.said));
        // what a run says is what a claim says
        let case = found
            .worst()
            .iter()
            .find(|case| case.values == run.prompt.values);
        assert!(case.is_none_or(|case| case.predicted[j] == one.argmax));
    }
    let metric = with.metric_in_force(task).unwrap();
    let logits = run.logits.slice(&[metric.position]);
    assert_eq!(metric.value(Measure::Rank, logits, logits), 50.0);
    assert_eq!(metric.value(Measure::Accuracy, logits, logits), 0.0);
}

#[test]
fn the_shell_counts_inputs_and_predictions_apart() {
    let line = "zero blocks.1.attn.hook_z @*";
    let answer = json(&["sweep", "--intervene", line, "--over", "random:0:50"]);
    let number = |key: &str| answer[key].as_f64().unwrap();
    assert_eq!((number("inputs"), number("predictions")), (50.0, 150.0));
    let wrong = answer["wrong_by_position"].as_array().unwrap().iter();
    let wrong: u64 = wrong.map(|one| one.as_u64().unwrap()).sum();
    assert_eq!(number("predictions_right"), 150.0 - wrong as f64);
    assert_eq!(number("inputs_right"), 50.0 - number("wrong_inputs"));
    assert_eq!(number("predictions_accuracy"), number("accuracy"));
    assert!(number("inputs_accuracy") < number("predictions_accuracy"));
    let text = stdout(&["claim", "elt < 50 when idx = 1", "--over", "random:0:200"]);
    assert!(
        text.contains("holds for ") && text.contains(" meet the condition"),
        "{text}"
    );
    assert!(text.contains("elt: mean "), "{text}");
}

/// The accuracy at each prediction, of a sample of the reference checkpoint's.
fn accuracies(model: &HookedTransformer, line: &str) -> Vec<f64> {
    let mut with = under(model, &[line]);
    with.sample = "random:2:4096".parse().unwrap();
    let over = Over::Sample("random:1:4096".parse().unwrap());
    tally(model, &with, over).accuracy_by_position()
}

#[test]
fn the_reference_checkpoint_resampled() {
    let Some((model, ..)) = reference() else {
        return;
    };
    let model = model.transformer;
    for (line, expected) in [
        (
            "resample blocks.0.attn.hook_z @elt keep idx",
            [0.774, 0.819, 0.773],
        ),
        (
            "resample blocks.0.attn.hook_z @elt keep idx seed 7",
            [0.774, 0.819, 0.773],
        ),
        (
            "resample blocks.0.attn.hook_z @elt keep elt",
            [0.556, 0.565, 0.566],
        ),
        ("resample blocks.0.attn.hook_z @elt keep idx,elt", [1.0; 3]),
        (
            "mean blocks.0.attn.hook_z @elt over sample",
            [0.669, 0.681, 0.670],
        ),
        (
            "mean blocks.0.attn.hook_z @elt over sample given idx",
            [1.0; 3],
        ),
        // what the node hands to the keys of layer 1 depends on idx alone; to the values it does not
        ("edge L0->K1 @elt resample keep idx", [1.0; 3]),
        ("edge L0->V1 @elt resample keep idx", [0.77, 0.82, 0.77]),
        ("edge L0->K1 @elt mean over sample given idx", [1.0; 3]),
    ] {
        let found = accuracies(&model, line);
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 0.02,
                "{line}: {found} is not {expected}"
            );
        }
    }
}

/// One and the same donor on screen, in a sample and in a sweep, at any number of threads.
#[test]
fn an_input_has_one_donor_everywhere() {
    let task = Task::array_update(2, 7).unwrap();
    let positions = PositionalEmbedding::Standard;
    let model = super::common::random_model([2, 2], positions, task, 5);
    for line in [
        "resample blocks.0.attn.hook_z @elt keep idx seed 3",
        "edge L0.1->V1.0 resample keep a_0",
    ] {
        let with = under(&model, &[line]);
        let over = Over::Sample("random:2:40".parse().unwrap());
        let swept = swept(&model, &with);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let tally = Tally::new(task);
            let tally = || swept.tally(over, tally, &mut |_, _| Ok(true));
            pool.build().unwrap().install(tally).unwrap().unwrap()
        };
        let found = run(1);
        assert_eq!(found, run(3), "{line}");
        for case in found.worst() {
            let run = plain::run(&model, &with, &case.values);
            for (a, b) in case.margins.iter().zip(plain::margins(task, &run)) {
                assert!((a - b).abs() < 1e-3, "{line}: {a} is not {b}");
            }
        }
        // a seed is another donor
        let other = under(
            &model,
            &[&format!("{} seed 4", line.trim_end_matches(" seed 3"))],
        );
        assert_ne!(
            tally(&model, &other, over).loss_by_position,
            found.loss_by_position
        );
    }
}

#[test]
fn all_donors_are_gone_through_where_they_can_be() {
    let task = Task::array_update(2, 3).unwrap();
    let positions = PositionalEmbedding::Shortformer;
    let model = super::common::random_model([2, 1], positions, task, 6);
    let with = under(
        &model,
        &["resample blocks.0.attn.hook_z @elt keep a_0,a_1,elt"],
    );
    let swept = swept(&model, &with);
    let how = swept.how(Over::Space).unwrap();
    assert!(
        how.contains("exact: every input with each of its 2 donors"),
        "{how}"
    );
    assert_eq!(swept.walked(Over::Space), Over::Space);
    assert_eq!(
        u128::from(tally(&model, &with, Over::Space).inputs),
        2 * task.input_space()
    );
    // too many: a sample stands for them, and that is said
    let large = embedded().transformer;
    let with = under(&large, &["resample blocks.0.attn.hook_z @elt keep idx"]);
    let swept = Sweep::new(&large, &Matrices::new(&large).unwrap(), &with).unwrap();
    assert!(matches!(swept.walked(Over::Space), Over::Sample(_)));
    let how = swept.how(Over::Space).unwrap();
    assert!(how.contains("65,536 random inputs stand for all"), "{how}");
}

/// Where not all answers of an input are asked for, its loss is the mean of those that are.
#[test]
fn the_loss_of_an_input_is_that_of_what_is_asked() {
    let rows = [
        (
            r#"{"tokens": [0, 1, 2], "targets": [1, null, 2]}"#,
            vec![(0, 1), (2, 2)],
        ),
        (
            r#"{"tokens": [1, 1, 0], "targets": [null, 0, null]}"#,
            vec![(1, 0)],
        ),
        (
            r#"{"tokens": [2, 0, 1], "targets": [0, 1, 2]}"#,
            vec![(0, 0), (1, 1), (2, 2)],
        ),
    ];
    let text: Vec<&str> = rows.iter().map(|(row, _)| *row).collect();
    let task = Task::from_data("rows.jsonl", text.join("\n").as_bytes(), &Sizes::default());
    let task = task.unwrap();
    let sizes = [task.d_vocab(), task.classes.len()];
    let config = Config::attention_only([1, 2], [8, 4], 3, sizes, PositionalEmbedding::Standard);
    let model = random_of(config, task, 5);
    let losses = rows.iter().map(|(row, asked)| {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let tokens = row["tokens"].as_array().unwrap().iter();
        let tokens = tokens.map(|token| token.as_u64().unwrap() as u32).collect();
        let run = observe_run(&model, &Source::new(Values::new(task, tokens))).unwrap();
        let each = asked
            .iter()
            .map(|&(at, right): &(usize, usize)| -run.log_probs(at)[right]);
        f64::from(each.sum::<f32>()) / asked.len() as f64
    });
    let wanted = losses.sum::<f64>() / rows.len() as f64;
    let experiment = plain::experiment(&model, &task.values_at(0));
    let sweep = Sweep::new(&model, None, &experiment).unwrap();
    let claim = Claim::parse("mean loss", task, model.config()).unwrap();
    let found = sweep
        .check(Over::Space, &claim, &mut |_, _| Ok(true))
        .unwrap()
        .unwrap();
    assert_eq!((found.total, found.undefined), (3, 0));
    assert!(
        (found.mean - wanted).abs() < 1e-5,
        "{} {wanted}",
        found.mean
    );
}
