//! malloc.h, where it is about the stack.

use super::super::kernel32::VirtualProtect;
use core::ffi::c_void;
use guest::{shim, teb};

const PAGE: usize = 0x1000;
/// What is left below the guard page for handlers of an overflow at least.
const RESERVED: usize = 3 * PAGE;
const PAGE_READWRITE: u32 = 4;
const PAGE_GUARD: u32 = 0x100;

/// Puts the guard page back after an overflow was handled, so that the next one is an exception too; 0 where the stack
/// is still in use that far down.
#[shim(ix = {msvcrt: 788, ucrtbase: 892}, mapping = "VirtualProtect", risk = Functional("a second overflow that ends the process"))]
pub unsafe extern "C" fn _resetstkoflw() -> i32 {
    let [allocation, limit, base] = teb::stack();
    let lowest = allocation + PAGE;
    if limit > lowest {
        // No overflow has used the last pages: the guard page is where it belongs.
        return 1;
    }
    let guaranteed = (*teb::guaranteed_stack() as usize).next_multiple_of(PAGE);
    let guard = (lowest + guaranteed + RESERVED).min(base - 2 * PAGE);
    let here = core::ptr::from_ref(&guard) as usize;
    if here < guard + 2 * PAGE {
        return 0;
    }
    let mut before = 0;
    VirtualProtect(guard as *mut c_void, PAGE, PAGE_READWRITE | PAGE_GUARD, &raw mut before)
}
