//! The gate's service for timers.

use super::{Due, Routine, Setting, look};
use crate::serve::{Answer, Serve};
use crate::time::{Deadline, monotonic};
use crate::{dispatch, handle, shared, thread};
use gate::service::SetTimer;
use std::sync::Arc;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_OBJECT_TYPE_MISMATCH};

/// The right to set a timer (winnt.h).
const TIMER_MODIFY_STATE: u32 = 2;

impl Serve for SetTimer {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.handle, TIMER_MODIFY_STATE)?;
        let due = object.part::<Due>().ok_or(STATUS_OBJECT_TYPE_MISMATCH)?;
        look(std::slice::from_ref(&object));
        let mut setting = due.get();
        if let Some(thread) = setting.routine.take().and_then(|routine| routine.thread.upgrade()) {
            thread.calls().forget_timer(&object);
        }
        if self.cancel != 0 {
            setting.at = None;
            self.signalled = match object.shared() {
                Some(number) => shared::set_timer(number, None, 0)?.state as u32,
                None => object.unlocked() as u32,
            };
            return Ok(());
        }
        let at = match Deadline::new(true, self.due) {
            Deadline::Never => None,
            Deadline::Now => Some(monotonic()),
            Deadline::At(at) => Some(at),
        };
        *setting = Setting {
            // The broker looks after a shared one; this process has to wake for its routine alone.
            at: at.filter(|_| object.shared().is_none() || self.routine != 0),
            period: i128::from(self.period) * 1_000_000,
            routine: (self.routine != 0).then(|| {
                let thread = thread::current();
                thread.calls().note_timer(&object);
                Routine { thread: Arc::downgrade(&thread), address: self.routine, argument: self.argument }
            }),
            shared: 0,
        };
        if let Some(number) = object.shared() {
            let at = at.map_or(i64::MAX, |at| i64::try_from(at).unwrap_or(i64::MAX));
            let before = shared::set_timer(number, Some(at), self.period)?;
            (self.signalled, setting.shared) = (before.state as u32, before.setting);
            return Ok(());
        }
        // Set again, it is not signalled until its new time.
        self.signalled = dispatch::signal(&object, |_| Ok::<u32, NTSTATUS>(0), false)?;
        drop(setting);
        dispatch::wake_waiters(&object);
        Ok(())
    }
}
