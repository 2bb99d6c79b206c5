//! The directory of named objects of a sandbox: which process has an object of which name and kind. The object's state is
//! its process's; what the directory decides is who has it.

use protocol::message::Named;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_NAME_NOT_FOUND,
};

/// The most names of a sandbox.
const MOST: usize = 1 << 14;
/// The longest name with its directory, in bytes: Windows' own limit is 260 characters behind it.
const LONGEST: usize = 1024;

/// Who has a name.
struct Holder {
    process: u32,
    number: u32,
    kind: u32,
}

/// The directory.
#[derive(Default)]
pub struct Names(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    holders: HashMap<Vec<u8>, Holder>,
    numbers: HashMap<u32, Vec<u8>>,
    next: u32,
}

impl Names {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object of a name; where there is none and one is to be made, the name is the process's from now on.
    pub fn find(&self, process: u32, text: &[u8], kind: u32, create: bool) -> Result<Named, NTSTATUS> {
        if text.is_empty() || text.len() > LONGEST || !text.len().is_multiple_of(2) {
            return Err(STATUS_OBJECT_NAME_INVALID);
        }
        let mut inner = self.lock();
        if let Some(holder) = inner.holders.get(text) {
            // Until objects can be shared, another process's is out of reach, and must not be taken for none.
            return if holder.process == process {
                Ok(Named { number: holder.number, found: 1, kind: holder.kind })
            } else {
                Err(STATUS_ACCESS_DENIED)
            };
        }
        if !create {
            return Err(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        if inner.holders.len() >= MOST {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        // A number comes back after four thousand million others: one that is still taken is passed over.
        let mut number = inner.next;
        while inner.numbers.contains_key(&number) {
            number = number.wrapping_add(1);
        }
        inner.next = number.wrapping_add(1);
        inner.numbers.insert(number, text.to_vec());
        inner.holders.insert(text.to_vec(), Holder { process, number, kind });
        Ok(Named { number, found: 0, kind })
    }

    /// Takes a process's name away.
    pub fn forget(&self, process: u32, number: u32) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        let text = inner.numbers.get(&number).ok_or(STATUS_INVALID_PARAMETER)?.clone();
        if inner.holders.get(&text).is_none_or(|holder| holder.process != process) {
            return Err(STATUS_INVALID_PARAMETER);
        }
        inner.holders.remove(&text);
        inner.numbers.remove(&number);
        Ok(())
    }

    /// Takes all names of a process away: it has ended.
    pub fn forget_all(&self, process: u32) {
        let mut inner = self.lock();
        inner.holders.retain(|_, holder| holder.process != process);
        let Inner { holders, numbers, .. } = &mut *inner;
        numbers.retain(|_, text| holders.contains_key(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_process_s_until_it_is_forgotten() {
        let names = Names::default();
        let made = names.find(1, b"a\0", 3, true).unwrap();
        assert_eq!((made.found, made.kind), (0, 3));
        let found = names.find(1, b"a\0", 5, true).unwrap();
        assert_eq!((found.number, found.found, found.kind), (made.number, 1, 3));
        assert_eq!(names.find(2, b"a\0", 3, true), Err(STATUS_ACCESS_DENIED));
        assert_eq!(names.forget(2, made.number), Err(STATUS_INVALID_PARAMETER));
        names.forget(1, made.number).unwrap();
        assert_eq!(names.find(2, b"a\0", 3, false), Err(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(names.find(2, b"a\0", 3, true).unwrap().found, 0);
    }

    #[test]
    fn a_process_s_end_frees_its_names() {
        let names = Names::default();
        names.find(1, b"a\0", 1, true).unwrap();
        let other = names.find(2, b"b\0", 1, true).unwrap();
        names.forget_all(1);
        assert_eq!(names.find(2, b"a\0", 1, false), Err(STATUS_OBJECT_NAME_NOT_FOUND));
        assert_eq!(names.find(2, b"b\0", 1, false).unwrap().number, other.number);
        assert_eq!(names.lock().numbers.len(), 1);
    }

    #[test]
    fn hostile_names_are_refused() {
        let names = Names::default();
        for name in [&b""[..], b"a", &[0; LONGEST + 2]] {
            assert_eq!(names.find(1, name, 1, true), Err(STATUS_OBJECT_NAME_INVALID));
        }
        assert_eq!(names.forget(1, 7), Err(STATUS_INVALID_PARAMETER));
    }
}
