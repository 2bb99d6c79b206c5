//! Hearing of changes: a process names the keys that it watches, and one of its threads waits for news of any of them.

use super::payload::Answer;
use super::{KeyObject, lock};
use crate::process::Process;
use crate::reply::Reply;
use protocol::key::WatchKey;
use protocol::message::Done;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use store::registry::{Event, Registry};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::System::Registry::{
    KEY_NOTIFY, REG_NOTIFY_CHANGE_ATTRIBUTES, REG_NOTIFY_CHANGE_LAST_SET, REG_NOTIFY_CHANGE_NAME, REG_NOTIFY_CHANGE_SECURITY,
};

/// The most keys that a sandbox watches, and requests that wait.
const MOST: usize = 1 << 14;

/// An open key of which somebody wanted to hear. From the first request on every change counts: one that comes while nobody waits is
/// told with the next request.
struct Watch {
    keys: [Option<u32>; 2],
    filter: u32,
    subtree: bool,
    changed: bool,
    waiting: Vec<Waiting>,
}

/// A request that waits.
struct Waiting {
    handle: u32,
    number: u32,
    news: Arc<News>,
}

/// What a sandbox's programs watch.
#[derive(Default)]
pub struct Watches {
    all: HashMap<u64, Watch>,
    /// Those of each key.
    of_key: HashMap<u32, Vec<u64>>,
    last: u64,
    waiting: usize,
}

impl Watches {
    /// Tells an event to whom it concerns: those of the key, and of the keys above it who watch what is below.
    pub fn fire(&mut self, registry: &Registry, event: Event) {
        let mut at = Some(event.key);
        while let Some(key) = at.filter(|_| !self.all.is_empty()) {
            for id in self.of_key.get(&key).into_iter().flatten() {
                let Some(watch) = self.all.get_mut(id) else { continue };
                if event.what & watch.filter != 0 && (key == event.key || watch.subtree) {
                    watch.changed = watch.waiting.is_empty();
                    self.waiting -= watch.waiting.len();
                    watch.waiting.drain(..).for_each(|waiting| waiting.news.tell(waiting.number));
                }
            }
            at = registry.above(key);
        }
    }

    /// Who watches an open key; from the first request on, what that asked for.
    fn watch(&mut self, object: &KeyObject, filter: u32, subtree: bool) -> Result<&mut Watch, NTSTATUS> {
        if self.waiting >= MOST || object.watch.get().is_none() && self.all.len() >= MOST {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let id = *object.watch.get_or_init(|| {
            self.last += 1;
            self.last
        });
        Ok(self.all.entry(id).or_insert_with(|| {
            let keys = [Some(object.key.id), object.key.under];
            keys.into_iter().flatten().for_each(|key| self.of_key.entry(key).or_default().push(id));
            Watch { keys, filter, subtree, changed: false, waiting: Vec::new() }
        }))
    }

    /// An open key is closed for good.
    pub fn end(&mut self, object: &KeyObject) {
        let Some((id, watch)) = object.watch.get().and_then(|id| self.all.remove_entry(id)) else { return };
        self.waiting -= watch.waiting.len();
        watch.waiting.into_iter().for_each(|waiting| waiting.news.tell(waiting.number));
        for key in watch.keys.into_iter().flatten() {
            if let Entry::Occupied(mut ids) = self.of_key.entry(key) {
                ids.get_mut().retain(|other| *other != id);
                if ids.get().is_empty() {
                    ids.remove();
                }
            }
        }
    }
}

/// The news of one process.
#[derive(Default)]
pub struct News {
    state: Mutex<(Vec<u32>, bool)>,
    changed: Condvar,
}

impl News {
    fn tell(&self, number: u32) {
        lock(&self.state).0.push(number);
        self.changed.notify_all();
    }

    /// The process does not take what it is told.
    fn is_full(&self) -> bool {
        lock(&self.state).0.len() >= MOST
    }

    /// Nobody waits any longer.
    pub fn end(&self) {
        lock(&self.state).1 = true;
        self.changed.notify_all();
    }

    fn wait(&self) -> Option<Vec<u32>> {
        let mut state = lock(&self.state);
        loop {
            if !state.0.is_empty() {
                return Some(std::mem::take(&mut state.0));
            }
            if state.1 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Process {
    /// Hears of the next change of a key.
    pub fn watch_key(&self, request: &WatchKey) -> Answer {
        const KNOWN: u32 = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_ATTRIBUTES | REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_SECURITY;
        if request.filter == 0 || request.filter & !KNOWN != 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let object = self.key(request.handle, KEY_NOTIFY)?;
        let keys = &self.sandbox.keys;
        keys.with(&self.sandbox, |registry| registry.path(object.key.id).map(|_| ()))?;
        if self.key_news.is_full() {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let mut state = lock(&keys.state);
        let watch = state.watches.watch(&object, request.filter, request.subtree != 0)?;
        if std::mem::take(&mut watch.changed) {
            self.key_news.tell(request.number);
        } else {
            watch.waiting.push(Waiting { handle: request.handle, number: request.number, news: Arc::clone(&self.key_news) });
            state.watches.waiting += 1;
        }
        Ok(Reply::value(&Done {}))
    }

    /// Waits for news.
    pub fn wait_keys(&self) -> Answer {
        let news = self.key_news.wait().ok_or(STATUS_INVALID_HANDLE)?;
        let numbers = news.iter().flat_map(|number| number.to_le_bytes()).take(protocol::PAYLOAD).collect();
        Ok(Reply::value(&Done {}).with_payload(numbers))
    }

    /// A key's handle is closed: who waits by it is told so.
    pub fn end_key_waits(&self, handle: u32, object: &KeyObject) {
        let Some(id) = object.watch.get() else { return };
        self.end_waits(Some(id), |waiting| waiting.handle == handle);
    }

    /// The process has ended.
    pub fn end_keys(&self) {
        self.key_news.end();
        self.end_waits(None, |_| true);
    }

    /// Tells those of this process's requests that they end, of one watch or of all.
    fn end_waits(&self, watch: Option<&u64>, ends: impl Fn(&Waiting) -> bool) {
        let watches = &mut lock(&self.sandbox.keys.state).watches;
        let Watches { all, waiting: count, .. } = watches;
        let (one, every) = match watch {
            Some(id) => (all.get_mut(id), None),
            None => (None, Some(all.values_mut())),
        };
        for watch in one.into_iter().chain(every.into_iter().flatten()) {
            let before = watch.waiting.len();
            watch.waiting.retain(|waiting| {
                let ends = Arc::ptr_eq(&waiting.news, &self.key_news) && ends(waiting);
                if ends {
                    waiting.news.tell(waiting.number);
                }
                !ends
            });
            *count -= before - watch.waiting.len();
        }
    }
}
