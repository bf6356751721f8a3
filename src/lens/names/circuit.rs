//! The names of circuits: `ov.1`, `ov.0.0>1.0`, `direct`, `direct.pos`, `qk.1.tok_pos`, `qk.1.k_comp`,
//! `mlp.0.in`, `mlp.0.out`.

use super::head::HeadName;
use super::head::listed_pairs;
use super::path::Step;
use crate::model::config::PositionalEmbedding;
use crate::model::{Config, edit_distance};
use crate::task::shown;
use anyhow::{Context, Result, ensure};

/// What a query or key side of a circuit runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Token embeddings.
    Tok,
    /// Positional embeddings.
    Pos,
    /// Both, one above the other: `[W_E; W_pos]`.
    All,
    /// Token embeddings through an earlier head's OV.
    Via(HeadName),
}

/// A circuit: a product of weights that a run's numbers are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CircuitName {
    /// `W_E W_U`
    Direct,
    /// `W_E W_OV .. W_OV W_U` through heads of increasing layers.
    Ov(Vec<HeadName>),
    /// The same with another side than tokens in front: `direct.pos`, `ov.1.all`.
    From(Side, Vec<HeadName>),
    /// What a head's queries and keys make of two sides.
    Qk {
        /// The head.
        head: HeadName,
        /// The query side.
        query: Side,
        /// The key side.
        key: Side,
    },
    /// What a layer's neurons read: `mlp.0.in`, `mlp.0.in.pos`; of a gated MLP that is what it lets
    /// through, and `mlp.0.gate` what opens it.
    MlpIn {
        /// The layer.
        layer: usize,
        /// Whether it is the gate's reading.
        gate: bool,
        /// What they read it from.
        side: Side,
    },
    /// What a layer's neurons do to each logit: `mlp.0.out`.
    MlpOut(usize),
}

/// Names listed in an error before it breaks off.
const LISTED: usize = 48;

impl CircuitName {
    /// Every circuit of a model: the direct path, each head's OV and QK tables, all compositions of two
    /// heads where there are few enough of these, and what neurons read and write.
    #[must_use]
    pub fn all(config: &Config) -> Vec<Self> {
        let mut all = Vec::new();
        if !config.is_bare() {
            all.push(Self::Direct);
        }
        all.extend(HeadName::all(config).map(|head| Self::Ov(vec![head])));
        all.extend(listed_pairs(config).map(|(earlier, later)| Self::Ov(vec![earlier, later])));
        for side in in_stream(config) {
            all.push(Self::From(side, Vec::new()));
            all.extend(HeadName::all(config).map(|head| Self::From(side, vec![head])));
        }
        let asked = in_attention(config);
        for head in HeadName::all(config) {
            for &query in &asked[..asked.len().min(2)] {
                let keys = asked.iter().take(2);
                all.extend(keys.map(|&key| Self::Qk { head, query, key }));
            }
            if asked.contains(&Side::All) {
                let (query, key) = (Side::All, Side::All);
                all.push(Self::Qk { head, query, key });
            }
        }
        for (earlier, head) in listed_pairs(config) {
            let via = Side::Via(earlier);
            let pos = [(Side::Pos, via), (via, Side::Pos)];
            let sides = pos.into_iter().filter(|_| asked.contains(&Side::Pos));
            let more = [(Side::Tok, via), (via, Side::Tok), (via, via)];
            let sides = sides.chain(more);
            all.extend(sides.map(|(query, key)| Self::Qk { head, query, key }));
        }
        for layer in 0..mlps(config) {
            let gates = [false, true]
                .into_iter()
                .take(1 + usize::from(is_gated(config)));
            for gate in gates {
                let sides = [Side::Tok].into_iter().chain(in_stream(config));
                all.extend(sides.map(|side| Self::MlpIn { layer, gate, side }));
            }
            all.push(Self::MlpOut(layer));
        }
        all
    }

    /// Whether single inputs can be told by its entries: those of tokens, of positions, of logits.
    #[must_use]
    pub fn has_inputs(&self) -> bool {
        match self {
            Self::Direct | Self::Ov(_) => true,
            Self::Qk { query, key, .. } => ![query, key].contains(&&Side::All),
            Self::From(..) | Self::MlpIn { .. } | Self::MlpOut(_) => false,
        }
    }

    /// The name as it is typed; without head numbers where layers have one head.
    #[must_use]
    pub fn text(&self, config: &Config) -> String {
        match self {
            Self::Direct => "direct".into(),
            Self::From(from, chain) => {
                let whole = match chain.is_empty() {
                    true => Self::Direct,
                    false => Self::Ov(chain.clone()),
                };
                format!("{}.{}", whole.text(config), side(*from, config))
            }
            Self::MlpIn {
                layer,
                gate,
                side: from,
            } => {
                let what = if *gate { "gate" } else { "in" };
                let from = match from {
                    Side::Tok => String::new(),
                    from => format!(".{}", side(*from, config)),
                };
                format!("mlp.{layer}.{what}{from}")
            }
            Self::MlpOut(layer) => format!("mlp.{layer}.out"),
            Self::Ov(chain) if is_virtual(chain, config) => "ov.virtual".into(),
            Self::Ov(chain) => {
                let heads: Vec<_> = chain.iter().map(|head| head.short(config)).collect();
                format!("ov.{}", heads.join(">"))
            }
            Self::Qk { head, query, key } => {
                let composed = |kind: &str, via: HeadName| match only_earlier(*head, config) {
                    Some(_) => kind.to_owned(),
                    None => format!("{kind}.{}", via.short(config)),
                };
                let sides = match (*query, *key) {
                    (Side::Pos, Side::Via(via)) => composed("k_comp", via),
                    (Side::Via(via), Side::Pos) => composed("q_comp", via),
                    (query, key) => format!("{}_{}", side(query, config), side(key, config)),
                };
                format!("qk.{}.{sides}", head.short(config))
            }
        }
    }

    /// A circuit from its name.
    ///
    /// `ov.HEAD`, `ov.HEAD>HEAD`, `ov.virtual` (all layers of a model with one head in each),
    /// `ov.HEAD.v_comp[.HEAD]`, `direct`, each of these with `.pos` or `.all` behind it,
    /// `qk.HEAD.SIDE_SIDE` with sides `tok`, `pos`, `all` or `viaHEAD`, `qk.HEAD.k_comp[.HEAD]`,
    /// `qk.HEAD.q_comp[.HEAD]`, `mlp.LAYER.in[.SIDE]`, `mlp.LAYER.gate[.SIDE]`, `mlp.LAYER.out`.
    ///
    /// # Errors
    /// When the model has no such circuit; the message lists those it has.
    pub fn parse(text: &str, config: &Config) -> Result<Self> {
        Self::read(text.trim(), config).with_context(|| {
            let names: Vec<_> = Self::all(config)
                .iter()
                .map(|name| name.text(config))
                .collect();
            let nearest = names.iter().min_by_key(|name| edit_distance(name, text));
            let more = match names.len().checked_sub(LISTED) {
                None | Some(0) => String::new(),
                Some(more) => format!(" and {more} more"),
            };
            format!(
                "no circuit '{}'; did you mean {}? The circuits are {}{more}",
                shown(text),
                nearest.map_or("", |name| name),
                names[..names.len().min(LISTED)].join(" ")
            )
        })
    }

    fn read(text: &str, config: &Config) -> Result<Self> {
        let from = [(".pos", Side::Pos), (".all", Side::All)];
        let from = from.into_iter().find_map(|(end, side)| {
            let whole = text.strip_suffix(end)?;
            (!whole.starts_with("mlp.")).then_some((whole, side))
        });
        if let Some((whole, side)) = from {
            ensure!(
                in_stream(config).contains(&side),
                "positions are no part of what values and logits read here"
            );
            let chain = match Self::read(whole, config)? {
                Self::Direct => Vec::new(),
                Self::Ov(chain) => chain,
                _ => anyhow::bail!("only direct and ov circuits begin with another side"),
            };
            return Ok(Self::From(side, chain));
        }
        if text == "direct" {
            ensure!(
                !config.is_bare(),
                "neurons stand between tokens and logits here"
            );
            return Ok(Self::Direct);
        }
        let wrong = "a circuit is direct, ov.HEAD, qk.HEAD.SIDES, mlp.LAYER.in or mlp.LAYER.out";
        let (kind, rest) = text.split_once('.').context(wrong)?;
        match kind {
            "ov" => read_ov(rest, config),
            "mlp" => read_mlp(rest, config),
            "qk" => {
                let (head, rest) = leading_head(rest, config)?;
                let sides = rest.strip_prefix('.').context(wrong)?;
                let (query, key) = read_sides(head, sides, config)?;
                let via = [query, key].into_iter().all(|side| match side {
                    Side::Via(via) => via.layer < head.layer,
                    _ => true,
                });
                ensure!(via, "a head reads what heads of earlier layers wrote");
                let known = in_attention(config);
                let known = |side: Side| matches!(side, Side::Via(_)) || known.contains(&side);
                ensure!(known(query) && known(key), "this model has no W_pos");
                Ok(Self::Qk { head, query, key })
            }
            _ => anyhow::bail!(wrong),
        }
    }
}

fn read_ov(rest: &str, config: &Config) -> Result<CircuitName> {
    if rest == "virtual" {
        let chain: Vec<_> = HeadName::all(config).collect();
        ensure!(
            is_virtual(&chain, config),
            "ov.virtual is for models of several layers with one head each; write ov.0.0>1.0"
        );
        return Ok(CircuitName::Ov(chain));
    }
    let (head, tail) = leading_head(rest, config)?;
    if let Some(tail) = tail.strip_prefix(".v_comp") {
        let earlier = earlier_head(head, tail, config)?;
        return Ok(CircuitName::Ov(vec![earlier, head]));
    }
    let chain = rest.split('>').map(|word| HeadName::parse(word, config));
    let chain: Vec<_> = chain.collect::<Result<_>>()?;
    ensure!(
        chain.windows(2).all(|two| two[0].layer < two[1].layer),
        "heads act one after another: their layers must increase"
    );
    Ok(CircuitName::Ov(chain))
}

fn read_mlp(rest: &str, config: &Config) -> Result<CircuitName> {
    let (layer, rest) = rest.split_once('.').context("a layer is needed")?;
    let layer = layer.parse().ok().filter(|&layer| layer < mlps(config));
    let layer: usize = layer.context("there is no MLP of that layer")?;
    let (what, from) = rest.split_once('.').unwrap_or((rest, "tok"));
    let gate = match what {
        "out" if rest == "out" => return Ok(CircuitName::MlpOut(layer)),
        "in" => false,
        "gate" if is_gated(config) => true,
        _ => anyhow::bail!("an MLP's circuits are in, out, and of a gated one gate"),
    };
    let side = Side::read(from, config)?;
    let read = match side {
        Side::Tok => true,
        Side::Via(head) => Step::Mlp(layer).follows(Step::Head(head), config),
        side => in_stream(config).contains(&side),
    };
    ensure!(read, "neurons of layer {layer} do not read {from}");
    Ok(CircuitName::MlpIn { layer, gate, side })
}

/// MLPs that a model has.
fn mlps(config: &Config) -> usize {
    match config.mlp {
        Some(_) => config.n_layers.max(usize::from(config.is_bare())),
        None => 0,
    }
}

fn is_gated(config: &Config) -> bool {
    config.mlp.is_some_and(|mlp| mlp.gated)
}

/// The sides besides tokens that are part of the residual stream.
fn in_stream(config: &Config) -> Vec<Side> {
    match config.positional_embedding {
        PositionalEmbedding::Standard if !config.is_bare() => vec![Side::Pos, Side::All],
        _ => Vec::new(),
    }
}

/// The sides that queries and keys read.
fn in_attention(config: &Config) -> Vec<Side> {
    match config.has_w_pos() {
        true => vec![Side::Tok, Side::Pos, Side::All],
        false => vec![Side::Tok],
    }
}

impl Side {
    fn read(word: &str, config: &Config) -> Result<Self> {
        Ok(match word {
            "tok" => Self::Tok,
            "pos" => Self::Pos,
            "all" => Self::All,
            _ => {
                let head = word.strip_prefix("via");
                let head = head.context("a side is tok, pos, all or viaHEAD")?;
                Self::Via(HeadName::parse(head, config)?)
            }
        })
    }
}

fn read_sides(head: HeadName, text: &str, config: &Config) -> Result<(Side, Side)> {
    if let Some(tail) = text.strip_prefix("k_comp") {
        return Ok((Side::Pos, Side::Via(earlier_head(head, tail, config)?)));
    }
    if let Some(tail) = text.strip_prefix("q_comp") {
        return Ok((Side::Via(earlier_head(head, tail, config)?), Side::Pos));
    }
    let (query, key) = text.split_once('_').context("two sides are needed")?;
    let read = |word: &str| Side::read(word, config);
    Ok((read(query)?, read(key)?))
}

/// The head at the beginning of `1.0.tok_tok` or, where layers have one head, `1.tok_tok`; and
/// what follows it.
fn leading_head<'a>(text: &'a str, config: &Config) -> Result<(HeadName, &'a str)> {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let length = |word: &str| {
        word.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(word.len())
    };
    let layer = length(text);
    let head = text.get(layer + 1..).map_or(0, length);
    let has_head = text.get(layer..=layer) == Some(".") && head > 0;
    let end = if has_head { layer + 1 + head } else { layer };
    let (name, rest) = text.split_at(end);
    ensure!(is_number(&text[..layer]), "a head's number is needed");
    Ok((HeadName::parse(name, config)?, rest))
}

/// The earlier head of a composition: `.0.0`, `.0`, or nothing where there is only one.
fn earlier_head(head: HeadName, tail: &str, config: &Config) -> Result<HeadName> {
    let earlier = match tail.strip_prefix('.') {
        Some(name) => HeadName::parse(name, config)?,
        None => {
            ensure!(tail.is_empty(), "a head's number is needed after a point");
            let only = only_earlier(head, config);
            only.context("which earlier head? Add it after a point")?
        }
    };
    ensure!(
        earlier.layer < head.layer,
        "head {earlier} is no earlier layer's"
    );
    Ok(earlier)
}

/// The one head before this one's layer, if it is the only one.
fn only_earlier(head: HeadName, config: &Config) -> Option<HeadName> {
    let mut earlier = HeadName::all(config).filter(|other| other.layer < head.layer);
    let only = earlier.next()?;
    earlier.next().is_none().then_some(only)
}

/// Whether a chain goes through all layers of a model that has one head in each.
fn is_virtual(chain: &[HeadName], config: &Config) -> bool {
    config.n_heads == 1 && config.n_layers > 1 && chain.len() == config.n_layers
}

fn side(side: Side, config: &Config) -> String {
    match side {
        Side::Tok => "tok".into(),
        Side::Pos => "pos".into(),
        Side::All => "all".into(),
        Side::Via(head) => format!("via{}", head.short(config)),
    }
}
