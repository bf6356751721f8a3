//! What the parts of a keystroke and of a sweep cost: `cargo bench --bench numbers`.
//!
//! `circuitscope bench` measures the whole program for a user; these are the parts, for whoever
//! changes them and wants the change to the last percent.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

#[expect(dead_code, reason = "every crate uses its own part")]
#[path = "../common/mod.rs"]
mod common;

use candle_core::Tensor;
use circuitscope::answers::{Inquest, Question, Tools, answer};
use circuitscope::app::{ModelInfo, State};
use circuitscope::lens::{
    Direction, Experiment, GridName, Matrices, Measure, RunName, Source, observe, patching_grids,
};
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::model::{Model, NoHooks, Recorder};
use circuitscope::runtime::headless::Headless;
use circuitscope::runtime::pool;
use circuitscope::sweep::{Over, Sweep, Tally};
use circuitscope::task::{Sample, Task};
use circuitscope::ui::colour::Depth;
use circuitscope::ui::frame;
use circuitscope::ui::look::Look;
use circuitscope::ui::theme::Theme;
use criterion::Criterion;
use std::hint::black_box;

/// As in the program: a forward pass takes and returns dozens of large buffers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Questions of different kinds: sums over a run, tables of the weights, a grid's plan.
const QUESTIONS: [&str; 4] = ["attribution", "paths b_1", "circuit ov.0", "grid edges"];

fn experiment(task: Task, [clean, corrupted]: [&str; 2]) -> Experiment {
    let source = |text| Source::from(task.parse_prompt(text).unwrap());
    Experiment {
        clean: source(clean),
        corrupted: source(corrupted),
        direction: Direction::Denoise,
        metric: None,
        measure: Measure::default(),
        interventions: Vec::new(),
        sample: Sample::default(),
    }
}

fn pair(model: &Model) -> Experiment {
    let task = model.transformer.task();
    experiment(task, ["14 26 35 1 48", "14 26 35 2 48"])
}

fn forward(c: &mut Criterion) {
    let model = common::embedded().transformer;
    let task = model.task();
    let prompt = task.parse_prompt("14 26 35 1 48").unwrap();
    let one = model.tokens(&[task.tokens(&prompt)]).unwrap();
    let logits = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    c.bench_function("forward", |b| {
        b.iter(|| logits(&model.forward(black_box(&one), &mut NoHooks).unwrap()));
    });
    c.bench_function("forward with cache", |b| {
        b.iter(|| {
            let mut nothing = NoHooks;
            let mut recorder = Recorder::new(&mut nothing);
            model.forward(black_box(&one), &mut recorder).unwrap();
            recorder.into_cache()
        });
    });
    let rows = Sample::Random { seed: 0, len: 32 }.prompts(task);
    let rows: Vec<_> = rows.iter().map(|prompt| task.tokens(prompt)).collect();
    let rows = model.tokens(&rows).unwrap();
    c.bench_function("forward of 32 rows", |b| {
        b.iter(|| logits(&model.forward(black_box(&rows), &mut NoHooks).unwrap()));
    });
}

fn grids(c: &mut Criterion) {
    let model = common::embedded();
    let (model, experiment) = (&model.transformer, pair(&model));
    let few = GridName::STRIPS.into_iter();
    let few: Vec<GridName> = few.filter(|grid| *grid != GridName::Pattern).collect();
    c.bench_function("132 patches", |b| {
        b.iter(|| patching_grids(model, &experiment, &few).unwrap());
    });
    c.bench_function("406 patches", |b| {
        b.iter(|| patching_grids(model, &experiment, &GridName::all(model.config())).unwrap());
    });
    c.bench_function("observation", |b| {
        b.iter(|| observe(model, &experiment, &|| false).unwrap());
    });
}

fn sweep(c: &mut Criterion) {
    let task = Task::array_update(3, 16).unwrap();
    let model = common::random_model([2, 1], PositionalEmbedding::Shortformer, task, 5);
    let weights = Matrices::new(&model).unwrap();
    let experiment = experiment(task, ["1 2 3 1 7", "1 2 3 2 7"]);
    c.bench_function("sweep folded", |b| {
        b.iter(|| Sweep::new(&model, &weights, &experiment).unwrap());
    });
    let sweep = Sweep::new(&model, &weights, &experiment).unwrap();
    assert_eq!(sweep.reason(), None);
    c.bench_function("sweep of 3 x 16, 196,608 inputs", |b| {
        b.iter(|| {
            let mut go_on = |_: &mut Tally, _| Ok(true);
            sweep.tally(Over::Space, Tally::new(task), &mut go_on)
        });
    });
}

fn questions(c: &mut Criterion) {
    let model = common::embedded();
    let (model, experiment) = (&model.transformer, pair(&model));
    let tools = Tools::new(model).unwrap();
    for line in QUESTIONS {
        let question = Question::parse(line, model.task(), model.config()).unwrap();
        let inquest = Inquest {
            model,
            tools: &tools,
            other: None,
            question: &question,
            experiment: &experiment,
            about: RunName::Clean.into(),
        };
        c.bench_function(&format!("answer of '{line}'"), |b| {
            b.iter(|| answer(inquest).unwrap());
        });
    }
}

fn frames(c: &mut Criterion) {
    let model = common::embedded();
    let info = ModelInfo::new(&model, None, "cpu".into());
    let prompt = info.task.parse_prompt("14 26 35 1 48").unwrap();
    let state = State::new(info, Sample::default(), Some(prompt));
    for (size, depth) in [
        ((120, 40), Depth::True),
        ((120, 40), Depth::Indexed),
        ((200, 60), Depth::True),
    ] {
        let look = Look {
            theme: Theme::named("dark").unwrap().clone(),
            depth,
            ascii: false,
        };
        let workbench = Headless::new(common::embedded(), state.clone(), look.clone(), size);
        let (columns, rows) = size;
        let name = format!("frame {columns}x{rows}, {} colours", depth.name());
        c.bench_function(&name, |b| {
            b.iter(|| frame(black_box(&workbench.state), &look, columns, rows));
        });
    }
}

fn main() {
    pool::install(|| {
        let mut criterion = Criterion::default().configure_from_args();
        for part in [forward, grids, sweep, questions, frames] {
            part(&mut criterion);
        }
        criterion.final_summary();
    });
}
