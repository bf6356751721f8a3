//! What of Python's `itertools` there is: choices out of lists, in the order of their places.

use super::bounds::{MAX_ITEMS, room, too_large};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::tuple::{AllocTuple, UnpackTuple};

/// The module by its name.
pub(super) fn itertools(builder: &mut GlobalsBuilder) {
    builder.namespace("itertools", module);
}

#[starlark_module]
fn module(builder: &mut GlobalsBuilder) {
    /// So many values of a list in their order, each place at most once.
    fn combinations<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        #[starlark(require = pos)] many: i32,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let many = usize::try_from(many).unwrap_or(usize::MAX);
        chosen(of, many, eval, |places, next| {
            places.last().is_none_or(|&last| last < next)
        })
    }

    /// So many values of a list in every order, or all of them; each place at most once.
    fn permutations<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        #[starlark(require = pos)] many: Option<i32>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let all = of.iterate(eval.heap())?.take(MAX_ITEMS).count();
        let many = many.map_or(all, |many| usize::try_from(many).unwrap_or(usize::MAX));
        chosen(of, many, eval, |places, next| !places.contains(&next))
    }

    /// One value of each list, in all ways; of one list so many times where `repeat` is said.
    fn product<'v>(
        #[starlark(args)] lists: UnpackTuple<Value<'v>>,
        #[starlark(require = named)] repeat: Option<i32>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let lists = lists
            .items
            .iter()
            .map(|list| Ok(list.iterate(heap)?.collect()));
        let lists: Vec<Vec<Value>> = lists.collect::<starlark::Result<_>>()?;
        let times = usize::try_from(repeat.unwrap_or(1))
            .unwrap_or(0)
            .min(MAX_ITEMS);
        let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
        for list in (0..times).flat_map(|_| &lists) {
            let longer = rows.len().saturating_mul(list.len());
            bounded(eval, longer, rows.first().map_or(0, Vec::len) + 1)?;
            let with = |row: &Vec<Value<'v>>, one| [row.as_slice(), &[one]].concat();
            rows = rows
                .iter()
                .flat_map(|row| list.iter().map(|&one| with(row, one)))
                .collect();
        }
        Ok(tuples(rows, eval))
    }
}

/// Whether so many rows of so many values may be made.
fn bounded(eval: &Evaluator<'_, '_, '_>, rows: usize, width: usize) -> starlark::Result<()> {
    let all = rows.saturating_mul(width);
    if all > MAX_ITEMS {
        return Err(too_large("a list of choices"));
    }
    room(eval, all)
}

/// All ways to take so many places, one after the other, each of which `may` come next.
fn chosen<'v>(
    of: Value<'v>,
    many: usize,
    eval: &Evaluator<'v, '_, '_>,
    may: impl Fn(&[usize], usize) -> bool,
) -> starlark::Result<Value<'v>> {
    let values: Vec<Value> = of.iterate(eval.heap())?.take(MAX_ITEMS).collect();
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    if many > values.len() {
        rows.clear();
    }
    for taken in 0..many.min(values.len()) {
        let mut longer = Vec::new();
        for row in &rows {
            for next in (0..values.len()).filter(|&next| may(row, next)) {
                longer.push([row.as_slice(), &[next]].concat());
            }
            bounded(eval, longer.len(), taken + 1)?;
        }
        rows = longer;
    }
    let named = |row: Vec<usize>| row.into_iter().map(|place| values[place]).collect();
    Ok(tuples(rows.into_iter().map(named).collect(), eval))
}

fn tuples<'v>(rows: Vec<Vec<Value<'v>>>, eval: &Evaluator<'v, '_, '_>) -> Value<'v> {
    let heap = eval.heap();
    let rows = rows.into_iter().map(|row| heap.alloc(AllocTuple(row)));
    heap.alloc(rows.collect::<Vec<Value>>())
}
