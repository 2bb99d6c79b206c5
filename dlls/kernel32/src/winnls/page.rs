//! Code pages.

use crate::stringapiset::page_number;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use guest::call::{Answer, Bool};
use guest::error::Win32Error;
use guest::nls::{self, ANSI, OEM, UTF8};
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::{CP_INSTALLED, CP_SUPPORTED, CPINFO, CPINFOEXA, CPINFOEXW};

/// The ANSI code page.
#[shim(ix = 44, mapping = "the user's locale", risk = Wrong("texts in a wrong code page"))]
pub unsafe extern "system" fn GetACP() -> u32 {
    ANSI
}

/// The OEM code page.
#[shim(ix = 73, mapping = "the user's locale", risk = Wrong("texts in a wrong code page"))]
pub unsafe extern "system" fn GetOEMCP() -> u32 {
    OEM
}

/// Whether a code page can be converted.
#[shim(ix = 78, mapping = "the table of code pages", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsValidCodePage(page: u32) -> i32 {
    nls::is_known(page).into()
}

/// Whether a byte starts a character of two bytes in the ANSI code page.
#[shim(ix = 499, mapping = "the table of code pages", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsDBCSLeadByte(byte: u8) -> i32 {
    nls::is_lead_byte(ANSI, byte).into()
}

/// Whether a byte starts a character of two bytes in a code page.
#[shim(ix = 183, mapping = "the table of code pages", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn IsDBCSLeadByteEx(page: u32, byte: u8) -> Result<Answer, Win32Error> {
    Ok(Answer(nls::is_lead_byte(page_number(page)?, byte)))
}

/// The most bytes of a character.
fn longest(page: u32) -> u32 {
    if page == UTF8 { 4 } else { 1 }
}

/// Answers the form of a code page.
#[shim(ix = 49, mapping = "the table of code pages", risk = Wrong("a wrong form"))]
pub unsafe extern "system" fn GetCPInfo(page: u32, info: *mut CPINFO) -> Result<Bool, Win32Error> {
    let page = page_number(page)?;
    if info.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    unsafe { info.write(CPINFO { MaxCharSize: longest(page), DefaultChar: [b'?', 0], LeadByte: [0; 12] }) };
    Ok(Bool)
}

fn full_name(page: u32) -> String {
    format!("{page:<5} ({})", nls::name(page).unwrap_or("Symbol"))
}

fn unicode_default(page: u32) -> u16 {
    if page == UTF8 { 0xFFFD } else { b'?'.into() }
}

/// Answers the form and the name of a code page.
#[shim(ix = 262, mapping = "the table of code pages", risk = Wrong("a wrong form"))]
pub unsafe extern "system" fn GetCPInfoExW(page: u32, flags: u32, info: *mut CPINFOEXW) -> Result<Bool, Win32Error> {
    let page = page_number(page)?;
    if flags != 0 || info.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut name = [0; 260];
    name.iter_mut().zip(full_name(page).encode_utf16()).for_each(|(target, unit)| *target = unit);
    unsafe {
        info.write(CPINFOEXW {
            MaxCharSize: longest(page),
            DefaultChar: [b'?', 0],
            LeadByte: [0; 12],
            UnicodeDefaultChar: unicode_default(page),
            CodePage: page,
            CodePageName: name,
        })
    };
    Ok(Bool)
}

/// Answers the form and the name of a code page.
#[shim(ix = 612, mapping = "the table of code pages", risk = Wrong("a wrong form"))]
pub unsafe extern "system" fn GetCPInfoExA(page: u32, flags: u32, info: *mut CPINFOEXA) -> Result<Bool, Win32Error> {
    let page = page_number(page)?;
    if flags != 0 || info.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let mut name = [0; 260];
    name.iter_mut().zip(full_name(page).bytes()).for_each(|(target, byte)| *target = byte as i8);
    unsafe {
        info.write(CPINFOEXA {
            MaxCharSize: longest(page),
            DefaultChar: [b'?', 0],
            LeadByte: [0; 12],
            UnicodeDefaultChar: unicode_default(page),
            CodePage: page,
            CodePageName: name,
        })
    };
    Ok(Bool)
}

fn enumerable(flags: u32) -> Result<Vec<u32>, Win32Error> {
    if matches!(flags, CP_INSTALLED | CP_SUPPORTED) { Ok(nls::numbers()) } else { Err(Win32Error(ERROR_INVALID_FLAGS)) }
}

/// Calls back with each code page's number, until the callback answers FALSE.
#[shim(ix = 613, mapping = "the table of code pages", risk = Wrong("a page that is missing"))]
pub unsafe extern "system" fn EnumSystemCodePagesW(
    callback: Option<unsafe extern "system" fn(*const u16) -> i32>,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let callback = callback.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    for page in enumerable(flags)? {
        let number = text::terminated(&format!("{page}"));
        if unsafe { callback(number.as_ptr()) } == 0 {
            break;
        }
    }
    Ok(Bool)
}

/// Calls back with each code page's number, until the callback answers FALSE.
#[shim(ix = 614, mapping = "the table of code pages", risk = Wrong("a page that is missing"))]
pub unsafe extern "system" fn EnumSystemCodePagesA(
    callback: Option<unsafe extern "system" fn(*const u8) -> i32>,
    flags: u32,
) -> Result<Bool, Win32Error> {
    let callback = callback.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    for page in enumerable(flags)? {
        let number = format!("{page}\0");
        if unsafe { callback(number.as_ptr()) } == 0 {
            break;
        }
    }
    Ok(Bool)
}
