//! Requests about pipes.

use crate::{Address, Handle};

requests! {
    /// Makes a pipe without a name: its server's end. The client's is opened relative to it.
    CreatePipe {
        /// The access of the server's end.
        access: u32,
        /// `FILE_SHARE_*`: what the client's end may do.
        share: u32,
        /// `FILE_SYNCHRONOUS_IO_*`.
        options: u32,
        /// `OBJ_*`.
        object_flags: u32,
        /// The sizes asked for: what comes in, what goes out.
        quotas: [u32; 2],
        /// Out: the handle.
        handle: Handle,
    }
    /// Answers a pipe's facts, and sets how it is used.
    QueryPipe {
        /// The pipe's end.
        file: Handle,
        /// Non-zero: take over `no_wait` and `by_message`.
        set: u32,
        /// Non-zero: calls answer at once, even with nothing.
        no_wait: u32,
        /// Non-zero: it is read by messages.
        by_message: u32,
        /// Out: non-zero where messages are written.
        messages: u32,
        /// Out: non-zero for the server's end.
        server: u32,
        /// Out: `FILE_PIPE_INBOUND`, `_OUTBOUND` or `_FULL_DUPLEX`.
        configuration: u32,
        /// Out: the sizes that were asked for: what comes in, what goes out.
        quotas: [u32; 2],
        /// Out: bytes that can be read.
        available: u32,
        /// Out: how many instances there are, and may be.
        instances: [u32; 2],
        /// Out: a [`crate::pipe::State`] as a number.
        state: u32,
        /// Out: non-zero where it has a name.
        named: u32,
        /// Unused.
        pad: u32,
    }
    /// Reads bytes of a pipe and leaves them there.
    PeekPipe {
        /// The pipe's end.
        file: Handle,
        /// Where to.
        buffer: Address,
        /// How many bytes.
        length: u64,
        /// Out: how many bytes were read.
        done: u64,
        /// Out: how many bytes there are.
        available: u64,
        /// Out: how many bytes the first message has, and how many messages there are; 0 for bytes.
        message: [u32; 2],
    }
    /// Makes an instance of a named pipe: its server's end.
    CreateNamedPipe {
        /// The NT path, UTF-16.
        name: Address,
        /// Its length in bytes.
        name_size: u64,
        /// The directory of pipes that a relative name starts at, or 0.
        root: Handle,
        /// How long a client waits that does not say it: 100 ns units.
        patience: u64,
        /// The access of the server's end.
        access: u32,
        /// `FILE_SHARE_*`: what clients may do.
        share: u32,
        /// `FILE_CREATE`, `FILE_OPEN` or `FILE_OPEN_IF`.
        disposition: u32,
        /// `FILE_SYNCHRONOUS_IO_*`.
        options: u32,
        /// `OBJ_*`.
        object_flags: u32,
        /// [`crate::pipe::MESSAGES`], and how the end is used.
        told: u32,
        /// The most instances, or `u32::MAX`.
        instances: u32,
        /// The sizes asked for: what comes in, what goes out.
        quotas: [u32; 2],
        /// Out: `FILE_CREATED` or `FILE_OPENED`.
        information: u32,
        /// Out: the handle.
        handle: Handle,
    }
    /// Waits until an instance has a client.
    ListenPipe {
        /// The server's end.
        file: Handle,
        /// The event that is set when it is complete, or 0.
        event: Handle,
        /// The routine that the calling thread runs then, or 0.
        routine: Address,
        /// The routine's first argument, or what the completion packet carries.
        context: u64,
        /// The status block.
        block: Address,
        /// Out: non-zero where the status block was told already.
        told: u64,
    }
    /// Breaks an instance's connection off.
    DisconnectPipe {
        /// The server's end.
        file: Handle,
    }
    /// Waits until an instance of a name listens.
    WaitPipe {
        /// The directory of pipes.
        directory: Handle,
        /// The name, UTF-16.
        name: Address,
        /// Its length in bytes.
        name_size: u64,
        /// At most so long, in 100 ns units; all bits set for what the name's creator said.
        limit: u64,
    }
    /// Answers the processes of a named pipe's two ends.
    QueryNamedPipe {
        /// An end.
        file: Handle,
        /// Out: the process of the server, and that of the client or 0.
        processes: [u32; 2],
    }
}
