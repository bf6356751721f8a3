//! Pages that say what a model does: what they keep, against single forward passes; what is wrong
//! with them.

use super::common::{embedded, random_model, random_update};
use super::plain;
use super::program::{json, output, refused};
use circuitscope::lens::{Experiment, Intervention, Matrices};
use circuitscope::model::HookedTransformer;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::sweep::{Conclusion, Explanation, Kept, Over, Sweep};
use circuitscope::task::Task;
use rand_mt::Mt;
use serde_json::Value;

fn task() -> Task {
    Task::array_update(2, 5).unwrap()
}

/// What a model says to an input, prediction by prediction, and whether it is right.
fn said(model: &HookedTransformer, with: &Experiment, number: u128) -> (Vec<usize>, bool) {
    let task = model.task();
    let run = plain::run(model, with, &task.values_at(number));
    let argmax = |j: usize| {
        let row = run.logits.slice(&[task.predicts_at(j)]);
        let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        best.unwrap()
    };
    let said: Vec<usize> = (0..task.answers.len()).map(argmax).collect();
    let truth = task.values_at(number).truth();
    let right = said
        .iter()
        .zip(truth)
        .all(|(said, truth)| truth.allows(*said as u32));
    (said, right)
}

fn kept(model: &HookedTransformer, with: &Experiment) -> (Kept, bool) {
    let weights = Matrices::new(model).unwrap();
    let alone = Experiment {
        interventions: Vec::new(),
        ..with.clone()
    };
    let [with, alone] = [with, &alone].map(|one| Sweep::new(model, &weights, one).unwrap());
    let tables = with.reason().is_none();
    let found = with.kept(&alone, Over::Space, &mut |_, _| Ok(true));
    (found.unwrap().unwrap(), tables)
}

#[test]
fn what_is_kept_is_what_single_passes_keep() {
    let row = "rule blocks.0.attn.hook_pattern [b_0,*] =";
    for (line, tables) in [
        (format!("{row} one(elt) if idx == 0 else one(a_1)"), true),
        (format!("{row} as_if(elt=a_0)"), false),
        ("zero blocks.1.attn.hook_z @*".to_owned(), true),
        ("scale blocks.1.attn.hook_z @* by 1".to_owned(), true),
    ] {
        let model = random_model([2, 1], PositionalEmbedding::Shortformer, task(), 5);
        let alone = plain::experiment(&model, &random_update(task(), &mut Mt::new(5)));
        let one = Intervention::parse(&line, task(), model.config()).unwrap();
        let with = Experiment {
            interventions: vec![one],
            ..alone.clone()
        };
        let (found, by_tables) = kept(&model, &with);
        assert_eq!(by_tables, tables, "{line}");
        let (mut all, mut single, mut right, mut untouched) = (0, 0, 0, 0);
        let mut lost = vec![0; task().answers.len()];
        for number in 0..task().input_space() {
            let (before, now) = (said(&model, &alone, number), said(&model, &with, number));
            all += u64::from(before.0 == now.0);
            right += u64::from(now.1);
            untouched += u64::from(before.1);
            for (j, lost) in lost.iter_mut().enumerate() {
                single += u64::from(before.0[j] == now.0[j]);
                *lost += u64::from(before.0[j] != now.0[j]);
            }
        }
        assert_eq!(u128::from(found.inputs), task().input_space());
        assert_eq!(
            (found.kept, found.kept_predictions),
            (all, single),
            "{line}"
        );
        assert_eq!(
            (found.right, found.right_untouched),
            (right, untouched),
            "{line}"
        );
        assert_eq!(found.lost_by_prediction, lost, "{line}");
        assert_eq!(found.lost_by_field.iter().sum::<u64>(), found.inputs - all);
        let known = match (all == found.inputs, found.close_calls) {
            (true, 0) => Conclusion::Proved,
            (true, _) => Conclusion::Undecided,
            _ => Conclusion::Refuted,
        };
        assert_eq!(found.conclusion(false), known, "{line}");
        for one in &found.lost {
            assert_ne!(one.now, one.untouched);
        }
    }
}

const FEW: [&str; 2] = ["--over", "random:0:64"];

#[test]
fn the_page_of_the_embedded_model_keeps_its_predictions() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/explanations/array_update.md"
    );
    let answer = json(&["explain", page, FEW[0], FEW[1]]);
    assert_eq!(
        (&answer["kept"], &answer["inputs"]),
        (&64.into(), &64.into())
    );
    assert_eq!(
        (&answer["verdict"], &answer["right"]),
        (&"SUPPORTED".into(), &64.into())
    );
    assert_eq!(answer["without"].as_array().unwrap().len(), 5);
    assert_eq!(
        answer["explained"][0]["explained"],
        answer["explained"][0]["of"]
    );
    // a rule that is not the model's loses what hangs on it, and says where
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.md");
    let text = std::fs::read_to_string(page).unwrap();
    std::fs::write(
        &wrong,
        text.replace("one(elt) if idx == 1 else one(a_1)", "one(a_1)"),
    )
    .unwrap();
    let refuted = |format| {
        let found = output(&[
            "explain",
            wrong.to_str().unwrap(),
            FEW[0],
            FEW[1],
            "-f",
            format,
        ]);
        // as a claim that is refuted ends
        assert_eq!(found.status.code(), Some(1), "{found:?}");
        String::from_utf8(found.stdout).unwrap()
    };
    let answer: Value = serde_json::from_str(&refuted("json")).unwrap();
    assert_eq!(answer["verdict"], "REFUTED");
    let lost = answer["lost_by_prediction"].as_array().unwrap();
    assert!(
        lost[0] == 0 && lost[1].as_u64() > Some(5) && lost[2] == 0,
        "{lost:?}"
    );
    assert_eq!(answer["lost_by_field"][0], 0);
    // in words, each value of the field with its own count
    let text = refuted("text");
    for idx in 0..3 {
        let lost = answer["lost_by_field"][idx].as_u64().unwrap();
        let words = format!("not kept where idx is {idx}: {lost}");
        assert_eq!(text.lines().any(|line| line == words), lost > 0, "{text}");
    }
    let left_out = &answer["without"][3];
    assert!(left_out["line"].as_str().unwrap().contains("[b_0,*]"));
    assert_eq!(left_out["kept"], left_out["inputs"]);
}

#[test]
fn what_is_wrong_with_a_page_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.md").to_string_lossy().into_owned();
    for (page, says) in [
        ("", "there is no title"),
        ("# Title\n\ntext\n", "nothing is done to the model"),
        (
            "# Title\n\n    zero everything\n",
            "line 3, 'zero everything'",
        ),
        (
            "# Title\n\n    rule blocks.1.attn.hook_pattern [b_0,*] = one(foo)\n",
            "there is no 'foo'",
        ),
        ("# Title\n\u{1b}[31m\n", "line 2: a control character"),
    ] {
        std::fs::write(&file, page).unwrap();
        refused(&["explain", &file, FEW[0], FEW[1]], says);
    }
    refused(&["explain", "/nowhere/page.md"], "/nowhere/page.md");
    refused(
        &[
            "explain",
            &file,
            "--intervene",
            "zero blocks.0.attn.hook_z @*",
        ],
        "write it there",
    );
    let model = embedded().transformer;
    let page = "# A\n\nb\n    zero blocks.0.attn.hook_z @elt\n\nc\n";
    let read = Explanation::parse(page, model.task(), model.config()).unwrap();
    assert_eq!((read.title.as_str(), read.text.as_str()), ("A", "b\n\nc"));
    let part = &read.accounted(model.task(), model.config())[0];
    assert_eq!(
        (part.part.as_str(), part.explained, part.of),
        ("attention of 0.0", 1, 10)
    );
    // of the edges those from that head's output there, and those into its query
    let of = |page: &str, part: &str| {
        let read = Explanation::parse(page, model.task(), model.config()).unwrap();
        let all = read.accounted(model.task(), model.config());
        let found = all.into_iter().find(|one| one.part == part);
        let found = found.unwrap_or_else(|| unreachable!("{part}"));
        (found.explained, found.of)
    };
    assert_eq!(of(page, "edges into Q0"), (1, 10));
    assert_eq!(of(page, "edges into K0"), (0, 10));
    assert_eq!(of(page, "edges into K1"), (1, 20));
    assert_eq!(of(page, "edges into logits"), (1, 30));
    // an edge by itself, and what no query is left to read
    let edge = "# A\n\n    edge L0->K1 @elt off\n    edge embed->V1 off\n";
    assert_eq!(of(edge, "edges into K1"), (1, 20));
    assert_eq!(of(edge, "edges into V1"), (10, 20));
    assert_eq!(of(edge, "edges into Q1"), (0, 20));
    let rows = "# A\n\n    rule blocks.1.attn.hook_pattern [*,*] = one(BOS)\n";
    assert_eq!(of(rows, "edges into K1"), (20, 20));
    assert_eq!(of(rows, "edges into Q1"), (20, 20));
    assert_eq!(of(rows, "edges into V1"), (0, 20));
}
