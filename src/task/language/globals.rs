//! The names that a task file may use without giving them a value.

use super::Sizes;
use super::bounds::{MAX_ITEMS, bounded};
use super::given::Given;
use super::python::python;
use super::python_collections::collections;
use super::python_itertools::itertools;
use super::python_math::modules;
use super::python_texts::texts;
use super::values::{AnyOf, Domain, Options, list, meaning, named, range};
use crate::task::{Meaning, shown};
use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::none::{NoneOr, NoneType};
use starlark::values::tuple::UnpackTuple;
use starlark::values::{Heap, Value, ValueLike};
use std::collections::HashSet;

/// All names, for a checkpoint of these sizes.
pub(super) fn globals(sizes: &Sizes) -> Globals {
    let extensions = [
        LibraryExtension::Map,
        LibraryExtension::Filter,
        LibraryExtension::SetType,
    ];
    let mut builder = GlobalsBuilder::extended_by(&extensions)
        .with(words)
        .with(bounded)
        .with(python)
        .with(modules)
        .with(collections)
        .with(itertools)
        .with(texts);
    let size = |size: Option<usize>| size.map(|size| size as i64);
    for (name, value) in [
        ("n_ctx", size(sizes.n_ctx)),
        ("d_vocab", size(sizes.d_vocab)),
        ("d_vocab_out", size(sizes.d_vocab_out)),
    ] {
        match value {
            Some(value) => builder.set(name, value),
            None => builder.set(name, NoneType),
        }
    }
    builder.build()
}

/// All names that an expression may use.
pub(super) fn of_expressions() -> Globals {
    let extensions = [
        LibraryExtension::Map,
        LibraryExtension::Filter,
        LibraryExtension::SetType,
    ];
    GlobalsBuilder::extended_by(&extensions)
        .with(words)
        .with(bounded)
        .with(python)
        .with(modules)
        .with(collections)
        .with(itertools)
        .with(texts)
        .with(counts)
        .with(positions)
        .build()
}

/// Words that mean something else in an expression than in a task file.
#[starlark_module]
fn counts(builder: &mut GlobalsBuilder) {
    /// How many different values a list has.
    fn distinct<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<i32> {
        let heap = eval.heap();
        let items: Vec<Value> = of.iterate(heap)?.take(MAX_ITEMS + 1).collect();
        let values = Given::of(heap.alloc(items), heap);
        match values {
            Ok(Given::List(items)) => Ok(items.iter().collect::<HashSet<_>>().len() as i32),
            Ok(_) => Ok(0),
            Err(problem) => Err(starlark::Error::new_value(anyhow::anyhow!("{problem}"))),
        }
    }
}

/// A position, by its label or its number.
fn position(value: Value<'_>) -> anyhow::Result<Given> {
    match (value.unpack_str(), value.unpack_i32()) {
        (Some(label), _) => Ok(Given::Word(label.to_owned())),
        (_, Some(number)) => Ok(Given::Number(f64::from(number))),
        _ => anyhow::bail!(
            "{} is no position: give a label, or a number from 0 on",
            named(value)
        ),
    }
}

/// Positions and how much there is of each.
fn shares<'v>(of: Vec<(Given, f64)>, heap: Heap<'v>) -> Value<'v> {
    let pairs = of
        .into_iter()
        .map(|(at, share)| Given::List(vec![at, Given::Number(share)]));
    Given::List(pairs.collect()).value(heap)
}

/// Words that say how much of each position there is.
#[starlark_module]
fn positions(builder: &mut GlobalsBuilder) {
    /// All of one position.
    fn one<'v>(
        #[starlark(require = pos)] at: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        Ok(shares(vec![(position(at)?, 1.0)], eval.heap()))
    }

    /// As much of each of some positions.
    fn uniform<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        let all = args.items.iter();
        let all = all.flat_map(|&one| list(one).map_or_else(|| vec![one], <[_]>::to_vec));
        let all: Vec<Given> = all.map(position).collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(!all.is_empty(), "uniform needs a position");
        let share = 1.0 / all.len() as f64;
        let pairs = all.into_iter().map(|at| (at, share));
        Ok(shares(pairs.collect(), eval.heap()))
    }

    /// As much of each position as is said.
    fn weights<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        let Some(dict) = DictRef::from_value(of) else {
            anyhow::bail!(
                "weights takes {{POSITION: WEIGHT, ..}}, and not {}",
                named(of)
            );
        };
        let pairs = dict.iter().map(|(at, weight)| {
            let number = Given::of(weight, eval.heap()).ok();
            let number = number.and_then(|one| one.number());
            let number = number.ok_or_else(|| anyhow::anyhow!("{} is no weight", named(weight)))?;
            Ok((position(at)?, number))
        });
        let pairs = pairs.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(shares(pairs, eval.heap()))
    }
}

fn numbers_from(first: i32, end: Option<i32>) -> anyhow::Result<Vec<i32>> {
    let (from, to) = end.map_or((0, first), |end| (first, end));
    let len = i64::from(to) - i64::from(from);
    anyhow::ensure!(
        len <= MAX_ITEMS as i64,
        "{len} numbers; at most {MAX_ITEMS} are allowed"
    );
    anyhow::ensure!(
        len > 0,
        "there is no number from {from} up to {to}, not included"
    );
    Ok((from..to).collect())
}

/// What a field may hold, of a list or of what is one already.
pub(super) fn domain(value: Value<'_>) -> anyhow::Result<Domain> {
    if let Some(domain) = value.downcast_ref::<Domain>() {
        return Ok(domain.clone());
    }
    if let Some((first, end, step)) = range(value) {
        let numbers = numbers_from(first, Some(end))?.into_iter().step_by(step);
        return Ok(Domain {
            values: numbers.map(|n| Meaning::Number(n.into())).collect(),
            distinct: false,
            lengths: None,
        });
    }
    let Some(items) = list(value) else {
        anyhow::bail!(
            "{} says nothing of what a field may hold: give a list, below(n), distinct(..) or lengths(..)",
            named(value)
        );
    };
    let values = items.iter().map(|&item| match meaning(item) {
        Some(meaning) => Ok(meaning),
        None => Err(anyhow::anyhow!("{} is no number and no text", named(item))),
    });
    Ok(Domain {
        values: values.collect::<anyhow::Result<Vec<Meaning>>>()?,
        distinct: false,
        lengths: None,
    })
}

fn chosen<'v>(
    text: &str,
    default: Value<'v>,
    eval: &Evaluator<'v, '_, '_>,
    name: &str,
) -> anyhow::Result<Value<'v>> {
    let name = shown(name);
    if default.unpack_bool().is_some() {
        return match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Ok(Value::new_bool(true)),
            "false" | "0" | "no" => Ok(Value::new_bool(false)),
            _ => anyhow::bail!("{name}={} is neither true nor false", shown(text)),
        };
    }
    if default.unpack_str().is_some() {
        return Ok(eval.heap().alloc(text));
    }
    match text.parse::<i32>() {
        Ok(number) => Ok(eval.heap().alloc(number)),
        Err(_) => anyhow::bail!("{name}={} is no whole number", shown(text)),
    }
}

#[starlark_module]
fn words(builder: &mut GlobalsBuilder) {
    /// The whole numbers from 0 up to `n`, or from `n` up to `end`, the last not included.
    fn numbers(
        #[starlark(require = pos)] n: i32,
        #[starlark(require = pos)] end: Option<i32>,
    ) -> anyhow::Result<Vec<i32>> {
        numbers_from(n, end)
    }

    /// The whole numbers from 0 up to `n`, not included.
    fn below(#[starlark(require = pos)] n: i32) -> anyhow::Result<Vec<i32>> {
        numbers_from(n, None)
    }

    /// The letters of a text, each by itself.
    fn letters(#[starlark(require = pos)] text: &str) -> anyhow::Result<Vec<String>> {
        Ok(text.chars().map(String::from).collect())
    }

    /// No value comes twice in a list of these.
    fn distinct<'v>(#[starlark(require = pos)] of: Value<'v>) -> anyhow::Result<Domain> {
        let domain = domain(of)?;
        Ok(Domain {
            distinct: true,
            ..domain
        })
    }

    /// Lists of these are of several lengths.
    fn lengths<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        #[starlark(require = pos)] lengths: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Domain> {
        let domain = domain(of)?;
        let lengths = lengths.iterate(eval.heap()).map_err(|_| {
            anyhow::anyhow!(
                "{} is no list of lengths, as [2, 4, 6] or range(1, 9)",
                named(lengths)
            )
        })?;
        let lengths = lengths.map(|one| match one.unpack_i32() {
            Some(len) if (0..=1024).contains(&len) => Ok(len as usize),
            _ => Err(anyhow::anyhow!(
                "{} is no length from 0 to 1024",
                named(one)
            )),
        });
        Ok(Domain {
            lengths: Some(lengths.collect::<anyhow::Result<Vec<usize>>>()?),
            ..domain
        })
    }

    /// Each of these is right.
    fn any_of<'v>(#[starlark(args)] args: UnpackTuple<Value<'v>>) -> anyhow::Result<AnyOf> {
        let meanings = args
            .items
            .iter()
            .flat_map(|&one| list(one).map_or_else(|| vec![one], <[_]>::to_vec));
        let meanings = meanings
            .map(|one| meaning(one).ok_or_else(|| anyhow::anyhow!("{} is no class", named(one))));
        Ok(AnyOf {
            meanings: meanings.collect::<anyhow::Result<Vec<Meaning>>>()?,
        })
    }

    /// What was chosen for `name`, from `least` to `most`, or the default.
    fn option<'v>(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] default: Value<'v>,
        #[starlark(default = NoneOr::None)] least: NoneOr<i32>,
        #[starlark(default = NoneOr::None)] most: NoneOr<i32>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        let Some(options) = eval.extra.and_then(|extra| extra.downcast_ref::<Options>()) else {
            anyhow::bail!("options are read at the top level of a file only");
        };
        let found = options.chosen.iter().find(|(one, _)| one == name);
        let value = match found {
            Some((_, text)) => chosen(text, default, eval, name)?,
            None => default,
        };
        let (least, most) = (least.into_option(), most.into_option());
        if let Some(number) = value.unpack_i32() {
            let (low, high) = (least.unwrap_or(i32::MIN), most.unwrap_or(i32::MAX));
            anyhow::ensure!(number >= low, "{}={number} is less than {low}", shown(name));
            anyhow::ensure!(
                number <= high,
                "{}={number} is more than {high}",
                shown(name)
            );
        }
        let mut read = options.read.borrow_mut();
        read.retain(|(one, _)| one != name);
        read.push((name.to_owned(), value.to_str()));
        Ok(value)
    }

    /// The sum of a list.
    fn sum<'v>(
        #[starlark(require = pos)] of: Value<'v>,
        #[starlark(require = pos)] start: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut sum = start.unwrap_or_else(|| eval.heap().alloc(0));
        for one in of.iterate(eval.heap())? {
            if one.unpack_str().is_some() || list(one).is_some() {
                let problem = anyhow::anyhow!("sum adds numbers, not {}", named(one));
                return Err(starlark::Error::new_value(problem));
            }
            sum = super::bounds::add(sum, one, eval)?;
        }
        Ok(sum)
    }

    /// Prints nothing: there is nowhere to print to. It may stay in what was pasted.
    fn print<'v>(#[starlark(args)] args: UnpackTuple<Value<'v>>) -> anyhow::Result<NoneType> {
        let _ = args;
        Ok(NoneType)
    }
}
