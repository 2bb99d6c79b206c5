//! What is remembered of a key: its values, if they are few, and pieces of the lists that programs go through.

use protocol::key::{KeyValue, Subkey};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A record of a list: how many bytes of name and of what follows it.
pub trait Record: FromBytes + IntoBytes + Immutable + KnownLayout + Copy {
    /// Bytes of the name and of the rest.
    fn lengths(&self) -> (usize, usize);
}

impl Record for KeyValue {
    fn lengths(&self) -> (usize, usize) {
        (self.name as usize, self.data as usize)
    }
}

impl Record for Subkey {
    fn lengths(&self) -> (usize, usize) {
        (self.name as usize, self.class as usize)
    }
}

/// A piece of a list, as the broker told it.
#[derive(Debug, Default)]
pub struct Piece {
    /// What the key's word said.
    seen: u32,
    /// The number of the first entry.
    first: u32,
    /// Nothing comes after it.
    whole: bool,
    bytes: Vec<u8>,
    /// Where the entries start.
    starts: Vec<u32>,
}

/// An entry: its record, its name, and its data or class.
pub type Entry<'a, R> = (R, &'a [u8], &'a [u8]);

impl Piece {
    /// A piece from a number on.
    pub fn new<R: Record>(seen: u32, first: u32, whole: bool, bytes: Vec<u8>) -> Self {
        let mut starts = Vec::new();
        let mut at = 0;
        while let Some((record, _)) = bytes.get(at..).and_then(|rest| R::read_from_prefix(rest).ok()) {
            let (name, rest) = record.lengths();
            let end = at + size_of::<R>() + name + rest;
            if end > bytes.len() {
                break;
            }
            starts.push(at as u32);
            at = end;
        }
        Self { seen, first, whole, bytes, starts }
    }

    fn entry<R: Record>(&self, start: u32) -> Option<Entry<'_, R>> {
        let (record, rest) = R::read_from_prefix(self.bytes.get(start as usize..)?).ok()?;
        let (name, data) = record.lengths();
        let (name, rest) = rest.split_at_checked(name)?;
        Some((record, name, rest.get(..data)?))
    }

    /// The entry of a number: `Some(None)` where there is none.
    pub fn numbered<R: Record>(&self, index: u32) -> Option<Option<Entry<'_, R>>> {
        let place = index.checked_sub(self.first)? as usize;
        match self.starts.get(place) {
            Some(start) => self.entry(*start).map(Some),
            None if self.whole => Some(None),
            None => None,
        }
    }

    /// Nothing comes after it.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether it is of what the word says now.
    pub fn is_fresh(&self, changes: Option<u32>) -> bool {
        changes == Some(self.seen)
    }
}

/// What is remembered of a key.
#[derive(Debug, Default)]
pub struct Cache {
    /// The values, from the first one on.
    pub values: Option<Piece>,
    /// The piece of them that was enumerated last.
    pub listed: Option<Piece>,
    /// The piece of the subkeys that was enumerated last.
    pub subkeys: Option<Piece>,
    /// The number that was asked for last, and how much is asked for next.
    pub turn: (u32, u32),
}

impl Cache {
    /// With values that an open brought along.
    pub fn with(seen: u32, whole: bool, values: Vec<u8>) -> Self {
        Self { values: Some(Piece::new::<KeyValue>(seen, 0, whole, values)), ..Self::default() }
    }

    /// How many bytes of a list are worth asking for: more where a program goes through it in order.
    pub fn room(&mut self, index: u32) -> u32 {
        const LEAST: u32 = 1 << 10;
        const MOST: u32 = 48 << 10;
        let (last, room) = self.turn;
        let room = if index == last.wrapping_add(1) { (2 * room).clamp(LEAST, MOST) } else { LEAST };
        self.turn = (index, room);
        room
    }

    /// Notes that a number was asked for, and answered from memory.
    pub fn pass(&mut self, index: u32) {
        self.turn.0 = index;
    }
}

/// A name in letters without case: others are compared by the broker, which knows how.
fn is_plain(name: &[u8]) -> bool {
    name.as_chunks::<2>().0.iter().all(|unit| unit[1] == 0 && unit[0] < 0x80)
}

fn same(one: &[u8], other: &[u8]) -> bool {
    // The high bytes are zero in both, or the names differ.
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one == other || one.eq_ignore_ascii_case(other))
}

impl Piece {
    /// The value of a name: `Some(None)` where there is surely none.
    pub fn named(&self, name: &[u8]) -> Option<Option<Entry<'_, KeyValue>>> {
        if !is_plain(name) {
            return None;
        }
        let mut all_plain = true;
        for start in &self.starts {
            let entry = self.entry::<KeyValue>(*start)?;
            if is_plain(entry.1) && same(entry.1, name) {
                return Some(Some(entry));
            }
            all_plain &= is_plain(entry.1);
        }
        (self.whole && all_plain).then_some(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str, data: &[u8]) -> Vec<u8> {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let head = KeyValue { kind: 3, name: name.len() as u32, data: data.len() as u32 };
        [head.as_bytes(), &name, data].concat()
    }

    #[test]
    fn values_are_found_by_name_without_case_and_by_number() {
        let piece = Piece::new::<KeyValue>(7, 4, true, [value("One", b"1"), value("", b""), value("Two", b"22")].concat());
        let name = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        assert_eq!(piece.named(&name("oNE")).unwrap().unwrap().2, b"1");
        assert_eq!(piece.named(&[]).unwrap().unwrap().2, b"");
        assert!(piece.named(&name("three")).unwrap().is_none());
        assert!(piece.named(&name("\u{e9}")).is_none(), "the broker knows");
        assert_eq!(piece.numbered::<KeyValue>(6).unwrap().unwrap().2, b"22");
        assert!(piece.numbered::<KeyValue>(7).unwrap().is_none());
        assert!(piece.numbered::<KeyValue>(3).is_none());
        assert!(piece.is_fresh(Some(7)) && !piece.is_fresh(Some(8)) && !piece.is_fresh(None));
    }

    #[test]
    fn a_list_that_is_cut_off_holds_what_is_whole() {
        let mut bytes = [value("One", b"1"), value("Two", b"22")].concat();
        bytes.pop();
        let piece = Piece::new::<KeyValue>(0, 0, false, bytes);
        assert!(piece.numbered::<KeyValue>(0).unwrap().is_some());
        assert!(piece.numbered::<KeyValue>(1).is_none());
    }
}
