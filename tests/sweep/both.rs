//! Claims about both runs, the untouched and the patched one, against two forward passes for each input.

use super::common::random_model;
use super::plain;
use super::program::{json, output, refused};
use crate::common::Parts as _;
use circuitscope::lens::{Matrices, RunView, is_defined};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding::Shortformer;
use circuitscope::sweep::{Claim, Conclusion, Over, Sweep, Verdict};
use circuitscope::task::Task;

const OFF: &str = "zero blocks.1.attn.hook_z @b_0";
const BEFORE: &str = "zero blocks.0.hook_resid_pre @a_0";

fn task() -> Task {
    Task::array_update(2, 5).unwrap()
}

fn check(sweep: &Sweep, model: &HookedTransformer, line: &str) -> Verdict {
    let claim = Claim::parse(line, task(), model.config()).unwrap();
    let found = sweep.check(Over::Space, &claim, &mut |_, _| Ok(true));
    found.unwrap().unwrap()
}

// positions of a list of two: BOS a_0 a_1 nl_0 idx elt nl_1 b_0 b_1
fn said(run: &RunView) -> usize {
    said_at(run, 7)
}

/// What is predicted where the two answers are read.
fn all_said(run: &RunView) -> [usize; 2] {
    [6, 7].map(|position| said_at(run, position))
}

fn said_at(run: &RunView, position: usize) -> usize {
    let row = run.logits.slice(&[position]);
    assert!(is_defined(row));
    (0..row.len())
        .max_by(|&a, &b| row[a].total_cmp(&row[b]))
        .unwrap()
}

fn margin(run: &RunView) -> f64 {
    plain::margins(task(), run)[1]
}

/// A claim, and the same by hand of both runs, the untouched first: whether it is about an input, and true of it.
type ByHand = fn(&RunView, &RunView) -> (bool, bool);

fn cell(run: &RunView) -> f32 {
    run.pattern.slice(&[1, 0, 7])[5]
}

const CLAIMS: [(&str, ByHand); 9] = [
    ("A1[b_0,elt].clean > 0.12", |clean, _| {
        (true, cell(clean) > 0.12)
    }),
    (
        "A0[elt,idx] < A0[elt,idx].clean when a_0 < 3",
        |clean, run| {
            let of = |run: &RunView| run.pattern.slice(&[0, 0, 5])[4];
            let about = clean.prompt.values.a()[0] < 3;
            (about, of(run) < of(clean))
        },
    ),
    ("pred[b_0].patched == pred[b_0].clean", |clean, run| {
        (true, said(clean) == said(run))
    }),
    ("pred == pred.clean", |clean, run| {
        (true, all_said(clean) == all_said(run))
    }),
    (
        "pred.patched != pred.clean when margin[b_0].clean < 0",
        |clean, run| (margin(clean) < 0.0, all_said(clean) != all_said(run)),
    ),
    ("margin[b_0] > margin[b_0].clean", |clean, run| {
        (true, margin(run) > margin(clean))
    }),
    (
        "pred[b_0] != pred[b_0].clean when margin[b_0].clean < 0",
        |clean, run| (margin(clean) < 0.0, said(clean) != said(run)),
    ),
    ("pred.clean == truth", |clean, _| {
        let margins = plain::margins(task(), clean);
        (true, margins[0].min(margins[1]) > 0.0)
    }),
    (
        "logit[b_0,3].clean + 0.1 > logit[b_0,3].patched",
        |clean, run| {
            let logit = |run: &RunView| run.logits.slice(&[7])[3];
            (true, logit(clean) + 0.1 > logit(run))
        },
    ),
];

/// By tables and by passes, whichever of the two runs goes through which.
#[test]
fn both_runs_are_those_of_single_passes() {
    let model = random_model([2, 1], Shortformer, task(), 5);
    let (alone, off) = (
        plain::under(&model, &[]),
        plain::under(&model, &[OFF, BEFORE]),
    );
    let pairs: Vec<(RunView, RunView)> = plain::every_update(task())
        .iter()
        .map(|update| [&alone, &off].map(|one| plain::run(&model, one, update)))
        .map(|[clean, run]| (clean, run))
        .collect();
    let weights = Matrices::new(&model).unwrap();
    let by_tables = Sweep::new(&model, &weights, &off).unwrap();
    let by_passes = Sweep::new(&model, None, &off).unwrap();
    assert!(by_tables.reason().is_none() && by_passes.reason().is_some());
    for (line, by_hand) in CLAIMS {
        let judged: Vec<(bool, bool)> = pairs.iter().map(|(a, b)| by_hand(a, b)).collect();
        let about = judged.iter().filter(|(about, _)| *about).count() as u64;
        let is_true = judged.iter().filter(|(about, is)| *about && *is).count() as u64;
        assert!(
            about > 20 && is_true < about,
            "{line}: {is_true} of {about}"
        );
        for sweep in [&by_tables, &by_passes] {
            let found = check(sweep, &model, line);
            assert_eq!((found.total, found.count), (about, is_true), "{line}");
        }
    }
}

/// What single precision cannot tell apart is compared in double precision, in both runs.
#[test]
fn what_changes_nothing_is_proved_to_change_nothing() {
    let model = random_model([2, 1], Shortformer, task(), 6);
    let same = plain::under(&model, &["scale blocks.1.attn.hook_z @b_0 by 1"]);
    let sweep = Sweep::new(&model, &Matrices::new(&model).unwrap(), &same).unwrap();
    for line in [
        "abs(margin[b_0] - margin[b_0].clean) < 1e-12",
        "abs(prob[b_0,2] - prob[b_0,2].clean) < 1e-12",
        "rank[b_0] == rank[b_0].clean",
    ] {
        let found = check(&sweep, &model, line);
        assert_eq!(
            found.conclusion(),
            Some(Conclusion::Proved),
            "{line}: {found:?}"
        );
    }
}

#[test]
fn what_is_no_number_of_both_runs_is_told() {
    let model = random_model([2, 1], Shortformer, task(), 6);
    for (line, says) in [
        ("idx.clean == 1", "of both runs there are pred margin"),
        ("pred[b_0].cleaned == 1", "at '.cleaned'"),
        ("pred[b_3].clean == 1", "something is predicted at"),
    ] {
        let error = Claim::parse(line, task(), model.config()).unwrap_err();
        assert!(error.to_string().contains(says), "{line}: {error}");
    }
    // where nothing is done there are no two runs
    let sweep = Sweep::new(
        &model,
        &Matrices::new(&model).unwrap(),
        &plain::under(&model, &[]),
    )
    .unwrap();
    let claim = Claim::parse("pred[b_0].clean == 1", task(), model.config()).unwrap();
    let error = sweep.can_check(&claim).unwrap_err();
    assert!(
        error.to_string().contains("nothing is done to the model"),
        "{error}"
    );
}

#[test]
fn a_shell_asks_both_runs_and_a_certificate_is_checked_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.json");
    let file = file.to_str().unwrap();
    let claim = "pred[b_0].patched == pred[b_0].clean";
    let asked = ["claim", claim, "--over", "random:0:200", "--intervene", OFF];
    let refuted = output(&[&asked[..], &["--certificate", file]].concat());
    assert_eq!(refuted.status.code(), Some(1), "{refuted:?}");
    let text = String::from_utf8(refuted.stdout).unwrap();
    assert!(text.contains("REFUTED: pred[b_0].patched"), "{text}");
    let verified = output(&["verify", file]);
    assert!(verified.status.success(), "{verified:?}");
    refused(
        &["claim", claim, "--over", "random:0:50"],
        "nothing is done to the model",
    );
    // in tables of groups as well
    let table = |quantity: &str, more: &[&str]| {
        let line = format!("table {quantity} by idx over random:0:50");
        json(&[&["ask", &line][..], more].concat())["values"].clone()
    };
    let clean = table("margin[b_0].clean", &["--intervene", OFF]);
    assert_eq!(clean, table("margin[b_0]", &[]));
    assert_ne!(clean, table("margin[b_0]", &["--intervene", OFF]));
}

/// Numbers that only forward passes know, of the untouched run.
#[test]
fn activations_are_those_of_both_runs() {
    let model = random_model([2, 1], Shortformer, task(), 6);
    let off = plain::under(&model, &[OFF]);
    let sweep = Sweep::new(&model, &Matrices::new(&model).unwrap(), &off).unwrap();
    let same = check(
        &sweep,
        &model,
        "norm[blocks.1.hook_resid_pre,b_0] == norm[blocks.1.hook_resid_pre,b_0].clean",
    );
    assert_eq!(same.count, same.total, "{same:?}");
    let z = check(
        &sweep,
        &model,
        "act[blocks.1.attn.hook_z,b_0,0,0].clean == 0",
    );
    assert_eq!(z.count, 0, "{z:?}");
    let z = check(&sweep, &model, "act[blocks.1.attn.hook_z,b_0,0,0] == 0");
    assert_eq!(z.count, z.total, "{z:?}");
}

/// A claim under an intervention, and the same at another place beside it.
#[test]
fn a_control_is_the_same_claim_under_other_interventions() {
    let model = random_model([2, 1], Shortformer, task(), 5);
    let off = plain::under(&model, &[OFF]);
    let sweep = Sweep::new(&model, &Matrices::new(&model).unwrap(), &off).unwrap();
    let other = "zero blocks.1.attn.hook_z @nl_1";
    let line = format!("pred[b_0] == pred[b_0].clean control {other}");
    let found = check(&sweep, &model, &line);
    let control = found.control.clone().unwrap();
    assert_eq!(control.interventions, [other]);
    // what happens at another position changes nothing here
    assert_eq!(
        control.found.unwrap().conclusion(),
        Some(Conclusion::Proved)
    );
    let alone = check(&sweep, &model, "pred[b_0] == pred[b_0].clean");
    assert_eq!((found.count, found.total), (alone.count, alone.total));
    assert!(alone.control.is_none() && alone.conclusion() == Some(Conclusion::Refuted));
    let both = check(&sweep, &model, &format!("{line}; {OFF}"))
        .control
        .unwrap();
    assert_eq!(both.found.unwrap().count, alone.count);
    let wrong = Claim::parse(
        "pred == truth control zero blocks.1.attn.hook_y @b_0",
        task(),
        model.config(),
    );
    let wrong = wrong.unwrap_err();
    assert!(
        wrong.line[wrong.at..].starts_with("blocks.1.attn.hook_y"),
        "{wrong}"
    );
}
