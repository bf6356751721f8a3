//! Recorded numbers against those of today, value by value.

use circuitscope::findings::compare::compare;
use serde_json::{Value, json};

#[test]
fn only_a_number_near_by_is_the_same_number() {
    for (then, now, same) in [
        (json!(1.5), json!(1.5 + 1e-9), true),
        (json!(1e9), json!(1e9 + 1.0), true),
        (json!(null), json!(null), true),
        (json!("of 1.5 or 2"), json!("of 1.5000000001 or 2"), true),
        (json!(1.5), json!(1.6), false),
        (json!(1.5), json!(null), false),
        (json!(null), json!(1.5), false),
        (json!(0), json!(null), false),
        (json!(0), json!(false), false),
        (json!(1.5), json!("1.5"), false),
        (json!([1.5]), json!([1.5, 2]), false),
        (json!([1.5]), json!(null), false),
        (json!("of 1.5"), json!("of 1.6"), false),
    ] {
        let whole = |value: &Value| json!({"runs": {"clean": [0, value]}});
        let found = compare(&whole(&then), &whole(&now), 1e-6);
        assert_eq!(found.different == 0, same, "{then} and {now}: {found:?}");
        if !same {
            assert_eq!(
                found.differences[0].what.split('[').next(),
                Some("runs.clean")
            );
        }
    }
    // what is not there is not the same as a number either
    let found = compare(&json!({"a": 1, "b": 2}), &json!({"a": 1}), 1e-6);
    assert_eq!((found.different, found.numbers), (1, 1), "{found:?}");
}
