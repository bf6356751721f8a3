//! Names of circuits, paths, heads and logits: read and written alike, and errors that list them.

use super::common::{embedded, random_model};
use circuitscope::lens::{
    CircuitName, HeadName, LowRank, Matrices, PathName, PathTables, Toward, Weight,
};
use circuitscope::model::Config;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::task::Task;

fn config(layers: usize, heads: usize) -> Config {
    let positions = PositionalEmbedding::Shortformer;
    let model = random_model([layers, heads], positions, Task::default(), 0);
    model.config().clone()
}

fn problem<T>(result: anyhow::Result<T>) -> String {
    result.err().map(|error| format!("{error:#}")).unwrap()
}

#[test]
fn circuits_round_trip() {
    for (layers, heads) in [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 3)] {
        let config = config(layers, heads);
        let mut seen = std::collections::BTreeSet::new();
        for name in CircuitName::all(&config) {
            let text = name.text(&config);
            assert_eq!(CircuitName::parse(&text, &config).unwrap(), name, "{text}");
            assert!(seen.insert(text.clone()), "{text} twice");
        }
    }
}

#[test]
fn circuits_have_other_spellings() {
    let one = config(2, 1);
    let parse = |text: &str| CircuitName::parse(text, &one).unwrap().text(&one);
    for (typed, shown) in [
        ("ov.0.0", "ov.0"),
        ("ov.0.0>1.0", "ov.virtual"),
        ("ov.0>1", "ov.virtual"),
        ("ov.1.v_comp", "ov.virtual"),
        ("qk.1.0.tok_pos", "qk.1.tok_pos"),
        ("qk.1.k_comp.0.0", "qk.1.k_comp"),
        ("qk.1.pos_via0", "qk.1.k_comp"),
        ("qk.1.via0.0_pos", "qk.1.q_comp"),
        ("qk.1.via0_via0", "qk.1.via0_via0"),
    ] {
        assert_eq!(parse(typed), shown);
    }
    let many = config(3, 2);
    let parse = |text: &str| CircuitName::parse(text, &many).unwrap().text(&many);
    assert_eq!(parse("ov.0.0>1.1>2.0"), "ov.0.0>1.1>2.0");
    assert_eq!(parse("qk.2.1.k_comp.1.0"), "qk.2.1.k_comp.1.0");
}

#[test]
fn unknown_circuits_are_answered_with_the_names() {
    let one = config(2, 1);
    let error = problem(CircuitName::parse("ov.vrtual", &one));
    assert!(
        error.contains("no circuit 'ov.vrtual'; did you mean ov.virtual?"),
        "{error}"
    );
    assert!(
        error.contains("direct ov.0 ov.1 ov.virtual qk.0.tok_tok"),
        "{error}"
    );
    for wrong in [
        "",
        "ov",
        "ov.",
        "ov.2",
        "ov.1>0",
        "ov.0>0",
        "qk.0",
        "qk.0.",
        "qk.0.k_comp",
        "qk.0.tok",
        "qk.1.tok_tik",
        "qk.1.k_comp.1",
        "qk.0.via1_tok",
        "qk.x.tok_tok",
        "ov.99999999999999999999",
        "qk.1.k_compx",
        "\u{1b}",
        "é.1",
        "ov.é",
        "qk.1é",
    ] {
        assert!(CircuitName::parse(wrong, &one).is_err(), "{wrong}");
    }
    let many = config(3, 3);
    let error = problem(CircuitName::parse("qk.1.0.k_comp", &many));
    assert!(
        error.contains("more") && error.contains("which earlier head"),
        "{error}"
    );
    assert!(CircuitName::parse("ov.virtual", &many).is_err());
    assert!(CircuitName::parse("ov.0", &many).is_err());
}

#[test]
fn paths_round_trip() {
    for positions in [
        PositionalEmbedding::Shortformer,
        PositionalEmbedding::Standard,
    ] {
        let model = random_model([3, 2], positions, Task::default(), 3);
        let weights = Matrices::new(&model).unwrap();
        let tables = PathTables::new(&weights).unwrap();
        for name in tables.names() {
            let text = name.to_string();
            assert_eq!(&PathName::parse(&text, weights.config()).unwrap(), name);
            assert_eq!(&tables.parse(&text, weights.config()).unwrap(), name);
        }
    }
    let model = embedded().transformer;
    let weights = Matrices::new(&model).unwrap();
    let tables = PathTables::new(&weights).unwrap();
    let names: Vec<_> = tables.names().map(ToString::to_string).collect();
    assert_eq!(names, ["direct", "0.0", "1.0", "0.0>1.0"]);
    for wrong in [
        "",
        "direct>0.0",
        "1.0>0.0",
        "0.0>0.0",
        "b_U>0.0",
        "b_V.1.0>1.0",
        "2.0",
        "pos",
        "0.0>",
    ] {
        let error = problem(tables.parse(wrong, weights.config()));
        assert!(error.contains("direct 0.0 1.0 0.0>1.0"), "{wrong}: {error}");
    }
}

#[test]
fn logits_round_trip() {
    let task = Task::default();
    for text in ["target", "48", "elt", "48-26", "target-a_1", "b_0-idx"] {
        assert_eq!(Toward::parse(task, text).unwrap().line(task), text);
    }
    for wrong in [
        "", "50", "BOS", "nl_0", "a_3", "48-", "-1", "4-4", "targets",
    ] {
        let error = problem(Toward::parse(task, wrong));
        assert!(
            error.contains("target") || error.contains("always 0"),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn heads_and_ranks() {
    let many = config(2, 3);
    assert_eq!(
        HeadName::parse("1.2", &many).unwrap(),
        HeadName { layer: 1, head: 2 }
    );
    let error = problem(HeadName::parse("1", &many));
    assert!(
        error.contains("the heads are 0.0 0.1 0.2 1.0 1.1 1.2"),
        "{error}"
    );
    let cut = LowRank::parse("qk.1.2:3", &many).unwrap();
    assert_eq!((cut.weight, cut.rank), (Weight::Qk, 3));
    for wrong in [
        "",
        "qk.1.2",
        "qk.1.2:9",
        "xx.1.2:1",
        "ov.7.0:1",
        "ov.0.0:-1",
    ] {
        assert!(LowRank::parse(wrong, &many).is_err(), "{wrong}");
    }
}
