//! Lists of rights.

use super::sid_at;
use core::ffi::c_void;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::security::{LIST_HEAD, List, entry};
use guest::shim;
use windows_sys::Win32::Foundation::{
    ERROR_ALLOTTED_SPACE_EXCEEDED, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_ACL, ERROR_INVALID_PARAMETER, ERROR_INVALID_SID, ERROR_REVISION_MISMATCH,
};

/// `ACL_REVISION` and `ACL_REVISION_DS`.
const REVISION: u32 = 2;
const HIGHEST_REVISION: u32 = 4;
const ALLOWS: u8 = 0;
const DENIES: u8 = 1;
/// Flags of an entry that say who inherits it.
const KNOWN_FLAGS: u32 = 0x1F;

/// The list that a program has somewhere, which states its own length.
///
/// # Safety
/// `at` is NULL, or the place of a list.
pub unsafe fn list_at<'a>(at: *const c_void) -> Option<List<'a>> {
    if at.is_null() {
        return None;
    }
    // SAFETY: as the caller promises: its second half-word says how long it is.
    unsafe {
        let size = at.cast::<u16>().add(1).read_unaligned();
        List::new(core::slice::from_raw_parts(at.cast(), size.into()))
    }
}

unsafe fn valid<'a>(at: *const c_void) -> Result<List<'a>, Win32Error> {
    unsafe { list_at(at) }.ok_or(Win32Error(ERROR_INVALID_ACL))
}

/// Begins a list without entries.
#[shim(ix = 38, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn InitializeAcl(list: *mut c_void, size: u32, revision: u32) -> Result<Bool, Win32Error> {
    if (size as usize) < LIST_HEAD {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    if !(REVISION..=HIGHEST_REVISION).contains(&revision) || size > u16::MAX.into() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let head = [revision as u16, size as u16 & !3, 0, 0];
    unsafe { list.cast::<[u16; 4]>().write_unaligned(head) };
    Ok(Bool)
}

/// Puts entries at the end of a list, or before one of it.
unsafe fn insert(list: *mut c_void, revision: u32, before: usize, entries: &[u8], count: usize) -> Result<Bool, Win32Error> {
    let known = unsafe { valid(list) }?;
    if !(REVISION..=HIGHEST_REVISION).contains(&revision) {
        return Err(Win32Error(ERROR_REVISION_MISMATCH));
    }
    let (used, size) = (known.used(), known.size());
    let at = known.entries().nth(before).map_or(used, |(at, _)| at);
    if entries.len() > size - used {
        return Err(Win32Error(ERROR_ALLOTTED_SPACE_EXCEEDED));
    }
    let all = known.count() + count;
    // SAFETY: the list has that size.
    unsafe {
        let base = list.cast::<u8>();
        base.add(at + entries.len()).copy_from(base.add(at), used - at);
        base.add(at).copy_from_nonoverlapping(entries.as_ptr(), entries.len());
        base.write((*base).max(revision as u8));
        base.add(4).cast::<u16>().write_unaligned(all as u16);
    }
    Ok(Bool)
}

unsafe fn add(list: *mut c_void, revision: u32, kind: u8, flags: u32, rights: u32, sid: *const c_void) -> Result<Bool, Win32Error> {
    let sid = unsafe { sid_at(sid) }.ok_or(Win32Error(ERROR_INVALID_SID))?;
    if flags & !KNOWN_FLAGS != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { insert(list, revision, usize::MAX, &entry(kind, flags as u8, rights, sid), 1) }
}

/// Adds an entry that allows something.
#[shim(ix = 49, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn AddAccessAllowedAce(list: *mut c_void, revision: u32, rights: u32, sid: *const c_void) -> Result<Bool, Win32Error> {
    unsafe { add(list, revision, ALLOWS, 0, rights, sid) }
}

/// Adds an entry that allows something, and says who inherits it.
#[shim(ix = 34, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn AddAccessAllowedAceEx(
    list: *mut c_void,
    revision: u32,
    flags: u32,
    rights: u32,
    sid: *const c_void,
) -> Result<Bool, Win32Error> {
    unsafe { add(list, revision, ALLOWS, flags, rights, sid) }
}

/// Adds an entry that denies something.
#[shim(ix = 78, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn AddAccessDeniedAce(list: *mut c_void, revision: u32, rights: u32, sid: *const c_void) -> Result<Bool, Win32Error> {
    unsafe { add(list, revision, DENIES, 0, rights, sid) }
}

/// Adds an entry that denies something, and says who inherits it.
#[shim(ix = 35, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn AddAccessDeniedAceEx(
    list: *mut c_void,
    revision: u32,
    flags: u32,
    rights: u32,
    sid: *const c_void,
) -> Result<Bool, Win32Error> {
    unsafe { add(list, revision, DENIES, flags, rights, sid) }
}

/// Adds entries that stand one behind the other.
#[shim(ix = 80, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn AddAce(list: *mut c_void, revision: u32, before: u32, entries: *const c_void, length: u32) -> Result<Bool, Win32Error> {
    if entries.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    // SAFETY: the caller's bytes.
    let entries = unsafe { core::slice::from_raw_parts(entries.cast::<u8>(), length as usize) };
    let (mut at, mut count) = (0, 0);
    while at < entries.len() {
        let size = entries.get(at + 2..at + 4).map_or(0, |half| usize::from(u16::from_le_bytes([half[0], half[1]])));
        if size < 4 || at + size > entries.len() {
            return Err(Win32Error(ERROR_INVALID_PARAMETER));
        }
        (at, count) = (at + size, count + 1);
    }
    unsafe { insert(list, revision, before as usize, entries, count) }
}

/// Answers where an entry lies.
#[shim(ix = 90, mapping = "a structure", risk = Wrong("a wrong address"))]
pub unsafe extern "system" fn GetAce(list: *mut c_void, index: u32, answer: *mut *mut c_void) -> Result<Bool, Win32Error> {
    let known = unsafe { list_at(list) }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let (at, _) = known.entries().nth(index as usize).ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    unsafe { *answer = list.byte_add(at) };
    Ok(Bool)
}

/// Takes an entry out.
#[shim(ix = 89, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn DeleteAce(list: *mut c_void, index: u32) -> Result<Bool, Win32Error> {
    let known = unsafe { list_at(list) }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let (at, size) = known.entries().nth(index as usize).map(|(at, entry)| (at, entry.len())).ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let (used, count) = (known.used(), known.count());
    // SAFETY: the entry lies in the list.
    unsafe {
        let base = list.cast::<u8>();
        base.add(at).copy_from(base.add(at + size), used - at - size);
        base.add(4).cast::<u16>().write_unaligned(count as u16 - 1);
    }
    Ok(Bool)
}

/// Answers how many entries there are and the bytes used and free, or the revision.
#[shim(ix = 91, mapping = "a structure", risk = Wrong("wrong numbers"))]
pub unsafe extern "system" fn GetAclInformation(list: *const c_void, answer: *mut c_void, room: u32, class: i32) -> Result<Bool, Win32Error> {
    let known = unsafe { list_at(list) }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let revision = u32::from(unsafe { *list.cast::<u8>() });
    let (used, size) = (known.used(), known.size());
    let numbers = [known.count() as u32, used as u32, (size - used) as u32];
    let numbers: &[u32] = match class {
        1 => &[revision],
        2 => &numbers,
        _ => return Err(Win32Error(ERROR_INVALID_PARAMETER)),
    };
    if (room as usize) < size_of_val(numbers) {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    unsafe { answer.cast::<u32>().copy_from_nonoverlapping(numbers.as_ptr(), numbers.len()) };
    Ok(Bool)
}

/// Whether something is a list.
#[shim(ix = 104, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsValidAcl(list: *const c_void) -> i32 {
    unsafe { list_at(list) }.is_some().into()
}
