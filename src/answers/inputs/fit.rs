//! A number of every input as a sum of others, each times what fits best (least squares).

use super::keyed::{Fold, Key, Keyed, Keys};
use super::places::{Asked, DIGITS, at_inputs, defined, so_far, told, unfinished};
use super::together::Together;
use super::{Extent, INPUTS, Stepwise};
use crate::answers::table::{STANDARD_ERROR, Table};
use crate::lens::{Array, Matrix};
use crate::sweep::{Gathering, Over, Progress, Quantity, Sweep, gather};
use crate::task::number::significant;
use crate::task::{Given, Task};
use anyhow::{Context, Result, bail};
use faer::Side;
use faer::prelude::Solve as _;
use std::sync::Arc;

/// Inputs with the worst residuals that are named.
const WORST: usize = 5;

/// The terms together with the number itself, which is the last.
#[derive(Clone)]
struct Products {
    names: Arc<[String]>,
    left_out: u64,
    all: Together,
}

impl Products {
    fn new(names: Arc<[String]>) -> Self {
        let all = Together::new(names.len() + 1);
        Self {
            names,
            left_out: 0,
            all,
        }
    }
}

/// The terms' numbers; `None` where one is not defined.
fn numbers(names: &[String], keys: &Keys<'_>) -> Result<Option<Vec<f64>>> {
    let mut all = Vec::with_capacity(names.len() + 1);
    for (name, key) in names.iter().zip(keys.all()) {
        match (key, key.number()) {
            (_, Some(number)) => all.push(number),
            (Given::None, None) => return Ok(None),
            (other, None) => bail!("'{name}' is no number for an input: it is {other}"),
        }
    }
    Ok(Some(all))
}

impl Fold for Products {
    fn empty(&self) -> Self {
        Self::new(self.names.clone())
    }

    fn add(&mut self, value: f64, keys: &Keys<'_>, _: &dyn Fn() -> u64) -> Result<()> {
        let row = numbers(&self.names, keys)?.filter(|_| value.is_finite());
        let Some(mut row) = row else {
            self.left_out += 1;
            return Ok(());
        };
        row.push(value);
        self.all.add(&row);
        Ok(())
    }

    fn join(&mut self, later: Self) -> Result<()> {
        self.left_out += later.left_out;
        self.all.join(&later.all);
        Ok(())
    }
}

/// What fits best.
#[derive(Clone)]
struct Fitted {
    names: Arc<[String]>,
    /// What is added to all, then by term.
    coefficients: Vec<f64>,
    /// Their standard errors, as if the inputs were drawn.
    errors: Vec<f64>,
    r2: f64,
    n: u64,
    left_out: u64,
}

impl Products {
    /// # Errors
    /// When there are too few inputs, or a term is a sum of the others.
    fn fitted(&self) -> Result<Fitted> {
        let k = self.names.len();
        let n = self.all.n;
        anyhow::ensure!(n > k as u64, "{n} inputs are too few for {k} terms");
        let of = |i: usize, j: usize| self.all.product(i, j);
        // terms of unlike sizes are brought to one
        let size: Vec<f64> = (0..k).map(|i| of(i, i).max(0.0).sqrt()).collect();
        if let Some(i) = size.iter().position(|&size| size == 0.0) {
            bail!("'{}' is the same for all inputs", self.names[i]);
        }
        let x = Matrix::from_fn(k, k, |i, j| (of(i, j) + of(j, i)) / 2.0 / size[i] / size[j]);
        let y = Matrix::from_fn(k, 1, |i, _| of(i, k) / size[i]);
        let values = x
            .self_adjoint_eigenvalues(Side::Lower)
            .map_err(|_| anyhow::anyhow!("the fit did not converge"))?;
        let least = values.first().copied().unwrap_or(1.0);
        anyhow::ensure!(
            least > 1e-10,
            "one term is a sum of the others (or nearly so): leave one out of {}",
            self.names.join(", ")
        );
        let decomposed = x.llt(Side::Lower).ok();
        let decomposed = decomposed.context("the terms cannot be told apart")?;
        let solved = decomposed.solve(&y);
        let inverse = decomposed.solve(&Matrix::identity(k, k));
        let slopes: Vec<f64> = (0..k).map(|i| solved[(i, 0)] / size[i]).collect();
        let explained: f64 = (0..k).map(|i| slopes[i] * of(i, k)).sum();
        let all = of(k, k);
        let noise = (all - explained).max(0.0) / (n as f64 - k as f64 - 1.0).max(1.0);
        let base = self.all.means[k] - (0..k).map(|i| slopes[i] * self.all.means[i]).sum::<f64>();
        let error = |i: usize| (noise * inverse[(i, i)]).sqrt() / size[i];
        let centre = Matrix::from_fn(k, 1, |i, _| self.all.means[i] / size[i]);
        let through = (centre.transpose() * &inverse * &centre)[(0, 0)];
        let of_base = (noise * (1.0 / n as f64 + through)).sqrt();
        Ok(Fitted {
            names: self.names.clone(),
            coefficients: std::iter::once(base).chain(slopes).collect(),
            errors: std::iter::once(of_base).chain((0..k).map(error)).collect(),
            r2: if all > 0.0 { explained / all } else { f64::NAN },
            n,
            left_out: self.left_out,
        })
    }
}

/// The inputs furthest from what was fitted: residual and place, the furthest first.
#[derive(Clone)]
struct Residuals {
    fitted: Arc<Fitted>,
    worst: Vec<(f64, u64)>,
}

impl Residuals {
    fn keep(&mut self, one: (f64, u64)) {
        let at = self
            .worst
            .partition_point(|other| other.0.abs() >= one.0.abs());
        if at < WORST {
            self.worst.insert(at, one);
            self.worst.truncate(WORST);
        }
    }
}

impl Fold for Residuals {
    fn empty(&self) -> Self {
        Self {
            fitted: self.fitted.clone(),
            worst: Vec::new(),
        }
    }

    fn add(&mut self, value: f64, keys: &Keys<'_>, number: &dyn Fn() -> u64) -> Result<()> {
        let row = numbers(&self.fitted.names, keys)?.filter(|_| value.is_finite());
        if let Some(row) = row {
            let (base, slopes) = self.fitted.coefficients.split_at(1);
            let products = slopes.iter().zip(&row).map(|(slope, x)| slope * x);
            let off = value - base[0] - products.sum::<f64>();
            let last = self.worst.last().map_or(0.0, |one| one.0.abs());
            if self.worst.len() < WORST || off.abs() > last {
                self.keep((off, number()));
            }
        }
        Ok(())
    }

    fn join(&mut self, later: Self) -> Result<()> {
        later.worst.into_iter().for_each(|one| self.keep(one));
        Ok(())
    }
}

enum Phase {
    Adding(Gathering<Keyed<Products>>),
    Comparing(Arc<Fitted>, Gathering<Keyed<Residuals>>),
}

struct Fit {
    phase: Phase,
    sweep: Arc<Sweep>,
    quantity: Quantity,
    keys: Vec<Key>,
    task: Task,
    over: Over,
    progress: Option<Progress>,
}

pub(super) fn begin(
    asked: &Asked,
    quantity: &str,
    terms: &[String],
    over: Extent,
) -> Result<Box<dyn Stepwise>> {
    let keys = terms.iter();
    let keys = keys.map(|term| Key::parse(term, asked.task, &asked.config));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    let keyed = Keyed::new(keys.clone(), Products::new(terms.into()));
    let (quantity, over) = (asked.quantity(quantity)?, asked.over(over));
    let quantities = keyed.quantities(quantity.clone());
    Ok(Box::new(Fit {
        phase: Phase::Adding(gather(&asked.sweep, over, &quantities, keyed)?),
        sweep: asked.sweep.clone(),
        quantity,
        keys,
        task: asked.task,
        over,
        progress: None,
    }))
}

impl Stepwise for Fit {
    fn step(&mut self) -> Result<bool> {
        match &mut self.phase {
            Phase::Adding(gathering) => {
                self.progress = gathering.step()?;
                if let Some(Progress { done, total }) = self.progress
                    && done < total
                {
                    return Ok(false);
                }
                let fitted = Arc::new(gathering.gathered().fold.fitted()?);
                let residuals = Residuals {
                    fitted: fitted.clone(),
                    worst: Vec::new(),
                };
                let keyed = Keyed::new(self.keys.clone(), residuals);
                let quantities = keyed.quantities(self.quantity.clone());
                let next = gather(&self.sweep, self.over, &quantities, keyed)?;
                self.phase = Phase::Comparing(fitted, next);
                Ok(false)
            }
            Phase::Comparing(_, gathering) => {
                let progress = gathering.step()?;
                self.progress = unfinished(progress);
                Ok(self.progress.is_none())
            }
        }
    }

    fn table(&self) -> Table {
        let Phase::Comparing(fitted, gathering) = &self.phase else {
            return Table {
                notes: so_far(self.progress).into_iter().collect(),
                ..Table::default()
            };
        };
        let is_sample = self.over != Over::Space;
        let mut cols = vec!["coefficient".to_owned()];
        cols.extend(is_sample.then(|| STANDARD_ERROR.to_owned()));
        let both = fitted.coefficients.iter().zip(&fitted.errors);
        let values = both.flat_map(|(&coefficient, &error)| {
            std::iter::once(coefficient as f32).chain(is_sample.then_some(error as f32))
        });
        let terms = fitted.coefficients.iter().skip(1).zip(&*fitted.names);
        let terms = terms.map(|(slope, name)| {
            let sign = if *slope < 0.0 { '-' } else { '+' };
            format!(" {sign} {} {name}", significant(slope.abs(), 4))
        });
        let told_as = format!(
            "{} = {}{}",
            self.quantity,
            significant(fitted.coefficients[0], 4),
            terms.collect::<String>()
        );
        let mut notes = vec![
            ("fit".to_owned(), told_as),
            ("R²".to_owned(), significant(fitted.r2, DIGITS)),
            (
                INPUTS.to_owned(),
                told(self.over, fitted.n + fitted.left_out, None),
            ),
        ];
        notes.extend(defined(fitted.n, fitted.left_out));
        if let Some(Progress { done, total }) = self.progress {
            notes.push(("residuals".into(), format!("{done} of {total} inputs")));
        }
        let worst = &gathering.gathered().fold.worst;
        if !worst.is_empty() {
            notes.push(("worst residuals".into(), at_inputs(self.task, worst)));
        }
        Table {
            rows: std::iter::once("1".to_owned())
                .chain(fitted.names.iter().cloned())
                .collect(),
            values: Array::from_values(
                vec![fitted.coefficients.len(), cols.len()],
                values.collect(),
            ),
            cols,
            signed: true,
            notes,
            ..Table::default()
        }
    }
}
