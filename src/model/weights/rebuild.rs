//! What the few functions that state dicts call would make.

use std::rc::Rc;

use anyhow::{Result, bail, ensure};

use super::value::{TensorSpec, Value};

pub(super) fn ordered_dict<'a>(args: &[Value<'a>]) -> Result<Value<'a>> {
    ensure!(
        args.is_empty(),
        "OrderedDict with {} arguments (0 are read)",
        args.len()
    );
    Ok(Value::Dict(Rc::default()))
}

/// `_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks[, metadata])`.
pub(super) fn rebuild_tensor<'a>(args: &[Value<'a>]) -> Result<Value<'a>> {
    let ([storage, offset, shape, strides, _, _] | [storage, offset, shape, strides, _, _, _]) =
        args
    else {
        bail!(
            "_rebuild_tensor_v2 has {} arguments, not 6 or 7",
            args.len()
        );
    };
    let Value::Storage(storage) = storage else {
        bail!("a tensor is built on {}, not a storage", storage.kind());
    };
    Ok(Value::Tensor(Rc::new(TensorSpec {
        storage: Rc::clone(storage),
        offset: offset.size("a tensor's offset")?,
        shape: shape.sizes("a tensor's shape")?,
        strides: strides.sizes("a tensor's stride")?,
    })))
}

/// `_rebuild_parameter(tensor, requires_grad, hooks)` is its tensor.
pub(super) fn rebuild_parameter<'a>(args: &[Value<'a>]) -> Result<Value<'a>> {
    match args {
        [tensor @ Value::Tensor(_), _, _] => Ok(tensor.clone()),
        _ => bail!("_rebuild_parameter needs a tensor and two more arguments"),
    }
}
