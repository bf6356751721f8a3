//! Counts, margins and losses of a sweep, input by input.

use super::common::{embedded, random_intervention, random_model, random_update};
use super::plain;
use crate::common::Parts as _;
use circuitscope::lens::{Action, Experiment, From, Intervention, Matrices};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::sweep::{By, Case, Common, Over, Sweep, Tally};
use circuitscope::task::Task;
use rand_mt::Mt;

/// Every input is run as often by hand; more donors than this take too long.
const MOST_DONORS: u32 = 20;

fn task() -> Task {
    Task::array_update(2, 7).unwrap()
}

fn sweep(model: &HookedTransformer, with: &Experiment) -> Sweep {
    Sweep::new(model, &Matrices::new(model).unwrap(), with).unwrap()
}

fn tally(model: &HookedTransformer, with: &Experiment) -> Tally {
    let tally = Tally::keeping_failures(model.task());
    let found = sweep(model, with).tally(Over::Space, tally, &mut |_, _| Ok(true));
    found.unwrap().unwrap()
}

/// The experiment with another donor for each input.
fn with_donor(with: &Experiment, donor: u32) -> Experiment {
    let mut with = with.clone();
    for one in &mut with.interventions {
        if let Action::Patch(From::Resample { seed, .. })
        | Action::Edge(_, Some(From::Resample { seed, .. })) = &mut one.action
        {
            *seed += donor;
        }
    }
    with
}

/// Every input by a forward pass, and what the sweep says of the same.
/// false where that would be too many passes.
pub fn agrees(model: &HookedTransformer, with: &Experiment, what: &str) -> bool {
    let task = model.task();
    let found = tally(model, with);
    // where inputs resample, each is run with every donor it has
    let donors = (u128::from(found.inputs) / task.input_space()) as u32;
    let (mut wrong, mut loss, mut inputs, mut undefined) = (0, 0.0, 0, 0);
    let mut least = f64::INFINITY;
    let mut close = 0;
    if donors > MOST_DONORS {
        return false;
    }
    let all = plain::every_update(task);
    let all =
        (0..donors).flat_map(|donor| all.clone().into_iter().map(move |update| (donor, update)));
    for (donor, update) in all {
        let run = plain::run(model, &with_donor(with, donor), &update);
        let margins = plain::margins(task, &run);
        least = margins.iter().copied().fold(least, f64::min);
        close += u64::from(margins.iter().any(|margin| margin.abs() < 1e-4));
        wrong += u64::from(!margins.iter().all(|&margin| margin > 0.0));
        let losses = run.predictions(task);
        let losses = losses.iter().map(|one| -f64::from(one.log_prob));
        undefined += losses.clone().filter(|one| one.is_nan()).count() as u64;
        loss += losses.filter(|one| !one.is_nan()).sum::<f64>();
        inputs += 1;
        let failures = found.wrong.as_ref().unwrap();
        let same = |case: &&Case| donors == 1 && case.values == update;
        if let Some(case) = failures.iter().find(same) {
            for (a, b) in case.margins.iter().zip(&margins) {
                let same = (a - b).abs() < 1e-3 || a.is_nan() && b.is_nan();
                assert!(same, "{what}: {update:?}: {a} is not {b}");
            }
        }
    }
    assert_eq!(found.inputs, inputs);
    assert_eq!(found.undefined(), undefined, "{what}");
    // forward passes are in single precision: they cannot tell what is closer than that
    let off = found.wrong_inputs.abs_diff(wrong);
    assert!(
        off <= close,
        "{what}: {} wrong, not {wrong}",
        found.wrong_inputs
    );
    let loss = loss / (inputs * task.answers.len() as u64 - undefined) as f64;
    if undefined > 0 {
        // a query without a key: no number behind it
        assert!(found.worst()[0].margin().is_nan(), "{what}");
        assert!(found.mean_loss().is_nan() == loss.is_nan(), "{what}");
        return true;
    }
    assert!(
        (found.mean_loss() - loss).abs() < 1e-3,
        "{what}: loss {} is not {}",
        found.mean_loss(),
        loss
    );
    assert!((found.worst()[0].margin() - least).abs() < 1e-3, "{what}");
    assert!(
        found
            .worst()
            .windows(2)
            .all(|two| two[0].margin() <= two[1].margin()),
        "{what}: the worst are not in order"
    );
    true
}

#[test]
fn every_input_of_a_small_space_agrees_with_its_forward_pass() {
    for (layers, heads) in [(1, 1), (2, 1), (2, 2), (3, 1)] {
        for positions in [
            PositionalEmbedding::Shortformer,
            PositionalEmbedding::Standard,
        ] {
            let seed = (10 * layers + heads) as u32;
            let model = random_model([layers, heads], positions, task(), seed);
            let update = random_update(task(), &mut Mt::new(seed));
            let with = plain::experiment(&model, &update);
            let swept = sweep(&model, &with);
            assert_eq!(swept.reason(), None);
            agrees(
                &model,
                &with,
                &format!("{layers} layers, {heads} heads, {positions:?}"),
            );
        }
    }
}

/// What depends on few fields goes into tables, all else through forward passes; either agrees with
/// single forward passes.
#[test]
fn rules_agree_with_their_forward_passes() {
    let row = "rule blocks.1.attn.hook_pattern [b_0,*] =";
    for (lines, folds) in [
        (
            vec![format!("{row} one(elt) if idx == 0 else one(a_1)")],
            true,
        ),
        (
            vec![
                format!("{row} weights({{elt: 0.75, idx: idx / 8}})"),
                "rule blocks.0.attn.hook_z @elt,b_0 = elt * 0.25 - a_1".into(),
                "rule blocks.0.hook_attn_out @idx = mean(idx) over space".into(),
                "mean blocks.0.attn.hook_v @nl_0 over sample given a_0 == a_1".into(),
            ],
            true,
        ),
        (vec![format!("{row} as_if(idx=0)")], false),
        (vec!["edge L0->K1 @elt = as_if(elt=a_0)".into()], false),
        (
            vec!["resample blocks.0.attn.hook_z @elt keep (a_0 + idx) % 2 seed 1".into()],
            false,
        ),
    ] {
        let model = random_model([2, 2], PositionalEmbedding::Shortformer, task(), 8);
        let mut with = plain::experiment(&model, &random_update(task(), &mut Mt::new(8)));
        for line in &lines {
            let one = Intervention::parse(line, task(), model.config()).unwrap();
            assert_eq!(
                Intervention::parse(&one.line(task()), task(), model.config()).unwrap(),
                one
            );
            with.interventions.push(one);
        }
        let swept = sweep(&model, &with);
        assert_eq!(
            swept.reason().is_none(),
            folds,
            "{lines:?} {:?}",
            swept.reason()
        );
        agrees(&model, &with, &lines.join("; "));
    }
}

#[test]
fn groups_hold_every_wrong_prediction() {
    let model = random_model([2, 1], PositionalEmbedding::Shortformer, task(), 3);
    let with = plain::experiment(&model, &random_update(task(), &mut Mt::new(3)));
    let found = tally(&model, &with);
    let wrong = found.wrong.as_ref().unwrap();
    let each = wrong.iter().flat_map(|case| {
        let wrong = (0..task().answers.len())
            .filter(|&j| case.predicted[j] != Some(case.values.answers()[j]));
        wrong.map(move |j| (case, j))
    });
    let each: Vec<_> = each.collect();
    assert!(!each.is_empty());
    for by in [By::Field, By::Position, By::Instead] {
        let mut count = 0;
        for group in found.failures.groups(by) {
            let belongs = |case: &Case, j: usize| match group.common {
                Common::Field(idx) => case.values.idx() as usize == idx,
                Common::Position(position) => j == position,
                Common::Instead(instead) => case.instead(j) == instead,
            };
            let these = each.iter().filter(|(case, j)| belongs(case, *j));
            let least = these.clone().map(|(case, j)| case.margins[*j]);
            let least = least.fold(f64::INFINITY, f64::min);
            assert_eq!(
                group.count,
                these.count() as u64,
                "{by:?} {:?}",
                group.common
            );
            count += group.count;
            let mut first = group.cases[0].margins.iter().copied();
            assert!(first.any(|margin| margin == least));
        }
        assert_eq!(count, each.len() as u64, "{by:?}");
    }
    let by_position: u64 = found
        .failures
        .by_field_and_position()
        .iter()
        .flatten()
        .sum();
    assert_eq!(by_position, each.len() as u64);
}

#[test]
fn random_interventions_agree_with_their_forward_passes() {
    let mut rng = Mt::new(11);
    let (mut by_tables, mut compared) = (0, 0);
    for round in 0..40 {
        let (layers, heads) = [(2, 1), (2, 2), (1, 2), (3, 1)][round % 4];
        let positions = if round % 3 == 0 {
            PositionalEmbedding::Standard
        } else {
            PositionalEmbedding::Shortformer
        };
        let model = random_model([layers, heads], positions, task(), round as u32);
        let mut with = plain::experiment(&model, &random_update(task(), &mut rng));
        for _ in 0..1 + round % 3 {
            let one = random_intervention(task(), model.config(), &mut rng);
            with.interventions.push(one);
        }
        let lines: Vec<_> = with
            .interventions
            .iter()
            .map(|one| one.line(task()))
            .collect();
        let weights = Matrices::new(&model).unwrap();
        // a mean given fields has no examples for some inputs: an error there, and nothing else
        let Ok(swept) = Sweep::new(&model, &weights, &with) else {
            continue;
        };
        by_tables += usize::from(swept.reason().is_none());
        compared += usize::from(agrees(&model, &with, &lines.join("; ")));
    }
    assert!(by_tables >= 20, "only {by_tables} of 40 lists were folded");
    assert!(compared >= 25, "only {compared} of 40 lists were compared");
}

/// Cuts of circuits, with and without activations that are put there before and after them.
#[test]
fn circuits_that_are_cut_are_folded() {
    let lists = [
        &["rank blocks.1.attn.hook_q @* to 2"][..],
        &["rank blocks.0.attn.hook_v @* to 3"],
        &[
            "patch blocks.1.attn.hook_v @a_1 from clean",
            "rank blocks.1.attn.hook_v @* to 1",
            "rank blocks.0.attn.hook_q @* to 4",
            "scale blocks.0.attn.hook_q @elt by 2",
        ],
        &[
            "rank blocks.1.attn.hook_q @* head 0 to 5",
            "rank blocks.1.attn.hook_q @* to 3",
            "patch blocks.1.attn.hook_q @b_0 from corrupted",
        ],
    ];
    for (heads, positions) in [
        (1, PositionalEmbedding::Shortformer),
        (2, PositionalEmbedding::Standard),
    ] {
        let model = random_model([2, heads], positions, task(), 7);
        for lines in lists {
            let mut with = plain::experiment(&model, &random_update(task(), &mut Mt::new(7)));
            let parse = |line: &&str| Intervention::parse(line, task(), model.config()).unwrap();
            with.interventions = lines.iter().map(parse).collect();
            assert_eq!(sweep(&model, &with).reason(), None);
            agrees(&model, &with, &lines.join("; "));
        }
    }
}

#[test]
fn a_score_that_is_cut_off_and_scaled_stays_cut_off() {
    let model = random_model([2, 1], PositionalEmbedding::Shortformer, task(), 5);
    let cell = "blocks.0.attn.hook_attn_scores [elt,idx]";
    for factor in ["0", "-2", "0.5"] {
        let mut with = plain::experiment(&model, &random_update(task(), &mut Mt::new(5)));
        for line in [format!("knock {cell}"), format!("scale {cell} by {factor}")] {
            let one = Intervention::parse(&line, task(), model.config()).unwrap();
            with.interventions.push(one);
        }
        assert_eq!(sweep(&model, &with).reason(), None);
        agrees(&model, &with, &format!("cut off, times {factor}"));
    }
}

/// Cells of early positions, which are walked once for all indices and elements where they are the
/// same for all.
#[test]
fn cells_that_depend_on_a_later_field_are_walked_for_each() {
    let model = random_model([2, 1], PositionalEmbedding::Shortformer, task(), 5);
    for hook in ["hook_attn_scores", "hook_pattern"] {
        for field in ["idx", "elt"] {
            let line = format!("mean blocks.0.attn.{hook} [nl_0,a_0] over sample given {field}");
            let mut with = plain::experiment(&model, &random_update(task(), &mut Mt::new(5)));
            with.sample = "random:3:64".parse().unwrap();
            let one = Intervention::parse(&line, task(), model.config()).unwrap();
            with.interventions.push(one);
            assert_eq!(sweep(&model, &with).reason(), None, "{line}");
            agrees(&model, &with, &line);
        }
    }
}

#[test]
fn what_is_done_is_told_as_it_is() {
    let model = random_model([1, 1], PositionalEmbedding::Shortformer, task(), 5);
    let with = plain::experiment(&model, &random_update(task(), &mut Mt::new(5)));
    for (over, total) in [
        (Over::Space, 7 * 7 * 2 * 7),
        (Over::Sample("random:7:300".parse().unwrap()), 300),
    ] {
        let mut told = Vec::new();
        let tally =
            sweep(&model, &with).tally(over, Tally::new(task()), &mut |so_far, progress| {
                told.push((so_far.inputs, progress.done, progress.total));
                Ok(true)
            });
        assert_eq!(tally.unwrap().unwrap().inputs, total);
        assert!(
            told.iter()
                .all(|&(seen, done, of)| (seen, total) == (done, of)),
            "{told:?}"
        );
        assert_eq!(told.last().unwrap().1, total);
    }
}

#[test]
fn no_input_is_twice_among_the_worst() {
    let model = random_model([2, 1], PositionalEmbedding::Shortformer, task(), 3);
    let with = plain::experiment(&model, &random_update(task(), &mut Mt::new(3)));
    let found = tally(&model, &with);
    let check = |cases: &mut dyn Iterator<Item = &Case>, what: &str| {
        let mut numbers: Vec<u64> = cases.map(|case| case.number).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert!(
            count > 1 && numbers.len() == count,
            "{what}: {count}, {}",
            numbers.len()
        );
    };
    check(&mut found.worst().iter(), "the worst");
    check(&mut found.wrong.iter().flatten(), "the wrong");
    for by in [By::Field, By::Position, By::Instead] {
        for group in found
            .failures
            .groups(by)
            .iter()
            .filter(|group| group.count > 1)
        {
            if group.cases.len() > 1 {
                check(
                    &mut group.cases.iter().copied(),
                    &format!("{:?}", group.common),
                );
            }
        }
    }
}

#[test]
fn a_sweep_does_not_depend_on_threads() {
    let model = embedded().transformer;
    let task = model.task();
    let with = plain::experiment(&model, &random_update(task, &mut Mt::new(1)));
    let swept = sweep(&model, &with);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let mut done = 0;
        let mut last = None;
        // some pieces are enough
        let mut stop = |tally: &mut Tally, _| {
            done += 1;
            last = Some(tally.clone());
            Ok(done < 2)
        };
        pool.install(|| swept.tally(Over::Space, Tally::new(task), &mut stop))
            .unwrap();
        last.unwrap()
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn a_sample_is_swept_too() {
    let model = embedded().transformer;
    let task = model.task();
    let with = plain::experiment(&model, &random_update(task, &mut Mt::new(1)));
    let sample = "random:7:300".parse().unwrap();
    let found = sweep(&model, &with)
        .tally(Over::Sample(sample), Tally::new(task), &mut |_, _| Ok(true))
        .unwrap()
        .unwrap();
    let score = circuitscope::lens::score(&model, &sample.prompts(task)).unwrap();
    assert_eq!(found.inputs, 300);
    assert_eq!(found.wrong_inputs, score.wrong_inputs as u64);
    assert!((found.mean_loss() - score.loss).abs() < 1e-6 * (1.0 + score.loss));
}

#[test]
fn absurd_spaces_are_refused() {
    let task = Task::array_update(12, 50).unwrap();
    let model = random_model([1, 1], PositionalEmbedding::Shortformer, task, 1);
    let with = plain::experiment(&model, &random_update(task, &mut Mt::new(1)));
    let swept = sweep(&model, &with);
    let error = swept.tally(Over::Space, Tally::new(task), &mut |_, _| Ok(true));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("too many to sweep"), "{error}");
}
