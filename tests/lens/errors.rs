//! What was made from a sample says how far another sample may be from it.

use super::answers::{ask, under};
use super::models;
use circuitscope::answers::Table;
use circuitscope::lens::{Experiment, RunName, Source, score};

/// The standard error beside a mean is that of the single examples' answers.
#[test]
fn a_mean_over_the_sample_has_its_standard_error() {
    let (_, model) = &models()[0];
    let mut with = under(model, &[]);
    with.sample = "random:3:7".parse().unwrap();
    for line in [
        "attribution target",
        "attention pattern 1.0",
        "sources b_1 target",
    ] {
        let mean = ask(
            model,
            &with,
            RunName::Clean.into(),
            &format!("{line} over sample"),
        );
        let error = mean.beside.last().unwrap();
        assert_eq!(error.name, "standard error");
        let prompts = with.sample.prompts(model.task());
        let singles: Vec<Table> = prompts
            .into_iter()
            .map(|prompt| {
                let one = Experiment {
                    clean: Source::from(prompt),
                    ..with.clone()
                };
                ask(model, &one, RunName::Clean.into(), line)
            })
            .collect();
        let n = singles.len() as f64;
        for (i, &error) in error.values.values().iter().enumerate() {
            let all = singles
                .iter()
                .map(|table| f64::from(table.values.values()[i]));
            let all: Vec<f64> = all.collect();
            if all.iter().any(|x| !x.is_finite()) {
                continue;
            }
            let average = all.iter().sum::<f64>() / n;
            let spread = all.iter().map(|x| (x - average).powi(2)).sum::<f64>() / (n - 1.0);
            let want = (spread / n).sqrt();
            assert!(
                (f64::from(error) - want).abs() < 1e-4,
                "{line}: {error} {want}"
            );
        }
    }
}

/// A sample's score has the standard errors of its inputs' scores.
#[test]
fn a_score_has_its_standard_errors() {
    let (_, model) = &models()[0];
    let sample: circuitscope::task::Sample = "random:3:40".parse().unwrap();
    let prompts = sample.prompts(model.task());
    let whole = score(model, &prompts).unwrap();
    let singles = prompts
        .iter()
        .map(|one| score(model, std::slice::from_ref(one)).unwrap());
    let singles: Vec<(f64, f64)> = singles.map(|one| (one.accuracy(), one.loss)).collect();
    let error = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let n = singles.len() as f64;
        let mean = singles.iter().map(of).sum::<f64>() / n;
        let spread = singles
            .iter()
            .map(|one| (of(one) - mean).powi(2))
            .sum::<f64>();
        (spread / (n - 1.0) / n).sqrt()
    };
    let (accuracy, loss) = (whole.accuracy_estimate(), whole.loss_estimate());
    assert_eq!((accuracy.n, loss.n), (40, 40));
    assert!((accuracy.mean - whole.accuracy()).abs() < 1e-12);
    assert!((accuracy.standard_error - error(&|one| one.0)).abs() < 1e-9);
    assert!((loss.standard_error - error(&|one| one.1)).abs() < 1e-9);
}
