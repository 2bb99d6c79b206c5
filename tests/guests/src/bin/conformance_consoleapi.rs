//! consoleapi.h and consoleapi2.h without a console: files and pipes are none, and are told so.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

use guests::{Cases, case, clear_error, last_error, same, wide};
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::System::Console::*;

unsafe extern "system" fn handler(_event: u32) -> i32 {
    0
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        let output = unsafe { GetStdHandle(STD_OUTPUT_HANDLE) };
        case!(cases, "kernel32!GetConsoleMode kernel32!SetConsoleMode", Failure, "a pipe is no console", {
            let mut mode = 0;
            clear_error();
            same!((unsafe { GetConsoleMode(output, &raw mut mode) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { SetConsoleMode(output, 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
        });
        case!(cases, "kernel32!GetConsoleScreenBufferInfo kernel32!SetConsoleTextAttribute kernel32!SetConsoleCursorPosition", Failure, "a pipe is no screen", {
            let mut info = unsafe { core::mem::zeroed() };
            clear_error();
            same!((unsafe { GetConsoleScreenBufferInfo(output, &raw mut info) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { SetConsoleTextAttribute(output, 7) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { SetConsoleCursorPosition(output, COORD { X: 0, Y: 0 }) }, last_error()), (0, ERROR_INVALID_HANDLE));
        });
        case!(cases, "kernel32!WriteConsoleW kernel32!WriteConsoleA", Failure, "a pipe takes no console's text, and nothing of it arrives there", {
            let mut written = 0;
            clear_error();
            same!((unsafe { WriteConsoleW(output, wide("no").as_ptr().cast(), 2, &raw mut written, core::ptr::null()) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { WriteConsoleA(output, c"no".as_ptr().cast(), 2, &raw mut written, core::ptr::null()) }, last_error()), (0, ERROR_INVALID_HANDLE));
        });
        case!(cases, "kernel32!ReadConsoleW kernel32!FillConsoleOutputCharacterW kernel32!FillConsoleOutputAttribute", Failure, "a pipe is neither read nor filled", {
            let (mut buffer, mut count) = ([0_u16; 4], 0);
            clear_error();
            same!((unsafe { ReadConsoleW(output, buffer.as_mut_ptr().cast(), 4, &raw mut count, core::ptr::null()) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { FillConsoleOutputCharacterW(output, 0x20, 1, COORD { X: 0, Y: 0 }, &raw mut count) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { FillConsoleOutputAttribute(output, 7, 1, COORD { X: 0, Y: 0 }, &raw mut count) }, last_error()), (0, ERROR_INVALID_HANDLE));
        });
        case!(cases, "kernel32!SetConsoleCtrlHandler", Success, "handlers come and go, and Ctrl-C is ignored and heeded", {
            unsafe {
                same!(SetConsoleCtrlHandler(Some(handler), 1), 1);
                same!(SetConsoleCtrlHandler(Some(handler), 1), 1);
                same!([SetConsoleCtrlHandler(Some(handler), 0), SetConsoleCtrlHandler(Some(handler), 0)], [1, 1]);
                same!([SetConsoleCtrlHandler(None, 1), SetConsoleCtrlHandler(None, 0)], [1, 1]);
            }
        });
        case!(cases, "kernel32!SetConsoleCtrlHandler", Failure, "a handler that is not there", {
            clear_error();
            same!((unsafe { SetConsoleCtrlHandler(Some(handler), 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        });
        cases.code()
    }
}
