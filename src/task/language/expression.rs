//! Expressions over a task's fields, in the language of task files: `(a + b) % 113`, `distinct(a)`.
//!
//! The text becomes the one function of a small file, and is bounded as a task file is. Names are the
//! task's fields as its own functions get them, single places of a list (`a_0`), and what a caller
//! gives besides.

use super::asking::{field, shown_as};
use super::calling::{Callable, LOADING, Program};
use super::error::TaskError;
use super::expression_text::{ExpressionError, REMEDY, look, place};
use super::given::Given;
use super::globals;
use super::source::{SCOPE_REMEDY, Source};
use super::watch;
use crate::task::{Task, Token, Values, shown};
use starlark::environment::Globals;
use starlark::values::{Heap, Value};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// What the one function of the small file is called.
const FUNCTION: &str = "_value";
/// What is known of so many combinations of fields is looked up and not asked again.
const REMEMBERED: u128 = 4096;

/// What the function is handed.
#[derive(Clone, Copy, Debug)]
enum Handed {
    Group(usize),
    Slot(usize),
    Extra(usize),
}

struct Known {
    task: Task,
    text: String,
    extra: Vec<String>,
    program: Program,
    function: Callable,
    handed: Vec<Handed>,
    groups: Vec<usize>,
    /// The slots that it looks at, where what it says of them can be remembered.
    remembered: Option<Vec<usize>>,
}

/// An expression over a task's fields. Cheap to copy; one text of one task is one expression.
///
/// A call takes half a microsecond on one core (`distinct(a)`, `(a_0 + elt) % 50`), and a twentieth
/// where few combinations of fields are asked for.
#[derive(Clone)]
pub struct Expression(Arc<Known>);

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.0.text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        let key = |one: &Self| (one.0.task, one.0.text.clone(), one.0.extra.clone());
        Arc::ptr_eq(&self.0, &other.0) || key(self) == key(other)
    }
}

impl Eq for Expression {}

/// The names that an expression may use besides those of its task.
static GLOBALS: LazyLock<Globals> = LazyLock::new(globals::of_expressions);

impl Expression {
    /// The expression that a text is. `extra` are further names, for which a caller has values.
    ///
    /// It is tried on some inputs, unless it asks for one of the further names.
    ///
    /// # Errors
    /// Points at the word that is wrong.
    pub fn parse(task: Task, text: &str, extra: &[&str]) -> Result<Self, ExpressionError> {
        let names = look(text)?;
        let mut known = Reading::new(task, &names, extra);
        let parameters = known.parameters.join(", ");
        let wrapped = format!("def {FUNCTION}({parameters}): return (\n{text}\n)\n");
        let error = |flaw: TaskError| known.error(text, flaw);
        watch::until(Some(LOADING));
        let program = Source::new("expression", &wrapped)
            .and_then(|source| Program::run(source, &[], &GLOBALS));
        watch::until(None);
        let program = program.map_err(error)?;
        let Some(function) = program.callable(FUNCTION) else {
            return Err(ExpressionError::new(
                text,
                0,
                "this is no expression",
                REMEDY,
            ));
        };
        let handed = std::mem::take(&mut known.handed);
        let expression = Self(Arc::new(Known {
            groups: groups(task, &handed),
            remembered: remembered(task, &handed),
            task,
            text: text.into(),
            extra: extra.iter().map(|&name| name.to_owned()).collect(),
            program,
            function,
            handed,
        }));
        expression.attempt()?;
        Ok(expression)
    }

    /// Its text, as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Its task.
    #[must_use]
    pub fn task(&self) -> Task {
        self.0.task
    }

    /// The places in the task's `groups` of the fields that it names, in their order.
    #[must_use]
    pub fn groups(&self) -> &[usize] {
        &self.0.groups
    }

    /// Whether it asks for one of the further names.
    #[must_use]
    pub fn uses(&self, extra: &str) -> bool {
        self.0.handed.iter().any(|one| match one {
            Handed::Extra(i) => self.0.extra[*i] == extra,
            _ => false,
        })
    }

    /// Its values for inputs, in their order; `extras` holds for each input a value for each of the
    /// further names. It is empty where there are none.
    ///
    /// # Errors
    /// Points at the word that has no value, and names the input.
    pub fn values(
        &self,
        inputs: &[Values],
        extras: &[Vec<Given>],
    ) -> Result<Vec<Given>, ExpressionError> {
        let inputs: Vec<&[Token]> = inputs.iter().map(Values::tokens).collect();
        let Some(slots) = &self.0.remembered else {
            return self.each(&inputs, extras);
        };
        // those that agree in what is looked at are asked once
        let mut places: HashMap<Vec<Token>, usize> = HashMap::new();
        let mut first = Vec::new();
        let of = inputs.iter().map(|input| {
            let key = slots.iter().map(|&slot| at(input, slot)).collect();
            *places.entry(key).or_insert_with(|| {
                first.push(*input);
                first.len() - 1
            })
        });
        let of: Vec<usize> = of.collect();
        let values = self.each(&first, &[])?;
        Ok(of.into_iter().map(|place| values[place].clone()).collect())
    }

    fn each(
        &self,
        inputs: &[&[Token]],
        extras: &[Vec<Given>],
    ) -> Result<Vec<Given>, ExpressionError> {
        let known = &self.0;
        let now = Cell::new(0);
        let values = known.program.each(inputs.len(), false, |eval, i| {
            now.set(i);
            let heap = eval.heap();
            let extra = extras.get(i).map_or(&[][..], Vec::as_slice);
            let arguments: Vec<Value> = known
                .handed
                .iter()
                .map(|one| known.argument(*one, inputs[i], extra, heap))
                .collect();
            let said = known.program.call(eval, &known.function, &arguments)?;
            Given::of(said, eval.heap()).map_err(|problem| super::Flaw::whole(problem, ""))
        });
        watch::until(None);
        values.map_err(|flaw| {
            let mut error = place(&known.text, flaw);
            let tokens = inputs.get(now.get()).map_or(&[][..], |&tokens| tokens);
            let input = Values::new(known.task, tokens.to_vec());
            error.problem = format!("{} (for {input})", error.problem);
            error
        })
    }

    /// Tries it on the first, the last and a middle input.
    fn attempt(&self) -> Result<(), ExpressionError> {
        if self
            .0
            .handed
            .iter()
            .any(|one| matches!(one, Handed::Extra(_)))
        {
            return Ok(());
        }
        let task = self.0.task;
        let last = task.input_space().saturating_sub(1);
        let inputs = [0, last / 2, last].map(|number| task.values_at(number));
        // a task's own function may fail, which is none of this
        let exist = task.existing(&inputs).unwrap_or_default();
        let inputs = inputs.into_iter().zip(exist);
        let inputs: Vec<Values> = inputs
            .filter_map(|(one, exists)| exists.then_some(one))
            .collect();
        self.values(&inputs, &[]).map(|_| ())
    }
}

fn at(input: &[Token], slot: usize) -> Token {
    input.get(slot).copied().unwrap_or_default()
}

impl Known {
    fn argument<'v>(
        &self,
        handed: Handed,
        input: &[Token],
        extra: &[Given],
        heap: Heap<'v>,
    ) -> Value<'v> {
        let spec = self.task.get();
        match handed {
            Handed::Group(group) => field(spec, group, input, heap, |_, token, heap| {
                shown_as(spec, token, heap)
            }),
            // a list that ends before this place has nothing there
            Handed::Slot(slot) if spec.pad == Some(at(input, slot)) => Value::new_none(),
            Handed::Slot(slot) => shown_as(spec, at(input, slot), heap),
            Handed::Extra(i) => extra
                .get(i)
                .map_or(Value::new_none(), |one| one.value(heap)),
        }
    }
}

/// The fields that a text names, as parameters of its function.
struct Reading {
    parameters: Vec<String>,
    handed: Vec<Handed>,
    /// All names there are, for a message.
    names: Vec<String>,
}

impl Reading {
    fn new(task: Task, used: &HashSet<String>, extra: &[&str]) -> Self {
        let groups = (0..).zip(&task.groups);
        let groups = groups.map(|(i, group)| (group.name.clone(), Handed::Group(i)));
        let slots = (0..).zip(&task.slots);
        let slots = slots.map(|(i, slot)| (slot.name.clone(), Handed::Slot(i)));
        let extra = (0..).zip(extra);
        let extra = extra.map(|(i, &name)| (name.to_owned(), Handed::Extra(i)));
        let mut reading = Self {
            parameters: Vec::new(),
            handed: Vec::new(),
            names: Vec::new(),
        };
        for (name, handed) in extra.chain(groups).chain(slots) {
            if reading.names.contains(&name) {
                continue;
            }
            if used.contains(&name) {
                reading.parameters.push(name.clone());
                reading.handed.push(handed);
            }
            reading.names.push(name);
        }
        reading
    }

    fn error(&self, text: &str, flaw: TaskError) -> ExpressionError {
        let mut error = place(text, flaw);
        if error.remedy == SCOPE_REMEDY {
            error.problem = format!("there is no '{}'", shown(error.word()));
            error.remedy = format!(
                "the names are {}, and functions such as len, sum, max, sorted and distinct",
                some(&self.names)
            );
        }
        error
    }
}

/// A list of names, not without end.
fn some(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| shown(name)).collect();
    match &names[..] {
        [first @ .., last] if first.len() > 24 => format!("{} .. {last}", first[..24].join(" ")),
        _ => names.join(" "),
    }
}

/// The groups of what a function is handed.
fn groups(task: Task, handed: &[Handed]) -> Vec<usize> {
    let of = |slot: usize| {
        task.groups
            .iter()
            .position(|group| group.slots.contains(&slot))
    };
    let mut groups: Vec<usize> = handed
        .iter()
        .filter_map(|one| match one {
            Handed::Group(group) => Some(*group),
            Handed::Slot(slot) => of(*slot),
            Handed::Extra(_) => None,
        })
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// The slots that are looked at, where they have few values together and nothing else is asked for.
fn remembered(task: Task, handed: &[Handed]) -> Option<Vec<usize>> {
    let mut slots = Vec::new();
    for one in handed {
        match one {
            Handed::Group(group) => slots.extend(task.groups[*group].slots.clone()),
            Handed::Slot(slot) => slots.push(*slot),
            Handed::Extra(_) => return None,
        }
    }
    let sizes = slots
        .iter()
        .map(|&slot| task.slots[slot].values.len() as u128 + 1);
    let count = sizes.fold(1u128, u128::saturating_mul);
    (count <= REMEMBERED).then_some(slots)
}
