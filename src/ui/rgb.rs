//! Colour arithmetic: hexadecimal notation, OKLab, contrast. Knows no theme and no widget.

use crate::findings::frame;
use anyhow::{Context as _, Result, ensure};
use ratatui::style::Color;
use serde::Deserialize;

/// A colour of the sRGB space, each part 0 (none) to 255 (full). In JSON: `"#rrggbb"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A colour of the OKLab space, where equal distances look about equally large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lab {
    /// Lightness, 0 (black) to 1 (white).
    pub l: f64,
    /// Green (negative) to red (positive), about -0.3 to 0.3.
    pub a: f64,
    /// Blue (negative) to yellow (positive), about -0.3 to 0.3.
    pub b: f64,
}

impl Rgb {
    /// One of the 256 indexed colours of xterm, from 16 on as every terminal shows it.
    #[must_use]
    pub fn indexed(index: u8) -> Self {
        let (red, green, blue) = frame::rgb(Color::Indexed(index), (0, 0, 0));
        Self(red, green, blue)
    }

    /// The darkest ink.
    pub const BLACK: Self = Self(0, 0, 0);
    /// The lightest ink.
    pub const WHITE: Self = Self(255, 255, 255);

    /// Reads `#rrggbb`.
    ///
    /// # Errors
    ///
    /// When `text` is anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let problem = || format!("{text:?} is not a colour; write it as #rrggbb");
        let digits = text.strip_prefix('#').with_context(problem)?;
        // `from_str_radix` would accept a sign.
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(is_hex, problem());
        let [_, red, green, blue] = u32::from_str_radix(digits, 16)
            .with_context(problem)?
            .to_be_bytes();
        Ok(Self(red, green, blue))
    }

    /// This colour in OKLab (B. Ottosson's matrices).
    #[must_use]
    pub fn lab(self) -> Lab {
        let [r, g, b] = self.linear();
        let long = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let middle = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let short = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        Lab {
            l: 0.210_454_255_3 * long + 0.793_617_785_0 * middle - 0.004_072_046_8 * short,
            a: 1.977_998_495_1 * long - 2.428_592_205_0 * middle + 0.450_593_709_9 * short,
            b: 0.025_904_037_1 * long + 0.782_771_766_2 * middle - 0.808_675_766_0 * short,
        }
    }

    /// The way from this colour (`share` 0) to `other` (`share` 1), even to the eye.
    #[must_use]
    pub fn blend(self, other: Self, share: f64) -> Self {
        self.lab().mix(other.lab(), share).rgb()
    }

    /// How well one colour reads on the other, by the rule of WCAG: 1 (not at all) to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Black or white, whichever reads better on this colour.
    #[must_use]
    pub fn ink(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// Red, green and blue as amounts of light, 0 to 1.
    #[must_use]
    pub fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    /// The colour of these amounts of light; what lies outside 0 to 1 is cut off.
    #[must_use]
    pub fn from_linear(light: [f64; 3]) -> Self {
        let [red, green, blue] = light.map(|part| {
            let part = part.clamp(0.0, 1.0);
            let shown = if part <= 0.003_130_8 {
                part * 12.92
            } else {
                1.055 * part.powf(1.0 / 2.4) - 0.055
            };
            (shown * 255.0).round() as u8
        });
        Self(red, green, blue)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl Lab {
    /// The point `share` of the way from here to `other`.
    #[must_use]
    pub fn mix(self, other: Self, share: f64) -> Self {
        let mix = |from: f64, to: f64| from + (to - from) * share;
        Self {
            l: mix(self.l, other.l),
            a: mix(self.a, other.a),
            b: mix(self.b, other.b),
        }
    }

    /// Distance from grey, 0 to about 0.32.
    #[must_use]
    pub fn chroma(self) -> f64 {
        self.a.hypot(self.b)
    }

    /// The hue in degrees, 0 to 360: red 29, yellow 110, green 142, cyan 195, blue 264, magenta 328.
    #[must_use]
    pub fn hue(self) -> f64 {
        self.b.atan2(self.a).to_degrees().rem_euclid(360.0)
    }

    /// The nearest colour a screen can show.
    #[must_use]
    pub fn rgb(self) -> Rgb {
        let Self { l, a, b } = self;
        let long = (l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let middle = (l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let short = (l - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        Rgb::from_linear([
            4.076_741_662_1 * long - 3.307_711_591_3 * middle + 0.230_969_929_2 * short,
            -1.268_438_004_6 * long + 2.609_757_401_1 * middle - 0.341_319_396_5 * short,
            -0.004_196_086_3 * long - 0.703_418_614_7 * middle + 1.707_614_701_0 * short,
        ])
    }
}

impl TryFrom<String> for Rgb {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<Rgb> for Color {
    fn from(Rgb(red, green, blue): Rgb) -> Self {
        Self::Rgb(red, green, blue)
    }
}

impl From<Rgb> for (u8, u8, u8) {
    fn from(Rgb(red, green, blue): Rgb) -> Self {
        (red, green, blue)
    }
}
