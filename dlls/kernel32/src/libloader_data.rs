//! Images that are loaded for their data alone.

use guest::call::Handle;
use guest::error::Win32Error;
use windows_sys::Win32::Foundation::ERROR_NOT_SUPPORTED;

/// Maps a file for its resources alone; not supported yet.
pub fn map(_path: &[u16]) -> Result<Handle, Win32Error> {
    Err(Win32Error(ERROR_NOT_SUPPORTED))
}
