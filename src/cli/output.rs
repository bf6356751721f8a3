//! How answers are printed for programs: JSON, and CSV.

use super::args::Format;
use crate::task::text::csv_cell;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

/// What the JSON of commands is, and in which version: `docs/files.md` says what each changed.
const SCHEMA: &str = "circuitscope-json-3";

/// An answer with the version of its form.
#[derive(Serialize)]
struct Versioned<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    answer: &'a T,
}

/// Pretty JSON with one newline at its end; an object that says which version of its form it has.
pub fn print_json(out: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    let versioned = Versioned {
        schema: SCHEMA,
        answer: value,
    };
    writeln!(out, "{}", serde_json::to_string_pretty(&versioned)?)?;
    Ok(())
}

/// The numbers of an answer that is no single table: as JSON, or as CSV a line for each of them, named as
/// one would reach it in the JSON (`logits[3][10]`).
pub fn print_numbers(format: Format, out: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    if format != Format::Csv {
        return print_json(out, value);
    }
    let mut text = String::from("name,value\n");
    lines(&serde_json::to_value(value)?, &mut String::new(), &mut text);
    Ok(out.write_all(text.as_bytes())?)
}

/// A list under its name, so that its JSON is an object with the version of its form.
pub fn print_list(
    format: Format,
    out: &mut dyn Write,
    name: &str,
    all: &[impl Serialize],
) -> Result<()> {
    print_numbers(format, out, &BTreeMap::from([(name, all)]))
}

fn lines(value: &Value, name: &mut String, out: &mut String) {
    let end = name.len();
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let dot = if end == 0 { "" } else { "." };
                let _ = write!(name, "{dot}{field}");
                lines(value, name, out);
                name.truncate(end);
            }
        }
        Value::Array(values) => {
            for (i, value) in values.iter().enumerate() {
                let _ = write!(name, "[{i}]");
                lines(value, name, out);
                name.truncate(end);
            }
        }
        Value::Null => line(name, "", out),
        Value::String(text) => line(name, text, out),
        other => line(name, &other.to_string(), out),
    }
}

fn line(name: &str, value: &str, out: &mut String) {
    let _ = writeln!(out, "{},{}", csv_cell(name), csv_cell(value));
}
