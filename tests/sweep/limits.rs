//! Lines that are too long or nested too deep, and long ones that are not.

use super::claims::{check, model, task};
use circuitscope::answers::Question;
use circuitscope::lens::{Intervention, Metric};
use circuitscope::model::Config;
use circuitscope::sweep::{Claim, Survey};
use circuitscope::task::Sample;
use circuitscope::task::limits::{MAX_DEPTH, MAX_LINE};

fn config() -> Config {
    model().config().clone()
}

type Reads = fn(&str) -> Result<(), String>;

/// Every grammar, by a line that it takes.
const GRAMMARS: [(&str, Reads); 7] = [
    ("idx < 2", |line| {
        let claim = Claim::parse(line, task(), &config());
        claim.map(drop).map_err(|error| error.to_string())
    }),
    ("zero blocks.0.attn.hook_z @*", |line| {
        let read = Intervention::parse(line, task(), &config());
        read.map(drop).map_err(|error| error.to_string())
    }),
    ("pca tokens", |line| {
        let question = Question::parse(line, task(), &config());
        question.map(drop).map_err(|error| format!("{error:#}"))
    }),
    ("minimal 0.99", |line| {
        let survey = Survey::parse(line, task(), &config());
        survey.map(drop).map_err(|error| error.to_string())
    }),
    ("b_0:1:2", |line| {
        let metric = Metric::parse(task(), line);
        metric.map(drop).map_err(|error| format!("{error:#}"))
    }),
    ("1 2 1 4", |line| {
        let prompt = task().parse_prompt(line);
        prompt.map(drop).map_err(|error| error.to_string())
    }),
    ("random:0:5", |line| {
        let sample = line.parse::<Sample>();
        sample.map(drop).map_err(|error| error.to_string())
    }),
];

#[test]
fn no_grammar_reads_what_is_too_long_or_too_deep() {
    for (line, read) in GRAMMARS {
        let padded = |length: usize| line.to_owned() + &" ".repeat(length - line.len());
        assert_eq!(read(&padded(MAX_LINE)), Ok(()), "{line}");
        let error = read(&format!("{}end", padded(MAX_LINE))).unwrap_err();
        let is_told = error.contains("at most 16384 are read") && error.contains("'end'");
        assert!(is_told, "{line}: {error}");
        let error = read(&format!("{line} {}", "(".repeat(MAX_DEPTH + 1))).unwrap_err();
        assert!(error.contains("in 64 brackets"), "{line}: {error}");
    }
}

#[test]
fn nesting_is_refused_at_the_bracket_that_is_too_deep() {
    let config = config();
    for open in ["(", "abs(", "not (", "-("] {
        let nested = |depth: usize, inner: &str| {
            let close = ")".repeat(depth);
            format!("{}{inner}{close}", open.repeat(depth))
        };
        let (inner, end) = match open {
            "not (" => ("a_0 < 5", ""),
            _ => ("a_0", " < 5"),
        };
        let line = nested(MAX_DEPTH, inner) + end;
        assert!(Claim::parse(&line, task(), &config).is_ok(), "{open}");
        let line = nested(1200, inner) + end;
        let error = Claim::parse(&line, task(), &config).unwrap_err();
        assert_eq!(error.at, (MAX_DEPTH + 1) * open.len() - 1, "{open}");
    }
}

/// What is wanted is said once, however often the place is reached; and that is soon.
#[test]
fn what_is_wrong_inside_of_parentheses_is_said_once() {
    let config = config();
    for line in [
        format!("{}>", "(".repeat(MAX_DEPTH)),
        format!("{}a_0 < 5", "(".repeat(MAX_DEPTH)),
        format!("{}a_0 < 5 and {}", "(".repeat(30), "abs(".repeat(30)),
    ] {
        let error = Claim::parse(&line, task(), &config).unwrap_err();
        let words = ["a number or a word", "a comparison", "is not closed"];
        let most = words.map(|words| error.problem.matches(words).count());
        assert!(most.into_iter().max() == Some(1), "{line}: {error}");
    }
}

/// Reads a claim, copies and drops it in so little stack that nothing can call itself for every part of
/// a chain.
fn read_in_little_stack(line: &str) {
    let (line, config) = (line.to_owned(), config());
    let work = move || drop(Claim::parse(&line, task(), &config).unwrap().clone());
    let small = std::thread::Builder::new().stack_size(256 << 10);
    small.spawn(work).unwrap().join().unwrap();
}

#[test]
fn long_chains_are_no_nesting() {
    let many = |part: &str, between: &str, count: usize| vec![part; count].join(between);
    let model = model();
    // the mean of a_0 is 3
    for (line, expected) in [
        (many("a_0", "+", 4000) + " > 1", 12_000.0),
        (many("a_0", "-", 4000) + " > 1", -3.0 * 3998.0),
        (many("1", "*", 4000) + "* a_0 > 1", 3.0),
        (many("a_0<9", " or ", 1700), 3.0),
        (many("a_0<9", " and ", 1600), 3.0),
        ("not ".repeat(3999) + "a_0 < 9", 3.0),
        ("-".repeat(9999) + "a_0 < 9", -3.0),
        (format!("a_0 < 9 when {}", many("a_0=2", " or ", 1700)), 2.0),
    ] {
        assert!(line.len() <= MAX_LINE, "{}", line.len());
        let start = line[..20].to_owned();
        read_in_little_stack(&line);
        assert_eq!(check(&model, &line).mean, expected, "{start}");
    }
}
