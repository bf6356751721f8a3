//! The words on screen and the short names of what is seen there: the other page of the help.

/// What the screen shows, in the field's own words.
pub const WORDS: &[(&str, &str)] = &[
    (
        "clean, corrupted",
        "a pair of prompts that differ in one field",
    ),
    ("patched", "the base run with the interventions of the list"),
    ("denoise", "clean activations into the corrupted run"),
    ("noise", "corrupted activations into the clean run"),
    (
        "metric",
        "(patched - corrupted) / (clean - corrupted), of logits",
    ),
    (
        "a grid's cell",
        "what the metric becomes with its patch in the list",
    ),
    (
        "layer.head",
        "1.0 is head 0 of block 1; rows query, columns are keys",
    ),
    (
        "margin",
        "right answer's logit less the largest of the others",
    ),
    (
        "truth",
        "the right answers are fed back; t: what the model says",
    ),
    ("ok, !34", "right; wrong, and 34 is right"),
    (
        "pred acc, input acc",
        "of single predictions; of inputs without any wrong",
    ),
    (
        "(≥ 0.98)",
        "all of a sample right: the rate is at least so (95 %)",
    ),
    ("*, all", "at all positions at once"),
    ("·", "masked, or not computed"),
    (
        "remainder",
        "what rounding leaves between parts and their sum",
    ),
    (
        "dimmed numbers",
        "belong to an older input; new ones are on their way",
    ),
];

/// What is named in short on screen, and in full where it is typed and exported.
pub const NAMES: &[(&str, &str)] = &[
    (
        "{prediction}",
        "where it is read, and what it predicts; typed -> too",
    ),
    (
        "resid_pre 1 @{key}",
        "blocks.1.hook_resid_pre @{key}, the stream before block 1",
    ),
    (
        "resid_post 1",
        "blocks.1.hook_resid_post, the stream behind block 1",
    ),
    (
        "attn_out 0",
        "blocks.0.hook_attn_out, what block 0 adds to the stream",
    ),
    (
        "z 1.0 @{query}",
        "blocks.1.attn.hook_z @{query} head 0; q, k, v, pattern too",
    ),
    (
        "L0->K1, L0.0->K1.0",
        "an edge: block 0 (head 0.0) to blocks.1.hook_k_input",
    ),
    (
        "0.0>1.0, direct",
        "a path: through heads 0.0 and 1.0; through none",
    ),
];
