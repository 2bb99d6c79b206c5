//! Taking requests back.

use super::{block, close, lock};
use crate::serve::{Answer, Serve};
use crate::thread::Thread;
use crate::{current, handle};
use gate::service::{CancelRequests, CancelThread};
use windows_sys::Win32::Foundation::{STATUS_CANCELLED, STATUS_NOT_FOUND};
use windows_sys::Win32::System::Threading::THREAD_TERMINATE;

impl Serve for CancelRequests {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        let thread = current::id();
        let pending = close::cancel(&file.object, STATUS_CANCELLED, |notice| {
            let ours = self.own == 0 || notice.thread.id == thread;
            ours && (self.block == 0 || notice.block == self.block)
        });
        let blocked = self.own == 0 && (block::cancel_file(&file.object, self.block) | lock::cancel_file(&file.object, self.block));
        if pending > 0 || blocked { Ok(()) } else { Err(STATUS_NOT_FOUND) }
    }
}

impl Serve for CancelThread {
    fn serve(&mut self) -> Answer {
        let (_object, thread) = handle::part::<Thread>(self.thread, THREAD_TERMINATE)?;
        if block::cancel_thread(thread.id, self.block) | lock::cancel_thread(thread.id, self.block) { Ok(()) } else { Err(STATUS_NOT_FOUND) }
    }
}
