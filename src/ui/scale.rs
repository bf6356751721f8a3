//! Scales: from a number to a place between two ends, and from there to a colour or a shade.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::colour::Depth;
use super::look::Look;
use super::number;
use super::rgb::Rgb;
use super::theme::Role;
use crate::task::number::significant;

/// The values that the ends of the colours stand for. Values beyond are drawn as the nearer end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// 0 to `max`: probabilities, attention patterns, norms.
    Sequential {
        /// The value with the strongest colour.
        max: f32,
    },
    /// `-max` to `max`, with 0 in the neutral middle: logits, effects of patches.
    Diverging {
        /// The value with the strongest colour, and its opposite.
        max: f32,
    },
    /// `centre - reach` to `centre + reach`, with the centre neutral: what a change from the
    /// centre is to be seen in.
    Around {
        /// The value with the neutral colour.
        centre: f32,
        /// How far from it the strongest colours are.
        reach: f32,
    },
    /// `low` to `high`: numbers that are all far from 0, and are to be told apart.
    Between {
        /// The value with the faintest colour.
        low: f32,
        /// The value with the strongest colour.
        high: f32,
    },
    /// By powers of ten, from `floor` to `max`, and as far on the other side where there are signs: what lies
    /// many times apart is to be told apart.
    Decades {
        /// Up to this it is as good as 0.
        floor: f32,
        /// The value with the strongest colour.
        max: f32,
        /// Whether there are numbers below 0.
        signed: bool,
    },
    /// The same for numbers without signs, from `base` to `base + reach` and as far the other
    /// way; with a `reach` below 0 the colours are swapped: what grows is then what shrinks
    /// elsewhere.
    From {
        /// The value with the neutral colour.
        base: f32,
        /// How far from it the strongest colours are.
        reach: f32,
    },
}

/// At which ends of a scale numbers lie beyond its colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Some are smaller than the smaller end.
    pub below: bool,
    /// Some are larger than the larger end.
    pub above: bool,
}

/// By less than this share of a scale a number is as good as its end: ends are rounded.
const AT_END: f32 = 0.005;

/// Shades of cells one column wide where there are no colours, from nothing to the maximum.
///
/// Less than a twentieth of the maximum is blank; beyond it each shade stands for a quarter. The
/// shades of negative values are lines, like a minus sign, that of positive ones are dots.
struct Shades {
    positive: [&'static str; 5],
    negative: [&'static str; 5],
}

const FANCY: Shades = Shades {
    positive: [" ", "░", "▒", "▓", "█"],
    negative: [" ", "-", "~", "=", "≡"],
};

const PLAIN: Shades = Shades {
    positive: [" ", ".", ":", "+", "#"],
    negative: [" ", "-", "~", "=", "%"],
};

impl Scale {
    /// Where `value` lies: 0 to 1, or -1 to 1 on a diverging scale.
    #[must_use]
    pub fn fraction(self, value: f32) -> f64 {
        let (low, centre, max) = match self {
            Self::Decades { floor, max, signed } => {
                let [floor, max] = [floor, max].map(|end| f64::from(end).log10());
                let size = (f64::from(value.abs()).log10() - floor) / (max - floor);
                let size = if size.is_nan() {
                    0.0
                } else {
                    size.clamp(0.0, 1.0)
                };
                return match (value < 0.0, signed) {
                    (true, true) => -size,
                    (true, false) => 0.0,
                    (false, _) => size,
                };
            }
            Self::Sequential { max } => (0.0, 0.0, max.abs()),
            Self::Diverging { max } => (-1.0, 0.0, max.abs()),
            Self::Around { centre, reach } => (-1.0, centre, reach.abs()),
            Self::From { base, reach } => (-1.0, base, reach),
            Self::Between { low, high } => (0.0, low, high - low),
        };
        let fraction = (f64::from(value) - f64::from(centre)) / f64::from(max);
        // 0 of 0 is nothing; so is any value of a scale that is not a number.
        if fraction.is_nan() {
            0.0
        } else {
            fraction.clamp(low, 1.0)
        }
    }

    /// The values at the ends of its colours, and the fraction that the lower one is.
    pub(super) fn ends(self) -> (f32, f32, f64) {
        match self {
            Self::Sequential { max } => (0.0, max, 0.0),
            Self::Diverging { max }
            | Self::Decades {
                max, signed: true, ..
            } => (-max, max, -1.0),
            Self::Between { low, high } => (low, high, 0.0),
            Self::Decades { floor, max, .. } => (floor, max, 0.0),
            Self::Around {
                centre: base,
                reach,
            }
            | Self::From { base, reach } => (base - reach, base + reach, -1.0),
        }
    }

    /// At which ends some of these numbers lie beyond its colours.
    pub fn beyond(self, values: impl Iterator<Item = f32>) -> Beyond {
        let (first, last, _) = self.ends();
        let (low, high) = (first.min(last), first.max(last));
        let near = AT_END * (high - low);
        let finite = values.filter(|value| value.is_finite());
        finite.fold(Beyond::default(), |beyond, value| Beyond {
            below: beyond.below || value < low - near,
            above: beyond.above || value > high + near,
        })
    }

    /// The colour of the point `fraction` of the scale.
    pub(super) fn colour(self, look: &Look, fraction: f64) -> Rgb {
        let theme = &look.theme;
        let has_sign = match self {
            Self::Sequential { .. } | Self::Between { .. } => false,
            Self::Decades { signed, .. } => signed,
            _ => true,
        };
        match (look.depth, has_sign) {
            (Depth::Indexed, false) => step(&theme.indexed.sequential, fraction),
            (Depth::Indexed, true) if fraction < 0.0 => step(&theme.indexed.negative, -fraction),
            (Depth::Indexed, true) => step(&theme.indexed.positive, fraction),
            (_, false) => theme.sequential(fraction),
            // of 16 colours one is the ground, and each sign has its own from the beginning
            (Depth::Ansi, true) if fraction.abs() < FAINT_ANSI => theme.diverging(0.0),
            (Depth::Ansi, true) => {
                theme.diverging(fraction.abs().max(FIRST_ANSI).copysign(fraction))
            }
            (_, true) => theme.diverging(fraction),
        }
    }

    /// The largest value to be expected, whatever its sign.
    pub(super) const fn max(self) -> f32 {
        match self {
            Self::Sequential { max } | Self::Diverging { max } | Self::Decades { max, .. } => max,
            // the outer end of a scale around 1 is seldom reached, and costs every cell a digit
            Self::Around { centre, reach } => centre.abs().max(reach),
            Self::From { base, reach } => base.abs().max(reach.abs()),
            Self::Between { low, high } => {
                if low.abs() > high.abs() {
                    low.abs()
                } else {
                    high.abs()
                }
            }
        }
    }

    /// Whether a plus sign tells something.
    pub(super) const fn is_signed(self) -> bool {
        matches!(self, Self::Diverging { .. } | Self::Around { .. }) || {
            matches!(self, Self::Between { low, .. } if low < 0.0)
                || matches!(self, Self::Decades { signed: true, .. })
        }
    }
}

/// Less of a scale than this is as good as nothing where colours are few.
const FAINT: f64 = 0.06;
/// The same where there are 16: each has the full strength of its hue, and a table of small numbers would be nothing but
/// noise.
const FAINT_ANSI: f64 = 0.2;
/// Where on a scale with signs the 16 colours begin to have one.
const FIRST_ANSI: f64 = 0.3;

/// The step of a ramp for a fraction from 0 to 1; what is more than nothing has a colour of its own.
fn step(ramp: &[u8], fraction: f64) -> Rgb {
    let last = ramp.len().saturating_sub(1);
    let at = (fraction * last as f64).round() as usize;
    let least = usize::from(fraction >= FAINT);
    let index = ramp.get(at.clamp(least.min(last), last)).copied();
    Rgb::indexed(index.unwrap_or_default())
}

/// The shade of the point `fraction` of a scale.
pub(super) fn shade(look: &Look, fraction: f64) -> &'static str {
    let shades = if look.ascii { PLAIN } else { FANCY };
    let amount = fraction.abs();
    let level = if amount < 0.05 {
        0
    } else {
        1 + (amount * 4.0).min(3.0) as usize
    };
    if fraction < 0.0 {
        shades.negative[level]
    } else {
        shades.positive[level]
    }
}

/// One line with the colours of a scale between its end values, exactly `width` columns wide; an end that numbers lie
/// beyond has a sign that says so: `≥ 3.2`.
///
/// Where there is no room for four columns of colour, the values go first.
#[must_use]
pub fn legend(look: &Look, scale: Scale, beyond: Beyond, width: u16) -> Line<'static> {
    let (first, last, start) = scale.ends();
    let (low, high) = match scale {
        Scale::Sequential { .. } => ("0".to_owned(), short(last).replace('+', "")),
        Scale::Decades { signed: false, .. } => {
            let [low, high] = [first, last].map(|end| significant(f64::from(end), 2));
            (low, format!("{high} log"))
        }
        _ => (short(first), short(last)),
    };
    // what grows may be at the left
    let signs = match first <= last {
        true => [at_least(look, beyond, false), at_least(look, beyond, true)],
        false => [at_least(look, beyond, true), at_least(look, beyond, false)],
    };
    let [low, high] = [(signs[0], low), (signs[1], high)].map(|(sign, end)| format!("{sign}{end}"));
    let labels = low.chars().count() + high.chars().count() + 2;
    let width = usize::from(width);
    let (low, high, columns) = if width >= labels + 4 {
        (format!("{low} "), format!(" {high}"), width - labels)
    } else {
        (String::new(), String::new(), width)
    };
    let label = look.style(Role::Muted);
    let place = |column: usize| {
        let share = column as f64 / columns.saturating_sub(1).max(1) as f64;
        start + (1.0 - start) * share
    };
    let bar = (0..columns).map(|column| swatch(look, scale, place(column)));
    let low = std::iter::once(Span::styled(low, label));
    Line::from_iter(low.chain(bar).chain([Span::styled(high, label)]))
}

/// The sign before the larger or the smaller end where numbers lie beyond it.
fn at_least(look: &Look, beyond: Beyond, larger: bool) -> &'static str {
    match larger {
        true if beyond.above => look.pick("≥ ", ">= "),
        false if beyond.below => look.pick("≤ ", "<= "),
        _ => "",
    }
}

/// The value at an end of a scale, signed, without digits that say nothing: `+1`, `-2.5`.
fn short(value: f32) -> String {
    let text = number::signed(value, 7);
    let text = text.trim_start();
    // so small that no digit is left
    if value != 0.0 && value.is_finite() && number::is_zero(text) {
        let sign = if value > 0.0 { "+" } else { "" };
        return format!("{sign}{}", significant(f64::from(value), 2));
    }
    if !text.contains('.') {
        return text.to_owned();
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// One column of a legend.
fn swatch(look: &Look, scale: Scale, fraction: f64) -> Span<'static> {
    if !look.has_colours() {
        return Span::raw(shade(look, fraction));
    }
    let colour = scale.colour(look, fraction);
    if look.ascii {
        return Span::styled(" ", Style::new().bg(colour.into()));
    }
    Span::styled("▇", Style::new().fg(colour.into()))
}
