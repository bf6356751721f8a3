//! The public checkpoints beside the project, and the tasks that they are for.

/// The files, without their ends, and what the built-in task is called.
pub const CHECKPOINTS: [(&str, &str); 15] = [
    ("ck_min_int", "min_of_two"),
    ("ck_majority", "majority"),
    ("ck_sort", "sort"),
    ("ck_permute", "permute"),
    ("ck_array_indexing", "array_update"),
    ("ck_rederive_position", "previous_token"),
    ("ck_modular_subtraction", "modular_subtraction"),
    ("ck_modular_addition_mlp", "modular_addition"),
    ("arena_palindrome_july", "palindrome"),
    ("arena_palindrome_eagx", "palindrome"),
    ("arena_unique_char", "first_unique"),
    ("arena_sorted_list", "sorted_list"),
    ("arena_cumsum", "cumulative_sign"),
    ("arena_brackets", "brackets"),
    ("rakaar_max_list_s42", "max_of_list"),
];
