//! Patching grids: every cell one patch, a whole grid one batch.

use super::intervention::{Action, From, Intervention, Target};
use crate::lens::names::run::RunName;
use crate::lens::numbers::array::Array;
use crate::model::{Config, HookName, Site};
use crate::task::grouped;

/// A grid of more cells is not computed unasked: each is a run, and a line of interventions.
const MAX_CELLS: usize = 1 << 17;

/// A patching grid; names, axes and meaning are those of TransformerLens's
/// `patching.get_act_patch_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GridName {
    /// Residual stream before a block at one position.
    ResidPre,
    /// Residual stream between attention and MLP at one position, where there is an MLP.
    ResidMid,
    /// What a block's attention writes at one position.
    AttnOut,
    /// What a block's MLP writes at one position, where there is one.
    MlpOut,
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
    /// A neuron everywhere, where there are such; as many cells as neurons, so that it is made only
    /// where asked for.
    Neurons,
}

/// A cell of a grid; the parts that the grid has no axis for are `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The block.
    pub layer: usize,
    /// The head, or the neuron.
    pub head: Option<usize>,
    /// The position, or the query's position.
    pub pos: Option<usize>,
    /// The key's position.
    pub src: Option<usize>,
}

impl GridName {
    /// All on the screen, in its order; a model has those of [`Self::all`].
    pub const ALL: [Self; 15] = [
        Self::ResidPre,
        Self::ResidMid,
        Self::AttnOut,
        Self::MlpOut,
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
    pub const STRIPS: [Self; 9] = [
        Self::ResidPre,
        Self::ResidMid,
        Self::AttnOut,
        Self::MlpOut,
        Self::Z,
        Self::Q,
        Self::K,
        Self::V,
        Self::Pattern,
    ];

    /// All that a model has, in the order of the screen.
    #[must_use]
    pub fn all(config: &Config) -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|grid| config.has(HookName::Block(0, grid.site())))
            .collect()
    }

    /// Why a grid over so many positions is not computed with all others; `None` where it is.
    #[must_use]
    pub fn too_large(self, config: &Config, len: usize) -> Option<String> {
        let cells: usize = self.shape(config, len).iter().product();
        (cells > MAX_CELLS).then(|| {
            format!(
                "{} cells, at most {} are computed",
                grouped(cells as u128),
                grouped(MAX_CELLS as u128)
            )
        })
    }

    /// The strips that a model has.
    #[must_use]
    pub fn strips(config: &Config) -> Vec<Self> {
        let all = Self::STRIPS.into_iter();
        let blocks = config.n_layers > 0;
        all.filter(|grid| blocks && config.has_site(grid.site()))
            .collect()
    }

    /// Its name in files and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ResidPre => "resid_pre",
            Self::ResidMid => "resid_mid",
            Self::AttnOut => "attn_out",
            Self::MlpOut => "mlp_out",
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
            Self::Neurons => "neurons",
        }
    }

    /// The hook point inside a block.
    #[must_use]
    pub fn site(self) -> Site {
        match self {
            Self::ResidPre => Site::ResidPre,
            Self::ResidMid => Site::ResidMid,
            Self::AttnOut => Site::AttnOut,
            Self::MlpOut => Site::MlpOut,
            Self::Z | Self::ZAllPos => Site::Z,
            Self::Q | Self::QAllPos => Site::Q,
            Self::K | Self::KAllPos => Site::K,
            Self::V | Self::VAllPos => Site::V,
            Self::Pattern | Self::PatternDestSrc | Self::PatternAllPos => Site::Pattern,
            Self::Neurons => Site::MlpPost,
        }
    }

    /// Its axes in order.
    #[must_use]
    pub fn axes(self) -> &'static [&'static str] {
        match self {
            Self::ResidPre | Self::ResidMid | Self::AttnOut | Self::MlpOut => &["layer", "pos"],
            Self::Z | Self::Q | Self::K | Self::V => &["layer", "pos", "head"],
            Self::Pattern => &["layer", "head", "dest_pos"],
            Self::PatternDestSrc => &["layer", "head", "dest_pos", "src_pos"],
            Self::Neurons => &["layer", "neuron"],
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
    pub fn shape(self, config: &Config, len: usize) -> Vec<usize> {
        let length = |axis: &&str| match *axis {
            // the bare model has neurons, but no block
            "layer" if self == Self::Neurons => config.n_layers.max(1),
            "layer" => config.n_layers,
            "head" => config.n_heads,
            "neuron" => config.mlp.map_or(0, |mlp| mlp.d_mlp),
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
            head: along(&["head", "neuron"]),
            pos: along(&["pos", "dest_pos"]),
            src: along(&["src_pos"]),
        }
    }

    /// The index of a cell.
    #[must_use]
    pub fn index(self, cell: Cell) -> Vec<usize> {
        let part = |axis: &&str| match *axis {
            "layer" => cell.layer,
            "head" | "neuron" => cell.head.unwrap_or(0),
            "src_pos" => cell.src.unwrap_or(0),
            _ => cell.pos.unwrap_or(0),
        };
        self.axes().iter().map(part).collect()
    }

    /// The patch that a cell stands for.
    #[must_use]
    pub fn intervention(self, cell: Cell, from: RunName, config: &Config) -> Intervention {
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
            hook: match self {
                Self::Neurons => config.post(cell.layer),
                _ => HookName::Block(cell.layer, self.site()),
            },
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
