//! Keyed events: places where a thread that waits and one that releases meet, by a key. Neither goes on without the other,
//! so that no release is lost. Keys are a process's own.

mod service;

use crate::object::{Body, Object, Part};
use crate::serve::Answer;
use crate::time::Deadline;
use crate::waiting;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{STATUS_INSUFFICIENT_RESOURCES, STATUS_WAIT_0};

/// Who stands at a keyed event and has not met anybody, in the order in which they came.
#[derive(Debug, Default)]
pub struct Keyed(Mutex<Vec<Standing>>);

#[derive(Debug)]
struct Standing {
    key: u64,
    releases: bool,
    /// An event that is set once they have met.
    met: Arc<Object>,
}

/// The keyed event of calls that name none.
static OWN: Keyed = Keyed(Mutex::new(Vec::new()));

impl Part for Keyed {}

impl Keyed {
    fn lock(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Meets a thread of the other kind, and waits for one.
    fn meet(&self, key: u64, releases: bool, alertable: bool, deadline: Deadline) -> Answer {
        let met = {
            let mut all = self.lock();
            if let Some(at) = all.iter().position(|other| other.key == key && other.releases != releases) {
                let other = all.remove(at);
                drop(all);
                return other.met.set().map(|_| ());
            }
            let met = Object::new(Body::Event { manual: true }, 0).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
            all.push(Standing { key, releases, met: Arc::clone(&met) });
            met
        };
        let status = waiting::wait(vec![Arc::clone(&met)], false, alertable, deadline);
        if status == STATUS_WAIT_0 {
            return Ok(());
        }
        let mut all = self.lock();
        let Some(at) = all.iter().position(|other| Arc::ptr_eq(&other.met, &met)) else {
            // They have met while the wait ended: the other one has gone on already.
            return Ok(());
        };
        all.remove(at);
        Err(status)
    }
}
