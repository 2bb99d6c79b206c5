//! Requests about handles, and about what can be waited for.

use crate::{Address, Handle};

requests! {
    /// Closes a handle of any kind.
    CloseHandle {
        /// The handle.
        handle: Handle,
    }
    /// Makes a second handle to an object, within this process.
    DuplicateHandle {
        /// The handle.
        source: Handle,
        /// The access wanted, unless `DUPLICATE_SAME_ACCESS`.
        access: u32,
        /// `DUPLICATE_*`.
        options: u32,
        /// `OBJ_INHERIT` or 0.
        flags: u32,
        /// Unused.
        pad: u32,
        /// Out: the new handle.
        handle: Handle,
    }
    /// Answers a handle's type, access and flags.
    QueryHandle {
        /// The handle.
        handle: Handle,
        /// Out: an [`ObjectKind`] as a number.
        kind: u32,
        /// Out: the granted access.
        access: u32,
        /// Out: `HANDLE_FLAG_*`.
        flags: u32,
        /// Out: how many handles the object has.
        references: u32,
        /// Out: non-zero for another process, or its first thread.
        other: u32,
        /// Unused.
        pad: u32,
    }
    /// Sets `HANDLE_FLAG_INHERIT` and `HANDLE_FLAG_PROTECT_FROM_CLOSE`.
    SetHandle {
        /// The handle.
        handle: Handle,
        /// The flags.
        flags: u32,
        /// Unused.
        pad: u32,
    }
    /// Creates or opens an event, mutant, semaphore or timer. `STATUS_OBJECT_NAME_EXISTS` where there was one of its name.
    CreateObject {
        /// An [`ObjectKind`] as a number.
        kind: u32,
        /// The access granted to the handle.
        access: u32,
        /// Event: signalled. Mutant: owned. Semaphore: the count.
        initial: u32,
        /// Event and timer: manual reset. Semaphore: the maximum. Completion port: the threads that may run, or 0.
        limit: u32,
        /// `OBJ_INHERIT` and `OBJ_OPENIF`, or 0.
        flags: u32,
        /// Non-zero: only opens one that has the name.
        open: u32,
        /// The name, UTF-16, with its directory; none is 0.
        name: Address,
        /// Bytes of the name.
        name_size: u64,
        /// Out: the handle.
        handle: Handle,
    }
    /// Answers whether two handles stand for one object.
    CompareObjects {
        /// The handles.
        handles: [Handle; 2],
        /// Out: non-zero where they do.
        same: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers an object's name.
    QueryObjectName {
        /// The handle.
        handle: Handle,
        /// Where the name goes, UTF-16.
        buffer: Address,
        /// Bytes there.
        size: u64,
        /// Out: bytes of the name; 0 where it has none.
        needed: u64,
    }
    /// Sets, resets, pulses or releases an object.
    Signal {
        /// The object.
        handle: Handle,
        /// A [`SignalKind`] as a number.
        kind: u32,
        /// Semaphore: how many to release.
        count: u32,
        /// Out: the state before.
        previous: u32,
        /// Unused.
        pad: u32,
    }
    /// Waits for one or several objects.
    Wait {
        /// Up to 64 handles of 8 bytes.
        handles: Address,
        /// How many.
        count: u32,
        /// Non-zero: for all of them.
        all: u32,
        /// Non-zero: asynchronous calls may interrupt.
        alertable: u32,
        /// Non-zero: `timeout` counts.
        timed: u32,
        /// 100 ns units: negative is relative, else since 1601.
        timeout: i64,
    }
    /// Waits while memory holds a value (`RtlWaitOnAddress`).
    WaitAddress {
        /// The memory.
        address: Address,
        /// The value it must hold to wait.
        value: u64,
        /// 1, 2, 4 or 8 bytes.
        size: u32,
        /// Non-zero: `timeout` counts.
        timed: u32,
        /// 100 ns units: negative is relative, else since 1601.
        timeout: i64,
    }
    /// Wakes threads that wait on an address.
    WakeAddress {
        /// The memory.
        address: Address,
        /// Non-zero: all of them.
        all: u32,
        /// Unused.
        pad: u32,
    }
    /// Meets another thread at a keyed event: one that waits, and one that releases, go on together.
    MeetAtKey {
        /// The keyed event, or 0 for the process's own.
        handle: Handle,
        /// Where they meet; its lowest bit is 0.
        key: u64,
        /// Non-zero: this thread releases one that waits.
        release: u32,
        /// Non-zero: asynchronous calls may interrupt.
        alertable: u32,
        /// Non-zero: `timeout` counts.
        timed: u32,
        /// Unused.
        pad: u32,
        /// 100 ns units: negative is relative, else since 1601.
        timeout: i64,
    }
    /// Signals one object, then waits for another.
    SignalAndWait {
        /// An event, mutant or semaphore.
        signal: Handle,
        /// What to wait for.
        wait: Handle,
        /// Non-zero: asynchronous calls may interrupt.
        alertable: u32,
        /// Non-zero: `timeout` counts.
        timed: u32,
        /// 100 ns units: negative is relative, else since 1601.
        timeout: i64,
    }
    /// Answers an object's state.
    QueryObject {
        /// The object.
        handle: Handle,
        /// Out: an [`ObjectKind`] as a number.
        kind: u32,
        /// Out: event: signalled; mutant: 1 less how often it is owned; semaphore: the count; port: its packets.
        state: i32,
        /// Out: event: manual reset; mutant: owned by the caller; semaphore: the maximum.
        limit: u32,
        /// Out: mutant: its last owner ended without releasing it.
        abandoned: u32,
    }
    /// Starts or stops a timer.
    SetTimer {
        /// The timer.
        handle: Handle,
        /// When it is signalled first, in 100 ns units: negative is relative, else since 1601.
        due: i64,
        /// Milliseconds until it is signalled again, or 0.
        period: u32,
        /// Non-zero: stop it.
        cancel: u32,
        /// Out: whether it was signalled before.
        signalled: u32,
        /// Unused.
        pad: u32,
        /// What the calling thread is to run when it is due, or 0.
        routine: Address,
        /// The routine's first argument.
        argument: u64,
    }
}

numbered! {
    /// What a handle stands for.
    ObjectKind {
        /// A file, folder, pipe end or terminal.
        File = 0,
        /// An event.
        Event = 1,
        /// A mutant (mutex).
        Mutant = 2,
        /// A semaphore.
        Semaphore = 3,
        /// A thread.
        Thread = 4,
        /// A process.
        Process = 5,
        /// A section.
        Section = 6,
        /// An access token.
        Token = 7,
        /// A waitable timer.
        Timer = 8,
        /// A completion port.
        Completion = 9,
        /// A keyed event.
        KeyedEvent = 10,
        /// A thread's queue of messages: kept for it, no handle stands for one yet.
        MessageQueue = 11,
        /// A key of the registry.
        Key = 12,
        /// A job.
        Job = 13,
    }
}

numbered! {
    /// What [`Signal`] does.
    SignalKind {
        /// Sets an event.
        Set = 0,
        /// Resets an event.
        Reset = 1,
        /// Wakes an event's waiters and leaves it reset.
        Pulse = 2,
        /// Releases a mutant or a semaphore.
        Release = 3,
    }
}
