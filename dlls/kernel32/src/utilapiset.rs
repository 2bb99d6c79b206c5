//! utilapiset.h: the bell, and pointers that are kept unreadable.

use crate::console;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;

/// Rings the terminal's bell, where there is one. The tone and its length are the terminal's own.
#[shim(ix = 535, mapping = "the terminal's bell", risk = Functional("a sound that nobody hears"))]
pub unsafe extern "system" fn Beep(frequency: u32, _duration: u32) -> Result<Bool, Win32Error> {
    if !(0x25..=0x7FFF).contains(&frequency) {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    console::with_screen(|screen| screen.put(b"\x07"))?;
    Ok(Bool)
}

guest::forward!(
    EncodePointer = 85 => "ntdll.RtlEncodePointer",
    DecodePointer = 115 => "ntdll.RtlDecodePointer",
    EncodeSystemPointer = 704 => "ntdll.RtlEncodeSystemPointer",
    DecodeSystemPointer = 705 => "ntdll.RtlDecodeSystemPointer",
);
