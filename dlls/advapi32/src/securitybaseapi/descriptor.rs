//! Security descriptors: absolute ones, which point to their parts, and self-relative ones, which hold them.

use super::acl::list_at;
use super::sid_at;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{
    ERROR_BAD_DESCRIPTOR_FORMAT, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_INVALID_SECURITY_DESCR, ERROR_UNKNOWN_REVISION,
};
use windows_sys::Win32::Security::{
    SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED, SE_DACL_DEFAULTED, SE_DACL_PRESENT, SE_DACL_PROTECTED, SE_GROUP_DEFAULTED, SE_OWNER_DEFAULTED,
    SE_SACL_AUTO_INHERIT_REQ, SE_SACL_AUTO_INHERITED, SE_SACL_DEFAULTED, SE_SACL_PRESENT, SE_SACL_PROTECTED, SE_SELF_RELATIVE, SECURITY_DESCRIPTOR,
};

const REVISION: u8 = 1;
/// Bytes of a self-relative descriptor before its parts.
const HEAD: usize = 20;
/// The bits that a program sets by itself.
const SETTABLE: u16 =
    SE_DACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERIT_REQ | SE_DACL_AUTO_INHERITED | SE_SACL_AUTO_INHERITED | SE_DACL_PROTECTED | SE_SACL_PROTECTED;

/// The parts in the order in which either kind has them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Owner = 0,
    Group = 1,
    Sacl = 2,
    Dacl = 3,
}

/// Begins an absolute descriptor without parts.
#[shim(ix = 19, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn InitializeSecurityDescriptor(descriptor: *mut SECURITY_DESCRIPTOR, revision: u32) -> Result<Bool, Win32Error> {
    if revision != REVISION.into() {
        return Err(Win32Error(ERROR_UNKNOWN_REVISION));
    }
    unsafe { descriptor.write(SECURITY_DESCRIPTOR { Revision: REVISION, ..core::mem::zeroed() }) };
    Ok(Bool)
}

unsafe fn known(descriptor: *const c_void) -> Result<u16, Win32Error> {
    if descriptor.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let [head, control] = unsafe { descriptor.cast::<[u16; 2]>().read_unaligned() };
    if head as u8 == REVISION { Ok(control) } else { Err(Win32Error(ERROR_UNKNOWN_REVISION)) }
}

/// A descriptor that a program may change.
unsafe fn absolute<'a>(descriptor: *mut SECURITY_DESCRIPTOR) -> Result<&'a mut SECURITY_DESCRIPTOR, Win32Error> {
    if unsafe { known(descriptor.cast()) }? & SE_SELF_RELATIVE != 0 {
        return Err(Win32Error(ERROR_INVALID_SECURITY_DESCR));
    }
    Ok(unsafe { &mut *descriptor })
}

/// Where a part of a descriptor lies; NULL where it has none.
unsafe fn part(descriptor: *const c_void, part: Part) -> Result<*mut c_void, Win32Error> {
    let control = unsafe { known(descriptor) }?;
    let present = match part {
        Part::Owner | Part::Group => true,
        Part::Sacl => control & SE_SACL_PRESENT != 0,
        Part::Dacl => control & SE_DACL_PRESENT != 0,
    };
    if !present {
        return Ok(null_mut());
    }
    let at = descriptor.cast::<u8>();
    unsafe {
        if control & SE_SELF_RELATIVE == 0 {
            let parts = &raw const (*descriptor.cast::<SECURITY_DESCRIPTOR>()).Owner;
            return Ok(parts.add(part as usize).read());
        }
        let offset = at.add(4).cast::<u32>().add(part as usize).read_unaligned();
        Ok(if offset == 0 { null_mut() } else { at.add(offset as usize).cast_mut().cast() })
    }
}

/// Sets one part's bits of a descriptor.
fn mark(descriptor: &mut SECURITY_DESCRIPTOR, bits: [(u16, bool); 2]) {
    for (bit, on) in bits {
        descriptor.Control = descriptor.Control & !bit | if on { bit } else { 0 };
    }
}

/// Sets who owns what the descriptor is of.
#[shim(ix = 40, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn SetSecurityDescriptorOwner(
    descriptor: *mut SECURITY_DESCRIPTOR,
    owner: *mut c_void,
    defaulted: i32,
) -> Result<Bool, Win32Error> {
    let descriptor = unsafe { absolute(descriptor) }?;
    descriptor.Owner = owner;
    mark(descriptor, [(SE_OWNER_DEFAULTED, defaulted != 0), (0, false)]);
    Ok(Bool)
}

/// Sets the group of what the descriptor is of.
#[shim(ix = 39, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn SetSecurityDescriptorGroup(
    descriptor: *mut SECURITY_DESCRIPTOR,
    group: *mut c_void,
    defaulted: i32,
) -> Result<Bool, Win32Error> {
    let descriptor = unsafe { absolute(descriptor) }?;
    descriptor.Group = group;
    mark(descriptor, [(SE_GROUP_DEFAULTED, defaulted != 0), (0, false)]);
    Ok(Bool)
}

/// Sets who may do what; a list that is NULL allows everybody everything.
#[shim(ix = 20, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn SetSecurityDescriptorDacl(
    descriptor: *mut SECURITY_DESCRIPTOR,
    present: i32,
    list: *mut c_void,
    defaulted: i32,
) -> Result<Bool, Win32Error> {
    let descriptor = unsafe { absolute(descriptor) }?;
    descriptor.Dacl = if present != 0 { list.cast() } else { null_mut() };
    mark(descriptor, [(SE_DACL_PRESENT, present != 0), (SE_DACL_DEFAULTED, present != 0 && defaulted != 0)]);
    Ok(Bool)
}

/// Sets what is written down of what is done.
#[shim(ix = 116, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn SetSecurityDescriptorSacl(
    descriptor: *mut SECURITY_DESCRIPTOR,
    present: i32,
    list: *mut c_void,
    defaulted: i32,
) -> Result<Bool, Win32Error> {
    let descriptor = unsafe { absolute(descriptor) }?;
    descriptor.Sacl = if present != 0 { list.cast() } else { null_mut() };
    mark(descriptor, [(SE_SACL_PRESENT, present != 0), (SE_SACL_DEFAULTED, present != 0 && defaulted != 0)]);
    Ok(Bool)
}

/// Sets bits that say how lists are inherited.
#[shim(ix = 115, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn SetSecurityDescriptorControl(descriptor: *mut SECURITY_DESCRIPTOR, mask: u16, bits: u16) -> Result<Bool, Win32Error> {
    unsafe { known(descriptor.cast()) }?;
    if mask & !SETTABLE != 0 || bits & !mask != 0 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let descriptor = unsafe { &mut *descriptor };
    descriptor.Control = descriptor.Control & !mask | bits;
    Ok(Bool)
}

/// Answers a descriptor's bits, and its revision.
#[shim(ix = 95, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn GetSecurityDescriptorControl(
    descriptor: *const c_void,
    control: *mut u16,
    revision: *mut u32,
) -> Result<Bool, Win32Error> {
    let known = unsafe { known(descriptor) }?;
    unsafe {
        *control = known;
        *revision = REVISION.into();
    }
    Ok(Bool)
}

unsafe fn get_name(descriptor: *const c_void, which: Part, bit: u16, answer: *mut *mut c_void, defaulted: *mut i32) -> Result<Bool, Win32Error> {
    let control = unsafe { known(descriptor) }?;
    unsafe {
        *answer = part(descriptor, which)?;
        *defaulted = (control & bit != 0).into();
    }
    Ok(Bool)
}

/// Answers who owns what the descriptor is of.
#[shim(ix = 99, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn GetSecurityDescriptorOwner(
    descriptor: *const c_void,
    owner: *mut *mut c_void,
    defaulted: *mut i32,
) -> Result<Bool, Win32Error> {
    unsafe { get_name(descriptor, Part::Owner, SE_OWNER_DEFAULTED, owner, defaulted) }
}

/// Answers the group of what the descriptor is of.
#[shim(ix = 97, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn GetSecurityDescriptorGroup(
    descriptor: *const c_void,
    group: *mut *mut c_void,
    defaulted: *mut i32,
) -> Result<Bool, Win32Error> {
    unsafe { get_name(descriptor, Part::Group, SE_GROUP_DEFAULTED, group, defaulted) }
}

/// The list is answered only where there is one.
unsafe fn get_list(
    descriptor: *const c_void,
    (which, bits): (Part, [u16; 2]),
    present: *mut i32,
    list: *mut *mut c_void,
    defaulted: *mut i32,
) -> Result<Bool, Win32Error> {
    let control = unsafe { known(descriptor) }?;
    unsafe {
        *present = (control & bits[0] != 0).into();
        if control & bits[0] != 0 {
            *list = part(descriptor, which)?;
            *defaulted = (control & bits[1] != 0).into();
        }
    }
    Ok(Bool)
}

/// Answers who may do what.
#[shim(ix = 96, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn GetSecurityDescriptorDacl(
    descriptor: *const c_void,
    present: *mut i32,
    list: *mut *mut c_void,
    defaulted: *mut i32,
) -> Result<Bool, Win32Error> {
    unsafe { get_list(descriptor, (Part::Dacl, [SE_DACL_PRESENT, SE_DACL_DEFAULTED]), present, list, defaulted) }
}

/// Answers what is written down of what is done.
#[shim(ix = 100, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn GetSecurityDescriptorSacl(
    descriptor: *const c_void,
    present: *mut i32,
    list: *mut *mut c_void,
    defaulted: *mut i32,
) -> Result<Bool, Win32Error> {
    unsafe { get_list(descriptor, (Part::Sacl, [SE_SACL_PRESENT, SE_SACL_DEFAULTED]), present, list, defaulted) }
}

/// The bytes of a part; `None` for one that is none, or not what it should be.
unsafe fn bytes<'a>(descriptor: *const c_void, which: Part) -> Option<&'a [u8]> {
    let at = unsafe { part(descriptor, which) }.ok()?;
    match which {
        Part::Owner | Part::Group => unsafe { sid_at(at) },
        // SAFETY: a list states its length, and was looked through.
        Part::Sacl | Part::Dacl => unsafe { list_at(at).map(|list| core::slice::from_raw_parts(at.cast_const().cast(), list.size())) },
    }
}

const ALL: [Part; 4] = [Part::Owner, Part::Group, Part::Sacl, Part::Dacl];

unsafe fn is_valid(descriptor: *const c_void) -> bool {
    let is_good = |which| unsafe { part(descriptor, which).is_ok_and(|at| at.is_null() || bytes(descriptor, which).is_some()) };
    unsafe { known(descriptor) }.is_ok() && ALL.into_iter().all(is_good)
}

/// Whether something is a descriptor, and its parts are what they should be.
#[shim(ix = 105, mapping = "a structure", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsValidSecurityDescriptor(descriptor: *const c_void) -> i32 {
    unsafe { is_valid(descriptor) }.into()
}

/// Answers the bytes of a descriptor and its parts. The head of an absolute one is as long as its pointers make it.
#[shim(ix = 98, mapping = "a structure", risk = Wrong("a wrong number"))]
pub unsafe extern "system" fn GetSecurityDescriptorLength(descriptor: *const c_void) -> u32 {
    let parts = ALL.into_iter().filter_map(|which| unsafe { bytes(descriptor, which) });
    let is_relative = unsafe { known(descriptor) }.is_ok_and(|control| control & SE_SELF_RELATIVE != 0);
    let head = if is_relative { HEAD } else { size_of::<SECURITY_DESCRIPTOR>() };
    (head + parts.map(|part| part.len().next_multiple_of(4)).sum::<usize>()) as u32
}

/// Makes a self-relative descriptor of an absolute one.
#[shim(ix = 107, mapping = "a structure", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn MakeSelfRelativeSD(descriptor: *const c_void, target: *mut c_void, room: *mut u32) -> Result<Bool, Win32Error> {
    let control = unsafe { known(descriptor) }?;
    if control & SE_SELF_RELATIVE != 0 {
        return Err(Win32Error(ERROR_BAD_DESCRIPTOR_FORMAT));
    }
    let mut answer: Vec<u8> = [u16::from(REVISION), control | SE_SELF_RELATIVE].iter().flat_map(|half| half.to_le_bytes()).collect();
    answer.resize(HEAD, 0);
    for which in ALL {
        if let Some(part) = unsafe { bytes(descriptor, which) } {
            let (at, place) = (answer.len() as u32, 4 + 4 * which as usize);
            answer[place..place + 4].copy_from_slice(&at.to_le_bytes());
            answer.extend(part);
            answer.resize(answer.len().next_multiple_of(4), 0);
        }
    }
    let room = unsafe { room.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let given = core::mem::replace(room, answer.len() as u32) as usize;
    if given < answer.len() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    unsafe { target.cast::<u8>().copy_from_nonoverlapping(answer.as_ptr(), answer.len()) };
    Ok(Bool)
}
