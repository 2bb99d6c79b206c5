//! The ten streams of a command, and where they lead for as long as it runs.

use super::Shell;
use crate::language::syntax::{Redirection, Target};
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::null_mut;
use program::file::Owned;
use program::{Error, Result, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_ALWAYS, CreateFileW, FILE_APPEND_DATA, FILE_ATTRIBUTE_NORMAL, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    OPEN_ALWAYS, OPEN_EXISTING, SYNCHRONIZE,
};
use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};

const STREAMS: usize = 10;

/// Where streams lead.
#[derive(Clone, Copy, Debug)]
pub struct Streams([HANDLE; STREAMS]);

impl Streams {
    /// The process's.
    pub fn standard() -> Self {
        let mut streams = [null_mut(); STREAMS];
        // SAFETY: takes numbers.
        let standard = [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE].map(|number| unsafe { GetStdHandle(number) });
        streams[..3].copy_from_slice(&standard);
        Self(streams)
    }

    /// One of them.
    pub fn get(&self, stream: usize) -> HANDLE {
        self.0.get(stream).copied().unwrap_or(null_mut())
    }

    /// Lets one lead elsewhere.
    pub fn set(&mut self, stream: usize, handle: HANDLE) {
        if let Some(place) = self.0.get_mut(stream) {
            *place = handle;
        }
    }

    /// The three that programs know.
    pub fn three(&self) -> [HANDLE; 3] {
        [self.0[0], self.0[1], self.0[2]]
    }
}

/// Files that streams lead to, and where the streams led before.
pub struct Redirected {
    before: Streams,
    _files: Vec<Owned>,
}

impl Shell {
    /// Lets streams lead where a command says; the error names what could not be opened.
    pub(super) fn redirect(&mut self, redirections: &[Redirection]) -> core::result::Result<Redirected, (Error, String)> {
        let before = self.streams;
        let mut files = Vec::new();
        for redirection in redirections {
            let opened = match &redirection.target {
                Target::Stream(other) => {
                    let handle = self.streams.get(usize::from(*other));
                    if handle.is_null() {
                        self.streams = before;
                        return Err((Error(ERROR_INVALID_HANDLE), alloc::format!("&{other}")));
                    }
                    Ok(handle)
                }
                Target::Read(file) | Target::Write(file) | Target::Append(file) => {
                    let name = crate::language::name::unquoted(&self.expanded(file));
                    open(&name, &redirection.target)
                        .map(|file| {
                            let handle = file.0;
                            files.push(file);
                            handle
                        })
                        .map_err(|error| (error, name))
                }
            };
            match opened {
                Ok(handle) => self.streams.set(usize::from(redirection.stream), handle),
                Err(error) => {
                    self.streams = before;
                    return Err(error);
                }
            }
        }
        Ok(Redirected { before, _files: files })
    }

    /// Lets streams lead where they led.
    pub(super) fn lead_back(&mut self, redirected: Redirected) {
        self.streams = redirected.before;
    }
}

/// Opens a stream's file; programs that are started inherit it.
fn open(name: &str, target: &Target) -> Result<Owned> {
    let console = name.eq_ignore_ascii_case("con");
    let (access, disposition, name) = match target {
        Target::Read(_) | Target::Stream(_) => (GENERIC_READ, OPEN_EXISTING, if console { "CONIN$" } else { name }),
        Target::Write(_) if console => (GENERIC_WRITE, OPEN_EXISTING, "CONOUT$"),
        Target::Write(_) => (GENERIC_WRITE, CREATE_ALWAYS, name),
        Target::Append(_) if console => (GENERIC_WRITE, OPEN_EXISTING, "CONOUT$"),
        Target::Append(_) => (FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE, OPEN_ALWAYS, name),
    };
    let security = SECURITY_ATTRIBUTES { nLength: size_of::<SECURITY_ATTRIBUTES>() as u32, lpSecurityDescriptor: null_mut(), bInheritHandle: 1 };
    let (name, share) = (text::wide(name), FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    // SAFETY: the name ends in a NUL.
    let handle = unsafe { CreateFileW(name.as_ptr(), access, share, &raw const security, disposition, FILE_ATTRIBUTE_NORMAL, null_mut()) };
    if handle == INVALID_HANDLE_VALUE { Err(Error::last()) } else { Ok(Owned(handle)) }
}
