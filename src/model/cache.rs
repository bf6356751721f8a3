//! The activation cache: what every hook point held, after interventions, in one run.

use super::forward::Hooks;
use super::hooks::HookName;
use anyhow::{Context, Result};
use candle_core::Tensor;
use std::collections::BTreeMap;

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
    with_result: bool,
    cache: ActivationCache,
}

impl<'a> Recorder<'a> {
    /// Records every hook point but `hook_result`, which costs as much as the rest of the block.
    pub fn new(inner: &'a mut dyn Hooks) -> Self {
        Self {
            inner,
            with_result: false,
            cache: ActivationCache::default(),
        }
    }

    /// Records `hook_result` too.
    #[must_use]
    pub fn with_result(mut self) -> Self {
        self.with_result = true;
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
        self.with_result || self.inner.wants(name)
    }
}
