//! `catch` blocks that run: they stand above the frames of what was thrown, which are kept until they end.

use super::tables::{CONTINUE_SEARCH, Dispatcher};
use super::types::Thrown;
use crate::cruntime::thread;
use core::ffi::c_void;
use windows_sys::Win32::Foundation::STATUS_UNWIND_CONSOLIDATE;
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, EXCEPTION_RECORD};

/// A `catch` that runs. It lies in the frame of [`run`].
pub struct Catch {
    previous: *mut Self,
    /// The frame that it runs for, and the state which that frame is in meanwhile.
    frame: u64,
    state: i32,
    record: *mut EXCEPTION_RECORD,
    /// What the thread's data said before.
    before: [*mut c_void; 2],
}

/// The state of a frame that a `catch` runs for.
pub fn state_of(frame: u64) -> Option<i32> {
    find(|catch| catch.frame == frame).map(|catch| catch.state)
}

/// The record of the exception that is handled.
pub fn current_record() -> Option<&'static EXCEPTION_RECORD> {
    // SAFETY: it lies in the frames that are kept.
    unsafe { innermost().as_ref().and_then(|catch| catch.record.as_ref()) }
}

fn find<'a>(wanted: impl Fn(&Catch) -> bool) -> Option<&'a Catch> {
    let mut next = innermost().cast_const();
    // SAFETY: those in the list run, so their frames are there.
    while let Some(catch) = unsafe { next.as_ref() } {
        if wanted(catch) {
            return Some(catch);
        }
        next = catch.previous;
    }
    None
}

/// Runs a `catch` at the end of an unwinding; answers where the function goes on.
pub unsafe extern "C" fn run(end: *const EXCEPTION_RECORD) -> u64 {
    let [_, variables, funclet, _, context, frame, record, state, ..] = unsafe { (*end).ExceptionInformation };
    let thread = thread::current();
    let before = [thread.current_exception.get(), thread.current_context.get()];
    let mut catch = Catch { previous: innermost(), frame: frame as u64, state: state as i32, record: record as *mut EXCEPTION_RECORD, before };
    thread::current().catches.set((&raw mut catch).cast());
    thread.current_exception.set(record as *mut c_void);
    thread.current_context.set(context as *mut c_void);
    thread.processing_throw.set((thread.processing_throw.get() - 1).max(0));
    let next = unsafe { call(funclet as u64, variables as u64, &raw mut catch) };
    unsafe { leave(&catch, None) };
    // Packed tables list where to go on: the funclet answers which.
    match next {
        0 | 1 => unsafe { (*end).ExceptionInformation[8 + next as usize] as u64 },
        address => address,
    }
}

/// Ends a `catch`: its exception's object goes, unless another one still handles it, or it is on its way again.
unsafe fn leave(catch: &Catch, on_its_way: Option<Thrown>) {
    let thread = thread::current();
    thread::current().catches.set(catch.previous.cast());
    thread.current_exception.set(catch.before[0]);
    thread.current_context.set(catch.before[1]);
    let thrown = |record: *const EXCEPTION_RECORD| unsafe { record.as_ref().and_then(Thrown::of) };
    let Some(own) = thrown(catch.record) else { return };
    let same = |other: Option<Thrown>| other.is_some_and(|other| other.object == own.object);
    if !same(on_its_way) && find(|other| same(thrown(other.record))).is_none() {
        unsafe { own.destroy() };
    }
}

/// An unwinding comes through a `catch`: it ends here.
unsafe extern "C" fn leaving(record: *const EXCEPTION_RECORD, frame: u64, _context: *mut CONTEXT, _about: *mut Dispatcher) -> i32 {
    unsafe {
        let catch = *((frame + KEPT) as *const *const Catch);
        if let Some(catch) = catch.as_ref() {
            let record = if (*record).ExceptionCode == STATUS_UNWIND_CONSOLIDATE {
                (*record).ExceptionInformation[6] as *const EXCEPTION_RECORD
            } else {
                record
            };
            leave(catch, record.as_ref().and_then(Thrown::of));
        }
    }
    CONTINUE_SEARCH
}

/// Where [`call`] keeps its `catch`, above its frame.
const KEPT: u64 = 32;

/// Calls a funclet for a function's frame; an unwinding that passes ends the `catch`, if it is one.
#[cfg(target_os = "windows")]
#[unsafe(naked)]
pub unsafe extern "C" fn call(funclet: u64, variables: u64, catch: *mut Catch) -> u64 {
    core::arch::naked_asm!(
        ".seh_proc {this}",
        "sub rsp, 40",
        ".seh_stackalloc 40",
        ".seh_handler {leaving}, @unwind",
        ".seh_endprologue",
        "mov [rsp + 32], r8",
        "mov rax, rcx",
        "call rax",
        "nop",
        "add rsp, 40",
        "ret",
        ".seh_endproc",
        this = sym call,
        leaving = sym leaving,
    )
}

/// Native tests have no funclets.
#[cfg(not(target_os = "windows"))]
pub unsafe fn call(_funclet: u64, _variables: u64, _catch: *mut Catch) -> u64 {
    0
}

/// The innermost `catch` of the thread that runs.
fn innermost() -> *mut Catch {
    thread::current().catches.get().cast()
}
