//! Element types of a checkpoint, and their conversion to f32.

/// How one element is stored. Little-endian throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dtype {
    F32,
    F16,
    Bf16,
    F64,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Dtype {
    /// The type behind `torch.<name>`, for instance `FloatStorage`.
    pub(super) fn from_torch_storage(name: &str) -> Option<Self> {
        Some(match name {
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "DoubleStorage" => Self::F64,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }

    /// The type behind a safetensors dtype; `None` for those that no weight of ours comes in.
    pub(super) fn from_safetensors(dtype: safetensors::Dtype) -> Option<Self> {
        Some(match dtype {
            safetensors::Dtype::F32 => Self::F32,
            safetensors::Dtype::F16 => Self::F16,
            safetensors::Dtype::BF16 => Self::Bf16,
            safetensors::Dtype::F64 => Self::F64,
            safetensors::Dtype::I64 => Self::I64,
            safetensors::Dtype::I32 => Self::I32,
            safetensors::Dtype::I16 => Self::I16,
            safetensors::Dtype::I8 => Self::I8,
            safetensors::Dtype::U8 => Self::U8,
            safetensors::Dtype::BOOL => Self::Bool,
            _ => return None,
        })
    }

    /// What it is called on screen.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F64 => "f64",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::I16 => "i16",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::Bool => "bool",
        }
    }

    /// Bytes per element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// All elements of `bytes`, as [`Self::decode_into`] gives them.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        let mut out = Vec::with_capacity(bytes.len() / self.size());
        self.decode_into(bytes, &mut out);
        out
    }

    /// Appends all elements of `bytes`, rounded to the nearest f32 (a double beyond f32 becomes
    /// infinite, a byte of a bool other than 0 becomes 1).
    ///
    /// A rest shorter than one element is left out: callers have checked the length.
    pub(super) fn decode_into(self, bytes: &[u8], out: &mut Vec<f32>) {
        match self {
            Self::F32 => append(out, bytes, f32::from_le_bytes),
            Self::F16 => append(out, bytes, |b| half_to_f32(u16::from_le_bytes(b))),
            // bfloat16 is the upper half of an f32.
            Self::Bf16 => append(out, bytes, |[lo, hi]| f32::from_le_bytes([0, 0, lo, hi])),
            Self::F64 => append(out, bytes, |b| f64::from_le_bytes(b) as f32),
            Self::I64 => append(out, bytes, |b| i64::from_le_bytes(b) as f32),
            Self::I32 => append(out, bytes, |b| i32::from_le_bytes(b) as f32),
            Self::I16 => append(out, bytes, |b| f32::from(i16::from_le_bytes(b))),
            Self::I8 => append(out, bytes, |b| f32::from(i8::from_le_bytes(b))),
            Self::U8 => append(out, bytes, |[b]| f32::from(b)),
            Self::Bool => append(out, bytes, |[b]| f32::from(u8::from(b != 0))),
        }
    }
}

/// Reads `bytes` in pieces of `N`.
fn append<const N: usize>(out: &mut Vec<f32>, bytes: &[u8], element: impl Fn([u8; N]) -> f32) {
    let (whole, _rest) = bytes.as_chunks::<N>();
    out.extend(whole.iter().map(|chunk| element(*chunk)));
}

/// IEEE 754 binary16 to binary32; exact for every input.
fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // Zero and subnormals: fraction * 2^-24, which every f32 can hold.
        0 => f32::from_bits((fraction as f32 / 16_777_216.0).to_bits() | sign),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_convert_exactly() {
        let cases: [(u16, f32); 8] = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x83ff, -6.097_555e-5),
            (0x7c00, f32::INFINITY),
        ];
        for (bits, expected) in cases {
            assert_eq!(half_to_f32(bits), expected, "{bits:#06x}");
        }
        assert!(half_to_f32(0x8000).is_sign_negative());
        assert!(half_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn every_type_decodes_its_own_bytes() {
        assert_eq!(Dtype::F32.decode(&1.5f32.to_le_bytes()), [1.5]);
        assert_eq!(Dtype::Bf16.decode(&[0xc0, 0x3f]), [1.5]);
        assert_eq!(Dtype::F64.decode(&(-0.25f64).to_le_bytes()), [-0.25]);
        assert_eq!(Dtype::I64.decode(&(-7i64).to_le_bytes()), [-7.0]);
        assert_eq!(Dtype::I32.decode(&(-7i32).to_le_bytes()), [-7.0]);
        assert_eq!(Dtype::I16.decode(&(-7i16).to_le_bytes()), [-7.0]);
        assert_eq!(Dtype::I8.decode(&[0xf9]), [-7.0]);
        assert_eq!(Dtype::U8.decode(&[0xf9]), [249.0]);
        assert_eq!(Dtype::Bool.decode(&[0, 1, 255]), [0.0, 1.0, 1.0]);
        assert_eq!(Dtype::F64.decode(&1e300f64.to_le_bytes()), [f32::INFINITY]);
    }
}
