//! Waiting for changes of keys: one thread of the runtime waits at the broker for all of them, from the first one on.

use crate::io::completion::{Completion, Notice};
use crate::serve::{Answer, Serve};
use crate::{broker, handle};
use gate::service::NotifyKey;
use protocol::key::{WaitKeys, WatchKey};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use windows_sys::Win32::Foundation::{STATUS_INSUFFICIENT_RESOURCES, STATUS_NOTIFY_ENUM_DIR, STATUS_PENDING};
use windows_sys::Win32::System::Registry::KEY_NOTIFY;
use windows_sys::Win32::System::Threading::EVENT_MODIFY_STATE;

/// Bytes of the thread's stack.
const STACK: usize = 64 * 1024;

/// Who waits, by the number that the broker tells.
#[derive(Default)]
struct Waiting {
    notices: HashMap<u32, (Notice, Completion)>,
    next: u32,
    started: bool,
}

static WAITING: Mutex<Option<Waiting>> = Mutex::new(None);

fn waiting() -> MutexGuard<'static, Option<Waiting>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes sure that the thread runs.
fn start(waiting: &mut Waiting) -> Answer {
    if !waiting.started {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
        thread.map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
        waiting.started = true;
    }
    Ok(())
}

fn run() {
    while let Ok((_, numbers)) = broker::wait_for(&WaitKeys {}) {
        for number in numbers.as_chunks::<4>().0 {
            let told = waiting().as_mut().and_then(|waiting| waiting.notices.remove(&u32::from_le_bytes(*number)));
            if let Some((notice, completion)) = told {
                notice.tell(&completion, STATUS_NOTIFY_ENUM_DIR, 0);
            }
        }
    }
}

impl Serve for NotifyKey {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        key.needs(KEY_NOTIFY)?;
        let event = if self.event == 0 { None } else { Some(handle::object(self.event, EVENT_MODIFY_STATE)?) };
        let completion = Completion::new(true);
        let notice = Notice::new(&completion, event, self.routine, self.context, self.block)?;
        notice.begin(&completion)?;
        let number = {
            let mut waiting = waiting();
            let waiting = waiting.get_or_insert_default();
            start(waiting)?;
            waiting.next = waiting.next.wrapping_add(1);
            let number = waiting.next;
            waiting.notices.insert(number, (notice, completion));
            number
        };
        key.watched.store(true, Ordering::Relaxed);
        let request = WatchKey { handle: key.handle, filter: self.filter, subtree: self.subtree, number };
        if let Err(error) = broker::ask(&request, &[]) {
            waiting().as_mut().and_then(|waiting| waiting.notices.remove(&number));
            return Err(error);
        }
        Err(STATUS_PENDING)
    }
}
