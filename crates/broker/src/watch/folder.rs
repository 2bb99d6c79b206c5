//! A folder that a program watches: what it wants to hear, and the news that wait for it.

use super::queue::{Queue, Taken};
use rustix::event::{EventfdFlags, eventfd};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::NTSTATUS;
use windows_sys::Win32::Storage::FileSystem::FILE_NOTIFY_CHANGE_LAST_ACCESS;

/// Takes a lock, whatever became of who held it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that a program watches.
pub struct Watch {
    /// `FILE_NOTIFY_CHANGE_*` that it wants to hear of.
    pub filter: u32,
    /// The folders below it count too.
    pub subtree: bool,
    /// The folder on the host, if it is one.
    pub root: Option<OwnedFd>,
    /// Its device and number.
    pub id: Option<(u64, u64)>,
    queue: Mutex<Queue>,
    /// Ready while news wait.
    pub event: Arc<OwnedFd>,
}

impl Watch {
    /// Whether who reads in the folder counts.
    pub const fn wants_reads(&self) -> bool {
        self.filter & FILE_NOTIFY_CHANGE_LAST_ACCESS != 0
    }

    /// One that has heard of nothing.
    pub fn new(root: Option<OwnedFd>, id: Option<(u64, u64)>, filter: u32, subtree: bool, room: usize) -> Result<Self, NTSTATUS> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(store::status)?;
        Ok(Self { filter, subtree, root, id, queue: Mutex::new(Queue::new(room)), event: Arc::new(event) })
    }

    /// Lets the program hear of something, if it wants to.
    pub fn tell(&self, action: u32, kinds: u32, path: Vec<u16>) {
        if self.filter & kinds != 0 {
            lock(&self.queue).push(action, path);
            self.wake();
        }
    }

    /// The same, by a path of the host.
    pub fn tell_host(&self, action: u32, kinds: u32, path: &str) {
        let names: Option<Vec<_>> = path.split('/').map(|name| store::from_host(name.as_bytes())).collect();
        // What there is no way to say is not there for programs.
        if let Some(names) = names {
            self.tell(action, kinds, names.join(&u16::from(b'\\')));
        }
    }

    /// Changes were missed.
    pub fn miss(&self) {
        lock(&self.queue).miss();
        self.wake();
    }

    /// The folder is gone.
    pub fn end(&self) {
        lock(&self.queue).end();
        self.wake();
    }

    fn wake(&self) {
        // An event that is set already stays set.
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }

    /// The news that wait, as much as goes into a program's buffer of so many bytes.
    pub fn take(&self, room: usize) -> Taken {
        let mut queue = lock(&self.queue);
        let taken = queue.take(room);
        if queue.is_empty() {
            let _ = rustix::io::read(&self.event, &mut [0_u8; 8]);
        }
        taken
    }
}
