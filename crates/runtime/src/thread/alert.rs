//! Alerts: what ends a thread's wait without anything that it waits for. Those by handle end alertable waits; those by
//! number end waits for nothing else, which locks of programs are made of.

use super::{Thread, current, running};
use crate::dispatch::Dispatcher;
use crate::serve::{Answer, Serve};
use crate::time::Deadline;
use crate::{handle, waiting};
use gate::service::{AlertThread, AlertThreadId, TestAlert, WaitAlert};
use rustix::thread::futex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{STATUS_ALERTED, STATUS_INVALID_CID, STATUS_THREAD_IS_TERMINATING, STATUS_TIMEOUT};

/// The right to alert a thread (`THREAD_ALERT`, ntifs.h).
const THREAD_ALERT: u32 = 4;

impl Serve for AlertThread {
    fn serve(&mut self) -> Answer {
        let (_object, thread) = handle::part::<Thread>(self.thread, THREAD_ALERT)?;
        let mut dispatcher = Dispatcher::lock();
        thread.calls().alert(&mut dispatcher);
        Ok(())
    }
}

impl Serve for TestAlert {
    fn serve(&mut self) -> Answer {
        self.alerted = current().calls().take_alert().into();
        Ok(())
    }
}

impl Serve for AlertThreadId {
    fn serve(&mut self) -> Answer {
        let id = u32::try_from(self.id).map_err(|_| STATUS_INVALID_CID)?;
        let object = running().get(&id).cloned().ok_or(STATUS_INVALID_CID)?;
        let thread: Arc<Thread> = object.shared_part().ok_or(STATUS_INVALID_CID)?;
        thread.alert.store(1, Ordering::Release);
        let _ = futex::wake(&thread.alert, futex::Flags::PRIVATE, 1);
        Ok(())
    }
}

impl Serve for WaitAlert {
    fn serve(&mut self) -> Answer {
        let deadline = Deadline::new(self.timed != 0, self.timeout);
        let thread = current();
        loop {
            if thread.alert.swap(0, Ordering::Acquire) != 0 {
                return Err(STATUS_ALERTED);
            }
            if thread.is_doomed() {
                return Err(STATUS_THREAD_IS_TERMINATING);
            }
            if !waiting::sleep(&thread.alert, 0, deadline) && deadline.is_over() {
                return Err(if thread.alert.swap(0, Ordering::Acquire) != 0 { STATUS_ALERTED } else { STATUS_TIMEOUT });
            }
        }
    }
}
