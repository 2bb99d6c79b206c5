//! malloc.h: memory on the process heap, so that a program may mix `malloc` and HeapFree on it.

use super::fault::{Fault, INVALID, NO_MEMORY, Pointer};
use super::nt::{RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap, RtlSizeHeap, RtlValidateHeap, heap};
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use guest::shim;

const ZERO: u32 = 8;
const IN_PLACE_ONLY: u32 = 0x10;

/// `_PNH`: asked for memory before an allocation fails; 0 for "there is none".
type NewHandler = unsafe extern "C" fn(usize) -> i32;

static NEW_HANDLER: AtomicUsize = AtomicUsize::new(0);
static NEW_MODE: AtomicI32 = AtomicI32::new(0);

/// Asks the new handler to make room; whether to try again.
pub fn ask_handler(size: usize) -> bool {
    let address = NEW_HANDLER.load(Ordering::Relaxed);
    // SAFETY: only handlers are kept, and 0.
    let handler = unsafe { core::mem::transmute::<usize, Option<NewHandler>>(address) };
    // SAFETY: the program's own function.
    handler.is_some_and(|handler| unsafe { handler(size) } != 0)
}

/// Tries until there is memory or no hope for it.
#[inline]
fn insist(size: usize, mut allocate: impl FnMut() -> *mut c_void) -> *mut c_void {
    loop {
        let memory = allocate();
        if !memory.is_null() || NEW_MODE.load(Ordering::Relaxed) == 0 || !ask_handler(size) {
            return memory;
        }
    }
}

/// Memory of that size, or NULL; `errno` is the caller's.
#[inline]
pub fn allocate(size: usize, flags: u32) -> *mut c_void {
    // SAFETY: the process heap exists.
    insist(size, || unsafe { RtlAllocateHeap(heap(), flags, size.max(1)) })
}

/// Zeroed memory, or NULL.
pub fn zeroed(size: usize) -> *mut c_void {
    allocate(size, ZERO)
}

/// Gives memory back; NULL is nothing.
///
/// # Safety
/// It comes from the process heap.
#[inline]
pub unsafe fn release(memory: *mut c_void) {
    if !memory.is_null() {
        // SAFETY: as the caller promises.
        unsafe { RtlFreeHeap(heap(), 0, memory) };
    }
}

fn pointer(memory: *mut c_void) -> Result<Pointer<c_void>, Fault> {
    if memory.is_null() { Err(NO_MEMORY) } else { Ok(Pointer(memory)) }
}

/// A copy of text with its NUL, on the heap.
pub fn duplicate<C: crt::Unit>(text: &[C]) -> Result<Pointer<C>, Fault> {
    let size = (text.len() + 1) * size_of::<C>();
    let copy = allocate(size, 0).cast::<C>();
    if copy.is_null() {
        return Err(NO_MEMORY);
    }
    // SAFETY: there is room for the text and its NUL.
    unsafe {
        copy.copy_from_nonoverlapping(text.as_ptr(), text.len());
        copy.add(text.len()).write(C::NUL);
    }
    Ok(Pointer(copy))
}

unsafe fn resize(memory: *mut c_void, size: usize) -> Result<Pointer<c_void>, Fault> {
    if memory.is_null() {
        return pointer(allocate(size, 0));
    }
    if size == 0 {
        release(memory);
        return Ok(Pointer(null_mut()));
    }
    pointer(insist(size, || RtlReAllocateHeap(heap(), 0, memory, size)))
}

/// Allocates memory; a size of 0 gives a block too.
#[shim(ix = {msvcrt: 5, ucrtbase: 23}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn malloc(size: usize) -> Result<Pointer<c_void>, Fault> {
    pointer(allocate(size, 0))
}

/// Allocates zeroed memory for `count` elements.
#[shim(ix = {msvcrt: 30, ucrtbase: 25}, mapping = "RtlAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn calloc(count: usize, size: usize) -> Result<Pointer<c_void>, Fault> {
    let bytes = count.checked_mul(size).ok_or(NO_MEMORY)?;
    pointer(allocate(bytes, ZERO))
}

/// Changes a block's size, moving it where needed; a size of 0 frees it.
#[shim(ix = {msvcrt: 18, ucrtbase: 26}, mapping = "RtlReAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn realloc(memory: *mut c_void, size: usize) -> Result<Pointer<c_void>, Fault> {
    resize(memory, size)
}

/// Changes the size of a block of `count` elements; what is new is zero.
#[shim(ix = {ucrtbase: 291}, mapping = "RtlReAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _recalloc(memory: *mut c_void, count: usize, size: usize) -> Result<Pointer<c_void>, Fault> {
    let bytes = count.checked_mul(size).ok_or(NO_MEMORY)?;
    let before = if memory.is_null() { 0 } else { RtlSizeHeap(heap(), 0, memory) };
    let Pointer(block) = resize(memory, bytes)?;
    if !block.is_null() && bytes > before {
        block.byte_add(before).write_bytes(0, bytes - before);
    }
    Ok(Pointer(block))
}

/// Gives a block back.
#[shim(ix = {msvcrt: 4, ucrtbase: 15}, mapping = "RtlFreeHeap", risk = Functional("memory that is not given back"))]
pub unsafe extern "C" fn free(memory: *mut c_void) {
    release(memory);
}

/// Changes a block's size where it lies, or not at all.
#[shim(ix = {msvcrt: 382, ucrtbase: 480}, mapping = "RtlReAllocateHeap", risk = Wrong("a block that is too small"))]
pub unsafe extern "C" fn _expand(memory: *mut c_void, size: usize) -> Result<Pointer<c_void>, Fault> {
    if memory.is_null() {
        return Err(INVALID);
    }
    pointer(RtlReAllocateHeap(heap(), IN_PLACE_ONLY, memory, size.max(1)))
}

/// The size of a block in bytes.
#[shim(ix = {msvcrt: 270, ucrtbase: 351}, mapping = "RtlSizeHeap", risk = Wrong("a wrong size"))]
pub unsafe extern "C" fn _msize(memory: *mut c_void) -> Result<super::fault::Word, Fault> {
    if memory.is_null() {
        return Err(INVALID);
    }
    Ok(super::fault::Word(RtlSizeHeap(heap(), 0, memory) as isize))
}

/// Checks the heap: -2 (`_HEAPOK`), or -4 (`_HEAPBADNODE`).
#[shim(ix = {msvcrt: 383, ucrtbase: 481}, mapping = "RtlValidateHeap", risk = Wrong("a damage that is not seen"))]
pub unsafe extern "C" fn _heapchk() -> i32 {
    if RtlValidateHeap(heap(), 0, null_mut()) != 0 { -2 } else { -4 }
}

/// The handle of the heap that `malloc` works on.
#[shim(ix = {msvcrt: 384, ucrtbase: 482}, mapping = "the process heap", risk = Wrong("a wrong handle"))]
pub unsafe extern "C" fn _get_heap_handle() -> isize {
    heap() as isize
}

/// Whether `malloc` asks the new handler before it fails.
#[shim(ix = {ucrtbase: 7}, mapping = "a variable of the process", risk = Functional("a handler that is not asked"))]
pub unsafe extern "C" fn _set_new_mode(mode: i32) -> Result<super::fault::Int, Fault> {
    if !matches!(mode, 0 | 1) {
        return Err(INVALID);
    }
    Ok(super::fault::Int(NEW_MODE.swap(mode, Ordering::Relaxed)))
}

/// Answers whether `malloc` asks the new handler before it fails.
#[shim(ix = {ucrtbase: 483}, mapping = "a variable of the process", risk = Wrong("a wrong answer"))]
pub unsafe extern "C" fn _query_new_mode() -> i32 {
    NEW_MODE.load(Ordering::Relaxed)
}

/// Asks the new handler for memory; whether it is worth another try.
#[shim(ix = {msvcrt: 252, ucrtbase: 44}, mapping = "the new handler", risk = Functional("a handler that is not asked"))]
pub unsafe extern "C" fn _callnewh(size: usize) -> i32 {
    ask_handler(size).into()
}

/// Sets the handler that is asked for memory before an allocation fails; answers the one before.
#[shim(ix = {ucrtbase: 178}, mapping = "a variable of the process", risk = Functional("a handler that is not asked"))]
pub unsafe extern "C" fn _set_new_handler(handler: Option<NewHandler>) -> usize {
    swap_handler(handler.map_or(0, |handler| handler as usize))
}

/// Answers the handler that is asked for memory.
#[shim(ix = {ucrtbase: 484}, mapping = "a variable of the process", risk = Wrong("a wrong handler"))]
pub unsafe extern "C" fn _query_new_handler() -> usize {
    NEW_HANDLER.load(Ordering::Relaxed)
}

/// Sets the new handler by its address; answers the one before.
pub fn swap_handler(handler: usize) -> usize {
    NEW_HANDLER.swap(handler, Ordering::Relaxed)
}

/// What the program's start-up code says of the new handler: whether `malloc` asks it too.
pub fn set_mode(mode: i32) {
    NEW_MODE.store(mode, Ordering::Relaxed);
}
