//! Values that only task files have: what a field may hold, several right answers, a source of
//! randomness, and tokens that are hidden.
#![expect(
    unsafe_code,
    unused_qualifications,
    clippy::panic,
    reason = "the language's crate writes the impls that it derives this way; nothing else here is"
)]

use super::watch;
use crate::task::{Meaning, Token};
use allocative::Allocative;
use starlark::collections::StarlarkHasher;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::starlark_module;
use starlark::starlark_simple_value;
use starlark::values::float::StarlarkFloat;
use starlark::values::list::ListRef;
use starlark::values::none::NoneType;
use starlark::values::tuple::TupleRef;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, UnpackValue as _,
    Value, ValueLike, starlark_value,
};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;

/// What was chosen for a task, and what of it the file asked for.
#[derive(Debug, Default, ProvidesStaticType)]
pub(super) struct Options {
    pub chosen: Vec<(String, String)>,
    /// Those that the file has, with the values that they have now.
    pub read: RefCell<Vec<(String, String)>>,
}

/// What a field may hold.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, StarlarkPagablePanic, Allocative)]
pub(super) struct Domain {
    #[allocative(skip)]
    pub values: Vec<Meaning>,
    pub distinct: bool,
    pub lengths: Option<Vec<usize>>,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {} values", self.values.len())
    }
}

starlark_simple_value!(Domain);
#[starlark_value(type = "domain")]
impl<'v> StarlarkValue<'v> for Domain {}

/// Several classes, each of them right.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, StarlarkPagablePanic, Allocative)]
pub(super) struct AnyOf {
    #[allocative(skip)]
    pub meanings: Vec<Meaning>,
}

impl fmt::Display for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.meanings.iter().map(Meaning::name).collect();
        write!(f, "any_of({})", names.join(", "))
    }
}

starlark_simple_value!(AnyOf);
#[starlark_value(type = "any_of")]
impl<'v> StarlarkValue<'v> for AnyOf {}

/// A token that may be moved and copied, and nothing else: an answer that still comes out right is a
/// copy of it.
#[derive(Clone, Copy, Debug, ProvidesStaticType, NoSerialize, StarlarkPagablePanic, Allocative)]
pub(super) struct Hidden {
    pub slot: usize,
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        watch::look();
        f.write_str("a hidden token")
    }
}

fn hidden<T>() -> starlark::Result<T> {
    watch::look();
    Err(starlark::Error::new_value(anyhow::anyhow!(
        "a token is hidden"
    )))
}

starlark_simple_value!(Hidden);
#[starlark_value(type = "hidden")]
impl<'v> StarlarkValue<'v> for Hidden {
    fn to_bool(&self) -> bool {
        watch::look();
        true
    }
    fn collect_repr(&self, collector: &mut String) {
        watch::look();
        collector.push_str("a hidden token");
    }
    fn write_hash(&self, _: &mut StarlarkHasher) -> starlark::Result<()> {
        hidden()
    }
    fn equals(&self, _: Value<'v>) -> starlark::Result<bool> {
        hidden()
    }
    fn compare(&self, _: Value<'v>) -> starlark::Result<Ordering> {
        hidden()
    }
    fn is_in(&self, _: Value<'v>) -> starlark::Result<bool> {
        hidden()
    }
    fn length(&self) -> starlark::Result<i32> {
        hidden()
    }
}

/// What `draw` draws from.
#[derive(Clone, Copy, Debug, ProvidesStaticType, NoSerialize, StarlarkPagablePanic, Allocative)]
pub(super) struct Random;

impl fmt::Display for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("random")
    }
}

starlark_simple_value!(Random);
#[starlark_value(type = "random")]
impl<'v> StarlarkValue<'v> for Random {
    fn get_methods() -> Option<&'static Methods> {
        Some(RANDOM_METHODS.methods())
    }
}

starlark::methods_static!(RANDOM_METHODS = random_methods);

/// The items of a list or of whatever else can be gone through.
fn items<'v>(of: Value<'v>, heap: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
    Ok(of.iterate(heap)?.collect())
}

/// A number of draws that a list of so many allows.
fn how_many(k: i32, of: usize) -> anyhow::Result<usize> {
    let k = usize::try_from(k).ok().filter(|&k| k <= of);
    k.ok_or_else(|| anyhow::anyhow!("there are {of} to draw from"))
}

/// Puts the first `k` places in random order.
fn mix(places: &mut [Value<'_>], k: usize) -> anyhow::Result<()> {
    for i in 0..k.min(places.len()) {
        let rest = (places.len() - i) as u32;
        places.swap(i, i + watch::below(rest)? as usize);
    }
    Ok(())
}

#[starlark_module]
fn random_methods(builder: &mut MethodsBuilder) {
    /// A whole number from 0 up to `n`, not included.
    fn below(
        #[starlark(this)] this: Value,
        #[starlark(require = pos)] n: i32,
    ) -> anyhow::Result<i32> {
        let _ = this;
        let n = u32::try_from(n).unwrap_or(0);
        Ok(watch::below(n)? as i32)
    }

    /// A whole number from `low` to `high`, both included, as in Python.
    fn randint(
        #[starlark(this)] this: Value,
        #[starlark(require = pos)] low: i32,
        #[starlark(require = pos)] high: i32,
    ) -> anyhow::Result<i32> {
        let _ = this;
        let span = i64::from(high) - i64::from(low) + 1;
        let n = u32::try_from(span).unwrap_or(0);
        Ok((i64::from(low) + i64::from(watch::below(n)?)) as i32)
    }

    /// One of a list.
    fn choice<'v>(
        #[starlark(this)] this: Value<'v>,
        #[starlark(require = pos)] of: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let _ = this;
        let items = items(of, heap)?;
        let at = watch::below(items.len() as u32).map_err(starlark::Error::new_native)?;
        Ok(items[at as usize])
    }

    /// `k` of a list, no place twice.
    fn sample<'v>(
        #[starlark(this)] this: Value<'v>,
        #[starlark(require = pos)] of: Value<'v>,
        #[starlark(require = pos)] k: i32,
        heap: Heap<'v>,
    ) -> starlark::Result<Vec<Value<'v>>> {
        let _ = this;
        let mut items = items(of, heap)?;
        let k = how_many(k, items.len()).map_err(starlark::Error::new_native)?;
        mix(&mut items, k).map_err(starlark::Error::new_native)?;
        items.truncate(k);
        Ok(items)
    }

    /// Puts a list in random order, in place, as in Python.
    fn shuffle<'v>(
        #[starlark(this)] this: Value<'v>,
        #[starlark(require = pos)] of: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<NoneType> {
        let _ = this;
        let mut items = items(of, heap)?;
        let all = items.len();
        mix(&mut items, all).map_err(starlark::Error::new_native)?;
        for (place, item) in items.into_iter().enumerate() {
            of.set_at(heap.alloc(place as i32), item)?;
        }
        Ok(NoneType)
    }
}

/// What a value of the language stands for, if it is a number or a text.
pub(super) fn meaning(value: Value<'_>) -> Option<Meaning> {
    if let Some(number) = value.unpack_i32() {
        return Some(Meaning::Number(i64::from(number)));
    }
    value.unpack_str().map(|word| Meaning::Word(word.into()))
}

/// A number, whole or not.
pub(super) fn number(value: Value<'_>) -> Option<f64> {
    let float = StarlarkFloat::unpack_value_opt(value).map(|x| x.0);
    float.or(value.unpack_i32().map(f64::from))
}

/// The items of a list or a tuple.
pub(super) fn list<'v>(value: Value<'v>) -> Option<&'v [Value<'v>]> {
    let list = ListRef::from_value(value).map(ListRef::content);
    list.or_else(|| TupleRef::from_value(value).map(TupleRef::content))
}

/// Where a range begins and ends, and its step, if it goes up. It has no items to borrow, but says what it is.
pub(super) fn range(value: Value<'_>) -> Option<(i32, i32, usize)> {
    let text = value.to_repr();
    let inner = text.strip_prefix("range(")?.strip_suffix(')')?;
    let numbers: Option<Vec<i32>> = (inner.split(','))
        .map(|number| number.trim().parse().ok())
        .collect();
    match numbers?[..] {
        [end] => Some((0, end, 1)),
        [first, end] => Some((first, end, 1)),
        [first, end, step] if step > 0 => Some((first, end, step as usize)),
        _ => None,
    }
}

/// The value of the language that a meaning is.
pub(super) fn value_of<'v>(meaning: &Meaning, heap: Heap<'v>) -> Value<'v> {
    match meaning {
        Meaning::Number(number) => heap.alloc(*number),
        Meaning::Word(word) => heap.alloc(word.as_str()),
    }
}

/// A hidden token, if the value is one.
pub(super) fn hidden_slot(value: Value<'_>) -> Option<usize> {
    Some(value.downcast_ref::<Hidden>()?.slot)
}

/// A class or a slot's token, hidden.
pub(super) fn hide<'v>(slot: usize, heap: Heap<'v>) -> Value<'v> {
    heap.alloc(Hidden { slot })
}

/// Names a value in a message.
pub(super) fn named(value: Value<'_>) -> String {
    match meaning(value) {
        Some(Meaning::Word(word)) => format!("\"{}\"", crate::task::shown(&word)),
        Some(number) => number.name(),
        None if value.is_none() => "None".into(),
        None => match list(value) {
            Some(items) => format!("a list of {}", items.len()),
            None => format!("a {}", value.get_type()),
        },
    }
}

/// A place in a vocabulary, told apart from a hidden one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Class(Token),
    AnyOf(Vec<Token>),
    Hidden(usize),
}
