//! winuser.h, what is of text.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ptr::null_mut;
use guests::files::ansi;
use guests::{Cases, case, narrow, same, wide};
use windows_sys::Win32::UI::WindowsAndMessaging::*;

windows_link::link!("user32.dll" "C" fn wsprintfW(target: *mut u16, format: *const u16, ...) -> i32);
windows_link::link!("user32.dll" "system" fn IsCharLowerW(unit: u16) -> i32);
windows_link::link!("user32.dll" "C" fn wsprintfA(target: *mut u8, format: *const u8, ...) -> i32);

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        letters(&mut cases);
        steps(&mut cases);
        pages(&mut cases);
        formats(&mut cases);
        strings(&mut cases);
        cases.code()
    }
}

fn letters(cases: &mut Cases) {
    case!(cases, "user32!CharUpperW", Total, "a text, and a character alone", {
        let mut text = wide("aä-é1");
        same!(unsafe { CharUpperW(text.as_mut_ptr()) }, text.as_mut_ptr());
        same!(narrow(&text), "AÄ-É1");
        same!(unsafe { CharUpperW(0x61_usize as *mut u16) } as usize, 0x41);
    });
    case!(cases, "user32!CharLowerW", Total, "a text, and a character alone", {
        let mut text = wide("AÄ-É1");
        same!(unsafe { CharLowerW(text.as_mut_ptr()) }, text.as_mut_ptr());
        same!(narrow(&text), "aä-é1");
        same!(unsafe { CharLowerW(0x41_usize as *mut u16) } as usize, 0x61);
    });
    case!(cases, "user32!CharUpperA user32!CharLowerA", Total, "ANSI letters", {
        let mut text = *b"a\xE9z1\0";
        unsafe { CharUpperA(text.as_mut_ptr()) };
        same!(text, *b"A\xC9Z1\0");
        unsafe { CharLowerA(text.as_mut_ptr()) };
        same!(text, *b"a\xE9z1\0");
    });
    case!(cases, "user32!CharUpperBuffW user32!CharLowerBuffW", Total, "so many, and no more", {
        let mut text = wide("abcd");
        same!(unsafe { CharUpperBuffW(text.as_mut_ptr(), 2) }, 2);
        same!(narrow(&text), "ABcd");
        same!(unsafe { CharLowerBuffW(text.as_mut_ptr(), 1) }, 1);
        same!(narrow(&text), "aBcd");
    });
    case!(cases, "user32!CharUpperBuffA user32!CharLowerBuffA", Total, "so many, and no more", {
        let mut text = *b"abcd\0";
        same!((unsafe { CharUpperBuffA(text.as_mut_ptr(), 2) }, text), (2, *b"ABcd\0"));
        same!((unsafe { CharLowerBuffA(text.as_mut_ptr(), 1) }, text), (1, *b"aBcd\0"));
    });
    case!(cases, "user32!IsCharAlphaW user32!IsCharAlphaNumericW user32!IsCharUpperW user32!IsCharLowerW", Total, "classes", {
        let told = |unit: u16| unsafe { [IsCharAlphaW(unit), IsCharAlphaNumericW(unit), IsCharUpperW(unit), IsCharLowerW(unit)] };
        let told = |unit: char| told(unit as u16).map(|answer| answer != 0);
        same!(told('a'), [true, true, false, true]);
        same!(told('Ä'), [true, true, true, false]);
        same!(told('7'), [false, true, false, false]);
        same!(told('-'), [false; 4]);
    });
    case!(cases, "user32!IsCharAlphaA user32!IsCharAlphaNumericA user32!IsCharUpperA user32!IsCharLowerA", Total, "classes", {
        let told = |byte: u8| {
            unsafe { [IsCharAlphaA(byte as i8), IsCharAlphaNumericA(byte as i8), IsCharUpperA(byte as i8), IsCharLowerA(byte as i8)] }
                .map(|answer| answer != 0)
        };
        same!(told(b'a'), [true, true, false, true]);
        same!(told(0xC4), [true, true, true, false]);
        same!(told(b'7'), [false, true, false, false]);
    });
}

fn steps(cases: &mut Cases) {
    case!(cases, "user32!CharNextW user32!CharPrevW", Total, "stop at the ends", {
        let text = wide("ab");
        let start = text.as_ptr().cast_mut();
        same!(unsafe { CharNextW(start) }, unsafe { start.add(1) });
        same!(unsafe { CharNextW(start.add(2)) }, unsafe { start.add(2) });
        same!(unsafe { CharPrevW(start, start.add(1)) }, start);
        same!(unsafe { CharPrevW(start, start) }, start);
    });
    case!(cases, "user32!CharNextA user32!CharPrevA user32!CharNextExA user32!CharPrevExA", Total, "stop at the ends", {
        let text = ansi("ab");
        let start = text.as_ptr().cast_mut();
        same!(unsafe { CharNextA(start) }, unsafe { start.add(1) });
        same!(unsafe { CharNextA(start.add(2)) }, unsafe { start.add(2) });
        same!(unsafe { CharPrevA(start, start.add(2)) }, unsafe { start.add(1) });
        same!(unsafe { CharPrevA(start, start) }, start);
        same!(unsafe { CharNextExA(1252, start, 0) }, unsafe { start.add(1) });
        same!(unsafe { CharPrevExA(1252, start, start.add(1), 0) }, start);
    });
}

fn pages(cases: &mut Cases) {
    case!(cases, "user32!CharToOemW user32!OemToCharW", Total, "there and back", {
        let (mut oem, mut back) = ([0xFF_u8; 4], [0xFFFF_u16; 4]);
        same!(unsafe { CharToOemW(wide("äé").as_ptr(), oem.as_mut_ptr()) }, 1);
        same!(oem, [0x84, 0x82, 0, 0xFF]);
        same!(unsafe { OemToCharW(oem.as_ptr(), back.as_mut_ptr()) }, 1);
        same!(back, [0xE4, 0xE9, 0, 0xFFFF]);
    });
    case!(cases, "user32!CharToOemA user32!OemToCharA", Total, "there and back", {
        let (mut oem, mut back) = ([0xFF_u8; 4], [0xFF_u8; 4]);
        same!(unsafe { CharToOemA(c"\xE4\xE9".as_ptr().cast(), oem.as_mut_ptr()) }, 1);
        same!(oem, [0x84, 0x82, 0, 0xFF]);
        same!(unsafe { OemToCharA(oem.as_ptr(), back.as_mut_ptr()) }, 1);
        same!(back, [0xE4, 0xE9, 0, 0xFF]);
    });
    case!(cases, "user32!CharToOemBuffA user32!OemToCharBuffA user32!CharToOemBuffW user32!OemToCharBuffW", Total, "so many, and no more", {
        let (mut oem, mut units) = ([0xFF_u8; 3], [0xFFFF_u16; 3]);
        same!(unsafe { CharToOemBuffA(b"\xE4\xE9x".as_ptr(), oem.as_mut_ptr(), 2) }, 1);
        same!(oem, [0x84, 0x82, 0xFF]);
        same!(unsafe { OemToCharBuffW(oem.as_ptr(), units.as_mut_ptr(), 2) }, 1);
        same!(units, [0xE4, 0xE9, 0xFFFF]);
        same!(unsafe { CharToOemBuffW(units.as_ptr(), oem.as_mut_ptr(), 1) }, 1);
        same!(unsafe { OemToCharBuffA(oem.as_ptr(), oem.as_mut_ptr(), 1) }, 1);
        same!(oem, [0xE4, 0x82, 0xFF]);
    });
}

fn formats(cases: &mut Cases) {
    case!(cases, "user32!wsprintfW", Total, "numbers and texts", {
        let mut buffer = [0xFFFF_u16; 200];
        let (text, bytes) = (wide("wide"), ansi("bytes"));
        let format = wide("%d|%5u|%-4x|%04X|%s|%hs|%S|%c|%%|%.2s|%6s|");
        let length = unsafe {
            let (text, bytes) = (text.as_ptr(), bytes.as_ptr());
            wsprintfW(buffer.as_mut_ptr(), format.as_ptr(), -5, 42_u32, 0xAB_u32, 0xCD_u32, text, bytes, bytes, 0x41_u32, text, text)
        };
        same!(narrow(&buffer), "-5|   42|ab  |00CD|wide|bytes|bytes|A|%|wi|  wide|");
        same!(length as usize, narrow(&buffer).len());
    });
    case!(cases, "user32!wsprintfA", Total, "numbers and texts", {
        let mut buffer = [0xFF_u8; 200];
        let (text, bytes) = (wide("wide"), ansi("bytes"));
        let length =
            unsafe { wsprintfA(buffer.as_mut_ptr(), ansi("%d %s %ls %S %c").as_ptr(), 7, bytes.as_ptr(), text.as_ptr(), text.as_ptr(), 0x42) };
        same!(&buffer[..length as usize + 1], b"7 bytes wide wide B\0");
    });
    case!(cases, "user32!wvsprintfW user32!wvsprintfA", Total, "arguments in a list", {
        let arguments = [7_usize, 8];
        let (mut units, mut bytes) = ([0_u16; 20], [0_u8; 20]);
        same!(unsafe { wvsprintfW(units.as_mut_ptr(), wide("%d-%d").as_ptr(), arguments.as_ptr().cast()) }, 3);
        same!(narrow(&units), "7-8");
        same!(unsafe { wvsprintfA(bytes.as_mut_ptr(), ansi("%d-%d").as_ptr(), arguments.as_ptr().cast()) }, 3);
        same!(&bytes[..4], b"7-8\0");
    });
}

fn strings(cases: &mut Cases) {
    case!(cases, "user32!LoadStringW user32!LoadStringA", Failure, "a program without texts", {
        let (mut units, mut bytes) = ([0_u16; 20], [0_u8; 20]);
        same!(unsafe { LoadStringW(null_mut(), 1, units.as_mut_ptr(), 20) }, 0);
        same!(unsafe { LoadStringA(null_mut(), 1, bytes.as_mut_ptr(), 20) }, 0);
        same!(String::from_utf16_lossy(&units[..1]), "\0");
    });
}
