//! The task files that the program brings along.

/// Names and texts, in the order in which they are listed.
pub(super) const ALL: [(&str, &str); 17] = [
    (
        "array_update",
        include_str!("../../../assets/tasks/array_update.star"),
    ),
    (
        "min_of_two",
        include_str!("../../../assets/tasks/min_of_two.star"),
    ),
    (
        "majority",
        include_str!("../../../assets/tasks/majority.star"),
    ),
    ("sort", include_str!("../../../assets/tasks/sort.star")),
    (
        "permute",
        include_str!("../../../assets/tasks/permute.star"),
    ),
    (
        "previous_token",
        include_str!("../../../assets/tasks/previous_token.star"),
    ),
    (
        "modular_addition",
        include_str!("../../../assets/tasks/modular_addition.star"),
    ),
    (
        "modular_subtraction",
        include_str!("../../../assets/tasks/modular_subtraction.star"),
    ),
    (
        "max_of_list",
        include_str!("../../../assets/tasks/max_of_list.star"),
    ),
    (
        "palindrome",
        include_str!("../../../assets/tasks/palindrome.star"),
    ),
    (
        "brackets",
        include_str!("../../../assets/tasks/brackets.star"),
    ),
    (
        "cumulative_sign",
        include_str!("../../../assets/tasks/cumulative_sign.star"),
    ),
    (
        "first_unique",
        include_str!("../../../assets/tasks/first_unique.star"),
    ),
    (
        "digit_sum",
        include_str!("../../../assets/tasks/digit_sum.star"),
    ),
    (
        "sorted_list",
        include_str!("../../../assets/tasks/sorted_list.star"),
    ),
    (
        "distinct_count",
        include_str!("../../../assets/tasks/distinct_count.star"),
    ),
    (
        "set_difference",
        include_str!("../../../assets/tasks/set_difference.star"),
    ),
];

/// The text of the built-in task of this name.
pub(super) fn text(name: &str) -> Option<&'static str> {
    let mut all = ALL.iter();
    all.find(|(one, _)| *one == name).map(|(_, text)| *text)
}
