//! Marks of charts and pictures: the cursor, the prompt's own place, and one for each line where colours do not tell
//! lines apart.

use super::canvas::Canvas;
use super::look::Look;

/// Marks of lines.
const LINES: [&str; 8] = ["•", "+", "x", "▲", "■", "▽", "□", "*"];
/// The same in ASCII.
const PLAIN: [&str; 8] = ["*", "+", "#", "%", "@", "=", "&", "~"];

/// The cell or point under the cursor.
pub(super) fn cursor(look: &Look) -> &'static str {
    look.pick("◆", "X")
}

/// The cell or point of the prompt itself.
pub(super) fn own(look: &Look) -> &'static str {
    look.pick("○", "o")
}

/// A point of a line.
pub(super) fn of_line(look: &Look, line: usize) -> &'static str {
    let all = if look.ascii { PLAIN } else { LINES };
    all[line % all.len()]
}

/// What the prompt's mark is called; where the cursor lies on it, it has the cursor's.
pub(super) fn own_words(look: &Look, at_cursor: bool) -> String {
    let mark = if at_cursor { cursor(look) } else { own(look) };
    format!("{mark} this prompt")
}

/// Which of an axis's values the clean prompt has, where the axis is a field.
pub(super) fn own_place(canvas: &Canvas<'_>, axis: &str, names: &[String]) -> Option<usize> {
    let (task, values) = (canvas.state.task(), &canvas.state.study().clean.values);
    let name = task.token_name(values.get(task.field(axis)?));
    names.iter().position(|one| *one == name)
}
