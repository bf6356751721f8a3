//! Counterfactual pairs: a corrupted input made from the clean one by changing one field.

use super::{Change, Field, Sample, Target, Task, Token, Values};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a changed value has no say in any answer, the values next to it are tried, so many.
const TRIED: usize = 16;

/// The counterfactuals of an input, in the order in which they are stepped through: for fields of
/// few values every other value, for others one value half of all values away, so that the two are
/// not mistaken for each other; fields that choose come first. What changes no answer and what
/// makes no input of the task is left out.
#[must_use]
pub fn counterfactuals(task: Task, input: &Values) -> Vec<Change> {
    let fields = task
        .fields()
        .filter(|field| input.get(*field) != task.pad_or_none());
    let (choosing, others): (Vec<Field>, Vec<Field>) = fields.partition(|f| task.chooses(*f));
    let mut changes = Vec::new();
    let listed = |field: &Field| task.is_in_list(*field);
    let (lists, single): (Vec<Field>, Vec<Field>) = others.into_iter().partition(listed);
    for field in choosing {
        changes.extend(
            task.other_values(input, field)
                .into_iter()
                .map(|value| (field, value)),
        );
    }
    let before = input.truth();
    for field in single.into_iter().chain(lists) {
        changes.extend(task.first_that_matters(input, &before, field));
    }
    let changes = changes
        .into_iter()
        .map(|(field, value)| Change { field, value });
    changes.collect()
}

/// The example of a sample that is set against an input which has no counterfactual: of those whose answers are
/// others the one that differs in the fewest fields, among padded prompts one that is as long if there is
/// such. `None` where nothing is judged, or all have the same answers.
#[must_use]
pub fn unlike(task: Task, input: &Values, sample: Sample) -> Option<Values> {
    if !task.is_judged() {
        return None;
    }
    let before = input.truth();
    let padded = |one: &Values| -> Vec<bool> {
        let tokens = one.tokens().iter();
        tokens.map(|token| Some(*token) == task.pad).collect()
    };
    let examples = answered(task, sample);
    let others = examples.iter().filter(|(_, truth)| differs(&before, truth));
    let nearest = others.min_by_key(|(one, _)| {
        let as_long = padded(one) == padded(input);
        (!as_long, input.differing_fields(one).len())
    });
    nearest.map(|(one, _)| one.clone())
}

/// The examples of a sample and what is right of each.
type Answered = Arc<Vec<(Values, Vec<Target>)>>;

/// The last that were asked for, and of which task: the next keystroke asks for the same.
static LAST: Mutex<Option<(usize, Sample, Answered)>> = Mutex::new(None);

fn answered(task: Task, sample: Sample) -> Answered {
    let of = std::ptr::from_ref(task.get()).addr();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((one, from, found)) = &*last
        && (*one, *from) == (of, sample)
    {
        return found.clone();
    }
    let examples = sample.prompts(task).into_iter().map(|prompt| prompt.values);
    let found = examples.map(|one| {
        let truth = one.truth();
        (one, truth)
    });
    let found = Arc::new(found.collect::<Vec<_>>());
    *last = Some((of, sample, found.clone()));
    found
}

impl Task {
    fn pad_or_none(self) -> Token {
        self.pad.unwrap_or(Token::MAX)
    }

    /// Whether a field chooses what is copied.
    fn chooses(self, field: Field) -> bool {
        match &self.get().rule {
            super::Rule::Picks(picks) => picks.by.contains(&field.slot),
            _ => false,
        }
    }

    /// Whether a field is one of a list.
    #[must_use]
    pub fn is_in_list(self, field: Field) -> bool {
        let mut groups = self.get().groups.iter();
        groups.any(|group| group.is_list && group.slots.contains(&field.slot))
    }

    /// The other values of a field: from half of them away on, or from the next where it chooses.
    fn other_values(self, input: &Values, field: Field) -> Vec<Token> {
        let values = field.values();
        let at = values.iter().position(|&one| one == input.get(field));
        let n = values.len();
        let first = if self.chooses(field) {
            1
        } else {
            n.div_ceil(2)
        };
        let (at, steps) = (at.unwrap_or(0), (0..n).map(|step| step + first));
        let others = steps
            .filter(|step| step % n != 0)
            .map(|step| values[(at + step) % n]);
        others.collect()
    }

    /// The first other value that makes an input whose answers are others than `before`.
    fn first_that_matters(
        self,
        input: &Values,
        before: &[Target],
        field: Field,
    ) -> Option<(Field, Token)> {
        let changed = |value: Token| input.with(Change { field, value });
        let values = self.other_values(input, field);
        let judged = self.is_judged();
        let mut tried = values.iter().take(TRIED);
        let found = tried.find(|&&value| {
            let other = changed(value);
            let exists = self.existing(std::slice::from_ref(&other));
            exists.is_ok_and(|all| all[0]) && (!judged || differs(before, &other.truth()))
        });
        found.map(|&value| (field, value))
    }

    /// A change from `FIELD` (the first counterfactual of that field) or `FIELD=VALUE`.
    ///
    /// # Errors
    /// When the field is unknown, the value is out of range, or nothing would change.
    pub fn parse_change(self, input: &Values, text: &str) -> anyhow::Result<Change> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let field = self.named_field(name)?;
        let Some(value) = value else {
            let first = counterfactuals(self, input).into_iter();
            return first
                .clone()
                .find(|change| change.field == field)
                .ok_or_else(|| {
                    if field.values().len() < 2 {
                        return anyhow::anyhow!("{field} has no other value");
                    }
                    anyhow::anyhow!("changing {field} changes no answer of {input}")
                });
        };
        let value = self.parse_value(name, value)?;
        anyhow::ensure!(
            value != input.get(field),
            "{field} is {} already: nothing would change",
            self.token_name(value)
        );
        let change = Change { field, value };
        let other = input.with(change);
        anyhow::ensure!(
            self.existing(std::slice::from_ref(&other))?[0],
            "{other} is no input of {self}"
        );
        Ok(change)
    }
}

/// Whether two truths ask for other classes somewhere.
fn differs(a: &[Target], b: &[Target]) -> bool {
    let mut pairs = a.iter().zip(b);
    pairs.any(|(a, b)| a != b && *a != Target::Nothing)
}
