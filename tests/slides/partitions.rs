//! Which values of a field a node tells apart.

use super::maps::{answer, close, column, note, values};

#[test]
fn a_partition_finds_what_a_node_tells_apart() {
    let of = |line: &str| answer(&[line]);
    // what layer 0 leaves at elt is which index was asked for, and nothing of the list
    let idx = of("partition blocks.0.attn.hook_z @elt by idx over random:7:300");
    assert_eq!(
        note(&idx, "classes"),
        "3: every value is told from all others"
    );
    for (i, row) in values(&idx).iter().enumerate() {
        assert_eq!(row[i], 1.0, "the value itself changes nothing");
        assert!(
            row.iter()
                .enumerate()
                .all(|(j, kept)| i == j || *kept < 0.6),
            "{row:?}"
        );
    }
    let list = of("partition blocks.0.attn.hook_z @elt by a_1 over random:7:60");
    assert_eq!(note(&list, "classes"), "1: no value is told from another");
    assert!(note(&list, "seen").contains("of 50 values"));
    // nearly nothing asked, everything is one class
    let loose = of("partition blocks.0.attn.hook_z @elt by idx keep 0.01 over random:7:300");
    assert_eq!(note(&loose, "classes"), "1: no value is told from another");
}

#[test]
fn a_partition_agrees_with_a_sweep_under_its_rule() {
    let found = answer(&["partition blocks.0.attn.hook_z @elt by idx over random:7:300"]);
    let rule = "rule blocks.0.attn.hook_z @elt = as_if(idx=2)";
    let each = ["nl_1", "b_0", "b_1"].map(|pos| {
        let line =
            format!("table pred[{pos}].patched == pred[{pos}].clean by idx over random:7:300");
        column(&answer(&[&line, "--intervene", rule]), "mean")
    });
    for row in 0..3 {
        let mean = each.iter().map(|of_position| of_position[row]).sum::<f64>() / 3.0;
        close("kept", values(&found)[row][2], mean, 1e-6);
    }
}
