//! Security descriptors of keys: within a sandbox every key is its user's.

use crate::token::{sid_of_system, sid_of_user};
use alloc::vec::Vec;
use core::ffi::c_void;
use gate::service::ObjectKind;
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_ACCESS_DENIED, STATUS_BUFFER_TOO_SMALL, STATUS_NOT_SUPPORTED, STATUS_PRIVILEGE_NOT_HELD};

const OWNER: u32 = 1;
const GROUP: u32 = 2;
const DACL: u32 = 4;
const SACL: u32 = 8;

/// `SE_DACL_PRESENT` and `SE_SELF_RELATIVE`.
const DACL_PRESENT: u16 = 0x4;
const SELF_RELATIVE: u16 = 0x8000;
const KEY_ALL_ACCESS: u32 = 0xF_003F;

/// An entry that allows everything, to keys below too.
fn allowed(sid: &[u8]) -> Vec<u8> {
    const CONTAINER_INHERIT: u8 = 2;
    let size = (8 + sid.len()) as u16;
    let mut bytes = alloc::vec![0, CONTAINER_INHERIT];
    bytes.extend(size.to_le_bytes());
    bytes.extend(KEY_ALL_ACCESS.to_le_bytes());
    bytes.extend(sid);
    bytes
}

/// The parts that are wanted, self-relative.
fn descriptor(wanted: u32) -> Vec<u8> {
    let user = sid_of_user();
    let entries = [allowed(&user), allowed(&sid_of_system())].concat();
    let mut list = alloc::vec![2, 0];
    list.extend((8 + entries.len() as u16).to_le_bytes());
    list.extend([2, 0, 0, 0]);
    list.extend(entries);
    let control = SELF_RELATIVE | if wanted & DACL != 0 { DACL_PRESENT } else { 0 };
    let mut bytes = alloc::vec![1, 0];
    bytes.extend(control.to_le_bytes());
    bytes.resize(20, 0);
    for (bit, place, part) in [(OWNER, 4, &user), (GROUP, 8, &user), (DACL, 16, &list)] {
        if wanted & bit != 0 {
            let at = bytes.len() as u32;
            bytes[place..place + 4].copy_from_slice(&at.to_le_bytes());
            bytes.extend(part);
        }
    }
    bytes
}

/// Answers an object's security descriptor: of keys, which have all the same.
#[shim(ix = 502, mapping = "one descriptor for every key", risk = Wrong("wrong rights"))]
pub unsafe extern "system" fn NtQuerySecurityObject(
    handle: HANDLE,
    wanted: u32,
    buffer: *mut c_void,
    length: u32,
    needed: *mut u32,
) -> Result<NtStatus, Status> {
    const READ_CONTROL: u32 = 0x2_0000;
    let facts = crate::object::query(handle)?;
    if facts.kind != ObjectKind::Key as u32 {
        return Err(Status(STATUS_NOT_SUPPORTED));
    }
    if wanted & SACL != 0 {
        return Err(Status(STATUS_PRIVILEGE_NOT_HELD));
    }
    if facts.access & READ_CONTROL == 0 {
        return Err(Status(STATUS_ACCESS_DENIED));
    }
    let bytes = descriptor(wanted);
    if !needed.is_null() {
        unsafe { *needed = bytes.len() as u32 };
    }
    if (length as usize) < bytes.len() {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    // SAFETY: the caller's buffer has that many bytes.
    unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(NtStatus::SUCCESS)
}
