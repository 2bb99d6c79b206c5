//! Dates of times, and times of dates.

use super::super::fault::{Code, Fault, INVALID, Int, Long, Pointer};
use super::super::thread;
use super::clock::Native;
use super::zone;
use crt::time::{self, Tm};
use guest::shim;

/// Keeps a date where the thread's last one is.
fn keep(tm: Result<Tm, crt::Errno>) -> Result<Pointer<Tm>, Fault> {
    let place = thread::current().date.get();
    // SAFETY: the place is the thread's own.
    unsafe { place.write(tm.map_err(|error| Fault::Invalid(error.code()))?) };
    Ok(Pointer(place))
}

unsafe fn give(to: *mut Tm, tm: Option<Result<Tm, crt::Errno>>) -> Result<Code, Fault> {
    if to.is_null() {
        return Err(INVALID);
    }
    // SAFETY: the program's pointer, which was checked.
    unsafe {
        to.write(Tm::INVALID);
        to.write(tm.ok_or(INVALID)?.map_err(|error| Fault::Invalid(error.code()))?);
    }
    Ok(Code)
}

/// The date of a time in UTC.
fn utc(time: i64) -> Result<Tm, crt::Errno> {
    time::gmtime(time)
}

/// The date of a local time.
fn local(time: i64) -> Result<Tm, crt::Errno> {
    time::localtime(time, &zone::known().zone)
}

unsafe fn read<T: Copy + Into<i64>>(time: *const T) -> Option<i64> {
    // SAFETY: the program's pointer, or NULL.
    unsafe { time.as_ref() }.map(|time| (*time).into())
}

/// The date of a time.
#[shim(ix = {msvcrt: 183}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn gmtime(time: *const Native) -> Result<Pointer<Tm>, Fault> {
    keep(utc(read(time).ok_or(INVALID)?))
}

/// The date of a time.
#[shim(ix = {msvcrt: 635, ucrtbase: 728}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _gmtime32(time: *const i32) -> Result<Pointer<Tm>, Fault> {
    keep(utc(read(time).ok_or(INVALID)?))
}

/// The date of a time.
#[shim(ix = {msvcrt: 636, ucrtbase: 729}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _gmtime32_s(to: *mut Tm, time: *const i32) -> Result<Code, Fault> {
    give(to, read(time).map(utc))
}

/// The date of a time.
#[shim(ix = {msvcrt: 123, ucrtbase: 118}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _gmtime64(time: *const i64) -> Result<Pointer<Tm>, Fault> {
    keep(utc(read(time).ok_or(INVALID)?))
}

/// The date of a time.
#[shim(ix = {msvcrt: 637, ucrtbase: 288}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _gmtime64_s(to: *mut Tm, time: *const i64) -> Result<Code, Fault> {
    give(to, read(time).map(utc))
}

/// The date of a time.
#[shim(ix = {msvcrt: 184}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn localtime(time: *const Native) -> Result<Pointer<Tm>, Fault> {
    keep(local(read(time).ok_or(INVALID)?))
}

/// The date of a time.
#[shim(ix = {msvcrt: 638, ucrtbase: 730}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _localtime32(time: *const i32) -> Result<Pointer<Tm>, Fault> {
    keep(local(read(time).ok_or(INVALID)?))
}

/// The date of a time.
#[shim(ix = {msvcrt: 639, ucrtbase: 731}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _localtime32_s(to: *mut Tm, time: *const i32) -> Result<Code, Fault> {
    give(to, read(time).map(local))
}

/// The date of a time.
#[shim(ix = {msvcrt: 165, ucrtbase: 119}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _localtime64(time: *const i64) -> Result<Pointer<Tm>, Fault> {
    keep(local(read(time).ok_or(INVALID)?))
}

/// The date of a time.
#[shim(ix = {msvcrt: 640, ucrtbase: 97}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _localtime64_s(to: *mut Tm, time: *const i64) -> Result<Code, Fault> {
    give(to, read(time).map(local))
}

#[cfg(target_arch = "x86")]
/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 226}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn mktime(tm: *mut Tm) -> Result<Int, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Int(time::mktime32(tm, &zone::known().zone)?))
}

#[cfg(not(target_arch = "x86"))]
/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 226}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn mktime(tm: *mut Tm) -> Result<Long, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Long(time::mktime(tm, &zone::known().zone)?))
}

/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 641, ucrtbase: 732}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _mktime32(tm: *mut Tm) -> Result<Int, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Int(time::mktime32(tm, &zone::known().zone)?))
}

/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 166, ucrtbase: 83}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _mktime64(tm: *mut Tm) -> Result<Long, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Long(time::mktime(tm, &zone::known().zone)?))
}

#[cfg(target_arch = "x86")]
/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 642}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _mkgmtime(tm: *mut Tm) -> Result<Int, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Int(time::mkgmtime32(tm)?))
}

#[cfg(not(target_arch = "x86"))]
/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 642}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _mkgmtime(tm: *mut Tm) -> Result<Long, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Long(time::mkgmtime(tm)?))
}

/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 643, ucrtbase: 733}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _mkgmtime32(tm: *mut Tm) -> Result<Int, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Int(time::mkgmtime32(tm)?))
}

/// The time of a date, which is put in order.
#[shim(ix = {msvcrt: 644, ucrtbase: 734}, mapping = "crt::time", risk = Wrong("a wrong date"))]
pub unsafe extern "C" fn _mkgmtime64(tm: *mut Tm) -> Result<Long, Fault> {
    let tm = tm.as_mut().ok_or(INVALID)?;
    Ok(Long(time::mkgmtime(tm)?))
}
