//! What is known of all inputs under the interventions that stand.

use super::space::{Answer, FEW_INPUTS, Found, Said, SpaceKey, SpaceQuestion, Wants};
use super::state::State;
use crate::sweep::Tally;
use std::sync::Arc;

impl State {
    /// Knows of all inputs what another state of the same model knows: a session holds no answers,
    /// they are found anew where they are missing.
    pub fn knowing(&mut self, other: &Self) {
        let wishes = std::mem::take(&mut self.space);
        self.space = other.space.clone().with_wishes_of(wishes);
    }

    pub(in crate::app) fn space_key(&self) -> SpaceKey {
        SpaceKey::new(&self.study().experiment())
    }

    /// The finished sweep of the model as it is, with the interventions that stand.
    #[must_use]
    pub fn space_tally(&self) -> Option<&Arc<Tally>> {
        self.space.known(&self.space_key())?.tally.as_ref()
    }

    /// The newest count where none is known under the interventions that stand, but one is on its way by
    /// itself: it is out of date.
    #[must_use]
    pub fn stale_tally(&self) -> Option<&Arc<Tally>> {
        let on_its_way = self.space.truth && self.space_tally().is_none();
        on_its_way.then(|| self.space.newest_tally())?
    }

    /// What is counted by itself: how many inputs are right, where interventions stand or stood and it is not
    /// known yet. Where every input is a forward pass, only of a small space.
    pub(in crate::app) fn untold_truth(&self) -> Option<SpaceQuestion> {
        let judging = self.shelf.as_ref().and_then(|shelf| shelf.judging.as_ref());
        let judging = judging.is_some_and(|(generation, _)| *generation == self.space.generation);
        let folds = self.model.config.why_not_folded().is_none();
        let wanted = self.space.truth
            && !judging
            && self.task().is_judged()
            && (folds || self.task().input_space() <= FEW_INPUTS)
            && self.space_tally().is_none()
            && (self.space.newest_tally().is_some()
                || !self.study().experiment().interventions.is_empty());
        wanted.then_some(SpaceQuestion {
            sweep: true,
            claims: Vec::new(),
        })
    }

    /// What came of a claim under the interventions that stand.
    #[must_use]
    pub fn space_answer(&self, line: &str) -> Option<&Answer> {
        let known = self.space.known(&self.space_key())?;
        let answer = known.answers.iter().find(|answer| answer.claim == line)?;
        let is_of_another = match &answer.result {
            Ok(Said::Cell(_, about)) => **about != self.study().experiment(),
            _ => false,
        };
        (!is_of_another).then_some(answer)
    }

    /// Why nothing comes of the question about these interventions.
    #[must_use]
    pub fn space_failure(&self) -> Option<&str> {
        let (key, failure) = self.space.failure.as_ref()?;
        (*key == self.space_key()).then_some(failure)
    }

    /// What the question under way, or the one that was stopped, has found so far, if it is about these
    /// interventions.
    #[must_use]
    pub fn space_so_far(&self) -> Option<&Found> {
        let space = &self.space;
        let running = space.running.as_ref().or(space.stopped.as_ref())?;
        let news = running.news.as_ref()?;
        (running.key == self.space_key()).then_some(&news.found)
    }

    /// The claims that the screen lists: those that were stated, the newest first, then the others
    /// that are kept.
    #[must_use]
    pub fn listed_claims(&self) -> Vec<&str> {
        let stated = &self.space.stated;
        let kept = self.study().claims.iter();
        let kept = kept.filter(|claim| !stated.contains(claim));
        let all = stated.iter().rev().chain(kept);
        all.map(String::as_str).collect()
    }

    /// What the screen wants to know and does not.
    pub(in crate::app) fn missing(&self) -> Option<SpaceQuestion> {
        let wants = self.space.wants;
        let claims: Vec<String> = match wants {
            Wants::Nothing => return None,
            _ => (self.listed_claims().into_iter())
                .filter(|claim| self.space_answer(claim).is_none())
                .map(str::to_owned)
                .collect(),
        };
        let sweep = wants == Wants::All && self.space_tally().is_none();
        (sweep || !claims.is_empty()).then_some(SpaceQuestion { sweep, claims })
    }
}
