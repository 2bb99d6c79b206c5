//! Dates as text.

use super::super::FLAVOR;
use super::super::fault::{Code, Fault, INVALID, Pointer, Size, secure};
use super::super::kernel32::GetLocalTime;
use super::super::locale::Locale;
use super::super::thread;
use super::clock::Native;
use super::zone;
use alloc::vec::Vec;
use crt::Unit;
use crt::text::Room;
use crt::time::{self, ASCTIME_SIZE, Environment, Tm};
use guest::{nls, shim};
use windows_sys::Win32::Foundation::SYSTEMTIME;

unsafe fn into<C: Unit>(room: *mut C, size: usize, tm: Result<Tm, crt::Errno>) -> Result<(), Fault> {
    // SAFETY: as the caller promises.
    let mut room = unsafe { Room::new(room, size) }.map_err(|_| INVALID)?;
    let tm = tm.map_err(|error| Fault::Invalid(room.fail(error).code()))?;
    time::asctime(&mut room, &tm, FLAVOR).map_err(|error| Fault::Invalid(error.code()))
}

const DAYS: &str = ":Sun:Sunday:Mon:Monday:Tue:Tuesday:Wed:Wednesday:Thu:Thursday:Fri:Friday:Sat:Saturday";
const MONTHS: &str =
    ":Jan:January:Feb:February:Mar:March:Apr:April:May:May:Jun:June:Jul:July:Aug:August:Sep:September:Oct:October:Nov:November:Dec:December";

/// The thread's room for a date's text.
trait Kept: Unit {
    fn room() -> *mut Self;
    fn names(known: &zone::Known) -> [Vec<Self>; 2];
}

impl Kept for u8 {
    fn room() -> *mut u8 {
        thread::current().date_text.get().cast()
    }
    fn names(known: &zone::Known) -> [Vec<u8>; 2] {
        known.names.map(|name| nls::from_wide(nls::ANSI, zone::name(&name), b'?').map(|(bytes, _)| bytes).unwrap_or_default())
    }
}

impl Kept for u16 {
    fn room() -> *mut u16 {
        thread::current().wide_date_text.get().cast()
    }
    fn names(known: &zone::Known) -> [Vec<u16>; 2] {
        known.names.map(|name| zone::name(&name).to_vec())
    }
}

unsafe fn kept<C: Kept>(tm: Result<Tm, crt::Errno>) -> Result<Pointer<C>, Fault> {
    let room = C::room();
    // SAFETY: the room is the thread's own.
    unsafe { into(room, ASCTIME_SIZE, tm)? };
    Ok(Pointer(room))
}

unsafe fn read<T: Copy + Into<i64>>(time: *const T) -> Result<i64, Fault> {
    // SAFETY: the program's pointer, or NULL.
    unsafe { time.as_ref() }.map(|time| (*time).into()).ok_or(INVALID)
}

fn local(time: i64) -> Result<Tm, crt::Errno> {
    time::localtime(time, &zone::known().zone)
}

unsafe fn formatted<C: Kept>(buffer: *mut C, size: usize, format: *const C, tm: *const Tm) -> Result<Size, Fault> {
    if buffer.is_null() || size == 0 || format.is_null() {
        return Err(INVALID);
    }
    let known = zone::known();
    let names = C::names(&known);
    let environment = Environment { flavor: FLAVOR, zone: &known.zone, names: [&names[0], &names[1]] };
    // SAFETY: the program's pointers.
    unsafe {
        let format = core::slice::from_raw_parts(format, crt::text::length(format));
        let mut room = Room::new(buffer, size).map_err(|_| INVALID)?;
        time::strftime(&mut room, format, tm.as_ref(), &environment).map(Size).map_err(|error| match error {
            crt::Errno::Range => Fault::Errno(error.code()),
            _ => Fault::Invalid(error.code()),
        })
    }
}

fn now() -> Tm {
    // SAFETY: plain data, for which zero is a value.
    let mut now: SYSTEMTIME = unsafe { core::mem::zeroed() };
    // SAFETY: there is room for it.
    unsafe { GetLocalTime(&raw mut now) };
    let [sec, min, hour, mday, mon, year] = [now.wSecond, now.wMinute, now.wHour, now.wDay, now.wMonth, now.wYear].map(i32::from);
    Tm { sec, min, hour, mday, mon: mon - 1, year: year - 1900, wday: 0, yday: 0, isdst: -1 }
}

unsafe fn today<C: Unit>(buffer: *mut C, write: fn(&mut Room<C>, &Tm) -> Result<(), crt::Errno>) -> *mut C {
    const SIZE: usize = 9;
    if buffer.is_null() {
        INVALID.tell();
        return buffer;
    }
    // SAFETY: the documentation asks for nine units.
    if let Ok(mut room) = unsafe { Room::new(buffer, SIZE) } {
        // A date of today always fits.
        let _ = write(&mut room, &now());
    }
    buffer
}

unsafe fn today_s<C: Unit>(buffer: *mut C, size: usize, write: fn(&mut Room<C>, &Tm) -> Result<(), crt::Errno>) -> Result<Code, Fault> {
    // SAFETY: the buffer is as long as said.
    let mut room = unsafe { Room::new(buffer, size) }.map_err(|_| INVALID)?;
    secure(write(&mut room, &now()))
}

/// A date as text.
#[shim(ix = {msvcrt: 300, ucrtbase: 735}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn asctime(tm: *const Tm) -> Result<Pointer<u8>, Fault> {
    kept(Ok(*tm.as_ref().ok_or(INVALID)?))
}

/// A date as text.
#[shim(ix = {msvcrt: 645, ucrtbase: 736}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn asctime_s(buffer: *mut u8, size: usize, tm: *const Tm) -> Result<Code, Fault> {
    into(buffer, size, tm.as_ref().copied().ok_or(crt::Errno::Invalid)).map(|()| Code)
}

/// A date as text, as a format says.
#[shim(ix = {msvcrt: 147, ucrtbase: 233}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn strftime(buffer: *mut u8, size: usize, format: *const u8, tm: *const Tm) -> Result<Size, Fault> {
    formatted(buffer, size, format, tm)
}

/// A date as text, as a format says.
#[shim(ix = {msvcrt: 646, ucrtbase: 360}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _strftime_l(buffer: *mut u8, size: usize, format: *const u8, tm: *const Tm, _locale: *const Locale) -> Result<Size, Fault> {
    formatted(buffer, size, format, tm)
}

/// A local time as text.
#[shim(ix = {msvcrt: 303}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn ctime(time: *const Native) -> Result<Pointer<u8>, Fault> {
    kept(local(read(time)?))
}

/// A local time as text.
#[shim(ix = {msvcrt: 647, ucrtbase: 737}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _ctime32(time: *const i32) -> Result<Pointer<u8>, Fault> {
    kept(local(read(time)?))
}

/// A local time as text.
#[shim(ix = {msvcrt: 648, ucrtbase: 738}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _ctime32_s(buffer: *mut u8, size: usize, time: *const i32) -> Result<Code, Fault> {
    into(buffer, size, local(read(time)?)).map(|()| Code)
}

/// A local time as text.
#[shim(ix = {msvcrt: 649, ucrtbase: 283}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _ctime64(time: *const i64) -> Result<Pointer<u8>, Fault> {
    kept(local(read(time)?))
}

/// A local time as text.
#[shim(ix = {msvcrt: 650, ucrtbase: 739}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _ctime64_s(buffer: *mut u8, size: usize, time: *const i64) -> Result<Code, Fault> {
    into(buffer, size, local(read(time)?)).map(|()| Code)
}

/// Today's date, as MM/DD/YY.
#[shim(ix = {msvcrt: 651, ucrtbase: 740}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _strdate(buffer: *mut u8) -> *mut u8 {
    today(buffer, time::date)
}

/// Today's date, as MM/DD/YY.
#[shim(ix = {msvcrt: 652, ucrtbase: 741}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _strdate_s(buffer: *mut u8, size: usize) -> Result<Code, Fault> {
    today_s(buffer, size, time::date)
}

/// The time of day, as HH:MM:SS.
#[shim(ix = {msvcrt: 653, ucrtbase: 742}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _strtime(buffer: *mut u8) -> *mut u8 {
    today(buffer, time::time_of_day)
}

/// The time of day, as HH:MM:SS.
#[shim(ix = {msvcrt: 654, ucrtbase: 743}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _strtime_s(buffer: *mut u8, size: usize) -> Result<Code, Fault> {
    today_s(buffer, size, time::time_of_day)
}

/// A date as text.
#[shim(ix = {msvcrt: 655, ucrtbase: 744}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wasctime(tm: *const Tm) -> Result<Pointer<u16>, Fault> {
    kept(Ok(*tm.as_ref().ok_or(INVALID)?))
}

/// A date as text.
#[shim(ix = {msvcrt: 656, ucrtbase: 745}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wasctime_s(buffer: *mut u16, size: usize, tm: *const Tm) -> Result<Code, Fault> {
    into(buffer, size, tm.as_ref().copied().ok_or(crt::Errno::Invalid)).map(|()| Code)
}

/// A date as text, as a format says.
#[shim(ix = {msvcrt: 115, ucrtbase: 318}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn wcsftime(buffer: *mut u16, size: usize, format: *const u16, tm: *const Tm) -> Result<Size, Fault> {
    formatted(buffer, size, format, tm)
}

/// A date as text, as a format says.
#[shim(ix = {msvcrt: 657, ucrtbase: 746}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wcsftime_l(
    buffer: *mut u16,
    size: usize,
    format: *const u16,
    tm: *const Tm,
    _locale: *const Locale,
) -> Result<Size, Fault> {
    formatted(buffer, size, format, tm)
}

/// A local time as text.
#[shim(ix = {msvcrt: 658}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wctime(time: *const Native) -> Result<Pointer<u16>, Fault> {
    kept(local(read(time)?))
}

/// A local time as text.
#[shim(ix = {msvcrt: 659, ucrtbase: 747}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wctime32(time: *const i32) -> Result<Pointer<u16>, Fault> {
    kept(local(read(time)?))
}

/// A local time as text.
#[shim(ix = {msvcrt: 660, ucrtbase: 748}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wctime32_s(buffer: *mut u16, size: usize, time: *const i32) -> Result<Code, Fault> {
    into(buffer, size, local(read(time)?)).map(|()| Code)
}

/// A local time as text.
#[shim(ix = {msvcrt: 286, ucrtbase: 749}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wctime64(time: *const i64) -> Result<Pointer<u16>, Fault> {
    kept(local(read(time)?))
}

/// A local time as text.
#[shim(ix = {msvcrt: 661, ucrtbase: 750}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wctime64_s(buffer: *mut u16, size: usize, time: *const i64) -> Result<Code, Fault> {
    into(buffer, size, local(read(time)?)).map(|()| Code)
}

/// Today's date, as MM/DD/YY.
#[shim(ix = {msvcrt: 662, ucrtbase: 751}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wstrdate(buffer: *mut u16) -> *mut u16 {
    today(buffer, time::date)
}

/// Today's date, as MM/DD/YY.
#[shim(ix = {msvcrt: 663, ucrtbase: 752}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wstrdate_s(buffer: *mut u16, size: usize) -> Result<Code, Fault> {
    today_s(buffer, size, time::date)
}

/// The time of day, as HH:MM:SS.
#[shim(ix = {msvcrt: 664, ucrtbase: 753}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wstrtime(buffer: *mut u16) -> *mut u16 {
    today(buffer, time::time_of_day)
}

/// The time of day, as HH:MM:SS.
#[shim(ix = {msvcrt: 665, ucrtbase: 754}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _wstrtime_s(buffer: *mut u16, size: usize) -> Result<Code, Fault> {
    today_s(buffer, size, time::time_of_day)
}

/// A date as text, as a format says.
#[shim(ix = {ucrtbase: 162}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _Strftime(buffer: *mut u8, size: usize, format: *const u8, tm: *const Tm, _names: *const u8) -> Result<Size, Fault> {
    formatted(buffer, size, format, tm)
}

/// A date as text, as a format says.
#[shim(ix = {ucrtbase: 166}, mapping = "crt::time", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _Wcsftime(buffer: *mut u16, size: usize, format: *const u16, tm: *const Tm, _names: *const u8) -> Result<Size, Fault> {
    formatted(buffer, size, format, tm)
}

/// The days of the week, short and long, each behind a colon, in new memory.
#[shim(ix = {ucrtbase: 159}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _Getdays() -> Result<Pointer<u8>, Fault> {
    super::super::heap::duplicate(&DAYS.bytes().collect::<Vec<u8>>())
}

/// The months, short and long, each behind a colon, in new memory.
#[shim(ix = {ucrtbase: 160}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _Getmonths() -> Result<Pointer<u8>, Fault> {
    super::super::heap::duplicate(&MONTHS.bytes().collect::<Vec<u8>>())
}

/// The days of the week, short and long, each behind a colon, in new memory.
#[shim(ix = {ucrtbase: 163}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _W_Getdays() -> Result<Pointer<u16>, Fault> {
    super::super::heap::duplicate(&DAYS.encode_utf16().collect::<Vec<u16>>())
}

/// The months, short and long, each behind a colon, in new memory.
#[shim(ix = {ucrtbase: 164}, mapping = "the runtime's texts", risk = Wrong("a wrong text"))]
pub unsafe extern "C" fn _W_Getmonths() -> Result<Pointer<u16>, Fault> {
    super::super::heap::duplicate(&MONTHS.encode_utf16().collect::<Vec<u16>>())
}
