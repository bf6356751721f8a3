//! Numbers with a shape, on the processor, ready to be drawn or written.

use anyhow::Result;
use candle_core::{DType, Tensor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// A row-major array of f32; serialises as nested lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Default for Array {
    /// No values.
    fn default() -> Self {
        Self::from_values(vec![0], Vec::new())
    }
}

impl Array {
    /// An array of that shape, every value the same.
    #[must_use]
    pub fn filled(shape: Vec<usize>, value: f32) -> Self {
        let values = vec![value; shape.iter().product()];
        Self { shape, values }
    }

    /// A matrix `[rows, cols]` from a value for each cell.
    #[must_use]
    pub fn from_fn([rows, cols]: [usize; 2], mut value: impl FnMut(usize, usize) -> f32) -> Self {
        let mut values = Vec::with_capacity(rows * cols);
        for i in 0..rows {
            values.extend((0..cols).map(|j| value(i, j)));
        }
        Self {
            shape: vec![rows, cols],
            values,
        }
    }

    /// An array of that shape from its values, row-major; short of values it ends in zeros.
    #[must_use]
    pub fn from_values(shape: Vec<usize>, mut values: Vec<f32>) -> Self {
        values.resize(shape.iter().product(), 0.0);
        Self { shape, values }
    }

    /// Arrays of one shape as one array with a new first axis.
    #[must_use]
    pub fn stack(parts: &[Self]) -> Self {
        let mut shape = vec![parts.len()];
        shape.extend(parts.first().map_or(&[][..], |part| &part.shape));
        let values = parts.iter().flat_map(|part| part.values.iter().copied());
        let values = values.collect();
        Self { shape, values }
    }

    /// The tensor's values as f32.
    ///
    /// # Errors
    /// When the device fails.
    pub fn from_tensor(tensor: &Tensor) -> Result<Self> {
        Ok(Self {
            shape: tensor.dims().to_vec(),
            values: tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?,
        })
    }

    /// Its axes' lengths.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// All values, row-major.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    fn offset(&self, index: &[usize]) -> Option<usize> {
        if index.len() > self.shape.len() {
            return None;
        }
        let mut offset = 0;
        for (axis, &len) in self.shape.iter().enumerate() {
            let i = index.get(axis).copied().unwrap_or(0);
            if i >= len {
                return None;
            }
            offset = offset * len + i;
        }
        Some(offset)
    }

    /// One value; `None` outside the array.
    #[must_use]
    pub fn get(&self, index: &[usize]) -> Option<f32> {
        if index.len() != self.shape.len() {
            return None;
        }
        self.offset(index).map(|offset| self.values[offset])
    }

    /// Sets one value; outside the array nothing happens.
    pub fn set(&mut self, index: &[usize], value: f32) {
        if let Some(offset) = self.offset(index) {
            self.values[offset] = value;
        }
    }

    /// The values under the first indices: a row, a matrix; empty outside the array.
    #[must_use]
    pub fn slice(&self, index: &[usize]) -> &[f32] {
        let len: usize = self.shape.iter().skip(index.len()).product();
        let start = self.offset(index);
        start.map_or(&[], |start| &self.values[start..start + len])
    }

    /// The array with the indices of an axis in this order.
    #[must_use]
    pub fn ordered(&self, axis: usize, order: &[usize]) -> Self {
        let len = self.shape.get(axis).copied().unwrap_or(0);
        let inner: usize = self.shape.iter().skip(axis + 1).product();
        let known = order.len() == len && order.iter().all(|&i| i < len);
        if !known || len * inner == 0 {
            return self.clone();
        }
        let outer = self.values.chunks(len * inner);
        let values = outer.flat_map(|part| {
            let rows = order
                .iter()
                .map(move |&i| &part[i * inner..(i + 1) * inner]);
            rows.flatten().copied()
        });
        Self {
            values: values.collect(),
            shape: self.shape.clone(),
        }
    }

    /// This minus another of the same shape.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        // two masked scores are both minus infinity: no difference, not NaN
        let values = pairs
            .map(|(a, b)| if a == b { 0.0 } else { a - b })
            .collect();
        Self {
            shape: self.shape.clone(),
            values,
        }
    }
}

impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        Nested {
            shape: &self.shape,
            values: &self.values,
        }
        .serialize(serializer)
    }
}

struct Nested<'a> {
    shape: &'a [usize],
    values: &'a [f32],
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Some((&len, rest)) = self.shape.split_first() else {
            return self.values.first().serialize(serializer);
        };
        let mut seq = serializer.serialize_seq(Some(len))?;
        let step: usize = rest.iter().product();
        for i in 0..len {
            seq.serialize_element(&Nested {
                shape: rest,
                values: &self.values[i * step..(i + 1) * step],
            })?;
        }
        seq.end()
    }
}
