//! Thread-local storage: slots 0 to 63 in the TEB, the others in a table of the thread's own. Bit maps in the PEB say
//! which are taken.

use crate::nt;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::{Bool, Number, Pointer};
use guest::error::Win32Error;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NO_MORE_ITEMS, ERROR_NOT_ENOUGH_MEMORY, HANDLE};

/// Slots in the TEB itself.
const MINIMUM: usize = 64;
/// Slots in the table.
const EXPANSION: usize = 1024;

/// `RTL_BITMAP`.
#[repr(C)]
struct BitMap {
    size: u32,
    words: *mut u32,
}

/// The bits of the slots below 64, or of those above.
unsafe fn bits<'a>(above: bool) -> &'a mut [u32] {
    const EXPANSION_BITMAP: usize = if cfg!(target_arch = "x86") { gate::peb::TLS_EXPANSION_BITMAP_32 } else { gate::peb::TLS_EXPANSION_BITMAP_64 };
    // SAFETY: `ntdll` keeps both maps there, and the PEB's lock is held.
    unsafe {
        let peb = teb::peb();
        let map = if above { peb.byte_add(EXPANSION_BITMAP).cast::<*mut BitMap>().read() } else { (*peb).tls_bitmap as *mut BitMap };
        core::slice::from_raw_parts_mut((*map).words, (*map).size as usize / 32)
    }
}

fn take(words: &mut [u32]) -> Option<usize> {
    let (index, word) = words.iter_mut().enumerate().find(|(_, word)| **word != u32::MAX)?;
    let bit = word.trailing_ones();
    *word |= 1 << bit;
    Some(32 * index + bit as usize)
}

/// Runs `work` under the PEB's lock.
fn locked<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the lock is taken and given back here.
    unsafe {
        nt::RtlAcquirePebLock();
        let done = work();
        nt::RtlReleasePebLock();
        done
    }
}

/// The calling thread's place of a slot; the table is made where it is missing and wanted.
#[inline(always)]
fn place(index: u32, make: bool) -> Result<*mut *mut c_void, Win32Error> {
    let index = index as usize;
    if index < MINIMUM {
        // SAFETY: the TEB has that many slots.
        return Ok(unsafe { teb::tls_slots().add(index) });
    }
    let above = index - MINIMUM;
    if above >= EXPANSION {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut table: *mut *mut c_void = teb::tls_expansion().cast();
    if table.is_null() && make {
        const HEAP_ZERO_MEMORY: u32 = 8;
        // SAFETY: the process heap lives as long as the process; `ntdll` frees the table when the thread ends.
        table = unsafe { nt::RtlAllocateHeap((*teb::peb()).process_heap as HANDLE, HEAP_ZERO_MEMORY, EXPANSION * size_of::<usize>()) }.cast();
        if table.is_null() {
            return Err(Win32Error(ERROR_NOT_ENOUGH_MEMORY));
        }
        teb::set_tls_expansion(table.cast());
    }
    // SAFETY: the table has that many slots.
    Ok(if table.is_null() { null_mut() } else { unsafe { table.add(above) } })
}

/// Takes a slot, which reads NULL in every thread.
#[shim(ix = 38, mapping = "the PEB's bit maps", risk = Functional("a slot given twice"))]
pub unsafe extern "system" fn TlsAlloc() -> Result<Number, Win32Error> {
    let index = locked(|| take(unsafe { bits(false) }).or_else(|| take(unsafe { bits(true) }).map(|index| index + MINIMUM)));
    index.map(|index| Number(index as u32)).ok_or(Win32Error(ERROR_NO_MORE_ITEMS))
}

/// Gives a slot back; every thread's value of it is forgotten.
#[shim(ix = 66, mapping = "the PEB's bit maps, NtSetInformationThread", risk = Functional("a slot given twice"))]
pub unsafe extern "system" fn TlsFree(index: u32) -> Result<Bool, Win32Error> {
    const ZERO_TLS_CELL: i32 = 10;
    let at = index as usize;
    let (above, bit) = if at < MINIMUM { (false, at) } else { (true, at - MINIMUM) };
    locked(|| {
        let word = unsafe { bits(above) }.get_mut(bit / 32).ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
        if *word & 1 << (bit % 32) == 0 {
            return Err(Win32Error(ERROR_INVALID_PARAMETER));
        }
        nt::check(unsafe { nt::NtSetInformationThread(super::THIS_THREAD, ZERO_TLS_CELL, (&raw const index).cast(), 4) })?;
        *word &= !(1 << (bit % 32));
        Ok(Bool)
    })
}

/// Answers the calling thread's value of a slot; a last error of 0 tells a NULL from a failure.
#[shim(ix = 46, mapping = "the TEB", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn TlsGetValue(index: u32) -> Result<Pointer<c_void>, Win32Error> {
    let place = place(index, false)?;
    teb::set_last_error(0);
    Ok(Pointer(if place.is_null() { null_mut() } else { unsafe { *place } }))
}

/// Sets the calling thread's value of a slot.
#[shim(ix = 39, mapping = "the TEB", risk = Wrong("a wrong value"))]
pub unsafe extern "system" fn TlsSetValue(index: u32, value: *const c_void) -> Result<Bool, Win32Error> {
    let place = place(index, true)?;
    unsafe { *place = value.cast_mut() };
    Ok(Bool)
}
