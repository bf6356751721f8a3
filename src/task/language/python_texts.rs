//! Values as texts of a form: `f"{x:03}"`, `format(x, "b")`, `bin(x)`.

use super::bounds::comparable;
use super::values::{named, number};
use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::Value;

/// More room than this no text is given.
const WIDEST: usize = 256;

#[starlark_module]
pub(super) fn texts(builder: &mut GlobalsBuilder) {
    /// A value in a form of Python's: `03`, `>5`, `b`, `.2f`.
    fn format<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        #[starlark(require = pos)] form: &str,
    ) -> starlark::Result<String> {
        comparable(value, value)?;
        let told = Form::read(form).and_then(|form| form.of(value));
        told.ok_or_else(|| {
            let of = named(value);
            let problem = format!("{of} has no form '{form}': 03, >5, b, x and .2f are such");
            starlark::Error::new_value(anyhow::anyhow!(problem))
        })
    }

    /// A whole number in binary digits, behind `0b`.
    fn bin(#[starlark(require = pos)] of: i32) -> anyhow::Result<String> {
        let sign = if of < 0 { "-" } else { "" };
        Ok(format!("{sign}0b{:b}", of.unsigned_abs()))
    }
}

/// A form: how wide, filled with what on which side, and what kind.
#[derive(Debug, PartialEq)]
struct Form {
    fill: char,
    align: Option<char>,
    plus: bool,
    width: usize,
    digits: Option<usize>,
    kind: Option<char>,
}

impl Form {
    /// Reads `[[fill]align][+][0][width][.digits][kind]`.
    fn read(text: &str) -> Option<Self> {
        let mut left = text.chars().peekable();
        let is_align = |c: Option<char>| c.is_some_and(|c| "<>^=".contains(c));
        let mut ahead = text.chars();
        let (first, second) = (ahead.next(), ahead.next());
        let (mut fill, mut align) = (' ', None);
        if is_align(second) {
            fill = left.next()?;
            align = left.next();
        } else if is_align(first) {
            align = left.next();
        }
        let plus = left.next_if_eq(&'+').is_some();
        if left.next_if_eq(&'0').is_some() {
            fill = '0';
            align = align.or(Some('='));
        }
        let number = |left: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let digits: String =
                std::iter::from_fn(|| left.next_if(char::is_ascii_digit)).collect();
            (!digits.is_empty()).then(|| digits.parse::<usize>().unwrap_or(usize::MAX))
        };
        let width = number(&mut left).unwrap_or(0);
        let digits = match left.next_if_eq(&'.') {
            Some(_) => Some(number(&mut left)?),
            None => None,
        };
        let kind = left.next();
        let known = kind.is_none_or(|kind| "dbxXofs".contains(kind));
        let fits = width <= WIDEST && digits.is_none_or(|digits| digits <= WIDEST);
        (known && fits && left.next().is_none()).then_some(Self {
            fill,
            align,
            plus,
            width,
            digits,
            kind,
        })
    }

    /// A value in this form, where it can have it.
    fn of(&self, value: Value<'_>) -> Option<String> {
        let whole = value.unpack_i32();
        let (is_below, told) = match (whole, self.kind) {
            (Some(n), Some('f')) => (n < 0, self.real(f64::from(n))),
            (Some(n), kind) if kind != Some('s') && self.digits.is_none() => {
                let size = n.unsigned_abs();
                let told = match kind {
                    Some('b') => format!("{size:b}"),
                    Some('x') => format!("{size:x}"),
                    Some('X') => format!("{size:X}"),
                    Some('o') => format!("{size:o}"),
                    _ => size.to_string(),
                };
                (n < 0, told)
            }
            (None, Some('f')) => {
                let number = number(value)?;
                (number < 0.0, self.real(number))
            }
            (None, None | Some('s')) if self.digits.is_none() => (false, value.to_str()),
            _ => return None,
        };
        let sign = match (is_below, self.plus) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        let len = sign.len() + told.chars().count();
        let fill = |n: usize| self.fill.to_string().repeat(n);
        let room = self.width.saturating_sub(len);
        // numbers stand at the right, texts at the left
        let align = self
            .align
            .unwrap_or(if whole.is_some() || self.kind == Some('f') {
                '>'
            } else {
                '<'
            });
        Some(match align {
            '<' => format!("{sign}{told}{}", fill(room)),
            '^' => format!("{}{sign}{told}{}", fill(room / 2), fill(room - room / 2)),
            '=' => format!("{sign}{}{told}", fill(room)),
            _ => format!("{}{sign}{told}", fill(room)),
        })
    }

    fn real(&self, number: f64) -> String {
        format!("{:.*}", self.digits.unwrap_or(6), number.abs())
    }
}
