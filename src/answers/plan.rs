//! Plans of grids: labelled tables of interventions, each cell one more than stands already.

use crate::lens::experiment::edges::{Receiver, count_edges, edge, every_edge, receivers};
use crate::lens::experiment::grid::{Cell, GridName};
use crate::lens::experiment::intervention::{Action, From, Intervention, Sender, Target};
use crate::lens::names::head::HeadName;
use crate::lens::names::run::{Direction, RunName};
use crate::model::Config;
use crate::task::{Task, grouped};
use anyhow::{Result, ensure};

/// A table of more cells is not made: each is a run, and a line of interventions.
const MAX_CELLS: usize = 1 << 18;

/// Which cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// All grids of layer by position.
    Strips,
    /// One of them.
    Strip(GridName),
    /// One head's attention cells.
    PatternCells(HeadName),
    /// One layer's neurons, each at each position.
    Neurons(usize),
    /// Path patching: sender by receiver's input.
    Edges,
    /// Path patching: edge by the receiver's position.
    EdgesByPos,
}

impl Sheet {
    /// Its name as it is typed.
    #[must_use]
    pub fn line(self) -> String {
        match self {
            Self::Strips => "strips".into(),
            Self::Strip(grid) => grid.name().into(),
            Self::PatternCells(head) => format!("pattern_cells {head}"),
            Self::Neurons(layer) => format!("neurons {layer}"),
            Self::Edges => "edges".into(),
            Self::EdgesByPos => "edges_by_pos".into(),
        }
    }

    /// All of a model's.
    #[must_use]
    pub fn all(config: &Config) -> Vec<Self> {
        let mut all = vec![Self::Edges, Self::EdgesByPos, Self::Strips];
        all.extend(GridName::strips(config).into_iter().map(Self::Strip));
        all.extend(HeadName::all(config).map(Self::PatternCells));
        let layers = config.mlp.map_or(0, |_| config.n_layers.max(1));
        all.extend((0..layers).map(Self::Neurons));
        all
    }
}

impl Sheet {
    /// How many cells it has.
    fn cells(self, config: &Config, task: Task) -> usize {
        let len = task.seq_len();
        let of = |grid: &GridName| grid.shape(config, len).iter().product::<usize>();
        match self {
            Self::Strips => GridName::strips(config).iter().map(of).sum(),
            Self::Strip(grid) => of(&grid),
            Self::PatternCells(_) => len * len,
            Self::Neurons(_) => config.mlp.map_or(0, |mlp| mlp.d_mlp) * (len + 1),
            Self::Edges => count_edges(config),
            Self::EdgesByPos => count_edges(config) * (len + 1),
        }
    }

    /// Whether it can be made.
    ///
    /// # Errors
    /// When it has too many cells, with the figure.
    pub(super) fn check(self, config: &Config, task: Task) -> Result<()> {
        let cells = self.cells(config, task);
        ensure!(
            cells <= MAX_CELLS,
            "grid {} would have {} cells; at most {} are computed",
            self.line(),
            grouped(cells as u128),
            grouped(MAX_CELLS as u128)
        );
        Ok(())
    }
}

/// A table of interventions; a cell without one has no value.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub rows: Vec<String>,
    pub cols: Vec<String>,
    /// Row-major.
    pub cells: Vec<Option<Intervention>>,
}

impl Plan {
    /// The cells of a sheet when activations come from the direction's source.
    pub fn new(sheet: Sheet, config: &Config, task: Task, direction: Direction) -> Self {
        let from = direction.source();
        match sheet {
            Sheet::Strips => Self::strips(&GridName::strips(config), config, task, from),
            Sheet::Strip(grid) => Self::strips(&[grid], config, task, from),
            Sheet::PatternCells(head) => Self::pattern_cells(head, task, config, from),
            Sheet::Neurons(layer) => Self::neurons(layer, task, config, from),
            Sheet::Edges => Self::edges(config, from),
            Sheet::EdgesByPos => Self::edges_by_pos(config, task, from),
        }
    }

    fn strips(grids: &[GridName], config: &Config, task: Task, from: RunName) -> Self {
        let mut rows = Vec::new();
        let mut cells = Vec::new();
        for &grid in grids {
            let heads = if grid.has_heads() { config.n_heads } else { 1 };
            for layer in 0..config.n_layers {
                for head in 0..heads {
                    let head = grid.has_heads().then_some(head);
                    let dot = head.map_or_else(String::new, |head| format!(".{head}"));
                    rows.push(format!("{} {layer}{dot}", grid.name()));
                    let cell = |pos| Cell {
                        layer,
                        head,
                        pos,
                        src: None,
                    };
                    let one = |pos| Some(grid.intervention(cell(Some(pos)), from, config));
                    cells.extend((0..task.seq_len()).map(one));
                    let all = grid.all_pos();
                    cells.push(all.map(|all| all.intervention(cell(None), from, config)));
                }
            }
        }
        Self {
            rows,
            cols: with_all(task),
            cells,
        }
    }

    fn pattern_cells(head: HeadName, task: Task, config: &Config, from: RunName) -> Self {
        let len = task.seq_len();
        let cell = |at: usize| {
            let (dest, src) = (at / len, at % len);
            let cell = Cell {
                layer: head.layer,
                head: Some(head.head),
                pos: Some(dest),
                src: Some(src),
            };
            (src <= dest || !config.is_causal())
                .then(|| GridName::PatternDestSrc.intervention(cell, from, config))
        };
        Self {
            rows: task.labels(),
            cols: task.labels(),
            cells: (0..len * len).map(cell).collect(),
        }
    }

    fn neurons(layer: usize, task: Task, config: &Config, from: RunName) -> Self {
        let hook = config.post(layer);
        let one = |neuron: usize, pos: Option<usize>| Intervention {
            action: Action::Patch(From::Run(from)),
            hook,
            target: Target::Positions(pos.map(|pos| vec![pos])),
            head: Some(neuron),
        };
        let neurons = 0..config.width(hook);
        // the bare model has added up its positions before
        let len = if config.is_bare() { 0 } else { task.seq_len() };
        let places = (0..len).map(Some).chain([None]);
        let cells = neurons.clone().flat_map(|neuron| {
            let places = places.clone();
            places.map(move |pos| Some(one(neuron, pos)))
        });
        Self {
            cells: cells.collect(),
            rows: neurons.map(|neuron| format!("n{neuron}")).collect(),
            cols: with_all(task).split_off(task.seq_len() - len),
        }
    }

    fn edges(config: &Config, from: RunName) -> Self {
        let receivers = receivers(config);
        let senders = Sender::all(config);
        let cell = |sender: Sender, receiver: &Receiver| {
            let in_time = sender.reaches(receiver.hook, config);
            in_time.then(|| edge(sender, receiver, None, Some(from)))
        };
        let cells = senders
            .iter()
            .flat_map(|&sender| receivers.iter().map(move |receiver| cell(sender, receiver)))
            .collect();
        Self {
            rows: senders.iter().map(ToString::to_string).collect(),
            cols: receivers.into_iter().map(|one| one.name).collect(),
            cells,
        }
    }

    fn edges_by_pos(config: &Config, task: Task, from: RunName) -> Self {
        let mut rows = Vec::new();
        let mut cells = Vec::new();
        for (sender, receiver) in every_edge(config) {
            rows.push(format!("{sender}->{}", receiver.name));
            let at = |pos| Some(edge(sender, &receiver, pos, Some(from)));
            cells.extend((0..task.seq_len()).map(|pos| at(Some(pos))));
            cells.push(at(None));
        }
        Self {
            rows,
            cols: with_all(task),
            cells,
        }
    }
}

/// The positions, and all of them.
fn with_all(task: Task) -> Vec<String> {
    let mut cols = task.labels();
    cols.push("all".into());
    cols
}
