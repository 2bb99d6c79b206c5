//! Writes a file through a view whose handles are closed long ago: `late_view PATH MILLISECONDS` waits so long in between, and ends with
//! 0 where the file then holds what the view was told.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        late::late()
    }
}

#[cfg(target_os = "windows")]
mod late {
    use core::ptr::{null, null_mut};
    use guests::{arguments, last_error, wide};
    use windows_sys::Win32::Foundation::{CloseHandle, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE};
    use windows_sys::Win32::Storage::FileSystem::{CREATE_ALWAYS, CreateFileW, FILE_SHARE_READ, FILE_SHARE_WRITE, OPEN_EXISTING, ReadFile};
    use windows_sys::Win32::System::Memory::{CreateFileMappingW, FILE_MAP_WRITE, MapViewOfFile, PAGE_READWRITE, UnmapViewOfFile};
    use windows_sys::Win32::System::Threading::Sleep;

    const TEXT: &[u8; 16] = b"by the view late";

    /// Does it; answers the exit code.
    pub fn late() -> u32 {
        let arguments = arguments();
        let (Some(path), Some(Ok(wait))) = (arguments.get(1), arguments.get(2).map(|wait| wait.parse::<u32>())) else { return 100 };
        match work(path, wait) {
            Ok(true) => 0,
            Ok(false) => 1,
            Err(error) => error.clamp(2, 99),
        }
    }

    fn work(path: &str, wait: u32) -> Result<bool, u32> {
        let (name, share) = (wide(path), FILE_SHARE_READ | FILE_SHARE_WRITE);
        // SAFETY: a terminated name; handles are closed once; the view is written inside of its length, and unmapped once.
        unsafe {
            let file = CreateFileW(name.as_ptr(), GENERIC_READ | GENERIC_WRITE, share, null(), CREATE_ALWAYS, 0, null_mut());
            if file == INVALID_HANDLE_VALUE {
                return Err(last_error());
            }
            let section = CreateFileMappingW(file, null(), PAGE_READWRITE, 0, TEXT.len() as u32, null());
            let view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, TEXT.len());
            if view.Value.is_null() {
                return Err(last_error());
            }
            CloseHandle(section);
            CloseHandle(file);
            Sleep(wait);
            core::ptr::copy_nonoverlapping(TEXT.as_ptr(), view.Value.cast(), TEXT.len());
            UnmapViewOfFile(view);
            let file = CreateFileW(name.as_ptr(), GENERIC_READ, share, null(), OPEN_EXISTING, 0, null_mut());
            if file == INVALID_HANDLE_VALUE {
                return Err(last_error());
            }
            let (mut bytes, mut read) = ([0_u8; TEXT.len()], 0);
            let done = ReadFile(file, bytes.as_mut_ptr(), bytes.len() as u32, &raw mut read, null_mut());
            CloseHandle(file);
            if done == 0 { Err(last_error()) } else { Ok(read as usize == bytes.len() && bytes == *TEXT) }
        }
    }
}
