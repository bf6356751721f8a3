//! A pickle reader for state dicts, and for nothing else.
//!
//! `torch.save(model.state_dict(), path)` writes a program for a small stack machine
//! (see `pickletools.py` in CPython for the opcodes). This machine knows the opcodes that such
//! programs use in protocols 2 to 5, and those of checkpoints that have losses, an optimiser's state or a
//! config beside the weights, and a few dozen names; every other opcode or name is an error that says
//! which. Nothing is imported and nothing is called: `REDUCE` only builds a description of a
//! tensor.
//!
//! A hostile program is stopped by counting (opcodes, memo entries, string bytes, nesting), and by
//! two rules that real state dicts keep anyway. Values are shared, never copied, so that a memo
//! that doubles itself costs nothing. A dict is complete before it is put inside another value, so
//! that depth is known as values are built, there are no cycles, and dropping a value recurses at
//! most 64 times.

use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::RESAVE;
use super::found::{Found, WhichSet};
use super::input::Input;
use super::rebuild::{ordered_dict, rebuild_parameter, rebuild_tensor};
use super::value::{Global, Storage, Tuple, Value, global};

const MAX_OPS: usize = 500_000;
const MAX_MEMO: usize = 200_000;

/// Runs the program in `bytes` and returns the weights in what it leaves behind: of a series those
/// that are meant.
///
/// # Errors
/// Anything but weights, or a checkpoint that holds such, with the byte at which it went wrong.
pub(super) fn read(bytes: &[u8], pick: WhichSet) -> Result<Found<'_>> {
    let mut machine = Machine::new(bytes);
    let mut at = 0;
    let top = machine.run(&mut at);
    let top = top
        .with_context(|| format!("data.pkl, byte {at}"))
        .map_err(|error| anyhow!("{error:#}; {RESAVE}"))?;
    Found::new(&top, pick)
}

struct Machine<'a> {
    input: Input<'a>,
    stack: Vec<Value<'a>>,
    /// Heights of the stack at each open `MARK`.
    marks: Vec<usize>,
    memo: HashMap<u32, Value<'a>>,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            input: Input::new(bytes),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
    }

    /// Runs to `STOP`, keeping in `at` the place of the opcode under way.
    fn run(&mut self, at: &mut usize) -> Result<Value<'a>> {
        for _ in 0..MAX_OPS {
            *at = self.input.position();
            let op = self.input.byte()?;
            if op == b'.' {
                ensure!(self.input.is_empty(), "bytes follow the end of the pickle");
                return self.stop();
            }
            self.step(op)?;
        }
        bail!("the pickle has more than {MAX_OPS} opcodes")
    }

    fn stop(&mut self) -> Result<Value<'a>> {
        let top = self.pop()?;
        let alone = self.stack.is_empty() && self.marks.is_empty();
        ensure!(alone, "values are left over at the end of the pickle");
        Ok(top)
    }

    /// One opcode. The letters are pickle's own; the comments give their names.
    fn step(&mut self, op: u8) -> Result<()> {
        match op {
            0x80 => self.protocol(),                           // PROTO
            0x95 => self.input.array::<8>().map(drop),         // FRAME
            b'(' => self.mark(),                               // MARK
            b'N' => self.push(Value::None),                    // NONE
            0x88 | 0x89 => self.push(Value::Bool(op == 0x88)), // NEWTRUE, NEWFALSE
            b'K' | b'M' | b'J' | 0x8a => self.integer(op),     // BININT1, 2, BININT, LONG1
            b'G' => self
                .input
                .array()
                .and_then(|bytes| self.push(Value::Float(f64::from_be_bytes(bytes)))), // BINFLOAT
            b'B' | b'C' => self.bytes(op),                     // BINBYTES, SHORT_BINBYTES
            b']' => self.push(Value::List(Rc::default())),     // EMPTY_LIST
            b'a' => self.pop().and_then(|item| self.append(vec![item])), // APPEND
            b'e' => self.pop_mark().and_then(|items| self.append(items)), // APPENDS
            0x81 => self.reduce(),                             // NEWOBJ
            b'X' | 0x8c => self.string(op),                    // BINUNICODE, SHORT_BINUNICODE
            b')' => self.tuple(Vec::new()),                    // EMPTY_TUPLE
            0x85..=0x87 => self.short_tuple(usize::from(op - 0x84)), // TUPLE1, 2, 3
            b't' => self.pop_mark().and_then(|items| self.tuple(items)), // TUPLE
            b'}' => self.push(Value::Dict(Rc::default())),     // EMPTY_DICT
            b's' => self.set_item(),                           // SETITEM
            b'u' => self.set_items(),                          // SETITEMS
            b'q' | b'r' | 0x94 => self.memoize(op),            // BINPUT, LONG_BINPUT, MEMOIZE
            b'h' | b'j' => self.recall(op),                    // BINGET, LONG_BINGET
            b'c' => self.global_by_line(),                     // GLOBAL
            0x93 => self.global_by_stack(),                    // STACK_GLOBAL
            b'Q' => self.persistent_id(),                      // BINPERSID
            b'R' => self.reduce(),                             // REDUCE
            b'b' => self.build(),                              // BUILD
            _ => bail!("opcode {op:#04x} is not one that state dicts use"),
        }
    }

    fn push(&mut self, value: Value<'a>) -> Result<()> {
        self.stack.push(value);
        Ok(())
    }

    fn mark(&mut self) -> Result<()> {
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// Takes the top value, but none from below the last open mark.
    fn pop(&mut self) -> Result<Value<'a>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        ensure!(
            self.stack.len() > floor,
            "an opcode takes a value that is not there"
        );
        self.stack.pop().context("the stack is empty")
    }

    fn top(&self) -> Result<&Value<'a>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let above = self.stack.get(floor..).and_then(<[_]>::last);
        above.context("an opcode looks at a value that is not there")
    }

    fn pop_mark(&mut self) -> Result<Vec<Value<'a>>> {
        let mark = self
            .marks
            .pop()
            .context("an opcode needs a MARK that is not there")?;
        // `pop` keeps the stack at or above every mark. Not `split_off`: what it returns may keep
        // the capacity of the whole stack.
        Ok(self.stack.drain(mark.min(self.stack.len())..).collect())
    }

    fn protocol(&mut self) -> Result<()> {
        let version = self.input.byte()?;
        ensure!(
            (2..=5).contains(&version),
            "pickle protocol {version} (2 to 5 are read)"
        );
        Ok(())
    }

    fn integer(&mut self, op: u8) -> Result<()> {
        let n = match op {
            b'K' => i64::from(self.input.byte()?),
            b'M' => i64::from(u16::from_le_bytes(self.input.array()?)),
            b'J' => i64::from(i32::from_le_bytes(self.input.array()?)),
            _ => self.input.long()?,
        };
        self.push(Value::Int(n))
    }

    fn string(&mut self, op: u8) -> Result<()> {
        let length = match op {
            b'X' => self.input.word()? as usize,
            _ => usize::from(self.input.byte()?),
        };
        let text = self.input.text(length)?;
        self.push(Value::Str(text))
    }

    /// Numbers of numpy's are made of bytes; nobody looks at them.
    fn bytes(&mut self, op: u8) -> Result<()> {
        let length = match op {
            b'B' => self.input.word()? as usize,
            _ => usize::from(self.input.byte()?),
        };
        self.input.skip(length)?;
        self.push(Value::Bytes)
    }

    fn append(&mut self, items: Vec<Value<'a>>) -> Result<()> {
        let mut depth = 0;
        for item in &items {
            depth = depth.max(item.enclose()?);
        }
        let Value::List(list) = self.top()? else {
            bail!("items are put into {}, not a list", self.top()?.kind());
        };
        ensure!(
            !list.frozen.get(),
            "a list changes after it was put inside another value"
        );
        list.depth.set(list.depth.get().max(depth));
        list.items.borrow_mut().extend(items);
        Ok(())
    }

    fn tuple(&mut self, items: Vec<Value<'a>>) -> Result<()> {
        let mut depth = 0;
        for item in &items {
            depth = depth.max(item.enclose()?);
        }
        self.push(Value::Tuple(Rc::new(Tuple { items, depth })))
    }

    fn short_tuple(&mut self, length: usize) -> Result<()> {
        let mut items = (0..length)
            .map(|_| self.pop())
            .collect::<Result<Vec<_>>>()?;
        items.reverse();
        self.tuple(items)
    }

    fn set_item(&mut self) -> Result<()> {
        let value = self.pop()?;
        let key = self.pop()?;
        self.insert(vec![key, value])
    }

    fn set_items(&mut self) -> Result<()> {
        let items = self.pop_mark()?;
        self.insert(items)
    }

    /// Puts `items` (key, value, key, value, ...) into the dict on top of the stack.
    fn insert(&mut self, items: Vec<Value<'a>>) -> Result<()> {
        ensure!(
            items.len().is_multiple_of(2),
            "a key of a dict has no value"
        );
        let mut depth = 0;
        for item in &items {
            depth = depth.max(item.enclose()?);
        }
        let Value::Dict(dict) = self.top()? else {
            bail!("items are put into {}, not a dict", self.top()?.kind());
        };
        // After the loop above: a dict put into itself is caught here too.
        ensure!(
            !dict.frozen.get(),
            "a dict changes after it was put inside another value"
        );
        dict.depth.set(dict.depth.get().max(depth));
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            dict.items.borrow_mut().push((key, value));
        }
        Ok(())
    }

    fn memoize(&mut self, op: u8) -> Result<()> {
        let next = u32::try_from(self.memo.len())?;
        let slot = match op {
            b'q' => u32::from(self.input.byte()?),
            b'r' => self.input.word()?,
            _ => next,
        };
        let value = self.top()?.clone();
        self.memo.insert(slot, value);
        ensure!(
            self.memo.len() <= MAX_MEMO,
            "the memo holds more than {MAX_MEMO} values"
        );
        Ok(())
    }

    fn recall(&mut self, op: u8) -> Result<()> {
        let slot = match op {
            b'h' => u32::from(self.input.byte()?),
            _ => self.input.word()?,
        };
        let value = self.memo.get(&slot);
        let value = value.with_context(|| format!("memo entry {slot} was never written"))?;
        self.push(value.clone())
    }

    fn global_by_line(&mut self) -> Result<()> {
        let module = self.input.line()?;
        let name = self.input.line()?;
        self.push(Value::Global(global(module, name)?))
    }

    fn global_by_stack(&mut self) -> Result<()> {
        let name = self.pop()?;
        let module = self.pop()?;
        let (Value::Str(module), Value::Str(name)) = (module, name) else {
            bail!("STACK_GLOBAL needs two strings");
        };
        self.push(Value::Global(global(module, name)?))
    }

    /// `('storage', torch.<T>Storage, key, device, elements)` becomes a storage. The device is
    /// where the tensor lived when it was saved; it does not matter here.
    fn persistent_id(&mut self) -> Result<()> {
        let id = self.pop()?;
        let Value::Tuple(id) = id else {
            bail!("a storage is described by {}, not a tuple", id.kind());
        };
        let [
            Value::Str("storage"),
            Value::Global(Global::Storage(dtype)),
            Value::Str(key),
            Value::Str(_),
            elements,
        ] = id.items.as_slice()
        else {
            bail!(
                "the tuple that describes a storage is not ('storage', type, key, device, elements)"
            );
        };
        let elements = elements.size("a storage's element count")?;
        self.push(Value::Storage(Rc::new(Storage {
            dtype: *dtype,
            key,
            elements,
        })))
    }

    fn reduce(&mut self) -> Result<()> {
        let args = self.pop()?;
        let callee = self.pop()?;
        let (Value::Global(callee), Value::Tuple(args)) = (&callee, &args) else {
            bail!(
                "REDUCE needs a known function and a tuple, not {} and {}",
                callee.kind(),
                args.kind()
            );
        };
        let value = match callee {
            Global::OrderedDict => ordered_dict(&args.items)?,
            Global::RebuildTensor => rebuild_tensor(&args.items)?,
            Global::RebuildParameter => rebuild_parameter(&args.items)?,
            Global::DefaultDict => Value::Dict(Rc::default()),
            Global::Beside(what) => Value::Beside(what),
            Global::Storage(_) => bail!("a storage type is called like a function"),
        };
        self.push(value)
    }

    /// `BUILD` sets attributes: a state dict's `_metadata`, which holds layer versions, is dropped;
    /// the attributes of a config take its place.
    fn build(&mut self) -> Result<()> {
        let attributes = self.pop()?;
        match self.top()? {
            Value::Dict(_) => Ok(()),
            Value::Beside(_) => {
                if matches!(attributes, Value::Dict(_)) {
                    self.pop()?;
                    self.push(attributes)?;
                }
                Ok(())
            }
            other => bail!("BUILD on {}, not a dict", other.kind()),
        }
    }
}
