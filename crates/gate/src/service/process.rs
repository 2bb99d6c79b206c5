//! Requests about the process, and about what lies around it: the machine, the console, the audit.

use crate::{Address, Handle};

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
        /// Out: nanoseconds.
        nanoseconds: u64,
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
