//! Where the model is asked, and for what.

use super::calling::Program;
use super::error::Flaw;
use super::reading::Asked;
use super::values::{list, named};
use crate::task::{Answer, Place, Spec, shown};
use starlark::values::Value;
use starlark::values::dict::DictRef;

/// Gives a task its labels and all its answers, in the order of where they are read.
pub(super) fn answers(program: &Program, spec: &mut Spec) -> Result<Vec<Asked>, Flaw> {
    spec.labels = labels(spec);
    let mut asked = fed_back(spec);
    let given = program.get("answers");
    if let Some(given) = given {
        let Some(dict) = DictRef::from_value(given.to_value()) else {
            let problem = format!("answers is {}, and no dict", named(given.to_value()));
            return Err(Flaw::of(
                "answers",
                problem,
                "write answers = {\"least\": \"=\"}",
            ));
        };
        for (key, value) in dict.iter() {
            asked.push(read_at(program, spec, &asked, key, value)?);
        }
    }
    if asked.is_empty()
        && let Some(name) = the_one(program)?
    {
        let last = spec.places.len() - 1;
        asked.push(push(spec, &name, &[last], false));
    }
    in_order(spec, &mut asked);
    check(spec)?;
    Ok(asked)
}

fn labels(spec: &Spec) -> Vec<String> {
    Spec::named_positions(&spec.vocabulary, &spec.places, &spec.slots, &spec.answers)
}

/// The answers that stand in the layout.
fn fed_back(spec: &Spec) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    for (number, answer) in spec.answers.iter().enumerate() {
        match asked.iter_mut().find(|one| one.name == answer.group) {
            Some(one) => one.answers.push(number),
            None => asked.push(Asked {
                name: answer.group.clone(),
                answers: vec![number],
                is_list: answer.name != answer.group,
            }),
        }
    }
    asked
}

fn push(spec: &mut Spec, name: &str, positions: &[usize], is_list: bool) -> Asked {
    let first = spec.answers.len();
    for (i, &position) in positions.iter().enumerate() {
        spec.answers.push(Answer {
            name: if is_list {
                format!("{name}_{i}")
            } else {
                name.to_owned()
            },
            group: name.to_owned(),
            read_at: position,
            fed_back: None,
        });
    }
    Asked {
        name: name.into(),
        answers: (first..first + positions.len()).collect(),
        is_list,
    }
}

/// One entry of `answers`: a function and where it is read.
fn read_at(
    program: &Program,
    spec: &mut Spec,
    before: &[Asked],
    key: Value<'_>,
    value: Value<'_>,
) -> Result<Asked, Flaw> {
    let name = key.unpack_str().unwrap_or("");
    if !program.answers(name) {
        let problem = format!("{} is no function of this file", named(key));
        return Err(Flaw::of(
            "answers",
            problem,
            "name a function that says what is right",
        ));
    }
    if before.iter().any(|one| one.name == name) {
        let problem = format!("{name} stands in the layout, and in answers");
        let remedy = "what stands in the layout is read one position before it";
        return Err(Flaw::of("answers", problem, remedy));
    }
    let (positions, is_list) = match list(value) {
        Some(items) => {
            let each = items.iter().map(|&item| positions(spec, item));
            let each = each.collect::<Result<Vec<_>, _>>()?;
            (each.into_iter().flat_map(|(at, _)| at).collect(), true)
        }
        None => positions(spec, value)?,
    };
    if positions.is_empty() {
        let problem = format!("{name} is read nowhere");
        return Err(Flaw::of("answers", problem, "name a position"));
    }
    Ok(push(spec, name, &positions, is_list))
}

/// The positions that a label, a field or a number names, and whether these are a list.
fn positions(spec: &Spec, value: Value<'_>) -> Result<(Vec<usize>, bool), Flaw> {
    let last = spec.places.len() as i64;
    if let Some(number) = value.unpack_i32().map(i64::from) {
        let at = if number < 0 { number + last } else { number };
        if (0..last).contains(&at) {
            return Ok((vec![at as usize], false));
        }
    }
    if let Some(word) = value.unpack_str() {
        // a label as it is shown, or the token that stands there
        let label = spec.labels.iter().position(|label| label == word);
        let token = spec.vocabulary.named(word);
        let fixed = || {
            spec.places
                .iter()
                .position(|place| Some(*place) == token.map(Place::Fixed))
        };
        let group = spec.groups.iter().find(|group| group.name == word);
        if let Some(at) = label {
            return Ok((vec![at], false));
        }
        if let Some(group) = group {
            let at = group
                .slots
                .clone()
                .filter_map(|slot| spec.position_of_slot(slot));
            return Ok((at.collect(), group.is_list));
        }
        if let Some(at) = fixed() {
            return Ok((vec![at], false));
        }
    }
    let problem = format!("there is no position {}", named(value));
    let remedy = format!(
        "the positions are {}, or 0 to {}",
        shown_all(&spec.labels),
        last - 1
    );
    Err(Flaw::of("answers", problem, remedy))
}

fn shown_all(labels: &[String]) -> String {
    let all: Vec<String> = labels.iter().map(|label| shown(label)).collect();
    match &all[..] {
        [first @ .., last] if first.len() > 24 => format!("{} .. {last}", first[..24].join(" ")),
        _ => all.join(" "),
    }
}

/// The only function that can be meant, where neither layout nor `answers` names one.
fn the_one(program: &Program) -> Result<Option<String>, Flaw> {
    let functions = program.source.functions.iter();
    let public = functions.filter(|one| program.answers(&one.name));
    let public: Vec<&str> = public.map(|one| one.name.as_str()).collect();
    match public[..] {
        [] => Ok(None),
        [one] => Ok(Some(one.to_owned())),
        [one, ..] => {
            let problem = format!(
                "which function says what is right? There are {}",
                public.join(" ")
            );
            let remedy = format!(
                "write answers = {{\"{one}\": -1}}, or begin the names of the others with _"
            );
            Err(Flaw::of(one, problem, remedy))
        }
    }
}

/// Sorts the answers by where they are read; places and questions follow.
fn in_order(spec: &mut Spec, asked: &mut [Asked]) {
    let mut order: Vec<usize> = (0..spec.answers.len()).collect();
    order.sort_by_key(|&number| spec.answers[number].read_at);
    let now = |number: usize| {
        order
            .iter()
            .position(|&one| one == number)
            .unwrap_or(number)
    };
    for place in &mut spec.places {
        if let Place::Answer(number) = place {
            *number = now(*number);
        }
    }
    for one in asked {
        for number in &mut one.answers {
            *number = now(*number);
        }
    }
    spec.answers = order
        .iter()
        .map(|&number| spec.answers[number].clone())
        .collect();
}

fn check(spec: &Spec) -> Result<(), Flaw> {
    for pair in spec.answers.windows(2) {
        if pair[0].read_at == pair[1].read_at {
            let problem = format!(
                "{} and {} are read at the same position",
                pair[0].name, pair[1].name
            );
            return Err(Flaw::of(
                "answers",
                problem,
                "read each at a position of its own",
            ));
        }
    }
    let behind = spec.answers.iter().find(|answer| {
        let place = spec.places[answer.read_at];
        answer.fed_back.is_some() && matches!(place, Place::Slot(slot) if spec.in_list(slot))
    });
    if let Some(answer) = behind {
        let problem = format!(
            "{} stands right behind a list, and how long that is varies",
            answer.name
        );
        let remedy = "put a token between them that is always there, as =";
        return Err(Flaw::of("layout", problem, remedy));
    }
    let lost = spec.answers.iter().find_map(|answer| {
        let Place::Slot(slot) = spec.places[answer.read_at] else {
            return None;
        };
        let mut groups = spec.groups.iter();
        let group = groups.find(|group| group.slots.contains(&slot))?;
        let least = group.lengths.as_ref()?.iter().min().copied().unwrap_or(0);
        let is_alone = answer.name == answer.group;
        (is_alone && slot - group.slots.start >= least).then_some((answer, slot, group))
    });
    if let Some((answer, slot, group)) = lost {
        let problem = format!(
            "{} is read at {}, where {} may have ended",
            answer.name, spec.slots[slot].name, group.name
        );
        let remedy = format!(
            "read it at a token that is always there, or as a list at each value of {}",
            group.name
        );
        return Err(Flaw::of("answers", problem, remedy));
    }
    let mut names: Vec<&str> = spec.slots.iter().map(|slot| slot.name.as_str()).collect();
    names.extend(spec.answers.iter().map(|answer| answer.name.as_str()));
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let problem = format!("two things have the name {}", pair[0]);
            Err(Flaw::of("fields", problem, "give one of them another name"))
        }
        None => Ok(()),
    }
}
