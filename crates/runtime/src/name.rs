//! Named objects. The broker keeps the sandbox's directory of names, and the state of what processes share; here each has one
//! object for all the handles of this process. A kind that is not shared is known by its name to this process alone.

use crate::broker::{self, Arrived};
use crate::object::{Name, Object};
use protocol::message::{NameObject, ReleaseObject, SharedObject};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_PATH_SYNTAX_BAD,
};

/// The directories that names may lie in: everybody's, and the session's.
const DIRECTORIES: [&str; 2] = ["\\BaseNamedObjects\\", "\\Sessions\\1\\BaseNamedObjects\\"];
/// The longest name with its directory, in bytes, as the broker takes it.
const MOST: usize = 1024;
/// How often a name of an unshared object is asked for that another thread is just giving or taking away.
const TRIES: u32 = 100_000;

/// The objects that have a name, by the number that the broker gave it.
static OBJECTS: Mutex<Option<HashMap<u32, Weak<Object>>>> = Mutex::new(None);

fn objects() -> MutexGuard<'static, Option<HashMap<u32, Weak<Object>>>> {
    OBJECTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts one handle less of an object; with the last one this process has it open no more.
pub fn let_go(object: &Object) {
    if object.drop_handle()
        && let Some(name) = object.name()
    {
        let opens = {
            let mut objects = objects();
            if let Some(objects) = &mut *objects
                && objects.get(&name.number).is_some_and(|other| std::ptr::eq(other.as_ptr(), object))
            {
                objects.remove(&name.number);
            }
            name.opens.load(Ordering::Relaxed)
        };
        release(name.number, opens);
    }
}

fn release(number: u32, opens: u32) {
    // Without an answer the process is about to end.
    let _ = broker::ask(&ReleaseObject { number, opens }, &[]);
}

/// Refuses names that lie in no directory of named objects.
fn check(text: &[u8]) -> Result<(), NTSTATUS> {
    let (units, []) = text.as_chunks::<2>() else { return Err(STATUS_OBJECT_NAME_INVALID) };
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    if units.first() != Some(&u16::from(b'\\')) {
        return Err(STATUS_OBJECT_PATH_SYNTAX_BAD);
    }
    let rest = DIRECTORIES.iter().find_map(|directory| {
        let directory: Vec<u16> = directory.encode_utf16().collect();
        units.strip_prefix(directory.as_slice())
    });
    match rest {
        None => Err(STATUS_OBJECT_PATH_NOT_FOUND),
        Some([]) => Err(STATUS_OBJECT_NAME_INVALID),
        Some(rest) if rest.contains(&u16::from(b'\\')) => Err(STATUS_OBJECT_PATH_NOT_FOUND),
        Some(_) => Ok(()),
    }
}

/// What is behind a name; it counts one more handle.
pub struct Found {
    /// The object.
    pub object: Arc<Object>,
    /// It was there.
    pub existed: bool,
}

/// How an object of this process is made for what the broker told of it.
pub type Make<'a> = &'a dyn Fn(&SharedObject, Option<OwnedFd>) -> Result<Arc<Object>, NTSTATUS>;

/// The object of a name, made where the request says so.
pub fn find(text: &[u8], request: &NameObject, make: Make<'_>) -> Result<Found, NTSTATUS> {
    check(text)?;
    if text.len() > MOST {
        return Err(STATUS_OBJECT_NAME_INVALID);
    }
    for _ in 0..TRIES {
        let Arrived { reply: told, descriptor, .. } = broker::open(request, text)?;
        match enter(&told, descriptor, text, make)? {
            Some(object) => return Ok(Found { object, existed: told.found != 0 }),
            // Another thread has the name and not yet its object, or no handle to it any more.
            None => rustix::thread::sched_yield(),
        }
    }
    Err(STATUS_INSUFFICIENT_RESOURCES)
}

/// An object without a name of the program's, which processes may share nevertheless: it counts one handle.
pub fn without(request: &NameObject, make: Make<'_>) -> Result<Arc<Object>, NTSTATUS> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    // No directory that a program's names can lie in, and no name that another process gives.
    let text = format!("\\Inherited\\{:x}-{:x}", crate::process::get().id, MADE.fetch_add(1, Ordering::Relaxed));
    let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let Arrived { reply: told, descriptor, .. } = broker::open(request, &text)?;
    enter(&told, descriptor, &[], make)?.ok_or(STATUS_INSUFFICIENT_RESOURCES)
}

/// The object for one that the broker told of, which counts one more handle; `None` where that is another thread's business just
/// now, and the open is undone.
pub fn enter(told: &SharedObject, descriptor: Option<OwnedFd>, text: &[u8], make: Make<'_>) -> Result<Option<Arc<Object>>, NTSTATUS> {
    let number = told.number;
    let mut objects = objects();
    let objects = objects.get_or_insert_default();
    let known = objects.get(&number).and_then(Weak::upgrade).filter(|object| object.hold());
    if let Some((object, name)) = known.as_ref().and_then(|object| Some((object, object.name()?))) {
        name.opens.fetch_add(1, Ordering::Relaxed);
        return Ok(Some(Arc::clone(object)));
    }
    if told.found != 0 && told.shared == 0 {
        release(number, 1);
        return Ok(None);
    }
    let object = make(told, descriptor).inspect_err(|_| release(number, 1))?;
    object.set_name(Name { number, text: text.to_vec(), shared: told.shared != 0, opens: AtomicU32::new(1) });
    objects.insert(number, Arc::downgrade(&object));
    object.add_handle();
    Ok(Some(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn names_lie_in_one_of_the_directories() {
        assert_eq!(check(&bytes("\\BaseNamedObjects\\x")), Ok(()));
        assert_eq!(check(&bytes("\\Sessions\\1\\BaseNamedObjects\\x y")), Ok(()));
        assert_eq!(check(&bytes("x")), Err(STATUS_OBJECT_PATH_SYNTAX_BAD));
        assert_eq!(check(&bytes("\\BaseNamedObjects\\x\\y")), Err(STATUS_OBJECT_PATH_NOT_FOUND));
        assert_eq!(check(&bytes("\\Device\\x")), Err(STATUS_OBJECT_PATH_NOT_FOUND));
        assert_eq!(check(&bytes("\\BaseNamedObjects\\")), Err(STATUS_OBJECT_NAME_INVALID));
        assert_eq!(check(b"x"), Err(STATUS_OBJECT_NAME_INVALID));
    }
}
