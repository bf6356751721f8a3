#![no_main]
#[allow(dead_code, reason = "every target uses its own part")]
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::weights(bytes);
});
