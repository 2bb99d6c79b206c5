//! The gate's services for file objects.

use super::port::MODIFY_STATE;
use super::{FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FILE_SKIP_SET_EVENT_ON_HANDLE};
use crate::gate::{Answer, Serve};
use crate::{handle, user};
use gate::file::Device;
use gate::service::{FileModes, PollSockets, SetFilePort};
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER};

impl Serve for SetFilePort {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.object.set_port(handle::object(self.port, MODIFY_STATE)?, self.key)
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
            file.object.modes.fetch_or(self.modes, Ordering::Relaxed);
        }
        self.modes = file.object.modes.load(Ordering::Relaxed);
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
