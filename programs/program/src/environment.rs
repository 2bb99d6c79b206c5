//! Variables of the environment, and the current folder.

use crate::error::{Result, check};
use crate::text::wide;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::null;
use windows_sys::Win32::System::Environment::{
    FreeEnvironmentStringsW, GetCurrentDirectoryW, GetEnvironmentStringsW, GetEnvironmentVariableW, SetCurrentDirectoryW, SetEnvironmentVariableW,
};

/// A text that a function writes into a buffer, and tells how much room it wants.
pub(crate) fn grown(mut write: impl FnMut(*mut u16, u32) -> u32) -> String {
    let mut buffer = alloc::vec![0_u16; 0x200];
    loop {
        let length = write(buffer.as_mut_ptr(), buffer.len() as u32) as usize;
        if length < buffer.len() {
            return String::from_utf16_lossy(&buffer[..length]);
        }
        buffer.resize(length + 1, 0);
    }
}

/// A variable; `None` where there is none.
pub fn get(name: &str) -> Option<String> {
    let name = wide(name);
    // SAFETY: clears the last error, so that an empty variable is told from none.
    unsafe { windows_sys::Win32::Foundation::SetLastError(0) };
    // SAFETY: the name ends in a NUL; writes no more than there is room for.
    let value = grown(|buffer, room| unsafe { GetEnvironmentVariableW(name.as_ptr(), buffer, room) });
    (!value.is_empty() || crate::Error::last().0 == 0).then_some(value)
}

/// Sets a variable, or takes it away.
pub fn set(name: &str, value: Option<&str>) -> Result<()> {
    let (name, value) = (wide(name), value.map(wide));
    // SAFETY: both end in a NUL.
    check(unsafe { SetEnvironmentVariableW(name.as_ptr(), value.as_ref().map_or(null(), |value| value.as_ptr())) })
}

/// All variables, names and values, in Windows' order. The folders of drives (`=C:`) are among them.
pub fn all() -> Vec<(String, String)> {
    let mut variables = Vec::new();
    // SAFETY: the block ends in an empty text, each text in a NUL; it is freed below.
    unsafe {
        let block = GetEnvironmentStringsW();
        let mut at = block.cast_const();
        while !at.is_null() && *at != 0 {
            let row = crate::text::from_pointer(at);
            at = at.add(row.encode_utf16().count() + 1);
            let split = row.char_indices().skip(1).find(|(_, character)| *character == '=').map(|(at, _)| at);
            if let Some(split) = split {
                variables.push((row[..split].into(), row[split + 1..].into()));
            }
        }
        FreeEnvironmentStringsW(block);
    }
    variables
}

/// The current folder.
pub fn folder() -> String {
    // SAFETY: writes no more than there is room for.
    grown(|buffer, room| unsafe { GetCurrentDirectoryW(room, buffer) })
}

/// Changes the current folder.
pub fn set_folder(folder: &str) -> Result<()> {
    let folder = wide(folder);
    // SAFETY: ends in a NUL.
    check(unsafe { SetCurrentDirectoryW(folder.as_ptr()) })
}
