//! Whether several models have the same circuit: the same parts are needed and the same smallest sets of edges
//! are enough. Heads of a layer have no order of their own, so they may be renamed.

use super::anatomy::Anatomy;

/// More ways to rename heads than this are not gone through.
const MOST_WAYS: usize = 5040;

/// Models told apart by their circuits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// For each model the number of its circuit, counted from 0 in the order in which they come.
    pub circuit: Vec<usize>,
    /// Whether smallest sets of edges were compared, besides which parts are needed: where they are not known
    /// of every model, they are not.
    pub by_sets: bool,
    /// Whether heads were renamed; else there are too many ways.
    pub renamed: bool,
    /// How many circuits there are by the needed parts alone.
    pub by_parts: usize,
}

impl Alike {
    /// Compares models.
    #[must_use]
    pub fn of(all: &[&Anatomy]) -> Self {
        let by_sets = all.iter().all(|one| one.sets().is_some());
        let ways: Vec<Option<Vec<Renaming>>> = all.iter().map(|one| renamings(one)).collect();
        let renamed = ways.iter().all(Option::is_some);
        let keys = |by_sets: bool| -> Vec<String> {
            let both = all.iter().zip(&ways);
            let key = both.map(|(one, ways)| match ways {
                Some(ways) if renamed => least(one, ways, by_sets),
                _ => least(one, &[Renaming::default()], by_sets),
            });
            key.collect()
        };
        Self {
            circuit: numbered(&keys(by_sets)),
            by_sets,
            renamed,
            by_parts: count(&numbered(&keys(false))),
        }
    }

    /// How many circuits there are.
    #[must_use]
    pub fn circuits(&self) -> usize {
        count(&self.circuit)
    }

    /// How they were compared, in words.
    #[must_use]
    pub fn compared(&self) -> String {
        let by = match self.by_sets {
            true => "by which parts are needed and which smallest sets of edges are enough",
            false => "by which parts are needed alone, as smallest sets are not known of all",
        };
        let up_to = match self.renamed {
            true => "up to renaming heads within a layer",
            false => "heads by their numbers, as there are too many ways to rename them",
        };
        format!("{by}, {up_to}")
    }
}

fn count(numbers: &[usize]) -> usize {
    numbers.iter().max().map_or(0, |most| most + 1)
}

/// Each text's number, counted from 0 as they come.
fn numbered(keys: &[String]) -> Vec<usize> {
    let mut seen: Vec<&String> = Vec::new();
    let mut number = |key| match seen.iter().position(|one| *one == key) {
        Some(at) => at,
        None => {
            seen.push(key);
            seen.len() - 1
        }
    };
    keys.iter().map(&mut number).collect()
}

/// What each head of each layer is called instead.
#[derive(Clone, Debug, Default)]
struct Renaming(Vec<Vec<usize>>);

impl Renaming {
    /// A part, `L0.1`, or one end of an edge, `K1.0`.
    fn part(&self, name: &str) -> String {
        let renamed = || {
            let (word, head) = name.split_once('.')?;
            let layer: usize = word.get(1..)?.parse().ok()?;
            let head = self.0.get(layer)?.get(head.parse::<usize>().ok()?)?;
            Some(format!("{word}.{head}"))
        };
        renamed().unwrap_or_else(|| name.to_owned())
    }

    fn edge(&self, name: &str) -> String {
        let ends: Vec<String> = name.split("->").map(|end| self.part(end)).collect();
        ends.join("->")
    }
}

/// Every way to rename a model's heads within their layers; `None` where there are too many.
fn renamings(one: &Anatomy) -> Option<Vec<Renaming>> {
    let mut heads: Vec<usize> = Vec::new();
    for part in &one.parts {
        let named = part
            .part
            .strip_prefix('L')
            .and_then(|rest| rest.split_once('.'));
        let Some((layer, _)) = named else { continue };
        let layer: usize = layer.parse().ok()?;
        heads.resize(heads.len().max(layer + 1), 0);
        heads[layer] += 1;
    }
    let mut all = vec![Renaming::default()];
    for count in heads {
        let orders = orders(count)?;
        if all.len() * orders.len() > MOST_WAYS {
            return None;
        }
        all = all
            .iter()
            .flat_map(|one| {
                orders.iter().map(|order| {
                    let mut more = one.0.clone();
                    more.push(order.clone());
                    Renaming(more)
                })
            })
            .collect();
    }
    Some(all)
}

/// All orders of so many; `None` where there are too many.
fn orders(count: usize) -> Option<Vec<Vec<usize>>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        if all.len() * (next + 1) > MOST_WAYS {
            return None;
        }
        all = all
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, next);
                    order
                })
            })
            .collect();
    }
    Some(all)
}

/// The circuit's text under the renaming that makes it come first: two circuits that differ by names alone
/// have the same.
fn least(one: &Anatomy, ways: &[Renaming], by_sets: bool) -> String {
    let text = |way: &Renaming| {
        let mut parts: Vec<String> = (one.parts.iter())
            .map(|part| way.part(&part.part))
            .collect();
        let mut needed: Vec<String> = one.needed().iter().map(|part| way.part(part)).collect();
        parts.sort();
        needed.sort();
        let sets = one.sets().filter(|_| by_sets).unwrap_or_default();
        let mut sets: Vec<String> = sets
            .iter()
            .map(|set| {
                let mut edges: Vec<String> = set.iter().map(|edge| way.edge(edge)).collect();
                edges.sort();
                edges.join(" ")
            })
            .collect();
        sets.sort();
        format!(
            "{}|{}|{}",
            parts.join(" "),
            needed.join(" "),
            sets.join(";")
        )
    };
    ways.iter().map(text).min().unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::super::anatomy::PartNeeded;
    use super::super::minimal::{EdgeSet, Minimal};
    use super::super::tally::Tally;
    use super::*;
    use crate::task::Task;

    /// Two layers of two heads, of which some are needed and some edges enough.
    fn anatomy(needed: &[&str], sets: &[&[&str]]) -> Anatomy {
        let parts = ["L0.0", "L0.1", "L1.0", "L1.1"].map(|part| PartNeeded {
            part: part.to_owned(),
            accuracy_without: 0.0,
            needed: needed.contains(&part),
        });
        let set = |on: &&[&str]| EdgeSet {
            on: on.iter().map(|&edge| edge.to_owned()).collect(),
            interventions: Vec::new(),
            accuracy: 1.0,
            standard_error: 0.0,
            n: 1,
            accuracy_by_position: Vec::new(),
            mean_loss: 0.0,
            wrong_inputs: 0,
        };
        Anatomy {
            tally: Tally::new(Task::default()),
            parts: parts.to_vec(),
            minimal: Ok(Minimal {
                edges: 0,
                switches: Vec::new(),
                exhaustive: true,
                tried: 0,
                sufficient: 0,
                accuracy: 1.0,
                undefined: 0,
                predictions: 0,
                sets: sets.iter().map(set).collect(),
            }),
            frequencies: None,
        }
    }

    #[test]
    fn heads_are_renamed_within_their_layer_and_no_further() {
        let one = anatomy(&["L0.0", "L1.1"], &[&["L0.0->K1.1", "embed->V1.1"]]);
        let renamed = anatomy(&["L0.1", "L1.0"], &[&["embed->V1.0", "L0.1->K1.0"]]);
        let alike = Alike::of(&[&one, &renamed]);
        assert_eq!((alike.circuit, alike.by_parts), (vec![0, 0], 1));
        // the same parts, but another edge between them
        let query = anatomy(&["L0.1", "L1.0"], &[&["embed->V1.0", "L0.1->Q1.0"]]);
        let alike = Alike::of(&[&one, &query, &renamed]);
        assert_eq!((alike.circuit, alike.by_parts), (vec![0, 1, 0], 1));
        // an edge from a head that is not the needed one is no matter of names
        let other = anatomy(&["L0.1", "L1.0"], &[&["embed->V1.0", "L0.0->K1.0"]]);
        assert_eq!(Alike::of(&[&one, &other]).circuit, [0, 1]);
        // a head of another layer is another part
        let other = anatomy(&["L0.0", "L0.1"], &[]);
        let alike = Alike::of(&[&one, &other]);
        assert_eq!((alike.circuit, alike.by_parts), (vec![0, 1], 2));
    }

    #[test]
    fn without_sets_parts_alone_are_compared() {
        let one = anatomy(&["L0.0"], &[&["L0.0->K1.1"]]);
        let mut unknown = anatomy(&["L0.1"], &[]);
        unknown.minimal = Err("too many".to_owned());
        let alike = Alike::of(&[&one, &unknown]);
        assert_eq!((&alike.circuit[..], alike.by_sets), (&[0, 0][..], false));
        assert!(alike.compared().contains("not known of all"));
    }

    #[test]
    fn all_orders_and_not_too_many() {
        assert_eq!(orders(0).unwrap(), [vec![0usize; 0]]);
        assert_eq!(orders(4).unwrap().len(), 24);
        assert!(orders(8).is_none());
    }
}
