//! A program's file, and why nothing is started from it.

use crate::namespace::plain;
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Why nothing was started.
#[derive(Debug)]
pub struct Refused {
    /// The exit code for it.
    pub code: u8,
    /// One sentence.
    pub sentence: String,
}

impl Refused {
    /// Something of ours, or of the host's, is broken.
    pub fn broken(sentence: impl Into<String>) -> Self {
        Self { code: 125, sentence: sentence.into() }
    }

    pub(super) fn host(what: &str, error: impl Into<std::io::Error>) -> Self {
        Self::broken(format!("{what}: {}", plain(&error.into())))
    }
}

/// Opens a program's file for reading, if it is one.
pub fn open_program(path: &Path) -> Result<OwnedFd, Refused> {
    let refused = |code, what: String| Refused { code, sentence: format!("{}: {what}", path.display()) };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let program = open(path, flags, Mode::empty()).map_err(|error| {
        let missing = error == rustix::io::Errno::NOENT || error == rustix::io::Errno::NOTDIR;
        if missing { refused(127, "it does not exist".into()) } else { refused(126, plain(&error.into())) }
    })?;
    let facts = fstat(&program).map_err(|error| refused(126, plain(&error.into())))?;
    match FileType::from_raw_mode(facts.st_mode) {
        FileType::RegularFile => Ok(program),
        FileType::Directory => Err(refused(126, "this is a folder".into())),
        _ => Err(refused(126, "this is no file".into())),
    }
}

/// Whether a program is for 32-bit processors: looks at one field, the machine. Everything else is looked at in the jail.
pub fn is_32_bit(program: &OwnedFd) -> bool {
    const I386: u16 = 0x14C;
    let field = |offset: u64| {
        let mut bytes = [0; 4];
        (rustix::io::pread(program, &mut bytes, offset) == Ok(4)).then(|| u32::from_le_bytes(bytes))
    };
    let machine = field(0x3C).and_then(|at| field(u64::from(at) + 4)).map(|word| word as u16);
    machine == Some(I386)
}
