//! Ctrl-C and the like: whether a process waits for it, ignores it, or ends by it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER};

/// Questions about Ctrl-C that do not wait for it: it is ignored, it counts again, somebody is about to wait.
const IGNORE: u32 = 1;
const HEED: u32 = 2;
const ANNOUNCE: u32 = 3;

/// `CTRL_C_EVENT` (wincon.h).
const CTRL_C_EVENT: u32 = 0;

/// The control events of a process.
#[derive(Default)]
pub struct ControlEvents {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Somebody waits for events.
    waiting: bool,
    /// Ctrl-C is ignored.
    ignored: bool,
    pending: Vec<u32>,
    ended: bool,
}

impl ControlEvents {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an event, or says whether Ctrl-C is ignored from now on.
    pub fn wait(&self, ignore: u32) -> Result<u32, NTSTATUS> {
        let mut state = self.state();
        match ignore {
            0 => state.waiting = true,
            IGNORE => state.ignored = true,
            HEED => state.ignored = false,
            ANNOUNCE => state.waiting = true,
            _ => return Err(STATUS_INVALID_PARAMETER),
        }
        if ignore != 0 {
            return Ok(0);
        }
        loop {
            if !state.pending.is_empty() {
                return Ok(state.pending.remove(0));
            }
            if state.ended {
                return Err(STATUS_INVALID_HANDLE);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ctrl-C is not for it.
    pub fn ignore(&self) {
        self.state().ignored = true;
    }

    /// An event: handlers hear of it where there are any. False where the process is to end by it.
    pub fn take(&self, event: u32) -> bool {
        let mut state = self.state();
        if event == CTRL_C_EVENT && state.ignored {
            return true;
        }
        if state.waiting {
            state.pending.push(event);
            self.changed.notify_all();
        }
        state.waiting
    }

    /// Nobody waits any longer.
    pub fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }
}
