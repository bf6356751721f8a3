//! Buffers of a checkpoint: nothing in them is learned, but they say what the model computed with. What they
//! say is honoured, or refused by name.

use super::{AttentionDir, Rotary};
use crate::model::weights::RawTensor;
use crate::task::shown;
use anyhow::{Result, bail, ensure};

/// At least so low a score is none: what it stands for in single precision is a probability of 0.
const NO_SCORE: f32 = -1e4;
/// How far a stored sine or cosine may be from ours: half precision has three digits.
const ROUNDED: f64 = 1e-2;

/// Which positions a mask lets attention look at: `Some` where it masks nothing, and nothing where it is the
/// causal one, which is in files of bidirectional models too.
///
/// Whether a cell that is not zero is looked at (as in TransformerLens) or is not (as in PyTorch, or where
/// the mask is added to scores) cannot be seen in it, unless `ones_look`.
///
/// # Errors
/// Names a mask that is neither.
pub(crate) fn look_at(
    name: &str,
    mask: &RawTensor,
    ones_look: bool,
) -> Result<Option<AttentionDir>> {
    let wrong = || {
        anyhow::anyhow!(
            "tensor {} masks attention in a way that is not supported; only causal and full attention are",
            shown(name)
        )
    };
    let (before, &[rows, columns]) = (mask.shape.split_last_chunk()).unwrap_or((&[], &[0, 0]));
    ensure!(
        rows > 0 && rows == columns && before.iter().all(|&n| n == 1),
        "tensor {} has shape {:?}; a square of positions is needed",
        shown(name),
        mask.shape
    );
    let cells = |lower: bool| {
        let all = mask.data.iter().enumerate();
        all.filter(move |(i, _)| (i % columns <= i / columns) == lower)
            .map(|(_, &cell)| cell)
    };
    let alike = |mut all: Box<dyn Iterator<Item = f32> + '_>| {
        let first = all.next();
        all.all(|cell| Some(cell) == first)
            .then_some(first)
            .flatten()
    };
    let Some(below) = alike(Box::new(cells(true))) else {
        return Err(wrong());
    };
    if rows == 1 {
        return Ok(None);
    }
    match alike(Box::new(cells(false))) {
        Some(above) if above == below && (!ones_look || below != 0.0) => {
            Ok(Some(AttentionDir::Bidirectional))
        }
        Some(above) if above != below && (!ones_look || (below != 0.0 && above == 0.0)) => Ok(None),
        _ => Err(wrong()),
    }
}

/// What stands in place of a score that is masked must be so low that nothing is left of it.
///
/// # Errors
/// When it is not.
pub(crate) fn ignores(name: &str, value: &RawTensor) -> Result<()> {
    let kept = value
        .data
        .iter()
        .find(|&&score| score.is_nan() || score > NO_SCORE);
    match kept {
        Some(score) => bail!(
            "tensor {} is {score}: masked scores that are still looked at are not supported",
            shown(name)
        ),
        None => Ok(()),
    }
}

/// A stored table of sines (or of cosines) must be that of the rotary positions which the model is opened with.
///
/// # Errors
/// Names the tensor, and what says otherwise.
pub(crate) fn rotary_as(
    name: &str,
    table: &RawTensor,
    rotary: Rotary,
    of: fn(f64) -> f64,
) -> Result<()> {
    let &[_, columns] = &table.shape[..] else {
        bail!(
            "tensor {} has shape {:?}; two dimensions are needed",
            shown(name),
            table.shape
        );
    };
    ensure!(
        columns == rotary.dim,
        "tensor {} turns {columns} numbers of a head, and the config {}; mend rotary_dim",
        shown(name),
        rotary.dim
    );
    let wrong = table.data.iter().enumerate().any(|(i, &stored)| {
        let ours = of(rotary.angle(i / columns, i % columns));
        stored.is_nan() || (f64::from(stored) - ours).abs() > ROUNDED
    });
    ensure!(
        !wrong,
        "tensor {} is not that of rotary positions with base {} in {}; say rotary_base and \
         rotary_adjacent_pairs in a JSON beside the checkpoint",
        shown(name),
        rotary.base,
        if rotary.adjacent_pairs {
            "neighbours"
        } else {
            "halves"
        }
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn mask(shape: &[usize], of: impl Fn(usize, usize) -> f32) -> RawTensor {
        let n = shape[shape.len() - 1];
        let count: usize = shape.iter().product();
        RawTensor {
            shape: shape.to_vec(),
            data: (0..count).map(|i| of(i / n, i % n)).collect(),
        }
    }

    #[test]
    fn masks_are_told_apart_in_every_convention() {
        let full = Some(AttentionDir::Bidirectional);
        let bit = |yes: bool| f32::from(u8::from(yes));
        for (ones_look, one, wanted) in [
            (true, mask(&[4, 4], |i, j| bit(j <= i)), Some(None)),
            (false, mask(&[1, 1, 4, 4], |i, j| bit(j <= i)), Some(None)),
            (false, mask(&[4, 4], |i, j| bit(j > i)), Some(None)),
            (
                false,
                mask(&[4, 4], |i, j| if j > i { f32::NEG_INFINITY } else { 0.0 }),
                Some(None),
            ),
            (true, mask(&[4, 4], |_, _| 1.0), Some(full)),
            (false, mask(&[4, 4], |_, _| 0.0), Some(full)),
            (true, mask(&[1, 1], |_, _| 1.0), Some(None)),
            // nothing is looked at; what lies behind alone; a window; the diagonal is left out
            (true, mask(&[4, 4], |_, _| 0.0), None),
            (true, mask(&[4, 4], |i, j| bit(j > i)), None),
            (true, mask(&[4, 4], |i, j| bit(j <= i && i - j < 2)), None),
            (false, mask(&[4, 4], |i, j| bit(j < i)), None),
            (true, mask(&[4, 5], |i, j| bit(j <= i)), None),
            (true, mask(&[2, 4, 4], |i, j| bit(j <= i % 4)), None),
            (true, mask(&[4], |_, j| bit(j == 0)), None),
        ] {
            let found = look_at("blocks.0.attn.mask", &one, ones_look);
            match wanted {
                Some(wanted) => assert_eq!(found.unwrap(), wanted, "{one:?}"),
                None => assert!(
                    found
                        .unwrap_err()
                        .to_string()
                        .contains("blocks.0.attn.mask")
                ),
            }
        }
    }

    #[test]
    fn other_buffers_must_be_those_of_the_config() {
        let scalar = |value| RawTensor {
            shape: vec![],
            data: vec![value],
        };
        for low in [f32::NEG_INFINITY, -1e5, -1e9] {
            ignores("IGNORE", &scalar(low)).unwrap();
        }
        for high in [0.0, -10.0, f32::NAN] {
            assert!(ignores("blocks.0.attn.IGNORE", &scalar(high)).is_err());
        }
        let rotary = Rotary::of(4);
        let sines = mask(&[6, 4], |i, j| rotary.angle(i, j).sin() as f32);
        rotary_as("sin", &sines, rotary, f64::sin).unwrap();
        for other in [
            Rotary {
                base: 500.0,
                ..rotary
            },
            Rotary {
                adjacent_pairs: true,
                ..rotary
            },
            Rotary { dim: 2, ..rotary },
        ] {
            assert!(
                rotary_as("sin", &sines, other, f64::sin).is_err(),
                "{other:?}"
            );
        }
        assert!(rotary_as("cos", &sines, rotary, f64::cos).is_err());
    }
}
