//! errhandlingapi.h: the last error, exceptions, error modes.

use crate::nt;
use crate::processthreadsapi::{THIS_PROCESS, query_process, set_process};
use alloc::format;
use core::ffi::c_void;
use core::mem::transmute;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Win32::System::Diagnostics::Debug::{
    CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD, SEM_FAILCRITICALERRORS, SEM_NOALIGNMENTFAULTEXCEPT, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX,
};

guest::forward!(
    GetLastError = 5 => "ntdll.RtlGetLastWin32Error",
    SetLastError = 9 => "ntdll.RtlSetLastWin32Error",
    RestoreLastError = 616 => "ntdll.RtlRestoreLastWin32Error",
    AddVectoredExceptionHandler = 149 => "ntdll.RtlAddVectoredExceptionHandler",
    RemoveVectoredExceptionHandler = 354 => "ntdll.RtlRemoveVectoredExceptionHandler",
    AddVectoredContinueHandler = 406 => "ntdll.RtlAddVectoredContinueHandler",
    RemoveVectoredContinueHandler = 515 => "ntdll.RtlRemoveVectoredContinueHandler",
);

type Filter = unsafe extern "system" fn(*const EXCEPTION_POINTERS) -> i32;

/// The program's own filter of exceptions that nothing handled.
static FILTER: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Lets `ntdll` ask the program's filter.
pub fn install() {
    // SAFETY: the function has the form that the dispatcher calls.
    unsafe { nt::RtlSetUnhandledExceptionFilter(UnhandledExceptionFilter as *mut c_void) };
}

/// Raises an exception in the calling thread.
#[shim(ix = 45, mapping = "RtlRaiseException", risk = Functional("an exception that is lost"))]
pub unsafe extern "system" fn RaiseException(code: u32, flags: u32, count: u32, arguments: *const usize) {
    const NONCONTINUABLE: u32 = 1;
    // SAFETY: a record is plain data, for which zero is a value.
    let mut record: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
    record.ExceptionCode = code as i32;
    record.ExceptionFlags = flags & NONCONTINUABLE;
    record.ExceptionAddress = RaiseException as *mut c_void;
    if !arguments.is_null() {
        let count = (count as usize).min(record.ExceptionInformation.len());
        record.NumberParameters = count as u32;
        record.ExceptionInformation[..count].copy_from_slice(unsafe { core::slice::from_raw_parts(arguments, count) });
    }
    unsafe { nt::RtlRaiseException(&raw mut record) };
}

/// Sets the filter that is asked when nothing handled an exception; answers the one before.
#[shim(ix = 8, mapping = "the dispatcher's last resort", risk = Functional("a filter that is not asked"))]
pub unsafe extern "system" fn SetUnhandledExceptionFilter(filter: *mut c_void) -> *mut c_void {
    FILTER.swap(filter, Ordering::AcqRel)
}

/// What becomes of an exception that nothing handled: the program's filter decides, else the process ends.
#[shim(ix = 26, mapping = "the program's filter", risk = Functional("a filter that is not asked"))]
pub unsafe extern "system" fn UnhandledExceptionFilter(pointers: *const EXCEPTION_POINTERS) -> i32 {
    const EXECUTE_HANDLER: i32 = 1;
    let filter = FILTER.load(Ordering::Acquire);
    if filter.is_null() {
        return EXECUTE_HANDLER;
    }
    // SAFETY: the program gave a function of this form.
    let filter: Filter = unsafe { transmute(filter) };
    match unsafe { filter(pointers) } {
        0 => EXECUTE_HANDLER,
        decided => decided,
    }
}

/// Ends the process with an exception that no handler sees.
#[shim(ix = 461, mapping = "NtRaiseException", risk = Functional("a process that goes on"))]
pub unsafe extern "system" fn RaiseFailFastException(record: *const EXCEPTION_RECORD, context: *const CONTEXT, flags: u32) {
    const GENERATE_EXCEPTION_ADDRESS: u32 = 1;
    // SAFETY: a record is plain data, for which zero is a value.
    let mut own: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
    match unsafe { record.as_ref() } {
        Some(record) => own = *record,
        // STATUS_FAIL_FAST_EXCEPTION
        None => own.ExceptionCode = 0xC000_0602_u32 as i32,
    }
    own.ExceptionFlags |= 1;
    if flags & GENERATE_EXCEPTION_ADDRESS != 0 || own.ExceptionAddress.is_null() {
        own.ExceptionAddress = RaiseFailFastException as *mut c_void;
    }
    unsafe { nt::NtRaiseException(&raw mut own, context.cast_mut(), 0) };
}

/// `ProcessDefaultHardErrorMode`.
const HARD_ERROR_MODE: i32 = 12;

/// The mode as the system keeps it: there, bit 0 says that critical errors are shown.
fn turned(mode: u32) -> u32 {
    mode ^ SEM_FAILCRITICALERRORS
}

/// The process's error mode.
#[shim(ix = 445, mapping = "NtQueryInformationProcess", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn GetErrorMode() -> u32 {
    unsafe { query_process::<u32>(THIS_PROCESS, HARD_ERROR_MODE) }.map_or(0, turned)
}

/// Sets the process's error mode; answers the one before.
#[shim(ix = 134, mapping = "NtSetInformationProcess", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn SetErrorMode(mode: u32) -> u32 {
    const KNOWN: u32 = SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOALIGNMENTFAULTEXCEPT | SEM_NOOPENFILEERRORBOX;
    let before = unsafe { query_process::<u32>(THIS_PROCESS, HARD_ERROR_MODE) }.map_or(0, turned);
    // Alignment faults, once off, stay off.
    let mode = mode & KNOWN | before & SEM_NOALIGNMENTFAULTEXCEPT;
    let _ = unsafe { set_process(THIS_PROCESS, HARD_ERROR_MODE, &turned(mode)) };
    before
}

/// The bits of a thread's error mode, and those that the system keeps for them.
const THREAD_MODES: [(u32, u32); 3] = [(SEM_FAILCRITICALERRORS, 0x10), (SEM_NOGPFAULTERRORBOX, 0x20), (SEM_NOOPENFILEERRORBOX, 0x40)];

/// The calling thread's error mode.
#[shim(ix = 624, mapping = "RtlGetThreadErrorMode", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn GetThreadErrorMode() -> u32 {
    let kept = unsafe { nt::RtlGetThreadErrorMode() };
    THREAD_MODES.iter().filter(|(_, bit)| kept & bit != 0).map(|(mode, _)| mode).sum()
}

/// Sets the calling thread's error mode; answers the one before.
#[shim(ix = 521, mapping = "RtlSetThreadErrorMode", risk = Wrong("a wrong mode"))]
pub unsafe extern "system" fn SetThreadErrorMode(mode: u32, before: *mut u32) -> Result<Bool, Win32Error> {
    let known: u32 = THREAD_MODES.iter().map(|(mode, _)| mode).sum();
    if mode & !known != 0 {
        return Err(Win32Error(windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER));
    }
    let kept = THREAD_MODES.iter().filter(|(bit, _)| mode & bit != 0).map(|(_, kept)| kept).sum();
    let mut old = 0;
    nt::check(unsafe { nt::RtlSetThreadErrorMode(kept, &raw mut old) })?;
    if !before.is_null() {
        unsafe { *before = THREAD_MODES.iter().filter(|(_, bit)| old & bit != 0).map(|(mode, _)| mode).sum() };
    }
    Ok(Bool)
}

/// Writes a text to standard error, and ends the process.
fn fatal(text: &str) -> ! {
    let line = format!("{text}\r\n");
    // SAFETY: the handle is the process's own, or none; the text lives through the call.
    unsafe {
        let parameters = &*((*teb::peb()).process_parameters as *const gate::peb::ProcessParameters<usize>);
        let mut block = core::mem::zeroed();
        let handle = parameters.standard_error as *mut c_void;
        nt::NtWriteFile(
            handle,
            null_mut(),
            core::ptr::null(),
            core::ptr::null(),
            &raw mut block,
            line.as_ptr().cast(),
            line.len() as u32,
            core::ptr::null(),
            core::ptr::null(),
        );
        nt::RtlExitUserProcess(1);
    }
    // The call does not come back.
    loop {
        core::hint::spin_loop();
    }
}

/// Shows a message and ends the process.
#[shim(ix = 625, mapping = "standard error, RtlExitUserProcess", risk = Functional("a process that goes on"))]
pub unsafe extern "system" fn FatalAppExitW(_action: u32, text: *const u16) {
    fatal(&guest::text::lossy(unsafe { guest::text::wide(text) }))
}

/// Shows a message and ends the process.
#[shim(ix = 626, mapping = "FatalAppExitW", risk = Functional("a process that goes on"))]
pub unsafe extern "system" fn FatalAppExitA(_action: u32, text: *const u8) {
    let units = unsafe { crate::ansi::to_wide(text) }.unwrap_or_default();
    fatal(&guest::text::lossy(units.strip_suffix(&[0]).unwrap_or(&units)))
}
