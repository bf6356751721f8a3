//! What stands in for operators and methods that can make much of little: each looks at sizes first.

use super::given::Given;
use super::values::{hidden_slot, list};
use super::watch;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::float::StarlarkFloat;
use starlark::values::list::ListRef;
use starlark::values::range::Range;
use starlark::values::tuple::UnpackTuple;
use starlark::values::{UnpackValue as _, Value};
use std::num::NonZeroI32;

/// A list that an operator makes has at most so many items.
pub(super) const MAX_ITEMS: usize = 1 << 14;
/// A text that an operator makes has at most so many bytes.
const MAX_TEXT: usize = 1 << 16;
/// A number has at most so many digits.
const MAX_DIGITS: usize = 400;

type Made<'v> = starlark::Result<Value<'v>>;

pub(super) fn too_large(what: &str) -> starlark::Error {
    starlark::Error::new_value(anyhow::anyhow!(
        "this would make {what}; at most {MAX_ITEMS} items, {MAX_TEXT} letters and {MAX_DIGITS} digits are allowed"
    ))
}

/// Whether so much may still be made.
pub(super) fn room(eval: &Evaluator<'_, '_, '_>, size: usize) -> starlark::Result<()> {
    if size > 256 && (watch::is_over() || eval.heap().allocated_bytes() > watch::MAX_HEAP) {
        // in the words of the language, which `watch::reason` knows
        let problem = if watch::is_over() {
            "Evaluation cancelled"
        } else {
            "Heap memory limit"
        };
        return Err(starlark::Error::new_other(anyhow::anyhow!("{problem}")));
    }
    Ok(())
}

/// The size of a text, a list or a tuple, and the most it may be.
fn size(value: Value<'_>) -> Option<(usize, usize)> {
    if let Some(text) = value.unpack_str() {
        return Some((text.len(), MAX_TEXT));
    }
    list(value).map(|items| (items.len(), MAX_ITEMS))
}

fn fits(eval: &Evaluator<'_, '_, '_>, size: Option<usize>, most: usize) -> starlark::Result<()> {
    match size {
        Some(size) if size <= most => room(eval, size),
        Some(size) => Err(too_large(&format!("{size} of them"))),
        None => Err(too_large("more than can be counted")),
    }
}

/// What is true is 1 and what is not 0 where Python reckons with it.
fn reckoned<'v>(value: Value<'v>, with: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> Value<'v> {
    let is_number = with.unpack_bool().is_some() || with.get_type() == "int";
    match value.unpack_bool().filter(|_| is_number) {
        Some(is) => eval.heap().alloc(i32::from(is)),
        None => value,
    }
}

pub(super) fn add<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> Made<'v> {
    let (a, b) = (reckoned(a, b, eval), reckoned(b, a, eval));
    if let (Some((one, most)), Some((other, _))) = (size(a), size(b)) {
        fits(eval, one.checked_add(other), most)?;
    }
    a.add(b, eval.heap())
}

pub(super) fn mul<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> Made<'v> {
    let (a, b) = (reckoned(a, b, eval), reckoned(b, a, eval));
    if let (Some(x), Some(y)) = (a.unpack_i32(), b.unpack_i32()) {
        return Ok(eval.heap().alloc(i64::from(x) * i64::from(y)));
    }
    if let Some(row) = scaled(a, b, eval).or_else(|| scaled(b, a, eval)) {
        return Ok(row);
    }
    let repeated = size(a).zip(b.unpack_i32());
    if let Some(((len, most), times)) = repeated.or_else(|| size(b).zip(a.unpack_i32())) {
        let times = usize::try_from(times).unwrap_or(0);
        fits(eval, len.checked_mul(times), most)?;
    } else if digits(a) + digits(b) > MAX_DIGITS {
        return Err(too_large("a longer number"));
    }
    a.mul(b, eval.heap())
}

/// A part of a row of positions: `0.5 * one(elt)`. Rows are lists of a position and how much there is of it.
fn scaled<'v>(by: Value<'v>, row: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> Option<Value<'v>> {
    let (by, row) = (StarlarkFloat::unpack_value_opt(by)?.0, list(row)?);
    let pair = |pair: &Value<'v>| match list(*pair)? {
        [at, share] => Some((*at, Given::of(*share, eval.heap()).ok()?.number()?)),
        _ => None,
    };
    let pairs = row.iter().map(pair).collect::<Option<Vec<_>>>()?;
    let scaled = pairs.into_iter().map(|(at, share)| {
        let pair = vec![at, eval.heap().alloc(share * by)];
        eval.heap().alloc(pair)
    });
    let scaled: Vec<Value> = scaled.collect();
    Some(eval.heap().alloc(scaled))
}

/// How many digits a large whole number has.
fn digits(value: Value<'_>) -> usize {
    if value.unpack_i32().is_some() || value.get_type() != "int" {
        0
    } else {
        value.to_repr().len()
    }
}

fn shl<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> Made<'v> {
    if b.unpack_i32().is_none_or(|by| by > MAX_DIGITS as i32) || digits(a) > MAX_DIGITS {
        return Err(too_large("a longer number"));
    }
    a.left_shift(b, eval.heap())
}

/// What a value takes written out, counted no further than `most`.
fn written(value: Value<'_>, most: usize) -> Option<usize> {
    let mut left = vec![value];
    let mut sum = 0;
    while let Some(one) = left.pop() {
        sum += one.unpack_str().map_or(16, |text| 2 * text.len() + 2);
        if sum > most {
            return None;
        }
        if let Some(items) = list(one) {
            if items.len() > most {
                return None;
            }
            left.extend(items);
        } else if let Some(dict) = DictRef::from_value(one) {
            left.extend(dict.iter().flat_map(|(key, value)| [key, value]));
        }
    }
    Some(sum)
}

/// A template filled with values: each of them may come as often as there are marks.
fn filled(template: &str, mark: char, values: &[Value<'_>]) -> Option<usize> {
    let times = template.matches(mark).count();
    let largest = values.iter().map(|&value| written(value, MAX_TEXT));
    let largest = largest.collect::<Option<Vec<usize>>>()?;
    let largest = largest.into_iter().max().unwrap_or(0);
    times.checked_mul(largest)?.checked_add(template.len())
}

fn modulo<'v>(a: Value<'v>, b: Value<'v>, eval: &Evaluator<'v, '_, '_>) -> Made<'v> {
    if let Some(template) = a.unpack_str() {
        fits(eval, filled(template, '%', &[b]), MAX_TEXT)?;
    }
    a.percent(b, eval.heap())
}

/// Whether it can be compared without going through anything.
fn is_plain(value: Value<'_>) -> bool {
    value.unpack_i32().is_some()
        || value.unpack_str().is_some()
        || value.unpack_bool().is_some()
        || value.is_none()
}

/// Whether two values may be compared: neither is too much to go through, and no token is hidden
/// in them, which a number would find different from itself without asking it.
pub(super) fn comparable<'v>(a: Value<'v>, b: Value<'v>) -> starlark::Result<()> {
    if is_plain(a) && is_plain(b) {
        return Ok(());
    }
    let mut left = vec![a, b];
    let mut parts = 0;
    while let Some(one) = left.pop() {
        parts += 1;
        if hidden_slot(one).is_some() {
            watch::look();
            let problem = anyhow::anyhow!("a token is hidden");
            return Err(starlark::Error::new_value(problem));
        }
        if parts > MAX_TEXT {
            return Err(too_large("a comparison of more parts"));
        }
        if let Some(items) = list(one) {
            left.extend(items);
        } else if let Some(dict) = DictRef::from_value(one).filter(|_| !is_plain(a)) {
            // what is hidden is no key, and a key is found without going through all
            left.extend(dict.iter().flat_map(|(key, value)| [key, value]));
        }
    }
    Ok(())
}

/// Calls a value's own method.
fn method<'v>(
    name: &str,
    args: &UnpackTuple<Value<'v>>,
    eval: &mut Evaluator<'v, '_, '_>,
) -> Made<'v> {
    let [of, rest @ ..] = &args.items[..] else {
        return Err(starlark::Error::new_other(anyhow::anyhow!(
            "{name} of nothing"
        )));
    };
    let method = of.get_attr_error(name, eval.heap())?;
    watch::uncounted(|| eval.eval_function(method, rest, &[]))
}

#[starlark_module]
pub(super) fn bounded(builder: &mut GlobalsBuilder) {
    fn __add<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        add(a, b, eval)
    }

    fn __iadd<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let Some(grown) = ListRef::from_value(a) else {
            return add(a, b, eval);
        };
        let more = b.length().unwrap_or(0) as usize;
        fits(eval, grown.content().len().checked_add(more), MAX_ITEMS)?;
        let extend = a.get_attr_error("extend", eval.heap())?;
        watch::uncounted(|| eval.eval_function(extend, &[b], &[]))?;
        Ok(a)
    }

    fn __mul<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        mul(a, b, eval)
    }

    fn __mod<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        modulo(a, b, eval)
    }

    fn __shl<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        shl(a, b, eval)
    }

    fn __same<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
    ) -> starlark::Result<bool> {
        comparable(a, b)?;
        a.equals(b)
    }

    fn __other<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
    ) -> starlark::Result<bool> {
        comparable(a, b)?;
        Ok(!a.equals(b)?)
    }

    fn __inside<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
    ) -> starlark::Result<bool> {
        comparable(a, b)?;
        b.is_in(a)
    }

    fn __outside<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
    ) -> starlark::Result<bool> {
        comparable(a, b)?;
        Ok(!b.is_in(a)?)
    }

    fn __count<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let [of, one] = &args.items[..] else {
            return method("count", &args, eval);
        };
        let Some(items) = list(*of) else {
            return method("count", &args, eval);
        };
        let mut found = 0;
        for item in items {
            comparable(*item, *one)?;
            found += i32::from(item.equals(*one)?);
        }
        Ok(eval.heap().alloc(found))
    }

    fn __copy<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        match args.items.first().and_then(|&of| list(of)) {
            Some(items) => {
                room(eval, items.len())?;
                Ok(eval.heap().alloc(items.to_vec()))
            }
            None => method("copy", &args, eval),
        }
    }

    fn __extend<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let lengths = args
            .items
            .iter()
            .map(|one| one.length().unwrap_or(0) as usize);
        fits(eval, Some(lengths.sum()), MAX_ITEMS)?;
        method("extend", &args, eval)
    }

    fn __join<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let by = args
            .items
            .first()
            .and_then(|one| one.unpack_str())
            .map_or(0, str::len);
        let items = args.items.get(1).and_then(|&one| list(one));
        let items = items.unwrap_or_default().iter();
        let lengths = items.map(|one| one.unpack_str().map_or(0, str::len) + by);
        fits(eval, Some(lengths.sum()), MAX_TEXT)?;
        method("join", &args, eval)
    }

    fn __replace<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut lengths = args
            .items
            .iter()
            .map(|one| one.unpack_str().map_or(0, str::len));
        let (of, _, by) = (lengths.next(), lengths.next(), lengths.next());
        let of = of.unwrap_or(0) + 1;
        fits(eval, of.checked_mul(by.unwrap_or(0) + 1), 16 * MAX_TEXT)?;
        method("replace", &args, eval)
    }

    fn __format<'v>(
        args: &Arguments<'v, '_>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let positions: Vec<Value> = args.positions(eval.heap())?.collect();
        let names = args.names_map()?;
        let [of, rest @ ..] = &positions[..] else {
            return Err(starlark::Error::new_other(anyhow::anyhow!(
                "format of nothing"
            )));
        };
        let all: Vec<Value> = rest
            .iter()
            .copied()
            .chain(names.values().copied())
            .collect();
        let template = of.unpack_str().unwrap_or("");
        fits(eval, filled(template, '{', &all), MAX_TEXT)?;
        let method = of.get_attr_error("format", eval.heap())?;
        let named: Vec<(&str, Value)> = names
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        watch::uncounted(|| eval.eval_function(method, rest, &named))
    }

    /// As in Python; at most so many numbers as a list may have.
    fn range<'v>(
        #[starlark(require = pos)] first: i32,
        #[starlark(require = pos)] end: Option<i32>,
        #[starlark(require = pos, default = 1)] step: i32,
    ) -> anyhow::Result<Range> {
        let (from, to) = end.map_or((0, first), |end| (first, end));
        let Some(by) = NonZeroI32::new(step) else {
            anyhow::bail!("the step of a range is 0");
        };
        let span = (i64::from(to) - i64::from(from)) * i64::from(step.signum());
        let len = (span.max(0) as u64).div_ceil(u64::from(step.unsigned_abs()));
        anyhow::ensure!(
            len <= MAX_ITEMS as u64,
            "a range of {len} numbers; at most {MAX_ITEMS} are allowed"
        );
        Ok(Range::new(from, to, by))
    }

    /// The text of a value.
    fn __str<'v>(#[starlark(require = pos)] value: Value<'v>) -> starlark::Result<String> {
        match written(value, MAX_TEXT) {
            Some(_) => Ok(value.to_str()),
            None => Err(too_large("a longer text")),
        }
    }

    /// The text of a value, as it is written in a task file.
    fn __repr<'v>(#[starlark(require = pos)] value: Value<'v>) -> starlark::Result<String> {
        match written(value, MAX_TEXT) {
            Some(_) => Ok(value.to_repr()),
            None => Err(too_large("a longer text")),
        }
    }
}
