//! The activations that interventions put into a run, for every input that asks for another one.

use super::program::Select;
use crate::lens::{
    Action, Array, Derived, Experiment, From, Intervention, Matrices, Matrix, RunName, Sender,
    Supposed, observe_hooks,
};
use crate::model::{HookName, HookedTransformer, Site};
use crate::task::{Field, Form, Prompt, Task, Token, Values};
use anyhow::{Context, Result, ensure};

/// Why there are no tables for a task.
const NO_FORM: &str =
    "tables are there for prompts of one length, of which each position is asked for one answer";

/// The most activations that one intervention may need: one for each combination of the fields
/// that a mean or a resampled input keeps.
const MAX_KINDS: usize = 2500;

/// What one intervention puts there.
struct Given {
    /// The fields that decide which, `a_0 .. idx elt` counted from 0, ascending.
    fields: Vec<usize>,
    /// One activation for each combination of their values, the last field changing fastest.
    values: Vec<Array>,
}

/// The constants of an experiment's interventions.
pub(super) struct Constants<'a> {
    /// How inputs are walked.
    pub form: &'static Form,
    d_model: usize,
    d_head: usize,
    list: &'a [Intervention],
    given: Vec<Option<Given>>,
}

impl<'a> Constants<'a> {
    /// Runs what they are taken from.
    ///
    /// # Errors
    /// When there is no such example, a mean has no examples for some input, or there would be
    /// too many.
    pub fn new(model: &HookedTransformer, experiment: &'a Experiment) -> Result<Self> {
        let task = model.task();
        let list = &experiment.interventions;
        let given = list.iter().map(|one| {
            let line = || one.line(task);
            given(model, experiment, one).with_context(line)
        });
        Ok(Self {
            form: form_of(task)?,
            d_model: model.config().d_model,
            d_head: model.config().d_head,
            list,
            given: given.collect::<Result<_>>()?,
        })
    }

    /// Of a model as it is.
    pub fn none(weights: &Matrices) -> Result<Self> {
        Ok(Self {
            form: form_of(weights.task())?,
            d_model: weights.config().d_model,
            d_head: weights.config().d_head,
            list: &[],
            given: Vec::new(),
        })
    }

    pub fn interventions(&self) -> &[Intervention] {
        self.list
    }

    fn select(&self, fields: &[usize]) -> Select {
        Select::by_fields(0, fields, self.form)
    }

    /// What intervention `number` puts at a head and position: vectors, and which one when.
    pub fn vectors(&self, number: usize, head: usize, position: usize) -> Result<(Matrix, Select)> {
        let one = &self.list[number];
        let Some(given) = &self.given[number] else {
            let width = match one.hook {
                HookName::Block(_, Site::Q | Site::K | Site::V | Site::Z) => self.d_head,
                _ => self.d_model,
            };
            let value = set_to(one)?;
            return Ok((
                Matrix::from_fn(1, width, |_, _| value),
                Select::fixed(0, self.form),
            ));
        };
        // the sender's head, not the receiver's, says which part an edge takes
        let head = match one.action {
            Action::Edge(Sender::Head(_, sender), _) => sender,
            _ => head,
        };
        let row = |array: &'_ Array| -> Vec<f32> {
            let at = match array.shape().len() {
                1 => &[][..],
                3 => &[0, position],
                _ => &[0, position, head],
            };
            array.slice(at).to_vec()
        };
        let rows: Vec<Vec<f32>> = given.values.iter().map(row).collect();
        let width = rows.first().map_or(0, Vec::len);
        Ok((
            Matrix::from_fn(rows.len(), width, |i, j| f64::from(rows[i][j])),
            self.select(&given.fields),
        ))
    }

    /// What a cut makes of a head's queries or values: `x` becomes `x * map + offset`.
    pub fn cut(&self, number: usize, head: usize) -> Result<(Matrix, Matrix)> {
        let given = self.given[number].as_ref();
        let maps = given.and_then(|given| given.values.first());
        let maps = maps.context("nothing was derived for this intervention")?;
        let rows = |first: usize, len: usize| {
            Matrix::from_fn(len, self.d_head, |i, j| {
                f64::from(maps.slice(&[head, first + i])[j])
            })
        };
        Ok((rows(0, self.d_head), rows(self.d_head, 1)))
    }

    /// What it puts into an attention cell `(head, dest, src)`.
    pub fn numbers(
        &self,
        number: usize,
        (head, dest, src): (usize, usize, usize),
    ) -> Result<(Vec<f64>, Select)> {
        let Some(given) = &self.given[number] else {
            return Ok((
                vec![set_to(&self.list[number])?],
                Select::fixed(0, self.form),
            ));
        };
        let values = given.values.iter();
        let values = values.map(|array| f64::from(array.slice(&[0, head, dest])[src]));
        Ok((values.collect(), self.select(&given.fields)))
    }
}

/// How the inputs of a task are walked: side by side where that is possible.
fn form_of(task: Task) -> Result<&'static Form> {
    task.form().or_else(|| task.form_of_each()).context(NO_FORM)
}

fn set_to(one: &Intervention) -> Result<f64> {
    match one.action {
        Action::Set(value) => Ok(value),
        Action::Zero => Ok(0.0),
        _ => anyhow::bail!("nothing was derived for this intervention"),
    }
}

fn given(
    model: &HookedTransformer,
    experiment: &Experiment,
    one: &Intervention,
) -> Result<Option<Given>> {
    let fields: Vec<Field> = match &one.action {
        Action::Path(path) => anyhow::bail!("{path} is taken out by the attention of each input"),
        Action::Set(_) | Action::Zero | Action::Scale(_) | Action::Knock => return Ok(None),
        Action::Edge(_, None) => return Ok(None),
        Action::Add(..) | Action::Rank(_) | Action::Project(..) => Vec::new(),
        Action::Patch(from) | Action::Edge(_, Some(from)) => match from {
            From::Run(run) => {
                let hook = one.taken_from().map_or(one.hook, |(_, hook)| hook);
                return of_run(model, experiment, *run, hook);
            }
            From::Example(_) => Vec::new(),
            From::Mean(_, given) => given.deciding(),
            From::Supposed(Supposed::Said(expression)) => {
                let slots = expression.slots().iter();
                slots.map(|&slot| Field::new(model.task(), slot)).collect()
            }
            From::Supposed(Supposed::AsIf(_)) => {
                anyhow::bail!("each input is taken for another one")
            }
            From::Resample { .. } => anyhow::bail!("each input has a donor of its own"),
        },
    };
    let task = model.task();
    let mut fields: Vec<usize> = fields.iter().map(|field| field.slot).collect();
    fields.sort_unstable();
    fields.dedup();
    let form = form_of(task)?;
    ensure!(
        fields.is_empty() || !form.is_of_each,
        "what depends on fields is put there input by input, because this task's answers are no copies of them"
    );
    let kinds = fields.iter().map(|&field| form.sizes[field]);
    let kinds = kinds.fold(1, usize::saturating_mul);
    ensure!(
        kinds <= MAX_KINDS,
        "{kinds} different activations would have to be kept; {MAX_KINDS} is the most"
    );
    let alone = Experiment {
        interventions: vec![one.clone()],
        ..experiment.clone()
    };
    let values = (0..kinds).map(|kind| {
        let base = Prompt::teacher_forced(input_of_kind(kind, &fields, task));
        let derived = Derived::new(model, &alone, &base)?;
        Array::from_tensor(derived.get(one)?)
    });
    Ok(Some(Given {
        values: values.collect::<Result<_>>()?,
        fields,
    }))
}

fn of_run(
    model: &HookedTransformer,
    experiment: &Experiment,
    run: RunName,
    hook: HookName,
) -> Result<Option<Given>> {
    let source = match run {
        RunName::Clean => &experiment.clean,
        RunName::Corrupted => &experiment.corrupted,
        RunName::Patched => anyhow::bail!("a patch comes from clean or corrupted"),
    };
    let (_, cache) = observe_hooks(model, source, &[hook])?;
    Ok(Some(Given {
        fields: Vec::new(),
        values: vec![Array::from_tensor(cache.get(hook)?)?],
    }))
}

/// An input whose fields have the `kind`-th combination of values; the others have their first.
fn input_of_kind(mut kind: usize, fields: &[usize], task: Task) -> Values {
    let first = task.slots.iter().map(|slot| slot.values.first());
    let mut values: Vec<Token> = first.map(|first| first.copied().unwrap_or(0)).collect();
    for &field in fields.iter().rev() {
        let all = &task.slots[field].values;
        values[field] = all[kind % all.len()];
        kind /= all.len();
    }
    Values::new(task, values)
}
