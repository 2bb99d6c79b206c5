//! Text: UTF-16 for Windows, strings for us, bytes in files.

use alloc::string::String;
use alloc::vec::Vec;

/// UTF-16 with a NUL behind it.
pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// UTF-16 up to its NUL.
pub fn narrow(units: &[u16]) -> String {
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}

/// UTF-16 behind a pointer, up to its NUL.
///
/// # Safety
///
/// The pointer leads to UTF-16 that ends in a NUL.
pub unsafe fn from_pointer(pointer: *const u16) -> String {
    // SAFETY: the caller's promise.
    let length = (0..).take_while(|index| unsafe { *pointer.add(*index) } != 0).count();
    // SAFETY: so many units are there.
    String::from_utf16_lossy(unsafe { core::slice::from_raw_parts(pointer, length) })
}

/// Whether two texts are the same but for their case.
pub fn same(one: &str, other: &str) -> bool {
    one.chars().flat_map(char::to_uppercase).eq(other.chars().flat_map(char::to_uppercase))
}

/// What follows a beginning, in whatever case of ASCII letters.
pub fn strip<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then_some(tail)
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = alloc::format!("{number}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text that bytes of a file are: UTF-16 where a mark says so, UTF-8 where they are that, else the OEM code page's.
#[cfg(target_os = "windows")]
pub fn decode(bytes: &[u8]) -> String {
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        let units: Vec<u16> = rest.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        return String::from_utf16_lossy(&units);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match core::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => from_page(windows_sys::Win32::Globalization::CP_OEMCP, bytes),
    }
}

/// The text that bytes are in a code page.
#[cfg(target_os = "windows")]
pub fn from_page(page: u32, bytes: &[u8]) -> String {
    use windows_sys::Win32::Globalization::MultiByteToWideChar;
    let mut units = alloc::vec![0_u16; bytes.len()];
    // SAFETY: reads so many bytes, and no byte becomes more than one unit.
    let count = unsafe { MultiByteToWideChar(page, 0, bytes.as_ptr(), bytes.len() as i32, units.as_mut_ptr(), units.len() as i32) };
    String::from_utf16_lossy(&units[..count.max(0) as usize])
}

/// A text's bytes in a code page.
#[cfg(target_os = "windows")]
pub fn to_page(page: u32, text: &str) -> Vec<u8> {
    use windows_sys::Win32::Globalization::{CP_UTF8, WideCharToMultiByte};
    if page == CP_UTF8 {
        return text.as_bytes().to_vec();
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = alloc::vec![0_u8; units.len() * 4];
    let (count, room) = (units.len() as i32, bytes.len() as i32);
    // SAFETY: reads so many units, writes no more than there is room for.
    let length = unsafe { WideCharToMultiByte(page, 0, units.as_ptr(), count, bytes.as_mut_ptr(), room, core::ptr::null(), core::ptr::null_mut()) };
    bytes.truncate(length.max(0) as usize);
    bytes
}

/// A date as an English Windows shows it.
#[cfg(target_os = "windows")]
pub fn date(time: &windows_sys::Win32::Foundation::SYSTEMTIME) -> String {
    alloc::format!("{:02}/{:02}/{:04}", time.wMonth, time.wDay, time.wYear)
}

/// A time of day as an English Windows shows it.
#[cfg(target_os = "windows")]
pub fn clock(time: &windows_sys::Win32::Foundation::SYSTEMTIME) -> String {
    let half = if time.wHour < 12 { "AM" } else { "PM" };
    alloc::format!("{:02}:{:02} {half}", (time.wHour + 11) % 12 + 1, time.wMinute)
}

/// A day of the week and a date, as `%DATE%` has it.
#[cfg(target_os = "windows")]
pub fn weekday_date(time: &windows_sys::Win32::Foundation::SYSTEMTIME) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    alloc::format!("{} {}", DAYS[usize::from(time.wDayOfWeek) % 7], date(time))
}

/// A time of day to the hundredth of a second, as `%TIME%` has it.
#[cfg(target_os = "windows")]
pub fn exact_time(time: &windows_sys::Win32::Foundation::SYSTEMTIME) -> String {
    alloc::format!("{:>2}:{:02}:{:02}.{:02}", time.wHour, time.wMinute, time.wSecond, time.wMilliseconds / 10)
}

/// A file's time.
#[cfg(target_os = "windows")]
pub fn short_time(time: &windows_sys::Win32::Foundation::SYSTEMTIME) -> String {
    alloc::format!("{} {}", date(time), clock(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_kept_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn case_does_not_count() {
        assert!(same("Äa", "äA") && !same("a", "ab"));
        assert_eq!((strip("/D:x", "/d:"), strip("ä", "a")), (Some("x"), None));
    }
}
