//! The values that a state dict's pickle can build.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};

use super::dtype::Dtype;
use super::{MAX_RANK, shown};

/// How deep values may nest. A state dict needs three levels.
const MAX_DEPTH: usize = 64;

/// A block of elements that one or more tensors look into: the zip entry `data/<key>`.
#[derive(Debug)]
pub(super) struct Storage<'a> {
    pub(super) dtype: Dtype,
    pub(super) key: &'a str,
    /// How many elements the pickle says there are.
    pub(super) elements: usize,
}

/// A strided view of a storage. Offset and strides count elements. Nothing is checked against the
/// storage yet, nor `shape` against `strides`.
#[derive(Debug)]
pub(super) struct TensorSpec<'a> {
    pub(super) storage: Rc<Storage<'a>>,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// The names a state dict may mention.
#[derive(Clone, Copy)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Dtype),
    /// A dict with a default.
    DefaultDict,
    /// Something that stands beside the weights, is kept as a name and never called: an element type, a
    /// size, the class of a config, a number of numpy's.
    Beside(&'static str),
}

/// The global `module.name`, as the opcodes `GLOBAL` and `STACK_GLOBAL` ask for it.
///
/// # Errors
/// Any name outside the list, whether harmless or not.
pub(super) fn global(module: &str, name: &str) -> Result<Global> {
    match (module, name) {
        ("collections", "OrderedDict") => return Ok(Global::OrderedDict),
        ("torch._utils", "_rebuild_tensor_v2") => return Ok(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => return Ok(Global::RebuildParameter),
        ("collections", "defaultdict") => return Ok(Global::DefaultDict),
        ("torch", storage) => {
            if let Some(dtype) = Dtype::from_torch_storage(storage) {
                return Ok(Global::Storage(dtype));
            }
        }
        _ => {}
    }
    if let Some(kind) = beside(module, name) {
        return Ok(Global::Beside(kind));
    }
    bail!(
        "the file asks for `{}.{}`, which no state dict needs (it was not run)",
        shown(module),
        shown(name)
    )
}

/// What stands beside weights in checkpoints, and is nothing but looked at.
fn beside(module: &str, name: &str) -> Option<&'static str> {
    const DTYPES: [&str; 8] = [
        "float32", "float64", "float16", "bfloat16", "int64", "int32", "bool", "uint8",
    ];
    let numpy = matches!(
        module,
        "numpy" | "numpy.core.multiarray" | "numpy._core.multiarray"
    );
    let of_numpy = ["dtype", "ndarray", "scalar", "_reconstruct"];
    match (module, name) {
        ("torch", name) if DTYPES.contains(&name) => Some("an element type"),
        ("torch", "Size" | "device") => Some("a size or device"),
        ("_codecs", "encode") => Some("bytes"),
        ("argparse", "Namespace") | ("types", "SimpleNamespace") => Some("a config"),
        // a class of the author's: what it holds is read, it itself is not
        (_, name) if name.ends_with("Config") => Some("a config"),
        (_, name) if numpy && of_numpy.contains(&name) => Some("something of numpy's"),
        _ => None,
    }
}

/// One value on the machine's stack. Cloning copies at most a pointer.
#[derive(Clone)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Float(f64),
    Int(i64),
    Str(&'a str),
    Bytes,
    Global(Global),
    Tuple(Rc<Tuple<'a>>),
    List(Rc<List<'a>>),
    Dict(Rc<Dict<'a>>),
    Storage(Rc<Storage<'a>>),
    Tensor(Rc<TensorSpec<'a>>),
    /// What a global of [`Global::Beside`] makes.
    Beside(&'static str),
}

/// A list, complete before it is put inside another value, as a dict is.
#[derive(Default)]
pub(super) struct List<'a> {
    pub(super) items: RefCell<Vec<Value<'a>>>,
    pub(super) depth: Cell<usize>,
    pub(super) frozen: Cell<bool>,
}

/// A tuple; `depth` counts the values inside one another, itself included.
pub(super) struct Tuple<'a> {
    pub(super) items: Vec<Value<'a>>,
    pub(super) depth: usize,
}

/// A dict or `OrderedDict`: pairs in file order, duplicates kept.
#[derive(Default)]
pub(super) struct Dict<'a> {
    pub(super) items: RefCell<Vec<(Value<'a>, Value<'a>)>>,
    pub(super) depth: Cell<usize>,
    /// Set when the dict is put inside another value; from then on it may not change.
    pub(super) frozen: Cell<bool>,
}

impl Value<'_> {
    /// The value's type in words, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Float(_) => "a float",
            Self::Bytes => "bytes",
            Self::Int(_) => "an int",
            Self::Str(_) => "a string",
            Self::Global(_) => "a class or function",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dict",
            Self::Beside(what) => what,
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }

    /// How many values lie inside one another below this one.
    fn depth(&self) -> usize {
        match self {
            Self::Tuple(tuple) => tuple.depth,
            Self::Dict(dict) => dict.depth.get(),
            Self::List(list) => list.depth.get(),
            _ => 0,
        }
    }

    /// Called when the value is put inside another; returns the depth of the value around it.
    pub(super) fn enclose(&self) -> Result<usize> {
        match self {
            Self::Dict(dict) => dict.frozen.set(true),
            Self::List(list) => list.frozen.set(true),
            _ => {}
        }
        let depth = self.depth() + 1;
        ensure!(
            depth <= MAX_DEPTH,
            "values are nested more than {MAX_DEPTH} deep"
        );
        Ok(depth)
    }

    /// The value as a count; `what` names it in the error.
    pub(super) fn size(&self, what: &str) -> Result<usize> {
        match self {
            Self::Int(n) => {
                usize::try_from(*n).with_context(|| format!("{what} is {n}, below zero"))
            }
            other => bail!("{what} is {}, not an int", other.kind()),
        }
    }

    /// The value as a shape or as strides; `what` names it in the error.
    pub(super) fn sizes(&self, what: &str) -> Result<Vec<usize>> {
        let Self::Tuple(tuple) = self else {
            bail!("{what} is {}, not a tuple", self.kind());
        };
        // Checked before copying: one long tuple may be shared by many tensors.
        let rank = tuple.items.len();
        ensure!(
            rank <= MAX_RANK,
            "{what} has {rank} dimensions (at most {MAX_RANK})"
        );
        tuple.items.iter().map(|item| item.size(what)).collect()
    }
}
