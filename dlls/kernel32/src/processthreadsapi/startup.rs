//! What the process was started with.

use crate::ansi;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
use gate::peb::{ProcessParameters, UnicodeString};
use guest::nls::ANSI;
use guest::{shim, teb};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{STARTUPINFOA, STARTUPINFOW};

unsafe fn parameters<'a>() -> &'a ProcessParameters<usize> {
    // SAFETY: made before the process ran, and never freed.
    unsafe { &*((*teb::peb()).process_parameters as *const ProcessParameters<usize>) }
}

/// Answers the window, console and standard handles that the process was started with.
#[shim(ix = 55, mapping = "the process parameters", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn GetStartupInfoW(answer: *mut STARTUPINFOW) {
    let parameters = unsafe { parameters() };
    let text = |text: &UnicodeString<usize>| if text.length == 0 { null_mut() } else { text.buffer as *mut u16 };
    let answer = unsafe { &mut *answer };
    *answer = STARTUPINFOW {
        cb: size_of::<STARTUPINFOW>() as u32,
        lpReserved: text(&parameters.shell_info),
        lpDesktop: text(&parameters.desktop_info),
        lpTitle: text(&parameters.window_title),
        dwX: parameters.starting_x,
        dwY: parameters.starting_y,
        dwXSize: parameters.count_x,
        dwYSize: parameters.count_y,
        dwXCountChars: parameters.count_chars_x,
        dwYCountChars: parameters.count_chars_y,
        dwFillAttribute: parameters.fill_attribute,
        dwFlags: parameters.window_flags,
        wShowWindow: parameters.show_window_flags as u16,
        cbReserved2: parameters.runtime_data.length,
        lpReserved2: parameters.runtime_data.buffer as *mut u8,
        hStdInput: parameters.standard_input as HANDLE,
        hStdOutput: parameters.standard_output as HANDLE,
        hStdError: parameters.standard_error as HANDLE,
    };
}

/// A text of the parameters in the ANSI code page; made once, and kept, as its caller keeps the pointer.
fn kept(slot: &AtomicPtr<u8>, text: *mut u16) -> *mut u8 {
    if text.is_null() {
        return null_mut();
    }
    let known = slot.load(Ordering::Acquire);
    if !known.is_null() {
        return known;
    }
    // SAFETY: the parameters' texts end in a NUL.
    let mut bytes: Vec<u8> = ansi::from_wide(ANSI, unsafe { guest::text::wide(text) });
    bytes.push(0);
    let made = Box::into_raw(bytes.into_boxed_slice()).cast::<u8>();
    match slot.compare_exchange(null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => made,
        Err(other) => other,
    }
}

/// Answers the window, console and standard handles that the process was started with.
#[shim(ix = 206, mapping = "GetStartupInfoW", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn GetStartupInfoA(answer: *mut STARTUPINFOA) {
    static TEXTS: [AtomicPtr<u8>; 3] = [const { AtomicPtr::new(null_mut()) }; 3];
    // SAFETY: plain data, for which zero is a value.
    let mut wide: STARTUPINFOW = unsafe { core::mem::zeroed() };
    unsafe { GetStartupInfoW(&raw mut wide) };
    let answer = unsafe { &mut *answer };
    // The two structures differ in what their pointers lead to, nothing else.
    *answer = unsafe { core::mem::transmute::<STARTUPINFOW, STARTUPINFOA>(wide) };
    answer.lpReserved = kept(&TEXTS[0], wide.lpReserved);
    answer.lpDesktop = kept(&TEXTS[1], wide.lpDesktop);
    answer.lpTitle = kept(&TEXTS[2], wide.lpTitle);
}
