//! What the functions of a file are handed of an input, and what they say of it.

use super::calling::{Callable, Program};
use super::error::{Flaw, TaskError};
use super::reading::Asked;
use super::values::{self, AnyOf, Said};
use super::watch;
use crate::task::{Draw, Exists, Meaning, Spec, Target, Token, shown};
use rand_mt::Mt;
use starlark::eval::Evaluator;
use starlark::values::{Heap, Value, ValueLike};
use std::sync::Arc;

/// What is needed of a task to call its functions.
#[derive(Debug)]
pub(super) struct Frame {
    pub spec: Spec,
    pub asked: Vec<Question>,
    exists: Option<(Callable, Vec<usize>)>,
    draw: Option<Callable>,
}

/// A function, what it is handed, and which answers it gives.
#[derive(Debug)]
pub(super) struct Question {
    pub function: Callable,
    /// The fields that it is handed, in the order of its parameters.
    pub parameters: Vec<usize>,
    pub asked: Asked,
}

impl Frame {
    pub fn new(program: &Program, spec: Spec, asked: Vec<Asked>) -> Result<Self, Flaw> {
        let mut questions = Vec::new();
        for asked in asked {
            let Some((function, parameters)) = callable(program, &spec, &asked.name)? else {
                let problem = format!("{} is no function", shown(&asked.name));
                return Err(Flaw::of(&asked.name, problem, "define it with def"));
            };
            questions.push(Question {
                function,
                parameters,
                asked,
            });
        }
        let is_function = |name: &str| program.source.functions.iter().any(|one| one.name == name);
        for name in ["exists", "draw"] {
            if program.source.defines(name) && !is_function(name) {
                let problem = format!("{name} is no function");
                return Err(Flaw::of(name, problem, "define it with def"));
            }
        }
        let exists = callable(program, &spec, "exists")?;
        let takes = program
            .source
            .functions
            .iter()
            .find(|one| one.name == "draw");
        if takes.is_some_and(|draw| draw.parameters.len() != 1) {
            let remedy = "write def draw(random):";
            return Err(Flaw::of(
                "draw",
                "draw takes one thing, the source of randomness",
                remedy,
            ));
        }
        Ok(Self {
            exists,
            draw: takes.and_then(|_| program.callable("draw")),
            asked: questions,
            spec,
        })
    }

    /// What a field holds in an input, as a function sees it.
    pub fn field<'v>(
        &self,
        group: usize,
        input: &[Token],
        heap: Heap<'v>,
        show: impl Fn(usize, Token, Heap<'v>) -> Value<'v>,
    ) -> Value<'v> {
        field(&self.spec, group, input, heap, show)
    }

    fn arguments<'v>(
        &self,
        parameters: &[usize],
        input: &[Token],
        heap: Heap<'v>,
    ) -> Vec<Value<'v>> {
        let one = |&group: &usize| {
            self.field(group, input, heap, |_, token, heap| {
                shown_as(&self.spec, token, heap)
            })
        };
        parameters.iter().map(one).collect()
    }

    /// What is right for one input.
    fn targets<'v>(
        &self,
        program: &Program,
        eval: &mut Evaluator<'v, '_, '_>,
        input: &[Token],
    ) -> Result<Vec<Target>, Flaw> {
        let mut targets = vec![Target::Nothing; self.spec.answers.len()];
        for question in &self.asked {
            let arguments = self.arguments(&question.parameters, input, eval.heap());
            let said = program.call(eval, &question.function, &arguments)?;
            let answers = &question.asked.answers;
            // where a list has ended nothing is asked
            let is_asked = |answer: usize| {
                let read_at = self.spec.answers[answer].read_at;
                self.spec.is_there(read_at, input)
            };
            let said = match self.short(question, said, is_asked) {
                Some(short) => short?,
                None => self.said(question, said)?,
            };
            let said = answers.iter().copied().zip(said);
            for (answer, said) in said.filter(|(answer, _)| is_asked(*answer)) {
                targets[answer] = match said {
                    Said::Nothing => Target::Nothing,
                    Said::Class(class) => Target::One(class),
                    Said::AnyOf(classes) => Target::AnyOf(classes),
                    Said::Hidden(_) => return Err(Flaw::whole("a token is hidden", "")),
                };
            }
        }
        Ok(targets)
    }

    /// What a list says that has a class for each answer that is asked and for no other; `None` where it is another.
    fn short(
        &self,
        question: &Question,
        value: Value<'_>,
        is_asked: impl Fn(usize) -> bool,
    ) -> Option<Result<Vec<Said>, Flaw>> {
        let Asked { name, answers, .. } = &question.asked;
        let may_be = question.asked.is_list && self.spec.varies();
        let items = may_be.then(|| values::list(value)).flatten()?;
        let asked = answers.iter().filter(|answer| is_asked(**answer)).count();
        if items.len() == answers.len() || items.len() != asked {
            return None;
        }
        let mut items = items.iter();
        let one = |&answer: &usize| match is_asked(answer) {
            true => items
                .next()
                .map_or(Ok(Said::Nothing), |&item| self.one(name, item)),
            false => Ok(Said::Nothing),
        };
        Some(answers.iter().map(one).collect())
    }

    /// What a function's result says of each of its answers.
    pub fn said(&self, question: &Question, value: Value<'_>) -> Result<Vec<Said>, Flaw> {
        let Asked {
            name,
            answers,
            is_list,
        } = &question.asked;
        if value.is_none() {
            return Ok(vec![Said::Nothing; answers.len()]);
        }
        if !*is_list {
            return Ok(vec![self.one(name, value)?]);
        }
        let n = answers.len();
        let remedy = format!("return a list with one class for each answer, {n}");
        match values::list(value) {
            Some(items) if items.len() == n => {
                items.iter().map(|&item| self.one(name, item)).collect()
            }
            Some(items) => {
                let problem = format!(
                    "{name} returned {} values, and {n} answers are read",
                    items.len()
                );
                Err(Flaw::of(name, problem, remedy))
            }
            None => {
                let problem = format!(
                    "{name} returned {}, and {n} answers are read",
                    values::named(value)
                );
                Err(Flaw::of(name, problem, remedy))
            }
        }
    }

    fn one(&self, name: &str, value: Value<'_>) -> Result<Said, Flaw> {
        let classes = &self.spec.classes;
        if value.is_none() {
            return Ok(Said::Nothing);
        }
        if let Some(slot) = values::hidden_slot(value) {
            return Ok(Said::Hidden(slot));
        }
        if let Some(several) = value.downcast_ref::<AnyOf>() {
            let mut tokens = Vec::new();
            for meaning in &several.meanings {
                let class = self.class(name, classes.token(meaning), &meaning.name())?;
                if !tokens.contains(&class) {
                    tokens.push(class);
                }
            }
            return Ok(match tokens[..] {
                [] => Said::Nothing,
                [one] => Said::Class(one),
                _ => Said::AnyOf(tokens),
            });
        }
        // True is 1 where there is a class 1, else the second of two classes
        let class = match value.unpack_bool() {
            Some(truth) => {
                let number = classes.token(&Meaning::Number(i64::from(truth)));
                number.or((classes.len() == 2).then_some(Token::from(truth)))
            }
            None => values::meaning(value).and_then(|meaning| classes.token(&meaning)),
        };
        Ok(Said::Class(self.class(
            name,
            class,
            &values::named(value),
        )?))
    }

    fn class(&self, name: &str, class: Option<Token>, said: &str) -> Result<Token, Flaw> {
        class.ok_or_else(|| {
            let classes = &self.spec.classes;
            let all: Vec<Token> = (0..classes.len() as Token).collect();
            let problem = format!("{name} says {}, which is no class", shown(said));
            let remedy = format!("a class is {}; see `classes`", classes.words(&all));
            Flaw::of(name, problem, remedy)
        })
    }

    fn exist<'v>(
        &self,
        program: &Program,
        eval: &mut Evaluator<'v, '_, '_>,
        (function, parameters): &(Callable, Vec<usize>),
        input: &[Token],
    ) -> Result<bool, Flaw> {
        let arguments = self.arguments(parameters, input, eval.heap());
        let said = program.call(eval, function, &arguments)?;
        said.unpack_bool().ok_or_else(|| {
            let problem = format!("exists returned {}", values::named(said));
            Flaw::of("exists", problem, "return True or False")
        })
    }
}

/// What a field holds in an input, as a function of the task sees it.
pub(super) fn field<'v>(
    spec: &Spec,
    group: usize,
    input: &[Token],
    heap: Heap<'v>,
    show: impl Fn(usize, Token, Heap<'v>) -> Value<'v>,
) -> Value<'v> {
    let group = &spec.groups[group];
    let token = |slot: usize| input.get(slot).copied().unwrap_or_default();
    if !group.is_list {
        let slot = group.slots.start;
        return show(slot, token(slot), heap);
    }
    let slots = group.slots.clone();
    let held = slots.take_while(|&slot| group.lengths.is_none() || Some(token(slot)) != spec.pad);
    let items: Vec<Value> = held.map(|slot| show(slot, token(slot), heap)).collect();
    heap.alloc(items)
}

/// A token as functions see it: what it stands for.
pub(super) fn shown_as<'v>(spec: &Spec, token: Token, heap: Heap<'v>) -> Value<'v> {
    match spec.vocabulary.meaning(token) {
        Some(meaning) => values::value_of(meaning, heap),
        None => Value::new_none(),
    }
}

/// A function of the file with the fields that its parameters name, if there is one.
fn callable(
    program: &Program,
    spec: &Spec,
    name: &str,
) -> Result<Option<(Callable, Vec<usize>)>, Flaw> {
    let functions = &program.source.functions;
    let Some(function) = functions.iter().find(|one| one.name == name) else {
        return Ok(None);
    };
    let mut parameters = Vec::new();
    let mut defaults = false;
    for parameter in &function.parameters {
        let group = spec
            .groups
            .iter()
            .position(|group| group.name == parameter.name);
        match group {
            Some(group) if !parameter.is_odd && !defaults => parameters.push(group),
            None if parameter.has_default => defaults = true,
            _ => {
                let names: Vec<&str> = spec.groups.iter().map(|one| one.name.as_str()).collect();
                let problem = format!(
                    "{name} asks for {}, which is no field",
                    shown(&parameter.name)
                );
                let remedy = format!(
                    "a function is handed fields by their names: {}",
                    names.join(" ")
                );
                return Err(Flaw::of(name, problem, remedy));
            }
        }
    }
    Ok(program
        .callable(name)
        .map(|callable| (callable, parameters)))
}

/// A file that was run, and how its functions are asked.
pub(super) struct Asking {
    pub program: Program,
    pub frame: Frame,
}

impl Asking {
    /// What is right for many inputs.
    pub fn targets(
        &self,
        inputs: &[&[Token]],
        loading: bool,
    ) -> Result<Vec<Vec<Target>>, TaskError> {
        let one = |eval: &mut Evaluator<'_, '_, '_>, i: usize| {
            self.frame.targets(&self.program, eval, inputs[i])
        };
        self.program.each(inputs.len(), loading, one)
    }

    pub fn exist(&self, inputs: &[&[Token]], loading: bool) -> Result<Vec<bool>, TaskError> {
        let Some(exists) = &self.frame.exists else {
            return Ok(vec![true; inputs.len()]);
        };
        let one = |eval: &mut Evaluator<'_, '_, '_>, i: usize| {
            self.frame.exist(&self.program, eval, exists, inputs[i])
        };
        self.program.each(inputs.len(), loading, one)
    }

    /// Some inputs as the file draws them; none where it does not say how.
    pub fn drawn(
        &self,
        n: usize,
        rng: &mut Mt,
        loading: bool,
    ) -> Result<Vec<Vec<Token>>, TaskError> {
        let Some(draw) = &self.frame.draw else {
            return Ok(Vec::new());
        };
        watch::drawing(rng, || {
            let one = |eval: &mut Evaluator<'_, '_, '_>, _: usize| {
                self.frame.drawn(&self.program, eval, draw)
            };
            self.program.each(n, loading, one)
        })
    }

    /// Gives a task what its file's functions say of inputs and examples.
    pub fn hand_over(self: &Arc<Self>, spec: &mut Spec) {
        if self.frame.exists.is_some() {
            let asking = Arc::clone(self);
            let exists: Arc<Exists> = Arc::new(move |inputs| Ok(asking.exist(inputs, false)?));
            spec.exists = Some(exists);
        }
        if self.frame.draw.is_some() {
            let asking = Arc::clone(self);
            let draw: Arc<Draw> = Arc::new(move |rng| {
                let drawn = asking.drawn(1, rng, false)?;
                Ok(drawn.into_iter().next().unwrap_or_default())
            });
            spec.draw = Some(draw);
        }
    }
}
