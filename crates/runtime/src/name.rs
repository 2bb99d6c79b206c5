//! Named objects. The broker keeps the sandbox's directory of names, and says which process has an object of a name; the
//! object's state is that process's. A name goes with the last handle to its object.

use crate::broker;
use crate::object::{Name, Object};
use protocol::message::{ForgetName, NameObject};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_PATH_SYNTAX_BAD,
    STATUS_OBJECT_TYPE_MISMATCH,
};

/// The directories that names may lie in: everybody's, and the session's.
const DIRECTORIES: [&str; 2] = ["\\BaseNamedObjects\\", "\\Sessions\\1\\BaseNamedObjects\\"];
/// The longest name with its directory, in bytes, as the broker takes it.
const MOST: usize = 1024;
/// How often a name is asked for that another thread is just giving or taking away.
const TRIES: u32 = 100_000;

/// The objects that have a name, by the number that the broker gave it.
static OBJECTS: Mutex<Option<HashMap<u32, Weak<Object>>>> = Mutex::new(None);

fn objects() -> MutexGuard<'static, Option<HashMap<u32, Weak<Object>>>> {
    OBJECTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts one handle less of an object; its name goes with the last one.
pub fn let_go(object: &Object) {
    if object.drop_handle()
        && let Some(name) = object.name()
    {
        forget(name);
    }
}

/// Takes a name away: nobody holds its object any more.
fn forget(name: &Name) {
    if let Some(objects) = &mut *objects() {
        objects.remove(&name.number);
    }
    // Without an answer the process is about to end.
    let _ = broker::ask(&ForgetName { number: name.number }, &[]);
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

/// What is behind a name.
pub enum Found {
    /// An object that was there; it counts one more handle.
    Existing(Arc<Object>),
    /// A new object, which has the name from now on.
    New(Arc<Object>),
}

/// The object of a name, or a new one that gets the name, where `make` says how.
pub fn find(text: &[u8], kind: u32, make: Option<&dyn Fn() -> Option<Arc<Object>>>) -> Result<Found, NTSTATUS> {
    check(text)?;
    if text.len() > MOST {
        return Err(STATUS_OBJECT_NAME_INVALID);
    }
    for _ in 0..TRIES {
        let (answer, _) = broker::ask(&NameObject { kind, create: make.is_some().into() }, text)?;
        if answer.found == 0 {
            let forget = |status| {
                let _ = broker::ask(&ForgetName { number: answer.number }, &[]);
                status
            };
            let object = make.and_then(|make| make()).ok_or(STATUS_INSUFFICIENT_RESOURCES).map_err(forget)?;
            object.set_name(Name { number: answer.number, text: text.to_vec() });
            objects().get_or_insert_default().insert(answer.number, Arc::downgrade(&object));
            return Ok(Found::New(object));
        }
        if answer.kind != kind {
            return Err(STATUS_OBJECT_TYPE_MISMATCH);
        }
        let object = objects().as_ref().and_then(|objects| objects.get(&answer.number)?.upgrade());
        if let Some(object) = object.filter(|object| object.hold()) {
            return Ok(Found::Existing(object));
        }
        // Another thread has the name and not yet its object, or no handle to it any more.
        rustix::thread::sched_yield();
    }
    Err(STATUS_INSUFFICIENT_RESOURCES)
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
