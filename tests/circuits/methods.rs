//! What each method says that matters.

use super::built::{Known, Pair};
use super::score::Score;
use circuitscope::answers::{Inquest, Question, Table, Tools, answer};
use circuitscope::lens::{Array, HeadName, Matrices, RunName, Toward};
use circuitscope::sweep::{Over, Tally, ablations, depends_on, minimal, node};

/// What changes less than this share of what there is to change does not matter.
const THRESHOLD: f32 = 0.01;

/// In the order of [`exact`].
pub const EXACT: [&str; 6] = [
    "minimal",
    "grids",
    "edges",
    "attribution",
    "paths",
    "depends on",
];

/// The methods that are exact, in the order of the page.
pub fn exact(known: &Known) -> Vec<Score> {
    let pairs = known.pairs.iter();
    let (mut grids, mut edges) = (Score::default(), Score::default());
    for pair in pairs {
        let of = format!("{} for {}", pair.corrupted, pair.clean);
        grids.add(&of, Score::new(pair.cells, cells(known, pair, false)));
        edges.add(&of, Score::new(pair.edges, edges_of(known, pair)));
    }
    let [parts, paths] = attributed(known);
    vec![
        Score::new(known.minimal, smallest(known)),
        grids,
        edges,
        Score::new(known.attribution, parts),
        Score::new(known.paths, paths),
        Score::new(known.depends, dependent(known)),
    ]
}

/// Those and the estimate.
pub fn all(known: &Known) -> Vec<Score> {
    let mut all = exact(known);
    all.push(estimate(known));
    all
}

/// Attribution patching, on the cells of the grids.
pub fn estimate(known: &Known) -> Score {
    let mut score = Score::default();
    for pair in &known.pairs {
        let of = format!("{} for {}", pair.corrupted, pair.clean);
        score.add(&of, Score::new(pair.cells, cells(known, pair, true)));
    }
    score
}

fn ask(known: &Known, pair: &Pair, line: &str) -> Table {
    asked(known, pair, (line, RunName::Patched), |inquest| {
        answer(inquest)
    })
}

/// What comes of a question about one of a pair's runs.
fn asked<T>(
    known: &Known,
    pair: &Pair,
    (line, about): (&str, RunName),
    of: impl FnOnce(Inquest<'_>) -> anyhow::Result<T>,
) -> T {
    let (model, experiment) = (&known.model, pair.experiment(&known.model));
    let question = Question::parse(line, model.task(), model.config()).unwrap();
    let inquest = Inquest {
        model,
        tools: &Tools::new(model).unwrap(),
        other: None,
        question: &question,
        experiment: &experiment,
        about: about.into(),
    };
    of(inquest).unwrap()
}

/// The edges that the smallest sets leave on, over all inputs.
fn smallest(known: &Known) -> Vec<String> {
    let model = &known.model;
    let weights = Matrices::where_folded(model).unwrap();
    let experiment = known.pairs[0].experiment(model);
    let mut go_on = |_| Ok(true);
    let found = minimal(
        model,
        weights.as_ref(),
        &experiment,
        0.99,
        Over::Space,
        &mut go_on,
    );
    let found = found.unwrap().unwrap();
    assert!(found.switches.len() > known.minimal.len());
    found.sets.into_iter().flat_map(|set| set.on).collect()
}

/// The cells whose patch moves the metric away from the clean run's, which is 1.
fn cells(known: &Known, pair: &Pair, estimated: bool) -> Vec<String> {
    let layers = known.model.config().mlp.map_or(0, |_| 1);
    let neurons = (0..layers).map(|layer| format!("grid neurons {layer}"));
    let lines = std::iter::once("grid strips".to_owned()).chain(neurons);
    let mut found = Vec::new();
    for line in lines {
        let table = match estimated {
            true => ask(known, pair, &format!("{line} attribution")),
            false => ask(known, pair, &line),
        };
        let values = match estimated {
            true => {
                let layer = table
                    .beside
                    .iter()
                    .find(|layer| layer.name == "attribution");
                &layer.unwrap().values
            }
            false => &table.values,
        };
        found.extend(moved(&table, values, "@"));
    }
    // all positions at once are other cells
    found.retain(|cell| !cell.ends_with("@all"));
    found
}

fn edges_of(known: &Known, pair: &Pair) -> Vec<String> {
    let table = ask(known, pair, "grid edges");
    moved(&table, &table.values, "->")
}

fn moved(table: &Table, values: &Array, between: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (i, row) in table.rows.iter().enumerate() {
        for (j, col) in table.cols.iter().enumerate() {
            let value = values.get(&[i, j]).unwrap();
            // of an edge back in time there is none
            if value.is_finite() && (value - 1.0).abs() > THRESHOLD {
                found.push(format!("{row}{between}{col}"));
            }
        }
    }
    found
}

/// The heads, MLPs and embeddings that add to the right answers' logits, and the paths.
fn attributed(known: &Known) -> [Vec<String>; 2] {
    let of = |inquest: Inquest<'_>| inquest.attribution(Toward::TARGET, false);
    let found = asked(known, &known.pairs[0], ("attribution", RunName::Clean), of);
    let logit = found.logits.values().iter().copied().fold(0.0, f32::max);
    let adding = |labels: &[String], values: &Array| {
        let large = |i: usize| {
            let row = values.slice(&[i]);
            row.iter().any(|value| value.abs() > THRESHOLD * logit)
        };
        let named = labels.iter().enumerate().filter(|(i, _)| large(*i));
        named.map(|(_, name)| name.clone()).collect::<Vec<_>>()
    };
    let mut parts = adding(&found.heads.labels, &found.heads.values);
    let streams = &found.decompose_resid;
    let other = adding(&streams.labels, &streams.values);
    // a layer's heads are told one by one
    parts.extend(
        other
            .into_iter()
            .filter(|name| !name.ends_with("_attn_out")),
    );
    let paths = found.paths.unwrap();
    let paths = adding(&paths.all.labels, &paths.all.values);
    [parts, paths]
}

/// What each head's output, and each MLP's, has to know, at each position: `z 0.0@t_1 t_0`.
fn dependent(known: &Known) -> Vec<String> {
    let (model, experiment) = (&known.model, known.pairs[0].experiment(&known.model));
    let (task, config) = (model.task(), model.config());
    let weights = Matrices::where_folded(model).unwrap();
    // all inputs with all their donors where these are few, else some with some
    let over = match known.inputs {
        ..50 => Over::Space,
        _ => Over::Sample(experiment.sample),
    };
    let mut found = Vec::new();
    for at in (0..task.read_len()).map(|at| task.label(at)) {
        let heads = HeadName::all(config).map(|HeadName { layer, head }| {
            let words = format!("blocks.{layer}.attn.hook_z @{at} head {head}");
            (format!("z {layer}.{head}@{at}"), words)
        });
        let mlps = config.mlp.map(|_| {
            let words = format!("blocks.0.hook_mlp_out @{at}");
            (format!("mlp_out 0@{at}"), words)
        });
        for (name, words) in heads.chain(mlps) {
            let node = node(&words, task, config).unwrap();
            let mut go_on = |_, _, _| Ok(true);
            let weights = weights.as_ref();
            let ablated = ablations(model, weights, &experiment, &node, over, &mut go_on);
            let ablated = ablated.unwrap().unwrap();
            let sets = depends_on(&ablated);
            let told = ablated
                .iter()
                .map(|one| one.tally.as_ref().map(Tally::accuracy));
            let told: Vec<Result<f64, &String>> = told.collect();
            assert!(!sets.is_empty(), "{}, {name}: {told:?}", known.name);
            let fields = sets.into_iter().flatten();
            found.extend(fields.map(|field| format!("{name} {field}")));
        }
    }
    found
}
