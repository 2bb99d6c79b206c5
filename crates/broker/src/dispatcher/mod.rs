//! Objects that the processes of a sandbox share: those with a name. The broker keeps the directory of names, the objects' states
//! and who waits for them, so that a process that is killed at any instant leaves nothing half done: its opens end, and what it
//! owned is abandoned.

mod job;
mod jobs;
mod life;
mod object;
mod request;
#[cfg(test)]
mod tests;
mod timer;
mod wait;

use crate::mapping::Mapping;
use crate::order::Launcher;
use channel::Alarm;
use gate::service::{ObjectKind, SignalKind};
use job::Job;
use object::{Body, Object, Section, Waitable, owner};
use protocol::message::{ObjectState, SharedObject};
use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use wait::Wait;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_COMMITMENT_LIMIT, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH,
};
use windows_sys::Win32::System::Memory::SEC_FILE;

/// The most names of a sandbox, and the most objects: there is always room for processes and their threads.
const MOST_NAMES: usize = 1 << 14;
const MOST: usize = MOST_NAMES + 4 * crate::berth::MOST;
/// The longest name with its directory, in bytes: Windows' own limit is 260 characters behind it.
const LONGEST: usize = 1024;

/// The shared objects of a sandbox.
#[derive(Default)]
pub struct Dispatcher(Arc<Shared>);

/// The same, for the thread of the timers too.
#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    /// A timer was set, or all is over.
    changed: Condvar,
    /// Who ends processes.
    launcher: OnceLock<Arc<Launcher>>,
}

#[derive(Default)]
struct Inner {
    names: HashMap<Vec<u8>, u32>,
    objects: HashMap<u32, Object>,
    next: u32,
    /// Who waits, by the number of the alarm.
    waits: HashMap<usize, Wait>,
    /// How many waits have begun.
    turns: u64,
    /// Whom to wake once the lock is given back.
    woken: Vec<Alarm>,
    timers: timer::Timers,
    /// Bytes of memory in sections.
    memory: u64,
    /// The jobs that a process is in, from the outermost one on.
    chains: HashMap<u32, Vec<u32>>,
    /// Whom to end, and with which code, once the lock is given back.
    doomed: Vec<(u32, u32)>,
}

/// The lock; whose sleep was ended is woken after it is given back, and who is to end is ended.
struct Locked<'a> {
    inner: Option<MutexGuard<'a, Inner>>,
    launcher: &'a OnceLock<Arc<Launcher>>,
}

impl Shared {
    fn lock(&self) -> Locked<'_> {
        Locked { inner: Some(self.inner.lock().unwrap_or_else(PoisonError::into_inner)), launcher: &self.launcher }
    }
}

impl std::ops::Deref for Locked<'_> {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        self.inner.as_ref().expect("it is locked until it is dropped")
    }
}

impl std::ops::DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Inner {
        self.inner.as_mut().expect("it is locked until it is dropped")
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let Some(mut inner) = self.inner.take() else { return };
        let (woken, doomed) = (std::mem::take(&mut inner.woken), std::mem::take(&mut inner.doomed));
        drop(inner);
        woken.iter().for_each(Alarm::wake);
        if let Some(launcher) = self.launcher.get()
            && !doomed.is_empty()
        {
            launcher.end(doomed);
        }
    }
}

/// How an object is made where there is none of its name.
pub enum New {
    /// Not at all.
    Nothing,
    /// Something to wait for.
    Waitable {
        /// Signalled, owned, or the count.
        initial: u32,
        /// The highest count, or whether it is reset by hand.
        limit: u32,
    },
    /// A section.
    Section {
        /// Bytes.
        size: u64,
        /// `PAGE_*`.
        protect: u32,
        /// `SEC_*`.
        attributes: u32,
        /// The file's bytes, and that they are mapped; `None` for memory.
        file: Option<(Arc<OwnedFd>, Mapping)>,
    },
    /// A job without processes.
    Job,
    /// One whose kind is not shared.
    Private,
}

impl Dispatcher {
    /// Processes that are to end are ended there from now on.
    pub fn set_launcher(&self, launcher: &Arc<Launcher>) {
        let _ = self.0.launcher.set(Arc::clone(launcher));
    }

    fn lock(&self) -> Locked<'_> {
        self.0.lock()
    }

    /// Opens the object of a name, or makes it. Each answer counts as one open of the process.
    pub fn open(&self, process: u32, thread: u32, text: &[u8], kind: u32, new: New) -> Result<(SharedObject, Option<Arc<OwnedFd>>), NTSTATUS> {
        if text.is_empty() || text.len() > LONGEST || !text.len().is_multiple_of(2) {
            return Err(STATUS_OBJECT_NAME_INVALID);
        }
        let mut inner = self.lock();
        if let Some(number) = inner.names.get(text).copied() {
            return inner.open_existing(process, number, kind);
        }
        if inner.objects.len() >= MOST_NAMES {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let body = match new {
            New::Nothing => return Err(STATUS_OBJECT_NAME_NOT_FOUND),
            New::Waitable { initial, limit } => {
                let kind = ObjectKind::from_number(kind).ok_or(STATUS_OBJECT_TYPE_MISMATCH)?;
                Body::Waitable(Waitable::new(kind, initial, limit, owner(process, thread))?)
            }
            New::Section { size, protect, attributes, file } => Body::Section(inner.section(size, protect, attributes, file)?),
            New::Job => Body::Job(Waitable::new(ObjectKind::Job, 0, 0, 0)?, Job::default()),
            New::Private => Body::Private,
        };
        let number = inner.enter(text.to_vec(), kind, body, &[process]);
        inner.tell(number, false)
    }

    /// Ends some opens of a process; with the last one of all processes the object goes, and its name.
    pub fn release(&self, process: u32, number: u32, opens: u32) -> Result<(), NTSTATUS> {
        let mut inner = self.lock();
        let object = inner.objects.get_mut(&number).ok_or(STATUS_INVALID_HANDLE)?;
        let left = object.opens.get_mut(&process).ok_or(STATUS_INVALID_HANDLE)?;
        *left = left.saturating_sub(opens);
        if *left == 0 {
            object.opens.remove(&process);
        }
        inner.closed(number);
        Ok(())
    }

    /// Signals an object; answers what it was before.
    pub fn signal(&self, process: u32, thread: u32, number: u32, how: SignalKind, count: u32) -> Result<ObjectState, NTSTATUS> {
        self.lock().signal(process, thread, number, how, count)
    }

    /// What a section that a process has open maps of a file, once more.
    pub fn mapping(&self, process: u32, number: u32) -> Result<Mapping, NTSTATUS> {
        match &self.lock().opened(process, number)?.body {
            Body::Section(Section { mapping: Some(mapping), .. }) => Ok(mapping.again()),
            _ => Err(STATUS_OBJECT_TYPE_MISMATCH),
        }
    }

    /// An object's state.
    pub fn query(&self, process: u32, thread: u32, number: u32) -> Result<ObjectState, NTSTATUS> {
        self.lock().opened(process, number)?.waitable().ok_or(STATUS_OBJECT_TYPE_MISMATCH).map(|waitable| waitable.query(owner(process, thread)))
    }

    /// Waits ([`Inner::wait`]), after it has signalled another object, if one is named.
    pub fn wait(&self, wait: Wait, signalled: Option<(u32, SignalKind)>) -> Result<u8, NTSTATUS> {
        let mut inner = self.lock();
        if let Some((number, how)) = signalled {
            inner.signal(wait.process, wait.thread, number, how, 1)?;
        }
        inner.wait(wait)
    }

    /// A process has ended: its opens and waits end, and what it owned is abandoned.
    pub fn end(&self, process: u32) {
        let mut inner = self.lock();
        let waits: Vec<usize> = inner.waits.iter().filter(|(_, wait)| wait.process == process).map(|(alarm, _)| *alarm).collect();
        waits.into_iter().for_each(|alarm| inner.leave(alarm));
        let opened: Vec<u32> = inner.objects.iter().filter(|(_, object)| object.opens.contains_key(&process)).map(|(number, _)| *number).collect();
        for number in opened {
            inner.objects.get_mut(&number).map(|object| object.opens.remove(&process));
            inner.closed(number);
        }
        inner.abandon(|state| state >> 32 == process.into());
    }
}

impl Inner {
    fn open_existing(&mut self, process: u32, number: u32, kind: u32) -> Result<(SharedObject, Option<Arc<OwnedFd>>), NTSTATUS> {
        let object = self.objects.get_mut(&number).ok_or(STATUS_OBJECT_NAME_NOT_FOUND)?;
        if object.kind != kind {
            return Err(STATUS_OBJECT_TYPE_MISMATCH);
        }
        if matches!(object.body, Body::Private) && !object.opens.contains_key(&process) {
            return Err(STATUS_ACCESS_DENIED);
        }
        let opens = object.opens.entry(process).or_default();
        *opens = opens.checked_add(1).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        self.tell(number, true)
    }

    /// Enters a new object that some processes have open.
    fn enter(&mut self, text: Vec<u8>, kind: u32, body: Body, processes: &[u32]) -> u32 {
        let number = self.free_number();
        let opens = processes.iter().map(|process| (*process, 1)).collect();
        self.names.insert(text.clone(), number);
        self.objects.insert(number, Object { text, kind, body, opens, waiters: BTreeMap::new() });
        number
    }

    /// What a process is told of an object, and what travels along.
    fn tell(&self, number: u32, found: bool) -> Result<(SharedObject, Option<Arc<OwnedFd>>), NTSTATUS> {
        let object = self.objects.get(&number).ok_or(STATUS_INVALID_HANDLE)?;
        Ok((object.tell(number, found), object.descriptor()))
    }

    /// What a process has open.
    fn opened(&mut self, process: u32, number: u32) -> Result<&mut Object, NTSTATUS> {
        self.objects.get_mut(&number).filter(|object| object.opens.contains_key(&process)).ok_or(STATUS_INVALID_HANDLE)
    }

    fn signal(&mut self, process: u32, thread: u32, number: u32, how: SignalKind, count: u32) -> Result<ObjectState, NTSTATUS> {
        let object = self.opened(process, number)?;
        let kind = ObjectKind::from_number(object.kind).ok_or(STATUS_OBJECT_TYPE_MISMATCH)?;
        let before = object.waitable().ok_or(STATUS_OBJECT_TYPE_MISMATCH)?.signal(kind, how, count, owner(process, thread))?;
        self.serve(number);
        if how == SignalKind::Pulse {
            self.opened(process, number)?.waitable().map(Waitable::settle);
        }
        Ok(before)
    }

    /// A number comes back after four thousand million others: one that is still taken is passed over.
    fn free_number(&mut self) -> u32 {
        while self.next == 0 || self.objects.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let number = self.next;
        self.next = number.wrapping_add(1);
        number
    }

    fn section(&mut self, size: u64, protect: u32, attributes: u32, file: Option<(Arc<OwnedFd>, Mapping)>) -> Result<Section, NTSTATUS> {
        if let Some((descriptor, mapping)) = file {
            let attributes = attributes | SEC_FILE;
            return Ok(Section { size, protect, attributes, descriptor, memory: 0, mapping: Some(mapping) });
        }
        // All of them together may take half of what the machine has.
        let [machine, ..] = crate::machine::facts().memory;
        let memory = self.memory.checked_add(size).filter(|memory| *memory <= machine / 2).ok_or(STATUS_COMMITMENT_LIMIT)?;
        let descriptor = channel::Shared::create("section", size as usize).map_err(store::status)?.into_descriptor();
        if !crate::descriptor::leaves_room(std::os::fd::AsFd::as_fd(&descriptor)) {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        self.memory = memory;
        Ok(Section { size, protect, attributes: attributes & !SEC_FILE, descriptor: Arc::new(descriptor), memory: size, mapping: None })
    }

    /// Abandons what somebody owned who has ended.
    fn abandon(&mut self, ended: impl Fn(u64) -> bool) {
        let owned = |object: &mut Object| object.waitable().is_some_and(|waitable| waitable.abandon(&ended));
        let abandoned: Vec<u32> = self.objects.iter_mut().filter_map(|(number, object)| owned(object).then_some(*number)).collect();
        abandoned.into_iter().for_each(|number| self.serve(number));
    }

    /// An open has ended, or a wait. With the last open the name goes; the object stays for those who wait for it.
    fn closed(&mut self, number: u32) {
        let Some(object) = self.objects.get(&number).filter(|object| object.opens.is_empty()) else { return };
        if self.names.get(&object.text) == Some(&number) {
            self.names.remove(&object.text);
        }
        let is_kept = !object.waiters.is_empty();
        if let Body::Job(_, job) = &object.body
            && job.has_members()
        {
            return self.job_closed(number);
        }
        if is_kept {
            return;
        }
        self.timers.forget(number);
        if let Some(Object { body: Body::Section(section), .. }) = self.objects.remove(&number) {
            self.memory -= section.memory;
        }
    }
}
