//! Heaps: what is in them is nobody's to list. A picture holds none, and says so when it is asked for them.

use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_NOT_SUPPORTED, HANDLE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{HEAPENTRY32, HEAPLIST32};

const REFUSED: Win32Error = Win32Error(ERROR_NOT_SUPPORTED);

/// Refused: heaps are not listed.
#[shim(ix = 794, mapping = "refused", risk = Functional("a heap that is missed"))]
pub unsafe extern "system" fn Heap32ListFirst(_snapshot: HANDLE, _list: *mut HEAPLIST32) -> Result<Bool, Win32Error> {
    Err(REFUSED)
}

/// Refused: heaps are not listed.
#[shim(ix = 795, mapping = "refused", risk = Functional("a heap that is missed"))]
pub unsafe extern "system" fn Heap32ListNext(_snapshot: HANDLE, _list: *mut HEAPLIST32) -> Result<Bool, Win32Error> {
    Err(REFUSED)
}

/// Refused: heaps are not listed.
#[shim(ix = 796, mapping = "refused", risk = Functional("a block that is missed"))]
pub unsafe extern "system" fn Heap32First(_entry: *mut HEAPENTRY32, _process: u32, _heap: usize) -> Result<Bool, Win32Error> {
    Err(REFUSED)
}

/// Refused: heaps are not listed.
#[shim(ix = 797, mapping = "refused", risk = Functional("a block that is missed"))]
pub unsafe extern "system" fn Heap32Next(_entry: *mut HEAPENTRY32) -> Result<Bool, Win32Error> {
    Err(REFUSED)
}
