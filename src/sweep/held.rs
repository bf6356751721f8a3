//! Numbers read off the activations of a forward pass: a cell, a length, a product with a direction,
//! what a part of the model adds to a logit.

use crate::lens::{HeadName, Matrices, Matrix, StreamDirection};
use crate::model::config::PositionalEmbedding;
use crate::model::{ActivationCache, Axes, Config, HookName, Site};
use anyhow::{Context, Result};
use candle_core::Tensor;

/// A number read off one activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Where.
    pub hook: HookName,
    /// The position; of attention, the query.
    pub pos: usize,
    /// The head, where the hook point has heads.
    pub head: Option<usize>,
    /// What is read of the vector there.
    pub what: What,
}

/// What is read of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// One of its numbers, by place.
    Cell(usize),
    /// Its length.
    Norm,
    /// The product with a direction of the residual stream.
    Dot(StreamDirection),
    /// What the part brings to the logit of a class, given the scale of the last norm.
    Adds(Part, usize),
}

/// A part of the model that writes into the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What the hook point holds is what is written.
    Whole,
    /// A head, by what its attention brings together: `hook_z`.
    Head(HeadName),
    /// A neuron of a layer, by what it held: `hook_post`.
    Neuron(usize, usize),
}

/// Hook point, position and head.
pub(super) type Place = (HookName, usize, Option<usize>);
/// One an input; one alone where it is the same for all.
pub(super) type Vectors = Vec<Vec<f32>>;

/// What to multiply vectors with.
enum Reader {
    Cell(usize),
    Norm,
    Vector(Vec<f64>),
}

impl Held {
    /// A part by its name: `embed`, `pos_embed`, `0.1` (a head), `L0`, `M0`, `N0.17` (a neuron); what it
    /// adds to a class's logit at a position.
    pub fn adds(name: &str, pos: usize, class: usize, config: &Config) -> Option<Self> {
        let number = |text: &str| text.parse::<usize>().ok();
        let layer = |text: &str| number(text).filter(|&layer| layer < config.n_layers.max(1));
        let (hook, part, head) = match name {
            "embed" => (HookName::Embed, Part::Whole, None),
            "pos_embed" => (HookName::PosEmbed, Part::Whole, None),
            _ => match (name.chars().next()?, name.get(1..)?) {
                ('M', rest) => (
                    HookName::Block(layer(rest)?, Site::MlpOut),
                    Part::Whole,
                    None,
                ),
                ('L', rest) if !rest.contains('.') => (
                    HookName::Block(layer(rest)?, Site::AttnOut),
                    Part::Whole,
                    None,
                ),
                ('N', rest) => {
                    let (of, neuron) = rest.split_once('.')?;
                    let (of, neuron) = (layer(of)?, number(neuron)?);
                    let known = config.mlp.is_some_and(|mlp| neuron < mlp.d_mlp);
                    let hook = match config.is_bare() {
                        true => HookName::Post,
                        false => HookName::Block(of, Site::MlpPost),
                    };
                    (known.then_some(hook)?, Part::Neuron(of, neuron), None)
                }
                (_, rest) => {
                    let name = if name.starts_with('L') { rest } else { name };
                    let head = HeadName::parse(name, config).ok()?;
                    let hook = HookName::Block(head.layer, Site::Z);
                    (hook, Part::Head(head), Some(head.head))
                }
            },
        };
        // positions that are not part of the stream write nothing into it
        let writes = hook != HookName::PosEmbed
            || config.positional_embedding == PositionalEmbedding::Standard;
        (config.has(hook) && writes).then_some(Self {
            hook,
            pos,
            head,
            what: What::Adds(part, class),
        })
    }

    /// The number of each of the first `inputs` rows of a cache. `last` keeps what was taken from it for the
    /// next number of the same place.
    ///
    /// # Errors
    /// When the hook point holds nothing of the kind.
    pub fn of(
        &self,
        cache: &ActivationCache,
        inputs: usize,
        weights: &Matrices,
        last: &mut Option<(Place, Vectors)>,
    ) -> Result<Vec<f32>> {
        let place = (self.hook, self.pos, self.head);
        if last.as_ref().is_none_or(|(known, _)| *known != place) {
            *last = Some((place, self.taken(cache, self.hook)?));
        }
        let vectors = last.as_ref().map_or(&[][..], |(_, vectors)| vectors);
        let config = weights.config();
        let is_share = matches!(self.what, What::Adds(..));
        let scaled = is_share && config.has(HookName::FinalScale);
        let scales = scaled.then(|| self.taken(cache, HookName::FinalScale));
        let scales = scales.transpose()?;
        let reader = self.what.reader(weights);
        (0..inputs)
            .map(|input| {
                let vector = row(vectors, input)?;
                let number = reader.of(vector);
                let number = number.with_context(|| format!("{} has no such number", self.hook))?;
                let by = match &scales {
                    Some(scales) => row(scales, input)?.first().copied().unwrap_or(f32::NAN),
                    None => 1.0,
                };
                Ok((number / f64::from(by)) as f32)
            })
            .collect()
    }

    /// The vectors of a hook point at the position, one an input; one alone where it is the same for
    /// all.
    fn taken(&self, cache: &ActivationCache, hook: HookName) -> Result<Vec<Vec<f32>>> {
        let all: &Tensor = cache.get(hook)?;
        let at = |part: &Tensor, i: usize| -> Result<Tensor> {
            Ok(part.narrow(1, i.min(part.dim(1)? - 1), 1)?.squeeze(1)?)
        };
        let head = self.head.unwrap_or(0);
        let part = match hook.axes() {
            Axes::Pos => at(all, self.pos)?,
            Axes::PosHead => at(&at(all, self.pos)?, head)?,
            Axes::HeadDestSrc => at(&at(all, head)?, self.pos)?,
        };
        let rows = part.dim(0)?;
        Ok(part.reshape((rows, ()))?.to_vec2()?)
    }
}

impl What {
    fn reader(self, weights: &Matrices) -> Reader {
        let column = |m: &Matrix, j: usize| (0..m.nrows()).map(|i| m[(i, j)]).collect();
        let row = |m: &Matrix, i: usize| (0..m.ncols()).map(|j| m[(i, j)]).collect();
        Reader::Vector(match self {
            Self::Cell(place) => return Reader::Cell(place),
            Self::Norm => return Reader::Norm,
            Self::Dot(StreamDirection::Embed(token)) => row(weights.w_e(), token as usize),
            Self::Dot(StreamDirection::Unembed(class)) => column(weights.w_u(), class as usize),
            Self::Dot(StreamDirection::Pos(pos)) => row(weights.w_pos(), pos),
            Self::Adds(part, class) => {
                let w_u = weights.w_u();
                let read = Matrix::from_fn(w_u.nrows(), 1, |i, _| w_u[(i, class)]);
                let norm = weights.norm.as_ref();
                let read = norm.map_or_else(|| read.clone(), |norm| norm.before(&read));
                match part {
                    Part::Whole => column(&read, 0),
                    Part::Head(head) => column(&(&weights.head(head).w_o * &read), 0),
                    Part::Neuron(layer, neuron) => {
                        let mlp = &weights.mlps[layer];
                        let writes = match &mlp.w_out {
                            Some(w_out) => (w_out.row(neuron) * &read)[0],
                            None => read[(neuron, 0)],
                        };
                        let width = mlp.w_in.ncols();
                        (0..width)
                            .map(|one| if one == neuron { writes } else { 0.0 })
                            .collect()
                    }
                }
            }
        })
    }
}

impl Reader {
    fn of(&self, vector: &[f32]) -> Option<f64> {
        let numbers = vector.iter().map(|&x| f64::from(x));
        match self {
            Self::Cell(place) => vector.get(*place).map(|&x| f64::from(x)),
            Self::Norm => Some(numbers.map(|x| x * x).sum::<f64>().sqrt()),
            Self::Vector(with) if with.len() == vector.len() => {
                Some(numbers.zip(with).map(|(x, d)| x * d).sum())
            }
            Self::Vector(_) => None,
        }
    }
}

fn row(rows: &[Vec<f32>], input: usize) -> Result<&[f32]> {
    let row = rows.get(input).or(rows.last());
    Ok(row.context("an empty batch")?)
}
