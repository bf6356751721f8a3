//! What a claim's line means: its words, and what a sweep has to keep for them.

use super::comparison::Comparison;
use super::control;
use super::grammar::{self, Body, ClaimError, Line, Number, Over, Term, Truth};
use super::named;
use super::stated::Wants;
use super::word::{Named, Word};
use super::words;
use crate::lens::Intervention;
use crate::model::Config;
use crate::sweep::block::Wanted;
use crate::task::Task;
use std::fmt;

/// A claim about every input, ready to be checked against a model's sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    line: String,
    pub(super) read: Line<Word>,
    pub(super) wanted: Wanted,
    pub(super) task: Task,
    /// Under which other interventions it is asked, too.
    pub(super) control: Vec<Intervention>,
    config: Config,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// Reads a line's words.
pub(super) struct Reader<'a> {
    pub line: &'a str,
    pub task: Task,
    pub config: &'a Config,
    /// What the words ask for joins what is there.
    pub wanted: &'a mut Wanted,
    /// Whether a name that stands here is a class's: it is compared with what is said or right.
    pub names_classes: bool,
}

pub(super) type Read<T> = Result<T, ClaimError>;

impl Claim {
    /// A claim from its line.
    ///
    /// # Errors
    /// Points at the wrong word and says what could stand there.
    pub fn parse(text: &str, task: Task, config: &Config) -> Read<Self> {
        let mut wanted = Wanted::default();
        let (said, control) = control::split(text);
        let read = understood(said, task, config, &mut wanted)?;
        let control = control.map(|from| control::read(text, from, task, config));
        Ok(Self {
            read,
            control: control.transpose()?.unwrap_or_default(),
            line: text.trim().to_owned(),
            wanted,
            task,
            config: config.clone(),
        })
    }

    /// Its line, without the control.
    pub(super) fn line(&self) -> &str {
        control::split(&self.line).0
    }

    /// The claim alone.
    pub(super) fn without_control(&self) -> Self {
        Self {
            line: self.line().to_owned(),
            control: Vec::new(),
            ..self.clone()
        }
    }

    /// The claim among others: its numbers stand in rows and paths that all of them share.
    pub(super) fn among(&self, all: &mut Wanted) -> Read<Self> {
        let read = understood(self.line(), self.task, &self.config, all)?;
        Ok(Self {
            read,
            ..self.clone()
        })
    }

    /// Whether all that it asks of an input is what is said and what is right.
    pub(super) fn is_of_predictions(&self) -> bool {
        self.read.words().into_iter().all(Word::is_of_predictions)
    }

    /// Whether it is made of fields and of what is said and right alone: whole numbers that are known
    /// once margins are.
    pub(super) fn is_settled(&self) -> bool {
        self.read.words().into_iter().all(Word::is_settled)
    }

    /// Whether it asks for what entries do, which only the tables know.
    pub(super) fn needs_tables(&self) -> bool {
        !self.wanted.entries.is_empty()
    }
}

/// What a line means, in the rows and paths that are wanted; it adds those that it lacks.
fn understood(text: &str, task: Task, config: &Config, wanted: &mut Wanted) -> Read<Line<Word>> {
    let read = grammar::read(text).map_err(|error| words::explained(error, task))?;
    let mut reader = Reader::new(text, task, config, wanted);
    let body = match read.body {
        Body::Each(truth) => Body::Each(reader.truth(truth)?),
        Body::All(over, number, bound) => {
            let number = reader.number(number)?;
            let bound = bound.map(|(how, to)| Ok((how, reader.bound(to)?)));
            Body::All(over, number, bound.transpose()?)
        }
    };
    let when = read.when.map(|when| reader.truth(when)).transpose()?;
    Ok(Line { body, when })
}

impl<'a> Reader<'a> {
    pub fn new(line: &'a str, task: Task, config: &'a Config, wanted: &'a mut Wanted) -> Self {
        Self {
            line,
            task,
            config,
            wanted,
            names_classes: false,
        }
    }

    pub fn wrong<T>(&self, term: &Term, problem: impl Into<String>) -> Read<T> {
        Err(ClaimError {
            line: self.line.to_owned(),
            at: term.at,
            problem: self.task.in_names(&problem.into()),
        })
    }

    pub fn truth(&mut self, truth: Truth<Term>) -> Read<Truth<Word>> {
        Ok(match truth {
            Truth::Compare(Number::Word(a), how, Number::Word(b))
                if named::is_of_all(self.task, &a, how, &b) =>
            {
                let is_truth = b.word == "truth" && b.brackets.is_empty() && b.run.is_none();
                let both = [Comparison::Equal, Comparison::Unequal].contains(&how);
                if both && named::is_prediction(&b) && b.run != a.run {
                    return self.each_prediction(&a, how, &b);
                }
                if !is_truth || how != Comparison::Equal {
                    let wrong = if is_truth { &a } else { &b };
                    return self.wrong(
                        wrong,
                        "write pred == truth, or pred[{query}] and truth[{query}]",
                    );
                }
                let word = "margin".to_owned();
                let margin = self.word(&Term { word, ..a })?;
                Truth::Compare(
                    Number::Word(margin),
                    Comparison::More,
                    Number::Constant(0.0),
                )
            }
            Truth::Compare(a, how, b) => {
                self.names_classes = named::is_of_class(&a) || named::is_of_class(&b);
                Truth::Compare(self.number(a)?, how, self.number(b)?)
            }
            Truth::In(a, list) => {
                self.names_classes = named::is_of_class(&a);
                let list = list.into_iter().map(|one| self.number(one));
                let list = list.collect::<Read<_>>()?;
                Truth::In(self.number(a)?, list)
            }
            Truth::Within(a, list) => {
                self.names_classes = named::is_of_class(&a);
                let list = self.stated(&list, Wants::List)?;
                Truth::Within(self.number(a)?, list)
            }
            Truth::Argmax(term) => {
                let word = self.word(&term)?;
                if !matches!(word, Word::Pattern(..) | Word::Score(..)) {
                    return self.wrong(&term, "only an attention cell can be argmax");
                }
                Truth::Argmax(word)
            }
            Truth::Not(a) => Truth::Not(Box::new(self.truth(*a)?)),
            Truth::And(all) => Truth::And(self.truths(all)?),
            Truth::Or(all) => Truth::Or(self.truths(all)?),
        })
    }

    /// What is said of all predictions of two runs: that each is the same in both, or that one is not.
    fn each_prediction(&mut self, a: &Term, how: Comparison, b: &Term) -> Read<Truth<Word>> {
        let at = |term: &Term, j: usize| Term {
            brackets: vec![vec![self.task.label(self.task.answers[j].read_at)]],
            ..term.clone()
        };
        let same = |j| {
            let both = [a, b].map(|term| Number::Word(at(term, j)));
            let [a, b] = both;
            Truth::Compare(a, Comparison::Equal, b)
        };
        let all = (0..self.task.answers.len()).map(same).collect();
        let all = self.truth(Truth::And(all))?;
        Ok(match how {
            Comparison::Equal => all,
            _ => Truth::Not(Box::new(all)),
        })
    }

    fn truths(&mut self, all: Vec<Truth<Term>>) -> Read<Vec<Truth<Word>>> {
        all.into_iter().map(|one| self.truth(one)).collect()
    }

    pub fn number(&mut self, number: Number<Term>) -> Read<Number<Word>> {
        Ok(match number {
            Number::Constant(x) => Number::Constant(x),
            Number::Word(term) => match self.named_value(&term) {
                Some(value) => Number::Constant(value),
                None => Number::Word(self.word(&term)?),
            },
            Number::Negative(a) => Number::Negative(Box::new(self.number(*a)?)),
            Number::Abs(a) => Number::Abs(Box::new(self.number(*a)?)),
            Number::Choice(a, of, b) => {
                let names_classes = self.names_classes;
                let of = self.truth(*of)?;
                self.names_classes = names_classes;
                let [a, b] = [self.number(*a)?, self.number(*b)?];
                Number::Choice(Box::new(a), Box::new(of), Box::new(b))
            }
            Number::Chain(first, rest) => {
                let first = self.number(*first)?;
                let rest = rest.into_iter();
                let rest = rest.map(|(sign, one)| Ok((sign, self.number(one)?)));
                Number::Chain(Box::new(first), rest.collect::<Read<_>>()?)
            }
        })
    }

    /// What a mean, a least or a largest is compared with: a number that is the same for all.
    fn bound(&mut self, number: Number<Term>) -> Read<Number<Word>> {
        match number {
            Number::Negative(a) => match self.bound(*a)? {
                Number::Constant(x) => Ok(Number::Constant(-x)),
                other => Ok(other),
            },
            Number::Word(term) => self.wrong(&term, "compare it with a plain number"),
            Number::Constant(x) => Ok(Number::Constant(x)),
            _ => Err(ClaimError {
                line: self.line.to_owned(),
                at: self.line.len(),
                problem: "compare it with a plain number".to_owned(),
            }),
        }
    }

    pub fn word(&mut self, term: &Term) -> Read<Word> {
        if term.is_expression {
            return self.stated(term, Wants::Number);
        }
        if let Some(run) = term.run {
            return self.of_run(term, run);
        }
        if let Some(whole) = self.of_the_only_one(term) {
            return self.word(&whole);
        }
        if let (Some(field), true) = (self.field(&term.word), term.brackets.is_empty()) {
            return Ok(Word::Field(field));
        }
        let brackets: Vec<&[String]> = term.brackets.iter().map(Vec::as_slice).collect();
        match (term.word.as_str(), &brackets[..]) {
            ("margin", []) => Ok(Word::Margin(None)),
            ("margin", [[at]]) => Ok(Word::Margin(Some(self.prediction(term, at)?))),
            ("logp", []) => {
                self.wanted.losses = true;
                Ok(Word::LogProb(None))
            }
            ("logp", [[at]]) => {
                self.wanted.losses = true;
                Ok(Word::LogProb(Some(self.prediction(term, at)?)))
            }
            ("accuracy" | "right", []) => Ok(Word::Right(None)),
            ("accuracy" | "right", [[at]]) => Ok(Word::Right(Some(self.prediction(term, at)?))),
            ("loss", []) => {
                self.wanted.losses = true;
                Ok(Word::Loss(None))
            }
            ("loss", [[at]]) => {
                self.wanted.losses = true;
                Ok(Word::Loss(Some(self.prediction(term, at)?)))
            }
            ("prob", [[at]]) => {
                self.wanted.logits = true;
                Ok(Word::Prob(self.prediction(term, at)?, Named::Truth))
            }
            ("prob", [[at, token]]) => {
                self.wanted.logits = true;
                let j = self.prediction(term, at)?;
                Ok(Word::Prob(j, self.token(term, token)?))
            }
            ("act", [bracket]) => self.act(term, bracket),
            ("norm", [bracket]) => self.norm(term, bracket),
            ("dot", [bracket, [matrix, name]]) => self.dot(term, bracket, [matrix, name]),
            ("neuron", [[name, at]]) => self.neuron(term, name, at),
            ("adds", [[part], [at, token]]) => self.adds(term, part, at, token),
            ("pred", [[at]]) => Ok(Word::Pred(self.prediction(term, at)?)),
            ("truth", [[at]]) => Ok(Word::Truth(self.prediction(term, at)?)),
            ("rank", [[at]]) => {
                self.wanted.logits = true;
                Ok(Word::Rank(self.prediction(term, at)?))
            }
            ("logit_diff", [[_]]) if self.task.form().is_none() => self.wrong(
                term,
                "logit_diff is the right answer's logit less that of the one which another choice would have made right, and \
                 this task's answers are not chosen so; margin is the right one's less the best of the others",
            ),
            ("logit_diff", [[at]]) => {
                self.wanted.logits = true;
                Ok(Word::Difference(self.prediction(term, at)?))
            }
            ("logit", [[at, token]]) => {
                self.wanted.logits = true;
                let j = self.prediction(term, at)?;
                Ok(Word::Logit(j, self.token(term, token)?))
            }
            ("path", [[path], [at, token]]) => self.path(term, path, at, token),
            ("matters", [[circuit], [row, col]]) => self.matters(term, circuit, [row, col]),
            (word, [[dest, src]]) if word.starts_with(['A', 'S']) => self.cell(term, dest, src),
            // a list's own brackets: `a[idx]`
            (word, [_, ..]) if self.is_field_or_list(word) => self.stated(term, Wants::Number),
            _ => self.unknown(term),
        }
    }

    fn is_field_or_list(&self, name: &str) -> bool {
        let mut lists = self.task.groups.iter();
        lists.any(|one| one.name == name) || self.field(name).is_some()
    }

    pub fn unknown<T>(&self, term: &Term) -> Read<T> {
        self.wrong(term, words::written(&term.word))
    }

    pub fn field(&self, name: &str) -> Option<usize> {
        self.task.field(name).map(|field| field.slot)
    }

    pub fn prediction(&self, term: &Term, label: &str) -> Read<usize> {
        let position = self.task.position(label).ok();
        let found = position.and_then(|position| self.task.predicted_at(position));
        let found = found.or_else(|| {
            // an answer that stands nowhere in the prompt has no position to be taken for
            let named = self.task.prediction_named(label)?;
            self.task.answers[named].fed_back.is_none().then_some(named)
        });
        let read = self.task.answers.iter();
        let labels: Vec<String> = read.map(|answer| self.task.label(answer.read_at)).collect();
        match found {
            Some(j) => Ok(j),
            None if labels.is_empty() => self.wrong(
                term,
                "nothing is predicted without a task: name one by --task, or put its file beside the model",
            ),
            None => self.wrong(
                term,
                format!("something is predicted at {} alone", labels.join(" ")),
            ),
        }
    }

    pub fn token(&self, term: &Term, name: &str) -> Read<Named> {
        if let Some(field) = self.field(name) {
            return Ok(Named::Field(field));
        }
        match (name, self.task.classes.named(name)) {
            ("truth", _) => Ok(Named::Truth),
            ("old", _) if self.task.kin().own.iter().any(Option::is_some) => Ok(Named::Old),
            (_, Some(class)) => Ok(Named::Is(class)),
            _ => {
                let fields: Vec<String> = self.task.fields().map(|one| one.to_string()).collect();
                let known = self.task.classes_in_words();
                self.wrong(
                    term,
                    format!(
                        "a token is {known}, truth, old, or a field: {}",
                        fields.join(" ")
                    ),
                )
            }
        }
    }
}

impl Over {
    /// The kinds of answers that name one input.
    pub fn is_extreme(self) -> bool {
        self != Self::Mean
    }
}
