//! Security identifiers, lists of rights and descriptors, as bytes: what they are made of, and whether bytes are one. No pointer is
//! followed here.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The most subordinate numbers of a SID.
pub const MOST_NUMBERS: usize = 15;
/// Bytes of a SID before its subordinate numbers.
pub const SID_HEAD: usize = 8;
/// Bytes of a list before its entries.
pub const LIST_HEAD: usize = 8;
/// Bytes of an entry before its SID, where it is a plain one.
pub const ENTRY_HEAD: usize = 8;

/// Bytes of a SID with so many subordinate numbers.
pub const fn sid_length(numbers: usize) -> usize {
    SID_HEAD + 4 * numbers
}

/// A SID's bytes, from its authority and the numbers below that.
pub fn sid(authority: [u8; 6], numbers: &[u32]) -> Vec<u8> {
    let mut bytes = alloc::vec![1, numbers.len() as u8];
    bytes.extend(authority);
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// A SID of a low authority.
pub fn known_sid(authority: u8, numbers: &[u32]) -> Vec<u8> {
    sid([0, 0, 0, 0, 0, authority], numbers)
}

/// The SID at the beginning of some bytes.
pub fn sid_in(bytes: &[u8]) -> Option<&[u8]> {
    let [1, numbers, ..] = *bytes else { return None };
    if usize::from(numbers) > MOST_NUMBERS { None } else { bytes.get(..sid_length(numbers.into())) }
}

/// A SID's subordinate numbers.
pub fn numbers(sid: &[u8]) -> impl Iterator<Item = u32> {
    sid.get(SID_HEAD..).unwrap_or_default().as_chunks().0.iter().map(|number| u32::from_le_bytes(*number))
}

/// `S-1-5-32-545` and the like.
pub fn text_of(sid: &[u8]) -> Option<String> {
    let sid = sid_in(sid)?;
    let authority = sid[2..8].iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let authority = if authority >> 32 == 0 { format!("{authority}") } else { format!("0x{authority:012x}") };
    Some(numbers(sid).fold(format!("S-1-{authority}"), |text, number| text + &format!("-{number}")))
}

/// A number as texts of SIDs have it: decimal, or with `0x` before it.
fn number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = digits.map_or((text, 10), |digits| (digits, 16));
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// What [`text_of`] has written.
pub fn sid_of(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.strip_prefix("S-1-").or_else(|| text.strip_prefix("s-1-"))?.split('-');
    let authority = number(parts.next()?).filter(|authority| authority >> 48 == 0)?;
    let numbers: Vec<u32> = parts.map(|part| number(part).and_then(|number| u32::try_from(number).ok())).collect::<Option<_>>()?;
    let [_, _, authority @ ..] = authority.to_be_bytes();
    if numbers.is_empty() || numbers.len() > MOST_NUMBERS { None } else { Some(sid(authority, &numbers)) }
}

fn half(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).map_or(0, |half| usize::from(u16::from_le_bytes([half[0], half[1]])))
}

/// A list of entries: revision, its whole size, how many entries, and these.
#[derive(Clone, Copy, Debug)]
pub struct List<'a>(&'a [u8]);

impl<'a> List<'a> {
    /// The list at the beginning of some bytes, with the room that it has for more.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let size = half(bytes, 2);
        let revision = *bytes.first()?;
        if !(2..=4).contains(&revision) || size < LIST_HEAD {
            return None;
        }
        let list = Self(bytes.get(..size)?);
        (list.entries().count() == list.count()).then_some(list)
    }

    /// How many entries it says that there are.
    pub fn count(&self) -> usize {
        half(self.0, 4)
    }

    /// Where each entry lies, and its bytes.
    pub fn entries(self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let (mut at, mut left) = (LIST_HEAD, self.count());
        core::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let size = half(self.0, at + 2);
            let entry = self.0.get(at..at + size).filter(|_| size >= 4)?;
            at += size;
            Some((at - size, entry))
        })
    }

    /// Bytes of the head and the entries, without the room behind them.
    pub fn used(self) -> usize {
        self.entries().last().map_or(LIST_HEAD, |(at, entry)| at + entry.len())
    }

    /// Bytes of all.
    pub const fn size(&self) -> usize {
        self.0.len()
    }
}

/// A plain entry: its kind (0 allows, 1 denies), flags, rights and SID.
pub fn entry(kind: u8, flags: u8, rights: u32, sid: &[u8]) -> Vec<u8> {
    let mut bytes = alloc::vec![kind, flags];
    bytes.extend(((ENTRY_HEAD + sid.len()) as u16).to_le_bytes());
    bytes.extend(rights.to_le_bytes());
    bytes.extend(sid);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_sids_come_back() {
        for text in ["S-1-1-0", "S-1-5-32-545", "S-1-5-21-1004336348-1177238915-682003330-1001", "S-1-0x100000000000-7"] {
            assert_eq!(text_of(&sid_of(text).unwrap()).as_deref(), Some(text));
        }
        for text in
            ["", "S-1", "S-1-5", "S-2-5-1", "S-1-5-", "S-1-5-4294967296", "S-1-x-1", "S-1-5-+1", "S-1-1-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"]
        {
            assert_eq!(sid_of(text), None, "{text}");
        }
        assert_eq!(sid_in(&[1, 1, 0, 0, 0, 0, 0, 5, 32, 0, 0]), None, "a number is cut");
        assert_eq!(sid_in(&[1, 16]), None);
    }

    #[test]
    fn a_list_holds_what_it_says_or_is_none() {
        let entries = [entry(0, 0, 7, &known_sid(1, &[0])), entry(1, 2, 9, &known_sid(5, &[18]))].concat();
        let mut bytes = alloc::vec![2, 0, (LIST_HEAD + entries.len() + 4) as u8, 0, 2, 0, 0, 0];
        bytes.extend(&entries);
        bytes.extend([0; 4]);
        let list = List::new(&bytes).unwrap();
        assert_eq!((list.count(), list.used(), list.size()), (2, LIST_HEAD + entries.len(), bytes.len()));
        assert_eq!(list.entries().nth(1).map(|(at, entry)| (at, entry[0])), Some((LIST_HEAD + 20, 1)));
        assert!(List::new(&bytes[..bytes.len() - 1]).is_none(), "it is cut");
        bytes[4] = 3;
        assert!(List::new(&bytes).is_none(), "it has not so many");
        bytes[4] = 2;
        bytes[LIST_HEAD + 2] = 0;
        assert!(List::new(&bytes).is_none(), "an entry without a size");
    }
}
