//! stringapiset.h, and winbase.h's functions for texts.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::vec::Vec;
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FLAGS, ERROR_INVALID_PARAMETER, ERROR_NO_UNICODE_TRANSLATION};
use windows_sys::Win32::Globalization::*;

const UTF8: u32 = 65001;

/// Bytes of a page as units, or the error.
fn to_wide(page: u32, flags: u32, bytes: &[u8]) -> Result<Vec<u16>, u32> {
    let mut buffer = [0_u16; 64];
    clear_error();
    let length = unsafe { MultiByteToWideChar(page, flags, bytes.as_ptr(), bytes.len() as i32, buffer.as_mut_ptr(), 64) };
    if length == 0 { Err(last_error()) } else { Ok(buffer[..length as usize].to_vec()) }
}

/// Units as bytes of a page, and whether the default character was used; or the error.
fn to_bytes(page: u32, flags: u32, text: &str) -> Result<(Vec<u8>, bool), u32> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let (mut buffer, mut used) = ([0_u8; 64], 0);
    let asked = if page == UTF8 { core::ptr::null_mut() } else { &raw mut used };
    clear_error();
    let length = unsafe { WideCharToMultiByte(page, flags, units.as_ptr(), units.len() as i32, buffer.as_mut_ptr(), 64, core::ptr::null(), asked) };
    if length == 0 { Err(last_error()) } else { Ok((buffer[..length as usize].to_vec(), used != 0)) }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn order(flags: u32, left: &str, right: &str) -> i32 {
    let (left, right) = (units(left), units(right));
    unsafe { CompareStringW(0x409, flags, left.as_ptr(), left.len() as i32, right.as_ptr(), right.len() as i32) }
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!MultiByteToWideChar", Success, "pages of one byte, and UTF-8", {
            same!(to_wide(1252, 0, b"\x80\xE9a"), Ok(units("\u{20AC}\u{E9}a")));
            same!(to_wide(0, 0, b"\x80"), Ok(units("\u{20AC}")));
            same!(to_wide(437, 0, b"\x82\xC4"), Ok(units("\u{E9}\u{2500}")));
            same!(to_wide(1, 0, b"\x82"), Ok(units("\u{E9}")));
            same!(to_wide(28591, 0, b"\xA4"), Ok(units("\u{A4}")));
            same!(to_wide(UTF8, 0, "\u{E9}\u{4E2D}\u{1F600}".as_bytes()), Ok(units("\u{E9}\u{4E2D}\u{1F600}")));
            same!(to_wide(UTF8, 0, b"a\xFFb"), Ok(units("a\u{FFFD}b")));
        });
        case!(cases, "kernel32!MultiByteToWideChar", Success, "the room needed, with the NUL where the text has one", {
            same!(unsafe { MultiByteToWideChar(0, 0, c"abc".as_ptr().cast(), -1, core::ptr::null_mut(), 0) }, 4);
            same!(unsafe { MultiByteToWideChar(0, 0, c"abc".as_ptr().cast(), 3, core::ptr::null_mut(), 0) }, 3);
        });
        case!(cases, "kernel32!MultiByteToWideChar", Failure, "bytes that are no character, where that is refused", {
            same!(to_wide(UTF8, MB_ERR_INVALID_CHARS, b"a\xFFb"), Err(ERROR_NO_UNICODE_TRANSLATION));
            same!(to_wide(UTF8, MB_ERR_INVALID_CHARS, b"\xC3"), Err(ERROR_NO_UNICODE_TRANSLATION));
        });
        case!(cases, "kernel32!MultiByteToWideChar", Failure, "a page that is not there, flags, and no text", wine = "Wine takes flags with UTF-8 that the documentation refuses", {
            same!(to_wide(60000, 0, b"a"), Err(ERROR_INVALID_PARAMETER));
            same!(to_wide(UTF8, MB_PRECOMPOSED | MB_COMPOSITE, b"a"), Err(ERROR_INVALID_FLAGS));
            same!(to_wide(1252, 0x8000_0000, b"a"), Err(ERROR_INVALID_FLAGS));
            same!(to_wide(1252, 0, b""), Err(ERROR_INVALID_PARAMETER));
        });
        case!(cases, "kernel32!MultiByteToWideChar", Failure, "a buffer that is too small", {
            let mut buffer = [0_u16; 2];
            clear_error();
            same!(unsafe { MultiByteToWideChar(0, 0, c"abc".as_ptr().cast(), 3, buffer.as_mut_ptr(), 2) }, 0);
            same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
        });
        case!(cases, "kernel32!WideCharToMultiByte", Success, "pages of one byte, and UTF-8", {
            same!(to_bytes(1252, 0, "\u{20AC}\u{E9}a"), Ok((b"\x80\xE9a".to_vec(), false)));
            same!(to_bytes(437, 0, "\u{E9}"), Ok((b"\x82".to_vec(), false)));
            same!(to_bytes(UTF8, 0, "\u{E9}\u{4E2D}\u{1F600}"), Ok(("\u{E9}\u{4E2D}\u{1F600}".as_bytes().to_vec(), false)));
            same!(to_bytes(1252, 0, "a\u{4E2D}b"), Ok((b"a?b".to_vec(), true)));
            same!(unsafe { WideCharToMultiByte(0, 0, wide("abc").as_ptr(), -1, core::ptr::null_mut(), 0, core::ptr::null(), core::ptr::null_mut()) }, 4);
        });
        case!(cases, "kernel32!WideCharToMultiByte", Success, "a letter without its mark stands for one that the page lacks, unless that is refused", {
            same!(to_bytes(1252, 0, "\u{101}"), Ok((b"a".to_vec(), false)));
            same!(to_bytes(1252, WC_NO_BEST_FIT_CHARS, "\u{101}"), Ok((b"?".to_vec(), true)));
        });
        case!(cases, "kernel32!WideCharToMultiByte", Failure, "flags, halves of characters, a default character for UTF-8, and a small buffer", wine = "documented: for UTF-8 the default character and the flag that it was used must be NULL; Wine takes them", {
            same!(to_bytes(1252, 0x8000_0000, "a"), Err(ERROR_INVALID_FLAGS));
            let (half, mut buffer, mut used) = ([0xD800_u16], [0_u8; 8], 0);
            clear_error();
            same!(unsafe { WideCharToMultiByte(UTF8, WC_ERR_INVALID_CHARS, half.as_ptr(), 1, buffer.as_mut_ptr(), 8, core::ptr::null(), core::ptr::null_mut()) }, 0);
            same!(last_error(), ERROR_NO_UNICODE_TRANSLATION);
            clear_error();
            same!(unsafe { WideCharToMultiByte(UTF8, 0, wide("a").as_ptr(), 1, buffer.as_mut_ptr(), 2, core::ptr::null(), &raw mut used) }, 0);
            same!(last_error(), ERROR_INVALID_PARAMETER);
            clear_error();
            same!(unsafe { WideCharToMultiByte(0, 0, wide("abc").as_ptr(), 3, buffer.as_mut_ptr(), 2, core::ptr::null(), core::ptr::null_mut()) }, 0);
            same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
        });
        comparison(&mut cases);
        kinds(&mut cases);
        old(&mut cases);
        cases.code()
    }
}

fn comparison(cases: &mut Cases) {
    case!(cases, "kernel32!CompareStringW", Success, "words before case, case before nothing else", {
        for (flags, left, right, expected) in [
            (0, "a", "b", CSTR_LESS_THAN),
            (0, "a", "A", CSTR_LESS_THAN),
            (0, "B", "a", CSTR_GREATER_THAN),
            (NORM_IGNORECASE, "Hello", "hELLO", CSTR_EQUAL),
            (0, "abc", "abcd", CSTR_LESS_THAN),
            (0, "e", "\u{E9}", CSTR_LESS_THAN),
            (0, "\u{E9}", "f", CSTR_LESS_THAN),
            (NORM_IGNORENONSPACE, "e", "\u{E9}", CSTR_EQUAL),
            (0, "", "", CSTR_EQUAL),
            (SORT_DIGITSASNUMBERS, "file10", "file9", CSTR_GREATER_THAN),
        ] {
            same!((left, right, order(flags, left, right)), (left, right, expected));
        }
    });
    case!(cases, "kernel32!CompareStringW kernel32!CompareStringEx", Failure, "flags, and no text", {
        clear_error();
        same!((order(0x8000_0000, "a", "b"), last_error()), (0, ERROR_INVALID_FLAGS));
        clear_error();
        let text = wide("a");
        same!(unsafe { CompareStringW(0x409, 0, core::ptr::null(), -1, text.as_ptr(), -1) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
        clear_error();
        let found = unsafe {
            CompareStringEx(wide("xx-none-such").as_ptr(), 0, text.as_ptr(), -1, text.as_ptr(), -1, core::ptr::null(), core::ptr::null(), 0)
        };
        holds!(found == CSTR_EQUAL || last_error() == ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!CompareStringA", Success, "ANSI texts", {
        same!(unsafe { CompareStringA(0x409, NORM_IGNORECASE, c"ABC".as_ptr().cast(), -1, c"abc".as_ptr().cast(), -1) }, CSTR_EQUAL);
    });
    case!(cases, "kernel32!CompareStringOrdinal", Success, "units, and capitals of units", {
        let compare = |left: &str, right: &str, ignore| unsafe { CompareStringOrdinal(wide(left).as_ptr(), -1, wide(right).as_ptr(), -1, ignore) };
        same!([compare("a", "B", 0), compare("a", "B", 1), compare("abc", "ABC", 1), compare("\u{E9}", "\u{C9}", 1)], [3, 1, 2, 2]);
    });
    case!(cases, "kernel32!CompareStringOrdinal", Failure, "no text", {
        clear_error();
        same!(unsafe { CompareStringOrdinal(core::ptr::null(), -1, wide("a").as_ptr(), -1, 0) }, 0);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
}

fn kinds(cases: &mut Cases) {
    case!(cases, "kernel32!GetStringTypeW kernel32!GetStringTypeExW", Success, "letters, digits, blanks, signs", {
        let text = units("aZ5 \t!\u{E9}\u{4E2D}");
        let mut found = [0_u16; 8];
        same!(unsafe { GetStringTypeW(CT_CTYPE1, text.as_ptr(), 8, found.as_mut_ptr()) }, 1);
        let wanted = [
            C1_LOWER | C1_ALPHA | C1_XDIGIT,
            C1_UPPER | C1_ALPHA,
            C1_DIGIT | C1_XDIGIT,
            C1_SPACE | C1_BLANK,
            C1_SPACE | C1_BLANK | C1_CNTRL,
            C1_PUNCT,
            C1_LOWER | C1_ALPHA,
            C1_ALPHA,
        ];
        for (kind, wanted) in found.iter().zip(wanted) {
            same!(u32::from(*kind) & wanted, wanted);
        }
        let mut again = [0_u16; 8];
        same!(unsafe { GetStringTypeExW(0x409, CT_CTYPE1, text.as_ptr(), 8, again.as_mut_ptr()) }, 1);
        same!(again, found);
    });
    case!(cases, "kernel32!GetStringTypeW", Failure, "a table that is not there", wine = "Wine answers ERROR_INVALID_PARAMETER", {
        let mut found = [0_u16; 1];
        clear_error();
        same!(unsafe { GetStringTypeW(9, wide("a").as_ptr(), 1, found.as_mut_ptr()) }, 0);
        same!(last_error(), ERROR_INVALID_FLAGS);
    });
    case!(cases, "kernel32!FoldStringW", Success, "digits and forms", {
        let mut buffer = [0_u16; 8];
        let text = units("\u{663}");
        same!(unsafe { FoldStringW(MAP_FOLDDIGITS, text.as_ptr(), 1, buffer.as_mut_ptr(), 8) }, 1);
        same!(buffer[0], 0x33);
        let text = units("\u{E9}");
        same!(unsafe { FoldStringW(MAP_COMPOSITE, text.as_ptr(), 1, buffer.as_mut_ptr(), 8) }, 2);
        same!(&buffer[..2], [0x65, 0x301]);
    });
    case!(cases, "kernel32!FoldStringW", Failure, "two forms at once", {
        let mut buffer = [0_u16; 8];
        clear_error();
        same!(unsafe { FoldStringW(MAP_COMPOSITE | MAP_PRECOMPOSED, wide("a").as_ptr(), 1, buffer.as_mut_ptr(), 8) }, 0);
        same!(last_error(), ERROR_INVALID_FLAGS);
    });
}

windows_link::link!("kernel32.dll" "system" fn lstrlenW(text: *const u16) -> i32);
windows_link::link!("kernel32.dll" "system" fn lstrlenA(text: *const u8) -> i32);
windows_link::link!("kernel32.dll" "system" fn lstrcmpW(left: *const u16, right: *const u16) -> i32);
windows_link::link!("kernel32.dll" "system" fn lstrcmpiW(left: *const u16, right: *const u16) -> i32);
windows_link::link!("kernel32.dll" "system" fn lstrcmpiA(left: *const u8, right: *const u8) -> i32);
windows_link::link!("kernel32.dll" "system" fn lstrcpynW(target: *mut u16, source: *const u16, room: i32) -> *mut u16);
windows_link::link!("kernel32.dll" "system" fn lstrcatW(target: *mut u16, source: *const u16) -> *mut u16);
windows_link::link!("kernel32.dll" "system" fn lstrcpyW(target: *mut u16, source: *const u16) -> *mut u16);

fn old(cases: &mut Cases) {
    case!(cases, "kernel32!lstrlenW kernel32!lstrlenA", Total, "lengths, 0 for NULL", {
        unsafe {
            same!(
                [lstrlenW(wide("abc").as_ptr()), lstrlenW(core::ptr::null()), lstrlenA(c"ab".as_ptr().cast()), lstrlenA(core::ptr::null())],
                [3, 0, 2, 0]
            );
        }
    });
    case!(cases, "kernel32!lstrcmpW kernel32!lstrcmpiW kernel32!lstrcmpiA", Total, "the user's order, as a sign", {
        let compare = |left: &str, right: &str| unsafe { lstrcmpW(wide(left).as_ptr(), wide(right).as_ptr()).signum() };
        same!([compare("a", "b"), compare("B", "a"), compare("a", "a"), compare("a", "A")], [-1, 1, 0, -1]);
        unsafe {
            same!(lstrcmpiW(wide("ABC").as_ptr(), wide("abc").as_ptr()), 0);
            same!(lstrcmpiA(c"ABC".as_ptr().cast(), c"abd".as_ptr().cast()).signum(), -1);
        }
    });
    case!(cases, "kernel32!lstrcpynW kernel32!lstrcatW kernel32!lstrcpyW", Total, "copies end in a NUL inside of their room", {
        let mut buffer = [0x7A_u16; 8];
        unsafe {
            same!(lstrcpynW(buffer.as_mut_ptr(), wide("abcdef").as_ptr(), 4), buffer.as_mut_ptr());
            same!(&buffer[..5], [0x61, 0x62, 0x63, 0, 0x7A]);
            lstrcatW(buffer.as_mut_ptr(), wide("xy").as_ptr());
            same!(narrow(&buffer), "abcxy");
            lstrcpyW(buffer.as_mut_ptr(), wide("q").as_ptr());
            same!(narrow(&buffer), "q");
        }
    });
}
