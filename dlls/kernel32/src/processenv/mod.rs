//! processenv.h: standard handles, command line, environment, current folder, and the search for programs.

pub mod environment;
pub mod folder;
mod handles;
pub mod search;

use gate::peb::{ProcessParameters, UnicodeString};
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::{ERROR_FILENAME_EXCED_RANGE, UNICODE_STRING};

/// The process parameters. What can change in them is `ntdll`'s.
pub fn parameters() -> &'static ProcessParameters<usize> {
    // SAFETY: made before the first thread ran, and never freed.
    unsafe { &*((*guest::teb::peb()).process_parameters as *const ProcessParameters<usize>) }
}

/// The units of one of the parameters' strings.
pub fn text(string: &UnicodeString<usize>) -> &[u16] {
    if string.buffer == 0 {
        return &[];
    }
    // SAFETY: the parameters' strings live as long as the process.
    unsafe { core::slice::from_raw_parts(string.buffer as *const u16, usize::from(string.length / 2)) }
}

/// A counted string over a text; one that is too long for it is refused.
pub fn unicode_string(text: &[u16]) -> Result<UNICODE_STRING, Win32Error> {
    let bytes = u16::try_from(size_of_val(text)).map_err(|_| Win32Error(ERROR_FILENAME_EXCED_RANGE))?;
    Ok(UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: text.as_ptr().cast_mut() })
}
