//! The gate's services: one row each, of number, name and request. A request is read and written back as a whole;
//! every service answers with an NTSTATUS. Numbers are permanent.

use crate::{Address, Handle};

/// A request that the gate knows.
pub trait Service: Copy + Default {
    /// The number that names the service at the gate.
    const NUMBER: u32;
}

macro_rules! services {
    ($(
        $(#[$meta:meta])*
        $number:literal $name:ident { $( $(#[$field_meta:meta])* $field:ident: $kind:ty, )* }
    )*) => {
        $(
            $(#[$meta])*
            #[repr(C)]
            #[derive(Clone, Copy, Debug, Default)]
            pub struct $name { $( $(#[$field_meta])* pub $field: $kind, )* }

            impl Service for $name {
                const NUMBER: u32 = $number;
            }

            const _: () = assert!(size_of::<$name>() <= MAX_REQUEST && align_of::<$name>() <= 8);
        )*

        /// How many numbers are given out.
        pub const COUNT: usize = [$($number),*].len();

        /// The services' names by number.
        pub static NAMES: [&str; COUNT] = {
            let mut names = [""; COUNT];
            // The gate's table is made in the order in which the rows stand.
            let mut next = 0;
            $( assert!($number == next); names[$number] = stringify!($name); next += 1; )*
            let _ = next;
            names
        };

        /// Calls back with every service: `callback!(Name, Name, ..)` in the order of their numbers.
        #[macro_export]
        macro_rules! for_each_service {
            ($callback:ident) => { $callback! { $($name),* } };
        }
    };
}

/// No request is larger, in bytes.
pub const MAX_REQUEST: usize = 256;

services! {
    /// Ends the process (`process` is the current one) or, with `others` set, every thread but the caller.
    0 TerminateProcess {
        /// The process; the pseudo handle -1 is the current one.
        process: Handle,
        /// The exit code.
        code: u32,
        /// Non-zero: end the other threads of this process and return.
        others: u32,
    }
    /// Ends the process because nothing handled an exception.
    1 Crash {
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
    /// Reserves or commits memory.
    2 AllocateMemory {
        /// In: where, or 0. Out: the base.
        base: Address,
        /// In: how many bytes. Out: rounded to pages.
        size: u64,
        /// `MEM_*`.
        kind: u32,
        /// `PAGE_*`.
        protect: u32,
        /// The highest address allowed, or 0.
        limit: Address,
    }
    /// Decommits or releases memory.
    3 FreeMemory {
        /// In and out: the base.
        base: Address,
        /// In and out: how many bytes.
        size: u64,
        /// `MEM_DECOMMIT` or `MEM_RELEASE`.
        kind: u32,
        /// Unused.
        pad: u32,
    }
    /// Changes the protection of committed pages.
    4 ProtectMemory {
        /// In and out: the base.
        base: Address,
        /// In and out: how many bytes.
        size: u64,
        /// The new `PAGE_*`.
        protect: u32,
        /// Out: the first page's old protection.
        old: u32,
    }
    /// Describes the run of equal pages that starts at an address.
    5 QueryMemory {
        /// The address.
        address: Address,
        /// Out: the run.
        run: MemoryRun,
    }
    /// Maps a system DLL by its base name.
    6 MapSystemImage {
        /// The name in lower case with its extension, ASCII.
        name: Address,
        /// Its length in bytes.
        name_size: u64,
        /// Out: where it is mapped.
        base: Address,
        /// Out: its size in bytes.
        size: u64,
        /// Out: [`IMAGE_BOUND`] and the like.
        flags: u32,
        /// Unused.
        pad: u32,
    }
    /// Makes a section of a file, or of paging-file memory.
    7 CreateSection {
        /// The file, or 0.
        file: Handle,
        /// The size in bytes, or 0 for the file's.
        size: u64,
        /// The protection that its views may have.
        protect: u32,
        /// `SEC_*`.
        attributes: u32,
        /// The access wanted.
        access: u32,
        /// Unused.
        pad: u32,
        /// Out: the section.
        handle: Handle,
    }
    /// Maps a view of a section.
    8 MapView {
        /// The section.
        section: Handle,
        /// In: where, or 0. Out: the base.
        base: Address,
        /// In: how many bytes, or 0 for all. Out: rounded to pages.
        size: u64,
        /// Where in the section the view starts.
        offset: u64,
        /// `PAGE_*`.
        protect: u32,
        /// `MEM_*`.
        kind: u32,
    }
    /// Unmaps a view or an image.
    9 UnmapView {
        /// An address in the view.
        base: Address,
    }
    /// Opens or creates a file, folder or device (the broker decides).
    10 OpenFile {
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
    11 QueryPath {
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
    12 ReadFile {
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
    }
    /// Writes to a file, pipe or terminal.
    13 WriteFile {
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
    }
    /// Answers an open file's facts.
    14 QueryFile {
        /// The file.
        file: Handle,
        /// Where to write the [`crate::file::Facts`].
        facts: Address,
    }
    /// Reads or sets the handle's position.
    15 Position {
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
    16 SetEnd {
        /// The file.
        file: Handle,
        /// The new size in bytes.
        size: u64,
    }
    /// Sets a file's times and attributes.
    17 SetFacts {
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
    18 SetDisposition {
        /// The file.
        file: Handle,
        /// `FILE_DISPOSITION_*` as in FileDispositionInformationEx.
        flags: u32,
        /// Unused.
        pad: u32,
    }
    /// Renames a file, or gives it a second name.
    19 RenameFile {
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
    20 ListFolder {
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
    21 QueryVolume {
        /// The file.
        file: Handle,
        /// Where to write the [`crate::file::Volume`].
        volume: Address,
    }
    /// Writes an open file's path back as `\Device`-free NT path (`\??\Z:\..`), UTF-16.
    22 QueryName {
        /// The file.
        file: Handle,
        /// Where to.
        buffer: Address,
        /// How many bytes fit.
        buffer_size: u64,
        /// Out: how many bytes the path has.
        size: u64,
        /// Non-zero: the path with its links resolved.
        resolved: u32,
        /// Unused.
        pad: u32,
    }
    /// Flushes a file to the disk.
    23 FlushFile {
        /// The file.
        file: Handle,
    }
    /// Closes a handle of any kind.
    24 CloseHandle {
        /// The handle.
        handle: Handle,
    }
    /// Makes a second handle to an object, within this process.
    25 DuplicateHandle {
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
    26 QueryHandle {
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
    }
    /// Sets `HANDLE_FLAG_INHERIT` and `HANDLE_FLAG_PROTECT_FROM_CLOSE`.
    27 SetHandle {
        /// The handle.
        handle: Handle,
        /// The flags.
        flags: u32,
        /// Unused.
        pad: u32,
    }
    /// Creates an event, mutant or semaphore.
    28 CreateObject {
        /// An [`ObjectKind`] as a number.
        kind: u32,
        /// The access granted to the handle.
        access: u32,
        /// Event: signalled. Mutant: owned. Semaphore: the count.
        initial: u32,
        /// Event and timer: manual reset. Semaphore: the maximum.
        limit: u32,
        /// `OBJ_INHERIT` or 0.
        flags: u32,
        /// Unused.
        pad: u32,
        /// Out: the handle.
        handle: Handle,
    }
    /// Sets, resets, pulses or releases an object.
    29 Signal {
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
    30 Wait {
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
    31 WaitAddress {
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
    32 WakeAddress {
        /// The memory.
        address: Address,
        /// Non-zero: all of them.
        all: u32,
        /// Unused.
        pad: u32,
    }
    /// Sleeps, or yields.
    33 Delay {
        /// 100 ns units: negative is relative, else since 1601; 0 yields.
        timeout: i64,
        /// Non-zero: asynchronous calls may interrupt.
        alertable: u32,
        /// Out, for a yield: non-zero when another thread may have run.
        yielded: u32,
    }
    /// Starts a thread.
    34 CreateThread {
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
    35 ExitThread {
        /// The exit code.
        code: u32,
        /// Unused.
        pad: u32,
    }
    /// Suspends or resumes a thread.
    36 SuspendThread {
        /// The thread.
        thread: Handle,
        /// Non-zero: resume.
        resume: u32,
        /// Out: the count before.
        previous: u32,
    }
    /// Answers a thread's facts.
    37 QueryThread {
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
    38 SetThread {
        /// The thread.
        thread: Handle,
        /// A [`ThreadSetting`] as a number.
        kind: u32,
        /// Unused.
        pad: u32,
        /// Its value.
        value: u64,
    }
    /// Answers the process's facts.
    39 QueryProcess {
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
    40 QuerySystem {
        /// Out: total and available physical bytes, total and available of physical and swap.
        memory: [u64; 4],
        /// Out: processors that the process may use.
        processors: u32,
        /// Unused.
        pad: u32,
    }
    /// Fills memory with random bytes.
    41 Random {
        /// Where to.
        buffer: Address,
        /// How many bytes.
        size: u64,
    }
    /// Tells the audit about a call that was not served, or a probe.
    42 Report {
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
    43 DebugPrint {
        /// The text, UTF-8.
        text: Address,
        /// Its length in bytes.
        text_size: u64,
    }
    /// Reads or sets a console's mode, or reads its size and cursor.
    44 Console {
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
    45 WaitControl {
        /// Out: `CTRL_C_EVENT` and the like.
        event: u32,
        /// In: 0 to wait. Others do not wait: 1, Ctrl-C is ignored; 2, it counts again; 3, somebody is about to wait.
        ignore: u32,
    }
    /// Opens a thread of this process by its number.
    46 OpenThread {
        /// The thread's number.
        id: u64,
        /// The access wanted.
        access: u32,
        /// `OBJ_INHERIT` or 0.
        flags: u32,
        /// Out: the handle.
        handle: Handle,
    }
    /// Keeps committed pages in the machine's memory, or lets them go.
    47 LockMemory {
        /// In and out: the base.
        base: Address,
        /// In and out: how many bytes.
        size: u64,
        /// Non-zero: let go.
        unlock: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers which processor runs the calling thread.
    48 CurrentProcessor {
        /// Out: its number among those that the process may use.
        number: u32,
        /// Unused.
        pad: u32,
    }
    /// Sets which processors may run the process's threads.
    49 SetAffinity {
        /// The process.
        process: Handle,
        /// The processors, as a mask.
        mask: u64,
    }
    /// Signals one object, then waits for another.
    50 SignalAndWait {
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
    51 QueryObject {
        /// The object.
        handle: Handle,
        /// Out: an [`ObjectKind`] as a number.
        kind: u32,
        /// Out: event: signalled; mutant: 1 less how often it is owned; semaphore: the count.
        state: i32,
        /// Out: event: manual reset; mutant: owned by the caller; semaphore: the maximum.
        limit: u32,
        /// Out: mutant: its last owner ended without releasing it.
        abandoned: u32,
    }
    /// Answers the user's time zone in one year.
    52 QueryTimeZone {
        /// Where to write the [`crate::zone::Zone`].
        zone: Address,
        /// The year.
        year: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers which drives there are.
    53 QueryDrives {
        /// Out: bits from A: on.
        drives: u32,
        /// Unused.
        pad: u32,
    }
    /// Answers what an open link says, UTF-16: a relative path, or an NT path.
    54 QueryLink {
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
    /// Starts or stops a timer.
    55 SetTimer {
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
    }
}

/// `offset` of a read or write at the handle's own position (`FILE_USE_FILE_POINTER_POSITION`).
pub const HERE: i64 = -2;
/// `offset` of a write at the end (`FILE_WRITE_TO_END_OF_FILE`).
pub const AT_END: i64 = -1;

/// The image's imports from other system DLLs are bound already, as long as those lie at their preferred bases.
pub const IMAGE_BOUND: u32 = 1;
/// The image was mapped before.
pub const IMAGE_AGAIN: u32 = 2;
/// The image lies elsewhere than at its preferred base.
pub const IMAGE_MOVED: u32 = 4;

/// A run of pages that are alike.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryRun {
    /// The first page.
    pub base: Address,
    /// The base of the allocation it belongs to.
    pub allocation: Address,
    /// Bytes.
    pub size: u64,
    /// The protection given when it was allocated.
    pub allocation_protect: u32,
    /// `MEM_COMMIT`, `MEM_RESERVE` or `MEM_FREE`.
    pub state: u32,
    /// `PAGE_*`.
    pub protect: u32,
    /// `MEM_PRIVATE`, `MEM_MAPPED` or `MEM_IMAGE`.
    pub kind: u32,
}

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $number:literal, )* }) => {
        $(#[$meta])*
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$variant_meta])* $variant = $number, )* }

        impl $name {
            /// The value with this number, if there is one.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $( $number => Some(Self::$variant), )* _ => None }
            }
        }
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_unique() {
        assert!(NAMES.iter().all(|name| !name.is_empty()));
    }

    #[test]
    fn unknown_numbers_name_nothing() {
        assert_eq!(ObjectKind::from_number(2), Some(ObjectKind::Mutant));
        assert_eq!(ObjectKind::from_number(99), None);
    }
}
