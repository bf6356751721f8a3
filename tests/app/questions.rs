//! Questions on the screen: asked by key and by line, answered for what is typed, exported.

use crate::workbench::{press, workbench, workbench_in};
use circuitscope::answers::{Question, Table};
use circuitscope::app::{Mode, Pane};
use circuitscope::lens::{CircuitName, HeadName, RunName, Side};
use circuitscope::runtime::headless::Headless;

fn table(bench: &Headless) -> Table {
    let inquiry = bench.state.inquiry.as_ref().unwrap();
    let answer = inquiry.answer.as_ref().unwrap();
    Table::clone(answer.as_ref().unwrap())
}

/// The value of a row and column by their names.
fn value(table: &Table, row: &str, col: &str) -> f32 {
    let at = |names: &[String], name: &str| names.iter().position(|n| n == name).unwrap();
    let index = [at(&table.rows, row), at(&table.cols, col)];
    table.values.get(&index).unwrap()
}

#[test]
fn each_key_asks_its_question() {
    for (keys, line) in [
        ("L", "attribution target"),
        ("tab P", "paths b_0→b_1 target"),
        ("o", "circuit ov.0.0"),
        ("tab tab w", "why 1.0 nl_1 a_0 summed"),
        ("tab tab w a", "why 1.0 nl_1 a_0"),
        ("/ 'pca positions' enter", "pca positions"),
        ("/ 'composition' enter", "composition"),
        ("o .", "circuit ov.0.1"),
        ("L a", "attribution target over sample"),
        ("G", "grid edges"),
        ("G .", "grid edges_by_pos"),
        ("G | a", "grid edges attribution over 64 pairs"),
        ("tab tab tab G |", "grid strips attribution"),
        ("tab tab tab tab G", "grid pattern_cells 1.0"),
        ("K a", "metrics over 64 pairs"),
        ("N", "necessity"),
        ("i | a", "sources b_0→b_1 target by token over sample"),
        ("o R", "ranks ov 0.0"),
        ("o |", "circuit ov.0.0 beside direct"),
        ("P a", "paths b_0→b_1 target over sample"),
        ("tab tab A |", "attention pattern 1.0 over sample beside"),
        // behind the last head what two heads do one after the other
        ("tab tab A . .", "attention virtual 0.0>1.0 over sample"),
        ("tab tab A . . ,", "attention pattern 1.1 over sample"),
        // and what a head writes, or two of them
        ("tab tab A o", "circuit ov.1.0"),
        ("tab tab A . . o", "circuit ov.0.0>1.0"),
        ("/ 'attention 4-2 1.1' enter", "attention 4-2 1.1"),
        ("tab tab w | |", "why 1.0 nl_1 a_0 summed"),
    ] {
        let mut bench = workbench(2);
        press(&mut bench, keys);
        assert_eq!(bench.state.view.focus, Pane::Answer, "{keys}");
        assert!(!table(&bench).rows.is_empty());
        let question = &bench.state.inquiry.as_ref().unwrap().question;
        let config = &bench.state.model.config;
        assert_eq!(question.line(bench.state.task(), config), line, "{keys}");
        press(&mut bench, "esc");
        assert!(bench.state.inquiry.is_none());
        assert_ne!(bench.state.view.focus, Pane::Answer);
    }
}

/// The score of a cell less that of the one which gets most attention besides.
#[test]
fn a_cell_is_explained_against_its_runner_up() {
    let mut bench = workbench(2);
    press(&mut bench, "tab tab down w |");
    let question = &bench.state.inquiry.as_ref().unwrap().question;
    let &Question::Why {
        head,
        dest,
        src,
        minus: Some(minus),
        ..
    } = question
    else {
        unreachable!("{question:?}");
    };
    let seen = bench.state.observation.as_ref().unwrap();
    let row = seen.clean.pattern.slice(&[head.layer, head.head, dest]);
    let others = (0..=dest).filter(|&other| other != src);
    assert!(others.map(|other| row[other]).fold(0.0, f32::max) == row[minus]);
}

#[test]
fn the_parts_add_up_to_what_the_screen_shows() {
    let mut bench = workbench(2);
    press(&mut bench, "L");
    let seen = bench.state.observation.clone().unwrap();
    let run = seen.run(RunName::Clean);
    let task = bench.state.task();
    for prediction in run.predictions(task) {
        let logit = run
            .logits
            .get(&[prediction.position, prediction.target.unwrap() as usize])
            .unwrap();
        let shown = value(&table(&bench), "logit", &prediction.name);
        assert!((logit - shown).abs() < 1e-4, "{logit} {shown}");
    }
    press(&mut bench, "esc");
    bench.state.view.focus = Pane::Logits;
    press(&mut bench, "P");
    let paths = table(&bench);
    let logit = run.predictions(task)[bench.state.prediction_at_hand()].clone();
    let logit = run
        .logits
        .get(&[logit.position, logit.target.unwrap() as usize])
        .unwrap();
    assert!((value(&paths, "sum", "sum") - logit).abs() < 1e-4);
}

#[test]
fn a_score_is_the_sum_of_its_parts() {
    let mut bench = workbench(2);
    press(&mut bench, "tab tab down right right w");
    let at = bench.state.view.attention;
    let seen = bench.state.observation.clone().unwrap();
    let scores = &seen.run(RunName::Clean).scores;
    let score = scores.get(&[at.layer, at.head, at.dest, at.src]).unwrap();
    let sum: f32 = table(&bench).values.values().iter().sum();
    assert!((sum - score).abs() < 1e-4, "{sum} {score}");
}

#[test]
fn the_answer_follows_what_is_typed() {
    let mut bench = workbench(1);
    press(&mut bench, "L");
    let before = table(&bench);
    press(&mut bench, "n");
    let after = table(&bench);
    assert_ne!(before, after);
    assert_eq!(bench.state.view.focus, Pane::Answer);
    press(&mut bench, "u");
    assert_eq!(table(&bench), before);
    press(
        &mut bench,
        ": 'zero blocks.1.attn.hook_pattern [*,*]' enter",
    );
    // head 1.0 writes nothing any more
    assert!(value(&table(&bench), "head 1.0", "nl_1→b_0").abs() < 1e-6);
}

#[test]
fn a_wrong_question_stays_open_and_says_why() {
    let mut bench = workbench(1);
    for (line, problem) in [
        ("attribute", "the questions are attribution"),
        ("why 1.0 b_0", "the form is: why"),
        ("why 1.0 idx elt", "cannot attend to elt"),
        ("circuit ov.7", "no circuit"),
        ("paths b_9", "no prediction 'b_9'"),
        ("attention loud 0.0", "'loud' is not pattern"),
        ("pca tokens over sample", "no directions 'over'"),
    ] {
        press(&mut bench, &format!("/ '{line}' enter"));
        let Mode::Line(typed) = &bench.state.mode else {
            unreachable!("the line {line} was taken")
        };
        let (_, error) = typed.error.clone().unwrap();
        assert!(error.contains(problem), "{line}: {error}");
        press(&mut bench, "esc");
    }
    assert!(bench.state.inquiry.is_none());
}

#[test]
fn every_suggestion_is_a_question() {
    let bench = workbench(2);
    let (task, config) = (bench.state.task(), &bench.state.model.config);
    let all = Question::suggestions("", task, config);
    assert!(all.len() > 50);
    for line in all {
        let question = Question::parse(&line, task, config).unwrap();
        assert_eq!(question.line(task, config), line);
    }
}

#[test]
fn any_pane_with_numbers_is_exported_with_what_they_belong_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = workbench_in(folder.path(), 2);
    press(&mut bench, "e");
    assert!(
        bench
            .state
            .status
            .as_ref()
            .unwrap()
            .text
            .contains("no table")
    );
    for (i, keys) in ["tab e", "tab e", "tab e", "tab e", "L e", "S e"]
        .iter()
        .enumerate()
    {
        press(&mut bench, keys);
        let stem = if i == 0 {
            "table".into()
        } else {
            format!("table-{}", i + 1)
        };
        let csv = std::fs::read_to_string(folder.path().join(format!("{stem}.csv"))).unwrap();
        let json = std::fs::read(folder.path().join(format!("{stem}.json"))).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let hash = bench.state.model.hash.clone();
        assert!(csv.contains(&format!("# model hash: {hash}")), "{csv}");
        assert_eq!(json["about"]["model hash"][0], hash);
        for name in ["clean", "corrupted", "metric", "direction", "sample"] {
            assert!(json["about"][name].is_array(), "{name}");
        }
        let (task, study) = (bench.state.task(), bench.state.study());
        for (name, side) in [("clean", &study.clean), ("corrupted", &study.corrupted)] {
            let tokens = task.tokens(&side.prompt());
            let names: Vec<String> = tokens.iter().map(|&one| task.token_name(one)).collect();
            assert_eq!(json["about"][name][0], names.join(" "), "{name}");
        }
        assert_ne!(json["about"]["clean"], json["about"]["corrupted"]);
        let rows = json["rows"].as_array().unwrap().len();
        assert_eq!(json["values"].as_array().unwrap().len(), rows);
        let lines = csv.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines, rows + 1);
    }
}

#[test]
fn ablations_are_added_by_pointing() {
    let mut bench = workbench(2);
    bench.state.view.focus = Pane::Strips;
    press(&mut bench, "down down 0 A");
    let task = bench.state.task();
    let lines: Vec<String> = bench
        .state
        .study()
        .interventions
        .iter()
        .map(|listed| listed.intervention.line(task))
        .collect();
    assert_eq!(
        lines,
        [
            "zero blocks.1.attn.hook_z @nl_1 head 0",
            "mean blocks.1.attn.hook_z @nl_1 head 0 over sample",
        ]
    );
    bench.state.view.focus = Pane::Cells;
    press(&mut bench, "0");
    let last = bench.state.study().interventions[2].intervention.line(task);
    assert_eq!(last, "zero blocks.1.attn.hook_pattern [nl_1,a_0] head 0");
    // what takes a number or a word is a line that lacks but its end
    press(&mut bench, "* '0.5' enter ~ 'idx' enter = '0.25' enter");
    let lines = bench.state.study().interventions[3..].iter();
    let lines: Vec<String> = lines.map(|one| one.intervention.line(task)).collect();
    let cell = "blocks.1.attn.hook_pattern [nl_1,a_0] head 0";
    assert_eq!(
        lines,
        [
            format!("scale {cell} by 0.5"),
            format!("resample {cell} keep idx"),
            format!("set {cell} = 0.25"),
        ]
    );
}

/// From an entry of a circuit to the inputs in which it does most, and from a cell to its entry.
#[test]
fn weights_and_examples_lead_to_each_other() {
    let mut bench = workbench(2);
    press(
        &mut bench,
        "o pageup pageup pageup pageup pageup pageup home down right right X",
    );
    assert_eq!(bench.state.view.focus, Pane::Space);
    let claims = bench.state.listed_claims();
    assert_eq!(claims, ["max matters[ov.0.0][1,2]"]);
    press(&mut bench, "tab");
    bench.state.view.focus = Pane::Attention;
    let seen = bench.state.observation.clone().unwrap();
    let at = bench.state.view.attention;
    // what the score is made of says which circuit, and which entry of it
    press(&mut bench, "w");
    let why = table(&bench);
    let cells = (0..why.rows.len()).flat_map(|i| (0..why.cols.len()).map(move |j| (i, j)));
    let size = |&(i, j): &(usize, usize)| why.values.get(&[i, j]).unwrap().abs();
    let (i, j) = cells.max_by(|a, b| size(a).total_cmp(&size(b))).unwrap();
    press(&mut bench, "esc o");
    let inquiry = bench.state.inquiry.as_ref().unwrap();
    let config = &bench.state.model.config;
    let line = inquiry.question.line(bench.state.task(), config);
    let side = |part: &str| match part {
        "token" => Side::Tok,
        "position" | "pos" => Side::Pos,
        head => Side::Via(HeadName::parse(head, config).unwrap()),
    };
    let name = CircuitName::Qk {
        head: HeadName { layer: 1, head: 0 },
        query: side(&why.rows[i]),
        key: side(&why.cols[j]),
    };
    assert_eq!(line, format!("circuit {}", name.text(config)));
    let token = |at: usize| seen.clean.tokens[at] as usize;
    let place = |part: &str, at: usize| match side(part) {
        Side::Pos => at,
        Side::Via(earlier) => {
            let row = seen.clean.pattern.slice(&[earlier.layer, earlier.head, at]);
            let most = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
            token(most.unwrap())
        }
        _ => token(at),
    };
    let entry = (place(&why.rows[i], at.dest), place(&why.cols[j], at.src));
    assert_eq!(inquiry.cursor, entry);
    // the score's parts are behind it
    press(&mut bench, "[");
    assert_eq!(table(&bench).rows, why.rows);
    // only an entry of a circuit has inputs
    press(&mut bench, "L X");
    assert_eq!(bench.state.view.focus, Pane::Answer);
}

#[test]
fn a_path_is_taken_away_and_put_back_by_pointing() {
    let mut bench = workbench(2);
    press(
        &mut bench,
        "d P pageup pageup pageup pageup pageup pageup home",
    );
    let before = table(&bench);
    assert_eq!(before.rows[0], "direct");
    press(&mut bench, "enter");
    let study = bench.state.study();
    let line = study.interventions[0].intervention.line(bench.state.task());
    assert_eq!(line, "edge embed->logits off");
    let after = table(&bench);
    assert_eq!(after.rows[0], "direct (off)");
    // everything follows: the rest of the paths are the logit now
    let note = |table: &Table, name: &str| {
        let found = table.notes.iter().find(|(note, _)| note == name);
        found.unwrap().1.parse::<f32>().unwrap()
    };
    assert!(note(&after, "remainder") < 1e-4);
    let lost = value(&before, "direct", "sum");
    let moved = note(&before, "logit") - note(&after, "logit");
    assert!((lost - moved).abs() < 1e-3, "{lost} {moved}");
    press(&mut bench, "enter");
    assert!(bench.state.study().interventions.is_empty());
    assert_eq!(table(&bench).rows, before.rows);
}

#[test]
fn the_difference_view_asks_for_differences() {
    let mut bench = workbench(2);
    press(
        &mut bench,
        "d P pageup pageup pageup pageup pageup pageup home",
    );
    let clean = table(&bench);
    press(&mut bench, "enter v");
    let difference = table(&bench);
    assert_eq!(difference.rows[0], "direct (off)");
    let (lost, had) = (
        value(&difference, "direct (off)", "sum"),
        value(&clean, "direct", "sum"),
    );
    assert!(had != 0.0 && (lost + had).abs() < 1e-5, "{lost} {had}");
    // enter still takes back what stands
    press(&mut bench, "enter");
    assert!(bench.state.study().interventions.is_empty());
}

#[test]
fn a_row_and_column_are_found_by_name() {
    let mut bench = workbench(2);
    press(&mut bench, "o g '7 3' enter");
    assert_eq!(bench.state.inquiry.as_ref().unwrap().cursor, (7, 3));
    press(&mut bench, "g '* 5' enter");
    assert_eq!(bench.state.inquiry.as_ref().unwrap().cursor, (7, 5));
    press(&mut bench, "g '77' enter");
    let error = super::line_error(&bench).unwrap();
    assert!(error.contains("no row '77'; there are 0 .. "), "{error}");
    press(&mut bench, "esc");
    assert_eq!(bench.state.inquiry.as_ref().unwrap().cursor, (7, 5));
}

#[test]
fn the_measure_goes_round_and_the_grids_follow() {
    let mut bench = workbench(2);
    for measure in ["log_prob", "prob", "rank", "kl", "accuracy", "logit_diff"] {
        press(&mut bench, "V");
        let seen = bench.state.observation.clone().unwrap();
        assert_eq!(seen.metric.unwrap().measure.name(), measure);
        assert_eq!(seen.experiment.measure.name(), measure);
    }
    press(&mut bench, ": 'measure loss' enter");
    let error = super::line_error(&bench).unwrap();
    assert!(error.contains("log_prob"), "{error}");
}

#[test]
fn a_rank_is_chosen_by_pointing_and_everything_follows() {
    let mut bench = workbench(2);
    press(
        &mut bench,
        "d o R pageup pageup pageup pageup pageup pageup home down down enter",
    );
    let study = bench.state.study();
    let line = study.interventions[0].intervention.line(bench.state.task());
    assert_eq!(line, "rank blocks.0.attn.hook_v @* head 0 to 1");
    let seen = bench.state.observation.clone().unwrap();
    assert_ne!(seen.patched.logits, seen.clean.logits);
    // the table now stands on the cut model
    assert_eq!(table(&bench).values.get(&[0, 0]), {
        let values = seen.metric.unwrap();
        values.normalised(values.patched)
    });
}

/// Enter on a cell of a map over all inputs opens the one with the least number there.
#[test]
fn a_cell_of_a_map_opens_its_least_input() {
    let mut bench = workbench_in(tempfile::tempdir().unwrap().path(), 1);
    press(&mut bench, "/ 'map margin[b_0] by idx over space' enter");
    let table = table(&bench);
    let note = table
        .notes
        .iter()
        .find(|(name, _)| name == "least")
        .unwrap();
    let (value, input) = note.1.split_once(" at ").unwrap();
    let least = table.layers().find(|(name, _)| *name == "min").unwrap().1;
    let row = (0..3)
        .min_by(|&a, &b| {
            least
                .get(&[a, 0])
                .unwrap()
                .total_cmp(&least.get(&[b, 0]).unwrap())
        })
        .unwrap();
    let told: f32 = value.parse().unwrap();
    assert!((told - least.get(&[row, 0]).unwrap()).abs() < 1e-4);
    if let Some(inquiry) = &mut bench.state.inquiry {
        inquiry.cursor = (row, 0);
    }
    press(&mut bench, "enter");
    assert_eq!(bench.state.study().clean.values.to_string(), input);
}
