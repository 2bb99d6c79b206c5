//! The classes of characters: what Wine 8's tables hold, and where the two runtimes differ.

use crt::class::*;
use crt::{Flavor, class};

/// The characters below `end` for which a class holds, as ranges.
fn ranges(end: u32, holds: impl Fn(u32) -> bool) -> String {
    let mut text = String::new();
    let mut start = None;
    for code in 0..=end {
        match (start, code < end && holds(code)) {
            (None, true) => start = Some(code),
            (Some(first), false) => {
                text.push_str(&format!(" {first:x}-{:x}", code - 1));
                start = None;
            }
            _ => {}
        }
    }
    text.trim_start().into()
}

#[test]
fn narrow() {
    let holds = |mask| ranges(256, |code| class::narrow(code as i32) & mask != 0);
    assert_eq!(holds(ALPHA), "41-5a 61-7a");
    assert_eq!(holds(UPPER), "41-5a");
    assert_eq!(holds(LOWER), "61-7a");
    assert_eq!(holds(DIGIT), "30-39");
    assert_eq!(holds(HEX), "30-39 41-46 61-66");
    assert_eq!(holds(SPACE), "9-d 20-20");
    assert_eq!(holds(PUNCT), "21-2f 3a-40 5b-60 7b-7e");
    assert_eq!(holds(ALPHANUMERIC), "30-39 41-5a 61-7a");
    assert_eq!(holds(PRINT), "20-7e");
    assert_eq!(holds(GRAPH), "21-7e");
    assert_eq!(holds(CONTROL), "0-1f 7f-7f");
    assert_eq!(holds(LEAD_BYTE), "");
    assert_eq!([NARROW[0], NARROW[1 + 9], NARROW[1 + 32], NARROW[1 + 65], NARROW[1 + 122]], [0, 0x28, 0x48, 0x81, 2]);
    assert_eq!([-1, -2, 256, i32::MIN, i32::MAX].map(class::narrow), [0; 5]);
}

#[test]
fn wide_up_to_ff() {
    let holds = |flavor, mask| ranges(256, |code| wide(flavor, code as u16) & mask != 0);
    let both = |mask, msvcrt: &str, ucrt: &str| {
        assert_eq!(holds(Flavor::Msvcrt, mask), msvcrt);
        assert_eq!(holds(Flavor::Ucrt, mask), ucrt);
    };
    both(ALPHA, "41-5a 61-7a c0-d6 d8-f6 f8-ff", "41-5a 61-7a aa-aa b5-b5 ba-ba c0-d6 d8-f6 f8-ff");
    both(UPPER, "41-5a c0-d6 d8-de", "41-5a c0-d6 d8-de");
    both(LOWER, "61-7a df-f6 f8-ff", "61-7a aa-aa b5-b5 ba-ba df-f6 f8-ff");
    both(DIGIT, "30-39 b2-b3 b9-b9", "30-39 b2-b3 b9-b9");
    both(HEX, "30-39 41-46 61-66", "30-39 41-46 61-66");
    both(SPACE, "9-d 20-20 a0-a0", "9-d 20-20 85-85 a0-a0");
    both(PUNCT, "21-2f 3a-40 5b-60 7b-7e a1-bf d7-d7 f7-f7", "21-2f 3a-40 5b-60 7b-7e a1-bf d7-d7 f7-f7");
    both(PRINT, "9-9 20-7e a0-ff", "20-7e a1-ff");
    both(CONTROL, "0-1f 7f-9f", "0-1f 7f-9f ad-ad");
    let table = wide_table(Flavor::Ucrt);
    assert_eq!((table[0], table[1 + 0x41], table[1 + 0xAA], table[1 + 0xAD]), (0, 0x181, 0x112, 0x30));
    assert!((0..256).all(|code| table[code as usize + 1] == wide(Flavor::Ucrt, code)));
}

/// Wine's answers up to U+03FF.
#[test]
fn wide_up_to_3ff() {
    for flavor in [Flavor::Msvcrt, Flavor::Ucrt] {
        let holds = |mask| ranges(0x400, |code| code > 0xFF && wide(flavor, code as u16) & mask != 0);
        assert_eq!(
            holds(ALPHA),
            "100-2c1 2c6-2d1 2e0-2e4 2ec-2ec 2ee-2ee 370-374 376-377 37a-37d 37f-37f 386-386 388-38a 38c-38c 38e-3a1 3a3-3f5 3f7-3ff"
        );
        assert_eq!(holds(PUNCT), "37e-37e 387-387");
        assert_eq!(holds(DIGIT | SPACE | CONTROL | HEX), "");
    }
}

#[test]
fn wide_beyond() {
    for (unit, classes) in [
        (0x0100, ALPHA & !LOWER),
        (0x0101, ALPHA & !UPPER),
        (0x01C5, ALPHA),
        (0x05D0, 0x100),
        (0x0660, DIGIT),
        (0x2003, SPACE),
        (0x2014, PUNCT),
        (0x200B, CONTROL),
        (0x20AC, 0),
        (0x3000, SPACE | BLANK),
        (0x4E00, 0x100),
        (0xD800, 0),
        (0xFEFF, CONTROL | BLANK),
        (0xFF11, DIGIT | HEX),
        (0xFF21, 0x100 | UPPER | HEX),
        (0xFF46, 0x100 | LOWER | HEX),
        (0xFF47, 0x100 | LOWER),
        (0xFFFF, 0),
    ] {
        assert_eq!(wide(Flavor::Ucrt, unit), classes, "{unit:x}");
    }
}

#[test]
fn case() {
    for code in 0..=u16::MAX {
        let ascii = u8::try_from(code).unwrap_or(0);
        assert_eq!(to_lower(code), if ascii.is_ascii_uppercase() { code + 32 } else { code });
        assert_eq!(to_upper(code), if ascii.is_ascii_lowercase() { code - 32 } else { code });
        // There and back again.
        assert_eq!(if unicode_upper(code) == code { code } else { unicode_lower(unicode_upper(code)) }, code);
    }
    assert_eq!(to_lower(b'\xC0'), b'\xC0');
    for (upper, lower) in [
        (0x41, 0x61),
        (0xC0, 0xE0),
        (0x178, 0xFF),
        (0x1C4, 0x1C6),
        (0x391, 0x3B1),
        (0x410, 0x430),
        (0x1F88, 0x1F80),
        (0x1FBC, 0x1FB3),
        (0xFF21, 0xFF41),
    ] {
        assert_eq!((unicode_upper(lower), unicode_lower(upper)), (upper, lower), "{upper:x}");
    }
    // Of what has no way back nothing is made: micro, dotless i, sharp s, title case, Kelvin.
    for unit in [0xB5, 0x131, 0xDF, 0x130, 0x17F, 0x1C5, 0x1E9E, 0x2126, 0x212A, 0x3C2, 0x345, 0xD800, 0xFFFF] {
        assert_eq!((unicode_upper(unit), unicode_lower(unit)), (unit, unit), "{unit:x}");
    }
}

#[test]
fn blanks() {
    let spaces = ranges(0x10000, |code| is_space(code as u16));
    assert_eq!(spaces, "9-d 20-20 a0-a0 1680-1680 2000-200a 2028-2029 202f-202f 205f-205f 3000-3000");
    assert_eq!(ranges(256, |code| is_space(code as u8)), "9-d 20-20");
}

#[test]
fn digits() {
    assert_eq!(decimal_digit(0x0669), Some(9));
    assert_eq!(decimal_digit(0x066A), None);
    assert_eq!(decimal_digit(0xFF10), Some(0));
    assert_eq!(decimal_digit(0x30), None);
    assert_eq!(decimal_digit(0xFFFF), None);
}
