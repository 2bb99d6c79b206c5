//! What the broker answers: the values that its replies hold.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// An answer without content.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Done {}

/// A file was opened; its descriptor travels with the reply.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Opened {
    /// The handle.
    pub handle: u32,
    /// The shared file record, or `u32::MAX` where the descriptor keeps the position.
    pub record: u32,
    /// `FILE_OPENED`, `FILE_CREATED` and the like.
    pub information: u32,
    /// A [`gate::file::Device`] as a number.
    pub device: u32,
    /// The access granted.
    pub access: u32,
    /// The `FILE_*` mode bits of the open options.
    pub mode: u32,
    /// Non-zero for a folder.
    pub folder: u32,
    /// Non-zero where closing has an effect that must not wait.
    pub close_now: u32,
    /// Non-zero for a stream, whose bytes move in messages.
    pub stream: u32,
}

/// An object that has a name. A section's bytes travel with the reply.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct SharedObject {
    /// Sections: bytes.
    pub size: u64,
    /// The object's number.
    pub number: u32,
    /// Non-zero where it was there.
    pub found: u32,
    /// Non-zero where the broker keeps its state.
    pub shared: u32,
    /// A [`gate::service::ObjectKind`] as a number.
    pub kind: u32,
    /// As [`crate::message::NameObject::limit`].
    pub limit: u32,
    /// Sections: `PAGE_*`.
    pub protect: u32,
    /// Sections: `SEC_*`.
    pub attributes: u32,
    /// Unused.
    pub pad: u32,
}

/// An object's state, as the functions that ask for it tell it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct ObjectState {
    /// The state or count.
    pub state: i32,
    /// Events and timers: reset by hand. Semaphores: the highest count. Mutants: owned by the asking thread.
    pub limit: u32,
    /// Mutants: the last owner has ended.
    pub abandoned: u32,
    /// Timers: the number of the setting in force.
    pub setting: u32,
}

/// One handle.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct HandleReply {
    /// The handle.
    pub handle: u32,
    /// The access granted.
    pub access: u32,
}

/// One number.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Word {
    /// The number.
    pub value: u32,
}

/// A console's mode and size.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct ConsoleState {
    /// `ENABLE_*`.
    pub mode: u32,
    /// Columns.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
}

/// The machine's memory and processors.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Machine {
    /// Total and available physical bytes, total and available of physical and swap.
    pub memory: [u64; 4],
    /// Processors that the process may use.
    pub processors: u32,
    /// Unused.
    pub pad: u32,
}

/// A key of the registry was opened or made. Reply payload, where values may be asked for: [`KeyValue`] records, each followed by the
/// value's name and data.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct KeyOpened {
    /// The handle.
    pub handle: u32,
    /// The access granted.
    pub access: u32,
    /// Non-zero: it was made.
    pub made: u32,
    /// Which of the words that tell of changes is the key's, or `u32::MAX` where several are: nothing may be remembered then.
    pub word: u32,
    /// What that word said.
    pub seen: u32,
    /// Non-zero: the payload holds every value.
    pub whole: u32,
}

/// A value in a list of them.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct KeyValue {
    /// `REG_*`.
    pub kind: u32,
    /// Bytes of its name.
    pub name: u32,
    /// Bytes of its data.
    pub data: u32,
}

/// A subkey in a list of them; name and class follow.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Subkey {
    /// When it was last changed, in 100 ns since 1601.
    pub written: i64,
    /// Bytes of its name.
    pub name: u32,
    /// Bytes of its class.
    pub class: u32,
}

/// A list, or a piece of one.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct KeyList {
    /// What the key's word said.
    pub seen: u32,
    /// Non-zero: nothing comes after it.
    pub whole: u32,
}

/// A value: its name where it was not asked by it, and as much of its data as fits, travel with the reply.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct ValueFound {
    /// `REG_*`.
    pub kind: u32,
    /// Bytes of its name.
    pub name: u32,
    /// Bytes of its data, all of it.
    pub size: u32,
    /// What the key's word said.
    pub seen: u32,
}

/// Facts about a key. Reply payload: its path and its class, UTF-16.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct KeyFacts {
    /// When it was last changed, in 100 ns since 1601.
    pub written: i64,
    /// Keys below it.
    pub subkeys: u32,
    /// Its values.
    pub values: u32,
    /// Bytes of the longest name and class of a subkey, of the longest name and the largest data of a value.
    pub longest: [u32; 4],
    /// Bytes of its path.
    pub path: u32,
    /// Bytes of its class.
    pub class: u32,
    /// Non-zero: it goes with the sandbox's last process.
    pub volatile: u32,
    /// Non-zero: it is a symbolic link.
    pub link: u32,
}

/// How a key is looked up ([`crate::message::OpenKey::how`]).
pub mod key {
    #![allow(missing_docs, reason = "the comments say it")]
    /// As 32-bit programs see the registry.
    pub const VIEW_32: u32 = 1;
    /// The user's classes over the machine's.
    pub const MERGED: u32 = 2;
    /// A symbolic link itself.
    pub const LINK: u32 = 4;
    /// It is made where there is none.
    pub const CREATE: u32 = 8;
    /// What is made goes with the sandbox's last process.
    pub const VOLATILE: u32 = 16;
    /// What is made is a symbolic link.
    pub const MAKE_LINK: u32 = 32;
}

/// What is done with a stream.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Its size and one, of any file; 0 where the file has none.
    Size = 0,
    /// Reads.
    Read = 1,
    /// Writes the payload.
    Write = 2,
    /// Sets its size.
    Cut = 3,
}

impl StreamKind {
    /// The kind with this number.
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Size),
            1 => Some(Self::Read),
            2 => Some(Self::Write),
            3 => Some(Self::Cut),
            _ => None,
        }
    }
}
