//! Lines that are typed: completed, taken or refused.

use super::cell;
use super::command;
use super::examples::{go_to_example, open_sample};
use super::go::change;
use super::inquire;
use super::line::suggest;
use super::palette;
use super::patch;
use super::see;
use super::shelf;
use super::space;
use super::steps;
use super::training;
use crate::answers::{CellClaim, Question};
use crate::app::held::fields::Side;
use crate::app::held::message::Effect;
use crate::app::held::state::{LineEditor, Mode, Purpose, State};
use crate::lens::{Intervention, LineError, Metric};
use crate::task::limits::MAX_LINE;

/// Completes as far as all suggestions agree, else with the first of them; again, with the next.
pub(in crate::app) fn complete(state: &mut State) {
    if let Mode::Line(line) = &mut state.mode {
        if let Some((all, at)) = line.cycle.take() {
            let at = (at + 1) % all.len();
            palette::put(line, all[at].clone());
            suggest(state);
            if let Mode::Line(line) = &mut state.mode {
                line.cycle = Some((all, at));
            }
            return;
        }
        let Some(first) = line.completions.first() else {
            return;
        };
        let agreed = line
            .completions
            .iter()
            .fold(first.as_str(), |common, other| {
                let shared = common.bytes().zip(other.bytes());
                &common[..shared.take_while(|(a, b)| a == b).count()]
            });
        let further = agreed.len() > line.text().len();
        let several = line.completions.len() > 1 && !further;
        let ended = |text: &str| {
            let open = text.matches('[').count() > text.matches(']').count();
            match text.ends_with(',') || open {
                true => text.to_owned(),
                false => format!("{text} "),
            }
        };
        let text = match further && line.completions.len() > 1 {
            true => agreed.to_owned(),
            false => ended(first),
        };
        if text.len() > MAX_LINE {
            return;
        }
        let all = several.then(|| line.completions.iter().map(|one| ended(one)).collect());
        palette::put(line, text);
        suggest(state);
        if let (Mode::Line(line), Some(all)) = (&mut state.mode, all) {
            line.cycle = Some((all, 0));
        }
    }
}

/// Takes the typed line; a wrong one stays open with what is wrong.
pub(in crate::app) fn accept(state: &mut State) -> Vec<Effect> {
    let Mode::Line(line) = &state.mode else {
        return Vec::new();
    };
    let (purpose, text) = (line.purpose, line.text().to_owned());
    if text.trim().is_empty() {
        if purpose == Purpose::Search {
            shelf::take_search(state, "");
        }
        state.mode = state.below();
        return Vec::new();
    }
    let whole = match &state.mode {
        Mode::Line(line) => only_end(line),
        _ => None,
    };
    let taken = match take_line(state, purpose, &text) {
        // a word that can end in one way only need not be typed to its end
        Err(error) => match whole.map(|whole| (take_line(state, purpose, &whole), whole)) {
            Some((Ok(effects), whole)) => Ok((effects, whole)),
            _ => Err(error),
        },
        Ok(effects) => Ok((effects, text)),
    };
    match taken {
        Ok((effects, text)) => {
            palette::remember(state, purpose, text.trim());
            state.mode = state.below();
            effects
        }
        Err(error) => {
            if let Mode::Line(line) = &mut state.mode {
                line.error = Some(error);
            }
            Vec::new()
        }
    }
}

/// The line with its last word ended, where that word can end in one way only.
fn only_end(line: &LineEditor) -> Option<String> {
    let [only] = &line.completions[..] else {
        return None;
    };
    (only.len() > line.text().len() && only.starts_with(line.text())).then(|| only.clone())
}

type LineResult = Result<Vec<Effect>, (Option<usize>, String)>;

fn take_line(state: &mut State, purpose: Purpose, text: &str) -> LineResult {
    let task = state.task();
    match purpose {
        Purpose::Command => {
            let command = command::parse(state, text)?;
            state.status = None;
            Ok(obey(state, command))
        }
        Purpose::Metric => {
            let now = state.study().experiment().metric_in_force(task);
            let metric = Metric::parse_beside(task, text, now);
            let metric = metric.map_err(|e| (None, format!("{e:#}")))?;
            let of_pair = {
                let experiment = state.study().experiment();
                Metric::of_pair(
                    task,
                    &experiment.clean.prompt(),
                    &experiment.corrupted.prompt(),
                )
            };
            // the pair's own metric is followed, not fixed
            let chosen = (Some(metric) != of_pair).then_some(metric);
            Ok(change(state, |study| study.metric = chosen))
        }
        Purpose::Jump => {
            let len = state.sample.prompts.len();
            let number = text.trim().parse::<usize>().ok();
            match number.filter(|n| (1..=len).contains(n)) {
                Some(n) => Ok(go_to_example(state, n - 1)),
                None => Err((Some(0), format!("the sample has examples 1 to {len}"))),
            }
        }
        Purpose::Question => {
            let parsed = Question::parse(text, task, &state.model.config);
            match parsed {
                Ok(question) => Ok(inquire::open(state, question)),
                // whatever is typed after : may be typed here, too
                Err(error) => match command::parse(state, text) {
                    Ok(command) => Ok(obey(state, command)),
                    Err(problem) if CellClaim::is(text) => Err(problem),
                    Err(_) => Err(match error.downcast_ref::<LineError>() {
                        Some(at) => (Some(at.word), at.problem.clone()),
                        None => (None, format!("{error:#}")),
                    }),
                },
            }
        }
        Purpose::Find => inquire::find(state, text).map(|()| Vec::new()),
        Purpose::Search => {
            shelf::take_search(state, text);
            Ok(Vec::new())
        }
        Purpose::Rename => shelf::take_title(state, text).map_err(|problem| (None, problem)),
        Purpose::Cell => cell::take(state, text).map_err(|problem| (Some(0), problem)),
        Purpose::Edit(index) => {
            let parsed = Intervention::parse(text, task, &state.model.config);
            let intervention = parsed.map_err(|e| (Some(e.word), e.problem))?;
            Ok(change(state, |study| {
                if let Some(listed) = study.interventions.get_mut(index) {
                    listed.intervention = intervention;
                }
            }))
        }
    }
}

/// Does what a typed line says.
fn obey(state: &mut State, command: command::Command) -> Vec<Effect> {
    let mut study = state.study().clone();
    match command {
        command::Command::Intervene(intervention) => {
            return patch::add(state, intervention);
        }
        command::Command::Clean(source) => return state.set_prompt(Side::Clean, source),
        command::Command::Corrupted(source) => {
            return state.set_prompt(Side::Corrupted, source);
        }
        command::Command::Claim(line) => {
            space::state_claim(state, line);
            return Vec::new();
        }
        command::Command::Metric(metric) => study.metric = Some(metric),
        command::Command::Measure(measure) => study.measure = measure,
        command::Command::Ask(question) => return inquire::open(state, question),
        command::Command::Truth(on) => {
            space::set_truth(state, on);
            return Vec::new();
        }
        command::Command::Theme(at) => {
            see::theme(state, at);
            return Vec::new();
        }
        command::Command::Quit => return vec![Effect::Quit],
        command::Command::Switch(to) => return vec![Effect::Switch(to)],
        command::Command::Compare(path) => return vec![Effect::Compare(path)],
        command::Command::Step(at) => return steps::want(state, at),
        command::Command::Train(job) => return training::order(state, job),
        command::Command::Sample(sample) => return open_sample(state, sample),
    }
    state.go(study)
}
