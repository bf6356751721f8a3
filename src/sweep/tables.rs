//! The tables that a sweep multiplies: each thing that can stand in a sum against each other
//! thing, or against the logits. Made once for a program, in f64; kept in the precision asked for.
//! For a plain model they are the circuits of `lens/weights/circuit.rs` (tested there).

use super::lanes::{Lanes, SLACK};
use super::program::{Enter, Family, HeadProgram, Program, Sum};
use crate::lens::{Matrices, Matrix};
use anyhow::{Result, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// The most numbers in all tables (256 MB in single precision, with their transposes).
const MAX_NUMBERS: usize = 32 << 20;

/// Everything that can stand in a sum, counted through: the slots, then for each path the slots
/// that can enter it.
pub(super) struct Elements {
    /// Where each path's elements begin.
    path_base: Vec<usize>,
    /// By element: its slot, and the path that carries it.
    pub all: Vec<(usize, Option<usize>)>,
    /// How many are slots that no head carries.
    pub slots: usize,
}

impl Elements {
    pub fn new(program: &Program) -> Self {
        let mut all: Vec<_> = (0..program.slots.len()).map(|slot| (slot, None)).collect();
        let mut path_base = Vec::new();
        for (number, path) in program.paths.iter().enumerate() {
            path_base.push(all.len());
            all.extend(path.slots.iter().map(|&slot| (slot, Some(number))));
        }
        Self {
            path_base,
            all,
            slots: program.slots.len(),
        }
    }

    /// Coefficients that an input has at a position: one for each element that heads carry.
    pub fn carried(&self) -> usize {
        self.all.len() - self.slots
    }

    /// The elements of a path.
    pub fn of_path(&self, program: &Program, path: usize) -> std::ops::Range<usize> {
        let first = self.path_base[path];
        first..first + program.paths[path].slots.len()
    }

    /// The element of a slot carried along a path.
    pub fn on_path(&self, program: &Program, path: usize, slot: usize) -> Option<usize> {
        let place = program.paths[path].slots.iter().position(|&s| s == slot)?;
        Some(self.path_base[path] + place)
    }

    /// The slots that a sum holds constant amounts of, in prompts of this index.
    pub fn fixed(&self, program: &Program, sum: &Sum, idx: usize) -> Vec<(usize, f64)> {
        let mut fixed = BTreeMap::<usize, f64>::new();
        for (&piece, &by) in &sum.fixed {
            *fixed.entry(program.slot_of(piece, idx)).or_default() += by;
        }
        fixed.into_iter().collect()
    }
}

/// The elements that some sums need, and where their vectors begin among the rows of a table.
pub(super) struct Basis {
    /// Element numbers.
    pub elements: Vec<usize>,
    /// By element number its place in `elements`; `usize::MAX` where it is not needed.
    pub place: Vec<usize>,
    /// By place: the row of the element's first vector.
    pub first_row: Vec<usize>,
    /// The families (with the path that carries them) whose vectors are the rows, in order.
    blocks: Vec<(usize, Option<usize>)>,
    /// Rows.
    pub height: usize,
}

impl Basis {
    fn new<'a>(
        program: &Program,
        elements: &Elements,
        sums: impl Iterator<Item = &'a Sum>,
    ) -> Self {
        let mut used = BTreeSet::new();
        for sum in sums {
            for idx in 0..program.form.switches() {
                let fixed = elements.fixed(program, sum, idx).into_iter();
                used.extend(fixed.map(|(slot, _)| slot));
            }
            let paths = sum.paths.keys();
            used.extend(paths.flat_map(|&path| elements.of_path(program, path)));
        }
        let used: Vec<usize> = used.into_iter().collect();
        let mut place = vec![usize::MAX; elements.all.len()];
        let mut blocks = Vec::new();
        let mut rows = BTreeMap::new();
        let mut first_row = Vec::new();
        let mut height = 0;
        for (at, &element) in used.iter().enumerate() {
            place[element] = at;
            let (slot, path) = elements.all[element];
            let block = (program.slots[slot].family, path);
            let first = *rows.entry(block).or_insert_with(|| {
                blocks.push(block);
                let first = height;
                height += program.families[block.0].rows.nrows();
                first
            });
            first_row.push(first);
        }
        Self {
            elements: used,
            place,
            first_row,
            blocks,
            height,
        }
    }

    /// Elements.
    pub fn len(&self) -> usize {
        self.elements.len()
    }
}

/// One head's scores, after `1/sqrt(d_head)`: each vector as a query against each as a key.
pub(super) struct HeadTables<T> {
    pub basis: Basis,
    /// `[query row, key row]`, rows `stride` apart.
    pub qk: Vec<T>,
    /// `[key row, query row]`, rows `stride` apart.
    pub kq: Vec<T>,
    pub stride: usize,
}

/// What each vector adds to the logits.
pub(super) struct OutTables<T> {
    pub basis: Basis,
    /// `[row, token]`
    pub out: Vec<T>,
    /// `[token, row]`, rows `stride` apart.
    pub across: Vec<T>,
    pub stride: usize,
    pub d_vocab_out: usize,
    /// The unembedding's bias.
    pub bias: Vec<T>,
}

impl<T: PartialEq> OutTables<T> {
    /// Whether it adds the same to every logit, whatever is read: all of them are tied then, exactly.
    pub fn is_level(&self) -> bool {
        let level = |row: &[T]| row.iter().all(|one| *one == row[0]);
        level(&self.bias) && self.out.chunks_exact(self.d_vocab_out).all(level)
    }
}

/// All tables of a program.
pub(super) struct Tables<T> {
    pub heads: Vec<HeadTables<T>>,
    pub out: OutTables<T>,
}

/// Vectors as paths carry them, made once.
pub(super) struct Carried<'a> {
    weights: &'a Matrices,
    program: &'a Program,
    made: BTreeMap<(usize, Option<usize>), Matrix>,
}

impl<'a> Carried<'a> {
    pub fn new(weights: &'a Matrices, program: &'a Program) -> Self {
        Self {
            weights,
            program,
            made: BTreeMap::new(),
        }
    }

    /// A family's vectors as the values of a path's last head, `[vector, d_head]`.
    pub fn values(&mut self, family: usize, path: usize) -> Matrix {
        let Family { enter, rows } = &self.program.families[family];
        let path = &self.program.paths[path];
        if path.parent.is_none() && *enter == Enter::Value(path.head) {
            return rows.clone();
        }
        let w_v = &self.program.heads[self.program.number(path.head)].w_v;
        self.vectors(family, path.parent) * w_v
    }

    /// A family's vectors in the residual stream, after a path.
    fn vectors(&mut self, family: usize, path: Option<usize>) -> &Matrix {
        if !self.made.contains_key(&(family, path)) {
            let made = self.make(family, path);
            self.made.insert((family, path), made);
        }
        &self.made[&(family, path)]
    }

    fn make(&mut self, family: usize, path: Option<usize>) -> Matrix {
        let Some(path) = path else {
            return self.program.families[family].rows.clone();
        };
        let w_o = &self.weights.head(self.program.paths[path].head).w_o;
        self.values(family, path) * w_o
    }

    /// The rows of a basis as a head's queries or keys (`enter`), `[height, d_head]`.
    fn projected(&mut self, basis: &Basis, enter: Enter, w: &Matrix) -> Matrix {
        let parts: Vec<Matrix> = basis
            .blocks
            .iter()
            .map(|&(family, path)| {
                let entered = self.program.families[family].enter;
                if entered == enter && path.is_none() {
                    return self.program.families[family].rows.clone();
                }
                let vectors = self.vectors(family, path);
                if vectors.ncols() == w.nrows() && (entered == Enter::Stream || path.is_some()) {
                    vectors * w
                } else {
                    // a vector that enters this head elsewhere: no sum on this side holds it
                    Matrix::zeros(vectors.nrows(), w.ncols())
                }
            })
            .collect();
        stacked(&parts, w.ncols())
    }
}

fn stacked(parts: &[Matrix], width: usize) -> Matrix {
    let height = parts.iter().map(Matrix::nrows).sum();
    let mut all = Matrix::zeros(height, width);
    let mut at = 0;
    for part in parts {
        for i in 0..part.nrows() {
            for j in 0..width {
                all[(at + i, j)] = part[(i, j)];
            }
        }
        at += part.nrows();
    }
    all
}

/// Row-major numbers with rows `stride` apart, and enough behind them that registers may be filled
/// from the last.
fn numbers<L: Lanes>(m: &Matrix, stride: usize) -> Vec<L::T> {
    let mut all = vec![L::number(0.0); m.nrows() * stride + SLACK];
    for i in 0..m.nrows() {
        for j in 0..m.ncols() {
            all[i * stride + j] = L::number(m[(i, j)]);
        }
    }
    all
}

impl<T> Tables<T> {
    /// The tables of a program of these weights.
    ///
    /// # Errors
    /// When they would be too large.
    pub fn new<L: Lanes<T = T>>(
        weights: &Matrices,
        program: &Program,
        elements: &Elements,
    ) -> Result<Self> {
        let of_head =
            |head: &HeadProgram| Basis::new(program, elements, head.q.iter().chain(&head.k));
        let bases: Vec<Basis> = program.heads.iter().map(of_head).collect();
        let out = Basis::new(program, elements, program.out.iter());
        let d_vocab_out = weights.config().d_vocab_out;
        let size = bases.iter().map(|basis| basis.height * basis.height);
        let size = size.sum::<usize>() + out.height * d_vocab_out;
        ensure!(
            size <= MAX_NUMBERS,
            "the tables would hold {size} numbers; {MAX_NUMBERS} is the most"
        );
        let mut carried = Carried::new(weights, program);
        let heads = program.heads.iter().zip(bases);
        Ok(Self {
            heads: heads
                .map(|(head, basis)| head_tables::<L>(&mut carried, head, basis))
                .collect(),
            out: out_tables::<L>(&mut carried, out),
        })
    }
}

fn head_tables<L: Lanes>(
    carried: &mut Carried<'_>,
    head: &HeadProgram,
    basis: Basis,
) -> HeadTables<L::T> {
    let name = head.name;
    let w_k = &carried.weights.head(name).w_k;
    let q = carried.projected(&basis, Enter::Query(name), &head.w_q);
    let k = carried.projected(&basis, Enter::Key(name), w_k);
    let scale = 1.0 / (carried.weights.config().d_head as f64).sqrt();
    let qk = faer::Scale(scale) * (&q * k.transpose());
    let stride = basis.height + SLACK;
    HeadTables {
        qk: numbers::<L>(&qk, stride),
        kq: numbers::<L>(&qk.transpose().to_owned(), stride),
        stride,
        basis,
    }
}

fn out_tables<L: Lanes>(carried: &mut Carried<'_>, basis: Basis) -> OutTables<L::T> {
    let w_u = carried.weights.w_u();
    let parts: Vec<Matrix> = basis
        .blocks
        .iter()
        .map(|&(family, path)| carried.vectors(family, path) * w_u)
        .collect();
    let d_vocab_out = w_u.ncols();
    let out = stacked(&parts, d_vocab_out);
    let b_u = carried.weights.b_u();
    let stride = basis.height + SLACK;
    OutTables {
        out: numbers::<L>(&out, d_vocab_out),
        across: numbers::<L>(&out.transpose().to_owned(), stride),
        stride,
        d_vocab_out,
        bias: (0..d_vocab_out).map(|j| L::number(b_u[(0, j)])).collect(),
        basis,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::super::constants::Constants;
    use super::super::doubles::Double;
    use super::super::engine::tests::experiment;
    use super::super::fold::fold;
    use super::*;
    use crate::lens::{Circuit, CircuitName, HeadName, Side};
    use crate::model::Model;
    use candle_core::Device;
    use std::ops::Range;

    /// The heads of a path, the earliest first.
    fn chain(program: &Program, path: Option<usize>) -> Vec<HeadName> {
        let Some(path) = path.map(|path| &program.paths[path]) else {
            return Vec::new();
        };
        let mut chain = chain(program, path.parent);
        chain.push(path.head);
        chain
    }

    /// A basis's blocks, each with what its rows stand for.
    fn sides(program: &Program, basis: &Basis) -> Vec<(Side, Vec<HeadName>, Range<usize>)> {
        let mut first = 0;
        let blocks = basis.blocks.iter().map(|&(family, path)| {
            let chain = chain(program, path);
            // a model without biases and interventions has no other vectors
            let side = match (family, &chain[..]) {
                (0, []) => Side::Tok,
                (0, &[head]) => Side::Via(head),
                (0, _) => Side::Tok,
                (family, chain) => {
                    assert_eq!((family, chain.len()), (1, 0));
                    Side::Pos
                }
            };
            let rows = first..first + program.families[family].rows.nrows();
            first = rows.end;
            (side, chain, rows)
        });
        blocks.collect()
    }

    fn same(circuit: &Circuit, rows: &Range<usize>, at: impl Fn(usize, usize) -> f64) {
        assert_eq!(circuit.rows.len(), rows.len());
        for (i, row) in rows.clone().enumerate() {
            for (j, &value) in circuit.values.slice(&[i]).iter().enumerate() {
                let (a, b) = (f64::from(value), at(row, j));
                assert!((a - b).abs() < 1e-4, "{}: {a} is not {b}", circuit.name);
            }
        }
    }

    #[test]
    fn tables_are_the_circuits() {
        let model = Model::embedded(&Device::Cpu).unwrap().transformer;
        let weights = Matrices::new(&model).unwrap();
        let with = experiment(&model, &[]);
        let constants = Constants::new(&model, &with).unwrap();
        let program = fold(&weights, &constants, model.task().seq_len() - 1).unwrap();
        let elements = Elements::new(&program);
        let tables = Tables::new::<Double>(&weights, &program, &elements).unwrap();
        let mut seen = Vec::new();
        for (head, table) in program.heads.iter().zip(&tables.heads) {
            let sides = sides(&program, &table.basis);
            for (query, _, rows) in &sides {
                for (key, _, cols) in &sides {
                    let (head, query, key) = (head.name, *query, *key);
                    let name = CircuitName::Qk { head, query, key };
                    let circuit = Circuit::new(&weights, &name, true).unwrap();
                    let qk = |i: usize, j: usize| table.qk[i * table.stride + cols.start + j];
                    same(&circuit, rows, qk);
                    let kq = |i: usize, j: usize| table.kq[(cols.start + j) * table.stride + i];
                    same(&circuit, rows, kq);
                    seen.push(name);
                }
            }
        }
        let out = &tables.out;
        for (_, chain, rows) in sides(&program, &out.basis) {
            let name = match chain.is_empty() {
                true => CircuitName::Direct,
                false => CircuitName::Ov(chain),
            };
            let circuit = Circuit::new(&weights, &name, false).unwrap();
            let at = |i: usize, j: usize| out.out[i * out.d_vocab_out + j];
            same(&circuit, &rows, at);
            seen.push(name);
        }
        let missing = CircuitName::all(model.config());
        let missing = missing.iter().filter(|one| one.has_inputs());
        let missing: Vec<_> = missing.filter(|one| !seen.contains(one)).collect();
        assert!(missing.is_empty(), "{missing:?} is in no table");
    }
}
