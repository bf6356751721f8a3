//! The rows below the sweep: claims with their verdicts, then the inputs worth a look.

use super::canvas::Canvas;
use super::fit::wrapped;
use super::space_cases::{self as cases, input, mark};
use super::space_choices as choices;
use super::theme::Role;
use crate::app::{ClaimRow, Says, SpaceRow, Spot};
use crate::sweep::{Common, Conclusion, Counterexample, NO_INPUT, Over, Verdict};
use crate::task::number::fixed;
use crate::task::{Sample, grouped};
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Where the cursor is, for the lower edge.
pub(super) fn place(canvas: &Canvas<'_>) -> Option<Line<'static>> {
    let state = canvas.state;
    let (rows, cursor) = (state.space_rows(), state.space_cursor());
    let row = rows.get(cursor)?;
    let same = |one: &&SpaceRow<'_>| std::mem::discriminant(*one) == std::mem::discriminant(row);
    let (at, count) = (
        rows[..=cursor].iter().filter(same).count(),
        rows.iter().filter(same).count(),
    );
    let order = state.space.order.name(state.task());
    let text = match row {
        SpaceRow::Claim(_) => format!("claim {at} of {count}"),
        SpaceRow::Choice(_) => format!("choice {at} of {count}, enter adds it"),
        SpaceRow::Further(_) => format!("input {at} of {count}, of the claim above"),
        SpaceRow::Group(..) => format!("group {at} of {count}, {order}"),
        SpaceRow::Case(_) => format!("input {at} of {count}, {order}"),
    };
    Some(Line::from(canvas.span(Role::Text, text)))
}

/// The rows, scrolled so that the selected one is seen with what is told of it.
pub(super) fn rows(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let (rows, cursor) = (state.space_rows(), state.space_cursor());
    if rows.is_empty() {
        let text = match state.space_tally() {
            Some(_) => "no prediction is wrong, there are no groups: O sorts by margin",
            None => "S counts all inputs, / states a claim; :ablations and :minimal survey",
        };
        canvas.line(area, 0, &Line::from(canvas.span(Role::Muted, text)));
        return;
    }
    let (widths, cases) = (Widths::of(&rows), cases::CaseWidths::of(canvas, &rows));
    let tried = choices::ChoiceWidths::of(canvas, &rows, area.width);
    // whose each line is
    let (mut lines, mut whose) = (Vec::new(), Vec::new());
    let mut selected = 0..0;
    for (i, row) in rows.iter().enumerate() {
        let first = lines.len();
        match row {
            SpaceRow::Claim(claim) => {
                if i == 0 {
                    lines.push(claim_heads(canvas, &widths));
                }
                lines.push(claim_line(canvas, claim, i == cursor, &widths));
                if i == cursor {
                    let whole = lines.last().map_or(0, Line::width) <= usize::from(area.width);
                    if !whole {
                        let width = usize::from(area.width).saturating_sub(9);
                        let parts = wrapped(claim.line, width).into_iter();
                        lines.extend(parts.map(|part| detail(canvas, Role::Accent, &part)));
                    }
                    let width = usize::from(area.width).saturating_sub(9);
                    lines.extend(told(canvas, claim, width));
                }
            }
            SpaceRow::Choice(choice) => {
                if i == 0 || !matches!(rows[i - 1], SpaceRow::Choice(_)) {
                    lines.push(choices::heads(canvas, &tried));
                }
                lines.push(choices::line(canvas, choice, i == cursor, &tried));
            }
            SpaceRow::Further(one) => lines.push(further_line(canvas, one, i == cursor)),
            SpaceRow::Group(common, count) => {
                let rest = rows[i + 1..].iter();
                let listed = rest
                    .take_while(|row| matches!(row, SpaceRow::Case(_)))
                    .count();
                let line = group_line(canvas, *common, (*count, listed), i == cursor);
                lines.push(line);
            }
            SpaceRow::Case(case) => {
                let begins =
                    i == 0 || !matches!(rows[i - 1], SpaceRow::Case(_) | SpaceRow::Group(..));
                if begins {
                    lines.push(cases::heads(canvas, &cases));
                }
                lines.push(cases::line(canvas, case, i == cursor, &cases));
            }
        }
        whose.resize(lines.len(), i);
        if i == cursor {
            selected = first..lines.len();
        }
    }
    let room = usize::from(area.height);
    // claims stay in sight as long as the cursor lets them
    let first = selected.end.saturating_sub(room).min(selected.start);
    let lines = lines.iter().zip(whose).skip(first).take(room);
    for (at, (line, i)) in (0..).zip(lines) {
        canvas.line(area, at, line);
        canvas.spot_row(area, at, Spot::SpaceRow(i));
    }
}

/// How wide the columns of the claims are.
struct Widths {
    count: usize,
    kept: usize,
}

impl Widths {
    fn of(rows: &[SpaceRow<'_>]) -> Self {
        let claims = rows.iter().filter_map(|row| match row {
            SpaceRow::Claim(claim) => Some(claim),
            _ => None,
        });
        Self {
            count: (claims.clone().map(|claim| count(claim).len()).max()).unwrap_or(0),
            kept: if claims.clone().any(|claim| claim.kept) {
                "kept  ".len()
            } else {
                0
            },
        }
    }
}

/// Of how many inputs a claim is true, or the number that it asks for.
fn count(claim: &ClaimRow<'_>) -> String {
    match claim.says {
        Says::All(verdict) | Says::SoFar(verdict) => {
            let total = grouped(verdict.total.into());
            match verdict.asks() {
                None => format!("{} of {total}", grouped(verdict.count.into())),
                Some(_) => format!("over {total}"),
            }
        }
        Says::Choices(found) => match found.over {
            Over::Space => "all inputs".to_owned(),
            Over::Sample(sample) => {
                let (Sample::Notebook { len, .. } | Sample::Random { len, .. }) = sample;
                format!("{sample}, n = {len}")
            }
        },
        Says::Cell(_) => "an answer's cell".to_owned(),
        Says::Refused(_) => "cannot be checked".to_owned(),
        Says::Nothing => "not checked".to_owned(),
    }
}

/// The heads of the columns of claims.
fn claim_heads(canvas: &Canvas<'_>, widths: &Widths) -> Line<'static> {
    let (count, kept) = (widths.count, widths.kept);
    let text = format!(
        "  {:<10}{:>count$}  {:kept$}claim",
        "verdict", "true of", ""
    );
    Line::from(canvas.span(Role::Title, text))
}

/// Verdict, count, whether it is kept, and the claim.
fn claim_line(
    canvas: &Canvas<'_>,
    claim: &ClaimRow<'_>,
    selected: bool,
    widths: &Widths,
) -> Line<'static> {
    let (role, word) = match claim.says {
        Says::All(verdict) => match verdict.holds {
            _ if verdict.conclusion() == Some(Conclusion::Undecided) => {
                (Role::Warn, verdict.word())
            }
            Some(true) => (Role::Good, verdict.word()),
            Some(false) => (Role::Bad, verdict.word()),
            None => (Role::Accent, verdict.word()),
        },
        Says::SoFar(Verdict {
            holds: Some(false), ..
        }) => (Role::Bad, "fails".to_owned()),
        Says::SoFar(_) => (Role::Muted, "so far".to_owned()),
        Says::Choices(_) => (Role::Accent, "survey".to_owned()),
        Says::Cell(found) => (role_of(found.holds), found.word().to_owned()),
        Says::Refused(_) => (Role::Warn, "no".to_owned()),
        Says::Nothing => (Role::Muted, "?".to_owned()),
    };
    let kept = if claim.kept { "kept" } else { "" };
    let text = if selected { Role::Accent } else { Role::Text };
    Line::from(vec![
        mark(canvas, selected),
        canvas.span(role, format!("{word:<10}")),
        canvas.span(Role::Text, format!("{:>1$}  ", count(claim), widths.count)),
        canvas.span(Role::Good, format!("{kept:<0$}", widths.kept)),
        canvas.span(text, claim.line.to_owned()),
    ])
}

/// How it is drawn that something holds, fails or could not be told.
fn role_of(holds: Option<bool>) -> Role {
    match holds {
        Some(true) => Role::Good,
        Some(false) => Role::Bad,
        None => Role::Warn,
    }
}

/// A line below the selected claim.
fn detail(canvas: &Canvas<'_>, role: Role, text: &str) -> Line<'static> {
    Line::from(canvas.span(role, format!("         {text}")))
}

/// What more there is to tell of the selected claim.
fn told(canvas: &Canvas<'_>, claim: &ClaimRow<'_>, width: usize) -> Vec<Line<'static>> {
    let line = |role, text: String| detail(canvas, role, &text);
    match claim.says {
        Says::Nothing => Vec::new(),
        Says::Choices(found) => {
            let parts = wrapped(&found.verdict, width).into_iter();
            parts.map(|part| line(Role::Accent, part)).collect()
        }
        Says::Cell(found) => {
            let parts = wrapped(&found.because, width).into_iter();
            parts.map(|part| line(Role::Muted, part)).collect()
        }
        Says::Refused(why) => vec![line(Role::Warn, why.to_owned())],
        Says::All(verdict) if verdict.total == 0 => {
            vec![line(Role::Warn, NO_INPUT.to_owned())]
        }
        Says::All(verdict) | Says::SoFar(verdict) => {
            let words = match claim.says {
                Says::SoFar(_) => verdict.count_words_so_far(),
                _ => verdict.count_words(),
            };
            let mut lines = vec![
                line(Role::Muted, words),
                line(Role::Muted, verdict.number_words()),
            ];
            if let Some(control) = &verdict.control {
                let parts = wrapped(&control.words(), width).into_iter();
                lines.extend(parts.map(|part| line(Role::Accent, part)));
            }
            if let (Says::All(_), Some(one)) = (claim.says, &verdict.counterexample) {
                let what = match verdict.holds {
                    Some(false) => "furthest off:",
                    _ => "there:",
                };
                let text = format!("{what} {}", valued(one));
                lines.push(line(Role::Muted, text));
            }
            lines
        }
    }
}

/// An input, and a claim's value there.
fn valued(one: &Counterexample) -> String {
    format!("{}  value {}", input(&one.values), fixed(one.value, 4))
}

/// An input that comes after the one which decides a claim.
fn further_line(canvas: &Canvas<'_>, one: &Counterexample, selected: bool) -> Line<'static> {
    let role = if selected { Role::Accent } else { Role::Muted };
    let text = format!("       then {}", valued(one));
    Line::from(vec![mark(canvas, selected), canvas.span(role, text)])
}

/// What the wrong inputs below have in common.
fn group_line(
    canvas: &Canvas<'_>,
    common: Common,
    (count, listed): (u64, usize),
    selected: bool,
) -> Line<'static> {
    let role = if selected { Role::Accent } else { Role::Title };
    let few = if count > listed as u64 {
        format!(", the {listed} worst inputs below")
    } else {
        String::new()
    };
    let name = common.words(canvas.state.task());
    let text = format!("{name}: {} wrong{few}", grouped(count.into()));
    Line::from(vec![mark(canvas, selected), canvas.span(role, text)])
}
