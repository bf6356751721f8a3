//! What each word that begins a line is for, in half a line: the palette's text.

/// Verb and what it does.
const ABOUT: &[(&str, &str)] = &[
    ("patch", "put another run's activation here"),
    ("zero", "set an activation to zero"),
    ("mean", "set it to its mean over many inputs"),
    ("resample", "take it from another input, some fields kept"),
    ("scale", "multiply it by a number"),
    ("add", "add a multiple of a token's direction to it"),
    ("set", "set it to a number"),
    ("rule", "have it follow a rule that you write"),
    ("knock", "cut off attention from one position to another"),
    ("rank", "keep only the strongest directions of a circuit"),
    ("keep", "keep only a part of the stream"),
    ("remove", "take a part out of the stream"),
    ("edge", "change what one node hands to one reader"),
    ("path", "cut one path through heads"),
    ("claim", "check a statement about every input"),
    ("cell", "check a number of an answer's table"),
    (
        "ablations",
        "what is right with a node zeroed, mean, resampled",
    ),
    ("minimal", "the smallest set of heads that is right enough"),
    ("clean", "type the clean prompt"),
    ("corrupted", "type the corrupted prompt"),
    ("metric", "which prediction and tokens are measured"),
    ("measure", "how: difference of logits, probability, rank .."),
    ("sample", "where the examples come from"),
    ("slide", "open another model"),
    ("task", "read this model by another task"),
    ("compare", "open another model beside this one"),
    ("step", "another step of this model's training"),
    ("theme", "other colours"),
    ("train", "train this task, and watch it"),
    ("truth", "count all inputs by itself after a change"),
    ("quit", "leave; the session is kept"),
    ("attribution", "what adds to a logit: parts, heads, layers"),
    ("paths", "what adds to a logit, path by path"),
    ("why", "why a head attends there: its score in parts"),
    (
        "attention",
        "a head's attention, averaged, or through two heads",
    ),
    ("sources", "what each head adds, by what it attends to"),
    ("neurons", "a layer's neurons, or what each adds to a logit"),
    ("neuron", "one neuron: what it reads, writes, turns on for"),
    ("circuit", "token to logit or score, by weights alone"),
    ("grid", "patching over edges, positions, heads, neurons"),
    ("metrics", "all measures in the three runs"),
    ("necessity", "the model without each edge"),
    ("ranks", "how many directions a circuit needs"),
    ("models", "this model beside the one of --compare"),
    ("map", "any number over one or two fields, as a picture"),
    ("table", "any number by group: count, mean, least, largest"),
    ("scatter", "two numbers of each input, as points"),
    ("fit", "a number as a sum of expressions: R², residuals"),
    ("frequencies", "the Fourier power of weights or of a map"),
    ("cosines", "angles between tokens, heads, neurons"),
    ("norms", "lengths of them"),
    ("pca", "main directions, and how many are enough"),
    ("fan", "directions as angles in their plane"),
    ("partition", "which values of a field a node tells apart"),
    (
        "overlap",
        "how much heads share of what they read and write",
    ),
    ("composition", "which heads write what which heads read"),
    ("curve", "a number over the steps of training"),
];

/// What a verb does; nothing for a word that is none.
#[must_use]
pub fn about(verb: &str) -> &'static str {
    let found = ABOUT.iter().find(|(one, _)| *one == verb);
    found.map_or("", |(_, about)| about)
}
