//! Tables of functions that run at the end, newest first.

use super::super::fault::{Fault, Int};
use super::super::heap;
use super::super::lock::{self, hold};
use super::super::nt::{RtlReAllocateHeap, heap as process_heap};
use core::ptr::null_mut;
use guest::shim;

/// `_PVFV`, as a number: what is called at the end.
pub type Function = usize;

/// `_onexit_table_t`.
#[repr(C)]
pub struct Table {
    first: *mut Function,
    last: *mut Function,
    end: *mut Function,
}

// SAFETY: it is used under the lock of the end alone.
unsafe impl Sync for Table {}

impl Table {
    pub const fn new() -> Self {
        Self { first: null_mut(), last: null_mut(), end: null_mut() }
    }
}

/// Calls a function without parameters; 0 is none.
pub unsafe fn call(function: Function) {
    // SAFETY: the program's own function.
    if let Some(function) = unsafe { core::mem::transmute::<usize, Option<unsafe extern "C" fn()>>(function) } {
        // SAFETY: as above.
        unsafe { function() };
    }
}

/// Puts a function into a table.
pub unsafe fn register(table: *mut Table, function: Function) -> Result<(), Fault> {
    const FIRST: usize = 32;
    const NONE: Fault = Fault::Quiet(0);
    let _held = hold(lock::EXIT);
    // SAFETY: it is a table, and the lock is held.
    unsafe {
        let Some(table) = table.as_mut() else { return Err(NONE) };
        if table.last == table.end {
            let count = table.end.offset_from_unsigned(table.first);
            let room = (count * 2).max(FIRST);
            let memory = if table.first.is_null() {
                heap::allocate(room * size_of::<Function>(), 0)
            } else {
                RtlReAllocateHeap(process_heap(), 0, table.first.cast(), room * size_of::<Function>())
            };
            if memory.is_null() {
                return Err(NONE);
            }
            table.first = memory.cast();
            table.last = table.first.add(count);
            table.end = table.first.add(room);
        }
        table.last.write(function);
        table.last = table.last.add(1);
    }
    Ok(())
}

/// Calls what is in a table, and empties it. A function may add others, which come next.
pub unsafe fn execute(table: *mut Table) {
    loop {
        let function = {
            let _held = hold(lock::EXIT);
            // SAFETY: it is a table, and the lock is held.
            unsafe {
                let table = &mut *table;
                if table.first == table.last {
                    heap::release(table.first.cast());
                    *table = Table::new();
                    return;
                }
                table.last = table.last.sub(1);
                *table.last
            }
        };
        // SAFETY: the program's own function.
        unsafe { call(function) };
    }
}

/// Makes an empty table.
#[shim(ix = {ucrtbase: 18}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _initialize_onexit_table(table: *mut Table) -> Result<Int, Fault> {
    let table = table.as_mut().ok_or(Fault::Quiet(0))?;
    if table.first == table.end {
        *table = Table::new();
    }
    Ok(Int(0))
}

/// Puts a function into a table.
#[shim(ix = {ucrtbase: 19}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _register_onexit_function(table: *mut Table, function: Function) -> Result<Int, Fault> {
    register(table, function).map(|()| Int(0))
}

/// Calls the functions of a table, newest first.
#[shim(ix = {ucrtbase: 81}, mapping = "a table of functions", risk = Functional("a function that does not run at the end"))]
pub unsafe extern "C" fn _execute_onexit_table(table: *mut Table) -> Result<Int, Fault> {
    if table.is_null() {
        return Err(Fault::Quiet(0));
    }
    execute(table);
    Ok(Int(0))
}
