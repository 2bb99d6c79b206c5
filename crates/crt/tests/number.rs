//! Numbers from text: the rows of `data/strtod.tsv` and `data/strtol.tsv`.

mod rows;

use crt::number::{self, Integer, Rules};
use crt::{Errno, Flavor};
use proptest::prelude::*;
use rows::{FLAVORS, bytes, unescape};

fn code(error: Option<Errno>) -> i32 {
    error.map_or(0, Errno::code)
}

#[test]
fn strtod() {
    let mut differences = rows::Differences::default();
    let mut count = 0;
    for (line, row) in rows::rows(include_str!("data/strtod.tsv")) {
        count += 1;
        let wide = unescape(row[0]);
        for (flavor, wanted) in FLAVORS.into_iter().zip(rows::expected(&row, 1)) {
            let (value, used, error) = number::real::scan::<u8, f64>(bytes(&wide), Rules::of(flavor));
            let got = format!("{:016x} {used} {}", value.to_bits(), code(error));
            differences.check(|| format!("{line}: {flavor:?} {}", row[0]), &got, wanted);
            let of_wide = number::real::scan::<u16, f64>(wide.clone(), Rules::of(flavor));
            if !wide.contains(&0xA0) {
                assert_eq!((of_wide.0.to_bits(), of_wide.1, of_wide.2), (value.to_bits(), used, error));
            }
        }
    }
    assert!(count >= 200);
    differences.finish();
}

#[test]
fn strtol() {
    let mut differences = rows::Differences::default();
    for (line, row) in rows::rows(include_str!("data/strtol.tsv")) {
        let number = number::integer::scan(bytes(&unescape(row[0])), row[1].parse().unwrap()).unwrap();
        let used = number.length;
        let (signed, unsigned) = (number.to_i32(), number.to_u32());
        let (long, unsigned_long) = (number.to_i64(), number.to_u64());
        let got = format!(
            "{} {used} {} {} {used} {} {} {used} {} {} {used} {}",
            signed.0,
            code(signed.1),
            unsigned.0,
            code(unsigned.1),
            long.0,
            code(long.1),
            unsigned_long.0,
            code(unsigned_long.1),
        );
        differences.check(|| format!("{line}: {} {}", row[0], row[1]), &got, row[2]);
    }
    differences.finish();
}

#[test]
fn bases() {
    for base in [1, 37, -1, i32::MIN, i32::MAX] {
        assert_eq!(number::integer::scan(*b"12", base), Err(Errno::Invalid));
    }
}

/// Blanks and digits that only wide text has, as `wcstol` of Wine 8 knows them.
#[test]
fn wcstol() {
    let read = |text: &str| {
        let number = number::integer::scan(text.encode_utf16(), 0).unwrap();
        (number.to_i32().0, number.length)
    };
    for (text, value, length) in [
        ("\u{663}\u{664}", 34, 2),
        ("\u{FF15}\u{FF16}", 56, 2),
        ("\u{3000}9", 9, 2),
        ("\u{A0}9", 9, 2),
        ("\u{E53}x", 3, 1),
        ("\u{1042}", 2, 1),
        ("\u{17E3}", 3, 1),
        ("\u{1813}", 3, 1),
        ("\u{96B}", 5, 1),
        ("\u{A623}", 0, 0),
        ("\u{7C3}", 0, 0),
        ("0x\u{664}", 4, 3),
        ("\u{180E}9", 0, 0),
    ] {
        assert_eq!(read(text), (value, length), "{text:?}");
    }
}

#[test]
fn atoi() {
    let rows: [(&str, i32, i32, i64); 9] = [
        ("4294967296", 0, i32::MAX, 4294967296),
        ("4294967297", 1, i32::MAX, 4294967297),
        ("-4294967297", -1, i32::MIN, -4294967297),
        ("2147483648", i32::MIN, i32::MAX, 2147483648),
        (" \t12x", 12, 12, 12),
        ("0x10", 0, 0, 0),
        ("9223372036854775808", 0, i32::MAX, i64::MAX),
        ("-9223372036854775809", -1, i32::MIN, i64::MIN),
        ("", 0, 0, 0),
    ];
    for (text, old, new, long) in rows {
        assert_eq!(number::integer::to_int(text.bytes(), Flavor::Msvcrt).0, old, "{text}");
        assert_eq!(number::integer::to_int(text.bytes(), Flavor::Ucrt).0, new, "{text}");
        assert_eq!(number::integer::to_int(text.encode_utf16(), Flavor::Msvcrt).0, new, "{text}");
        assert_eq!(number::integer::to_long(text.bytes()).0, long, "{text}");
    }
    assert_eq!(number::integer::to_int(*b"99999999999", Flavor::Ucrt).1, Some(Errno::Range));
}

#[test]
fn strtof_rounds_once() {
    let read = |text: &str| number::real::scan::<u8, f32>(text.bytes(), Rules::of(Flavor::Ucrt));
    // Between two floats by less than a double can tell.
    assert_eq!(read("8589973000.0000001").0.to_bits(), 0x5000_0026);
    assert_eq!(read("1e39"), (f32::INFINITY, 4, Some(Errno::Range)));
    assert_eq!(read("1e-46"), (0.0, 5, Some(Errno::Range)));
    assert_eq!(read("1e-45"), (f32::from_bits(1), 5, None));
    assert_eq!(read("0x1.fffffefp0").0.to_bits(), 0x3FFF_FFFF);
    assert_eq!(read("0x1.ffffffp0").0.to_bits(), 0x4000_0000);
    assert_eq!(read("0x1p-149").0.to_bits(), 1);
    assert_eq!(read("nan(snan)").0.to_bits(), 0x7FBF_FFFF);
}

#[test]
fn nothing_is_zero() {
    assert_eq!(number::integer::scan(*b"", 0), Ok(Integer::default()));
    assert_eq!(number::real::scan::<u8, f64>(*b"", Rules::of(Flavor::Ucrt)), (0.0, 0, None));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strtod_like_rust(text in "[+-]?[0-9]{1,30}(\\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?", tail in "[^0-9eE.]?") {
        let input = format!("  {text}{tail}");
        for flavor in FLAVORS {
            let (value, used, error) = number::real::scan::<u8, f64>(input.bytes(), Rules::of(flavor));
            let wanted: f64 = text.parse().unwrap();
            if flavor == Flavor::Ucrt || !tail.contains(['d', 'D']) {
                if !(text.trim_start_matches(['+', '-']) == "0" && tail == "x") {
                    prop_assert_eq!((value.to_bits(), used), (wanted.to_bits(), text.len() + 2));
                }
                let nothing = !text.split(['e', 'E']).next().unwrap().contains(|digit: char| ('1'..='9').contains(&digit));
                prop_assert_eq!(error.is_some(), wanted.is_infinite() || wanted == 0.0 && !nothing);
            }
            let (value, ..) = number::real::scan::<u8, f32>(input.bytes(), Rules::of(flavor));
            prop_assert_eq!(value.to_bits(), text.parse::<f32>().unwrap().to_bits());
        }
    }

    /// The mantissa and exponent of any number, written in hexadecimal with more digits than needed.
    #[test]
    fn hexadecimal_is_exact(bits in any::<u64>(), shift in 0..60i32) {
        let value = f64::from_bits(bits & !(1 << 63));
        prop_assume!(value.is_finite() && value != 0.0);
        let (mantissa, exponent) = match (bits >> 52) & 0x7FF {
            0 => (bits & ((1 << 52) - 1), -1074),
            biased => (bits & ((1 << 52) - 1) | 1 << 52, biased as i32 - 1075),
        };
        let text = format!("0x{:x}p{}", u128::from(mantissa) << shift, exponent - shift);
        prop_assert_eq!(number::real::scan::<u8, f64>(text.bytes(), Rules::of(Flavor::Ucrt)), (value, text.len(), None));
        let single = value as f32;
        prop_assert_eq!(number::real::scan::<u8, f32>(text.bytes(), Rules::of(Flavor::Ucrt)).0, single);
    }

    #[test]
    fn strtol_like_rust(number in any::<i128>(), base in 2..=36u32) {
        let number = number >> 60;
        let mut digits = Vec::new();
        let mut rest = number.unsigned_abs();
        while rest > 0 || digits.is_empty() {
            digits.push(char::from_digit((rest % u128::from(base)) as u32, base).unwrap());
            rest /= u128::from(base);
        }
        let text: String = (if number < 0 { "-" } else { "" }).chars().chain(digits.into_iter().rev()).collect();
        let read = number::integer::scan(text.bytes(), base as i32).unwrap();
        prop_assert_eq!(read.length, text.len());
        prop_assert_eq!(i128::from(read.to_i64().0), number.clamp(i64::MIN.into(), i64::MAX.into()));
        prop_assert_eq!(i128::from(read.to_i32().0), number.clamp(i32::MIN.into(), i32::MAX.into()));
        prop_assert_eq!(read.to_u64().1.is_some(), number.unsigned_abs() > u64::MAX.into());
        prop_assert_eq!(read.wrapped(), number as u64);
    }

    #[test]
    fn nothing_panics(text in "[ +-]?(0x|inf|nan\\(|[0-9a-fA-F.])?[0-9a-zA-Z.()+-]{0,900}", base in -1..40i32) {
        let _ = number::integer::scan(text.bytes(), base);
        for flavor in FLAVORS {
            let (_, used, _) = number::real::scan::<u8, f64>(text.bytes(), Rules::of(flavor));
            prop_assert!(used <= text.len());
        }
    }
}
