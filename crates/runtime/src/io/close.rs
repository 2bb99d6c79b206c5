//! The end of requests that pend, and of a file object with its last handle.

use super::completion::Notice;
use super::{FileObject, Pending, Transfer, lock, poll};
use std::collections::VecDeque;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_CANCELLED, STATUS_NOTIFY_CLEANUP};

/// One handle less; the last one takes along what pends.
pub fn let_go(object: &FileObject, handle: u32) {
    if object.leave(handle) {
        cancel(object, STATUS_NOTIFY_CLEANUP, |_| true);
        poll::forget(object);
        lock::forget(object, handle);
    }
}

/// Cancels the requests that `which` picks; answers how many there were. Those that wait for changes get a status of their own.
pub fn cancel(object: &FileObject, status: NTSTATUS, which: impl Fn(&Notice) -> bool) -> usize {
    let mut pending = object.pending();
    let mut cancelled = Vec::new();
    let (watches, left): (VecDeque<_>, _) = std::mem::take(&mut pending.watches).into_iter().partition(|watching| which(&watching.notice));
    pending.watches = left;
    let Pending { reads, writes, .. } = &mut *pending;
    for queue in [reads, writes] {
        let (taken, left) = std::mem::take(queue).into_iter().partition(|transfer: &Transfer| which(&transfer.notice));
        *queue = left;
        cancelled.extend::<VecDeque<_>>(taken);
    }
    drop(pending);
    if !cancelled.is_empty() || !watches.is_empty() {
        poll::look_again();
    }
    for transfer in &cancelled {
        transfer.notice.tell(&object.completion, STATUS_CANCELLED, transfer.moved);
    }
    for watching in &watches {
        watching.notice.tell(&object.completion, status, 0);
    }
    cancelled.len() + watches.len() + lock::cancel(object, which)
}
