//! Grids as tables: path patching, estimates, both directions, means over pairs.

pub(super) use super::answers::patched as ask;
use super::{models, pair, seen, under};
use crate::common;
use crate::common::Parts as _;
use circuitscope::answers::{Compare, Inquest, Question, Sheet, Table, Tools, answer};
use circuitscope::lens::{
    Direction, Experiment, HeadName, Intervention, Measure, Metric, MetricValues, Reading, RunName,
};
use circuitscope::model::HookedTransformer;
use rand_mt::Mt;

fn share(model: &HookedTransformer, experiment: &Experiment) -> f32 {
    let values = seen(model, experiment).metric.unwrap();
    values.normalised(values.patched).unwrap_or(f32::NAN)
}

fn with(experiment: &Experiment, more: &Intervention) -> Experiment {
    let mut experiment = experiment.clone();
    experiment.interventions.push(more.clone());
    experiment
}

fn close(a: f32, b: f32, scale: f32) -> bool {
    a.is_nan() && b.is_nan() || (a - b).abs() <= 2e-4 * a.abs().max(scale).max(1.0)
}

/// What rounding in a logit comes to in the normalised metric.
fn scale(model: &HookedTransformer, experiment: &Experiment) -> f32 {
    let values = seen(model, experiment).metric.unwrap();
    1.0 / (values.clean - values.corrupted).abs()
}

#[test]
fn every_cell_is_its_line_added() {
    let mut rng = Mt::new(3);
    for (name, model) in models() {
        for direction in [Direction::Denoise, Direction::Noise] {
            let mut experiment = pair(direction);
            let one = common::random_intervention(model.task(), model.config(), &mut rng);
            experiment.interventions.push(one);
            let scale = scale(&model, &experiment);
            for line in [
                "grid edges",
                "grid edges_by_pos",
                "grid v",
                "grid pattern_cells 0.0",
            ] {
                let table = ask(&model, &experiment, line);
                let width = table.cols.len();
                assert_eq!(table.cells.len(), table.rows.len() * width, "{line}");
                for (i, cell) in table.cells.iter().enumerate().step_by(3) {
                    let value = table.values.get(&[i / width, i % width]).unwrap();
                    let Some(cell) = cell else {
                        assert_eq!(value, f32::NEG_INFINITY, "{name} {line} {i}");
                        continue;
                    };
                    let exact = share(&model, &with(&experiment, cell));
                    let text = cell.line(model.task());
                    assert!(
                        close(value, exact, scale),
                        "{name} {text}: {value}, not {exact}"
                    );
                    let parsed = Intervention::parse(&text, model.task(), model.config());
                    assert_eq!(parsed.unwrap(), *cell);
                }
            }
        }
    }
}

#[test]
fn path_patching_knows_every_sender_and_receiver() {
    let model = &models()[1].1;
    let table = ask(model, &pair(Direction::Denoise), "grid edges");
    assert_eq!(table.rows, ["embed", "L0.0", "L0.1", "L1.0", "L1.1"]);
    let receivers = table.cols.len();
    assert_eq!(receivers, 2 * 2 * 3 + 1);
    let edges = table.cells.iter().flatten().count();
    // embed into all; layer 0 into layer 1 and the logits; layer 1 into the logits
    assert_eq!(edges, receivers + 2 * (6 + 1) + 2);
}

#[test]
fn an_estimate_is_exact_where_the_model_is_linear() {
    // on its own and on top of what is done already
    let standing = [
        "",
        "scale blocks.0.attn.hook_z @elt by 0.5",
        "zero blocks.0.attn.hook_v @idx",
    ];
    let cases = models().into_iter().zip(standing.into_iter().cycle());
    for ((name, model), line) in cases.chain(models().into_iter().zip(standing.into_iter().rev())) {
        let mut experiment = pair(Direction::Denoise);
        if !line.is_empty() {
            let one = Intervention::parse(line, model.task(), model.config());
            experiment.interventions.push(one.unwrap());
        }
        let last = model.config().n_layers - 1;
        let scale = scale(&model, &experiment);
        let mut checked = 0;
        let mut linear = |table: &Table, row: &str| {
            let error = &table.beside[1];
            assert_eq!(
                (table.name.as_str(), error.name.as_str()),
                ("exact", "|error|")
            );
            let row = table.rows.iter().position(|one| one == row).unwrap();
            for value in error.values.slice(&[row]).iter().filter(|v| v.is_finite()) {
                assert!(*value <= 2e-4 * scale.max(1.0), "{name} {row}: {value}");
                checked += 1;
            }
        };
        // nothing bends between the last layer's values and the logits
        let strips = ask(&model, &experiment, "grid strips attribution");
        for site in ["v", "z", "pattern"] {
            linear(&strips, &format!("{site} {last}.0"));
        }
        linear(&strips, &format!("attn_out {last}"));
        let edges = ask(&model, &experiment, "grid edges_by_pos attribution");
        linear(&edges, "embed->logits");
        assert!(checked > 40);
        // where it is not, what is far off is marked
        for table in [strips, edges] {
            let errors = table.beside[1].values.values().iter().enumerate();
            let far = errors.filter(|(_, error)| **error > 0.1);
            let width = table.cols.len();
            let far: Vec<[usize; 2]> = far.map(|(i, _)| [i / width, i % width]).collect();
            assert_eq!(table.flagged, far, "{name}");
        }
    }
}

/// Where the logits move linearly, the estimate is the slope of the measure times that move.
#[test]
fn an_estimate_is_the_slope_of_the_measure() {
    for measure in [Measure::LogProb, Measure::Prob, Measure::Kl] {
        for (name, model) in models() {
            let mut experiment = pair(Direction::Denoise);
            experiment.measure = measure;
            let before = seen(&model, &experiment);
            let values = before.metric.unwrap();
            let table = ask(&model, &experiment, "grid edges attribution");
            let logits = table.cols.len() - 1;
            let edge = table.intervention(0, logits).unwrap();
            let after = seen(&model, &with(&experiment, edge));
            let at = values.metric.position;
            let probs = |run: &circuitscope::lens::RunView| -> Vec<f64> {
                let logs = run.log_probs(at);
                logs.iter().map(|&x| f64::from(x).exp()).collect()
            };
            let (p, q) = (probs(&before.patched), probs(&before.clean));
            let moved = after.patched.logits.minus(&before.patched.logits);
            let answer = values.metric.answer as usize;
            let slope = |i: usize| {
                let own = f64::from(u8::from(i == answer));
                match measure {
                    Measure::LogProb => own - p[i],
                    Measure::Prob => p[answer] * (own - p[i]),
                    _ => p[i] - q[i],
                }
            };
            let moves = moved.slice(&[at]).iter().enumerate();
            let delta: f64 = moves.map(|(i, &m)| slope(i) * f64::from(m)).sum();
            let wanted = values.normalised((f64::from(values.patched) + delta) as f32);
            let found = table.beside[0].values.get(&[0, logits]).unwrap();
            let wanted = wanted.unwrap_or(f32::NAN);
            assert!(
                close(found, wanted, 1.0),
                "{name} {measure:?}: {found}, not {wanted}"
            );
        }
    }
}

/// An estimate is linear: patching all positions at once is the sum of patching each.
#[test]
fn estimates_add_up() {
    for (name, model) in models() {
        let experiment = pair(Direction::Denoise);
        for line in [
            "grid q attribution",
            "grid k attribution",
            "grid edges_by_pos attribution",
        ] {
            let table = ask(&model, &experiment, line);
            let unmoved = share(&model, &experiment);
            for row in 0..table.rows.len() {
                let estimates = table.beside[0].values.slice(&[row]);
                let (all, each) = estimates.split_last().unwrap();
                if !all.is_finite() {
                    continue;
                }
                let sum: f32 = each.iter().map(|value| value - unmoved).sum();
                let near = close(all - unmoved, sum, scale(&model, &experiment));
                assert!(near, "{name} {line} {row}: {all} {sum}");
            }
        }
    }
}

#[test]
fn steps_have_no_estimate() {
    let model = &models()[1].1;
    let mut experiment = pair(Direction::Denoise);
    experiment.measure = Measure::Rank;
    let question = Question::parse("grid q attribution", model.task(), model.config()).unwrap();
    let tools = Tools::new(model).unwrap();
    let refused = answer(Inquest {
        model,
        tools: &tools,
        other: None,
        question: &question,
        experiment: &experiment,
        about: RunName::Patched.into(),
    });
    // two random models may rank the answer alike, and then there is nothing to estimate
    if let Err(error) = refused {
        assert!(error.to_string().contains("no gradient"), "{error}");
    } else {
        let values = seen(model, &experiment).metric.unwrap();
        assert_eq!(values.normalised(values.clean), None);
    }
}

#[test]
fn both_directions_are_each_other_flipped() {
    for (name, model) in models() {
        let table = ask(&model, &pair(Direction::Denoise), "grid strips both");
        assert_eq!(table.name, "denoise");
        assert_eq!(table.beside[0].name, "noise");
        let noise = ask(&model, &pair(Direction::Noise), "grid strips");
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let (theirs, ours) = (noise.values.values(), table.beside[0].values.values());
        assert_eq!(bits(theirs), bits(ours), "{name}");
    }
}

#[test]
fn a_mean_over_pairs_is_the_mean_of_its_pairs() {
    let (_, model) = models().remove(1);
    let mut experiment = pair(Direction::Denoise);
    experiment.interventions = under(
        &model,
        &["zero blocks.0.attn.hook_z @idx"],
        experiment.clone(),
    )
    .experiment
    .interventions;
    experiment.sample = "random:4:16".parse().unwrap();
    let mean = ask(&model, &experiment, "grid edges over 5 pairs");
    assert_eq!(
        mean.notes[0],
        ("of".to_owned(), "mean of 5 pairs (n = 5)".to_owned())
    );
    let names = [&mean.beside[0].name, &mean.beside[1].name];
    assert_eq!(names, ["standard error of exact", "std of exact"]);
    let pairs = experiment.over_sample(model.task(), 5);
    let singles: Vec<Table> = pairs
        .iter()
        .map(|one| ask(&model, one, "grid edges"))
        .collect();
    for (i, &value) in mean.values.values().iter().enumerate() {
        let all: Vec<f64> = singles
            .iter()
            .map(|table| f64::from(table.values.values()[i]))
            .collect();
        let average = all.iter().sum::<f64>() / 5.0;
        let spread = all.iter().map(|x| (x - average).powi(2)).sum::<f64>() / 4.0;
        let [error, std] = [0, 1].map(|layer| mean.beside[layer].values.values()[i]);
        if value == f32::NEG_INFINITY {
            continue;
        }
        assert!(value.is_nan() && average.is_nan() || (f64::from(value) - average).abs() < 1e-3);
        let spread = spread.sqrt();
        assert!(std.is_nan() && spread.is_nan() || (f64::from(std) - spread).abs() < 1e-2);
        let exact = spread / 5.0f64.sqrt();
        assert!(error.is_nan() && exact.is_nan() || (f64::from(error) - exact).abs() < 1e-2);
    }
}

#[test]
fn the_pairs_of_a_sample_are_changed_alike() {
    let experiment = pair(Direction::Denoise);
    let task = super::small_task();
    let pairs = experiment.over_sample(task, 100);
    assert_eq!(pairs.len(), 100);
    for one in &pairs {
        let (clean, corrupted) = (&one.clean.values, &one.corrupted.values);
        assert_eq!(corrupted.idx(), (clean.idx() + 1) % 3);
        assert_eq!((corrupted.a(), corrupted.elt()), (clean.a(), clean.elt()));
    }
}

#[test]
fn measures_are_what_they_say() {
    let metric = Metric {
        position: 0,
        answer: 1,
        other: 0,
    };
    let logits = [1.0f32, 3.0, 2.0, 3.0];
    let value = |measure| metric.value(measure, &logits, &[0.0; 4]);
    let sum: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
    let near = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-5;
    assert!(near(value(Measure::LogitDiff), 2.0));
    assert!(near(value(Measure::LogProb), 3.0 - sum.ln()));
    assert!(near(value(Measure::Prob), 3.0f64.exp() / sum));
    // a tie is no right answer
    assert!(near(value(Measure::Rank), 2.0));
    assert!(near(value(Measure::Accuracy), 0.0));
    let uniform: f64 = logits
        .iter()
        .map(|&x| 0.25 * (0.25f64.ln() - f64::from(x) + sum.ln()))
        .sum();
    assert!(near(value(Measure::Kl), uniform));
    assert!(near(metric.value(Measure::Kl, &logits, &logits), 0.0));
    for measure in Measure::ALL {
        assert_eq!(Measure::parse(measure.name()).unwrap(), measure);
    }
    let error = Measure::parse("logits").unwrap_err().to_string();
    assert!(
        error.contains("accuracy") && error.contains("'logits'"),
        "{error}"
    );
}

/// What a patch does, told in every way: of 3 when clean and 1 when corrupted, on top of 2.
#[test]
fn readings_are_what_they_say() {
    let metric = Metric {
        position: 0,
        answer: 1,
        other: 0,
    };
    let values = MetricValues {
        metric,
        measure: Measure::LogitDiff,
        clean: 3.0,
        corrupted: 1.0,
        patched: 2.0,
    };
    for (share, wanted) in [
        (0.25, [0.25, 0.75, 1.5, -0.5]),
        (1.5, [1.5, -0.5, 4.0, 2.0]),
    ] {
        let told = Reading::ALL.map(|reading| values.read(reading, share));
        assert_eq!(told, wanted);
        assert_eq!(values.normalised(told[2]), Some(share));
    }
}

#[test]
fn all_measures_stand_together() {
    for (name, model) in models() {
        let table = ask(&model, &pair(Direction::Noise), "metrics");
        assert_eq!(table.rows.len(), Measure::ALL.len());
        for (row, measure) in Measure::ALL.into_iter().enumerate() {
            let mut experiment = pair(Direction::Noise);
            experiment.measure = measure;
            let values = seen(&model, &experiment).metric.unwrap();
            let shown = table.values.slice(&[row]);
            assert_eq!(
                shown[..3],
                [values.clean, values.corrupted, values.patched],
                "{name}"
            );
        }
    }
}

#[test]
fn lines_of_grids_go_there_and_back() {
    let (_, model) = models().remove(1);
    for sheet in Sheet::all(model.config()) {
        for (_, compare) in Compare::ALL {
            for (pairs, reading) in [None, Some(7), None, Some(7)].into_iter().zip(Reading::ALL) {
                let question = Question::Grid {
                    sheet,
                    compare,
                    reading,
                    pairs,
                };
                let line = question.line(model.task(), model.config());
                let back = Question::parse(&line, model.task(), model.config());
                assert_eq!(back.unwrap(), question, "{line}");
            }
        }
    }
    for (line, word) in [
        ("grid edgy", "edges_by_pos"),
        ("grid edges roughly", "attribution"),
        ("grid edges over 0 pairs", "4096"),
        ("necessity over 3 pairs", "not averaged"),
        ("ranks ov 7.0", "no head"),
    ] {
        let error = Question::parse(line, model.task(), model.config()).unwrap_err();
        assert!(format!("{error:#}").contains(word), "{line}: {error:#}");
    }
    assert_eq!(HeadName::all(model.config()).count(), 4);
}
