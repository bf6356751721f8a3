//! What entries of circuits do, against plain forward passes with and without them.

use super::common::random_model;
use super::plain;
use circuitscope::lens::{Circuit, CircuitName, Experiment, Matrices, RunView};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding::Shortformer;
use circuitscope::sweep::{Claim, Over, Sweep, Verdict};
use circuitscope::task::Task;

fn task() -> Task {
    Task::array_update(2, 5).unwrap()
}

fn check(model: &HookedTransformer, with: &Experiment, line: &str) -> Verdict {
    let sweep = Sweep::new(model, &Matrices::new(model).unwrap(), with).unwrap();
    assert_eq!(sweep.reason(), None);
    let claim = Claim::parse(line, task(), model.config()).unwrap();
    let verdict = sweep.check(Over::Space, &claim, &mut |_, _| Ok(true));
    verdict.unwrap().unwrap()
}

/// The part of a run's score that an entry is.
type Part<'a> = &'a dyn Fn(&RunView, usize, usize) -> f64;

/// Attention with and without a part of each score, one score at a time; the most that it moves.
fn moved(run: &RunView, layer: usize, dests: std::ops::Range<usize>, part: Part<'_>) -> f64 {
    let mut most = 0f64;
    for dest in dests {
        let scores = &run.scores.slice(&[layer, 0, dest])[..=dest];
        let scores: Vec<f64> = scores.iter().map(|&score| f64::from(score)).collect();
        let softmax = |scores: &[f64], at: usize| {
            let all: f64 = scores.iter().map(|score| score.exp()).sum();
            scores[at].exp() / all
        };
        for src in 0..=dest {
            let mut without = scores.clone();
            without[src] -= part(run, dest, src);
            most = most.max((softmax(&scores, src) - softmax(&without, src)).abs());
        }
    }
    most
}

fn entry(model: &HookedTransformer, name: &str, row: usize, col: usize, scaled: bool) -> f64 {
    let name = CircuitName::parse(name, model.config()).unwrap();
    let circuit = Circuit::new(&Matrices::new(model).unwrap(), &name, scaled).unwrap();
    f64::from(circuit.values.get(&[row, col]).unwrap())
}

/// How much of a token a layer's head brings to a position.
fn brought(run: &RunView, layer: usize, dest: usize, token: u32) -> f64 {
    let row = run.pattern.slice(&[layer, 0, dest]);
    let cells = row.iter().zip(&run.tokens).take(dest + 1);
    let from = cells.filter(|(_, one)| **one == token);
    from.map(|(&attention, _)| f64::from(attention)).sum()
}

/// The mean, the largest, and the input of the largest, of all inputs.
fn agrees(
    model: &HookedTransformer,
    with: &Experiment,
    word: &str,
    by_hand: &dyn Fn(&RunView) -> f64,
) {
    let all = plain::every_update(task());
    let values: Vec<f64> = all
        .iter()
        .map(|update| by_hand(&plain::run(model, with, update)))
        .collect();
    let most = values.iter().copied().fold(0.0, f64::max);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!(most > 1e-3, "{word} does nothing: {most}");
    let found = check(model, with, &format!("max {word}"));
    assert!((found.max - most).abs() < 1e-4, "{word}: {found:?}: {most}");
    assert!(
        (found.mean - mean).abs() < 1e-5,
        "{word}: {found:?}: {mean}"
    );
    let at = found.counterexample.unwrap();
    let there = by_hand(&plain::run(model, with, &at.values));
    assert!((there - most).abs() < 1e-4, "{word}: {there} is not {most}");
}

// positions of a list of two: BOS a_0 a_1 nl_0 idx elt nl_1 b_0 b_1
#[test]
fn entries_do_what_taking_them_away_undoes() {
    let model = random_model([2, 1], Shortformer, task(), 5);
    let as_it_is = plain::under(&model, &[]);
    let c = entry(&model, "qk.0.tok_tok", 3, 1, true);
    agrees(&model, &as_it_is, "matters[qk.0.tok_tok][3,1]", &|run| {
        moved(run, 0, 0..8, &|run, dest, src| {
            let here = run.tokens[dest] == 3 && run.tokens[src] == 1;
            if here { c } else { 0.0 }
        })
    });
    let c = entry(&model, "qk.0.tok_pos", 2, 5, true);
    agrees(&model, &as_it_is, "matters[qk.0.tok_pos][2,elt]", &|run| {
        moved(run, 0, 0..8, &|run, dest, src| {
            let here = run.tokens[dest] == 2 && src == 5;
            if here { c } else { 0.0 }
        })
    });
    let c = entry(&model, "qk.1.k_comp", 7, 4, true);
    agrees(&model, &as_it_is, "matters[qk.1.k_comp][b_0,4]", &|run| {
        moved(run, 1, 6..8, &|run, dest, src| {
            let there = if dest == 7 { c } else { 0.0 };
            there * brought(run, 0, src, 4)
        })
    });
    let c = entry(&model, "ov.1", 2, 3, false);
    agrees(&model, &as_it_is, "matters[ov.1][2,3]", &|run| {
        let each = (6..8).map(|dest| (c * brought(run, 1, dest, 2)).abs());
        each.fold(0.0, f64::max)
    });
    let c = entry(&model, "ov.virtual", 2, 3, false);
    agrees(&model, &as_it_is, "matters[ov.virtual][2,3]", &|run| {
        let each = (6..8).map(|dest| {
            let through = (0..=dest).map(|src| {
                let attention = f64::from(run.pattern.slice(&[1, 0, dest])[src]);
                attention * brought(run, 0, src, 2)
            });
            (c * through.sum::<f64>()).abs()
        });
        each.fold(0.0, f64::max)
    });
}

/// An edge that is off brings nothing, a score that is scaled has so much of the entry, and one
/// that is set has none.
#[test]
fn entries_follow_interventions() {
    let model = random_model([2, 1], Shortformer, task(), 6);
    let off = plain::under(&model, &["edge L0->K1 off"]);
    let found = check(&model, &off, "max matters[qk.1.k_comp][b_0,4]");
    assert_eq!(found.max, 0.0);
    let lines = [
        "scale blocks.0.attn.hook_attn_scores [*,a_1] by 2",
        "set blocks.0.attn.hook_attn_scores [b_0,a_0] = 0.3",
        "zero blocks.0.attn.hook_v @a_0",
    ];
    let changed = plain::under(&model, &lines);
    let c = entry(&model, "qk.0.tok_tok", 3, 1, true);
    agrees(&model, &changed, "matters[qk.0.tok_tok][3,1]", &|run| {
        moved(run, 0, 0..8, &|run, dest, src| {
            let here = run.tokens[dest] == 3 && run.tokens[src] == 1;
            let scale = match (dest, src) {
                (7, 1) => 0.0,
                (_, 2) => 2.0,
                _ => 1.0,
            };
            if here { c * scale } else { 0.0 }
        })
    });
    let c = entry(&model, "ov.0", 2, 3, false);
    agrees(&model, &changed, "matters[ov.0][2,3]", &|run| {
        let each = (6..8).map(|dest| {
            let row = run.pattern.slice(&[0, 0, dest]);
            let srcs = (0..=dest).filter(|&src| src != 1 && run.tokens[src] == 2);
            let sum: f64 = srcs.map(|src| f64::from(row[src])).sum();
            (c * sum).abs()
        });
        each.fold(0.0, f64::max)
    });
}

#[test]
fn wrong_names_are_told() {
    let model = random_model([2, 1], Shortformer, task(), 6);
    for (line, says) in [
        ("max matters[ov.7][1,2]", "no circuit 'ov.7'"),
        ("max matters[ov.1][9,2]", "no '9' there; there are 0 .. "),
        ("max matters[ov.1]", "it is written matters["),
    ] {
        let error = Claim::parse(line, task(), model.config()).unwrap_err();
        assert!(error.to_string().contains(says), "{line}: {error}");
    }
}
