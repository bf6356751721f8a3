//! A strict reader of HTML: what passes here no browser has to guess about.

use crate::store::draft;
use crate::workbench::{look, press, workbench};
use circuitscope::findings::frame::{FrameFormat, encode};
use circuitscope::findings::report::{Item, Page, page};
use circuitscope::findings::store::{Counted, Finding, Verdict};
use circuitscope::ui::frame;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Elements that have no end tag.
const VOID: [&str; 3] = ["meta", "img", "br"];
/// All escapes that our files use.
const ESCAPES: [&str; 6] = ["amp;", "lt;", "gt;", "quot;", "#39;", "apos;"];

/// What is wrong with a page; nothing if it is well formed.
pub fn problem(page: &str) -> Result<(), String> {
    let rest = page.strip_prefix("<!doctype html>\n").ok_or("no doctype")?;
    let (mut open, mut ids, mut links) = (Vec::new(), BTreeSet::new(), Vec::new());
    let mut rest = rest;
    while let Some((text, after)) = rest.split_once('<') {
        if open.last() != Some(&"style") {
            check_text(text)?;
        }
        let end = end_of_tag(after).ok_or_else(|| format!("<{after:.40}: no end"))?;
        let tag = &after[..end];
        rest = &after[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => continue,
                last => return Err(format!("</{name}> ends {last:?}")),
            }
        }
        let (tag, closed) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let is_name = |name: &str| {
            let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':');
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(ok)
        };
        if !is_name(name) {
            return Err(format!("<{tag}>: no name of an element"));
        }
        let mut seen = BTreeSet::new();
        for (key, value) in attributes_of(attributes)? {
            check_text(value)?;
            if !is_name(key) || !seen.insert(key) {
                return Err(format!("<{tag}>: {key} is wrong or there twice"));
            }
            match key {
                "id" if !ids.insert(value) => return Err(format!("id {value} twice")),
                "href" => links.push(value),
                _ => {}
            }
        }
        if !closed && !VOID.contains(&name) {
            open.push(name);
        }
    }
    if !rest.trim().is_empty() || !open.is_empty() {
        return Err(format!("left open: {open:?}, then {rest:?}"));
    }
    let lost = links.iter().find(|link| {
        let target = link.strip_prefix('#');
        target.is_none_or(|target| !ids.contains(target))
    });
    lost.map_or(Ok(()), |link| Err(format!("the link {link} leads nowhere")))
}

/// Where a tag's `>` is; one in an attribute's value is none.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn attributes_of(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let wrong = || format!("{rest:.60}: an attribute is NAME=\"VALUE\"");
        let (key, after) = rest.split_once("=\"").ok_or_else(wrong)?;
        let (value, after) = after.split_once('"').ok_or_else(wrong)?;
        found.push((key, value));
        rest = after.trim_start();
    }
    Ok(found)
}

fn check_text(text: &str) -> Result<(), String> {
    if let Some(c) = text.chars().find(|&c| c.is_control() && c != '\n') {
        return Err(format!("the control character {}", c.escape_unicode()));
    }
    if text.contains(['<', '>']) {
        return Err(format!("markup in {text:.60}"));
    }
    let mut escapes = text.split('&').skip(1);
    let known = |after: &str| ESCAPES.iter().any(|one| after.starts_with(one));
    match escapes.find(|after| !known(after)) {
        Some(after) => Err(format!("&{after:.20} is no escape")),
        None => Ok(()),
    }
}

#[test]
fn the_reader_sees_what_is_wrong() {
    for wrong in [
        "<p>x</p>",
        "<!doctype html>\n<p>x",
        "<!doctype html>\n<p>x</b>",
        "<!doctype html>\n<p>a & b</p>",
        "<!doctype html>\n<p>a > b</p>",
        "<!doctype html>\n<p class=x>y</p>",
        "<!doctype html>\n<p class=\"a\" class=\"b\">y</p>",
        "<!doctype html>\n<p id=\"a\">x</p><p id=\"a\">y</p>",
        "<!doctype html>\n<a href=\"#b\">x</a>",
        "<!doctype html>\n<p>x</p>y < z",
    ] {
        assert!(problem(wrong).is_err(), "{wrong}");
    }
    let good = "<!doctype html>\n<p id=\"a\" title=\"x > y\">a<br>b &amp; c</p>";
    assert_eq!(problem(&good.replace("x > y", "x")), Ok(()));
}

#[test]
fn the_screen_as_a_page_is_well_formed() {
    for script in [
        "",
        "L",
        ": 'a<b & \"c\"'",
        "b '<i>&amp;\"' tab '</svg>'",
        "?",
    ] {
        let mut bench = workbench(1);
        press(&mut bench, script);
        let buffer = frame(&bench.state, &look(), 120, 40);
        let bytes = encode(&buffer, FrameFormat::Html, look().ground()).unwrap();
        let page = String::from_utf8(bytes).unwrap();
        assert_eq!(problem(&page), Ok(()), "{script}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_report_is_well_formed_whatever_stands_in_it(
        texts in prop::array::uniform6("(\\PC|[<>&\"'/ =\n\u{1b}]){0,12}"),
        holds in any::<Option<bool>>(),
        picture in any::<bool>(),
    ) {
        let [title, note, claim, because, drawn, line] = texts;
        let (text, other) = (title.clone(), note.clone());
        let made = draft("Title", &note);
        let mut card = made.card;
        card.title = title;
        let numbers = Counted { count: 1, total: 2, mean: None, min: None, max: None };
        card.claims = vec![Verdict { claim, verdict: None, holds, because, numbers: Some(numbers) }];
        let mut study = made.session.study;
        study.metric = Some(line);
        let item = Item {
            finding: Finding { name: "name".into(), card, note, frame: drawn.clone() },
            study,
            svg: if picture { drawn } else { String::new() },
            png: Vec::new(),
        };
        let page = page(&[item.clone(), item], &[(text, other)], Page::Html).unwrap();
        prop_assert_eq!(problem(&page), Ok(()));
    }
}
