//! Functions that Python has and the language has not.

use super::bounds::mul;
use super::values::{hidden_slot, list, named, number};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::float::StarlarkFloat;
use starlark::values::none::NoneType;
use starlark::values::range::Range;
use starlark::values::{UnpackValue as _, Value};
use std::num::NonZeroI32;

/// From one turn to the next.
const ONE: NonZeroI32 = match NonZeroI32::new(1) {
    Some(one) => one,
    None => NonZeroI32::MAX,
};

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

    /// A number so many times with itself; with a third one what that leaves of it, where the second may be below 0.
    fn pow<'v>(
        #[starlark(require = pos)] base: Value<'v>,
        #[starlark(require = pos)] exponent: Value<'v>,
        #[starlark(require = pos)] modulus: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        power(base, exponent, modulus, eval)
    }

    /// More turns of a loop than a call may take steps.
    fn __turns() -> anyhow::Result<Range> {
        Ok(Range::new(0, 1 << 22, ONE))
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
        let Some(number) = number(of) else {
            return wrong(format!("round takes a number, not {}", named(of)));
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

    /// Whether a value is of a kind, or of one of several: `int`, `str`, `list` and the like.
    fn isinstance<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        #[starlark(require = pos)] kind: Value<'v>,
    ) -> starlark::Result<bool> {
        if hidden_slot(value).is_some() {
            return wrong("what kind it is is not known".to_owned());
        }
        let kinds = list(kind).map_or_else(|| vec![kind], <[_]>::to_vec);
        let own = value.get_type();
        // in Python what is true or not is a number, too
        Ok(kinds.iter().any(|kind| {
            let name = kind.to_str();
            let name = name.trim_start_matches("<function ").trim_end_matches('>');
            name == own || (own, name) == ("bool", "int") || (own, name) == ("string", "str")
        }))
    }

    /// A function of two values, from the first value of a list on with each that follows.
    fn reduce<'v>(
        #[starlark(require = pos)] f: Value<'v>,
        #[starlark(require = pos)] values: Value<'v>,
        #[starlark(require = pos)] first: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let values: Vec<Value> = values.iterate(eval.heap())?.collect();
        let mut values = values.into_iter();
        let Some(mut made) = first.or_else(|| values.next()) else {
            return wrong("reduce of no value".to_owned());
        };
        for value in values {
            made = eval.eval_function(f, &[made, value], &[])?;
        }
        Ok(made)
    }

    /// The sums of the first one, two, three .. values, or what another function makes of them.
    fn accumulate<'v>(
        #[starlark(require = pos)] values: Value<'v>,
        #[starlark(require = pos)] f: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Vec<Value<'v>>> {
        let heap = eval.heap();
        let values: Vec<Value> = values.iterate(heap)?.collect();
        let mut all: Vec<Value> = Vec::with_capacity(values.len());
        for value in values {
            let next = match (all.last(), f) {
                (None, _) => value,
                (Some(&so_far), Some(f)) => eval.eval_function(f, &[so_far, value], &[])?,
                (Some(&so_far), None) => so_far.add(value, heap)?,
            };
            all.push(next);
        }
        Ok(all)
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

fn power<'v>(
    base: Value<'v>,
    exponent: Value<'v>,
    modulus: Option<Value<'v>>,
    eval: &Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let heap = eval.heap();
    let is_float = StarlarkFloat::unpack_value_opt(base).is_some();
    let whole = exponent.unpack_i32();
    if let (Some(x), Some(y), None) = (number(base), number(exponent), modulus)
        && (is_float || whole.is_none_or(|y| y < 0))
    {
        let made = x.powf(y);
        return match made.is_finite() {
            true => Ok(heap.alloc(made)),
            false => wrong(format!("{x} ** {y} is no number")),
        };
    }
    let Some(exponent) = whole.filter(|_| base.get_type() == "int" || base.unpack_bool().is_some())
    else {
        return wrong(format!(
            "** takes numbers, not {} and {}",
            named(base),
            named(exponent)
        ));
    };
    let (mut square, mut left) = match (exponent, modulus) {
        (0.., _) => (base, exponent.unsigned_abs()),
        (_, Some(modulus)) => (inverse(base, modulus, eval)?, exponent.unsigned_abs()),
        (_, None) => return wrong(format!("{} ** {exponent} is no number", named(base))),
    };
    let cut = |value: Value<'v>| match modulus {
        Some(modulus) => value.percent(modulus, heap),
        None => Ok(value),
    };
    let mut made = cut(heap.alloc(1))?;
    while left > 0 {
        if left % 2 == 1 {
            made = cut(mul(made, square, eval)?)?;
        }
        left /= 2;
        if left > 0 {
            square = cut(mul(square, square, eval)?)?;
        }
    }
    Ok(made)
}

/// The number whose product with another one leaves 1.
fn inverse<'v>(
    of: Value<'v>,
    modulus: Value<'v>,
    eval: &Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let both = of
        .unpack_i32()
        .map(i64::from)
        .zip(modulus.unpack_i32().map(i64::from));
    let Some((of, modulus)) = both.filter(|(_, modulus)| *modulus != 0) else {
        return wrong("an inverse is one of small whole numbers".to_owned());
    };
    let (mut a, mut b) = ((of.rem_euclid(modulus), 1i64), (modulus, 0i64));
    while b.0 != 0 {
        let times = a.0 / b.0;
        (a, b) = (b, (a.0 - times * b.0, a.1 - times * b.1));
    }
    match a.0.abs() {
        1 => Ok(eval.heap().alloc((a.1 * a.0).rem_euclid(modulus.abs()))),
        _ => wrong(format!("{of} has no inverse modulo {modulus}")),
    }
}

fn wrong<T>(problem: String) -> starlark::Result<T> {
    Err(starlark::Error::new_value(anyhow::anyhow!(problem)))
}
