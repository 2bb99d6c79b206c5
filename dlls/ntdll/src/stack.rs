//! Stacks that fibers change to.

use crate::gate::{ask, call};
use core::ffi::c_void;
use gate::service::{CreateStack, FreeStack};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::STATUS_ACCESS_VIOLATION;

/// `INITIAL_TEB`: the former stack, which nobody asks for, and the new one: its end, its limit, where it was allocated.
type InitialTeb = [usize; 5];

/// Makes a stack; 0 bytes are what the program's headers say.
#[shim(ix = 448, mapping = "gate CreateStack", risk = Functional("a stack that is too small"))]
pub unsafe extern "system" fn RtlCreateUserStack(
    commit: usize,
    reserve: usize,
    _zero_bits: usize,
    _page: usize,
    _alignment: usize,
    answer: *mut InitialTeb,
) -> Result<NtStatus, Status> {
    if answer.is_null() {
        return Err(Status(STATUS_ACCESS_VIOLATION));
    }
    let mut request = CreateStack { reserve: reserve as u64, commit: commit as u64, ..CreateStack::default() };
    ask(&mut request)?;
    unsafe { *answer = [0, 0, request.base as usize, request.limit as usize, request.allocation as usize] };
    Ok(NtStatus::SUCCESS)
}

/// Gives back a stack that no thread is on.
#[shim(ix = 449, mapping = "gate FreeStack", risk = Functional("memory that stays"))]
pub unsafe extern "system" fn RtlFreeUserStack(allocation: *mut c_void) {
    call(&mut FreeStack { allocation: allocation as u64 });
}
