//! Numbers in as few columns as a heatmap cell has.

use crate::task::number;

/// Significant digits, and decimals, beyond which a number in a table only gets harder to read.
const DIGITS: usize = 4;

/// Up to here a number has as many decimals as one below 1, so that they stand under each other.
const NEAR_ONE: f32 = 2.0;

/// `value` in exactly `width` columns, right-aligned, with as many digits as fit, but never more
/// than four after the point nor, from 2 on, more decimals than make four digits in all.
///
/// | width | examples |
/// |---|---|
/// | 6 | `0.9981`, ` 12.03`, `-0.998` |
/// | 5 | ` 0.99`, `-0.50`, ` 12.0`: one column is kept for the sign, so that rows line up |
/// | 4 | `.998`, `-.50`, `12.0` |
/// | 3 | `.99`, `1.0`, `-.5`, ` 12` |
/// | 2 | `.5`, `12`, `-3` |
///
/// No plus sign is written; see [`signed`]. What is too large for its columns is written with an
/// exponent (`12e3`), then as `##`. NaN is `n/a`, or `?` in fewer than three columns.
#[must_use]
pub fn number(value: f32, width: u16) -> String {
    let width = usize::from(width);
    aligned(value, width, width == 5, DIGITS, is_short(width))
}

/// [`number()`] with a plus sign before a positive value where a column is free for it.
#[must_use]
pub fn signed(value: f32, width: u16) -> String {
    plus(value, number(value, width))
}

/// How the numbers of one heatmap are written: all with the same decimals, where they fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellFormat {
    /// A blank column before each number, so that neighbours never touch.
    gap: usize,
    columns: usize,
    keeps_sign: bool,
    decimals: usize,
    is_signed: bool,
    /// Nearly all values lie below 1 and are written without their 0.
    short: bool,
    /// What is exactly whole is written so: a rank, a count, nothing at all. On a scale up to 1
    /// it stands among its neighbours' decimals.
    whole: bool,
    /// What has no digit among the decimals is written as a power of ten: all numbers are that small, or are
    /// told apart by powers.
    powers: bool,
}

impl CellFormat {
    /// The most decimals for which values up to `max` still fit into `width` columns.
    ///
    /// On a scale with signs a column is kept for them where that leaves three for digits. From 10
    /// on it would cost narrow cells a decimal: no number has a plus then.
    pub fn new(max: f32, width: u16, is_signed: bool) -> Self {
        let width = usize::from(width);
        let gap = usize::from(width > 2);
        let columns = width - gap;
        // a sign takes the column that a 0 before the point would
        let short = is_short(columns) || is_signed && max < NEAR_ONE && columns == 5;
        let whole = if max < NEAR_ONE && (short || columns > 6) {
            0
        } else {
            whole_digits(max)
        };
        // two digits before the point leave room for a sign and two behind it in the wider cells
        let keeps_sign = is_signed && columns > 3 && (whole < 2 || columns >= whole + 4);
        let room = columns - usize::from(keeps_sign);
        let most = room
            .saturating_sub(1 + whole)
            .min(DIGITS.saturating_sub(whole));
        Self {
            gap,
            columns,
            keeps_sign,
            decimals: if max < 10.0 { most.max(1) } else { most },
            is_signed,
            short,
            whole: max >= NEAR_ONE,
            powers: max > 0.0 && max < 0.5 * 10.0_f32.powi(1 - most.max(1) as i32),
        }
    }

    /// The same, for numbers that are told apart by powers of ten.
    pub fn by_powers(self) -> Self {
        Self {
            powers: true,
            ..self
        }
    }

    /// `value` in exactly the columns of a cell.
    pub fn write(self, value: f32) -> String {
        let columns = self.columns;
        let none_shows =
            value != 0.0 && value.abs() < 0.5 * 10.0_f32.powi(1 - self.decimals as i32);
        if let Some(text) = power_of_ten(value, columns).filter(|_| self.powers && none_shows) {
            return format!("{}{text:>columns$}", " ".repeat(self.gap));
        }
        let decimals = match self.whole && value.fract() == 0.0 {
            true => 0,
            false => self.decimals,
        };
        let mut text = aligned(value, columns, self.keeps_sign, decimals, self.short);
        let nearest = format!("{value:.0}");
        if text.contains('#') && nearest.len() <= columns + self.gap {
            // the minus sign keeps neighbours apart too
            return format!("{nearest:>width$}", width = columns + self.gap);
        }
        let least = 0.5 * 10.0_f32.powi(-(self.decimals as i32));
        if -1.0 + least < value && value < -least && !text.contains('.') {
            // none of its digits fits, and the nearest whole number would say another thing
            text = format!("{:>columns$}", "-");
        } else if self.is_signed && (self.keeps_sign || columns <= 3) {
            // with a plus all have one, or none
            text = plus(value, text);
        }
        " ".repeat(self.gap) + &text
    }
}

/// `value` at the right of so many columns. With `sign_column` the first of them stays free for a
/// sign, unless the digits before the point need it.
fn aligned(value: f32, columns: usize, sign_column: bool, decimals: usize, short: bool) -> String {
    let write = |room| digits(value, room, decimals, short);
    let mut text = write(columns);
    // A negative value that is written as 0 has no sign.
    if sign_column && value.is_finite() && !text.starts_with('-') {
        let short = write(columns - 1);
        text = if short.contains(['e', '#']) {
            text
        } else {
            short
        };
    }
    format!("{text:>columns$}")
}

/// Whether there are too few columns to write the 0 before the point.
const fn is_short(columns: usize) -> bool {
    columns <= 4
}

/// Digits before the point of a value up to `max`.
fn whole_digits(max: f32) -> usize {
    if max.is_finite() {
        format!("{:.0}", max.abs().floor()).len()
    } else {
        1
    }
}

/// Whether a written number says nothing but 0.
pub(super) fn is_zero(text: &str) -> bool {
    !text.contains(|c: char| matches!(c, '1'..='9' | 'i' | '#'))
}

/// Puts a plus sign into the last free column, unless the digits are those of zero.
fn plus(value: f32, text: String) -> String {
    let free = text.len() - text.trim_start_matches(' ').len();
    if free == 0 || value.is_nan() || value <= 0.0 || is_zero(&text) {
        return text;
    }
    format!("{}+{}", &text[..free - 1], &text[free..])
}

/// The digits of `value` in at most `room` columns, with at most so many `decimals`; `short`
/// leaves out the 0 before the point.
fn digits(value: f32, room: usize, decimals: usize, short: bool) -> String {
    if !value.is_finite() {
        return not_finite(value, room);
    }
    if f64::from(value.abs()) >= number::LARGE {
        let text = power_of_ten(value, room);
        return text.unwrap_or_else(|| "#".repeat(room));
    }
    let fixed = (0..=decimals)
        .rev()
        .map(|decimals| fixed(value, decimals, short));
    let sensible = fixed.flatten().find(|text| text.len() <= room);
    sensible
        .or_else(|| exponent(value, room))
        .unwrap_or_else(|| "#".repeat(room))
}

/// `value` with that many decimals, unless they are more than a reader wants.
fn fixed(value: f32, decimals: usize, short: bool) -> Option<String> {
    let text = format!("{:.decimals$}", value.abs());
    let whole = text.find('.').unwrap_or(text.len());
    if value.abs() >= NEAR_ONE && decimals > 0 && whole + decimals > DIGITS {
        return None;
    }
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    let digits = match text.strip_prefix('0') {
        Some(rest) if short && !rest.is_empty() => rest,
        _ => &text,
    };
    Some(format!("{sign}{digits}"))
}

/// `value` as whole digits and a power of ten, the most digits that fit.
fn exponent(value: f32, room: usize) -> Option<String> {
    (1..=38)
        .map(|power| {
            let digits = f64::from(value) / 10_f64.powi(power);
            format!("{digits:.0}e{power}")
        })
        .find(|text| text.len() <= room)
}

/// A number as digits and a power of ten, the most digits that fit: `3.3e-10`, `1.2e24`.
fn power_of_ten(value: f32, room: usize) -> Option<String> {
    let written = (0..DIGITS).rev().map(|digits| format!("{value:.digits$e}"));
    written.into_iter().find(|text| text.len() <= room)
}

fn not_finite(value: f32, room: usize) -> String {
    let word = match (value.is_nan(), value < 0.0) {
        (true, _) if room >= 3 => "n/a",
        (true, _) => "?",
        (_, true) => "-inf",
        (_, false) => "inf",
    };
    word.chars().take(room).collect()
}

/// The value under a cursor, with all the digits a reader may want: five decimals, of a small one
/// five significant digits, so of one with a power of ten, and what is whole as it is.
#[must_use]
pub fn exact(value: f32, is_signed: bool) -> String {
    let is_large = f64::from(value.abs()) >= number::LARGE;
    let text = if value.fract() == 0.0 && !is_large {
        number::fixed(value, 0)
    } else if value.abs() < 0.001 || is_large {
        number::significant(value, 5)
    } else {
        number::fixed(value, 5)
    };
    if is_signed && value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}
