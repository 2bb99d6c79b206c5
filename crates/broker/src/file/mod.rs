//! Requests about files. What a request may do is decided here; how the host does it is a volume's business.

mod change;
mod facts;
mod handles;
mod identity;
mod listing;
mod lock;
pub mod open;
mod section;
mod short;
mod stream;
mod watch;

use crate::namespace::{DrivePath, Name, Place, parse, strip};
use crate::object::FileObject;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::Device;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_DEVICE_REQUEST, STATUS_OBJECT_NAME_INVALID, STATUS_REPARSE_POINT_NOT_RESOLVED,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_ALL_ACCESS, FILE_APPEND_DATA, FILE_DELETE_CHILD, FILE_EXECUTE, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ, FILE_GENERIC_WRITE,
    FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_READ_EA, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA, READ_CONTROL, SYNCHRONIZE, WRITE_DAC,
    WRITE_OWNER,
};

/// A request's answer.
pub type Answer = Result<Reply, NTSTATUS>;

/// The most links that lead from one volume to another on the way of one path.
const MOST_LINKS: u32 = 40;

/// What a grant for reading alone leaves of the rights on a file.
const READ_RIGHTS: u32 = FILE_READ_DATA | FILE_READ_EA | FILE_EXECUTE | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;
/// The rights that only a grant for writing gives.
const CHANGES: u32 =
    FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES | FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER;
const MAXIMUM_ALLOWED: u32 = 0x0200_0000;

/// What the audit calls a pipe without a name.
pub const PIPE: &str = "\\Device\\NamedPipe\\";

/// Takes a lock, whatever became of who held it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rights on a file that generic rights come to.
pub fn specific(access: u32) -> u32 {
    const READ: u32 = 0x8000_0000;
    const WRITE: u32 = 0x4000_0000;
    const EXECUTE: u32 = 0x2000_0000;
    const ALL: u32 = 0x1000_0000;
    let rows = [(READ, FILE_GENERIC_READ), (WRITE, FILE_GENERIC_WRITE), (EXECUTE, FILE_GENERIC_EXECUTE), (ALL, FILE_ALL_ACCESS)];
    let rights = rows.iter().filter(|(generic, _)| access & generic != 0).fold(access, |rights, (_, specific)| rights | specific);
    rights & !(READ | WRITE | EXECUTE | ALL | MAXIMUM_ALLOWED)
}

/// A payload as UTF-16.
pub fn units(payload: &[u8]) -> Result<Vec<u16>, NTSTATUS> {
    let (units, rest) = payload.as_chunks::<2>();
    if rest.is_empty() { Ok(units.iter().map(|unit| u16::from_le_bytes(*unit)).collect()) } else { Err(STATUS_OBJECT_NAME_INVALID) }
}

/// UTF-16 as a payload.
pub fn bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// An NT path in a payload, for people.
pub fn shown(payload: &[u8]) -> String {
    let Ok(name) = units(payload) else { return String::from("?") };
    let name: &[u16] = &name;
    let name = strip(name, "\\??\\").unwrap_or(name);
    let mut text = String::with_capacity(name.len());
    text.extend(char::decode_utf16(name.iter().copied()).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)));
    text
}

impl Process {
    /// What a name leads to: an NT path, or one that starts at an open folder.
    pub fn name(&self, root: u32, payload: &[u8]) -> Result<Name, NTSTATUS> {
        let name = units(payload)?;
        if root == 0 {
            return parse(&name).map(|name| self.lengthened(name));
        }
        let folder = lock(&self.handles).get(root, 0)?.file()?.clone();
        if folder.device == Device::Pipes {
            return Ok(Name::Pipe(name));
        }
        let base = folder.file.as_ref().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let mut path = lock(&base.place).path.to_nt();
        if !name.is_empty() {
            if path.last() != Some(&u16::from(b'\\')) {
                path.push(u16::from(b'\\'));
            }
            path.extend(name);
        }
        parse(&path).map(|name| self.lengthened(name))
    }

    /// The object behind a handle that grants all of `access`.
    pub fn object(&self, number: u32, access: u32) -> Result<Arc<FileObject>, NTSTATUS> {
        lock(&self.handles).get(number, access)?.file().cloned()
    }

    /// Takes the closes that were posted where a file's deletion may wait for one: its name must be gone for whoever asks.
    fn settle(&self) {
        let deleting = lock(&self.sandbox.sharing).any_deleting();
        if deleting {
            self.sandbox.drain_all();
        }
    }

    /// Where a path leads; that it leads nowhere is remembered.
    fn place(&self, path: &DrivePath) -> Result<Place, NTSTATUS> {
        self.terms.namespace.place(path).inspect_err(|_| self.note_missing(path, false))
    }

    /// Works at a path, and goes on where a link leads out of its volume: whatever is there must be granted as well.
    fn through<T>(&self, path: &DrivePath, mut work: impl FnMut(&DrivePath) -> Result<T, NTSTATUS>) -> Result<T, NTSTATUS> {
        let mut followed: Option<DrivePath> = None;
        for _ in 0..MOST_LINKS {
            let at = followed.as_ref().unwrap_or(path);
            match work(at) {
                Err(store::OUTSIDE) => {}
                done => return done,
            }
            let Place::Volume(inside) = self.terms.namespace.place(at)? else { return Err(STATUS_ACCESS_DENIED) };
            followed = Some(self.terms.namespace.follow(&inside)?);
        }
        Err(STATUS_REPARSE_POINT_NOT_RESOLVED)
    }
}
