//! Unwinding of 64-bit frames by tables: finding a function's row, undoing its prologue, walking stacks.

mod exports;
mod row;
pub mod table;
mod undo;

pub use row::{FOR_EXCEPTION, FOR_UNWIND, Function, Limits};
pub use undo::{Undone, copy_unwound, leaf, plain_frame, undo};

use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// The stack of the calling thread.
pub fn stack_limits() -> Limits {
    let [_, limit, base] = guest::teb::stack();
    limit as u64..base as u64
}

/// Undoes the innermost frame of a context, with or without a row.
///
/// # Safety
/// The context is one; what it says is followed within the limits.
pub unsafe fn step(context: &mut CONTEXT, limits: &Limits) -> Result<(), i32> {
    let mut base = 0;
    let row = table::find(context.Rip, &mut base);
    if row.is_null() {
        return unsafe { leaf(context, limits) };
    }
    // SAFETY: the row was found for this address.
    unsafe { undo(0, base, context.Rip, row, context, None, limits) }.map(|_| ())
}
