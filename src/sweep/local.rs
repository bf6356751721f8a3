//! The entries of the tables that one block of inputs needs, side by side: a list and an index
//! pick one row for each element, and where the new element picks the row, all of them are kept.

use super::lanes::Lanes;
use super::prepared::Prepared;
use super::tables::{Basis, HeadTables, OutTables};

/// Columns whose sums are kept in registers at once: two registers each, and AVX2 has 16.
const AT_ONCE: usize = 5;

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
        Self {
            wide: by_elt.collect(),
            row: vec![0; basis.len()],
            start: vec![0; basis.len()],
            wide_places,
        }
    }

    fn pick<T>(&mut self, prepared: &Prepared<T>, basis: &Basis, fields: &[usize]) {
        for (place, &element) in basis.elements.iter().enumerate() {
            let slot = &prepared.program.slots[prepared.elements.all[element].0];
            self.row[place] = basis.first_row[place] + slot.select.row(fields);
        }
    }
}

/// What is read: where the rows begin, and how much of each. Apart from each other those that the
/// element decides.
pub(super) struct Coefficients<V> {
    each: Vec<(usize, V)>,
    wide: Vec<(usize, V)>,
    /// By place, for the columns that the element decides.
    places: Vec<(usize, V)>,
}

impl<V: Copy> Coefficients<V> {
    pub fn new() -> Self {
        Self {
            each: Vec::new(),
            wide: Vec::new(),
            places: Vec::new(),
        }
    }

    #[inline(always)]
    pub fn clear(&mut self) {
        self.each.clear();
        self.wide.clear();
        self.places.clear();
    }

    #[inline(always)]
    pub fn push(&mut self, rows: &Rows, place: usize, by: V) {
        let list = if rows.wide[place].is_none() {
            &mut self.each
        } else {
            &mut self.wide
        };
        list.push((rows.start[place], by));
        self.places.push((place, by));
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
    pub fn new(prepared: &Prepared<T>, basis: &Basis, zero: T) -> Self {
        let mut rows = Rows::new(prepared, basis);
        let (len, pad) = (basis.len(), prepared.pad());
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
        let (row, stride) = (&self.rows.row, tables.stride);
        for q in 0..self.len {
            let of_query = &tables.qk[row[q] * stride..];
            if self.rows.wide[q].is_none() {
                for k in 0..self.len {
                    self.each[q * self.len + k] = of_query[row[k]];
                }
            }
        }
        let elts = prepared.program.task.max_num as usize;
        for (i, &wide) in self.rows.wide_places.iter().enumerate() {
            for other in 0..self.len {
                let to = (i * self.len + other) * self.pad;
                if self.rows.wide[other].is_some() {
                    for e in 0..elts {
                        let (a, b) = (row[wide] + e, row[other] + e);
                        self.wide_q[to + e] = tables.qk[a * stride + b];
                        self.wide_k[to + e] = tables.qk[b * stride + a];
                    }
                } else {
                    let from = row[other] * stride + row[wide];
                    self.wide_q[to..to + elts].copy_from_slice(&tables.kq[from..from + elts]);
                    self.wide_k[to..to + elts].copy_from_slice(&tables.qk[from..from + elts]);
                }
            }
        }
    }

    /// A query against each key: `u[k] = sum over q of read[q] * table[q, k]`.
    #[inline(always)]
    pub fn against_keys<L: Lanes<T = T>>(
        &self,
        lanes: L,
        read: &Coefficients<L::V>,
        e0: usize,
        u: &mut [L::V],
    ) {
        let zero = lanes.zero();
        let u = &mut u[..self.len];
        u.fill(zero);
        let table = Table {
            each: &self.each,
            wide: self.wide_q.get(e0..).unwrap_or_default(),
            stride: self.pad,
        };
        table.products(lanes, read, u);
        for (i, &k) in self.rows.wide_places.iter().enumerate() {
            let mut sum = zero;
            for &(q, coefficient) in &read.places {
                let at = (i * self.len + q) * self.pad + e0;
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
    /// `out[c] += sum of read * table[.., c]`, many columns at once.
    #[inline(always)]
    fn products<L: Lanes<T = T>>(&self, lanes: L, read: &Coefficients<L::V>, out: &mut [L::V]) {
        let mut first = 0;
        while first + AT_ONCE <= out.len() {
            self.some_products::<L, AT_ONCE>(lanes, read, first, out);
            first += AT_ONCE;
        }
        while first < out.len() {
            self.some_products::<L, 1>(lanes, read, first, out);
            first += 1;
        }
    }

    #[inline(always)]
    fn some_products<L: Lanes<T = T>, const N: usize>(
        &self,
        lanes: L,
        read: &Coefficients<L::V>,
        first: usize,
        out: &mut [L::V],
    ) {
        let out = &mut out[first..first + N];
        let mut sums = [lanes.zero(); N];
        // copied one by one: a call to copy them at once would cost more than the sums
        for (sum, out) in sums.iter_mut().zip(&*out) {
            *sum = *out;
        }
        for &(row, coefficient) in &read.each {
            let row = &self.each[row + first..][..N];
            for (sum, &entry) in sums.iter_mut().zip(row) {
                *sum = lanes.fma(coefficient, lanes.splat(entry), *sum);
            }
        }
        for &(row, coefficient) in &read.wide {
            let mut column = row + first * self.stride;
            for sum in &mut sums {
                let entry = lanes.load(&self.wide[column..]);
                *sum = lanes.fma(coefficient, entry, *sum);
                column += self.stride;
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum;
        }
    }
}
