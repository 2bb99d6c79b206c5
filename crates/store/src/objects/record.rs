//! What a store writes down: each change of a name or of an object is one record. An index is made of the same records.

use crate::journal::bytes::{Reader, Writer};
use crate::journal::header::Header;
use crate::journal::log::Entry;
use crate::metadata::Times;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A file or a folder is made, with its first name. A file's content is staged under a number.
    Make { id: u64, parent: u64, name: Box<[u16]>, attributes: u32, times: Times, staged: Option<u64> },
    /// A file gets another name.
    Link { id: u64, parent: u64, name: Box<[u16]>, time: i64 },
    /// A name goes.
    Unlink { parent: u64, name: Box<[u16]>, time: i64 },
    /// A name moves; what has the new name goes.
    Move { parent: u64, name: Box<[u16]>, new_parent: u64, new_name: Box<[u16]>, time: i64 },
    /// Attributes and times change.
    Facts { id: u64, attributes: u32, times: Times },
    /// A file's content is staged from now on.
    Stage { id: u64, staged: u64 },
    /// A file's content is published from now on; it was staged under a number. `written` is the time of the blob's last
    /// write, in nanoseconds since 1970, which shows whether somebody has changed it since.
    Publish { id: u64, staged: u64, times: Times, written: i64, header: Box<Header> },
    /// A former version of a file.
    Former { id: u64, header: Box<Header> },
    /// Nothing is behind it: an index that ends so is whole. How many records were before, and the next free numbers.
    End { records: u64, next_id: u64, next_staged: u64 },
}

impl Entry for Record {
    const MAGIC: &'static [u8; 8] = b"WCSTORE1";
    const VERSION: u32 = 1;
    /// Two names of 255 units and a header fit well.
    const LONGEST: usize = 4096;

    fn encode(&self, out: &mut Writer) {
        let times = |out: &mut Writer, times: &Times| {
            times.iter().for_each(|time| {
                out.time(*time);
            });
        };
        match self {
            Self::Make { id, parent, name, attributes, times: made, staged } => {
                out.byte(1).long(*id).long(*parent).name(name).word(*attributes);
                times(out, made);
                out.long(staged.unwrap_or(0));
            }
            Self::Link { id, parent, name, time } => {
                out.byte(2).long(*id).long(*parent).name(name).time(*time);
            }
            Self::Unlink { parent, name, time } => {
                out.byte(3).long(*parent).name(name).time(*time);
            }
            Self::Move { parent, name, new_parent, new_name, time } => {
                out.byte(4).long(*parent).name(name).long(*new_parent).name(new_name).time(*time);
            }
            Self::Facts { id, attributes, times: set } => {
                out.byte(5).long(*id).word(*attributes);
                times(out, set);
            }
            Self::Stage { id, staged } => {
                out.byte(6).long(*id).long(*staged);
            }
            Self::Publish { id, staged, times: at, written, header } => {
                out.byte(7).long(*id).long(*staged);
                times(out, at);
                out.time(*written);
                header.put(out);
            }
            Self::Former { id, header } => {
                out.byte(8).long(*id);
                header.put(out);
            }
            Self::End { records, next_id, next_staged } => {
                out.byte(9).long(*records).long(*next_id).long(*next_staged);
            }
        }
    }

    fn makes_room(&self) -> bool {
        matches!(self, Self::Unlink { .. })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let from = &mut Reader(bytes);
        let times = |from: &mut Reader<'_>| Some([from.time()?, from.time()?, from.time()?, from.time()?]);
        let record = match from.byte()? {
            1 => Self::Make {
                id: from.long()?,
                parent: from.long()?,
                name: from.name()?,
                attributes: from.word()?,
                times: times(from)?,
                staged: Some(from.long()?).filter(|staged| *staged != 0),
            },
            2 => Self::Link { id: from.long()?, parent: from.long()?, name: from.name()?, time: from.time()? },
            3 => Self::Unlink { parent: from.long()?, name: from.name()?, time: from.time()? },
            4 => Self::Move { parent: from.long()?, name: from.name()?, new_parent: from.long()?, new_name: from.name()?, time: from.time()? },
            5 => Self::Facts { id: from.long()?, attributes: from.word()?, times: times(from)? },
            6 => Self::Stage { id: from.long()?, staged: from.long()? },
            7 => Self::Publish {
                id: from.long()?,
                staged: from.long()?,
                times: times(from)?,
                written: from.time()?,
                header: Box::new(Header::take(from)?),
            },
            8 => Self::Former { id: from.long()?, header: Box::new(Header::take(from)?) },
            9 => Self::End { records: from.long()?, next_id: from.long()?, next_staged: from.long()? },
            _ => return None,
        };
        from.0.is_empty().then_some(record)
    }
}
