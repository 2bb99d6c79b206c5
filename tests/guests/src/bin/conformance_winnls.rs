//! winnls.h: locales, code pages, other forms of texts.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::Globalization::*;

fn info(kind: u32) -> String {
    let mut buffer = [0_u16; 128];
    let length = unsafe { GetLocaleInfoW(0x409, kind, buffer.as_mut_ptr(), 128) };
    if length == 0 { String::new() } else { narrow(&buffer) }
}

fn mapped(flags: u32, text: &str) -> String {
    let mut buffer = [0_u16; 64];
    unsafe { LCMapStringW(0x409, flags, wide(text).as_ptr(), -1, buffer.as_mut_ptr(), 64) };
    narrow(&buffer)
}

unsafe extern "system" fn count(_name: *const u16) -> i32 {
    use core::sync::atomic::{AtomicI32, Ordering};
    static LEFT: AtomicI32 = AtomicI32::new(3);
    (LEFT.fetch_sub(1, Ordering::Relaxed) > 1).into()
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!GetACP kernel32!GetOEMCP kernel32!IsValidCodePage", Total, "the code pages of an English Windows", {
            unsafe {
                same!((GetACP(), GetOEMCP()), (1252, 437));
                same!([IsValidCodePage(1252), IsValidCodePage(437), IsValidCodePage(65001), IsValidCodePage(60000)], [1, 1, 1, 0]);
            }
        });
        case!(cases, "kernel32!GetCPInfo kernel32!GetCPInfoExW", Success, "one byte, four bytes", {
            let mut info = unsafe { core::mem::zeroed::<CPINFO>() };
            same!(unsafe { GetCPInfo(0, &raw mut info) }, 1);
            same!((info.MaxCharSize, info.DefaultChar[0], info.LeadByte[0]), (1, b'?', 0));
            same!(unsafe { GetCPInfo(65001, &raw mut info) }, 1);
            same!(info.MaxCharSize, 4);
            let mut more = unsafe { core::mem::zeroed::<CPINFOEXW>() };
            same!(unsafe { GetCPInfoExW(1, 0, &raw mut more) }, 1);
            same!(more.CodePage, 437);
        });
        case!(cases, "kernel32!GetCPInfo", Failure, "a page that is not there", {
            let mut info = unsafe { core::mem::zeroed::<CPINFO>() };
            clear_error();
            same!(unsafe { GetCPInfo(60000, &raw mut info) }, 0);
            same!(last_error(), ERROR_INVALID_PARAMETER);
        });
        case!(cases, "kernel32!GetUserDefaultLCID kernel32!GetSystemDefaultLCID kernel32!GetThreadLocale kernel32!GetUserDefaultLangID", Total, "American English", {
            unsafe {
                same!([GetUserDefaultLCID(), GetSystemDefaultLCID(), GetThreadLocale()], [0x409, 0x409, 0x409]);
                same!([GetUserDefaultLangID(), GetSystemDefaultLangID(), GetUserDefaultUILanguage()], [0x409, 0x409, 0x409]);
            }
        });
        case!(cases, "kernel32!GetUserDefaultLocaleName", Success, "its name", {
            let mut name = [0_u16; 85];
            same!(unsafe { GetUserDefaultLocaleName(name.as_mut_ptr(), 85) }, 6);
            same!(narrow(&name), "en-US");
        });
        case!(cases, "kernel32!GetUserDefaultLocaleName", Failure, "a buffer that is too small", {
            let mut name = [0_u16; 3];
            clear_error();
            same!(unsafe { GetUserDefaultLocaleName(name.as_mut_ptr(), 3) }, 0);
            same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
        });
        case!(cases, "kernel32!GetLocaleInfoW", Success, "conventions", {
            for (kind, expected) in [
                (LOCALE_SDECIMAL, "."), (LOCALE_STHOUSAND, ","), (LOCALE_SISO639LANGNAME, "en"), (LOCALE_SISO3166CTRYNAME, "US"), (LOCALE_SENGLISHLANGUAGENAME, "English"),
                (LOCALE_SDAYNAME1, "Monday"), (LOCALE_SMONTHNAME12, "December"), (LOCALE_SCURRENCY, "$"), (LOCALE_SSHORTDATE, "M/d/yyyy"), (LOCALE_IDEFAULTANSICODEPAGE, "1252"),
            ] {
                same!((kind, info(kind)), (kind, expected.into()));
            }
            let mut number = 0_u32;
            same!(unsafe { GetLocaleInfoW(0x409, LOCALE_IDEFAULTCODEPAGE | LOCALE_RETURN_NUMBER, (&raw mut number).cast(), 2) }, 2);
            same!(number, 437);
        });
        case!(cases, "kernel32!GetLocaleInfoW kernel32!GetLocaleInfoEx", Failure, "a small buffer, a kind and a locale that are not there", {
            let mut buffer = [0_u16; 1];
            clear_error();
            same!((unsafe { GetLocaleInfoW(0x409, LOCALE_SDAYNAME1, buffer.as_mut_ptr(), 1) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
            clear_error();
            same!((unsafe { GetLocaleInfoW(0x409, 0xFFF, buffer.as_mut_ptr(), 1) }, last_error()), (0, ERROR_INVALID_FLAGS));
            clear_error();
            same!((unsafe { GetLocaleInfoEx(wide("not a locale").as_ptr(), LOCALE_SNAME, buffer.as_mut_ptr(), 1) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        });
        case!(cases, "kernel32!LCIDToLocaleName kernel32!LocaleNameToLCID kernel32!IsValidLocale kernel32!IsValidLocaleName", Success, "names and numbers", {
            let mut name = [0_u16; 85];
            same!(unsafe { LCIDToLocaleName(0x407, name.as_mut_ptr(), 85, 0) }, 6);
            same!(narrow(&name), "de-DE");
            unsafe {
                same!([LocaleNameToLCID(wide("de-DE").as_ptr(), 0), LocaleNameToLCID(wide("ja-JP").as_ptr(), 0)], [0x407, 0x411]);
                same!([IsValidLocale(0x409, LCID_INSTALLED), IsValidLocale(0xF0F0, LCID_SUPPORTED)], [1, 0]);
                same!([IsValidLocaleName(wide("en-US").as_ptr()), IsValidLocaleName(wide("not a locale").as_ptr())], [1, 0]);
            }
        });
        case!(cases, "kernel32!LocaleNameToLCID", Failure, "a name that is none", {
            clear_error();
            same!((unsafe { LocaleNameToLCID(wide("not a locale").as_ptr(), 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        });
        case!(cases, "kernel32!EnumSystemLocalesW", Success, "it stops when the callback says so", {
            same!(unsafe { EnumSystemLocalesW(Some(count), LCID_SUPPORTED) }, 1);
        });
        case!(cases, "kernel32!LCMapStringW", Success, "case, widths, in place", {
            same!(mapped(LCMAP_UPPERCASE, "abc\u{E9}\u{DF}"), "ABC\u{C9}\u{DF}");
            same!(mapped(LCMAP_LOWERCASE, "ABC\u{C9}\u{416}"), "abc\u{E9}\u{436}");
            same!(mapped(LCMAP_FULLWIDTH, "A"), "\u{FF21}");
            let mut text = wide("mixed");
            same!(unsafe { LCMapStringW(0x409, LCMAP_UPPERCASE, text.as_ptr(), -1, text.as_mut_ptr(), 6) }, 6);
            same!(narrow(&text), "MIXED");
        });
        case!(cases, "kernel32!LCMapStringW", Success, "sort keys compare as their texts do", {
            let key = |text: &str| {
                let mut buffer = [0_u8; 128];
                let length = unsafe { LCMapStringW(0x409, LCMAP_SORTKEY, wide(text).as_ptr(), -1, buffer.as_mut_ptr().cast(), 128) };
                buffer[..length as usize].to_vec()
            };
            holds!(key("a") < key("b") && key("a") < key("A") && key("A") < key("b") && key("e") < key("\u{E9}") && key("x") == key("x"));
        });
        case!(cases, "kernel32!LCMapStringW kernel32!LCMapStringEx", Failure, "both cases, and a small buffer", {
            let mut buffer = [0_u16; 2];
            clear_error();
            same!((unsafe { LCMapStringW(0x409, LCMAP_LOWERCASE | LCMAP_UPPERCASE, wide("a").as_ptr(), -1, buffer.as_mut_ptr(), 2) }, last_error()), (0, ERROR_INVALID_FLAGS));
            clear_error();
            same!((unsafe { LCMapStringW(0x409, LCMAP_UPPERCASE, wide("abc").as_ptr(), -1, buffer.as_mut_ptr(), 2) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
            clear_error();
            let found = unsafe { LCMapStringEx(wide("en-US").as_ptr(), LCMAP_UPPERCASE, core::ptr::null(), 1, buffer.as_mut_ptr(), 2, core::ptr::null(), core::ptr::null(), 0) };
            same!((found, last_error()), (0, ERROR_INVALID_PARAMETER));
        });
        case!(cases, "kernel32!GetNumberFormatW kernel32!GetCurrencyFormatW", Success, "American figures", wine = "Wine groups negative numbers wrongly", {
            let mut buffer = [0_u16; 64];
            unsafe {
                holds!(GetNumberFormatW(0x409, 0, wide("-1234567.891").as_ptr(), core::ptr::null(), buffer.as_mut_ptr(), 64) > 0);
                same!(narrow(&buffer), "-1,234,567.89");
                holds!(GetCurrencyFormatW(0x409, 0, wide("1234.5").as_ptr(), core::ptr::null(), buffer.as_mut_ptr(), 64) > 0);
                same!(narrow(&buffer), "$1,234.50");
            }
        });
        case!(cases, "kernel32!GetNumberFormatW", Failure, "a text that is no number", {
            let mut buffer = [0_u16; 64];
            clear_error();
            same!((unsafe { GetNumberFormatW(0x409, 0, wide("12x").as_ptr(), core::ptr::null(), buffer.as_mut_ptr(), 64) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        });
        cases.code()
    }
}
