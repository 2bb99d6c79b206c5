//! The gate's services for handles, and for what every kind of object has.

use super::{THIS_THREAD, Target, change, check_signal, index, insert, insert_file, insert_held, insert_key, object, read, target};
use crate::file::File;
use crate::keyed::Keyed;
use crate::name;
use crate::object::{Body, Object};
use crate::port::Port;
use crate::serve::{Answer, Serve};
use crate::timer::Due;
use crate::{access, broker, current, section, user};
use gate::service::{
    CloseHandle, CompareObjects, CreateObject, DuplicateHandle, ObjectKind, QueryHandle, QueryObject, QueryObjectName, SetHandle, Signal, SignalKind,
};
use protocol::message::NameObject;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, HANDLE_FLAG_PROTECT_FROM_CLOSE, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_HANDLE_NOT_CLOSABLE,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_EXISTS,
    STATUS_OBJECT_TYPE_MISMATCH,
};

impl Serve for CloseHandle {
    fn serve(&mut self) -> Answer {
        if let Some(index) = index(self.handle) {
            let mut table = change();
            let slot = table.slots.get(index).and_then(Option::as_ref).ok_or(STATUS_INVALID_HANDLE)?;
            if slot.flags & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0 {
                return Err(STATUS_HANDLE_NOT_CLOSABLE);
            }
            let closed = table.free(index);
            drop(table);
            drop(closed);
            return Ok(());
        }
        if self.handle >= THIS_THREAD {
            return Ok(());
        }
        let number = u32::try_from(self.handle & !3).map_err(|_| STATUS_INVALID_HANDLE)?;
        // One that was inherited has to be known before it can be closed.
        let file = match target(self.handle)? {
            Target::Key(key) if key.flags() & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0 => return Err(STATUS_HANDLE_NOT_CLOSABLE),
            Target::Key(key) => {
                change().keys.remove(&number).ok_or(STATUS_INVALID_HANDLE)?;
                return broker::close(number, key.close_now());
            }
            Target::File(file) => file,
            Target::Local(..) => return Err(STATUS_INVALID_HANDLE),
        };
        let mut table = change();
        if file.flags() & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0 {
            return Err(STATUS_HANDLE_NOT_CLOSABLE);
        }
        // Of two threads that close it, one does.
        let removed = table.files.remove(&number).ok_or(STATUS_INVALID_HANDLE)?;
        drop(table);
        let close_now = removed.close_now();
        drop((file, removed));
        broker::close(number, close_now)
    }
}

impl Serve for DuplicateHandle {
    fn serve(&mut self) -> Answer {
        match target(self.source)? {
            Target::Local(object, access) => {
                let wanted = access::granted(object.kind(), self.access);
                let access = if self.options & DUPLICATE_SAME_ACCESS != 0 {
                    if access == u32::MAX { access::full_access(object.kind()) } else { access }
                } else if wanted & !access != 0 {
                    return Err(STATUS_ACCESS_DENIED);
                } else {
                    wanted
                };
                self.handle = insert(object, access, access::inherit(self.flags))?;
            }
            Target::File(file) => self.handle = duplicate(&file, self.access, self.options, access::inherit(self.flags))?,
            Target::Key(key) => {
                let copy = key.duplicate(self.access, self.options, access::inherit(self.flags))?;
                self.handle = u64::from(copy.handle);
                insert_key(Arc::new(copy));
            }
        }
        if self.options & DUPLICATE_CLOSE_SOURCE != 0 && self.source < THIS_THREAD {
            let _ = CloseHandle { handle: self.source }.serve();
        }
        Ok(())
    }
}

impl Serve for QueryHandle {
    fn serve(&mut self) -> Answer {
        match target(self.handle)? {
            Target::Local(object, access) => {
                self.kind = object.kind() as u32;
                self.access = access;
                self.flags = index(self.handle).and_then(|index| read().slots.get(index)?.as_ref().map(|slot| slot.flags)).unwrap_or(0);
                self.references = object.handles();
                self.other = object.other().is_some().into();
            }
            Target::File(file) => {
                self.kind = ObjectKind::File as u32;
                self.access = file.access;
                self.flags = file.flags();
                self.references = 1;
            }
            Target::Key(key) => {
                self.kind = ObjectKind::Key as u32;
                self.access = key.access;
                self.flags = key.flags();
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
        match target(self.handle)? {
            Target::File(file) => file.set_flags(self.flags),
            Target::Key(key) => key.set_flags(self.flags),
            Target::Local(..) => Err(STATUS_INVALID_HANDLE),
        }
    }
}

impl Serve for CreateObject {
    fn serve(&mut self) -> Answer {
        const OBJ_OPENIF: u32 = 0x80;
        let kind = ObjectKind::from_number(self.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        if self.name == 0 && self.open == 0 && (kind == ObjectKind::Job || access::inherit(self.flags) != 0 && self.is_shareable(kind)) {
            self.check(kind)?;
            return self.create_shared(kind);
        }
        if self.name == 0 {
            let object = self.make(kind)?.ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
            self.handle = insert(object, access::granted(kind, self.access), access::inherit(self.flags))?;
            return Ok(());
        }
        let text = user::read_vec(self.name, self.name_size, 0xFFFF)?;
        let this = *self;
        // What is wrong with the numbers is said before anything is made.
        this.check(kind)?;
        let found = name::find(&text, &self.request(), &|told, descriptor| match (kind, descriptor) {
            (ObjectKind::Section, Some(descriptor)) => section::shared(told, descriptor),
            // One that was there has its own limit; its state is the broker's.
            (..) if told.shared != 0 => of_shared(kind, told.limit),
            _ => this.make(kind)?.ok_or(STATUS_INSUFFICIENT_RESOURCES),
        })?;
        if found.existed && self.open == 0 && self.flags & OBJ_OPENIF == 0 {
            name::let_go(&found.object);
            return Err(STATUS_OBJECT_NAME_COLLISION);
        }
        if !found.existed && kind == ObjectKind::Mutant && self.initial != 0 && found.object.shared().is_some() {
            found.object.note_taken();
        }
        self.handle = insert_held(found.object, access::granted(kind, self.access), access::inherit(self.flags))?;
        if found.existed && self.open == 0 { Err(STATUS_OBJECT_NAME_EXISTS) } else { Ok(()) }
    }
}

impl Serve for CompareObjects {
    fn serve(&mut self) -> Answer {
        let [first, second] = self.handles;
        self.same = match (target(first)?, target(second)?) {
            (Target::Local(first, _), Target::Local(second, _)) => Arc::ptr_eq(&first, &second),
            (Target::File(first), Target::File(second)) => first.is_same(&second),
            (Target::Key(first), Target::Key(second)) => first.is_same(&second),
            _ => false,
        }
        .into();
        Ok(())
    }
}

impl Serve for QueryObjectName {
    fn serve(&mut self) -> Answer {
        let object;
        let path;
        let name = match target(self.handle)? {
            Target::Local(found, _) => {
                object = found;
                object.name().map(|name| name.text.as_slice()).unwrap_or_default()
            }
            Target::Key(key) => {
                path = key.path()?;
                path.as_slice()
            }
            Target::File(_) => return Err(STATUS_OBJECT_TYPE_MISMATCH),
        };
        self.needed = name.len() as u64;
        if name.len() as u64 <= self.size {
            user::write_bytes(self.buffer, name)?;
        }
        Ok(())
    }
}

/// This process's object for one that the broker keeps.
pub fn of_shared(kind: ObjectKind, limit: u32) -> Result<Arc<Object>, NTSTATUS> {
    CreateObject { limit, ..CreateObject::default() }.make(kind)?.ok_or(STATUS_INSUFFICIENT_RESOURCES)
}

/// How a [`CreateObject`] makes its object.
trait Make {
    fn request(&self) -> NameObject;
    fn is_shareable(&self, kind: ObjectKind) -> bool;
    fn create_shared(&mut self, kind: ObjectKind) -> Answer;
    fn check(&self, kind: ObjectKind) -> Answer;
    fn make(&self, kind: ObjectKind) -> Result<Option<Arc<Object>>, NTSTATUS>;
}

impl Make for CreateObject {
    /// What the broker is asked for.
    fn request(&self) -> NameObject {
        NameObject {
            kind: self.kind,
            create: (self.open == 0).into(),
            thread: current::id(),
            initial: self.initial,
            limit: self.limit,
            ..NameObject::default()
        }
    }

    fn is_shareable(&self, kind: ObjectKind) -> bool {
        matches!(kind, ObjectKind::Event | ObjectKind::Mutant | ObjectKind::Semaphore | ObjectKind::Timer)
    }

    /// Makes an object without a name that children may inherit: the broker keeps it from its birth.
    fn create_shared(&mut self, kind: ObjectKind) -> Answer {
        let object = name::without(&self.request(), &|told, _| of_shared(kind, told.limit))?;
        if kind == ObjectKind::Mutant && self.initial != 0 {
            object.note_taken();
        }
        self.handle = insert_held(object, access::granted(kind, self.access), access::inherit(self.flags))?;
        Ok(())
    }

    fn check(&self, kind: ObjectKind) -> Answer {
        let bad = match kind {
            ObjectKind::Event
            | ObjectKind::Mutant
            | ObjectKind::Timer
            | ObjectKind::Token
            | ObjectKind::Completion
            | ObjectKind::KeyedEvent
            | ObjectKind::Job => false,
            // Opening asks for no numbers.
            ObjectKind::Semaphore => self.open == 0 && (self.limit == 0 || self.limit > i32::MAX as u32 || self.initial > self.limit),
            ObjectKind::Section => self.open == 0 || self.name == 0,
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
            ObjectKind::Job => Object::new(Body::Job, 0),
            ObjectKind::KeyedEvent => Object::with(Body::Keyed, 0, Arc::new(Keyed::default())),
            ObjectKind::Completion => Object::with(Body::Completion, 0, Arc::new(Port::new(self.limit))),
            _ => Object::with(Body::Timer { manual: self.limit != 0 }, 0, Arc::new(Due::default())),
        })
    }
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
        (self.state, self.limit, self.abandoned) = object.state()?;
        Ok(())
    }
}

/// A second handle to the same file object.
fn duplicate(file: &File, access: u32, options: u32, flags: u32) -> Result<u64, NTSTATUS> {
    let copy = file.duplicate(access, options, flags)?;
    let handle = u64::from(copy.handle);
    insert_file(Arc::new(copy));
    Ok(handle)
}
