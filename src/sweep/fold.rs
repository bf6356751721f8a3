//! Folds a model and its interventions into a [`Program`]: the forward pass once, with sums for
//! numbers. Follows `model/forward.rs` hook by hook and `lens/runs/edit.rs` edit by edit.

use super::constants::Constants;
use super::program::{
    Cell, Cells, Enter, Family, HeadProgram, Number, Path, Piece, Program, Select, Slot, Sum,
};
use crate::lens::{Action, HeadName, Intervention, Matrices, Matrix, Sender};
use crate::model::{HookName, Site};
use crate::task::Form;
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// Chains of heads, whose number doubles with every layer of one head: more would fill tables that are too large.
const MOST_PATHS: usize = 4096;

/// The pass so far.
struct Fold<'a> {
    form: &'static Form,
    weights: &'a Matrices,
    constants: &'a Constants<'a>,
    positions: usize,
    families: Vec<Family>,
    slots: Vec<Slot>,
    numbers: Vec<Number>,
    paths: Vec<Path>,
    /// What the senders of edges wrote, by position.
    sent: BTreeMap<Sender, Vec<Sum>>,
    /// What cuts make of a head's queries and values.
    cuts: BTreeMap<(HeadName, Site), Matrix>,
}

/// A program of the weights under the interventions, for the first so many positions: those up to
/// the last prediction decide all of them.
///
/// # Errors
/// Says what cannot be folded.
pub(super) fn fold(
    weights: &Matrices,
    constants: &Constants<'_>,
    positions: usize,
) -> Result<Program> {
    weights.config().ensure_folds()?;
    let task = weights.task();
    let form = constants.form;
    let put = constants
        .interventions()
        .iter()
        .find(|one| one.hook == HookName::Logits);
    if let Some(one) = put {
        bail!(
            "{}: logits that are changed themselves fold into no tables",
            one.line(task)
        );
    }
    let mut fold = Fold {
        form,
        weights,
        constants,
        positions,
        families: vec![Family {
            enter: Enter::Stream,
            rows: weights.w_e().clone(),
        }],
        slots: Program::token_slots(form),
        numbers: Vec::new(),
        paths: Vec::new(),
        sent: BTreeMap::new(),
        cuts: BTreeMap::new(),
    };
    let (heads, out) = fold.pass()?;
    Ok(Program {
        form,
        predicts: (0..positions)
            .map(|position| task.predicted_at(position))
            .collect(),
        predictions: task.answers.len(),
        layers: weights.config().n_layers,
        positions,
        families: fold.families,
        slots: fold.slots,
        numbers: fold.numbers,
        paths: fold.paths,
        heads,
        out,
    })
}

impl Fold<'_> {
    /// The interventions at a hook point, in their order.
    fn at(&self, hook: HookName) -> impl Iterator<Item = (usize, Intervention)> + use<> {
        let all = self.constants.interventions().iter().cloned().enumerate();
        let here: Vec<_> = all.filter(|(_, one)| one.hook == hook).collect();
        here.into_iter()
    }

    fn pass(&mut self) -> Result<(Vec<HeadProgram>, Vec<Sum>)> {
        let (config, len) = (self.weights.config().clone(), self.positions);
        let embed = (0..len).map(|p| Sum::of(Piece::Token(p))).collect();
        let embed = self.edit(HookName::Embed, 0, embed)?;
        self.sent.insert(Sender::Embed, embed.clone());
        let pos = self.positions()?;
        let mut resid = embed;
        if self.weights.is_standard() {
            add_all(&mut resid, &pos);
        }
        let mut heads = Vec::new();
        for layer in 0..config.n_layers {
            let at = |site| HookName::Block(layer, site);
            resid = self.edit(at(Site::ResidPre), 0, resid)?;
            let mut attn_out = vec![Sum::default(); len];
            for head in 0..config.n_heads {
                let name = HeadName { layer, head };
                let program = self.head(name, &resid, &pos)?;
                let z = self.carried(&program)?;
                heads.push(program);
                let z = self.edit(at(Site::Z), head, z)?;
                let result = self.edit(at(Site::Result), head, z)?;
                self.sent.insert(Sender::Head(layer, head), result.clone());
                add_all(&mut attn_out, &result);
            }
            let b_o = self.bias(Enter::Stream, self.weights.b_o(layer).clone());
            add_all(&mut attn_out, &vec![b_o; len]);
            let attn_out = self.edit(at(Site::AttnOut), 0, attn_out)?;
            self.sent.insert(Sender::Layer(layer), attn_out.clone());
            add_all(&mut resid, &attn_out);
            resid = self.edit(at(Site::ResidPost), 0, resid)?;
        }
        Ok((heads, resid))
    }

    /// The positional embeddings, after their hook.
    fn positions(&mut self) -> Result<Vec<Sum>> {
        let family = self.families.len();
        self.families.push(Family {
            enter: Enter::Stream,
            rows: self.weights.w_pos().clone(),
        });
        let first = self.slots.len();
        let slots = (0..self.positions).map(|p| Slot {
            family,
            select: Select::fixed(p, self.form),
        });
        self.slots.extend(slots);
        let sums = (0..self.positions).map(|p| Sum::of(Piece::Slot(first + p)));
        self.edit(HookName::PosEmbed, 0, sums.collect())
    }

    /// A constant vector that is not zero, as a sum.
    fn bias(&mut self, enter: Enter, rows: Matrix) -> Sum {
        let zero = (0..rows.ncols()).all(|j| rows[(0, j)] == 0.0);
        if zero {
            return Sum::default();
        }
        let select = Select::fixed(0, self.form);
        Sum::of(Piece::Slot(self.slot(enter, rows, select)))
    }

    fn slot(&mut self, enter: Enter, rows: Matrix, select: Select) -> usize {
        self.families.push(Family { enter, rows });
        let family = self.families.len() - 1;
        self.slots.push(Slot { family, select });
        self.slots.len() - 1
    }

    /// What a head reads, and its attention's cells.
    fn head(&mut self, name: HeadName, resid: &[Sum], pos: &[Sum]) -> Result<HeadProgram> {
        let HeadName { layer, head } = name;
        let at = |site| HookName::Block(layer, site);
        let shortformer = !self.weights.is_standard();
        let part = self.weights.head(name);
        let sides = [
            (Site::QInput, Site::Q, Enter::Query(name), part.b_q.clone()),
            (Site::KInput, Site::K, Enter::Key(name), part.b_k.clone()),
            (Site::VInput, Site::V, Enter::Value(name), part.b_v.clone()),
        ];
        let mut read = Vec::new();
        for (input, projected, enter, bias) in sides {
            let mut sums = self.edit(at(input), head, resid.to_vec())?;
            if shortformer && input != Site::VInput {
                add_all(&mut sums, pos);
            }
            let bias = self.bias(enter, bias);
            add_all(&mut sums, &vec![bias; self.positions]);
            read.push(self.edit(at(projected), head, sums)?);
        }
        let scores = self.cells(at(Site::AttnScores), head, Cells::new())?;
        let undefined = self.empty_rows(&scores);
        let pattern = self.cells(at(Site::Pattern), head, undefined)?;
        let mut next = || read.remove(0);
        let mut cut = |site, w: &Matrix| match self.cuts.remove(&(name, site)) {
            Some(map) => w * map,
            None => w.clone(),
        };
        Ok(HeadProgram {
            w_q: cut(Site::Q, &part.w_q),
            w_v: cut(Site::V, &part.w_v),
            name,
            q: next(),
            k: next(),
            v: next(),
            scores,
            pattern,
        })
    }

    /// What a head carries to each position: one path for each that it reads values from.
    fn carried(&mut self, program: &HeadProgram) -> Result<Vec<Sum>> {
        let form = self.form;
        let mut direct = BTreeSet::new();
        let mut parents = BTreeSet::new();
        for sum in &program.v {
            for piece in sum.fixed.keys() {
                match piece {
                    Piece::Token(position) => direct.extend(
                        (0..form.switches()).map(|idx| Program::token_at(form, *position, idx)),
                    ),
                    Piece::Slot(slot) => {
                        direct.insert(*slot);
                    }
                }
            }
            parents.extend(sum.paths.keys().copied());
        }
        let own = (!direct.is_empty()).then(|| (None, direct.into_iter().collect()));
        let inherited = parents.into_iter();
        let inherited = inherited.map(|parent| (Some(parent), self.paths[parent].slots.clone()));
        let onward: Vec<_> = own.into_iter().chain(inherited).collect();
        let mut sum = Sum::default();
        for (parent, slots) in onward {
            sum.paths.insert(self.paths.len(), 1.0);
            self.paths.push(Path {
                parent,
                head: program.name,
                slots,
            });
        }
        ensure!(
            self.paths.len() <= MOST_PATHS,
            "through its heads there are more than {MOST_PATHS} paths, too many for tables"
        );
        Ok(vec![sum; self.positions])
    }

    /// Sums as the interventions at a hook point leave them.
    fn edit(&mut self, hook: HookName, head: usize, mut sums: Vec<Sum>) -> Result<Vec<Sum>> {
        // what each edge carries so far: an edge taken away twice is taken away once
        let mut carried: BTreeMap<(Sender, usize), Sum> = BTreeMap::new();
        for (number, one) in self.at(hook) {
            if matches!(one.action, Action::Rank(_)) {
                self.cut(number, &one, head, &mut sums)?;
                continue;
            }
            for (position, sum) in sums.iter_mut().enumerate() {
                if !one.selects(head, position, 0) {
                    continue;
                }
                match &one.action {
                    Action::Scale(factor) => sum.scale(*factor),
                    Action::Zero | Action::Knock => *sum = Sum::default(),
                    Action::Add(..) => {
                        sum.add(&self.constant(number, &one, head, position)?, 1.0);
                    }
                    Action::Edge(sender, from) => {
                        let own = self.sent.get(sender);
                        let own = own.with_context(|| format!("{sender} has not written yet"))?;
                        let edge = (*sender, position);
                        let before = carried.remove(&edge);
                        sum.add(&before.unwrap_or_else(|| own[position].clone()), -1.0);
                        let now = match from {
                            Some(_) => self.constant(number, &one, head, position)?,
                            None => Sum::default(),
                        };
                        sum.add(&now, 1.0);
                        carried.insert(edge, now);
                    }
                    Action::Project(..) => bail!("a projection of the stream folds into no tables"),
                    Action::Patch(_) | Action::Rank(_) | Action::Set(_) | Action::Path(_) => {
                        *sum = self.constant(number, &one, head, position)?;
                    }
                }
            }
        }
        Ok(sums)
    }

    /// A head's circuit cut down at its queries or values: what comes from the stream is cut in the
    /// weights, what was put there behind them is cut itself.
    fn cut(
        &mut self,
        number: usize,
        one: &Intervention,
        head: usize,
        sums: &mut [Sum],
    ) -> Result<()> {
        let HookName::Block(layer, site) = one.hook else {
            return Ok(());
        };
        let chosen = (0..sums.len()).filter(|&position| one.selects(head, position, 0));
        match chosen.count() {
            0 => return Ok(()),
            all => ensure!(
                all == sums.len(),
                "{}: a circuit that is cut at some positions only",
                one.line(self.weights.task())
            ),
        }
        let (map, offset) = self.constants.cut(number, head)?;
        let name = HeadName { layer, head };
        let enter = match site {
            Site::Q => Enter::Query(name),
            _ => Enter::Value(name),
        };
        let offset = self.bias(enter, offset);
        let mut cut = BTreeMap::new();
        for sum in sums.iter_mut() {
            let mut new = Sum {
                fixed: BTreeMap::new(),
                paths: std::mem::take(&mut sum.paths),
            };
            for (&piece, &by) in &sum.fixed {
                let piece = match piece {
                    Piece::Slot(slot) => *cut
                        .entry(slot)
                        .or_insert_with(|| self.cut_slot(slot, enter, &map)),
                    token => token,
                };
                new.add(&Sum::of(piece), by);
            }
            new.add(&offset, 1.0);
            *sum = new;
        }
        let before = self.cuts.remove(&(name, site));
        let all = before.map_or_else(|| map.clone(), |before| before * &map);
        self.cuts.insert((name, site), all);
        Ok(())
    }

    /// A slot as a cut leaves it: what enters the stream is cut in the weights.
    fn cut_slot(&mut self, slot: usize, enter: Enter, map: &Matrix) -> Piece {
        let Slot { family, select } = &self.slots[slot];
        let family = &self.families[*family];
        if family.enter != enter {
            return Piece::Slot(slot);
        }
        let (rows, select) = (&family.rows * map, select.clone());
        Piece::Slot(self.slot(enter, rows, select))
    }

    /// The vector that an intervention brings to a position.
    fn constant(
        &mut self,
        number: usize,
        one: &Intervention,
        head: usize,
        position: usize,
    ) -> Result<Sum> {
        let (mut rows, select) = self.constants.vectors(number, head, position)?;
        let enter = match one.hook {
            HookName::Block(layer, Site::Q) => Enter::Query(HeadName { layer, head }),
            HookName::Block(layer, Site::K) => Enter::Key(HeadName { layer, head }),
            HookName::Block(layer, Site::V) => Enter::Value(HeadName { layer, head }),
            HookName::Block(layer, Site::Z) => {
                rows = &rows * &self.weights.head(HeadName { layer, head }).w_o;
                Enter::Stream
            }
            _ => Enter::Stream,
        };
        Ok(Sum::of(Piece::Slot(self.slot(enter, rows, select))))
    }

    /// The cells of a head's attention that interventions change, on top of those.
    fn cells(&mut self, hook: HookName, head: usize, mut cells: Cells) -> Result<Cells> {
        for (number, one) in self.at(hook) {
            ensure!(
                !one.lifts_mask(),
                "{}: attention to a later position",
                one.line(self.weights.task())
            );
            for dest in 0..self.positions {
                for src in (0..=dest).filter(|&src| one.selects(head, dest, src)) {
                    let mut cell = cells.remove(&(dest, src)).unwrap_or_default();
                    self.edit_cell(&mut cell, number, &one, (head, dest, src))?;
                    cells.insert((dest, src), cell);
                }
            }
        }
        Ok(cells)
    }

    fn edit_cell(
        &mut self,
        cell: &mut Cell,
        number: usize,
        one: &Intervention,
        at: (usize, usize, usize),
    ) -> Result<()> {
        if let Action::Scale(factor) = one.action {
            cell.scale *= factor;
            // what is cut off stays cut off, as in a forward pass: minus infinity times 0 is no number
            let numbers = &self.numbers;
            let scaled = cell.plus.iter_mut().filter(|(n, _)| !numbers[*n].is_cut());
            scaled.for_each(|(_, by)| *by *= factor);
            return Ok(());
        }
        let scores = matches!(one.hook, HookName::Block(_, Site::AttnScores));
        let (values, select) = match one.action {
            Action::Knock if scores => (vec![f64::NEG_INFINITY], Select::fixed(0, self.form)),
            Action::Knock | Action::Zero => (vec![0.0], Select::fixed(0, self.form)),
            _ => self.constants.numbers(number, at)?,
        };
        self.numbers.push(Number { values, select });
        *cell = Cell::put(self.numbers.len() - 1);
        Ok(())
    }

    /// The rows of attention that are not defined: a query with no key left has none, in a forward pass too.
    fn empty_rows(&mut self, scores: &Cells) -> Cells {
        let cut = |cell: &Cell| {
            let mut numbers = cell.plus.iter().map(|&(number, _)| &self.numbers[number]);
            numbers.any(Number::is_cut)
        };
        let is_empty = |&dest: &usize| {
            let mut keys = 0..=dest;
            keys.all(|src| scores.get(&(dest, src)).is_some_and(cut))
        };
        let empty: Vec<usize> = (0..self.positions).filter(is_empty).collect();
        let mut cells = Cells::new();
        for dest in empty {
            self.numbers.push(Number {
                values: vec![f64::NAN],
                select: Select::fixed(0, self.form),
            });
            let cell = Cell::put(self.numbers.len() - 1);
            cells.extend((0..=dest).map(|src| ((dest, src), cell.clone())));
        }
        cells
    }
}

fn add_all(sums: &mut [Sum], others: &[Sum]) {
    for (sum, other) in sums.iter_mut().zip(others) {
        sum.add(other, 1.0);
    }
}
