//! Reading values and listing what a key holds.

use super::payload::{Answer, bytes, units};
use super::{KeyObject, Keys};
use crate::process::Process;
use crate::reply::Reply;
use protocol::PAYLOAD;
use protocol::key::{KeyList, KeyValue, ListSubkeys, ListValues, NumberedValue, QueryValue, Subkey, ValueFound};
use std::sync::Arc;
use store::registry::{Key, Registry, Value};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_NO_MORE_ENTRIES};
use windows_sys::Win32::System::Registry::{KEY_ENUMERATE_SUB_KEYS, KEY_QUERY_VALUE};
use zerocopy::IntoBytes;

/// An open brings along so many bytes of values: more would cost those who ask for one of them more than a question does.
const SNAPSHOT: usize = 2048;

/// Values from a number on, as many as fit; whether that was all.
fn values(registry: &mut Registry, key: Key, index: usize, room: usize) -> Result<(Vec<u8>, bool), NTSTATUS> {
    let (mut out, mut whole) = (Vec::new(), true);
    registry.each_value(key, index, |value| {
        let size = size_of::<KeyValue>() + 2 * value.name.len() + value.data.len();
        if out.len() + size > room {
            whole = false;
            return false;
        }
        let head = KeyValue { kind: value.kind, name: 2 * value.name.len() as u32, data: value.data.len() as u32 };
        out.extend(head.as_bytes());
        out.extend(value.name.iter().flat_map(|unit| unit.to_le_bytes()));
        out.extend(&value.data[..]);
        true
    })?;
    Ok((out, whole))
}

/// What an open brings along.
pub fn snapshot(registry: &mut Registry, key: Key) -> Result<(Vec<u8>, bool), NTSTATUS> {
    values(registry, key, 0, SNAPSHOT)
}

/// A value, its data from an offset on.
fn found(value: &Value, offset: u32, with_name: bool, seen: u32) -> Result<Reply, NTSTATUS> {
    let name = if with_name { bytes(&value.name) } else { Vec::new() };
    let data = value.data.get(offset as usize..).ok_or(STATUS_INVALID_PARAMETER)?;
    let room = PAYLOAD - name.len();
    let told = ValueFound { kind: value.kind, name: 2 * value.name.len() as u32, size: value.data.len() as u32, seen };
    Ok(Reply::value(&told).with_payload([&name, &data[..data.len().min(room)]].concat()))
}

impl Process {
    /// The key behind a handle whose values may be read.
    fn readable(&self, handle: u32) -> Result<Arc<KeyObject>, NTSTATUS> {
        self.key(handle, KEY_QUERY_VALUE)
    }

    /// Answers a value by its name.
    pub fn query_value(&self, request: &QueryValue, payload: &[u8]) -> Answer {
        let object = self.readable(request.handle)?;
        let name = units(payload)?;
        let sandbox = &self.sandbox;
        sandbox.keys.with(sandbox, |registry| {
            let seen = Keys::seen(sandbox, object.key);
            found(registry.value_of(object.key, &name)?, request.offset, false, seen)
        })
    }

    /// Answers a value by its number.
    pub fn numbered_value(&self, request: &NumberedValue) -> Answer {
        let object = self.readable(request.handle)?;
        let sandbox = &self.sandbox;
        sandbox.keys.with(sandbox, |registry| {
            let seen = Keys::seen(sandbox, object.key);
            let mut answer = Err(STATUS_NO_MORE_ENTRIES);
            registry.each_value(object.key, request.index as usize, |value| {
                answer = found(value, request.offset, true, seen);
                false
            })?;
            answer
        })
    }

    /// Answers values from a number on.
    pub fn list_values(&self, request: &ListValues) -> Answer {
        let object = self.readable(request.handle)?;
        let sandbox = &self.sandbox;
        sandbox.keys.with(sandbox, |registry| {
            let seen = Keys::seen(sandbox, object.key);
            let (payload, whole) = values(registry, object.key, request.index as usize, (request.room as usize).min(PAYLOAD))?;
            Ok(Reply::value(&KeyList { seen, whole: whole.into() }).with_payload(payload))
        })
    }

    /// Answers subkeys from a number on.
    pub fn list_subkeys(&self, request: &ListSubkeys) -> Answer {
        let object = self.key(request.handle, KEY_ENUMERATE_SUB_KEYS)?;
        let sandbox = &self.sandbox;
        let room = (request.room as usize).min(PAYLOAD);
        sandbox.keys.with(sandbox, |registry| {
            let seen = Keys::seen(sandbox, object.key);
            let (mut out, mut whole) = (Vec::new(), true);
            registry.each_subkey(object.key, request.index as usize, |name, class, written| {
                // A class may be long: of one that does not fit the start is told.
                let most = PAYLOAD - size_of::<Subkey>() - 2 * name.len();
                let class = &class[..class.len().min(most / 2)];
                let size = size_of::<Subkey>() + 2 * (name.len() + class.len());
                if !out.is_empty() && out.len() + size > room {
                    whole = false;
                    return false;
                }
                let head = Subkey { written, name: 2 * name.len() as u32, class: 2 * class.len() as u32 };
                out.extend(head.as_bytes());
                out.extend(name.iter().chain(class).flat_map(|unit| unit.to_le_bytes()));
                true
            })?;
            Ok(Reply::value(&KeyList { seen, whole: whole.into() }).with_payload(out))
        })
    }
}
