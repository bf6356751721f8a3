//! A number over the values of one field, or of two.

use super::places::{Asked, DIGITS, cells, check, defined, so_far, told, unfinished};
use super::stat::Stat;
use super::{Extent, Stepwise};
use crate::answers::curves::LogAxes;
use crate::answers::table::{ALL_ELSE, Layer, NOTHING_ELSE, STANDARD_ERROR, Table};
use crate::lens::Array;
use crate::sweep::{Gather, Gathering, Over, Progress, Quantity, Seen, gather, gather_listed};
use crate::task::number::significant;
use crate::task::{Task, Values};
use anyhow::Result;
use std::sync::Arc;

/// The fields that a map is by, and which cell each of their values belongs to.
#[derive(Clone)]
pub(super) struct Axes {
    task: Task,
    slots: Vec<usize>,
    /// By field and token.
    places: Arc<Vec<Vec<Option<u32>>>>,
    sizes: Vec<usize>,
}

impl Axes {
    pub fn new(task: Task, slots: &[usize]) -> Self {
        let places = |&slot: &usize| {
            let mut places = vec![None; task.d_vocab()];
            for (place, &token) in (0..).zip(&task.slots[slot].values) {
                places[token as usize] = Some(place);
            }
            places
        };
        Self {
            task,
            slots: slots.to_vec(),
            places: Arc::new(slots.iter().map(places).collect()),
            sizes: slots
                .iter()
                .map(|&slot| task.slots[slot].values.len())
                .collect(),
        }
    }

    pub fn cells(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Rows and columns; of one field a column.
    pub fn shape(&self) -> [usize; 2] {
        [self.sizes[0], self.sizes.get(1).copied().unwrap_or(1)]
    }

    fn cell(&self, seen: &Seen<'_>) -> Option<usize> {
        let mut axes = self.slots.iter().zip(&*self.places).zip(&self.sizes);
        axes.try_fold(0, |cell, ((&slot, places), size)| {
            let place = places.get(seen.token(slot)).copied().flatten()?;
            Some(cell * size + place as usize)
        })
    }

    /// The values' names along an axis.
    pub fn names(&self, axis: usize) -> Option<Vec<String>> {
        let slot = *self.slots.get(axis)?;
        let values = self.task.slots[slot].values.iter();
        Some(values.map(|&token| self.task.token_name(token)).collect())
    }

    /// The fields' names.
    pub fn fields(&self) -> Vec<&'static str> {
        let task = self.task.get();
        let slots = self.slots.iter();
        slots.map(|&slot| task.slots[slot].name.as_str()).collect()
    }
}

/// The numbers of a map's cells.
pub(super) struct Cells {
    axes: Axes,
    /// How many quantities each cell has.
    width: usize,
    /// `[cell, quantity]`
    pub stats: Vec<Stat>,
    /// Cells that have seen an input, each once.
    touched: Vec<usize>,
}

impl Cells {
    pub fn new(axes: Axes, width: usize) -> Self {
        Self {
            stats: vec![Stat::default(); axes.cells() * width],
            width,
            touched: Vec::new(),
            axes,
        }
    }

    fn at(&mut self, cell: usize) -> &mut Stat {
        let stat = &mut self.stats[cell];
        if stat.n() + stat.undefined == 0 {
            self.touched.push(cell);
        }
        stat
    }
}

impl Gather for Cells {
    fn empty(&self) -> Self {
        Self::new(self.axes.clone(), self.width)
    }

    fn see(&mut self, seen: &Seen<'_>) {
        if let Some(cell) = self.axes.cell(seen) {
            for (i, &number) in seen.numbers.iter().take(self.width).enumerate() {
                self.at(cell * self.width + i).see(number, seen);
            }
        }
    }

    fn join(&mut self, later: Self) {
        for cell in later.touched {
            self.at(cell).join(&later.stats[cell]);
        }
    }
}

/// A map in the making.
pub(super) struct Map {
    pub gathering: Gathering<Cells>,
    pub axes: Axes,
    /// Several only where there is one field.
    quantities: Vec<Quantity>,
    log: LogAxes,
    /// `None`: all else is as in the prompt.
    over: Option<Over>,
    prompt: Values,
    progress: Option<Progress>,
}

impl Map {
    pub fn new(asked: &Asked, quantities: &[String], by: &[usize], over: Extent) -> Result<Self> {
        check(asked.task, by)?;
        cells(asked.task, by)?;
        let quantities = quantities.iter().map(|one| asked.quantity(one));
        let quantities: Vec<Quantity> = quantities.collect::<Result<_>>()?;
        let axes = Axes::new(asked.task, by);
        let gathered = Cells::new(axes.clone(), quantities.len());
        let (over, gathering) = match over {
            Extent::Near => {
                let inputs = asked.around(by)?;
                let begun = gather_listed(&asked.sweep, inputs, &quantities, gathered)?;
                (None, begun)
            }
            _ => {
                let over = asked.over(over);
                let begun = gather(&asked.sweep, over, &quantities, gathered)?;
                (Some(over), begun)
            }
        };
        Ok(Self {
            gathering,
            axes,
            quantities,
            log: LogAxes::default(),
            over,
            prompt: asked.prompt.clone(),
            progress: None,
        })
    }

    pub fn step(&mut self) -> Result<bool> {
        let progress = self.gathering.step()?;
        self.progress = unfinished(progress);
        Ok(self.progress.is_none())
    }

    /// `[row, column]` of a number of each cell; of one field, `[row, quantity]`.
    pub fn values(&self, of: impl Fn(&Stat) -> f64) -> Array {
        let stats = &self.gathering.gathered().stats;
        let [height, width] = self.axes.shape();
        let width = width * self.quantities.len();
        Array::from_fn([height, width], |i, j| of(&stats[i * width + j]) as f32)
    }

    /// What there is to say of it all.
    pub fn notes(&self) -> Vec<(String, String)> {
        let width = self.quantities.len();
        let stats = &self.gathering.gathered().stats;
        let whole = (0..width).map(|i| {
            let mut all = Stat::default();
            let own = stats.iter().skip(i).step_by(width);
            own.for_each(|stat| all.join(stat));
            all
        });
        let whole: Vec<Stat> = whole.collect();
        let all = &whole[0];
        let mut notes = Vec::new();
        let fields = self.axes.fields();
        notes.push((
            ALL_ELSE.into(),
            match self.over {
                None => {
                    let task = self.prompt.task();
                    let still = task
                        .fields()
                        .filter(|field| !fields.contains(&&*field.to_string()));
                    let still = still.map(|field| {
                        format!("{field}={}", task.token_name(self.prompt.get(field)))
                    });
                    let still: Vec<String> = still.collect();
                    match still.is_empty() {
                        true => NOTHING_ELSE.to_owned(),
                        false => format!("as in the prompt: {}{}", still.join(" "), self.moved()),
                    }
                }
                Some(over) => format!(
                    "{}, the mean of each cell",
                    told(over, all.n() + all.undefined, self.progress)
                ),
            },
        ));
        notes.extend(so_far(self.progress));
        for (quantity, all) in self.quantities.iter().zip(&whole) {
            let of = match width {
                1 => String::new(),
                _ => format!(" of {quantity}"),
            };
            let own = self.notes_of(all).into_iter();
            notes.extend(own.map(|(name, words)| (name + &of, words)));
        }
        if all.n() > 0 {
            let task = self.prompt.task();
            let names: Vec<String> = task.fields().map(|field| field.to_string()).collect();
            notes.push(("at".into(), names.join(" ")));
        }
        notes
    }

    /// What there is to say where a field cannot take a value alone.
    fn moved(&self) -> &'static str {
        let task = self.prompt.task().get();
        let shares = |slot: &usize| {
            let mut groups = task.groups.iter().filter(|group| group.distinct);
            groups.any(|group| group.slots.contains(slot) && group.slots.len() > 1)
        };
        match self.axes.slots.iter().any(shares) {
            true => "; a value that stands elsewhere already changes places",
            false => "",
        }
    }

    /// What there is to say of one quantity.
    fn notes_of(&self, all: &Stat) -> Vec<(String, String)> {
        let mut notes: Vec<_> = defined(all.n(), all.undefined).into_iter().collect();
        if all.n() > 0 {
            notes.push(("mean".into(), significant(all.mean(), DIGITS)));
            for (name, (value, number)) in [("least", all.min), ("largest", all.max)] {
                let input = self.prompt.task().values_at(number.into());
                let words = format!("{} at {input}", significant(value, DIGITS));
                notes.push((name.into(), words));
            }
        }
        notes
    }
}

impl Stepwise for Map {
    fn step(&mut self) -> Result<bool> {
        Self::step(self)
    }

    fn table(&self) -> Table {
        let names = || self.quantities.iter().map(ToString::to_string).collect();
        let mut beside = Vec::new();
        let mut layer = |name: &str, of: fn(&Stat) -> f64| {
            beside.push(Layer {
                name: name.to_owned(),
                values: self.values(of),
            });
        };
        if let Some(over) = self.over {
            if over != Over::Space {
                layer(STANDARD_ERROR, Stat::error);
            }
            layer("min", |stat| stat.ends()[0]);
            layer("max", |stat| stat.ends()[1]);
        }
        let values = self.values(Stat::mean);
        let ends = values.values().iter().filter(|value| value.is_finite());
        let is_share = self.quantities.iter().all(Quantity::is_share)
            && ends.clone().all(|value| (0.0..=1.0).contains(value));
        let task = self.prompt.task();
        let stats = &self.gathering.gathered().stats;
        let input = |stat: &Stat| (stat.n() > 0).then(|| task.values_at(stat.min.1.into()));
        Table {
            rows: self.axes.names(0).unwrap_or_default(),
            cols: self.axes.names(1).unwrap_or_else(names),
            signed: !is_share,
            log: self.log,
            axes: self.axes.fields().into_iter().map(str::to_owned).collect(),
            inputs: stats.iter().map(input).collect(),
            values,
            beside,
            notes: self.notes(),
            name: match self.over {
                Some(_) => "mean".into(),
                None => String::new(),
            },
            ..Table::default()
        }
    }
}

pub(super) fn begin(
    asked: &Asked,
    quantities: &[String],
    (by, over): (&[usize], Extent),
    log: LogAxes,
) -> Result<Box<dyn Stepwise>> {
    let map = Map::new(asked, quantities, by, over)?;
    Ok(Box::new(Map { log, ..map }))
}
