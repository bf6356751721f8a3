//! The models in the binary, which this program's own `train` made (`models/` says how). Their bytes
//! lie among its read-only data and are looked at when one is opened.

use super::config::Sidecar;
use super::load::Opened;
use super::weights;
use crate::task::shown;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// What stands before a slide's name where a model is named by its path.
const PREFIX: &str = "slide:";

/// A model in the binary, with its config and how it was made.
#[derive(Debug)]
pub struct Slide {
    /// Its name, that of its task: `sort`.
    pub name: &'static str,
    /// The weights file.
    pub weights: &'static [u8],
    /// Its config, JSON.
    config: &'static str,
    /// How it was trained and how right it is: `circuitscope-training-record-N`, JSON.
    pub record: &'static str,
}

macro_rules! slides {
    ($($name:literal),* $(,)?) => {
        [$(Slide {
            name: $name,
            weights: include_bytes!(concat!("../../models/", $name, ".safetensors")),
            config: include_str!(concat!("../../models/", $name, ".json")),
            record: include_str!(concat!("../../models/", $name, ".record.json")),
        }),*]
    };
}

/// All of them; the first is what the program opens unasked.
pub static SLIDES: [Slide; 7] = slides![
    "array_update",
    "min_of_two",
    "permute",
    "sort",
    "modular_addition",
    "palindrome",
    "brackets",
];

impl Slide {
    /// The slide of this name.
    ///
    /// # Errors
    /// Names those that there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        let found = SLIDES.iter().find(|slide| slide.name == name);
        found.with_context(|| {
            let names: Vec<&str> = SLIDES.iter().map(|slide| slide.name).collect();
            format!(
                "no slide '{}'; the slides are {}",
                shown(name),
                names.join(" ")
            )
        })
    }

    /// The slide that a path names, as `slide:sort`; `None` where it names a file.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Result<&'static Self>> {
        path.to_str()?.strip_prefix(PREFIX).map(Self::named)
    }

    /// Where it is opened from again: `slide:sort`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        format!("{PREFIX}{}", self.name).into()
    }

    /// What it is called on screen and in files.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} (embedded)", self.name)
    }

    /// What it holds.
    ///
    /// # Errors
    /// When it is broken, which the tests rule out.
    pub fn opened(&self) -> Result<Opened> {
        let weights = weights::parse_safetensors(self.weights)?;
        Opened::of(weights, &Sidecar::parse(self.config)?, self.title())
    }
}
