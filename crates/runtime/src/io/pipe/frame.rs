//! Messages on a stream: the length of each stands before it, 4 bytes. Whoever writes there is another process, and not believed
//! in anything but how much is to be read.

use crate::io::bytes::Bytes;
use crate::io::host;
use crate::user;
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_BUFFER_OVERFLOW, STATUS_PIPE_BROKEN, STATUS_SUCCESS};

/// Bytes of a length.
pub const HEAD: u64 = 4;
/// So much of a message goes out together with its length.
const TOGETHER: u64 = 32 << 10;

/// How far the messages that come in were read.
#[derive(Debug, Default)]
pub struct Incoming {
    head: [u8; HEAD as usize],
    filled: usize,
    /// What is left of the message that was begun.
    left: Option<u32>,
}

/// What waits to be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Bytes of all messages.
    pub available: u64,
    /// Bytes of the first one, and how many there are.
    pub message: [u32; 2],
    /// The first bytes.
    pub bytes: Vec<u8>,
}

impl Incoming {
    /// What is left of the first message, whose length is read where that has not happened; `None` at the end of all.
    fn begun(&mut self, descriptor: BorrowedFd<'_>) -> Result<Option<u32>, Errno> {
        while self.left.is_none() {
            let done = rustix::io::read(descriptor, &mut self.head[self.filled..])?;
            if done == 0 {
                return Ok(None);
            }
            self.filled += done;
            if self.filled == self.head.len() {
                self.filled = 0;
                self.left = Some(u32::from_le_bytes(self.head));
            }
        }
        Ok(self.left)
    }

    /// Reads a part of the first message; how much, 0 at the end of all.
    fn part(&mut self, descriptor: BorrowedFd<'_>, buffer: u64, most: u64) -> Result<u64, Errno> {
        let done = host::read(descriptor.as_raw_fd(), buffer, most, None)?;
        self.left = self.left.map(|left| left.saturating_sub(done as u32));
        Ok(done)
    }

    /// Reads one message, or as much of it as fits.
    pub fn read_message(&mut self, bytes: Bytes, descriptor: BorrowedFd<'_>, moved: &mut u64) -> Result<NTSTATUS, Errno> {
        loop {
            let Some(left) = self.begun(descriptor)? else { return Ok(STATUS_PIPE_BROKEN) };
            let room = bytes.length - *moved;
            if left == 0 {
                self.left = None;
                return Ok(STATUS_SUCCESS);
            }
            if room == 0 {
                return Ok(STATUS_BUFFER_OVERFLOW);
            }
            let done = self.part(descriptor, bytes.buffer + *moved, room.min(left.into()))?;
            if done == 0 {
                return Ok(STATUS_PIPE_BROKEN);
            }
            *moved += done;
        }
    }

    /// Reads what is there, across the bounds of messages.
    pub fn read_bytes(&mut self, bytes: Bytes, descriptor: BorrowedFd<'_>, moved: &mut u64) -> Result<NTSTATUS, Errno> {
        let outcome = loop {
            match self.begun(descriptor) {
                Ok(None) => break Ok(STATUS_PIPE_BROKEN),
                Err(error) => break Err(error),
                Ok(Some(0)) => self.left = None,
                // A read of nothing tells when there is something.
                Ok(Some(_)) if bytes.length == *moved => break Ok(STATUS_SUCCESS),
                Ok(Some(left)) => match self.part(descriptor, bytes.buffer + *moved, (bytes.length - *moved).min(left.into())) {
                    Ok(0) => break Ok(STATUS_PIPE_BROKEN),
                    Ok(done) => *moved += done,
                    Err(error) => break Err(error),
                },
            }
            if bytes.length == *moved && *moved > 0 {
                if self.left == Some(0) {
                    self.left = None;
                }
                return Ok(STATUS_SUCCESS);
            }
        };
        // What was read counts; what comes next tells its own tale.
        if *moved > 0 { Ok(STATUS_SUCCESS) } else { outcome }
    }

    /// What waits, given all bytes that can be read, of which `most` are wanted; those of the first message alone, or of all.
    pub fn look(&self, raw: &[u8], most: usize, first: bool) -> Waiting {
        let begun = &self.head[..self.filled];
        let joined: Vec<u8>;
        let mut rest = if begun.is_empty() {
            raw
        } else {
            joined = [begun, raw].concat();
            &joined
        };
        let mut waiting = Waiting::default();
        let mut left = self.left;
        loop {
            let length = match left.take() {
                Some(left) => left,
                None => {
                    let Some((head, behind)) = rest.split_first_chunk() else { return waiting };
                    rest = behind;
                    u32::from_le_bytes(*head)
                }
            };
            let is_first = waiting.message[1] == 0;
            if is_first {
                waiting.message[0] = length;
            }
            waiting.message[1] += 1;
            waiting.available += u64::from(length);
            let (part, behind) = rest.split_at(rest.len().min(length as usize));
            if is_first || !first {
                waiting.bytes.extend(&part[..part.len().min(most - waiting.bytes.len())]);
            }
            rest = behind;
        }
    }
}

/// Writes a message. Until it is over, `moved` counts its length's bytes too.
pub fn write(bytes: Bytes, descriptor: BorrowedFd<'_>, moved: &mut u64) -> Result<NTSTATUS, Errno> {
    let part = bytes.length.min(TOGETHER);
    if *moved < HEAD + part {
        let mut start = (bytes.length as u32).to_le_bytes().to_vec();
        start.extend(user::read_vec(bytes.buffer, part, TOGETHER as usize).map_err(|_| Errno::FAULT)?);
        while (*moved as usize) < start.len() {
            *moved += rustix::io::write(descriptor, &start[*moved as usize..])? as u64;
        }
    }
    while *moved < HEAD + bytes.length {
        let at = *moved - HEAD;
        *moved += host::write(descriptor.as_raw_fd(), bytes.buffer + at, bytes.length - at, None)?;
    }
    *moved = bytes.length;
    Ok(STATUS_SUCCESS)
}

/// What is missing of a message whose write was broken off: without it, those that follow could not be told apart.
pub fn rest(bytes: Bytes, moved: u64) -> Vec<u8> {
    if moved == 0 {
        return Vec::new();
    }
    let head = (bytes.length as u32).to_le_bytes();
    let mut rest = head[head.len().min(moved as usize)..].to_vec();
    let at = moved.saturating_sub(HEAD);
    // A program that takes its memory away under a write has no more to say there.
    rest.extend(user::read_vec(bytes.buffer + at, bytes.length - at, u32::MAX as usize).unwrap_or_default());
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(messages: &[&[u8]]) -> Vec<u8> {
        messages.iter().flat_map(|message| [&(message.len() as u32).to_le_bytes()[..], message].concat()).collect()
    }

    #[test]
    fn what_waits_is_counted_by_messages() {
        let raw = framed(&[b"abc", b"", b"de"]);
        let incoming = Incoming::default();
        assert_eq!(incoming.look(&raw, 9, true), Waiting { available: 5, message: [3, 3], bytes: b"abc".to_vec() });
        assert_eq!(incoming.look(&raw, 9, false).bytes, b"abcde");
        assert_eq!(incoming.look(&raw, 4, false).bytes, b"abcd");
        assert_eq!(incoming.look(&raw[..3], 4, false), Waiting::default());
        // Of a message that is on its way, all of it will come.
        assert_eq!(incoming.look(&raw[..5], 9, true), Waiting { available: 3, message: [3, 1], bytes: b"a".to_vec() });
    }

    #[test]
    fn what_was_begun_counts_with_what_is_left() {
        let raw = framed(&[b"de"]);
        let begun = Incoming { left: Some(1), ..Incoming::default() };
        assert_eq!(begun.look(&[b"c".as_slice(), &raw].concat(), 9, true), Waiting { available: 3, message: [1, 2], bytes: b"c".to_vec() });
        let half = Incoming { head: [2, 0, 9, 9], filled: 2, left: None };
        assert_eq!(half.look(&raw[2..], 9, true), Waiting { available: 2, message: [2, 1], bytes: b"de".to_vec() });
    }

    #[test]
    fn messages_cross_a_socket_as_they_were() {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
        use std::os::fd::AsFd;
        let (one, two) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK, None).unwrap();
        rustix::io::write(&one, &framed(&[b"hello", b"", b"yes"])).unwrap();
        let (mut incoming, mut buffer) = (Incoming::default(), [0_u8; 8]);
        let mut read = |length| {
            let mut moved = 0;
            let bytes = Bytes { write: false, buffer: buffer.as_mut_ptr() as u64, length };
            let status = incoming.read_message(bytes, two.as_fd(), &mut moved);
            (status, buffer[..moved as usize].to_vec())
        };
        assert_eq!(read(3), (Ok(STATUS_BUFFER_OVERFLOW), b"hel".to_vec()));
        assert_eq!(read(8), (Ok(STATUS_SUCCESS), b"lo".to_vec()));
        assert_eq!(read(8), (Ok(STATUS_SUCCESS), Vec::new()));
        assert_eq!(read(3), (Ok(STATUS_SUCCESS), b"yes".to_vec()));
        assert_eq!(read(3), (Err(Errno::AGAIN), Vec::new()));
        drop(one);
        assert_eq!(read(3), (Ok(STATUS_PIPE_BROKEN), Vec::new()));
    }
}
