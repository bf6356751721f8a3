//! What parts of a count come to together.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
use super::*;
use crate::model::Config;
use crate::model::config::PositionalEmbedding;
use crate::task::Task;

fn claim() -> Claim {
    let task = Task::default();
    let sizes = [task.d_vocab(), task.classes.len()];
    let shortformer = PositionalEmbedding::Shortformer;
    let config = Config::attention_only([1, 1], [4, 2], task.seq_len(), sizes, shortformer);
    Claim::parse("margin > 0", task, &config).unwrap()
}

fn far(number: u64) -> Counterexample {
    Counterexample {
        values: Task::default().values_at(number.into()),
        number,
        value: 0.0,
    }
}

#[test]
fn parts_that_are_joined_are_what_the_whole_is() {
    let claim = claim();
    let part = |from: u64| Count {
        count: from,
        total: from + 4,
        undefined: 1,
        valued: from + 3,
        sum: 0.5,
        min: -(from as f64),
        max: from as f64,
        close: 2,
        close_failing: 1,
        ..Count::new(&claim)
    };
    let mut all = part(10);
    all.join(part(20));
    assert_eq!((all.count, all.total, all.undefined), (30, 38, 2));
    assert_eq!(
        (all.valued, all.sum, all.min, all.max),
        (36, 1.0, -20.0, 20.0)
    );
    assert_eq!((all.close, all.close_failing), (4, 2));
}

/// The furthest comes first, and of those that are as far the one that was seen first.
#[test]
fn of_equally_far_inputs_the_first_is_told() {
    let mut all = Furthest::default();
    for (off, number) in [(1.0, 0), (2.0, 1), (2.0, 2), (1.0, 3), (3.0, 4), (2.0, 5)] {
        if all.is_among(off) {
            all.keep(off, far(number));
        }
    }
    let told: Vec<u64> = all.0.iter().map(|(_, one)| one.number).collect();
    assert_eq!(told, [4, 1, 2, 5, 0, 3]);
    // where there is room for no more, one that is as far as the last takes nobody's place
    let mut full = Furthest::default();
    for number in 0..40 {
        if full.is_among(0.0) {
            full.keep(0.0, far(number));
        }
    }
    let told: Vec<u64> = full.0.iter().map(|(_, one)| one.number).collect();
    assert_eq!(told, (0..Furthest::MOST as u64).collect::<Vec<_>>());
}
