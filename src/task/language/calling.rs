//! A task file that was run, and calls of its functions.

use super::error::{Flaw, TaskError};
use super::source::Source;
use super::values::{Options, list};
use super::watch;
use crate::task::shown;
use crate::task::text::edit_distance;
use starlark::environment::{FrozenModule, Globals, Module};
use starlark::eval::Evaluator;
use starlark::values::dict::DictRef;
use starlark::values::{FrozenValue, Value};
use std::time::Duration;

/// A heap is given up after so many calls, or so many bytes.
const CALLS_A_HEAP: usize = 1000;
const BYTES_A_HEAP: usize = 8 << 20;
/// Lists stand in each other at most so deep where a file has been run.
const MAX_NESTED: usize = 64;
/// A file's values have at most so many parts.
const MAX_PARTS: usize = 1 << 18;
/// A task file is read in this time or not at all.
pub(super) const LOADING: Duration = Duration::from_millis(700);
/// One call may take so long.
const CALLING: Duration = Duration::from_secs(2);

/// Functions that say something else than what is right.
const OTHERS: [&str; 2] = ["draw", "exists"];

/// A task file that was run.
#[derive(Debug)]
pub(super) struct Program {
    pub source: Source,
    /// Keeps what is taken from it alive.
    module: FrozenModule,
    /// Options that were chosen and that the file has.
    pub options: Vec<(String, String)>,
}

/// A function of the file, ready to be called.
#[derive(Clone, Debug)]
pub(super) struct Callable {
    pub name: String,
    function: FrozenValue,
}

/// The names that say something of a task.
const SAID: [&str; 8] = [
    "tokens",
    "classes",
    "fields",
    "layout",
    "answers",
    "pad",
    "bidirectional",
    "once_a_batch",
];

impl Program {
    /// Runs a file.
    pub fn run(
        source: Source,
        chosen: &[(String, String)],
        globals: &Globals,
    ) -> Result<Self, TaskError> {
        let options = Options {
            chosen: chosen.to_vec(),
            ..Options::default()
        };
        let parsed = source.program()?;
        let run = Module::with_temp_heap(|module| {
            {
                let mut eval = Evaluator::new(&module);
                watch::bound(&mut eval).map_err(broken)?;
                // between statements nothing needs to be given back, and giving it back calls itself
                eval.disable_gc();
                eval.extra = Some(&options);
                eval.eval_module(parsed, globals)
                    .map_err(|error| source.flaw(&error))?;
            }
            check_nesting(&module)?;
            module
                .freeze()
                .map_err(|error| Flaw::whole(format!("{error:?}"), ""))
        });
        let module = match run {
            Ok(module) => module,
            Err(flaw) => return Err(source.error(flaw)),
        };
        let options = options.read.into_inner();
        if let Some((name, _)) = chosen
            .iter()
            .find(|(name, _)| !options.iter().any(|(one, _)| one == name))
        {
            let names: Vec<&str> = options.iter().map(|(name, _)| name.as_str()).collect();
            let problem = format!("there is no option '{}'", shown(name));
            let remedy = if names.is_empty() {
                "this task has no options".to_owned()
            } else {
                format!("the options are {}", names.join(" "))
            };
            return Err(source.error(Flaw::whole(problem, remedy)));
        }
        Ok(Self {
            source,
            module,
            options,
        })
    }

    /// A name of the file that is nearly one that says something of a task, and that one.
    pub fn mistyped(&self) -> Option<(String, &'static str)> {
        let names = self.module.names().map(|name| name.as_str().to_owned());
        let own = names.filter(|name| self.source.defines(name) && !SAID.contains(&name.as_str()));
        let is_function = |name: &String| {
            let value = self.get(name);
            value.is_some_and(|value| value.to_value().get_type() == "function")
        };
        let mut own = own.filter(|name| name.len() > 3 && !is_function(name));
        own.find_map(|name| {
            let near = |said: &&&str| {
                self.get(said).is_none() && (1..=2).contains(&edit_distance(said, &name))
            };
            let said = SAID.iter().filter(|said| said.len() > 3).find(near)?;
            Some((name, *said))
        })
    }

    /// What the file gives a name, if it does.
    pub fn get(&self, name: &str) -> Option<FrozenValue> {
        if !self.source.defines(name) {
            return None;
        }
        let mut found = None;
        let (value, _) = self.module.get_any_visibility(name).ok()?;
        // the module lives as long as the program does
        value.map(|value| {
            found = Some(value);
            value
        });
        found
    }

    /// Whether this is a function that may say what is right.
    pub fn answers(&self, name: &str) -> bool {
        let is_public = !name.starts_with('_') && !OTHERS.contains(&name);
        is_public && self.source.functions.iter().any(|one| one.name == name)
    }

    /// The function of this name.
    pub fn callable(&self, name: &str) -> Option<Callable> {
        Some(Callable {
            name: name.into(),
            function: self.get(name)?,
        })
    }

    /// Does something with each of `n` inputs, in few heaps.
    pub fn each<R>(
        &self,
        n: usize,
        loading: bool,
        mut one: impl for<'v, 'a, 'e> FnMut(&mut Evaluator<'v, 'a, 'e>, usize) -> Result<R, Flaw>,
    ) -> Result<Vec<R>, TaskError> {
        let mut done = Vec::with_capacity(n);
        while done.len() < n {
            let some = Module::with_temp_heap(|module| {
                let mut eval = Evaluator::new(&module);
                watch::bound(&mut eval).map_err(broken)?;
                let until = n.min(done.len() + CALLS_A_HEAP);
                while done.len() < until {
                    if loading {
                        watch::begin();
                    } else {
                        watch::until(Some(CALLING));
                    }
                    done.push(one(&mut eval, done.len())?);
                    if module.heap().allocated_bytes() > BYTES_A_HEAP {
                        break;
                    }
                }
                Ok(())
            });
            some.map_err(|flaw| self.source.error(flaw))?;
        }
        Ok(done)
    }

    /// What a function returns.
    pub fn call<'v>(
        &self,
        eval: &mut Evaluator<'v, '_, '_>,
        function: &Callable,
        arguments: &[Value<'v>],
    ) -> Result<Value<'v>, Flaw> {
        let called = eval.eval_function(function.function.to_value(), arguments, &[]);
        called.map_err(|error| {
            let mut flaw = self.source.flaw(&error);
            if flaw.at == super::error::Where::Whole {
                flaw.at = super::error::Where::Name(function.name.clone());
            }
            flaw
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed on by map_err")]
fn broken(error: anyhow::Error) -> Flaw {
    Flaw::whole(format!("{error:#}"), "")
}

/// Whether what a file made can be gone through: not too deep, not too much.
fn check_nesting(module: &Module<'_>) -> Result<(), Flaw> {
    for name in module.names() {
        let mut left = module
            .get(name.as_str())
            .map_or_else(Vec::new, |value| vec![(value, 0)]);
        let mut parts = 0;
        while let Some((value, depth)) = left.pop() {
            parts += 1;
            if depth > MAX_NESTED || parts > MAX_PARTS {
                let problem = format!("{} holds lists in lists without end", shown(name.as_str()));
                let remedy = "make it flat; a task needs no more than lists of lists";
                return Err(Flaw::of(name.as_str(), problem, remedy));
            }
            if let Some(items) = list(value) {
                left.extend(items.iter().map(|&item| (item, depth + 1)));
            } else if let Some(dict) = DictRef::from_value(value) {
                let pairs = dict.iter().flat_map(|(key, value)| [key, value]);
                left.extend(pairs.map(|item| (item, depth + 1)));
            }
        }
    }
    Ok(())
}
