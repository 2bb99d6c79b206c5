//! File names: what Windows can say, how a name looks on the host, and patterns.

use crate::case::{fold, upcase};
use crate::short::{may_be_short, short_name};

/// Whether Windows can say the name of one path component.
pub fn is_valid(name: &[u16]) -> bool {
    const FORBIDDEN: [u16; 9] = [0x22, 0x2A, 0x2F, 0x3A, 0x3C, 0x3E, 0x3F, 0x5C, 0x7C];
    !name.is_empty() && name.len() <= 255 && name.iter().all(|unit| *unit >= 0x20 && !FORBIDDEN.contains(unit))
}

/// A component as the host names it. `None` where Windows or the host cannot say it, for `.` and `..` too.
pub fn to_host(name: &[u16]) -> Option<String> {
    if !is_valid(name) {
        return None;
    }
    String::from_utf16(name).ok()?;
    Some(unescaped(name)).filter(|name| name != "." && name != "..")
}

/// Where units lie that stand for those which no name may hold, as Cygwin and the Mac have it: each by its number.
const ESCAPED: u16 = 0xF000;

/// A host's name as Windows says it: units that Windows forbids, and a space or dot at the end, become private ones. `None` where
/// there is no way to say it at all (it is not UTF-8, or too long), and for `.` and `..`.
pub fn from_host(name: &[u8]) -> Option<Vec<u16>> {
    let mut name: Vec<u16> = std::str::from_utf8(name).ok()?.encode_utf16().collect();
    let last = name.len().checked_sub(1)?;
    if matches!(name.as_slice(), [DOT] | [DOT, DOT]) {
        return None;
    }
    for (index, unit) in name.iter_mut().enumerate() {
        let ends = index == last && matches!(*unit, 0x20 | DOT);
        if ends || !is_valid(&[*unit]) {
            *unit |= ESCAPED;
        }
    }
    is_valid(&name).then_some(name)
}

/// A name as the host has it, where [`from_host`] made it.
pub fn unescaped(name: &[u16]) -> String {
    let last = name.len().saturating_sub(1);
    let plain = |(index, unit): (usize, &u16)| {
        let plain = unit & !ESCAPED;
        // What the host's names cannot hold was never escaped.
        let forbidden = !is_valid(&[plain]) && plain != 0 && plain != u16::from(b'/');
        let is_escaped = *unit & ESCAPED == ESCAPED && plain < 0x80 && (forbidden || index == last && matches!(plain, 0x20 | DOT));
        if is_escaped { plain } else { *unit }
    };
    String::from_utf16_lossy(&name.iter().enumerate().map(plain).collect::<Vec<_>>())
}

/// The one spelling of a name on the host that all its spellings have in common: what Windows writes plainly and what stands for it
/// (`a.` and `a\u{f02e}`) lead to the same entry, and must not be two names to whoever decides about it. `None` where there is no
/// such name.
pub fn canonical(name: &[u16]) -> Option<Vec<u16>> {
    from_host(to_host(name)?.as_bytes())
}

/// Whether a name is plainly its own canonical form, as nearly all are: this costs no more than a look at it.
pub fn is_plain(name: &[u16]) -> bool {
    let ends_so = name.last().is_some_and(|last| !matches!(*last, DOT | 0x20));
    ends_so && name.iter().all(|unit| *unit < 0x7F) && is_valid(name)
}

/// Whether two names are the same but for letter case.
pub fn same(left: &[u16], right: &[u16]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left == right || upcase(*left) == upcase(*right))
}

/// A pattern of file names: `*` and `?`, and what FindFirstFile makes of DOS patterns (`<`, `>` and `"`).
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    folded: Vec<u16>,
    given: Vec<u16>,
}

const STAR: u16 = b'*' as u16;
const QUESTION: u16 = b'?' as u16;
const DOS_STAR: u16 = b'<' as u16;
const DOS_QUESTION: u16 = b'>' as u16;
const DOS_DOT: u16 = b'"' as u16;
const DOT: u16 = b'.' as u16;

impl Pattern {
    /// A pattern; empty means everything.
    pub fn new(pattern: &[u16]) -> Self {
        Self { folded: fold(pattern).into_vec(), given: pattern.to_vec() }
    }

    /// The one name that fits, where there are no wildcards.
    pub fn literal(&self) -> Option<&[u16]> {
        const WILD: [u16; 5] = [STAR, QUESTION, DOS_STAR, DOS_QUESTION, DOS_DOT];
        let is_literal = !self.given.is_empty() && !self.given.iter().any(|unit| WILD.contains(unit));
        is_literal.then_some(self.given.as_slice())
    }

    /// The one name that fits, where that may be the short name of something else.
    pub fn is_short(&self) -> bool {
        self.literal().is_some_and(may_be_short)
    }

    /// Whether something fits by its name, or by its short name (FindFirstFile's documentation: a search includes both).
    pub fn fits(&self, name: &[u16]) -> bool {
        self.fits_name(name) || short_name(name).is_some_and(|short| self.fits_name(&short))
    }

    /// Whether a name fits (`RtlIsNameInExpression`, letter case ignored).
    ///
    /// Keeps the set of positions that the pattern can be at: the work is the product of both lengths at most.
    fn fits_name(&self, name: &[u16]) -> bool {
        let pattern = &self.folded;
        if pattern.is_empty() || pattern == &[STAR] {
            return true;
        }
        let mut at = vec![false; pattern.len() + 1];
        at[0] = true;
        close(pattern, &mut at, name.is_empty());
        let last_dot = name.iter().rposition(|unit| *unit == DOT);
        for (index, unit) in name.iter().enumerate() {
            let unit = upcase(*unit);
            let mut next = vec![false; pattern.len() + 1];
            for position in (0..pattern.len()).filter(|position| at[*position]) {
                match pattern[position] {
                    STAR => next[position] = true,
                    // Everything up to the last dot, which is left to what follows.
                    DOS_STAR => next[position] |= Some(index) != last_dot,
                    QUESTION => next[position + 1] = true,
                    DOS_QUESTION => {
                        if unit == DOT {
                            // At a dot it stands for nothing.
                            next[position + 1] |= false;
                            at_dot(pattern, position, unit, &mut next);
                        } else {
                            next[position + 1] = true;
                        }
                    }
                    DOS_DOT if unit == DOT => next[position + 1] = true,
                    other if other == unit => next[position + 1] = true,
                    _ => {}
                }
            }
            close(pattern, &mut next, index + 1 == name.len());
            at = next;
        }
        at[pattern.len()]
    }
}

/// A run of DOS question marks at a dot: they stand for nothing, and what follows them must take the dot.
fn at_dot(pattern: &[u16], position: usize, unit: u16, next: &mut [bool]) {
    let behind = position + pattern[position..].iter().take_while(|other| **other == DOS_QUESTION).count();
    match pattern.get(behind) {
        Some(&STAR) => next[behind] = true,
        Some(other) if *other == unit || *other == DOS_DOT || *other == QUESTION => next[behind + 1] = true,
        _ => {}
    }
}

/// What the pattern can pass without a unit: stars always; at the name's end also DOS stars, question marks and dots.
fn close(pattern: &[u16], at: &mut [bool], end: bool) {
    for position in 0..pattern.len() {
        let passes = match pattern[position] {
            STAR | DOS_STAR => true,
            DOS_QUESTION | DOS_DOT => end,
            _ => false,
        };
        if at[position] && passes {
            at[position + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("", "anything", true),
            ("*", "a.b", true),
            ("*.txt", "A.TXT", true),
            ("*.txt", "a.txt.bak", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            // FindFirstFile turns `*.` into `<`, `?` into `>`, and a dot before a wildcard into `"`.
            ("<", "name", true),
            ("<", "name.ext", false),
            ("<.ext", "a.b.ext", true),
            ("<.b", "a.b.ext", false),
            ("NAME\"*", "name", true),
            ("NAME\"*", "name.ext", true),
            ("<\"*", "name", true),
            ("<\"*", "name.ext", true),
            (">>>>>>>>\">>>", "readme.md", true),
            (">>>>>>>>\">>>", "readme", true),
            (">>>\">>>", "readme", false),
            ("a>>", "a", true),
            ("a??", "a", false),
        ] {
            assert_eq!(Pattern::new(&wide(pattern)).fits(&wide(name)), fits, "{pattern} against {name}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_exponential_time() {
        let pattern = Pattern::new(&wide(&"*a".repeat(100)));
        assert!(!pattern.fits(&wide(&"a".repeat(99))));
    }

    #[test]
    fn spellings_of_one_name_have_one_canonical_form() {
        for (name, canon) in
            [("in.", Some("in\u{f02e}")), ("in ", Some("in\u{f020}")), ("a", Some("a")), ("\u{f02e}", None), ("..\u{f02e}", Some("..\u{f02e}"))]
        {
            assert_eq!(canonical(&wide(name)), canon.map(wide), "{name}");
        }
    }

    proptest::proptest! {
        /// Names of units that are written in several ways: whatever leads to one entry is one name.
        #[test]
        fn what_leads_to_one_entry_is_one_name(one in spelling(), other in spelling()) {
            if let (Some(left), Some(right)) = (to_host(&one), to_host(&other)) {
                proptest::prop_assert_eq!(left == right, canonical(&one) == canonical(&other), "{:?} {:?}", one, other);
            }
            proptest::prop_assert!(!is_plain(&one) || canonical(&one).as_ref() == Some(&one), "{:?}", one);
            if let Some(name) = canonical(&one) {
                proptest::prop_assert_eq!(canonical(&name), Some(name.clone()));
                proptest::prop_assert_eq!(to_host(&name), to_host(&one));
            }
        }
    }

    fn spelling() -> impl proptest::strategy::Strategy<Value = Vec<u16>> {
        let units = [0x2E, 0x20, 0xF02E, 0xF020, 0x61, 0xF03A, 0xF061, 0xF02F, 0xF07C, 0xF001];
        proptest::collection::vec(proptest::sample::select(units.to_vec()), 1..4)
    }

    #[test]
    fn names_that_either_side_cannot_say() {
        assert_eq!(to_host(&wide("a:b")), None);
        assert_eq!(to_host(&wide("..")), None);
        assert_eq!(to_host(&[0xD800]), None);
        for (name, host) in
            [("\u{f02e}", None), (".\u{f02e}", None), ("a\u{f02f}b", Some("a\u{f02f}b")), ("a\u{f03a}", Some("a:")), ("\u{f02e}a", Some("\u{f02e}a"))]
        {
            assert_eq!(to_host(&wide(name)).as_deref(), host, "{name}");
        }
        assert_eq!(from_host(b"\xFF"), None);
        assert_eq!([from_host(b""), from_host(b"."), from_host(b"..")], [None, None, None]);
        assert_eq!(from_host(&[b'a'; 256]), None);
        for (host, name) in [("a.", "a\u{f02e}"), ("a:b?", "a\u{f03a}b\u{f03f}"), ("\\ ", "\u{f05c}\u{f020}"), ("a\nb", "a\u{f00a}b")] {
            assert_eq!(from_host(host.as_bytes()), Some(wide(name)), "{host}");
            assert_eq!(unescaped(&wide(name)), host);
        }
        assert_eq!(unescaped(&wide("a\u{f041}")), "a\u{f041}", "a letter needs no other one");
        assert_eq!(from_host("\u{e4}".as_bytes()), Some(vec![0xE4]));
    }
}
