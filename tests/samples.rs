//! Samples: uniform ones, and the training notebook's own, bit for bit.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "every test crate uses its own part")]
mod common;

use crate::common::Parts as _;
use circuitscope::task::{Batches, Prompt, Sample, Task, Values};
use rand_mt::Mt;

fn task() -> Task {
    Task::default()
}

#[test]
fn random_samples_cover_the_input_space() {
    let sample = Sample::Random { seed: 3, len: 5000 };
    let prompts = sample.prompts(task());
    assert_eq!(prompts, sample.prompts(task()));
    assert_eq!(prompts.len(), 5000);
    for prompt in &prompts {
        assert_eq!(prompt.continuation, prompt.values.answers());
        assert!(prompt.values.a().iter().all(|&a| a < 50));
    }
    let count = |of: &dyn Fn(&Values) -> u32, n: usize| {
        let mut counts = vec![0usize; n];
        prompts
            .iter()
            .for_each(|p| counts[of(&p.values) as usize] += 1);
        counts
    };
    assert!(
        count(&|u| u.idx(), 3)
            .iter()
            .all(|n| (1500..1850).contains(n))
    );
    assert!(
        count(&|u| u.elt(), 50)
            .iter()
            .all(|n| (60..150).contains(n))
    );
    assert!(
        count(&|u| u.a()[2], 50)
            .iter()
            .all(|n| (60..150).contains(n))
    );
}

fn batches(len: usize, seed: u32) -> impl Iterator<Item = Vec<Prompt>> {
    let batches = Batches::new(task(), len, seed);
    batches.map(|batch| batch.into_iter().map(Prompt::teacher_forced).collect())
}

fn rows(batch: &[Prompt]) -> Vec<Vec<u32>> {
    batch.iter().map(|prompt| task().tokens(prompt)).collect()
}

/// Facts about the notebook's generator that need no other file.
#[test]
fn the_notebooks_generator() {
    // random.seed(0), then randint(0, 2) and randint(0, 49) by turns
    let pairs: Vec<(u32, u32)> = batches(1, 0)
        .take(10)
        .map(|batch| (batch[0].values.idx(), batch[0].values.elt()))
        .collect();
    let python = [
        (1, 48),
        (1, 2),
        (1, 32),
        (1, 25),
        (1, 30),
        (1, 37),
        (0, 32),
        (0, 18),
        (0, 48),
        (0, 39),
    ];
    assert_eq!(pairs, python);
    let batches: Vec<_> = batches(4, 0).take(3).collect();
    assert_eq!(
        rows(&batches[0])[0],
        [50, 44, 39, 33, 51, 1, 48, 51, 44, 48, 33]
    );
    // lists: the raw words of MT19937 modulo 50, one stream for all batches
    let mut words = Mt::new(0);
    for prompt in batches.iter().flatten() {
        let list = [(); 3].map(|()| words.next_u32() % 50);
        assert_eq!(prompt.values.a(), list);
    }
    assert!(
        batches[1]
            .iter()
            .all(|p| (p.values.idx(), p.values.elt()) == (1, 2))
    );
}

#[test]
fn the_notebooks_generator_bit_for_bit() {
    let check = |golden: &common::Tensors| {
        let want = |name: &str| -> Vec<Vec<u32>> {
            let tensor = &golden[&format!("generator.{name}")];
            let tensor = tensor.to_dtype(candle_core::DType::U32).unwrap();
            tensor.to_vec2().unwrap()
        };
        let sample = Sample::Notebook { seed: 42, len: 256 }.prompts(task());
        assert_eq!(rows(&sample), want("seed42_batch256"));
        for (i, batch) in batches(4, 0).take(3).enumerate() {
            assert_eq!(rows(&batch), want(&format!("seed0_batch4.{i}")));
        }
    };
    check(&common::embedded_golden().1);
    if let Some((_, golden, _)) = common::reference() {
        check(&golden);
    }
}
