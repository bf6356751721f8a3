//! How two numbers are compared, in claims about inputs and about the cells of answers.

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The first is the smaller one.
    Less,
    /// The first is not the larger one.
    AtMost,
    /// The first is the larger one.
    More,
    /// The first is not the smaller one.
    AtLeast,
    /// They are the same.
    Equal,
    /// They are not.
    Unequal,
}

impl Comparison {
    /// Its signs: one that begins with another stands before it.
    pub(crate) const SIGNS: [(&'static str, Self); 7] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<", Self::Less),
        (">", Self::More),
        ("=", Self::Equal),
    ];

    /// Whether it is so; of what is no number nothing is, but that it is unequal.
    pub(crate) fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Less => a < b,
            Self::AtMost => a <= b,
            Self::More => a > b,
            Self::AtLeast => a >= b,
            Self::Equal => a == b,
            Self::Unequal => a != b,
        }
    }
}
