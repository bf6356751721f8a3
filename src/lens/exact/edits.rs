//! What interventions make of a trace's terms: `runs/edit.rs`, edit by edit, on sums.

use super::changes::Change;
use super::rows::{Label, Rows, spread};
use super::terms::Terms;
use super::trace::Trace;
use crate::lens::experiment::intervention::{Action, Carrier, Sender};
use crate::lens::names::head::HeadName;
use crate::lens::names::path::{PathName, Start};
use crate::lens::numbers::algebra::{Matrix, matrix};
use crate::model::HookName;
use anyhow::{Context, Result};
use std::collections::BTreeMap;

impl Trace<'_> {
    /// Terms as the interventions at a hook point leave them.
    pub(crate) fn edit(&mut self, hook: HookName, head: usize, mut terms: Terms) -> Result<Terms> {
        let run = self.run;
        // what each edge carries so far: an edge taken away twice is taken away once
        let mut carried: BTreeMap<Carrier, Terms> = BTreeMap::new();
        for change in run.changes.at(hook) {
            let one = &change.intervention;
            let chosen = (0..self.outputs()).filter(|&pos| one.selects(head, pos, 0));
            let chosen: Vec<usize> = chosen.collect();
            match &one.action {
                Action::Scale(factor) => {
                    chosen.iter().for_each(|&p| terms.scale_at(p, *factor));
                }
                Action::Rank(_) => self.cut(change, head, &chosen, &mut terms)?,
                Action::Project(..) => self.project(change, &chosen, &mut terms)?,
                Action::Add(..) => {
                    let put = self.put(change, head)?;
                    chosen.iter().for_each(|&p| terms.add_at(p, &put, 1.0));
                }
                Action::Edge(..) | Action::Path(_) => {
                    let Some(carrier) = one.action.carrier() else {
                        continue;
                    };
                    let put = self.put(change, head)?;
                    if !carried.contains_key(&carrier) {
                        let brought = self.brought(&carrier)?;
                        carried.insert(carrier.clone(), brought);
                    }
                    let carries = carried.entry(carrier).or_default();
                    for pos in chosen {
                        terms.add_at(pos, carries, -1.0);
                        terms.add_at(pos, &put, 1.0);
                        carries.replace_at(pos, &put);
                    }
                }
                Action::Patch(_) | Action::Zero | Action::Set(_) | Action::Knock => {
                    let put = self.put(change, head)?;
                    chosen.iter().for_each(|&p| terms.replace_at(p, &put));
                }
            }
        }
        Ok(terms)
    }

    /// What a sender or a path brings.
    fn brought(&mut self, carrier: &Carrier) -> Result<Terms> {
        match carrier {
            Carrier::Sender(sender) => {
                let own = self.sent.get(sender).cloned();
                own.with_context(|| format!("{sender} has not written yet"))
            }
            Carrier::Path(path) => Ok(self.led(path)),
        }
    }

    /// What an intervention puts in for a head, at every position; nothing where it only takes away.
    fn put(&mut self, change: &Change, head: usize) -> Result<Terms> {
        let one = &change.intervention;
        let (config, len) = (self.weights.config(), self.outputs());
        let rows = match (&one.action, &change.taken) {
            (Action::Zero | Action::Knock | Action::Edge(_, None) | Action::Path(_), _) => {
                return Ok(Terms::default());
            }
            (Action::Set(value), _) => {
                let width = config.width(one.hook);
                Matrix::from_fn(len, width, |_, _| f64::from(*value as f32))
            }
            (action, taken) => {
                let taken = taken.as_ref().context("nothing was put in")?;
                // the sender's head, not the receiver's, says which part an edge takes
                let head = match action {
                    Action::Edge(Sender::Head(_, sender), _) => *sender,
                    _ => head,
                };
                let shape = taken.shape();
                let row = |pos: usize| match shape.len() {
                    1 => taken.values(),
                    2 => taken.slice(&[pos]),
                    _ => taken.slice(&[pos, head]),
                };
                let width = shape.last().copied().unwrap_or(0);
                Matrix::from_fn(len, width, |pos, j| f64::from(row(pos)[j]))
            }
        };
        Ok(self.everywhere(Label::Path(PathName::of(Start::Put(one.hook))), rows))
    }

    /// The stream's terms times a matrix at the chosen positions.
    fn project(&mut self, change: &Change, chosen: &[usize], terms: &mut Terms) -> Result<()> {
        let map = change.taken.as_ref().context("there is no map")?;
        let width = self.weights.config().d_model;
        let map = matrix(width, width, map.values());
        for (family, weights) in terms.split_off(chosen).iter() {
            let vectors = self.rows(family).times(&map);
            let rows = match vectors.by_pair {
                true => Rows::Pairs(vectors.rows.into_owned()),
                false => Rows::Own(vectors.rows.into_owned()),
            };
            let label = self.label(family).clone();
            terms.push(self.family(label, rows), weights.clone());
        }
        Ok(())
    }

    /// Queries or values cut down to some directions at the chosen positions.
    fn cut(
        &mut self,
        change: &Change,
        head: usize,
        chosen: &[usize],
        terms: &mut Terms,
    ) -> Result<()> {
        let maps = change.taken.as_ref().context("there are no maps")?;
        let HookName::Block(layer, _) = change.intervention.hook else {
            return Ok(());
        };
        let (name, width) = (HeadName { layer, head }, self.weights.config().d_head);
        let maps = matrix(width + 1, width, maps.slice(&[head]));
        let map = maps.subrows(0, width).to_owned();
        for (family, weights) in terms.split_off(chosen).iter() {
            let rows = self.in_head(name, family, &map);
            let label = self.label(family).clone();
            terms.push(self.family(label, rows), weights.clone());
        }
        let offset = spread(&maps.subrows(width, 1).to_owned(), self.len());
        let start = Start::Put(change.intervention.hook);
        let offset = self.everywhere(Label::Path(PathName::of(start)), offset);
        chosen.iter().for_each(|&p| terms.add_at(p, &offset, 1.0));
        Ok(())
    }
}
