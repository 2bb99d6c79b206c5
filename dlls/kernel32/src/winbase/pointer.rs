//! IsBadReadPtr and the like: whether memory can be read, written, run.

use crate::nt;
use core::ffi::c_void;
use guest::shim;
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEMORY_BASIC_INFORMATION, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_GUARD, PAGE_READONLY,
    PAGE_READWRITE, PAGE_WRITECOPY,
};

const WRITABLE: u32 = PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
const READABLE: u32 = WRITABLE | PAGE_READONLY | PAGE_EXECUTE_READ | PAGE_EXECUTE;

/// How many bytes from an address on are committed with one of the protections, up to a number wanted.
fn usable(start: usize, wanted: usize, protect: u32) -> usize {
    const THIS_PROCESS: *mut c_void = usize::MAX as *mut c_void;
    let mut at = start;
    while at - start < wanted {
        // SAFETY: plain data, for which zero is a value.
        let mut run: MEMORY_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
        // SAFETY: the answer has that size.
        let status = unsafe {
            nt::NtQueryVirtualMemory(THIS_PROCESS, at as *const c_void, 0, (&raw mut run).cast(), size_of_val(&run), core::ptr::null_mut())
        };
        let end = (run.BaseAddress as usize).saturating_add(run.RegionSize);
        if status < 0 || run.State != MEM_COMMIT || run.Protect & protect == 0 || run.Protect & PAGE_GUARD != 0 || end <= at {
            break;
        }
        at = end;
    }
    (at - start).min(wanted)
}

fn is_bad(memory: *const c_void, bytes: usize, protect: u32) -> i32 {
    let fits = (memory as usize).checked_add(bytes).is_some();
    (bytes != 0 && (!fits || usable(memory as usize, bytes, protect) < bytes)).into()
}

/// Whether a range cannot be read.
#[shim(ix = 424, mapping = "NtQueryVirtualMemory", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsBadReadPtr(memory: *const c_void, bytes: usize) -> i32 {
    is_bad(memory, bytes, READABLE)
}

/// Whether a range cannot be written.
#[shim(ix = 662, mapping = "NtQueryVirtualMemory", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsBadWritePtr(memory: *mut c_void, bytes: usize) -> i32 {
    is_bad(memory, bytes, WRITABLE)
}

guest::forward!(
    IsBadHugeReadPtr = 694 => "kernel32.IsBadReadPtr",
    IsBadHugeWritePtr = 695 => "kernel32.IsBadWritePtr",
);

/// Whether code cannot be read.
#[shim(ix = 663, mapping = "NtQueryVirtualMemory", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsBadCodePtr(code: *const c_void) -> i32 {
    is_bad(code, 1, READABLE)
}

/// Whether a string cannot be read up to its NUL or a length.
fn is_bad_string<T: Copy + Default + PartialEq>(string: *const T, most: usize) -> i32 {
    // Everything in front of it can be read.
    let mut known = string as usize;
    for index in 0..most {
        let at = string.wrapping_add(index);
        let end = (at as usize).wrapping_add(size_of::<T>());
        if end > known {
            known += usable(known, (0x1000 - (known & 0xFFF)).max(end - known), READABLE);
        }
        if end > known || end < at as usize {
            return 1;
        }
        // SAFETY: just found to be readable.
        if unsafe { at.read_unaligned() } == T::default() {
            return 0;
        }
    }
    0
}

/// Whether a string cannot be read up to its NUL or a length.
#[shim(ix = 664, mapping = "NtQueryVirtualMemory", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsBadStringPtrA(string: *const u8, most: usize) -> i32 {
    is_bad_string(string, most)
}

/// Whether a string cannot be read up to its NUL or a length.
#[shim(ix = 665, mapping = "NtQueryVirtualMemory", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsBadStringPtrW(string: *const u16, most: usize) -> i32 {
    is_bad_string(string, most)
}
