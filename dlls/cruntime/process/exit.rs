//! The end of a program, and what runs before it.

use super::super::fault::{Fault, Int};
use super::super::invalid::{FATAL_APP_EXIT, fail_fast};
use super::super::kernel32::ExitProcess;
use super::super::nt::{RtlReAllocateHeap, RtlSizeHeap, heap as process_heap};
use super::super::stdio;
use super::onexit::{Function, Table, call, execute, register};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use guest::shim;

struct Own(UnsafeCell<Table>);
// SAFETY: tables are used under the lock of the end.
unsafe impl Sync for Own {}

static AT_EXIT: Own = Own(UnsafeCell::new(Table::new()));
static AT_QUICK_EXIT: Own = Own(UnsafeCell::new(Table::new()));
/// Whether the functions at the end have run.
static DONE: AtomicBool = AtomicBool::new(false);
/// `_register_thread_local_exe_atexit_callback`: the destructors of the program's thread-local objects.
static THREAD_LOCAL: AtomicUsize = AtomicUsize::new(0);
/// The exit code of `abort` and of signals that nobody handles.
pub const ABORTED: u32 = 3;

/// What runs before the end, once.
fn finish() {
    if DONE.swap(true, Ordering::AcqRel) {
        return;
    }
    const PROCESS_DETACH: u32 = 0;
    type Callback = unsafe extern "system" fn(usize, u32, usize);
    // SAFETY: the program's own functions.
    unsafe {
        if let Some(callback) = core::mem::transmute::<usize, Option<Callback>>(THREAD_LOCAL.load(Ordering::Relaxed)) {
            callback(0, PROCESS_DETACH, 0);
        }
        execute(AT_EXIT.0.get());
    }
    stdio::flush_all();
}

/// Ends the process without anything before it.
pub fn leave(code: u32) -> ! {
    // SAFETY: does not come back.
    unsafe { ExitProcess(code) };
    fail_fast(FATAL_APP_EXIT)
}

/// What is left to do when the DLL goes.
pub fn unload() {
    stdio::flush_all();
}

/// Ends the program: runs what was registered, writes the streams out.
#[shim(ix = {msvcrt: 3, ucrtbase: 8}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn exit(code: i32) {
    finish();
    leave(code as u32)
}

/// Ends the program at once.
#[shim(ix = {msvcrt: 27, ucrtbase: 9}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn _exit(code: i32) {
    leave(code as u32)
}

/// Ends the program at once.
#[shim(ix = {ucrtbase: 541}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn _Exit(code: i32) {
    leave(code as u32)
}

/// Runs what was registered and writes the streams out.
#[shim(ix = {msvcrt: 16, ucrtbase: 2}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn _cexit() {
    finish();
}

/// Leaves everything as it is, and comes back.
#[shim(ix = {msvcrt: 161, ucrtbase: 17}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn _c_exit() {}

/// Ends the program: runs what was registered for this.
#[shim(ix = {ucrtbase: 542}, mapping = "ExitProcess", risk = Functional("functions at the end that do not run"))]
pub unsafe extern "C" fn quick_exit(code: i32) {
    execute(AT_QUICK_EXIT.0.get());
    leave(code as u32)
}

/// Registers a function for the end.
#[shim(ix = {msvcrt: 176}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn atexit(function: Function) -> Result<Int, Fault> {
    register(AT_EXIT.0.get(), function).map(|()| Int(0))
}

/// Registers a function for the end.
#[shim(ix = {ucrtbase: 4}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _crt_atexit(function: Function) -> Result<Int, Fault> {
    register(AT_EXIT.0.get(), function).map(|()| Int(0))
}

/// Registers a function for `quick_exit`.
#[shim(ix = {ucrtbase: 171}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _crt_at_quick_exit(function: Function) -> Result<Int, Fault> {
    register(AT_QUICK_EXIT.0.get(), function).map(|()| Int(0))
}

/// Registers a function for the end; answers it, or NULL.
#[shim(ix = {msvcrt: 12}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _onexit(function: Function) -> usize {
    if register(AT_EXIT.0.get(), function).is_ok() { function } else { 0 }
}

/// Registers a function in a DLL's own table, which `malloc` made; answers it, or NULL.
#[shim(ix = {msvcrt: 64}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn __dllonexit(function: Function, first: *mut *mut Function, last: *mut *mut Function) -> usize {
    if first.is_null() || last.is_null() || (*first).is_null() {
        return 0;
    }
    let used = (*last).byte_offset_from_unsigned(*first);
    let mut table = *first;
    if RtlSizeHeap(process_heap(), 0, table.cast()) < used + size_of::<Function>() {
        table = RtlReAllocateHeap(process_heap(), 0, table.cast(), used * 2 + size_of::<Function>()).cast();
        if table.is_null() {
            return 0;
        }
    }
    *first = table;
    *last = table.byte_add(used);
    (*last).write(function);
    *last = (*last).add(1);
    function
}

/// Sets what destroys the program's thread-local objects at the end.
#[shim(ix = {ucrtbase: 11}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _register_thread_local_exe_atexit_callback(callback: usize) {
    if THREAD_LOCAL.swap(callback, Ordering::Relaxed) != 0 {
        fail_fast(FATAL_APP_EXIT);
    }
}

/// Calls each function between two addresses.
#[shim(ix = {msvcrt: 8, ucrtbase: 5}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _initterm(first: *const Function, end: *const Function) {
    let mut at = first;
    while at < end {
        call(*at);
        at = at.add(1);
    }
}

/// Calls each function between two addresses until one does not answer 0; answers that.
#[shim(ix = {msvcrt: 435, ucrtbase: 10}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _initterm_e(first: *const Function, end: *const Function) -> i32 {
    let mut at = first;
    while at < end {
        if let Some(function) = core::mem::transmute::<usize, Option<unsafe extern "C" fn() -> i32>>(*at) {
            let answer = function();
            if answer != 0 {
                return answer;
            }
        }
        at = at.add(1);
    }
    0
}
