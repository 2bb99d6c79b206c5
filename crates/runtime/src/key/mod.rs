//! Keys of the registry: the broker has them, and what it told of one is remembered here until a word in the page that all share says
//! that the key has changed.

mod cache;
mod service;
mod watch;

use crate::broker;
use crate::serve::Answer;
use cache::Cache;
use protocol::key::{KeyOpened, QueryKey};
use protocol::message;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_ACCESS_DENIED};

/// An open key.
#[derive(Debug)]
pub struct Key {
    /// The broker's number for it.
    pub handle: u32,
    /// The access that it was granted.
    pub access: u32,
    flags: AtomicU32,
    /// Which word tells of its changes; `u32::MAX` for none.
    word: u32,
    cache: Mutex<Cache>,
    /// Somebody waits for changes by this handle.
    watched: AtomicBool,
    /// What its duplicates share.
    identity: Arc<()>,
}

impl Key {
    /// A key that the broker opened, with the values that came along.
    pub fn new(opened: &KeyOpened, values: Vec<u8>, flags: u32) -> Self {
        let cache = if opened.whole != 0 || !values.is_empty() { Cache::with(opened.seen, opened.whole != 0, values) } else { Cache::default() };
        Self {
            handle: opened.handle,
            access: opened.access,
            flags: AtomicU32::new(flags),
            word: opened.word,
            cache: Mutex::new(cache),
            watched: AtomicBool::new(false),
            identity: Arc::default(),
        }
    }

    /// A key whose handle the process was not told of. Nothing is remembered of it.
    pub fn adopted(opened: &message::Opened) -> Self {
        let told = KeyOpened { handle: opened.handle, access: opened.access, word: u32::MAX, ..KeyOpened::default() };
        Self::new(&told, Vec::new(), opened.flags)
    }

    /// `HANDLE_FLAG_*`.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Sets `HANDLE_FLAG_*`, here and in the broker, which hands handles to children.
    pub fn set_flags(&self, flags: u32) -> Answer {
        broker::ask(&message::SetHandle { handle: self.handle, flags }, &[])?;
        self.flags.store(flags, Ordering::Relaxed);
        Ok(())
    }

    /// Whether closing it has an effect that must not wait.
    pub fn close_now(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Whether two handles lead to what one open made.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.identity, &other.identity)
    }

    /// A second handle to it.
    pub fn duplicate(&self, access: u32, options: u32, flags: u32) -> Result<Self, NTSTATUS> {
        let (reply, _) = broker::ask(&message::DuplicateHandle { handle: self.handle, access, options, flags }, &[])?;
        Ok(Self {
            handle: reply.handle,
            access: reply.access,
            flags: AtomicU32::new(flags),
            word: self.word,
            cache: Mutex::default(),
            watched: AtomicBool::new(false),
            identity: Arc::clone(&self.identity),
        })
    }

    /// Where it is, UTF-16.
    pub fn path(&self) -> Result<Vec<u8>, NTSTATUS> {
        let (facts, mut bytes) = broker::ask(&QueryKey { handle: self.handle }, &[])?;
        bytes.truncate(facts.path as usize);
        Ok(bytes)
    }

    /// Refuses what the handle does not grant.
    fn needs(&self, access: u32) -> Answer {
        if self.access & access == access { Ok(()) } else { Err(STATUS_ACCESS_DENIED) }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its word says now; `None` where nothing can be remembered.
    fn changes(&self) -> Option<u32> {
        use gate::shared::{KEY_CHANGES, KEY_CHANGES_COUNT};
        (self.word < KEY_CHANGES_COUNT).then(|| {
            let address = gate::map::SHARED_DATA as usize + KEY_CHANGES + 4 * self.word as usize;
            // SAFETY: the page is mapped as long as the process runs, and the word is one that the broker changes as an atomic.
            unsafe { &*(address as *const AtomicU32) }.load(Ordering::Acquire)
        })
    }
}
