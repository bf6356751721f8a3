//! Variants of a model, each one intervention more: what becomes of the metric, of this prompt's
//! answers, and of accuracy and loss over the sample.

use super::question::Question;
use super::table::Table;
use crate::lens::experiment::intervention::{Action, Intervention, Target};
use crate::lens::experiment::setup::Experiment;
use crate::lens::names::head::HeadName;
use crate::lens::names::run::Direction;
use crate::lens::numbers::array::Array;
use crate::lens::runs::edit::Editor;
use crate::lens::runs::many::Under;
use crate::lens::runs::pair::PairRuns;
use crate::lens::runs::score::{Score, judge, total};
use crate::lens::weights::reduce::rank_site;
use crate::lens::{check_edges, edges_off};
use crate::model::{HookName, HookedTransformer, NoHooks, map_chunks};
use crate::task::grouped;
use anyhow::{Context, Result};

/// Examples of the sample that each variant is judged on, at most.
const EXAMPLES: usize = 256;
/// Ranks listed one by one; above them only some.
const EVERY_RANK: usize = 12;

/// Which variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variants {
    /// Each edge of the computation off.
    Edges,
    /// A head's QK or OV cut down to its top singular directions.
    Ranks(crate::lens::weights::circuit::Weight, HeadName),
}

impl Question {
    /// Whether there is not too much in its answer to begin with it.
    ///
    /// # Errors
    /// When there is, with the figure.
    pub(super) fn check_size(&self, model: &HookedTransformer) -> Result<()> {
        let config = model.config();
        match self {
            Self::Grid { sheet, .. } => sheet.check(config, model.task()),
            Self::Variants(Variants::Edges) | Self::ModelNecessity => check_edges(config),
            _ => Ok(()),
        }
    }
}

impl Variants {
    fn rows(self, model: &HookedTransformer) -> Vec<(String, Option<Intervention>)> {
        let mut rows = vec![("as it stands".to_owned(), None)];
        match self {
            Self::Edges => {
                let edges = edges_off(model.config()).into_iter();
                rows.extend(edges.map(|(name, off)| (format!("{name} off"), Some(off))));
            }
            Self::Ranks(weight, head) => {
                let full = model.config().d_head;
                let some = [16, 24, 32, 48, 64, 96, 128, 192, 256];
                let ranks = (0..=EVERY_RANK).chain(some).filter(|&rank| rank <= full);
                rows.extend(ranks.map(|rank| {
                    let cut = Intervention {
                        action: Action::Rank(rank),
                        hook: HookName::Block(head.layer, rank_site(weight)),
                        target: Target::Positions(None),
                        head: Some(head.head),
                    };
                    (format!("rank {rank}"), Some(cut))
                }));
            }
        }
        rows
    }
}

/// The table in the making, a variant at a time.
pub(super) struct Judging {
    rows: Vec<(String, Option<Intervention>)>,
    experiment: Experiment,
    examples: Vec<Experiment>,
    values: Vec<f32>,
    /// By variant, how many predictions over the sample are not defined, of how many.
    undefined: Vec<[u64; 2]>,
    done: usize,
}

impl Judging {
    pub fn new(model: &HookedTransformer, experiment: &Experiment, variants: Variants) -> Self {
        // what is needed for the answer is asked of the clean run
        let experiment = Experiment {
            direction: Direction::Noise,
            ..experiment.clone()
        };
        Self {
            rows: variants.rows(model),
            examples: experiment.over_sample(model.task(), EXAMPLES),
            experiment,
            values: Vec::new(),
            undefined: Vec::new(),
            done: 0,
        }
    }

    /// Judges one variant more; whether all are done.
    pub fn step(&mut self, model: &HookedTransformer) -> Result<bool> {
        if let Some((_, variant)) = self.rows.get(self.done) {
            let (row, undefined) = self.row(model, variant.as_ref())?;
            self.values.extend(row);
            self.undefined.push(undefined);
            self.done += 1;
        }
        Ok(self.done == self.rows.len())
    }

    /// A variant's numbers, and how many of its predictions over the sample are not defined, of how many.
    fn row(
        &self,
        model: &HookedTransformer,
        variant: Option<&Intervention>,
    ) -> Result<(Vec<f32>, [u64; 2])> {
        let task = model.task();
        let mut experiment = self.experiment.clone();
        experiment.interventions.extend(variant.cloned());
        let runs =
            PairRuns::new(model, &experiment, &[], &|| false)?.context("the run broke off")?;
        let metric = runs.metric(task, &experiment);
        let share = metric.and_then(|metric| metric.normalised(metric.patched));
        let mut row = vec![share.unwrap_or(f32::NAN)];
        let predictions = runs.patched.0.predictions(task);
        row.extend(predictions.iter().map(|one| one.log_prob.exp()));
        let score = score_under(model, &experiment, &self.examples)?;
        let wrong = score.wrong_by_position.iter().enumerate();
        row.extend(wrong.map(|(i, &wrong)| 1.0 - wrong as f32 / score.asked(i) as f32));
        row.extend([score.accuracy() as f32, score.loss as f32]);
        let undefined = [score.undefined, score.predictions()].map(|n| n as u64);
        Ok((row, undefined))
    }

    /// How many predictions over the sample are not defined, where some are not: in which rows, and what they count as.
    fn undefined_note(&self) -> Option<(String, String)> {
        let [most, all] = *self.undefined.iter().max()?;
        let counts = self.undefined.iter().map(|[undefined, _]| *undefined);
        let rows = counts.clone().filter(|&undefined| undefined > 0).count();
        let least = counts.min()?;
        let up_to = if least < most && rows > 1 {
            "up to "
        } else {
            ""
        };
        let place = match rows {
            0 => return None,
            rows if rows == self.undefined.len() => "every row".to_owned(),
            rows => format!("{rows} of {} rows", self.undefined.len()),
        };
        let [most, all] = [most, all].map(|n| grouped(n.into()));
        let words = format!("{up_to}{most} of {all} predictions in {place}, counted as wrong");
        Some(("undefined".to_owned(), words))
    }

    /// The answer so far.
    pub fn table(&self, model: &HookedTransformer) -> Table {
        let task = model.task();
        let mut cols = vec!["metric".to_owned()];
        let predictions = task.predictions();
        cols.extend(predictions.iter().map(|one| format!("p({one})")));
        cols.extend(predictions.iter().map(|one| format!("acc {one}")));
        cols.extend(["acc", "loss"].map(str::to_owned));
        let mut values = self.values.clone();
        values.resize(self.rows.len() * cols.len(), f32::NAN);
        let cells = self.rows.iter();
        let cells = cells.flat_map(|(_, one)| vec![one.clone(); cols.len()]);
        // where there is room for one line alone it is what one could not know
        let mut notes: Vec<(String, String)> = self.undefined_note().into_iter().collect();
        notes.extend([
            ("metric, p".to_owned(), "clean prompt".to_owned()),
            (
                "acc, loss".to_owned(),
                format!("{} of {}", self.examples.len(), self.experiment.sample),
            ),
        ]);
        let edges = self.rows.iter().any(|(name, _)| name.ends_with(" off"));
        if edges {
            let what = "what is sent is taken out of what the reader reads";
            notes.push(("off".to_owned(), what.to_owned()));
        }
        if self.done < self.rows.len() {
            let text = format!("{} of {} rows so far", self.done, self.rows.len());
            notes.push(("progress".into(), text));
        }
        Table {
            values: Array::from_values(vec![self.rows.len(), cols.len()], values),
            cells: cells.collect(),
            rows: self.rows.iter().map(|(name, _)| name.clone()).collect(),
            cols,
            signed: true,
            notes,
            ..Table::default()
        }
    }
}

/// The score on clean examples under an experiment's interventions.
///
/// # Errors
/// When an intervention finds no activation to take, or the device fails.
pub(super) fn score_under(
    model: &HookedTransformer,
    experiment: &Experiment,
    examples: &[Experiment],
) -> Result<Score> {
    let model = model.for_rows(examples.len());
    let under = Under::new(model, experiment, examples)?;
    let judged = map_chunks(model, examples, |chunk| {
        under.edit(chunk, |prompts, edited| match edited {
            None => judge(model, prompts, &mut NoHooks),
            Some((list, sources)) => judge(model, prompts, &mut Editor::new(list, sources)?),
        })
    })?;
    Ok(total(model.task(), &judged.concat()))
}
