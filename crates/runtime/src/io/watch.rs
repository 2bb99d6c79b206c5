//! Waiting for changes in a folder. The broker hears of them, and gives an event that is ready while some wait.

use super::service::notice;
use super::{FileObject, Watching, block, poll};
use crate::broker::Arrived;
use crate::serve::{Answer, Serve};
use crate::{broker, handle, user};
use gate::service::ReadChanges;
use protocol::message::{TakeChanges, WatchFolder};
use rustix::event::PollFlags;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_NOTIFY_CLEANUP, STATUS_NOTIFY_ENUM_DIR,
    STATUS_PENDING, STATUS_SUCCESS,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_LIST_DIRECTORY, FILE_NOTIFY_CHANGE_ATTRIBUTES, FILE_NOTIFY_CHANGE_CREATION, FILE_NOTIFY_CHANGE_DIR_NAME, FILE_NOTIFY_CHANGE_FILE_NAME,
    FILE_NOTIFY_CHANGE_LAST_ACCESS, FILE_NOTIFY_CHANGE_LAST_WRITE, FILE_NOTIFY_CHANGE_SECURITY, FILE_NOTIFY_CHANGE_SIZE,
};

/// The kinds of changes that there are; extended attributes and streams are the others of ntifs.h.
const FILTERS: u32 = FILE_NOTIFY_CHANGE_FILE_NAME
    | FILE_NOTIFY_CHANGE_DIR_NAME
    | FILE_NOTIFY_CHANGE_ATTRIBUTES
    | FILE_NOTIFY_CHANGE_SIZE
    | FILE_NOTIFY_CHANGE_LAST_WRITE
    | FILE_NOTIFY_CHANGE_LAST_ACCESS
    | FILE_NOTIFY_CHANGE_CREATION
    | FILE_NOTIFY_CHANGE_SECURITY
    | 0xE80;

/// The longest buffer that is filled at once.
const MOST: u64 = protocol::PAYLOAD as u64;

/// What a request came to: a status, and the bytes written.
type Outcome = (NTSTATUS, u64);

/// Takes the changes of a folder, if there are some.
fn take(handle: u32, buffer: u64, length: u64) -> Option<Outcome> {
    let room = length.min(MOST) as u32;
    match broker::ask(&TakeChanges { handle, room }, &[]) {
        // The handle is closed, and another one of the same folder is not.
        Err(windows_sys::Win32::Foundation::STATUS_INVALID_HANDLE) => Some((STATUS_NOTIFY_CLEANUP, 0)),
        Err(status) => Some((status, 0)),
        Ok((word, _)) if word.value == STATUS_NOTIFY_ENUM_DIR as u32 => Some((STATUS_NOTIFY_ENUM_DIR, 0)),
        Ok((_, records)) if records.is_empty() => None,
        Ok((_, records)) => {
            let bytes = notify_information(&records);
            Some(match user::write_bytes(buffer, &bytes) {
                Ok(()) => (STATUS_SUCCESS, bytes.len() as u64),
                Err(bad) => (bad.into(), 0),
            })
        }
    }
}

/// The broker's records as `FILE_NOTIFY_INFORMATION` (winnt.h).
fn notify_information(mut records: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(records.len() + 64);
    let mut last = 0;
    while let Some((head, rest)) = records.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let (path, rest) = rest.split_at(length.min(rest.len()));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let start = bytes.len();
        if start > last {
            let distance = (start - last) as u32;
            bytes[last..last + 4].copy_from_slice(&distance.to_le_bytes());
        }
        last = start;
        bytes.extend([0; 4]);
        bytes.extend(&head[..4]);
        bytes.extend((path.len() as u32).to_le_bytes());
        bytes.extend(path);
        records = rest;
    }
    bytes
}

impl FileObject {
    /// Answers those who wait for changes, as far as there are any.
    pub(super) fn tell_changes(&self) {
        loop {
            let mut pending = self.pending();
            let Some(watching) = pending.watches.front() else { return };
            let Some((status, written)) = take(watching.handle, watching.buffer, watching.length) else { return };
            let Some(watching) = pending.watches.pop_front() else { return };
            drop(pending);
            watching.notice.tell(&self.completion, status, written);
        }
    }

    /// What is ready while changes wait; the folder is watched from the first time on.
    fn changes(&self, request: &ReadChanges, handle: u32) -> Result<BorrowedFd<'_>, NTSTATUS> {
        if let Some(changes) = self.changes.get() {
            return Ok(changes.as_fd());
        }
        let room = request.length.min(MOST) as u32;
        let Arrived { descriptor: changes, .. } = broker::open(&WatchFolder { handle, filter: request.filter, subtree: request.subtree, room }, &[])?;
        let changes = changes.ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        Ok(self.changes.get_or_init(|| Arc::new(changes)).as_fd())
    }

    /// Waits for changes in the calling thread.
    fn await_changes(&self, request: &ReadChanges, handle: u32) -> Result<Outcome, NTSTATUS> {
        let changes = self.changes(request, handle)?;
        loop {
            if let Some(outcome) = take(handle, request.buffer, request.length) {
                return Ok(outcome);
            }
            block::until_ready(self, request.block, changes, PollFlags::IN)?;
        }
    }
}

impl Serve for ReadChanges {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        if !file.is_folder() || self.filter == 0 || self.filter & !FILTERS != 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if file.access & FILE_LIST_DIRECTORY == 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        let object: &Arc<FileObject> = &file.object;
        let notice = notice(object, self.event, self.routine, self.context, self.block)?;
        if !object.is_synchronous() {
            object.changes(self, file.handle)?;
            poll::start().map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
        }
        notice.begin(&object.completion)?;
        self.told = 1;
        let (status, written) = if object.is_synchronous() {
            object.await_changes(self, file.handle)?
        } else {
            let mut pending = object.pending();
            let first = pending.watches.is_empty();
            match if first { take(file.handle, self.buffer, self.length) } else { None } {
                Some(outcome) => outcome,
                None => {
                    pending.watches.push_back(Watching { notice, handle: file.handle, buffer: self.buffer, length: self.length });
                    drop(pending);
                    poll::watch(object);
                    return Err(STATUS_PENDING);
                }
            }
        };
        self.done = written;
        let outcome = if status == STATUS_SUCCESS { Ok(()) } else { Err(status) };
        notice.tell_at_once(&object.completion, outcome, written)
    }
}

#[cfg(test)]
mod tests {
    use super::notify_information;

    #[test]
    fn records_are_told_each_with_its_distance_to_the_next() {
        let record = |action: u32, path: &str| {
            let path: Vec<u8> = path.encode_utf16().flat_map(u16::to_le_bytes).collect();
            [&action.to_le_bytes()[..], &(path.len() as u32).to_le_bytes(), &path].concat()
        };
        let bytes = notify_information(&[record(1, "a"), record(3, "bc")].concat());
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!([word(0), word(4), word(8), word(16), word(20), word(24)], [16, 1, 2, 0, 3, 4]);
        assert_eq!((bytes[12], bytes[28], bytes[30], bytes.len()), (b'a', b'b', b'c', 32));
        assert_eq!(notify_information(&[]), []);
    }
}
