//! `circuitscope circuit`: a table of the model's weights, and what its spectrum says.

use super::args::{Common, Format};
use super::common::open_model;
use super::output::{print_json, print_numbers};
use super::run::heading;
use super::table;
use crate::answers::Table;
use crate::findings::files;
use crate::findings::numbers::ModelNumbers;
use crate::lens::{
    Array, Axis, Baseline, Circuit, CircuitName, Composition, Diagonal, Directions, HeadName,
    Matrices, Side, Weight, composition, composition_baseline, pca, weight_singular_values,
};
use crate::model::Model;
use crate::model::weights::{RawTensor, StateDict, to_safetensors};
use crate::task::number::fixed;
use crate::task::shown_path;
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The random heads that a composition is compared with.
const BASELINE: (u32, usize) = (0, 16);
/// Components of an embedding that are shown.
const COMPONENTS: usize = 3;
/// Columns of a table that is printed whole.
const WHOLE: usize = 16;
/// Cells or singular values listed of a larger one.
const LISTED: usize = 10;

/// `circuitscope circuit`
#[derive(Debug, Args)]
pub struct CircuitArgs {
    /// The circuit; without one, all names are listed
    pub name: Option<String>,
    /// Divide a QK circuit by sqrt(d_head), as attention scores are
    #[arg(long)]
    pub scaled: bool,
    /// Fold norms in: centring and weights, not the scale of a run
    #[arg(long, requires = "name")]
    pub folded: bool,
    /// Write the table to a file
    #[arg(short, long, value_name = "FILE.safetensors", requires = "name")]
    pub output: Option<PathBuf>,
    /// Replace a file that is there already
    #[arg(long)]
    pub force: bool,
    /// Model, device and format
    #[command(flatten)]
    pub common: Common,
}

#[derive(Serialize)]
struct Answer {
    model: ModelNumbers,
    name: String,
    scaled: bool,
    /// Of norms and positions that turn; left out where there are neither.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    notes: BTreeMap<&'static str, String>,
    axes: Vec<&'static str>,
    rows: Vec<String>,
    cols: Vec<String>,
    /// `[row][col]`
    values: Array,
    /// Null where rows and columns are different things.
    top1_on_diagonal: Option<f64>,
    /// Likewise.
    diagonal: Option<Diagonal>,
    /// Of the table, largest first.
    singular_values: Vec<f64>,
    effective_rank: f64,
    /// Null where the table has no square part.
    copying_score: Option<f64>,
    /// Of `W_V W_O` or `W_Q W_K^T` of the one head it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_singular_values: Option<Vec<f64>>,
    /// How much the two heads of a composed circuit compose.
    #[serde(skip_serializing_if = "Option::is_none")]
    composition: Option<Composition>,
    /// The same of random heads.
    #[serde(skip_serializing_if = "Option::is_none")]
    random_composition: Option<Baseline>,
}

#[derive(Serialize)]
struct Components {
    model: ModelNumbers,
    name: String,
    rows: Vec<String>,
    cols: Vec<String>,
    values: Array,
    /// The fraction of the variance that each component explains.
    explained_variance: Vec<f64>,
}

#[derive(Serialize)]
struct Names {
    model: ModelNumbers,
    names: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When the name, the model or the file will not do.
pub fn run(args: &CircuitArgs, out: &mut dyn Write) -> Result<()> {
    if let Some(path) = &args.output {
        files::check_writable(path, args.force)?;
    }
    let model = open_model(&args.common)?;
    let config = model.transformer.config();
    let Some(name) = args.name.as_deref() else {
        let names = CircuitName::all(config).into_iter();
        let mut names: Vec<String> = names.map(|name| name.text(config)).collect();
        names.push("pca.tok".to_owned());
        names.extend(config.has_w_pos().then(|| "pca.pos".to_owned()));
        return list(args, &model, names, out);
    };
    let weights = Matrices::new(&model.transformer)?;
    match name {
        "pca.tok" => components(args, &model, &weights, Directions::Tokens, out),
        "pca.pos" => components(args, &model, &weights, Directions::Positions, out),
        _ => {
            let name = CircuitName::parse(name, config)?;
            circuit(args, &model, &weights, &name, out)
        }
    }
}

fn list(args: &CircuitArgs, model: &Model, names: Vec<String>, out: &mut dyn Write) -> Result<()> {
    ensure!(!args.scaled, "--scaled needs the NAME of a circuit");
    match args.common.format {
        Format::Json | Format::Csv => {
            let model = ModelNumbers::from(model);
            print_numbers(args.common.format, out, &Names { model, names })
        }
        Format::Text => {
            for name in names {
                writeln!(out, "{name}")?;
            }
            Ok(())
        }
    }
}

fn circuit(
    args: &CircuitArgs,
    model: &Model,
    weights: &Matrices,
    name: &CircuitName,
    out: &mut dyn Write,
) -> Result<()> {
    let circuit = match args.folded {
        true => Circuit::folded(weights, name, args.scaled)?,
        false => Circuit::new(weights, name, args.scaled)?,
    };
    let weight = match name {
        CircuitName::Ov(chain) if chain.len() == 1 => Some((chain[0], Weight::Ov)),
        CircuitName::Qk { head, .. } => Some((*head, Weight::Qk)),
        _ => None,
    };
    let weight = weight.map(|(head, which)| weight_singular_values(weights, head, which));
    let pair = composed_pair(name);
    let scores = pair.map(|(earlier, later)| composition(weights, earlier, later));
    let (seed, draws) = BASELINE;
    let answer = Answer {
        model: ModelNumbers::from(model),
        top1_on_diagonal: circuit.top1_on_diagonal(),
        diagonal: circuit.diagonal(),
        singular_values: circuit.singular_values()?,
        effective_rank: circuit.effective_rank()?,
        copying_score: circuit.copying_score()?,
        weight_singular_values: weight.transpose()?,
        composition: scores.transpose()?,
        random_composition: pair.map(|_| composition_baseline(weights, seed, draws)),
        name: circuit.name,
        scaled: circuit.scaled,
        notes: circuit.notes.into_iter().collect(),
        axes: circuit.axes.map(axis).to_vec(),
        rows: circuit.rows,
        cols: circuit.cols,
        values: circuit.values,
    };
    if let Some(path) = &args.output {
        let spectrum = &answer.singular_values;
        let table = (answer.name.as_str(), &answer.values, Some(spectrum));
        let labels = [&answer.rows, &answer.cols];
        write_file(path, args, model, table, labels)?;
    }
    match args.common.format {
        Format::Json => print_json(out, &answer),
        Format::Csv => print_csv(out, &answer.rows, &answer.cols, &answer.values),
        Format::Text => {
            writeln!(out, "{}", heading(model))?;
            print_text(out, &answer, &scale_words(model, answer.scaled))?;
            tell_file(args, out)
        }
    }
}

/// The table alone.
fn print_csv(out: &mut dyn Write, rows: &[String], cols: &[String], values: &Array) -> Result<()> {
    let table = Table {
        rows: rows.to_vec(),
        cols: cols.to_vec(),
        values: values.clone(),
        ..Table::default()
    };
    Ok(out.write_all(table.csv(&[]).as_bytes())?)
}

/// What a table's values are divided by.
fn scale_words(model: &Model, scaled: bool) -> String {
    let config = model.transformer.config();
    match scaled {
        true if config.has_usual_scale() => "after 1/sqrt(d_head)".to_owned(),
        true => format!("after 1/{}", config.attn_scale),
        false => "unscaled".to_owned(),
    }
}

fn axis(axis: Axis) -> &'static str {
    match axis {
        Axis::Tokens => "tokens",
        Axis::Logits => "logits",
        Axis::Positions => "positions",
        Axis::Both => "tokens and positions",
        Axis::Neurons => "neurons",
    }
}

/// The two heads that a composed circuit is about.
fn composed_pair(name: &CircuitName) -> Option<(HeadName, HeadName)> {
    match name {
        CircuitName::Ov(chain) => match chain[..] {
            [earlier, later] => Some((earlier, later)),
            _ => None,
        },
        CircuitName::Qk { head, query, key } => match (query, key) {
            (Side::Via(earlier), _) | (_, Side::Via(earlier)) => Some((*earlier, *head)),
            _ => None,
        },
        _ => None,
    }
}

fn components(
    args: &CircuitArgs,
    model: &Model,
    weights: &Matrices,
    embedding: Directions,
    out: &mut dyn Write,
) -> Result<()> {
    ensure!(
        !args.scaled,
        "only QK circuits are scaled (by 1/sqrt(d_head))"
    );
    ensure!(!args.folded, "no norm stands before an embedding");
    let found = pca(weights, embedding, COMPONENTS)?;
    let answer = Components {
        model: ModelNumbers::from(model),
        name: args.name.clone().unwrap_or_default(),
        cols: (1..=found.explained.len())
            .map(|k| format!("PC{k}"))
            .collect(),
        rows: found.labels,
        values: found.coordinates,
        explained_variance: found.explained,
    };
    if let Some(path) = &args.output {
        let labels = [&answer.rows, &answer.cols];
        write_file(
            path,
            args,
            model,
            (&answer.name, &answer.values, None),
            labels,
        )?;
    }
    match args.common.format {
        Format::Json => print_json(out, &answer),
        Format::Csv => print_csv(out, &answer.rows, &answer.cols, &answer.values),
        Format::Text => {
            writeln!(out, "{}", heading(model))?;
            let shares = answer.explained_variance.iter().map(|&x| fixed(x, 3));
            let shares: Vec<_> = shares.collect();
            writeln!(out, "explained variance {}\n", shares.join(" "))?;
            table::write_grid(
                out,
                &answer.name,
                &answer.rows,
                &answer.cols,
                &answer.values,
            )?;
            tell_file(args, out)
        }
    }
}

fn print_text(out: &mut dyn Write, answer: &Answer, scale: &str) -> Result<()> {
    let (rows, cols) = (answer.rows.len(), answer.cols.len());
    let (name, axes) = (&answer.name, answer.axes.join(" by "));
    writeln!(out, "{name}: {axes}, {rows} by {cols}, {scale}")?;
    for (name, words) in &answer.notes {
        writeln!(out, "{name:<19}{words}")?;
    }
    let number = |value: Option<f64>| value.map_or("n/a".into(), |x| fixed(x, 4));
    writeln!(
        out,
        "top-1 on diagonal  {}",
        number(answer.top1_on_diagonal)
    )?;
    let told = answer.diagonal.iter().flat_map(|one| one.words(one.rows));
    for (name, words) in told {
        writeln!(out, "{name:<19}{words}")?;
    }
    writeln!(out, "copying score      {}", number(answer.copying_score))?;
    writeln!(
        out,
        "effective rank     {}",
        fixed(answer.effective_rank, 2)
    )?;
    let listed = |values: &[f64]| {
        let values = values.iter().take(LISTED).map(|&s| fixed(s, 3));
        values.collect::<Vec<_>>().join(" ")
    };
    writeln!(
        out,
        "singular values    {}",
        listed(&answer.singular_values)
    )?;
    if let Some(values) = &answer.weight_singular_values {
        writeln!(out, "of the weights     {}", listed(values))?;
    }
    if let (Some(found), Some(random)) = (&answer.composition, &answer.random_composition) {
        writeln!(
            out,
            "composition        Q {}, K {}, V {}; random heads {} with a standard deviation of {} \
             ({} draws, seed {})",
            fixed(found.q, 4),
            fixed(found.k, 4),
            fixed(found.v, 4),
            fixed(random.mean, 4),
            fixed(random.std, 4),
            random.draws,
            random.seed
        )?;
    }
    writeln!(out)?;
    if cols <= WHOLE {
        table::write_grid(out, "", &answer.rows, &answer.cols, &answer.values)?;
    } else {
        writeln!(out, "largest cells (row, column, value)")?;
        table::write_largest(out, LISTED, &answer.rows, &answer.cols, &answer.values)?;
    }
    Ok(())
}

fn tell_file(args: &CircuitArgs, out: &mut dyn Write) -> Result<()> {
    if let Some(path) = &args.output {
        writeln!(out, "\nwritten to {}", shown_path(path))?;
    }
    Ok(())
}

/// `circuit.NAME`, and where it has one its spectrum `svd.NAME`; labels in the metadata.
fn write_file(
    path: &Path,
    args: &CircuitArgs,
    model: &Model,
    (name, values, spectrum): (&str, &Array, Option<&Vec<f64>>),
    [rows, cols]: [&Vec<String>; 2],
) -> Result<()> {
    let mut tensors = StateDict::new();
    let table = RawTensor {
        shape: values.shape().to_vec(),
        data: values.values().to_vec(),
    };
    tensors.insert(format!("circuit.{name}"), table);
    if let Some(spectrum) = spectrum {
        let data: Vec<f32> = spectrum.iter().map(|&s| s as f32).collect();
        let shape = vec![data.len()];
        tensors.insert(format!("svd.{name}"), RawTensor { shape, data });
    }
    let labels = |labels| serde_json::to_string(labels).context("labels");
    let metadata = BTreeMap::from([
        ("format".to_owned(), "circuitscope-circuit-1".to_owned()),
        ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("model".to_owned(), model.name.clone()),
        ("model_hash".to_owned(), model.hash.clone()),
        ("scaled".to_owned(), args.scaled.to_string()),
        ("folded".to_owned(), args.folded.to_string()),
        ("rows".to_owned(), labels(rows)?),
        ("cols".to_owned(), labels(cols)?),
    ]);
    files::write(path, &to_safetensors(&tensors, &metadata)?, args.force)
}
