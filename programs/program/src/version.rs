//! Which Windows this is.

use alloc::string::String;

/// As `ver` says it.
pub fn name() -> String {
    // SAFETY: takes nothing.
    let packed = unsafe { windows_sys::Win32::System::SystemInformation::GetVersion() };
    alloc::format!("Microsoft Windows [Version {}.{}.{}]", packed & 0xFF, packed >> 8 & 0xFF, packed >> 16)
}
