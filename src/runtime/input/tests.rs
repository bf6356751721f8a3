//! Pieces of sequences, half ones, any bytes at all.

use super::*;
use proptest::prelude::*;

fn keys(pieces: &[&[u8]]) -> Vec<String> {
    let mut reader = Reader::default();
    let mut all: Vec<Input> = pieces.iter().flat_map(|bytes| reader.take(bytes)).collect();
    all.extend(reader.give_up());
    let name = |input: Input| match input {
        Input::Key(key) => key.to_string(),
        Input::Paste(text) => format!("paste {text:?}"),
        Input::Pointer(button, at) => format!("{button:?} {at:?}"),
        Input::Shown => "shown".to_owned(),
    };
    all.into_iter().map(name).collect()
}

#[test]
fn pieces_of_one_key_are_one_key() {
    for (pieces, wanted) in [
        (&[&b"\x1b"[..], b"[A"][..], "up"),
        (&[b"\x1b", b"[", b"A"], "up"),
        (&[b"\x1b[", b"1;5", b"C"], "ctrl-right"),
        (&[b"\x1b\x1b[A"], "alt-up"),
        (&[b"\x1b", b"\x1b", b"[A"], "alt-up"),
        (&[b"\x1bOP"], "f1"),
        (&[b"\x1b[24~"], "f12"),
        (&[b"\x1b[[B"], "f2"),
        (&[b"\x1b[Z"], "backtab"),
        (&[b"\x1bx"], "alt-x"),
        (&[b"\x08"], "backspace"),
        (&[b"\x7f"], "backspace"),
        (&[b"\xc3", b"\xa9"], "é"),
        (&[b"\x1b"], "esc"),
        (&[b"\x1b\x1b"], "esc esc"),
        (&[b"\x1b[", b"\x03"], "ctrl-c"),
        (&[b"\x1b]52;c;aGk", b"\x07a"], "a"),
        (&[b"\x1bP1$r\x1b\\b"], "b"),
        (&[b"\x1b[0n", b"q"], "shown q"),
        (&[b"\x1b[3n", b"q"], "q"),
        (&[b"\x1b[<0;1;1M"], "Left (0, 0)"),
        (&[b"\x1b[<", b"0;120;", b"40M", b"q"], "Left (119, 39) q"),
        (
            &[b"\x1b[<64;5;6M\x1b[<65;5;6M"],
            "WheelUp (4, 5) WheelDown (4, 5)",
        ),
        // shift, alt and control held; a release, other buttons, motion, what is no place
        (&[b"\x1b[<28;2;2M"], "Left (1, 1)"),
        (
            &[b"\x1b[<0;2;2m\x1b[<1;2;2M\x1b[<2;2;2M\x1b[<32;2;2M\x1b[<66;2;2M"],
            "",
        ),
        (
            &[b"\x1b[<0;0;1M\x1b[<0;1M\x1b[<0;1;1;1M\x1b[<0;1;70000M\x1b[<;;M"],
            "",
        ),
        // the older form, whose bytes are no keys
        (&[b"\x1b[M", b" q!"], "Left (80, 0)"),
        (&[b"\x1b[M#q!", b"a"], "a"),
        (&[b"\x1b[M ", b"\x03"], "ctrl-c"),
        (&[b"\x1b[?1A", b"q"], "q"),
        (&[b"\x1b[201~", b"q"], "q"),
        (&[b"\xff", b"q"], "q"),
        (
            &[b"\x1b[200~a\x1bb", b"c\x1b[20", b"1~d"],
            "paste \"a\\u{1b}bc\" d",
        ),
        (&[b"\x1b[200~half"], "paste \"half\""),
        (&[b"\x1b[200~half\x03"], "paste \"half\" ctrl-c"),
    ] {
        assert_eq!(keys(pieces).join(" "), wanted, "{pieces:?}");
    }
}

#[test]
fn a_half_sequence_means_nothing_and_blocks_nothing() {
    for half in [
        &b"\x1b["[..],
        b"\x1b[1;",
        b"\x1b[<0;1",
        b"\x1b[M q",
        b"\x1bO",
        b"\x1b]0;title",
        b"\xe2\x82",
    ] {
        let mut reader = Reader::default();
        assert_eq!(reader.take(half), []);
        assert!(reader.patience().is_some_and(|time| time <= UNFINISHED));
        assert_eq!(reader.give_up(), []);
        assert_eq!(reader.take(b"q"), [Input::Key(Key::char('q'))]);
        assert_eq!(reader.patience(), None);
    }
}

#[test]
fn a_long_paste_is_kept_up_to_its_limit() {
    let mut reader = Reader::default();
    assert_eq!(reader.take(PASTE), []);
    for _ in 0..300 {
        assert_eq!(reader.take(&[b'a'; 4096]), []);
    }
    let all = reader.take(PASTED);
    assert!(matches!(&all[..], [Input::Paste(text)] if text.len() == MAX_PASTE + 1));
    assert!(reader.held.is_empty());
}

proptest! {
    /// However bytes are cut into pieces they mean the same, little is held, and Ctrl-C is heard.
    #[test]
    fn any_bytes_in_any_pieces(
        bytes in prop::collection::vec(
            prop_oneof![Just(ESC), Just(b'['), Just(b'O'), Just(b';'), Just(b'1'), Just(b'<'), Just(b'M'), Just(CTRL_C), any::<u8>()],
            0..200,
        ),
        cuts in prop::collection::vec(1usize..7, 1..200),
    ) {
        let mut whole = Reader::default();
        let mut at_once = whole.take(&bytes);
        let mut reader = Reader::default();
        let (mut in_pieces, mut rest) = (Vec::new(), &bytes[..]);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            in_pieces.extend(reader.take(piece));
            rest = after;
            prop_assert!(reader.held.len() <= MAX_STRING + 8);
        }
        at_once.extend(whole.give_up());
        in_pieces.extend(reader.give_up());
        prop_assert_eq!(&at_once, &in_pieces);
        let interrupt = Input::Key(Key::ctrl('c'));
        let heard = at_once.iter().filter(|input| **input == interrupt).count();
        prop_assert_eq!(heard, bytes.iter().filter(|byte| **byte == CTRL_C).count());
    }
}
