//! debugapi.h, utilapiset.h, and winbase.h's questions about memory.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

use guests::{Cases, case, clear_error, last_error, same, wide};
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::System::Diagnostics::Debug::{Beep, CheckRemoteDebuggerPresent, IsDebuggerPresent, OutputDebugStringA, OutputDebugStringW};
use windows_sys::Win32::System::WindowsProgramming::MulDiv;

windows_link::link!("kernel32.dll" "system" fn IsBadReadPtr(start: *const core::ffi::c_void, size: usize) -> i32);
windows_link::link!("kernel32.dll" "system" fn IsBadWritePtr(start: *mut core::ffi::c_void, size: usize) -> i32);
windows_link::link!("kernel32.dll" "system" fn IsBadStringPtrA(text: *const u8, most: usize) -> i32);
windows_link::link!("kernel32.dll" "system" fn IsBadStringPtrW(text: *const u16, most: usize) -> i32);

const NOWHERE: *mut core::ffi::c_void = 0x10 as *mut _;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!IsDebuggerPresent kernel32!CheckRemoteDebuggerPresent", Success, "there is no debugger", {
            same!(unsafe { IsDebuggerPresent() }, 0);
            let mut answer = 1;
            same!(unsafe { CheckRemoteDebuggerPresent(usize::MAX as _, &raw mut answer) }, 1);
            same!(answer, 0);
        });
        case!(cases, "kernel32!CheckRemoteDebuggerPresent", Failure, "no place for the answer", {
            clear_error();
            same!(unsafe { CheckRemoteDebuggerPresent(usize::MAX as _, core::ptr::null_mut()) }, 0);
            same!(last_error(), ERROR_INVALID_PARAMETER);
        });
        case!(cases, "kernel32!OutputDebugStringW kernel32!OutputDebugStringA", Total, "texts for nobody do no harm", {
            unsafe {
                OutputDebugStringW(wide("text").as_ptr());
                OutputDebugStringA(c"text".as_ptr().cast());
                OutputDebugStringW(core::ptr::null());
            }
        });
        case!(cases, "kernel32!Beep", Failure, "a tone that nobody hears", wine = "Wine looks at no frequency", {
            clear_error();
            same!(unsafe { Beep(1, 1) }, 0);
            same!(last_error(), ERROR_INVALID_PARAMETER);
        });
        case!(cases, "kernel32!IsBadReadPtr kernel32!IsBadWritePtr", Total, "memory that is there, and memory that is not", {
            static CONSTANT: [u8; 4] = *b"text";
            let mut variable = [0_u8; 8];
            unsafe {
                same!([IsBadReadPtr(CONSTANT.as_ptr().cast(), 4), IsBadReadPtr(variable.as_ptr().cast(), 8), IsBadWritePtr(variable.as_mut_ptr().cast(), 8)], [0, 0, 0]);
                same!([IsBadReadPtr(NOWHERE, 1), IsBadWritePtr(NOWHERE, 1), IsBadWritePtr(CONSTANT.as_ptr().cast_mut().cast(), 4)], [1, 1, 1]);
                same!([IsBadReadPtr(NOWHERE, 0), IsBadWritePtr(core::ptr::null_mut(), 0)], [0, 0]);
            }
        });
        case!(cases, "kernel32!IsBadStringPtrW kernel32!IsBadStringPtrA", Total, "texts", {
            unsafe {
                same!([IsBadStringPtrW(wide("text").as_ptr(), 100), IsBadStringPtrA(c"text".as_ptr().cast(), 100)], [0, 0]);
                same!([IsBadStringPtrW(NOWHERE.cast(), 1), IsBadStringPtrA(NOWHERE.cast(), 1)], [1, 1]);
            }
        });
        case!(cases, "kernel32!MulDiv", Total, "rounded to the nearest, -1 for what does not fit", {
            for (given, expected) in [((7, 3, 2), 11), ((-7, 3, 2), -11), ((1, 1, 3), 0), ((1, 1, 0), -1), ((i32::MAX, i32::MAX, 1), -1), ((5, 1, -2), -3)] {
                same!(unsafe { MulDiv(given.0, given.1, given.2) }, expected);
            }
        });
        cases.code()
    }
}
