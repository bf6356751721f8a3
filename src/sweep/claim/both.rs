//! Numbers of both runs: `pred[b_0].clean` is the untouched model's, `pred[b_0].patched` the one's under the
//! interventions, as is `pred[b_0]`.

use super::grammar::{Run, Term};
use super::meaning::{Read, Reader};
use super::word::Word;
use super::words::is_cell;

/// What is told of both runs, besides attention.
const OF_BOTH: &str = "pred margin logit logit_diff logp prob rank loss accuracy act norm neuron dot adds path matters";

impl Reader<'_> {
    /// A word of one of the two runs.
    pub fn of_run(&mut self, term: &Term, run: Run) -> Read<Word> {
        if !is_cell(&term.word) && !OF_BOTH.split_whitespace().any(|one| one == term.word) {
            let problem = format!("of both runs there are {OF_BOTH}, and attention such as A0[..]");
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
        let own = self.wanted.of_untouched.get_or_insert_default();
        let mut other = Reader::new(self.line, self.task, self.config, own);
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
