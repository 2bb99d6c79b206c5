//! Waitable timers. No thread runs for them: who waits for one wakes up when it is due, and signals it.

use crate::due::Setting;
use crate::object::Body;
use crate::serve::{Answer, Serve};
use crate::time::{Deadline, monotonic};
use crate::{dispatch, handle};
use gate::service::SetTimer;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_OBJECT_TYPE_MISMATCH};

/// The right to set a timer (winnt.h).
const TIMER_MODIFY_STATE: u32 = 2;

impl Serve for SetTimer {
    fn serve(&mut self) -> Answer {
        let object = handle::object(self.handle, TIMER_MODIFY_STATE)?;
        let Body::Timer { due, .. } = &object.body else { return Err(STATUS_OBJECT_TYPE_MISMATCH) };
        dispatch::look_at_timers(std::slice::from_ref(&object));
        let mut setting = due.get();
        if self.cancel != 0 {
            setting.at = None;
            self.signalled = object.unlocked() as u32;
            return Ok(());
        }
        *setting = Setting {
            at: match Deadline::new(true, self.due) {
                Deadline::Never => None,
                Deadline::Now => Some(monotonic()),
                Deadline::At(at) => Some(at),
            },
            period: i128::from(self.period) * 1_000_000,
        };
        // Set again, it is not signalled until its new time.
        self.signalled = dispatch::signal(&object, |_| Ok::<u32, NTSTATUS>(0), false)?;
        drop(setting);
        dispatch::wake_waiters(&object);
        Ok(())
    }
}
