//! Two numbers of each input as points: against single runs, and by hand.

use super::maps::{answer, close, margin_of_run, note, values};
use super::program::output;

/// Points are the inputs' own numbers; over all inputs the correlation is exact and some points are drawn.
#[test]
fn a_scatter_plot_has_a_point_an_input() {
    let few = answer(&["scatter 2*elt - a_0, margin[b_0] over random:3:40"]);
    assert_eq!(
        few["cols"],
        serde_json::json!(["2*elt - a_0", "margin[b_0]"])
    );
    let (rows, points) = (few["rows"].as_array().unwrap(), values(&few));
    assert_eq!(rows.len(), 40);
    for (row, point) in rows.iter().zip(&points).take(5) {
        let prompt = row.as_str().unwrap();
        let fields: Vec<usize> = prompt
            .split_whitespace()
            .map(|one| one.parse().unwrap())
            .collect();
        let &[a_0, a_1, _, idx, elt] = &fields[..] else {
            unreachable!("{prompt}");
        };
        close(prompt, point[0], 2.0 * elt as f64 - a_0 as f64, 0.0);
        let right = if idx == 1 { elt } else { a_1 };
        close(prompt, point[1], margin_of_run(prompt, 8, right), 2e-4);
    }
    // by hand
    let n = points.len() as f64;
    let mean = |i: usize| points.iter().map(|point| point[i]).sum::<f64>() / n;
    let [x, y] = [mean(0), mean(1)];
    let moment = |i: usize, j: usize| {
        let off = |point: &[f64], i: usize| point[i] - [x, y][i];
        points
            .iter()
            .map(|point| off(point, i) * off(point, j))
            .sum::<f64>()
    };
    let r = moment(0, 1) / (moment(0, 0) * moment(1, 1)).sqrt();
    let told = note(&few, "correlation");
    let (told, error) = told.split_once(" ± ").unwrap();
    close("r", told.parse().unwrap(), r, 5e-4);
    close(
        "its error",
        error.parse().unwrap(),
        (1.0 - r * r) / (n - 1.0).sqrt(),
        0.01,
    );
    // the line of one is a straight one, over every input
    let slide = ["--slide", "modular_addition"];
    let all = answer(&[&["scatter a, 7 - 2*a over space"], &slide[..]].concat());
    assert_eq!(note(&all, "correlation"), "-1.00000");
    assert!(note(&all, "inputs").starts_with("exact"), "{all}");
    let again = answer(&[&["scatter a, 7 - 2*a over space"], &slide[..]].concat());
    assert_eq!(all["rows"], again["rows"]);
    let shown = all["rows"].as_array().unwrap().len();
    assert!((700..=1300).contains(&shown), "{shown} points");
    let message = output(&["ask", "scatter margin"]);
    let message = String::from_utf8_lossy(&message.stderr).into_owned();
    assert!(message.contains("two quantities"), "{message}");
}
