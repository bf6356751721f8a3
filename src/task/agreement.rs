//! What inputs have in common: those of a mean, or an input and its donors.

use super::language::Classes;
use super::{Expression, ExpressionError, Field, Given, Task, Values};
use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};

/// So many donors are drawn for an input before it is said that there is none.
const TRIES: u32 = 1 << 14;
/// So many combinations of values are gone through to find those of one value.
const MOST_ALIKE: usize = 1 << 14;
/// So many are drawn at once.
const AT_ONCE: u32 = 64;

/// In what inputs agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// In these fields; in nothing where there are none.
    Fields(Vec<Field>),
    /// In what an expression says of them.
    Value(Expression),
}

impl From<Expression> for Agreement {
    /// What is only the name of a field is that field, and what asks for none is nothing.
    fn from(expression: Expression) -> Self {
        let (task, name) = (expression.task(), expression.text().trim());
        let is_field = task.field(name).is_some();
        let is_group = task.groups.iter().any(|group| group.name == name);
        if is_field || is_group || expression.slots().is_empty() {
            return Self::Fields(Self::Value(expression).deciding());
        }
        Self::Value(expression)
    }
}

impl From<Vec<Field>> for Agreement {
    fn from(fields: Vec<Field>) -> Self {
        Self::Fields(fields)
    }
}

/// `idx,a_0`, the expression, or `nothing`.
impl std::fmt::Display for Agreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fields(fields) if fields.is_empty() => f.write_str("nothing"),
            Self::Fields(fields) => {
                let names: Vec<String> = fields.iter().map(ToString::to_string).collect();
                f.write_str(&names.join(","))
            }
            Self::Value(expression) => expression.fmt(f),
        }
    }
}

impl Agreement {
    /// Any inputs agree in nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::Fields(Vec::new())
    }

    /// Whether any inputs agree.
    #[must_use]
    pub fn is_in_nothing(&self) -> bool {
        matches!(self, Self::Fields(fields) if fields.is_empty())
    }

    /// The fields, where it is in fields.
    #[must_use]
    pub fn fields(&self) -> Option<&[Field]> {
        match self {
            Self::Fields(fields) => Some(fields),
            Self::Value(_) => None,
        }
    }

    /// The fields that decide which inputs agree.
    #[must_use]
    pub fn deciding(&self) -> Vec<Field> {
        match self {
            Self::Fields(fields) => fields.clone(),
            Self::Value(expression) => {
                let slots = expression.slots().iter();
                slots
                    .map(|&slot| Field::new(expression.task(), slot))
                    .collect()
            }
        }
    }

    /// What inputs have to be equal in, one value an input.
    ///
    /// # Errors
    /// When the expression has no value for one of them.
    pub fn values(&self, inputs: &[Values]) -> Result<Vec<Given>, ExpressionError> {
        match self {
            Self::Fields(fields) => {
                let number =
                    |input: &Values, &field: &Field| Given::Number(f64::from(input.get(field)));
                let list =
                    |input| Given::List(fields.iter().map(|field| number(input, field)).collect());
                Ok(inputs.iter().map(list).collect())
            }
            Self::Value(expression) => expression.values(inputs, &[]),
        }
    }

    /// How many donors each input has, itself included; `u128::MAX` where that is not known, or not
    /// the same for all.
    #[must_use]
    pub fn donors(&self, task: Task) -> u128 {
        match self {
            Self::Fields(fields) => task.donors(fields),
            Self::Value(expression) => {
                let classes = expression.classes().ok().flatten();
                let size = classes.and_then(Classes::size);
                size.map_or(u128::MAX, |size| size as u128)
            }
        }
    }

    /// Each input's donor: it agrees with the input and is drawn uniformly among those that do. It
    /// depends on the input and the seed alone. Where all inputs can be gone through, as many seeds in
    /// a row as an input has donors are all of them, each once.
    ///
    /// # Errors
    /// When the expression has no value for an input, or so few inputs agree that none was found.
    pub fn donors_of(&self, task: Task, inputs: &[Values], seed: u32) -> Result<Vec<Values>> {
        let expression = match self {
            Self::Fields(fields) => {
                let donor = |input: &Values| task.donor(input, fields, seed);
                return Ok(inputs.iter().map(donor).collect());
            }
            Self::Value(expression) => expression,
        };
        let values = expression.values(inputs, &[])?;
        let each = inputs.iter().zip(values);
        if let Some(classes) = expression.classes()? {
            return Ok(each
                .map(|(input, value)| match classes.of(&value) {
                    [] => input.clone(),
                    all => {
                        let at = (hashed(input) + u128::from(seed)) % all.len() as u128;
                        task.values_at(u128::from(all[at as usize]))
                    }
                })
                .collect());
        }
        each.map(|(input, value)| found(expression, input, &value, seed))
            .collect()
    }
}

impl Expression {
    /// The combinations of the values of its fields for which it says the same as of this input; the
    /// other fields are the input's.
    ///
    /// # Errors
    /// When there are too many, or not all of them are inputs that come as often.
    pub fn alike(&self, input: &Values) -> Result<Vec<Values>> {
        let task = self.task();
        let free = task
            .groups
            .iter()
            .all(|group| !group.distinct && group.lengths.is_none());
        ensure!(
            task.all_exist() && free,
            "a mean over all inputs given an expression needs a task of which every combination of \
             values is an input; the mean over sample does not"
        );
        let mut all = vec![input.clone()];
        for &slot in self.slots() {
            let field = Field::new(task, slot);
            ensure!(
                all.len().saturating_mul(field.size()) <= MOST_ALIKE,
                "{self} looks at more than {MOST_ALIKE} combinations of values"
            );
            let with = |one: &Values, &value: &super::Token| {
                let mut one = one.clone();
                one.set(field, value);
                one
            };
            let each = all
                .iter()
                .flat_map(|one| field.values().iter().map(move |value| with(one, value)));
            all = each.collect();
        }
        let values = self.values(&all, &[])?;
        let own = self.values(std::slice::from_ref(input), &[])?;
        let both = all.into_iter().zip(values);
        Ok(both
            .filter_map(|(one, value)| own.contains(&value).then_some(one))
            .collect())
    }
}

/// A number of an input's own.
fn hashed(input: &Values) -> u128 {
    let mut hash = Sha256::new();
    for token in input.tokens() {
        hash.update(token.to_le_bytes());
    }
    let bytes = hash.finalize();
    // far more than there are donors, so that all are as likely
    let bytes = bytes.iter().take(15);
    bytes.fold(0u128, |sum, byte| sum << 8 | u128::from(*byte))
}

/// The first input drawn that has this value.
fn found(expression: &Expression, input: &Values, value: &Given, seed: u32) -> Result<Values> {
    let task = expression.task();
    let mut first = 0;
    while first < TRIES {
        let drawn = (first..first + AT_ONCE)
            .map(|attempt| task.drawn_for(input, seed, attempt))
            .collect();
        let drawn = task.that_exist(drawn)?;
        let values = expression.values(&drawn, &[])?;
        let mut pairs = drawn.into_iter().zip(values);
        if let Some((donor, _)) = pairs.find(|(_, one)| one == value) {
            return Ok(donor);
        }
        first += AT_ONCE;
    }
    ensure!(
        false,
        "of {TRIES} inputs drawn none agrees with {input} in {expression}, which is {value} there"
    );
    Ok(input.clone())
}
