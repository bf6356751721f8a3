//! Expressions over a task's fields, in the language of task files: `(a + b) % 113`, `distinct(a)`.
//!
//! The text becomes the one function of a small file, and is bounded as a task file is. Names are the
//! task's fields as its own functions get them, single places of a list (`a_0`), and what a caller
//! gives besides.

use super::asking::{field, shown_as};
use super::calling::{Callable, LOADING, Program};
use super::classes::Classes;
use super::error::TaskError;
use super::expression_text::{ExpressionError, Labelled, REMEDY, look};
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
use std::sync::{Arc, LazyLock, OnceLock};

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

pub(super) struct Known {
    pub(super) task: Task,
    text: String,
    /// What is run of it.
    labelled: Labelled,
    extra: Vec<String>,
    program: Program,
    function: Callable,
    handed: Vec<Handed>,
    groups: Vec<usize>,
    /// The slots that it looks at, ascending.
    slots: Vec<usize>,
    /// Whether what it says of them can be remembered.
    remembered: bool,
    /// All inputs by its value, once that was asked for.
    pub(super) classes: OnceLock<Option<Classes>>,
}

/// An expression over a task's fields. Cheap to copy; one text of one task is one expression.
///
/// A call takes half a microsecond on one core (`distinct(a)`, `(a_0 + elt) % 50`), and a twentieth
/// where few combinations of fields are asked for.
#[derive(Clone)]
pub struct Expression(pub(super) Arc<Known>);

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
        let key = |one: &Self| {
            let (known, run) = (&one.0, &one.0.labelled.run);
            (
                known.task,
                known.text.clone(),
                run.clone(),
                known.extra.clone(),
            )
        };
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
        let expression = Self::untried(task, text, extra)?;
        expression.try_some()?;
        Ok(expression)
    }

    /// The same, that may have no value for any input.
    ///
    /// # Errors
    /// Points at the word that is wrong.
    pub fn untried(task: Task, text: &str, extra: &[&str]) -> Result<Self, ExpressionError> {
        look(text)?;
        Self::read(task, text, extra, Labelled::plain(text))
    }

    fn try_some(&self) -> Result<(), ExpressionError> {
        let handed = &self.0.handed;
        let alone = !handed.iter().any(|one| matches!(one, Handed::Extra(_)));
        match alone {
            true => self.values(&self.tried(), &[]).map(|_| ()),
            false => Ok(()),
        }
    }

    /// An expression that may say how much of each position there is: `one(elt)`,
    /// `uniform(a_0, a_1)`, `weights({elt: 0.9, idx: 0.1})`. A name that stands as a position in
    /// these is a label; everywhere else it is a field. A position that is worked out is a text or a
    /// number: `one("a_" + str(idx))`, `one(1 + idx)`.
    ///
    /// # Errors
    /// Points at the word that is wrong.
    pub fn of_positions(task: Task, text: &str) -> Result<Self, ExpressionError> {
        look(text)?;
        let expression = Self::read(task, text, &[], Labelled::of(text, task))?;
        expression.try_some()?;
        Ok(expression)
    }

    fn read(
        task: Task,
        text: &str,
        extra: &[&str],
        labelled: Labelled,
    ) -> Result<Self, ExpressionError> {
        let names = look(&labelled.run)?;
        let mut known = Reading::new(task, &names, extra);
        let parameters = known.parameters.join(", ");
        let run = &labelled.run;
        let wrapped = format!("def {FUNCTION}({parameters}): return (\n{run}\n)\n");
        let error = |flaw: TaskError| known.error(labelled.place(text, flaw));
        watch::until(Some(LOADING));
        let program = Source::new("expression", &wrapped)
            .and_then(|source| Program::run(source, &[], &GLOBALS));
        watch::until(None);
        let program = program.map_err(error)?;
        let Some(function) = program.callable(FUNCTION) else {
            let problem = "this is no expression";
            return Err(ExpressionError::new(text, 0, problem, REMEDY));
        };
        let handed = std::mem::take(&mut known.handed);
        let slots = slots(task, &handed);
        let alone = !handed.iter().any(|one| matches!(one, Handed::Extra(_)));
        Ok(Self(Arc::new(Known {
            groups: groups(task, &handed),
            remembered: alone && combinations(task, &slots) <= REMEMBERED,
            slots,
            task,
            text: text.into(),
            labelled,
            extra: extra.iter().map(|&name| name.to_owned()).collect(),
            program,
            function,
            handed,
            classes: OnceLock::new(),
        })))
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

    /// The slots of the fields that it names, ascending: its value depends on nothing else.
    #[must_use]
    pub fn slots(&self) -> &[usize] {
        &self.0.slots
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
        if !self.0.remembered {
            return self.each(&inputs, extras);
        }
        let slots = &self.0.slots;
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
            let mut error = known.labelled.place(&known.text, flaw);
            let tokens = inputs.get(now.get()).map_or(&[][..], |&tokens| tokens);
            let input = Values::new(known.task, tokens.to_vec());
            error.problem = format!("{} (for {input})", error.problem);
            error
        })
    }

    /// Inputs that it is tried on: the first, the last and a middle one, of those that exist.
    #[must_use]
    pub fn tried(&self) -> Vec<Values> {
        let task = self.0.task;
        let last = task.input_space().saturating_sub(1);
        let inputs = [0, last / 2, last].map(|number| task.values_at(number));
        // a task's own function may fail, which is none of this
        let exist = task.existing(&inputs).unwrap_or_default();
        let inputs = inputs.into_iter().zip(exist);
        inputs
            .filter_map(|(one, exists)| exists.then_some(one))
            .collect()
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

    fn error(&self, mut error: ExpressionError) -> ExpressionError {
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

/// The slots of what a function is handed, ascending.
fn slots(task: Task, handed: &[Handed]) -> Vec<usize> {
    let mut slots = Vec::new();
    for one in handed {
        match one {
            Handed::Group(group) => slots.extend(task.groups[*group].slots.clone()),
            Handed::Slot(slot) => slots.push(*slot),
            Handed::Extra(_) => {}
        }
    }
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// How many combinations of values these slots have at most.
fn combinations(task: Task, slots: &[usize]) -> u128 {
    let sizes = slots
        .iter()
        .map(|&slot| task.slots[slot].values.len() as u128 + 1);
    sizes.fold(1u128, u128::saturating_mul)
}
