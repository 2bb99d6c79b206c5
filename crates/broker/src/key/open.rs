//! Opening keys, and what is asked of an open one.

use super::list::snapshot;
use super::payload::{Answer, bytes, pieces, units};
use super::{KeyObject, Keys, word_of};
use crate::handle::{Handle, Object};
use crate::process::Process;
use crate::reply::Reply;
use protocol::key::{KeyFacts, KeyOpened, OpenKey, QueryKey, how};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock, PoisonError};
use store::registry::{How, Key, New, ROOT, absolute};
use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, NTSTATUS, STATUS_PRIVILEGE_NOT_HELD};
use windows_sys::Win32::Storage::FileSystem::READ_CONTROL;
use windows_sys::Win32::System::Registry::{KEY_ALL_ACCESS, KEY_QUERY_VALUE, KEY_READ, KEY_WRITE};

/// The rights on a key that generic rights come to.
pub fn specific(access: u32) -> Result<u32, NTSTATUS> {
    const GENERIC: [(u32, u32); 4] = [(0x8000_0000, KEY_READ), (0x4000_0000, KEY_WRITE), (0x2000_0000, KEY_READ), (0x1000_0000, KEY_ALL_ACCESS)];
    const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
    const ACCESS_SYSTEM_SECURITY: u32 = 0x0100_0000;
    if access & ACCESS_SYSTEM_SECURITY != 0 {
        return Err(STATUS_PRIVILEGE_NOT_HELD);
    }
    let all = if access & MAXIMUM_ALLOWED != 0 { KEY_ALL_ACCESS } else { 0 };
    let rights = GENERIC.iter().filter(|(generic, _)| access & generic != 0).fold(access | all, |rights, (_, specific)| rights | specific);
    Ok(rights & KEY_ALL_ACCESS)
}

/// How a request looks a path up.
pub fn look(bits: u32) -> How {
    How { view32: bits & how::VIEW_32 != 0, link: bits & how::LINK != 0 }
}

impl Process {
    /// The key behind a handle that grants `access`.
    pub(super) fn key(&self, handle: u32, access: u32) -> Result<Arc<KeyObject>, NTSTATUS> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).get(handle, access)?.key().cloned()
    }

    /// Opens a key, or makes it.
    pub fn open_key(&self, request: &OpenKey, payload: &[u8]) -> Answer {
        const OBJ_INHERIT: u32 = 2;
        let access = specific(request.access)?;
        let (path, class) = pieces(payload, request.path)?;
        let class = units(class)?;
        let start = match request.root {
            0 => None,
            root => Some(self.key(root, 0)?),
        };
        let has = |bit| request.how & bit != 0;
        let path = match &start {
            // The merged view has a root of its own.
            None if has(how::MERGED) => &[],
            None => absolute(&path)?,
            Some(_) => path.as_slice(),
        };
        let look = look(request.how);
        let new = New { class: &class, volatile: has(how::VOLATILE), link: has(how::MAKE_LINK) };
        let sandbox = &self.sandbox;
        let keys = &sandbox.keys;
        let (found, made, seen, values) = keys.with(sandbox, |registry| {
            let start = match &start {
                Some(object) => object.key,
                None if has(how::MERGED) => registry.classes()?,
                None => Key::plain(ROOT),
            };
            let (found, made) = match has(how::CREATE) {
                true => registry.create_key(start, path, look, &new)?,
                false => (registry.find_key(start, path, look)?, false),
            };
            registry.enter(found.id);
            if let Some(under) = found.under {
                registry.enter(under);
            }
            let asks = access & KEY_QUERY_VALUE != 0 && found.under.is_none() && !made;
            let values = if asks { snapshot(registry, found)? } else { (Vec::new(), made && found.under.is_none()) };
            Ok((found, made, Keys::seen(sandbox, found), values))
        })?;
        let object = Arc::new(KeyObject { key: found, handles: AtomicU32::new(0), watch: OnceLock::new() });
        let flags = if request.object_flags & OBJ_INHERIT != 0 { HANDLE_FLAG_INHERIT } else { 0 };
        let handle = Handle { object: Object::Key(Arc::clone(&object)), access, flags };
        let inserted = self.handles.lock().unwrap_or_else(PoisonError::into_inner).insert(handle);
        let handle = inserted.inspect_err(|_| keys.close(&object))?;
        let (payload, whole) = values;
        let opened = KeyOpened { handle, access, made: made.into(), word: word_of(found), seen, whole: whole.into() };
        Ok(Reply::value(&opened).with_payload(payload))
    }

    /// Answers facts about a key.
    pub fn query_key(&self, request: &QueryKey) -> Answer {
        let object = self.key(request.handle, 0)?;
        let asks = self.key(request.handle, KEY_QUERY_VALUE).is_ok() || self.key(request.handle, READ_CONTROL).is_ok();
        let (facts, path) = self.sandbox.keys.with(&self.sandbox, |registry| {
            let path = registry.path(object.key.id)?;
            // Its name is told to whoever has a handle.
            let facts = if asks { registry.facts_of(object.key)? } else { Default::default() };
            Ok((facts, path))
        })?;
        let (path, class) = (bytes(&path), bytes(&facts.class));
        let longest = [facts.longest.key, facts.longest.class, facts.longest.value, facts.longest.data];
        let told = KeyFacts {
            written: facts.written,
            subkeys: facts.subkeys,
            values: facts.values,
            longest,
            path: path.len() as u32,
            class: class.len() as u32,
            volatile: facts.volatile.into(),
            link: facts.link.into(),
        };
        Ok(Reply::value(&told).with_payload([path, class].concat()))
    }
}
