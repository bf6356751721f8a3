//! The lines of questions about many inputs.

use super::partition::supposing;
use super::{Extent, Many};
use crate::answers::curves::{LogAxes, apart};
use crate::answers::words::mlp_layer;
use crate::model::Config;
use crate::sweep::Quantity;
use crate::task::{Task, shown};
use anyhow::{Context, Result, anyhow, bail, ensure};

/// More lines in one chart are told apart by nobody.
const MOST_LINES: usize = 8;

/// A fit of more terms says nothing to anybody.
const MOST_TERMS: usize = 64;

/// Fields up to which every pair of them is offered for a map.
const MOST_PAIRED: usize = 12;

impl Many {
    /// A question from its line, where its verb is one of these.
    ///
    /// # Errors
    /// Says which word is wrong and what it may be.
    pub fn parse(line: &str, task: Task, config: &Config) -> Result<Option<Self>> {
        let line = line.trim();
        let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let read = match verb {
            "map" => Self::map(rest, task, config),
            "table" => groups(rest, task, config),
            "fit" => fit(rest, task, config),
            "scatter" => scatter(rest, task, config),
            "neuron" => neuron(rest, task, config),
            "partition" => partition(rest, task, config),
            "neurons" => match neurons(rest, task, config)? {
                Some(found) => Ok(found),
                None => return Ok(None),
            },
            "frequencies" if rest.starts_with('[') => {
                let inner = rest
                    .strip_prefix('[')
                    .and_then(|rest| rest.strip_suffix(']'));
                let inner = inner.context("']' is missing at the end")?.trim();
                let inner = inner.strip_prefix("map ");
                let map = inner.context("write frequencies [map QUANTITY by FIELD, FIELD]")?;
                spectrum(map, task, config)
            }
            _ => return Ok(None),
        };
        read.map(Some)
    }

    fn map(rest: &str, task: Task, config: &Config) -> Result<Self> {
        let (rest, log) = LogAxes::taken(rest);
        let (rest, over) = extent(rest)?;
        let (quantities, by) = halves(rest, " by ", "by FIELD")?;
        let quantities = apart(quantities).filter(|one| !one.is_empty());
        let quantities = quantities.map(|one| checked(one, task, config));
        let quantities: Vec<String> = quantities.collect::<Result<_>>()?;
        ensure!(
            (1..=MOST_LINES).contains(&quantities.len()),
            "a map is of 1 to {MOST_LINES} quantities"
        );
        let by: Vec<usize> = by
            .split(',')
            .map(|name| field(task, name.trim()))
            .collect::<Result<_>>()?;
        ensure!(by.len() <= 2, "a map is by one field or by two");
        ensure!(
            by.len() < 2 || by[0] != by[1],
            "the two fields are the same"
        );
        ensure!(
            by.len() == 1 || quantities.len() == 1,
            "several quantities are lines over one field, and this is by two"
        );
        ensure!(
            by.len() == 1 || !log.x,
            "a map by two fields has logarithmic numbers alone: log y"
        );
        Ok(Self::Map {
            quantities,
            by,
            over,
            log,
        })
    }

    /// Lines to begin with, those of verbs that begin with these letters.
    pub(in crate::answers) fn lines(first: &str, task: Task, config: &Config) -> Vec<String> {
        let begins = |verb: &str| verb.starts_with(first);
        let mut all = Vec::new();
        let fields: Vec<String> = task.fields().map(|field| field.to_string()).collect();
        let mut quantities = Vec::new();
        if !task.answers.is_empty()
            && ["map", "table", "fit", "scatter"]
                .iter()
                .any(|verb| begins(verb))
        {
            quantities.extend(["accuracy", "loss", "margin"].map(str::to_owned));
            for answer in &task.answers {
                let at = task.label(answer.read_at);
                quantities.extend(["margin", "rank", "prob"].map(|word| format!("{word}[{at}]")));
            }
        }
        for quantity in &quantities {
            if begins("map") {
                // any other field may be the second
                let seconds = |first: usize| {
                    let few = fields.len() <= MOST_PAIRED;
                    let others = fields.iter().enumerate();
                    others.filter(move |(at, _)| *at != first && (few || *at == first + 1))
                };
                let pairs = fields.iter().enumerate().flat_map(|(at, first)| {
                    seconds(at).map(move |(_, second)| format!("{first}, {second}"))
                });
                let by = fields.iter().cloned().chain(pairs);
                let whole = by.flat_map(|by| {
                    let line = format!("map {quantity} by {by}");
                    ["", " over space", " over sample"].map(|over| format!("{line}{over}"))
                });
                all.extend(whole);
            }
            if begins("table") {
                let by = fields.iter();
                all.extend(by.flat_map(|by| {
                    let line = format!("table {quantity} by {by}");
                    ["", " over space", " over sample"].map(|over| format!("{line}{over}"))
                }));
            }
            if begins("scatter") {
                let others = quantities.iter().filter(|other| *other != quantity);
                all.extend(others.map(|other| format!("scatter {quantity}, {other}")));
            }
            if begins("fit") {
                all.push(format!("fit {quantity} ~ {}", fields.join(", ")));
            }
        }
        if begins("partition") && !task.answers.is_empty() {
            let last = task.label(task.read_len().saturating_sub(1));
            let layers = (0..config.n_layers).filter(|_| !config.is_bare());
            all.extend(layers.flat_map(|layer| {
                let node = format!("partition blocks.{layer}.attn.hook_z @{last}");
                fields.iter().map(move |field| format!("{node} by {field}"))
            }));
        }
        for layer in (0..config.n_layers.max(1)).filter(|_| config.mlp.is_some()) {
            all.extend([format!("neurons {layer}"), format!("neuron {layer}.0")]);
        }
        all
    }

    /// The line that [`Many::parse`] reads.
    #[must_use]
    pub fn line(&self, task: Task) -> String {
        let fields = |by: &[usize]| {
            let names = by.iter().map(|&slot| task.slots[slot].name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Map {
                quantities,
                by,
                over,
                log,
            } => {
                let (of, by) = (quantities.join(", "), fields(by));
                format!("map {of} by {by}{}{}", over.words(), log.words())
            }
            Self::Groups { quantity, by, over } => {
                format!("table {quantity} by {by}{}", over.words())
            }
            Self::Fit {
                quantity,
                terms,
                over,
            } => format!("fit {quantity} ~ {}{}", terms.join(", "), over.words()),
            Self::Partition {
                node,
                by,
                keep,
                over,
            } => {
                let keep = keep.iter().map(|keep| format!(" keep {keep}"));
                let keep: String = keep.collect();
                let field = &task.slots[*by].name;
                format!("partition {node} by {field}{keep}{}", over.words())
            }
            Self::Neurons { layer, at, over } => {
                format!("neurons {layer}{}{}", at_words(*at, task), over.words())
            }
            Self::Neuron {
                layer,
                neuron,
                at,
                over,
            } => format!(
                "neuron {layer}.{neuron}{}{}",
                at_words(*at, task),
                over.words()
            ),
            Self::Scatter { quantities, over } => {
                format!("scatter {}{}", quantities.join(", "), over.words())
            }
            Self::Spectrum { quantity, by, over } => {
                let (by, over) = (fields(by), over.words());
                format!("frequencies [map {quantity} by {by}{over}]")
            }
        }
    }
}

/// `HOOK @POS by FIELD keep SHARE`
fn partition(rest: &str, task: Task, config: &Config) -> Result<Many> {
    let (rest, over) = extent(rest)?;
    let (node, by) = halves(rest, " by ", "by FIELD")?;
    let (by, keep) = match by.split_once(" keep ") {
        Some((by, keep)) => (by, Some(keep.trim())),
        None => (by, None),
    };
    if let Some(keep) = keep {
        let share = keep.parse().ok();
        let share = share.filter(|share: &f64| *share > 0.0 && *share <= 1.0);
        share.with_context(|| format!("'{}' is no share above 0, up to 1", shown(keep)))?;
    }
    let by = field(task, by.trim())?;
    supposing(node, task, config, by)?;
    Ok(Many::Partition {
        node: node.to_owned(),
        by,
        keep: keep.map(str::to_owned),
        over,
    })
}

/// What stands in the brackets of frequencies, without its verb.
fn spectrum(map: &str, task: Task, config: &Config) -> Result<Many> {
    match Many::map(map, task, config)? {
        Many::Map {
            quantities,
            by,
            over,
            log,
        } => {
            let [quantity] = <[String; 1]>::try_from(quantities)
                .map_err(|_| anyhow!("frequencies are of one quantity"))?;
            ensure!(log == LogAxes::default(), "frequencies are of no logarithm");
            Ok(Many::Spectrum { quantity, by, over })
        }
        other => Ok(other),
    }
}

impl Extent {
    fn words(self) -> String {
        match self {
            Self::Near => String::new(),
            Self::Space => " over space".into(),
            Self::Sample => " over sample".into(),
            Self::Other(sample) => format!(" over {sample}"),
        }
    }
}

fn at_words(at: Option<usize>, task: Task) -> String {
    at.map_or_else(String::new, |pos| format!(" at {}", task.label(pos)))
}

/// Takes `at POS` off the end.
fn at(words: &str, task: Task) -> Result<(&str, Option<usize>)> {
    match words.rsplit_once(" at ") {
        Some((rest, pos)) => Ok((rest.trim(), Some(task.position(pos.trim())?))),
        None => Ok((words.trim(), None)),
    }
}

/// `neurons LAYER`; what names a logit is another question.
fn neurons(rest: &str, task: Task, config: &Config) -> Result<Option<Many>> {
    let (rest, over) = extent(rest)?;
    let (rest, at) = at(rest, task)?;
    if rest.contains(char::is_whitespace) {
        return Ok(None);
    }
    let layer = mlp_layer(rest, config)?;
    Ok(Some(Many::Neurons { layer, at, over }))
}

/// `neuron LAYER.NEURON`
fn neuron(rest: &str, task: Task, config: &Config) -> Result<Many> {
    let (rest, over) = extent(rest)?;
    let (rest, at) = at(rest, task)?;
    let d_mlp = config.mlp.map_or(0, |mlp| mlp.d_mlp);
    ensure!(d_mlp > 0, "this model has no neurons");
    let (layer, neuron) = rest
        .split_once('.')
        .with_context(|| format!("'{}' is not LAYER.NEURON", shown(rest)))?;
    let layer = mlp_layer(layer, config)?;
    let neuron = neuron.parse().ok().filter(|&neuron: &usize| neuron < d_mlp);
    let neuron = neuron
        .with_context(|| format!("no neuron '{}'; they are 0 to {}", shown(rest), d_mlp - 1))?;
    Ok(Many::Neuron {
        layer,
        neuron,
        at,
        over,
    })
}

fn groups(rest: &str, task: Task, config: &Config) -> Result<Many> {
    let (rest, over) = extent(rest)?;
    let (quantity, by) = halves(rest, " by ", "by EXPRESSION")?;
    let quantity = checked(quantity, task, config)?;
    // several expressions are the list of them
    let by = match apart(by).count() {
        0 | 1 => by.to_owned(),
        _ => format!("[{by}]"),
    };
    super::keyed::Key::parse(&by, task, config)?;
    Ok(Many::Groups { quantity, by, over })
}

fn fit(rest: &str, task: Task, config: &Config) -> Result<Many> {
    let (rest, over) = extent(rest)?;
    let (quantity, terms) = halves(rest, "~", "~ EXPRESSION, EXPRESSION")?;
    let quantity = checked(quantity, task, config)?;
    let terms: Vec<String> = apart(terms).map(str::to_owned).collect();
    ensure!(terms.len() <= MOST_TERMS, "{MOST_TERMS} terms are the most");
    for term in &terms {
        super::keyed::Key::parse(term, task, config)?;
    }
    Ok(Many::Fit {
        quantity,
        terms,
        over,
    })
}

/// `QUANTITY, QUANTITY`
fn scatter(rest: &str, task: Task, config: &Config) -> Result<Many> {
    let (rest, over) = extent(rest)?;
    let quantities = apart(rest).filter(|one| !one.is_empty());
    let quantities = quantities.map(|one| checked(one, task, config));
    let quantities: Vec<String> = quantities.collect::<Result<_>>()?;
    let quantities = <[String; 2]>::try_from(quantities)
        .map_err(|_| anyhow!("a scatter plot is of two quantities: across, up"))?;
    Ok(Many::Scatter { quantities, over })
}

fn halves<'a>(text: &'a str, at: &str, form: &str) -> Result<(&'a str, &'a str)> {
    let (before, after) = text
        .rsplit_once(at)
        .with_context(|| format!("'{form}' is missing"))?;
    let (before, after) = (before.trim(), after.trim());
    ensure!(!before.is_empty(), "a quantity is missing");
    ensure!(!after.is_empty(), "'{form}' is missing");
    Ok((before, after))
}

fn checked(quantity: &str, task: Task, config: &Config) -> Result<String> {
    Quantity::parse(quantity, task, config)
        .with_context(|| format!("in the quantity '{}'", shown(quantity)))?;
    Ok(quantity.to_owned())
}

/// Takes `over ..` off the end.
fn extent(text: &str) -> Result<(&str, Extent)> {
    let Some((rest, over)) = text.rsplit_once(" over ") else {
        return Ok((text, Extent::Near));
    };
    let over = match over.trim() {
        "space" => Extent::Space,
        "sample" => Extent::Sample,
        other => match other.parse() {
            Ok(sample) => Extent::Other(sample),
            Err(error) => bail!(
                "'{}' is not space, sample or a sample such as random:0:4096: {error:#}",
                shown(other)
            ),
        },
    };
    Ok((rest, over))
}

fn field(task: Task, name: &str) -> Result<usize> {
    Ok(task.named_field(name)?.slot)
}
