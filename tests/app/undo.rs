//! Whatever was changed is taken back, step by step, to the same state.

use crate::workbench::{press, workbench};
use circuitscope::answers::Question;
use circuitscope::app::{BINDINGS, Listed, Mode, Pane, Sight, State, Study, parse_script};
use circuitscope::runtime::headless::Headless;
use circuitscope::task::below;
use rand_mt::Mt;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Every way to change the study, as keys, each one step; what is under a cursor differs from time
/// to time.
const EDITS: [(&str, &str); 32] = [
    ("next example", "n"),
    ("previous example", "p"),
    ("some example", "r"),
    ("example by number", "g '7' enter"),
    ("counterfactual", "c"),
    ("counterfactual back", "C"),
    ("direction", "d"),
    ("continuation", "t"),
    ("measure", "V"),
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
    ("remove", ": 'zero blocks.1.attn.hook_z @*' enter"),
    ("clear", "x"),
    // as long as the last question stays open, what its cells stand for
    ("the answer's cell", "down right enter"),
    ("another answer's cell", "down down enter"),
];

/// Every way to change what the panes show.
const VIEWS: [(&str, &str); 27] = [
    ("run", "v"),
    ("run, twice", "v v"),
    ("zoom", "z"),
    ("theme", "ctrl-t"),
    ("next head", "."),
    ("previous head", ","),
    ("scores", "a"),
    ("esc", "esc"),
    ("tab", "tab"),
    ("attribution", "L"),
    ("paths", "P"),
    ("circuits", "o"),
    ("path patching", "G"),
    ("necessity", "N"),
    ("sources", "i"),
    ("measures", "K"),
    ("why", "/ 'why 1.0 b_0 elt' enter"),
    ("grid", "/ 'grid z as difference' enter"),
    ("composition", "/ 'composition' enter"),
    ("next question", "."),
    ("other question", "a"),
    ("beside", "|"),
    ("cursor", "down right"),
    ("cursor back", "up left"),
    ("hottest", "H"),
    ("help", "? down esc"),
    ("a line not taken", ": 'zero' esc"),
];

/// What undo must bring back.
#[derive(Clone, PartialEq, Debug)]
struct Seen {
    study: Study,
    sight: Sight,
    fields: Vec<String>,
    /// As text: what is no number is then equal to itself.
    observation: u64,
    sample: String,
    /// Of the open answer, as text too.
    answer: Option<String>,
}

fn look(bench: &Headless) -> Seen {
    let state = &bench.state;
    // what is being typed is no step
    let study = Study {
        tried: None,
        ..state.study().clone()
    };
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
        answer: {
            let asked = state.inquiry.as_ref();
            let answer = asked.and_then(|inquiry| inquiry.answer.as_ref());
            answer.map(|answer| format!("{answer:?}"))
        },
        sight: state.sight(),
        study,
    }
}

fn depth(bench: &Headless) -> usize {
    bench.state.session().past.len()
}

/// A workbench whose every step is remembered.
struct Watched {
    bench: Headless,
    /// What was seen before each step and after the last.
    seen: Vec<Seen>,
    done: BTreeSet<&'static str>,
}

impl Watched {
    /// Whatever is seen to change is one step, whatever is not is none.
    fn press(&mut self, name: &'static str, script: &str) {
        for key in parse_script(script).unwrap() {
            let steps = depth(&self.bench);
            self.bench.key(key);
            let (was, now) = (self.seen.last().unwrap(), look(&self.bench));
            let changed = (&now.study, &now.sight) != (&was.study, &was.sight);
            let made = depth(&self.bench) - steps;
            assert_eq!(made, usize::from(changed), "{name}: {key}");
            if changed {
                self.done.insert(name);
                self.seen.push(now);
            }
        }
    }

    fn focus(&mut self, pane: &str) {
        while self.bench.state.view.focus.title() != pane {
            self.press("tab", "tab");
        }
    }

    /// Leaves whatever is being typed.
    fn rest(&mut self) {
        let typing =
            |state: &State| !matches!(state.mode, Mode::Normal) || state.field_error.is_some();
        while typing(&self.bench.state) {
            self.press("esc", "esc");
        }
    }

    /// What is on screen stays, and so does the history.
    fn look_round(&mut self) {
        if self.seen.last().unwrap().sight.alone.is_none() {
            let steps = self.seen.len();
            self.press("cursors", "tab down right backtab up left");
            assert_eq!(self.seen.len(), steps);
        }
    }
}

#[test]
fn two_hundred_edits_and_as_many_undos_lead_back() {
    let mut rng = Mt::new(11);
    let bench = workbench(2);
    let mut watched = Watched {
        seen: vec![look(&bench)],
        bench,
        done: BTreeSet::new(),
    };
    let mut tried = 0usize;
    while watched.seen.len() <= 200 {
        tried += 1;
        assert!(tried < 2000, "the edits change nothing any more");
        let (name, script) = match below(&mut rng, 20) {
            0 | 1 => {
                watched.focus("interventions");
                let keys = ["space", "delete", "enter backspace '3' enter", "down space"];
                ("the list", keys[below(&mut rng, 4) as usize])
            }
            2 => {
                watched.focus("prompt");
                let keys = ["end backspace 4", "down", "home delete 1"];
                ("a field", keys[tried % 3])
            }
            3..=9 => VIEWS[below(&mut rng, VIEWS.len() as u32) as usize],
            _ => EDITS[below(&mut rng, EDITS.len() as u32) as usize],
        };
        watched.press(name, script);
        watched.rest();
        watched.look_round();
    }
    let Watched {
        mut bench,
        seen: mut before,
        done,
    } = watched;
    // most kinds had their turn; those that would change nothing then did not
    assert!(done.len() >= 40, "only {done:?}");
    let last = before.pop().unwrap();
    let steps = before.len();
    for (i, wanted) in before.iter().rev().enumerate() {
        press(&mut bench, "u");
        let now = look(&bench);
        assert_eq!((&now.study, &now.sight), (&wanted.study, &wanted.sight));
        assert!(
            now.answer == wanted.answer,
            "undo {i}: {:?} {:?} {:?}",
            now.sight,
            now.answer,
            wanted.answer
        );
        assert!(
            now.fields == wanted.fields,
            "undo {i}: {:?} {:?}",
            now.fields,
            wanted.fields
        );
        assert!(now == *wanted, "undo {i} brings other numbers back");
        assert!(!bench.state.is_stale());
    }
    press(&mut bench, "u");
    assert_eq!(look(&bench), before[0], "before the first there is nothing");
    for wanted in before.iter().skip(1).chain([&last]) {
        press(&mut bench, "U");
        assert!(look(&bench) == *wanted, "redo leads there again");
    }
    assert_eq!(depth(&bench), steps);
}

#[test]
fn one_undo_takes_back_one_visible_change() {
    let mut bench = workbench(2);
    let plain = look(&bench);
    // an intervention brings its run on screen: both go together
    press(
        &mut bench,
        ": 'zero blocks.1.attn.hook_z @*' enter tab tab down right down",
    );
    let (dest, focus) = (bench.state.view.attention.dest, bench.state.view.focus);
    assert_ne!(look(&bench).sight.shown, plain.sight.shown);
    press(&mut bench, "u");
    assert!(look(&bench) == plain);
    // the cursor stays where one looks
    let view = &bench.state.view;
    assert_eq!((view.attention.dest, view.focus), (dest, focus));
    // a question that was closed opens again, with its answer
    press(&mut bench, "P . esc");
    assert!(look(&bench) == plain);
    press(&mut bench, "u");
    let again = look(&bench);
    assert!(again.sight.question.is_some());
    assert_eq!(bench.state.view.focus, Pane::Answer);
    assert!(again.answer.is_some_and(|answer| answer.starts_with("Ok")));
    press(&mut bench, "u u");
    assert!(look(&bench) == plain);
    // a zoomed pane comes back as the pane that it was
    press(&mut bench, "z esc tab tab u");
    assert_eq!(bench.state.view.focus, focus);
    assert!(bench.state.view.zoomed);
}

#[test]
fn a_question_never_changes_the_study() {
    let mut bench = workbench(2);
    let before = look(&bench);
    let (task, config) = (bench.state.task(), bench.state.model.config.clone());
    let all = Question::suggestions("", task, &config);
    // millions of inputs take their time, and change a study as little as one
    let short = all.iter().filter(|line| !line.contains("over space"));
    // the first of each kind, and some more of those of which there are many
    let mut kinds = BTreeSet::new();
    let chosen = short.enumerate().filter(|(i, line)| {
        let kind = line.split_whitespace().next().unwrap_or_default();
        kinds.insert(kind.to_owned()) || i % 37 == 0
    });
    let chosen: Vec<&String> = chosen.map(|(_, line)| line).collect();
    assert!(chosen.len() > 40, "{chosen:?}");
    for line in chosen {
        press(&mut bench, &format!("/ '{line}' enter | . a esc"));
        assert_eq!(look(&bench).study, before.study, "{line}");
    }
    assert!(BINDINGS.len() > 90);
    assert_eq!(before.study.interventions, Vec::<Listed>::new());
}
