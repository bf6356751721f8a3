//! An input as another one: `as_if(idx=0, elt=a_1)`.

use super::language::Called;
use super::{Expression, ExpressionError, Given, Meaning, Task, Token, Values, shown};
use anyhow::{Result, ensure};
use std::ops::Range;

/// Fields that are given other values, which expressions say of each input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsIf {
    text: String,
    changes: Vec<Changed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Changed {
    name: String,
    slots: Range<usize>,
    is_list: bool,
    to: Expression,
}

impl AsIf {
    /// The words that a line begins with that is one.
    pub const NAME: &'static str = "as_if";

    /// From the text of its call.
    ///
    /// # Errors
    /// Points at the word that is wrong.
    pub fn parse(task: Task, text: &str, called: &Called) -> Result<Self, ExpressionError> {
        let wrong = |at: usize, problem: String| {
            let names: Vec<&str> = task
                .groups
                .iter()
                .map(|group| group.name.as_str())
                .collect();
            let remedy = format!(
                "write as_if(FIELD=EXPRESSION, ..) of the fields {}",
                names.join(" ")
            );
            Err(ExpressionError::new(text, at, problem, remedy))
        };
        let mut changes: Vec<Changed> = Vec::new();
        for (name, range) in &called.given {
            let Some(name) = name else {
                return wrong(range.start, "which field is this?".into());
            };
            let group = task.groups.iter().find(|group| group.name == *name);
            let field = task
                .field(name)
                .map(|field| (field.slot..field.slot + 1, false));
            let found = group
                .map(|group| (group.slots.clone(), group.is_list))
                .or(field);
            let Some((slots, is_list)) = found else {
                let at = text[..range.start]
                    .rfind(name.as_str())
                    .unwrap_or(range.start);
                return wrong(at, format!("there is no field {}", shown(name)));
            };
            let to = Expression::parse(task, &text[range.clone()], &[]);
            let to = to.map_err(|mut error| {
                error.at += range.start;
                error.text = text.into();
                error
            })?;
            changes.push(Changed {
                name: name.clone(),
                slots,
                is_list,
                to,
            });
        }
        if changes.is_empty() {
            return wrong(text.len(), "no field is changed".into());
        }
        Ok(Self {
            text: text.trim().into(),
            changes,
        })
    }

    /// The text of its call.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Inputs with the fields changed.
    ///
    /// # Errors
    /// When an expression has no value, or there is no such input.
    pub fn inputs(&self, task: Task, inputs: &[Values]) -> Result<Vec<Values>> {
        let mut changed: Vec<Vec<Token>> = inputs.iter().map(|one| one.tokens().to_vec()).collect();
        for one in &self.changes {
            for (input, value) in changed.iter_mut().zip(one.to.values(inputs, &[])?) {
                let tokens = one.tokens(task, &value)?;
                input[one.slots.clone()].copy_from_slice(&tokens);
            }
        }
        let changed: Vec<Values> = changed
            .into_iter()
            .map(|tokens| Values::new(task, tokens))
            .collect();
        for ((one, exists), from) in changed.iter().zip(task.existing(&changed)?).zip(inputs) {
            ensure!(
                exists,
                "{} makes {one} of {from}, which is no input",
                self.text
            );
        }
        Ok(changed)
    }
}

impl Changed {
    /// The tokens of the slots.
    fn tokens(&self, task: Task, value: &Given) -> Result<Vec<Token>> {
        let items = match value {
            Given::List(items) if self.is_list => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let spare = self.slots.len().saturating_sub(items.len());
        let pad = task.pad.filter(|_| self.is_list);
        ensure!(
            items.len() <= self.slots.len() && (spare == 0 || pad.is_some()),
            "{} is given {value}, and has {} places",
            self.name,
            self.slots.len()
        );
        let tokens = items.iter().zip(self.slots.clone()).map(|(item, slot)| {
            let token = meaning(item).and_then(|meaning| task.vocabulary.token(&meaning));
            let token = token.filter(|token| task.slots[slot].values.contains(token));
            token.ok_or_else(|| anyhow::anyhow!("{item} is no value of {}", self.name))
        });
        let mut tokens = tokens.collect::<Result<Vec<Token>>>()?;
        tokens.resize(self.slots.len(), pad.unwrap_or(0));
        Ok(tokens)
    }
}

fn meaning(given: &Given) -> Option<Meaning> {
    match given {
        Given::Word(word) => Some(Meaning::Word(word.clone())),
        one => one
            .index()
            .map(|number| Meaning::Number(number as i64))
            .or_else(|| {
                let number = one.number().filter(|number| number.fract() == 0.0)?;
                Some(Meaning::Number(number as i64))
            }),
    }
}
