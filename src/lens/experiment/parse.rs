//! Intervention lines, read word by word; an error points at the word that is wrong.

use super::intervention::{Action, From, Intervention, Sender, StreamDirection, Target};
use super::rule::FORM;
use super::words::{Result, Words};
use crate::lens::names::path::PathName;
use crate::lens::weights::subspace::Subspace;
use crate::model::{Axes, Config, HookName, Site, edit_distance};
use crate::task::{Task, shown};

/// The verbs, with the form of their lines.
pub const VERBS: [(&str, &str); 14] = [
    (
        "patch",
        "patch HOOK TARGET [head N] from clean|corrupted|example N",
    ),
    ("zero", "zero HOOK TARGET [head N]"),
    (
        "mean",
        "mean HOOK TARGET [head N] over sample|space [given FIELDS|EXPRESSION]",
    ),
    (
        "resample",
        "resample HOOK TARGET [head N] keep FIELDS|EXPRESSION|nothing [seed N]",
    ),
    ("scale", "scale HOOK TARGET [head N] by NUMBER"),
    (
        "add",
        "add HOOK TARGET [head N] W_E[T]|W_U[T]|W_pos[P] by NUMBER",
    ),
    ("set", "set HOOK TARGET [head N] = NUMBER"),
    ("rule", FORM),
    ("knock", "knock HOOK [dest,src] [head N]"),
    ("rank", "rank HOOK TARGET [head N] to R"),
    (
        "keep",
        "keep HOOK TARGET span NAME | pca NAME K | frequencies NAME K K ..",
    ),
    (
        "remove",
        "remove HOOK TARGET span NAME | pca NAME K | frequencies NAME K K ..",
    ),
    (
        "edge",
        "edge embed|LN|LN.H->QN|KN|VN|logits [@POS] off|from RUN|mean over ..|resample keep ..|= RULE",
    ),
    (
        "path",
        "path direct|L.H>L.H|pos>L.H|b_V.L.H|b_O.L [@POS] off",
    ),
];

impl Intervention {
    /// An intervention from its line.
    ///
    /// # Errors
    /// Points at the first wrong word and shows what would be right there.
    pub fn parse(line: &str, task: Task, config: &Config) -> Result<Self> {
        let mut words = Words::new(line)?;
        let (verb, form) = words.verb()?;
        words.form = form;
        if verb == "edge" {
            return words.edge(task, config);
        }
        if verb == "path" {
            return words.path(task, config);
        }
        let hook = words.hook(config)?;
        if verb == "knock" && hook.axes() != Axes::HeadDestSrc {
            return words.wrong(format!(
                "{hook} has no attention cells; knock works on hook_pattern and hook_attn_scores"
            ));
        }
        if verb == "rank" && !is_cut(hook) {
            return words.wrong(format!(
                "{hook} belongs to no circuit; rank cuts OV at hook_v and QK at hook_q"
            ));
        }
        let target = words.target(task, hook)?;
        let head = words.head(hook, config)?;
        let action = match verb {
            "patch" => {
                words.keyword("from")?;
                Action::Patch(words.from()?)
            }
            "mean" => Action::Patch(words.mean(task)?),
            "resample" => Action::Patch(words.resample(task)?),
            "add" => {
                if !adds_to(hook) {
                    words.at = 2;
                    return words.wrong(format!(
                        "{hook} is not as wide as the residual stream, so no direction of it can be added"
                    ));
                }
                let direction = words.direction(task)?;
                words.keyword("by")?;
                Action::Add(direction, words.number()?)
            }
            "rank" => {
                words.keyword("to")?;
                let rank = words.whole("a number of directions")? as usize;
                if rank > config.d_head {
                    let most = config.d_head;
                    return words.wrong(format!("rank {rank} is not from 0 to {most}"));
                }
                Action::Rank(rank)
            }
            "keep" | "remove" => {
                if !has_subspaces(hook) {
                    words.at = 2;
                    return words.wrong(format!(
                        "{hook} is not as wide as the residual stream, so no subspace of it lies there"
                    ));
                }
                Action::Project(words.subspace(hook, config)?, verb == "keep")
            }
            "zero" => Action::Zero,
            "scale" => {
                words.keyword("by")?;
                Action::Scale(words.number()?)
            }
            "rule" => {
                words.keyword("=")?;
                Action::Patch(words.supposed((task, config), (hook, &target))?)
            }
            "set" => {
                words.keyword("=")?;
                Action::Set(words.number()?)
            }
            _ => Action::Knock,
        };
        words.end()?;
        Ok(Self {
            action,
            hook,
            target,
            head,
        })
    }
}

impl Words<'_> {
    /// All that is left of the line.
    fn subspace(&mut self, hook: HookName, config: &Config) -> Result<Subspace> {
        let first = self.at;
        let rest = &self.words[first..];
        match Subspace::parse(rest, config, hook == HookName::Logits) {
            Ok(subspace) => {
                self.at = self.words.len();
                Ok(subspace)
            }
            Err((place, problem)) => {
                self.at = first + place + 1;
                self.wrong(problem)
            }
        }
    }

    fn hook(&mut self, config: &Config) -> Result<HookName> {
        let name = self.next("a hook name")?;
        let layer = name
            .strip_prefix("blocks.")
            .and_then(|rest| rest.split('.').next());
        let layer = layer.and_then(|layer| layer.parse::<usize>().ok());
        match layer.filter(|&layer| layer >= config.n_layers) {
            Some(layer) => self.wrong(config.no_layer(layer)),
            None => HookName::parse(name, config).or_else(|e| self.wrong(e.to_string())),
        }
    }

    fn target(&mut self, task: Task, hook: HookName) -> Result<Target> {
        let is_attention = hook.axes() == Axes::HeadDestSrc;
        let example = match is_attention {
            true => task.in_names("[{query},{key}]"),
            false => task.in_names("@{key}"),
        };
        let word = self.next(&format!("a target such as {example}"))?;
        let cell = word.strip_prefix('[').and_then(|w| w.strip_suffix(']'));
        match (is_attention, cell, word.strip_prefix('@')) {
            (true, Some(cell), _) => {
                let Some((dest, src)) = cell.split_once(',') else {
                    return self.wrong(format!("'{}' is not [dest,src]", shown(word)));
                };
                Ok(Target::Cell {
                    dest: self.position(task, dest)?,
                    src: self.position(task, src)?,
                })
            }
            (false, _, Some("*")) => Ok(Target::Positions(None)),
            (false, _, Some(list)) => {
                let mut positions = Vec::new();
                for name in list.split(',') {
                    let position = task.position(name);
                    positions.push(position.or_else(|e| self.wrong(e.to_string()))?);
                }
                positions.sort_unstable();
                positions.dedup();
                Ok(Target::Positions(Some(positions)))
            }
            _ => self.wrong(format!(
                "'{}' is no target of {hook}; write it as {example}, * for all",
                shown(word)
            )),
        }
    }

    /// `head N`, if it stands here.
    fn head(&mut self, hook: HookName, config: &Config) -> Result<Option<usize>> {
        let (one, count) = match self.words.get(self.at) {
            Some(&"head") => ("head", config.n_heads),
            Some(&"neuron") => ("neuron", config.width(hook)),
            _ => return Ok(None),
        };
        self.at += 1;
        let has = match one {
            "head" => hook.axes() != Axes::Pos,
            _ => hook.has_neurons(),
        };
        if !has {
            return self.wrong(format!("{hook} has no {one}s"));
        }
        let word = self.next(&format!("a {one}"))?;
        match word.parse() {
            Ok(number) if number < count => Ok(Some(number)),
            _ => self.wrong(format!(
                "'{}' is no {one} from 0 to {}",
                shown(word),
                count - 1
            )),
        }
    }

    /// `W_E[48]`, `W_U[48]` or `W_pos[elt]`.
    fn direction(&mut self, task: Task) -> Result<StreamDirection> {
        let word = self.next("a direction such as W_U[48]")?;
        let parts = word.strip_suffix(']').and_then(|word| word.split_once('['));
        let Some((matrix, name)) = parts else {
            return self.wrong(format!(
                "'{}' is not W_E[T], W_U[T] or W_pos[P]",
                shown(word)
            ));
        };
        let class = task.parse_class("token", name);
        match matrix {
            "W_E" => match task.vocabulary.named(name) {
                Some(token) => Ok(StreamDirection::Embed(token)),
                None => {
                    let all: Vec<u32> = (0..task.d_vocab() as u32).collect();
                    let known = task.vocabulary.words(&all);
                    self.wrong(format!("no token '{}'; it is {known}", shown(name)))
                }
            },
            "W_U" => class
                .map(StreamDirection::Unembed)
                .or_else(|e| self.wrong(e.to_string())),
            "W_pos" => match self.position(task, name)? {
                Some(position) => Ok(StreamDirection::Pos(position)),
                None => self.wrong("W_pos takes one position"),
            },
            _ => self.wrong(format!("'{}' is not W_E, W_U or W_pos", shown(matrix))),
        }
    }

    /// The rest of an edge's line.
    fn edge(&mut self, task: Task, config: &Config) -> Result<Intervention> {
        let word = self.next("an edge such as L0->K1")?;
        let Some((sender, receiver)) = word.split_once("->") else {
            return self.wrong(format!("'{}' is no edge such as L0->K1", shown(word)));
        };
        let (hook, head) = self.receiver(receiver, config)?;
        let sender = self.sender(sender, config)?;
        if !sender.reaches(hook, config) {
            return self.wrong(format!("{sender} writes after {receiver} reads"));
        }
        let target = self.positions(task, hook)?;
        let from = self.instead((task, config), (sender.hook(), &target))?;
        self.end()?;
        Ok(Intervention {
            action: Action::Edge(sender, from),
            hook,
            target,
            head,
        })
    }

    /// What an edge carries from now on: nothing, or the sender's term from elsewhere.
    fn instead(
        &mut self,
        (task, config): (Task, &Config),
        at: (HookName, &Target),
    ) -> Result<Option<From>> {
        match self.next("off, from, mean, resample or =")? {
            "off" => Ok(None),
            "from" => self.from().map(Some),
            "mean" => self.mean(task).map(Some),
            "resample" => self.resample(task).map(Some),
            "=" => self.supposed((task, config), at).map(Some),
            other => self.wrong(format!(
                "'{}' is not off, from, mean, resample or =; {}",
                shown(other),
                self.form
            )),
        }
    }

    /// The rest of a path's line.
    fn path(&mut self, task: Task, config: &Config) -> Result<Intervention> {
        let word = self.next("a path such as 0.0>1.0")?;
        let path = PathName::parse(word, config);
        let path = path.or_else(|e| self.wrong(format!("{e:#}")))?;
        if config.moves_when_cut() {
            return self.wrong(
                "without a path a norm's scale or a neuron's gate is another one, so that it has no \
                 weight of its own; edges do it by a forward pass"
                    .to_owned(),
            );
        }
        let Some(mut off) = path.off(config) else {
            return self.wrong(format!("{path} is no part of what the logits read"));
        };
        off.target = self.positions(task, off.hook)?;
        self.keyword("off")?;
        self.end()?;
        Ok(off)
    }

    /// `@POS`, if it stands here; all positions otherwise.
    fn positions(&mut self, task: Task, hook: HookName) -> Result<Target> {
        let next = self.words.get(self.at);
        if next.is_some_and(|word| word.starts_with('@')) {
            self.target(task, hook)
        } else {
            Ok(Target::Positions(None))
        }
    }

    fn sender(&self, word: &str, config: &Config) -> Result<Sender> {
        if word == "embed" {
            return Ok(Sender::Embed);
        }
        let mlp = word.strip_prefix('M').and_then(|rest| mlp(rest, config));
        if let Some(layer) = mlp {
            return Ok(Sender::Mlp(layer));
        }
        match word
            .strip_prefix('L')
            .and_then(|rest| numbers(rest, config))
        {
            Some((layer, None)) => Ok(Sender::Layer(layer)),
            Some((layer, Some(head))) => Ok(Sender::Head(layer, head)),
            None => self.wrong(format!(
                "'{}' sends nothing; embed, L0 .. L{}{} or a head such as L0.0 do",
                shown(word),
                config.n_layers.saturating_sub(1),
                config.mlp.map_or("", |_| ", an MLP such as M0")
            )),
        }
    }

    fn receiver(&self, word: &str, config: &Config) -> Result<(HookName, Option<usize>)> {
        if word == "logits" {
            return Ok((
                HookName::Block(config.n_layers.saturating_sub(1), Site::ResidPost),
                None,
            ));
        }
        let mlp = word.strip_prefix('M').and_then(|rest| mlp(rest, config));
        if let Some(layer) = mlp {
            return Ok((HookName::Block(layer, Site::MlpIn), None));
        }
        let sites = [
            ('Q', Site::QInput),
            ('K', Site::KInput),
            ('V', Site::VInput),
        ];
        let found = sites.iter().find_map(|(letter, site)| {
            let (layer, head) = numbers(word.strip_prefix(*letter)?, config)?;
            Some((HookName::Block(layer, *site), head))
        });
        found.map_or_else(
            || {
                self.wrong(format!(
                    "'{}' reads nothing; Q, K or V with a layer 0 to {} (and a head: K1.0){}, or logits do",
                    shown(word),
                    config.n_layers.saturating_sub(1),
                    config.mlp.map_or("", |_| ", an MLP such as M0")
                ))
            },
            Ok,
        )
    }

    fn verb(&mut self) -> Result<(&'static str, &'static str)> {
        let known = VERBS.map(|(verb, _)| verb).join(", ");
        let word = self.next(&format!("a verb ({known})"))?;
        match VERBS.iter().find(|(verb, _)| *verb == word) {
            Some(found) => Ok(*found),
            None => {
                let nearest = VERBS
                    .iter()
                    .min_by_key(|(verb, _)| edit_distance(verb, word))
                    .map_or("", |(verb, _)| verb);
                let word = shown(word);
                self.wrong(format!(
                    "no verb '{word}'; did you mean {nearest}? The verbs are {known}"
                ))
            }
        }
    }
}

/// Whether the hook's value is as wide as the residual stream.
pub(crate) fn adds_to(hook: HookName) -> bool {
    hook.is_stream()
}

/// Whether what is there has a part in a subspace: the stream's, and among logits waves along the classes.
pub(crate) fn has_subspaces(hook: HookName) -> bool {
    hook.is_stream() || hook == HookName::Logits
}

/// Whether a circuit can be cut down there.
pub(crate) fn is_cut(hook: HookName) -> bool {
    matches!(hook, HookName::Block(_, Site::Q | Site::V))
}

/// `1`: a layer whose MLP is meant.
fn mlp(text: &str, config: &Config) -> Option<usize> {
    config.mlp?;
    text.parse().ok().filter(|&layer| layer < config.n_layers)
}

/// `1` or `1.0`: a layer and perhaps a head of the model.
fn numbers(text: &str, config: &Config) -> Option<(usize, Option<usize>)> {
    let (layer, head) = match text.split_once('.') {
        Some((layer, head)) => (layer, Some(head.parse().ok()?)),
        None => (text, None),
    };
    let layer = layer
        .parse()
        .ok()
        .filter(|&layer| layer < config.n_layers)?;
    head.is_none_or(|head: usize| head < config.n_heads)
        .then_some((layer, head))
}
