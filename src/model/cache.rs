//! The activation cache: what every hook point held, after interventions, in one run.

use super::forward::Hooks;
use super::hooks::{HookName, Site};
use anyhow::{Context, Result};
use candle_core::Tensor;
use std::collections::{BTreeMap, BTreeSet};

/// Activations by hook name, in forward order. Values are as the pass went on with them, that is,
/// after any intervention at the same hook point.
#[derive(Clone, Debug, Default)]
pub struct ActivationCache {
    tensors: BTreeMap<HookName, Tensor>,
}

impl ActivationCache {
    /// One activation, `[batch, ...]`.
    ///
    /// # Errors
    /// When the run did not pass that hook point.
    pub fn get(&self, name: HookName) -> Result<&Tensor> {
        self.tensors
            .get(&name)
            .with_context(|| format!("{name} is not in the cache"))
    }

    /// All activations in forward order.
    pub fn iter(&self) -> impl Iterator<Item = (&HookName, &Tensor)> {
        self.tensors.iter()
    }
}

/// Records what `inner` lets through.
pub struct Recorder<'a> {
    inner: &'a mut dyn Hooks,
    wanted: BTreeSet<HookName>,
    all_results: bool,
    cache: ActivationCache,
}

impl<'a> Recorder<'a> {
    /// Records every hook point but those that a pass computes on demand only.
    pub fn new(inner: &'a mut dyn Hooks) -> Self {
        Self {
            inner,
            wanted: BTreeSet::new(),
            all_results: false,
            cache: ActivationCache::default(),
        }
    }

    /// Records every layer's `hook_result` too.
    #[must_use]
    pub fn with_result(mut self) -> Self {
        self.all_results = true;
        self
    }

    /// Records these hook points too, where the pass computes them on demand only.
    #[must_use]
    pub fn wanting(mut self, names: impl IntoIterator<Item = HookName>) -> Self {
        self.wanted.extend(names);
        self
    }

    /// What was recorded.
    #[must_use]
    pub fn into_cache(self) -> ActivationCache {
        self.cache
    }
}

impl Hooks for Recorder<'_> {
    fn at(&mut self, name: HookName, value: Tensor) -> Result<Tensor> {
        let value = self.inner.at(name, value)?;
        self.cache.tensors.insert(name, value.clone());
        Ok(value)
    }

    fn wants(&self, name: HookName) -> bool {
        let is_result = matches!(name, HookName::Block(_, Site::Result));
        self.wanted.contains(&name) || self.all_results && is_result || self.inner.wants(name)
    }
}
