//! What is right: the rule of a task, and what it asks for.

use super::{Prompt, Task, Token, Values};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// What is right at one answer, as ids of what the model can say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Nothing is asked for here, or nothing is right: a tie.
    Nothing,
    /// One class.
    One(Token),
    /// Any of these, two at the least.
    AnyOf(Vec<Token>),
}

impl Target {
    /// The class that is right, the first where several are.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        match self {
            Self::Nothing => None,
            Self::One(token) => Some(*token),
            Self::AnyOf(tokens) => tokens.first().copied(),
        }
    }

    /// All classes that are right.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        match self {
            Self::Nothing => &[],
            Self::One(token) => std::slice::from_ref(token),
            Self::AnyOf(tokens) => tokens,
        }
    }

    /// Whether this class is right.
    #[must_use]
    pub fn allows(&self, token: Token) -> bool {
        self.tokens().contains(&token)
    }
}

impl From<Token> for Target {
    fn from(token: Token) -> Self {
        Self::One(token)
    }
}

/// A function that finds the targets of many inputs at once, each row one target an answer.
pub type Ask = dyn Fn(&[&[Token]]) -> anyhow::Result<Vec<Vec<Target>>> + Send + Sync;

/// Where a copied answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The token in this slot.
    Slot(usize),
    /// Always this class.
    Class(Token),
}

/// Answers that are copies of fields, chosen by other fields: the array update, permuting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picks {
    /// The slots that choose; none where always the same is copied.
    pub by: Vec<usize>,
    /// What is copied, by what the choosing slots hold.
    pub each: HashMap<Vec<Token>, Vec<Pick>>,
}

/// The rule of a task, in the strongest form that it has.
#[derive(Clone)]
pub enum Rule {
    /// Nothing is right or wrong.
    None,
    /// Copies.
    Picks(Picks),
    /// Rows of a file: the values of all slots, and the targets.
    Listed(HashMap<Vec<Token>, Vec<Target>>),
    /// Any function.
    Function(Arc<Ask>),
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Picks(_) => "Picks",
            Self::Listed(_) => "Listed",
            Self::Function(_) => "Function",
        })
    }
}

impl Rule {
    /// The targets of some inputs, one an answer.
    ///
    /// # Errors
    /// When the task's own function fails, with what it says.
    pub fn targets(&self, answers: usize, inputs: &[&[Token]]) -> anyhow::Result<Vec<Vec<Target>>> {
        let nothing = || vec![Target::Nothing; answers];
        Ok(match self {
            Self::None => inputs.iter().map(|_| nothing()).collect(),
            Self::Picks(picks) => inputs
                .iter()
                .map(|input| picks.of(input).unwrap_or_else(nothing))
                .collect(),
            Self::Listed(rows) => inputs
                .iter()
                .map(|&input| rows.get(input).cloned().unwrap_or_else(nothing))
                .collect(),
            Self::Function(ask) => ask(inputs)?,
        })
    }
}

impl Picks {
    fn of(&self, input: &[Token]) -> Option<Vec<Target>> {
        let at = |&slot: &usize| input.get(slot).copied().unwrap_or_default();
        let key: Vec<Token> = self.by.iter().map(at).collect();
        let pick = |pick: &Pick| {
            Target::One(match pick {
                Pick::Slot(slot) => at(slot),
                Pick::Class(class) => *class,
            })
        };
        Some(self.each.get(&key)?.iter().map(pick).collect())
    }
}

impl Task {
    /// What is right for many inputs, one target an answer.
    ///
    /// # Errors
    /// When the task's own function fails.
    pub fn targets(self, inputs: &[Values]) -> anyhow::Result<Vec<Vec<Target>>> {
        let inputs: Vec<&[Token]> = inputs.iter().map(Values::tokens).collect();
        self.rule.targets(self.answers.len(), &inputs)
    }

    /// Many inputs with their right answers fed back.
    ///
    /// # Errors
    /// When the task's own function fails.
    pub fn teacher_forced(self, inputs: &[Values]) -> anyhow::Result<Vec<Prompt>> {
        Ok(self.answered(inputs, &self.targets(inputs)?))
    }

    /// Inputs with these answers fed back, which are known to be theirs.
    #[must_use]
    pub fn answered(self, inputs: &[Values], targets: &[Vec<Target>]) -> Vec<Prompt> {
        let pairs = inputs.iter().zip(targets);
        let prompt = |(values, targets): (&Values, &Vec<Target>)| Prompt {
            continuation: self.fed_back(targets),
            values: values.clone(),
        };
        pairs.map(prompt).collect()
    }
}

impl Values {
    /// What is right at each answer. Nothing where the task's function fails for this input.
    #[must_use]
    pub fn truth(&self) -> Vec<Target> {
        let answers = self.task().answers.len();
        let rows = self.task().rule.targets(answers, &[self.tokens()]);
        let row = rows.ok().and_then(|rows| rows.into_iter().next());
        row.unwrap_or_else(|| vec![Target::Nothing; answers])
    }
}
