//! What several tests share.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::{Device, Tensor};
use circuitscope::lens::{
    Action, Averaged, Directions, From, Intervention, RunName, Sender, Spanned, StreamDirection,
    Subspace, Target,
};
use circuitscope::model::config::{Activation, AttentionDir, Mlp};
use circuitscope::model::config::{Normalization, PositionalEmbedding};
use circuitscope::model::device::DeviceChoice;
use circuitscope::model::{Axes, Config, HookName, HookedTransformer, Model, Site};
use circuitscope::task::{Agreement, Field, Task, Token, Values, below};
use rand_mt::Mt;
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A set of tensors by name.
pub type Tensors = HashMap<String, Tensor>;

/// The folder beside the project that holds the reference checkpoint and its golden values. Where
/// it is absent a test says so, loudly, and the embedded model's own golden values stand in; where
/// it is there, everything in it must be right.
pub fn shared() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if folder.is_dir() {
        return Some(folder);
    }
    // straight to stderr: what a passing test prints is kept from the screen
    let text = b"SKIPPED LOUDLY: ../shared is absent, the reference checkpoint is not tested\n";
    std::io::stderr().write_all(text).unwrap();
    None
}

/// Where the models of tests compute: the processor, or what `CIRCUITSCOPE_TEST_DEVICE` names.
/// `docs/gpu.md` says which tests are run on a GPU.
pub fn device() -> &'static Device {
    // opened once: tensors of two GPU devices do not mix, even of the same GPU
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| {
        let name = std::env::var("CIRCUITSCOPE_TEST_DEVICE");
        let choice = name.map_or(DeviceChoice::Cpu, |name| name.parse().unwrap());
        choice.open().unwrap().device
    })
}

/// The embedded model.
pub fn embedded() -> Model {
    Model::embedded(device()).unwrap()
}

/// The reference checkpoint, its golden tensors and scalars.
pub fn reference() -> Option<(Model, Tensors, serde_json::Value)> {
    let shared = shared()?;
    let model = Model::open(&shared.join("models/array_indexing_model.pt"), device()).unwrap();
    let tensors = shared.join("reference/reference.safetensors");
    let tensors = candle_core::safetensors::load(tensors, &Device::Cpu).unwrap();
    let scalars = std::fs::read_to_string(shared.join("reference/reference.json")).unwrap();
    Some((model, tensors, serde_json::from_str(&scalars).unwrap()))
}

/// The embedded model's golden tensors and scalars, made once by `tests/golden/make_golden.py`.
pub fn embedded_golden() -> (Model, Tensors, serde_json::Value) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let tensors =
        candle_core::safetensors::load(folder.join("golden.safetensors"), &Device::Cpu).unwrap();
    let scalars = std::fs::read_to_string(folder.join("golden.json")).unwrap();
    (embedded(), tensors, serde_json::from_str(&scalars).unwrap())
}

/// A small model with random weights and biases, large enough that attention is uneven.
pub fn random_model(
    [layers, heads]: [usize; 2],
    positions: PositionalEmbedding,
    task: Task,
    seed: u32,
) -> HookedTransformer {
    let config = Config::attention_only(
        [layers, heads],
        [16, 8],
        task.seq_len(),
        [task.d_vocab(), task.classes.len()],
        positions,
    );
    random_of(config, task, seed)
}

/// A model of any config with random weights.
pub fn random_of(config: Config, task: Task, seed: u32) -> HookedTransformer {
    let mut rng = Mt::new(seed);
    let mut number = || (rng.next_u32() as f32 / u32::MAX as f32 - 0.5) * 1.2;
    let tensors = config.parameters().into_iter().map(|(name, shape)| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| number()).collect();
        let tensor = Tensor::from_vec(values, shape, device()).unwrap();
        (name, tensor)
    });
    let tensors = tensors.collect();
    HookedTransformer::from_tensors(config, task, device(), &tensors).unwrap()
}

/// Models with more than attention: MLPs, norms, other positions, other directions.
pub fn beyond(task: Task) -> Vec<(&'static str, HookedTransformer)> {
    let plain = |positions| {
        let tokens = [task.d_vocab(), task.classes.len()];
        Config::attention_only([2, 2], [16, 8], task.seq_len(), tokens, positions)
    };
    let mlp = |act_fn, gated, parallel| {
        Some(Mlp {
            d_mlp: 12,
            act_fn,
            gated,
            parallel,
        })
    };
    let ahead = AttentionDir::Bidirectional;
    let configs = vec![
        (
            "MLP and layernorms",
            Config {
                mlp: mlp(Activation::Gelu, false, false),
                normalization: Normalization::Ln,
                ..plain(PositionalEmbedding::Standard)
            },
        ),
        (
            "gated MLP beside attention, RMS norms",
            Config {
                mlp: mlp(Activation::Silu, true, true),
                normalization: Normalization::Rms,
                ..plain(PositionalEmbedding::Standard)
            },
        ),
        (
            "rotary positions, shared keys",
            Config {
                n_heads: 4,
                n_key_value_heads: 2,
                mlp: mlp(Activation::Relu, false, false),
                ..plain(PositionalEmbedding::Rotary)
            },
        ),
        (
            "shortformer with norms",
            Config {
                normalization: Normalization::LnPre,
                ..plain(PositionalEmbedding::Shortformer)
            },
        ),
        (
            "ReLU and layernorms",
            Config {
                mlp: mlp(Activation::Relu, false, false),
                normalization: Normalization::Ln,
                ..plain(PositionalEmbedding::Standard)
            },
        ),
        (
            "ReLU beside attention, another scale",
            Config {
                mlp: mlp(Activation::Relu, false, true),
                normalization: Normalization::RmsPre,
                attn_scale: 1.0,
                ..plain(PositionalEmbedding::None)
            },
        ),
        (
            "both directions",
            Config {
                attention_dir: ahead,
                mlp: mlp(Activation::SoluLn, false, false),
                normalization: Normalization::Ln,
                ..plain(PositionalEmbedding::Standard)
            },
        ),
        (
            "both directions, padding",
            Config {
                attention_dir: ahead,
                pad_token: Some(6),
                ..plain(PositionalEmbedding::Standard)
            },
        ),
        (
            "padding",
            Config {
                pad_token: Some(4),
                ..plain(PositionalEmbedding::Standard)
            },
        ),
    ];
    let built = configs.into_iter().zip(40..).map(|((name, config), seed)| {
        let model = random_of(config, task, seed);
        (name, model)
    });
    built.collect()
}

/// A random input of the task.
pub fn random_update(task: Task, rng: &mut Mt) -> Values {
    task.drawn(rng)
}

/// An array update.
pub fn update(task: Task, a: &[Token], idx: Token, elt: Token) -> Values {
    Values::new(task, [a, &[idx, elt]].concat())
}

/// A field by its name.
pub fn field(task: Task, name: &str) -> Field {
    task.field(name).unwrap()
}

/// What an array update is made of.
pub trait Parts {
    /// The list.
    fn a(&self) -> Vec<Token>;
    /// The index.
    fn idx(&self) -> Token;
    /// The element.
    fn elt(&self) -> Token;
    /// The right answers, which there are.
    fn answers(&self) -> Vec<Token>;
}

impl Parts for Values {
    fn a(&self) -> Vec<Token> {
        self.tokens()[..self.tokens().len() - 2].to_vec()
    }
    fn idx(&self) -> Token {
        self.tokens()[self.tokens().len() - 2]
    }
    fn elt(&self) -> Token {
        self.tokens()[self.tokens().len() - 1]
    }
    fn answers(&self) -> Vec<Token> {
        self.truth()
            .iter()
            .map(|one| one.token().unwrap())
            .collect()
    }
}

/// Any intervention that a line can say.
pub fn random_intervention(task: Task, config: &Config, rng: &mut Mt) -> Intervention {
    let any = |rng: &mut Mt, n: usize| below(rng, n as u32) as usize;
    let hooks: Vec<HookName> = HookName::known(config).collect();
    let hook = hooks[any(rng, hooks.len())];
    let is_attention = hook.axes() == Axes::HeadDestSrc;
    let numbers = [0.0, -1.0, 0.5, 2.0, 0.001, -3.25, 1e-3 / 3.0];
    let number = numbers[any(rng, numbers.len())];
    let fields = |rng: &mut Mt| {
        let all = ["idx", "elt", "a_0"].map(|name| field(task, name));
        let kept = all.into_iter().filter(|_| any(rng, 2) == 0);
        kept.collect::<Vec<Field>>()
    };
    let is_stream = hook.is_stream();
    let action = match any(rng, 10) {
        0 => Action::Patch(From::Run(RunName::Clean)),
        1 => Action::Patch(From::Run(RunName::Corrupted)),
        2 => Action::Zero,
        3 => Action::Scale(number),
        4 => Action::Set(number),
        5 => Action::Patch(From::Example(1 + any(rng, 256))),
        6 => Action::Patch(From::Mean(Averaged::Sample, Agreement::nothing())),
        7 => Action::Patch(From::Resample {
            keep: fields(rng).into(),
            seed: any(rng, 3) as u32,
        }),
        8 if is_stream => {
            let directions = [
                StreamDirection::Embed(task.d_vocab() as Token - 2),
                StreamDirection::Unembed(1),
                StreamDirection::Pos(2),
            ];
            let known = 2 + usize::from(config.has_w_pos());
            Action::Add(directions[any(rng, known)], number)
        }
        8 if !is_attention => return random_edge(task, config, rng),
        _ if is_attention => Action::Knock,
        _ if matches!(hook, HookName::Block(_, Site::Q | Site::V)) => {
            Action::Rank(any(rng, config.d_head + 1))
        }
        _ if is_stream => {
            let all = Directions::all(config);
            let of = all[(number.abs() * 8.0) as usize % all.len()];
            let part = match number > 0.5 {
                true => Spanned::Span,
                false => Spanned::Components(1 + config.d_model / 2),
            };
            Action::Project(Subspace { of: Some(of), part }, number < 0.0)
        }
        _ => Action::Zero,
    };
    let len = task.seq_len();
    let place = |rng: &mut Mt| (any(rng, 3) > 0).then(|| any(rng, len));
    let target = if is_attention {
        Target::Cell {
            dest: place(rng),
            src: place(rng),
        }
    } else {
        let first = place(rng);
        let mut list: Vec<usize> = first.into_iter().chain(place(rng)).collect();
        list.sort_unstable();
        list.dedup();
        Target::Positions((!list.is_empty()).then_some(list))
    };
    let has_heads = hook.axes() != Axes::Pos;
    Intervention {
        action,
        hook,
        target,
        head: if hook.has_neurons() {
            (any(rng, 2) == 0).then(|| any(rng, config.width(hook)))
        } else {
            (has_heads && any(rng, 2) == 0).then(|| any(rng, config.n_heads))
        },
    }
}

/// Any rule of an array update, in which every field has a part.
pub fn random_rule(task: Task, config: &Config, rng: &mut Mt) -> Intervention {
    let any = |rng: &mut Mt, n: usize| below(rng, n as u32) as usize;
    let hooks: Vec<HookName> = HookName::known(config).collect();
    let hook = hooks[any(rng, hooks.len())];
    let dest = 1 + any(rng, task.seq_len() - 1);
    let (query, key) = (task.label(dest), task.label(1 + any(rng, dest)));
    let is_pattern = matches!(hook, HookName::Block(_, Site::Pattern));
    let (target, mut texts) = match hook.axes() {
        Axes::HeadDestSrc if is_pattern && any(rng, 2) == 0 => (
            format!("[{query},*]"),
            vec![
                format!("one(BOS) if idx == 0 else one({key})"),
                format!("weights({{BOS: 0.25, {key}: elt / 8}})"),
                format!("uniform(BOS, {key} if a_0 == elt else {query})"),
            ],
        ),
        Axes::HeadDestSrc => (
            format!("[{query},{key}]"),
            vec!["a_0 / 4 - idx".to_owned(), "elt * 0.125".into()],
        ),
        _ => (
            format!("@{query}"),
            vec!["a_0 / 4 - idx".to_owned(), "elt * 0.125".into()],
        ),
    };
    texts.extend(["mean(idx)", "as_if(idx=0)", "as_if(a_0=elt, elt=a_0)"].map(str::to_owned));
    let text = &texts[any(rng, texts.len())];
    let line = format!("rule {hook} {target} = {text}");
    Intervention::parse(&line, task, config).unwrap()
}

/// Any edge of the model.
fn random_edge(task: Task, config: &Config, rng: &mut Mt) -> Intervention {
    let any = |rng: &mut Mt, n: usize| below(rng, n as u32) as usize;
    let layer = any(rng, config.n_layers);
    let to_logits = any(rng, 4) == 0;
    let to_mlp = !to_logits && config.mlp.is_some() && any(rng, 4) == 0;
    let (hook, writers) = if to_logits {
        let last = config.n_layers - 1;
        (HookName::Block(last, Site::ResidPost), config.n_layers)
    } else if to_mlp {
        (HookName::Block(layer, Site::MlpIn), layer)
    } else {
        let sites = [Site::QInput, Site::KInput, Site::VInput];
        (HookName::Block(layer, sites[any(rng, 3)]), layer)
    };
    let kinds = 2 + usize::from(config.mlp.is_some());
    let sender = match any(rng, 1 + kinds * writers) {
        0 => Sender::Embed,
        n if n <= writers => Sender::Layer(n - 1),
        n if n <= 2 * writers => Sender::Head(n - 1 - writers, any(rng, config.n_heads)),
        n => Sender::Mlp(n - 1 - 2 * writers),
    };
    let instead = match any(rng, 6) {
        0 | 1 => None,
        2 => Some(From::Run(RunName::Clean)),
        3 => Some(From::Run(RunName::Corrupted)),
        4 => Some(From::Mean(Averaged::Sample, Agreement::nothing())),
        _ => Some(From::Resample {
            keep: vec![field(task, "idx")].into(),
            seed: 1,
        }),
    };
    let has_head = !to_logits && !to_mlp && any(rng, 2) == 0;
    Intervention {
        action: Action::Edge(sender, instead),
        hook,
        target: Target::Positions((any(rng, 2) == 0).then(|| vec![any(rng, 3)])),
        head: has_head.then(|| any(rng, config.n_heads)),
    }
}
