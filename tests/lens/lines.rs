//! Intervention lines: printed, parsed, completed.

use super::common::{random_intervention, random_rule};
use circuitscope::lens::{Intervention, completions};
use circuitscope::model::Config;
use circuitscope::model::config::PositionalEmbedding;
use circuitscope::task::Task;
use proptest::prelude::*;
use rand_mt::Mt;

fn config(n_layers: usize, n_heads: usize, task: Task) -> Config {
    Config::attention_only(
        [n_layers, n_heads],
        [4, 2],
        task.seq_len(),
        [task.d_vocab(), task.classes.len()],
        PositionalEmbedding::Shortformer,
    )
}

fn completed(line: &str) -> Vec<String> {
    let task = Task::default();
    completions(line, task, &config(2, 2, task))
}

proptest! {
    #[test]
    fn a_line_is_read_as_it_was_written(
        seed: u32, layers in 1usize..=3, heads in 1usize..=4, list_len in 1usize..=6, number: f64,
    ) {
        let task = Task::array_update(list_len, 50).unwrap();
        let config = config(layers, heads, task);
        let mut one = random_intervention(task, &config, &mut Mt::new(seed));
        use circuitscope::lens::Action::{Scale, Set};
        if number.abs() <= 1e6 {
            match &mut one.action {
                Scale(value) | Set(value) => *value = number,
                _ => {}
            }
        }
        for one in [one, random_rule(task, &config, &mut Mt::new(seed))] {
            let line = one.line(task);
            prop_assert_eq!(Intervention::parse(&line, task, &config).unwrap(), one, "{}", line);
        }
    }

    #[test]
    fn no_text_panics_and_no_message_holds_a_control_character(text in any::<String>()) {
        let task = Task::default();
        let config = config(2, 2, task);
        let hook = "blocks.0.attn.hook_pattern";
        for line in [text.clone(), format!("zero {hook} {text}"), format!("set {hook} [*,*] = {text}"),
            format!("patch {text} @*"), format!("zero blocks.0.attn.hook_z @{text} head {text}")]
        {
            let _ = completions(&line, task, &config);
            if let Err(error) = Intervention::parse(&line, task, &config) {
                prop_assert!(!error.to_string().chars().any(char::is_control), "{:?}", error);
                prop_assert!(error.word <= line.split_whitespace().count());
            }
        }
    }

    /// Following completions from nothing always ends in a line that is read, but for numbers,
    /// which nobody can guess.
    #[test]
    fn completions_lead_to_lines(choices in prop::collection::vec(any::<prop::sample::Index>(), 12)) {
        let task = Task::default();
        let config = config(2, 2, task);
        let mut line = String::new();
        for choice in choices {
            if Intervention::parse(&line, task, &config).is_ok() {
                break;
            }
            let mut next = completed(&line);
            if next.is_empty() {
                next = completed(&format!("{line} "));
            }
            line = match next.is_empty() {
                true => format!("{line} 0.5"),
                false => choice.get(&next).clone(),
            };
            if line.split_whitespace().last() == Some("head") {
                line.push_str(" 1");
            }
        }
        prop_assert!(Intervention::parse(&line, task, &config).is_ok(), "{}", line);
    }
}

#[test]
fn a_path_that_moves_a_scale_or_a_gate_has_no_line() {
    for (name, model) in super::beyond() {
        let (task, config) = (model.task(), model.config());
        let parsed = Intervention::parse("path 0.0>1.0 off", task, config);
        assert_eq!(parsed.is_err(), config.moves_when_cut(), "{name}");
        if let Err(error) = parsed {
            assert!(
                error.problem.contains("edges do it by a forward pass"),
                "{error}"
            );
        }
    }
}

#[test]
fn what_is_wrong_and_where() {
    let task = Task::default();
    let config = config(2, 1, task);
    for (line, word, problem) in [
        (
            "",
            0,
            "a verb (patch, zero, mean, resample, scale, add, set, rule, knock, rank, keep, remove, edge, path) is missing",
        ),
        ("zeor blocks.0.attn.hook_z @*", 0, "did you mean zero?"),
        ("zero", 1, "a hook name is missing"),
        (
            "zero blocks.0.attn.hook_zz @*",
            1,
            "did you mean blocks.0.attn.hook_z?",
        ),
        ("zero blocks.2.attn.hook_z @*", 1, "in a model of 2 layers"),
        (
            "zero blocks.0.attn.hook_z",
            2,
            "a target such as @elt is missing",
        ),
        ("zero blocks.0.attn.hook_z @c_0", 2, "no position 'c_0'"),
        ("zero blocks.0.attn.hook_z @11", 2, "0 to 10"),
        ("zero blocks.0.attn.hook_z @elt,", 2, "no position ''"),
        ("zero blocks.0.attn.hook_z [b_0,elt]", 2, "write it as @elt"),
        (
            "zero blocks.0.attn.hook_pattern @elt",
            2,
            "write it as [b_0,elt]",
        ),
        (
            "zero blocks.0.attn.hook_pattern [b_0]",
            2,
            "is not [dest,src]",
        ),
        (
            "zero blocks.0.attn.hook_z @* head 1",
            4,
            "no head from 0 to 0",
        ),
        ("zero blocks.0.attn.hook_z @* head", 4, "a head is missing"),
        ("zero blocks.0.hook_attn_out @* head 0", 3, "has no heads"),
        ("zero blocks.0.attn.hook_z @* now", 3, "one word too many"),
        ("patch blocks.0.attn.hook_z @*", 3, "'from' is missing"),
        (
            "patch blocks.0.attn.hook_z @* to clean",
            3,
            "'to' is not 'from'",
        ),
        (
            "patch blocks.0.attn.hook_z @* from patched",
            4,
            "is not clean, corrupted or example N",
        ),
        (
            "scale blocks.0.attn.hook_z @* by half",
            4,
            "is not a number from -1e6 to 1e6",
        ),
        ("scale blocks.0.attn.hook_z @* by inf", 4, "is not a number"),
        (
            "set blocks.0.attn.hook_z @* = 2e6",
            4,
            "is not a number from -1e6 to 1e6",
        ),
        (
            "knock blocks.0.attn.hook_z [b_0,elt]",
            1,
            "has no attention cells",
        ),
        (
            "mean blocks.0.attn.hook_z @* over batch",
            4,
            "is not sample or space",
        ),
        (
            "mean blocks.0.attn.hook_z @* over sample given ids",
            6,
            "the fields are a_0 a_1 a_2 idx elt",
        ),
        (
            "resample blocks.0.attn.hook_z @* keep idx seed x",
            6,
            "is not a seed",
        ),
        (
            "patch blocks.0.attn.hook_z @* from example x",
            5,
            "is not an example's number",
        ),
        (
            "add blocks.0.attn.hook_z @* W_U[1] by 2",
            1,
            "is not as wide as the residual stream",
        ),
        ("add blocks.0.hook_resid_pre @* W_U[50] by 2", 3, "0 to 49"),
        (
            "add blocks.0.hook_resid_pre @* W_Q[5] by 2",
            3,
            "is not W_E, W_U or W_pos",
        ),
        ("edge L0=K1 off", 1, "is no edge such as L0->K1"),
        ("edge L1->K1 off", 1, "L1 writes after K1 reads"),
        ("edge L0->K2 off", 1, "'K2' reads nothing"),
        ("edge M0->K1 off", 1, "'M0' sends nothing"),
        ("edge L0->K1 on", 2, "is not off, from, mean, resample or ="),
        ("edge L0.1->K1 off", 1, "sends nothing"),
        ("path 1.0>0.0 off", 1, "goes on to what comes later"),
        ("path 0.7 off", 1, "no path '0.7'"),
        ("path pos off", 1, "no part of what the logits read"),
        ("path b_U off", 1, "no part of what the logits read"),
        ("path 0.0>1.0", 2, "'off' is missing"),
        ("path 0.0>1.0 @elt from clean", 3, "is not 'off'"),
    ] {
        let error = Intervention::parse(line, task, &config).unwrap_err();
        assert_eq!(error.word, word, "{line}: {error}");
        assert!(error.problem.contains(problem), "{line}: {error}");
    }
}

#[test]
fn completions_go_on_from_what_is_typed() {
    assert_eq!(completed("").len(), 14);
    assert_eq!(completed("s"), ["scale", "set"]);
    assert_eq!(
        completed("knock blocks.1"),
        [
            "knock blocks.1.attn.hook_attn_scores",
            "knock blocks.1.attn.hook_pattern"
        ]
    );
    let z = "patch blocks.0.attn.hook_z";
    assert_eq!(completed(&format!("{z} @el")), [format!("{z} @elt")]);
    assert_eq!(completed(&format!("{z} @elt,b_1")), Vec::<String>::new());
    assert_eq!(completed(&format!("{z} @elt,i")), [format!("{z} @elt,idx")]);
    assert_eq!(
        completed(&format!("{z} @elt ")),
        [format!("{z} @elt from"), format!("{z} @elt head")]
    );
    assert_eq!(
        completed(&format!("{z} @elt head 0 ")),
        [format!("{z} @elt head 0 from")]
    );
    let pattern = "zero blocks.0.attn.hook_pattern";
    assert_eq!(
        completed(&format!("{pattern} [elt,b_2")),
        [format!("{pattern} [elt,b_2]")]
    );
    assert_eq!(completed("patch nonsense @"), Vec::<String>::new());
    assert_eq!(completed("edge L0->K"), [String::from("edge L0->K1")]);
    let longer = ["path 0.0>1.0", "path 0.0>1.1"];
    assert_eq!(completed("path 0.0>"), longer);
    assert_eq!(completed("path 0.0>1.1 "), ["path 0.0>1.1 off"]);
}
