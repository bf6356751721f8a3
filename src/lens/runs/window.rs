//! The part of a pass that is computed at all.

use crate::model::{ActivationCache, Axes, HookName, Past, Site};
use anyhow::Result;
use candle_core::Tensor;

/// The part of a pass that can move a metric: positions from the first that is changed up to the
/// metric's own, and of the last block that query alone. Not the whole of it where an intervention
/// lets attention look ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// What stands before this is as in the base run.
    pub first: usize,
    /// The end of the positions.
    pub end: usize,
    pub last_layer: usize,
}

impl Window {
    /// An activation, or what belongs to one, as such a pass has it.
    pub fn cut(self, hook: HookName, x: &Tensor) -> Result<Tensor> {
        let (first, queries) = if self.is_query(hook) {
            (self.end - 1, 1)
        } else {
            (self.first, self.end - self.first)
        };
        Ok(match (hook.axes(), x.rank()) {
            (Axes::HeadDestSrc, 4) => x.narrow(2, first, queries)?.narrow(3, 0, self.end)?,
            (Axes::Pos, 3) | (Axes::PosHead, 4) => x.narrow(1, first, queries)?,
            // a direction, the same everywhere
            _ => x.clone(),
        })
    }

    /// What attention finds before the window, by layer, in a run that is the same there.
    pub fn past(self, cache: &ActivationCache) -> Result<Vec<Past>> {
        if self.first == 0 {
            return Ok(Vec::new());
        }
        let before = |layer, site| -> Result<Tensor> {
            let whole = cache.get(HookName::Block(layer, site))?;
            Ok(whole.narrow(1, 0, self.first)?)
        };
        let of_layer = |layer| {
            let turned = HookName::Block(layer, Site::RotK);
            let keys = cache.get(turned).map_or(Site::K, |_| Site::RotK);
            Ok(Past {
                k: before(layer, keys)?,
                v: before(layer, Site::V)?,
            })
        };
        (0..=self.last_layer).map(of_layer).collect()
    }

    /// Whether only the last query passes that hook point.
    pub fn is_query(self, hook: HookName) -> bool {
        match hook {
            HookName::Block(layer, site) => layer == self.last_layer && !site.of_keys(),
            HookName::FinalScale | HookName::FinalNormalized | HookName::Logits => true,
            _ => false,
        }
    }
}
