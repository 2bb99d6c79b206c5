//! Security identifiers.

use super::sid_at;
use crate::heap;
use core::ffi::c_void;
use guest::call::{Answer, Bool};
use guest::error::Win32Error;
use guest::security::{self, MOST_NUMBERS, SID_HEAD, sid_length};
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_INVALID_SID, ERROR_NOT_ENOUGH_MEMORY};

/// Makes a SID of up to eight numbers, which FreeSid frees.
#[shim(ix = 16, mapping = "the process's heap", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn AllocateAndInitializeSid(
    authority: *const [u8; 6],
    count: u8,
    first: u32,
    second: u32,
    third: u32,
    fourth: u32,
    fifth: u32,
    sixth: u32,
    seventh: u32,
    eighth: u32,
    answer: *mut *mut c_void,
) -> Result<Bool, Win32Error> {
    let numbers = [first, second, third, fourth, fifth, sixth, seventh, eighth];
    let numbers = numbers.get(..count.into()).ok_or(Win32Error(ERROR_INVALID_SID))?;
    let sid = security::sid(unsafe { *authority }, numbers);
    let place = heap::copy(&sid).ok_or(Win32Error(ERROR_NOT_ENOUGH_MEMORY))?;
    unsafe { *answer = place };
    Ok(Bool)
}

/// Frees a SID that AllocateAndInitializeSid has made; NULL, as always.
#[shim(ix = 18, mapping = "the process's heap", risk = Functional("memory that stays taken"))]
pub unsafe extern "system" fn FreeSid(sid: *mut c_void) -> *mut c_void {
    unsafe { heap::free(sid) };
    core::ptr::null_mut()
}

/// Begins a SID: its numbers are set by whoever asks for their places.
#[shim(ix = 102, mapping = "a structure", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn InitializeSid(sid: *mut c_void, authority: *const [u8; 6], count: u8) -> Result<Bool, Win32Error> {
    if usize::from(count) > MOST_NUMBERS {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let head = security::sid(unsafe { *authority }, &[]);
    unsafe {
        sid.cast::<u8>().copy_from_nonoverlapping(head.as_ptr(), SID_HEAD);
        sid.cast::<u8>().add(1).write(count);
    }
    Ok(Bool)
}

/// Copies a SID.
#[shim(ix = 25, mapping = "a structure", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn CopySid(room: u32, target: *mut c_void, sid: *const c_void) -> Result<Bool, Win32Error> {
    let sid = unsafe { sid_at(sid) }.ok_or(Win32Error(ERROR_INVALID_SID))?;
    if sid.len() > room as usize {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    unsafe { target.cast::<u8>().copy_from(sid.as_ptr(), sid.len()) };
    Ok(Bool)
}

/// Whether two SIDs are the same.
#[shim(ix = 41, mapping = "a comparison", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn EqualSid(first: *const c_void, second: *const c_void) -> Result<Answer, Win32Error> {
    let (first, second) = unsafe { (sid_at(first), sid_at(second)) };
    let (first, second) = first.zip(second).ok_or(Win32Error(ERROR_INVALID_SID))?;
    Ok(Answer(first == second))
}

/// Whether two SIDs are the same but for their last number.
#[shim(ix = 174, mapping = "a comparison", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn EqualPrefixSid(first: *const c_void, second: *const c_void) -> Result<Answer, Win32Error> {
    let (first, second) = unsafe { (sid_at(first), sid_at(second)) };
    let (first, second) = first.zip(second).ok_or(Win32Error(ERROR_INVALID_SID))?;
    let end = first.len().saturating_sub(4).max(SID_HEAD);
    Ok(Answer(first.len() == second.len() && first[..end] == second[..end]))
}

/// Whether something is a SID.
#[shim(ix = 55, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsValidSid(sid: *const c_void) -> i32 {
    unsafe { sid_at(sid) }.is_some().into()
}

/// Answers the bytes of a SID with so many numbers.
#[shim(ix = 175, mapping = "a calculation", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetSidLengthRequired(count: u8) -> u32 {
    sid_length(count.into()) as u32
}

/// Answers a SID's bytes.
#[shim(ix = 27, mapping = "a structure", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetLengthSid(sid: *const c_void) -> u32 {
    // What is no SID has the length that its bytes say.
    sid_length(usize::from(unsafe { *sid.cast::<u8>().add(1) })) as u32
}

/// Answers where a SID's authority lies.
#[shim(ix = 101, mapping = "a structure", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn GetSidIdentifierAuthority(sid: *mut c_void) -> *mut c_void {
    sid.wrapping_byte_add(2)
}

/// Answers where a number of a SID lies.
#[shim(ix = 36, mapping = "a structure", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn GetSidSubAuthority(sid: *mut c_void, index: u32) -> *mut u32 {
    sid.wrapping_byte_add(SID_HEAD + 4 * index as usize).cast()
}

/// Answers where the count of a SID's numbers lies.
#[shim(ix = 37, mapping = "a structure", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn GetSidSubAuthorityCount(sid: *mut c_void) -> *mut u8 {
    sid.wrapping_byte_add(1).cast()
}
