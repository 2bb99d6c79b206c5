//! Locks on bytes, as other processes see them. Those on a file that was granted for reading are the sandbox's alone: who may only read
//! must not hold up native programs that write.

use super::Answer;
use crate::object::FileObject;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::Device;
use jail::{Lock, is_locked, lock};
use protocol::message::{LockFile, LockKind, Locking, Word};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER};

impl Process {
    /// Locks a range, lets go of one, or looks.
    pub fn lock_file(&self, request: &LockFile) -> Answer {
        let wanted = match LockKind::from_number(request.kind).ok_or(STATUS_INVALID_PARAMETER)? {
            LockKind::Free => Lock::Free,
            LockKind::Shared => Lock::Shared,
            LockKind::Exclusive => Lock::Exclusive,
        };
        let object = self.object(request.handle, 0)?;
        let file = object
            .descriptor
            .as_ref()
            .filter(|_| object.device == Device::Disk && object.file.as_ref().is_none_or(|file| !file.metadata.folder && !file.stream));
        let file = file.ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        // What the shell handed over as a standard stream was opened by the user.
        let is_shared = object.inside().is_none_or(|inside| inside.write && inside.volume.locks_on_host());
        let (start, length) = (request.start, request.length);
        let locks = |file: &OwnedFd| {
            if request.look != 0 {
                return Ok(!is_locked(file.as_fd(), start, length, wanted));
            }
            lock(file.as_fd(), start, length, wanted).map_err(|error| match Errno::from_io_error(&error) {
                Some(Errno::NOLCK | Errno::NOMEM) => STATUS_INSUFFICIENT_RESOURCES,
                _ => STATUS_INVALID_DEVICE_REQUEST,
            })
        };
        let outcome = if is_shared {
            if locks(file)? { Locking::Done } else { Locking::Met }
        } else {
            // Native locks count here, though they do not hear of this one.
            let is_free = wanted == Lock::Free || !is_locked(file.as_fd(), start, length, wanted);
            if is_free && locks(self.shadow(&object)?)? { Locking::Inside } else { Locking::Met }
        };
        Ok(Reply::value(&Word { value: outcome as u32 }))
    }

    /// The file that stands for another one where its locks are the sandbox's alone.
    fn shadow<'a>(&self, object: &'a FileObject) -> Result<&'a OwnedFd, NTSTATUS> {
        if let Some(shadow) = object.shadow.get() {
            return Ok(&shadow.file);
        }
        let id = object.id().ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let made = self.sandbox.shadows.open(id)?;
        Ok(&object.shadow.get_or_init(|| made).file)
    }
}
