//! What of Python's `collections` there is: how often each value comes.

use super::bounds::{comparable, room};
use super::values::named;
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::dict::{AllocDict, DictRef};

/// The module by its name, and what stands for the methods of its values.
pub(super) fn collections(builder: &mut GlobalsBuilder) {
    builder.namespace("collections", module);
    methods(builder);
}

#[starlark_module]
fn module(builder: &mut GlobalsBuilder) {
    /// How often each value of a list comes, in the order in which they come first.
    fn Counter<'v>(
        #[starlark(require = pos)] of: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let mut counts: SmallMap<Value<'v>, i32> = SmallMap::new();
        let items: Vec<Value> = match of {
            Some(of) => of.iterate(heap)?.collect(),
            None => Vec::new(),
        };
        room(eval, items.len())?;
        for item in items {
            comparable(item, item)?;
            let item = item.get_hashed()?;
            match counts.get_mut_hashed(item.as_ref()) {
                Some(count) => *count += 1,
                None => {
                    counts.insert_hashed(item, 1);
                }
            }
        }
        Ok(heap.alloc(AllocDict(counts)))
    }
}

#[starlark_module]
fn methods(builder: &mut GlobalsBuilder) {
    /// The values that come most often and how often, so many of them; of equal ones what came first.
    fn __most_common<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        #[starlark(require = pos)] most: Option<i32>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let Some(counts) = DictRef::from_value(of) else {
            let problem = format!("most_common is asked of a Counter, not of {}", named(of));
            return Err(starlark::Error::new_value(anyhow::anyhow!(problem)));
        };
        let mut all: Vec<(Value, Value)> = counts.iter().collect();
        room(eval, all.len())?;
        all.sort_by_key(|(_, count)| std::cmp::Reverse(count.unpack_i32()));
        all.truncate(most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(0)));
        Ok(heap.alloc(all))
    }
}
