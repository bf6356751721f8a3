//! The entries of the tables that one block of inputs needs, side by side: a list and an index
//! pick one row for each element, and where the new element picks the row, all of them are kept.

use super::lanes::Lanes;
use super::plan::Term;
use super::prepared::Prepared;
use super::tables::{Basis, HeadTables, OutTables};

/// Which rows a block picks.
pub(super) struct Rows {
    /// By place: the row of the table.
    row: Vec<usize>,
    /// By place: where the row's numbers begin in what the block reads.
    start: Vec<usize>,
    /// By place: which of the places that the element decides it is.
    wide: Vec<Option<usize>>,
    /// The places that the element decides.
    wide_places: Vec<usize>,
    /// The places whose row some field decides; the others keep theirs.
    moving: Vec<usize>,
    /// The places that have another row than in the block before.
    changed: Vec<usize>,
}

impl Rows {
    fn new<T>(prepared: &Prepared<T>, basis: &Basis) -> Self {
        let mut wide_places = Vec::new();
        let by_elt = basis.elements.iter().enumerate().map(|(place, &element)| {
            let slot = prepared.elements.all[element].0;
            prepared.program.slots[slot].select.by_elt().then(|| {
                wide_places.push(place);
                wide_places.len() - 1
            })
        });
        let moves = |place: &usize| {
            let slot = &prepared.program.slots[prepared.elements.all[basis.elements[*place]].0];
            slot.select.strides.iter().any(|&stride| stride != 0)
        };
        Self {
            moving: (0..basis.len()).filter(moves).collect(),
            wide: by_elt.collect(),
            // none yet
            row: vec![usize::MAX; basis.len()],
            start: vec![0; basis.len()],
            wide_places,
            changed: Vec::with_capacity(basis.len()),
        }
    }

    fn pick<T>(&mut self, prepared: &Prepared<T>, basis: &Basis, fields: &[usize]) {
        self.changed.clear();
        let row = |place: usize| {
            let slot = &prepared.program.slots[prepared.elements.all[basis.elements[place]].0];
            basis.first_row[place] + slot.select.row(fields)
        };
        if self.row.first() == Some(&usize::MAX) {
            // the first block: none is picked yet
            self.row = (0..basis.len()).map(row).collect();
            self.changed.extend(0..basis.len());
            return;
        }
        for &place in &self.moving {
            let row = row(place);
            if self.row[place] != row {
                self.row[place] = row;
                self.changed.push(place);
            }
        }
    }
}

/// What is read: so much of each row of a table. Rows that the element decides come last.
pub(super) struct Coefficients<V> {
    len: usize,
    /// How many rows are the same for all inputs.
    each: usize,
    /// Where the rows begin.
    starts: Vec<usize>,
    amounts: Vec<V>,
}

impl<V: Copy> Coefficients<V> {
    /// Room for so many.
    pub fn new(zero: V, most: usize) -> Self {
        Self {
            len: 0,
            each: 0,
            starts: vec![0; most],
            amounts: vec![zero; most],
        }
    }

    /// Takes these terms, in their order; how much of each stands in `from`.
    #[inline(always)]
    pub fn fill<'a>(&mut self, rows: &Rows, terms: impl Iterator<Item = &'a Term>, from: &[V]) {
        (self.len, self.each) = (0, 0);
        let to = self.starts.iter_mut().zip(&mut self.amounts);
        for (term, (start, amount)) in terms.zip(to) {
            *start = rows.start[term.to];
            *amount = from[term.row];
            self.each += usize::from(rows.wide[term.to].is_none());
            self.len += 1;
        }
    }

    /// Rows that are the same for all inputs: where they begin, and how much of each.
    #[inline(always)]
    pub fn each(&self) -> impl Iterator<Item = (&usize, &V)> {
        let starts = &self.starts[..self.each];
        starts.iter().zip(&self.amounts[..self.each])
    }

    /// The others.
    #[inline(always)]
    pub fn wide(&self) -> impl Iterator<Item = (&usize, &V)> {
        let starts = &self.starts[self.each..self.len];
        starts.iter().zip(&self.amounts[self.each..self.len])
    }
}

/// One head's entries.
pub(super) struct LocalHead<T> {
    pub rows: Rows,
    len: usize,
    /// Numbers of an element's row: `max_num`, up to the next full register.
    pad: usize,
    /// `[query, key]`, where the element decides neither.
    each: Vec<T>,
    /// `[query that the element decides, key, elt]`
    wide_q: Vec<T>,
    /// `[key that the element decides, query, elt]`
    wide_k: Vec<T>,
}

impl<T: Copy> LocalHead<T> {
    pub fn new(prepared: &Prepared<T>, tables: &HeadTables<T>, zero: T) -> Self {
        let mut rows = Rows::new(prepared, &tables.basis);
        let (len, pad) = (tables.basis.len(), prepared.pad());
        for place in 0..len {
            rows.start[place] = match rows.wide[place] {
                None => place * len,
                Some(i) => i * len * pad,
            };
        }
        let wide = rows.wide_places.len() * len * pad;
        Self {
            each: vec![zero; len * len],
            wide_q: vec![zero; wide],
            wide_k: vec![zero; wide],
            rows,
            len,
            pad,
        }
    }

    /// Fetches the entries for a list and an index (the element in `fields` is 0).
    pub fn fetch(&mut self, prepared: &Prepared<T>, tables: &HeadTables<T>, fields: &[usize]) {
        self.rows.pick(prepared, &tables.basis, fields);
        for i in 0..self.rows.changed.len() {
            let changed = self.rows.changed[i];
            for other in 0..self.len {
                self.fetch_entry(prepared, tables, changed, other);
                self.fetch_entry(prepared, tables, other, changed);
            }
        }
    }

    /// Fetches the entry of a query and a key, or its row by element.
    fn fetch_entry(&mut self, prepared: &Prepared<T>, tables: &HeadTables<T>, q: usize, k: usize) {
        let Self { rows, len, pad, .. } = self;
        let (row, stride) = (&rows.row, tables.stride);
        let (query, key) = (row[q], row[k]);
        let elts = prepared.program.form.lanes();
        let to = |i: usize, other: usize| (i * *len + other) * *pad;
        match (rows.wide[q], rows.wide[k]) {
            (None, None) => self.each[q * *len + k] = tables.qk[query * stride + key],
            (Some(i), None) => {
                let from = key * stride + query;
                self.wide_q[to(i, k)..][..elts].copy_from_slice(&tables.kq[from..][..elts]);
            }
            (None, Some(i)) => {
                let from = query * stride + key;
                self.wide_k[to(i, q)..][..elts].copy_from_slice(&tables.qk[from..][..elts]);
            }
            (Some(_), Some(i)) => {
                // used where keys are: the query's own row would hold the same
                let to = to(i, q);
                for e in 0..elts {
                    self.wide_k[to + e] = tables.qk[(query + e) * stride + key + e];
                }
            }
        }
    }

    /// A query against each key: `u[k] = sum over q of read[q] * table[q, k]`.
    #[inline(always)]
    pub fn against_keys<L: Lanes<T = T>>(
        &self,
        lanes: L,
        (query, keys): (&[Term], &[usize]),
        read: &Coefficients<L::V>,
        e0: usize,
        u: &mut [L::V],
    ) {
        let zero = lanes.zero();
        let table = Table {
            each: &self.each,
            wide: self.wide_q.get(e0..).unwrap_or_default(),
            stride: self.pad,
        };
        let u = &mut u[..self.len];
        let (fours, others) = keys.as_chunks();
        for &four in fours {
            table.columns::<L, 4>(lanes, read, four, u);
        }
        for &key in others {
            table.columns::<L, 1>(lanes, read, [key], u);
        }
        for (i, &k) in self.rows.wide_places.iter().enumerate() {
            let mut sum = zero;
            for (term, &coefficient) in query.iter().zip(&read.amounts) {
                let at = (i * self.len + term.to) * self.pad + e0;
                sum = lanes.fma(coefficient, lanes.load(&self.wide_k[at..]), sum);
            }
            u[k] = sum;
        }
    }
}

/// Which rows of the logits' table a block picks.
pub(super) struct LocalOut {
    pub rows: Rows,
}

impl LocalOut {
    pub fn new<T: Copy>(prepared: &Prepared<T>, basis: &Basis) -> Self {
        Self {
            rows: Rows::new(prepared, basis),
        }
    }

    /// Picks the rows for a list and an index.
    pub fn fetch<T: Copy>(
        &mut self,
        prepared: &Prepared<T>,
        tables: &OutTables<T>,
        fields: &[usize],
    ) {
        let rows = &mut self.rows;
        rows.pick(prepared, &tables.basis, fields);
        for (place, start) in rows.start.iter_mut().enumerate() {
            *start = match rows.wide[place] {
                None => rows.row[place] * tables.d_vocab_out,
                Some(_) => rows.row[place],
            };
        }
    }

    /// `logits[token] += sum of read * table[.., token]`.
    #[inline(always)]
    pub fn add<L: Lanes>(
        &self,
        lanes: L,
        tables: &OutTables<L::T>,
        read: &Coefficients<L::V>,
        e0: usize,
        logits: &mut [L::V],
    ) {
        let table = Table {
            each: &tables.out,
            wide: &tables.across[e0..],
            stride: tables.stride,
        };
        table.products(lanes, read, logits);
    }
}

/// The rows of a table as a block of inputs sees them.
struct Table<'a, T> {
    /// Rows that are the same for all inputs, by column.
    each: &'a [T],
    /// Columns `stride` apart, inputs side by side.
    wide: &'a [T],
    stride: usize,
}

impl<T: Copy> Table<'_, T> {
    /// `out[c] += sum of read * table[.., c]`.
    #[inline(always)]
    fn products<L: Lanes<T = T>>(&self, lanes: L, read: &Coefficients<L::V>, out: &mut [L::V]) {
        let mut done = 0;
        if L::COLUMNS >= 8 {
            done = self.tiles::<L, 8>(lanes, read, out, done);
        }
        if L::COLUMNS >= 6 {
            done = self.tiles::<L, 6>(lanes, read, out, done);
        }
        if L::COLUMNS >= 2 {
            done = self.tiles::<L, 2>(lanes, read, out, done);
        }
        self.tiles::<L, 1>(lanes, read, out, done);
    }

    /// Those of as many columns at once as there are `C`, from the first one that is not done; says which
    /// is the next. What has been fetched serves all of them, and their sums need not wait for each
    /// other; each is made in the same order whatever `C` is.
    #[inline(always)]
    fn tiles<L: Lanes<T = T>, const C: usize>(
        &self,
        lanes: L,
        read: &Coefficients<L::V>,
        out: &mut [L::V],
        first: usize,
    ) -> usize {
        let mut column = first;
        for tile in out[first..].chunks_exact_mut(C) {
            let mut sums: [L::V; C] = std::array::from_fn(|i| tile[i]);
            for (row, &coefficient) in read.each() {
                let entries = &self.each[row + column..][..C];
                for (sum, &entry) in sums.iter_mut().zip(entries) {
                    *sum = lanes.fma(coefficient, lanes.splat(entry), *sum);
                }
            }
            for (row, &coefficient) in read.wide() {
                for (i, sum) in sums.iter_mut().enumerate() {
                    let entries = lanes.load(&self.wide[row + (column + i) * self.stride..]);
                    *sum = lanes.fma(coefficient, entries, *sum);
                }
            }
            tile.copy_from_slice(&sums);
            column += C;
        }
        column
    }

    /// The sums of some columns alone, each from nothing.
    #[inline(always)]
    fn columns<L: Lanes<T = T>, const C: usize>(
        &self,
        lanes: L,
        read: &Coefficients<L::V>,
        columns: [usize; C],
        out: &mut [L::V],
    ) {
        let mut sums = [lanes.zero(); C];
        for (row, &coefficient) in read.each() {
            for (sum, column) in sums.iter_mut().zip(columns) {
                let entry = lanes.splat(self.each[row + column]);
                *sum = lanes.fma(coefficient, entry, *sum);
            }
        }
        for (row, &coefficient) in read.wide() {
            for (sum, column) in sums.iter_mut().zip(columns) {
                let entries = lanes.load(&self.wide[row + column * self.stride..]);
                *sum = lanes.fma(coefficient, entries, *sum);
            }
        }
        for (column, sum) in columns.into_iter().zip(sums) {
            out[column] = sum;
        }
    }
}
