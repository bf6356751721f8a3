//! Training: the same bytes for any number of threads, and with less computed the same gradient.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::Device;
use circuitscope::model::config::PositionalEmbedding::{None as Nowhere, Shortformer, Standard};
use circuitscope::model::config::{AttentionDir, Config};
use circuitscope::model::{HookedTransformer, NoHooks};
use circuitscope::runtime::pool::install_on;
use circuitscope::task::Task;
use circuitscope::training::{Recipe, Schedule, Training};

fn recipe(config: impl FnOnce(Config) -> Config) -> Recipe {
    let task = Task::array_update(3, 9).unwrap();
    let vocabularies = [task.d_vocab(), task.classes.len()];
    let model = Config::attention_only([2, 2], [16, 8], task.seq_len(), vocabularies, Shortformer);
    Recipe {
        task,
        model: config(model),
        steps: 6,
        batch: 100,
        full_batch: None,
        lr: 1e-2,
        schedule: Schedule::Constant,
        beta1: 0.9,
        beta2: 0.98,
        weight_decay: 1e-2,
        biases: true,
        seed: 3,
        one_update_per_batch: false,
    }
}

fn trained(recipe: &Recipe, threads: usize) -> (Vec<f64>, HookedTransformer, Vec<u8>) {
    install_on(threads, || {
        let mut training = Training::new(recipe.clone(), &Device::Cpu).unwrap();
        let losses = (0..recipe.steps)
            .map(|_| training.step().unwrap())
            .collect();
        let model = training.model().unwrap();
        let bytes = model.to_files().unwrap().0;
        (losses, model, bytes)
    })
}

#[test]
fn any_number_of_threads_makes_the_same_bytes() {
    let recipe = recipe(|config| config);
    let (losses, _, bytes) = trained(&recipe, 1);
    assert!(losses[5] < losses[0], "{losses:?}");
    for threads in [2, 3] {
        let (others, _, same) = trained(&recipe, threads);
        assert_eq!(losses, others);
        assert_eq!(bytes, same, "{threads} threads");
    }
}

/// Tables of tokens and positions in the first block, and no more than what is read in the last one: all
/// logits are as those of a whole pass.
#[test]
fn what_is_left_out_of_a_training_pass_changes_no_logit() {
    type Change = fn(Config) -> Config;
    let changes: [Change; 5] = [
        |config| config,
        |config| Config {
            n_layers: 1,
            ..config
        },
        |config| Config {
            positional_embedding: Standard,
            ..config
        },
        |config| Config {
            positional_embedding: Nowhere,
            ..config
        },
        |config| Config {
            attention_dir: AttentionDir::Bidirectional,
            ..config
        },
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let recipe = recipe(change);
        let (_, model, _) = trained(&recipe, 2);
        let task = recipe.task;
        let rows: Vec<Vec<u32>> = (0..40_u128)
            .map(|n| {
                task.tokens(&task.teacher_forced(&[task.values_at(n * 17)]).unwrap()[0])
                    .to_vec()
            })
            .collect();
        let tokens = model.tokens(&rows).unwrap();
        let whole = model.forward(&tokens, &mut NoHooks).unwrap();
        let len = whole.dim(1).unwrap();
        for queries in [1, 3, len] {
            let part = model.last_logits(&tokens, queries).unwrap();
            let want = whole.narrow(1, len - queries, queries).unwrap();
            let apart = (part - want).unwrap().abs().unwrap();
            let apart = apart.max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(apart < 1e-4, "config {i}, {queries} queries: {apart}");
        }
    }
}
