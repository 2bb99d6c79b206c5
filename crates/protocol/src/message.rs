//! One row per message: number, request, reply. Numbers are permanent.

pub use crate::value::*;

use gate::file::{Facts, Volume};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A request that the broker knows.
pub trait Message: FromBytes + IntoBytes + Immutable + KnownLayout + Copy {
    /// The number that names it.
    const NUMBER: u32;
    /// What the broker answers.
    type Reply: FromBytes + IntoBytes + Immutable + KnownLayout + Copy;
}

macro_rules! messages {
    ($all:ident; $(
        $(#[$meta:meta])*
        $number:literal $name:ident { $( $(#[$field_meta:meta])* $field:ident: $kind:ty, )* } -> $reply:ty;
    )*) => {
        $(
            $(#[$meta])*
            #[repr(C)]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
            pub struct $name { $( $(#[$field_meta])* pub $field: $kind, )* }

            impl Message for $name {
                const NUMBER: u32 = $number;
                type Reply = $reply;
            }
        )*

        /// Any request, decoded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the variants are the messages")]
        pub enum $all { $( $name($name), )* }

        impl $all {
            /// Decodes a frame; a number that no message has gives `None`.
            pub fn decode(frame: &crate::Frame) -> Option<Self> {
                match frame.number {
                    $( $number => Some(Self::$name(frame.get())), )*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use messages;

messages! {
    Request;
    /// Opens or creates a file, folder or device. Payload: the NT path, UTF-16.
    1 OpenFile {
        /// The folder that a relative name starts at, or 0.
        root: u32,
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
    } -> Opened;
    /// Answers a path's facts. Payload: the NT path, UTF-16.
    2 QueryPath {
        /// The folder that a relative name starts at, or 0.
        root: u32,
    } -> Facts;
    /// Answers an open file's facts.
    3 QueryFile {
        /// The file.
        handle: u32,
    } -> Facts;
    /// Sets a file's times and attributes.
    4 SetFacts {
        /// As in [`gate::service::SetFacts`].
        times: [i64; 4],
        /// The file.
        handle: u32,
        /// `FILE_ATTRIBUTE_*`, 0 leaves them.
        attributes: u32,
    } -> Done;
    /// Marks a file for deletion at its last close, or unmarks it.
    5 SetDisposition {
        /// The file.
        handle: u32,
        /// `FILE_DISPOSITION_*`.
        flags: u32,
    } -> Done;
    /// Renames a file, or gives it a second name. Payload: the new path, UTF-16.
    6 RenameFile {
        /// The file.
        handle: u32,
        /// The target folder, or 0.
        root: u32,
        /// `FILE_RENAME_*`.
        replace: u32,
        /// Non-zero: a hard link is made.
        link: u32,
    } -> Done;
    /// Lists a folder. Payload: the pattern, UTF-16; reply payload: [`gate::file::Entry`] records.
    7 ListFolder {
        /// The folder.
        handle: u32,
        /// Non-zero: start anew.
        restart: u32,
        /// The most records wanted.
        most: u32,
        /// The most bytes of records wanted.
        bytes: u32,
    } -> Word;
    /// Answers facts of the volume of an open file.
    8 QueryVolume {
        /// The file.
        handle: u32,
    } -> Volume;
    /// Answers an open file's NT path, or its short name. Reply payload: UTF-16.
    9 QueryName {
        /// The file.
        handle: u32,
        /// A [`gate::file::NameKind`] as a number.
        kind: u32,
    } -> Done;
    /// Makes a second handle to an object.
    10 DuplicateHandle {
        /// The handle.
        handle: u32,
        /// The access wanted, unless `DUPLICATE_SAME_ACCESS`.
        access: u32,
        /// `DUPLICATE_*`.
        options: u32,
        /// `OBJ_INHERIT` or 0.
        flags: u32,
    } -> HandleReply;
    /// Closes a handle where its effect must not wait, or the posted ring is full.
    11 CloseHandle {
        /// The handle.
        handle: u32,
    } -> Done;
    /// Makes a channel for one more thread: its memory and socket travel with the reply.
    12 NewChannel {} -> Done;
    /// The process ends. Payload of a crash: the module's name, or that of a function that
    /// is not there, as `dll!function`; UTF-16.
    13 Exit {
        /// The faulting instruction.
        at: u64,
        /// The exception's first two parameters.
        parameter: [u64; 2],
        /// Its offset in the module.
        offset: u64,
        /// The exit code.
        code: u32,
        /// Non-zero when nothing handled an exception.
        crash: u32,
    } -> Done;
    /// Tells the audit something that only the sandbox process knows (advisory). Payload: a text, UTF-8.
    14 Report {
        /// A [`gate::service::ReportKind`] as a number.
        kind: u32,
        /// The ledger slot, or `u32::MAX`.
        slot: u32,
        /// The error answered.
        code: u32,
        /// Microseconds, 0 when not measured.
        duration: u32,
    } -> Done;
    /// Reads or sets a console's mode and size.
    15 Console {
        /// The console handle.
        handle: u32,
        /// A [`gate::service::ConsoleKind`] as a number.
        kind: u32,
        /// The mode to set.
        mode: u32,
    } -> ConsoleState;
    /// Waits for Ctrl-C and the like.
    16 WaitControl {
        /// 0 to wait. Others do not wait: 1, Ctrl-C is ignored; 2, it counts again; 3, somebody is about to wait.
        ignore: u32,
    } -> Word;
    /// Sets a handle's flags.
    17 SetHandle {
        /// The handle.
        handle: u32,
        /// `HANDLE_FLAG_*`.
        flags: u32,
    } -> Done;
    /// Answers the machine's memory and processors, as far as the policy shows them.
    18 QueryMachine {} -> Machine;
    /// Answers the user's time zone in one year. Reply payload: a [`gate::zone::Zone`].
    19 QueryTimeZone {
        /// The year.
        year: u32,
    } -> Done;
    /// Answers which drives there are: bits from A: on.
    20 QueryDrives {} -> Word;
    /// Opens the object of a name, or makes it. Payload: the name with its directory, UTF-16.
    40 NameObject {
        /// Sections: bytes.
        size: u64,
        /// A [`gate::service::ObjectKind`] as a number.
        kind: u32,
        /// Non-zero: made where there is none.
        create: u32,
        /// The asking thread.
        thread: u32,
        /// Event: signalled. Mutant: owned. Semaphore: the count.
        initial: u32,
        /// Event and timer: reset by hand. Semaphore: the highest count.
        limit: u32,
        /// Sections: `PAGE_*`.
        protect: u32,
        /// Sections: `SEC_*`.
        attributes: u32,
        /// Sections: the file, or 0 for memory.
        file: u32,
    } -> SharedObject;
    /// Ends opens of a named object: as many as were answered.
    41 ReleaseObject {
        /// The object's number.
        number: u32,
        /// How many.
        opens: u32,
    } -> Done;
    /// Sets, resets, pulses or releases; answers what the object was before.
    42 SignalObject {
        /// The object's number.
        number: u32,
        /// The asking thread.
        thread: u32,
        /// A [`gate::service::SignalKind`] as a number.
        how: u32,
        /// By how much a semaphore is released.
        count: u32,
    } -> ObjectState;
    /// Answers an object's state.
    43 QueryObject {
        /// The object's number.
        number: u32,
        /// The asking thread.
        thread: u32,
    } -> ObjectState;
    /// A thread has ended that may own mutants, or that other processes know: the first one.
    44 EndThread {
        /// The thread.
        thread: u32,
    } -> Done;
    /// Sets or stops a timer; answers whether it was signalled.
    45 SetObjectTimer {
        /// When: nanoseconds of the monotonic clock.
        at: i64,
        /// The object's number.
        number: u32,
        /// Milliseconds until it is due again, or 0.
        period: u32,
        /// Non-zero: it is stopped.
        stop: u32,
        /// Unused.
        pad: u32,
    } -> ObjectState;
    /// Takes one of some objects, or all of them, or begins to wait for that: the channel's alarm tells its end. Payload: the
    /// objects' numbers, 4 bytes each. Answers how the wait ended at once, as the alarm would tell it.
    46 WaitObjects {
        /// The asking thread.
        thread: u32,
        /// The sleep that the alarm is armed for.
        sleep: u32,
        /// Non-zero: waits. Else what cannot be taken at once is not taken.
        waits: u32,
        /// Non-zero: all of them.
        all: u32,
        /// Non-zero: once they could be taken, the thread is told to look again.
        looks: u32,
        /// An object that is signalled first, or 0.
        signal: u32,
        /// A [`gate::service::SignalKind`] as a number: how.
        how: u32,
    } -> Word;
    /// Answers what an open link says. Reply: non-zero for a relative path; reply payload: UTF-16.
    21 QueryLink {
        /// The link.
        handle: u32,
    } -> Word;
    /// Watches an open folder; the descriptor of an event that is ready while changes wait travels with the reply.
    60 WatchFolder {
        /// The folder.
        handle: u32,
        /// `FILE_NOTIFY_CHANGE_*`.
        filter: u32,
        /// Non-zero: the folders below it count too.
        subtree: u32,
        /// The most bytes of changes that are kept, as `FILE_NOTIFY_INFORMATION` counts them.
        room: u32,
    } -> Done;
    /// Takes what has changed in a folder that is watched. Reply payload: for each change its action and the length of its
    /// path in bytes, 4 bytes each, and the path, UTF-16. Reply: 0, or `STATUS_NOTIFY_ENUM_DIR` where changes were missed.
    61 TakeChanges {
        /// The folder.
        handle: u32,
        /// The most bytes, counted in the same way.
        room: u32,
    } -> Word;
    /// Reads, writes or cuts a stream, by a [`StreamKind`]. Payload: what is written; reply payload: what was read.
    62 Stream {
        /// Where; all bits set for its end. With `Cut`: the new size.
        offset: u64,
        /// The stream; with `Size`, any file.
        handle: u32,
        /// A [`StreamKind`] as a number.
        kind: u32,
        /// The most bytes wanted.
        length: u32,
        /// Unused.
        pad: u32,
    } -> Word;
    /// Marks a file as sparse, or takes the mark away.
    63 SetSparse {
        /// The file.
        handle: u32,
        /// Non-zero: it is.
        on: u32,
    } -> Done;
    /// Cuts a file, unless it is mapped. One that is no longer than that stays as it is.
    64 CutFile {
        /// The new size in bytes.
        size: u64,
        /// The file.
        handle: u32,
        /// Unused.
        pad: u32,
    } -> Done;
    /// Tells of a section of a file, which is neither cut nor, where it is a program, changed until the handle is closed that this gives.
    65 MapFile {
        /// Bytes.
        size: u64,
        /// The file, or 0.
        handle: u32,
        /// A section that has the file, by the object's number, where no file is named.
        object: u32,
        /// Non-zero: as a program.
        image: u32,
        /// Unused.
        pad: u32,
    } -> HandleReply;
    /// Locks a range of a file, lets go of one, or looks; answers a [`Locking`].
    66 LockFile {
        /// The first byte.
        start: u64,
        /// Bytes.
        length: u64,
        /// The file.
        handle: u32,
        /// A [`LockKind`] as a number.
        kind: u32,
        /// Non-zero: nothing is locked, and the answer tells whether it could be.
        look: u32,
        /// Unused.
        pad: u32,
    } -> Word;
    /// Makes a pipe without a name. The client's end is opened with its server as the root, and no name.
    22 CreatePipe {
        /// The access of the server's end.
        access: u32,
        /// `FILE_SHARE_*`: what the client's end may do.
        share: u32,
        /// `FILE_SYNCHRONOUS_IO_*`.
        options: u32,
        /// `OBJ_*`.
        object_flags: u32,
        /// Non-zero: both ends travel with the reply, and have no handles.
        bare: u32,
    } -> Opened;
    /// Starts a program in a process of its own. Payload: a [`crate::start::Child`].
    70 CreateProcess {
        /// The program's file.
        image: u32,
        /// A [`Inherit`] as a number.
        inherit: u32,
        /// Non-zero: it waits until its first thread is resumed.
        suspended: u32,
        /// Non-zero: Ctrl-C is not for it.
        ignores_control: u32,
        /// Non-zero: it inherits the standard handles, whatever else.
        standard: u32,
        /// Non-zero: it is not in its parent's jobs.
        breaks_away: u32,
    } -> Created;
    /// Answers what stands behind a handle that the process has and was not told of: inherited, or given by another process.
    71 AdoptHandle {
        /// The handle.
        handle: u32,
    } -> Opened;
    /// Opens a process of the sandbox, or the first thread of one, by its number.
    72 OpenProcess {
        /// The process, or the thread.
        id: u32,
        /// Non-zero: a thread.
        thread: u32,
    } -> SharedObject;
    /// Answers what is known of a process. Reply payload: its program's path, UTF-16.
    73 QueryProcess {
        /// The object's number, of the process or of its first thread; 0 for the asking one.
        number: u32,
    } -> gate::process::Facts;
    /// Ends another process.
    74 EndProcess {
        /// The object's number.
        number: u32,
        /// The exit code.
        code: u32,
    } -> Done;
    /// Lets a process begin that was started suspended; answers how often its first thread was suspended.
    75 ResumeProcess {
        /// The number of its first thread's object.
        number: u32,
    } -> Word;
    /// Waits until the process may begin.
    76 AwaitResume {} -> Done;
    /// Answers what an object is that the process inherited. A section's bytes travel with the reply.
    77 AdoptObject {
        /// The object's number.
        number: u32,
    } -> SharedObject;
    /// Puts a process into a job, and into those that the job is nested in.
    80 AssignProcess {
        /// The job's number.
        job: u32,
        /// The process's; 0 for the asking one.
        process: u32,
    } -> Done;
    /// Ends the processes of a job.
    81 EndJob {
        /// The job's number.
        job: u32,
        /// Their exit code.
        code: u32,
    } -> Done;
    /// Answers what is known of a job. Reply payload: the numbers of its processes, 4 bytes each.
    82 QueryJob {
        /// The job's number; 0 for the innermost job of the asking process.
        job: u32,
    } -> JobFacts;
    /// Limits a job.
    83 LimitJob {
        /// The job's number.
        job: u32,
        /// `JOB_OBJECT_LIMIT_*`.
        limits: u32,
        /// The most processes that may be in it at once, where that is limited.
        most: u32,
    } -> Done;
    /// Watches a job, or watches it no more. A pipe travels with the reply out of which comes a [`JobNews`] for each thing that happens.
    84 WatchJob {
        /// The job's number.
        job: u32,
        /// Non-zero: no more.
        ends: u32,
    } -> Done;
    /// Answers whether a process is in a job.
    85 InJob {
        /// The process's number; 0 for the asking one.
        process: u32,
        /// The job's; 0 for any.
        job: u32,
    } -> Word;
    /// Sees that an open file's name outlives the loss of power. Its bytes were synchronised before.
    29 FlushFile {
        /// The file.
        handle: u32,
    } -> Done;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Frame;

    #[test]
    fn a_request_survives_its_frame() {
        let request = RenameFile { handle: 4, root: 0, replace: 1, link: 0 };
        assert_eq!(Request::decode(&Frame::request(&request, 10)), Some(Request::RenameFile(request)));
    }

    #[test]
    fn a_number_without_a_message_is_refused() {
        assert_eq!(Request::decode(&Frame { number: 9999, ..Frame::default() }), None);
    }
}
