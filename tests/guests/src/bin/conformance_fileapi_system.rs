//! fileapi.h: the system's folder, which programs read and do not change.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use core::ptr::null_mut;
use guests::files::{SHARE, create, get, open, read};
use guests::{Cases, case, clear_error, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::LibraryLoader::*;
use windows_sys::Win32::System::SystemInformation::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        system(&mut cases);
        cases.code()
    }
}

/// A path in the system's folder.
fn inside(name: &str) -> String {
    let mut folder = [0; 300];
    // SAFETY: the buffer is as long as it says.
    let length = unsafe { GetSystemDirectoryW(folder.as_mut_ptr(), 300) };
    format!("{}\\{name}", String::from_utf16_lossy(&folder[..length as usize]))
}

fn system(cases: &mut Cases) {
    case!(cases, "kernel32!GetFileAttributesW kernel32!FindFirstFileW", Success, "the system's DLLs are files", {
        for name in ["kernel32.dll", "NTDLL.DLL", "user32.dll", "msvcrt.dll"] {
            let attributes = unsafe { GetFileAttributesW(wide(&inside(name)).as_ptr()) };
            same!((name, attributes != u32::MAX && attributes & FILE_ATTRIBUTE_DIRECTORY == 0), (name, true));
        }
        // SAFETY: plain data, for which zero is a value.
        let mut found: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
        let search = unsafe { FindFirstFileW(wide(&inside("kernel3?.*")).as_ptr(), &raw mut found) };
        same!(search == INVALID_HANDLE_VALUE, false);
        let name = guests::narrow(&found.cFileName);
        same!((name.as_str(), found.nFileSizeLow > 0x1000), ("kernel32.dll", true));
        same!(unsafe { FindClose(search) }, 1);
    });
    case!(cases, "kernel32!CreateFileW kernel32!ReadFile", Success, "they are read as images", {
        let file = open(&inside("kernel32.dll"), GENERIC_READ)?;
        same!(read(&file, 2)?, b"MZ");
        let path = wide(&inside("kernel32.dll"));
        let module = unsafe { LoadLibraryExW(path.as_ptr(), null_mut(), LOAD_LIBRARY_AS_DATAFILE) };
        same!(module.is_null(), false);
        same!(unsafe { FreeLibrary(module) }, 1);
    });
    case!(cases, "version!GetFileVersionInfoSizeW version!GetFileVersionInfoW", Success, "they have versions", {
        for path in [inside("kernel32.dll"), String::from("kernel32.dll")] {
            let path = wide(&path);
            let size = unsafe { GetFileVersionInfoSizeW(path.as_ptr(), null_mut()) };
            let mut data = alloc::vec![0_u32; size as usize / 4 + 1];
            same!(unsafe { GetFileVersionInfoW(path.as_ptr(), 0, size, data.as_mut_ptr().cast()) }, 1);
            let (mut value, mut length) = (null_mut(), 0);
            same!(unsafe { VerQueryValueW(data.as_ptr().cast(), wide("\\").as_ptr(), &raw mut value, &raw mut length) }, 1);
            // SAFETY: the structure has that many bytes.
            let version = unsafe { value.cast::<VS_FIXEDFILEINFO>().read_unaligned() };
            same!((length, version.dwSignature, version.dwFileVersionMS >> 16 >= 6), (52, 0xFEEF_04BD, true));
        }
    });
    case!(
        cases,
        "kernel32!CreateFileW kernel32!DeleteFileW kernel32!CreateDirectoryW",
        Failure,
        "who is no administrator does not change them",
        wine = "Wine's users are administrators",
        {
            let refused = create(&inside("new.txt"), GENERIC_WRITE, SHARE, CREATE_NEW, FILE_ATTRIBUTE_NORMAL).err();
            same!(refused, Some(ERROR_ACCESS_DENIED));
            let refused = create(&inside("kernel32.dll"), GENERIC_WRITE, SHARE, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL).err();
            same!(refused, Some(ERROR_ACCESS_DENIED));
            clear_error();
            same!((unsafe { DeleteFileW(wide(&inside("kernel32.dll")).as_ptr()) }, last_error()), (0, ERROR_ACCESS_DENIED));
            clear_error();
            same!((unsafe { CreateDirectoryW(wide(&inside("folder")).as_ptr(), core::ptr::null()) }, last_error()), (0, ERROR_ACCESS_DENIED));
            same!(get(&inside("none.txt")).is_err(), true);
            same!(last_error(), ERROR_FILE_NOT_FOUND);
        }
    );
}
