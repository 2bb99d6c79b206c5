//! The thread that tries again what another process has locked: the host tells nobody when it becomes free. It sleeps while
//! nothing waits for another process.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};

/// Bytes of the thread's stack.
const STACK: usize = 64 * 1024;
/// How long it rests between two tries: at first, and at most.
const FIRST: Duration = Duration::from_millis(1);
const MOST: Duration = Duration::from_millis(16);

/// Whether the thread was started, and whether there is something to try.
static STATE: Mutex<(bool, bool)> = Mutex::new((false, false));
static WANTED: Condvar = Condvar::new();

/// Makes sure that what waits is tried again.
pub fn start() -> Result<(), NTSTATUS> {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if !state.0 {
        std::thread::Builder::new().stack_size(STACK).spawn(run).map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
    }
    *state = (true, true);
    WANTED.notify_one();
    Ok(())
}

fn run() {
    loop {
        let mut state =
            WANTED.wait_while(STATE.lock().unwrap_or_else(PoisonError::into_inner), |state| !state.1).unwrap_or_else(PoisonError::into_inner);
        state.1 = false;
        drop(state);
        let mut rest = FIRST;
        loop {
            std::thread::sleep(rest);
            if !super::try_again() {
                break;
            }
            rest = (2 * rest).min(MOST);
        }
    }
}
