//! Local* memory, as 16-bit Windows had it.

use super::movable::{self, INVALID, NOT_LOCKED_ANY_MORE, told};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Count, Handle, Pointer};
use guest::error::Win32Error;
use guest::shim;

/// The flags that may be given, most of which mean nothing any more.
const KNOWN: u32 = 0xF72;

/// Allocates a block of the process heap, fixed or movable.
#[shim(ix = 223, mapping = "RtlAllocateHeap, a table of handles", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn LocalAlloc(flags: u32, bytes: usize) -> Result<Handle, Win32Error> {
    movable::check(flags, KNOWN)?;
    movable::allocate(flags, bytes).map(Handle)
}

/// Changes a block's size, or what kind it is.
#[shim(ix = 656, mapping = "RtlReAllocateHeap, a table of handles", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn LocalReAlloc(handle: *mut c_void, bytes: usize, flags: u32) -> Result<Handle, Win32Error> {
    movable::check(flags, KNOWN | movable::MODIFY)?;
    movable::reallocate(handle, bytes, flags).map(Handle)
}

/// Frees a block; answers NULL, or the handle where that fails.
#[shim(ix = 42, mapping = "RtlFreeHeap, a table of handles", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn LocalFree(handle: *mut c_void) -> *mut c_void {
    told(movable::free(handle).map(|()| null_mut()), handle)
}

/// Locks a block; answers its address.
#[shim(ix = 657, mapping = "a table of handles", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn LocalLock(handle: *mut c_void) -> Result<Pointer<c_void>, Win32Error> {
    movable::lock(handle).map(Pointer)
}

/// Unlocks a block once; FALSE with a last error of 0 when it is not locked any more.
#[shim(ix = 658, mapping = "a table of handles", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn LocalUnlock(handle: *mut c_void) -> i32 {
    told(movable::unlock(handle).and_then(|still| if still { Ok(1) } else { Err(NOT_LOCKED_ANY_MORE) }), 0)
}

/// A block's size in bytes.
#[shim(ix = 659, mapping = "RtlSizeHeap, a table of handles", risk = Wrong("a wrong size"))]
pub unsafe extern "system" fn LocalSize(handle: *mut c_void) -> Result<Count<usize>, Win32Error> {
    movable::size(handle).map(Count)
}

/// A block's locks and kind.
#[shim(ix = 660, mapping = "a table of handles", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn LocalFlags(handle: *mut c_void) -> u32 {
    told(movable::flags(handle), INVALID)
}

/// The handle of a block, by its address.
#[shim(ix = 661, mapping = "a table of handles", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn LocalHandle(memory: *const c_void) -> Result<Handle, Win32Error> {
    movable::handle(memory).map(Handle)
}
