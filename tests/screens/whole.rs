//! What stands on the screen stands there whole: no number is cut into another one, no name into
//! another's, and what is off screen has a mark.

use crate::common::Parts as _;
use crate::drawing::plain;
use crate::workbench::{look, press, workbench};
use circuitscope::answers::Table;
use circuitscope::app::{ModelInfo, Shown, State};
use circuitscope::lens::RunName;
use circuitscope::model::Model;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::runtime::headless::Headless;
use circuitscope::task::number::significant;
use circuitscope::task::{Sample, Task};
use circuitscope::ui::frame;
use circuitscope::ui::number::{exact, signed};

fn asked(script: &str) -> Headless {
    let mut bench = workbench(2);
    press(&mut bench, script);
    bench
}

fn shown(bench: &Headless, width: u16, height: u16) -> Vec<String> {
    let buffer = frame(&bench.state, &look(), width, height);
    let text = plain(&buffer, buffer.area);
    text.lines().map(str::to_owned).collect()
}

fn table(bench: &Headless) -> &Table {
    let inquiry = bench.state.inquiry.as_ref().unwrap();
    inquiry.answer.as_ref().unwrap().as_ref().unwrap()
}

/// The words of a row of the screen, without the panes' edges.
fn words(row: &str) -> Vec<&str> {
    let edge = |c: char| " │┃╭╮╰╯┏┓┗┛─━".contains(c);
    row.split(edge).filter(|word| !word.is_empty()).collect()
}

#[test]
fn the_number_on_a_panes_edge_is_whole_or_shorter() {
    let bench = asked("tab");
    let seen = bench.state.observation.clone().unwrap();
    let target = seen.clean.prompt.values.answers()[bench.state.prediction_at_hand()] as usize;
    let value = seen.clean.log_probs(bench.state.view.position)[target];
    let right = [significant(value, 2), significant(value, 1)];
    for width in 80..=200 {
        for row in shown(&bench, width, 40) {
            let words = words(&row);
            let at = words.iter().position(|word| *word == "logp");
            if let Some(said) = at.and_then(|at| words.get(at + 1)) {
                assert!(right.iter().any(|text| text == said), "{width}: {row}");
            }
        }
    }
}

#[test]
fn the_exact_value_under_the_cursor_comes_before_the_scale() {
    for (script, size) in [
        ("G a |", (80, 24)),
        ("/ 'grid strips attribution' enter", (80, 24)),
        ("/ 'grid strips attribution' enter", (112, 26)),
        ("/ 'grid strips attribution' enter", (120, 40)),
    ] {
        let bench = asked(script);
        let rows = shown(&bench, size.0, size.1);
        let edge = rows.iter().rfind(|row| row.starts_with('┗')).unwrap();
        let words = words(edge);
        let (row, column) = bench.state.inquiry.as_ref().unwrap().cursor;
        for (name, values) in table(&bench).layers() {
            let value = exact(values.get(&[row, column]).unwrap(), true);
            let at = words.iter().position(|word| *word == name);
            let whole = at.is_some_and(|at| words[at + 1] == value);
            // or there is no digit of it
            let cut = edge.contains('…') && at.is_none_or(|at| words[at + 1] == "…");
            assert!(whole || cut, "{name} {value}: {edge}");
        }
    }
}

#[test]
fn headings_are_told_apart_and_what_is_off_screen_is_marked() {
    let rows = shown(&asked("K"), 80, 24);
    let heading = rows.iter().find(|row| row.contains("clean  ")).unwrap();
    assert_eq!(
        words(heading),
        ["clean", "corrupted", "patched", "normalised"]
    );
    let bench = asked("tab tab w a");
    let rows = shown(&bench, 80, 24);
    let heading = rows.iter().find(|row| row.contains("token")).unwrap();
    let names = words(heading);
    let several: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!(several.len(), names.len(), "{heading}");
    assert!(names.contains(&"a_0") && names.contains(&"a_1") && heading.contains('›'));
    let mut bench = asked("tab tab w a end");
    let rows = shown(&bench, 80, 24);
    assert!(rows.iter().any(|row| row.contains('‹')), "{rows:#?}");
    press(&mut bench, "pagedown pagedown pagedown");
    let rows = shown(&bench, 80, 16);
    assert!(rows.iter().any(|row| row.contains('↑')), "{rows:#?}");
}

#[test]
fn the_names_of_rows_are_whole() {
    let bench = asked("/ 'composition' enter");
    let name = table(&bench).rows.last().unwrap().clone();
    assert!(name.starts_with("random, mean of "));
    for width in [80, 120] {
        let rows = shown(&bench, width, 24);
        assert!(rows.iter().any(|row| row.contains(&name)), "{rows:#?}");
    }
    // where there is no room, none of its number is left
    let rows = shown(&bench, 40, 12);
    let cut = rows
        .iter()
        .find(|row| row.contains("random, mean"))
        .unwrap();
    assert!(!cut.contains("of 3 "), "{cut}");
}

#[test]
fn columns_of_other_quantities_have_digits_and_signs_of_their_own() {
    let bench = asked("N");
    let rows = shown(&bench, 120, 24);
    let row = rows
        .iter()
        .find(|row| row.contains("as it stands"))
        .unwrap();
    let numbers = &words(row)[3..];
    assert_eq!(numbers.len(), table(&bench).cols.len());
    for number in &numbers[1..numbers.len() - 1] {
        let decimals = number.split_once('.').unwrap().1;
        assert!(decimals.len() >= 3 && !number.starts_with('+'), "{row}");
    }
}

#[test]
fn points_of_a_scatter_plot_do_not_touch() {
    for size in [(80, 24), (120, 40), (100, 30)] {
        let bench = asked("/ 'pca tokens' enter");
        let names = &table(&bench).rows;
        let rows = shown(&bench, size.0, size.1);
        let top = rows.iter().position(|row| row.contains("→ PC1")).unwrap();
        let axis = rows.iter().position(|row| row.contains('└')).unwrap();
        // left of its field are the table and the numbers of the axis, which lie within the ends of a column
        for row in &rows[top + 1..axis] {
            let (before, field) = row.rsplit_once(['│', '┤']).unwrap();
            if row.contains('┤') {
                let number: f32 = words(before).last().unwrap().parse().unwrap();
                let up = (0..names.len()).filter_map(|row| table(&bench).values.get(&[row, 1]));
                let most = up.map(f32::abs).fold(0.0, f32::max);
                assert!(number.abs() <= 1.1 * most, "{row}");
            }
            let field = field.replace(['┃', '·', '┼'], " ");
            for word in field.split_whitespace() {
                assert!(names.iter().any(|name| name == word), "{word}: {row}");
            }
        }
    }
}

#[test]
fn positions_over_narrow_columns_are_told_apart() {
    let bench = workbench(1);
    let rows = shown(&bench, 120, 40);
    let row = rows.iter().find(|row| row.contains("BO a0")).unwrap();
    assert!(row.contains(" n0 ") && row.contains(" n1 "), "{row}");
    let rows = shown(&bench, 80, 24);
    assert!(rows.iter().any(|row| row.contains("B a a a n i e n b b b")));
    assert!(
        rows.iter()
            .any(|row| row.contains("L1  0 1 2 0     1 0 1 2"))
    );
}

#[test]
fn a_field_shows_what_is_typed() {
    let mut bench = workbench(1);
    press(&mut bench, "down 7");
    let rows = shown(&bench, 80, 24);
    assert!(rows[2].contains("idx 7"), "{}", rows[2]);
}

#[test]
fn the_kind_of_an_ablation_stands_whole_in_the_titles() {
    for kind in ["zero", "resample"] {
        let line = match kind {
            "zero" => "zero blocks.0.attn.hook_z @elt",
            _ => "resample blocks.0.attn.hook_z @elt keep idx",
        };
        let bench = asked(&format!("tab tab : '{line}' enter"));
        let rows = shown(&bench, 80, 24);
        for pane in [" logits ", "1.0 "] {
            let title = rows
                .iter()
                .find(|row| row.contains(pane) && row.contains("patched"));
            assert!(title.unwrap().contains(&format!("({kind})")), "{rows:#?}");
        }
    }
}

#[test]
fn attention_that_looks_ahead_is_seen_and_warned_of() {
    let bench = asked("tab tab : 'set blocks.1.attn.hook_pattern [nl_1,b_0] = 1' enter");
    let rows = shown(&bench, 120, 40);
    assert!(rows.iter().any(|row| row.contains("looks ahead")));
    let mut bench = asked("");
    press(
        &mut bench,
        "tab tab right right right right right right right",
    );
    assert!(
        shown(&bench, 120, 40)
            .iter()
            .any(|row| row.contains("masked"))
    );
    press(
        &mut bench,
        ": 'set blocks.1.attn.hook_pattern [nl_1,b_0] = 1' enter",
    );
    assert!(
        shown(&bench, 120, 40)
            .iter()
            .any(|row| row.contains("p 1.0000"))
    );
}

/// In the difference view each position tells what changed most, whether it rose or fell.
#[test]
fn the_largest_change_of_a_logit_comes_first() {
    let mut bench = asked(": 'scale blocks.1.attn.hook_z @* by 3' enter");
    while bench.state.view.shown != Shown::Difference {
        press(&mut bench, "v");
    }
    let rows = shown(&bench, 120, 40);
    let (task, seen) = (bench.state.task(), bench.state.observation.clone().unwrap());
    let change = seen.patched.logits.minus(&seen.base().logits);
    let mut fell = 0;
    for j in 0..task.answers.len() {
        let position = task.predicts_at(j);
        let all = (0..).zip(change.slice(&[position]).iter().copied());
        let most = all.max_by(|a: &(u32, f32), b| a.1.abs().total_cmp(&b.1.abs()));
        let (token, value) = most.unwrap();
        fell += usize::from(value < 0.0);
        let told = format!("{} {} logit", task.class_name(token), signed(value, 7));
        let told: Vec<&str> = told.split_whitespace().collect();
        let label = task.label(position);
        // a row of the logits: its position, the token there, and what it leads to
        let first = rows.iter().map(|row| words(row)).find(|row| {
            let mut three = row.windows(3);
            three.any(|three| three[0] == label && three[2] == "→")
        });
        let first = first.unwrap();
        assert!(
            first.windows(3).any(|three| three == told),
            "{told:?} in {first:?}"
        );
    }
    assert!(fell > 0, "a logit that falls most shows what is asked");
}

/// Alone, the logits list the likeliest of each run in turn, and each run tells a token's rank: where one is left out, a
/// rank is missing.
#[test]
fn logits_alone_tell_the_rank_in_each_run() {
    let bench = asked("tab z");
    let rows = shown(&bench, 160, 40);
    let (task, seen) = (bench.state.task(), bench.state.observation.clone().unwrap());
    let position = task.predicts_at(1);
    let from = rows
        .iter()
        .position(|row| row.contains(&task.prediction(1)));
    let from = from.unwrap();
    let listed: Vec<Vec<&str>> = rows[from..]
        .iter()
        .map(|row| words(row))
        .take_while(|row| row.len() > 5)
        .collect();
    assert!(listed.len() > 3);
    for (run, column) in [(RunName::Clean, 0), (RunName::Corrupted, 1)] {
        let top = seen.run(run).top(position, task.classes.len());
        let mut seen_ranks = Vec::new();
        for row in &listed {
            let at = usize::from(row[0].contains('→'));
            let name = row[at];
            // rank, logit, log p and p, of which what is near 0 or 1 is told by a bound, and perhaps a bar
            let numbers: Vec<&str> = row[at + 1..]
                .iter()
                .copied()
                .filter(|word| word.trim_start_matches(['<', '>']).parse::<f32>().is_ok())
                .collect();
            let rank: usize = numbers[4 * column].parse().unwrap();
            let expected = top
                .iter()
                .position(|(token, _)| task.class_name(*token) == name);
            assert_eq!(rank, expected.unwrap() + 1, "{row:?}");
            seen_ranks.push(rank);
        }
        assert!(
            seen_ranks.contains(&1) && seen_ranks.contains(&2),
            "{seen_ranks:?}"
        );
    }
}

/// An answer whose rows are all on screen leaves the panes above it where they are; a picture grows.
#[test]
fn what_is_whole_is_not_enlarged() {
    let rows = shown(&asked("K z"), 120, 40);
    assert!(rows.iter().any(|row| row.contains("all of it is here")));
    assert!(rows.iter().any(|row| row.contains("prompt ─")), "{rows:#?}");
    let rows = shown(&asked("o z"), 120, 40);
    assert!(
        !rows.iter().any(|row| row.contains("prompt ─")),
        "{rows:#?}"
    );
}

/// Tokens of which nothing is known: as many positions as there are, few classes, no answers.
#[test]
fn a_long_prompt_without_a_task_can_be_read() {
    let task = Task::raw(42, 5, 2);
    let positions = PositionalEmbedding::Standard;
    let transformer = crate::common::random_model([2, 2], positions, task, 3);
    let small = crate::workbench::model(1);
    let model = Model {
        transformer,
        ..small
    };
    let info = ModelInfo {
        task,
        config: model.transformer.config().clone(),
        ..crate::workbench::state(&crate::workbench::model(1), Sample::default()).model
    };
    let state = State::new(info, "random:0:4".parse().unwrap(), None);
    let bench = Headless::new(model, state, look(), (80, 24));
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let rows = shown(&bench, width, height);
        let text = rows.join("\n");
        // the last position leads to one of two classes
        let last = rows.iter().map(|row| words(row)).find(|row| {
            let mut three = row.windows(3);
            three.any(|three| three[0] == "t_41" && three[2] == "→")
        });
        assert!(last.is_some(), "{text}");
        // columns are told apart by their numbers
        let ones = "0123456789";
        let spaced: Vec<String> = ones.chars().map(String::from).collect();
        let named =
            text.contains(ones) || text.contains(&spaced.join(" ")) || text.contains("t_10");
        assert!(named, "{text}");
    }
}
