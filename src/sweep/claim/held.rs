//! The words of a claim that are read off activations: `act`, `norm`, `dot`, `neuron`, `adds`.

use super::grammar::Term;
use super::meaning::{Read, Reader};
use super::word::{Named, Word};
use crate::lens::StreamDirection;
use crate::model::{Axes, HookName, Site};
use crate::sweep::held::{Held, What};
use crate::task::shown;

impl Reader<'_> {
    /// `act[HOOK,POS,HEAD,I]`: one number of an activation; the head where there are several.
    pub(super) fn act(&mut self, term: &Term, bracket: &[String]) -> Read<Word> {
        let Some((last, before)) = bracket.split_last() else {
            return self.unknown(term);
        };
        let found = self.held(term, before, What::Cell(0))?;
        let width = self.config.width(found.hook);
        match last.parse::<usize>().ok().filter(|&i| i < width) {
            Some(i) => Ok(self.keep(Held {
                what: What::Cell(i),
                ..found
            })),
            None => self.wrong(
                term,
                format!(
                    "{} has no number '{}'; they are 0 to {}",
                    found.hook,
                    shown(last),
                    width.saturating_sub(1)
                ),
            ),
        }
    }

    /// `norm[HOOK,POS,HEAD]`: the length of an activation.
    pub(super) fn norm(&mut self, term: &Term, bracket: &[String]) -> Read<Word> {
        let found = self.held(term, bracket, What::Norm)?;
        Ok(self.keep(found))
    }

    /// `dot[HOOK,POS,HEAD][W_U,TOKEN]`: the product with a row of `W_E` or `W_pos` or a column of `W_U`.
    pub(super) fn dot(&mut self, term: &Term, bracket: &[String], with: [&str; 2]) -> Read<Word> {
        let [matrix, name] = with;
        let task = self.task;
        let direction = match matrix {
            "W_E" => task.vocabulary.named(name).map(StreamDirection::Embed),
            "W_U" => task.classes.named(name).map(StreamDirection::Unembed),
            "W_pos" => task.position(name).ok().map(StreamDirection::Pos),
            _ => None,
        };
        let Some(direction) = direction else {
            let problem = format!(
                "'{},{}' is no direction such as W_E,TOKEN or W_U,TOKEN or W_pos,POS",
                shown(matrix),
                shown(name)
            );
            return self.wrong(term, problem);
        };
        if matches!(direction, StreamDirection::Pos(_)) && !self.config.has_w_pos() {
            return self.wrong(term, "this model has no W_pos");
        }
        let found = self.held(term, bracket, What::Dot(direction))?;
        let wide = self.config.width(found.hook) == self.config.d_model;
        if !wide || found.hook == HookName::Logits {
            let problem = format!("{} is not d_model wide, as the direction is", found.hook);
            return self.wrong(term, problem);
        }
        Ok(self.keep(found))
    }

    /// `neuron[LAYER.NEURON,POS]`: what a neuron holds behind its activation.
    pub(super) fn neuron(&mut self, term: &Term, name: &str, at: &str) -> Read<Word> {
        let hook = match self.config.is_bare() {
            true => HookName::Post,
            false => match name
                .split_once('.')
                .and_then(|(layer, _)| layer.parse().ok())
            {
                Some(layer) => HookName::Block(layer, Site::MlpPost),
                None => HookName::Post,
            },
        };
        let place = name.split_once('.').and_then(|(_, i)| i.parse().ok());
        let d_mlp = self.config.mlp.map_or(0, |mlp| mlp.d_mlp);
        let known = place.filter(|&i: &usize| i < d_mlp && self.config.has(hook));
        let (Some(place), Ok(pos)) = (known, self.task.position(at)) else {
            let problem = match d_mlp {
                0 => "this model has no neurons".to_owned(),
                n => format!(
                    "write LAYER.NEURON and a position, neurons 0 to {}: neuron[0.{},{}]",
                    n - 1,
                    n - 1,
                    self.task.label(self.task.read_len().saturating_sub(1))
                ),
            };
            return self.wrong(term, problem);
        };
        Ok(self.keep(Held {
            hook,
            pos,
            head: None,
            what: What::Cell(place),
        }))
    }

    /// `adds[PART][POS,TOKEN]`: what a part writes along a logit, given the scale of the last norm.
    pub(super) fn adds(&mut self, term: &Term, part: &str, at: &str, token: &str) -> Read<Word> {
        let (j, token) = (self.prediction(term, at)?, self.token(term, token)?);
        let pos = self.task.predicts_at(j);
        let held = |class| Held::adds(part, pos, class, self.config);
        let classes = match token {
            Named::Is(class) => class as usize..class as usize + 1,
            _ => 0..self.config.d_vocab_out,
        };
        let Some(all) = classes.map(held).collect::<Option<Vec<_>>>() else {
            let problem = format!(
                "'{}' writes nothing of its own; embed, a head such as 0.0, L0, an MLP such as M0, a \
                 neuron such as N0.17 do",
                shown(part)
            );
            return self.wrong(term, problem);
        };
        let first = self.wanted.held.len();
        match token {
            Named::Is(_) => Ok(all.first().map_or(Word::Held(first), |&one| self.keep(one))),
            _ => {
                self.wanted.held.extend(all);
                Ok(Word::HeldOf(first, j, token))
            }
        }
    }

    /// The number's place among all that are kept.
    fn keep(&mut self, held: Held) -> Word {
        let all = &mut self.wanted.held;
        let known = all.iter().position(|one| *one == held);
        Word::Held(known.unwrap_or_else(|| {
            all.push(held);
            all.len() - 1
        }))
    }

    /// `HOOK,POS` or `HOOK,POS,HEAD`
    fn held(&self, term: &Term, items: &[String], what: What) -> Read<Held> {
        let (hook, at, head) = match items {
            [hook, at] => (hook, at, None),
            [hook, at, head] => (hook, at, Some(head)),
            _ => return self.unknown(term),
        };
        let hook = match HookName::parse(hook, self.config) {
            Ok(hook) => hook,
            Err(error) => return self.wrong(term, format!("{error:#}")),
        };
        let pos = match self.task.position(at) {
            Ok(pos) => pos,
            Err(error) => return self.wrong(term, format!("{error:#}")),
        };
        let heads = match hook.axes() {
            Axes::PosHead => self.config.n_heads,
            Axes::Pos => 0,
            Axes::HeadDestSrc => {
                return self.wrong(
                    term,
                    "attention is written A1[{query},{key}], scores S1[{query},{key}]: layer, then query and key",
                );
            }
        };
        let number = head.map(|head| head.parse::<usize>().ok().filter(|&h| h < heads));
        let head = match (number, heads) {
            (None, 0) => None,
            (None, 1) => Some(0),
            (Some(Some(head)), _) => Some(head),
            (Some(None), 0) => {
                return self.wrong(term, format!("{hook} has no heads: write HOOK,POS"));
            }
            _ => {
                let last = heads - 1;
                return self.wrong(term, format!("write HOOK,POS,HEAD; heads are 0 to {last}"));
            }
        };
        Ok(Held {
            hook,
            pos,
            head,
            what,
        })
    }
}
