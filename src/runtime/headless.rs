//! The workbench without a terminal: the same state, keys and drawing, run until idle.

use super::shelf::{self, Places, Work};
use super::switch::{Left, Opened, Opener};
use super::worker::{Answerer, begun};
use super::{curves, export, snapshot, sweeper};
use crate::answers::Question;
use crate::app::{Destination, Effect, Key, Msg, State, TrainJob, TrainNews, update};
use crate::findings::cast::{event, header};
use crate::findings::frame::{FrameFormat, animate, encode};
use crate::findings::share;
use crate::lens::slide::{open_for, open_step};
use crate::lens::{Gridding, Matrices, score};
use crate::model::Model;
use crate::ui::look::Look;
use anyhow::{Context, Result, ensure};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shot {
    /// The screen.
    Screen,
    /// The focused pane.
    Pane,
    /// For a page, light, with title and caption.
    Figure {
        /// The focused pane's numbers instead of the screen.
        pane: bool,
    },
}

/// What is around a workbench without a terminal.
pub struct Around {
    /// Another model beside it.
    pub other: Option<Model>,
    /// Whether questions to all inputs are answered: there may be millions.
    pub sweeps: bool,
    /// Whether the tutorial's steps are judged, with many walks; a picture is of the moment they are listed.
    pub judges: bool,
    /// Where snapshots and reports go.
    pub snapshots: PathBuf,
    /// Where findings are; beside the snapshots where nothing else is said.
    pub findings: Option<PathBuf>,
    /// Opens another model; without it there is none.
    pub open: Option<Opener>,
}

impl Default for Around {
    fn default() -> Self {
        Self {
            other: None,
            sweeps: false,
            judges: true,
            snapshots: PathBuf::from("."),
            findings: None,
            open: None,
        }
    }
}

/// A workbench that answers its own requests at once.
pub struct Headless {
    model: Model,
    /// The state after all keys so far.
    pub state: State,
    /// How it looks.
    pub look: Look,
    answerer: Answerer,
    /// What sweeps are computed from, once made.
    tables: Option<Matrices>,
    sweeps: bool,
    judges: bool,
    snapshots: PathBuf,
    findings: PathBuf,
    open: Option<Opener>,
    before: Left,
    /// Of grids that are too large what was not looked at yet.
    gridding: Option<(u64, Gridding)>,
    size: (u16, u16),
    left: bool,
}

impl Headless {
    /// A workbench of that many columns and rows, its first numbers computed.
    #[must_use]
    pub fn new(model: Model, state: State, look: Look, size: (u16, u16)) -> Self {
        Self::within(model, state, look, size, Around::default())
    }

    /// The same with these things around it.
    #[must_use]
    pub fn within(
        model: Model,
        mut state: State,
        look: Look,
        size: (u16, u16),
        around: Around,
    ) -> Self {
        let effects = state.start();
        let findings = around.findings;
        let mut headless = Self {
            model,
            state,
            look,
            tables: None,
            sweeps: around.sweeps,
            judges: around.judges,
            answerer: Answerer::new(around.other),
            findings: findings.unwrap_or_else(|| around.snapshots.join("findings")),
            snapshots: around.snapshots,
            open: around.open,
            before: Left::default(),
            gridding: None,
            size,
            left: false,
        };
        headless.carry_out(effects);
        headless
    }

    /// Feeds a key and computes until nothing is left to do. After the key that leaves the
    /// program nothing is taken any more.
    pub fn key(&mut self, key: Key) {
        self.send(Msg::Key(key));
    }

    /// Feeds any message.
    pub fn send(&mut self, message: Msg) {
        if self.left {
            return;
        }
        let effects = update(&mut self.state, message);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut waiting: VecDeque<Effect> = effects.into();
        while let Some(effect) = waiting.pop_front() {
            if let Effect::Switch(to) = &effect {
                let effects = match self.switch(to) {
                    Ok(()) => self.state.start(),
                    Err(error) => update(&mut self.state, Msg::Told(Err(format!("{error:#}")))),
                };
                waiting.extend(effects);
                continue;
            }
            let answer = match effect {
                Effect::Step(at) => Some(self.step(at)),
                effect => self.answer(effect),
            };
            waiting.extend(answer.into_iter().flat_map(|m| update(&mut self.state, m)));
        }
    }

    /// Shows another model from here on.
    fn switch(&mut self, to: &Destination) -> Result<()> {
        let open = self
            .open
            .as_ref()
            .context("no other model can be opened here")?;
        let Opened {
            model,
            info,
            steps,
            note,
        } = open(to)?;
        self.state = self.before.to(&self.state, info, steps)?;
        if let Some(note) = note {
            self.state.tell(note);
        }
        (self.model, self.tables, self.answerer) = (model, None, Answerer::new(None));
        Ok(())
    }

    /// Another step of the model from here on.
    fn step(&mut self, at: usize) -> Msg {
        let path = self.state.steps.as_ref().map(|steps| steps.path(at));
        let opened = open_step(
            Path::new(&path.unwrap_or_default()),
            &self.model.transformer,
        );
        let result = opened.map(|model| {
            let named = (model.name.clone(), model.hash.clone());
            (self.model, self.tables) = (model, None);
            self.answerer.forget();
            named
        });
        let result = result.map_err(|error| format!("{error:#}"));
        Msg::Stepped { at, result }
    }

    fn answer(&mut self, effect: Effect) -> Option<Msg> {
        let transformer = &self.model.transformer;
        let text = |error: anyhow::Error| format!("{error:#}");
        match effect {
            Effect::Observe(request) => {
                let begun = begun(transformer, &request.experiment, &|| false);
                let whole = begun.and_then(|begun| {
                    let (mut seen, mut gridding) = begun.context("the run broke off")?;
                    let view = Some(request.view);
                    gridding.rest(transformer, view, &mut seen, &|| false)?;
                    self.gridding =
                        (!seen.blocks.is_empty()).then_some((request.generation, gridding));
                    Ok(Box::new(seen))
                });
                Some(Msg::Observed {
                    generation: request.generation,
                    result: whole.map_err(text),
                })
            }
            Effect::Compare(path) => {
                let (task, device) = (transformer.task(), transformer.device());
                let opened = open_for(Path::new(&path), task, device);
                Some(Msg::Compared(opened.map_err(text).map(|model| {
                    let name = model.name.clone();
                    self.answerer.compare(model);
                    name
                })))
            }
            Effect::Look(view) => {
                let (generation, gridding) = self.gridding.as_mut()?;
                let more = gridding.step(transformer, Some(view), &|| false);
                Some(Msg::Gridded {
                    generation: *generation,
                    result: more.map_err(text).transpose()?,
                })
            }
            Effect::Ask(ask) => Some(match &self.state.steps {
                Some(steps) if matches!(ask.question, Question::Curves(_)) => {
                    curves::whole(&ask, &steps.series, transformer)
                }
                _ => self.answerer.answer(&self.model, &ask),
            }),
            // millions of inputs are no part of a keystroke unless they were asked for
            Effect::Space(_) if !self.sweeps => None,
            Effect::Space(request) if !self.judges && self.state.is_judging(request.generation) => {
                None
            }
            Effect::Space(request) => {
                let mut last = None;
                sweeper::answer(
                    &mut self.tables,
                    transformer,
                    &request,
                    &|| true,
                    &mut |message| {
                        last = Some(message);
                        true
                    },
                );
                last
            }
            Effect::StopSpace(_) => None,
            Effect::Export => {
                let job = snapshot::Job::export(&self.state, &self.look, &self.snapshots);
                Some(Msg::Saved(job.write().map_err(text)))
            }
            Effect::Score(sample, prompts) => Some(Msg::Scored {
                sample,
                result: score(transformer, &prompts).map_err(text),
            }),
            Effect::Snapshot => {
                let buffer = self.buffer();
                let job = snapshot::Job::new(&self.state, &self.look, buffer, &self.snapshots);
                Some(Msg::Saved(job.write().map_err(text)))
            }
            Effect::Train(TrainJob::Begin(_)) => {
                let why = "a picture trains nothing; `circuitscope train` does".to_owned();
                Some(Msg::Trained(TrainNews::Ended(Err(why))))
            }
            Effect::Train(_) => None,
            // done before it comes here: the model itself changes
            Effect::Switch(_) | Effect::Step(_) => None,
            Effect::Quit => {
                self.left = true;
                None
            }
            Effect::Shelf(job) => {
                let work = Work::new(job, &self.state, &self.look, self.size);
                Some(work.carry_out(&Places {
                    findings: Some(self.findings.clone()),
                    reports: self.snapshots.clone(),
                    slide: shelf::slide_of(&self.state),
                }))
            }
            // there is no clipboard here
            Effect::CopyTable => {
                let told = export::clipboard(&self.state).map_err(text);
                Some(Msg::Told(
                    told.map(|_| "no clipboard without a terminal".to_owned()),
                ))
            }
            Effect::Share => {
                let line = share::line(&self.state.session());
                let job = line.map(|line| snapshot::Job::line(line, &self.snapshots));
                Some(Msg::Saved(job.and_then(snapshot::Job::write).map_err(text)))
            }
            // what is outside of this program has no place in a picture of it
            Effect::Redraw | Effect::Suspend => None,
            Effect::TakeUp => Some(Msg::Told(Err("no sessions without a terminal".to_owned()))),
        }
    }

    /// The frame as it is.
    #[must_use]
    pub fn buffer(&self) -> Buffer {
        crate::ui::frame(&self.state, &self.look, self.size.0, self.size.1)
    }

    /// Feeds keys and records the screen after each, `pause` seconds apart: the same bytes every
    /// time.
    ///
    /// # Errors
    /// When the pause is no time.
    pub fn cast(&mut self, keys: &[Key], pause: f64) -> Result<String> {
        check_pause(pause)?;
        let mut cast = header(self.size.0, self.size.1, None);
        cast.push_str(&event(0.0, "o", &self.screen()?));
        for (i, key) in keys.iter().enumerate() {
            self.key(*key);
            cast.push_str(&event((i + 1) as f64 * pause, "o", &self.screen()?));
        }
        // the last screen stays as long as the others
        cast.push_str(&event((keys.len() + 1) as f64 * pause, "o", ""));
        Ok(cast)
    }

    /// Feeds keys and draws the screen after each, `pause` seconds apart, as an animated SVG.
    ///
    /// # Errors
    /// When the pause is no time, or no key changes the screen.
    pub fn animation(&mut self, keys: &[Key], pause: f64) -> Result<Vec<u8>> {
        check_pause(pause)?;
        let mut screens = vec![self.buffer()];
        for key in keys {
            self.key(*key);
            screens.push(self.buffer());
        }
        animate(screens, pause, snapshot::ground(&self.state, &self.look))
    }

    /// The frame as codes that draw it over another of its size.
    fn screen(&self) -> Result<String> {
        let ground = snapshot::ground(&self.state, &self.look);
        let codes = encode(&self.buffer(), FrameFormat::Ans, ground)?;
        let text = String::from_utf8(codes)?;
        let rows: Vec<&str> = text.lines().collect();
        Ok(format!("\x1b[?25l\x1b[H{}", rows.join("\x1b[K\r\n")))
    }

    /// The focused pane alone, as large as the frame.
    #[must_use]
    pub fn pane(&self) -> Buffer {
        let mut state = self.state.clone();
        state.view.zoomed = true;
        let (width, height) = self.size;
        // a header above, a footer below
        let whole = crate::ui::alone(&state, &self.look, width, height.saturating_add(2));
        crate::ui::figure::cut(&whole, Rect::new(0, 1, width, height))
    }

    /// For a page: the focused pane's numbers as a figure, or the screen between title and caption.
    ///
    /// # Errors
    /// When the pane has no numbers.
    pub fn figure(&self, pane: bool) -> Result<Buffer> {
        let page = snapshot::on_paper(&self.look);
        if pane {
            return Ok(snapshot::pane_figure(&self.state, &page)?.1);
        }
        let mut state = self.state.clone();
        (state.view.theme, state.status) = (0, None);
        let (width, height) = self.size;
        let screen = crate::ui::frame(&state, &page, width, height);
        let title = format!(
            "{} on {}",
            state.study().experiment().direction.name(),
            state.model.name
        );
        let caption = export::caption(&state);
        Ok(crate::ui::figure::framed(&screen, &title, &caption, &page))
    }

    /// The frame in a file's format: `txt`, `ans`, `svg`, `png`, `html`, or `json` for its numbers.
    ///
    /// # Errors
    /// When the extension is none of these.
    pub fn encode(&self, path: &Path) -> Result<Vec<u8>> {
        self.encode_as(path, Shot::Screen)
    }

    /// The same of what is asked for.
    ///
    /// # Errors
    /// As [`Headless::encode`]; when the focused pane has no numbers.
    pub fn encode_as(&self, path: &Path, shot: Shot) -> Result<Vec<u8>> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        if extension == "json" {
            return snapshot::json(&snapshot::numbers(&self.state));
        }
        let format = FrameFormat::from_extension(extension)
            .context("the file must end in .txt, .ans, .svg, .png, .html, .json or .cast")?;
        let is_text = matches!(format, FrameFormat::Txt | FrameFormat::Ans);
        ensure!(
            is_text || crate::ui::layout::has_room(self.size.0, self.size.1),
            "{} by {} cells have no room for the workbench; it needs 40 by 12",
            self.size.0,
            self.size.1
        );
        let dark = snapshot::ground(&self.state, &self.look);
        let light = snapshot::on_paper(&self.look).ground();
        match shot {
            Shot::Screen => encode(&self.buffer(), format, dark),
            Shot::Pane => encode(&self.pane(), format, dark),
            Shot::Figure { pane } => encode(&self.figure(pane)?, format, light),
        }
    }
}

fn check_pause(pause: f64) -> Result<()> {
    ensure!(
        (0.01..=60.0).contains(&pause),
        "a pause of {pause} s is not from 0.01 to 60"
    );
    Ok(())
}

/// A size such as `160x48`.
///
/// # Errors
/// When it is none, or one that no terminal has.
pub fn parse_size(text: &str) -> Result<(u16, u16)> {
    let parts = text.split_once('x');
    let parsed = parts.and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let (width, height): (u16, u16) = parsed.with_context(|| {
        let shown = crate::task::shown(text);
        format!("'{shown}' is no size; the form is COLUMNSxROWS, for example 160x48")
    })?;
    ensure!(
        (1..=500).contains(&width) && (1..=200).contains(&height),
        "size {width}x{height} is not in 1x1..500x200"
    );
    Ok((width, height))
}
