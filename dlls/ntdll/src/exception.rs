//! Exceptions: from the runtime's signal handler or RaiseException to vectored handlers, then to the end of the process.

use crate::gate::call;
use crate::loader;
use crate::lock::Mutex;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use gate::service::Crash;
use guest::shim;
use windows_sys::Win32::Foundation::NTSTATUS;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD};

const EXCEPTION_CONTINUE_EXECUTION: i32 = -1;
const EXCEPTION_NONCONTINUABLE: u32 = 1;

type VectoredHandler = unsafe extern "system" fn(*mut EXCEPTION_POINTERS) -> i32;
type Filter = unsafe extern "system" fn(*const EXCEPTION_POINTERS) -> i32;

/// Handlers by the number that removes them.
struct Vectored {
    next: usize,
    handlers: Vec<(usize, VectoredHandler)>,
}

static VECTORED: Mutex<Vectored> = Mutex::new(Vectored { next: 1, handlers: Vec::new() });
static CONTINUED: Mutex<Vectored> = Mutex::new(Vectored { next: 1, handlers: Vec::new() });
/// What kernel32 wants to be asked before the process ends.
static UNHANDLED: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

fn add(list: &Mutex<Vectored>, first: u32, handler: Option<VectoredHandler>) -> *mut c_void {
    let Some(handler) = handler else { return null_mut() };
    let mut list = list.lock();
    let number = list.next;
    list.next += 1;
    let at = if first != 0 { 0 } else { list.handlers.len() };
    list.handlers.insert(at, (number, handler));
    number as *mut c_void
}

fn remove(list: &Mutex<Vectored>, number: *mut c_void) -> u32 {
    let mut list = list.lock();
    let before = list.handlers.len();
    list.handlers.retain(|(other, _)| *other != number as usize);
    (list.handlers.len() < before).into()
}

/// Adds a vectored exception handler, first or last; answers the value that removes it, or NULL.
#[shim(ix = 19, mapping = "the dispatcher's list", risk = Functional("a handler that is not asked"))]
pub unsafe extern "system" fn RtlAddVectoredExceptionHandler(first: u32, handler: Option<VectoredHandler>) -> *mut c_void {
    add(&VECTORED, first, handler)
}

/// Removes a vectored exception handler; 0 when there is none by that value.
#[shim(ix = 20, mapping = "the dispatcher's list", risk = Functional("a handler that is asked too often"))]
pub unsafe extern "system" fn RtlRemoveVectoredExceptionHandler(handler: *mut c_void) -> u32 {
    remove(&VECTORED, handler)
}

/// Adds a vectored continue handler, first or last; answers the value that removes it, or NULL.
#[shim(ix = 21, mapping = "the dispatcher's list", risk = Functional("a handler that is not asked"))]
pub unsafe extern "system" fn RtlAddVectoredContinueHandler(first: u32, handler: Option<VectoredHandler>) -> *mut c_void {
    add(&CONTINUED, first, handler)
}

/// Removes a vectored continue handler; 0 when there is none by that value.
#[shim(ix = 22, mapping = "the dispatcher's list", risk = Functional("a handler that is asked too often"))]
pub unsafe extern "system" fn RtlRemoveVectoredContinueHandler(handler: *mut c_void) -> u32 {
    remove(&CONTINUED, handler)
}

/// Sets the filter that is asked when nothing handled an exception.
#[shim(ix = 23, mapping = "the dispatcher's last resort", risk = Functional("a filter that is not asked"))]
pub unsafe extern "system" fn RtlSetUnhandledExceptionFilter(filter: *mut c_void) {
    UNHANDLED.store(filter, Ordering::Release);
}

fn ask(list: &Mutex<Vectored>, pointers: &mut EXCEPTION_POINTERS) -> bool {
    // No lock is held while guest code runs, and a handler may change the list.
    let handlers = list.lock().handlers.clone();
    handlers.into_iter().any(|(_, handler)| unsafe { handler(pointers) } == EXCEPTION_CONTINUE_EXECUTION)
}

/// Dispatches an exception: comes back when a handler wants the thread to continue with the context.
pub fn dispatch(record: &mut EXCEPTION_RECORD, context: &mut CONTEXT) {
    let mut pointers = EXCEPTION_POINTERS { ExceptionRecord: record, ContextRecord: context };
    if ask(&VECTORED, &mut pointers) {
        ask(&CONTINUED, &mut pointers);
        return;
    }
    let filter = UNHANDLED.load(Ordering::Acquire);
    if !filter.is_null() {
        // SAFETY: kernel32 sets a function of this form.
        let filter: Filter = unsafe { core::mem::transmute(filter) };
        if unsafe { filter(&pointers) } == EXCEPTION_CONTINUE_EXECUTION {
            return;
        }
    }
    crash(record)
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
    let (name, base) = named(record).map_or_else(|| loader::module_at(at).unwrap_or_default(), |name| (name.encode_utf16().collect(), at));
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

/// A context that the processor can save its registers to.
#[repr(C, align(16))]
struct Aligned(CONTEXT);

/// Raises an exception as if the caller had faulted at its return address.
#[shim(ix = 24, mapping = "the dispatcher", risk = Functional("an exception that is lost"))]
pub unsafe extern "system" fn RtlRaiseException(record: *mut EXCEPTION_RECORD) {
    // SAFETY: a context is plain data, for which zero is a value.
    let mut context: Aligned = unsafe { core::mem::zeroed() };
    let context = &mut context.0;
    unsafe { crate::context::RtlCaptureContext(context) };
    let record = unsafe { &mut *record };
    if record.ExceptionAddress.is_null() {
        record.ExceptionAddress = crate::context::instruction(context);
    }
    dispatch(record, context);
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

/// Where `KiUserExceptionDispatcher` goes: dispatches, then lets the thread continue.
pub unsafe extern "system" fn dispatch_and_continue(record: *mut EXCEPTION_RECORD, context: *mut CONTEXT) -> ! {
    unsafe {
        dispatch(&mut *record, &mut *context);
        crate::context::restore(context)
    }
}
