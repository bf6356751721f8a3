//! Answers about a patched run, about a sample under interventions, and about the difference.

use super::{models, pair, seen};
use circuitscope::answers::{Inquest, Question, Table, Tools, answer};
use circuitscope::lens::{Direction, Experiment, Intervention, RunName, Shown, Source};
use circuitscope::model::HookedTransformer;
use circuitscope::task::Task;

pub fn ask(model: &HookedTransformer, with: &Experiment, about: Shown, line: &str) -> Table {
    let question = Question::parse(line, model.task(), model.config()).unwrap();
    answer(Inquest {
        model,
        tools: &Tools::new(model).unwrap(),
        other: None,
        question: &question,
        experiment: with,
        about,
    })
    .unwrap()
}

pub fn patched(model: &HookedTransformer, with: &Experiment, line: &str) -> Table {
    ask(model, with, RunName::Patched.into(), line)
}

/// The pair of the issue, under these lines.
pub fn under(model: &HookedTransformer, lines: &[&str]) -> Experiment {
    let source = |idx| {
        Source::new(crate::common::update(
            Task::default(),
            &[35, 37, 45],
            idx,
            34,
        ))
    };
    Experiment {
        clean: source(2),
        corrupted: source(0),
        interventions: parsed(model, lines),
        ..pair(Direction::Denoise)
    }
}

fn parsed(model: &HookedTransformer, lines: &[&str]) -> Vec<Intervention> {
    let parse = |line: &&str| Intervention::parse(line, model.task(), model.config()).unwrap();
    lines.iter().map(parse).collect()
}

fn row<'t>(table: &'t Table, name: &str) -> &'t [f32] {
    let found = table.rows.iter().position(|row| row == name);
    table.values.slice(&[found.unwrap()])
}

pub fn note(table: &Table, name: &str) -> f64 {
    let found = table.notes.iter().find(|(note, _)| note == name);
    found.unwrap().1.parse().unwrap()
}

#[test]
fn a_head_that_is_zeroed_adds_nothing() {
    let (_, model) = models().remove(0);
    let with = under(&model, &["zero blocks.0.attn.hook_z @*"]);
    let table = patched(&model, &with, "attribution target");
    for name in ["attn_out 0", "head 0.0", "path 0.0", "path 0.0>1.0"] {
        assert_eq!(row(&table, name), [0.0; 3], "{name}");
    }
    for (last, logit) in row(&table, "resid_post 1").iter().zip(row(&table, "logit")) {
        assert!((last - logit).abs() < 1e-4, "{last} {logit}");
    }
    assert!(note(&table, "paths' remainder") < 1e-4);
    let with = under(&model, &["zero blocks.1.attn.hook_z @*"]);
    for kind in ["target", "norm"] {
        let table = patched(&model, &with, &format!("attention {kind} 1.0"));
        let shown = table.values.values().iter().filter(|x| x.is_finite());
        assert!(shown.into_iter().all(|&x| x == 0.0), "{kind}");
    }
    assert_eq!(
        patched(&model, &with, "sources b_1 target")
            .values
            .slice(&[1]),
        [0.0; 12]
    );
}

/// Every way to take something away or put something in, and what it is called then.
#[test]
fn paths_follow_every_spelling() {
    let (_, model) = models().remove(0);
    let same = [
        "edge L0.0->V1.0 off",
        "edge L0->V1 off",
        "edge L0->V1.0 off",
        "edge L0.0->V1 @* off",
    ];
    let by_hand = |line: &str| patched(&model, &under(&model, &[line]), "paths b_1 target");
    for line in same {
        let table = by_hand(line);
        let off = table.rows.iter().find(|row| row.starts_with("0.0>1.0"));
        assert_eq!(row(&table, off.unwrap()), [0.0; 12], "{line}");
        assert!(note(&table, "remainder") < 1e-4, "{line}");
    }
    let before = by_hand("scale blocks.0.hook_resid_pre @* by 1");
    let at_a_1 = by_hand("edge L0.0->V1.0 @a_1 off");
    assert_ne!(row(&at_a_1, "0.0>1.0"), row(&before, "0.0>1.0"));
    for (line, put) in [
        ("edge embed->logits off", None),
        ("edge L0->K1 from clean", None),
        ("zero blocks.0.attn.hook_z @idx,elt", None),
        ("scale blocks.1.attn.hook_z @b_0 by 0.5", None),
        ("rank blocks.1.attn.hook_v @* to 3", None),
        ("rank blocks.0.attn.hook_v @elt,a_1 to 3", None),
        (
            "set blocks.1.attn.hook_z @b_0 = 0.25",
            Some("blocks.1.attn.hook_z"),
        ),
        (
            "patch blocks.0.attn.hook_v @idx from clean",
            Some("blocks.0.attn.hook_v>0.0"),
        ),
        (
            "edge L0->logits from clean",
            Some("blocks.1.hook_resid_post"),
        ),
        (
            "add blocks.0.hook_resid_post @b_0 W_U[3] by 2",
            Some("blocks.0.hook_resid_post"),
        ),
    ] {
        let table = by_hand(line);
        assert!(
            note(&table, "remainder") < 1e-4,
            "{line}: {:?}",
            table.notes
        );
        let listed = table.rows.iter().any(|row| row.starts_with("put at "));
        assert_eq!(listed, put.is_some(), "{line}: {:?}", table.rows);
        if let Some(put) = put {
            row(&table, &format!("put at {put}"));
        }
    }
}

#[test]
fn a_score_is_split_as_the_run_has_it() {
    let (_, model) = models().remove(0);
    for (line, put) in [
        ("edge L0->K1 off", false),
        ("scale blocks.1.attn.hook_q @b_1 by 2", false),
        ("zero blocks.1.attn.hook_k @elt", false),
        ("rank blocks.1.attn.hook_q @* to 2", false),
        ("patch blocks.1.attn.hook_k @elt from clean", true),
        ("set blocks.1.attn.hook_attn_scores [b_1,elt] = 3", true),
        ("zero blocks.0.attn.hook_z @elt", false),
    ] {
        let table = patched(&model, &under(&model, &[line]), "why 1.0 b_1 elt");
        let (score, sum) = (note(&table, "score"), note(&table, "sum of parts"));
        assert!((score - sum).abs() < 2e-4, "{line}: {score} {sum}");
        let total: f32 = table.values.values().iter().sum();
        assert!((f64::from(total) - score).abs() < 1e-3, "{line}");
        let listed = table.cols.iter().any(|col| col.starts_with("put at "));
        assert_eq!(listed, put, "{line}: {:?}", table.cols);
    }
}

/// A sample under interventions, each of its examples against a run alone.
#[test]
fn a_mean_under_interventions_is_that_of_its_runs() {
    let (_, model) = models().remove(1);
    for line in [
        "zero blocks.0.attn.hook_z @idx",
        "mean blocks.0.attn.hook_v @elt over sample given idx",
        "resample blocks.0.attn.hook_z @* keep elt seed 3",
        "patch blocks.1.attn.hook_v @elt from corrupted",
        "edge L0.1->V1.0 from corrupted",
        "add blocks.0.hook_resid_post @b_0 W_U[3] by 2",
    ] {
        let mut with = pair(Direction::Denoise);
        with.sample = "random:2:40".parse().unwrap();
        with.interventions = parsed(&model, &[line]);
        for question in [
            "attribution target",
            "sources b_1 target",
            "attention target 1.0",
            "attention pattern 1.1",
            "attention virtual 0.1>1.0",
        ] {
            let mean = patched(&model, &with, &format!("{question} over sample"));
            assert_eq!(mean.notes[0].1, "mean of 40, each patched");
            let singles: Vec<Table> = with
                .over_sample(model.task(), 40)
                .into_iter()
                .map(|one| {
                    let one = Experiment {
                        direction: Direction::Noise,
                        ..one
                    };
                    patched(&model, &one, question)
                })
                .collect();
            assert_eq!(mean.rows, singles[0].rows, "{line}: {question}");
            for (i, &value) in mean.values.values().iter().enumerate() {
                let all = singles.iter().map(|one| f64::from(one.values.values()[i]));
                let wanted = all.sum::<f64>() / 40.0;
                let near = (f64::from(value) - wanted).abs() < 1e-4 * wanted.abs().max(1.0);
                let none = !value.is_finite() && !wanted.is_finite();
                assert!(near || none, "{line}: {question}: {value}, not {wanted}");
            }
        }
        // the examples of the other runs are untouched, and said to be what they are
        let clean = ask(
            &model,
            &with,
            RunName::Clean.into(),
            "attribution target over sample",
        );
        let corrupted = ask(
            &model,
            &with,
            RunName::Corrupted.into(),
            "attribution target over sample",
        );
        assert_eq!(clean.values, corrupted.values);
        assert_eq!(clean.notes[0].1, "mean of 40");
        assert_eq!(corrupted.notes[0].1, "mean of 40 clean examples");
    }
}

#[test]
fn a_difference_is_patched_minus_base() {
    let (_, model) = models().remove(1);
    for direction in [Direction::Denoise, Direction::Noise] {
        let mut with = pair(direction);
        with.sample = "random:2:20".parse().unwrap();
        with.interventions = parsed(
            &model,
            &["set blocks.0.attn.hook_z @idx,b_0 = 0.5", "edge L0->V1 off"],
        );
        for line in [
            "attribution target",
            "attribution target over sample",
            "paths b_1 target",
            "sources b_1 target",
            "why 1.0 b_1 elt",
            "attention pattern 1.0",
            "attention scores 1.0",
            "attention target 1.0 over sample",
            "attention virtual 0.0>1.1",
        ] {
            let of = |about| ask(&model, &with, about, line);
            let difference = of(Shown::Difference);
            let (patched, base) = (of(RunName::Patched.into()), of(direction.base().into()));
            let value = |table: &Table, row: &String, col: &String| {
                let at = |names: &[String], name: &String| names.iter().position(|one| one == name);
                let cell = at(&table.rows, row).zip(at(&table.cols, col));
                cell.map_or(0.0, |(i, j)| table.values.get(&[i, j]).unwrap())
            };
            assert!(
                difference.signed && difference.rows.len() >= base.rows.len(),
                "{line}"
            );
            for (i, row) in difference.rows.iter().enumerate() {
                for (j, col) in difference.cols.iter().enumerate() {
                    let (a, b) = (value(&patched, row, col), value(&base, row, col));
                    let got = difference.values.get(&[i, j]).unwrap();
                    let masked = a == f32::NEG_INFINITY && a == b;
                    let wanted = if masked { a } else { a - b };
                    let same = got == wanted || got.is_nan() && wanted.is_nan();
                    assert!(same, "{line} {row} {col}: {got}, not {wanted}");
                }
            }
        }
        // what is about the weights has no difference
        let of = |about| ask(&model, &with, about, "circuit ov.0.0");
        assert_eq!(of(Shown::Difference), of(RunName::Patched.into()));
        let seen = seen(&model, &with);
        assert_eq!(seen.base(), seen.run(direction.base()));
    }
}

/// In a deep model most edges carry several paths: enter on a row takes that one away.
#[test]
fn enter_on_a_path_takes_that_path_away() {
    for (name, model) in models() {
        let mut with = pair(Direction::Denoise);
        let before = patched(&model, &with, "paths b_1 target");
        for (at, path) in before.rows.iter().enumerate() {
            let Some(off) = before.intervention(at, 0).cloned() else {
                assert!(["b_U", "sum"].contains(&path.as_str()), "{name} {path}");
                continue;
            };
            let line = off.line(model.task());
            let parsed = Intervention::parse(&line, model.task(), model.config());
            assert_eq!(parsed.unwrap(), off);
            with.interventions = vec![off];
            let after = patched(&model, &with, "paths b_1 target");
            assert!(note(&after, "remainder") < 1e-3, "{name} {line}");
            for (other, row) in before.rows.iter().enumerate().take(before.rows.len() - 1) {
                let shown = after.values.slice(&[other]);
                if other == at {
                    assert_eq!(after.rows[other], format!("{row} (off)"), "{line}");
                    assert!(shown.iter().all(|&x| x == 0.0), "{name} {line}: {shown:?}");
                    continue;
                }
                let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4 * a.abs().max(1.0);
                let old = before.values.slice(&[other]);
                assert!(shown.iter().zip(old).all(near), "{name} {line} moves {row}");
            }
        }
    }
}

#[test]
fn a_grid_stands_on_a_path_that_is_away() {
    let (_, model) = models().remove(2);
    let mut with = pair(Direction::Denoise);
    with.interventions = parsed(
        &model,
        &["path 0.0>1.0>2.0 off", "zero blocks.1.attn.hook_z @b_0"],
    );
    for line in ["grid edges", "grid k"] {
        let table = patched(&model, &with, line);
        let width = table.cols.len();
        for (i, cell) in table.cells.iter().enumerate().step_by(5) {
            let Some(cell) = cell else { continue };
            let mut one = with.clone();
            one.interventions.push(cell.clone());
            let values = seen(&model, &one).metric.unwrap();
            let wanted = values.normalised(values.patched).unwrap();
            let got = table.values.get(&[i / width, i % width]).unwrap();
            assert!(
                (got - wanted).abs() < 2e-4 * wanted.abs().max(1.0),
                "{line}: {got} {wanted}"
            );
        }
    }
}

/// Where an edge takes a path away, its own line is known as well: enter takes back what stands.
#[test]
fn a_path_that_is_away_is_known_by_either_line() {
    let (_, model) = models().remove(0);
    for line in ["path 0.0>1.0 off", "edge L0.0->V1.0 off"] {
        let with = under(&model, &[line]);
        let table = patched(&model, &with, "paths b_1 target");
        let at = table.rows.iter().position(|row| row == "0.0>1.0 (off)");
        let off = table.intervention(at.unwrap(), 0).unwrap();
        assert_eq!(off, &with.interventions[0], "{line}");
        assert!(table.values.slice(&[at.unwrap()]).iter().all(|&x| x == 0.0));
    }
}

/// Earlier heads as one part each: the sums of their parts by position, as `attend` prints them.
#[test]
fn why_is_summed_by_what_wrote_it() {
    let (_, model) = &models()[0];
    let with = under(model, &[]);
    let [parts, sums] = ["why 1.0 b_1 elt", "why 1.0 b_1 elt summed"]
        .map(|line| ask(model, &with, RunName::Clean.into(), line));
    let heads = model.config().n_heads;
    assert_eq!(sums.rows.len(), 2 + heads);
    let total = |table: &Table| {
        table
            .values
            .values()
            .iter()
            .map(|&x| f64::from(x))
            .sum::<f64>()
    };
    let score = note(&sums, "score");
    assert!((total(&parts) - score).abs() < 1e-3 && (total(&sums) - score).abs() < 1e-3);
    // token by token stands in both
    let token = |table: &Table| table.values.get(&[0, 0]);
    assert_eq!(token(&parts), token(&sums));
    let of_head = |table: &Table, name: &str| -> f64 {
        let rows = table.rows.iter().enumerate();
        let rows = rows.filter(|(_, row)| row.split(" from ").next() == Some(name));
        rows.flat_map(|(i, _)| table.values.slice(&[i]))
            .map(|&x| f64::from(x))
            .sum()
    };
    assert!((of_head(&parts, "0.0") - of_head(&sums, "0.0")).abs() < 1e-4);
}
