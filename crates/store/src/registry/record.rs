//! What the registry writes down. A journal tells of changes, by paths from the root: none needs another to be understood, so that only
//! the keys that it names have to be read. An index tells of the sandbox's keys as they are, those below each behind it, in parts that
//! are read when somebody looks there.

use crate::journal::bytes::{Reader, Writer};
use crate::journal::header::Header;
use crate::journal::log::{Entry, Place};

/// A run of records of an index: what a key holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Where it starts.
    pub place: Place,
    /// Bytes of it.
    pub length: u64,
}

/// The sandbox has made the key, or changed its class.
pub const OWN: u8 = 1;
/// It is a symbolic link.
pub const LINK: u8 = 2;

/// A change, or a piece of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A key is made below one that is there.
    Make { path: Box<[u16]>, class: Box<[u16]>, time: i64, link: bool },
    /// A key goes.
    Delete { path: Box<[u16]>, time: i64 },
    /// A value is set.
    Set { path: Box<[u16]>, name: Box<[u16]>, kind: u32, data: Box<[u8]>, time: i64 },
    /// A value goes.
    Unset { path: Box<[u16]>, name: Box<[u16]>, time: i64 },
    /// A key gets another name.
    Rename { path: Box<[u16]>, name: Box<[u16]>, time: i64 },
    /// Signs what stands between the seal before it, or the file's start, and itself.
    Seal(Box<Header>),
    /// Index: a key so many levels below the part's own. What it holds follows, or is a part of its own.
    Key { depth: u16, name: Box<[u16]>, class: Box<[u16]>, time: i64, flags: u8, part: Option<Part> },
    /// Index: a value of the last key.
    Value { name: Box<[u16]>, kind: u32, data: Box<[u8]> },
    /// Index: the last key has no subkey of this name, though the built-in base has one.
    NoKey { name: Box<[u16]> },
    /// Index: the last key has no value of this name, though the built-in base has one.
    NoValue { name: Box<[u16]> },
    /// Index: nothing is behind it but its twin and a seal. The root's part, and what all keys take.
    End { root: Part, keys: u64, bytes: u64 },
}

fn put_data(out: &mut Writer, data: &[u8]) {
    out.word(data.len() as u32).raw(data);
}

fn take_data(from: &mut Reader<'_>) -> Option<Box<[u8]>> {
    let length = from.word()? as usize;
    let (head, tail) = from.0.split_at_checked(length)?;
    from.0 = tail;
    Some(head.into())
}

fn put_part(out: &mut Writer, part: &Part) {
    out.long(part.place.offset).word(part.place.sequence).long(part.length);
}

fn take_part(from: &mut Reader<'_>) -> Option<Part> {
    Some(Part { place: Place { offset: from.long()?, sequence: from.word()? }, length: from.long()? })
}

impl Entry for Record {
    const MAGIC: &'static [u8; 8] = b"WCREGIS1";
    const VERSION: u32 = 1;
    /// A path, a name and a value of the largest size.
    const LONGEST: usize = (1 << 20) + (256 << 10);

    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Make { path, class, time, link } => {
                out.byte(1).name(path).name(class).time(*time).byte((*link).into());
            }
            Self::Delete { path, time } => {
                out.byte(2).name(path).time(*time);
            }
            Self::Set { path, name, kind, data, time } => {
                out.byte(3).name(path).name(name).word(*kind).time(*time);
                put_data(out, data);
            }
            Self::Unset { path, name, time } => {
                out.byte(4).name(path).name(name).time(*time);
            }
            Self::Rename { path, name, time } => {
                out.byte(5).name(path).name(name).time(*time);
            }
            Self::Seal(header) => {
                out.byte(6);
                header.put(out);
            }
            Self::Key { depth, name, class, time, flags, part } => {
                out.byte(7).short(*depth).name(name).name(class).time(*time).byte(*flags);
                put_part(out, &part.unwrap_or_default());
            }
            Self::Value { name, kind, data } => {
                out.byte(8).name(name).word(*kind);
                put_data(out, data);
            }
            Self::NoKey { name } => {
                out.byte(9).name(name);
            }
            Self::NoValue { name } => {
                out.byte(10).name(name);
            }
            Self::End { root, keys, bytes } => {
                out.byte(11);
                put_part(out, root);
                out.long(*keys).long(*bytes);
            }
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let from = &mut Reader(bytes);
        let record = match from.byte()? {
            1 => Self::Make { path: from.name()?, class: from.name()?, time: from.time()?, link: from.byte()? != 0 },
            2 => Self::Delete { path: from.name()?, time: from.time()? },
            3 => {
                let (path, name, kind, time) = (from.name()?, from.name()?, from.word()?, from.time()?);
                Self::Set { path, name, kind, data: take_data(from)?, time }
            }
            4 => Self::Unset { path: from.name()?, name: from.name()?, time: from.time()? },
            5 => Self::Rename { path: from.name()?, name: from.name()?, time: from.time()? },
            6 => Self::Seal(Box::new(Header::take(from)?)),
            7 => Self::Key {
                depth: from.short()?,
                name: from.name()?,
                class: from.name()?,
                time: from.time()?,
                flags: from.byte()?,
                part: take_part(from).map(|part| (part != Part::default()).then_some(part))?,
            },
            8 => Self::Value { name: from.name()?, kind: from.word()?, data: take_data(from)? },
            9 => Self::NoKey { name: from.name()? },
            10 => Self::NoValue { name: from.name()? },
            11 => Self::End { root: take_part(from)?, keys: from.long()?, bytes: from.long()? },
            _ => return None,
        };
        from.0.is_empty().then_some(record)
    }

    fn makes_room(&self) -> bool {
        matches!(self, Self::Delete { .. } | Self::Unset { .. })
    }
}
