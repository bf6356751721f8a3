//! What is computed where.

use super::common;
use circuitscope::lens::{Source, observe_run, score};
use circuitscope::model::config::PositionalEmbedding::Shortformer;
use circuitscope::model::device::{DeviceChoice, MANY_ROWS};
use circuitscope::task::{Sample, Task};
use rand_mt::Mt;

/// Another model stands in for the same one on another device, so that it shows which one computes.
#[test]
fn large_batches_go_where_they_are_to_go_and_small_ones_stay() {
    let task = Task::array_update(3, 7).unwrap();
    let [near, far] = [1, 2].map(|seed| common::random_model([2, 2], Shortformer, task, seed));
    let both = near.clone().with_many_on(far.clone());
    for (len, computes) in [(MANY_ROWS - 1, &near), (MANY_ROWS, &far)] {
        let prompts = Sample::Random { seed: 0, len }.prompts(task);
        let own = |model| score(model, &prompts).unwrap();
        assert_eq!(own(&both), own(computes));
        assert_ne!(own(&near).loss, own(&far).loss);
    }
    let update = common::random_update(task, &mut Mt::new(9));
    let logits = |model| {
        observe_run(model, &Source::new(update.clone()))
            .unwrap()
            .logits
    };
    assert_eq!(logits(&both), logits(&near));
}

#[test]
fn auto_computes_on_the_processor_unless_there_is_a_gpu() {
    let picked = DeviceChoice::Auto.open().unwrap();
    assert!(picked.device.is_cpu());
    assert!(picked.for_rows(1).is_cpu());
    assert_eq!(
        picked.for_rows(MANY_ROWS).is_cuda(),
        picked.for_many.is_some()
    );
    let forced = DeviceChoice::Cpu.open().unwrap();
    assert!(forced.for_rows(MANY_ROWS).is_cpu() && forced.note.is_none());
}
