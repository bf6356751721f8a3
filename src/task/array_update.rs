//! The array update, `a=[14,26,35]; a[1]=48 -> [14,48,35]`, ready made: it is there when the
//! program starts, before any task's file is read.
//!
//! One prompt is `BOS a_0..a_{L-1} nl_0 idx elt nl_1 b_0..b_{L-1}`; `b_i` is predicted at the
//! position before it. Source of the layout: the training notebook of the reference model (cell
//! 18). `assets/tasks/array_update.star` says the same; a test compares them.

use super::rule::{Pick, Picks, Rule};
use super::spec::{Answer, Group, Place, Slot, Spec};
use super::vocabulary::Vocabulary;
use super::{Task, Token};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// Those made so far, by list length and values.
static MADE: LazyLock<Mutex<HashMap<(usize, u32), Task>>> = LazyLock::new(Mutex::default);

impl Task {
    /// Updates of lists of `list_len` numbers below `max_num`.
    ///
    /// # Errors
    /// When no prompt of that size exists: lists need 1 to 64 numbers, values 2 to 4096, and
    /// every index must be a value.
    pub fn array_update(list_len: usize, max_num: u32) -> anyhow::Result<Self> {
        anyhow::ensure!(
            (1..=64).contains(&list_len),
            "list length {list_len} is not from 1 to 64"
        );
        anyhow::ensure!(
            (2..=4096).contains(&max_num),
            "max num {max_num} is not from 2 to 4096"
        );
        anyhow::ensure!(
            list_len <= max_num as usize,
            "list length {list_len} is more than max num {max_num}: an index must be a value"
        );
        let mut made = match MADE.lock() {
            Ok(made) => made,
            Err(poisoned) => poisoned.into_inner(),
        };
        let made = made.entry((list_len, max_num));
        Ok(*made.or_insert_with(|| spec(list_len, max_num).into()))
    }
}

fn spec(list_len: usize, max_num: u32) -> Spec {
    let vocabulary = Vocabulary::numbers_and(max_num, &["BOS", "\n"]);
    let (bos, newline) = (Place::Fixed(max_num), Place::Fixed(max_num + 1));
    let (idx, elt) = (list_len, list_len + 1);
    let slot = |name: String, values: Token| Slot {
        name,
        values: (0..values).collect(),
    };
    let list = (0..list_len).map(|i| slot(format!("a_{i}"), max_num));
    let others = [
        slot("idx".into(), list_len as Token),
        slot("elt".into(), max_num),
    ];
    let slots: Vec<Slot> = list.chain(others).collect();
    let mut places = vec![bos];
    places.extend((0..list_len).map(Place::Slot));
    places.extend([newline, Place::Slot(idx), Place::Slot(elt), newline]);
    places.extend((0..list_len).map(Place::Answer));
    let answer = |i: usize| Answer {
        name: format!("b_{i}"),
        group: "b".into(),
        read_at: list_len + 4 + i,
        fed_back: Some(list_len + 5 + i),
    };
    let answers: Vec<Answer> = (0..list_len).map(answer).collect();
    let group = |name: &str, slots, is_list| Group {
        name: name.into(),
        slots,
        is_list,
        distinct: false,
        lengths: None,
    };
    let copied = |at: usize| {
        let pick = |i| Pick::Slot(if i == at { elt } else { i });
        (vec![at as Token], (0..list_len).map(pick).collect())
    };
    Spec {
        name: "array_update".into(),
        options: vec![
            ("list_len".into(), list_len.to_string()),
            ("max_num".into(), max_num.to_string()),
        ],
        labels: Spec::named_positions(&vocabulary, &places, &slots, &answers),
        vocabulary,
        classes: Vocabulary::numbers_and(max_num, &[]),
        places,
        slots,
        groups: vec![
            group("a", 0..list_len, true),
            group("idx", idx..idx + 1, false),
            group("elt", elt..elt + 1, false),
        ],
        answers,
        rule: Rule::Picks(Picks {
            by: vec![idx],
            each: (0..list_len).map(copied).collect(),
        }),
        pad: None,
        bidirectional: None,
        once_a_batch: vec![idx, elt],
        exists: None,
        draw: None,
        one_output: false,
        notes: Vec::new(),
    }
}
