//! File names: what Windows can say, how a name looks on the host, and patterns.

use crate::case::upcase;

const DOT: u16 = b'.' as u16;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
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
