//! A task's functions tried on some inputs before anyone relies on them.

use super::asking::Asking;
use super::error::{Flaw, TaskError};
use crate::task::{Spec, Target, Task, Token};
use rand_mt::Mt;

/// So many inputs are tried.
const TRIED: usize = 32;
/// So many are drawn to find one that exists.
const DRAWN: usize = 2048;

/// Inputs and what is right for them.
pub(super) type Checked = Vec<(Vec<Token>, Vec<Target>)>;

/// Asks for what is right for some inputs.
///
/// # Errors
/// What is wrong with the first that cannot be answered.
pub(super) fn check(asking: &Asking, spec: &Spec) -> Result<Checked, TaskError> {
    let mut rng = Mt::new(0);
    let error = |flaw| asking.program.source.error(flaw);
    let mut inputs = asking.drawn(TRIED, &mut rng, true)?;
    if inputs.is_empty() {
        inputs = existing(asking, spec, &mut rng)?;
        if inputs.is_empty() {
            let problem = format!("of {DRAWN} inputs drawn none exists");
            let remedy = "write def draw(random): that draws such as exist";
            return Err(error(Flaw::of("exists", problem, remedy)));
        }
    } else {
        let rows: Vec<&[Token]> = inputs.iter().map(Vec::as_slice).collect();
        if asking.exist(&rows, true)?.contains(&false) {
            let problem = "draw draws an input of which exists says that there is none";
            return Err(error(Flaw::of("draw", problem, "let the two agree")));
        }
    }
    let rows: Vec<&[Token]> = inputs.iter().map(Vec::as_slice).collect();
    let targets = asking.targets(&rows, true)?;
    check_fed_back(spec, &targets).map_err(error)?;
    Ok(inputs.into_iter().zip(targets).collect())
}

/// Some inputs that exist: the first and the last of all, and drawn ones.
fn existing(asking: &Asking, spec: &Spec, rng: &mut Mt) -> Result<Vec<Vec<Token>>, TaskError> {
    // a task without functions, for its inputs
    let plain: Task = Spec {
        exists: None,
        draw: None,
        ..spec.clone()
    }
    .into();
    let last = plain.input_space().saturating_sub(1);
    let edges = [0, last].map(|number| plain.values_at(number).tokens().to_vec());
    let mut found = Vec::new();
    let mut some: Vec<Vec<Token>> = edges.into();
    let mut drawn = 0;
    while found.len() < TRIED && drawn < DRAWN {
        some.extend((0..64).map(|_| plain.drawn(rng).tokens().to_vec()));
        drawn += 64;
        let rows: Vec<&[Token]> = some.iter().map(Vec::as_slice).collect();
        let exist = asking.exist(&rows, true)?;
        let kept = some.drain(..).zip(exist).filter(|(_, exists)| *exists);
        found.extend(kept.map(|(input, _)| input));
    }
    found.truncate(TRIED);
    Ok(found)
}

/// What is fed back must be a token.
fn check_fed_back(spec: &Spec, targets: &[Vec<Target>]) -> Result<(), Flaw> {
    for row in targets {
        for (answer, target) in spec.answers.iter().zip(row) {
            let class = target.token().filter(|_| answer.fed_back.is_some());
            if let Some(class) = class.filter(|&class| spec.token_of_class(class).is_none()) {
                let name = spec.classes.name(class);
                let problem = format!(
                    "{} says {name}, which stands in the prompt and is no token",
                    answer.name
                );
                let remedy = "add it to tokens, or read the answer without feeding it back";
                return Err(Flaw::of(&answer.group, problem, remedy));
            }
        }
    }
    Ok(())
}
