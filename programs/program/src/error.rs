//! Errors, as Windows numbers them.

/// A Win32 error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(pub u32);

/// What may fail with one.
pub type Result<T> = core::result::Result<T, Error>;

#[cfg(target_os = "windows")]
impl Error {
    /// The thread's last error.
    pub fn last() -> Self {
        // SAFETY: takes nothing.
        Self(unsafe { windows_sys::Win32::Foundation::GetLastError() })
    }

    /// In words, without a line's end.
    pub fn text(self) -> alloc::string::String {
        use windows_sys::Win32::System::Diagnostics::Debug::{FORMAT_MESSAGE_FROM_SYSTEM, FORMAT_MESSAGE_IGNORE_INSERTS, FormatMessageW};
        let mut buffer = [0_u16; 512];
        let flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
        let (room, none) = (buffer.len() as u32, core::ptr::null());
        // SAFETY: writes no more than there is room for.
        let length = unsafe { FormatMessageW(flags, none, self.0, 0, buffer.as_mut_ptr(), room, none.cast()) };
        let text = alloc::string::String::from_utf16_lossy(&buffer[..length as usize]);
        if text.is_empty() { alloc::format!("Error {}.", self.0) } else { text.trim_end().into() }
    }
}

/// An answer that is 0 where a function failed.
#[cfg(target_os = "windows")]
pub fn check(answer: i32) -> Result<()> {
    if answer == 0 { Err(Error::last()) } else { Ok(()) }
}

/// What the registry's functions answer.
pub fn status(code: u32) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(Error(code)) }
}
