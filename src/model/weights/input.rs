//! The bytes of a pickle, read from front to back.

use anyhow::{Context, Result, ensure};

/// The longest string or name, in bytes.
const MAX_STRING: usize = 4096;
const CUT_OFF: &str = "the pickle is cut off";

/// What is left of the bytes. Strings are borrowed from them, never copied.
pub(super) struct Input<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
        }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk().context(CUT_OFF)?;
        self.rest = rest;
        Ok(*head)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array().map(u8::from_le_bytes)
    }

    /// Four bytes as an unsigned number.
    pub(super) fn word(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length).context(CUT_OFF)?;
        self.rest = rest;
        Ok(head)
    }

    /// The argument of `LONG1`: a length, then that many bytes of a two's complement number.
    pub(super) fn long(&mut self) -> Result<i64> {
        let length = self.byte()?;
        ensure!(length <= 8, "an integer of {length} bytes (at most 8)");
        let bytes = self.take(usize::from(length))?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        for (to, from) in wide.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(i64::from_le_bytes(wide))
    }

    /// A string of `length` bytes.
    pub(super) fn text(&mut self, length: usize) -> Result<&'a str> {
        ensure!(
            length <= MAX_STRING,
            "a string of {length} bytes (at most {MAX_STRING})"
        );
        std::str::from_utf8(self.take(length)?).context("a string is not UTF-8")
    }

    /// Bytes that nobody looks at.
    pub(super) fn skip(&mut self, length: usize) -> Result<()> {
        self.take(length).map(drop)
    }

    /// The text up to the next newline, which is read too.
    pub(super) fn line(&mut self) -> Result<&'a str> {
        let mut reach = self.rest.iter().take(MAX_STRING);
        let end = reach.position(|byte| *byte == b'\n');
        let line = self.text(end.context("a name in a GLOBAL has no end")?)?;
        self.byte()?;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longs_are_signed_and_at_most_eight_bytes() {
        let long = |bytes: &[u8]| Input::new(bytes).long().ok();
        assert_eq!(long(&[0]), Some(0));
        assert_eq!(long(&[1, 0xff]), Some(-1));
        assert_eq!(long(&[2, 0xff, 0x00]), Some(255));
        assert_eq!(long(&[8, 0, 0, 0, 0, 0, 0, 0, 0x80]), Some(i64::MIN));
        assert_eq!(long(&[9, 1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(long(&[2, 1]), None);
    }
}
