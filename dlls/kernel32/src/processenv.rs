//! processenv.h: standard handles, environment, command line, current folder.

use guest::shim;
use windows_sys::Win32::Foundation::HANDLE;

/// Answers one of the standard handles.
#[shim(ix = 1, mapping = "the process parameters", risk = Wrong("a wrong handle"))]
pub unsafe extern "system" fn GetStdHandle(which: u32) -> HANDLE {
    let peb = unsafe { &*guest::teb::peb() };
    let parameters = unsafe { &*(peb.process_parameters as *const gate::peb::ProcessParameters<usize>) };
    (match which as i32 {
        -10 => parameters.standard_input,
        -11 => parameters.standard_output,
        -12 => parameters.standard_error,
        _ => usize::MAX,
    }) as HANDLE
}
