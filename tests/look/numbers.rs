//! Numbers in few columns.

use circuitscope::ui::heatmap::number;
use circuitscope::ui::number::{exact, signed};
use proptest::prelude::*;

#[test]
fn numbers_take_the_digits_that_fit() {
    let table: &[(f32, [&str; 6])] = &[
        // columns:   2     3      4       5        6         7
        (0.9981, [" 1", "1.0", ".998", " 1.00", "0.9981", " 0.9981"]),
        (0.5, [".5", ".50", ".500", " 0.50", "0.5000", " 0.5000"]),
        (-0.5, [" 0", "-.5", "-.50", "-0.50", "-0.500", "-0.5000"]),
        (12.03, ["12", " 12", "12.0", " 12.0", " 12.03", "  12.03"]),
        (-18.02, ["##", "-18", " -18", "-18.0", "-18.02", " -18.02"]),
        (0.0, [".0", ".00", ".000", " 0.00", "0.0000", " 0.0000"]),
        (
            -0.000_01,
            [".0", ".00", ".000", " 0.00", "0.0000", " 0.0000"],
        ),
        (
            12_345.0,
            ["##", "1e4", "12e3", "12345", " 12345", "  12345"],
        ),
        (3e38, ["##", "###", "3e38", " 3e38", "3.0e38", "3.00e38"]),
        (-1.2e24, ["##", "###", "####", "-1e24", " -1e24", "-1.2e24"]),
        (
            f32::NAN,
            [" ?", "n/a", " n/a", "  n/a", "   n/a", "    n/a"],
        ),
        (
            f32::INFINITY,
            ["in", "inf", " inf", "  inf", "   inf", "    inf"],
        ),
        (
            f32::NEG_INFINITY,
            ["-i", "-in", "-inf", " -inf", "  -inf", "   -inf"],
        ),
    ];
    for (value, texts) in table {
        for (width, text) in (2..).zip(texts) {
            assert_eq!(number(*value, width), *text, "{value} in {width}");
        }
    }
}

#[test]
fn a_plus_sign_takes_a_free_column() {
    let table = [
        (12.03, 6, "+12.03"),
        (12.0, 3, "+12"),
        (12.03, 4, "12.0"),
        (0.99, 5, "+0.99"),
        (-0.5, 5, "-0.50"),
        (0.0, 5, " 0.00"),
        (0.001, 5, " 0.00"),
        (f32::NAN, 6, "   n/a"),
        (f32::INFINITY, 6, "  +inf"),
        (2.0, 0, ""),
    ];
    for (value, width, text) in table {
        assert_eq!(signed(value, width), text);
    }
}

/// Half a unit of the last digit written, and the value that was written.
fn reading(text: &str) -> (f64, f64) {
    let text = text.trim();
    let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
    let decimals = digits
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let power: i32 = power.parse().unwrap();
    let unit = 10_f64.powi(power - i32::try_from(decimals).unwrap());
    (unit / 2.0, text.parse().unwrap())
}

proptest! {
    #[test]
    fn a_number_fills_its_width_exactly(value: f32, width in 0_u16..12) {
        for text in [number(value, width), signed(value, width)] {
            prop_assert_eq!(text.len(), usize::from(width));
        }
    }

    #[test]
    fn a_number_is_right_to_half_a_unit(
        value in prop_oneof![-1.5_f32..1.5, -200.0_f32..200.0, proptest::num::f32::NORMAL],
        width in 1_u16..12,
    ) {
        let text = number(value, width);
        if !text.contains('#') {
            let (half, read) = reading(&text);
            let error = (read - f64::from(value)).abs();
            prop_assert!(error <= half * (1.0 + 1e-9), "{} as {:?}", value, text);
        }
        // Whatever the signs and powers, six columns are room for every number.
        prop_assert!(width < 6 || !text.contains('#'), "{} as {:?}", value, text);
    }
}

#[test]
fn a_number_alone_keeps_its_digits() {
    for (value, signed, text) in [
        (0.5, false, "0.50000"),
        (0.001, false, "0.00100"),
        (0.000_123_45, false, "1.2345e-4"),
        (-0.000_001, true, "-1.0000e-6"),
        (12.25, true, "+12.25000"),
        (3.0, false, "3"),
        (0.0, true, "0"),
        (1.2e24, true, "+1.2000e24"),
    ] {
        assert_eq!(exact(value, signed), text);
    }
}
