//! Taking requests back.

use super::block;
use crate::gate::{Answer, Serve};
use crate::object::Body;
use crate::{handle, thread};
use gate::service::{CancelRequests, CancelThread};
use windows_sys::Win32::Foundation::{STATUS_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH};
use windows_sys::Win32::System::Threading::THREAD_TERMINATE;

impl Serve for CancelRequests {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        let thread = thread::id();
        let pending = file.object.cancel(|notice| {
            let ours = self.own == 0 || notice.thread.id == thread;
            ours && (self.block == 0 || notice.block == self.block)
        });
        let blocked = self.own == 0 && block::cancel_file(&file.object, self.block);
        if pending > 0 || blocked { Ok(()) } else { Err(STATUS_NOT_FOUND) }
    }
}

impl Serve for CancelThread {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.thread, THREAD_TERMINATE)?;
        let Body::Thread(thread) = &object.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        if block::cancel_thread(thread.id, self.block) { Ok(()) } else { Err(STATUS_NOT_FOUND) }
    }
}
