//! The messages about keys of the registry. Numbers are permanent, and those of [`crate::message`] are others.

use crate::message::{Done, Message, Word};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What [`crate::message::AdoptHandle`] answers as the device of a key.
pub const DEVICE: u32 = u32::MAX;

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

/// How a key is looked up ([`OpenKey::how`]).
pub mod how {
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

crate::message::messages! {
    KeyRequest;
    /// Opens a key of the registry, or makes it. Payload: its path, and the class of a new one, UTF-16.
    100 OpenKey {
        /// The key that a relative path starts at, or 0.
        root: u32,
        /// The access wanted.
        access: u32,
        /// `OBJ_*`.
        object_flags: u32,
        /// Bits of [`how`].
        how: u32,
        /// Bytes of the path.
        path: u32,
        /// Unused.
        pad: u32,
    } -> KeyOpened;
    /// Answers facts about a key.
    101 QueryKey {
        /// The key.
        handle: u32,
    } -> KeyFacts;
    /// Answers a value by its name. Payload: the name, UTF-16; reply payload: its data from `offset` on.
    102 QueryValue {
        /// The key.
        handle: u32,
        /// Where in the data.
        offset: u32,
    } -> ValueFound;
    /// Answers a value by its number. Reply payload: its name, and its data from `offset` on.
    103 NumberedValue {
        /// The key.
        handle: u32,
        /// The value's number.
        index: u32,
        /// Where in the data.
        offset: u32,
    } -> ValueFound;
    /// Answers the values from a number on, as many as fit: [`KeyValue`] records as those of [`KeyOpened`].
    104 ListValues {
        /// The key.
        handle: u32,
        /// The first one's number.
        index: u32,
        /// The most bytes wanted.
        room: u32,
    } -> KeyList;
    /// Answers the subkeys from a number on, as many as fit: [`Subkey`] records.
    105 ListSubkeys {
        /// The key.
        handle: u32,
        /// The first one's number.
        index: u32,
        /// The most bytes wanted.
        room: u32,
    } -> KeyList;
    /// Sets a value. Payload: its name, UTF-16, and as much of its data as fits. Answers a number under which the rest is sent, or 0.
    106 SetValue {
        /// The key.
        handle: u32,
        /// `REG_*`.
        kind: u32,
        /// Bytes of the name.
        name: u32,
        /// Bytes of the data, all of it.
        size: u32,
    } -> Word;
    /// Goes on with a value that did not fit. Payload: more of its data.
    107 ContinueValue {
        /// The number that was answered.
        number: u32,
    } -> Done;
    /// Deletes a value. Payload: its name, UTF-16.
    108 DeleteValue {
        /// The key.
        handle: u32,
    } -> Done;
    /// Deletes a key that has none below it. Payload: its path from another one, UTF-16.
    109 DeleteKey {
        /// The key, or the one that the path starts at.
        handle: u32,
        /// Non-zero: there is a path.
        below: u32,
        /// Bits of [`how`].
        how: u32,
    } -> Done;
    /// Renames a key. Payload: its new name, UTF-16.
    110 RenameKey {
        /// The key.
        handle: u32,
    } -> Done;
    /// Sees that the registry's changes outlive the loss of power.
    111 FlushKey {
        /// A key.
        handle: u32,
    } -> Done;
    /// Hears of the next change of a key, which [`WaitKeys`] tells by the number given here.
    112 WatchKey {
        /// The key.
        handle: u32,
        /// `REG_NOTIFY_CHANGE_*`.
        filter: u32,
        /// Non-zero: the keys below it count too.
        subtree: u32,
        /// The number.
        number: u32,
    } -> Done;
    /// Waits until keys that are watched have changed. Reply payload: the numbers, 4 bytes each.
    113 WaitKeys {} -> Done;
}
