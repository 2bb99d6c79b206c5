//! Threads of the runtime, and the process's number.

use super::super::errno::{EAGAIN, EINVAL};
use super::super::fault::{Fault, INVALID, Word};
use super::super::heap;
use super::super::kernel32::{CloseHandle, CreateThread, ExitThread, ResumeThread};
use core::ffi::c_void;
use core::ptr::null;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;

type Start = unsafe extern "C" fn(*mut c_void);
type StartEx = unsafe extern "system" fn(*mut c_void) -> u32;

/// What a new thread takes from its maker.
struct Parcel {
    start: usize,
    argument: *mut c_void,
}

unsafe fn unpack(parcel: *mut c_void) -> (usize, *mut c_void) {
    let parcel = parcel.cast::<Parcel>();
    // SAFETY: `create` made it, for this thread alone.
    unsafe {
        let taken = parcel.read();
        heap::release(parcel.cast());
        (taken.start, taken.argument)
    }
}

unsafe extern "system" fn run(parcel: *mut c_void) -> u32 {
    // SAFETY: the program's own function.
    unsafe {
        let (start, argument) = unpack(parcel);
        core::mem::transmute::<usize, Start>(start)(argument);
    }
    0
}

unsafe extern "system" fn run_ex(parcel: *mut c_void) -> u32 {
    // SAFETY: the program's own function.
    unsafe {
        let (start, argument) = unpack(parcel);
        core::mem::transmute::<usize, StartEx>(start)(argument)
    }
}

unsafe fn create(
    security: *const SECURITY_ATTRIBUTES,
    stack: u32,
    run: unsafe extern "system" fn(*mut c_void) -> u32,
    parcel: Parcel,
    flags: u32,
    id: *mut u32,
) -> Result<HANDLE, Fault> {
    let memory = heap::allocate(size_of::<Parcel>(), 0).cast::<Parcel>();
    if memory.is_null() {
        return Err(super::super::fault::NO_MEMORY);
    }
    let mut own = 0;
    // SAFETY: the parcel lives until the thread has taken it.
    unsafe {
        memory.write(parcel);
        let id = if id.is_null() { &raw mut own } else { id };
        let thread = CreateThread(security, stack as usize, run as *const c_void, memory.cast(), flags, id);
        if thread.is_null() {
            heap::release(memory.cast());
            return Err(Fault::last());
        }
        Ok(thread)
    }
}

/// Starts a thread whose handle the runtime closes; -1 where that fails.
#[shim(ix = {msvcrt: 251, ucrtbase: 547}, mapping = "CreateThread", risk = Functional("a thread that does not run"))]
pub unsafe extern "C" fn _beginthread(start: usize, stack: u32, argument: *mut c_void) -> Result<Word, Fault> {
    const SUSPENDED: u32 = 4;
    if start == 0 {
        return Err(INVALID);
    }
    let thread = create(null(), stack, run, Parcel { start, argument }, SUSPENDED, core::ptr::null_mut())
        .map_err(|fault| if fault.code() == EINVAL { Fault::Errno(EINVAL) } else { Fault::Errno(EAGAIN) })?;
    ResumeThread(thread);
    CloseHandle(thread);
    Ok(Word(thread as isize))
}

/// Starts a thread; answers its handle, or 0.
#[shim(ix = {msvcrt: 36, ucrtbase: 68}, mapping = "CreateThread", risk = Functional("a thread that does not run"))]
pub unsafe extern "C" fn _beginthreadex(
    security: *const SECURITY_ATTRIBUTES,
    stack: u32,
    start: usize,
    argument: *mut c_void,
    flags: u32,
    id: *mut u32,
) -> Result<super::super::fault::Size, Fault> {
    if start == 0 {
        return Err(INVALID);
    }
    create(security, stack, run_ex, Parcel { start, argument }, flags, id).map(|thread| super::super::fault::Size(thread as usize))
}

/// Ends the thread.
#[shim(ix = {msvcrt: 254, ucrtbase: 548}, mapping = "ExitThread", risk = Functional("a thread that goes on"))]
pub unsafe extern "C" fn _endthread() {
    ExitThread(0);
}

/// Ends the thread.
#[shim(ix = {msvcrt: 104, ucrtbase: 137}, mapping = "ExitThread", risk = Functional("a thread that goes on"))]
pub unsafe extern "C" fn _endthreadex(code: u32) {
    ExitThread(code);
}

/// The process's number.
#[shim(ix = {msvcrt: 122, ucrtbase: 250}, mapping = "the TEB", risk = Wrong("another process's number"))]
pub unsafe extern "C" fn _getpid() -> i32 {
    teb::process_id() as i32
}
