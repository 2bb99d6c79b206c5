//! A program's file, and why nothing is started from it.

use crate::namespace::{Name, Namespace, Place, parse, plain};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use std::os::fd::OwnedFd;
use std::path::Path;
use store::{Create, How};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_FILE_IS_A_DIRECTORY, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND};

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

/// Opens a program that lies where programs see it: on a drive of the sandbox's, such as `C:\Windows\System32\cmd.exe`. Answers its path there.
pub fn open_inside(namespace: &Namespace, path: &str) -> Result<(OwnedFd, Vec<u16>), Refused> {
    let refused = |status: NTSTATUS| match status {
        STATUS_OBJECT_NAME_NOT_FOUND | STATUS_OBJECT_PATH_NOT_FOUND => Refused { code: 127, sentence: format!("{path}: it does not exist") },
        STATUS_FILE_IS_A_DIRECTORY => Refused { code: 126, sentence: format!("{path}: this is a folder") },
        _ => Refused { code: 126, sentence: format!("{path}: it cannot be opened") },
    };
    let native: Vec<u16> = ["\\??\\", &path.replace('/', "\\")].concat().encode_utf16().collect();
    let Name::Drive(at) = parse(&native).map_err(refused)? else { return Err(refused(STATUS_OBJECT_NAME_NOT_FOUND)) };
    let Place::Volume(inside) = namespace.place(&at).map_err(refused)? else { return Err(refused(STATUS_FILE_IS_A_DIRECTORY)) };
    let how = How { read: true, write: false, append: false, through: false, create: Create::Open, folder: Some(false), link: false, attributes: 0 };
    let opened = inside.volume.open(&inside.path, &how).map_err(refused)?;
    inside.volume.released(opened.metadata.id);
    Ok((opened.file, at.to_nt()[4..].to_vec()))
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
