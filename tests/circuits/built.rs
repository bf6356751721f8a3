//! The circuits, and what is true of each. Beside what does the task every model has heads that attend, read
//! and write, into spaces that nothing reads on the way to a logit: a method that names them is wrong.

use super::hand::{Hand, spaces, task};
use circuitscope::lens::{Direction, Experiment, Measure, Source};
use circuitscope::model::config::{Activation, Mlp, PositionalEmbedding};
use circuitscope::model::{Config, HookedTransformer};

/// A circuit, and the truth of it.
pub struct Known {
    pub name: &'static str,
    pub model: HookedTransformer,
    /// All that its task has.
    pub inputs: u64,
    /// What `minimal` must leave on.
    pub minimal: &'static [&'static str],
    /// Heads and MLPs that write the answer.
    pub attribution: &'static [&'static str],
    /// Paths that bring it.
    pub paths: &'static [&'static str],
    /// Of what a node has to know: `z 0.0@t_1 t_0`.
    pub depends: &'static [&'static str],
    pub pairs: Vec<Pair>,
}

/// Two prompts, and what of the clean run the corrupted one's activations change.
pub struct Pair {
    pub clean: &'static str,
    pub corrupted: &'static str,
    /// Cells of the grids of layer by position, and of neurons.
    pub cells: &'static [&'static str],
    /// Edges, at all positions at once.
    pub edges: &'static [&'static str],
}

impl Pair {
    /// The pair without interventions, patched from corrupted into clean.
    pub fn experiment(&self, model: &HookedTransformer) -> Experiment {
        let source = |text: &str| Source::new(model.task().parse_prompt(text).unwrap().values);
        Experiment {
            clean: source(self.clean),
            corrupted: source(self.corrupted),
            direction: Direction::Noise,
            metric: None,
            measure: Measure::default(),
            interventions: Vec::new(),
            sample: "random:3:32".parse().unwrap(),
        }
    }
}

/// All of them.
pub fn all() -> Vec<Known> {
    vec![previous_token(), induction(), copy_by_index(), table()]
}

fn config(layers: usize, widths: [usize; 2], n_ctx: usize, vocabularies: [usize; 2]) -> Config {
    let positions = PositionalEmbedding::Standard;
    Config::attention_only([layers, 2], widths, n_ctx, vocabularies, positions)
}

fn same(from: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..width).map(move |i| (from + i, i))
}

/// Head 0.0 looks one back and says what stands there; 0.1, 1.0 and 1.1 do nothing for it.
fn previous_token() -> Known {
    let task = task(
        r#"
tokens = numbers(4) + ["BOS"]
layout = "BOS t[4]"
fields = {"t": below(4)}
answers = {"before": "t"}

def before(t):
    return ["BOS"] + t[:-1]
"#,
    );
    let ([tokens, positions, out, idle, further], width) = spaces([5; 5]);
    let mut hand = Hand::new(config(2, [width, 5], 5, [5, 5]), task);
    hand.embed(tokens, positions);
    hand.unembed(out);
    let back = (1..5).map(|at| (positions + at, at - 1));
    hand.looks([0, 0], back, same(positions, 5));
    hand.copies([0, 0], tokens, out, 5);
    hand.looks([0, 1], same(positions, 5), same(positions, 5));
    hand.copies([0, 1], tokens, idle, 5);
    hand.copies([1, 0], idle, further, 5);
    hand.looks([1, 1], same(tokens, 5), same(tokens, 5));
    hand.copies([1, 1], tokens, further, 5);
    Known {
        name: "previous token",
        model: hand.model(),
        inputs: 256,
        minimal: &["L0.0->logits"],
        attribution: &["0.0"],
        paths: &["0.0"],
        depends: &["z 0.0@t_1 t_0", "z 0.0@t_2 t_1", "z 0.0@t_3 t_2"],
        pairs: vec![Pair {
            clean: "0 1 2 3",
            corrupted: "0 2 2 3",
            cells: &[
                "resid_pre 0@t_1",
                "resid_pre 1@t_2",
                "attn_out 0@t_2",
                "z 0.0@t_2",
                "v 0.0@t_1",
            ],
            edges: &["embed->V0.0", "L0.0->logits"],
        }],
    }
}

/// Head 0.0 tells each place of the list what stands before it; 1.0 looks for the place that was told what the
/// query is, and says what stands there: K-composition.
fn induction() -> Known {
    let task = task(
        r#"
tokens = numbers(5) + ["BOS"]
classes = numbers(5)
layout = "BOS a[4] q"
fields = {"a": distinct(below(5)), "q": below(5)}
answers = {"next": "q"}

def next(a, q):
    return a[a.index(q) + 1]

def exists(a, q):
    return q in a[:-1]
"#,
    );
    let ([tokens, positions, told, out, idle, further], width) = spaces([6; 6]);
    let mut hand = Hand::new(config(2, [width, 6], 6, [6, 5]), task);
    hand.embed(tokens, positions);
    hand.unembed(out);
    // the query's own position is told BOS, which no query is
    let back = (1..5).map(|at| (positions + at, at - 1));
    let back = back.chain([(positions + 5, 0)]);
    hand.looks([0, 0], back, same(positions, 6));
    hand.copies([0, 0], tokens, told, 6);
    hand.looks([1, 0], same(tokens, 6), same(told, 6));
    hand.copies([1, 0], tokens, out, 6);
    hand.looks([0, 1], same(tokens, 6), same(tokens, 6));
    hand.copies([0, 1], tokens, idle, 6);
    hand.copies([1, 1], idle, further, 6);
    Known {
        name: "induction",
        model: hand.model(),
        inputs: 360,
        minimal: &["embed->Q1.0", "L0.0->K1.0", "embed->V1.0"],
        attribution: &["1.0"],
        paths: &["1.0"],
        // a query that is neither a_1 nor a_2 is a_0, so that what is said needs no more than these
        depends: &[
            "z 0.0@a_1 a_0",
            "z 0.0@a_2 a_1",
            "z 0.0@a_3 a_2",
            "z 1.0@q a_1",
            "z 1.0@q a_2",
            "z 1.0@q a_3",
            "z 1.0@q q",
        ],
        pairs: vec![
            Pair {
                clean: "0 1 2 3 0",
                corrupted: "0 1 2 3 1",
                cells: &[
                    "resid_pre 0@q",
                    "resid_pre 1@q",
                    "attn_out 1@q",
                    "z 1.0@q",
                    "q 1.0@q",
                    "pattern 1.0@q",
                ],
                edges: &["embed->Q1.0", "L1.0->logits"],
            },
            Pair {
                clean: "0 1 2 3 0",
                corrupted: "0 4 2 3 0",
                cells: &[
                    "resid_pre 0@a_1",
                    "resid_pre 1@a_1",
                    "attn_out 1@q",
                    "z 1.0@q",
                    "v 1.0@a_1",
                ],
                edges: &["embed->V1.0", "L1.0->logits"],
            },
            // the query stands elsewhere: what two places were told decides
            Pair {
                clean: "0 1 2 3 0",
                corrupted: "4 1 0 3 0",
                cells: &[
                    "resid_pre 0@a_0",
                    "resid_pre 0@a_2",
                    "resid_pre 1@a_1",
                    "resid_pre 1@a_3",
                    "attn_out 0@a_1",
                    "attn_out 0@a_3",
                    "attn_out 1@q",
                    "z 0.0@a_1",
                    "z 0.0@a_3",
                    "z 1.0@q",
                    "v 0.0@a_0",
                    "v 0.0@a_2",
                    "k 1.0@a_1",
                    "k 1.0@a_3",
                    "pattern 1.0@q",
                ],
                edges: &["embed->V0.0", "L0.0->K1.0", "L1.0->logits"],
            },
        ],
    }
}

/// At the index head 0.0 fetches what the index names; 1.0 carries it one further and says it: V-composition.
fn copy_by_index() -> Known {
    let task = task(
        r#"
tokens = numbers(4) + ["BOS", "="]
classes = numbers(4)
layout = "BOS a[3] idx ="
fields = {"a": below(4), "idx": below(3)}
answers = {"picked": "="}

def picked(a, idx):
    return a[idx]
"#,
    );
    let ([tokens, positions, fetched, out, idle, further], width) = spaces([6; 6]);
    let mut hand = Hand::new(config(2, [width, 6], 6, [6, 4]), task);
    hand.embed(tokens, positions);
    hand.unembed(out);
    let named = (0..3).map(|idx| (tokens + idx, idx + 1));
    hand.looks([0, 0], named, same(positions, 6));
    hand.copies([0, 0], tokens, fetched, 6);
    hand.looks([1, 0], [(positions + 5, 4)], same(positions, 6));
    hand.copies([1, 0], fetched, out, 6);
    hand.looks([0, 1], same(tokens, 6), same(tokens, 6));
    hand.copies([0, 1], tokens, idle, 6);
    hand.copies([1, 1], idle, further, 6);
    Known {
        name: "copy by index",
        model: hand.model(),
        inputs: 192,
        // where 1.0 looks hangs on positions alone, which no edge carries
        minimal: &["L0.0->V1.0"],
        attribution: &["1.0"],
        paths: &["0.0>1.0"],
        depends: &[
            "z 0.0@idx a_0",
            "z 0.0@idx a_1",
            "z 0.0@idx a_2",
            "z 0.0@idx idx",
            "z 1.0@= a_0",
            "z 1.0@= a_1",
            "z 1.0@= a_2",
            "z 1.0@= idx",
        ],
        pairs: vec![
            Pair {
                clean: "3 1 2 0",
                corrupted: "3 1 2 1",
                cells: &[
                    "resid_pre 0@idx",
                    "resid_pre 1@idx",
                    "attn_out 0@idx",
                    "attn_out 1@=",
                    "z 0.0@idx",
                    "z 1.0@=",
                    "q 0.0@idx",
                    "v 1.0@idx",
                    "pattern 0.0@idx",
                ],
                edges: &["embed->Q0.0", "L0.0->V1.0", "L1.0->logits"],
            },
            Pair {
                clean: "3 1 2 0",
                corrupted: "2 1 2 0",
                cells: &[
                    "resid_pre 0@a_0",
                    "resid_pre 1@idx",
                    "attn_out 0@idx",
                    "attn_out 1@=",
                    "z 0.0@idx",
                    "z 1.0@=",
                    "v 0.0@a_0",
                    "v 1.0@idx",
                ],
                edges: &["embed->V0.0", "L0.0->V1.0", "L1.0->logits"],
            },
        ],
    }
}

/// What the table says of a and b; by no rule.
const TABLE: [[usize; 3]; 3] = [[2, 0, 1], [1, 1, 0], [0, 2, 2]];

/// Head 0.0 brings a to b, and the MLP has a neuron for every pair of values, which says what the table does. Three
/// more neurons hear what 0.1 says, and nobody hears them.
fn table() -> Known {
    let task = task(
        r#"
tokens = numbers(3)
layout = "a b"
fields = {"a": below(3), "b": below(3)}
answers = {"entry": "b"}

def entry(a, b):
    return [[2, 0, 1], [1, 1, 0], [0, 2, 2]][a][b]
"#,
    );
    let ([tokens, positions, first, out, idle, further], width) = spaces([3, 2, 3, 3, 3, 3]);
    let config = Config {
        mlp: Some(Mlp {
            d_mlp: 12,
            act_fn: Activation::Relu,
            gated: false,
            parallel: false,
        }),
        ..config(1, [width, 3], 2, [3, 3])
    };
    let mut hand = Hand::new(config, task);
    hand.embed(tokens, positions);
    hand.unembed(out);
    hand.looks([0, 0], [(positions + 1, 0)], [(positions, 0)]);
    hand.copies([0, 0], tokens, first, 3);
    hand.looks([0, 1], same(positions, 2), same(positions, 2));
    hand.copies([0, 1], tokens, idle, 3);
    let (reads, off, writes) = (
        "blocks.0.mlp.W_in",
        "blocks.0.mlp.b_in",
        "blocks.0.mlp.W_out",
    );
    for neuron in 0..9 {
        let (a, b) = (neuron / 3, neuron % 3);
        hand.set(reads, &[first + a, neuron], 1.0);
        hand.set(reads, &[tokens + b, neuron], 1.0);
        hand.set(off, &[neuron], -1.0);
        hand.set(writes, &[neuron, out + TABLE[a][b]], 1.0);
    }
    for unheard in 0..3 {
        hand.set(reads, &[idle + unheard, 9 + unheard], 1.0);
        hand.set(writes, &[9 + unheard, further + unheard], 1.0);
    }
    Known {
        name: "table in an MLP",
        model: hand.model(),
        inputs: 9,
        minimal: &["embed->M0", "L0.0->M0"],
        attribution: &["0_mlp_out"],
        // the neurons' threshold is one of three that add up to a neuron that is on
        paths: &["mlp.0", "0.0>mlp.0", "b_in.0"],
        depends: &["z 0.0@b a", "mlp_out 0@b a", "mlp_out 0@b b"],
        pairs: vec![Pair {
            clean: "0 1",
            corrupted: "1 1",
            cells: &[
                "resid_pre 0@a",
                "resid_mid 0@b",
                "attn_out 0@b",
                "mlp_out 0@b",
                "z 0.0@b",
                "v 0.0@a",
                "n1@b",
                "n4@b",
            ],
            edges: &["embed->V0.0", "L0.0->M0", "M0->logits"],
        }],
    }
}
