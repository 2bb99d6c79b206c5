//! Requests about the process, and about what lies around it: the machine, the console, the audit.

use crate::process::Facts;
use crate::{Address, Handle};

/// Bytes in the guest's memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Where.
    pub at: Address,
    /// How many.
    pub size: u64,
}

/// What a program is given: `RTL_USER_PROCESS_PARAMETERS`, in one form for either bitness.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct StartParameters {
    /// The program's path, UTF-16.
    pub program: Span,
    /// The command line, UTF-16.
    pub command_line: Span,
    /// The working folder, UTF-16, with a backslash at its end.
    pub directory: Span,
    /// The environment block, UTF-16.
    pub environment: Span,
    /// The window's title, UTF-16.
    pub title: Span,
    /// The desktop, UTF-16.
    pub desktop: Span,
    /// What the shell hands on, UTF-16.
    pub shell: Span,
    /// What a C runtime hands on to the next.
    pub runtime: Span,
    /// `STARTF_*`.
    pub window_flags: u32,
    /// Place, size, size in characters, fill attribute, and how the window is shown.
    pub window: [u32; 8],
    /// Whether it is born to its parent's console.
    pub console: u32,
    /// The numbers of the standard handles.
    pub standard: [u32; 3],
    /// Unused.
    pub pad: u32,
}

requests! {
    /// Ends the process (`process` is the current one) or, with `others` set, every thread but the caller.
    TerminateProcess {
        /// The process; the pseudo handle -1 is the current one.
        process: Handle,
        /// The exit code.
        code: u32,
        /// Non-zero: end the other threads of this process and return.
        others: u32,
    }
    /// Ends the process because nothing handled an exception.
    Crash {
        /// The exception's code.
        code: u32,
        /// What the exception's first two parameters say, for the report (access kind, address).
        parameters: u32,
        /// The faulting instruction.
        at: Address,
        /// The exception's first two parameters.
        parameter: [u64; 2],
        /// The name of the module that holds `at`, UTF-16.
        module: Address,
        /// Its length in bytes; 0 when no module holds it.
        module_size: u64,
        /// The offset of `at` in the module.
        offset: u64,
    }
    /// Starts a program in a process of its own.
    CreateProcess {
        /// The program's file.
        image: Handle,
        /// The [`StartParameters`].
        parameters: Address,
        /// The handles that are inherited where `inherit` says so: 8 bytes each.
        listed: Address,
        /// How many.
        listed_count: u32,
        /// 0: none, 1: all that are marked so, 2: those of them that are listed.
        inherit: u32,
        /// Non-zero: it waits until its first thread is resumed.
        suspended: u32,
        /// Non-zero: Ctrl-C is not for it.
        ignores_control: u32,
        /// Non-zero: it inherits the standard handles, whatever else.
        standard: u32,
        /// Non-zero: it is not in its parent's jobs.
        breaks_away: u32,
        /// The jobs that it is put into: 8 bytes each.
        jobs: Address,
        /// How many.
        job_count: u64,
        /// The access that is granted to its handle, and to that of its first thread.
        access: [u32; 2],
        /// `OBJ_INHERIT` or 0, for each.
        flags: [u32; 2],
        /// Out: its handle, and that of its first thread.
        handles: [Handle; 2],
        /// Out: its number, and that of its first thread.
        ids: [u64; 2],
    }
    /// Opens another process of the sandbox, or the first thread of one.
    OpenProcess {
        /// Its number.
        id: u64,
        /// Non-zero: a thread's.
        thread: u32,
        /// The access granted to the handle.
        access: u32,
        /// `OBJ_INHERIT` or 0.
        flags: u32,
        /// Unused.
        pad: u32,
        /// Out: the handle.
        handle: Handle,
    }
    /// Answers the facts of another process.
    QueryOther {
        /// The process, or its first thread; the pseudo handle -1 is the current one.
        process: Handle,
        /// Where its program's path goes, UTF-16.
        image: Address,
        /// Bytes that fit there.
        room: u64,
        /// Out: bytes of the path.
        size: u64,
        /// Out: the facts; the exit code is `STATUS_PENDING` while it runs.
        facts: Facts,
    }
    /// Lists the sandbox's processes: [`crate::process::Row`] records, in the order of their numbers.
    ListProcesses {
        /// Where they go.
        rows: Address,
        /// Bytes that fit there.
        room: u64,
        /// Out: bytes of the records; where they do not fit, nothing is written.
        size: u64,
        /// The list begins behind this process's number.
        after: u32,
        /// Unused.
        pad: u32,
    }
    /// Copies memory of another process, from there or to there.
    CopyMemory {
        /// The process.
        process: Handle,
        /// Where it lies there.
        there: Address,
        /// Where it lies here.
        here: Address,
        /// Bytes.
        size: u64,
        /// Out: bytes that were copied.
        done: u64,
        /// Non-zero: from here to there.
        write: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers the process's facts.
    QueryProcess {
        /// Out: kernel and user time in 100 ns, creation time since 1601.
        times: [i64; 3],
        /// Out: resident, highest resident, private committed and highest virtual bytes.
        memory: [u64; 4],
        /// Out: the processors that may run its threads, as a mask.
        affinity: u64,
        /// Out: handles in use.
        handles: u32,
        /// Out: threads.
        threads: u32,
        /// Out: the number of the process that started it, or 0.
        parent: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers the machine's facts.
    QuerySystem {
        /// Out: total and available physical bytes, total and available of physical and swap.
        memory: [u64; 4],
        /// Out: processors that the process may use.
        processors: u32,
        /// Unused.
        pad: u32,
    }
    /// Fills memory with random bytes.
    Random {
        /// Where to.
        buffer: Address,
        /// How many bytes.
        size: u64,
    }
    /// Tells the audit about a call that was not served, or a probe.
    Report {
        /// A [`ReportKind`] as a number.
        kind: u32,
        /// The ledger slot, or `u32::MAX` with a name.
        slot: u32,
        /// What was asked for, as `dll!function` or a sentence, UTF-8.
        text: Address,
        /// Its length in bytes.
        text_size: u64,
        /// The error answered.
        code: u32,
        /// How long the call took in microseconds, 0 when not measured.
        duration: u32,
    }
    /// Shows text that the program wrote for a debugger (advisory).
    DebugPrint {
        /// The text, UTF-8.
        text: Address,
        /// Its length in bytes.
        text_size: u64,
    }
    /// Reads or sets a console's mode, or reads its size and cursor.
    Console {
        /// The console handle.
        handle: Handle,
        /// A [`ConsoleKind`] as a number.
        kind: u32,
        /// In and out: the mode.
        mode: u32,
        /// Out: columns, rows.
        size: [u32; 2],
    }
    /// Waits for Ctrl-C and the like; the broker ends the process by itself where nothing waits.
    WaitControl {
        /// Out: `CTRL_C_EVENT` and the like.
        event: u32,
        /// In: 0 to wait. Others do not wait: 1, Ctrl-C is ignored; 2, it counts again; 3, somebody is about to wait.
        ignore: u32,
    }
    /// Sets which processors may run the process's threads.
    SetAffinity {
        /// The process.
        process: Handle,
        /// The processors, as a mask.
        mask: u64,
    }
    /// Reads a clock of the host's, for code that cannot call the host's own function.
    ReadClock {
        /// Out: 100 ns units.
        ticks: u64,
        /// Zero for the monotonic clock, else for the time since 1970.
        real: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers the user's time zone in one year.
    QueryTimeZone {
        /// Where to write the [`crate::zone::Zone`].
        zone: Address,
        /// The year.
        year: u32,
        /// Unused.
        pad: u32,
    }
}

numbered! {
    /// What [`Report`] tells.
    ReportKind {
        /// A stub was called: the catalog does not hold the function.
        Unsupported = 0,
        /// A router had no row for the arguments.
        NoMatch = 1,
        /// GetProcAddress or LoadLibrary asked for something that is not there.
        Probe = 2,
        /// A call, in per-call mode.
        Call = 3,
        /// A call that failed, in per-call mode.
        Failure = 4,
        /// Pages that are writable and executable at once.
        WritableCode = 5,
        /// An image was mapped.
        Image = 6,
        /// A system DLL of ours panicked.
        Panic = 7,
        /// Guest code made a system call of the host by itself.
        SystemCall = 8,
        /// The program cannot start; the text says why.
        CannotStart = 9,
    }
}

numbered! {
    /// What [`Console`] does.
    ConsoleKind {
        /// Reads the mode.
        Mode = 0,
        /// Sets the mode.
        SetMode = 1,
        /// Reads the size of what is shown; a console's input has none.
        Size = 2,
        /// Asks for what the user types next: it arrives over the descriptor.
        Input = 3,
    }
}
