//! A task file that was run, read as a task without its rule.

use super::Sizes;
use super::calling::Program;
use super::error::Flaw;
use super::globals::domain;
use super::layout::{self, Layout};
use super::values::{Domain, list, meaning, named};
use crate::task::{Group, Meaning, Place, Rule, Slot, Spec, Token, Vocabulary, shown};
use starlark::values::dict::DictRef;
use starlark::values::{FrozenValue, Value};

/// A prompt has at most so many positions.
const MAX_POSITIONS: usize = 1024;
/// So many tokens, and so many classes, a task may have.
const MAX_TOKENS: usize = 8192;

/// A field's name and what it may hold.
pub(super) type Fields = Vec<(String, Domain)>;

/// A function of the file that says what is right, and which answers it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub name: String,
    /// Its answers, as numbers among the task's.
    pub answers: Vec<usize>,
    pub is_list: bool,
}

/// The task without what its functions say, and what they are asked.
pub(super) fn read(program: &Program, sizes: &Sizes) -> Result<(Spec, Vec<Asked>), Flaw> {
    if let Some((name, said)) = program.mistyped() {
        let problem = format!("{} says nothing of a task", shown(&name));
        let remedy = format!("did you mean {said}? A name of your own is less like it");
        return Err(Flaw::of(&name, problem, remedy));
    }
    let tokens = match program.get("tokens") {
        Some(value) => vocabulary("tokens", value)?,
        None => {
            let remedy = "write tokens = numbers(50) + [\"BOS\"], what each token id stands for";
            return Err(Flaw::whole("there are no tokens", remedy));
        }
    };
    let classes = match program.get("classes") {
        Some(value) => vocabulary("classes", value)?,
        None => first(&tokens, sizes.d_vocab_out),
    };
    let fields = fields(program)?;
    let words = words(program)?;
    if words.len() > MAX_POSITIONS {
        let problem = format!(
            "{} positions; at most {MAX_POSITIONS} are supported",
            words.len()
        );
        return Err(Flaw::of("layout", problem, "make the prompt shorter"));
    }
    let pad = pad(program, &tokens)?;
    let laid = layout::lay(program, &tokens, &fields, &words)?;
    let slots = slots(&tokens, &fields, &laid)?;
    let mut spec = spec(program, tokens, classes, slots, laid, pad)?;
    let asked = super::answers::answers(program, &mut spec)?;
    Ok((spec, asked))
}

fn spec(
    program: &Program,
    vocabulary: Vocabulary,
    classes: Vocabulary,
    slots: Vec<Slot>,
    laid: Layout,
    pad: Option<Token>,
) -> Result<Spec, Flaw> {
    let lists = laid.groups.iter().filter(|one| one.lengths.is_some());
    let lists: Vec<&Group> = lists.collect();
    if let (Some(_), None) = (lists.first(), pad) {
        let remedy = "write pad = \"[pad]\", the token that fills the rest of a prompt";
        return Err(Flaw::of(
            "fields",
            "a field's length varies, and there is no pad",
            remedy,
        ));
    }
    if lists.len() > 1 {
        lists.iter().try_for_each(|one| ended(one, &slots, &laid))?;
    }
    if let Some(pad) = pad
        && let Some(slot) = slots.iter().find(|slot| slot.values.contains(&pad))
    {
        let problem = format!("{} may hold the pad token", slot.name);
        return Err(Flaw::of("pad", problem, "choose a pad that is no value"));
    }
    let mut once_a_batch = Vec::new();
    for name in names(program, "once_a_batch")? {
        let Some(group) = laid.groups.iter().find(|group| group.name == name) else {
            let problem = format!("there is no field '{}'", shown(&name));
            return Err(Flaw::of("once_a_batch", problem, "name fields"));
        };
        once_a_batch.extend(group.slots.clone());
    }
    Ok(Spec {
        name: String::new(),
        options: Vec::new(),
        labels: Vec::new(),
        vocabulary,
        classes,
        places: laid.places,
        slots,
        groups: laid.groups,
        answers: laid.answers,
        rule: Rule::None,
        pad,
        bidirectional: truth(program, "bidirectional")?,
        once_a_batch,
        exists: None,
        draw: None,
        one_output: false,
        notes: Vec::new(),
    })
}

fn slots(tokens: &Vocabulary, fields: &Fields, laid: &Layout) -> Result<Vec<Slot>, Flaw> {
    let mut slots = Vec::new();
    for group in &laid.groups {
        let Some((name, domain)) = fields.iter().find(|(name, _)| *name == group.name) else {
            continue;
        };
        let values = values(tokens, name, domain)?;
        if domain.distinct && values.len() < group.slots.len() {
            let problem = format!(
                "{} different values for {name} are needed, and there are {}",
                group.slots.len(),
                values.len()
            );
            return Err(Flaw::of(
                "fields",
                problem,
                "give it more values, or fewer places",
            ));
        }
        for i in 0..group.slots.len() {
            slots.push(Slot {
                name: if group.is_list {
                    format!("{name}_{i}")
                } else {
                    name.clone()
                },
                values: values.clone(),
            });
        }
    }
    Ok(slots)
}

fn values(tokens: &Vocabulary, name: &str, domain: &Domain) -> Result<Vec<Token>, Flaw> {
    let mut values = Vec::with_capacity(domain.values.len());
    let mut seen = std::collections::HashSet::new();
    for one in &domain.values {
        let Some(token) = tokens.token(one) else {
            let problem = format!("{name} may hold {}, which is no token", shown(&one.name()));
            return Err(Flaw::of(
                "fields",
                problem,
                "add it to tokens, or take it from the field",
            ));
        };
        if !seen.insert(token) {
            let problem = format!("{name} may hold {} twice", shown(&one.name()));
            return Err(Flaw::of("fields", problem, "name each value once"));
        }
        values.push(token);
    }
    if values.is_empty() {
        let problem = format!("{name} may hold nothing");
        return Err(Flaw::of("fields", problem, "give it values"));
    }
    Ok(values)
}

fn vocabulary(name: &str, value: FrozenValue) -> Result<Vocabulary, Flaw> {
    let Some(items) = list(value.to_value()) else {
        let problem = format!("{name} is {}, and no list", named(value.to_value()));
        return Err(Flaw::of(name, problem, "list what each id stands for"));
    };
    if !(1..=MAX_TOKENS).contains(&items.len()) {
        let problem = format!("{} {name}; 1 to {MAX_TOKENS} are supported", items.len());
        return Err(Flaw::of(name, problem, "list what each id stands for"));
    }
    let mut meanings = Vec::with_capacity(items.len());
    for (id, &item) in items.iter().enumerate() {
        match meaning(item) {
            Some(Meaning::Word(word)) if word.is_empty() || word.len() > 64 => {
                let problem = format!("{name}[{id}] is a text of {} letters", word.len());
                return Err(Flaw::of(name, problem, "1 to 64 are supported"));
            }
            Some(meaning) => meanings.push(meaning),
            None => {
                let problem = format!("{name}[{id}] is {}, no number and no text", named(item));
                return Err(Flaw::of(
                    name,
                    problem,
                    "write numbers and texts, as 7 or \"BOS\"",
                ));
            }
        }
    }
    let made = Vocabulary::new(meanings);
    made.map_err(|error| Flaw::of(name, format!("{error:#}"), "give each its own name"))
}

/// The first of the tokens, where so many can be said.
fn first(tokens: &Vocabulary, d_vocab_out: Option<usize>) -> Vocabulary {
    let n = d_vocab_out.unwrap_or(tokens.len()).clamp(1, tokens.len());
    Vocabulary::new(tokens.meanings()[..n].to_vec()).unwrap_or_default()
}

fn fields(program: &Program) -> Result<Fields, Flaw> {
    let Some(value) = program.get("fields") else {
        return Ok(Vec::new());
    };
    let Some(dict) = DictRef::from_value(value.to_value()) else {
        let problem = format!("fields is {}, and no dict", named(value.to_value()));
        return Err(Flaw::of(
            "fields",
            problem,
            "write fields = {\"a\": below(50)}",
        ));
    };
    let mut fields = Vec::new();
    for (key, value) in dict.iter() {
        let Some(name) = key.unpack_str().filter(|name| is_name(name)) else {
            let problem = format!("{} cannot name a field", named(key));
            return Err(Flaw::of(
                "fields",
                problem,
                "a name is of letters, digits and _",
            ));
        };
        let held = domain(value);
        let held = held.map_err(|error| Flaw::of("fields", format!("{name}: {error:#}"), ""))?;
        fields.push((name.to_owned(), held));
    }
    Ok(fields)
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= 64
}

/// The words of the layout: split at blanks only, so that a line break is a word.
fn words(program: &Program) -> Result<Vec<String>, Flaw> {
    let Some(value) = program.get("layout") else {
        let remedy = "write layout = \"BOS a_0 a_1 b_0 b_1\", what stands at each position";
        return Err(Flaw::whole("there is no layout", remedy));
    };
    let words = match value.to_value().unpack_str() {
        Some(text) => text
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        None => texts("layout", value.to_value())?,
    };
    if words.is_empty() {
        return Err(Flaw::of(
            "layout",
            "the layout is empty",
            "say what stands at each position",
        ));
    }
    Ok(words)
}

fn texts(name: &str, value: Value<'_>) -> Result<Vec<String>, Flaw> {
    let Some(items) = list(value) else {
        let problem = format!("{name} is {}", named(value));
        return Err(Flaw::of(name, problem, "write a text or a list of texts"));
    };
    let text = |&item: &Value<'_>| match meaning(item) {
        Some(Meaning::Word(word)) => Ok(word),
        Some(number) => Ok(number.name()),
        None => {
            let problem = format!("{name} holds {}", named(item));
            Err(Flaw::of(name, problem, "write a list of texts"))
        }
    };
    items.iter().map(text).collect()
}

fn names(program: &Program, name: &str) -> Result<Vec<String>, Flaw> {
    match program.get(name) {
        Some(value) => texts(name, value.to_value()),
        None => Ok(Vec::new()),
    }
}

fn truth(program: &Program, name: &str) -> Result<Option<bool>, Flaw> {
    let Some(value) = program.get(name) else {
        return Ok(None);
    };
    if value.is_none() {
        return Ok(None);
    }
    match value.unpack_bool() {
        Some(truth) => Ok(Some(truth)),
        None => {
            let problem = format!("{name} is {}", named(value.to_value()));
            Err(Flaw::of(name, problem, "write True or False"))
        }
    }
}

/// Where several lists vary in length a token says where each ends.
fn ended(list: &Group, slots: &[Slot], laid: &Layout) -> Result<(), Flaw> {
    let mut places = laid.places.iter();
    let last = list.slots.end.saturating_sub(1);
    let at = places.position(|place| *place == Place::Slot(last));
    let behind = at.and_then(|at| laid.places.get(at + 1));
    let ends = match behind {
        None => true,
        Some(Place::Fixed(token)) => !slots[last].values.contains(token),
        Some(_) => false,
    };
    if ends {
        return Ok(());
    }
    let problem = format!(
        "several lists vary in length, and nothing says where {} ends",
        list.name
    );
    let remedy = "put a token behind it that is none of its values, as +";
    Err(Flaw::of("layout", problem, remedy))
}

fn pad(program: &Program, tokens: &Vocabulary) -> Result<Option<Token>, Flaw> {
    let Some(value) = program.get("pad").filter(|value| !value.is_none()) else {
        return Ok(None);
    };
    let token = meaning(value.to_value()).and_then(|meaning| tokens.token(&meaning));
    match token {
        Some(token) => Ok(Some(token)),
        None => {
            let problem = format!("pad is {}, which is no token", named(value.to_value()));
            Err(Flaw::of("pad", problem, "name one of the tokens"))
        }
    }
}
