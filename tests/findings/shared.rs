//! A session as one line.

use crate::program::refused;
use crate::workbench::{press, workbench};
use circuitscope::findings::share::{line, parse};
use circuitscope::task::limits::MAX_SHARING_LINE;
use proptest::prelude::*;

#[test]
fn a_line_comes_back_but_for_what_is_private() {
    let mut bench = workbench(2);
    press(&mut bench, "n tab tab tab right enter c v z b 'draft' ");
    let mut session = bench.state.session();
    session.model.path = Some("/home/somebody/model.pt".into());
    let text = line(&session).unwrap();
    assert!(
        text.is_ascii() && !text.contains(char::is_whitespace) && text.len() < 1200,
        "{text}"
    );
    // as a mail or a terminal breaks it
    let broken: Vec<&str> = text
        .as_bytes()
        .chunks(60)
        .map(|part| std::str::from_utf8(part).unwrap())
        .collect();
    let back = parse(&broken.join("\n  ")).unwrap();
    session.model.path = None;
    (session.message, session.draft) = (None, None);
    session.mode = circuitscope::findings::session::ModeText::Normal;
    session.past.clear();
    assert_eq!(back, session);
}

#[test]
fn a_broken_line_is_told() {
    let text = line(&workbench(1).state.session()).unwrap();
    for cut in (0..text.len()).step_by(7) {
        let error = parse(&text[..cut]).unwrap_err().to_string();
        assert!(error.contains("copy it again"), "{error}");
    }
    let newer = format!("cs2{}", &text[3..]);
    assert!(
        parse(&newer)
            .unwrap_err()
            .to_string()
            .contains("newer circuitscope")
    );
    refused(&["open", "hello"], "no sharing line");
    refused(&["open", &text[..text.len() - 3]], "missing or mistyped");
    // a whole line of another task than the embedded model's
    refused(&["open", &text], "name the right one with --model");
}

#[test]
fn a_line_that_is_too_much_is_told() {
    let long = format!("cs1.{}.00000000", "A".repeat(MAX_SHARING_LINE));
    let error = parse(&long).unwrap_err().to_string();
    assert!(error.contains("at most 2097152 letters"), "{error}");
    let mut session = workbench(1).state.session();
    session.study.claims = vec!["idx < 2".repeat(1000); 200];
    let error = line(&session).unwrap_err().to_string();
    assert!(error.contains("keep a finding"), "{error}");
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in any::<String>(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        prop_assert!(parse(&text).is_err());
        let good = line(&workbench(1).state.session()).unwrap();
        let at = at.index(good.len());
        let mut other = good.clone();
        other.replace_range(at..=at, &with.to_string());
        if other != good && !with.is_whitespace() {
            prop_assert!(parse(&other).is_err(), "{other}");
        }
    }
}
