//! Products and masks that several parts of a pass need.

use anyhow::Result;
use candle_core::{D, DType, Device, Tensor};

/// A product in which a batch of 1 meets a batch of n: hooks may make n rows of one halfway.
pub(super) fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dim(0)? == b.dim(0)? {
        Ok(a.matmul(b)?)
    } else {
        Ok(a.broadcast_matmul(b)?)
    }
}

/// `x w + b` over the last axis.
pub(super) fn affine(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let mut shape = x.dims().to_vec();
    let last = shape.pop().unwrap_or(1);
    let rows = shape.iter().product::<usize>();
    shape.push(w.dim(1)?);
    let y = x.reshape((rows, last))?.matmul(w)?;
    let y = match b {
        Some(b) => y.broadcast_add(b)?,
        None => y,
    };
    Ok(y.reshape(shape)?)
}

/// 0 where `src <= dest`, minus infinity elsewhere, `[1, 1, dest, src]`.
pub(super) fn causal_mask(len: usize, device: &Device) -> Result<Tensor> {
    let cell = |i: usize| {
        if i % len > i / len {
            f32::NEG_INFINITY
        } else {
            0.0
        }
    };
    let mask: Vec<f32> = (0..len * len).map(cell).collect();
    Ok(Tensor::from_vec(mask, (1, 1, len, len), device)?)
}

/// The same of positions in another order, `[batch, pos]`: `[batch, 1, dest, src]`.
pub(super) fn causal_mask_of(order: &Tensor) -> Result<Tensor> {
    let (dest, src) = (order.unsqueeze(2)?, order.unsqueeze(1)?);
    let is_later = src.broadcast_gt(&dest)?;
    Ok(forbidden(&is_later)?.unsqueeze(1)?)
}

/// Minus infinity where it is so, 0 elsewhere.
pub(super) fn forbidden(is_so: &Tensor) -> Result<Tensor> {
    let zeros = Tensor::zeros(is_so.shape(), DType::F32, is_so.device())?;
    Ok(is_so.where_cond(&(&zeros + f64::NEG_INFINITY)?, &zeros)?)
}

/// Softmax over the last axis. Written out, because candle's own hands every call, however small,
/// to a thread pool; a row that is all minus infinity becomes NaN, as in PyTorch.
pub(super) fn softmax(x: &Tensor) -> Result<Tensor> {
    let exp = x
        .broadcast_sub(&x.max_keepdim(D::Minus1)?.detach())?
        .exp()?;
    Ok(exp.broadcast_div(&exp.sum_keepdim(D::Minus1)?)?)
}

/// Softmax of scores under a mask `[.., dest, src]`: a query whose every key is masked looks at
/// nothing, as in TransformerLens; one whose scores something else made minus infinity is still not
/// a number.
pub(super) fn masked_softmax(scores: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let pattern = softmax(scores)?;
    let blind = mask.max_keepdim(D::Minus1)?.eq(f32::NEG_INFINITY)?;
    let blind = blind.broadcast_as(pattern.shape())?;
    Ok(blind.where_cond(&pattern.zeros_like()?, &pattern)?)
}
