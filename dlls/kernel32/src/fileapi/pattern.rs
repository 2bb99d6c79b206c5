//! DOS patterns of file names, as file systems take them.

use alloc::vec::Vec;

const STAR: u16 = b'*' as u16;
const QUESTION: u16 = b'?' as u16;
const DOT: u16 = b'.' as u16;
const DOS_STAR: u16 = b'<' as u16;
const DOS_QUESTION: u16 = b'>' as u16;
const DOS_DOT: u16 = b'"' as u16;

/// A pattern with DOS' meaning of its wildcards: `?` becomes `>`, a dot in front of a wildcard `"`, a star in front of a
/// dot `<` (MS-CIFS, "wildcards"). `given` is the path as the caller wrote it: of its last dot the pattern has lost sight.
pub fn translate(pattern: &[u16], given: &[u16]) -> Vec<u16> {
    let at = |index: usize| pattern.get(index).copied();
    let mut translated: Vec<u16> = (0..pattern.len())
        .map(|index| match (pattern[index], at(index + 1)) {
            (QUESTION, _) => DOS_QUESTION,
            (DOT, Some(STAR | QUESTION)) => DOS_DOT,
            (STAR, Some(DOT)) => DOS_STAR,
            (unit, _) => unit,
        })
        .collect();
    if given.last() == Some(&DOT)
        && let Some(last @ &mut STAR) = translated.last_mut()
    {
        *last = DOS_STAR;
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_translated() {
        let wide = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        for (pattern, given, expected) in [
            ("*", "*", "*"),
            ("*.*", "*.*", "<\"*"),
            ("*.txt", "*.txt", "<.txt"),
            ("*", "*.", "<"),
            ("a?.b", "a?.b", "a>.b"),
            ("a.?", "a.?", "a\">"),
            ("a.b", "a.b", "a.b"),
        ] {
            assert_eq!(translate(&wide(pattern), &wide(given)), wide(expected), "{given}");
        }
    }
}
