//! Hearing of changes: a process names the keys that it watches, and one of its threads waits for news of any of them.

use super::lock;
use super::payload::Answer;
use crate::process::Process;
use crate::reply::Reply;
use protocol::key::WatchKey;
use protocol::message::Done;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use store::registry::{Event, Registry};
use windows_sys::Win32::Foundation::{STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::System::Registry::{
    KEY_NOTIFY, REG_NOTIFY_CHANGE_ATTRIBUTES, REG_NOTIFY_CHANGE_LAST_SET, REG_NOTIFY_CHANGE_NAME, REG_NOTIFY_CHANGE_SECURITY,
};

/// The most watches of a sandbox.
const MOST: usize = 1 << 14;

/// Somebody who wants to hear of a key's next change.
pub struct Watch {
    key: u32,
    filter: u32,
    subtree: bool,
    handle: u32,
    number: u32,
    news: Arc<News>,
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

/// Tells an event to whom it concerns: once each.
pub fn fire(watches: &mut Vec<Watch>, registry: &Registry, event: Event) {
    watches.retain(|watch| {
        let concerns = event.what & watch.filter != 0 && (event.key == watch.key || watch.subtree && registry.is_above(watch.key, event.key));
        if concerns {
            watch.news.tell(watch.number);
        }
        !concerns
    });
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
        let mut state = lock(&keys.state);
        if state.watches.len() >= MOST {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let (handle, number, news) = (request.handle, request.number, Arc::clone(&self.key_news));
        let (filter, subtree) = *object.heard.get_or_init(|| (request.filter, request.subtree != 0));
        for key in [Some(object.key.id), object.key.under].into_iter().flatten() {
            let watch = Watch { key, filter, subtree, handle, number, news: Arc::clone(&news) };
            state.watches.push(watch);
        }
        Ok(Reply::value(&Done {}))
    }

    /// Waits for news.
    pub fn wait_keys(&self) -> Answer {
        let news = self.key_news.wait().ok_or(STATUS_INVALID_HANDLE)?;
        let numbers = news.iter().flat_map(|number| number.to_le_bytes()).take(protocol::PAYLOAD).collect();
        Ok(Reply::value(&Done {}).with_payload(numbers))
    }

    /// A key's handle is closed: who watches by it is told so.
    pub fn end_key_watches(&self, handle: u32) {
        lock(&self.sandbox.keys.state).watches.retain(|watch| {
            let ends = watch.handle == handle && Arc::ptr_eq(&watch.news, &self.key_news);
            if ends {
                watch.news.tell(watch.number);
            }
            !ends
        });
    }

    /// The process has ended.
    pub fn end_keys(&self) {
        self.key_news.end();
        lock(&self.sandbox.keys.state).watches.retain(|watch| !Arc::ptr_eq(&watch.news, &self.key_news));
    }
}
