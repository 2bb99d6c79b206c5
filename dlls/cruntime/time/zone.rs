//! The time zone: the process's `TZ`, or Windows'.

use super::super::fault::{Code, Fault, INVALID};
use super::super::kernel32::GetTimeZoneInformation;
use super::super::lock::{self, Guarded};
use super::super::process::environment_value;
use super::super::variables::variables;
use crt::time::{Rule, Switch, Zone};
use guest::{nls, shim};
use windows_sys::Win32::Foundation::SYSTEMTIME;
use windows_sys::Win32::System::Time::TIME_ZONE_INFORMATION;

variables! {
    "seconds to add to local standard time for UTC": _timezone: i32 = 28800;
    "whether the zone has daylight saving time": _daylight: i32 = 1;
    "seconds that daylight saving time adds to that": _dstbias: i32 = -3600;
    "the names of the zone": _tzname: [*mut u8; 2] = [(&raw mut STANDARD).cast(), (&raw mut DAYLIGHT).cast()];
}

const ROOM: usize = 64;
static mut STANDARD: [u8; ROOM] = first(b"PST");
static mut DAYLIGHT: [u8; ROOM] = first(b"PDT");

const fn first(text: &[u8]) -> [u8; ROOM] {
    let mut room = [0; ROOM];
    let mut index = 0;
    while index < text.len() {
        room[index] = text[index];
        index += 1;
    }
    room
}

/// The zone and its names.
#[derive(Clone, Copy)]
pub struct Known {
    pub zone: Zone,
    pub names: [[u16; ROOM]; 2],
    is_set: bool,
}

static KNOWN: Guarded<Known> = Guarded::new(lock::TIME, Known { zone: Zone { bias: 0, rules: None }, names: [[0; ROOM]; 2], is_set: false });

/// The zone, read at the first call.
pub fn known() -> Known {
    KNOWN.with(|known| {
        if !known.is_set {
            *known = read();
            publish(known);
        }
        *known
    })
}

/// A name without what follows its NUL.
pub fn name(units: &[u16]) -> &[u16] {
    &units[..units.iter().position(|unit| *unit == 0).unwrap_or(units.len())]
}

fn read() -> Known {
    environment_value("TZ").filter(|value| !value.is_empty()).and_then(of_variable).unwrap_or_else(of_windows)
}

fn switch(date: &SYSTEMTIME) -> Switch {
    let second = (i32::from(date.wHour) * 60 + i32::from(date.wMinute)) * 60 + i32::from(date.wSecond);
    Switch { absolute: date.wYear != 0, month: date.wMonth, weekday: date.wDayOfWeek, day: date.wDay, second }
}

fn of_windows() -> Known {
    // SAFETY: plain data, for which zero is a value.
    let mut information: TIME_ZONE_INFORMATION = unsafe { core::mem::zeroed() };
    // SAFETY: there is room for it.
    unsafe { GetTimeZoneInformation(&raw mut information) };
    let rules = (information.DaylightDate.wMonth != 0 && information.StandardDate.wMonth != 0).then(|| {
        let standard = Rule { start: switch(&information.StandardDate), bias: information.StandardBias };
        let daylight = Rule { start: switch(&information.DaylightDate), bias: information.DaylightBias };
        (standard, daylight)
    });
    let mut names = [[0; ROOM]; 2];
    names[0][..32].copy_from_slice(&information.StandardName);
    names[1][..32].copy_from_slice(&information.DaylightName);
    let bias = information.Bias + if rules.is_none() { information.StandardBias } else { 0 };
    Known { zone: Zone { bias, rules }, names, is_set: true }
}

/// `TZ`: a name of three letters, hours west of Greenwich, and the name of daylight saving time, whose rules are those of the
/// United States.
fn of_variable(value: &[u16]) -> Option<Known> {
    let (standard, rest) = value.split_at_checked(3)?;
    let is_digit = |unit: &u16| (0x30..=0x39).contains(unit);
    let end = rest.iter().position(|unit| !is_digit(unit) && !matches!(*unit, 0x2B | 0x2D | 0x3A)).unwrap_or(rest.len());
    let (offset, daylight) = rest.split_at(end);
    let (negative, offset) = match offset.split_first() {
        Some((0x2D, offset)) => (true, offset),
        Some((0x2B, offset)) => (false, offset),
        _ => (false, offset),
    };
    let mut parts = offset
        .split(|unit| *unit == 0x3A)
        .map(|part| part.iter().fold(0i32, |sum, unit| sum.saturating_mul(10).saturating_add(i32::from(unit.wrapping_sub(0x30)))));
    let seconds = parts.next().unwrap_or(0).min(24) * 3600 + parts.next().unwrap_or(0).min(59) * 60;
    let bias = if negative { -seconds } else { seconds } / 60;
    let at_two = |month, day| Switch { absolute: false, month, weekday: 0, day, second: 2 * 3600 };
    let rules = (!daylight.is_empty()).then(|| (Rule { start: at_two(11, 1), bias: 0 }, Rule { start: at_two(3, 2), bias: -60 }));
    let mut names = [[0; ROOM]; 2];
    names[0][..3].copy_from_slice(standard);
    let length = daylight.len().min(3);
    names[1][..length].copy_from_slice(&daylight[..length]);
    Some(Known { zone: Zone { bias, rules }, names, is_set: true })
}

/// Sets the variables that programs read.
fn publish(known: &Known) {
    // SAFETY: the lock of the zone is held.
    unsafe {
        _timezone = known.zone.standard() as i32;
        _daylight = known.zone.rules.is_some().into();
        _dstbias = known.zone.daylight() as i32;
        for (index, units) in known.names.iter().enumerate() {
            let bytes = nls::from_wide(nls::ANSI, name(units), b'?').map(|(bytes, _)| bytes).unwrap_or_default();
            let mut room = [0; ROOM];
            let length = bytes.len().min(ROOM - 1);
            room[..length].copy_from_slice(&bytes[..length]);
            *_tzname[index].cast::<[u8; ROOM]>() = room;
        }
    }
}

/// Reads the time zone again.
#[shim(ix = {msvcrt: 280, ucrtbase: 120}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn _tzset() {
    KNOWN.with(|known| {
        *known = read();
        publish(known);
    });
}

/// Where the seconds lie that local standard time is behind UTC.
#[shim(ix = {msvcrt: 666, ucrtbase: 755}, export = "__p__timezone", mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn timezone_place() -> *mut i32 {
    &raw mut _timezone
}

/// Where the seconds lie that local standard time is behind UTC.
#[shim(ix = {ucrtbase: 279}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn __timezone() -> *mut i32 {
    &raw mut _timezone
}

/// Where it lies whether there is daylight saving time.
#[shim(ix = {msvcrt: 667, ucrtbase: 756}, export = "__p__daylight", mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn daylight_place() -> *mut i32 {
    &raw mut _daylight
}

/// Where it lies whether there is daylight saving time.
#[shim(ix = {ucrtbase: 275}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn __daylight() -> *mut i32 {
    &raw mut _daylight
}

/// Where the seconds of daylight saving time lie.
#[shim(ix = {msvcrt: 668, ucrtbase: 757}, export = "__p__dstbias", mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn dstbias_place() -> *mut i32 {
    &raw mut _dstbias
}

/// Where the seconds of daylight saving time lie.
#[shim(ix = {ucrtbase: 758}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn __dstbias() -> *mut i32 {
    &raw mut _dstbias
}

/// Where the names of the zone lie.
#[shim(ix = {msvcrt: 669, ucrtbase: 759}, export = "__p__tzname", mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn tzname_place() -> *mut *mut u8 {
    (&raw mut _tzname).cast()
}

/// Where the names of the zone lie.
#[shim(ix = {ucrtbase: 280}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn __tzname() -> *mut *mut u8 {
    (&raw mut _tzname).cast()
}

/// The seconds that local standard time is behind UTC.
#[shim(ix = {msvcrt: 670, ucrtbase: 760}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn _get_timezone(seconds: *mut i32) -> Result<Code, Fault> {
    *seconds.as_mut().ok_or(INVALID)? = _timezone;
    Ok(Code)
}

/// The hours of daylight saving time.
#[shim(ix = {msvcrt: 671, ucrtbase: 761}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn _get_daylight(hours: *mut i32) -> Result<Code, Fault> {
    *hours.as_mut().ok_or(INVALID)? = _daylight;
    Ok(Code)
}

/// The seconds of daylight saving time.
#[shim(ix = {msvcrt: 672, ucrtbase: 762}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn _get_dstbias(seconds: *mut i32) -> Result<Code, Fault> {
    *seconds.as_mut().ok_or(INVALID)? = _dstbias;
    Ok(Code)
}

/// One of the zone's names.
#[shim(ix = {msvcrt: 673, ucrtbase: 175}, mapping = "GetTimeZoneInformation", risk = Wrong("another zone's time"))]
pub unsafe extern "C" fn _get_tzname(length: *mut usize, buffer: *mut u8, size: usize, index: i32) -> Result<Code, Fault> {
    let index = usize::try_from(index).ok().filter(|index| *index < 2).ok_or(INVALID)?;
    if length.is_null() || buffer.is_null() != (size == 0) {
        return Err(INVALID);
    }
    let name = guest::text::narrow(_tzname[index]);
    *length = name.len() + 1;
    if buffer.is_null() {
        return Ok(Code);
    }
    *buffer = 0;
    if name.len() >= size {
        return Err(Fault::Quiet(super::super::errno::ERANGE));
    }
    buffer.copy_from_nonoverlapping(name.as_ptr(), name.len());
    *buffer.add(name.len()) = 0;
    Ok(Code)
}
