//! Examples as a file's own function draws them.

use super::asking::Frame;
use super::calling::{Callable, Program};
use super::error::Flaw;
use super::values::{self, Random};
use crate::task::{Group, Token};
use starlark::eval::Evaluator;
use starlark::values::Value;
use starlark::values::dict::DictRef;

impl Frame {
    /// One example.
    pub fn drawn<'v>(
        &self,
        program: &Program,
        eval: &mut Evaluator<'v, '_, '_>,
        function: &Callable,
    ) -> Result<Vec<Token>, Flaw> {
        let random = eval.heap().alloc(Random);
        let drawn = program.call(eval, function, &[random])?;
        let Some(dict) = DictRef::from_value(drawn) else {
            let problem = format!("draw returned {}, and no dict", values::named(drawn));
            return Err(Flaw::of(
                "draw",
                problem,
                "return what each field holds, as {\"a\": [1, 2]}",
            ));
        };
        let mut tokens = Vec::with_capacity(self.spec.slots.len());
        for group in &self.spec.groups {
            let Some(value) = dict.get_str(&group.name) else {
                let problem = format!("draw gives {} no value", group.name);
                return Err(Flaw::of("draw", problem, "give every field one"));
            };
            tokens.extend(self.held(group, value)?);
        }
        Ok(tokens)
    }

    /// The tokens that a field holds where this is drawn for it.
    fn held(&self, group: &Group, value: Value<'_>) -> Result<Vec<Token>, Flaw> {
        let Group { name, slots, .. } = group;
        let wrong = |problem: String| Flaw::of("draw", problem, "draw what `fields` allows");
        let items = match values::list(value) {
            Some(items) if group.is_list => items.to_vec(),
            None if !group.is_list => vec![value],
            _ => return Err(wrong(format!("draw gives {name} {}", values::named(value)))),
        };
        let fits = match &group.lengths {
            Some(lengths) => lengths.contains(&items.len()),
            None => items.len() == slots.len(),
        };
        if !fits {
            return Err(wrong(format!("draw gives {name} {} values", items.len())));
        }
        let mut tokens = Vec::with_capacity(slots.len());
        for item in items {
            let token = values::meaning(item).and_then(|one| self.spec.vocabulary.token(&one));
            match token.filter(|token| self.spec.slots[slots.start].values.contains(token)) {
                Some(token) if !group.distinct || !tokens.contains(&token) => tokens.push(token),
                Some(_) => {
                    return Err(wrong(format!(
                        "draw gives {name} {} twice",
                        values::named(item)
                    )));
                }
                None => return Err(wrong(format!("draw gives {name} {}", values::named(item)))),
            }
        }
        tokens.resize(slots.len(), self.spec.pad.unwrap_or(0));
        Ok(tokens)
    }
}
