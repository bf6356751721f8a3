//! Numbers of both runs: `pred[b_0].clean` is the untouched model's, `pred[b_0].patched` the one's under the
//! interventions, as is `pred[b_0]`.

use super::grammar::{Run, Term};
use super::meaning::{Read, Reader};
use super::word::Word;
use crate::sweep::block::Wanted;

/// What is told of both runs: numbers of predictions.
const OF_BOTH: &str = "pred margin logit logit_diff logp prob rank loss accuracy";

impl Reader<'_> {
    /// A word of one of the two runs.
    pub fn of_run(&mut self, term: &Term, run: Run) -> Read<Word> {
        if !OF_BOTH.split_whitespace().any(|one| one == term.word) {
            let problem = format!("of both runs there are {OF_BOTH}");
            return self.wrong(term, problem);
        }
        let plain = Term {
            run: None,
            ..term.clone()
        };
        if run == Run::Patched {
            return self.word(&plain);
        }
        // what it needs is needed of the other model
        let mut own = Wanted::default();
        let mut other = Reader::new(self.line, self.task, self.config, &mut own);
        let word = other.word(&plain)?;
        let beside = &mut self.wanted.beside;
        let place = beside.iter().position(|one| *one == word);
        let place = place.unwrap_or_else(|| {
            beside.push(word.clone());
            beside.len() - 1
        });
        Ok(Word::Untouched(place, Box::new(word)))
    }
}
