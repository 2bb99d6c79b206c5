//! Asynchronous procedure calls.

use crate::nt::{self, check};
use core::ffi::c_void;
use guest::call::Count;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::HANDLE;

type Routine = unsafe extern "system" fn(usize);

/// Where a queued call starts: the program's routine takes one argument, the system's three.
unsafe extern "system" fn begin(routine: Routine, argument: usize, _third: *mut c_void) {
    // SAFETY: the program's own routine.
    unsafe { routine(argument) };
}

/// Queues a call to a thread, which runs it in its next alertable wait.
#[shim(ix = 709, mapping = "NtQueueApcThread", risk = Functional("a call that is lost"))]
pub unsafe extern "system" fn QueueUserAPC(routine: *const c_void, thread: HANDLE, argument: usize) -> Result<Count<u32>, Win32Error> {
    let begin = begin as *const c_void;
    check(unsafe { nt::NtQueueApcThread(thread, begin, routine, argument as *const c_void, core::ptr::null()) }).map(|_| Count(1))
}
