//! Snapshots: the frame as pictures, and every number behind it.

use super::export::{about, answer_table, axes, caption, focused_table};
use crate::answers::Table;
use crate::app::State;
use crate::findings::arrays;
use crate::findings::files::{unused_stem, write_new};
use crate::findings::frame::{FrameFormat, Ground, Plot, encode};
use crate::findings::numbers::{
    AnswerNumbers, ModelNumbers, PairNumbers, SampleNumbers, SnapshotNumbers, TableNumbers, runs,
};
use crate::ui::figure::{Figure, figure};
use crate::ui::look::Look;
use crate::ui::plotted::plotted;
use crate::ui::theme_in_use;
use anyhow::{Context, Result};
use ratatui::buffer::Buffer;
use std::path::{Path, PathBuf};

/// Files that belong together, taken at the moment of the key, encoded and written later.
pub(super) struct Job {
    /// How their names begin.
    stem: &'static str,
    folder: PathBuf,
    content: Content,
}

/// A table, what it belongs to by name, and its figures: the numbers, and over axes where it is such a one.
struct Exported {
    table: Table,
    about: Vec<(String, String)>,
    figure: Buffer,
    plot: Option<Plot>,
}

enum Content {
    /// The screen and every number behind it.
    Screen(Buffer, Ground, Box<SnapshotNumbers>),
    /// A session as one line.
    Line(String),
    /// One table with what it belongs to.
    Table(Result<Box<Exported>>, Ground),
}

impl Job {
    /// A snapshot of the screen.
    pub fn new(state: &State, look: &Look, buffer: Buffer, folder: &Path) -> Self {
        let numbers = Box::new(numbers(state));
        Self {
            stem: "snapshot",
            folder: folder.to_owned(),
            content: Content::Screen(buffer, ground(state, look), numbers),
        }
    }

    /// The numbers of the focused pane.
    pub fn export(state: &State, look: &Look, folder: &Path) -> Self {
        let page = on_paper(look);
        let table = pane_figure(state, &page).map(|(table, figure)| {
            let plot = plot_of(state, &table, &page);
            let about = about(state);
            Box::new(Exported {
                table,
                about,
                figure,
                plot,
            })
        });
        Self {
            stem: "table",
            folder: folder.to_owned(),
            content: Content::Table(table, page.ground()),
        }
    }

    /// A session as one line.
    pub fn line(line: String, folder: &Path) -> Self {
        Self {
            stem: "session-line",
            folder: folder.to_owned(),
            content: Content::Line(line),
        }
    }

    /// Writes the files; their names. An existing file is never touched.
    pub fn write(self) -> Result<Vec<String>> {
        let files = match self.content {
            Content::Screen(buffer, ground, numbers) => {
                let mut files = vec![("json", json(&numbers)?)];
                for format in FrameFormat::ALL {
                    files.push((format.extension(), encode(&buffer, format, ground)?));
                }
                files
            }
            Content::Line(line) => vec![("txt", (line + "\n").into_bytes())],
            Content::Table(content, ground) => {
                let Exported {
                    table,
                    about,
                    figure,
                    plot,
                } = *content?;
                let numbers = TableNumbers::new(&table, &about);
                let picture = |format| encode(&figure, format, ground);
                let mut files = vec![
                    ("svg", picture(FrameFormat::Svg)?),
                    ("png", picture(FrameFormat::Png)?),
                    ("csv", table.csv(&about).into_bytes()),
                    ("json", json(&numbers)?),
                    (
                        "safetensors",
                        arrays::safetensors(&[arrays::of_table("table", &table)], &about)?,
                    ),
                ];
                // numbers that are none have no figure
                let drawn = plot.and_then(|plot| Some((plot.svg().ok()?, plot.png().ok()?)));
                if let Some((svg, png)) = drawn {
                    files.extend([("plot.svg", svg.into_bytes()), ("plot.png", png)]);
                }
                files
            }
        };
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make the folder {:?}", self.folder))?;
        let extensions: Vec<&str> = files.iter().map(|(extension, _)| *extension).collect();
        let stem = unused_stem(&self.folder, self.stem, &extensions);
        let mut names = Vec::new();
        for (extension, bytes) in &files {
            let name = format!("{stem}.{extension}");
            write_new(&self.folder.join(&name), bytes)?;
            names.push(name);
        }
        Ok(names)
    }
}

/// The look of a page, in the same characters.
pub(super) fn on_paper(look: &Look) -> Look {
    Look::page(look.ascii).unwrap_or_else(|_| look.clone())
}

/// The focused pane's numbers, and the figure of them.
///
/// # Errors
/// When the pane has none.
pub(super) fn pane_figure(state: &State, page: &Look) -> Result<(Table, Buffer)> {
    let table = focused_table(state)?;
    let (caption, axes) = (caption(state), axes(state));
    let figure = figure(
        &Figure {
            table: &table,
            question: state.focused_question(),
            axes: (&axes.0, &axes.1),
            caption: &caption,
        },
        page,
    );
    Ok((table, figure))
}

/// The figure over axes of the open answer.
fn plot_of(state: &State, table: &Table, page: &Look) -> Option<Plot> {
    let column = state.inquiry.as_ref()?.cursor.1;
    plotted(state.focused_question()?, table, column, page)
}

/// What the terminal's own colours are in a picture of this state.
pub(super) fn ground(state: &State, look: &Look) -> Ground {
    let theme = theme_in_use(state, &look.theme);
    Look {
        theme,
        ..look.clone()
    }
    .ground()
}

/// The JSON of a file.
pub(super) fn json(numbers: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(numbers)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Every number on the screen.
#[must_use]
pub fn numbers(state: &State) -> SnapshotNumbers {
    let task = state.task();
    let seen = state.observation.as_deref();
    SnapshotNumbers {
        format: "circuitscope-snapshot-1",
        version: env!("CARGO_PKG_VERSION"),
        model: ModelNumbers::new(&state.model.name, &state.model.hash, &state.model.config),
        device: state.model.device.clone(),
        task,
        sample: SampleNumbers {
            name: state.sample.source.to_string(),
            index: state.sample.index,
            score: state.sample.score.clone(),
        },
        stale: state.is_stale(),
        runs: seen.map(|seen| runs(task, seen)),
        patching: seen.map(|seen| PairNumbers::new(task, seen)),
        answer: state.inquiry.as_ref().map(|inquiry| AnswerNumbers {
            question: inquiry.question.line(task, &state.model.config),
            table: answer_table(state).cloned(),
        }),
    }
}
