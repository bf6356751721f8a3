//! How a question is answered: at once, or step by step, the answer so far shown meanwhile.

use super::answer::{self, Asked};
use super::errors::with_errors;
use super::gather::{self, OverPairs};
use super::inputs::Stepwise;
use super::question::Question;
use super::table::{DIFFERENCE, Layer, Table};
use super::tools::Tools;
use super::variants::{Judging, Variants};
use crate::lens::exact::view::RunView;
use crate::lens::experiment::setup::Experiment;
use crate::lens::experiment::toward::Toward;
use crate::lens::names::head::HeadName;
use crate::lens::names::run::{RunName, Shown};
use crate::lens::numbers::array::Array;
use crate::lens::runs::observe::observe_one;
use crate::lens::shares::attention::{AttentionKind, AttentionMaps};
use crate::lens::shares::attribution::Attribution;
use crate::model::HookedTransformer;
use anyhow::{Context, Result, bail, ensure};

/// A question about one of an experiment's runs, and the models it is put to.
#[derive(Clone, Copy)]
pub struct Inquest<'a> {
    /// The model.
    pub model: &'a HookedTransformer,
    /// Made once for it.
    pub tools: &'a Tools,
    /// Another model of the same task, if one is open, and its name.
    pub other: Option<(&'a HookedTransformer, &'a str)>,
    /// What is asked.
    pub question: &'a Question,
    /// About this.
    pub experiment: &'a Experiment,
    /// About this run of it, or about what the interventions changed.
    pub about: Shown,
}

impl<'a> Inquest<'a> {
    /// The other model, and its name.
    fn other(&self) -> Result<(&'a HookedTransformer, &'a str)> {
        self.other
            .context("there is no other model: `compare FILE` opens one beside this (in the shell --compare FILE)")
    }

    /// The run it is about.
    ///
    /// # Errors
    /// When it is about a difference, which is no run, or the device fails.
    pub fn run(&self) -> Result<RunView> {
        self.observed().map(|(run, _)| run)
    }

    /// What the model's parts add to a logit: the numbers of the tables of `attribution`, `paths` and
    /// `sources`, all at once.
    ///
    /// # Errors
    /// As [`Inquest::run`]; also when the sample is too large.
    pub fn attribution(&self, toward: Toward, mean: bool) -> Result<Attribution> {
        let (run, name) = self.observed()?;
        self.asked(&run, name).attribution(toward, mean)
    }

    /// The attention of all heads, or pairs of them: the numbers of the tables of `attention`.
    ///
    /// # Errors
    /// As [`Inquest::attribution`]; also when there are no pairs of heads.
    pub fn attention(&self, kind: AttentionKind, mean: bool) -> Result<AttentionMaps> {
        let (run, name) = self.observed()?;
        self.asked(&run, name).maps(kind, mean)
    }

    fn observed(&self) -> Result<(RunView, RunName)> {
        match self.about {
            Shown::Run(name) => Ok((observe_one(self.model, self.experiment, name)?, name)),
            Shown::Difference => bail!("a difference is no run"),
        }
    }

    fn asked(&self, run: &'a RunView, name: RunName) -> Asked<'a> {
        Asked {
            model: self.model,
            tools: self.tools,
            run,
            name,
            experiment: self.experiment,
        }
    }
}

/// An answer in the making.
pub struct Answering {
    title: String,
    state: State,
}

enum State {
    Walk(Box<dyn Stepwise>),
    Done(Box<Table>),
    Pairs(OverPairs),
    Variants(Judging),
}

impl Answering {
    /// Begins to answer; a short answer is complete at once.
    ///
    /// # Errors
    /// When the sample is too large for a live mean, there is no other model, or the device fails.
    pub fn begin(inquest: Inquest<'_>) -> Result<Self> {
        let Inquest {
            model,
            question,
            experiment,
            ..
        } = inquest;
        question.check_size(model)?;
        let gather = |asked, pairs| State::Pairs(OverPairs::new(model, experiment, asked, pairs));
        let state = match question {
            Question::Grid {
                sheet,
                compare,
                reading,
                pairs,
            } => gather(gather::Asked::Grid(*sheet, *compare, *reading), *pairs),
            Question::Metrics { pairs } => gather(gather::Asked::Metrics, *pairs),
            Question::Variants(variants) => {
                State::Variants(Judging::new(model, experiment, *variants))
            }
            Question::Many(many) => State::Walk(many.begin(inquest)?),
            Question::Curves(_) => bail!(
                "a curve is over the steps of a series: circuitscope curve QUANTITY --model DIR"
            ),
            Question::ModelNecessity => State::Done(Box::new(necessities(inquest)?)),
            _ => State::Done(Box::new(at_once(inquest)?)),
        };
        Ok(Self {
            title: question.line(model.task(), model.config()),
            state,
        })
    }

    /// Goes on for a few milliseconds; whether the answer is complete.
    ///
    /// # Errors
    /// When an intervention finds no activation to take, or the device fails.
    pub fn step(&mut self, model: &HookedTransformer) -> Result<bool> {
        match &mut self.state {
            State::Done(_) => Ok(true),
            State::Walk(walk) => walk.step(),
            State::Pairs(gather) => gather.step(model),
            State::Variants(judging) => judging.step(model),
        }
    }

    /// The answer so far; it says how far that is.
    #[must_use]
    pub fn table(&self, model: &HookedTransformer) -> Table {
        let mut table = match &self.state {
            State::Done(table) => Table::clone(table),
            State::Walk(walk) => walk.table(),
            State::Pairs(gather) => gather.table(),
            State::Variants(judging) => judging.table(model),
        };
        table.title.clone_from(&self.title);
        table
    }
}

/// The whole answer.
///
/// # Errors
/// As [`Answering::begin`] and [`Answering::step`].
pub fn answer(inquest: Inquest<'_>) -> Result<Table> {
    let mut answering = Answering::begin(inquest)?;
    while !answering.step(inquest.model)? {}
    Ok(answering.table(inquest.model))
}

fn at_once(inquest: Inquest<'_>) -> Result<Table> {
    let patched = || about_run(inquest, RunName::Patched);
    match inquest.about {
        Shown::Run(name) => about_run(inquest, name),
        Shown::Difference if inquest.question.is_about_run() => {
            let base = inquest.experiment.direction.base();
            Ok(patched()?.minus(&about_run(inquest, base)?))
        }
        Shown::Difference => patched(),
    }
}

fn about_run(inquest: Inquest<'_>, name: RunName) -> Result<Table> {
    let Inquest {
        model,
        question,
        experiment,
        ..
    } = inquest;
    let run = observe_one(model, experiment, name)?;
    match question {
        Question::ModelLogits => {
            let cols = (0..model.config().d_vocab_out).map(|t| model.task().class_name(t as u32));
            two_models(inquest, (&run, name), cols.collect(), |run| {
                Ok(run.logits.clone())
            })
        }
        Question::ModelAttention(head) => {
            let labels = model.task().labels();
            two_models(inquest, (&run, name), labels, |run| one_head(run, *head))
        }
        _ => {
            let asked = inquest.asked(&run, name);
            let table = answer::table(asked, question)?;
            let table = table.context("this question takes several steps")?;
            match question.is_mean() {
                true => with_errors(asked, question, table),
                false => Ok(table),
            }
        }
    }
}

/// One head's attention `[dest, src]`.
fn one_head(run: &RunView, head: HeadName) -> Result<Array> {
    let values = run.pattern.slice(&[head.layer, head.head]);
    ensure!(!values.is_empty(), "the other model has no head {head}");
    let len = run.tokens.len();
    Ok(Array::from_values(vec![len, len], values.to_vec()))
}

/// Both models' numbers and their difference.
fn two_models(
    inquest: Inquest<'_>,
    (run, run_name): (&RunView, RunName),
    cols: Vec<String>,
    of: impl Fn(&RunView) -> Result<Array>,
) -> Result<Table> {
    let (other, name) = inquest.other()?;
    let theirs = of(&observe_one(other, inquest.experiment, run_name)?)?;
    let ours = of(run)?;
    ensure!(
        ours.shape() == theirs.shape(),
        "the two models' numbers have other shapes: {:?} and {:?}",
        ours.shape(),
        theirs.shape()
    );
    let table = Table {
        rows: inquest.model.task().labels(),
        cols,
        values: ours,
        signed: true,
        ..Table::default()
    };
    Ok(beside(table, name, theirs))
}

/// What is left of each of the two models without an edge.
fn necessities(inquest: Inquest<'_>) -> Result<Table> {
    let (other, name) = inquest.other()?;
    let judged = |model: &HookedTransformer| -> Result<Table> {
        let mut judging = Judging::new(model, inquest.experiment, Variants::Edges);
        while !judging.step(model)? {}
        Ok(judging.table(model))
    };
    let (ours, theirs) = (judged(inquest.model)?, judged(other)?);
    ensure!(
        ours.rows == theirs.rows,
        "the two models have other edges: {} and {}",
        ours.rows.len(),
        theirs.rows.len()
    );
    Ok(beside(ours, name, theirs.values))
}

/// The other model's numbers beside this one's, and the differences.
fn beside(mut table: Table, name: &str, theirs: Array) -> Table {
    let layer = |name: &str, values: Array| Layer {
        name: name.to_owned(),
        values,
    };
    table.name = "this model".into();
    table.beside = vec![
        layer(DIFFERENCE, table.values.minus(&theirs)),
        layer(name, theirs),
    ];
    table.notes.push(("other model".into(), name.to_owned()));
    table
}
