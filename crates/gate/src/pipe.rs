//! What is told of a named pipe's end, as bits, and how an instance stands.

/// It has a name: the broker knows how it stands.
pub const NAMED: u32 = 1;
/// The server's end.
pub const SERVER: u32 = 2;
/// Messages are written, and not bytes.
pub const MESSAGES: u32 = 4;
/// It is read by messages.
pub const READS_MESSAGES: u32 = 8;
/// Calls answer at once, even with nothing.
pub const NO_WAIT: u32 = 0x10;

crate::numbered! {
    /// How an instance stands (`FILE_PIPE_*_STATE` of ntifs.h).
    State {
        /// It has no client, and takes none.
        Disconnected = 1,
        /// It takes a client.
        Listening = 2,
        /// It has a client.
        Connected = 3,
        /// Its client is gone.
        Closing = 4,
    }
}
