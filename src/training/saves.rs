//! After which steps the model is written: every so many, on a scale of orders of magnitude, or a list.

use crate::task::shown;
use anyhow::{Context, Result, bail, ensure};
use std::fmt;
use std::str::FromStr;

/// A folder of more models than this is no help.
const MOST: usize = 1000;
/// More in a decade than this is every step for long.
const MOST_A_DECADE: u32 = 100;

/// After which steps the model is written, besides before the first and after the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saves {
    /// Every so many.
    Every(usize),
    /// So many between a step and ten times it, evenly on a logarithmic scale: early steps change most.
    Log(u32),
    /// These, in order.
    At(Vec<usize>),
}

impl FromStr for Saves {
    type Err = anyhow::Error;

    /// `log:N`, N in each decade, or a list, `1,2,4,8`.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(number) = text.strip_prefix("log:") {
            return match number.parse() {
                Ok(n) if (1..=MOST_A_DECADE).contains(&n) => Ok(Self::Log(n)),
                _ => bail!(
                    "'{}' is no number of models in a decade: log:N, N from 1 to {MOST_A_DECADE}",
                    shown(text)
                ),
            };
        }
        let step = |word: &str| {
            let step = word.trim().parse::<usize>();
            step.ok().with_context(|| {
                format!(
                    "'{}' says no steps: log:N, N in each decade, or a list, 1,2,4,8",
                    shown(text)
                )
            })
        };
        let mut steps = text.split(',').map(step).collect::<Result<Vec<_>>>()?;
        steps.sort_unstable();
        steps.dedup();
        Ok(Self::At(steps))
    }
}

impl fmt::Display for Saves {
    /// As `--save-every` and `--save-at` take it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(every) => every.fmt(f),
            Self::Log(number) => write!(f, "log:{number}"),
            Self::At(steps) => {
                let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
                f.write_str(&steps.join(","))
            }
        }
    }
}

impl Saves {
    /// Whether the model is written after this step.
    #[must_use]
    pub fn is_due(&self, step: usize) -> bool {
        match self {
            _ if step == 0 => true,
            Self::Every(every) => step.is_multiple_of(*every),
            Self::At(steps) => steps.binary_search(&step).is_ok(),
            Self::Log(number) => {
                let number = f64::from(*number);
                // the steps nearest to the even ones, however many of these fall together
                let nearest = ((step as f64).log10() * number).round();
                let round = |k: f64| 10f64.powf(k / number).round() as usize;
                [nearest - 1.0, nearest, nearest + 1.0]
                    .iter()
                    .any(|&k| round(k) == step)
            }
        }
    }

    /// # Errors
    /// When a training of so many steps would write too many models, or none by this.
    pub fn check(&self, steps: usize) -> Result<()> {
        let saves = match self {
            Self::Every(every) => steps
                .checked_div(*every)
                .context("--save-every 0 is never; a number from 1 on is needed")?,
            // one a step at first, then so many a decade: always few
            Self::Log(_) => 0,
            Self::At(all) => {
                let late = all.last().filter(|&&last| last > steps);
                if let Some(late) = late {
                    bail!("--save-at has step {late}, and --steps is {steps}");
                }
                all.len()
            }
        };
        let flag = match self {
            Self::Every(_) => "--save-every",
            _ => "--save-at",
        };
        ensure!(
            saves <= MOST,
            "{flag} {self} would write {saves} models; at most {MOST} are written"
        );
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    fn due(saves: &Saves, steps: usize) -> Vec<usize> {
        (0..=steps).filter(|&step| saves.is_due(step)).collect()
    }

    #[test]
    fn steps_on_a_scale_of_orders_of_magnitude() {
        let log: Saves = "log:3".parse().unwrap();
        assert_eq!(
            due(&log, 1000),
            [0, 1, 2, 5, 10, 22, 46, 100, 215, 464, 1000]
        );
        // each decade has as many, once steps are fine enough for them
        let log: Saves = "log:20".parse().unwrap();
        let late = due(&log, 100_000);
        let in_decade = |from: usize| late.iter().filter(|&&s| s >= from && s < 10 * from).count();
        assert_eq!(
            [in_decade(100), in_decade(1000), in_decade(10_000)],
            [20; 3]
        );
        assert_eq!(due(&"4,1,2,2".parse().unwrap(), 9), [0, 1, 2, 4]);
        assert_eq!(due(&Saves::Every(4), 9), [0, 4, 8]);
    }

    #[test]
    fn what_says_no_steps_is_refused() {
        for text in ["log:0", "log:x", "log:101", "", "1,x", "every", "1,-2"] {
            assert!(text.parse::<Saves>().is_err(), "{text}");
        }
        assert!(Saves::Every(0).check(5).is_err());
        assert!(Saves::Every(1).check(1001).is_err());
        assert!(Saves::At(vec![1, 9]).check(8).is_err());
        assert!(Saves::At(vec![1, 8]).check(8).is_ok());
        // the text is what makes it again
        for text in ["log:12", "1,2,40"] {
            assert_eq!(text.parse::<Saves>().unwrap().to_string(), text);
        }
    }
}
