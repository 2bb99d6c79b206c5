//! Memory at addresses of a wanted alignment: the block's own address lies right before it.

use super::super::errno::EINVAL;
use super::super::fault::{Fault, INVALID, NO_MEMORY, Pointer, Word};
use super::super::heap;
use super::super::nt::{RtlSizeHeap, heap as process_heap};
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::shim;

const WORD: usize = size_of::<usize>();

fn allocate(size: usize, alignment: usize, offset: usize, flags: u32) -> Result<*mut u8, Fault> {
    if !alignment.is_power_of_two() || offset != 0 && offset >= size {
        return Err(INVALID);
    }
    let alignment = alignment.max(WORD);
    let whole = size.checked_add(alignment + WORD + offset % alignment).ok_or(NO_MEMORY)?;
    let block = heap::allocate(whole, flags).cast::<u8>();
    if block.is_null() {
        return Err(NO_MEMORY);
    }
    let first = block as usize + WORD + offset;
    let at = first.next_multiple_of(alignment) - offset;
    let memory = block.wrapping_add(at - block as usize);
    // SAFETY: there is a word before the memory.
    unsafe { memory.cast::<usize>().sub(1).write_unaligned(block as usize) };
    Ok(memory)
}

unsafe fn block(memory: *mut c_void) -> *mut c_void {
    // SAFETY: `allocate` made it.
    unsafe { memory.cast::<usize>().sub(1).read_unaligned() as *mut c_void }
}

unsafe fn room(memory: *mut c_void) -> usize {
    // SAFETY: `allocate` made it.
    unsafe {
        let block = block(memory);
        (block as usize + RtlSizeHeap(process_heap(), 0, block)).saturating_sub(memory as usize)
    }
}

unsafe fn resize(memory: *mut c_void, size: usize, alignment: usize, offset: usize, clear: bool) -> Result<Pointer<c_void>, Fault> {
    const ZERO: u32 = 8;
    let flags = if clear { ZERO } else { 0 };
    if memory.is_null() {
        return allocate(size, alignment, offset, flags).map(|memory| Pointer(memory.cast()));
    }
    // SAFETY: `allocate` made it.
    unsafe {
        if size == 0 {
            heap::release(block(memory));
            return Ok(Pointer(null_mut()));
        }
        let fresh = allocate(size, alignment, offset, flags)?;
        fresh.copy_from_nonoverlapping(memory.cast(), room(memory).min(size));
        heap::release(block(memory));
        Ok(Pointer(fresh.cast()))
    }
}

/// Allocates memory of an alignment.
#[shim(ix = {msvcrt: 119, ucrtbase: 43}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _aligned_malloc(size: usize, alignment: usize) -> Result<Pointer<c_void>, Fault> {
    allocate(size, alignment, 0, 0).map(|memory| Pointer(memory.cast()))
}

/// Allocates memory that is aligned behind an offset.
#[shim(ix = {msvcrt: 748, ucrtbase: 860}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _aligned_offset_malloc(size: usize, alignment: usize, offset: usize) -> Result<Pointer<c_void>, Fault> {
    allocate(size, alignment, offset, 0).map(|memory| Pointer(memory.cast()))
}

/// Changes the size of memory of an alignment.
#[shim(ix = {msvcrt: 160, ucrtbase: 322}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _aligned_realloc(memory: *mut c_void, size: usize, alignment: usize) -> Result<Pointer<c_void>, Fault> {
    resize(memory, size, alignment, 0, false)
}

/// Changes the size of memory that is aligned behind an offset.
#[shim(ix = {msvcrt: 749, ucrtbase: 861}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _aligned_offset_realloc(
    memory: *mut c_void,
    size: usize,
    alignment: usize,
    offset: usize,
) -> Result<Pointer<c_void>, Fault> {
    resize(memory, size, alignment, offset, false)
}

/// Gives memory of an alignment back.
#[shim(ix = {msvcrt: 118, ucrtbase: 42}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _aligned_free(memory: *mut c_void) {
    if !memory.is_null() {
        heap::release(block(memory));
    }
}

/// The size of memory of an alignment.
#[shim(ix = {msvcrt: 750, ucrtbase: 862}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _aligned_msize(memory: *mut c_void, alignment: usize, offset: usize) -> Result<Word, Fault> {
    if memory.is_null() {
        return Err(Fault::Invalid(EINVAL));
    }
    // What is kept for the alignment is not the program's.
    let whole = RtlSizeHeap(process_heap(), 0, block(memory));
    let alignment = alignment.max(WORD);
    Ok(Word(whole.saturating_sub(alignment + WORD + offset % alignment) as isize))
}
