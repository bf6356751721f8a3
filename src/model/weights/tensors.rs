//! Safetensors, both ways.
//!
//! The crate's reader checks that offsets neither overlap nor leave gaps and that sizes match
//! shapes. Added here: caps, duplicate names (its map would keep the last), and the element types
//! that weights come in.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, anyhow, bail, ensure};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::dtype::Dtype;
use super::{
    MAX_ELEMENTS, MAX_FILE_BYTES, MAX_TENSORS, RawTensor, StateDict, check_size, elements_within,
    shortened, shown,
};

/// A header takes about a hundred bytes per tensor. Its JSON takes up to twenty times its length
/// in memory while it is parsed, hence the cap.
const MAX_HEADER_BYTES: usize = 1 << 20;
const METADATA: &str = "__metadata__";
const REMEDY: &str = "copy it again, or write it again with `safetensors.torch.save_file`";

/// Reads a safetensors file; its `__metadata__` is ignored.
///
/// F32, F16, BF16, F64, I64, I32, I16, I8, U8 and BOOL are read, converted to f32.
///
/// # Errors
/// A malformed file, duplicate names, another element type, or more than [`MAX_FILE_BYTES`],
/// [`MAX_TENSORS`] or [`MAX_ELEMENTS`].
pub fn parse_safetensors(bytes: &[u8]) -> Result<StateDict> {
    check_size(bytes)?;
    check_header(header(bytes)?)?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        let blamed = header(bytes).ok().and_then(blamed);
        let error = blamed.unwrap_or_else(|| shortened(&error.to_string(), 160));
        anyhow!("not a valid safetensors file: {error}; {REMEDY}")
    })?;
    let mut budget = MAX_ELEMENTS;
    let read = |(name, view): (&str, TensorView<'_>)| {
        let tensor = read_tensor(&view, &mut budget);
        let tensor = tensor.map_err(|error| anyhow!("tensor `{}`: {error}", shown(name)));
        Ok((name.to_owned(), tensor?))
    };
    file.iter().map(read).collect()
}

/// The tensor that is to blame for a header that the crate's reader refuses, and why.
fn blamed(header: &[u8]) -> Option<String> {
    let Value::Object(all) = serde_json::from_slice(header).ok()? else {
        return None;
    };
    let mut tensors = all.iter().filter(|(name, _)| *name != METADATA);
    tensors.find_map(|(name, entry)| {
        let problem = wrong_entry(entry)?;
        Some(format!("tensor `{}`: {problem}", shown(name)))
    })
}

/// What is wrong with a tensor's entry in the header.
fn wrong_entry(entry: &Value) -> Option<String> {
    let whole = |key: &str| -> Option<Vec<u64>> {
        let all = entry.get(key)?.as_array()?;
        all.iter().map(Value::as_u64).collect()
    };
    let Some(dtype) = entry.get("dtype").and_then(Value::as_str) else {
        return Some("it has no dtype".to_owned());
    };
    let bits: u64 = match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" => 8,
        one if one.starts_with("F8_") => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "I64" | "U64" | "F64" | "C64" => 64,
        other => return Some(format!("element type {} is not known", shown(other))),
    };
    let Some(shape) = whole("shape") else {
        return Some("its shape is no list of whole numbers".to_owned());
    };
    let Some(&[begin, end]) = whole("data_offsets").as_deref() else {
        return Some("its data_offsets are no pair of whole numbers".to_owned());
    };
    let elements = shape.iter().try_fold(1u64, |n, dim| n.checked_mul(*dim));
    let bytes = elements
        .and_then(|n| n.checked_mul(bits))
        .map(|bits| bits / 8);
    let span = end.checked_sub(begin);
    (bytes.is_none() || bytes != span).then(|| {
        format!("shape {shape:?} of {dtype} does not fit its data_offsets, {begin} to {end}")
    })
}

/// The `__metadata__` of a safetensors file that [`parse_safetensors`] has read.
///
/// # Errors
/// As [`parse_safetensors`].
pub(super) fn metadata(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let all = described(bytes)?.metadata().clone();
    let all = all.iter().flatten();
    Ok(all
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect())
}

/// What each tensor's numbers are stored as, of a file that [`parse_safetensors`] has read.
///
/// # Errors
/// As [`parse_safetensors`].
pub(super) fn dtypes(bytes: &[u8]) -> Result<BTreeMap<String, &'static str>> {
    let header = described(bytes)?;
    let tensors = header.tensors();
    let dtype = |info: &safetensors::tensor::TensorInfo| Dtype::from_safetensors(info.dtype);
    let named = tensors
        .iter()
        .filter_map(|(name, info)| Some((name.clone(), dtype(info)?.name())));
    Ok(named.collect())
}

fn described(bytes: &[u8]) -> Result<safetensors::tensor::Metadata> {
    let read = SafeTensors::read_metadata(bytes);
    let (_, header) = read.map_err(|_| anyhow!("not a valid safetensors file; {REMEDY}"))?;
    Ok(header)
}

fn read_tensor(view: &TensorView<'_>, budget: &mut usize) -> Result<RawTensor> {
    let Some(dtype) = Dtype::from_safetensors(view.dtype()) else {
        bail!("element type {} is not read; save it as F32", view.dtype());
    };
    elements_within(budget, view.shape())?;
    Ok(RawTensor {
        shape: view.shape().to_vec(),
        data: dtype.decode(view.data()),
    })
}

/// The JSON between the length and the data.
fn header(bytes: &[u8]) -> Result<&[u8]> {
    let (length, rest) = bytes.split_first_chunk().with_context(|| {
        format!(
            "a safetensors file of {} bytes is cut off; {REMEDY}",
            bytes.len()
        )
    })?;
    let length = u64::from_le_bytes(*length);
    ensure!(
        length <= MAX_HEADER_BYTES as u64,
        "the safetensors header is {length} bytes long (at most {MAX_HEADER_BYTES}); {REMEDY}"
    );
    let header = rest.get(..usize::try_from(length)?);
    header.with_context(|| format!("the safetensors header is cut off; {REMEDY}"))
}

/// Refuses duplicate names and too many of them.
fn check_header(header: &[u8]) -> Result<()> {
    // Broken JSON is left to the crate's reader, which says what is wrong with it.
    let Ok(Names(mut names)) = serde_json::from_slice(header) else {
        return Ok(());
    };
    ensure!(
        names.len() <= MAX_TENSORS + 1,
        "the safetensors header names {} tensors (at most {MAX_TENSORS}); circuitscope reads \
         small models only",
        names.len()
    );
    names.sort_unstable();
    if let Some([name, _]) = names.array_windows().find(|[one, next]| one == next) {
        bail!(
            "tensor `{}` is in the safetensors header twice; {REMEDY}",
            shown(name)
        );
    }
    Ok(())
}

/// The keys of a JSON object, duplicates included, which no map would keep.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// One entry of a header.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Metadata(&'a BTreeMap<String, String>),
    Tensor {
        dtype: &'static str,
        shape: &'a [usize],
        data_offsets: [usize; 2],
    },
}

/// The bytes of a safetensors file that holds `dict` as F32, with `metadata` as its
/// `__metadata__`.
///
/// The same input gives the same bytes: names are in order, in the header and in the data. (The
/// crate's own writer takes its metadata from a hash map, in an order that changes per run.)
///
/// # Errors
/// A tensor whose data does not fill its shape, a tensor named `__metadata__`, or a dict too large
/// for [`parse_safetensors`] to read back.
pub fn to_safetensors(dict: &StateDict, metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let header = write_header(dict, metadata)?;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    for value in dict.values().flat_map(|tensor| &tensor.data) {
        bytes.extend(value.to_le_bytes());
    }
    ensure!(
        bytes.len() <= MAX_FILE_BYTES,
        "the safetensors file would be larger than {} MB; circuitscope writes small models only",
        MAX_FILE_BYTES >> 20
    );
    Ok(bytes)
}

fn write_header(dict: &StateDict, metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    ensure!(
        dict.len() <= MAX_TENSORS,
        "{} tensors (at most {MAX_TENSORS})",
        dict.len()
    );
    let mut items = BTreeMap::new();
    let mut budget = MAX_ELEMENTS;
    let mut end = 0;
    for (name, RawTensor { shape, data }) in dict {
        ensure!(
            name != METADATA,
            "a tensor may not be named `{METADATA}`; rename it"
        );
        let elements = elements_within(&mut budget, shape)
            .map_err(|error| anyhow!("tensor `{}`: {error}", shown(name)))?;
        ensure!(
            elements == data.len(),
            "tensor `{}`: shape {shape:?} holds {elements} elements, but there are {}",
            shown(name),
            data.len()
        );
        let start = end;
        end += elements * size_of::<f32>();
        let data_offsets = [start, end];
        items.insert(
            name.as_str(),
            Item::Tensor {
                dtype: "F32",
                shape,
                data_offsets,
            },
        );
    }
    if !metadata.is_empty() {
        items.insert(METADATA, Item::Metadata(metadata));
    }
    let mut header = serde_json::to_vec(&items)?;
    // Spaces up to a multiple of 8, so that the data lie aligned in the file.
    header.resize(header.len().next_multiple_of(8), b' ');
    ensure!(
        header.len() <= MAX_HEADER_BYTES,
        "the safetensors header would be {} bytes long (at most {MAX_HEADER_BYTES}); shorten the \
         metadata",
        header.len()
    );
    Ok(header)
}
