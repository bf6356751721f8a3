//! Means over all inputs, exactly: how much of each vector the heads carry to a position is added up
//! over the whole space, and the mean is a sum of as many vectors. Attention is added up itself.

use super::block::{Block, Wanted};
use super::constants::Constants;
use super::engine::TokenBasis;
use super::input::{Input, Of};
use super::means_by_passes::{by_passes, kinds_of};
use super::program::{Program, Select};
use super::run::{Over, Progress, Sum, Sweep};
use super::tables::{Carried, Elements};
use crate::lens::{Averaged, From, HeadName, Intervention, Matrices, Matrix};
use crate::model::{Axes, HookName, HookedTransformer, Site};
use crate::task::Field;
use anyhow::{Context, Result, bail};
use candle_core::{Device, Tensor};

/// Makes the means over all inputs that these interventions need and the model does not keep yet.
/// `report` says whether to go on; when it says no, false comes back.
///
/// # Errors
/// When there are too many inputs.
pub fn make_means(
    model: &HookedTransformer,
    interventions: &[Intervention],
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<bool> {
    for one in interventions {
        let Some((From::Mean(Averaged::Space, given), hook)) = one.taken_from() else {
            continue;
        };
        let given = &given.deciding();
        if model.means().has(hook, given) {
            continue;
        }
        let made = mean(model, hook, given, report);
        match made.with_context(|| one.line(model.task()))? {
            Some(values) => model.means().keep(hook, given, values),
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// The mean of a hook point, `[combination, ...]`.
fn mean(
    model: &HookedTransformer,
    hook: HookName,
    given: &[Field],
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Result<Option<Tensor>> {
    let task = model.task();
    let Some(form) = task
        .form()
        .filter(|_| model.config().why_not_folded().is_none())
    else {
        return by_passes(model, hook, given, report);
    };
    let fields: Vec<usize> = given.iter().map(|field| field.slot).collect();
    let sizes = fields.iter().map(|&field| form.sizes[field]);
    let kinds = kinds_of(sizes)?;
    let weights = Matrices::new(model)?;
    let tables = TokenBasis::up_to(task.seq_len(), &weights, &Constants::none(&weights)?)?;
    let (program, elements) = {
        let prepared = tables.prepared();
        (prepared.program.clone(), prepared.elements.clone())
    };
    let asked = Asked::new(&program, &elements, hook);
    let added = Added {
        asked: &asked,
        kind: Select::by_fields(0, &fields, form),
        kinds,
        sums: vec![0.0; asked.sums * kinds],
    };
    let sweep = Sweep::of_tables(tables, task);
    let Some(added) = sweep.run(Over::Space, added, &mut |_, progress| report(progress))? else {
        return Ok(None);
    };
    let inputs = task.input_space() as f64 / kinds as f64;
    let mut values = Vec::new();
    let mut shape = vec![kinds];
    for kind in 0..kinds {
        let sums = &added.sums[kind * asked.sums..(kind + 1) * asked.sums];
        let sums: Vec<f64> = sums.iter().map(|sum| sum / inputs).collect();
        shape.truncate(1);
        if hook.axes() == Axes::HeadDestSrc {
            shape.extend([weights.config().n_heads, task.seq_len(), task.seq_len()]);
            values.extend(attention(&asked, &sums, hook, task.seq_len()));
            continue;
        }
        let held = Held::new(&weights, (&program, &elements), &asked, &sums);
        let by_head = held.at(&weights, hook)?;
        shape.push(task.seq_len());
        if hook.axes() == Axes::PosHead {
            shape.push(by_head.len());
        }
        shape.push(by_head[0].ncols());
        for position in 0..task.seq_len() {
            for of_head in &by_head {
                values.extend((0..of_head.ncols()).map(|j| of_head[(position, j)] as f32));
            }
        }
    }
    Ok(Some(Tensor::from_vec(values, shape, &Device::Cpu)?))
}

/// A number of a block, or 1, that is added up by the vector which an input picks.
struct Track {
    of: Option<Of>,
    /// How inputs of an index pick.
    select: Vec<Select>,
    /// Where its sums begin.
    first: usize,
}

/// All that is added up.
struct Asked {
    wanted: Wanted,
    tracks: Vec<Track>,
    /// How many sums there are for one kind of input.
    sums: usize,
}

impl Asked {
    fn new(program: &Program, elements: &Elements, hook: HookName) -> Self {
        let mut asked = Self {
            wanted: Wanted::default(),
            tracks: Vec::new(),
            sums: 0,
        };
        match hook {
            HookName::Block(layer, site @ (Site::AttnScores | Site::Pattern)) => {
                asked.attention(program, layer, site == Site::Pattern);
            }
            _ => asked.carried(program, elements),
        }
        asked
    }

    fn track(&mut self, of: Option<Of>, rows: usize, select: Vec<Select>) {
        let first = self.sums;
        self.sums += rows;
        self.tracks.push(Track { of, select, first });
    }

    /// A head's queries have to be walked, whether anything is predicted there or not.
    fn rows(&mut self, program: &Program, layer: usize) -> Vec<(usize, usize)> {
        let heads = program.heads.iter().enumerate();
        let heads = heads.filter(|(_, head)| head.name.layer == layer);
        let rows = heads.flat_map(|(head, _)| (0..program.positions).map(move |p| (head, p)));
        self.wanted.rows = rows.collect();
        self.wanted.rows.clone()
    }

    /// Every cell of a layer's attention that can be seen, row by row.
    fn attention(&mut self, program: &Program, layer: usize, pattern: bool) {
        let of = if pattern { Of::Pattern } else { Of::Score };
        let cells = self.rows(program, layer).into_iter();
        let cells: usize = cells.map(|(_, dest)| dest + 1).sum();
        for cell in 0..cells {
            let fixed = Select::fixed(0, program.form);
            self.track(Some(of(cell)), 1, vec![fixed; program.form.switches()]);
        }
    }

    /// At each position the token, then every vector that heads carry.
    fn carried(&mut self, program: &Program, elements: &Elements) {
        self.rows(program, program.layers - 1);
        self.wanted.carried = true;
        let all = 0..program.form.switches();
        let slot = |slot: usize| program.slots[slot].select.clone();
        let height = |slot: usize| program.families[program.slots[slot].family].rows.nrows();
        for position in 0..program.positions {
            let tokens = all.clone();
            let tokens = tokens.map(|idx| Program::token_at(program.form, position, idx));
            self.track(None, height(0), tokens.map(slot).collect());
            for (i, &(one, _)) in elements.all[elements.slots..].iter().enumerate() {
                let of = Of::Carried(position * elements.carried() + i);
                self.track(
                    Some(of),
                    height(one),
                    vec![slot(one); program.form.switches()],
                );
            }
        }
    }
}

/// The sums so far, by kind of input.
struct Added<'a> {
    asked: &'a Asked,
    kind: Select,
    kinds: usize,
    sums: Vec<f64>,
}

impl Sum for Added<'_> {
    fn wanted(&self) -> Wanted {
        self.asked.wanted.clone()
    }

    fn empty(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            sums: vec![0.0; self.sums.len()],
            ..*self
        }
    }

    /// Large sums want large pieces: each piece has its own.
    fn lists(&self) -> usize {
        16 * self.kinds.max(1)
    }

    fn see_all(&mut self, fields: &[usize], block: &Block<f32>) -> bool {
        let (idx, elt) = (fields[fields.len() - 2], fields.len() - 1);
        let kind = self.kind.row(fields) * self.asked.sums;
        for track in &self.asked.tracks {
            let select = &track.select[idx];
            let first = kind + track.first + select.row(fields);
            let step = self.kind.strides[elt] * self.asked.sums + select.strides[elt];
            let elements = block.elements();
            match track.of {
                Some(of) => {
                    let row = &block.row(of)[..elements];
                    if step == 0 {
                        let sum: f64 = row.iter().map(|&x| f64::from(x)).sum();
                        self.sums[first] += sum;
                    } else {
                        let to = self.sums[first..].iter_mut().step_by(step);
                        to.zip(row).for_each(|(to, &x)| *to += f64::from(x));
                    }
                }
                None if step == 0 => self.sums[first] += elements as f64,
                None => {
                    let to = self.sums[first..].iter_mut().step_by(step);
                    to.take(elements).for_each(|to| *to += 1.0);
                }
            }
        }
        true
    }

    fn see(&mut self, _input: &Input<'_>) {}

    fn join(&mut self, later: Self) {
        for (sum, later) in self.sums.iter_mut().zip(later.sums) {
            *sum += later;
        }
    }
}

/// The cells of a layer's attention, masked where nothing can be seen; `[head, dest, src]`.
fn attention(asked: &Asked, sums: &[f64], hook: HookName, len: usize) -> Vec<f32> {
    let masked = match hook {
        HookName::Block(_, Site::AttnScores) => f32::NEG_INFINITY,
        _ => 0.0,
    };
    let mut sums = sums.iter();
    let mut values = Vec::new();
    for &(_, dest) in &asked.wanted.rows {
        values.extend(sums.by_ref().take(dest + 1).map(|&sum| sum as f32));
        values.extend(std::iter::repeat_n(masked, len - dest - 1));
    }
    values
}

/// What the hook points hold in the mean, `[pos, ...]` each.
struct Held {
    embed: Matrix,
    /// By head.
    z: Vec<Matrix>,
}

impl Held {
    fn new(
        weights: &Matrices,
        (program, elements): (&Program, &Elements),
        asked: &Asked,
        sums: &[f64],
    ) -> Self {
        let width = 1 + elements.carried();
        let mut carried = Carried::new(weights, program);
        let mut held = Self {
            embed: Matrix::zeros(program.positions, weights.w_e().ncols()),
            z: vec![Matrix::zeros(program.positions, weights.config().d_head); program.heads.len()],
        };
        let add = |to: &mut Matrix, place: usize, vectors: &Matrix| {
            for position in 0..program.positions {
                let first = asked.tracks[position * width + place].first;
                for (row, &amount) in sums[first..first + vectors.nrows()].iter().enumerate() {
                    if amount != 0.0 {
                        (0..to.ncols())
                            .for_each(|j| to[(position, j)] += amount * vectors[(row, j)]);
                    }
                }
            }
        };
        add(&mut held.embed, 0, weights.w_e());
        for (i, &(slot, path)) in elements.all[elements.slots..].iter().enumerate() {
            let Some(path) = path else { continue };
            let head = program.number(program.paths[path].head);
            let vectors = carried.values(program.slots[slot].family, path);
            add(&mut held.z[head], 1 + i, &vectors);
        }
        held
    }

    /// A hook point's, head by head; one where it has no heads.
    fn at(&self, weights: &Matrices, hook: HookName) -> Result<Vec<Matrix>> {
        let len = self.embed.nrows();
        let (layer, site) = match hook {
            HookName::Embed => return Ok(vec![self.embed.clone()]),
            HookName::PosEmbed => return Ok(vec![positions(weights, len)]),
            HookName::Logits => {
                let last = self.stream(weights, weights.config().n_layers);
                return Ok(vec![through(&last, weights.w_u(), &weights.b_u)]);
            }
            HookName::Block(layer, site) => (layer, site),
            _ => anyhow::bail!("{hook} has no tables"),
        };
        let heads: Vec<HeadName> = HeadName::all(weights.config())
            .filter(|head| head.layer == layer)
            .collect();
        let stream = self.stream(weights, layer);
        let mut seen = stream.clone();
        if !weights.is_standard() {
            seen += positions(weights, len);
        }
        let each = |of: &dyn Fn(HeadName) -> Matrix| heads.iter().map(|&head| of(head)).collect();
        let z = |head: HeadName| &self.z[head.layer * weights.config().n_heads + head.head];
        Ok(match site {
            Site::ResidPre => vec![stream],
            Site::ResidPost => vec![self.stream(weights, layer + 1)],
            Site::AttnOut => vec![self.stream(weights, layer + 1) - stream],
            Site::QInput | Site::KInput | Site::VInput => vec![stream; heads.len()],
            Site::Q => {
                each(&|head| through(&seen, &weights.head(head).w_q, &weights.head(head).b_q))
            }
            Site::K => {
                each(&|head| through(&seen, &weights.head(head).w_k, &weights.head(head).b_k))
            }
            Site::V => {
                each(&|head| through(&stream, &weights.head(head).w_v, &weights.head(head).b_v))
            }
            Site::Z => each(&|head| z(head).clone()),
            Site::Result => each(&|head| z(head) * &weights.head(head).w_o),
            Site::AttnScores | Site::Pattern => bail!("{hook} is added up itself"),
            // no model with tables passes it
            _ => bail!("{hook} has no tables"),
        })
    }

    /// The stream before a layer, or behind the last.
    fn stream(&self, weights: &Matrices, layer: usize) -> Matrix {
        let len = self.embed.nrows();
        let mut stream = self.embed.clone();
        if weights.is_standard() {
            stream += positions(weights, len);
        }
        let heads = HeadName::all(weights.config()).zip(&self.z);
        for (head, z) in heads.filter(|(head, _)| head.layer < layer) {
            stream += z * &weights.head(head).w_o;
        }
        for earlier in 0..layer {
            stream = plus(&stream, weights.b_o(earlier));
        }
        stream
    }
}

fn positions(weights: &Matrices, len: usize) -> Matrix {
    weights.w_pos().subrows(0, len).to_owned()
}

fn through(x: &Matrix, w: &Matrix, b: &Matrix) -> Matrix {
    plus(&(x * w), b)
}

/// A row added to each row.
fn plus(x: &Matrix, row: &Matrix) -> Matrix {
    Matrix::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] + row[(0, j)])
}
