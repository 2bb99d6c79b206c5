//! Which program a process is started from: the path, and the command line that it is given.

use crate::fileapi::full::full;
use crate::processenv::search;
use crate::sysinfoapi::SYSTEM_FOLDER;
use alloc::vec::Vec;
use guest::error::Win32Error;
use guest::text::same_ascii;
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_INVALID_PARAMETER, ERROR_PATH_NOT_FOUND};

const QUOTE: u16 = b'"' as u16;
const SPACE: u16 = b' ' as u16;
const TAB: u16 = b'\t' as u16;

/// A program and its command line.
pub struct Program {
    /// The full path of its file.
    pub path: Vec<u16>,
    /// The command line.
    pub line: Vec<u16>,
}

/// Finds the program that an application name or a command line means.
pub fn find(application: Option<&[u16]>, line: Option<&[u16]>) -> Result<Program, Win32Error> {
    let path = match (application, line) {
        (Some(application), _) => {
            let terminated: Vec<u16> = application.iter().copied().chain([0]).collect();
            // SAFETY: it ends in a NUL.
            unsafe { full(terminated.as_ptr()) }.map_err(|_| Win32Error(ERROR_FILE_NOT_FOUND))?
        }
        (None, Some(line)) if !line.is_empty() => from_line(line)?,
        _ => return Err(Win32Error(ERROR_INVALID_PARAMETER)),
    };
    let line = line.or(application).unwrap_or_default();
    Ok(if is_batch(&path) { batch(&path, line, application.is_some()) } else { Program { path, line: line.to_vec() } })
}

/// The program that a command line begins with. Where its path is not quoted and has spaces, it may end at any of them: the first
/// one that leads to a program counts (CreateProcess's documentation).
fn from_line(line: &[u16]) -> Result<Vec<u16>, Win32Error> {
    if let Some(rest) = line.strip_prefix(&[QUOTE]) {
        let end = rest.iter().position(|unit| *unit == QUOTE).unwrap_or(rest.len());
        return search::program(&rest[..end]);
    }
    let line = &line[line.iter().position(|unit| !matches!(*unit, SPACE | TAB)).unwrap_or(line.len())..];
    let spaces = line.iter().enumerate().filter(|(_, unit)| matches!(**unit, SPACE | TAB)).map(|(at, _)| at);
    let mut first = None;
    for end in spaces.chain([line.len()]) {
        match search::program(&line[..end]) {
            Ok(path) => return Ok(path),
            Err(error) if is_missing(error) || first.is_none() => first = first.or(Some(error)),
            Err(_) => {}
        }
    }
    Err(first.unwrap_or(Win32Error(ERROR_FILE_NOT_FOUND)))
}

/// Whether a file is a batch file, by its name.
fn is_batch(path: &[u16]) -> bool {
    let ends = |extension: &str| {
        let wanted: Vec<u16> = extension.encode_utf16().collect();
        path.len() > wanted.len() && same_ascii(&path[path.len() - wanted.len()..], &wanted)
    };
    ends(".bat") || ends(".cmd")
}

/// A batch file is the command interpreter's.
fn batch(path: &[u16], line: &[u16], named: bool) -> Program {
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let interpreter = [units(SYSTEM_FOLDER), units("\\cmd.exe")].concat();
    let command = if named && line.is_empty() { path } else { line };
    let line = [units("cmd.exe /c \""), command.to_vec(), units("\"")].concat();
    Program { path: interpreter, line }
}

/// Whether an error says that a file is not there.
fn is_missing(Win32Error(code): Win32Error) -> bool {
    matches!(code, ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND)
}
