//! datetimeapi.h: dates and times as texts.

use crate::ansi;
use crate::buffer::put;
use crate::clock;
use crate::winnls::info::look_up;
use crate::winnls::locale::{self, Locale};
use crate::zone;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use guest::call::Count;
use guest::error::Win32Error;
use guest::{nls, shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER, SYSTEMTIME};
use windows_sys::Win32::Globalization::*;

/// A part of a picture: a letter that was repeated, or text that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Field(char, usize),
    Text(String),
}

/// Takes a picture apart: letters of `fields` are fields, quotes enclose text, and two of them are one.
fn parts(picture: &str, fields: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut characters = picture.chars().peekable();
    while let Some(character) = characters.next() {
        if fields.contains(character) {
            let mut count = 1;
            while characters.next_if_eq(&character).is_some() {
                count += 1;
            }
            parts.push(Part::Field(character, count));
            continue;
        }
        let mut kept = String::new();
        if character == '\'' {
            while let Some(quoted) = characters.next() {
                if quoted != '\'' {
                    kept.push(quoted);
                } else if characters.next_if_eq(&'\'').is_some() {
                    kept.push('\'');
                } else {
                    break;
                }
            }
        } else {
            kept.push(character);
        }
        match parts.last_mut() {
            Some(Part::Text(text)) => *text += &kept,
            _ => parts.push(Part::Text(kept)),
        }
    }
    parts
}

fn written(parts: &[Part], field: impl Fn(char, usize) -> Result<String, Win32Error>) -> Result<String, Win32Error> {
    let mut written = String::new();
    for part in parts {
        match part {
            Part::Field(letter, count) => written += &field(*letter, *count)?,
            Part::Text(text) => written += text,
        }
    }
    Ok(written)
}

/// A number, with a leading zero where the field has two letters.
fn padded(value: u16, count: usize) -> String {
    if count > 1 { format!("{value:02}") } else { format!("{value}") }
}

/// The picture of a call: its own, or the locale's for the flags.
fn date_picture(locale: Locale, flags: u32, own: Option<String>) -> Result<Cow<'static, str>, Win32Error> {
    const KINDS: [(u32, u32); 4] = [
        (DATE_SHORTDATE, LOCALE_SSHORTDATE),
        (DATE_LONGDATE, LOCALE_SLONGDATE),
        (DATE_YEARMONTH, LOCALE_SYEARMONTH),
        (DATE_MONTHDAY, LOCALE_SMONTHDAY),
    ];
    const READING: u32 = DATE_LTRREADING | DATE_RTLREADING | DATE_AUTOLAYOUT;
    const OTHER: u32 = DATE_USE_ALT_CALENDAR | READING | LOCALE_NOUSEROVERRIDE | LOCALE_USE_CP_ACP;
    let chosen: Vec<u32> = KINDS.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, kind)| *kind).collect();
    let known = KINDS.iter().fold(OTHER, |known, (flag, _)| known | flag);
    if flags & !known != 0 || (flags & READING).count_ones() > 1 {
        return Err(Win32Error(ERROR_INVALID_FLAGS));
    }
    match (own, chosen.as_slice()) {
        (Some(own), []) => Ok(own.into()),
        (None, []) => look_up(locale, LOCALE_SSHORTDATE),
        (None, [kind]) => look_up(locale, *kind),
        _ => Err(Win32Error(ERROR_INVALID_FLAGS)),
    }
}

fn date(locale: Locale, flags: u32, date: Option<SYSTEMTIME>, own: Option<String>) -> Result<String, Win32Error> {
    let picture = date_picture(locale, flags, own)?;
    let date = date.map_or_else(zone::local_time, Ok)?;
    // The day of the week is what the date says, whatever the caller says.
    let date = SYSTEMTIME { wHour: 0, wMinute: 0, wSecond: 0, wMilliseconds: 0, ..date };
    let date = clock::system_time(clock::file_time(&date)?)?;
    let name = |first: u32, index: u16| look_up(locale, first + u32::from(index)).map(Cow::into_owned);
    // Weeks of the constants start on Monday.
    let weekday = (date.wDayOfWeek + 6) % 7;
    written(&parts(&picture, "dMyg"), |letter, count| {
        Ok(match (letter, count) {
            ('d', 1 | 2) => padded(date.wDay, count),
            ('d', 3) => name(LOCALE_SABBREVDAYNAME1, weekday)?,
            ('d', _) => name(LOCALE_SDAYNAME1, weekday)?,
            ('M', 1 | 2) => padded(date.wMonth, count),
            ('M', 3) => name(LOCALE_SABBREVMONTHNAME1, date.wMonth - 1)?,
            ('M', _) => name(LOCALE_SMONTHNAME1, date.wMonth - 1)?,
            ('y', 1 | 2) => padded(date.wYear % 100, count),
            ('y', _) => format!("{:04}", date.wYear),
            _ => "A.D.".into(),
        })
    })
}

fn time(locale: Locale, flags: u32, time: Option<SYSTEMTIME>, own: Option<String>) -> Result<String, Win32Error> {
    const FLAGS: u32 =
        TIME_NOMINUTESORSECONDS | TIME_NOSECONDS | TIME_NOTIMEMARKER | TIME_FORCE24HOURFORMAT | LOCALE_NOUSEROVERRIDE | LOCALE_USE_CP_ACP;
    if flags & !FLAGS != 0 {
        return Err(Win32Error(ERROR_INVALID_FLAGS));
    }
    let picture = own.map_or_else(|| look_up(locale, LOCALE_STIMEFORMAT), |own| Ok(own.into()))?;
    let time = time.map_or_else(zone::local_time, Ok)?;
    if time.wHour > 23 || time.wMinute > 59 || time.wSecond > 59 || time.wMilliseconds > 999 {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut parts = parts(&picture, "hHmst");
    if flags & (TIME_NOSECONDS | TIME_NOMINUTESORSECONDS) != 0 {
        remove(&mut parts, 's', false);
    }
    if flags & TIME_NOMINUTESORSECONDS != 0 {
        remove(&mut parts, 'm', false);
    }
    if flags & TIME_NOTIMEMARKER != 0 {
        remove(&mut parts, 't', true);
    }
    let marker = look_up(locale, if time.wHour < 12 { LOCALE_S1159 } else { LOCALE_S2359 })?;
    written(&parts, |letter, count| {
        Ok(match letter {
            'h' if flags & TIME_FORCE24HOURFORMAT == 0 => padded((time.wHour + 11) % 12 + 1, count),
            'h' | 'H' => padded(time.wHour, count),
            'm' => padded(time.wMinute, count),
            's' => padded(time.wSecond, count),
            _ if count == 1 => marker.chars().take(1).collect(),
            _ => marker.clone().into_owned(),
        })
    })
}

/// Takes a field out, with the text before it, and the text behind it where that is wanted.
fn remove(parts: &mut Vec<Part>, letter: char, behind: bool) {
    while let Some(at) = parts.iter().position(|part| matches!(part, Part::Field(found, _) if *found == letter)) {
        let is_text = |part: Option<&Part>| matches!(part, Some(Part::Text(_)));
        let end = if behind && is_text(parts.get(at + 1)) { at + 2 } else { at + 1 };
        let start = if at > 0 && is_text(parts.get(at - 1)) { at - 1 } else { at };
        parts.drain(start..end);
    }
}

/// What one call asks for.
type Writer = fn(Locale, u32, Option<SYSTEMTIME>, Option<String>) -> Result<String, Win32Error>;

unsafe fn wide(
    writer: Writer,
    locale: Locale,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u16,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    let own = if picture.is_null() { None } else { Some(text::lossy(unsafe { text::wide(picture) })) };
    let written = writer(locale, flags, unsafe { moment.as_ref() }.copied(), own)?;
    unsafe { put(&text::terminated(&written), target, room) }.map(Count)
}

unsafe fn narrow(
    writer: Writer,
    id: u32,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u8,
    target: *mut u8,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    let own = unsafe { ansi::to_wide(picture) }.map(|units| text::lossy(&units[..units.len() - 1]));
    let written = writer(locale::by_id(id)?, flags, unsafe { moment.as_ref() }.copied(), own)?;
    unsafe { put(&ansi::from_wide(nls::ANSI, &text::terminated(&written)), target, room) }.map(Count)
}

/// Writes a date as a locale or a picture says.
#[shim(ix = 164, mapping = "the locale's conventions", risk = Wrong("a wrong date"))]
pub unsafe extern "system" fn GetDateFormatW(
    id: u32,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u16,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { wide(date, locale::by_id(id)?, flags, moment, picture, target, room) }
}

/// Writes a date as a locale or a picture says.
#[shim(ix = 579, mapping = "GetDateFormatW", risk = Wrong("a wrong date"))]
pub unsafe extern "system" fn GetDateFormatA(
    id: u32,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u8,
    target: *mut u8,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { narrow(date, id, flags, moment, picture, target, room) }
}

/// Writes a date as a locale or a picture says.
#[shim(ix = 444, mapping = "the locale's conventions", risk = Wrong("a wrong date"))]
pub unsafe extern "system" fn GetDateFormatEx(
    name: *const u16,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u16,
    target: *mut u16,
    room: i32,
    calendar: *const u16,
) -> Result<Count<i32>, Win32Error> {
    if !calendar.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { wide(date, locale::by_name(name)?, flags, moment, picture, target, room) }
}

/// Writes a time of day as a locale or a picture says.
#[shim(ix = 189, mapping = "the locale's conventions", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetTimeFormatW(
    id: u32,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u16,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { wide(time, locale::by_id(id)?, flags, moment, picture, target, room) }
}

/// Writes a time of day as a locale or a picture says.
#[shim(ix = 580, mapping = "GetTimeFormatW", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetTimeFormatA(
    id: u32,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u8,
    target: *mut u8,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { narrow(time, id, flags, moment, picture, target, room) }
}

/// Writes a time of day as a locale or a picture says.
#[shim(ix = 397, mapping = "the locale's conventions", risk = Wrong("a wrong time"))]
pub unsafe extern "system" fn GetTimeFormatEx(
    name: *const u16,
    flags: u32,
    moment: *const SYSTEMTIME,
    picture: *const u16,
    target: *mut u16,
    room: i32,
) -> Result<Count<i32>, Win32Error> {
    unsafe { wide(time, locale::by_name(name)?, flags, moment, picture, target, room) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use locale::USER;

    const MOMENT: SYSTEMTIME = SYSTEMTIME { wYear: 2009, wMonth: 3, wDayOfWeek: 0, wDay: 5, wHour: 15, wMinute: 4, wSecond: 9, wMilliseconds: 0 };

    fn time_text(picture: Option<&str>, flags: u32) -> String {
        time(USER, flags, Some(MOMENT), picture.map(String::from)).unwrap()
    }

    #[test]
    fn pictures_of_times_lose_what_the_flags_take() {
        assert_eq!(time_text(None, 0), "3:04:09 PM");
        assert_eq!(time_text(None, TIME_NOSECONDS), "3:04 PM");
        assert_eq!(time_text(None, TIME_NOMINUTESORSECONDS | TIME_FORCE24HOURFORMAT), "15 PM");
        assert_eq!(time_text(None, TIME_NOTIMEMARKER), "3:04:09");
        assert_eq!(time_text(Some("HH'h'mm''t"), 0), "15h04P");
    }

    #[test]
    fn quotes_keep_letters() {
        assert_eq!(parts("d 'de' MMM", "dM"), [Part::Field('d', 1), Part::Text(" de ".into()), Part::Field('M', 3)]);
        assert_eq!(parts("'o''clock'", "c"), [Part::Text("o'clock".into())]);
    }
}
