//! Changing keys and values.

use super::lock;
use super::open::look;
use super::payload::{Answer, pieces, units};
use crate::process::Process;
use crate::reply::Reply;
use protocol::key::{ContinueValue, DeleteKey, DeleteValue, FlushKey, RenameKey, SetValue};
use protocol::message::{Done, Word};
use store::registry::LARGEST_VALUE;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::Storage::FileSystem::DELETE;
use windows_sys::Win32::System::Registry::{KEY_SET_VALUE, KEY_WRITE};

/// Values that are on their way, of which not all has come: what they may take of the broker's memory is bounded.
#[derive(Default)]
pub struct Unfinished {
    values: Vec<Value>,
    next: u32,
}

struct Value {
    number: u32,
    handle: u32,
    kind: u32,
    name: Vec<u16>,
    size: usize,
    data: Vec<u8>,
}

impl Unfinished {
    /// More than that many at once belong to a program that does not mean to end them: the oldest goes.
    const MOST: usize = 8;
}

impl Process {
    fn store_value(&self, handle: u32, name: &[u16], kind: u32, data: &[u8]) -> Result<(), NTSTATUS> {
        let object = self.key(handle, KEY_SET_VALUE)?;
        self.sandbox.keys.with(&self.sandbox, |registry| registry.set(object.key.id, name, kind, data))
    }

    /// Sets a value, or begins to.
    pub fn set_value(&self, request: &SetValue, payload: &[u8]) -> Answer {
        let (name, data) = pieces(payload, request.name)?;
        let size = request.size as usize;
        if size > LARGEST_VALUE || data.len() > size {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if data.len() == size {
            self.store_value(request.handle, &name, request.kind, data)?;
            return Ok(Reply::value(&Word { value: 0 }));
        }
        self.key(request.handle, KEY_SET_VALUE)?;
        let unfinished = &mut *lock(&self.unfinished);
        if unfinished.values.len() >= Unfinished::MOST {
            unfinished.values.remove(0);
        }
        unfinished.next = unfinished.next.wrapping_add(1).max(1);
        let number = unfinished.next;
        unfinished.values.push(Value { number, handle: request.handle, kind: request.kind, name, size, data: data.to_vec() });
        Ok(Reply::value(&Word { value: number }))
    }

    /// Goes on with a value.
    pub fn continue_value(&self, request: &ContinueValue, payload: &[u8]) -> Answer {
        let mut unfinished = lock(&self.unfinished);
        let place = unfinished.values.iter().position(|value| value.number == request.number).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        let value = &mut unfinished.values[place];
        if payload.is_empty() || value.data.len() + payload.len() > value.size {
            return Err(STATUS_INVALID_PARAMETER);
        }
        value.data.extend(payload);
        if value.data.len() == value.size {
            let value = unfinished.values.remove(place);
            drop(unfinished);
            self.store_value(value.handle, &value.name, value.kind, &value.data)?;
        }
        Ok(Reply::value(&Done {}))
    }

    /// Deletes a value: the user's where there are two.
    pub fn delete_value(&self, request: &DeleteValue, payload: &[u8]) -> Answer {
        let object = self.key(request.handle, KEY_SET_VALUE)?;
        let name = units(payload)?;
        self.sandbox.keys.with(&self.sandbox, |registry| {
            let first = registry.unset(object.key.id, &name);
            match (first, object.key.under) {
                (Err(windows_sys::Win32::Foundation::STATUS_OBJECT_NAME_NOT_FOUND), Some(under)) => registry.unset(under, &name),
                (first, _) => first,
            }
        })?;
        Ok(Reply::value(&Done {}))
    }

    /// Deletes a key: the user's where there are two. Below a handle it needs no right of that, as an open and a delete would not.
    pub fn delete_key(&self, request: &DeleteKey, payload: &[u8]) -> Answer {
        let object = self.key(request.handle, if request.below == 0 { DELETE } else { 0 })?;
        let path = units(payload)?;
        self.sandbox.keys.with(&self.sandbox, |registry| {
            let key = if request.below == 0 { object.key } else { registry.find_key(object.key, &path, look(request.how))? };
            registry.delete(key.id)
        })?;
        Ok(Reply::value(&Done {}))
    }

    /// Renames a key.
    pub fn rename_key(&self, request: &RenameKey, payload: &[u8]) -> Answer {
        let object = self.key(request.handle, KEY_WRITE & 0xFFFF)?;
        let name = units(payload)?;
        self.sandbox.keys.with(&self.sandbox, |registry| registry.rename(object.key.id, &name))?;
        Ok(Reply::value(&Done {}))
    }

    /// Sees that the registry is on the disk.
    pub fn flush_key(&self, request: &FlushKey) -> Answer {
        self.key(request.handle, 0)?;
        self.sandbox.keys.with(&self.sandbox, |registry| registry.flush())?;
        Ok(Reply::value(&Done {}))
    }
}
