//! The two handle tables: local objects, numbered here, and what the broker gave, numbered by the broker. Their number
//! ranges never meet (`protocol::handle`).

mod service;

use crate::current_thread;
use crate::file::File;
use crate::object::Object;
use crate::serve::Answer;
use gate::service::ObjectKind;
use protocol::handle::{BROKER, LOCAL_MOST};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use windows_sys::Win32::Foundation::{
    HANDLE_FLAG_INHERIT, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
};
use windows_sys::Win32::Storage::FileSystem::{STANDARD_RIGHTS_REQUIRED, SYNCHRONIZE};
use windows_sys::Win32::System::Threading::{EVENT_MODIFY_STATE, SEMAPHORE_MODIFY_STATE};

/// The pseudo handle of this process.
pub const THIS_PROCESS: u64 = u64::MAX;

/// The pseudo handle of the calling thread.
pub const THIS_THREAD: u64 = u64::MAX - 1;

/// A freed number is not given out again before this many others were freed: a stale handle is then answered with
/// `STATUS_INVALID_HANDLE` instead of somebody else's object.
const QUARANTINE: usize = 64;

/// What stands behind a handle.
#[derive(Clone)]
pub enum Target {
    /// A local object and the access granted.
    Local(Arc<Object>, u32),
    /// A file that the broker opened.
    File(Arc<File>),
}

pub struct Slot {
    object: Arc<Object>,
    access: u32,
    flags: u32,
}

#[derive(Default)]
pub struct Table {
    slots: Vec<Option<Slot>>,
    freed: VecDeque<u32>,
    files: HashMap<u32, Arc<File>>,
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

pub fn read() -> RwLockReadGuard<'static, Table> {
    TABLE.read().unwrap_or_else(PoisonError::into_inner)
}

pub fn change() -> RwLockWriteGuard<'static, Table> {
    TABLE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Handles are multiples of 4; the two lowest bits are the caller's.
pub fn index(handle: u64) -> Option<usize> {
    let number = u32::try_from(handle & !3).ok()?;
    (number < BROKER).then(|| (number as usize / 4).checked_sub(1)).flatten()
}

/// What a handle stands for, pseudo handles included.
pub fn target(handle: u64) -> Result<Target, NTSTATUS> {
    // A program may have sign-extended a 32-bit value.
    let handle = if handle >> 32 == 0 && handle >= u64::from(u32::MAX - 1) { handle | 0xFFFF_FFFF_0000_0000 } else { handle };
    match handle {
        THIS_PROCESS => return Ok(Target::Local(crate::object::this_process()?, u32::MAX)),
        THIS_THREAD => return Ok(Target::Local(current_thread::get().object()?, u32::MAX)),
        _ => {}
    }
    let table = read();
    if let Some(index) = index(handle) {
        let slot = table.slots.get(index).and_then(Option::as_ref).ok_or(STATUS_INVALID_HANDLE)?;
        return Ok(Target::Local(Arc::clone(&slot.object), slot.access));
    }
    let number = u32::try_from(handle & !3).map_err(|_| STATUS_INVALID_HANDLE)?;
    table.files.get(&number).map(|file| Target::File(Arc::clone(file))).ok_or(STATUS_INVALID_HANDLE)
}

/// The file behind a handle.
pub fn file(handle: u64) -> Result<Arc<File>, NTSTATUS> {
    match target(handle)? {
        Target::File(file) => Ok(file),
        Target::Local(..) => Err(STATUS_OBJECT_TYPE_MISMATCH),
    }
}

/// The local object behind a handle that grants `access`.
pub fn object(handle: u64, access: u32) -> Result<Arc<Object>, NTSTATUS> {
    match target(handle)? {
        Target::Local(object, granted) if granted & access == access => Ok(object),
        Target::Local(..) => Err(STATUS_ACCESS_DENIED),
        Target::File(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
    }
}

/// Gives an object a handle.
pub fn insert(object: Arc<Object>, access: u32, flags: u32) -> Result<u64, NTSTATUS> {
    let mut table = change();
    let slot = Some(Slot { object, access, flags });
    let index = if table.freed.len() > QUARANTINE { table.freed.pop_front() } else { None };
    let index = match index {
        Some(index) => {
            table.slots[index as usize] = slot;
            index as usize
        }
        None if table.slots.len() < LOCAL_MOST as usize => {
            table.slots.push(slot);
            table.slots.len() - 1
        }
        None => return Err(STATUS_INSUFFICIENT_RESOURCES),
    };
    Ok((index as u64 + 1) * 4)
}

/// Takes back a handle that nobody has seen.
pub fn take_back(handle: u64) {
    if let Some(index) = index(handle) {
        let mut table = change();
        let slot = table.slots.get_mut(index).and_then(Option::take);
        table.freed.push_back(index as u32);
        drop(table);
        drop(slot);
    }
}

/// Enters a file under the number that the broker gave it.
pub fn insert_file(file: Arc<File>) {
    change().files.insert(file.handle, file);
}

/// How many handles are open.
pub fn count() -> u32 {
    let table = read();
    (table.slots.iter().flatten().count() + table.files.len()) as u32
}

/// The access that `GENERIC_ALL` and `MAXIMUM_ALLOWED` come to for a kind of object.
pub const fn full_access(kind: ObjectKind) -> u32 {
    STANDARD_RIGHTS_REQUIRED
        | SYNCHRONIZE
        | match kind {
            ObjectKind::Event | ObjectKind::Semaphore | ObjectKind::Timer => 0x3,
            ObjectKind::Mutant => 0x1,
            ObjectKind::Section => 0x1F,
            ObjectKind::Thread | ObjectKind::Process => 0xFFFF,
            ObjectKind::File => 0x1FF,
            ObjectKind::Token => 0x1FF,
        }
}

/// Turns generic rights into those of a kind of object.
pub const fn granted(kind: ObjectKind, wanted: u32) -> u32 {
    const GENERIC: u32 = 0xF200_0000;
    if wanted & GENERIC == 0 { wanted } else { full_access(kind) }
}

/// `OBJ_INHERIT` as a handle flag.
pub const fn inherit(object_flags: u32) -> u32 {
    const OBJ_INHERIT: u32 = 2;
    if object_flags & OBJ_INHERIT != 0 { HANDLE_FLAG_INHERIT } else { 0 }
}

/// Refuses to signal an object through a handle that does not allow it.
pub fn check_signal(handle: u64, object: &Object) -> Answer {
    let needed = match object.kind() {
        ObjectKind::Event => EVENT_MODIFY_STATE,
        ObjectKind::Semaphore => SEMAPHORE_MODIFY_STATE,
        // Releasing a mutant asks for no right (NtReleaseMutant): only its owner can.
        ObjectKind::Mutant => 0,
        _ => return Err(STATUS_OBJECT_TYPE_MISMATCH),
    };
    self::object(handle, needed).map(|_| ())
}
