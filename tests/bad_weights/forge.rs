//! Forges checkpoint files, good and bad, byte by byte.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A pickle under construction; each method appends opcodes.
#[derive(Clone)]
pub struct Pickle(Vec<u8>);

impl Pickle {
    /// `PROTO 2` and nothing else.
    pub fn new() -> Self {
        Self(vec![0x80, 2])
    }

    /// Opcodes as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// `BINUNICODE`.
    pub fn text(self, text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap();
        self.raw(b"X")
            .raw(&length.to_le_bytes())
            .raw(text.as_bytes())
    }

    /// `LONG1` with 8 bytes: any number fits.
    pub fn int(self, n: i64) -> Self {
        self.raw(&[0x8a, 8]).raw(&n.to_le_bytes())
    }

    /// A tuple of ints.
    pub fn ints(self, values: &[i64]) -> Self {
        values
            .iter()
            .fold(self.raw(b"("), |p, n| p.int(*n))
            .raw(b"t")
    }

    /// `GLOBAL`.
    pub fn global(self, module: &str, name: &str) -> Self {
        self.raw(format!("c{module}\n{name}\n").as_bytes())
    }

    /// A storage: the tuple that describes it, then `BINPERSID`.
    pub fn storage(self, kind: &str, key: &str, elements: i64) -> Self {
        let tuple = self
            .raw(b"(")
            .text("storage")
            .global("torch", kind)
            .text(key);
        tuple.text("cpu").int(elements).raw(b"tQ")
    }

    /// `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`.
    pub fn tensor(self, storage: (&str, &str, i64), view: (i64, &[i64], &[i64])) -> Self {
        let (kind, key, elements) = storage;
        let (offset, shape, strides) = view;
        let call = self.global("torch._utils", "_rebuild_tensor_v2").raw(b"(");
        let view = call
            .storage(kind, key, elements)
            .int(offset)
            .ints(shape)
            .ints(strides);
        view.raw(b"\x89")
            .global("collections", "OrderedDict")
            .raw(b")RtR")
    }

    /// The bytes, closed with `STOP`.
    pub fn stop(self) -> Vec<u8> {
        self.raw(b".").0
    }
}

/// A state dict with one tensor `W`.
pub fn one_tensor(storage: (&str, &str, i64), view: (i64, &[i64], &[i64])) -> Vec<u8> {
    let dict = Pickle::new().raw(b"}(").text("W");
    dict.tensor(storage, view).raw(b"u").stop()
}

/// A zip of stored entries.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in entries {
        writer.start_file(*name, stored).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A `.pt` file: the pickle, and storages by their keys.
pub fn pt(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    let names: Vec<String> = storages
        .iter()
        .map(|(key, _)| format!("m/data/{key}"))
        .collect();
    let mut entries: Vec<(&str, &[u8])> = vec![("m/data.pkl", pickle), ("m/byteorder", b"little")];
    entries.extend(
        names
            .iter()
            .zip(storages)
            .map(|(name, (_, content))| (name.as_str(), *content)),
    );
    entries.push(("m/version", b"3\n"));
    zip(&entries)
}

/// Little-endian f32 bytes.
pub fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// 0.0, 1.0, ... 5.0: the storage of [`good_pt`].
pub fn six() -> Vec<u8> {
    floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
}

/// A good `.pt` file: one tensor `W`, `[2, 3]`, 0.0 to 5.0.
pub fn good_pt() -> Vec<u8> {
    let pickle = one_tensor(("FloatStorage", "0", 6), (0, &[2, 3], &[3, 1]));
    pt(&pickle, &[("0", &six())])
}

/// A safetensors file with this header and these data.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}
