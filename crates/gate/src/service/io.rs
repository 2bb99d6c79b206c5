//! Requests about completion ports, and requests that pend.

use crate::{Address, Handle};

requests! {
    /// Posts a packet to a completion port.
    PostCompletion {
        /// The port.
        port: Handle,
        /// The packet.
        packet: Packet,
    }
    /// Takes packets from a completion port, and waits for the first of them.
    TakeCompletions {
        /// The port.
        port: Handle,
        /// Where the [`Packet`]s go.
        packets: Address,
        /// How many fit, one at least.
        count: u32,
        /// Non-zero: asynchronous calls may interrupt.
        alertable: u32,
        /// Non-zero: `timeout` counts.
        timed: u32,
        /// Out: how many were taken.
        taken: u32,
        /// 100 ns units: negative is relative, else since 1601.
        timeout: i64,
    }
    /// Lets a port hear of what is completed on a file.
    SetFilePort {
        /// The file.
        file: Handle,
        /// The port.
        port: Handle,
        /// The key of its packets.
        key: u64,
    }
    /// Reads or widens a file's `FILE_SKIP_*` modes.
    FileModes {
        /// The file.
        file: Handle,
        /// In, with `set`: modes to add. Out: all of them.
        modes: u32,
        /// Non-zero: add them.
        set: u32,
    }
    /// Cancels requests to a file that pend.
    CancelRequests {
        /// The file.
        file: Handle,
        /// The status block of the one request, or 0 for all.
        block: Address,
        /// Non-zero: the calling thread's alone.
        own: u32,
        /// Unused.
        pad: u32,
    }
    /// Cancels the synchronous request that a thread waits in.
    CancelThread {
        /// The thread.
        thread: Handle,
        /// The status block of the request, or 0 for whichever it is.
        block: Address,
    }
    /// Locks a range of a file's bytes.
    LockFile {
        /// The file.
        file: Handle,
        /// Where the range starts.
        start: u64,
        /// How many bytes it has.
        length: u64,
        /// Non-zero: an answer at once, or none.
        at_once: u32,
        /// Non-zero: nobody else may read there.
        exclusive: u32,
        /// The event that is set when it is locked, or 0.
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
    /// Waits for changes in a folder, and answers them as `FILE_NOTIFY_INFORMATION`.
    ReadChanges {
        /// The folder.
        file: Handle,
        /// Where they go.
        buffer: Address,
        /// How many bytes fit.
        length: u64,
        /// `FILE_NOTIFY_CHANGE_*`; counts at the handle's first time.
        filter: u32,
        /// Non-zero: the folders below it count too; at the handle's first time.
        subtree: u32,
        /// The event that is set when it is complete, or 0.
        event: Handle,
        /// The routine that the calling thread runs then, or 0.
        routine: Address,
        /// The routine's first argument, or what the completion packet carries.
        context: u64,
        /// The status block.
        block: Address,
        /// Out: how many bytes were written.
        done: u64,
        /// Out: non-zero where the status block was told already.
        told: u64,
    }
    /// Unlocks a range that was locked as it is.
    UnlockFile {
        /// The file.
        file: Handle,
        /// Where the range starts.
        start: u64,
        /// How many bytes it has.
        length: u64,
    }
    /// Waits until one of several sockets is ready (`IOCTL_AFD_POLL`).
    PollSockets {
        /// The device.
        file: Handle,
        /// Their handles.
        handles: Address,
        /// How many.
        count: u32,
        /// Unused.
        pad: u32,
    }
}

/// A completion packet.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// The key of the file, or whatever was posted.
    pub key: u64,
    /// The request's context (an OVERLAPPED's address), or whatever was posted.
    pub context: u64,
    /// The request's status.
    pub status: i32,
    /// Unused.
    pub pad: u32,
    /// How many bytes were moved.
    pub information: u64,
}
