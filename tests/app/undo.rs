//! Whatever was changed is taken back, step by step, to the same state.

use crate::workbench::{press, workbench};
use circuitscope::app::{BINDINGS, Listed, Study};
use circuitscope::lens::Question;
use circuitscope::runtime::headless::Headless;
use circuitscope::task::below;
use rand_mt::Mt;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Every way to change the study, as keys; what is under a cursor differs from time to time.
const EDITS: [(&str, &str); 33] = [
    ("next example", "n"),
    ("previous example", "p"),
    ("some example", "r"),
    ("example by number", "g '7' enter"),
    ("counterfactual", "c"),
    ("counterfactual back", "C"),
    ("direction", "d"),
    ("continuation", "t"),
    ("measure", "k"),
    ("measure by name", ": 'measure prob' enter"),
    ("metric", ": 'metric b_1:3:4' enter"),
    ("metric of the pair", "M"),
    ("clean prompt", ": '4 5 6 2 1' enter"),
    ("corrupted prompt", ": 'corrupted 4 5 6 1 8' enter"),
    ("sample", ": 'sample random:3:20' enter"),
    ("another sample", ": 'sample random:0:16' enter"),
    (
        "patch",
        ": 'patch blocks.1.attn.hook_k @elt from clean' enter",
    ),
    (
        "patch from example",
        ": 'patch blocks.0.attn.hook_z @* from example 3' enter",
    ),
    ("zero", ": 'zero blocks.0.attn.hook_z @idx head 1' enter"),
    (
        "mean",
        ": 'mean blocks.1.attn.hook_v @elt over sample' enter",
    ),
    (
        "resample",
        ": 'resample blocks.0.attn.hook_k @* keep idx' enter",
    ),
    (
        "scale",
        ": 'scale blocks.1.hook_resid_pre @b_0 by 0.5' enter",
    ),
    (
        "add",
        ": 'add blocks.0.hook_resid_post @elt W_U[4] by 2' enter",
    ),
    (
        "set",
        ": 'set blocks.1.attn.hook_pattern [b_0,elt] head 0 = 1' enter",
    ),
    (
        "knock",
        ": 'knock blocks.0.attn.hook_attn_scores [elt,idx]' enter",
    ),
    ("rank", ": 'rank blocks.1.attn.hook_v @* head 0 to 2' enter"),
    ("edge", ": 'edge L0.0->K1.1 off' enter"),
    ("edge patched", ": 'edge embed->Q1 from clean' enter"),
    ("path off", "P enter esc"),
    ("grid cell", "G right right enter esc"),
    ("remove", ": 'zero blocks.1.attn.hook_z @*' enter tab"),
    ("clear", "x"),
    ("zero by question", "N down down enter esc"),
];

/// What undo must bring back.
#[derive(Clone, PartialEq, Debug)]
struct Seen {
    study: Study,
    fields: Vec<String>,
    /// As text: what is no number is then equal to itself.
    observation: u64,
    sample: String,
}

fn look(bench: &Headless) -> Seen {
    let state = &bench.state;
    let study = state.study().clone();
    let prompts = [&study.clean, &study.corrupted];
    Seen {
        fields: prompts
            .map(|source| format!("{:?}", source.prompt()))
            .to_vec(),
        observation: {
            let mut hasher = DefaultHasher::new();
            format!("{:?}", state.observation).hash(&mut hasher);
            hasher.finish()
        },
        sample: state.sample.source.to_string(),
        study,
    }
}

fn focus(bench: &mut Headless, pane: &str) {
    while bench.state.view.focus.title() != pane {
        press(bench, "tab");
    }
}

/// Switches, edits and removes what is on the list, where something is.
fn change_the_list(bench: &mut Headless, rng: &mut Mt) {
    focus(bench, "interventions");
    let keys = [
        "space",
        "delete",
        "enter backspace '3' enter esc",
        "down space",
    ];
    press(bench, keys[below(rng, 4) as usize]);
}

#[test]
fn two_hundred_edits_and_as_many_undos_lead_back() {
    let mut rng = Mt::new(11);
    let mut bench = workbench(2);
    let mut before = vec![look(&bench)];
    let mut done = BTreeSet::new();
    let mut tried = 0usize;
    while before.len() <= 200 {
        tried += 1;
        assert!(tried < 2000, "the edits change nothing any more");
        let name = match below(&mut rng, 10) {
            0 | 1 => {
                change_the_list(&mut bench, &mut rng);
                "the list"
            }
            2 => {
                focus(&mut bench, "prompt");
                press(
                    &mut bench,
                    ["end backspace 4", "down", "home delete 1"][tried % 3],
                );
                "a field"
            }
            _ => {
                let (name, keys) = EDITS[below(&mut rng, EDITS.len() as u32) as usize];
                press(&mut bench, keys);
                name
            }
        };
        press(&mut bench, "esc");
        let now = look(&bench);
        let last = before.last().unwrap();
        if now.study != last.study {
            done.insert(name);
            before.push(now);
        }
    }
    // nearly every kind had its turn; those that would change nothing then did not
    assert!(done.len() > EDITS.len() - 6, "only {done:?}");
    let last = before.pop().unwrap();
    for wanted in before.iter().rev() {
        press(&mut bench, "u");
        let now = look(&bench);
        assert_eq!(now.study, wanted.study);
        assert!(now == *wanted, "undo brings other numbers back");
        assert!(!bench.state.is_stale());
    }
    press(&mut bench, "u");
    assert_eq!(look(&bench), before[0], "before the first there is nothing");
    for _ in 0..before.len() {
        press(&mut bench, "U");
    }
    assert_eq!(look(&bench), last, "and redo leads there again");
}

#[test]
fn a_question_never_changes_the_study() {
    let mut bench = workbench(2);
    let before = look(&bench);
    let (task, config) = (bench.state.task(), bench.state.model.config.clone());
    for line in Question::suggestions("", task, &config).iter().step_by(7) {
        press(&mut bench, &format!("/ '{line}' enter | . a esc"));
        assert_eq!(look(&bench).study, before.study, "{line}");
    }
    assert!(BINDINGS.len() > 90);
    assert_eq!(before.study.interventions, Vec::<Listed>::new());
}
