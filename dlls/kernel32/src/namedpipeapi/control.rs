//! The control codes of pipes (`FSCTL_PIPE_*` of ntifs.h), and sending one that may pend.

use crate::fileapi::Request;
use crate::nt::{NtFsControlFile, NtWaitForSingleObject, check};
use crate::open::block;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_IO_PENDING, HANDLE, STATUS_PENDING};
use windows_sys::Win32::System::IO::{IO_STATUS_BLOCK, OVERLAPPED};

pub const DISCONNECT: u32 = 0x11_0004;
pub const LISTEN: u32 = 0x11_0008;
pub const PEEK: u32 = 0x11_400C;
pub const TRANSCEIVE: u32 = 0x11_C017;
pub const WAIT: u32 = 0x11_0018;
pub const GET_PIPE_ATTRIBUTE: u32 = 0x11_0028;
pub const GET_CONNECTION_ATTRIBUTE: u32 = 0x11_0030;

/// What goes in and what comes out.
pub struct Buffers {
    pub input: *const c_void,
    pub input_size: u32,
    pub output: *mut c_void,
    pub output_size: u32,
}

impl Buffers {
    /// Nothing.
    pub const NONE: Self = Self { input: null(), input_size: 0, output: null_mut(), output_size: 0 };
}

/// Sends a code, whose end an OVERLAPPED hears of, or the caller waits for. Answers how many bytes came out, also where more did not
/// fit, and how it ended.
pub unsafe fn send(pipe: HANDLE, code: u32, buffers: &Buffers, overlapped: *mut OVERLAPPED) -> (u32, Result<(), Win32Error>) {
    let Buffers { input, input_size, output, output_size } = *buffers;
    let call = |event, context, block: *mut IO_STATUS_BLOCK| unsafe {
        NtFsControlFile(pipe, event, null(), context, block, code, input, input_size, output, output_size)
    };
    if overlapped.is_null() {
        let mut own = block();
        let mut status = call(null_mut(), null(), &raw mut own);
        if status == STATUS_PENDING {
            // SAFETY: the block lives until the request is complete.
            let waited = unsafe { NtWaitForSingleObject(pipe, 0, null()) };
            if let Err(error) = check(waited) {
                return (0, Err(error));
            }
            status = unsafe { (&raw const own.Anonymous.Status).read_volatile() };
        }
        return (own.Information as u32, check(status).map(|_| ()));
    }
    let at = 0;
    // SAFETY: the caller's OVERLAPPED, as for every request.
    let Request { event, context, block, .. } = unsafe { Request::of(overlapped, &at) };
    match call(event, context, block) {
        STATUS_PENDING => (0, Err(Win32Error(ERROR_IO_PENDING))),
        status => (unsafe { (*overlapped).InternalHigh } as u32, check(status).map(|_| ())),
    }
}
