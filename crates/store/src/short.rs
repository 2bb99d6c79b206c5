//! Short names, as DOS has them: eight units, a dot, three more.
//!
//! No volume keeps a table of them. A short name follows from the long one alone, so that it is the same in every folder, on every
//! volume and after every copy, and costs nothing where nobody asks for it.

use crate::case::upcase;

const DOT: u16 = b'.' as u16;
const TILDE: u16 = b'~' as u16;

/// Names that have the short one of a fresh Windows: programs and scripts say them without having asked.
const WELL_KNOWN: [(&str, &str); 6] = [
    ("Program Files", "PROGRA~1"),
    ("Program Files (x86)", "PROGRA~2"),
    ("ProgramData", "PROGRA~3"),
    ("Common Files", "COMMON~1"),
    ("Documents", "DOCUME~1"),
    ("Downloads", "DOWNLO~1"),
];

/// A name's stem and its extension, which starts behind the last dot.
fn split(name: &[u16]) -> (&[u16], &[u16]) {
    match name.iter().rposition(|unit| *unit == DOT) {
        Some(dot) if dot > 0 => (&name[..dot], &name[dot + 1..]),
        _ => (name, &[]),
    }
}

/// Whether a short name may hold a unit, but for the dot.
fn is_short_unit(unit: u16) -> bool {
    const OTHERS: &[u8] = b"!#$%&'()-@^_`{}~";
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphanumeric() || OTHERS.contains(&byte))
}

/// Whether a name is as short as a short one, and so has no other.
fn is_short(name: &[u16]) -> bool {
    let (stem, extension) = split(name);
    let ends_so = name.last() != Some(&DOT);
    let fits = (1..=8).contains(&stem.len()) && extension.len() <= 3;
    fits && ends_so && stem.iter().chain(extension).all(|unit| is_short_unit(*unit))
}

/// Whether a name may be the short one of another: nearly all names end otherwise, and this costs no more than a look at it.
pub fn may_be_short(name: &[u16]) -> bool {
    name.contains(&TILDE) && {
        let (stem, _) = split(name);
        is_short(name) && matches!(stem, [.., TILDE, 0x31..=0x39])
    }
}

/// The short name of a name; `None` where it is as short itself.
///
/// It begins as the long one does; what follows is worked out from the whole of it, letter case aside.
pub fn short_name(name: &[u16]) -> Option<Vec<u16>> {
    // The folder itself and the one above it are no names.
    if is_short(name) || name.iter().all(|unit| *unit == DOT) {
        return None;
    }
    if let Some((_, short)) = WELL_KNOWN.iter().find(|(long, _)| is_ascii(name, long)) {
        return Some(short.encode_utf16().collect());
    }
    let (stem, extension) = split(name);
    let plain = |units: &[u16], most| units.iter().copied().filter(|unit| is_short_unit(*unit)).map(upcase).take(most).collect::<Vec<_>>();
    let mut short = plain(stem, 1);
    if short.is_empty() {
        short.push(u16::from(b'_'));
    }
    let mut rest = hash(name);
    for _ in 0..5 {
        let digit = (rest % 36) as u8;
        rest /= 36;
        short.push(u16::from(if digit < 10 { b'0' + digit } else { b'A' + digit - 10 }));
    }
    short.extend([TILDE, u16::from(b'1') + (rest % 9) as u16]);
    let extension = plain(extension, 3);
    if !extension.is_empty() {
        short.push(DOT);
        short.extend(extension);
    }
    Some(short)
}

fn is_ascii(name: &[u16], text: &str) -> bool {
    name.len() == text.len() && name.iter().zip(text.bytes()).all(|(unit, byte)| upcase(*unit) == u16::from(byte.to_ascii_uppercase()))
}

/// FNV-1a over the upper-case form, and a last stir: its low digits must differ where long names differ in one unit.
fn hash(name: &[u16]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for unit in name {
        hash = (hash ^ u64::from(upcase(*unit))).wrapping_mul(0x0100_0000_01B3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash >> 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn short(text: &str) -> Option<String> {
        short_name(&wide(text)).map(|name| String::from_utf16(&name).unwrap())
    }

    #[test]
    fn what_is_short_has_no_other_name() {
        for name in ["a", "README.TXT", "readme.txt", "a.b", ".", "..", "12345678.123", "x~1", "A{1}'s!.$_%", "Makefile"] {
            assert_eq!(short(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_not_has_one_that_is() {
        for name in ["long file name.txt", "page.html", ".profile", "a.b.c", "Größe.txt", "a b", "a+b", "123456789", "\u{4e2d}\u{6587}", "x."] {
            let short = short_name(&wide(name)).unwrap_or_else(|| panic!("{name} has one"));
            assert!(is_short(&short) && may_be_short(&short), "{name}: {}", String::from_utf16_lossy(&short));
            assert_eq!(short_name(&short), None, "{name}");
        }
        assert!(short("long file name.txt").unwrap().starts_with('L') && short("page.html").unwrap().ends_with(".HTM"));
    }

    #[test]
    fn letter_case_makes_no_difference() {
        assert_eq!(short("Long File Name.Text"), short("LONG file name.tEXT"));
        assert_eq!(short("program files").as_deref(), Some("PROGRA~1"));
        assert_eq!(short("Program Files (x86)").as_deref(), Some("PROGRA~2"));
    }

    #[test]
    fn only_what_ends_in_a_number_may_be_the_name_of_another() {
        for name in ["a~", "readme~1.text", "~0", "long name~1", "a~1b", "a", "a~10"] {
            assert!(!may_be_short(&wide(name)), "{name}");
        }
        assert!(may_be_short(&wide("progra~1")) && may_be_short(&wide("~1.c")));
    }

    /// Names that differ in a number alone, as cameras and programs make them, are told apart.
    #[test]
    fn neighbours_have_names_of_their_own() {
        let names: HashSet<_> = (0..10_000).map(|number| short(&format!("holiday picture {number}.jpeg")).unwrap()).collect();
        assert!(names.len() > 9_995, "{} of 10000", names.len());
    }
}
