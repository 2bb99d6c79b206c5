//! The end of requests that pend, and of a file object with its last handle.

use super::completion::Notice;
use super::{FileObject, Pending, Transfer, lock, poll};
use std::collections::VecDeque;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_CANCELLED, STATUS_NOTIFY_CLEANUP};

/// One handle less; the last one takes along what pends.
pub fn let_go(object: &Arc<FileObject>, handle: u32) {
    if object.handles.leave(handle) {
        cancel(object, STATUS_NOTIFY_CLEANUP, |_| true);
        poll::forget(object);
        lock::forget(object, handle);
    }
}

/// Cancels the requests that `which` picks; answers how many there were. Those that wait for changes get a status of their own.
pub fn cancel(object: &Arc<FileObject>, status: NTSTATUS, which: impl Fn(&Notice) -> bool) -> usize {
    end(object, [STATUS_CANCELLED, status], which)
}

/// Ends the requests that `which` picks with a status: the first for those that move bytes or wait for a client, the second for those
/// that wait for changes. Answers how many there were.
pub fn end(object: &Arc<FileObject>, [status, of_watches]: [NTSTATUS; 2], which: impl Fn(&Notice) -> bool) -> usize {
    let mut pending = object.pending();
    let mut ended = Vec::new();
    let (watches, left): (VecDeque<_>, _) = std::mem::take(&mut pending.watches).into_iter().partition(|watching| which(&watching.notice));
    pending.watches = left;
    let (listens, left): (VecDeque<_>, _) = std::mem::take(&mut pending.listens).into_iter().partition(|listening| which(&listening.notice));
    pending.listens = left;
    let Pending { reads, writes, .. } = &mut *pending;
    for queue in [reads, writes] {
        let (taken, left) = std::mem::take(queue).into_iter().partition(|transfer: &Transfer| which(&transfer.notice));
        *queue = left;
        ended.extend::<VecDeque<_>>(taken);
    }
    drop(pending);
    let count = ended.len() + watches.len() + listens.len();
    if count > 0 {
        poll::look_again();
    }
    for mut transfer in ended {
        let status = object.broken_off(transfer.bytes, &mut transfer.moved, status);
        transfer.notice.tell(&object.completion, status, transfer.moved);
    }
    for listening in &listens {
        listening.notice.tell(&object.completion, status, 0);
    }
    for watching in &watches {
        watching.notice.tell(&object.completion, of_watches, 0);
    }
    count + lock::cancel(object, which)
}
