//! What comes from a command line, piece by piece.

use crate::wire::{Run, Say, body_length, decode, receive_streams};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

/// Bytes that are read at once.
const PIECE: usize = 8 << 10;

/// A message that is whole.
#[derive(Debug)]
pub enum Heard {
    /// Any but a run.
    Said(Say),
    /// A run, and its standard streams.
    Run(Box<Run>, Result<Vec<OwnedFd>>),
}

/// What has come of the next message.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// A run whose streams are still to come.
    run: Option<Box<Run>>,
}

impl Incoming {
    /// Takes what is there, of one message; answers it when it is whole. An error where the other side has gone, or says what is none.
    pub fn hear(&mut self, stream: &UnixStream) -> Result<Option<Heard>> {
        if let Some(run) = self.run.take() {
            if recv(stream, &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT).is_err_and(|error| error == Errno::AGAIN || error == Errno::INTR) {
                self.run = Some(run);
                return Ok(None);
            }
            return Ok(Some(streams_of(run, stream)));
        }
        let Some(said) = self.message(stream)? else { return Ok(None) };
        match said {
            Say::Run(run) if run.streams.contains(&true) => {
                self.run = Some(run);
                Ok(None)
            }
            Say::Run(run) => Ok(Some(streams_of(run, stream))),
            said => Ok(Some(Heard::Said(said))),
        }
    }

    /// Reads no byte of what follows the message: streams come with the one behind it.
    fn message(&mut self, stream: &UnixStream) -> Result<Option<Say>> {
        loop {
            let wanted = match self.bytes.first_chunk() {
                None => 4,
                Some(length) => 4 + body_length(*length)?,
            };
            let have = self.bytes.len();
            if have >= 4 && have == wanted {
                let said = decode(&self.bytes[4..]);
                self.bytes.clear();
                return said.map(Some);
            }
            let mut piece = [0; PIECE];
            let end = (wanted - have).min(PIECE);
            match recv(stream, &mut piece[..end], RecvFlags::DONTWAIT) {
                Ok((_, 0)) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok((_, count)) => self.bytes.extend_from_slice(&piece[..count]),
                Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
                Err(error) => return Err(Error::from(error)),
            }
        }
    }
}

fn streams_of(run: Box<Run>, stream: &UnixStream) -> Heard {
    let wanted = run.streams.iter().filter(|is_there| **is_there).count();
    Heard::Run(run, receive_streams(stream, wanted))
}
