//! The registry: keys as objects of the broker. It is opened when a program first asks for a key, and nothing is read before.

mod change;
mod facts;
mod list;
mod open;
mod payload;
#[cfg(test)]
mod tests;
mod watch;

use crate::drive::{Kept, Place};
use crate::sandbox::Sandbox;
use gate::shared::KEY_CHANGES_COUNT;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use store::registry::{Key, Limits, Registry};
use watch::Watches;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_IO_DEVICE_ERROR};

pub use change::Unfinished;
pub use open::specific;
pub use watch::News;

/// What an open of a key made.
pub struct KeyObject {
    /// The key.
    pub key: Key,
    /// How many handles there are of it.
    pub handles: AtomicU32,
    /// By what it is watched, from the first request to hear of it on.
    pub watch: OnceLock<u64>,
}

/// The registry of a sandbox.
pub struct Keys {
    kept: Option<Kept>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: Option<Result<Registry, NTSTATUS>>,
    watches: Watches,
    /// What the audit must tell of it.
    wrong: Vec<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which word of the shared page tells of a key's changes; none for a merged one, for it has two.
fn word_of(key: Key) -> u32 {
    if key.under.is_some() { u32::MAX } else { key.id % KEY_CHANGES_COUNT }
}

impl Keys {
    /// The registry of a sandbox that lies in a place.
    pub fn new(place: &Place) -> Self {
        let kept = match place {
            Place::Kept(kept) => Some(kept.clone()),
            Place::Temporary(..) => None,
        };
        Self { kept, state: Mutex::default() }
    }

    /// Works on the registry. Whoever remembers or watches what has changed hears of it before anybody else asks.
    fn with<T>(&self, sandbox: &Sandbox, work: impl FnOnce(&mut Registry) -> Result<T, NTSTATUS>) -> Result<T, NTSTATUS> {
        let State { opened, watches, wrong } = &mut *lock(&self.state);
        let opened = opened.get_or_insert_with(|| {
            let facts = facts::of(sandbox);
            match &self.kept {
                None => Ok(Registry::temporary(&facts, Limits::default())),
                Some(kept) => kept
                    .keys()
                    .map_err(|error| (STATUS_IO_DEVICE_ERROR, format!("the sandbox's key: {error}")))
                    .and_then(|principal| {
                        Registry::open(&kept.registry(), principal, &facts, Limits::default())
                            .map_err(|error| (error.status(), format!("the registry: {error}")))
                    })
                    .map_err(|(code, sentence)| {
                        wrong.push(sentence);
                        code
                    }),
            }
        });
        let registry = opened.as_mut().map_err(|code| *code)?;
        let done = work(registry);
        for event in registry.take_events() {
            sandbox.clock.count_key_change(event.key % KEY_CHANGES_COUNT);
            watches.fire(registry, event);
        }
        registry.tidy();
        done
    }

    /// What the key's word says; asked with the registry locked, it belongs to what was read.
    fn seen(sandbox: &Sandbox, key: Key) -> u32 {
        if key.under.is_some() { 0 } else { sandbox.clock.key_changes(word_of(key)) }
    }

    /// The last handle of a key is closed.
    pub fn close(&self, object: &Arc<KeyObject>) {
        let state = &mut *lock(&self.state);
        state.watches.end(object);
        if let Some(Ok(registry)) = &mut state.opened {
            registry.leave(object.key.id);
            if let Some(under) = object.key.under {
                registry.leave(under);
            }
        }
    }

    /// No process is left: what was done is sealed. Answers what the audit must tell.
    pub fn finish(&self) -> Vec<String> {
        let state = &mut *lock(&self.state);
        if let Some(Ok(mut registry)) = state.opened.take() {
            registry.finish();
            state.wrong.extend(registry.damage().iter().map(|finding| format!("the registry: {finding}")));
        }
        std::mem::take(&mut state.wrong)
    }
}
