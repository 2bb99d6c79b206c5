//! Exceptions: from the runtime's signal handler or RaiseException to vectored handlers and frames, or to the end of the
//! process.

#[cfg(target_arch = "x86")]
pub mod chain;
#[cfg(target_arch = "x86_64")]
mod frame;
#[cfg(target_arch = "x86_64")]
mod scope;
mod vectored;

use crate::gate::call;
use crate::loader::state;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use gate::service::Crash;
use guest::shim;
use windows_sys::Win32::Foundation::NTSTATUS;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD};

const EXCEPTION_CONTINUE_EXECUTION: i32 = -1;

/// What a record's flags say (winnt.h).
const EXCEPTION_NONCONTINUABLE: u32 = 1;
const UNWINDING: u32 = 0x2;
const EXIT_UNWIND: u32 = 0x4;
const STACK_INVALID: u32 = 0x8;
const NESTED_CALL: u32 = 0x10;
#[cfg(target_arch = "x86_64")]
const TARGET_UNWIND: u32 = 0x20;
#[cfg(target_arch = "x86_64")]
const COLLIDED_UNWIND: u32 = 0x40;

/// What a frame's handler answers (`EXCEPTION_DISPOSITION`).
const CONTINUE_EXECUTION: i32 = 0;
const CONTINUE_SEARCH: i32 = 1;
const NESTED_EXCEPTION: i32 = 2;
const COLLIDED: i32 = 3;

type Filter = unsafe extern "system" fn(*const EXCEPTION_POINTERS) -> i32;

/// What kernel32 wants to be asked before the process ends.
static UNHANDLED: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Sets the filter that is asked when nothing handled an exception.
#[shim(ix = 23, mapping = "the dispatcher's last resort", risk = Functional("a filter that is not asked"))]
pub unsafe extern "system" fn RtlSetUnhandledExceptionFilter(filter: *mut c_void) {
    UNHANDLED.store(filter, Ordering::Release);
}

/// Dispatches an exception: comes back when a handler wants the thread to continue with the context.
pub fn dispatch(record: &mut EXCEPTION_RECORD, context: &mut CONTEXT) {
    let mut pointers = EXCEPTION_POINTERS { ExceptionRecord: record, ContextRecord: context };
    let handled = vectored::FIRST.ask(&mut pointers) || search(&pointers);
    // They hear of it either way; what they answer decides among themselves alone.
    vectored::CONTINUE.ask(&mut pointers);
    if !handled {
        crash(record)
    }
}

/// Asks the frames; the last of them, the thread's start, asks what kernel32 wants to be asked.
#[cfg(target_arch = "x86_64")]
fn search(pointers: &EXCEPTION_POINTERS) -> bool {
    unsafe { frame::search(&mut *pointers.ExceptionRecord, &mut *pointers.ContextRecord) }
}

/// Asks the handlers of the chain; the last of them, the thread's start, asks what kernel32 wants to be asked.
#[cfg(target_arch = "x86")]
fn search(pointers: &EXCEPTION_POINTERS) -> bool {
    unsafe { chain::search(&mut *pointers.ExceptionRecord, &mut *pointers.ContextRecord) }
}

/// Asks the filter of exceptions that nothing handled.
pub unsafe fn ask_unhandled(pointers: &EXCEPTION_POINTERS) -> i32 {
    let filter = UNHANDLED.load(Ordering::Acquire);
    if filter.is_null() {
        return 0;
    }
    // SAFETY: kernel32 sets a function of this form.
    let filter: Filter = unsafe { core::mem::transmute(filter) };
    unsafe { filter(pointers) }
}

/// The handler of the frame that every thread starts with: nothing has handled the exception.
#[cfg(target_arch = "x86_64")]
pub unsafe extern "system" fn handle_at_start(
    record: *mut EXCEPTION_RECORD,
    _frame: u64,
    context: *mut CONTEXT,
    _about: *mut frame::Dispatcher,
) -> i32 {
    unsafe { handle_last(record, context) }
}

/// The same for 32-bit code, whose first frame registers the handler.
#[cfg(target_arch = "x86")]
pub unsafe extern "C" fn handle_at_start(record: *mut EXCEPTION_RECORD, _frame: *mut c_void, context: *mut CONTEXT, _about: *mut c_void) -> i32 {
    if unsafe { (*record).ExceptionFlags } & (UNWINDING | EXIT_UNWIND) != 0 {
        return CONTINUE_SEARCH;
    }
    unsafe { handle_last(record, context) }
}

unsafe fn handle_last(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) -> i32 {
    let pointers = EXCEPTION_POINTERS { ExceptionRecord: record, ContextRecord: context };
    match unsafe { ask_unhandled(&pointers) } {
        EXCEPTION_CONTINUE_EXECUTION => CONTINUE_EXECUTION,
        0 => CONTINUE_SEARCH,
        _ => crash(unsafe { &*record }),
    }
}

/// The name that [`raise_named`] raised last: its address and length.
static NAMED: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// The name that an exception carries, where it was [`raise_named`] that raised it: a program may put any numbers there.
fn named(record: &EXCEPTION_RECORD) -> Option<&'static str> {
    let [address, length] = [0, 1].map(|index| NAMED[index].load(Ordering::Acquire));
    let raised = record.NumberParameters == 2 && record.ExceptionInformation[..2] == [address, length];
    // SAFETY: names of stubs are never freed.
    (raised && address != 0).then(|| unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(address as *const u8, length)) })
}

/// Ends the process with an exception's code.
pub fn crash(record: &EXCEPTION_RECORD) -> ! {
    let at = record.ExceptionAddress as usize;
    let mut units = [0; 256];
    let (name, base) = match named(record) {
        Some(name) => {
            let length = name.encode_utf16().zip(&mut units).map(|(from, to)| *to = from).count();
            (&units[..length], at)
        }
        None => state::module_at(at).unwrap_or_default(),
    };
    let information = &record.ExceptionInformation;
    let count = record.NumberParameters;
    let parameter = |index: usize| if (index as u32) < count { information[index] as u64 } else { 0 };
    call(&mut Crash {
        // Bit 28 is the system's own, and not shown.
        code: record.ExceptionCode as u32 & !0x1000_0000,
        parameters: count,
        at: at as u64,
        parameter: [parameter(0), parameter(1)],
        module: name.as_ptr() as u64,
        module_size: 2 * name.len() as u64,
        offset: (at - base) as u64,
    });
    // The call does not come back.
    loop {
        core::hint::spin_loop();
    }
}

/// Raises a status as an exception that cannot be continued from.
pub fn raise_status(status: NTSTATUS) -> ! {
    // SAFETY: a record is plain data, for which zero is a value.
    let mut record: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
    record.ExceptionCode = status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    unsafe { RtlRaiseException(&raw mut record) };
    crash(&record)
}

/// Raises a status whose first parameter is a name, NUL-terminated.
pub fn raise_named(status: NTSTATUS, name: &'static str) -> ! {
    NAMED[0].store(name.as_ptr() as usize, Ordering::Release);
    NAMED[1].store(name.len(), Ordering::Release);
    // SAFETY: a record is plain data, for which zero is a value.
    let mut record: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
    record.ExceptionCode = status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record.NumberParameters = 2;
    record.ExceptionInformation[0] = name.as_ptr() as usize;
    record.ExceptionInformation[1] = name.len();
    unsafe { RtlRaiseException(&raw mut record) };
    crash(&record)
}

/// Raises a status because of a record that a handler made something wrong of.
fn raise_nested(status: NTSTATUS, cause: *mut EXCEPTION_RECORD) -> ! {
    // SAFETY: a record is plain data, for which zero is a value.
    let mut record: EXCEPTION_RECORD = unsafe { core::mem::zeroed() };
    record.ExceptionCode = status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record.ExceptionRecord = cause;
    unsafe { RtlRaiseException(&raw mut record) };
    crash(&record)
}

/// Dispatches what [`RtlRaiseException`] was given, in its caller's context.
#[cfg(target_os = "windows")]
unsafe extern "system" fn raise(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) -> ! {
    let record = unsafe { &mut *record };
    let context = unsafe { &mut *context };
    record.ExceptionAddress = crate::context::instruction(context);
    dispatch(record, context);
    unsafe { crate::context::restore(context) }
}

/// Raises an exception as if the caller had faulted at its return address.
#[cfg(all(target_os = "windows", target_arch = "x86_64"))]
#[unsafe(naked)]
#[shim(ix = 24, entry = jump, mapping = "the dispatcher", risk = Functional("an exception that is lost"))]
pub unsafe extern "system" fn RtlRaiseException(_record: *mut EXCEPTION_RECORD) {
    // The context above the home space keeps the caller's registers; the stack is aligned, and the return address above.
    core::arch::naked_asm!(
        ".seh_proc {this}",
        "sub rsp, {size}",
        ".seh_stackalloc {size}",
        ".seh_endprologue",
        "mov [rsp + {size} + 8], rcx",
        "lea rcx, [rsp + 32]",
        "call {capture}",
        "mov rdx, rcx",
        "mov rcx, [rsp + {size} + 8]",
        "mov rax, [rsp + {size}]",
        "mov [rdx + {rip_}], rax",
        "lea rax, [rsp + {size} + 8]",
        "mov [rdx + {rsp_}], rax",
        "mov [rdx + {rcx_}], rcx",
        "call {raise}",
        "int3",
        ".seh_endproc",
        this = sym RtlRaiseException,
        capture = sym crate::context::RtlCaptureContext,
        raise = sym raise,
        size = const 32 + size_of::<CONTEXT>() + 8,
        rip_ = const core::mem::offset_of!(CONTEXT, Rip),
        rsp_ = const core::mem::offset_of!(CONTEXT, Rsp),
        rcx_ = const core::mem::offset_of!(CONTEXT, Rcx),
    )
}

/// Raises an exception as if the caller had faulted at its return address.
#[cfg(all(target_os = "windows", target_arch = "x86"))]
#[unsafe(naked)]
#[shim(ix = 24, entry = jump, mapping = "the dispatcher", risk = Functional("an exception that is lost"))]
pub unsafe extern "system" fn RtlRaiseException(_record: *mut EXCEPTION_RECORD) {
    core::arch::naked_asm!(
        "sub esp, {size}",
        "push esp",
        "call {capture}",
        "mov eax, [esp + {size}]",
        "mov [esp + {eip}], eax",
        "lea eax, [esp + {size} + 8]",
        "mov [esp + {esp_}], eax",
        "mov eax, esp",
        "push eax",
        "push dword ptr [eax + {size} + 4]",
        "call {raise}",
        "int3",
        capture = sym crate::context::RtlCaptureContext,
        raise = sym raise,
        size = const size_of::<CONTEXT>(),
        eip = const core::mem::offset_of!(CONTEXT, Eip),
        esp_ = const core::mem::offset_of!(CONTEXT, Esp),
    )
}

/// There are no guests elsewhere.
#[cfg(not(target_os = "windows"))]
pub unsafe extern "system" fn RtlRaiseException(record: *mut EXCEPTION_RECORD) {
    // SAFETY: a context is plain data, for which zero is a value.
    let mut context: crate::context::Aligned = unsafe { core::mem::zeroed() };
    dispatch(unsafe { &mut *record }, &mut context.0);
}

/// Raises an exception with a context of the caller's: handlers see it first, unless it is the last chance.
#[shim(ix = 212, mapping = "the dispatcher", risk = Functional("an exception that is lost"))]
pub unsafe extern "system" fn NtRaiseException(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT, first_chance: u32) {
    let record = unsafe { &mut *record };
    if first_chance == 0 {
        crash(record)
    }
    unsafe { dispatch_and_continue(record, context) }
}

/// Raises a status as an exception.
#[shim(ix = 25, mapping = "the dispatcher", risk = Functional("an exception that is lost"))]
pub unsafe extern "system" fn RtlRaiseStatus(status: NTSTATUS) {
    raise_status(status)
}

/// Where `KiUserExceptionDispatcher` goes: dispatches, then lets the thread continue. A fast fail is no handler's.
#[cfg_attr(not(target_os = "windows"), allow(dead_code, reason = "only guests fault"))]
pub unsafe extern "system" fn from_system(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) -> ! {
    unsafe {
        if (*record).ExceptionCode == windows_sys::Win32::Foundation::STATUS_STACK_BUFFER_OVERRUN {
            crash(&*record)
        }
        dispatch_and_continue(record, context)
    }
}

/// Dispatches, then lets the thread continue.
unsafe fn dispatch_and_continue(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) -> ! {
    unsafe {
        dispatch(&mut *record, &mut *context);
        crate::context::restore(context)
    }
}
