//! Intervention lines, one word on.

use super::intervention::Sender;
use super::parse::{VERBS, adds_to, has_subspaces, is_cut};
use crate::lens::names::head::HeadName;
use crate::lens::weights::directions::Directions;
use crate::lens::weights::subspace::CLASSES;
use crate::model::{Axes, Config, HookName, Site};
use crate::task::Task;

/// Lines that are right so far and one word longer, for completion.
#[must_use]
pub fn completions(line: &str, task: Task, config: &Config) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let done = if line.ends_with(char::is_whitespace) {
        words.len()
    } else {
        words.len().saturating_sub(1)
    };
    let stem = words.get(done).copied().unwrap_or("");
    let before = &words[..done];
    let lead: String = before.iter().flat_map(|word| [word, " "]).collect();
    next_words(before, stem, task, config)
        .into_iter()
        .filter(|word| word.starts_with(stem) && word != stem)
        .map(|word| format!("{lead}{word}"))
        .collect()
}

/// What may stand behind these words.
fn next_words(before: &[&str], stem: &str, task: Task, config: &Config) -> Vec<String> {
    let hooks = || HookName::known(config);
    let (verb, name, rest) = match *before {
        [] => return VERBS.map(|(verb, _)| verb.to_owned()).to_vec(),
        ["edge", ref rest @ ..] => return next_of_edge(rest, stem, task, config),
        ["path"] => return next_of_path(stem, config),
        ["path", ..] if before.last() != Some(&"off") => return vec!["off".into()],
        [verb] => {
            return hooks()
                .filter(|hook| verb != "knock" || hook.axes() == Axes::HeadDestSrc)
                .filter(|hook| verb != "add" || adds_to(*hook))
                .filter(|hook| verb != "rank" || is_cut(*hook))
                .filter(|hook| !matches!(verb, "keep" | "remove") || has_subspaces(*hook))
                .map(|hook| hook.to_string())
                .collect();
        }
        [verb, name, ref rest @ ..] => (verb, name, rest),
    };
    let Some(hook) = hooks().find(|hook| hook.to_string() == name) else {
        return Vec::new();
    };
    let tail = match verb {
        "patch" => "from",
        "scale" => "by",
        "set" | "rule" => "=",
        "mean" => "over",
        "resample" => "keep",
        "add" => "W_U[0]",
        "rank" => "to",
        _ => "",
    };
    match *rest {
        [] => next_targets(hook, stem, task),
        [_, ref more @ ..] if matches!(verb, "keep" | "remove") => of_subspace(hook, more, config),
        [_] if hook.axes() != Axes::Pos => owned(&[tail, "head"]),
        [_] if hook.has_neurons() => owned(&[tail, "neuron"]),
        [_] | [_, "head" | "neuron", _] => owned(&[tail]),
        [_, "neuron"] => owned(&["0"]),
        [_, "head"] => (0..config.n_heads).map(|head| head.to_string()).collect(),
        [.., "to"] => owned(&["1"]),
        [target, .., "="] if verb == "rule" => of_rule(task, hook, target),
        [.., direction] if verb == "add" && direction.ends_with(']') => owned(&["by"]),
        _ => of_taken(rest, task),
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// Fields of a task, and all of them together.
fn fields_of(task: Task) -> Vec<String> {
    let names: Vec<String> = task.fields().map(|field| field.to_string()).collect();
    let all = (names.len() > 1).then(|| names.join(","));
    names.iter().cloned().chain(all).collect()
}

/// What may stand behind the words that say where something is taken from.
fn of_taken(words: &[&str], task: Task) -> Vec<String> {
    owned(match words {
        [.., "example"] => &["1"],
        [.., "over"] => &["sample", "space"],
        [.., "keep" | "given"] => return fields_of(task),
        [.., "sample" | "space"] => &["given"],
        [.., "keep", _] => &["seed"],
        [.., "from"] => &["clean", "corrupted", "example"],
        _ => &[],
    })
}

/// What may stand behind the target of a projection.
fn of_subspace(hook: HookName, words: &[&str], config: &Config) -> Vec<String> {
    match words {
        [] if hook == HookName::Logits => owned(&["frequencies"]),
        [] => owned(&["pca", "frequencies", "span"]),
        [_] if hook == HookName::Logits => owned(&[CLASSES]),
        [kind] => {
            let all = Directions::all(config).into_iter();
            let fit = all.filter(|of| *kind != "frequencies" || of.has_waves(config));
            fit.map(Directions::name).collect()
        }
        ["span", ..] => Vec::new(),
        [_, _] => owned(&["1"]),
        _ => Vec::new(),
    }
}

/// What a rule may say of a target: each is a rule as it stands, to be made one's own.
fn of_rule(task: Task, hook: HookName, target: &str) -> Vec<String> {
    let mut groups = task.groups.iter();
    let group = groups.clone().find(|group| !group.is_list);
    let field = group.or_else(|| groups.next());
    let field = field.map_or("0", |group| group.name.as_str());
    let first = task.label(0);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let first = match first.chars().all(is_name) {
        true => first,
        false => format!("\"{first}\""),
    };
    // of scores a row is a list of numbers, which nobody wants to have begun
    let is_row = target.ends_with(",*]");
    let is_pattern = matches!(hook, HookName::Block(_, Site::Pattern));
    let mut all = match is_row {
        true if !is_pattern => Vec::new(),
        true => vec![
            format!("one({first})"),
            format!("uniform({first})"),
            format!("weights({{{first}:1}})"),
        ],
        false => vec!["0".into(), "1".into()],
    };
    all.push(format!("mean({field})"));
    all.push(format!("as_if({field}={field})"));
    all
}

/// What may stand behind `edge`: every edge there is, then what becomes of it.
fn next_of_edge(rest: &[&str], stem: &str, task: Task, config: &Config) -> Vec<String> {
    match *rest {
        [] => {
            let mut all = Vec::new();
            for layer in 0..config.n_layers {
                let sites = [
                    ("Q", Site::QInput),
                    ("K", Site::KInput),
                    ("V", Site::VInput),
                    ("M", Site::MlpIn),
                ];
                for from in senders(config) {
                    let reads = |(_, site): &(&str, Site)| {
                        let there = config.has_site(*site);
                        there && from.reaches(HookName::Block(layer, *site), config)
                    };
                    let read = sites.into_iter().filter(reads);
                    all.extend(read.map(|(to, _)| format!("{from}->{to}{layer}")));
                }
            }
            all.extend(senders(config).map(|from| format!("{from}->logits")));
            all
        }
        [_] if stem.starts_with('@') => positions(stem, task),
        [_] | [_, _] if !rest[rest.len() - 1].starts_with(['o', 'f', 'm', 'r', '=']) => {
            owned(&["off", "from", "mean", "resample", "="])
        }
        [.., "="] => of_rule(task, HookName::Embed, ""),
        [.., "mean"] => owned(&["over"]),
        [.., "resample"] => owned(&["keep"]),
        _ => of_taken(rest, task),
    }
}

/// Paths that go on from what is typed of one.
fn next_of_path(stem: &str, config: &Config) -> Vec<String> {
    let typed = stem.rfind('>').map_or("", |end| &stem[..=end]);
    let mut all: Vec<String> = Vec::new();
    if typed.is_empty() {
        all.push("direct".into());
    }
    let last = typed.trim_end_matches('>').rsplit('>').next();
    let last = last.and_then(|word| HeadName::parse(word, config).ok());
    let later =
        HeadName::all(config).filter(|head| last.is_none_or(|last| head.layer > last.layer));
    all.extend(later.map(|head| format!("{typed}{head}")));
    all
}

/// What writes into the stream, layer by layer.
fn senders(config: &Config) -> impl Iterator<Item = Sender> + use<> {
    let mlp = config.mlp;
    let layers = (0..config.n_layers).flat_map(move |layer| {
        let mlp = mlp.map(|_| Sender::Mlp(layer));
        std::iter::once(Sender::Layer(layer)).chain(mlp)
    });
    std::iter::once(Sender::Embed).chain(layers)
}

/// Positions that go on from what is typed of some.
fn positions(stem: &str, task: Task) -> Vec<String> {
    let all = std::iter::once("*".to_owned()).chain(task.labels());
    let typed = stem.rfind(',').map_or("@", |comma| &stem[..=comma]);
    all.map(|label| format!("{typed}{label}")).collect()
}

/// The targets of a hook that go on from what is typed of one.
fn next_targets(hook: HookName, stem: &str, task: Task) -> Vec<String> {
    if hook.axes() != Axes::HeadDestSrc {
        return positions(stem, task);
    }
    let all = std::iter::once("*".to_owned()).chain(task.labels());
    match stem.split_once(',') {
        Some((dest, _)) => all.map(|label| format!("{dest},{label}]")).collect(),
        None => all.map(|label| format!("[{label},")).collect(),
    }
}
