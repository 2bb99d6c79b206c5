//! processthreadsapi.h: processes and threads.

use crate::nt::RtlExitUserProcess;
use guest::shim;

/// Ends the process.
#[shim(ix = 2, mapping = "RtlExitUserProcess", risk = Functional("a process that goes on"))]
pub unsafe extern "system" fn ExitProcess(code: u32) {
    unsafe { RtlExitUserProcess(code) };
}
