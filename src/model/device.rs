//! Where to compute: the processor, or an NVIDIA GPU where there is one and this build can use it.

use crate::task::{harmless, shown};
use anyhow::{Context, Result};
use candle_core::Device;
use std::fmt;
use std::str::FromStr;

/// What the user asked for: `auto`, `cpu`, `cuda` or `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The processor, and beside it a GPU for what is large, if one can be used; else a note that
    /// says why not.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// This GPU or an error.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|n| n.parse().ok())
                .map(Self::Cuda)
                .with_context(|| format!("no device '{}'; auto, cpu, cuda or cuda:N", shown(text))),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

/// A device in use.
#[derive(Clone, Debug)]
pub struct Picked {
    /// The device. Create it once: tensors of two GPU devices do not mix, even of the same GPU.
    pub device: Device,
    /// A GPU for work of many rows, where the choice is left to us.
    pub for_many: Option<Device>,
    /// Its name on screen: `cpu`, `cuda:0`, `cpu + cuda:0`.
    pub name: String,
    /// Why `auto` did not take a GPU, where that may surprise.
    pub note: Option<String>,
}

/// From so many rows on a batch goes to the GPU that stands beside the processor. A pass launches
/// about 60 kernels, whatever its width, and their launches take as long as a processor needs for
/// tens of rows; below this little is to be gained. Reckoned, not measured: see `docs/gpu.md`.
pub const MANY_ROWS: usize = 256;

impl Picked {
    /// Where a batch of so many rows is computed.
    #[must_use]
    pub fn for_rows(&self, rows: usize) -> &Device {
        let many = self.for_many.as_ref().filter(|_| rows >= MANY_ROWS);
        many.unwrap_or(&self.device)
    }
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// When a GPU was asked for by name and cannot be used; `auto` falls back instead.
    pub fn open(self) -> Result<Picked> {
        let cpu = |note| Picked {
            device: Device::Cpu,
            for_many: None,
            name: "cpu".into(),
            note,
        };
        match self {
            Self::Cpu => Ok(cpu(None)),
            Self::Cuda(n) => open_cuda(n).with_context(|| {
                format!("device cuda:{n} cannot be used; --device cpu always works")
            }),
            Self::Auto if cfg!(feature = "cuda") => Ok(match open_cuda(0) {
                Ok(gpu) => Picked {
                    for_many: Some(gpu.device),
                    name: format!("cpu + {}", gpu.name),
                    ..cpu(None)
                },
                Err(error) => cpu(Some(format!("no GPU in use: {error}"))),
            }),
            Self::Auto => Ok(cpu(None)),
        }
    }
}

fn open_cuda(n: usize) -> Result<Picked> {
    anyhow::ensure!(
        cfg!(feature = "cuda"),
        "this build has no CUDA; build it with --features cuda"
    );
    // The driver's loader panics where its library is missing; that is no reason to die.
    let opened = std::panic::catch_unwind(|| Device::new_cuda(n))
        .map_err(|_| anyhow::anyhow!("the CUDA driver could not be loaded"))?;
    // candle's error carries a backtrace behind its first line
    let device = opened.map_err(|error| {
        let text = error.to_string();
        anyhow::anyhow!("{}", harmless(text.lines().next().unwrap_or("CUDA error")))
    })?;
    Ok(Picked {
        device,
        for_many: None,
        name: format!("cuda:{n}"),
        note: None,
    })
}

/// Every device this build can see, with what is to be said of each.
#[must_use]
pub fn list() -> Vec<(String, String)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = vec![("cpu".to_owned(), format!("available, {threads} threads"))];
    if !cfg!(feature = "cuda") {
        all.push((
            "cuda".into(),
            "not in this build (cargo feature cuda)".into(),
        ));
        return all;
    }
    for n in 0..16 {
        match open_cuda(n) {
            Ok(picked) => all.push((picked.name, "available".into())),
            Err(error) if n == 0 => all.push(("cuda:0".into(), format!("not usable: {error}"))),
            Err(_) => break,
        }
    }
    all
}
