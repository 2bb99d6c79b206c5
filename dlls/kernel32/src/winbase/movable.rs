//! What Global* and Local* memory stand on: blocks of the process heap. A fixed block's handle is its address; a movable
//! one's is the place in a table that holds the address, which is what GlobalLock and old programs read there.

use crate::lock::Lock;
use crate::nt;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::error::Win32Error;
use guest::teb;
use windows_sys::Win32::Foundation::{
    ERROR_DISCARDED, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_LOCKED, ERROR_SUCCESS, HANDLE,
};

/// Flags that Global* and Local* share.
pub const MOVEABLE: u32 = 0x2;
pub const ZERO: u32 = 0x40;
pub const MODIFY: u32 = 0x80;
/// What the flags functions answer.
pub const DISCARDED: u32 = 0x4000;
pub const INVALID: u32 = 0x8000;

const HEAP_ZERO_MEMORY: u32 = 0x8;
const HEAP_REALLOC_IN_PLACE_ONLY: u32 = 0x10;

/// A movable block. Handles point at `memory`, so that they are never aligned as blocks of the heap are.
#[repr(C)]
struct Entry {
    used: bool,
    discardable: bool,
    locks: u8,
    memory: *mut c_void,
}

const _: () = assert!(size_of::<Entry>() == 2 * size_of::<usize>());

const ENTRIES: usize = 255;

/// A piece of the table.
#[repr(C, align(16))]
struct Piece {
    next: *mut Self,
    pad: usize,
    entries: [Entry; ENTRIES],
}

/// The first piece of the table, or NULL.
struct First(*mut Piece);

// SAFETY: the pieces are never freed, and are reached under the lock alone.
unsafe impl Send for First {}

static TABLE: Lock<First> = Lock::new(First(null_mut()));

/// Runs `work` with the table locked.
fn locked<T>(work: impl FnOnce(&mut *mut Piece) -> T) -> T {
    TABLE.with(|first| work(&mut first.0))
}

/// Refuses flags that are not among those a function knows.
pub fn check(flags: u32, known: u32) -> Result<(), Win32Error> {
    if flags & !known == 0 { Ok(()) } else { Err(Win32Error(ERROR_INVALID_PARAMETER)) }
}

/// What unlocking tells of a block that nobody has locked any more: a failure without an error.
pub const NOT_LOCKED_ANY_MORE: Win32Error = Win32Error(ERROR_SUCCESS);

/// What a function answers that has a failure of its own.
pub fn told<T>(done: Result<T, Win32Error>, failure: T) -> T {
    done.unwrap_or_else(|error| {
        teb::set_last_error(error.0);
        failure
    })
}

fn heap() -> HANDLE {
    // SAFETY: the PEB lives as long as the process.
    unsafe { (*teb::peb()).process_heap as HANDLE }
}

fn heap_allocate(bytes: usize, zero: bool) -> Result<*mut c_void, Win32Error> {
    // SAFETY: the process heap exists.
    let block = unsafe { nt::RtlAllocateHeap(heap(), if zero { HEAP_ZERO_MEMORY } else { 0 }, bytes) };
    if block.is_null() { Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY)) } else { Ok(block) }
}

/// The pieces of the table, from the first.
fn pieces(first: *mut Piece) -> impl Iterator<Item = &'static mut Piece> {
    let mut next = first;
    core::iter::from_fn(move || {
        // SAFETY: pieces are never freed, and the table is locked.
        let piece = unsafe { next.as_mut() }?;
        next = piece.next;
        Some(piece)
    })
}

/// Whether a handle could be a movable block's.
fn is_movable(handle: *mut c_void) -> bool {
    handle as usize % size_of::<Entry>() == size_of::<usize>()
}

/// A movable block's entry, by its handle.
fn entry(first: *mut Piece, handle: *mut c_void) -> Option<&'static mut Entry> {
    let address = (handle as usize).wrapping_sub(core::mem::offset_of!(Entry, memory));
    pieces(first)
        .find_map(|piece| {
            let offset = address.checked_sub(piece.entries.as_ptr() as usize)?;
            piece.entries.get_mut(offset / size_of::<Entry>())
        })
        .filter(|entry| entry.used)
}

/// Allocates; a movable block of 0 bytes is a discarded one.
pub fn allocate(flags: u32, bytes: usize) -> Result<*mut c_void, Win32Error> {
    if flags & MOVEABLE == 0 {
        return heap_allocate(bytes, flags & ZERO != 0);
    }
    let memory = if bytes == 0 { null_mut() } else { heap_allocate(bytes, flags & ZERO != 0)? };
    locked(|first| {
        let entry = match pieces(*first).find_map(|piece| piece.entries.iter_mut().find(|entry| !entry.used)) {
            Some(entry) => entry,
            None => {
                let piece: *mut Piece = heap_allocate(size_of::<Piece>(), true)?.cast();
                // SAFETY: a fresh piece, all zeroes, which is what an unused one is.
                unsafe { (*piece).next = *first };
                *first = piece;
                // SAFETY: as above.
                unsafe { &mut (*piece).entries[0] }
            }
        };
        *entry = Entry { used: true, discardable: flags & DISCARDABLE != 0, locks: 0, memory };
        Ok((&raw mut entry.memory).cast())
    })
}

/// `GMEM_DISCARDABLE`, which is a bit of `LMEM_DISCARDABLE` too.
pub const DISCARDABLE: u32 = 0x100;

/// Locks a block; answers its address.
pub fn lock(handle: *mut c_void) -> Result<*mut c_void, Win32Error> {
    if !is_movable(handle) {
        return if handle.is_null() { Err(Win32Error(ERROR_INVALID_HANDLE)) } else { Ok(handle) };
    }
    locked(|first| {
        let entry = entry(*first, handle).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
        if entry.memory.is_null() {
            return Err(Win32Error(ERROR_DISCARDED));
        }
        entry.locks = entry.locks.saturating_add(1);
        Ok(entry.memory)
    })
}

/// Unlocks a block; whether it is still locked.
pub fn unlock(handle: *mut c_void) -> Result<bool, Win32Error> {
    if !is_movable(handle) {
        return if handle.is_null() { Err(Win32Error(ERROR_INVALID_HANDLE)) } else { Ok(true) };
    }
    locked(|first| {
        let entry = entry(*first, handle).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
        entry.locks = entry.locks.checked_sub(1).ok_or(Win32Error(ERROR_NOT_LOCKED))?;
        Ok(entry.locks > 0)
    })
}

/// Frees a block.
pub fn free(handle: *mut c_void) -> Result<(), Win32Error> {
    let memory = if is_movable(handle) {
        locked(|first| {
            let entry = entry(*first, handle).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
            entry.used = false;
            Ok(entry.memory)
        })?
    } else {
        handle
    };
    // SAFETY: the caller's block, or NULL.
    if unsafe { nt::RtlFreeHeap(heap(), 0, memory) } != 0 { Ok(()) } else { Err(Win32Error(ERROR_INVALID_HANDLE)) }
}

/// A block's size in bytes.
pub fn size(handle: *mut c_void) -> Result<usize, Win32Error> {
    let memory = if is_movable(handle) {
        locked(|first| entry(*first, handle).map(|entry| entry.memory)).ok_or(Win32Error(ERROR_INVALID_HANDLE))?
    } else if handle.is_null() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    } else {
        handle
    };
    if memory.is_null() {
        return Ok(0);
    }
    // SAFETY: the caller's block.
    match unsafe { nt::RtlSizeHeap(heap(), 0, memory) } {
        usize::MAX => Err(Win32Error(ERROR_INVALID_HANDLE)),
        size => Ok(size),
    }
}

/// A block's locks, and whether it is discardable or discarded.
pub fn flags(handle: *mut c_void) -> Result<u32, Win32Error> {
    if !is_movable(handle) {
        return if handle.is_null() { Err(Win32Error(ERROR_INVALID_HANDLE)) } else { Ok(0) };
    }
    locked(|first| {
        let entry = entry(*first, handle).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
        let discardable = if entry.discardable { DISCARDABLE } else { 0 };
        Ok(u32::from(entry.locks) | discardable | if entry.memory.is_null() { DISCARDED } else { 0 })
    })
}

/// The handle of a block, by its address.
pub fn handle(memory: *const c_void) -> Result<*mut c_void, Win32Error> {
    if memory.is_null() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    if is_movable(memory.cast_mut()) {
        // A movable block's handle in place of its address.
        return if locked(|first| entry(*first, memory.cast_mut()).is_some()) {
            Ok(memory.cast_mut())
        } else {
            Err(Win32Error(ERROR_INVALID_HANDLE))
        };
    }
    let found = locked(|first| {
        let mut entries = pieces(*first).flat_map(|piece| piece.entries.iter_mut());
        entries.find(|entry| entry.used && core::ptr::eq(entry.memory, memory)).map(|entry| (&raw mut entry.memory).cast())
    });
    match found {
        Some(handle) => Ok(handle),
        // SAFETY: the caller's block.
        None if unsafe { nt::RtlValidateHeap(heap(), 0, memory.cast_mut()) } != 0 => Ok(memory.cast_mut()),
        None => Err(Win32Error(ERROR_INVALID_HANDLE)),
    }
}

/// Changes a block's size, or with [`MODIFY`] its kind.
pub fn reallocate(handle: *mut c_void, bytes: usize, flags: u32) -> Result<*mut c_void, Win32Error> {
    if handle.is_null() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    if is_movable(handle) { change_movable(handle, bytes, flags) } else { change_fixed(handle, bytes, flags) }
}

fn change_fixed(handle: *mut c_void, bytes: usize, flags: u32) -> Result<*mut c_void, Win32Error> {
    if flags & MODIFY == 0 {
        let how = if flags & MOVEABLE != 0 { 0 } else { HEAP_REALLOC_IN_PLACE_ONLY };
        return resize(handle, bytes, flags, how);
    }
    if flags & MOVEABLE == 0 {
        return Ok(handle);
    }
    // The fixed block becomes what a movable handle leads to.
    size(handle)?;
    let made = allocate(MOVEABLE | flags & DISCARDABLE, 0)?;
    locked(|first| entry(*first, made).map(|entry| entry.memory = handle));
    Ok(made)
}

fn change_movable(handle: *mut c_void, bytes: usize, flags: u32) -> Result<*mut c_void, Win32Error> {
    locked(|first| {
        let entry = entry(*first, handle).ok_or(Win32Error(ERROR_INVALID_HANDLE))?;
        if flags & MODIFY != 0 {
            entry.discardable = flags & DISCARDABLE != 0;
            return Ok(handle);
        }
        if bytes == 0 {
            // Discarding: what is locked stays.
            if entry.locks > 0 || flags & MOVEABLE == 0 {
                return Err(Win32Error(if entry.locks > 0 { ERROR_INVALID_HANDLE } else { ERROR_INVALID_PARAMETER }));
            }
            // SAFETY: the entry's block, or NULL.
            unsafe { nt::RtlFreeHeap(heap(), 0, entry.memory) };
            entry.memory = null_mut();
            return Ok(handle);
        }
        entry.memory = if entry.memory.is_null() {
            heap_allocate(bytes, flags & ZERO != 0)?
        } else {
            let how = if entry.locks > 0 && flags & MOVEABLE == 0 { HEAP_REALLOC_IN_PLACE_ONLY } else { 0 };
            resize(entry.memory, bytes, flags, how)?
        };
        Ok(handle)
    })
}

fn resize(memory: *mut c_void, bytes: usize, flags: u32, how: u32) -> Result<*mut c_void, Win32Error> {
    let zero = if flags & ZERO != 0 { HEAP_ZERO_MEMORY } else { 0 };
    // SAFETY: the caller's block.
    let moved = unsafe { nt::RtlReAllocateHeap(heap(), zero | how, memory, bytes) };
    if moved.is_null() { Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY)) } else { Ok(moved) }
}
