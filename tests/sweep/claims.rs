//! Claims against plain forward passes, and what is said of wrong ones.

use super::common::{random_model, random_update};
use super::plain;
use crate::common::Parts as _;
use circuitscope::lens::{Matrices, PathName, PathTables, RunView, Start, Step};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::sweep::{Claim, Over, Sweep, Tally, Verdict};
use circuitscope::task::{Task, Values};
use rand_mt::Mt;

pub fn task() -> Task {
    Task::array_update(2, 7).unwrap()
}

pub fn model() -> HookedTransformer {
    random_model([2, 1], PositionalEmbedding::Shortformer, task(), 5)
}

pub fn check(model: &HookedTransformer, line: &str) -> Verdict {
    let with = plain::experiment(model, &random_update(task(), &mut Mt::new(1)));
    let sweep = Sweep::new(model, &Matrices::new(model).unwrap(), &with).unwrap();
    let claim = Claim::parse(line, task(), model.config()).unwrap();
    let verdict = sweep.check(Over::Space, &claim, &mut |_, _| Ok(true));
    verdict.unwrap().unwrap()
}

/// A claim in words, and the same by hand: of which inputs it is true, and its number.
type ByHand = fn(&RunView) -> (bool, bool, f64);

fn cell(run: &RunView, layer: usize, dest: usize, src: usize) -> f64 {
    f64::from(run.pattern.slice(&[layer, 0, dest])[src])
}

fn logit(run: &RunView, position: usize, token: u32) -> f64 {
    f64::from(run.logits.slice(&[position])[token as usize])
}

// positions of a list of two: BOS a_0 a_1 nl_0 idx elt nl_1 b_0 b_1
const CLAIMS: [(&str, ByHand); 9] = [
    ("pred == truth", |run| {
        let margins = plain::margins(task(), run);
        let least = margins[0].min(margins[1]);
        (true, least > 0.0, least)
    }),
    ("A0[elt,idx] > 0.2 when idx=1", |run| {
        let p = cell(run, 0, 5, 4);
        (run.prompt.values.idx() == 1, p > 0.2, p)
    }),
    ("A1[b_0,elt] is argmax", |run| {
        let row = run.pattern.slice(&[1, 0, 7]);
        let best = (0..8).filter(|&src| src != 5).map(|src| row[src]);
        (true, row[5] > best.fold(0.0, f32::max), f64::from(row[5]))
    }),
    ("S0[idx,a_1] < 0 and a_0 in {0, 2, 4}", |run| {
        let score = f64::from(run.scores.slice(&[0, 0, 4])[2]);
        let in_list = [0, 2, 4].contains(&run.prompt.values.a()[0]);
        (true, score < 0.0 && in_list, score)
    }),
    ("logit[nl_1,elt] - logit[nl_1,0] >= 0.1", |run| {
        let x = logit(run, 6, run.prompt.values.elt()) - logit(run, 6, 0);
        (true, x >= 0.1, x)
    }),
    ("logit_diff[b_0] > 0", |run| {
        let update = &run.prompt.values;
        let other = if update.idx() == 1 {
            update.a()[1]
        } else {
            update.elt()
        };
        let x = logit(run, 7, update.answers()[1]) - logit(run, 7, other);
        (true, x > 0.0, x)
    }),
    ("rank[nl_1] <= 2 when not (elt = 3 or idx = 0)", |run| {
        let update = &run.prompt.values;
        let right = logit(run, 6, update.answers()[0]);
        let rank = 1 + (0..7).filter(|&t| logit(run, 6, t) > right).count();
        (
            update.elt() != 3 && update.idx() != 0,
            rank <= 2,
            rank as f64,
        )
    }),
    ("-logp[b_0] <= 2 * abs(-1)", |run| {
        let x = -f64::from(run.log_probs(7)[run.prompt.values.answers()[1] as usize]);
        (true, x <= 2.0, x)
    }),
    ("pred[b_0] == truth[b_0]", |run| {
        let logits = run.logits.slice(&[7]);
        let best = (0..7)
            .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
            .unwrap();
        (
            true,
            best == run.prompt.values.answers()[1] as usize,
            best as f64,
        )
    }),
];

#[test]
fn claims_agree_with_forward_passes() {
    let model = model();
    let empty = plain::experiment(&model, &random_update(task(), &mut Mt::new(1)));
    let runs: Vec<RunView> = plain::every_update(task())
        .iter()
        .map(|update| plain::run(&model, &empty, update))
        .collect();
    for (line, by_hand) in CLAIMS {
        let verdict = check(&model, line);
        let meant: Vec<_> = runs.iter().map(by_hand).filter(|one| one.0).collect();
        let count = meant.iter().filter(|one| one.1).count() as u64;
        assert_eq!(verdict.total, meant.len() as u64, "{line}");
        assert!(
            count > 0 && count < verdict.total,
            "{line} says nothing: {count}"
        );
        assert_eq!(verdict.count, count, "{line}");
        assert_eq!(verdict.holds, Some(false), "{line}");
        let mean = meant.iter().map(|one| one.2).sum::<f64>() / meant.len() as f64;
        assert!(
            (verdict.mean - mean).abs() < 1e-4,
            "{line}: {} is not {mean}",
            verdict.mean
        );
        let found = verdict.counterexample.unwrap();
        let run = plain::run(&model, &empty, &found.values);
        let (meant, is_true, value) = by_hand(&run);
        assert!(meant && !is_true, "{line}: {found:?} is no counterexample");
        assert!((found.value - value).abs() < 1e-4, "{line}");
    }
}

/// Where attention looks both ways a row has a cell for every position, padding among them.
#[test]
fn claims_about_attention_from_both_sides_agree_with_forward_passes() {
    for (name, model) in crate::common::beyond(task()) {
        if model.config().is_causal() {
            continue;
        }
        let empty = plain::experiment(&model, &random_update(task(), &mut Mt::new(1)));
        let every = plain::every_update(task());
        let runs = every
            .iter()
            .map(|update| plain::run(&model, &empty, update));
        let runs: Vec<RunView> = runs.collect();
        let cell = |run: &RunView, dest: usize, src: usize| run.pattern.slice(&[1, 1, dest])[src];
        let above = runs.iter().filter(|run| cell(run, 1, 5) > 0.1).count() as u64;
        let verdict = check(&model, "A1.1[a_0,elt] > 0.1");
        assert_eq!(verdict.count, above, "{name}");
        let largest = runs.iter().filter(|run| {
            let row = run.pattern.slice(&[1, 1, 8]);
            (0..row.len()).all(|src| src == 4 || row[src] < row[4])
        });
        let verdict = check(&model, "A1.1[b_1,idx] is argmax and A1.1[a_0,elt] > 0");
        assert_eq!(verdict.count, largest.count() as u64, "{name}");
        assert_eq!(verdict.total, 7 * 7 * 2 * 7, "{name}");
    }
}

#[test]
fn one_number_of_all_inputs_is_told_or_compared() {
    let model = model();
    let told = check(&model, "mean A0[elt,idx]");
    assert_eq!(told.holds, None);
    assert_eq!(told.total, 7 * 7 * 2 * 7);
    let least = check(&model, "min margin[b_0] when a_0 in {0,1,2}");
    assert_eq!(least.total, 3 * 7 * 2 * 7);
    let found = least.counterexample.unwrap();
    assert_eq!(found.value, least.min);
    let bound = format!(
        "min margin[b_0] > {} when a_0 in {{0,1,2}}",
        least.min - 0.01
    );
    assert_eq!(check(&model, &bound).holds, Some(true));
    let bound = format!("max margin[b_0] <= {}", told.max - 100.0);
    assert_eq!(check(&model, &bound).holds, Some(false));
}

/// What the paths through these heads bring; a bias travels with the heads that it passes.
fn share(model: &HookedTransformer, run: &RunView, heads: &[usize], token: usize) -> f64 {
    let weights = Matrices::new(model).unwrap();
    let tables = PathTables::new(&weights).unwrap();
    let split = tables.split(&weights, run).unwrap();
    let passed = |name: &PathName| {
        let first = match name.start {
            Start::HeadBias(head) => Some(head.layer),
            Start::Unembed => Some(usize::MAX),
            _ => None,
        };
        let heads = name.steps.iter().filter_map(|step| match step {
            Step::Head(head) => Some(head.layer),
            Step::Mlp(_) => None,
        });
        first.into_iter().chain(heads).collect::<Vec<usize>>()
    };
    let names: Vec<PathName> = split.names().cloned().collect();
    let paths = names.iter().enumerate();
    paths
        .filter(|(_, name)| passed(name) == heads)
        .map(|(path, _)| {
            (0..8)
                .map(|src| split.value(path, 7, src, token))
                .sum::<f64>()
        })
        .sum()
}

#[test]
fn what_a_path_brings_is_what_the_path_tables_say() {
    let model = model();
    let with = plain::experiment(&model, &random_update(task(), &mut Mt::new(1)));
    let update = &with.clean.values;
    let run = plain::run(&model, &with, update);
    for (name, heads) in [
        ("direct", &[][..]),
        ("0", &[0]),
        ("1", &[1]),
        ("0>1", &[0, 1]),
    ] {
        let line = format!(
            "mean path[{name}][b_0,2] when a_0={} and a_1={} and idx={} and elt={}",
            update.a()[0],
            update.a()[1],
            update.idx(),
            update.elt()
        );
        let found = check(&model, &line);
        assert_eq!(found.total, 1);
        let by_hand = share(&model, &run, heads, 2);
        assert!(
            (found.mean - by_hand).abs() < 1e-4,
            "{name}: {} is not {by_hand}",
            found.mean
        );
    }
    // the unembedding's bias is in no path
    let b_u = Matrices::new(&model).unwrap().b_u()[(0, 2)];
    let line = format!(
        "abs(logit[b_0,2] - path[direct][b_0,2] - path[0][b_0,2] - path[1][b_0,2] \
         - path[0>1][b_0,2] - {b_u} * 1) < 0.0001"
    );
    let sum = check(&model, &line.replace("- -", "+ "));
    assert_eq!(sum.holds, Some(true), "{sum:?}");
}

/// Whatever else is asked in the same walk, each answer is the same to the last bit.
#[test]
fn together_is_as_alone() {
    let model = model();
    let with = plain::experiment(&model, &random_update(task(), &mut Mt::new(1)));
    let sweep = Sweep::new(&model, &Matrices::new(&model).unwrap(), &with).unwrap();
    let mut lines = [
        "path[0.0>1.0][b_0,truth] > 0",
        "A1[b_0,elt] is argmax when A0[elt,idx] > 0.1",
        // too close a call for every input: asked again in double precision
        "abs(A1[b_0,elt] - A1[b_0,elt]) <= 0",
        "min S1[b_0,elt] - S1[b_0,a_1]",
        "not (rank[b_0] in {1, 2}) or path[direct][b_0,elt] + path[1.0][nl_1,old] < 0",
        "pred == truth",
    ];
    let ask = |tally: bool, lines: &[&str]| {
        let claims = lines
            .iter()
            .map(|line| Claim::parse(line, task(), model.config()));
        let claims: Vec<Claim> = claims.map(Result::unwrap).collect();
        let tally = tally.then(|| Tally::new(task()));
        let answers = sweep.ask(Over::Space, tally, &claims, &mut |_, _| Ok(true));
        answers.unwrap().unwrap()
    };
    let tally = ask(true, &[]).tally;
    assert_eq!(tally.as_ref().unwrap().inputs, 7 * 7 * 2 * 7);
    for _ in 0..lines.len() {
        lines.rotate_left(1);
        let together = ask(true, &lines);
        assert_eq!(together.tally, tally);
        for (line, verdict) in lines.iter().zip(&together.verdicts) {
            assert_eq!(*verdict, check(&model, line));
        }
    }
}

/// What single precision cannot tell is asked in double precision: an input's own number, to the last
/// digit, is not less and not more than itself.
#[test]
fn close_calls_are_settled_in_double_precision() {
    let model = model();
    let with = plain::experiment(&model, &random_update(task(), &mut Mt::new(1)));
    let sweep = Sweep::new(&model, &Matrices::new(&model).unwrap(), &with).unwrap();
    for update in plain::every_update(task()).iter().step_by(37) {
        let when = format!(
            "when a_0={} and a_1={} and idx={} and elt={}",
            update.a()[0],
            update.a()[1],
            update.idx(),
            update.elt()
        );
        for word in ["A1[b_0,elt]", "logit[b_0,truth]", "path[1.0][b_0,2]"] {
            // in single precision no such number is exactly its own
            let exact = exact(&sweep, &model, &format!("mean {word} {when}"), update);
            let verdict = check(&model, &format!("{word} = {exact} {when}"));
            assert_eq!(
                (verdict.count, verdict.total),
                (1, 1),
                "{word} = {exact} {when}"
            );
        }
    }
}

/// A number of one input, in double precision: where a sample has it, it is walked by itself.
fn exact(sweep: &Sweep, model: &HookedTransformer, line: &str, update: &Values) -> f64 {
    let claim = Claim::parse(line, task(), model.config()).unwrap();
    let sample = "random:1:3000".parse().unwrap();
    let found = sweep.check(Over::Sample(sample), &claim, &mut |_, _| Ok(true));
    let found = found.unwrap().unwrap();
    assert!(found.total > 0, "{update:?} is not in the sample");
    found.min
}

#[test]
fn a_claim_about_nothing_holds() {
    let verdict = check(&model(), "pred == truth when a_0 = 6.5");
    assert_eq!((verdict.holds, verdict.total), (Some(true), 0));
}

#[test]
fn wrong_claims_point_at_the_word() {
    let config = model().config().clone();
    for (line, at, problem) in [
        ("", "", "a number or a word"),
        ("A0[elt,idx]", "", "a comparison"),
        ("A0[elt,idx] > ", "", "a number or a word"),
        ("A0[elt,idx] is big", "big", "argmax"),
        ("A0[idx,elt] > 1", "A0[idx,elt]", "comes later"),
        ("A7[elt,idx] > 1", "A7[elt,idx]", "no head"),
        ("A0[elt,here] > 1", "A0[elt,here]", "no position 'here'"),
        ("A0[elt] > 1", "A0[elt]", "layer, then query and key"),
        (
            "margin[elt] > 1",
            "margin[elt]",
            "predicted at nl_1 b_0 alone",
        ),
        (
            "logit[b_0,99] > 1",
            "logit[b_0,99]",
            "a token is a whole number from 0 to 6",
        ),
        ("logit[b_0] > 1", "logit[b_0]", "it is written logit[b_0,5]"),
        ("size > 1", "size", "no such word"),
        ("margin > 1 when", "", "a number or a word"),
        (
            "margin > 1 whne idx=1",
            "whne",
            "an operator, 'when' or the end",
        ),
        ("margin > 1 when idx in {1,2", "{1,2", "'}' is missing"),
        ("(margin > 1", "(margin", "')' is missing"),
        ("min margin > idx", "idx", "a plain number"),
        (
            "path[0>0][b_0,2] > 1",
            "path[0>0][b_0,2]",
            "goes on to what comes later",
        ),
        ("margin is argmax", "margin", "only an attention cell"),
        ("1 > 2 )", ")", "an operator, 'when' or the end"),
        ("pred == trutth", "trutth", "write pred == truth"),
        ("pred > truth", "pred", "write pred == truth"),
        ("sise", "sise", "no such word"),
        ("margn > 1", "margn", "did you mean margin?"),
        ("margin > 1 and sise when", "sise", "no such word"),
        ("a_0 + 1.5e3", "", "a comparison"),
    ] {
        let error = Claim::parse(line, task(), &config).unwrap_err();
        let rest = &error.line[error.at..];
        assert!(
            rest.trim_start().starts_with(at),
            "{line}: points at '{rest}', not '{at}'"
        );
        let text = error.to_string();
        assert!(text.contains(problem), "{line}: {text}");
    }
}

/// Behind the least come the next ones, in their order.
#[test]
fn the_inputs_that_come_next_are_in_order() {
    let model = model();
    let empty = plain::experiment(&model, &random_update(task(), &mut Mt::new(1)));
    let mut least: Vec<f64> = plain::every_update(task())
        .iter()
        .map(|update| plain::margins(task(), &plain::run(&model, &empty, update))[1])
        .collect();
    least.sort_by(f64::total_cmp);
    let found = check(&model, "min margin[b_0]");
    let first = found.counterexample.iter();
    let values: Vec<f64> = first.chain(&found.further).map(|one| one.value).collect();
    assert_eq!(values.len(), 20);
    for (value, by_hand) in values.iter().zip(&least) {
        assert!((value - by_hand).abs() < 1e-4, "{values:?}");
    }
    assert_eq!(check(&model, "margin[b_0] > 100").further.len(), 19);
    assert!(check(&model, "mean margin[b_0]").further.is_empty());
}
