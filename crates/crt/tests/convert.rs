//! Text from numbers: `_ecvt`, `_fcvt`, `_gcvt` and `_itoa`.

mod rows;

use crt::{Errno, Flavor, number};
use proptest::prelude::*;
use rows::FLAVORS;

/// What Wine 8 answers for the old runtime; the new one has more than 17 digits.
#[test]
fn ecvt_and_fcvt() {
    let rows: [(f64, i32, &str, &str, i32, i32, bool); 27] = [
        (77.0, 3, "770", "77000", 2, 2, false),
        (0.00025, 2, "25", "", -3, -3, false),
        (0.00025, 8, "25000000", "25000", -3, -3, false),
        (-2048.0009, 6, "204800", "2048000900", 4, 4, true),
        (2048.0009, 6, "204800", "2048000900", 4, 4, false),
        (65432.1, 3, "654", "65432100", 5, 5, false),
        (8888888.96, 2, "89", "888888896", 7, 7, false),
        (0.0, 4, "0000", "0000", 0, 0, false),
        (0.0, 0, "", "", 0, 0, false),
        (0.0, -2, "", "", 0, 0, false),
        (-654.0002, 0, "", "654", 4, 3, true),
        (-654.0002, -1, "", "65", 4, 3, true),
        // Wine cuts off before the point; documented is rounding.
        (-654.0002, -2, "", "7", 4, 3, true),
        (-654.0002, -3, "", "1", 4, 4, true),
        (-454.0002, -3, "", "", 3, 3, true),
        (9.996, 2, "10", "1000", 2, 2, false),
        (0.0081, 2, "81", "1", -2, -1, false),
        (0.0081, 3, "810", "8", -2, -2, false),
        (0.0999999998, 3, "100", "100", 0, 0, false),
        (0.8, 1, "8", "8", 0, 0, false),
        (0.8, 0, "", "1", 1, 1, false),
        (0.3, 0, "", "", 0, 0, false),
        (0.45, 0, "", "", 0, 0, false),
        (0.55, 0, "", "1", 1, 1, false),
        (5.0, 25, "5000000000000000000000000", "50000000000000000000000000", 1, 1, false),
        (987654321098765432109.0, 28, "9876543210987653700000000000", "9876543210987653700000000000000000000000000000000", 21, 21, false),
        (f64::INFINITY, 5, "1#INF", "1#INF0", 1, 1, false),
    ];
    for (value, count, e, f, e_point, f_point, negative) in rows {
        for flavor in FLAVORS {
            let mut out = [b'x'; 100];
            assert_eq!(number::convert::ecvt(value, count, flavor, &mut out), Ok((e_point, negative)), "{value} {count}");
            if flavor == Flavor::Msvcrt || value < 1e17 {
                assert_eq!(until_nul(&out), e, "{value} {count}");
            }
            assert_eq!(number::convert::fcvt(value, count, flavor, &mut out), Ok((f_point, negative)), "{value} {count}");
            if flavor == Flavor::Msvcrt || value < 1e17 {
                assert_eq!(until_nul(&out), f, "{value} {count}");
            }
        }
    }
    assert_eq!(number::convert::ecvt(1.0, 5, Flavor::Ucrt, &mut [0; 5]), Err(Errno::Range));
    assert_eq!(number::convert::fcvt(1.0, i32::MAX, Flavor::Ucrt, &mut [0; 5]), Err(Errno::Range));
    assert_eq!(number::convert::fcvt(1.0, i32::MIN, Flavor::Ucrt, &mut [0; 5]), Ok((1, false)));
}

/// The documented examples, and that nothing is written behind a buffer.
#[test]
fn gcvt() {
    let print = |value, count, flavor| {
        let mut out = [b'x'; 400];
        number::convert::gcvt(value, count, flavor, &mut out).map(|()| until_nul(&out))
    };
    for (value, text) in [
        (-1234567890.123, "-1234567890.12"),
        (-12345678901.23, "-12345678901.2"),
        (-123456789012.3, "-123456789012"),
        (-1234567890123.0, "-1.23456789012e+012"),
        (-12.34567890123, "-12.3456789012"),
        (-1.234567890123, "-1.23456789012"),
        (-0.1234567890123, "-0.123456789012"),
        (-0.01234567890123, "-1.23456789012e-002"),
    ] {
        assert_eq!(print(value, 12, Flavor::Msvcrt).unwrap(), text);
        assert_eq!(print(value, 12, Flavor::Ucrt).unwrap(), text.replace("e+0", "e+").replace("e-0", "e-"));
    }
    assert_eq!(print(1.2, 5, Flavor::Ucrt).unwrap(), "1.2");
    assert_eq!(print(100000.0, 6, Flavor::Ucrt).unwrap(), "100000");
    assert_eq!(print(0.0, 6, Flavor::Ucrt).unwrap(), "0");
    assert_eq!(print(f64::INFINITY, 6, Flavor::Msvcrt).unwrap(), "1.#INF");
    assert_eq!(print(-f64::INFINITY, 6, Flavor::Ucrt).unwrap(), "-inf");
    assert_eq!(print(1.0, -1, Flavor::Ucrt), Err(Errno::Invalid));
    assert_eq!(number::convert::gcvt(1.0, 5, Flavor::Ucrt, &mut [0; 5]), Err(Errno::Invalid));
    let mut small = [b'x'; 6];
    assert_eq!(number::convert::gcvt(-1.23456, 5, Flavor::Ucrt, &mut small), Err(Errno::Range));
    assert_eq!(small[0], 0);
}

/// The documented examples.
#[test]
fn itoa() {
    let print = |value: i64, bits, signed, radix| {
        let mut out = [b'x'; 66];
        number::render::itoa(value, bits, signed, radix, &mut out).unwrap();
        until_nul(&out)
    };
    assert_eq!(print(-1, 32, true, 10), "-1");
    assert_eq!(print(-1, 32, true, 9), "12068657453");
    assert_eq!(print(-1, 32, true, 2), "1".repeat(32));
    assert_eq!(print(-1, 64, true, 3), "11112220022122120101211020120210210211220");
    assert_eq!(print(-1, 64, false, 10), "18446744073709551615");
    assert_eq!(print(-1, 32, false, 10), "4294967295");
    assert_eq!(print(i64::MIN, 64, true, 10), "-9223372036854775808");
    assert_eq!(print(i64::MIN, 64, true, 2), format!("1{}", "0".repeat(63)));
    assert_eq!(print(35, 32, true, 36), "z");
    for radix in [1, 37, 0, -1] {
        assert_eq!(number::render::itoa(1, 32, true, radix, &mut [0u16; 9]), Err(Errno::Invalid));
    }
    let mut small = [u16::MAX; 3];
    assert_eq!(number::render::itoa(123, 32, true, 10, &mut small), Err(Errno::Invalid));
    assert_eq!(small[0], 0);
    assert_eq!(number::render::itoa(12, 32, true, 10, &mut small), Ok(()));
    assert_eq!(small, [b'1'.into(), b'2'.into(), 0]);
    assert_eq!(number::render::itoa::<u8>(1, 32, true, 10, &mut []), Err(Errno::Invalid));
}

fn until_nul(out: &[u8]) -> String {
    String::from_utf8(out.iter().copied().take_while(|&byte| byte != 0).collect()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(value: f64, number: i64, count in -1000..1000i32, radix in -1..40i32, bits in 0..100u32, size in 0..40usize) {
        let mut out = vec![0; size];
        for flavor in FLAVORS {
            let _ = number::convert::ecvt(value, count, flavor, &mut out);
            let _ = number::convert::fcvt(value, count, flavor, &mut out);
            let _ = number::convert::gcvt(value, count, flavor, &mut out);
        }
        let _ = number::render::itoa(number, bits, number % 2 == 0, radix, &mut out);
    }
}
