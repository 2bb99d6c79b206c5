//! What messages carry: the answers, and the numbers that stand for a choice.

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
    /// `HANDLE_FLAG_*`.
    pub flags: u32,
    /// Bits of [`gate::pipe`]; 0 for what is no named pipe.
    pub pipe: u32,
}

/// A process that was started.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Created {
    /// Its object's number, and that of its first thread's.
    pub objects: [u32; 2],
    /// Its own number, and its first thread's.
    pub ids: [u32; 2],
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
    /// As the `limit` of `NameObject`.
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

/// What is known of a job.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct JobFacts {
    /// User and kernel time that its processes have used, in 100 ns units.
    pub used: [i64; 2],
    /// `JOB_OBJECT_LIMIT_*`.
    pub limits: u32,
    /// The most processes that may be in it at once, where that is limited.
    pub most: u32,
    /// How many ever were in it.
    pub total: u32,
    /// How many were ended because of a limit.
    pub terminated: u32,
}

/// What has happened in a job.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct JobNews {
    /// `JOB_OBJECT_MSG_*`.
    pub message: u32,
    /// The process's number, or 0.
    pub process: u32,
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

/// How a named pipe's end stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct PipeStanding {
    /// Counts the connections of its instance; the first is 1.
    pub generation: u64,
    /// A [`gate::pipe::State`] as a number.
    pub state: u32,
    /// Unused.
    pub pad: u32,
}

/// What is known of a named pipe.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct PipeFacts {
    /// A [`gate::pipe::State`] as a number.
    pub state: u32,
    /// `FILE_SHARE_*`: what clients may do.
    pub share: u32,
    /// The sizes asked for: what comes in at the server, what goes out there.
    pub quotas: [u32; 2],
    /// How many instances there are, and may be.
    pub instances: [u32; 2],
    /// The process of the server, and that of the client or 0.
    pub processes: [u32; 2],
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

gate::numbered! {
    /// Which handles a child inherits.
    Inherit {
        /// None.
        Nothing = 0,
        /// All that are marked so.
        Marked = 1,
        /// Those of them that are listed.
        Listed = 2,
    }
}

gate::numbered! {
    /// What a range of a file's bytes is to be to other processes.
    LockKind {
        /// Nobody's.
        Free = 0,
        /// Locked for reading.
        Shared = 1,
        /// Locked for writing.
        Exclusive = 2,
    }
}

gate::numbered! {
    /// What came of the wish to lock.
    Locking {
        /// Another process has a lock there.
        Met = 0,
        /// It is what it was to be, for everybody.
        Done = 1,
        /// It is, for the sandbox alone: the file was granted for reading.
        Inside = 2,
    }
}

gate::numbered! {
    /// What is done with a stream.
    StreamKind {
        /// Its size and one, of any file; 0 where the file has none.
        Size = 0,
        /// Reads.
        Read = 1,
        /// Writes the payload.
        Write = 2,
        /// Sets its size.
        Cut = 3,
    }
}
