//! The examples of a step, and those that are held out.

use super::Recipe;
use crate::task::{Field, Prompt, Target, Task, Token, Values, below};
use anyhow::{Result, ensure};
use rand_mt::Mt;

/// Tells the generator that splits the inputs from the one that draws weights and batches.
const SPLIT: u32 = 1;

/// A prompt, and what is right at each of its answers.
pub(super) struct Example {
    pub tokens: Vec<Token>,
    pub targets: Vec<Target>,
}

/// Where a step's examples come from.
pub(super) enum Data {
    /// Each step draws its own.
    Drawn,
    /// All steps take these.
    Whole {
        learnt: Vec<Example>,
        held_out: Vec<Prompt>,
    },
}

impl Data {
    /// # Errors
    /// When the task's own function fails, or nothing is left to learn.
    pub fn of(recipe: &Recipe) -> Result<Self> {
        let Some(fraction) = recipe.full_batch else {
            return Ok(Self::Drawn);
        };
        let task = recipe.task;
        let all = (0..task.input_space()).map(|i| task.values_at(i));
        let mut all = task.that_exist(all.collect())?;
        let mut rng = Mt::new_with_key([recipe.seed, SPLIT]);
        for left in (2..=all.len()).rev() {
            all.swap(left - 1, below(&mut rng, left as u32) as usize);
        }
        let learnt = (all.len() as f64 * fraction).round() as usize;
        ensure!(
            learnt > 0,
            "full-batch {fraction} of {} inputs is none; a larger fraction is needed",
            all.len()
        );
        let held_out = all.split_off(learnt);
        Ok(Self::Whole {
            learnt: examples(task, &all)?,
            held_out: task.teacher_forced(&held_out)?,
        })
    }
}

/// A batch as the recipe draws it.
///
/// # Errors
/// When the task's own function fails.
pub(super) fn drawn(recipe: &Recipe, rng: &mut Mt) -> Result<Vec<Example>> {
    examples(recipe.task, &inputs(recipe, rng))
}

/// The inputs of a batch: all that is drawn for a step.
pub(super) fn inputs(recipe: &Recipe, rng: &mut Mt) -> Vec<Values> {
    let task = recipe.task;
    let shared: Vec<(Field, Token)> = (task.once_a_batch.iter())
        .map(|&slot| Field::new(task, slot))
        .map(|field| {
            let value = below(rng, field.size() as u32) as usize;
            (field, field.values()[value])
        })
        .collect();
    let one = |_| {
        if recipe.one_update_per_batch {
            task.drawn_with(&shared, rng)
        } else {
            task.drawn(rng)
        }
    };
    (0..recipe.batch).map(one).collect()
}

fn examples(task: Task, inputs: &[Values]) -> Result<Vec<Example>> {
    let targets = task.targets(inputs)?;
    let prompts = task.answered(inputs, &targets);
    // what stands behind the last position that is read does not reach the loss
    let sees_all = task.pad.is_some() || task.bidirectional == Some(true) || task.one_output;
    let len = if sees_all {
        task.seq_len()
    } else {
        task.read_len()
    };
    let pairs = prompts.iter().zip(targets);
    let one = |(prompt, targets): (&Prompt, Vec<Target>)| Example {
        tokens: task.tokens(prompt)[..len].to_vec(),
        targets,
    };
    Ok(pairs.map(one).collect())
}
