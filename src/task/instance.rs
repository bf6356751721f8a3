//! Examples in a task's own names: what help and errors say that a line may look like.

use super::{Task, Token};

impl Task {
    /// A text in the names of this task. In braces stand `{prediction}`,
    /// the first one; `{query}`, a position at which something is predicted (the
    /// second one, where there are several); `{key}`, that of the last field up to there; `{field}` and `{other}`, names
    /// of fields, that of the last but one and the first; `{token}` and `{wrong}`, two classes.
    #[must_use]
    pub fn in_names(self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let at = 1.min(self.answers.len().saturating_sub(1));
        let name = |slot: usize| {
            self.slots
                .get(slot)
                .map_or("", |slot| &slot.name)
                .to_owned()
        };
        let last = self.slots.len().saturating_sub(1);
        let read = self.predicts_at(at);
        let query = self.label(read);
        // the last field that can be looked at from there
        let places = (0..self.slots.len()).filter_map(|slot| self.position_of_slot(slot));
        let key = places.filter(|&at| at <= read).max();
        let key = key.map(|at| self.label(at));
        let [token, wrong] = self.two_classes().map(|class| self.class_name(class));
        let names = [
            ("{prediction}", self.prediction(0)),
            ("{query}", query),
            ("{key}", key.unwrap_or_else(|| self.label(0))),
            ("{field}", name(last.saturating_sub(1))),
            ("{other}", name(0)),
            ("{token}", token),
            ("{wrong}", wrong),
        ];
        let put = |text: String, (place, name): &(&str, String)| text.replace(place, name);
        names.iter().fold(text.to_owned(), put)
    }

    /// Two classes that may be right, near the end of all: `48` and `26` of fifty numbers.
    fn two_classes(self) -> [Token; 2] {
        let all = self.classes.len() as Token;
        let values = self.slots.last().map_or(0, |slot| slot.values.len()) as Token;
        let count = match values {
            2.. if values <= all => values,
            _ => all,
        };
        let (one, other) = (count.saturating_sub(2), count / 2 + u32::from(count > 3));
        [one, if other == one { 0 } else { other }]
    }
}
