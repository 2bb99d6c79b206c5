//! Counted strings: `UNICODE_STRING`, `ANSI_STRING`, and the conversions between them.

use alloc::vec::Vec;
use core::ffi::c_void;
use guest::call::NtStatus;
use guest::error::Status;
use guest::nls::{self, ANSI, OEM, UTF8};
use guest::{shim, text};
use windows_sys::Win32::Foundation::{
    STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER_2, STATUS_NAME_TOO_LONG, STATUS_NO_MEMORY, STATUS_SUCCESS,
    UNICODE_STRING,
};
use windows_sys::Win32::System::Kernel::STRING;

/// The units of a counted string.
///
/// # Safety
/// `string` is NULL or a valid string.
pub unsafe fn units<'a>(string: *const UNICODE_STRING) -> &'a [u16] {
    // SAFETY: as the caller promises.
    match unsafe { string.as_ref() } {
        Some(string) if !string.Buffer.is_null() => unsafe { core::slice::from_raw_parts(string.Buffer, usize::from(string.Length / 2)) },
        _ => &[],
    }
}

unsafe fn bytes<'a>(string: *const STRING) -> &'a [u8] {
    // SAFETY: as the caller promises.
    match unsafe { string.as_ref() } {
        Some(string) if !string.Buffer.is_null() => unsafe { core::slice::from_raw_parts(string.Buffer.cast(), usize::from(string.Length)) },
        _ => &[],
    }
}

/// A block of the process heap that the caller frees with RtlFreeUnicodeString and the like.
fn keep<T: Copy>(values: &[T]) -> Result<*mut T, Status> {
    let block = crate::heap::process_heap().allocate(size_of_val(values), false).cast::<T>();
    if block.is_null() {
        return Err(Status(STATUS_NO_MEMORY));
    }
    // SAFETY: the block has that size.
    unsafe { block.copy_from_nonoverlapping(values.as_ptr(), values.len()) };
    Ok(block)
}

/// Fills a UNICODE_STRING from units without their NUL: into its own buffer, or a new one.
unsafe fn fill_wide(target: *mut UNICODE_STRING, mut units: Vec<u16>, allocate: bool) -> Result<NtStatus, Status> {
    let length = u16::try_from(2 * units.len()).ok().filter(|length| *length < u16::MAX - 1).ok_or(Status(STATUS_INVALID_PARAMETER_2))?;
    units.push(0);
    let target = unsafe { &mut *target };
    if allocate {
        target.Buffer = keep(&units)?;
        target.MaximumLength = length + 2;
    } else if length + 2 > target.MaximumLength {
        return Err(Status(STATUS_BUFFER_OVERFLOW));
    } else {
        unsafe { target.Buffer.copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    }
    target.Length = length;
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Fills a STRING from bytes without their NUL: into its own buffer, or a new one.
unsafe fn fill_narrow(target: *mut STRING, mut bytes: Vec<u8>, allocate: bool) -> Result<NtStatus, Status> {
    let length = u16::try_from(bytes.len()).ok().filter(|length| *length < u16::MAX).ok_or(Status(STATUS_INVALID_PARAMETER_2))?;
    bytes.push(0);
    let target = unsafe { &mut *target };
    if allocate {
        target.Buffer = keep(&bytes)?.cast();
        target.MaximumLength = length + 1;
    } else if length >= target.MaximumLength {
        // What fits is copied all the same, as on Windows.
        let fits = usize::from(target.MaximumLength.saturating_sub(1));
        unsafe { target.Buffer.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), fits) };
        if target.MaximumLength > 0 {
            unsafe { *target.Buffer.cast::<u8>().add(fits) = 0 };
        }
        target.Length = fits as u16;
        return Err(Status(STATUS_BUFFER_OVERFLOW));
    } else {
        unsafe { target.Buffer.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
    target.Length = length;
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Points a UNICODE_STRING at a NUL-terminated one; a longer one is cut.
#[shim(ix = 117, mapping = "memory alone", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn RtlInitUnicodeString(target: *mut UNICODE_STRING, source: *const u16) {
    let length = unsafe { text::wide(source) }.len().min(0x7FFE) as u16 * 2;
    let maximum = if source.is_null() { 0 } else { length + 2 };
    unsafe { target.write(UNICODE_STRING { Length: length, MaximumLength: maximum, Buffer: source.cast_mut() }) };
}

/// Points a UNICODE_STRING at a NUL-terminated one; a longer one is refused.
#[shim(ix = 118, mapping = "memory alone", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn RtlInitUnicodeStringEx(target: *mut UNICODE_STRING, source: *const u16) -> Result<NtStatus, Status> {
    if unsafe { text::wide(source) }.len() > 0x7FFE {
        return Err(Status(STATUS_NAME_TOO_LONG));
    }
    unsafe { RtlInitUnicodeString(target, source) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Points a STRING at a NUL-terminated one; a longer one is cut.
#[shim(ix = 119, mapping = "memory alone", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn RtlInitAnsiString(target: *mut STRING, source: *const u8) {
    let length = unsafe { text::narrow(source) }.len().min(0xFFFE) as u16;
    let maximum = if source.is_null() { 0 } else { length + 1 };
    unsafe { target.write(STRING { Length: length, MaximumLength: maximum, Buffer: source.cast_mut().cast() }) };
}

/// Points a STRING at a NUL-terminated one; a longer one is cut.
#[shim(ix = 120, mapping = "memory alone", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn RtlInitString(target: *mut STRING, source: *const u8) {
    unsafe { RtlInitAnsiString(target, source) };
}

/// ANSI to UTF-16.
#[shim(ix = 121, mapping = "code page 1252", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlAnsiStringToUnicodeString(
    target: *mut UNICODE_STRING,
    source: *const STRING,
    allocate: u8,
) -> Result<NtStatus, Status> {
    let units = nls::to_wide(ANSI, unsafe { bytes(source) }, false).unwrap_or_default();
    unsafe { fill_wide(target, units, allocate != 0) }
}

/// UTF-16 to ANSI; what the page lacks becomes `?`.
#[shim(ix = 122, mapping = "code page 1252", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlUnicodeStringToAnsiString(
    target: *mut STRING,
    source: *const UNICODE_STRING,
    allocate: u8,
) -> Result<NtStatus, Status> {
    let bytes = nls::from_wide(ANSI, unsafe { units(source) }, b'?').unwrap_or_default().0;
    unsafe { fill_narrow(target, bytes, allocate != 0) }
}

/// OEM to UTF-16.
#[shim(ix = 123, mapping = "code page 437", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlOemStringToUnicodeString(
    target: *mut UNICODE_STRING,
    source: *const STRING,
    allocate: u8,
) -> Result<NtStatus, Status> {
    let units = nls::to_wide(OEM, unsafe { bytes(source) }, false).unwrap_or_default();
    unsafe { fill_wide(target, units, allocate != 0) }
}

/// UTF-16 to OEM; what the page lacks becomes `?`.
#[shim(ix = 124, mapping = "code page 437", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlUnicodeStringToOemString(
    target: *mut STRING,
    source: *const UNICODE_STRING,
    allocate: u8,
) -> Result<NtStatus, Status> {
    let bytes = nls::from_wide(OEM, unsafe { units(source) }, b'?').unwrap_or_default().0;
    unsafe { fill_narrow(target, bytes, allocate != 0) }
}

/// Frees a string that one of these functions allocated.
#[shim(ix = 125, mapping = "RtlFreeHeap", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn RtlFreeUnicodeString(string: *mut UNICODE_STRING) {
    unsafe {
        crate::heap::process_heap().free((*string).Buffer.cast());
        *string = core::mem::zeroed();
    }
}

/// Frees a string that one of these functions allocated.
#[shim(ix = 126, mapping = "RtlFreeHeap", risk = Functional("a damaged heap"))]
pub unsafe extern "system" fn RtlFreeAnsiString(string: *mut STRING) {
    unsafe {
        crate::heap::process_heap().free((*string).Buffer.cast());
        *string = core::mem::zeroed();
    }
}

/// Makes a copy of a NUL-terminated string in a new buffer.
#[shim(ix = 127, mapping = "RtlAllocateHeap", risk = Functional("memory that is not there"))]
pub unsafe extern "system" fn RtlCreateUnicodeString(target: *mut UNICODE_STRING, source: *const u16) -> u8 {
    unsafe { fill_wide(target, text::wide(source).to_vec(), true) }.is_ok().into()
}

/// Copies as much of a string as fits.
#[shim(ix = 128, mapping = "memory alone", risk = Wrong("a cut string"))]
pub unsafe extern "system" fn RtlCopyUnicodeString(target: *mut UNICODE_STRING, source: *const UNICODE_STRING) {
    let target = unsafe { &mut *target };
    let from = unsafe { units(source) };
    let fits = from.len().min(usize::from(target.MaximumLength / 2));
    unsafe { target.Buffer.copy_from(from.as_ptr(), fits) };
    target.Length = 2 * fits as u16;
    if target.Length + 2 <= target.MaximumLength {
        unsafe { *target.Buffer.add(fits) = 0 };
    }
}

/// Appends a string, if all of it fits.
#[shim(ix = 129, mapping = "memory alone", risk = Wrong("a cut string"))]
pub unsafe extern "system" fn RtlAppendUnicodeStringToString(target: *mut UNICODE_STRING, source: *const UNICODE_STRING) -> Result<NtStatus, Status> {
    unsafe { append(&mut *target, units(source)) }
}

/// Appends a NUL-terminated string, if all of it fits.
#[shim(ix = 130, mapping = "memory alone", risk = Wrong("a cut string"))]
pub unsafe extern "system" fn RtlAppendUnicodeToString(target: *mut UNICODE_STRING, source: *const u16) -> Result<NtStatus, Status> {
    unsafe { append(&mut *target, text::wide(source)) }
}

unsafe fn append(target: &mut UNICODE_STRING, more: &[u16]) -> Result<NtStatus, Status> {
    let at = usize::from(target.Length / 2);
    if 2 * (at + more.len()) > usize::from(target.MaximumLength) {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    unsafe { target.Buffer.add(at).copy_from(more.as_ptr(), more.len()) };
    target.Length += 2 * more.len() as u16;
    if target.Length + 2 <= target.MaximumLength {
        unsafe { *target.Buffer.add(at + more.len()) = 0 };
    }
    Ok(NtStatus(STATUS_SUCCESS))
}

/// Compares two strings by their units, or by their upper-case forms.
#[shim(ix = 131, mapping = "the table of letter case", risk = Wrong("a wrong order"))]
pub unsafe extern "system" fn RtlCompareUnicodeString(left: *const UNICODE_STRING, right: *const UNICODE_STRING, ignore_case: u8) -> i32 {
    let (left, right) = unsafe { (units(left), units(right)) };
    compare(left, right, ignore_case != 0)
}

/// Whether two strings are the same.
#[shim(ix = 132, mapping = "the table of letter case", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn RtlEqualUnicodeString(left: *const UNICODE_STRING, right: *const UNICODE_STRING, ignore_case: u8) -> u8 {
    let (left, right) = unsafe { (units(left), units(right)) };
    (left.len() == right.len() && compare(left, right, ignore_case != 0) == 0).into()
}

/// Whether one string starts with another.
#[shim(ix = 133, mapping = "the table of letter case", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn RtlPrefixUnicodeString(prefix: *const UNICODE_STRING, string: *const UNICODE_STRING, ignore_case: u8) -> u8 {
    let (prefix, string) = unsafe { (units(prefix), units(string)) };
    string.get(..prefix.len()).is_some_and(|head| compare(prefix, head, ignore_case != 0) == 0).into()
}

/// The difference of the first units that differ, or of the lengths.
pub fn compare(left: &[u16], right: &[u16], ignore_case: bool) -> i32 {
    let fold = |unit: u16| if ignore_case { nls::upcase(unit) } else { unit };
    let difference = left.iter().zip(right).map(|(left, right)| i32::from(fold(*left)) - i32::from(fold(*right))).find(|difference| *difference != 0);
    difference.unwrap_or(left.len() as i32 - right.len() as i32)
}

/// The upper-case form of a unit.
#[shim(ix = 134, mapping = "the table of letter case", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlUpcaseUnicodeChar(unit: u16) -> u16 {
    nls::upcase(unit)
}

/// The lower-case form of a unit.
#[shim(ix = 135, mapping = "the table of letter case", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlDowncaseUnicodeChar(unit: u16) -> u16 {
    nls::downcase(unit)
}

/// Copies a string in upper case.
#[shim(ix = 136, mapping = "the table of letter case", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlUpcaseUnicodeString(
    target: *mut UNICODE_STRING,
    source: *const UNICODE_STRING,
    allocate: u8,
) -> Result<NtStatus, Status> {
    let upper: Vec<u16> = unsafe { units(source) }.iter().map(|unit| nls::upcase(*unit)).collect();
    let target = unsafe { &mut *target };
    let length = 2 * upper.len() as u16;
    if allocate != 0 {
        target.Buffer = keep(&upper)?;
        target.MaximumLength = length;
    } else if length > target.MaximumLength {
        return Err(Status(STATUS_BUFFER_OVERFLOW));
    } else {
        unsafe { target.Buffer.copy_from(upper.as_ptr(), upper.len()) };
    }
    target.Length = length;
    Ok(NtStatus(STATUS_SUCCESS))
}

/// ANSI to UTF-16, counted in bytes.
#[shim(ix = 137, mapping = "code page 1252", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlMultiByteToUnicodeN(
    target: *mut u16,
    target_bytes: u32,
    result: *mut u32,
    source: *const u8,
    source_bytes: u32,
) -> Result<NtStatus, Status> {
    let units = nls::to_wide(ANSI, unsafe { core::slice::from_raw_parts(source, source_bytes as usize) }, false).unwrap_or_default();
    unsafe { counted(target.cast(), target_bytes, result, units.as_ptr().cast(), 2 * units.len(), 2) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// UTF-16 to ANSI, counted in bytes.
#[shim(ix = 138, mapping = "code page 1252", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlUnicodeToMultiByteN(
    target: *mut u8,
    target_bytes: u32,
    result: *mut u32,
    source: *const u16,
    source_bytes: u32,
) -> Result<NtStatus, Status> {
    let bytes = nls::from_wide(ANSI, unsafe { core::slice::from_raw_parts(source, source_bytes as usize / 2) }, b'?').unwrap_or_default().0;
    unsafe { counted(target, target_bytes, result, bytes.as_ptr(), bytes.len(), 1) };
    Ok(NtStatus(STATUS_SUCCESS))
}

/// UTF-16 to UTF-8, counted in bytes; `STATUS_SOME_NOT_MAPPED` when something became U+FFFD.
#[shim(ix = 139, mapping = "UTF-8", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlUnicodeToUTF8N(
    target: *mut u8,
    target_bytes: u32,
    result: *mut u32,
    source: *const u16,
    source_bytes: u32,
) -> Result<NtStatus, Status> {
    let units = unsafe { core::slice::from_raw_parts(source, source_bytes as usize / 2) };
    let (bytes, replaced) = nls::from_wide(UTF8, units, b'?').unwrap_or_default();
    unsafe { finish(target, target_bytes, result, bytes.as_ptr(), bytes.len(), 1, replaced) }
}

/// UTF-8 to UTF-16, counted in bytes; `STATUS_SOME_NOT_MAPPED` when something became U+FFFD.
#[shim(ix = 140, mapping = "UTF-8", risk = Wrong("a wrong character"))]
pub unsafe extern "system" fn RtlUTF8ToUnicodeN(
    target: *mut u16,
    target_bytes: u32,
    result: *mut u32,
    source: *const u8,
    source_bytes: u32,
) -> Result<NtStatus, Status> {
    let source = unsafe { core::slice::from_raw_parts(source, source_bytes as usize) };
    let replaced = core::str::from_utf8(source).is_err();
    let units = nls::to_wide(UTF8, source, false).unwrap_or_default();
    unsafe { finish(target.cast(), target_bytes, result, units.as_ptr().cast(), 2 * units.len(), 2, replaced) }
}

/// Copies as many whole units as fit; answers how many bytes that were.
unsafe fn counted(target: *mut u8, room: u32, result: *mut u32, from: *const u8, bytes: usize, unit: usize) -> usize {
    let fits = bytes.min(room as usize) / unit * unit;
    unsafe {
        target.copy_from_nonoverlapping(from, fits);
        if !result.is_null() {
            *result = fits as u32;
        }
    }
    fits
}

unsafe fn finish(
    target: *mut u8,
    room: u32,
    result: *mut u32,
    from: *const u8,
    bytes: usize,
    unit: usize,
    replaced: bool,
) -> Result<NtStatus, Status> {
    if target.is_null() {
        // Asked for the length alone.
        unsafe { *result = bytes as u32 };
    } else if unsafe { counted(target, room, result, from, bytes, unit) } < bytes {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    Ok(NtStatus(if replaced { windows_sys::Win32::Foundation::STATUS_SOME_NOT_MAPPED } else { STATUS_SUCCESS }))
}

/// Compares memory; answers how many bytes are the same from the start.
#[shim(ix = 141, mapping = "memory alone", risk = Wrong("a wrong length"))]
pub unsafe extern "system" fn RtlCompareMemory(left: *const c_void, right: *const c_void, length: usize) -> usize {
    let (left, right) = unsafe { (core::slice::from_raw_parts(left.cast::<u8>(), length), core::slice::from_raw_parts(right.cast::<u8>(), length)) };
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}
