//! What of Python's `math` there is.

use super::values::{self, named};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;

/// The module by its name.
pub(super) fn modules(builder: &mut GlobalsBuilder) {
    builder.namespace("math", math);
}

#[starlark_module]
fn math(builder: &mut GlobalsBuilder) {
    /// The largest number that divides both.
    fn gcd(
        #[starlark(require = pos)] a: i32,
        #[starlark(require = pos)] b: i32,
    ) -> anyhow::Result<i32> {
        let of = common(a.into(), b.into());
        i32::try_from(of).map_err(|_| anyhow::anyhow!("gcd({a}, {b}) is too large"))
    }

    /// The smallest number that both divide.
    fn lcm(
        #[starlark(require = pos)] a: i32,
        #[starlark(require = pos)] b: i32,
    ) -> anyhow::Result<i32> {
        let of = common(a.into(), b.into()).max(1);
        whole((f64::from(a) * f64::from(b)).abs() / of as f64)
    }

    /// The largest whole number that is not above.
    fn floor(#[starlark(require = pos)] of: Value<'_>) -> anyhow::Result<i32> {
        whole(number(of)?.floor())
    }

    /// The smallest whole number that is not below.
    fn ceil(#[starlark(require = pos)] of: Value<'_>) -> anyhow::Result<i32> {
        whole(number(of)?.ceil())
    }

    /// The square root.
    fn sqrt(#[starlark(require = pos)] of: Value<'_>) -> anyhow::Result<f64> {
        let number = number(of)?;
        anyhow::ensure!(number >= 0.0, "{number} has no square root");
        Ok(number.sqrt())
    }

    /// The largest whole number whose square is not above.
    fn isqrt(#[starlark(require = pos)] of: i32) -> anyhow::Result<i32> {
        anyhow::ensure!(of >= 0, "{of} has no square root");
        Ok(of.isqrt())
    }

    /// In how many ways so many of so many can be chosen.
    fn comb(
        #[starlark(require = pos)] n: i32,
        #[starlark(require = pos)] k: i32,
    ) -> anyhow::Result<i32> {
        anyhow::ensure!(n >= 0 && k >= 0, "comb takes no number below 0");
        if k > n {
            return Ok(0);
        }
        let mut made = 1i64;
        for i in 0..i64::from(k.min(n - k)) {
            made = made * (i64::from(n) - i) / (i + 1);
            anyhow::ensure!(made <= i64::from(i32::MAX), "comb({n}, {k}) is too large");
        }
        whole(made as f64)
    }

    /// The product of all numbers from 1 on.
    fn factorial(#[starlark(require = pos)] of: i32) -> anyhow::Result<i32> {
        anyhow::ensure!(of >= 0, "factorial takes no number below 0");
        anyhow::ensure!(of <= 12, "factorial({of}) is too large");
        Ok((1..=of).product())
    }

    /// The product of a list.
    fn prod<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let mut made = heap.alloc(1);
        for value in of.iterate(heap)? {
            made = super::bounds::mul(made, value, eval)?;
        }
        Ok(made)
    }
}

fn common(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn number(value: Value<'_>) -> anyhow::Result<f64> {
    values::number(value).ok_or_else(|| anyhow::anyhow!("{} is no number", named(value)))
}

fn whole(number: f64) -> anyhow::Result<i32> {
    anyhow::ensure!(number.abs() <= f64::from(i32::MAX), "{number} is too large");
    Ok(number as i32)
}
