//! Findings computed again, without a terminal.

use super::headless::Headless;
use super::snapshot::numbers;
use super::verdicts;
use crate::answers::CellClaim;
use crate::app::{ModelInfo, SpaceKey, State, Steps};
use crate::findings::compare::{Comparison, Difference, as_recorded, compare};
use crate::findings::gather::{Gathered, gather};
use crate::findings::numbers::SnapshotNumbers;
use crate::findings::session::{ModelRef, Session};
use crate::findings::store::{self, Card, Counted, MAX_NUMBERS, NUMBERS, Verdict};
use crate::lens::Experiment;
use crate::model::Model;
use crate::sweep::{Conclusion, Progress};
use crate::task::plain::{self, Links};
use crate::ui::look::Look;
use anyhow::{Context, Result};
use serde::{Deserialize as _, Serialize};
use serde_json::json;
use std::path::Path;

/// Why a claim of a published text is said to hold or to fail.
const PUBLISHED: &str = "published";
/// No picture is asked for; the state wants a size.
const SIZE: (u16, u16) = (80, 24);

/// What is computed again: a session, and what was recorded of it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its name: a folder or a file.
    pub name: String,
    /// What is computed.
    pub session: Session,
    /// The recorded numbers; `None` for a session alone.
    pub numbers: Option<serde_json::Value>,
    /// The recorded verdicts.
    pub claims: Vec<Verdict>,
}

/// A claim, then and now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimThenNow {
    /// Its line.
    pub claim: String,
    /// What was known of it.
    pub verdict_then: Option<Conclusion>,
    /// What is known of it.
    pub verdict: Option<Conclusion>,
    /// Whether it held.
    pub then: Option<bool>,
    /// Whether it holds.
    pub now: Option<bool>,
    /// What was counted now; null where it could not be checked.
    pub counted: Option<Counted>,
    /// Whether there is a record of what was counted then.
    pub recorded: bool,
    /// What was found now.
    pub because: String,
    /// What of it is not as it was.
    pub differences: Vec<Difference>,
    /// Whether it is as it was; one without a record, whether nothing is against it.
    pub as_it_was: bool,
}

impl ClaimThenNow {
    fn new(then: Option<&Verdict>, now: Verdict, tolerance: f64) -> Result<Self> {
        let recorded = then.filter(|then| then.numbers.is_some());
        let mut differences = Vec::new();
        if let Some(then) = recorded {
            let [a, b] = [then, &now].map(|one| {
                let what = json!({"holds": one.holds, "counted": one.numbers});
                // through text, as the recorded one came
                serde_json::from_str(&what.to_string())
            });
            differences = compare(&a?, &b?, tolerance).differences;
        }
        for one in &mut differences {
            one.what = format!("claim {}: {}", now.claim, one.what);
        }
        // a verdict without what was counted is borne out by today's count, or by nothing
        let said = then.and_then(|then| then.holds);
        if recorded.is_none() && said.is_some() && said != now.holds {
            differences.push(Difference {
                what: format!("claim {}: holds", now.claim),
                then: json!(said),
                now: json!(now.holds),
            });
        }
        let word = then.and_then(|then| then.verdict);
        // what is read off an answer of a sample was called proved before it was called supported
        let earlier = CellClaim::is(&now.claim)
            && word == Some(Conclusion::Proved)
            && now.verdict == Some(Conclusion::Supported);
        if word.is_some() && word != now.verdict && !earlier {
            differences.push(Difference {
                what: format!("claim {}: verdict", now.claim),
                then: json!(word),
                now: json!(now.verdict),
            });
        }
        // what the card says does not hold is as it says where it does not
        let said_so = said.is_some() && said == now.holds;
        let unknown = now.numbers.is_none() && now.holds.is_none();
        let against = unknown || (recorded.is_none() && now.holds == Some(false) && !said_so);
        Ok(Self {
            verdict_then: word,
            verdict: now.verdict,
            then: said,
            recorded: recorded.is_some(),
            now: now.holds,
            counted: now.numbers,
            as_it_was: differences.is_empty() && !against,
            differences,
            claim: now.claim,
            because: now.because,
        })
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Replayed {
    /// The record's name.
    pub name: String,
    /// The model it was made on.
    pub model_then: ModelRef,
    /// The model it was computed on.
    pub model_now: ModelRef,
    /// Whether they have the same weights.
    pub same_model: bool,
    /// Recorded numbers against those of today; null for a session alone.
    pub comparison: Option<Comparison>,
    /// Each claim.
    pub claims: Vec<ClaimThenNow>,
    /// Whether the model, all numbers and all verdicts are what they were, and no claim without
    /// a record fails.
    pub holds: bool,
    /// Every number of today; only for a session alone, which has no others.
    pub numbers: Option<SnapshotNumbers>,
}

/// What a path holds: a finding, a folder of findings, or a session; and which findings of the folder cannot be
/// read.
///
/// # Errors
/// When there is nothing, or the only thing there is cannot be read.
pub fn records(path: &Path) -> Result<Gathered<Record>> {
    if path.is_dir() {
        return gather(path, record);
    }
    Ok(Gathered {
        read: vec![Record {
            name: name(path),
            session: Session::open(path)?,
            numbers: None,
            claims: Vec::new(),
        }],
        broken: Vec::new(),
    })
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn record(folder: &Path) -> Result<Record> {
    let file = folder.join(NUMBERS);
    let (finding, session) = (store::open(folder)?, store::session(folder)?);
    // what was published has claims alone
    let has_none = is_published(&finding.card) && !plain::stands(&file).unwrap_or(true);
    let numbers = match has_none {
        true => None,
        false => Some(recorded(&file)?),
    };
    Ok(Record {
        name: name(folder),
        session,
        numbers,
        claims: finding.card.claims,
    })
}

/// Whether a card's claims are those of a text that was published, with no numbers of ours beside them.
fn is_published(card: &Card) -> bool {
    let published =
        |one: &Verdict| one.because == PUBLISHED && one.numbers.is_none() && one.verdict.is_none();
    !card.claims.is_empty() && card.claims.iter().all(published)
}

fn recorded(file: &Path) -> Result<serde_json::Value> {
    let text = plain::text(file, MAX_NUMBERS, Links::Refused);
    let text = text.with_context(|| format!("cannot read the recorded numbers {file:?}"))?;
    serde_json::from_str(&text).with_context(|| format!("cannot use the recorded numbers {file:?}"))
}

/// What a record's numbers come to today, before its claims are checked.
struct Computed {
    numbers: SnapshotNumbers,
    experiment: Experiment,
}

/// The model that records are computed on.
pub struct Looked {
    /// It.
    pub model: Model,
    /// What the workbench knows of it.
    pub info: ModelInfo,
    /// Its steps, where it is one of a series: curves are of all of them.
    pub steps: Option<Steps>,
}

fn compute(record: &Record, looked: &Looked, look: &Look) -> Result<Computed> {
    let mut state = State::from_session(looked.info.clone(), &record.session)
        .with_context(|| format!("cannot use the session of {:?}", record.name))?;
    state.steps = looked.steps.clone().map(Box::new);
    let state = Headless::new(looked.model.clone(), state, look.clone(), SIZE).state;
    Ok(Computed {
        numbers: numbers(&state),
        experiment: state.study().experiment(),
    })
}

/// Computes the numbers and claims of a model's records again. Claims under the same interventions
/// are checked together; `report` is told how far such a walk is and says whether to go on.
///
/// A record whose session does not fit the model has an error, and the others are computed.
pub fn replay(
    records: &[&Record],
    looked: &Looked,
    look: &Look,
    tolerance: f64,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Vec<Result<Replayed>> {
    let mut all: Vec<Result<Replayed>> = Vec::new();
    let (mut fitting, mut computed, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (at, record) in records.iter().enumerate() {
        match compute(record, looked, look) {
            Ok(one) => {
                fitting.push(*record);
                computed.push(one);
                places.push(at);
            }
            Err(error) => all.push(Err(error)),
        }
    }
    let found = all_verdicts(&fitting, &computed, &looked.model, report);
    let both = fitting.iter().zip(computed).zip(found);
    let judged = both.map(|((record, computed), verdicts)| {
        judge(record, computed.numbers, verdicts, &looked.info, tolerance)
    });
    for (at, one) in places.into_iter().zip(judged) {
        all.insert(at, one);
    }
    all
}

/// Each record's verdicts, with one walk for all records under the same interventions.
fn all_verdicts(
    records: &[&Record],
    computed: &[Computed],
    model: &Model,
    report: &mut dyn FnMut(Progress) -> Result<bool>,
) -> Vec<Vec<Verdict>> {
    let claims = |i: usize| &records[i].session.study.claims;
    let keys: Vec<SpaceKey> = (computed.iter().map(|one| SpaceKey::new(&one.experiment))).collect();
    let mut found: Vec<Option<Vec<Verdict>>> = vec![None; records.len()];
    for i in 0..records.len() {
        if found[i].is_some() {
            continue;
        }
        // of a cell of an answer the pair and the metric decide, too
        let has_cells = |i: usize| claims(i).iter().any(|line| CellClaim::is(line));
        let is_same = |&j: &usize| match has_cells(i) || has_cells(j) {
            true => computed[j].experiment == computed[i].experiment,
            false => keys[j] == keys[i],
        };
        let same: Vec<usize> = (i..records.len()).filter(is_same).collect();
        let lines: Vec<String> = same.iter().flat_map(|&j| claims(j)).cloned().collect();
        let (transformer, experiment) = (&model.transformer, &computed[i].experiment);
        let mut answers = verdicts::of(transformer, experiment, &lines, report).into_iter();
        for j in same {
            found[j] = Some(answers.by_ref().take(claims(j).len()).collect());
        }
    }
    found.into_iter().map(Option::unwrap_or_default).collect()
}

/// What a card says of claims that its session does not state: nothing bears it out.
fn of_no_session(record: &Record) -> impl Iterator<Item = ClaimThenNow> {
    let stated = &record.session.study.claims;
    let all = record.claims.iter().enumerate();
    let others = all.filter_map(|(i, then)| {
        let mut before = record.claims[..i].iter();
        let twice = before.any(|one| one.claim == then.claim);
        let why = match (stated.contains(&then.claim), twice) {
            (false, _) => "the session does not state this claim",
            (true, true) => "the card says this claim twice",
            (true, false) => return None,
        };
        Some((then, why))
    });
    others.map(|(then, why)| ClaimThenNow {
        claim: then.claim.clone(),
        verdict_then: then.verdict,
        verdict: None,
        then: then.holds,
        now: None,
        counted: None,
        recorded: then.numbers.is_some(),
        because: why.into(),
        differences: Vec::new(),
        as_it_was: false,
    })
}

/// Recorded numbers with today's names of the positions, where these are the same in another order: names of a shorter
/// prompt's positions were once those of the longest.
fn with_labels(then: &serde_json::Value, today: &serde_json::Value) -> serde_json::Value {
    let mut then = then.clone();
    for run in ["clean", "corrupted", "patched"] {
        let place = format!("/runs/{run}/labels");
        let names = |value: &serde_json::Value| {
            let mut names: Vec<String> = Vec::deserialize(value.pointer(&place)?).ok()?;
            names.sort_unstable();
            Some(names)
        };
        if names(&then) == names(today)
            && let (Some(labels), Some(now)) = (then.pointer_mut(&place), today.pointer(&place))
        {
            *labels = now.clone();
        }
    }
    then
}

/// Today's numbers and verdicts against the recorded ones.
fn judge(
    record: &Record,
    today: SnapshotNumbers,
    verdicts: Vec<Verdict>,
    info: &ModelInfo,
    tolerance: f64,
) -> Result<Replayed> {
    let comparison = match &record.numbers {
        Some(then) => {
            let today = as_recorded(&today)?;
            Some(compare(&with_labels(then, &today), &today, tolerance))
        }
        None => None,
    };
    let claim = |now: Verdict| {
        let then = record.claims.iter().find(|then| then.claim == now.claim);
        ClaimThenNow::new(then, now, tolerance)
    };
    let mut claims: Vec<ClaimThenNow> = verdicts.into_iter().map(claim).collect::<Result<_>>()?;
    claims.extend(of_no_session(record));
    let as_it_was = comparison.as_ref().is_none_or(|found| found.different == 0);
    let claims_hold = claims.iter().all(|claim| claim.as_it_was);
    let same_model = record.session.model.hash == info.hash;
    Ok(Replayed {
        name: record.name.clone(),
        model_then: record.session.model.clone(),
        model_now: ModelRef {
            path: info.path.clone(),
            name: info.name.clone(),
            hash: info.hash.clone(),
            task_file: info.task_file.clone(),
            said: info.said.clone(),
            assumed_positions: info.assumed_positions(),
        },
        same_model,
        holds: same_model && as_it_was && claims_hold,
        claims,
        numbers: comparison.is_none().then_some(today),
        comparison,
    })
}
