//! The zip that `torch.save` writes: `<name>/data.pkl` and one entry per storage,
//! `<name>/data/<key>`, all stored uncompressed.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use anyhow::{Context, Result, anyhow, bail, ensure};
use zip::{CompressionMethod, ZipArchive};

use super::found::{Entry, WhichSet};
use super::pickle;
use super::value::{Storage, TensorSpec};
use super::{
    Checkpoint, MAX_ELEMENTS, MAX_TENSORS, RESAVE, RawTensor, StateDict, check_size,
    elements_within, shortened, shown,
};

/// One entry per storage, and half a dozen others.
const MAX_ENTRIES: usize = MAX_TENSORS + 64;
/// A pickle takes about two hundred bytes per tensor and as much again for `_metadata`.
const MAX_PICKLE_BYTES: usize = 4 << 20;

/// A directory takes about a hundred bytes per entry.
const MAX_DIRECTORY_BYTES: usize = 2 << 20;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads a `.pt` file as `torch.save(model.state_dict(), path)` writes it since PyTorch 1.6:
/// a zip with a pickled dict of name -> tensor.
///
/// Half, bfloat16, double, integer and bool tensors are converted to f32. Views (transposed,
/// sliced, expanded, sharing a storage) are copied out row-major. The device that a tensor was
/// saved on does not matter.
///
/// # Errors
/// Anything else: another kind of file, a name in the pickle that no state dict needs, damage
/// (the CRC of every entry that is used is checked), a tensor that reaches outside its storage, duplicates,
/// big-endian data, or a file over one of the caps of this module.
pub fn parse_pt(bytes: &[u8]) -> Result<StateDict> {
    Ok(read_pt(bytes, WhichSet::Only)?.weights)
}

/// The same of a checkpoint that may hold more than weights, or a series of them.
///
/// # Errors
/// As [`parse_pt`], and when the series has no such number.
pub fn read_pt(bytes: &[u8], pick: WhichSet) -> Result<Checkpoint> {
    check_size(bytes)?;
    ensure!(
        !is_legacy(bytes),
        "this is a PyTorch file from before version 1.6 (not a zip); load it with a newer \
         PyTorch and {RESAVE}"
    );
    ensure!(
        bytes.starts_with(b"PK"),
        "this is not a PyTorch zip file; {RESAVE}"
    );
    check_end_record(bytes)?;
    // Nothing stands before the zip. Left to itself, the reader looks for the directory as far before
    // the end as it is long, forgets the 64-bit record in between, and finds its second entry there
    // where the first one happens to be as long as that record.
    let config = zip::read::Config {
        archive_offset: zip::read::ArchiveOffset::Known(0),
    };
    let archive = ZipArchive::with_config(config, Cursor::new(bytes));
    let mut archive = archive.map_err(damaged)?;
    let names = check_entries(&mut archive, bytes.len())?;
    let root = root(&names)?;
    check_byte_order(&mut archive, &root)?;
    let program = read_entry(&mut archive, &format!("{root}data.pkl"), MAX_PICKLE_BYTES)?;
    let found = pickle::read(&program, pick)?;
    let dtype = |(name, spec): &Entry<'_>| ((*name).to_owned(), spec.storage.dtype.name());
    Ok(Checkpoint {
        format: "PyTorch",
        dtypes: found.entries.iter().map(dtype).collect(),
        config: found.config,
        series: found.series,
        weights: read_tensors(&mut archive, &root, found.entries)?,
    })
}

/// The magic number that `torch.save` pickled first before it wrote zips: a `LONG1` of ten bytes.
pub(super) fn is_legacy(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, _, 0x8a, 0x0a, ..])
}

fn damaged(error: impl std::fmt::Display) -> anyhow::Error {
    let error = shortened(&error.to_string(), 160);
    anyhow!("the zip is damaged: {error}; copy the file again, or {RESAVE}")
}

/// Refuses directories that would make the zip reader allocate or search without bound.
///
/// The reader trusts the end record's count, follows a 64-bit record that may claim any count, and
/// on an error tries earlier end records. So there must be one end record, last in the file, with
/// a plausible count, a directory that starts close to it, and no field that sends the reader to a 64-bit record. (PyTorch writes such a
/// record too, but files of this size do not need it.)
fn check_end_record(bytes: &[u8]) -> Result<()> {
    const SIGNATURE: &[u8] = b"PK\x05\x06";
    /// At least as far before the end as the reader looks: the longest comment and a record.
    const REACH: usize = (1 << 16) + 256;
    let record = bytes.last_chunk::<22>();
    let Some(record) = record.filter(|record| record.starts_with(SIGNATURE)) else {
        return Err(damaged("the file does not end with a zip end record"));
    };
    let tail = bytes.get(bytes.len().saturating_sub(REACH)..);
    let windows = tail.unwrap_or(bytes).windows(SIGNATURE.len());
    let records = windows.filter(|window| *window == SIGNATURE).count();
    ensure!(
        records == 1,
        "the zip has {records} end records, not one; {RESAVE}"
    );
    let (pairs, _) = record.as_chunks();
    let fields: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let [_, _, disk, start_disk, here, count, sizes @ .., 0] = fields.as_slice() else {
        return Err(damaged("the file does not end with a zip end record"));
    };
    // The directory's size and start; u32::MAX means "see the 64-bit record".
    let halves = sizes.as_chunks().0.iter();
    let sizes: Vec<u32> = halves
        .map(|[low, high]| u32::from(*low) | u32::from(*high) << 16)
        .collect();
    ensure!(
        (*disk, *start_disk) == (0, 0) && here == count && !sizes.contains(&u32::MAX),
        "the zip spans several disks or is a 64-bit one; {RESAVE}"
    );
    let start = usize::try_from(sizes.last().copied().unwrap_or(0))?;
    ensure!(
        usize::from(*count) <= MAX_ENTRIES
            && bytes.len().saturating_sub(start) <= MAX_DIRECTORY_BYTES + record.len(),
        "the zip's directory has {count} entries in {} bytes (at most {MAX_ENTRIES} in \
         {MAX_DIRECTORY_BYTES}); circuitscope reads small models only",
        bytes.len().saturating_sub(start)
    );
    Ok(())
}

/// Refuses what `torch.save` does not write, and returns the entries' names.
fn check_entries(archive: &mut Archive<'_>, file_size: usize) -> Result<Vec<String>> {
    ensure!(
        !archive.has_duplicate_names(),
        "two entries of the zip have the same name; {RESAVE}"
    );
    let mut names = Vec::new();
    let mut total: u64 = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        ensure!(
            entry.compression() == CompressionMethod::Stored && !entry.encrypted(),
            "entry `{}` of the zip is compressed or encrypted; {RESAVE}",
            shown(&name)
        );
        total = total.saturating_add(entry.size());
        names.push(name);
    }
    // Entries may point at the same bytes; then a small file could unpack to a large one.
    ensure!(
        total <= file_size as u64,
        "the entries of the zip claim {total} bytes, more than the whole file; {RESAVE}"
    );
    Ok(names)
}

/// The folder that holds the one `data.pkl`, with its slash (`archive/`).
fn root(names: &[String]) -> Result<String> {
    let roots = names
        .iter()
        .filter_map(|name| name.strip_suffix("data.pkl"));
    let roots: Vec<&str> = roots
        .filter(|root| root.is_empty() || root.ends_with('/'))
        .collect();
    match roots.as_slice() {
        [root] => Ok((*root).to_owned()),
        [] => bail!("the zip has no entry `data.pkl`, so it is not a PyTorch file; {RESAVE}"),
        _ => bail!(
            "the zip has {} entries named `data.pkl`, not one; {RESAVE}",
            roots.len()
        ),
    }
}

fn check_byte_order(archive: &mut Archive<'_>, root: &str) -> Result<()> {
    let name = format!("{root}byteorder");
    // Files from before PyTorch 2.1 have no such entry; they are little-endian as a rule.
    if archive.index_for_name(&name).is_none() {
        return Ok(());
    }
    let order = read_entry(archive, &name, 64)?;
    let order = String::from_utf8_lossy(&order);
    ensure!(
        order == "little",
        "entry `{}` says `{}`; only `little` is read: save the file again on such a machine",
        shown(&name),
        shown(&order)
    );
    Ok(())
}

/// The whole entry `name`, which must be there, with its CRC checked.
fn read_entry(archive: &mut Archive<'_>, name: &str, limit: usize) -> Result<Vec<u8>> {
    let Some(index) = archive.index_for_name(name) else {
        bail!(
            "the zip has no entry `{}` (and nothing outside the zip is opened); {RESAVE}",
            shown(name)
        );
    };
    let mut entry = archive.by_index(index).map_err(damaged)?;
    let size = entry.size();
    ensure!(
        size <= limit as u64,
        "entry `{}` has {size} bytes (at most {limit}); {RESAVE}",
        shown(name)
    );
    let mut content = Vec::with_capacity(usize::try_from(size)?);
    // To the end of the entry, where the zip reader compares the CRC.
    let read = entry
        .read_to_end(&mut content)
        .map_err(|error| error.to_string());
    read.and_then(|n| {
        (n as u64 == size)
            .then_some(n)
            .ok_or("it is cut off".to_owned())
    })
    .map_err(|error| damaged(format!("entry `{}`: {error}", shown(name))))?;
    Ok(content)
}

fn read_tensors(
    archive: &mut Archive<'_>,
    root: &str,
    entries: Vec<Entry<'_>>,
) -> Result<StateDict> {
    let count = entries.len();
    ensure!(count > 0, "the state dict is empty; {RESAVE}");
    ensure!(
        count <= MAX_TENSORS,
        "the state dict has {count} tensors (at most {MAX_TENSORS}); circuitscope reads small \
         models only"
    );
    let mut dict = StateDict::new();
    let mut storages = BTreeMap::new();
    let mut budget = MAX_ELEMENTS;
    for (name, spec) in entries {
        let tensor = read_tensor(archive, root, &mut storages, &mut budget, &spec)
            .map_err(|error| anyhow!("tensor `{}`: {error:#}", shown(name)))?;
        let before = dict.insert(name.to_owned(), tensor);
        ensure!(
            before.is_none(),
            "tensor `{}` is in the state dict twice; {RESAVE}",
            shown(name)
        );
    }
    Ok(dict)
}

fn read_tensor<'a>(
    archive: &mut Archive<'_>,
    root: &str,
    storages: &mut BTreeMap<&'a str, Vec<u8>>,
    budget: &mut usize,
    spec: &TensorSpec<'a>,
) -> Result<RawTensor> {
    let storage = &spec.storage;
    let elements = elements_within(budget, &spec.shape)?;
    check_extent(spec, elements)?;
    if !storages.contains_key(storage.key) {
        let content = read_storage(archive, root, storage)?;
        storages.insert(storage.key, content);
    }
    let content = storages
        .get(storage.key)
        .context("the storage was just read")?;
    // Again for a storage met before: two tensors may disagree about its type or length.
    check_length(storage, content.len() as u64)?;
    Ok(RawTensor {
        shape: spec.shape.clone(),
        data: gather(spec, elements, content)?,
    })
}

fn read_storage(archive: &mut Archive<'_>, root: &str, storage: &Storage<'_>) -> Result<Vec<u8>> {
    let name = format!("{root}data/{}", storage.key);
    read_entry(archive, &name, super::MAX_FILE_BYTES)
}

fn check_length(storage: &Storage<'_>, bytes: u64) -> Result<()> {
    let expected = storage.elements.checked_mul(storage.dtype.size());
    ensure!(
        expected.is_some_and(|expected| expected as u64 == bytes),
        "its storage `{}` should have {} elements of {} bytes, but has {bytes} bytes; {RESAVE}",
        shown(storage.key),
        storage.elements,
        storage.dtype.size()
    );
    Ok(())
}

/// Refuses a view that reaches past its storage.
fn check_extent(spec: &TensorSpec<'_>, elements: usize) -> Result<()> {
    let TensorSpec { shape, strides, .. } = spec;
    ensure!(
        shape.len() == strides.len(),
        "shape {shape:?} and strides {strides:?} have different lengths; {RESAVE}"
    );
    // The index of the last element; a tensor of no elements has none.
    let end = if elements == 0 {
        Some(spec.offset)
    } else {
        let mut steps = shape.iter().zip(strides);
        let last = steps.try_fold(spec.offset, |sum, (dim, stride)| {
            sum.checked_add((dim - 1).checked_mul(*stride)?)
        });
        last.and_then(|last| last.checked_add(1))
    };
    ensure!(
        end.is_some_and(|end| end <= spec.storage.elements),
        "offset {}, shape {shape:?} and strides {strides:?} reach past the {} elements of its \
         storage `{}`; {RESAVE}",
        spec.offset,
        spec.storage.elements,
        shown(spec.storage.key)
    );
    Ok(())
}

/// Copies the view out of its storage, row-major. [`check_extent`] and [`check_length`] passed.
fn gather(spec: &TensorSpec<'_>, elements: usize, content: &[u8]) -> Result<Vec<f32>> {
    let TensorSpec { shape, strides, .. } = spec;
    if elements == 0 {
        return Ok(Vec::new());
    }
    let dtype = spec.storage.dtype;
    let size = dtype.size();
    // Where the innermost elements lie side by side, a whole run of them is read at once.
    let (run, outer) = match (shape.split_last(), strides.last()) {
        (Some((run, outer)), Some(1)) => (*run, outer),
        _ => (1, shape.as_slice()),
    };
    let mut data = Vec::with_capacity(elements);
    let mut place = vec![0; outer.len()];
    for _ in 0..elements / run {
        let steps = place.iter().zip(strides).map(|(at, stride)| at * stride);
        let at = (spec.offset + steps.sum::<usize>()) * size;
        let bytes = content.get(at..at + run * size);
        dtype.decode_into(bytes.context("an element outside its storage")?, &mut data);
        // The next place in row-major order: the last dimension runs fastest.
        for (at, dim) in place.iter_mut().zip(outer).rev() {
            *at += 1;
            if *at < *dim {
                break;
            }
            *at = 0;
        }
    }
    Ok(data)
}
