//! Reading and writing weights: PyTorch `.pt` (zip) and `.safetensors`.
//!
//! The readers are strict: a file is read as it says or refused with one message, of the form
//! "what is wrong, where; what to do". They run nothing, open nothing but the file, and allocate
//! for tensors only what the file's own bytes bear out, so that no file of up to
//! [`MAX_FILE_BYTES`] takes more than 256 MB. What they do not judge is the numbers: a NaN weight
//! is passed on, and whoever knows the model's names and shapes says so.
//!
//! | file | what it knows |
//! |---|---|
//! | `pt.rs` | the zip that `torch.save` writes, and strided views of its storages |
//! | `pickle.rs`, `input.rs`, `value.rs`, `rebuild.rs` | the pickle inside it |
//! | `found.rs` | weights in a checkpoint that holds more |
//! | `tensors.rs` | safetensors, both ways |
//! | `dtype.rs` | element types -> f32 |

mod dtype;
mod found;
mod input;
mod pickle;
mod pt;
mod rebuild;
mod tensors;
mod value;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use crate::task::harmless;
use crate::task::plain::{self, Links};
use anyhow::{Context, Result, anyhow, bail, ensure};
use sha2::{Digest, Sha256};

pub use found::WhichSet;
pub use pt::{parse_pt, read_pt};
pub use tensors::{parse_safetensors, to_safetensors};

/// The largest file that is read.
pub const MAX_FILE_BYTES: usize = 64 << 20;
/// The most elements that all tensors of a file may have together (64 MB as f32).
pub const MAX_ELEMENTS: usize = 16 << 20;
/// The most tensors in a file.
pub const MAX_TENSORS: usize = 4096;

/// The most dimensions of a tensor.
const MAX_RANK: usize = 8;

/// The remedy for a `.pt` file that is not what it should be.
const RESAVE: &str = "save it again with `torch.save(model.state_dict(), path)`";

/// One tensor of a checkpoint, converted to f32, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct RawTensor {
    /// The dimensions, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements in row-major order; as many as the product of `shape`.
    pub data: Vec<f32>,
}

/// Tensors by their TransformerLens names, sorted.
pub type StateDict = BTreeMap<String, RawTensor>;

/// What a checkpoint holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Whose format the file has: `PyTorch` or `safetensors`.
    pub format: &'static str,
    /// Tensors by name.
    pub weights: StateDict,
    /// What the file stores each tensor's numbers as: `f32`, `bf16`.
    pub dtypes: BTreeMap<String, &'static str>,
    /// What of a config beside them is a number, a word or a switch; empty where there is none.
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Which of how many sets of weights these are, where the file holds a series.
    pub series: Option<(usize, usize)>,
}

/// Reads the weights at `path`, a `.pt` (zip) or `.safetensors` file.
///
/// The content decides which, not the file's name.
///
/// # Errors
/// The file cannot be read, is larger than [`MAX_FILE_BYTES`], is neither format, or is malformed.
/// The outermost message names the file; print with `{:#}`.
pub fn read_state_dict(path: &Path) -> Result<StateDict> {
    Ok(read_checkpoint(path, WhichSet::Only)?.weights)
}

/// The same with what stands beside the weights; of a series the set that is meant.
///
/// # Errors
/// As [`read_state_dict`]; and when there is a series and none is meant, or none of that number.
pub fn read_checkpoint(path: &Path, pick: WhichSet) -> Result<Checkpoint> {
    read_file(path)
        .and_then(|bytes| parse(&bytes, pick))
        .with_context(|| {
            let path = shortened(&path.to_string_lossy(), 4096);
            format!("cannot read weights from `{path}`")
        })
}

/// The tensors of a safetensors file and its metadata.
///
/// # Errors
/// As [`read_state_dict`].
pub fn read_with_metadata(path: &Path) -> Result<(StateDict, BTreeMap<String, String>)> {
    let bytes = read_file(path)?;
    let read = parse_safetensors(&bytes).and_then(|dict| Ok((dict, tensors::metadata(&bytes)?)));
    read.with_context(|| {
        let path = shortened(&path.to_string_lossy(), 4096);
        format!("cannot read `{path}`")
    })
}

/// The metadata of a safetensors file; none of its tensors are made.
///
/// # Errors
/// As [`read_state_dict`].
pub fn read_metadata(path: &Path) -> Result<BTreeMap<String, String>> {
    let read = read_file(path).and_then(|bytes| tensors::metadata(&bytes));
    read.with_context(|| {
        let path = shortened(&path.to_string_lossy(), 4096);
        format!("cannot read `{path}`")
    })
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let file = plain::open(path, Links::Followed)
        .map_err(|error| anyhow!("{error}; check the path and who may read it"))?;
    // Exactly as large as the file, so that reading does not double it.
    let size = file.metadata()?.len().min(MAX_FILE_BYTES as u64);
    let mut bytes = Vec::with_capacity(usize::try_from(size)?);
    // Not trusting that length: the file may grow while it is read. One byte more than is read shows
    // that it is too large.
    file.take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8], pick: WhichSet) -> Result<Checkpoint> {
    // A safetensors file starts with its header's length as a u64, then the header's brace. Asked
    // first: a length of 0x4b50 looks like "PK", but a zip never has zeros and a brace here.
    let looks_safe = bytes.get(4..9).is_some_and(|found| found == b"\0\0\0\0{");
    if looks_safe {
        ensure!(
            !matches!(pick, WhichSet::Number(_)),
            "a safetensors file holds no series; leave out the # behind its name"
        );
        let mut weights = parse_safetensors(bytes)?;
        // what tells of a training stands beside weights here as well
        weights.retain(|name, _| !found::is_beside(name));
        Ok(Checkpoint {
            format: "safetensors",
            weights,
            dtypes: tensors::dtypes(bytes)?,
            ..Checkpoint::default()
        })
    } else if bytes.starts_with(b"PK") || pt::is_legacy(bytes) {
        read_pt(bytes, pick)
    } else {
        check_size(bytes)?;
        bail!("this is neither a PyTorch zip nor a safetensors file; {RESAVE}")
    }
}

/// Refuses empty and oversized files, before anything looks into them.
fn check_size(bytes: &[u8]) -> Result<()> {
    ensure!(
        !bytes.is_empty(),
        "the file is empty; copy it again, or {RESAVE}"
    );
    ensure!(
        bytes.len() <= MAX_FILE_BYTES,
        "the file is larger than {} MB; circuitscope reads small models only",
        MAX_FILE_BYTES >> 20
    );
    Ok(())
}

/// The number of elements in `shape`, if the tensors of one file may have as many: at most
/// `budget`, from which they are then taken.
fn elements_within(budget: &mut usize, shape: &[usize]) -> Result<usize> {
    let rank = shape.len();
    ensure!(
        rank <= MAX_RANK,
        "a shape of {rank} dimensions (at most {MAX_RANK}); reshape the tensor"
    );
    let count = shape
        .iter()
        .try_fold(1, |n: usize, dim| n.checked_mul(*dim));
    let Some((count, left)) = count.and_then(|n| Some((n, budget.checked_sub(n)?))) else {
        bail!(
            "shape {shape:?} takes the file past {MAX_ELEMENTS} elements; circuitscope reads \
             small models only"
        );
    };
    *budget = left;
    Ok(count)
}

/// SHA-256, in hex, of the names, shapes and values in `dict`, and of these words of a config.
///
/// The same weights hash alike whether they came from a `.pt` or a `.safetensors` file. The
/// numbers enter as little-endian f32 bits, so 0.0 and -0.0 differ; every name, shape and tensor
/// is preceded by its length, so no two dicts are hashed over the same bytes. Entries that a model
/// does not use (masks) count too: drop them first if they should not.
pub fn content_hash(dict: &StateDict, config: &[(&str, String)]) -> String {
    let mut hasher = Sha256::new();
    let number = |hasher: &mut Sha256, n: usize| hasher.update((n as u64).to_le_bytes());
    for (name, tensor) in dict {
        number(&mut hasher, name.len());
        hasher.update(name.as_bytes());
        number(&mut hasher, tensor.shape.len());
        for dim in &tensor.shape {
            number(&mut hasher, *dim);
        }
        number(&mut hasher, tensor.data.len());
        for value in &tensor.data {
            hasher.update(value.to_le_bytes());
        }
    }
    for word in config.iter().flat_map(|(name, value)| [*name, value]) {
        number(&mut hasher, word.len());
        hasher.update(word.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// A name from a file, fit to be put in a message: control characters escaped, at most 80
/// characters.
pub(crate) fn shown(name: &str) -> String {
    shortened(name, 80)
}

/// `text` without anything that acts on a terminal ([`harmless`]), cut to `limit` characters.
fn shortened(text: &str, limit: usize) -> String {
    // One more than fits, so that a name of a megabyte is not escaped to its end.
    let some = text.chars().take(limit + 1);
    let pieces: Vec<String> = some.map(|c| harmless(c.encode_utf8(&mut [0; 4]))).collect();
    let length = |piece: &String| piece.chars().count();
    if pieces.iter().map(length).sum::<usize>() <= limit {
        return pieces.concat();
    }
    let mut room = limit - 1;
    let fits = pieces.iter().take_while(|piece| {
        let left = room.checked_sub(length(piece));
        room = left.unwrap_or(0);
        left.is_some()
    });
    fits.map(String::as_str).chain(["…"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_escaped_and_cut() {
        assert_eq!(shown("blocks.0.attn.W_Q"), "blocks.0.attn.W_Q");
        assert_eq!(shown("\u{1b}[2Jx\n"), "\\u{1b}[2Jx\\u{a}");
        assert_eq!(shown("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(shown(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(shown(&"é".repeat(81)), "é".repeat(79) + "…");
        // An escape is never cut in half.
        let cut = shown(&"\u{1b}".repeat(1_000_000));
        assert_eq!(cut, "\\u{1b}".repeat(13) + "…");
    }

    #[test]
    fn the_format_is_told_by_content() {
        // A header of exactly 0x4b50 bytes, and of 0x0a8a8002 (too long, but safetensors).
        let header = format!("{:width$}", "{}", width = 0x4b50);
        let file = [&0x4b50u64.to_le_bytes()[..], header.as_bytes()].concat();
        assert!(file.starts_with(b"PK"));
        let read = parse(&file, WhichSet::Only).map(|read| read.weights);
        assert_eq!(read.ok(), Some(StateDict::new()));
        let error =
            parse(b"\x80\x02\x8a\x0a\0\0\0\0{}", WhichSet::Only).map_err(|error| error.to_string());
        assert!(error.is_err_and(|message| message.contains("safetensors header")));
    }

    #[test]
    fn the_hash_tells_names_shapes_and_bits_apart() {
        let dict = |name: &str, shape: &[usize], data: &[f32]| {
            let tensor = RawTensor {
                shape: shape.to_vec(),
                data: data.to_vec(),
            };
            content_hash(&StateDict::from([(name.to_owned(), tensor)]), &[])
        };
        let hash = dict("a", &[2, 1], &[0.0, 1.0]);
        assert_eq!(hash.len(), 64);
        assert_eq!(hash, dict("a", &[2, 1], &[0.0, 1.0]));
        assert_ne!(hash, dict("b", &[2, 1], &[0.0, 1.0]));
        assert_ne!(hash, dict("a", &[1, 2], &[0.0, 1.0]));
        assert_ne!(hash, dict("a", &[2, 1], &[-0.0, 1.0]));
    }
}
