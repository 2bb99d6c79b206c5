//! The messages about named pipes. Numbers are permanent, and those of [`crate::message`] are others.

use crate::message::{Message, messages};
use crate::value::{Done, Opened, PipeFacts, PipeStanding, Word};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

messages! {
    PipeRequest;
    /// Makes an instance of a named pipe: its server's end. Payload: the NT path, UTF-16.
    90 CreateNamedPipe {
        /// How long a client waits that does not say it: 100 ns units.
        patience: u64,
        /// The directory of pipes that a relative name starts at, or 0.
        root: u32,
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
        /// [`gate::pipe::MESSAGES`], and how the end is used.
        told: u32,
        /// The most instances, or `u32::MAX`.
        instances: u32,
        /// The sizes asked for: what comes in, what goes out.
        quotas: [u32; 2],
    } -> Opened;
    /// Lets an instance listen; what is ready once a client is there travels with the reply, unless it is known. Reply: non-zero
    /// where the instance did not listen before.
    91 ListenPipe {
        /// The server's end.
        handle: u32,
        /// Non-zero: it has travelled before.
        known: u32,
    } -> Word;
    /// Answers how an end stands. What a server's bytes move over travels with the reply, unless it is known.
    92 TakePipe {
        /// The generation that is known, or 0; all bits set where the link is not wanted.
        known: u64,
        /// The end.
        handle: u32,
        /// Unused.
        pad: u32,
    } -> PipeStanding;
    /// Breaks an instance's connection off.
    93 DisconnectPipe {
        /// The server's end.
        handle: u32,
    } -> Done;
    /// Answers what is known of a named pipe.
    94 QueryNamedPipe {
        /// An end.
        handle: u32,
    } -> PipeFacts;
    /// Notes how an end is used, for whoever inherits it.
    95 SetPipe {
        /// The end.
        handle: u32,
        /// [`gate::pipe::READS_MESSAGES`] and [`gate::pipe::NO_WAIT`].
        told: u32,
    } -> Done;
    /// Waits until an instance of a name listens. Payload: the name, UTF-16.
    96 WaitPipe {
        /// At most so long, in 100 ns units; all bits set for what the name's creator said.
        limit: u64,
        /// The directory of pipes.
        handle: u32,
        /// Unused.
        pad: u32,
    } -> Done;
}
