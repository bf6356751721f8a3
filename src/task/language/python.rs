//! Functions that Python has and the language has not.

use super::values::{list, named};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::float::StarlarkFloat;
use starlark::values::none::NoneType;
use starlark::values::{UnpackValue as _, Value};

#[starlark_module]
pub(super) fn python(builder: &mut GlobalsBuilder) {
    /// How often one number goes into another, and what is left.
    fn divmod<'v>(
        #[starlark(require = pos)] a: Value<'v>,
        #[starlark(require = pos)] b: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let both = (a.floor_div(b, heap)?, a.percent(b, heap)?);
        Ok(heap.alloc(both))
    }

    /// The nearest whole number, of two the even one; with so many digits behind the point where these are said.
    fn round<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        #[starlark(require = pos)] digits: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        if of.unpack_i32().is_some() && digits.is_none() {
            return Ok(of);
        }
        let number = match (of.unpack_i32(), StarlarkFloat::unpack_value_opt(of)) {
            (Some(whole), _) => f64::from(whole),
            (None, Some(number)) => number.0,
            (None, None) => return wrong(format!("round takes a number, not {}", named(of))),
        };
        let Some(digits) = digits else {
            let whole = number.round_ties_even();
            return match whole.abs() < f64::from(i32::MAX) {
                true => Ok(eval.heap().alloc(whole as i32)),
                false => wrong(format!("{number} is too large to be rounded")),
            };
        };
        let Some(digits) = digits.unpack_i32().filter(|n| (-15..=15).contains(n)) else {
            return wrong(format!(
                "round takes -15 to 15 digits, not {}",
                named(digits)
            ));
        };
        let unit = 10f64.powi(digits);
        Ok(eval.heap().alloc((number * unit).round_ties_even() / unit))
    }

    /// Puts values in the places of a list's own: what `.sort()` and `.reverse()` do.
    fn __put<'v>(
        #[starlark(require = pos)] into: Value<'v>,
        #[starlark(require = pos)] values: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<NoneType> {
        let values: Vec<Value> = list(values).map(<[_]>::to_vec).unwrap_or_default();
        for (at, value) in (0i32..).zip(values) {
            into.set_at(eval.heap().alloc(at), value)?;
        }
        Ok(NoneType)
    }
}

fn wrong<T>(problem: String) -> starlark::Result<T> {
    Err(starlark::Error::new_value(anyhow::anyhow!(problem)))
}
