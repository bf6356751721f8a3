//! Tensors that do not fit their storages.

use super::forge::{Pickle, floats, one_tensor, pt};
use super::{F32_6, pickle_refused, refused};

#[track_caller]
fn view_refused(view: (i64, &[i64], &[i64]), parts: &[&str]) {
    pickle_refused(&one_tensor(F32_6, view), &[&["tensor `W`"], parts].concat());
}

#[track_caller]
fn view_refused_anywhere(view: (i64, &[i64], &[i64]), part: &str) {
    pickle_refused(&one_tensor(F32_6, view), &["data.pkl, byte", part]);
}

#[test]
fn views_that_reach_outside() {
    view_refused(
        (0, &[1 << 20, 1 << 13], &[1 << 13, 1]),
        &["past 16777216 elements"],
    );
    view_refused(
        (0, &[1_000_000, 1_000_000], &[1_000_000, 1]),
        &["past 16777216 elements"],
    );
    view_refused(
        (0, &[i64::MAX, i64::MAX, 0], &[1, 1, 1]),
        &["past 16777216 elements"],
    );
    view_refused(
        (0, &[1_000_000, 1_000_000], &[0, 0]),
        &["past 16777216 elements"],
    );
    view_refused(
        (0, &[7], &[1]),
        &["reach past the 6 elements of its storage `0`"],
    );
    view_refused((1, &[2, 3], &[3, 1]), &["offset 1", "reach past"]);
    view_refused((0, &[2, 3], &[4, 1]), &["strides [4, 1]", "reach past"]);
    view_refused(
        (1 << 62, &[1], &[1]),
        &["offset 4611686018427387904", "reach past"],
    );
    view_refused((i64::MAX, &[2], &[i64::MAX]), &["reach past"]);
    view_refused((7, &[0], &[1]), &["reach past"]);
    view_refused(
        (0, &[6], &[]),
        &["shape [6] and strides []", "different lengths"],
    );
    view_refused((0, &[2, 3], &[1]), &["different lengths"]);
    view_refused_anywhere((0, &[1; 9], &[1; 9]), "a tensor's shape has 9 dimensions");
    view_refused_anywhere((-1, &[6], &[1]), "offset is -1, below zero");
    view_refused_anywhere((0, &[-6], &[1]), "shape is -6, below zero");
    view_refused_anywhere((0, &[6], &[-1]), "stride is -1, below zero");
}

#[test]
fn storages_that_do_not_fit() {
    let six_of = |storage| one_tensor(storage, (0, &[6], &[1]));
    pickle_refused(
        &six_of(("FloatStorage", "1", 6)),
        &["tensor `W`", "no entry `m/data/1`"],
    );
    let outside = six_of(("FloatStorage", "../../../etc/passwd", 6));
    pickle_refused(
        &outside,
        &[
            "no entry `m/data/../../../etc/passwd`",
            "nothing outside the zip",
        ],
    );
    pickle_refused(
        &six_of(("FloatStorage", "0", 7)),
        &["storage `0`", "7 elements of 4 bytes", "24 bytes"],
    );
    pickle_refused(
        &six_of(("DoubleStorage", "0", 6)),
        &["6 elements of 8 bytes", "24 bytes"],
    );
    pickle_refused(
        &six_of(("FloatStorage", "0", i64::MAX)),
        &["9223372036854775807 elements"],
    );
    pickle_refused(
        &six_of(("ComplexFloatStorage", "0", 6)),
        &["torch.ComplexFloatStorage"],
    );
    let longer = pt(&six_of(F32_6), &[("0", &floats(&[0.0; 7]))]);
    refused(&longer, &["6 elements of 4 bytes", "28 bytes"]);
    let shorter = pt(&six_of(F32_6), &[("0", &floats(&[0.0; 5]))]);
    refused(&shorter, &["6 elements of 4 bytes", "20 bytes"]);
    // The same storage read as two types.
    let dict = Pickle::new()
        .raw(b"}(")
        .text("A")
        .tensor(F32_6, (0, &[6], &[1]));
    let dict = dict
        .text("B")
        .tensor(("HalfStorage", "0", 6), (0, &[6], &[1]))
        .raw(b"u")
        .stop();
    pickle_refused(&dict, &["tensor `B`", "6 elements of 2 bytes"]);
}
