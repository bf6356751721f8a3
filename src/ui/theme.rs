//! Themes: which colour each role has, and the colours that stand for numbers.
//!
//! A theme is a JSON file. No widget names a colour; it names a [`Role`], or a number on a scale.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::rgb::{Lab, Rgb};

/// The themes inside the program; the first is the one it starts with.
const SHIPPED: [&str; 3] = [
    include_str!("../../assets/themes/dark.json"),
    include_str!("../../assets/themes/light.json"),
    include_str!("../../assets/themes/high-contrast.json"),
];

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Ordinary text and numbers.
    Text,
    /// Labels, units, whatever may stand back.
    Muted,
    /// The name of a pane.
    Title,
    /// The border of a pane.
    Border,
    /// The border of the pane that the keys go to.
    Focus,
    /// A right answer.
    Good,
    /// A wrong answer, an error.
    Bad,
    /// Something to be careful about.
    Warn,
    /// What the reader's eye should find first.
    Accent,
    /// The name of a key.
    Key,
    /// The cell or token under the cursor.
    Cursor,
    /// What the reader has marked.
    Selection,
    /// The line at the top.
    Header,
    /// The line at the bottom.
    Footer,
    /// A value of an input that is no longer on screen, until the new one arrives.
    Stale,
    /// The clean run.
    Clean,
    /// The corrupted run.
    Corrupted,
    /// The patched run.
    Patched,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 18] = [
        Self::Text,
        Self::Muted,
        Self::Title,
        Self::Border,
        Self::Focus,
        Self::Good,
        Self::Bad,
        Self::Warn,
        Self::Accent,
        Self::Key,
        Self::Cursor,
        Self::Selection,
        Self::Header,
        Self::Footer,
        Self::Stale,
        Self::Clean,
        Self::Corrupted,
        Self::Patched,
    ];
}

/// The colours of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paint {
    /// Colour of the characters.
    pub fg: Rgb,
    /// Colour behind them, where the role has one of its own.
    pub bg: Option<Rgb>,
}

/// The colours of the screen where nothing else is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeGround {
    /// Colour of plain text.
    pub fg: Rgb,
    /// Colour of the screen.
    pub bg: Rgb,
}

/// A colour for each point of a scale.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Rgb>")]
pub struct Colormap(Vec<Rgb>);

/// The same with the 256 indexed colours of xterm: chosen by hand, since the nearest ones lose sign and order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramps {
    /// From 0 to 1.
    pub sequential: Vec<u8>,
    /// From 0 to -1.
    pub negative: Vec<u8>,
    /// From 0 to 1 of a scale with signs.
    pub positive: Vec<u8>,
}

/// All colours of the program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// What the reader calls it.
    pub name: String,
    /// The colours of the empty screen.
    pub ground: ThemeGround,
    roles: BTreeMap<Role, Paint>,
    sequential: Colormap,
    diverging: Colormap,
    /// For terminals of 256 colours.
    pub indexed: Ramps,
}

impl Theme {
    /// Reads a theme from JSON.
    ///
    /// # Errors
    ///
    /// When `json` is not a theme or lacks a role.
    pub fn parse(json: &str) -> Result<Self> {
        let theme: Self = serde_json::from_str(json).context("cannot read the theme")?;
        for role in Role::ALL {
            let is_present = theme.roles.contains_key(&role);
            ensure!(is_present, "theme {:?} lacks the role {role:?}", theme.name);
        }
        let ramps = &theme.indexed;
        let all = [&ramps.sequential, &ramps.negative, &ramps.positive];
        let long = all.iter().all(|ramp| ramp.len() >= 2);
        ensure!(
            long,
            "theme {:?} has a ramp of less than 2 colours",
            theme.name
        );
        Ok(theme)
    }

    /// The themes that come with the program; the first is the default.
    #[must_use]
    pub fn shipped() -> &'static [Self] {
        static THEMES: LazyLock<Vec<Theme>> = LazyLock::new(|| {
            // A test reads each of them, so none is ever lost here.
            SHIPPED
                .iter()
                .filter_map(|json| Theme::parse(json).ok())
                .collect()
        });
        &THEMES
    }

    /// The shipped theme called `name`.
    ///
    /// # Errors
    ///
    /// When there is none; the message names those there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        let themes = Self::shipped();
        themes
            .iter()
            .find(|theme| theme.name == name)
            .with_context(|| {
                let names: Vec<&str> = themes.iter().map(|theme| theme.name.as_str()).collect();
                format!("there is no theme {name:?}; there are {}", names.join(", "))
            })
    }

    /// The names of the shipped themes in the order in which a key goes through them, from this one on.
    #[must_use]
    pub fn round_from(first: &str) -> Vec<&'static str> {
        let themes = Self::shipped();
        let start = themes.iter().position(|theme| theme.name == first);
        let mut names: Vec<_> = themes.iter().map(|theme| theme.name.as_str()).collect();
        names.rotate_left(start.unwrap_or(0));
        names
    }

    /// The colours of `role`.
    #[must_use]
    pub fn paint(&self, role: Role) -> Paint {
        let plain = Paint {
            fg: self.ground.fg,
            bg: None,
        };
        self.roles.get(&role).copied().unwrap_or(plain)
    }

    /// The colour of an amount, 0 (nearly the ground) to 1 (farthest from it).
    #[must_use]
    pub fn sequential(&self, fraction: f64) -> Rgb {
        self.sequential.at(fraction)
    }

    /// The colour of a signed amount: -1 (orange) over 0 (nearly the ground) to 1 (blue).
    ///
    /// Blue is the positive end, as it is in plots made with `zmid=0` and the colours `RdBu`.
    #[must_use]
    pub fn diverging(&self, fraction: f64) -> Rgb {
        self.diverging.at(f64::midpoint(fraction, 1.0))
    }
}

impl Colormap {
    /// Colours kept ready. Odd, so that the middle of a diverging colormap is one of them.
    const STEPS: usize = 257;

    /// The colour at `place`, 0 to 1; beyond, that of the nearer end. NaN is taken for 0.
    #[must_use]
    pub fn at(&self, place: f64) -> Rgb {
        let step = (place.clamp(0.0, 1.0) * (Self::STEPS - 1) as f64).round() as usize;
        self.0.get(step).copied().unwrap_or(Rgb::BLACK)
    }
}

/// From a few stops, evenly spaced, to all steps between them.
impl TryFrom<Vec<Rgb>> for Colormap {
    type Error = anyhow::Error;

    fn try_from(stops: Vec<Rgb>) -> Result<Self> {
        ensure!(stops.len() >= 2, "a colormap has two colours at least");
        let stops: Vec<Lab> = stops.into_iter().map(Rgb::lab).collect();
        let spans = (stops.len() - 1) as f64;
        let colour = |step: usize| {
            let place = step as f64 / (Self::STEPS - 1) as f64 * spans;
            let before = (place as usize).min(stops.len() - 2);
            stops[before]
                .mix(stops[before + 1], place - before as f64)
                .rgb()
        };
        Ok(Self((0..Self::STEPS).map(colour).collect()))
    }
}
