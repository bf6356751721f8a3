//! Models built by hand, whose circuits are known: what the methods find of them, against the truth.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod built;
mod hand;
mod methods;
mod score;

use built::all;
use circuitscope::lens::Matrices;
use circuitscope::sweep::{Over, Sweep, Tally};
use score::Score;
use std::sync::OnceLock;

/// What each method comes to, computed once for all tests.
fn scored() -> &'static [(&'static str, Vec<Score>)] {
    static SCORED: OnceLock<Vec<(&str, Vec<Score>)>> = OnceLock::new();
    SCORED.get_or_init(|| {
        let each = all().into_iter();
        each.map(|known| (known.name, methods::all(&known)))
            .collect()
    })
}

/// The row of a circuit in the page of numbers: precision and recall of each method.
fn row(name: &str, scores: &[Score]) -> String {
    let cells: Vec<String> = scores.iter().map(Score::to_string).collect();
    format!("| {name} | {} |", cells.join(" | "))
}

/// A circuit that does not do its task would be no truth to be scored against.
#[test]
fn each_does_its_task_on_every_input() {
    for known in all() {
        let model = &known.model;
        let weights = Matrices::where_folded(model).unwrap();
        let sweep = Sweep::new(model, weights.as_ref(), &known.pairs[0].experiment(model));
        let tally = Tally::new(model.task());
        let tally = sweep
            .unwrap()
            .tally(Over::Space, tally, &mut |_, _| Ok(true));
        let tally = tally.unwrap().unwrap();
        let name = known.name;
        assert_eq!(
            (tally.inputs, tally.wrong_inputs),
            (known.inputs, 0),
            "{name}"
        );
        // and clearly so: nothing hangs on a tie or on rounding
        assert!(tally.mean_loss() < 0.02, "{name}: {}", tally.mean_loss());
    }
}

/// What is exact finds all that matters and nothing else.
#[test]
fn exact_methods_find_the_circuit_and_nothing_else() {
    let mut wrong = Vec::new();
    for (name, scores) in scored() {
        for (method, score) in methods::EXACT.iter().zip(scores) {
            assert!(!score.truth.is_empty(), "{name}, {method}");
            if score.found != score.truth {
                wrong.push(format!("{name}, {method}: {}", score.difference()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Attribution patching is an estimate, and its row says how good it is here: what it names matters, but
/// behind attention that is sure of itself the gradient is 0, and it misses what decides where to look.
#[test]
fn the_estimate_misses_what_decides_where_to_look() {
    for (name, scores) in scored() {
        let score = scores.last().unwrap();
        let told = format!("{name}: {}", score.difference());
        assert!(score.found.is_subset(&score.truth), "{told}");
        let looks = |cell: &String| cell.contains(" q ") || cell.contains(" k ");
        for cell in score.truth.iter().filter(|cell| looks(cell)) {
            assert!(!score.found.contains(cell), "{cell} was found: {told}");
        }
    }
}

#[test]
fn the_page_of_numbers_has_the_scores() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/numbers.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows: Vec<String> = scored()
        .iter()
        .map(|(name, scores)| row(name, scores))
        .collect();
    for row in &rows {
        assert!(
            page.lines().any(|line| line == row),
            "docs/numbers.md is stale; the rows are\n{}",
            rows.join("\n")
        );
    }
}
