//! The layout's words as places: fields, answers that are fed back, and fixed tokens.

use super::calling::Program;
use super::error::Flaw;
use super::reading::Fields;
use crate::task::{Answer, Group, Place, Token, Vocabulary, shown};

/// What stands where.
#[derive(Debug)]
pub(super) struct Layout {
    pub places: Vec<Place>,
    /// Fields in the order in which they come.
    pub groups: Vec<Group>,
    /// Answers that are fed back, in the order in which they come.
    pub answers: Vec<Answer>,
}

/// One word of the layout.
enum Word {
    Field { field: usize, item: Option<usize> },
    Answer { group: String, item: Option<usize> },
    Fixed(Token),
}

/// A field and the positions at which it stands.
struct Standing {
    field: usize,
    at: Vec<usize>,
    is_list: bool,
}

fn flaw<T>(problem: impl AsRef<str>, remedy: &str) -> Result<T, Flaw> {
    Err(Flaw::of("layout", problem, remedy))
}

/// Finds out what each word is.
pub(super) fn lay(
    program: &Program,
    tokens: &Vocabulary,
    fields: &Fields,
    words: &[String],
) -> Result<Layout, Flaw> {
    let mut all = Vec::new();
    for word in words {
        for word in spelled_out(word)? {
            all.push(of(program, tokens, fields, &word)?);
            if all.len() > 1024 {
                return flaw("more than 1024 positions", "make the prompt shorter");
            }
        }
    }
    let standing = standing(fields, &all)?;
    let mut first_slot = Vec::new();
    let mut groups = Vec::new();
    let mut slot = 0;
    for one in &standing {
        let (name, domain) = &fields[one.field];
        let group = Group {
            name: name.clone(),
            slots: slot..slot + one.at.len(),
            is_list: one.is_list,
            distinct: domain.distinct,
            lengths: lengths(name, domain.lengths.as_ref(), one)?,
        };
        first_slot.push((one.field, slot));
        slot += one.at.len();
        groups.push(group);
    }
    let mut answers: Vec<Answer> = Vec::new();
    let mut places = Vec::new();
    for (position, word) in all.iter().enumerate() {
        places.push(match word {
            Word::Fixed(token) => Place::Fixed(*token),
            Word::Field { field, item } => {
                let first = first_slot.iter().find(|(one, _)| one == field);
                Place::Slot(first.map_or(0, |(_, slot)| *slot) + item.unwrap_or(0))
            }
            Word::Answer { group, item } => {
                answers.push(answer(group, *item, position, &answers)?);
                Place::Answer(answers.len() - 1)
            }
        });
    }
    Ok(Layout {
        places,
        groups,
        answers,
    })
}

fn answer(
    group: &str,
    item: Option<usize>,
    position: usize,
    before: &[Answer],
) -> Result<Answer, Flaw> {
    let name = item.map_or_else(|| group.to_owned(), |item| format!("{group}_{item}"));
    let mine: Vec<&Answer> = before.iter().filter(|one| one.group == group).collect();
    if mine.iter().any(|one| one.name == group) || item.is_none() && !mine.is_empty() {
        let problem = format!("the answer {group} stands in the layout twice");
        return flaw(problem, "number a list of answers, as b_0 b_1 b_2");
    }
    if item.is_some_and(|item| item != mine.len()) {
        let problem = format!("{name} stands where {group}_{} belongs", mine.len());
        return flaw(problem, "number answers from 0 on, in their order");
    }
    if position == 0 {
        let problem = format!("{name} stands first: nothing is before it to be read");
        return flaw(problem, "begin with a token, as BOS");
    }
    Ok(Answer {
        name,
        group: group.into(),
        read_at: position - 1,
        fed_back: Some(position),
    })
}

fn lengths(
    name: &str,
    lengths: Option<&Vec<usize>>,
    standing: &Standing,
) -> Result<Option<Vec<usize>>, Flaw> {
    let Some(lengths) = lengths else {
        return Ok(None);
    };
    let mut sorted = lengths.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let (is_list, places) = (standing.is_list, standing.at.len());
    if !is_list || sorted.last() != Some(&places) || sorted.len() != lengths.len() {
        let problem = format!(
            "{name} has {places} places in the layout, and its lengths are {}",
            lengths
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        );
        let remedy = "lay it out in its greatest length, as c[40], and name each length once";
        return flaw(problem, remedy);
    }
    let together = standing.at.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    if !together {
        let problem = format!("{name} varies in length and stands in several places");
        return flaw(problem, "let it stand in one piece");
    }
    Ok(Some(sorted))
}

/// The fields in the order in which they come, each whole.
fn standing(fields: &Fields, words: &[Word]) -> Result<Vec<Standing>, Flaw> {
    let mut all: Vec<Standing> = Vec::new();
    for (position, word) in words.iter().enumerate() {
        let Word::Field { field, item } = word else {
            continue;
        };
        let name = &fields[*field].0;
        let known = all.iter_mut().find(|one| one.field == *field);
        match (known, item) {
            (None, None | Some(0)) => all.push(Standing {
                field: *field,
                at: vec![position],
                is_list: item.is_some(),
            }),
            (Some(one), Some(item)) if one.is_list && *item == one.at.len() => {
                one.at.push(position);
            }
            (Some(_), None) => {
                let problem = format!("the field {name} stands in the layout twice");
                return flaw(problem, "number the values of a list, as a_0 a_1 a_2");
            }
            (known, Some(item)) => {
                let due = known.map_or(0, |one| one.at.len());
                let problem = format!("{name}_{item} stands where {name}_{due} belongs");
                return flaw(
                    problem,
                    "number the values of a list from 0 on, in their order",
                );
            }
        }
    }
    for (number, (name, _)) in fields.iter().enumerate() {
        if !all.iter().any(|one| one.field == number) {
            let problem = format!("the field {name} stands nowhere in the layout");
            return flaw(problem, "put it where its token is, or take it from fields");
        }
    }
    Ok(all)
}

/// `a[3]` is `a_0 a_1 a_2`.
fn spelled_out(word: &str) -> Result<Vec<String>, Flaw> {
    let Some((name, n)) = word
        .strip_suffix(']')
        .and_then(|word| word.rsplit_once('['))
    else {
        return Ok(vec![word.to_owned()]);
    };
    // [pad] and the like are tokens
    let (false, Ok(n)) = (name.is_empty(), n.parse::<usize>()) else {
        return Ok(vec![word.to_owned()]);
    };
    if !(1..=1024).contains(&n) {
        let problem = format!("'{}' stands for {n} positions", shown(word));
        return flaw(problem, "1 to 1024 are supported");
    }
    Ok((0..n).map(|i| format!("{name}_{i}")).collect())
}

/// A name and the number behind it.
fn numbered(word: &str) -> Option<(&str, usize)> {
    let (name, number) = word.rsplit_once('_')?;
    let is_plain = number == "0" || !number.starts_with('0');
    let digits = is_plain && number.bytes().all(|b| b.is_ascii_digit());
    Some((name, number.parse().ok().filter(|_| digits)?))
}

fn of(program: &Program, tokens: &Vocabulary, fields: &Fields, word: &str) -> Result<Word, Flaw> {
    let quoted = word
        .strip_prefix('\'')
        .and_then(|word| word.strip_suffix('\''));
    if let Some(name) = quoted.filter(|name| !name.is_empty()) {
        return match tokens.named(name) {
            Some(token) => Ok(Word::Fixed(token)),
            None => flaw(format!("'{}' is no token", shown(name)), "add it to tokens"),
        };
    }
    let field = |name: &str| fields.iter().position(|(one, _)| one == name);
    let answers = |name: &str| program.answers(name);
    if let Some(field) = field(word) {
        return Ok(Word::Field { field, item: None });
    }
    if answers(word) {
        let group = word.to_owned();
        return Ok(Word::Answer { group, item: None });
    }
    if let Some((name, item)) = numbered(word) {
        let item = Some(item);
        if let Some(field) = field(name) {
            return Ok(Word::Field { field, item });
        }
        if answers(name) {
            let group = name.to_owned();
            return Ok(Word::Answer { group, item });
        }
    }
    match tokens.named(word) {
        Some(token) => Ok(Word::Fixed(token)),
        None => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            let problem = format!(
                "'{}' is no field ({}), no function and no token",
                shown(word),
                names.join(" ")
            );
            flaw(
                problem,
                "name it in fields or in tokens, or define the function",
            )
        }
    }
}
