//! A process's handles: object, granted access, flags. Freed numbers rest before they are given out again.

use crate::key::KeyObject;
use crate::mapping::MappingObject;
use crate::object::FileObject;
use protocol::handle::{BROKER, BROKER_END};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_PROCESS_IS_TERMINATING, STATUS_TOO_MANY_OPENED_FILES,
};

/// A freed number is not given out again before this many others were freed.
const QUARANTINE: usize = 64;
/// The most handles of a process.
const MOST: usize = ((BROKER_END - BROKER) / 4) as usize;

/// What a handle leads to.
#[derive(Clone)]
pub enum Object {
    /// A file.
    File(Arc<FileObject>),
    /// A key of the registry.
    Key(Arc<KeyObject>),
    /// A section of a file, for the runtime alone.
    Mapping(Arc<MappingObject>),
}

impl Object {
    /// How many handles there are of it.
    pub fn handles(&self) -> &AtomicU32 {
        match self {
            Self::File(file) => &file.handles,
            Self::Key(key) => &key.handles,
            Self::Mapping(mapping) => &mapping.handles,
        }
    }
}

/// What a handle grants.
#[derive(Clone)]
pub struct Handle {
    /// The object.
    pub object: Object,
    /// The access granted.
    pub access: u32,
    /// `HANDLE_FLAG_*`.
    pub flags: u32,
}

impl Handle {
    /// The file that it leads to.
    pub fn file(&self) -> Result<&Arc<FileObject>, NTSTATUS> {
        match &self.object {
            Object::File(file) => Ok(file),
            Object::Key(_) | Object::Mapping(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
        }
    }

    /// The key that it leads to.
    pub fn key(&self) -> Result<&Arc<KeyObject>, NTSTATUS> {
        match &self.object {
            Object::Key(key) => Ok(key),
            Object::File(_) | Object::Mapping(_) => Err(STATUS_OBJECT_TYPE_MISMATCH),
        }
    }
}

/// The handles of one process.
#[derive(Default)]
pub struct Table {
    slots: Vec<Option<Handle>>,
    freed: VecDeque<u32>,
    /// Those that the process has not been told of.
    untold: HashSet<u32>,
    /// The process has ended: a request that is still at work gets no handle any more.
    closed: bool,
}

impl Table {
    /// Gives an object a number.
    pub fn insert(&mut self, handle: Handle) -> Result<u32, NTSTATUS> {
        if self.closed {
            return Err(STATUS_PROCESS_IS_TERMINATING);
        }
        let object = handle.object.clone();
        let index = if self.freed.len() > QUARANTINE { self.freed.pop_front() } else { None };
        let index = match index {
            Some(index) => {
                self.slots[index as usize] = Some(handle);
                index
            }
            None if self.slots.len() < MOST => {
                self.slots.push(Some(handle));
                self.slots.len() as u32 - 1
            }
            None => return Err(STATUS_TOO_MANY_OPENED_FILES),
        };
        object.handles().fetch_add(1, Ordering::Relaxed);
        Ok(BROKER + 4 * index)
    }

    /// What a number stands for, if it grants all of `access`.
    pub fn get(&self, number: u32, access: u32) -> Result<&Handle, NTSTATUS> {
        let handle = self.slots.get(Self::index(number)?).and_then(Option::as_ref).ok_or(STATUS_INVALID_HANDLE)?;
        if handle.access & access == access { Ok(handle) } else { Err(STATUS_ACCESS_DENIED) }
    }

    /// What a number stands for, to change its flags.
    pub fn get_mut(&mut self, number: u32) -> Result<&mut Handle, NTSTATUS> {
        self.slots.get_mut(Self::index(number)?).and_then(Option::as_mut).ok_or(STATUS_INVALID_HANDLE)
    }

    /// Takes a number back.
    pub fn remove(&mut self, number: u32) -> Result<Handle, NTSTATUS> {
        let index = Self::index(number)?;
        let handle = self.slots.get_mut(index).and_then(Option::take).ok_or(STATUS_INVALID_HANDLE)?;
        self.untold.remove(&(index as u32));
        self.freed.push_back(index as u32);
        Ok(handle)
    }

    /// Takes all numbers back, for good.
    pub fn close(&mut self) -> Vec<Handle> {
        self.closed = true;
        self.freed.clear();
        self.slots.drain(..).flatten().collect()
    }

    /// The table of a process that begins with handles, under numbers that rise. It is told of each when it asks.
    pub fn inherited(handles: impl Iterator<Item = (u32, Handle)>) -> Result<Self, NTSTATUS> {
        let mut table = Self::default();
        for (number, handle) in handles {
            let index = Self::index(number)?;
            while table.slots.len() < index {
                table.freed.push_back(table.slots.len() as u32);
                table.slots.push(None);
            }
            handle.object.handles().fetch_add(1, Ordering::Relaxed);
            table.untold.insert(index as u32);
            table.slots.push(Some(handle));
        }
        Ok(table)
    }

    /// What a number stands for that the process has and was not told of: once.
    pub fn tell(&mut self, number: u32) -> Result<&Handle, NTSTATUS> {
        let index = Self::index(number)?;
        if !self.untold.remove(&(index as u32)) {
            return Err(STATUS_INVALID_HANDLE);
        }
        self.get(number, 0)
    }

    /// The numbers that stand for something, in order.
    pub fn all(&self) -> impl Iterator<Item = (u32, &Handle)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| Some((BROKER + 4 * index as u32, slot.as_ref()?)))
    }

    fn index(number: u32) -> Result<usize, NTSTATUS> {
        if (BROKER..BROKER_END).contains(&number) && number.is_multiple_of(4) {
            Ok((number - BROKER) as usize / 4)
        } else {
            Err(STATUS_INVALID_HANDLE)
        }
    }
}

/// The handles that a process is to begin with. Where it does not begin they are let go of.
pub struct Heritage {
    table: Table,
    let_go: Box<dyn Fn(&Handle) + Send>,
}

impl Heritage {
    /// Handles that are counted already, and how one of them is let go of.
    pub fn new(table: Table, let_go: impl Fn(&Handle) + Send + 'static) -> Self {
        Self { table, let_go: Box::new(let_go) }
    }

    /// The process has begun.
    pub fn take(mut self) -> Table {
        std::mem::take(&mut self.table)
    }
}

impl Drop for Heritage {
    fn drop(&mut self) {
        self.table.close().iter().for_each(&self.let_go);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::FileObject;

    fn handle(access: u32) -> Handle {
        Handle { object: Object::File(Arc::new(FileObject::null())), access, flags: 0 }
    }

    #[test]
    fn a_number_grants_what_it_was_given_and_no_more() {
        let mut table = Table::default();
        let number = table.insert(handle(1)).unwrap();
        assert!(table.get(number, 1).is_ok());
        assert_eq!(table.get(number, 3).err(), Some(STATUS_ACCESS_DENIED));
        assert_eq!(table.get(number + 4, 0).err(), Some(STATUS_INVALID_HANDLE));
        assert_eq!(table.get(number + 1, 0).err(), Some(STATUS_INVALID_HANDLE));
        assert_eq!(table.get(0, 0).err(), Some(STATUS_INVALID_HANDLE));
    }

    #[test]
    fn a_process_that_has_ended_gets_no_handle() {
        let mut table = Table::default();
        let number = table.insert(handle(1)).unwrap();
        assert_eq!(table.close().len(), 1);
        assert_eq!(table.get(number, 0).err(), Some(STATUS_INVALID_HANDLE));
        assert_eq!(table.insert(handle(1)).err(), Some(STATUS_PROCESS_IS_TERMINATING));
    }

    #[test]
    fn what_is_inherited_keeps_its_number_and_is_told_of_once() {
        let (first, third) = (BROKER, BROKER + 8);
        let mut table = Table::inherited([(first, handle(1)), (third, handle(3))].into_iter()).unwrap();
        assert_eq!(table.tell(third).map(|handle| handle.access), Ok(3));
        assert_eq!(table.tell(third).err(), Some(STATUS_INVALID_HANDLE));
        assert_eq!(table.tell(BROKER + 4).err(), Some(STATUS_INVALID_HANDLE), "nobody has given it");
        table.remove(first).unwrap();
        assert_eq!(table.tell(first).err(), Some(STATUS_INVALID_HANDLE));
    }

    #[test]
    fn handles_of_a_process_that_does_not_begin_are_let_go_of() {
        let kept = handle(1);
        let inherited = || Table::inherited([(BROKER, kept.clone())].into_iter()).unwrap();
        let let_go = |handle: &Handle| {
            handle.object.handles().fetch_sub(1, Ordering::Relaxed);
        };
        drop(Heritage::new(inherited(), let_go));
        assert_eq!(kept.object.handles().load(Ordering::Relaxed), 0);
        let table = Heritage::new(inherited(), let_go).take();
        assert_eq!((kept.object.handles().load(Ordering::Relaxed), table.all().count()), (1, 1));
    }

    #[test]
    fn a_stale_number_stays_invalid_for_a_while() {
        let mut table = Table::default();
        let stale = table.insert(handle(1)).unwrap();
        table.remove(stale).unwrap();
        for _ in 0..QUARANTINE {
            let number = table.insert(handle(1)).unwrap();
            assert_ne!(number, stale);
            table.remove(number).unwrap();
        }
        assert_eq!(table.remove(stale).err(), Some(STATUS_INVALID_HANDLE));
    }
}
