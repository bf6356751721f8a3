//! What a task is: tokens, the layout of a prompt, its fields, its answers and its rule.

use super::Token;
use super::rule::{Rule, Target};
use super::vocabulary::{Meaning, Vocabulary};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What one position of a prompt holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Always the same token.
    Fixed(Token),
    /// The value of a field's slot.
    Slot(usize),
    /// An answer that is fed back.
    Answer(usize),
}

/// One token-wide place that an input fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// `a_1`, `idx`.
    pub name: String,
    /// The tokens that it may hold.
    pub values: Vec<Token>,
}

/// A field as the task's function knows it: one slot, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `a`, `idx`.
    pub name: String,
    /// Its slots.
    pub slots: Range<usize>,
    /// Whether it is a list, be it of one.
    pub is_list: bool,
    /// Whether no value comes twice.
    pub distinct: bool,
    /// How long it may be, where that varies: see `padding.rs`.
    pub lengths: Option<Vec<usize>>,
}

/// What the model is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `b_0`.
    pub name: String,
    /// The name that the task's function has: `b`.
    pub group: String,
    /// The position whose logits are read.
    pub read_at: usize,
    /// Where it stands in the prompt, if it is fed back.
    pub fed_back: Option<usize>,
}

/// A function that draws an input's values; the words come from a seeded generator.
pub type Draw = dyn Fn(&mut rand_mt::Mt) -> anyhow::Result<Vec<Token>> + Send + Sync;
/// A function that says which of some inputs exist.
pub type Exists = dyn Fn(&[&[Token]]) -> anyhow::Result<Vec<bool>> + Send + Sync;

/// A task as data.
#[derive(Clone)]
pub struct Spec {
    /// The task's name: `array_update`, or that of its file.
    pub name: String,
    /// What else is needed to find it again: options, or the hash of its file.
    pub options: Vec<(String, String)>,
    /// Tokens that can be read.
    pub vocabulary: Vocabulary,
    /// Classes that can be said.
    pub classes: Vocabulary,
    /// The layout, position by position.
    pub places: Vec<Place>,
    /// What fills it.
    pub slots: Vec<Slot>,
    /// The slots, as fields.
    pub groups: Vec<Group>,
    /// What is asked for, in the order of where it is read.
    pub answers: Vec<Answer>,
    /// What is right.
    pub rule: Rule,
    /// What fills up a prompt that is shorter than the longest.
    pub pad: Option<Token>,
    /// Whether attention sees both ways; not said in most tasks.
    pub bidirectional: Option<bool>,
    /// Fields that the notebook draws once a batch.
    pub once_a_batch: Vec<usize>,
    /// Which inputs exist, where not all do.
    pub exists: Option<Arc<Exists>>,
    /// How examples are drawn, where not uniformly.
    pub draw: Option<Arc<Draw>>,
    /// Names of the positions.
    pub labels: Vec<String>,
    /// Whether the model has one output for the whole prompt, and none by position.
    pub one_output: bool,
    /// What there is to say of where it comes from.
    pub notes: Vec<String>,
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({})", self.title())
    }
}

impl Spec {
    /// The name and what was chosen for it: `array_update list_len=4 max_num=10`.
    #[must_use]
    pub fn title(&self) -> String {
        let options = self.options.iter();
        let words = options.map(|(name, value)| format!(" {name}={value}"));
        format!("{}{}", self.name, words.collect::<String>())
    }

    /// Tokens of which nothing is known: prompts of `len`, nothing right or wrong.
    #[must_use]
    pub fn raw(len: usize, d_vocab: usize, d_vocab_out: usize) -> Self {
        let numbered = |n: usize| Vocabulary::numbers_and(n as u32, &[]);
        let slots: Vec<Slot> = (0..len)
            .map(|i| Slot {
                name: format!("t_{i}"),
                values: (0..d_vocab as Token).collect(),
            })
            .collect();
        Self {
            name: "tokens".into(),
            options: vec![
                ("len".into(), len.to_string()),
                ("d_vocab".into(), d_vocab.to_string()),
                ("d_vocab_out".into(), d_vocab_out.to_string()),
            ],
            vocabulary: numbered(d_vocab),
            classes: numbered(d_vocab_out),
            places: (0..len).map(Place::Slot).collect(),
            labels: slots.iter().map(|slot| slot.name.clone()).collect(),
            groups: vec![Group {
                name: "t".into(),
                slots: 0..len,
                is_list: true,
                distinct: false,
                lengths: None,
            }],
            slots,
            answers: Vec::new(),
            rule: Rule::None,
            pad: None,
            bidirectional: None,
            once_a_batch: Vec::new(),
            exists: None,
            draw: None,
            one_output: false,
            notes: Vec::new(),
        }
    }

    /// The position of each slot in a prompt in which no field is cut short.
    #[must_use]
    pub fn position_of_slot(&self, slot: usize) -> Option<usize> {
        self.places.iter().position(|one| *one == Place::Slot(slot))
    }

    /// Names the positions: fields and answers by their own names, fixed tokens by theirs, counted
    /// where there are several: `BOS a_0 a_1 a_2 nl_0 idx elt nl_1 b_0 b_1 b_2`.
    #[must_use]
    pub fn named_positions(
        vocabulary: &Vocabulary,
        places: &[Place],
        slots: &[Slot],
        answers: &[Answer],
    ) -> Vec<String> {
        let fixed = |place: &Place| match place {
            Place::Fixed(token) => Some(label_of(&vocabulary.name(*token))),
            _ => None,
        };
        let mut count: HashMap<String, usize> = HashMap::new();
        for name in places.iter().filter_map(fixed) {
            *count.entry(name).or_default() += 1;
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        let one = |place: &Place| match place {
            Place::Slot(slot) => slots[*slot].name.clone(),
            Place::Answer(answer) => answers[*answer].name.clone(),
            Place::Fixed(_) => {
                let name = fixed(place).unwrap_or_default();
                let at = seen.entry(name.clone()).or_default();
                *at += 1;
                if count[&name] > 1 {
                    format!("{name}_{}", *at - 1)
                } else {
                    name
                }
            }
        };
        places.iter().map(one).collect()
    }
}

/// A token's name fit to name a position in a line: without what lines use for themselves.
fn label_of(name: &str) -> String {
    if name == "\\n" {
        return "nl".into();
    }
    let kept: String = name
        .chars()
        .filter(|c| !c.is_whitespace() && !"[](){},:@*\"'→>;".contains(*c))
        .collect();
    if kept.is_empty() { "mark".into() } else { kept }
}

impl Spec {
    /// The tokens that stand where answers are fed back, if all of them are right: a class that is
    /// no token, and an answer that does not exist, are the first token there is.
    #[must_use]
    pub fn fed_back(&self, targets: &[Target]) -> Vec<Token> {
        let answers = self.answers.iter().zip(targets);
        answers
            .filter(|(answer, _)| answer.fed_back.is_some())
            .map(|(_, target)| self.token_of(target))
            .collect()
    }

    /// Whether any answer stands in the prompt.
    #[must_use]
    pub fn feeds_back(&self) -> bool {
        self.answers.iter().any(|answer| answer.fed_back.is_some())
    }
}

impl Spec {
    /// The token that a right answer is fed back as.
    #[must_use]
    pub fn token_of(&self, target: &Target) -> Token {
        target
            .token()
            .and_then(|class| self.token_of_class(class))
            .unwrap_or(0)
    }

    /// The token of the same meaning as a class.
    #[must_use]
    pub fn token_of_class(&self, class: Token) -> Option<Token> {
        self.vocabulary.token(self.classes.meaning(class)?)
    }

    /// What a token stands for as a number: itself where it is one, else its id.
    #[must_use]
    pub fn number_of_token(&self, token: usize) -> f64 {
        number(&self.vocabulary, token)
    }

    /// The same of what a slot holds; no number where the list that it is of ends before it.
    #[must_use]
    pub fn number_in_slot(&self, slot: usize, token: usize) -> f64 {
        let is_pad = self.pad.is_some_and(|pad| pad as usize == token);
        match is_pad && !self.slots[slot].values.contains(&(token as Token)) {
            true => f64::NAN,
            false => self.number_of_token(token),
        }
    }

    /// The same of a class.
    #[must_use]
    pub fn number_of_class(&self, class: usize) -> f64 {
        number(&self.classes, class)
    }

    /// How many of the first tokens and classes have the same numbers for the same things.
    #[must_use]
    pub fn shared_ids(&self) -> usize {
        let tokens = 0..self.vocabulary.len() as Token;
        tokens
            .take_while(|&token| self.class_of_token(token) == Some(token))
            .count()
    }

    /// The class of the same meaning as a token.
    #[must_use]
    pub fn class_of_token(&self, token: Token) -> Option<Token> {
        self.classes.token(self.vocabulary.meaning(token)?)
    }
}

fn number(names: &Vocabulary, id: usize) -> f64 {
    match names.meaning(id as Token) {
        Some(Meaning::Number(n)) => *n as f64,
        _ => id as f64,
    }
}
