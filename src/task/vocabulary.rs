//! What tokens are called, and what they stand for.

use super::Token;
use super::text::harmless;
use std::collections::HashMap;

/// What a token stands for in the task's own function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// A whole number.
    Number(i64),
    /// A letter or a word.
    Word(String),
}

/// Tokens by id: each with its meaning, all different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    meanings: Vec<Meaning>,
    ids: HashMap<Meaning, Token>,
}

impl Meaning {
    /// The name as it is typed and shown: `14`, `BOS`, `\n` for a line break.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Number(n) => n.to_string(),
            Self::Word(word) => harmless(&word.replace('\n', "\\n")),
        }
    }
}

impl Vocabulary {
    /// Tokens in the order of their ids.
    ///
    /// # Errors
    /// When there are none, too many, or two of one name.
    pub fn new(meanings: Vec<Meaning>) -> anyhow::Result<Self> {
        anyhow::ensure!(
            (1..=MOST).contains(&meanings.len()),
            "{} tokens; 1 to {MOST} are supported",
            meanings.len()
        );
        let mut ids = HashMap::new();
        let mut names = HashMap::new();
        for (id, one) in (0..).zip(&meanings) {
            let named = names.insert(one.name(), id);
            if let Some(first) = named.or(ids.insert(one.clone(), id)) {
                anyhow::bail!("token {id} is {}, and so is token {first}", one.name());
            }
        }
        Ok(Self { meanings, ids })
    }

    /// The whole numbers from 0 up to `n`, not included, and then these words.
    #[must_use]
    pub fn numbers_and(n: u32, words: &[&str]) -> Self {
        let numbers = (0..i64::from(n)).map(Meaning::Number);
        let words = words.iter().map(|&word| Meaning::Word(word.into()));
        Self::new(numbers.chain(words).collect()).unwrap_or_default()
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.meanings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.meanings.is_empty()
    }

    /// What a token stands for, if there is such a token.
    #[must_use]
    pub fn meaning(&self, token: Token) -> Option<&Meaning> {
        self.meanings.get(token as usize)
    }

    /// All of them, by id.
    #[must_use]
    pub fn meanings(&self) -> &[Meaning] {
        &self.meanings
    }

    /// The token that stands for this.
    #[must_use]
    pub fn token(&self, meaning: &Meaning) -> Option<Token> {
        self.ids.get(meaning).copied()
    }

    /// A token's name; its id behind `#` where it has none.
    #[must_use]
    pub fn name(&self, token: Token) -> String {
        self.meaning(token)
            .map_or_else(|| format!("#{token}"), Meaning::name)
    }

    /// The token of this name. Numbers may be written as `+5` or `05`, a line break as `nl`.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Token> {
        let as_number = || name.parse().ok().map(Meaning::Number);
        let break_of_line = matches!(name, "\\n" | "nl" | "\n");
        let word = Meaning::Word(if break_of_line { "\n" } else { name }.into());
        self.token(&word)
            .or_else(|| self.token(&as_number()?))
            .or_else(|| {
                let shown = |one: &Meaning| one.name() == name;
                self.meanings.iter().position(shown).map(|at| at as Token)
            })
    }

    /// These tokens in few words: `a whole number from 0 to 49`, `one of a b c`.
    #[must_use]
    pub fn words(&self, tokens: &[Token]) -> String {
        let number = |&token: &Token| match self.meaning(token) {
            Some(Meaning::Number(n)) => Some(*n),
            _ => None,
        };
        let numbers: Option<Vec<i64>> = tokens.iter().map(number).collect();
        if let Some(mut numbers) = numbers {
            numbers.sort_unstable();
            if let (Some(first), Some(last)) = (numbers.first(), numbers.last())
                && numbers.len() > 1
                && last - first + 1 == numbers.len() as i64
            {
                return format!("a whole number from {first} to {last}");
            }
        }
        let names: Vec<String> = tokens.iter().map(|&token| self.name(token)).collect();
        match &names[..] {
            [one] => one.clone(),
            [first, .., last] if names.len() > 12 => format!("one of {first} .. {last}"),
            _ => format!("one of {}", names.join(" ")),
        }
    }
}

/// More tokens has no small model.
const MOST: usize = 1 << 17;
