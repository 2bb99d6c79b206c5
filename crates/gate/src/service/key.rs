//! Requests about keys of the registry.

use crate::{Address, Handle};

requests! {
    /// Opens a key, or makes it.
    OpenKey {
        /// The key that a relative path starts at, or 0.
        root: Handle,
        /// The access wanted, with `KEY_WOW64_*`.
        access: u32,
        /// `OBJ_*`.
        object_flags: u32,
        /// Non-zero: it is made where there is none.
        create: u32,
        /// `REG_OPTION_*`.
        options: u32,
        /// Non-zero: the root of the user's classes over the machine's.
        merged: u32,
        /// Out: non-zero where it was made.
        made: u32,
        /// The path, UTF-16.
        name: Address,
        /// Bytes of it.
        name_size: u64,
        /// The class of a new one, UTF-16.
        class: Address,
        /// Bytes of it.
        class_size: u64,
        /// Out: the handle.
        handle: Handle,
    }
    /// Answers facts about a key.
    QueryKey {
        /// The key.
        key: Handle,
        /// Out: when it was last changed.
        written: i64,
        /// Out: keys below it, and values.
        subkeys: u32,
        /// Out: its values.
        values: u32,
        /// Out: bytes of the longest name and class of a subkey, of the longest name and the largest data of a value.
        longest: [u32; 4],
        /// Where its path goes, as far as it fits.
        path: Address,
        /// Bytes of room there.
        path_room: u32,
        /// Out: bytes of the path.
        path_size: u32,
        /// Where its class goes, as far as it fits.
        class: Address,
        /// Bytes of room there.
        class_room: u32,
        /// Out: bytes of the class.
        class_size: u32,
        /// Out: non-zero where it goes with the sandbox's last process.
        volatile: u32,
        /// Out: non-zero for a symbolic link.
        link: u32,
    }
    /// Answers a value by its name.
    QueryKeyValue {
        /// The key.
        key: Handle,
        /// The name, UTF-16.
        name: Address,
        /// Bytes of it.
        name_size: u64,
        /// Where the data go, as far as they fit.
        buffer: Address,
        /// Bytes of room there.
        room: u32,
        /// Out: `REG_*`.
        kind: u32,
        /// Out: bytes of the data.
        size: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers a value by its number.
    NumberedKeyValue {
        /// The key.
        key: Handle,
        /// Where the name goes, as far as it fits.
        name: Address,
        /// Where the data go, as far as they fit.
        buffer: Address,
        /// The value's number.
        index: u32,
        /// Bytes of room for the name.
        name_room: u32,
        /// Out: bytes of the name.
        name_size: u32,
        /// Bytes of room for the data.
        room: u32,
        /// Out: `REG_*`.
        kind: u32,
        /// Out: bytes of the data.
        size: u32,
    }
    /// Answers a subkey by its number.
    NumberedKey {
        /// The key.
        key: Handle,
        /// Where the name goes, as far as it fits.
        name: Address,
        /// Where the class goes, as far as it fits.
        class: Address,
        /// Out: when it was last changed.
        written: i64,
        /// Its number.
        index: u32,
        /// Bytes of room for the name.
        name_room: u32,
        /// Out: bytes of the name.
        name_size: u32,
        /// Bytes of room for the class.
        class_room: u32,
        /// Out: bytes of the class.
        class_size: u32,
        /// Unused.
        pad: u32,
    }
    /// Sets a value.
    SetKeyValue {
        /// The key.
        key: Handle,
        /// The name, UTF-16.
        name: Address,
        /// Bytes of it.
        name_size: u64,
        /// The data.
        buffer: Address,
        /// Bytes of them.
        size: u64,
        /// `REG_*`.
        kind: u32,
        /// Unused.
        pad: u32,
    }
    /// Deletes a value.
    DeleteKeyValue {
        /// The key.
        key: Handle,
        /// The name, UTF-16.
        name: Address,
        /// Bytes of it.
        name_size: u64,
    }
    /// Deletes a key that has none below it.
    DeleteKey {
        /// The key.
        key: Handle,
        /// Where it is from there, UTF-16.
        name: Address,
        /// Bytes of it.
        name_size: u64,
        /// `KEY_WOW64_*`.
        access: u32,
        /// Non-zero: the key of the name is meant, and not the handle's own.
        below: u32,
    }
    /// Renames a key.
    RenameKey {
        /// The key.
        key: Handle,
        /// The new name, UTF-16.
        name: Address,
        /// Bytes of it.
        name_size: u64,
    }
    /// Sees that the registry's changes outlive the loss of power.
    FlushKey {
        /// A key.
        key: Handle,
    }
    /// Hears of the next change of a key.
    NotifyKey {
        /// The key.
        key: Handle,
        /// The event that is set then, or 0.
        event: Handle,
        /// A routine that is called then, or 0.
        routine: Address,
        /// What it is called with.
        context: Address,
        /// The status block.
        block: Address,
        /// `REG_NOTIFY_CHANGE_*`.
        filter: u32,
        /// Non-zero: the keys below it count too.
        subtree: u32,
    }
}
