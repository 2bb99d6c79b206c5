//! The gate's services for handles and the objects behind them.

use super::{THIS_THREAD, Target, change, check_signal, file, full_access, granted, index, inherit, insert, object, read, target};
use crate::broker;
use crate::object::{Body, Object};
use crate::serve::{Answer, Serve};
use gate::service::{CloseHandle, CreateObject, DuplicateHandle, ObjectKind, QueryHandle, QueryObject, SetHandle, Signal, SignalKind};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, HANDLE_FLAG_PROTECT_FROM_CLOSE, STATUS_ACCESS_DENIED, STATUS_HANDLE_NOT_CLOSABLE,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH,
};

impl Serve for CloseHandle {
    fn serve(&mut self) -> Answer {
        if let Some(index) = index(self.handle) {
            let mut table = change();
            let slot = table.slots.get_mut(index).filter(|slot| slot.is_some()).ok_or(STATUS_INVALID_HANDLE)?;
            if slot.as_ref().is_some_and(|slot| slot.flags & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0) {
                return Err(STATUS_HANDLE_NOT_CLOSABLE);
            }
            let closed = slot.take();
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
            Target::File(file) => self.handle = crate::file::service::duplicate(&file, self.access, self.options, inherit(self.flags))?,
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
                self.references = Arc::strong_count(&object) as u32 - 1;
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
        let kind = ObjectKind::from_number(self.kind).ok_or(STATUS_INVALID_PARAMETER)?;
        let object = match kind {
            ObjectKind::Event => Object::new(Body::Event { manual: self.limit != 0 }, u32::from(self.initial != 0)),
            ObjectKind::Mutant => Object::mutant(self.initial != 0),
            ObjectKind::Semaphore => {
                if self.limit == 0 || self.limit > i32::MAX as u32 || self.initial > self.limit {
                    return Err(STATUS_INVALID_PARAMETER);
                }
                Object::new(Body::Semaphore { limit: self.limit }, self.initial)
            }
            ObjectKind::Token => Object::new(Body::Token, 0),
            ObjectKind::Timer => Object::new(Body::Timer { manual: self.limit != 0, due: crate::due::Due::default() }, 0),
            _ => return Err(STATUS_INVALID_PARAMETER),
        };
        let object = object.ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        self.handle = insert(object, granted(kind, self.access), inherit(self.flags))?;
        Ok(())
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
        (self.state, self.limit, self.abandoned) = object.state();
        Ok(())
    }
}
