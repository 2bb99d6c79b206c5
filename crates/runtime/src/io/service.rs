//! The gate's services for file objects.

use super::completion::{FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FILE_SKIP_SET_EVENT_ON_HANDLE, Notice};
use super::{FileObject, lock};
use crate::file::File;
use crate::port::MODIFY_STATE;
use crate::serve::{Answer, Serve};
use crate::{handle, user};
use gate::file::Device;
use gate::service::{FileModes, LockFile, PollSockets, SetFilePort, UnlockFile};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER};
use windows_sys::Win32::Storage::FileSystem::{FILE_READ_DATA, FILE_WRITE_DATA};
use windows_sys::Win32::System::Threading::EVENT_MODIFY_STATE;

/// What a request's end is told to: its event is looked up.
pub fn notice(object: &FileObject, event: u64, routine: u64, context: u64, block: u64) -> Result<Notice, NTSTATUS> {
    let event = if event == 0 { None } else { Some(handle::object(event, EVENT_MODIFY_STATE)?) };
    Notice::new(&object.completion, event, routine, context, block)
}

impl Serve for SetFilePort {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.object.completion.set_port(handle::object(self.port, MODIFY_STATE)?, self.key)
    }
}

impl Serve for FileModes {
    fn serve(&mut self) -> Answer {
        /// `FILE_SKIP_SET_USER_EVENT_ON_FAST_IO`.
        const SKIP_USER_EVENT: u32 = 4;
        let file = handle::file(self.file)?;
        if self.set != 0 {
            if self.modes & !(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE | SKIP_USER_EVENT) != 0 {
                return Err(STATUS_INVALID_PARAMETER);
            }
            // Once set, a mode stays.
            file.object.completion.modes.fetch_or(self.modes, Ordering::Relaxed);
        }
        self.modes = file.object.completion.modes.load(Ordering::Relaxed);
        Ok(())
    }
}

impl Serve for PollSockets {
    fn serve(&mut self) -> Answer {
        if handle::file(self.file)?.device != Device::Sockets {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        if self.count == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        // The first one that is no handle, or no socket's, is the answer; and there are no sockets.
        handle::target(user::read(self.handles)?)?;
        Err(STATUS_INVALID_HANDLE)
    }
}

/// The file behind a handle that may be locked.
fn lockable(number: u64) -> Result<Arc<File>, NTSTATUS> {
    let file = handle::file(number)?;
    file.needs(FILE_READ_DATA | FILE_WRITE_DATA)?;
    if file.device == Device::Disk { Ok(file) } else { Err(STATUS_INVALID_DEVICE_REQUEST) }
}

impl Serve for LockFile {
    fn serve(&mut self) -> Answer {
        let file = lockable(self.file)?;
        let notice = notice(&file.object, self.event, self.routine, self.context, self.block)?;
        let request = lock::Request { start: self.start, length: self.length, exclusive: self.exclusive != 0, at_once: self.at_once != 0 };
        self.told = 1;
        lock::lock(&file.object, &request, notice)
    }
}

impl Serve for UnlockFile {
    fn serve(&mut self) -> Answer {
        lock::unlock(&lockable(self.file)?.object, self.start, self.length)
    }
}
