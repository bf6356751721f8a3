//! One run of a prompt, its continuation filled in.

use crate::lens::exact::view::RunView;
use crate::lens::experiment::setup::{Continuation, Source};
use crate::model::{ActivationCache, HookName, HookedTransformer, Hooks, NoHooks, Recorder};
use crate::task::Prompt;
use anyhow::Result;

/// The prompt with its continuation filled in; the model's own is predicted one by one.
pub(crate) fn resolve(model: &HookedTransformer, source: &Source) -> Result<Prompt> {
    let mut prompt = source.prompt();
    if source.continuation == Continuation::Model {
        let task = model.task();
        let answers = task.get().answers.iter();
        for (i, answer) in answers.filter(|one| one.fed_back.is_some()).enumerate() {
            let tokens = model.tokens(&[task.tokens(&prompt)])?;
            let logits = model.forward(&tokens, &mut NoHooks)?;
            let at = logits.get(0)?.get(answer.read_at)?;
            let class = at.argmax(0)?.to_scalar::<u32>()?;
            // a class that is no token cannot be fed back
            if let Some(token) = task.token_of_class(class) {
                prompt.continuation[i] = token;
            }
        }
    }
    Ok(prompt)
}

pub(crate) fn run_prompt(
    model: &HookedTransformer,
    prompt: Prompt,
    hooks: &mut dyn Hooks,
    wanted: &[HookName],
) -> Result<(RunView, ActivationCache)> {
    let tokens = model.task().tokens(&prompt);
    let mut recorder = Recorder::new(hooks).wanting(wanted.iter().copied());
    let logits = model.forward(&model.tokens(&[tokens])?, &mut recorder)?;
    let cache = recorder.into_cache();
    let view = RunView::of_row(model, prompt, &logits, &cache, 0)?;
    Ok((view, cache))
}
