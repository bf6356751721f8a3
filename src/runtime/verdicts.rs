//! What comes of the claims of a session. This is the one place that asks for verdicts.

use crate::findings::store::Verdict;

/// A verdict for each claim.
#[must_use]
pub fn of(claims: &[String]) -> Vec<Verdict> {
    let verdict = |claim: &String| Verdict {
        claim: claim.clone(),
        holds: None,
        because: "this program cannot check claims".to_owned(),
    };
    claims.iter().map(verdict).collect()
}
