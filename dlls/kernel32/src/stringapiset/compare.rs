//! CompareString and CompareStringOrdinal.

use crate::ansi;
use crate::buffer::counted;
use crate::collate;
use crate::winnls::locale;
use core::cmp::Ordering;
use core::ffi::c_void;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, shim};
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::Globalization::{CSTR_EQUAL, CSTR_GREATER_THAN, CSTR_LESS_THAN};

fn answer(order: Ordering) -> Count<i32> {
    Count(match order {
        Ordering::Less => CSTR_LESS_THAN,
        Ordering::Equal => CSTR_EQUAL,
        Ordering::Greater => CSTR_GREATER_THAN,
    })
}

/// A text without the NUL that ends it. None of no elements is a text here.
unsafe fn side<'a, T: Copy + Default + PartialEq>(source: *const T, length: i32) -> Result<&'a [T], Win32Error> {
    if length == 0 && !source.is_null() {
        return Ok(&[]);
    }
    let units = unsafe { counted(source, length)? };
    Ok(if length < 0 { &units[..units.len() - 1] } else { units })
}

/// Compares two texts in a locale's order.
#[shim(ix = 76, mapping = "the Unicode Collation Algorithm", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn CompareStringW(
    id: u32,
    flags: u32,
    left: *const u16,
    left_length: i32,
    right: *const u16,
    right_length: i32,
) -> Result<Count<i32>, Win32Error> {
    locale::by_id(id)?;
    let (left, right) = unsafe { (side(left, left_length)?, side(right, right_length)?) };
    Ok(answer(collate::compare(left, right, collate::check(flags)?)))
}

/// Compares two texts in a locale's order.
#[shim(ix = 253, mapping = "the Unicode Collation Algorithm", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn CompareStringEx(
    name: *const u16,
    flags: u32,
    left: *const u16,
    left_length: i32,
    right: *const u16,
    right_length: i32,
    version: *const c_void,
    reserved: *const c_void,
    parameter: isize,
) -> Result<Count<i32>, Win32Error> {
    if !version.is_null() || !reserved.is_null() || parameter != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { locale::by_name(name)? };
    let (left, right) = unsafe { (side(left, left_length)?, side(right, right_length)?) };
    Ok(answer(collate::compare(left, right, collate::check(flags)?)))
}

/// Compares two ANSI texts in a locale's order.
#[shim(ix = 387, mapping = "CompareStringW", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn CompareStringA(
    id: u32,
    flags: u32,
    left: *const u8,
    left_length: i32,
    right: *const u8,
    right_length: i32,
) -> Result<Count<i32>, Win32Error> {
    const LOCALE_USE_CP_ACP: u32 = 0x4000_0000;
    locale::by_id(id)?;
    let (left, right) = unsafe { (side(left, left_length)?, side(right, right_length)?) };
    let [left, right] = [left, right].map(|bytes| ansi::units(nls::ANSI, bytes));
    Ok(answer(collate::compare(&left, &right, collate::check(flags & !LOCALE_USE_CP_ACP)?)))
}

/// Compares two texts by their units, or by their capitals.
#[shim(ix = 153, mapping = "memory, the table of letter case", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn CompareStringOrdinal(
    left: *const u16,
    left_length: i32,
    right: *const u16,
    right_length: i32,
    ignore_case: i32,
) -> Result<Count<i32>, Win32Error> {
    if left_length < -1 || right_length < -1 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let (left, right) = unsafe { (side(left, left_length)?, side(right, right_length)?) };
    let fold = |unit: &u16| if ignore_case != 0 { nls::upcase(*unit) } else { *unit };
    Ok(answer(left.iter().map(fold).cmp(right.iter().map(fold))))
}
