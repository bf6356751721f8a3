//! Interventions as data: what they say, and the line of text that says it.
//!
//! ```text
//! patch blocks.1.attn.hook_k @elt from clean        zero  blocks.0.attn.hook_z @*
//! scale blocks.1.attn.hook_z @b_0 head 0 by 0.5     knock blocks.0.attn.hook_pattern [elt,idx]
//! set   blocks.1.attn.hook_pattern [b_0,elt] = 1    add   blocks.0.hook_resid_post @elt W_U[48] by 2
//! mean  blocks.0.attn.hook_z @elt over sample       resample blocks.0.attn.hook_z @elt keep idx
//! edge  L0->K1 off                                  edge  embed->Q1.0 @b_0 from corrupted
//! edge  L0->M1 off                                  zero  blocks.0.mlp.hook_post @* neuron 5
//! keep  hook_embed @* frequencies W_E 44 17         remove blocks.0.hook_resid_post @= pca W_U 2
//! edge  L0->K1 @elt mean over sample                edge  L0->V1 @elt resample keep idx
//! rank  blocks.1.attn.hook_v @* head 0 to 5         path  0.0>1.0>2.0 off
//! rule  blocks.1.attn.hook_pattern [b_0,*] = one(elt) if idx == 0 else one(a_1)
//! rule  blocks.0.attn.hook_z @elt = as_if(idx=0)    resample blocks.0.attn.hook_z @elt keep a_0 + a_1
//! ```
//!
//! `parse.rs` reads these lines, `runs/edit.rs` carries them out. Attention frozen to another run is
//! `patch blocks.1.attn.hook_pattern [*,*] from corrupted`.

use super::supposed::Supposed;
use crate::lens::names::path::PathName;
use crate::lens::names::run::RunName;
use crate::lens::weights::subspace::Subspace;
use crate::model::{HookName, Site};
use crate::task::{Agreement, Task, Token};
use std::fmt;

/// Where an activation is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// The clean or the corrupted run, untouched.
    Run(RunName),
    /// An example of the sample, counted from 1 as on screen.
    Example(usize),
    /// A mean, position by position; only over the inputs that agree with the prompt.
    Mean(Averaged, Agreement),
    /// Another input, its donor, that agrees with the prompt and is drawn uniformly among those that
    /// do: [`Agreement::donors_of`] says which. Each input has a donor of its own.
    Resample {
        /// What is kept.
        keep: Agreement,
        /// Which of its donors.
        seed: u32,
    },
    /// What a rule says of each input.
    Supposed(Supposed),
}

impl From {
    /// The word for it: the verb of a line, or what stands behind an edge.
    fn verb(&self) -> &'static str {
        match self {
            Self::Run(_) | Self::Example(_) => "patch",
            Self::Mean(..) => "mean",
            Self::Resample { .. } => "resample",
            Self::Supposed(_) => "rule",
        }
    }

    /// What stands behind the target.
    fn tail(&self) -> String {
        match self {
            Self::Run(run) => format!("from {}", run.name()),
            Self::Example(n) => format!("from example {n}"),
            Self::Mean(over, given) if given.is_in_nothing() => format!("over {}", over.name()),
            Self::Mean(over, given) => format!("over {} given {given}", over.name()),
            Self::Resample { keep, seed: 0 } => format!("keep {keep}"),
            Self::Resample { keep, seed } => format!("keep {keep} seed {seed}"),
            Self::Supposed(supposed) => format!("= {}", supposed.text()),
        }
    }

    /// What kind of patch it makes, in a word or two.
    fn kind(&self) -> String {
        match self {
            Self::Run(run) => format!("patch {}", run.name()),
            Self::Example(n) => format!("patch example {n}"),
            Self::Mean(over, given) => {
                let given = if given.is_in_nothing() { "" } else { ", given" };
                match over {
                    Averaged::Sample => format!("mean{given}"),
                    Averaged::Space => format!("mean of all{given}"),
                }
            }
            Self::Resample { .. } => "resample".into(),
            Self::Supposed(_) => "rule".into(),
        }
    }
}

/// What a mean is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Averaged {
    /// The examples of the sample.
    Sample,
    /// All inputs there are.
    Space,
}

impl Averaged {
    /// Its name in intervention lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Space => "space",
        }
    }
}

/// A direction in the residual stream, from the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamDirection {
    /// The embedding of a token, `W_E[token]`.
    Embed(Token),
    /// The unembedding of a token, `W_U[:, token]`.
    Unembed(Token),
    /// The embedding of a position, `W_pos[position]`.
    Pos(usize),
}

/// The sender of an edge: a term of the residual stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// The token embedding.
    Embed,
    /// All that a block's attention writes, bias included.
    Layer(usize),
    /// What one head writes.
    Head(usize, usize),
    /// What a block's MLP writes, bias included.
    Mlp(usize),
}

impl Sender {
    /// The hook point whose value the sender is.
    #[must_use]
    pub fn hook(self) -> HookName {
        match self {
            Self::Embed => HookName::Embed,
            Self::Layer(layer) => HookName::Block(layer, Site::AttnOut),
            Self::Head(layer, _) => HookName::Block(layer, Site::Result),
            Self::Mlp(layer) => HookName::Block(layer, Site::MlpOut),
        }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embed => f.write_str("embed"),
            Self::Layer(layer) => write!(f, "L{layer}"),
            Self::Head(layer, head) => write!(f, "L{layer}.{head}"),
            Self::Mlp(layer) => write!(f, "M{layer}"),
        }
    }
}

/// What is done to the chosen part of an activation.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Replaced by the same part of what was taken from elsewhere: an untouched run, a mean, a donor.
    Patch(From),
    /// Replaced by zeros.
    Zero,
    /// Multiplied; a masked score stays masked.
    Scale(f64),
    /// Replaced by this number.
    Set(f64),
    /// An attention cell cut off: a probability set to 0 (the row is not renormalised), a score
    /// set to minus infinity (the softmax renormalises the row).
    Knock,
    /// A multiple of a direction added; for values as wide as the residual stream.
    Add(StreamDirection, f64),
    /// A head's circuit cut down to its top singular directions: of OV at `hook_v`, of QK at
    /// `hook_q`; the same product of weights as [`crate::lens::low_rank`] makes.
    Rank(usize),
    /// The part of a stream in a subspace alone is kept (`true`), or taken out.
    Project(Subspace, bool),
    /// An edge of the computation: the sender's term is taken out of what the receiver reads
    /// (`None`: off), or exchanged for the sender's term from elsewhere. The receiver is the hook
    /// point: `hook_q_input`, `hook_k_input`, `hook_v_input`, `hook_mlp_in`, or the last
    /// `hook_resid_post` for the logits. All else reads the stream as it is: exact path patching.
    Edge(Sender, Option<From>),
    /// What a path carries by the weights and the run's own attention, taken out of what the
    /// logits read; what else is done on its way is not asked. The hook point is the last
    /// `hook_resid_post`.
    Path(PathName),
}

/// What brings something to a hook point that an intervention can take away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Carrier {
    Sender(Sender),
    Path(PathName),
}

impl Action {
    /// What it takes away.
    pub(crate) fn carrier(&self) -> Option<Carrier> {
        match self {
            Self::Edge(sender, _) => Some(Carrier::Sender(*sender)),
            Self::Path(path) => Some(Carrier::Path(path.clone())),
            _ => None,
        }
    }
}

/// Which part of an activation; `None` means all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Positions, sorted.
    Positions(Option<Vec<usize>>),
    /// A cell, row or column of an attention matrix.
    Cell {
        /// The query's position.
        dest: Option<usize>,
        /// The key's position.
        src: Option<usize>,
    },
}

/// One change to a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// What is done.
    pub action: Action,
    /// At which hook point.
    pub hook: HookName,
    /// To which part of it.
    pub target: Target,
    /// To which head, or among neurons to which neuron; `None` means all.
    pub head: Option<usize>,
}

impl Intervention {
    /// Whether a part of the activation is changed: `a` and `b` are (position, any) or
    /// (dest, src), by the hook's layout.
    #[must_use]
    pub fn selects(&self, head: usize, a: usize, b: usize) -> bool {
        let in_place = match &self.target {
            Target::Positions(positions) => positions.as_ref().is_none_or(|list| list.contains(&a)),
            Target::Cell { dest, src } => {
                dest.is_none_or(|dest| dest == a) && src.is_none_or(|src| src == b)
            }
        };
        in_place && self.head.is_none_or(|only| only == head)
    }

    /// The hook points that a run must pass for it to be carried out.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = HookName> + use<> {
        let sender = match self.action {
            Action::Edge(sender, _) => Some(sender.hook()),
            _ => None,
        };
        std::iter::once(self.hook).chain(sender)
    }

    /// What it puts in place of something, where it takes that from a run, a mean or a donor, and
    /// the hook point at which that is read.
    #[must_use]
    pub fn taken_from(&self) -> Option<(&From, HookName)> {
        match &self.action {
            Action::Patch(from) => Some((from, self.hook)),
            Action::Edge(sender, Some(from)) => Some((from, sender.hook())),
            _ => None,
        }
    }

    /// What its donors keep, where it resamples.
    #[must_use]
    pub fn resamples(&self) -> Option<&Agreement> {
        match self.taken_from() {
            Some((From::Resample { keep, .. }, _)) => Some(keep),
            _ => None,
        }
    }

    /// Resamples from the donors that come so many seeds later.
    pub(crate) fn reseed(&mut self, further: u32) {
        let (Action::Patch(from) | Action::Edge(_, Some(from))) = &mut self.action else {
            return;
        };
        if let From::Resample { seed, .. } = from {
            *seed = seed.wrapping_add(further);
        }
    }

    /// Whether it may let a position attend to a later one: a number put into a masked cell.
    #[must_use]
    pub(crate) fn lifts_mask(&self) -> bool {
        let Target::Cell { dest, src } = self.target else {
            return false;
        };
        let masked = match (dest, src) {
            (Some(dest), Some(src)) => src > dest,
            (None, Some(src)) => src > 0,
            _ => true,
        };
        let sets = match &self.action {
            // 0 is what a masked probability is, but no masked score is 0
            Action::Zero | Action::Set(_) => true,
            // a row says nothing of later positions
            Action::Patch(From::Supposed(Supposed::Said(_))) => src.is_some(),
            _ => false,
        };
        masked && sets
    }

    /// What kind of ablation or patch it is, in a word or two: stands beside the numbers it made.
    #[must_use]
    pub fn kind(&self) -> String {
        match &self.action {
            Action::Patch(from) => from.kind(),
            Action::Zero => "zero".into(),
            Action::Scale(_) => "scale".into(),
            Action::Set(_) => "set".into(),
            Action::Knock => "knock".into(),
            Action::Add(..) => "add".into(),
            Action::Rank(_) => "low rank".into(),
            Action::Project(..) => "projected".into(),
            Action::Edge(_, None) => "edge off".into(),
            Action::Edge(_, Some(From::Run(run))) => format!("edge {}", run.name()),
            Action::Edge(_, Some(from)) => format!("edge {}", from.kind()),
            Action::Path(_) => "path off".into(),
        }
    }

    /// The kinds of a list, each once.
    #[must_use]
    pub fn kinds<'a>(list: impl IntoIterator<Item = &'a Self>) -> String {
        let mut kinds: Vec<String> = Vec::new();
        for kind in list.into_iter().map(Self::kind) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds.join(", ")
    }

    /// The line that [`Intervention::parse`] reads.
    #[must_use]
    pub fn line(&self, task: Task) -> String {
        if let Action::Edge(sender, from) = &self.action {
            return self.edge_line(task, *sender, from.as_ref());
        }
        if let Action::Path(path) = &self.action {
            return format!("path {path}{} off", self.place(task));
        }
        let verb = match &self.action {
            Action::Patch(from) => from.verb(),
            Action::Zero => "zero",
            Action::Scale(_) => "scale",
            Action::Set(_) => "set",
            Action::Knock => "knock",
            Action::Add(..) => "add",
            Action::Rank(_) => "rank",
            Action::Project(_, true) => "keep",
            Action::Project(_, false) => "remove",
            Action::Edge(..) => "edge",
            Action::Path(_) => "path",
        };
        let one = if self.hook.has_neurons() {
            "neuron"
        } else {
            "head"
        };
        let head = self
            .head
            .map_or_else(String::new, |h| format!(" {one} {h}"));
        let target = self.target.text(task);
        format!("{verb} {} {target}{head}{}", self.hook, self.tail(task))
    }

    /// What stands behind the target.
    fn tail(&self, task: Task) -> String {
        match &self.action {
            Action::Patch(from) => format!(" {}", from.tail()),
            Action::Scale(factor) => format!(" by {factor}"),
            Action::Set(value) => format!(" = {value}"),
            Action::Rank(rank) => format!(" to {rank}"),
            Action::Project(subspace, _) => format!(" {}", subspace.words()),
            Action::Zero | Action::Knock | Action::Edge(..) | Action::Path(_) => String::new(),
            Action::Add(direction, factor) => {
                let direction = match direction {
                    StreamDirection::Embed(token) => format!("W_E[{}]", task.token_name(*token)),
                    StreamDirection::Unembed(token) => format!("W_U[{token}]"),
                    StreamDirection::Pos(position) => format!("W_pos[{}]", task.label(*position)),
                };
                format!(" {direction} by {factor}")
            }
        }
    }

    /// The positions, where not all are meant.
    fn place(&self, task: Task) -> String {
        match &self.target {
            Target::Positions(None) => String::new(),
            target => format!(" {}", target.text(task)),
        }
    }

    fn edge_line(&self, task: Task, sender: Sender, from: Option<&From>) -> String {
        let receiver = match self.hook {
            HookName::Block(layer, Site::QInput) => format!("Q{layer}"),
            HookName::Block(layer, Site::KInput) => format!("K{layer}"),
            HookName::Block(layer, Site::VInput) => format!("V{layer}"),
            HookName::Block(layer, Site::MlpIn) => format!("M{layer}"),
            _ => "logits".to_owned(),
        };
        let head = self.head.map_or_else(String::new, |h| format!(".{h}"));
        let place = self.place(task);
        let what = match from {
            None => "off".to_owned(),
            Some(from @ (From::Run(_) | From::Example(_) | From::Supposed(_))) => from.tail(),
            Some(from) => format!("{} {}", from.verb(), from.tail()),
        };
        format!("edge {sender}->{receiver}{head}{place} {what}")
    }
}

impl Target {
    /// The word that names it: `@*`, `@elt,idx`, `[b_0,elt]`.
    fn text(&self, task: Task) -> String {
        let label = |p: &Option<usize>| p.map_or_else(|| "*".to_owned(), |p| task.label(p));
        match self {
            Self::Positions(None) => "@*".to_owned(),
            Self::Positions(Some(list)) => {
                let labels: Vec<_> = list.iter().map(|&p| task.label(p)).collect();
                format!("@{}", labels.join(","))
            }
            Self::Cell { dest, src } => format!("[{},{}]", label(dest), label(src)),
        }
    }
}
