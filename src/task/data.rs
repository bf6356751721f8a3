//! A task from a table of prompts and what is right for them, where there is no function.
//!
//! A table has `tokens`, one row a prompt, and `targets`, one row of output ids a prompt; -1, or
//! nothing, where nothing is right. With as many targets as tokens each is read at its position (a
//! column that asks for nothing is left out), with fewer at the last positions, one at the last.
//! What notebooks write in two lines is read, told apart by content:
//!
//! | kind | form |
//! |---|---|
//! | safetensors | tensors `tokens` and `targets`, whole numbers |
//! | npz | arrays `tokens` and `targets`, by `np.savez` |
//! | JSON lines | `{"tokens": [5, 1, 7], "targets": [3, null]}` |
//! | CSV | a line of names, those of targets begin with `target`; then numbers |
//!
//! The inputs are the rows: nothing else exists, and examples are drawn from them.

use super::language::{Sizes, TaskError};
use super::rule::{Rule, Target};
use super::spec::{Answer, Draw, Exists, Spec};
use super::tables::{self, Table};
use super::{Task, Token, below};
use std::collections::HashMap;
use std::sync::Arc;

/// Numbers that a table may have.
const MAX_NUMBERS: usize = 1 << 23;
/// Positions that a prompt may have.
const MAX_POSITIONS: usize = 1024;
/// Tokens and classes that a table may name.
const MAX_IDS: usize = 8192;

type Rows = HashMap<Vec<Token>, Vec<Target>>;

impl Task {
    /// The task whose inputs are the rows of a table. `name` is the file as the user knows it.
    ///
    /// # Errors
    /// When the file is no such table, or its rows cannot be: one error with cause and remedy.
    pub fn from_data(name: &str, bytes: &[u8], sizes: &Sizes) -> Result<Self, TaskError> {
        let error = |problem: String| TaskError {
            file: name.into(),
            place: None,
            problem: super::language::one_line(&problem),
            remedy: "a table has `tokens` and `targets` with one row a prompt; see docs/tasks.md"
                .into(),
        };
        let (tokens, targets) =
            tables::read(bytes).map_err(|problem| error(format!("{problem:#}")))?;
        let made =
            spec(&tokens, &targets, sizes).map_err(|problem| error(format!("{problem:#}")))?;
        let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let options = vec![("file".to_owned(), super::language::hash(bytes))];
        Ok(Spec {
            name: stem.split('.').next().unwrap_or(stem).to_owned(),
            options,
            ..made
        }
        .into())
    }
}

fn spec(tokens: &Table, targets: &Table, sizes: &Sizes) -> anyhow::Result<Spec> {
    let (rows, len, asked) = (tokens.rows(), tokens.width, targets.width);
    anyhow::ensure!(rows > 0, "there are no rows");
    anyhow::ensure!(
        rows == targets.rows(),
        "{rows} rows of tokens and {} of targets",
        targets.rows()
    );
    anyhow::ensure!(
        (1..=MAX_POSITIONS).contains(&len),
        "{len} tokens a row; 1 to {MAX_POSITIONS} are supported"
    );
    anyhow::ensure!(
        (1..=len).contains(&asked),
        "{asked} targets a row of {len} tokens; 1 to {len} can be read"
    );
    let numbers = tokens.numbers.len() + targets.numbers.len();
    anyhow::ensure!(
        numbers <= MAX_NUMBERS,
        "{numbers} numbers; {MAX_NUMBERS} are supported"
    );
    let ids = ids("token", tokens, 0, sizes.d_vocab)?;
    let classes = self::ids("target", targets, -1, sizes.d_vocab_out.or(sizes.d_vocab))?;
    // the columns in which anything is right
    let columns: Vec<usize> = (0..asked)
        .filter(|&column| (0..rows).any(|row| targets.row(row)[column] >= 0))
        .collect();
    anyhow::ensure!(!columns.is_empty(), "no target is right anywhere");
    let listed = listed(tokens, targets, &columns)?;
    let again = rows - listed.len();
    let twice = (again > 0)
        .then(|| format!("{again} of {rows} rows stand there more than once, and count once"));
    let answer = |(i, &column): (usize, &usize)| Answer {
        name: format!("target_{i}"),
        group: "target".into(),
        read_at: len - asked + column,
        fed_back: None,
    };
    let inputs: Arc<Vec<Vec<Token>>> =
        Arc::new((0..rows).map(|row| as_tokens(tokens.row(row))).collect());
    let known = Arc::new(listed.clone());
    let exists: Arc<Exists> = Arc::new(move |asked| {
        Ok(asked
            .iter()
            .map(|&input| known.contains_key(input))
            .collect())
    });
    let draw: Arc<Draw> =
        Arc::new(move |rng| Ok(inputs[below(rng, inputs.len() as u32) as usize].clone()));
    Ok(Spec {
        name: String::new(),
        options: Vec::new(),
        answers: columns.iter().enumerate().map(answer).collect(),
        rule: Rule::Listed(listed),
        exists: Some(exists),
        draw: Some(draw),
        notes: twice.into_iter().collect(),
        ..Spec::raw(len, ids as usize, classes as usize)
    })
}

fn as_tokens(row: &[i64]) -> Vec<Token> {
    row.iter().map(|&id| id as Token).collect()
}

/// How many ids there are: as many as the checkpoint has, else up to the largest that is used.
fn ids(what: &str, table: &Table, least: i64, known: Option<usize>) -> anyhow::Result<u32> {
    let numbers = &table.numbers;
    let largest = numbers.iter().copied().max().unwrap_or(0).max(0);
    let n = known.unwrap_or(largest as usize + 1).clamp(1, MAX_IDS);
    match numbers.iter().position(|&id| id < least || id >= n as i64) {
        Some(at) => anyhow::bail!(
            "{what} {} in row {} (the first is 0) is not from 0 to {}",
            numbers[at],
            at / table.width.max(1),
            n - 1
        ),
        None => Ok(n as u32),
    }
}

fn listed(tokens: &Table, targets: &Table, columns: &[usize]) -> anyhow::Result<Rows> {
    let mut rows: Rows = HashMap::with_capacity(tokens.rows());
    for number in 0..tokens.rows() {
        let row = targets.row(number);
        let target = |&column: &usize| match row[column] {
            id @ 0.. => Target::One(id as Token),
            _ => Target::Nothing,
        };
        let right: Vec<Target> = columns.iter().map(target).collect();
        let before = rows.insert(as_tokens(tokens.row(number)), right.clone());
        anyhow::ensure!(
            before.is_none_or(|before| before == right),
            "row {number} has the tokens of a row before it and other targets"
        );
    }
    Ok(rows)
}
