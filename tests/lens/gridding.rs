//! Grids that come block by block.

use super::{common, pair};
use circuitscope::answers::{Inquest, Question, Tools, answer};
use circuitscope::lens::{
    Cell, Direction, GridName, HeadName, InView, Metric, Observation, Reading, RunName, Source,
    begin,
};
use circuitscope::model::config::PositionalEmbedding::Shortformer;
use circuitscope::task::Task;
use rand_mt::Mt;

/// Of a grid that is too large there is what is looked at, and it is what the same cells are when asked for.
#[test]
fn of_a_grid_of_too_many_cells_what_is_looked_at_is_computed() {
    let task = Task::array_update(16, 16).unwrap();
    let model = common::random_model([2, 48], Shortformer, task, 3);
    let (config, len) = (model.config(), task.seq_len());
    let grid = GridName::PatternDestSrc;
    assert!(grid.too_large(config, len).is_some());
    let mut rng = Mt::new(4);
    let mut experiment = pair(Direction::Denoise);
    experiment.clean = Source::new(common::random_update(task, &mut rng));
    experiment.corrupted = Source::new(common::random_update(task, &mut rng));
    experiment.metric = Some(Metric {
        position: task.read_positions()[0] as usize,
        answer: 0,
        other: 1,
    });
    let (mut seen, mut gridding) = begin(&model, &experiment, &|| false).unwrap().unwrap();
    assert!(seen.grids.is_empty() && !seen.is_whole());
    let told = |seen: &Observation, head: HeadName, pos: usize, src: usize| {
        let cell = Cell {
            layer: head.layer,
            head: Some(head.head),
            pos: Some(pos),
            src: Some(src),
        };
        seen.told(Reading::Clean, grid, cell)
    };
    let heads = [(1, 5), (0, 47)].map(|(layer, head)| HeadName { layer, head });
    let view = |head: HeadName| InView {
        layer: head.layer,
        head,
    };
    // what is looked at comes first, before what comes by itself
    while told(&seen, heads[0], 0, 0).is_none() {
        let more = gridding.step(&model, Some(view(heads[0])), &|| false);
        let more = more.unwrap().unwrap();
        assert!(!more.blocks.is_empty());
        seen.take(more);
    }
    assert!(
        seen.told(
            Reading::Clean,
            GridName::ResidPre,
            Cell {
                layer: 1,
                head: None,
                pos: Some(0),
                src: None
            }
        )
        .is_some()
    );
    assert!(told(&seen, heads[1], 0, 0).is_none());
    assert!(
        gridding
            .rest(&model, Some(view(heads[1])), &mut seen, &|| false)
            .unwrap()
    );
    assert!(seen.is_whole() && seen.grid(grid).is_none());
    // both heads are there, no third one
    assert!(told(&seen, HeadName { layer: 0, head: 0 }, 0, 0).is_none());
    let tools = Tools::new(&model).unwrap();
    for head in heads {
        let line = format!("grid pattern_cells {head}");
        let question = Question::parse(&line, task, config).unwrap();
        let table = answer(Inquest {
            model: &model,
            tools: &tools,
            other: None,
            question: &question,
            experiment: &experiment,
            about: RunName::Patched.into(),
        });
        let table = table.unwrap();
        for pos in 0..len {
            for src in 0..=pos {
                let asked = table.values.get(&[pos, src]).unwrap();
                let seen = told(&seen, head, pos, src).unwrap();
                assert!(
                    (asked - seen).abs() < 1e-4,
                    "{head} {pos} {src}: {asked} {seen}"
                );
            }
        }
    }
    // of the others each is whole, and what it is when all come at once
    let all = circuitscope::lens::observe(&model, &experiment, &|| false);
    let all = all.unwrap().unwrap();
    assert_eq!(all.grids.len(), seen.grids.len());
    for (one, other) in all.grids.iter().zip(&seen.grids) {
        assert_eq!(one.name, other.name);
        let values = one.values.values().iter().zip(other.values.values());
        assert!(
            values.into_iter().all(|(a, b)| (a - b).abs() < 1e-4),
            "{:?}",
            one.name
        );
    }
}

/// Of very many heads the pairs are not listed one by one: what is offered stays short, and is made at once.
#[test]
fn a_model_of_very_many_heads_is_not_listed_pair_by_pair() {
    use circuitscope::lens::CircuitName;
    let task = Task::array_update(3, 5).unwrap();
    let config = circuitscope::model::Config::attention_only(
        [64, 64],
        [1, 1],
        task.seq_len(),
        [7, 5],
        Shortformer,
    );
    assert!(CircuitName::all(&config).len() < 100_000);
    let offered = Question::suggestions("", task, &config);
    assert!(offered.len() < 2_000_000, "{}", offered.len());
    for line in ["circuit ov.0.0", "attention virtual 0.0>1.0"] {
        let question = Question::parse(line, task, &config).unwrap();
        let next = question.next(task, &config, 1);
        assert_ne!(next.line(task, &config), "", "{line}");
    }
}
