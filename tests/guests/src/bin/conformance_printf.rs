//! `printf` and `scanf` on memory, as `msvcrt.dll`, `ucrtbase.dll` and `ntdll.dll` have them.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ffi::{CStr, c_void};
use core::ptr::null;
use guests::{Cases, case, same};

#[cfg_attr(target_arch = "x86", link(name = "msvcrt", kind = "raw-dylib", import_name_type = "undecorated"))]
#[cfg_attr(not(target_arch = "x86"), link(name = "msvcrt", kind = "raw-dylib"))]
unsafe extern "C" {
    fn sprintf(to: *mut u8, format: *const i8, ...) -> i32;
    #[cfg_attr(target_arch = "x86", link_name = "__snprintf")]
    fn _snprintf(to: *mut u8, size: usize, format: *const i8, ...) -> i32;
    #[cfg_attr(target_arch = "x86", link_name = "__vscprintf")]
    fn _vscprintf(format: *const i8, arguments: *const u64) -> i32;
    fn swprintf(to: *mut u16, format: *const u16, ...) -> i32;
    fn sscanf(from: *const i8, format: *const i8, ...) -> i32;
}

#[cfg_attr(target_arch = "x86", link(name = "ucrtbase", kind = "raw-dylib", import_name_type = "undecorated"))]
#[cfg_attr(not(target_arch = "x86"), link(name = "ucrtbase", kind = "raw-dylib"))]
unsafe extern "C" {
    #[cfg_attr(target_arch = "x86", link_name = "___stdio_common_vsprintf")]
    fn __stdio_common_vsprintf(bits: u64, to: *mut u8, size: usize, format: *const i8, locale: *const c_void, arguments: *const u64) -> i32;
    #[cfg_attr(target_arch = "x86", link_name = "___stdio_common_vsscanf")]
    fn __stdio_common_vsscanf(bits: u64, from: *const i8, most: usize, format: *const i8, locale: *const c_void, arguments: *const u64) -> i32;
}

mod base {
    #[cfg_attr(target_arch = "x86", link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated"))]
    #[cfg_attr(not(target_arch = "x86"), link(name = "ntdll", kind = "raw-dylib"))]
    unsafe extern "C" {
        #[cfg_attr(target_arch = "x86", link_name = "__snprintf")]
        pub fn _snprintf(to: *mut u8, size: usize, format: *const i8, ...) -> i32;
    }
}

fn text(room: &[u8]) -> String {
    String::from_utf8_lossy(CStr::from_bytes_until_nul(room).unwrap_or(c"no NUL").to_bytes()).into_owned()
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        old(&mut cases);
        new(&mut cases);
        cases.code()
    }
}

fn old(cases: &mut Cases) {
    case!(cases, "msvcrt!sprintf", Success, "integers, strings and more arguments than registers", {
        let mut room = [0u8; 64];
        let length =
            unsafe { sprintf(room.as_mut_ptr(), c"%d|%5u|%-4x|%s|%c|%I64d".as_ptr(), -1i32, 42u32, 255u32, c"abc".as_ptr(), 65i32, 1i64 << 40) };
        same!(text(&room), String::from("-1|   42|ff  |abc|A|1099511627776"));
        same!(length, 33);
    });
    case!(cases, "msvcrt!sprintf", Success, "floating-point numbers, whose exponents have three digits", {
        let mut room = [0u8; 64];
        unsafe { sprintf(room.as_mut_ptr(), c"%.3f|%e|%g".as_ptr(), 2.5f64, 12345.678f64, 1e-10f64) };
        same!(text(&room), String::from("2.500|1.234568e+004|1e-010"));
    });
    case!(cases, "msvcrt!_snprintf", Failure, "what does not fit is -1, without a NUL", {
        let mut room = [b'!'; 6];
        same!(unsafe { _snprintf(room.as_mut_ptr(), 4, c"%s".as_ptr(), c"abcdef".as_ptr()) }, -1);
        same!(room, *b"abcd!!");
    });
    case!(cases, "msvcrt!_vscprintf", Success, "the length of what would be printed", {
        same!(unsafe { _vscprintf(c"%d-%d".as_ptr(), [100u64, 7].as_ptr()) }, 5);
    });
    case!(cases, "msvcrt!swprintf", Success, "wide text, where %s is wide too", {
        let format: alloc::vec::Vec<u16> = "%s+%S\0".encode_utf16().collect();
        let wide: alloc::vec::Vec<u16> = "ab\0".encode_utf16().collect();
        let mut room = [0u16; 16];
        same!(unsafe { swprintf(room.as_mut_ptr(), format.as_ptr(), wide.as_ptr(), c"cd".as_ptr()) }, 5);
        same!(String::from_utf16_lossy(&room[..5]), String::from("ab+cd"));
    });
    case!(cases, "msvcrt!sscanf", Success, "values of a string", {
        let (mut number, mut hex, mut word, mut real) = (0i32, 0u32, [0u8; 8], 0f64);
        let count =
            unsafe { sscanf(c"12 ff name 2.5".as_ptr(), c"%d %x %s %lf".as_ptr(), &raw mut number, &raw mut hex, word.as_mut_ptr(), &raw mut real) };
        same!((count, number, hex, text(&word), real), (4, 12, 255, String::from("name"), 2.5));
    });
    case!(cases, "msvcrt!sscanf", Failure, "nothing to read is EOF", {
        let mut number = 0i32;
        same!(unsafe { sscanf(c"".as_ptr(), c"%d".as_ptr(), &raw mut number) }, -1);
        same!(unsafe { sscanf(c"x".as_ptr(), c"%d".as_ptr(), &raw mut number) }, 0);
    });
    case!(cases, "ntdll!_snprintf", Success, "ntdll prints as well", {
        let mut room = [0u8; 16];
        same!(unsafe { base::_snprintf(room.as_mut_ptr(), 16, c"%s=%d".as_ptr(), c"a".as_ptr(), 5i32) }, 3);
        same!(text(&room), String::from("a=5"));
    });
}

fn new(cases: &mut Cases) {
    const STANDARD: u64 = 2;
    const LEGACY: u64 = 1;
    case!(cases, "ucrtbase!__stdio_common_vsprintf", Success, "as snprintf: always a NUL, and the whole length", {
        let mut room = [b'!'; 6];
        let arguments = [c"abcdef".as_ptr() as u64];
        same!(unsafe { __stdio_common_vsprintf(STANDARD, room.as_mut_ptr(), 4, c"%s".as_ptr(), null(), arguments.as_ptr()) }, 6);
        same!(room, *b"abc\0!!");
    });
    case!(cases, "ucrtbase!__stdio_common_vsprintf", Failure, "as _snprintf: -1 where it does not fit", {
        let mut room = [b'!'; 6];
        let arguments = [c"abcdef".as_ptr() as u64];
        same!(unsafe { __stdio_common_vsprintf(LEGACY, room.as_mut_ptr(), 4, c"%s".as_ptr(), null(), arguments.as_ptr()) }, -1);
        same!(room, *b"abcd!!");
    });
    case!(cases, "ucrtbase!__stdio_common_vsprintf", Success, "exponents have two digits, and infinity a name", {
        let mut room = [0u8; 32];
        let arguments = [1e-10f64.to_bits(), f64::INFINITY.to_bits()];
        unsafe { __stdio_common_vsprintf(STANDARD, room.as_mut_ptr(), 32, c"%g|%f".as_ptr(), null(), arguments.as_ptr()) };
        same!(text(&room), String::from("1e-10|inf"));
    });
    case!(cases, "ucrtbase!__stdio_common_vsscanf", Success, "values of a string of so many characters", {
        let (mut one, mut other) = (0i32, 0i32);
        let arguments = [&raw mut one, &raw mut other];
        same!(unsafe { __stdio_common_vsscanf(0, c"12 345".as_ptr(), 5, c"%d %d".as_ptr(), null(), arguments.as_ptr().cast()) }, 2);
        same!((one, other), (12, 34));
    });
}
