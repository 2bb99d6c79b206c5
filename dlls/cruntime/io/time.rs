//! File times and `time_t`.

use super::super::fault::{Fault, INVALID, Int};
use super::super::kernel32::{GetSystemTimeAsFileTime, SetFileTime};
use super::open::{DENY_NONE, Opening, RDWR, open};
use super::path::{Name, required};
use super::table;
use core::ptr::null;
use guest::shim;
use windows_sys::Win32::Foundation::FILETIME;

const TICKS: i64 = 10_000_000;
/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// A file time in seconds since 1970; none is 0.
pub fn seconds(time: FILETIME) -> i64 {
    let ticks = i64::from(time.dwHighDateTime) << 32 | i64::from(time.dwLowDateTime);
    if ticks == 0 { 0 } else { ticks.div_euclid(TICKS) - EPOCH }
}

fn file_time(seconds: i64) -> FILETIME {
    let ticks = seconds.saturating_add(EPOCH).saturating_mul(TICKS);
    FILETIME { dwLowDateTime: ticks as u32, dwHighDateTime: (ticks >> 32) as u32 }
}

unsafe fn set<T: Copy + Into<i64>>(number: i32, times: *const [T; 2]) -> Result<Int, Fault> {
    let descriptor = table::get(number)?;
    // SAFETY: the program's pointer, or NULL for now.
    let (accessed, written) = match unsafe { times.as_ref() } {
        Some([accessed, written]) => (file_time((*accessed).into()), file_time((*written).into())),
        None => {
            let mut now = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
            // SAFETY: there is room for it.
            unsafe { GetSystemTimeAsFileTime(&raw mut now) };
            (now, now)
        }
    };
    // SAFETY: the handle is open.
    if unsafe { SetFileTime(descriptor.handle, null(), &raw const accessed, &raw const written) } == 0 { Err(INVALID) } else { Ok(Int(0)) }
}

unsafe fn set_path<C: Name, T: Copy + Into<i64>>(path: *const C, times: *const [T; 2]) -> Result<Int, Fault> {
    // SAFETY: the program's pointers.
    unsafe {
        let number = open(&required(path)?, Opening { flags: RDWR, share: DENY_NONE, mode: 0 })?;
        let result = set(number, times);
        table::close(number)?;
        result
    }
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 411, ucrtbase: 525}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _utime32(path: *const u8, times: *const [i32; 2]) -> Result<Int, Fault> {
    set_path(path, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 215, ucrtbase: 295}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _utime64(path: *const u8, times: *const [i64; 2]) -> Result<Int, Fault> {
    set_path(path, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 282}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _utime(path: *const u8, times: *const [super::super::time::Native; 2]) -> Result<Int, Fault> {
    set_path(path, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 412, ucrtbase: 526}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _wutime32(path: *const u16, times: *const [i32; 2]) -> Result<Int, Fault> {
    set_path(path, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 413, ucrtbase: 382}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _wutime64(path: *const u16, times: *const [i64; 2]) -> Result<Int, Fault> {
    set_path(path, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 414}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _wutime(path: *const u16, times: *const [super::super::time::Native; 2]) -> Result<Int, Fault> {
    set_path(path, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 415, ucrtbase: 527}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _futime32(number: i32, times: *const [i32; 2]) -> Result<Int, Fault> {
    set(number, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 416, ucrtbase: 528}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _futime64(number: i32, times: *const [i64; 2]) -> Result<Int, Fault> {
    set(number, times)
}

/// Sets a file's times of access and writing.
#[shim(ix = {msvcrt: 417}, mapping = "SetFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _futime(number: i32, times: *const [super::super::time::Native; 2]) -> Result<Int, Fault> {
    set(number, times)
}
