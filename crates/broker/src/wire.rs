//! What the command line and the broker say to each other: messages with their length in front, over a stream socket.

use crate::policy::{Drive, Grant};
use channel::socket;
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// The version of these messages; both sides must have the same.
pub const VERSION: u32 = 4;
/// The longest message, in bytes.
const LONGEST: u32 = 16 << 20;

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Say {
    /// Who it is, to a broker that is joined: first, and once. A broker of the run's own is the same program.
    Hello {
        /// [`VERSION`].
        version: u32,
    },
    /// Run a program; its standard streams travel with it.
    Run(Box<Run>),
    /// A signal for the run's processes.
    Signal(Signal),
    /// The terminal has the mode that [`Answer::TerminalMode`] asked for.
    TerminalSet,
    /// End every program of the sandbox, whoever runs it.
    Stop,
}

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The program, absolute; or where programs see it, which no absolute path of the host begins like (`C:\\x.exe`).
    pub program: PathBuf,
    /// Its arguments, without its name.
    pub arguments: Vec<String>,
    /// The working folder of the host, absolute.
    pub folder: PathBuf,
    /// Folders of the host that this run sees.
    pub grants: Vec<Grant>,
    /// Drives that show granted folders.
    pub drives: Vec<Drive>,
    /// The program does not start when an import is missing.
    pub strict_imports: bool,
    /// One audit event per call.
    pub per_call: bool,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
    /// Layers of the jail that are left off, for tests of what a poorer host offers.
    pub without_layers: u32,
    /// Layers without which the program must not run.
    pub required_layers: u32,
    /// Which of the three standard streams travel along.
    pub streams: [bool; 3],
}

/// A signal for a run's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Break.
    Break,
    /// End them.
    Terminate,
    /// Ctrl-Z: stop them.
    Stop,
    /// Let them go on.
    Continue,
}

/// What the broker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Who it is.
    Welcome {
        /// [`VERSION`].
        version: u32,
    },
    /// A program set how the terminal reads; [`Say::TerminalSet`] answers.
    TerminalMode {
        /// Whole lines, edited.
        lines: bool,
        /// What is typed is shown.
        echo: bool,
        /// Ctrl-C interrupts; otherwise it is a character.
        interrupts: bool,
    },
    /// A program waits for what the user types.
    TerminalInput,
    /// Text that the program wrote for a debugger.
    DebugText(String),
    /// The program has ended.
    Ended(Box<Ended>),
    /// The program could not be run.
    Failed {
        /// The exit code for it.
        code: u8,
        /// One sentence.
        sentence: String,
        /// Missing imports, under strict imports.
        missing: Vec<String>,
    },
    /// Every program has been ended.
    Stopped {
        /// How many there were.
        processes: u32,
    },
}

/// How a program ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its exit code, all 32 bits.
    pub code: u32,
    /// What happened, if it crashed.
    pub crash: Option<String>,
    /// Host files that it asked for, which exist and are not granted, with the flag that would grant each.
    pub not_granted: Vec<NotGranted>,
    /// Where the audit lies.
    pub audit: PathBuf,
}

/// A host file that a program asked for in vain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotGranted {
    /// The file.
    pub path: PathBuf,
    /// The flag that would grant it.
    pub flag: String,
}

/// A message as it travels: its length, and what it says.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    bytes.extend(postcard::to_allocvec(message).map_err(|_| Error::from(ErrorKind::InvalidInput))?);
    let length = u32::try_from(bytes.len() - 4).ok().filter(|length| *length <= LONGEST).ok_or(ErrorKind::InvalidInput)?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// The length of a message, by what travels in front of it.
pub fn body_length(length: [u8; 4]) -> Result<usize> {
    let length = u32::from_le_bytes(length);
    if length > LONGEST { Err(ErrorKind::InvalidData.into()) } else { Ok(length as usize) }
}

/// What a message says, behind its length.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|_| ErrorKind::InvalidData.into())
}

/// Sends a message.
pub fn send<T: Serialize>(stream: &UnixStream, message: &T) -> Result<()> {
    let mut stream = stream;
    stream.write_all(&encode(message)?)
}

/// Receives a message; `UnexpectedEof` when the other side has gone.
pub fn receive<T: DeserializeOwned>(stream: &UnixStream) -> Result<T> {
    let mut stream = stream;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; body_length(length)?];
    stream.read_exact(&mut bytes)?;
    decode(&bytes)
}

/// Sends standard streams, before the run that they belong to.
pub fn send_streams(stream: &UnixStream, streams: &[BorrowedFd<'_>]) -> Result<()> {
    if streams.is_empty() { Ok(()) } else { Ok(socket::send(stream, streams)?) }
}

/// Receives standard streams: as many as a run says.
pub fn receive_streams(stream: &UnixStream, count: usize) -> Result<Vec<OwnedFd>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let streams = socket::receive_all(stream.as_fd())?;
    if streams.len() == count { Ok(streams) } else { Err(Errno::PROTO.into()) }
}
