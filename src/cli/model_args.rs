//! Which model a command is about, for which task, and what its file does not say.

use crate::findings::session::Session;
use crate::lens::slide::Wish;
use crate::model::config::Overrides;
use crate::model::device::DeviceChoice;
use crate::model::{SLIDES, Series, Slide};
use crate::task::shown;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a file does not say of a model.
const MODEL: &str = "What the checkpoint does not say";

/// Which model, and where it computes.
#[derive(Clone, Debug, Args)]
pub struct ModelArgs {
    /// Checkpoint to use, .pt or .safetensors, or a folder of them, instead of the embedded model; several
    /// (`--model step-*.pt`, or repeated) are one model at several steps
    #[arg(short, long, value_name = "PATH")]
    pub model: Vec<PathBuf>,
    /// Another model in the binary, by its name; `circuitscope slides` lists them
    #[arg(long, value_name = "NAME", value_parser = slides(), conflicts_with = "model")]
    pub slide: Option<String>,
    #[command(flatten)]
    pub said: SaidArgs,
}

/// What is said of a model, and where it computes.
#[derive(Clone, Debug, Default, Args)]
pub struct SaidArgs {
    /// The task: a built-in one (sort, or sort:list_len=5), or a task file
    #[arg(long, value_name = "NAME|FILE", help_heading = MODEL)]
    pub task: Option<String>,
    /// Where positions enter, where the file does not say: standard, shortformer, rotary or none
    #[arg(long, value_name = "KIND", help_heading = MODEL)]
    pub positions: Option<String>,
    /// Which positions attention looks at: causal or bidirectional
    #[arg(long, value_name = "DIRECTION", help_heading = MODEL)]
    pub attention: Option<String>,
    /// The token that no attention looks at, by its id
    #[arg(long, value_name = "TOKEN", help_heading = MODEL)]
    pub pad: Option<String>,
    /// The activation of the MLP: relu, gelu, gelu_new, silu or solu_ln
    #[arg(long, value_name = "NAME", help_heading = MODEL)]
    pub act: Option<String>,
    /// What a norm adds to the variance
    #[arg(long, value_name = "EPS", help_heading = MODEL)]
    pub norm_eps: Option<String>,
    /// A norm without parameters, which tensors do not show: LNPre or RMSPre
    #[arg(long, value_name = "KIND", help_heading = MODEL)]
    pub norm: Option<String>,
    /// Heads in a block, where the tensors join them
    #[arg(long = "heads", value_name = "N", help_heading = MODEL)]
    pub n_heads: Option<String>,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

/// The names that --slide knows, for its errors and for shells.
fn slides() -> PossibleValuesParser {
    PossibleValuesParser::new(SLIDES.iter().map(|slide| slide.name))
}

impl ModelArgs {
    /// Where the model is opened from, of several files the last step; `None` is the one that is opened unasked.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        let slide = self.slide.as_deref().filter(|&name| name != SLIDES[0].name);
        let slide = slide.and_then(|name| Some(Slide::named(name).ok()?.path()));
        // what is wrong with files is said where they are opened
        let last = || Some(self.several().ok()??.steps.pop()?.1);
        slide.or_else(last).or_else(|| self.model.first().cloned())
    }

    /// The steps that several files are.
    ///
    /// # Errors
    /// Names what is no file.
    pub fn several(&self) -> Result<Option<Series>> {
        if self.model.len() < 2 {
            return Ok(None);
        }
        let files = self.model.iter();
        // as the workbench keeps paths
        let files = files.map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()));
        Series::of_files(&files.collect::<Vec<_>>()).map(Some)
    }

    /// What the flags say of a model and its task.
    ///
    /// # Errors
    /// Names the flag that is wrong.
    pub fn wish(&self) -> Result<Wish> {
        let wish = self.said.wish()?;
        let path = self.path();
        let is_file = path.is_some_and(|path| Slide::of_path(&path).is_none());
        ensure!(
            is_file || wish.overrides == Overrides::default(),
            "the models in the binary say all of themselves; --model names another"
        );
        Ok(wish)
    }
}

/// The one flag that is not about the model itself.
const TASK: &str = "task";

impl SaidArgs {
    /// The flags that were given, by name; a file of a task by its whole path.
    #[must_use]
    pub fn flags(&self) -> BTreeMap<String, String> {
        let mut said = self.clone();
        if let Some(task) = &mut said.task {
            let path = std::path::absolute(&*task).unwrap_or_else(|_| PathBuf::from(&*task));
            if path.is_file() {
                *task = path.to_string_lossy().into_owned();
            }
        }
        let given = said.each().into_iter();
        given
            .filter_map(|(name, said)| Some((name.to_owned(), said.take()?)))
            .collect()
    }

    /// The flags about the model that were given, by name.
    #[must_use]
    pub fn of_model(&self) -> BTreeMap<String, String> {
        let mut flags = self.flags();
        flags.remove(TASK);
        flags
    }

    /// Takes from a session what no flag says.
    pub fn fill(&mut self, session: &Session) {
        for (name, said) in self.each() {
            if said.is_none() {
                *said = match name {
                    TASK => session.task_named(),
                    _ => session.model.said.get(name).cloned(),
                };
            }
        }
    }

    /// All flags, by name.
    fn each(&mut self) -> [(&'static str, &mut Option<String>); 8] {
        [
            (TASK, &mut self.task),
            ("positions", &mut self.positions),
            ("attention", &mut self.attention),
            ("pad", &mut self.pad),
            ("act", &mut self.act),
            ("norm-eps", &mut self.norm_eps),
            ("norm", &mut self.norm),
            ("heads", &mut self.n_heads),
        ]
    }

    /// The same, from [`Self::flags`].
    ///
    /// # Errors
    /// When there is no such flag.
    pub fn of_flags(flags: &BTreeMap<String, String>) -> Result<Self> {
        let mut said = Self::default();
        for (name, text) in flags {
            let flag = said.each().into_iter().find(|(one, _)| one == name);
            match flag {
                Some((_, flag)) => *flag = Some(text.clone()),
                None => bail!("there is no flag --{}", shown(name)),
            }
        }
        Ok(said)
    }

    /// What the flags say of a model and its task.
    ///
    /// # Errors
    /// Names the flag that is wrong.
    pub fn wish(&self) -> Result<Wish> {
        let mut overrides = Overrides::default();
        let mut said = self.clone();
        let of_model = said.each().into_iter().filter(|(name, _)| *name != TASK);
        for (name, said) in of_model {
            if let Some(text) = said {
                overrides
                    .set(name, text)
                    .with_context(|| format!("in --{name}"))?;
            }
        }
        Ok(Wish {
            task: self.task.clone(),
            overrides,
        })
    }
}
