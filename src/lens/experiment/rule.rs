//! The lines of rules: what stands in place of a part of an activation is read, and tried on some
//! inputs.

use super::intervention::{Averaged, From, Intervention, Target};
use super::supposed::Supposed;
use super::words::{Result, Words};
use crate::model::{Axes, Config, HookName, Site};
use crate::task::{AsIf, Called, Expression, Given, Task, Values, shown};

/// The form of a rule's line.
pub(crate) const FORM: &str = "rule HOOK TARGET [head N] = EXPRESSION|mean(EXPRESSION) [over space]|as_if(FIELD=EXPRESSION,..)";

/// What an expression's value is at a hook point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// The same everywhere.
    Number(f64),
    /// A number for each position that is attended to, or for each place of a vector.
    Row(Vec<f64>),
}

/// What a value puts at a hook point's part.
///
/// # Errors
/// Says what the value is and what is needed there.
pub(crate) fn part(
    (task, config): (Task, &Config),
    (hook, target): (HookName, &Target),
    value: &Given,
) -> std::result::Result<Part, String> {
    if let Target::Cell { dest, src: None } = *target {
        let row = row(task, hook, value)?;
        let len = task.seq_len();
        let queries = dest.map_or(0..len, |dest| dest..dest + 1);
        for query in queries.filter(|_| config.is_causal()) {
            if let Some(later) = (query + 1..len).find(|&src| row[src] != 0.0) {
                return Err(format!(
                    "{} comes before {} and cannot attend to it",
                    task.label(query),
                    task.label(later)
                ));
            }
        }
        return Ok(Part::Row(row));
    }
    let finite = |value: &Given| value.number().filter(|number| number.is_finite());
    if let Some(number) = finite(value) {
        return Ok(Part::Number(number));
    }
    let width = config.width(hook);
    let list = match value {
        Given::List(items) if hook.axes() != Axes::HeadDestSrc => {
            items.iter().map(finite).collect::<Option<Vec<f64>>>()
        }
        _ => None,
    };
    match list.filter(|list| list.len() == width) {
        Some(list) => Ok(Part::Row(list)),
        None if hook.axes() == Axes::HeadDestSrc => Err(format!(
            "a cell takes a number, and this is {}; [dest,*] takes a row",
            told(value)
        )),
        None => Err(format!(
            "{hook} takes a number or a list of {width}, and this is {}",
            told(value)
        )),
    }
}

/// How much of each position there is: as a list with a number for each, or of pairs.
fn row(task: Task, hook: HookName, value: &Given) -> std::result::Result<Vec<f64>, String> {
    let len = task.seq_len();
    let wrong = || {
        format!(
            "a row takes one(POSITION), uniform(..), weights({{POSITION: WEIGHT}}) or a list of {len} \
             numbers, and this is {}",
            told(value)
        )
    };
    let Given::List(items) = value else {
        return Err(wrong());
    };
    let numbers: Option<Vec<f64>> = items.iter().map(Given::number).collect();
    if let Some(numbers) = numbers {
        let fits = numbers.len() == len && numbers.iter().all(|number| number.is_finite());
        return if fits { Ok(numbers) } else { Err(wrong()) };
    }
    if !matches!(hook, HookName::Block(_, Site::Pattern)) {
        let problem = "one(..), uniform(..) and weights(..) are rows of hook_pattern";
        return Err(format!("{problem}; {hook} takes a list of {len} numbers"));
    }
    let mut row = vec![0.0; len];
    for item in items {
        let Given::List(pair) = item else {
            return Err(wrong());
        };
        let [at, share] = &pair[..] else {
            return Err(wrong());
        };
        let position = match at {
            Given::Word(label) => task.position(label).map_err(|error| error.to_string())?,
            number => number.index().filter(|&at| at < len).ok_or_else(|| {
                format!(
                    "{number} is no position; they are numbered 0 to {}",
                    len - 1
                )
            })?,
        };
        row[position] += share.number().ok_or_else(wrong)?;
    }
    Ok(row)
}

/// A value in a message.
fn told(value: &Given) -> String {
    match value {
        Given::List(items) if items.len() > 4 => format!("a list of {}", items.len()),
        Given::Word(word) => format!("'{}'", shown(word)),
        value => shown(&value.to_string()),
    }
}

impl Words<'_> {
    /// What stands behind the sign of equality of a rule at this place.
    pub fn supposed(
        &mut self,
        (task, config): (Task, &Config),
        (hook, target): (HookName, &Target),
    ) -> Result<From> {
        let (text, at) = self.rest("an expression")?;
        let mean = [
            (" over space", Averaged::Space),
            (" over sample", Averaged::Sample),
        ];
        let mean =
            mean.map(|(tail, over)| text.strip_suffix(tail).map(|text| (text.trim_end(), over)));
        let (text, over) = mean
            .into_iter()
            .flatten()
            .next()
            .unwrap_or((text, Averaged::Sample));
        let called = Called::of(text);
        match &called {
            Some(called) if called.name == "mean" => {
                let [(None, range)] = &called.given[..] else {
                    return self.wrong_at(
                        at,
                        task.in_names("mean takes one expression: mean({field})"),
                    );
                };
                let given = Expression::parse(task, &text[range.clone()], &[]);
                let given = given.or_else(|mut error| {
                    error.at += range.start;
                    self.wrong_expression(at, &error)
                })?;
                return Ok(From::Mean(over, given.into()));
            }
            Some(called) if called.name == AsIf::NAME => {
                let as_if = AsIf::parse(task, text, called);
                let as_if = as_if.or_else(|error| self.wrong_expression(at, &error))?;
                return Ok(From::Supposed(Supposed::AsIf(as_if)));
            }
            _ => {}
        }
        let expression = match target {
            Target::Cell { src: None, .. } => Expression::of_positions(task, text),
            _ => Expression::parse(task, text, &[]),
        };
        let expression = expression.or_else(|error| self.wrong_expression(at, &error))?;
        let tried = expression.tried();
        let values = expression.values(&tried, &[]);
        let values = values.or_else(|error| self.wrong_expression(at, &error))?;
        for (input, value) in tried.iter().zip(&values) {
            if let Err(problem) = part((task, config), (hook, target), value) {
                return self.wrong_at(at, format!("{problem} (for {input})"));
            }
        }
        Ok(From::Supposed(Supposed::Said(expression)))
    }
}

impl Intervention {
    /// What the row that a rule says of an input sums to, where it says one.
    #[must_use]
    pub fn row_sum(&self, input: &Values) -> Option<f64> {
        let Some(Supposed::Said(expression)) = self.supposes() else {
            return None;
        };
        let is_row = matches!(self.target, Target::Cell { src: None, .. });
        let inputs = std::slice::from_ref(input);
        let values = is_row.then(|| expression.values(inputs, &[]).ok())??;
        let row = row(expression.task(), self.hook, values.first()?).ok()?;
        Some(row.iter().sum())
    }

    /// What a rule says of each input, if this is one.
    #[must_use]
    pub fn supposes(&self) -> Option<&Supposed> {
        match self.taken_from() {
            Some((From::Supposed(supposed), _)) => Some(supposed),
            _ => None,
        }
    }
}
