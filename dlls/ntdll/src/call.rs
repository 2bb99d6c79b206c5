//! Asynchronous procedure calls: they are queued in the runtime, and run here, when an alertable wait ends for them.

use crate::gate::{ask, call};
use core::ffi::c_void;
use gate::service::{QueueCall, TakeCall};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, STATUS_INVALID_HANDLE, STATUS_SUCCESS, STATUS_USER_APC};

type Routine = unsafe extern "system" fn(*mut c_void, *mut c_void, *mut c_void);

/// Runs every call that is queued for the calling thread, those that they queue included. Whether there was one.
pub fn run() -> bool {
    let mut any = false;
    loop {
        let mut next = TakeCall::default();
        if call(&mut next) != STATUS_SUCCESS || next.routine == 0 {
            return any;
        }
        any = true;
        let [first, second, third] = next.arguments.map(|argument| argument as usize as *mut c_void);
        // SAFETY: whoever queued the call says that this is a routine of that form.
        unsafe { core::mem::transmute::<usize, Routine>(next.routine as usize)(first, second, third) };
    }
}

/// Runs the queued calls where a wait ended for them; answers its status.
pub fn after_wait(status: NTSTATUS) -> NTSTATUS {
    if status == STATUS_USER_APC {
        run();
    }
    status
}

/// Queues a call to a thread, which runs it in its next alertable wait.
#[shim(ix = 404, mapping = "gate QueueCall", risk = Functional("a call that is lost"))]
pub unsafe extern "system" fn NtQueueApcThread(
    thread: HANDLE,
    routine: *const c_void,
    first: *const c_void,
    second: *const c_void,
    third: *const c_void,
) -> Result<NtStatus, Status> {
    if thread.is_null() {
        return Err(Status(STATUS_INVALID_HANDLE));
    }
    let arguments = [first, second, third].map(|argument| argument as u64);
    ask(&mut QueueCall { thread: thread as u64, routine: routine as u64, arguments }).map(NtStatus)
}
