//! The clock.

use super::super::fault::{Code, Fault, INVALID};
use super::super::kernel32::{GetLocalTime, GetSystemTimeAsFileTime, QueryPerformanceCounter, QueryPerformanceFrequency};
use super::zone;
use core::sync::atomic::{AtomicI64, Ordering};
use guest::shim;
use windows_sys::Win32::Foundation::{FILETIME, SYSTEMTIME};

/// `time_t` of the old runtime: it had 32 bits before there were programs of 64.
#[cfg(target_arch = "x86")]
pub type Native = i32;
/// `time_t` of the old runtime: it had 32 bits before there were programs of 64.
#[cfg(not(target_arch = "x86"))]
pub type Native = i64;

const TICKS: i64 = 10_000_000;
/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// When the runtime was loaded, by the performance counter.
static START: AtomicI64 = AtomicI64::new(0);

fn counter() -> i64 {
    let mut counter = 0;
    // SAFETY: there is room for it.
    unsafe { QueryPerformanceCounter(&raw mut counter) };
    counter
}

/// Keeps the time from which `clock` counts.
pub fn start() {
    START.store(counter(), Ordering::Relaxed);
}

/// 100 nanoseconds since 1970.
fn ticks() -> i64 {
    let mut now = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    // SAFETY: there is room for it.
    unsafe { GetSystemTimeAsFileTime(&raw mut now) };
    (i64::from(now.dwHighDateTime) << 32 | i64::from(now.dwLowDateTime)) - EPOCH * TICKS
}

/// Seconds since 1970.
pub fn now() -> i64 {
    ticks().div_euclid(TICKS)
}

unsafe fn give<T: Copy>(to: *mut T, time: T) -> T {
    if !to.is_null() {
        // SAFETY: the program's pointer.
        unsafe { to.write(time) };
    }
    time
}

/// `struct __timeb`, for each width of times.
#[repr(C)]
pub struct Moment<T> {
    time: T,
    milliseconds: u16,
    zone: i16,
    daylight: i16,
}

unsafe fn moment<T>(to: *mut Moment<T>, convert: fn(i64) -> T) -> Result<Code, Fault> {
    if to.is_null() {
        return Err(INVALID);
    }
    let zone = zone::known().zone;
    let ticks = ticks();
    let mut tm = crt::time::localtime(ticks.div_euclid(TICKS), &zone).unwrap_or(crt::time::Tm::INVALID);
    tm.isdst = tm.isdst.max(0);
    let moment = Moment {
        time: convert(ticks.div_euclid(TICKS)),
        milliseconds: (ticks.rem_euclid(TICKS) / 10_000) as u16,
        zone: (zone.standard() / 60) as i16,
        daylight: tm.isdst as i16,
    };
    // SAFETY: the program's pointer, which was checked.
    unsafe { to.write(moment) };
    Ok(Code)
}

/// Seconds since 1970.
#[shim(ix = {msvcrt: 191}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn time(to: *mut Native) -> Native {
    give(to, now() as Native)
}

/// Seconds since 1970.
#[shim(ix = {msvcrt: 628, ucrtbase: 363}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _time32(to: *mut i32) -> i32 {
    give(to, now() as i32)
}

/// Seconds since 1970.
#[shim(ix = {msvcrt: 128, ucrtbase: 99}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _time64(to: *mut i64) -> i64 {
    give(to, now())
}

/// The time with milliseconds and the zone.
#[shim(ix = {msvcrt: 629}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _ftime(to: *mut Moment<Native>) {
    // What is at fault was told.
    let _ = moment(to, |time| time as Native).map_err(Fault::tell);
}

/// The time with milliseconds and the zone.
#[shim(ix = {msvcrt: 630, ucrtbase: 722}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _ftime32(to: *mut Moment<i32>) {
    let _ = moment(to, |time| time as i32).map_err(Fault::tell);
}

/// The time with milliseconds and the zone.
#[shim(ix = {msvcrt: 261, ucrtbase: 330}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _ftime64(to: *mut Moment<i64>) {
    let _ = moment(to, |time| time).map_err(Fault::tell);
}

/// The time with milliseconds and the zone.
#[shim(ix = {msvcrt: 631, ucrtbase: 723}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _ftime32_s(to: *mut Moment<i32>) -> Result<Code, Fault> {
    moment(to, |time| time as i32)
}

/// The time with milliseconds and the zone.
#[shim(ix = {msvcrt: 632, ucrtbase: 724}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _ftime64_s(to: *mut Moment<i64>) -> Result<Code, Fault> {
    moment(to, |time| time)
}

/// The time as seconds and nanoseconds, for base 1 (UTC); 0 for others.
#[shim(ix = {ucrtbase: 725}, mapping = "GetSystemTimeAsFileTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _timespec64_get(to: *mut [i64; 2], base: i32) -> i32 {
    const UTC: i32 = 1;
    if to.is_null() || base != UTC {
        return 0;
    }
    let ticks = ticks();
    let place = to.cast::<i64>();
    place.write(ticks.div_euclid(TICKS));
    place.add(1).cast::<i32>().write((ticks.rem_euclid(TICKS) * 100) as i32);
    base
}

/// Milliseconds since the program started.
#[shim(ix = {msvcrt: 224, ucrtbase: 301}, mapping = "QueryPerformanceCounter", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn clock() -> i32 {
    const PER_SECOND: i128 = 1000;
    let mut frequency = 1;
    QueryPerformanceFrequency(&raw mut frequency);
    let passed = counter() - START.load(Ordering::Relaxed);
    (i128::from(passed) * PER_SECOND / i128::from(frequency.max(1))) as i32
}

/// Seconds between two times.
#[shim(ix = {msvcrt: 304}, mapping = "QueryPerformanceCounter", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn difftime(end: Native, start: Native) -> f64 {
    (i64::from(end) - i64::from(start)) as f64
}

/// Seconds between two times.
#[shim(ix = {msvcrt: 633, ucrtbase: 726}, mapping = "QueryPerformanceCounter", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _difftime32(end: i32, start: i32) -> f64 {
    f64::from(end) - f64::from(start)
}

/// Seconds between two times.
#[shim(ix = {msvcrt: 253, ucrtbase: 323}, mapping = "QueryPerformanceCounter", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _difftime64(end: i64, start: i64) -> f64 {
    (i128::from(end) - i128::from(start)) as f64
}

/// The local time.
#[shim(ix = {msvcrt: 634, ucrtbase: 727}, mapping = "GetLocalTime", risk = Wrong("a wrong time"))]
pub unsafe extern "C" fn _getsystime(to: *mut crt::time::Tm) -> u32 {
    let mut now: SYSTEMTIME = core::mem::zeroed();
    GetLocalTime(&raw mut now);
    let number = i32::from;
    let mut tm = crt::time::Tm {
        sec: number(now.wSecond as i16),
        min: number(now.wMinute as i16),
        hour: number(now.wHour as i16),
        mday: number(now.wDay as i16),
        mon: number(now.wMonth as i16) - 1,
        year: number(now.wYear as i16) - 1900,
        wday: number(now.wDayOfWeek as i16),
        yday: 0,
        isdst: -1,
    };
    // The rest follows from the date.
    let _ = crt::time::mktime(&mut tm, &zone::known().zone);
    to.write(tm);
    now.wMilliseconds.into()
}
