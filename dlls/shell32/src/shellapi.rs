//! shellapi.h: command lines.

use crate::memory::allocate;
use core::ptr::null_mut;
use guest::call::Pointer;
use guest::error::Win32Error;
use guest::{shim, text};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY};

/// The path of the program, for an empty command line.
fn program() -> alloc::vec::Vec<u16> {
    // SAFETY: the PEB and the parameters live as long as the process.
    unsafe {
        let parameters = &*((*guest::teb::peb()).process_parameters as *const gate::peb::ProcessParameters<usize>);
        let path = &parameters.image_path_name;
        core::slice::from_raw_parts(path.buffer as *const u16, usize::from(path.length / 2)).to_vec()
    }
}

/// Cuts a command line into its arguments; LocalFree frees them all at once.
#[shim(ix = 0, mapping = "the C runtime's rules", risk = Wrong("a wrong argument"))]
pub unsafe extern "system" fn CommandLineToArgvW(line: *const u16, count: *mut i32) -> Result<Pointer<*mut u16>, Win32Error> {
    if count.is_null() || line.is_null() {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let line = unsafe { text::wide(line) };
    let arguments =
        if line.is_empty() { alloc::vec![program()] } else { crt::argv::parse(line, |_| false).into_iter().map(|argument| argument.text).collect() };
    let pointers = (arguments.len() + 1) * size_of::<*mut u16>();
    let units: usize = arguments.iter().map(|argument| argument.len() + 1).sum();
    let block = allocate(pointers + 2 * units).ok_or(Win32Error(ERROR_NOT_ENOUGH_MEMORY))?;
    let list = block.cast::<*mut u16>();
    // SAFETY: the block has room for the pointers and all texts with their NULs.
    unsafe {
        let mut at = block.add(pointers).cast::<u16>();
        for (index, argument) in arguments.iter().enumerate() {
            *list.add(index) = at;
            at.copy_from_nonoverlapping(argument.as_ptr(), argument.len());
            *at.add(argument.len()) = 0;
            at = at.add(argument.len() + 1);
        }
        *list.add(arguments.len()) = null_mut();
        *count = arguments.len() as i32;
    }
    Ok(Pointer(list))
}
