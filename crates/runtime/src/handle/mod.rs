//! The two handle tables: local objects, numbered here, and what the broker gave, numbered by the broker. Their number
//! ranges never meet (`protocol::handle`).

pub mod service;

use crate::broker::{self, Arrived};
use crate::file::File;
use crate::key::Key;
use crate::object::{Object, Part};
use crate::process::outline;
use crate::serve::Answer;
use crate::{name, process, thread, words};
use gate::service::ObjectKind;
use protocol::handle::{BROKER, BROKER_END, LOCAL_MOST};
use protocol::message::AdoptHandle;
use protocol::start::Inherited;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use windows_sys::Win32::Foundation::{
    HANDLE_FLAG_INHERIT, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
};
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
    /// A key of the registry.
    Key(Arc<Key>),
}

struct Slot {
    object: Arc<Object>,
    access: u32,
    flags: u32,
}

impl Drop for Slot {
    fn drop(&mut self) {
        name::let_go(&self.object);
    }
}

#[derive(Default)]
struct Table {
    slots: Vec<Option<Slot>>,
    freed: VecDeque<u32>,
    files: HashMap<u32, Arc<File>>,
    keys: HashMap<u32, Arc<Key>>,
}

impl Table {
    /// What a number of the broker's stands for, as far as this process knows it.
    fn remote(&self, number: u32) -> Option<Target> {
        let file = self.files.get(&number).map(|file| Target::File(Arc::clone(file)));
        file.or_else(|| self.keys.get(&number).map(|key| Target::Key(Arc::clone(key))))
    }

    /// Frees a handle's place; the object is let go of with the answer, without the table.
    fn free(&mut self, index: usize) -> Option<Slot> {
        let slot = self.slots.get_mut(index).and_then(Option::take);
        if slot.is_some() {
            outline::count_handle(false);
        }
        words::enter(number(index), 0);
        self.freed.push_back(index as u32);
        slot
    }
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

fn read() -> RwLockReadGuard<'static, Table> {
    TABLE.read().unwrap_or_else(PoisonError::into_inner)
}

fn change() -> RwLockWriteGuard<'static, Table> {
    TABLE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Handles are multiples of 4; the two lowest bits are the caller's.
fn index(handle: u64) -> Option<usize> {
    let number = u32::try_from(handle & !3).ok()?;
    (number < BROKER).then(|| (number as usize / 4).checked_sub(1)).flatten()
}

/// The handle of a place.
const fn number(index: usize) -> u64 {
    (index as u64 + 1) * 4
}

/// What a handle stands for, pseudo handles included.
pub fn target(handle: u64) -> Result<Target, NTSTATUS> {
    // A program may have sign-extended a 32-bit value.
    let handle = if handle >> 32 == 0 && handle >= u64::from(u32::MAX - 1) { handle | 0xFFFF_FFFF_0000_0000 } else { handle };
    match handle {
        THIS_PROCESS => return Ok(Target::Local(process::object()?, u32::MAX)),
        THIS_THREAD => return Ok(Target::Local(thread::current().object()?, u32::MAX)),
        _ => {}
    }
    let table = read();
    if let Some(index) = index(handle) {
        let slot = table.slots.get(index).and_then(Option::as_ref).ok_or(STATUS_INVALID_HANDLE)?;
        return Ok(Target::Local(Arc::clone(&slot.object), slot.access));
    }
    let number = u32::try_from(handle & !3).map_err(|_| STATUS_INVALID_HANDLE)?;
    let known = table.remote(number);
    drop(table);
    known.map_or_else(|| adopt(number), Ok)
}

/// What a handle stands for that this process has and was not told of: inherited, or given by another process.
fn adopt(number: u32) -> Result<Target, NTSTATUS> {
    if !(BROKER..BROKER_END).contains(&number) {
        return Err(STATUS_INVALID_HANDLE);
    }
    match broker::open(&AdoptHandle { handle: number }, &[]) {
        Ok(Arrived { lost: true, .. }) => Err(STATUS_INSUFFICIENT_RESOURCES),
        Ok(Arrived { reply, .. }) if reply.device == protocol::key::DEVICE => {
            let key = Arc::new(Key::adopted(&reply));
            insert_key(Arc::clone(&key));
            Ok(Target::Key(key))
        }
        Ok(Arrived { reply, descriptor, .. }) => {
            let file = Arc::new(File::new(&reply, descriptor));
            insert_file(Arc::clone(&file));
            Ok(Target::File(file))
        }
        // Another thread was first, perhaps.
        Err(status) => read().remote(number).ok_or(status),
    }
}

/// Another process behind a handle that grants `access`, or its first thread: the number by which the broker knows it. `None` for
/// what is this process's own.
pub fn other(handle: u64, access: u32) -> Result<Option<u32>, NTSTATUS> {
    let Target::Local(object, granted) = target(handle)? else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
    match object.other() {
        Some(_) if granted & access != access => Err(STATUS_ACCESS_DENIED),
        other => Ok(other),
    }
}

/// The handles to shared objects that children may inherit: number, access, and the object's number.
pub fn inheritable() -> Vec<Inherited> {
    let table = read();
    let slots = table.slots.iter().enumerate().filter_map(|(index, slot)| Some((number(index) as u32, slot.as_ref()?)));
    let marked = slots.filter(|(_, slot)| slot.flags & HANDLE_FLAG_INHERIT != 0);
    marked.filter_map(|(handle, slot)| Some(Inherited { handle, access: slot.access, number: slot.object.shared()? })).collect()
}

/// Gives an object, which counts it already, the handle that this process inherited for it.
pub fn inherit(object: Arc<Object>, access: u32, handle: u64) -> Result<(), NTSTATUS> {
    let index = index(handle).filter(|index| *index < LOCAL_MOST as usize).ok_or(STATUS_INVALID_HANDLE)?;
    let entry = object.entry(access);
    let mut table = change();
    while table.slots.len() <= index {
        let free = table.slots.len() as u32;
        table.slots.push(None);
        table.freed.push_back(free);
    }
    table.freed.retain(|free| *free != index as u32);
    let before = table.slots[index].replace(Slot { object, access, flags: HANDLE_FLAG_INHERIT });
    words::enter(handle, entry);
    if before.is_none() {
        outline::count_handle(true);
    }
    drop(table);
    drop(before);
    Ok(())
}

/// The file behind a handle.
pub fn file(handle: u64) -> Result<Arc<File>, NTSTATUS> {
    match target(handle)? {
        Target::File(file) => Ok(file),
        Target::Local(..) | Target::Key(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
    }
}

/// The key behind a handle.
pub fn key(handle: u64) -> Result<Arc<Key>, NTSTATUS> {
    match target(handle)? {
        Target::Key(key) => Ok(key),
        Target::Local(..) | Target::File(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
    }
}

/// The local object behind a handle that grants `access`.
pub fn object(handle: u64, access: u32) -> Result<Arc<Object>, NTSTATUS> {
    match target(handle)? {
        Target::Local(object, granted) if granted & access == access => Ok(object),
        Target::Local(..) => Err(STATUS_ACCESS_DENIED),
        Target::File(_) | Target::Key(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
    }
}

/// The object of a kind behind a handle that grants `access`.
pub fn of_kind(handle: u64, kind: ObjectKind, access: u32) -> Result<Arc<Object>, NTSTATUS> {
    // The kind is looked at before the access, as Windows does.
    match target(handle)? {
        Target::Local(object, _) if object.kind() != kind => Err(STATUS_OBJECT_TYPE_MISMATCH),
        Target::Local(object, granted) if granted & access == access => Ok(object),
        Target::Local(..) => Err(STATUS_ACCESS_DENIED),
        Target::File(_) | Target::Key(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
    }
}

/// The object behind a handle that grants `access`, and what only its kind has.
pub fn part<T: Part>(handle: u64, access: u32) -> Result<(Arc<Object>, Arc<T>), NTSTATUS> {
    // The kind is looked at before the access, as Windows does.
    let Target::Local(object, granted) = target(handle)? else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
    let part = object.shared_part().ok_or(STATUS_OBJECT_TYPE_MISMATCH)?;
    if granted & access == access { Ok((object, part)) } else { Err(STATUS_ACCESS_DENIED) }
}

/// Gives an object a handle.
pub fn insert(object: Arc<Object>, access: u32, flags: u32) -> Result<u64, NTSTATUS> {
    object.add_handle();
    insert_held(object, access, flags)
}

/// Gives an object a handle that it counts already.
pub fn insert_held(object: Arc<Object>, access: u32, flags: u32) -> Result<u64, NTSTATUS> {
    let entry = object.entry(access);
    let slot = Some(Slot { object, access, flags });
    let mut table = change();
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
        None => {
            drop(table);
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
    };
    let handle = number(index);
    words::enter(handle, entry);
    outline::count_handle(true);
    Ok(handle)
}

/// Takes back a handle that nobody has seen.
pub fn take_back(handle: u64) {
    if let Some(index) = index(handle) {
        let mut table = change();
        let slot = table.free(index);
        drop(table);
        drop(slot);
    }
}

/// Enters a file under the number that the broker gave it.
pub fn insert_file(file: Arc<File>) {
    change().files.insert(file.handle, file);
}

/// Enters a key under the number that the broker gave it.
pub fn insert_key(key: Arc<Key>) {
    change().keys.insert(key.handle, key);
}

/// How many handles are open.
pub fn count() -> u32 {
    let table = read();
    (table.slots.iter().flatten().count() + table.files.len() + table.keys.len()) as u32
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
