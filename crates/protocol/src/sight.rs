//! The messages by which processes of a sandbox see each other: who is there, and what lies in another's memory.

use crate::message::{Done, Message, Word, messages};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

messages! {
    SightRequest;
    /// Lists the sandbox's processes, in the order of their numbers: as many as fit. Reply payload: [`gate::process::Row`] records;
    /// none where there are no more.
    78 ListProcesses {
        /// The list begins behind this process's number.
        after: u32,
    } -> Done;
    /// Reads memory of another process. Reply payload: the bytes up to the first page that cannot be read.
    86 ReadMemory {
        /// Where.
        at: u64,
        /// The process's number, as an object.
        number: u32,
        /// How many bytes.
        size: u32,
    } -> Done;
    /// Writes memory of another process. Payload: the bytes. Answers how many were written.
    87 WriteMemory {
        /// Where.
        at: u64,
        /// The process's number, as an object.
        number: u32,
        /// Unused.
        pad: u32,
    } -> Word;
}
