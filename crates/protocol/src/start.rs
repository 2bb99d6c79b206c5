//! What a sandbox process is told before it runs: one block in its first channel, and descriptors at fixed numbers.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The descriptors that a sandbox process is born with, beside the standard streams 0 to 2.
pub mod descriptor {
    /// The first channel's memory.
    pub const CHANNEL: i32 = 3;
    /// The first channel's socket.
    pub const SOCKET: i32 = 4;
    /// The socket that carries the seccomp listener to the broker; nothing else ever passes it.
    pub const BOOT: i32 = 5;
    /// The system DLLs, in one file.
    pub const SYSTEM: i32 = 6;
    /// The program.
    pub const PROGRAM: i32 = 7;
    /// `KUSER_SHARED_DATA`, read-only.
    pub const SHARED_DATA: i32 = 8;
    /// Call counters and failure logs.
    pub const TELEMETRY: i32 = 9;
    /// File records.
    pub const RECORDS: i32 = 10;
    /// The first number after them.
    pub const END: i32 = 11;
}

/// One of the standard streams that a process is born with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standard {
    /// The handle.
    pub handle: u32,
    /// A [`gate::file::Device`] as a number.
    pub device: u32,
}

/// What a program is given by whoever starts it: `RTL_USER_PROCESS_PARAMETERS` without its pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// The program's path, UTF-16.
    #[serde(with = "units")]
    pub program: Vec<u16>,
    /// The command line, UTF-16.
    #[serde(with = "units")]
    pub command_line: Vec<u16>,
    /// The working folder, UTF-16, with a backslash at its end.
    #[serde(with = "units")]
    pub directory: Vec<u16>,
    /// The environment block, UTF-16: `NAME=value` strings that end in NUL, and a NUL at its end.
    #[serde(with = "units")]
    pub environment: Vec<u16>,
    /// The window's title, UTF-16.
    #[serde(with = "units")]
    pub title: Vec<u16>,
    /// The desktop, UTF-16.
    #[serde(with = "units")]
    pub desktop: Vec<u16>,
    /// What the shell hands on, UTF-16.
    #[serde(with = "units")]
    pub shell: Vec<u16>,
    /// What a C runtime hands on to the next (`lpReserved2`).
    pub runtime: Vec<u8>,
    /// `STARTF_*`.
    pub window_flags: u32,
    /// Place, size, size in characters, fill attribute, and how the window is shown.
    pub window: [u32; 8],
    /// The console's handle; 0 for none, 1 for the one that the process is born to.
    pub console: u32,
    /// The numbers of the standard handles, whatever they stand for.
    pub standard: [u32; 3],
}

/// A handle to an object that processes share, which a child has from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inherited {
    /// The handle.
    pub handle: u32,
    /// The access that it grants.
    pub access: u32,
    /// The object's number.
    pub number: u32,
}

/// What a process asks for that starts another one: the payload of [`crate::message::CreateProcess`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// What the program is given.
    pub parameters: Parameters,
    /// The handles that are inherited, where not all are that may be.
    pub listed: Vec<u32>,
    /// The inherited handles that the process numbers itself.
    pub objects: Vec<Inherited>,
    /// The numbers of the jobs that it is put into.
    pub jobs: Vec<u32>,
}

impl Child {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads what [`Child::encode`] wrote, or a hostile process; `None` where it is neither.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// Everything a process starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// [`crate::VERSION`] of the broker that wrote it.
    pub version: u32,
    /// The process's number, as Windows programs see it.
    pub process: u32,
    /// The number of the process that started it; 0 for none.
    pub parent: u32,
    /// The first thread's number.
    pub thread: u32,
    /// Windows' version: major, minor, build.
    pub windows: [u32; 3],
    /// Processors that the process may use.
    pub processors: u32,
    /// Time stamps per microsecond.
    pub stamps_per_microsecond: u32,
    /// One event per call is wanted.
    pub per_call: bool,
    /// The program does not start when an import is missing.
    pub strict_imports: bool,
    /// It waits until its first thread is resumed.
    pub suspended: bool,
    /// The layers of the jail that are wanted, as bits of `jail::Layers`; the runtime puts on its own among them.
    pub layers: u32,
    /// What the program is given.
    pub parameters: Parameters,
    /// The standard streams that it is born with.
    pub born: [Option<Standard>; 3],
    /// Handles to shared objects that it has from its start.
    pub inherited: Vec<Inherited>,
}

/// Texts as bytes: unit by unit they would take longer than the rest of the block together.
mod units {
    use alloc::vec::Vec;
    use core::fmt::{Formatter, Result as Written};
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;
    use zerocopy::IntoBytes;

    pub fn serialize<S: Serializer>(units: &[u16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(units.as_bytes())
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
        struct Units;
        impl Visitor<'_> for Units {
            type Value = Vec<u16>;

            fn expecting(&self, formatter: &mut Formatter<'_>) -> Written {
                formatter.write_str("UTF-16 units as bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u16>, E> {
                let (units, []) = bytes.as_chunks() else { return Err(E::custom("half a unit")) };
                Ok(units.iter().map(|unit| u16::from_le_bytes(*unit)).collect())
            }
        }
        deserializer.deserialize_bytes(Units)
    }
}

/// The status of a [`crate::FAILURE`] that means: this is no program that can run here.
pub const UNFIT: i32 = i32::MIN;

impl Start {
    /// The block as bytes.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// Reads a block; `None` where it is damaged or of another version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let start: Self = postcard::from_bytes(bytes).ok()?;
        (start.version == crate::VERSION).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_survives_its_bytes() {
        let parameters = Parameters { program: "Z:\\a.exe".encode_utf16().collect(), ..Parameters::default() };
        let start = Start { version: crate::VERSION, parameters, ..Start::default() };
        assert_eq!(Start::decode(&start.encode()), Some(start));
    }

    #[test]
    fn another_version_is_refused() {
        assert_eq!(Start::decode(&Start { version: crate::VERSION + 1, ..Start::default() }.encode()), None);
    }
}
