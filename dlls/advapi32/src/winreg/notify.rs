//! Hearing of changes.

use super::Key;
use super::root::handle;
use crate::nt::{self, NtNotifyChangeKey};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use guest::call::LStatus;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, HANDLE};

/// A status block that nobody looks at: requests end after their caller has gone on.
struct Block(UnsafeCell<[usize; 2]>);

// SAFETY: it is written by the runtime alone, and read by nobody.
unsafe impl Sync for Block {}

static BLOCK: Block = Block(UnsafeCell::new([0; 2]));

/// Waits for the next change of a key, or lets an event be set then.
#[shim(ix = 48, mapping = "NtNotifyChangeKey", risk = Wrong("a change that is missed"))]
pub unsafe extern "system" fn RegNotifyChangeKeyValue(key: Key, subtree: i32, filter: u32, event: HANDLE, later: i32) -> Result<LStatus, Win32Error> {
    /// The request does not end with its thread: here none does.
    const REG_NOTIFY_THREAD_AGNOSTIC: u32 = 0x1000_0000;
    if later != 0 && event.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    if super::root::number(key).is_none() && key.is_null() {
        return Err(Win32Error(ERROR_INVALID_HANDLE));
    }
    let filter = filter & !REG_NOTIFY_THREAD_AGNOSTIC;
    let event = if later != 0 { event } else { null_mut() };
    let block = BLOCK.0.get().cast();
    // SAFETY: the block is there for ever.
    let status = unsafe {
        NtNotifyChangeKey(
            handle(key)?,
            event,
            core::ptr::null(),
            core::ptr::null(),
            block,
            filter,
            (subtree != 0).into(),
            null_mut(),
            0,
            (later != 0).into(),
        )
    };
    nt::check(status)?;
    Ok(LStatus)
}
