//! The pickle itself: cut off, of something else, calling things, asking for memory.

use circuitscope::model::weights::parse_pt;

use super::forge::{Pickle, one_tensor, pt, six};
use super::{F32_6, pickle_refused};

#[test]
fn pickles_that_stop_short() {
    let good = one_tensor(F32_6, (0, &[2, 3], &[3, 1]));
    for length in 0..good.len() {
        let file = pt(&good[..length], &[("0", &six())]);
        assert!(parse_pt(&file).is_err(), "cut to {length} bytes");
    }
    pickle_refused(b"", &["data.pkl, byte 0", "cut off"]);
    pickle_refused(&good[..good.len() - 1], &["the pickle is cut off"]);
    pickle_refused(&[&good[..], b"N"].concat(), &["bytes follow the end"]);
    pickle_refused(b"\x80\x02NN.", &["left over"]);
    pickle_refused(b"\x80\x02.", &["a value that is not there"]);
    pickle_refused(b"\x80\x02(q\0.", &["a value that is not there"]);
    pickle_refused(b"\x80\x02t.", &["needs a MARK"]);
    pickle_refused(b"\x80\x02h\x07.", &["memo entry 7 was never written"]);
    pickle_refused(b"\x80\x06N.", &["protocol 6"]);
    pickle_refused(b"\x80\x02\xfe.", &["byte 2", "opcode 0xfe"]);
}

#[test]
fn pickles_of_something_else() {
    pickle_refused(b"\x80\x02N.", &["holds None, not a state dict"]);
    pickle_refused(b"\x80\x02}.", &["the state dict is empty"]);
    pickle_refused(b"\x80\x02}K\x01Ns.", &["key of the state dict is an int"]);
    let dict = Pickle::new().raw(b"}").text("epoch\u{1b}]0;x\u{7}");
    pickle_refused(
        &dict.raw(b"K\x03s").stop(),
        &["entry `epoch\\u{1b}]0;x\\u{7}` is an int"],
    );
    pickle_refused(b"\x80\x02}(NNNu.", &["a key of a dict has no value"]);
    pickle_refused(b"\x80\x02)(NNu.", &["items are put into a tuple"]);
    let twice = Pickle::new()
        .raw(b"}(")
        .text("W")
        .tensor(F32_6, (0, &[6], &[1]));
    let twice = twice
        .text("W")
        .tensor(F32_6, (0, &[2], &[1]))
        .raw(b"u")
        .stop();
    pickle_refused(&twice, &["tensor `W` is in the state dict twice"]);
}

#[test]
fn nothing_is_run() {
    let marker = tempfile::tempdir().unwrap();
    let path = marker.path().join("ran");
    let command = format!("touch {}", path.display());
    for (module, name) in [("posix", "system"), ("builtins", "eval"), ("torch", "load")] {
        let call = Pickle::new()
            .global(module, name)
            .text(&command)
            .raw(b"\x85R")
            .stop();
        pickle_refused(
            &call,
            &[&format!("asks for `{module}.{name}`"), "was not run"],
        );
        let stacked = Pickle::new().text(module).text(name).raw(b"\x93)R").stop();
        pickle_refused(&stacked, &[&format!("asks for `{module}.{name}`")]);
    }
    assert!(!path.exists());
    pickle_refused(
        &Pickle::new()
            .global("torch", "FloatStorage")
            .raw(b")R")
            .stop(),
        &["called"],
    );
    pickle_refused(b"\x80\x02N)R.", &["REDUCE needs a known function", "None"]);
    pickle_refused(b"\x80\x02)Nb.", &["BUILD on a tuple"]);
}

#[test]
fn calls_with_too_few_arguments() {
    let call = |name: &str, args: &[u8]| {
        Pickle::new()
            .global("torch._utils", name)
            .raw(args)
            .raw(b"R")
            .stop()
    };
    pickle_refused(
        &call("_rebuild_tensor_v2", b")"),
        &["_rebuild_tensor_v2 has 0 arguments"],
    );
    pickle_refused(
        &call("_rebuild_tensor_v2", b"(NNNNNt"),
        &["has 5 arguments"],
    );
    pickle_refused(
        &call("_rebuild_tensor_v2", b"(NNNNNNt"),
        &["built on None, not a storage"],
    );
    pickle_refused(
        &call("_rebuild_parameter", b")"),
        &["_rebuild_parameter needs a tensor"],
    );
    pickle_refused(
        &call("_rebuild_from_type_v2", b")"),
        &["_rebuild_from_type_v2`, which no"],
    );
    let dict = Pickle::new()
        .global("collections", "OrderedDict")
        .raw(b"N\x85R")
        .stop();
    pickle_refused(&dict, &["OrderedDict with 1 arguments"]);
    for id in [&b")Q."[..], b"NQ.", b"(NNNNNtQ."] {
        pickle_refused(&[b"\x80\x02", id].concat(), &["storage"]);
    }
    let short = Pickle::new()
        .raw(b"(")
        .text("storage")
        .global("torch", "FloatStorage");
    pickle_refused(
        &short.text("0").raw(b"tQ").stop(),
        &["not ('storage', type, key, device"],
    );
}

#[test]
fn pickles_that_ask_for_memory() {
    pickle_refused(
        b"\x80\x02X\xff\xff\xff\xffabc",
        &["a string of 4294967295 bytes"],
    );
    let text = Pickle::new().text(&"x".repeat(5000)).stop();
    pickle_refused(&text, &["a string of 5000 bytes (at most 4096)"]);
    pickle_refused(b"\x80\x02\x8a\x09aaaaaaaaa.", &["an integer of 9 bytes"]);
    let nested = Pickle::new().raw(b")").raw(&vec![0x85; 1_000_000]).stop();
    pickle_refused(&nested, &["nested more than 64 deep"]);
    // Each level is a pair of the level before: 2^40 values, if they were copied.
    let bomb = (0..40).fold(Pickle::new().raw(b"N"), |p, slot| {
        p.raw(&[b'q', slot, b'h', slot, 0x86])
    });
    pickle_refused(&bomb.stop(), &["the file holds a tuple"]);
    pickle_refused(
        &Pickle::new().raw(&vec![b'N'; 600_000]).stop(),
        &["more than 500000 opcodes"],
    );
    let memo = (0..250_000u32).fold(Pickle::new().raw(b"N"), |p, slot| {
        p.raw(b"r").raw(&slot.to_le_bytes())
    });
    pickle_refused(&memo.stop(), &["the memo holds more than 200000"]);
}

#[test]
fn dicts_that_hold_themselves() {
    // d = {}; d[1] = d
    pickle_refused(
        b"\x80\x02}q\x01K\x01h\x01s.",
        &["changes after it was put inside"],
    );
    // t = (d,); d[1] = t
    pickle_refused(
        b"\x80\x02}q\x01\x85q\x02h\x01K\x01h\x02s.",
        &["changes after"],
    );
}
