//! What is on its way to a command line, and waits while that does not read.

use crate::wire::{Answer, encode};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use std::collections::VecDeque;
use std::os::unix::net::UnixStream;

/// Bytes that may wait before what can be spared is left out.
const MOST_BYTES: usize = 256 << 10;

/// Whether a message may be left out where the command line does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It always has a place: there is one for each run that was asked for.
    Needed,
    /// One that comes later takes the place of those of its number that still wait.
    Latest(u8),
    /// It is left out, and counted, where much waits already.
    Dispensable,
}

/// Messages in their order.
#[derive(Debug, Default)]
pub struct Outgoing {
    waiting: VecDeque<(Urgency, Vec<u8>)>,
    /// How many bytes of the first have been written.
    written: usize,
    bytes: usize,
    left_out: u64,
    /// Nobody has read since somebody waited for that.
    given_up: bool,
    gone: bool,
}

impl Outgoing {
    /// Whether something is left to write.
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether it is worth waiting before anything is added that can be spared.
    pub fn is_full(&self) -> bool {
        self.bytes > MOST_BYTES / 2 && !self.given_up && !self.gone
    }

    /// Whoever waited has waited in vain.
    pub fn give_up(&mut self) {
        self.given_up = true;
    }

    /// Adds a message.
    pub fn push(&mut self, urgency: Urgency, message: Vec<u8>) {
        if self.gone {
            return;
        }
        match urgency {
            Urgency::Dispensable if self.bytes + message.len() > MOST_BYTES => {
                self.left_out = self.left_out.saturating_add(1);
                return;
            }
            Urgency::Latest(_) => {
                let (mut index, begun) = (0, self.written > 0);
                let bytes = &mut self.bytes;
                self.waiting.retain(|(other, message)| {
                    let keep = *other != urgency || index == 0 && begun;
                    index += 1;
                    *bytes -= if keep { 0 } else { message.len() };
                    keep
                });
            }
            Urgency::Dispensable | Urgency::Needed => {}
        }
        self.tell_left_out();
        self.enter(urgency, message);
    }

    fn enter(&mut self, urgency: Urgency, message: Vec<u8>) {
        self.bytes += message.len();
        self.waiting.push_back((urgency, message));
    }

    /// Says how much was left out, where that was.
    fn tell_left_out(&mut self) {
        let count = std::mem::take(&mut self.left_out);
        if count > 0 {
            let text = format!("{count} texts were left out here, which could not be written");
            if let Ok(message) = encode(&Answer::DebugText(text)) {
                self.enter(Urgency::Needed, message);
            }
        }
    }

    /// Writes what the other side takes now.
    pub fn write(&mut self, stream: &UnixStream) {
        loop {
            while let Some((_, message)) = self.waiting.front() {
                match send(stream, &message[self.written..], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                    Ok(count) => {
                        self.written += count;
                        self.given_up = false;
                    }
                    Err(Errno::INTR) => continue,
                    Err(Errno::AGAIN) => return,
                    Err(_) => return self.close(),
                }
                if self.written >= message.len() {
                    self.bytes -= message.len();
                    self.written = 0;
                    self.waiting.pop_front();
                }
            }
            if self.left_out == 0 {
                return;
            }
            self.tell_left_out();
        }
    }

    /// Forgets what waits, and takes nothing more.
    pub fn close(&mut self) {
        *self = Self { gone: true, ..Self::default() };
    }
}
