//! `circuitscope claim --by`: a condition in every group of inputs, each for itself.

use super::args::Format;
use super::claim::{ClaimArgs, asked, certify, exit_code};
use super::output::print_numbers;
use super::progress::Bar;
use super::space::{Asked, Opened, STOPPED, SpaceArgs, print_asked};
use crate::answers::{Extent, Inquest, Question, Share, Tools, shares};
use crate::findings::certificate::Certificate;
use crate::lens::RunName;
use crate::sweep::{Conclusion, Over};
use crate::task::number::fixed;
use crate::task::{grouped, least_share, shown};
use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

#[derive(Serialize)]
struct ByGroup<'a> {
    #[serde(flatten)]
    asked: Asked,
    claim: &'a str,
    by: &'a str,
    at_least: f64,
    verdict: Conclusion,
    method: &'static str,
    n: u64,
    undefined: u64,
    groups: Vec<Told>,
    seconds: f64,
}

/// A group as it is told.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    share: Share,
    fraction: f64,
    /// Of a sample: how large the part among all is at least, at 95 %, for this group alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_95: Option<f64>,
    enough: bool,
}

/// A part in percent, without noughts at its end.
fn percent(part: f64) -> String {
    let text = match fixed(100.0 * part, 4) {
        whole if whole == "100.0000" && part < 1.0 => "> 99.9999".to_owned(),
        text => text,
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Told {
    /// Of all inputs it is enough that so many are at least this part (exact for counts below 2^53); a sample has to say
    /// it of all.
    fn new(share: Share, at_least: f64, over: Over) -> Self {
        let all = share.n + share.undefined;
        let reached = all > 0 && share.holds as f64 >= at_least * all as f64;
        let bound = match over {
            Over::Space => None,
            Over::Sample(_) => Some(least_share(share.holds, all)),
        };
        // that all of them are so is never certain of a sample: one that is not would be seen
        let said = bound.filter(|_| at_least < 1.0);
        Self {
            fraction: share.holds as f64 / all.max(1) as f64,
            enough: reached && said.is_none_or(|bound| bound >= at_least),
            bound_95: bound,
            share,
        }
    }
}

/// What was counted.
struct Counted {
    opened: Opened,
    over: Over,
    groups: Vec<Told>,
    at_least: f64,
    verdict: Conclusion,
    seconds: f64,
}

/// Counts in how many inputs of each group the condition is met.
fn count((claim, by): (&str, &str), at_least: Option<f64>, space: &SpaceArgs) -> Result<Counted> {
    let at_least = at_least.unwrap_or(1.0);
    ensure!(
        at_least > 0.0 && at_least <= 1.0,
        "--at-least is a part of each group, above 0 and at most 1, such as 0.99"
    );
    ensure!(
        !claim.split_whitespace().any(|word| word == "when"),
        "--by tells the groups apart, and 'when' would leave some out: say one of them, or make the condition part of what \
         is grouped by"
    );
    let opened = Opened::new(space)?;
    let over = space.over();
    let (task, model) = (opened.transformer.task(), &opened.transformer);
    let line = format!("table {claim} by {by}");
    let question = Question::parse(&line, task, model.config())
        .with_context(|| format!("in '{}'", shown(&line)))?;
    let tools = Tools::new(model)?;
    let inquest = Inquest {
        model,
        tools: &tools,
        other: None,
        question: &question,
        experiment: &opened.experiment,
        about: RunName::Patched.into(),
    };
    let extent = match over {
        Over::Space => Extent::Space,
        Over::Sample(sample) => Extent::Other(sample),
    };
    let (bar, started) = (Bar::new("inputs")?, Instant::now());
    let found = shares(inquest, (claim, by), extent, &mut |progress| {
        bar.tell(progress, "")
    })?;
    let found = found.context(STOPPED)?;
    bar.done();
    let groups: Vec<Told> = (found.groups.into_iter())
        .map(|share| Told::new(share, at_least, found.over))
        .collect();
    let verdict = match (groups.iter().all(|one| one.enough), found.over) {
        _ if groups.is_empty() => Conclusion::Undecided,
        (false, Over::Space) => Conclusion::Refuted,
        // a part of a sample says nothing for certain of a part of all
        (false, _) if at_least >= 1.0 => Conclusion::Refuted,
        (false, _) => Conclusion::Undecided,
        (true, Over::Space) => Conclusion::Proved,
        (true, _) => Conclusion::Supported,
    };
    Ok(Counted {
        over: found.over,
        seconds: started.elapsed().as_secs_f64(),
        opened,
        groups,
        at_least,
        verdict,
    })
}

impl Counted {
    fn sum(&self, of: fn(&Share) -> u64) -> u64 {
        self.groups.iter().map(|one| of(&one.share)).sum()
    }

    fn method(&self) -> &'static str {
        match self.over {
            Over::Space => "enumeration",
            Over::Sample(_) => "sample",
        }
    }

    fn certificate(&self, (claim, by): (&str, &str), space: &SpaceArgs) -> Result<Certificate> {
        let groups = self.groups.iter().map(serde_json::to_value);
        Ok(Certificate {
            by: Some(by.to_owned()),
            at_least: Some(self.at_least),
            verdict: Some(self.verdict),
            n: self.sum(|share| share.n),
            count: self.sum(|share| share.holds),
            undefined: self.sum(|share| share.undefined),
            method: self.method().to_owned(),
            of: claim.to_owned(),
            groups: groups.collect::<Result<_, _>>()?,
            seconds: self.seconds,
            ..asked(claim, space, &self.opened)
        })
    }
}

/// What a certificate of groups says, counted again.
///
/// # Errors
/// As [`by_group`].
pub(super) fn again_by_group(
    what: (&str, &str),
    at_least: Option<f64>,
    space: &SpaceArgs,
) -> Result<Certificate> {
    count(what, at_least, space)?.certificate(what, space)
}

/// Counts in how many inputs of each group the condition is met; exit code 1 where one has too few.
///
/// # Errors
/// When a word cannot be read, the claim is no condition, or as for `claim`.
pub(super) fn by_group(args: &ClaimArgs, by: &str, out: &mut dyn Write) -> Result<ExitCode> {
    let what = (args.claim.as_str(), by);
    let counted = count(what, args.at_least, &args.space)?;
    certify(args, || counted.certificate(what, &args.space))?;
    let (n, undefined) = (
        counted.sum(|share| share.n),
        counted.sum(|share| share.undefined),
    );
    let answer = ByGroup {
        asked: counted.opened.asked(&args.space, counted.over),
        claim: &args.claim,
        by,
        at_least: counted.at_least,
        verdict: counted.verdict,
        method: counted.method(),
        n,
        undefined,
        groups: counted.groups,
        seconds: counted.seconds,
    };
    match args.space.common.format {
        Format::Text => print(out, &counted.opened, &answer)?,
        format => print_numbers(format, out, &answer)?,
    }
    Ok(exit_code(Some(answer.verdict)))
}

fn print(out: &mut dyn Write, opened: &Opened, answer: &ByGroup<'_>) -> Result<()> {
    print_asked(out, opened, &answer.asked)?;
    let (claim, by) = (shown(answer.claim), shown(answer.by));
    let part = percent(answer.at_least);
    writeln!(
        out,
        "{}: {claim}, in at least {part} % of each group by {by}",
        answer.verdict.word()
    )?;
    writeln!(
        out,
        "{} inputs in {} groups (over {})",
        grouped((answer.n + answer.undefined).into()),
        answer.groups.len(),
        answer.asked.over
    )?;
    // those with too few first
    let mut groups: Vec<&Told> = answer.groups.iter().collect();
    groups.sort_by_key(|one| one.enough);
    for one in groups {
        let Share {
            group,
            n,
            holds,
            undefined,
            counterexample,
        } = &one.share;
        let mark = if one.enough { " " } else { "!" };
        let part = percent(one.fraction);
        let off = match counterexample {
            Some(input) => format!("  not at {input}"),
            None => String::new(),
        };
        let bound = one.bound_95.map_or_else(String::new, |bound| {
            let bound = percent(bound);
            format!("; 95 %: at least {bound} %")
        });
        let undefined = match undefined {
            0 => String::new(),
            n => format!("  {} undefined", grouped((*n).into())),
        };
        writeln!(
            out,
            "{mark} {by} = {}: {} of {} ({part} %{bound}){undefined}{off}",
            shown(group),
            grouped((*holds).into()),
            grouped((*n).into()),
        )?;
    }
    Ok(())
}
