//! Where a run stops being defined.

use crate::lens::exact::view::RunView;
use crate::lens::experiment::grid::indices;
use crate::lens::numbers::logits::is_defined;
use crate::task::Task;

/// Where a run stops being defined: the first query whose attention is no number, or else the first
/// position whose logits are none. It takes a walk through all attention: once for an observation.
pub(crate) fn undefined(task: Task, run: &RunView) -> Option<String> {
    let [layers, heads, len, _] = run.pattern.shape() else {
        return None;
    };
    let shape = [*layers, *heads, *len];
    for query in indices(&shape) {
        if !run.pattern.slice(&query).iter().any(|p| p.is_nan()) {
            continue;
        }
        let [layer, head, dest] = query[..] else {
            continue;
        };
        let scores = run.scores.slice(&query);
        let why = match scores.iter().all(|&score| score == f32::NEG_INFINITY) {
            true => "no key is left",
            false => "numbers overflow",
        };
        let label = task.label(dest);
        return Some(format!(
            "undefined: {why} for the query {label} of head {layer}.{head}"
        ));
    }
    let logits = |position: &usize| !is_defined(run.logits.slice(&[*position]));
    let position = (0..*len).find(logits)?;
    Some(format!(
        "undefined: logits overflow at {}",
        task.label(position)
    ))
}
