//! Processes and their first threads as objects: whoever has one open can wait for its end, and ask what became of it.

use super::object::{Body, Object, Waitable, owner};
use super::{Dispatcher, Inner, MOST};
use crate::life::Life;
use gate::service::ObjectKind;
use protocol::message::SharedObject;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_CID, STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
};

/// What names a process or its first thread: as long as no name of a program is, which has an even number of bytes.
fn text(kind: ObjectKind, id: u32) -> Vec<u8> {
    let [a, b, c, d] = id.to_le_bytes();
    vec![kind as u8, a, b, c, d]
}

impl Dispatcher {
    /// A process that is about to begin, and its first thread, as objects that it has open itself, and the process that starts it.
    pub fn begin(&self, life: &Arc<Life>) -> Result<[u32; 2], NTSTATUS> {
        let mut inner = self.lock();
        if inner.objects.len() + 2 > MOST {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let openers: &[u32] = if life.parent == 0 { &[life.id] } else { &[life.id, life.parent] };
        let mut enter = |kind, id| {
            let waitable = Waitable::new(kind, 0, 0, 0)?;
            Ok::<_, NTSTATUS>(inner.enter(text(kind, id), kind as u32, Body::Life(waitable, Arc::clone(life)), openers))
        };
        Ok([enter(ObjectKind::Process, life.id)?, enter(ObjectKind::Thread, life.thread)?])
    }

    /// Opens a process, or the first thread of one, by its number.
    pub fn open_life(&self, process: u32, kind: ObjectKind, id: u32) -> Result<SharedObject, NTSTATUS> {
        let mut inner = self.lock();
        let number = inner.names.get(text(kind, id).as_slice()).copied().ok_or(STATUS_INVALID_CID)?;
        inner.open_existing(process, number, kind as u32).map(|(told, _)| told)
    }

    /// Whether somebody has a process open that has this number, or its first thread.
    pub fn knows(&self, id: u32) -> bool {
        let inner = self.lock();
        [text(ObjectKind::Process, id), text(ObjectKind::Thread, id + 4)].iter().any(|text| inner.names.contains_key(text.as_slice()))
    }

    /// The process behind an object that another one has open: itself or its first thread.
    pub fn life(&self, process: u32, number: u32) -> Result<Arc<Life>, NTSTATUS> {
        match &self.lock().opened(process, number)?.body {
            Body::Life(_, life) => Ok(Arc::clone(life)),
            _ => Err(STATUS_OBJECT_TYPE_MISMATCH),
        }
    }

    /// A process has ended, and with it its first thread: who waits for them waits no longer.
    pub fn life_ended(&self, life: &Life) {
        let mut inner = self.lock();
        inner.end_life(ObjectKind::Thread, life.thread);
        inner.end_life(ObjectKind::Process, life.id);
    }

    /// A thread has ended: what it owned is abandoned, whether its process still has it open or not. Other processes may wait for it
    /// where it was its process's first.
    pub fn end_thread(&self, process: u32, thread: u32) {
        let mut inner = self.lock();
        inner.abandon(|state| state == owner(process, thread));
        // A process may say whatever it likes of threads, but of its own alone.
        let is_own = |object: &Object| matches!(&object.body, Body::Life(_, life) if life.id == process);
        let first = inner.names.get(text(ObjectKind::Thread, thread).as_slice()).and_then(|number| inner.objects.get(number));
        if first.is_some_and(is_own) {
            inner.end_life(ObjectKind::Thread, thread);
        }
    }

    /// Gives a process that is about to begin what it inherits of another one.
    pub fn inherit(&self, from: u32, to: u32, number: u32) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        let object = inner.opened(from, number)?;
        if matches!(object.body, Body::Private) {
            return Err(STATUS_INVALID_HANDLE);
        }
        let opens = object.opens.entry(to).or_default();
        *opens = opens.checked_add(1).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        Ok(())
    }

    /// What an object is that a process has open.
    pub fn tell(&self, process: u32, number: u32) -> Result<(SharedObject, Option<Arc<OwnedFd>>), NTSTATUS> {
        let mut inner = self.lock();
        inner.opened(process, number)?;
        inner.tell(number, true)
    }
}

impl Inner {
    fn end_life(&mut self, kind: ObjectKind, id: u32) {
        let Some(number) = self.names.get(text(kind, id).as_slice()).copied() else { return };
        if let Some(waitable) = self.objects.get_mut(&number).and_then(Object::waitable) {
            waitable.state = 1;
        }
        self.serve(number);
    }
}
