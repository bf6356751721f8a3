//! What binds more tightly than products: signs and powers, as Python reads them.

use super::grammar::{Input, Number, Read, Sign, Term, spaced};
use super::leaf::unsigned;
use winnow::ascii::multispace0;
use winnow::combinator::{cut_err, fail, opt, repeat};
use winnow::prelude::*;

/// So many powers in a row are read: each stands within the one before it.
const MOST: usize = 16;

/// A power with a sign before it: `-2**2` is the negative of `2**2`.
pub(super) fn factor(input: &mut Input<'_>) -> Read<Number<Term>> {
    multispace0.parse_next(input)?;
    let is_negative = negative(input)?;
    let number = power(input)?;
    Ok(with_sign(is_negative, number))
}

/// Whether the signs here, if any, make what follows negative.
fn negative(input: &mut Input<'_>) -> Read<bool> {
    let signs: usize = repeat(0.., ('-', multispace0)).parse_next(input)?;
    Ok(!signs.is_multiple_of(2))
}

fn with_sign(is_negative: bool, number: Number<Term>) -> Number<Term> {
    match is_negative {
        true => Number::Negative(Box::new(number)),
        false => number,
    }
}

/// Powers are worked out from the right: `2**3**2` is `2**9`, and `2**-1**2` is `2**(-(1**2))`.
fn power(input: &mut Input<'_>) -> Read<Number<Term>> {
    let mut all = vec![(false, unsigned(input)?)];
    while opt(spaced("**")).parse_next(input)?.is_some() {
        if all.len() > MOST {
            return fail.parse_next(input);
        }
        let is_negative = negative(input)?;
        all.push((is_negative, cut_err(unsigned).parse_next(input)?));
    }
    let mut all = all.into_iter().rev();
    let Some((mut is_negative, mut number)) = all.next() else {
        return fail.parse_next(input);
    };
    for (sign, base) in all {
        let to = with_sign(is_negative, number);
        (is_negative, number) = (sign, Number::Chain(Box::new(base), vec![(Sign::Power, to)]));
    }
    Ok(number)
}
