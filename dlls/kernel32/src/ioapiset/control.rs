//! Control codes.

use crate::namedpipeapi::control::{Buffers, send};
use crate::nt::{NtDeviceIoControlFile, NtFsControlFile, check};
use crate::open::block;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{HANDLE, STATUS_BUFFER_OVERFLOW, STATUS_PENDING};
use windows_sys::Win32::System::IO::OVERLAPPED;

/// `FILE_DEVICE_FILE_SYSTEM`, the upper half of the codes that go to a file system.
const FILE_SYSTEM: u32 = 9;
/// `FILE_DEVICE_NAMED_PIPE`.
const NAMED_PIPE: u32 = 0x11;

/// Sends a control code to a file, volume or device.
#[shim(ix = 104, mapping = "NtFsControlFile and NtDeviceIoControlFile, one row per class of code", risk = Isolation("a device of the host"))]
pub unsafe extern "system" fn DeviceIoControl(
    file: HANDLE,
    code: u32,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
    returned: *mut u32,
    overlapped: *mut OVERLAPPED,
) -> Result<Bool, Win32Error> {
    // What pends there is told as every request is.
    if code >> 16 == NAMED_PIPE {
        let (done, outcome) = unsafe { send(file, code, &Buffers { input, input_size, output, output_size }, overlapped) };
        if !returned.is_null() {
            unsafe { *returned = done };
        }
        return outcome.map(|()| Bool);
    }
    let call = if code >> 16 == FILE_SYSTEM { NtFsControlFile } else { NtDeviceIoControlFile };
    let mut own = block();
    let mut event = null_mut();
    if let Some(overlapped) = unsafe { overlapped.as_mut() } {
        overlapped.Internal = STATUS_PENDING as usize;
        event = (overlapped.hEvent as usize & !1) as HANDLE;
    }
    let status = unsafe { call(file, event, null(), null(), &raw mut own, code, input, input_size, output, output_size) };
    if let Some(overlapped) = unsafe { overlapped.as_mut() } {
        overlapped.Internal = status as u32 as usize;
        overlapped.InternalHigh = own.Information;
    }
    // What does not fit is cut, and that is both an answer and an error.
    let answered = status >= 0 || status == STATUS_BUFFER_OVERFLOW;
    if !returned.is_null() {
        unsafe { *returned = if answered { own.Information as u32 } else { 0 } };
    }
    check(status).map(|_| Bool)
}
