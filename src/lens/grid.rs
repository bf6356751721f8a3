//! Patching grids: every cell one patch, a whole grid one batch.

use super::array::Array;
use super::edit::{Editor, Sources};
use super::experiment::RunName;
use super::intervention::{Action, From, Intervention, Target};
use super::metric::MetricValues;
use crate::model::{ActivationCache, HookName, HookedTransformer, Site, Stream, map_chunks};
use anyhow::Result;

/// A patching grid; names, axes and meaning are those of TransformerLens's
/// `patching.get_act_patch_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GridName {
    /// Residual stream before a block at one position.
    ResidPre,
    /// A block's output at one position.
    AttnOut,
    /// A head's `z` at one position.
    Z,
    /// A head's query at one position.
    Q,
    /// A head's key at one position.
    K,
    /// A head's value at one position.
    V,
    /// A head's attention from one position.
    Pattern,
    /// One attention cell of a head.
    PatternDestSrc,
    /// A head's `z` everywhere.
    ZAllPos,
    /// A head's queries everywhere.
    QAllPos,
    /// A head's keys everywhere.
    KAllPos,
    /// A head's values everywhere.
    VAllPos,
    /// A head's whole pattern.
    PatternAllPos,
}

/// A cell of a grid; the parts that the grid has no axis for are `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The block.
    pub layer: usize,
    /// The head.
    pub head: Option<usize>,
    /// The position, or the query's position.
    pub pos: Option<usize>,
    /// The key's position.
    pub src: Option<usize>,
}

impl GridName {
    /// All of them, in the order of the screen.
    pub const ALL: [Self; 13] = [
        Self::ResidPre,
        Self::AttnOut,
        Self::Z,
        Self::Q,
        Self::K,
        Self::V,
        Self::Pattern,
        Self::PatternDestSrc,
        Self::ZAllPos,
        Self::QAllPos,
        Self::KAllPos,
        Self::VAllPos,
        Self::PatternAllPos,
    ];

    /// The grids of layer by position, drawn as strips.
    pub const STRIPS: [Self; 7] = [
        Self::ResidPre,
        Self::AttnOut,
        Self::Z,
        Self::Q,
        Self::K,
        Self::V,
        Self::Pattern,
    ];

    /// Its name in files and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ResidPre => "resid_pre",
            Self::AttnOut => "attn_out",
            Self::Z => "z",
            Self::Q => "q",
            Self::K => "k",
            Self::V => "v",
            Self::Pattern => "pattern",
            Self::PatternDestSrc => "pattern_dest_src",
            Self::ZAllPos => "z_all_pos",
            Self::QAllPos => "q_all_pos",
            Self::KAllPos => "k_all_pos",
            Self::VAllPos => "v_all_pos",
            Self::PatternAllPos => "pattern_all_pos",
        }
    }

    /// The hook point inside a block.
    #[must_use]
    pub fn site(self) -> Site {
        match self {
            Self::ResidPre => Site::ResidPre,
            Self::AttnOut => Site::AttnOut,
            Self::Z | Self::ZAllPos => Site::Z,
            Self::Q | Self::QAllPos => Site::Q,
            Self::K | Self::KAllPos => Site::K,
            Self::V | Self::VAllPos => Site::V,
            Self::Pattern | Self::PatternDestSrc | Self::PatternAllPos => Site::Pattern,
        }
    }

    /// Its axes in order.
    #[must_use]
    pub fn axes(self) -> &'static [&'static str] {
        match self {
            Self::ResidPre | Self::AttnOut => &["layer", "pos"],
            Self::Z | Self::Q | Self::K | Self::V => &["layer", "pos", "head"],
            Self::Pattern => &["layer", "head", "dest_pos"],
            Self::PatternDestSrc => &["layer", "head", "dest_pos", "src_pos"],
            _ => &["layer", "head"],
        }
    }

    /// Whether it has an axis of heads.
    #[must_use]
    pub fn has_heads(self) -> bool {
        self.axes().contains(&"head")
    }

    /// The same hook point patched at all positions at once.
    #[must_use]
    pub fn all_pos(self) -> Option<Self> {
        match self {
            Self::Z => Some(Self::ZAllPos),
            Self::Q => Some(Self::QAllPos),
            Self::K => Some(Self::KAllPos),
            Self::V => Some(Self::VAllPos),
            Self::Pattern => Some(Self::PatternAllPos),
            _ => None,
        }
    }

    /// The lengths of its axes.
    #[must_use]
    pub fn shape(self, layers: usize, heads: usize, len: usize) -> Vec<usize> {
        let length = |axis: &&str| match *axis {
            "layer" => layers,
            "head" => heads,
            _ => len,
        };
        self.axes().iter().map(length).collect()
    }

    /// The cell at an index.
    #[must_use]
    pub fn cell(self, index: &[usize]) -> Cell {
        let along = |wanted: &[&str]| {
            let axis = self.axes().iter().position(|axis| wanted.contains(axis));
            axis.and_then(|axis| index.get(axis).copied())
        };
        Cell {
            layer: along(&["layer"]).unwrap_or(0),
            head: along(&["head"]),
            pos: along(&["pos", "dest_pos"]),
            src: along(&["src_pos"]),
        }
    }

    /// The index of a cell.
    #[must_use]
    pub fn index(self, cell: Cell) -> Vec<usize> {
        let part = |axis: &&str| match *axis {
            "layer" => cell.layer,
            "head" => cell.head.unwrap_or(0),
            "src_pos" => cell.src.unwrap_or(0),
            _ => cell.pos.unwrap_or(0),
        };
        self.axes().iter().map(part).collect()
    }

    /// The patch that a cell stands for.
    #[must_use]
    pub fn intervention(self, cell: Cell, from: RunName) -> Intervention {
        let target = if self.site().axes() == crate::model::Axes::HeadDestSrc {
            Target::Cell {
                dest: cell.pos,
                src: cell.src,
            }
        } else {
            Target::Positions(cell.pos.map(|pos| vec![pos]))
        };
        Intervention {
            action: Action::Patch(From::Run(from)),
            hook: HookName::Block(cell.layer, self.site()),
            target,
            head: cell.head,
        }
    }
}

/// A grid's values: the normalised metric, or NaN (shown as n/a) where clean and corrupted agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Which grid.
    pub name: GridName,
    /// Along [`GridName::axes`].
    pub values: Array,
}

/// What a grid's patches are added to: a run under the standing interventions.
pub(super) struct Base<'a> {
    pub model: &'a HookedTransformer,
    /// The standing interventions, applied before a cell's patch.
    pub interventions: &'a [Intervention],
    /// Activations of the base run under them, batch size 1.
    pub cache: &'a ActivationCache,
    pub sources: Sources<'a>,
    pub from: RunName,
    pub metric: &'a MetricValues,
}

impl Base<'_> {
    /// All cells of a grid. A cell's value is what the metric becomes when its patch is added to
    /// the interventions.
    pub fn grid(&self, name: GridName) -> Result<Grid> {
        let config = self.model.config();
        let len = self.model.task().seq_len();
        let shape = name.shape(config.n_layers, config.n_heads, len);
        let unmoved = self.metric.normalised(self.metric.patched);
        let mut values = Array::filled(shape.clone(), unmoved.unwrap_or(f32::NAN));
        if self.metric.normalised(self.metric.clean).is_none() {
            return Ok(Grid { name, values });
        }
        for layer in 0..config.n_layers {
            let cells: Vec<Vec<usize>> = indices(&shape[1..])
                .map(|rest| [&[layer], &rest[..]].concat())
                .filter(|index| self.can_move_metric(name.cell(index)))
                .collect();
            let diffs = self.logit_diffs(name, layer, &cells)?;
            for (index, diff) in cells.iter().zip(diffs) {
                let value = self.metric.normalised(diff).unwrap_or(f32::NAN);
                values.set(index, value);
            }
        }
        Ok(Grid { name, values })
    }

    /// Attention looks only backwards: a patch behind the metric's position cannot reach it, and
    /// a masked attention cell is 0 in every run. Unless an intervention has lifted the mask.
    fn can_move_metric(&self, cell: Cell) -> bool {
        if self.interventions.iter().any(Intervention::lifts_mask) {
            return true;
        }
        let reaches = cell
            .pos
            .is_none_or(|pos| pos <= self.metric.metric.position);
        let masked = matches!((cell.pos, cell.src), (Some(dest), Some(src)) if src > dest);
        reaches && !masked
    }

    /// The metric, in logits, for each cell of one layer.
    fn logit_diffs(&self, name: GridName, layer: usize, cells: &[Vec<usize>]) -> Result<Vec<f32>> {
        let rows: Vec<Intervention> = cells
            .iter()
            .map(|index| name.intervention(name.cell(index), self.from))
            .collect();
        let run = |chunk: &[Intervention]| self.run_rows(layer, chunk);
        let chunks = map_chunks(self.model.device(), &rows, run)?;
        Ok(chunks.concat())
    }

    /// One pass from `layer` on: everything before the patch has batch size 1, and the batch
    /// appears where the patches differ.
    fn run_rows(&self, layer: usize, rows: &[Intervention]) -> Result<Vec<f32>> {
        let heads = self.model.config().n_heads;
        let later: Vec<Intervention> = self
            .interventions
            .iter()
            // what stands at the stream itself is in the cached stream already
            .filter(|one| one.hook > HookName::Block(layer, Site::ResidPre))
            .cloned()
            .collect();
        let mut editor = Editor::new(&later, self.sources, heads)?
            .after(self.cache)
            .then_rows(rows, self.sources, heads)?;
        let stream = Stream {
            resid: self
                .cache
                .get(HookName::Block(layer, Site::ResidPre))?
                .clone(),
            pos: self.cache.get(HookName::PosEmbed)?.clone(),
        };
        let resid = self.model.run_blocks(layer, stream, &mut editor)?;
        let at_metric = resid.narrow(1, self.metric.metric.position, 1)?;
        let logits: Vec<Vec<f32>> = self.model.unembed(&at_metric.squeeze(1)?)?.to_vec2()?;
        let diffs = logits.iter().map(|row| self.metric.metric.logit_diff(row));
        Ok(diffs.collect())
    }
}

/// Every index of an array of that shape, row-major.
pub(crate) fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<'_> {
    let total: usize = shape.iter().product();
    (0..total).map(|mut flat| {
        let mut index = vec![0; shape.len()];
        for (axis, &len) in shape.iter().enumerate().rev() {
            index[axis] = flat % len;
            flat /= len;
        }
        index
    })
}
