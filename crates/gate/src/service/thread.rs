//! Requests about threads.

use crate::{Address, Handle};

requests! {
    /// Sleeps, or yields.
    Delay {
        /// 100 ns units: negative is relative, else since 1601; 0 yields.
        timeout: i64,
        /// Non-zero: asynchronous calls may interrupt.
        alertable: u32,
        /// Out, for a yield: non-zero when another thread may have run.
        yielded: u32,
    }
    /// Starts a thread.
    CreateThread {
        /// The start routine.
        start: Address,
        /// Its parameter.
        parameter: Address,
        /// Bytes of stack to reserve, or 0 for the image's.
        reserve: u64,
        /// Bytes of stack to commit, or 0 for the image's.
        commit: u64,
        /// Non-zero: starts suspended.
        suspended: u32,
        /// The access granted to the handle.
        access: u32,
        /// `OBJ_INHERIT` or 0.
        flags: u32,
        /// Unused.
        pad: u32,
        /// Out: the thread's number.
        id: u64,
        /// Out: its TEB.
        teb: Address,
        /// Out: the handle.
        handle: Handle,
    }
    /// Ends the calling thread, after the system DLLs have run its notices.
    ExitThread {
        /// The exit code.
        code: u32,
        /// Unused.
        pad: u32,
    }
    /// Suspends or resumes a thread.
    SuspendThread {
        /// The thread.
        thread: Handle,
        /// Non-zero: resume.
        resume: u32,
        /// Out: the count before.
        previous: u32,
    }
    /// Answers a thread's facts.
    QueryThread {
        /// The thread.
        thread: Handle,
        /// Out: the exit code (`STATUS_PENDING` while it runs).
        code: u32,
        /// Out: the base priority.
        priority: i32,
        /// Out: the thread's number.
        id: u64,
        /// Out: its TEB.
        teb: Address,
        /// Out: creation, exit, kernel and user time in 100 ns.
        times: [i64; 4],
        /// Out: the processors that may run it, as a mask.
        affinity: u64,
        /// Out: its start routine.
        start: Address,
        /// Out: non-zero while its priority boost is off.
        boost_off: u32,
        /// Out: how often it is suspended.
        suspended: u32,
    }
    /// Sets one of a thread's settings.
    SetThread {
        /// The thread.
        thread: Handle,
        /// A [`ThreadSetting`] as a number.
        kind: u32,
        /// Unused.
        pad: u32,
        /// Its value.
        value: u64,
    }
    /// Opens a thread of this process by its number.
    OpenThread {
        /// The thread's number.
        id: u64,
        /// The access wanted.
        access: u32,
        /// `OBJ_INHERIT` or 0.
        flags: u32,
        /// Out: the handle.
        handle: Handle,
    }
    /// Queues an asynchronous procedure call to a thread, which runs it in its next alertable wait.
    QueueCall {
        /// The thread.
        thread: Handle,
        /// The routine, which takes three arguments.
        routine: Address,
        /// Its arguments.
        arguments: [u64; 3],
    }
    /// Takes the next of the calling thread's asynchronous procedure calls.
    TakeCall {
        /// Out: the routine, or 0 where none is queued.
        routine: Address,
        /// Out: its arguments.
        arguments: [u64; 3],
    }
    /// Alerts a thread: its alertable wait ends, the one that is under way or the next.
    AlertThread {
        /// The thread.
        thread: Handle,
    }
    /// Takes the calling thread's alert.
    TestAlert {
        /// Out: non-zero where it was alerted.
        alerted: u32,
        /// Unused.
        pad: u32,
    }
    /// Ends a thread's [`WaitAlert`], the one that is under way or the next. These alerts are none of [`AlertThread`]'s.
    AlertThreadId {
        /// The thread's number.
        id: u64,
    }
    /// Waits for an alert by the thread's number. `STATUS_ALERTED` when there was one.
    WaitAlert {
        /// Non-zero: `timeout` counts.
        timed: u32,
        /// Unused.
        pad: u32,
        /// 100 ns units: negative is relative, else since 1601.
        timeout: i64,
    }
    /// Ends another thread, in two steps: first it is stopped for good, then it is ended.
    TerminateThread {
        /// The thread.
        thread: Handle,
        /// The exit code.
        code: u32,
        /// Zero stops it, non-zero ends one that was stopped.
        end: u32,
        /// Out: its number; 0 where it had ended already.
        id: u32,
        /// Unused.
        pad: u32,
        /// Out: its TEB.
        teb: Address,
    }
    /// Answers or sets a thread's registers.
    ThreadContext {
        /// The thread.
        thread: Handle,
        /// The `CONTEXT`, whose flags say which registers.
        context: Address,
        /// Non-zero: sets them.
        set: u32,
        /// Unused.
        pad: u32,
    }
    /// Makes a stack, which a thread may change to.
    CreateStack {
        /// Bytes to reserve, or 0 for the image's.
        reserve: u64,
        /// Bytes to commit, or 0 for the image's.
        commit: u64,
        /// Out: where it was allocated.
        allocation: Address,
        /// Out: the lowest committed byte above the guard page.
        limit: Address,
        /// Out: its end.
        base: Address,
    }
    /// Gives back a stack that no thread is on.
    FreeStack {
        /// Where it was allocated.
        allocation: Address,
    }
    /// Answers which processor runs the calling thread.
    CurrentProcessor {
        /// Out: its number among those that the process may use.
        number: u32,
        /// Unused.
        pad: u32,
    }
}

numbered! {
    /// What [`SetThread`] sets.
    ThreadSetting {
        /// The base priority, -15 to 15, sign-extended.
        Priority = 0,
        /// Non-zero: its priority boost is off.
        BoostOff = 1,
        /// The processors that may run it, as a mask.
        Affinity = 2,
        /// Nothing: asks for the right to set.
        Nothing = 3,
    }
}
