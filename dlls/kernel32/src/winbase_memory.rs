//! winbase.h: whether memory may be read or written, and arithmetic.

use crate::nt::NtQueryVirtualMemory;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::shim;
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEMORY_BASIC_INFORMATION, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY, PAGE_GUARD, PAGE_NOACCESS,
    PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY,
};

const READABLE: u32 =
    PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY | PAGE_EXECUTE;
const WRITABLE: u32 = PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;

/// The end of the run of pages with an access that begins at an address; none where that page lacks it.
fn run_end(at: usize, access: u32) -> Option<usize> {
    // SAFETY: plain numbers, for which zero is a value.
    let mut region: MEMORY_BASIC_INFORMATION = unsafe { core::mem::zeroed() };
    let (current, size) = (usize::MAX as *mut c_void, size_of::<MEMORY_BASIC_INFORMATION>());
    // SAFETY: describes memory, and writes the description.
    let status = unsafe { NtQueryVirtualMemory(current, at as *const c_void, 0, (&raw mut region).cast(), size, null_mut()) };
    let allowed = region.State == MEM_COMMIT && region.Protect & access != 0 && region.Protect & (PAGE_GUARD | PAGE_NOACCESS) == 0;
    (status >= 0 && allowed).then(|| (region.BaseAddress as usize).saturating_add(region.RegionSize))
}

/// Whether all of a range lacks nothing of an access. An empty range does not.
fn is_bad(start: *const c_void, size: usize, access: u32) -> i32 {
    let start = start as usize;
    let Some(end) = start.checked_add(size) else { return 1 };
    let mut at = start;
    while at < end {
        match run_end(at, access) {
            Some(next) => at = next,
            None => return 1,
        }
    }
    (size > 0 && start == 0).into()
}

/// Whether a text's units can be read up to its NUL, or up to a number of them.
unsafe fn is_bad_text<T: Copy + Default + PartialEq>(text: *const T, most: usize) -> i32 {
    let mut known = 0;
    for index in 0..most {
        let at = text.wrapping_add(index);
        if at as usize + size_of::<T>() > known {
            match run_end(at as usize, READABLE) {
                Some(end) if end >= at as usize + size_of::<T>() => known = end,
                _ => return 1,
            }
        }
        // SAFETY: it can be read, as of a moment ago.
        if unsafe { at.read_unaligned() } == T::default() {
            break;
        }
    }
    0
}

guest::forward!(
    IsBadHugeReadPtr = 694 => "kernel32.IsBadReadPtr",
    IsBadHugeWritePtr = 695 => "kernel32.IsBadWritePtr",
);

/// A product divided by a number, rounded to the nearest whole one; -1 where it does not fit, or for a division by zero.
#[shim(ix = 400, mapping = "64-bit arithmetic", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn MulDiv(number: i32, numerator: i32, denominator: i32) -> i32 {
    scale(number, numerator, denominator).unwrap_or(-1)
}

fn scale(number: i32, numerator: i32, denominator: i32) -> Option<i32> {
    let product = i64::from(number) * i64::from(numerator);
    let divisor = i64::from(denominator);
    let half = divisor.abs() / 2;
    let magnitude = (product.abs() + half).checked_div(divisor.abs())?;
    i32::try_from(if (product < 0) == (divisor < 0) { magnitude } else { -magnitude }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_rounded_away_from_zero() {
        for (given, expected) in [
            ((7, 3, 2), Some(11)),
            ((-7, 3, 2), Some(-11)),
            ((1, 1, 3), Some(0)),
            ((1, 1, 0), None),
            ((i32::MAX, i32::MAX, 1), None),
            ((i32::MAX, 2, 2), Some(i32::MAX)),
            ((5, 1, -2), Some(-3)),
        ] {
            assert_eq!(scale(given.0, given.1, given.2), expected, "{given:?}");
        }
    }
}
