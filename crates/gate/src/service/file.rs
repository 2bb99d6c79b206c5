//! Requests about files, folders and volumes.

use crate::{Address, Handle};

requests! {
    /// Opens or creates a file, folder or device (the broker decides).
    OpenFile {
        /// The NT path, UTF-16.
        name: Address,
        /// Its length in bytes.
        name_size: u64,
        /// The folder that a relative name starts at, or 0.
        root: Handle,
        /// The access wanted.
        access: u32,
        /// `FILE_SHARE_*`.
        share: u32,
        /// `FILE_OPEN` and the like.
        disposition: u32,
        /// `FILE_DIRECTORY_FILE` and the like.
        options: u32,
        /// `FILE_ATTRIBUTE_*` for a new file.
        attributes: u32,
        /// `OBJ_*`.
        object_flags: u32,
        /// Out: the handle.
        handle: Handle,
        /// Out: `FILE_OPENED` and the like.
        information: u64,
    }
    /// Answers a path's facts without opening it.
    QueryPath {
        /// The NT path, UTF-16.
        name: Address,
        /// Its length in bytes.
        name_size: u64,
        /// The folder that a relative name starts at, or 0.
        root: Handle,
        /// Where to write the [`crate::file::Facts`].
        facts: Address,
    }
    /// Reads from a file, pipe or terminal.
    ReadFile {
        /// The file.
        file: Handle,
        /// Where to.
        buffer: Address,
        /// How many bytes.
        length: u64,
        /// The position; [`HERE`] for the handle's own.
        offset: i64,
        /// Out: how many bytes were read.
        done: u64,
        /// The event that is set when it is complete, or 0.
        event: Handle,
        /// The routine that the calling thread runs then, or 0.
        routine: Address,
        /// The routine's first argument, or what the completion packet carries.
        context: u64,
        /// The status block of a request that may pend.
        block: Address,
        /// Out: non-zero where the status block was told already.
        told: u64,
    }
    /// Writes to a file, pipe or terminal.
    WriteFile {
        /// The file.
        file: Handle,
        /// Where from.
        buffer: Address,
        /// How many bytes.
        length: u64,
        /// The position; [`HERE`] for the handle's own, [`AT_END`] for the end.
        offset: i64,
        /// Out: how many bytes were written.
        done: u64,
        /// The event that is set when it is complete, or 0.
        event: Handle,
        /// The routine that the calling thread runs then, or 0.
        routine: Address,
        /// The routine's first argument, or what the completion packet carries.
        context: u64,
        /// The status block of a request that may pend.
        block: Address,
        /// Out: non-zero where the status block was told already.
        told: u64,
    }
    /// Reads a file into pages, or writes it out of pages, that lie anywhere.
    TransferSegments {
        /// The file.
        file: Handle,
        /// The pages' addresses, 8 bytes each.
        segments: Address,
        /// How many bytes.
        length: u64,
        /// The position.
        offset: i64,
        /// Out: how many bytes were moved.
        done: u64,
        /// The event that is set when it is complete, or 0.
        event: Handle,
        /// The routine that the calling thread runs then, or 0.
        routine: Address,
        /// The routine's first argument, or what the completion packet carries.
        context: u64,
        /// The status block.
        block: Address,
        /// Non-zero: writes.
        write: u32,
        /// Out: non-zero where the status block was told already.
        told: u32,
    }
    /// Answers an open file's facts.
    QueryFile {
        /// The file.
        file: Handle,
        /// Where to write the [`crate::file::Facts`].
        facts: Address,
    }
    /// Reads or sets the handle's position.
    Position {
        /// The file.
        file: Handle,
        /// In, with `set`: the new position. Out: the position.
        position: i64,
        /// Non-zero: set it.
        set: u32,
        /// Unused.
        pad: u32,
    }
    /// Sets a file's size.
    SetEnd {
        /// The file.
        file: Handle,
        /// The new size in bytes.
        size: u64,
    }
    /// Sets a file's times and attributes.
    SetFacts {
        /// The file.
        file: Handle,
        /// Creation, access, write, change in 100 ns since 1601; 0 leaves one, -1 and -2 as documented.
        times: [i64; 4],
        /// `FILE_ATTRIBUTE_*`, 0 leaves them.
        attributes: u32,
        /// Unused.
        pad: u32,
    }
    /// Marks a file for deletion at its last close, or unmarks it.
    SetDisposition {
        /// The file.
        file: Handle,
        /// `FILE_DISPOSITION_*` as in FileDispositionInformationEx.
        flags: u32,
        /// Unused.
        pad: u32,
    }
    /// Renames a file, or gives it a second name.
    RenameFile {
        /// The file.
        file: Handle,
        /// The NT path, or a name relative to `root`, UTF-16.
        name: Address,
        /// Its length in bytes.
        name_size: u64,
        /// The target folder, or 0.
        root: Handle,
        /// `FILE_RENAME_*`: whether an existing target is replaced, even while it is open or read-only.
        replace: u32,
        /// Non-zero: a hard link is made, the old name stays.
        link: u32,
    }
    /// Lists a folder: [`crate::file::Entry`] records, as many as fit.
    ListFolder {
        /// The folder.
        file: Handle,
        /// The pattern (with DOS wildcards already translated), UTF-16; counts on the first call only.
        pattern: Address,
        /// Its length in bytes; 0 for everything.
        pattern_size: u64,
        /// Where the records go.
        buffer: Address,
        /// How many bytes fit.
        buffer_size: u64,
        /// Non-zero: start anew.
        restart: u32,
        /// The most records wanted.
        most: u32,
        /// Out: how many bytes were written.
        written: u64,
    }
    /// Answers what [`crate::file::Volume`] holds for the volume of an open file.
    QueryVolume {
        /// The file.
        file: Handle,
        /// Where to write the [`crate::file::Volume`].
        volume: Address,
    }
    /// Writes an open file's name back, by its kind: its path as `\Device`-free NT path (`\??\Z:\..`), UTF-16.
    QueryName {
        /// The file.
        file: Handle,
        /// Where to.
        buffer: Address,
        /// How many bytes fit.
        buffer_size: u64,
        /// Out: how many bytes the path has.
        size: u64,
        /// A [`crate::file::NameKind`] as a number.
        kind: u32,
        /// Unused.
        pad: u32,
    }
    /// Flushes a file to the disk.
    FlushFile {
        /// The file.
        file: Handle,
    }
    /// Answers whether a file has a stream beside its bytes (`Zone.Identifier`), and how long that is.
    StreamSize {
        /// The file.
        file: Handle,
        /// Out: non-zero where it has.
        present: u32,
        /// Out: its size in bytes.
        size: u32,
    }
    /// Marks a file as sparse, or takes the mark away.
    SetSparse {
        /// The file.
        file: Handle,
        /// Non-zero: it is.
        on: u32,
        /// Unused.
        pad: u32,
    }
    /// Makes a range of a file zeroes, which take no place on the disk.
    ZeroData {
        /// The file.
        file: Handle,
        /// Its first byte.
        start: u64,
        /// The one behind its last.
        end: u64,
    }
    /// Answers which ranges of a file have a place on the disk.
    AllocatedRanges {
        /// The file.
        file: Handle,
        /// Where to look from.
        start: u64,
        /// How far.
        length: u64,
        /// Where they go: start and length, 8 bytes each.
        buffer: Address,
        /// How many fit.
        room: u32,
        /// Out: how many were written.
        written: u32,
    }
    /// Answers which drives there are.
    QueryDrives {
        /// Out: bits from A: on.
        drives: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers what an open link says, UTF-16: a relative path, or an NT path.
    QueryLink {
        /// The link.
        file: Handle,
        /// Where to.
        buffer: Address,
        /// How many bytes fit.
        buffer_size: u64,
        /// Out: how many bytes the path has.
        size: u64,
        /// Out: non-zero for a relative path.
        relative: u32,
        /// Unused.
        pad: u32,
    }
}

/// `offset` of a read or write at the handle's own position (`FILE_USE_FILE_POINTER_POSITION`).
pub const HERE: i64 = -2;
/// `offset` of a write at the end (`FILE_WRITE_TO_END_OF_FILE`).
pub const AT_END: i64 = -1;
