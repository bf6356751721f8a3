//! Inputs that agree in what an expression says, and inputs taken for others.

use super::built_in;
use circuitscope::task::{Agreement, AsIf, Called, Expression, Task, Values};
use std::collections::HashMap;

fn by(task: Task, text: &str) -> Agreement {
    Expression::parse(task, text, &[]).unwrap().into()
}

#[test]
fn a_donor_agrees_and_is_any_that_does() {
    // all inputs can be gone through: as many seeds are all donors, each once
    let task = Task::array_update(2, 10).unwrap();
    let keep = by(task, "(a_0 + elt) % 5");
    assert_eq!(keep.donors(task), 10 * 2 * 10 * 10 / 5);
    let input = task.values_at(777);
    let mut seen: Vec<Vec<u32>> = (0..400)
        .map(|seed| {
            let donors = keep
                .donors_of(task, std::slice::from_ref(&input), seed)
                .unwrap();
            donors[0].tokens().to_vec()
        })
        .collect();
    let key = |tokens: &[u32]| (tokens[0] + tokens[3]) % 5;
    assert!(seen.iter().all(|one| key(one) == key(input.tokens())));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 400);
}

#[test]
fn where_inputs_are_too_many_donors_are_drawn_uniformly() {
    let task = Task::default();
    let keep = by(task, "a[idx] == elt");
    assert_eq!(keep.donors(task), u128::MAX);
    // a fiftieth agrees, whatever else it has
    let input = task.parse_groups(&["4 9 9", "1", "9"]).unwrap();
    let inputs = vec![input.clone(); 1];
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for seed in 0..3000 {
        let donor = keep.donors_of(task, &inputs, seed).unwrap().remove(0);
        let tokens = donor.tokens();
        assert_eq!(tokens[tokens[3] as usize], tokens[4], "{donor}");
        assert_eq!(donor, keep.donors_of(task, &inputs, seed).unwrap()[0]);
        *counts.entry(tokens[3]).or_default() += 1;
    }
    // each index as often, five standard deviations at the most
    let off = |n: &u32| (f64::from(*n) - 1000.0).abs();
    assert!(
        counts.len() == 3 && counts.values().all(|n| off(n) < 130.0),
        "{counts:?}"
    );
}

#[test]
fn what_no_input_agrees_in_is_told() {
    let task = Task::default();
    let keep = by(task, "a + [idx, elt]");
    let input = task.parse_groups(&["4 9 9", "1", "9"]).unwrap();
    let error = keep.donors_of(task, &[input], 0).unwrap_err().to_string();
    assert!(error.contains("none agrees with 4 9 9 1 9"), "{error}");
}

#[test]
fn names_of_fields_are_fields() {
    let task = Task::default();
    for (text, words) in [
        ("idx", "idx"),
        (" a ", "a_0,a_1,a_2"),
        ("a_1", "a_1"),
        ("1 + 1", "nothing"),
        ("idx + 0", "idx + 0"),
    ] {
        assert_eq!(by(task, text).to_string(), words);
    }
}

#[test]
fn inputs_that_share_a_value_are_all_combinations_of_its_fields() {
    let task = Task::array_update(2, 7).unwrap();
    let expression = Expression::parse(task, "(a_0 + idx) % 3", &[]).unwrap();
    let input = task.values_at(100);
    let alike = expression.alike(&input).unwrap();
    let key = |one: &Values| (one.tokens()[0] + one.tokens()[2]) % 3;
    let right = (0..task.input_space()).map(|number| task.values_at(number));
    let mut right: Vec<Values> = right
        .filter(|one| key(one) == key(&input))
        .filter(|one| one.tokens()[1] == input.tokens()[1] && one.tokens()[3] == input.tokens()[3])
        .collect();
    let order = |one: &Values| one.tokens().to_vec();
    let mut alike = alike;
    alike.sort_by_key(order);
    right.sort_by_key(order);
    assert_eq!(alike, right);
    let lists = Expression::parse(Task::default(), "sum(a)", &[]).unwrap();
    let error = lists.alike(&Task::default().values_at(0)).unwrap_err();
    assert!(error.to_string().contains("combinations"), "{error}");
}

#[test]
fn an_input_taken_for_another_has_its_values() {
    let task = Task::default();
    let input = task.parse_groups(&["4 9 12", "1", "30"]).unwrap();
    let of = |task: Task, text: &str, input: &Values| {
        let as_if = AsIf::parse(task, text, &Called::of(text).unwrap()).unwrap();
        assert_eq!(as_if.text(), text);
        as_if
            .inputs(task, std::slice::from_ref(input))
            .map(|all| all[0].to_string())
    };
    for (text, right) in [
        ("as_if(idx=0)", "4 9 12 0 30"),
        ("as_if(elt=a[idx], a_0=elt)", "30 9 12 1 9"),
        ("as_if(a=reversed(a), idx=2 - idx)", "12 9 4 1 30"),
        ("as_if(elt=(a_0 + elt) % 50)", "4 9 12 1 34"),
    ] {
        assert_eq!(of(task, text, &input).unwrap(), right, "{text}");
    }
    for (text, says) in [
        ("as_if(elt=elt + 20)", "50 is no value of elt"),
        ("as_if(a=[1, 2])", "has 3 places"),
        ("as_if(idx=\"x\")", "x is no value of idx"),
    ] {
        let error = of(task, text, &input).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    // no value comes twice there
    let task = built_in("permute");
    let input = task.values_at(0);
    let field = task.groups.iter().find(|group| group.distinct).unwrap();
    let (first, second) = (
        &task.slots[field.slots.start].name,
        &task.slots[field.slots.start + 1].name,
    );
    let error = of(task, &format!("as_if({first}={second})"), &input).unwrap_err();
    assert!(error.to_string().contains("is no input"), "{error}");
}
