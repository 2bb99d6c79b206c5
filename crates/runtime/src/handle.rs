//! The two handle tables: local objects, numbered here, and what the broker gave, numbered by the broker. Their number
//! ranges never meet (`protocol::handle`).

use crate::file::File;
use crate::gate::{Answer, Serve};
use crate::name::{self, Found};
use crate::object::{Body, Object};
use crate::{broker, thread, user, words};
use gate::service::{
    CloseHandle, CompareObjects, CreateObject, DuplicateHandle, ObjectKind, QueryHandle, QueryObject, QueryObjectName, SetHandle, Signal, SignalKind,
};
use protocol::handle::{BROKER, LOCAL_MOST};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use windows_sys::Win32::Foundation::{
    DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE, NTSTATUS, STATUS_ACCESS_DENIED,
    STATUS_HANDLE_NOT_CLOSABLE, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_COLLISION,
    STATUS_OBJECT_NAME_EXISTS, STATUS_OBJECT_TYPE_MISMATCH,
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

struct Slot {
    object: Arc<Object>,
    access: u32,
    flags: u32,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.object.let_go();
    }
}

#[derive(Default)]
struct Table {
    slots: Vec<Option<Slot>>,
    freed: VecDeque<u32>,
    files: HashMap<u32, Arc<File>>,
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

/// What a handle stands for, pseudo handles included.
pub fn target(handle: u64) -> Result<Target, NTSTATUS> {
    // A program may have sign-extended a 32-bit value.
    let handle = if handle >> 32 == 0 && handle >= u64::from(u32::MAX - 1) { handle | 0xFFFF_FFFF_0000_0000 } else { handle };
    match handle {
        THIS_PROCESS => return Ok(Target::Local(crate::process::object()?, u32::MAX)),
        THIS_THREAD => return Ok(Target::Local(thread::current().object()?, u32::MAX)),
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
    object.add_handle();
    insert_held(object, access, flags)
}

/// Gives an object a handle that it counts already.
fn insert_held(object: Arc<Object>, access: u32, flags: u32) -> Result<u64, NTSTATUS> {
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
    let handle = (index as u64 + 1) * 4;
    words::enter(handle, entry);
    Ok(handle)
}

/// Takes back a handle that nobody has seen.
pub fn take_back(handle: u64) {
    if let Some(index) = index(handle) {
        let mut table = change();
        let slot = table.slots.get_mut(index).and_then(Option::take);
        words::enter(handle, 0);
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
    // Nobody waits for a keyed event itself.
    let wait = if matches!(kind, ObjectKind::KeyedEvent) { 0 } else { SYNCHRONIZE };
    STANDARD_RIGHTS_REQUIRED
        | wait
        | match kind {
            ObjectKind::Event | ObjectKind::Semaphore | ObjectKind::Timer | ObjectKind::Completion | ObjectKind::KeyedEvent => 0x3,
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

impl Serve for CloseHandle {
    fn serve(&mut self) -> Answer {
        if let Some(index) = index(self.handle) {
            let mut table = change();
            let slot = table.slots.get_mut(index).filter(|slot| slot.is_some()).ok_or(STATUS_INVALID_HANDLE)?;
            if slot.as_ref().is_some_and(|slot| slot.flags & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0) {
                return Err(STATUS_HANDLE_NOT_CLOSABLE);
            }
            let closed = slot.take();
            words::enter(self.handle, 0);
            table.freed.push_back(index as u32);
            drop(table);
            drop(closed);
            return Ok(());
        }
        if self.handle >= THIS_THREAD {
            return Ok(());
        }
        let number = u32::try_from(self.handle & !3).map_err(|_| STATUS_INVALID_HANDLE)?;
        let mut table = change();
        let file = table.files.get(&number).ok_or(STATUS_INVALID_HANDLE)?;
        if file.flags() & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0 {
            return Err(STATUS_HANDLE_NOT_CLOSABLE);
        }
        let file = table.files.remove(&number);
        drop(table);
        let close_now = file.as_ref().is_some_and(|file| file.close_now());
        drop(file);
        broker::close(number, close_now)
    }
}

impl Serve for DuplicateHandle {
    fn serve(&mut self) -> Answer {
        match target(self.source)? {
            Target::Local(object, access) => {
                let wanted = granted(object.kind(), self.access);
                let access = if self.options & DUPLICATE_SAME_ACCESS != 0 {
                    if access == u32::MAX { full_access(object.kind()) } else { access }
                } else if wanted & !access != 0 {
                    return Err(STATUS_ACCESS_DENIED);
                } else {
                    wanted
                };
                self.handle = insert(object, access, inherit(self.flags))?;
            }
            Target::File(file) => self.handle = crate::file::duplicate(&file, self.access, self.options, inherit(self.flags))?,
        }
        if self.options & DUPLICATE_CLOSE_SOURCE != 0 && self.source < THIS_THREAD {
            let _ = CloseHandle { handle: self.source }.serve();
        }
        Ok(())
    }
}

/// `OBJ_INHERIT` as a handle flag.
pub const fn inherit(object_flags: u32) -> u32 {
    const OBJ_INHERIT: u32 = 2;
    if object_flags & OBJ_INHERIT != 0 { HANDLE_FLAG_INHERIT } else { 0 }
}

impl Serve for QueryHandle {
    fn serve(&mut self) -> Answer {
        match target(self.handle)? {
            Target::Local(object, access) => {
                self.kind = object.kind() as u32;
                self.access = access;
                self.flags = index(self.handle).and_then(|index| read().slots.get(index)?.as_ref().map(|slot| slot.flags)).unwrap_or(0);
                self.references = object.handles();
            }
            Target::File(file) => {
                self.kind = ObjectKind::File as u32;
                self.access = file.access;
                self.flags = file.flags();
                self.references = 1;
            }
        }
        Ok(())
    }
}

impl Serve for SetHandle {
    fn serve(&mut self) -> Answer {
        if let Some(index) = index(self.handle) {
            let mut table = change();
            let slot = table.slots.get_mut(index).and_then(Option::as_mut).ok_or(STATUS_INVALID_HANDLE)?;
            slot.flags = self.flags;
            return Ok(());
        }
        file(self.handle)?.set_flags(self.flags)
    }
}

impl Serve for CreateObject {
    fn serve(&mut self) -> Answer {
        const OBJ_OPENIF: u32 = 0x80;
        let kind = ObjectKind::from_number(self.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        if self.name == 0 {
            let object = self.make(kind)?.ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
            self.handle = insert(object, granted(kind, self.access), inherit(self.flags))?;
            return Ok(());
        }
        let text = user::read_vec(self.name, self.name_size, 0xFFFF)?;
        let this = *self;
        // What is wrong with the numbers is said before anything is made.
        this.check(kind)?;
        let make = || this.make(kind).ok().flatten();
        let found = name::find(&text, self.kind, (self.open == 0).then_some(&make as &dyn Fn() -> _))?;
        let (object, exists) = match found {
            Found::New(object) => {
                object.add_handle();
                (object, false)
            }
            Found::Existing(object) => (object, true),
        };
        if exists && self.open == 0 && self.flags & OBJ_OPENIF == 0 {
            object.let_go();
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        self.handle = insert_held(object, granted(kind, self.access), inherit(self.flags))?;
        if exists && self.open == 0 { Err(STATUS_OBJECT_NAME_EXISTS) } else { Ok(()) }
    }
}

impl Serve for CompareObjects {
    fn serve(&mut self) -> Answer {
        let [first, second] = self.handles;
        self.same = match (target(first)?, target(second)?) {
            (Target::Local(first, _), Target::Local(second, _)) => Arc::ptr_eq(&first, &second),
            (Target::File(first), Target::File(second)) => first.is_same(&second),
            _ => false,
        }
        .into();
        Ok(())
    }
}

impl Serve for QueryObjectName {
    fn serve(&mut self) -> Answer {
        let Target::Local(object, _) = target(self.handle)? else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        let name = object.name().unwrap_or_default();
        self.needed = name.len() as u64;
        if name.len() as u64 <= self.size {
            user::write_bytes(self.buffer, name)?;
        }
        Ok(())
    }
}

/// How a [`CreateObject`] makes its object.
trait Make {
    fn check(&self, kind: ObjectKind) -> Answer;
    fn make(&self, kind: ObjectKind) -> Result<Option<Arc<Object>>, NTSTATUS>;
}

impl Make for CreateObject {
    fn check(&self, kind: ObjectKind) -> Answer {
        let bad = match kind {
            ObjectKind::Event | ObjectKind::Mutant | ObjectKind::Timer | ObjectKind::Token | ObjectKind::Completion | ObjectKind::KeyedEvent => false,
            // Opening asks for no numbers.
            ObjectKind::Semaphore => self.open == 0 && (self.limit == 0 || self.limit > i32::MAX as u32 || self.initial > self.limit),
            _ => true,
        };
        if bad { Err(STATUS_INVALID_PARAMETER) } else { Ok(()) }
    }

    fn make(&self, kind: ObjectKind) -> Result<Option<Arc<Object>>, NTSTATUS> {
        self.check(kind)?;
        Ok(match kind {
            ObjectKind::Event => Object::new(Body::Event { manual: self.limit != 0 }, u32::from(self.initial != 0)),
            ObjectKind::Mutant => Object::mutant(self.initial != 0),
            ObjectKind::Semaphore => Object::new(Body::Semaphore { limit: self.limit }, self.initial),
            ObjectKind::Token => Object::new(Body::Token, 0),
            ObjectKind::KeyedEvent => Object::new(Body::Keyed(crate::keyed::Keyed::default()), 0),
            ObjectKind::Completion => Object::new(Body::Completion(crate::io::Port::new(self.limit)), 0),
            _ => Object::new(Body::Timer { manual: self.limit != 0, due: crate::timer::Due::default() }, 0),
        })
    }
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

impl Serve for Signal {
    fn serve(&mut self) -> Answer {
        let kind = SignalKind::from_number(self.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        let object = object(self.handle, 0)?;
        check_signal(self.handle, &object)?;
        self.previous = match kind {
            SignalKind::Set => object.set()?,
            SignalKind::Reset => object.reset()?,
            SignalKind::Pulse => object.pulse()?,
            SignalKind::Release => object.release(self.count)?,
        };
        Ok(())
    }
}

impl Serve for QueryObject {
    fn serve(&mut self) -> Answer {
        let Target::Local(object, access) = target(self.handle)? else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        // EVENT_QUERY_STATE, MUTANT_QUERY_STATE and SEMAPHORE_QUERY_STATE are the same bit.
        if access & 1 == 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        self.kind = object.kind() as u32;
        (self.state, self.limit, self.abandoned) = object.state();
        Ok(())
    }
}
