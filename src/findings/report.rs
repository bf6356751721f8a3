//! Findings as one page: HTML or Markdown, with pictures, notes and claims, that opens offline.

use super::gather::whole;
use super::session::StudyText;
use super::store::{Finding, Verdict, picture};
use crate::task::text::without_acts;
use anyhow::{Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use std::path::Path;

/// A finding with what a page shows of it.
#[derive(Clone, Debug)]
pub struct Item {
    /// The finding.
    pub finding: Finding,
    /// What decides its numbers.
    pub study: StudyText,
    /// The screen as SVG; empty where there is none.
    pub svg: String,
    /// The screen as PNG; empty where there is none.
    pub png: Vec<u8>,
}

impl Item {
    /// The finding in a folder.
    ///
    /// # Errors
    /// Names the file that is missing or broken.
    pub fn open(folder: &Path) -> Result<Self> {
        let (finding, session) = whole(folder)?;
        Ok(Self {
            finding,
            study: session.study,
            svg: String::from_utf8_lossy(&picture(folder, "frame.svg")?).into_owned(),
            png: picture(folder, "frame.png")?,
        })
    }
}

/// A kind of page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// For a browser.
    Html,
    /// For a reader of Markdown.
    Markdown,
}

impl Page {
    /// The kind that a file's name asks for.
    ///
    /// # Errors
    /// When it ends in neither.
    pub fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => Ok(Self::Html),
            Some("md") => Ok(Self::Markdown),
            _ => bail!("a report's file must end in .html or .md"),
        }
    }
}

/// All findings on one page, in the order given, and at its end those that could not be read: by name, and
/// why.
///
/// # Errors
/// When there is none of either.
pub fn page(items: &[Item], broken: &[(String, String)], page: Page) -> Result<String> {
    ensure!(
        !(items.is_empty() && broken.is_empty()),
        "there are no findings to report"
    );
    Ok(match page {
        Page::Html => html(items, broken),
        Page::Markdown => markdown(items, broken),
    })
}

/// What stands above the findings that could not be read.
const LEFT_OUT: &str = "Left out, because they could not be read";

/// How a verdict on the page is known: a page copies what cards say, and whoever reads it is to know that.
fn known(verdict: &Verdict) -> &'static str {
    match (verdict.verdict, verdict.holds, &verdict.numbers) {
        (None, None, None) => "nothing was counted",
        _ => "as the card says, not checked here; circuitscope replay does",
    }
}

/// What the numbers belong to, by name.
fn facts(item: &Item) -> Vec<(&'static str, String)> {
    let (card, study) = (&item.finding.card, &item.study);
    let side = |side: &super::session::SideText| format!("{} ({})", side.prompt, side.continuation);
    let mut facts = vec![
        (
            "model",
            format!("{} #{:.8}", card.model.name, card.model.hash),
        ),
        ("clean", side(&study.clean)),
        ("corrupted", side(&study.corrupted)),
        ("direction", study.direction.name().to_owned()),
        (
            "metric",
            study
                .metric
                .clone()
                .unwrap_or_else(|| "of the pair".to_owned()),
        ),
    ];
    let on = study.interventions.iter().filter(|one| one.on);
    facts.extend(on.map(|one| ("intervention", one.line.clone())));
    facts.push(("made", format!("{} by {}", card.created, card.program)));
    facts
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;\
color:#1a1c22;background:#fff}h2{margin-top:3rem;border-top:1px solid #ccc;padding-top:1rem}\
svg,img{max-width:100%;height:auto}pre{font:13px/1.25 monospace;overflow-x:auto}.note{white-space:pre-wrap}\
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.1rem .8rem .1rem 0;text-align:left;vertical-align:top}\
th{font-weight:600;color:#555}.holds,.PROVED,.SUPPORTED{color:#0a6}.fails,.REFUTED{color:#c22}";

fn html(items: &[Item], broken: &[(String, String)]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Findings</title>\n\
         <style>{STYLE}</style>\n<h1>Findings</h1>\n<ol>\n"
    );
    for (i, item) in items.iter().enumerate() {
        let title = escaped(&item.finding.card.title);
        let _ = writeln!(out, "<li><a href=\"#f{i}\">{title}</a></li>");
    }
    out.push_str("</ol>\n");
    for (i, item) in items.iter().enumerate() {
        let finding = &item.finding;
        let _ = writeln!(out, "<h2 id=\"f{i}\">{}</h2>", escaped(&finding.card.title));
        if !finding.note.trim().is_empty() {
            let _ = writeln!(
                out,
                "<p class=\"note\">{}</p>",
                escaped(finding.note.trim())
            );
        }
        if item.svg.is_empty() {
            let _ = writeln!(out, "<pre>{}</pre>", escaped(&finding.frame));
        } else {
            // as an image it can run nothing, whatever stands in the file
            let data = STANDARD.encode(&item.svg);
            let _ = writeln!(
                out,
                "<img alt=\"the screen\" src=\"data:image/svg+xml;base64,{data}\">"
            );
        }
        if !finding.card.claims.is_empty() {
            out.push_str("<table>\n<tr><th>claim about all inputs</th><th>verdict</th><th>counted</th><th>checked</th></tr>\n");
            for claim in &finding.card.claims {
                let word = claim.word();
                let _ = writeln!(
                    out,
                    "<tr><td>{}</td><td class=\"{word}\">{word}</td><td>{}</td><td>{}</td></tr>",
                    escaped(&claim.claim),
                    escaped(&claim.because),
                    known(claim)
                );
            }
            out.push_str("</table>\n");
        }
        out.push_str("<table>\n");
        for (name, value) in facts(item) {
            let _ = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
        }
        out.push_str("</table>\n");
    }
    if !broken.is_empty() {
        let _ = writeln!(out, "<h2>{LEFT_OUT}</h2>\n<table>");
        for (name, why) in broken {
            let (name, why) = (escaped(name), escaped(why));
            let _ = writeln!(out, "<tr><th>{name}</th><td>{why}</td></tr>");
        }
        out.push_str("</table>\n");
    }
    out.push_str("</html>\n");
    out
}

fn markdown(items: &[Item], broken: &[(String, String)]) -> String {
    let mut out = "# Findings\n".to_owned();
    for item in items {
        let finding = &item.finding;
        let _ = writeln!(out, "\n## {}\n", literal(&finding.card.title));
        if !finding.note.trim().is_empty() {
            let _ = writeln!(out, "{}\n", lines(&finding.note));
        }
        if item.png.is_empty() {
            // indented, so that nothing in it can end the block
            for line in without_acts(&finding.frame).lines() {
                let _ = writeln!(out, "    {line}");
            }
        } else {
            let data = STANDARD.encode(&item.png);
            let _ = writeln!(out, "![the screen](data:image/png;base64,{data})");
        }
        out.push('\n');
        for claim in &finding.card.claims {
            let (word, line, known) = (claim.word(), code(&claim.claim), known(claim));
            let because = literal(&claim.because);
            let _ = writeln!(out, "- **{word}**: {line} {because} ({known})");
        }
        if !finding.card.claims.is_empty() {
            out.push('\n');
        }
        for (name, value) in facts(item) {
            let _ = writeln!(out, "- {name}: {}", code(&value));
        }
    }
    if !broken.is_empty() {
        let _ = writeln!(out, "\n## {LEFT_OUT}\n");
    }
    for (name, why) in broken {
        let _ = writeln!(out, "- {}: {}", code(name), literal(why));
    }
    out
}

/// Text on one line as code: nothing in it is markup.
fn code(text: &str) -> String {
    let inside = without_acts(text).replace(['\n', '`'], " ");
    match inside.trim() {
        "" => String::new(),
        inside => format!("`{inside}`"),
    }
}

/// Text on one line as Markdown shows it: nothing in it is markup.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in without_acts(text).trim().chars() {
        match c {
            '\n' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '#' | '|' | '~' | '$' | '!' => {
                out.extend(['\\', c]);
            }
            // begins a list or underlines a heading, and only at the start of a line
            '.' | ')' | '-' | '+' | '=' if out.bytes().all(|byte| byte.is_ascii_digit()) => {
                out.extend(['\\', c]);
            }
            c => out.push(c),
        }
    }
    out
}

/// A note as Markdown shows it, line by line; a number at the start of a line begins no list.
fn lines(note: &str) -> String {
    let line = |line: &str| {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        // blanks that are kept, and that make no block of code
        "\u{a0}".repeat(blanks) + &literal(line)
    };
    let all: Vec<String> = note.trim().lines().map(line).collect();
    let mut out = String::new();
    for (i, line) in all.iter().enumerate() {
        out.push_str(line);
        match all.get(i + 1) {
            None => {}
            // the line ends here in what is shown as well
            Some(next) if !line.trim().is_empty() && !next.trim().is_empty() => {
                out.push_str("\\\n");
            }
            Some(_) => out.push('\n'),
        }
    }
    out
}

/// Text as HTML shows it: nothing in it is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in without_acts(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
