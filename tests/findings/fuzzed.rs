//! The fuzz targets on a bounded number of inputs: noise, and good ones with something changed.

use crate::store::draft;
use crate::targets;
use proptest::prelude::*;

/// Good inputs of each kind, to begin from.
const CONFIGS: [&str; 3] = [
    r#"{"n_layers": 2, "act_fn": "relu", "normalization_type": "LN", "eps": 1e-5}"#,
    r#"{"cfg": {"n_heads": 4, "d_model": 16}, "attention_dir": "causal", "task": "sort"}"#,
    r#"{"positional_embedding_type": "rotary", "rotary_base": 10000.0, "rotary_dim": 4}"#,
];
const TASKS: [&str; 2] = [
    include_str!("../../assets/tasks/sort.star"),
    include_str!("../../assets/tasks/brackets.star"),
];
const LINES: [&str; 8] = [
    "patch blocks.1.attn.hook_k @elt from clean",
    "zero blocks.0.attn.hook_z @* head 0",
    "edge L0.0->K1.1 off",
    "set blocks.1.attn.hook_pattern [b_0,elt] head 0 = 1",
    "A1.0[b_0,elt] > 0.5 when idx=1 and not elt = 3",
    "grid edges over 64 pairs",
    "attribution target",
    "b_0:3:4",
];
const KEYS: [&str; 2] = [
    "tab tab right enter b 'One' ctrl-s",
    "S / 'idx < 3' enter + f1 alt-x",
];

/// A text with a piece of it replaced.
fn changed(text: &str, at: usize, len: usize, with: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = at % (chars.len() + 1);
    let end = (at + len).min(chars.len());
    let [before, after] = [&chars[..at], &chars[end..]].map(|part| part.iter().collect::<String>());
    before + with + &after
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_read_breaks_its_reader(
        noise in "(\\PC|[\u{0}-\u{1f}\\[\\]{}()\",:@>#*0-9.-]){0,60}",
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        (at, len) in (any::<usize>(), 0..12usize),
    ) {
        targets::weights(&bytes);
        let session = String::from_utf8(draft("Title", "note").session.to_json().unwrap()).unwrap();
        let texts = [&noise, &changed(&session, at, len, &noise)];
        texts.iter().for_each(|text| targets::session(text));
        for (all, target) in [
            (&CONFIGS[..], targets::config as fn(&str)),
            (&TASKS, targets::task),
            (&LINES, targets::line),
            (&KEYS, targets::keys),
        ] {
            target(&noise);
            target(&changed(all[at % all.len()], at, len, &noise));
            target(&changed(all[len % all.len()], at, len, ""));
        }
    }
}
