//! shlobj_core.h: the known folders, and making folders.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ptr::{null, null_mut};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::Com::CoTaskMemFree;
use windows_sys::Win32::UI::Shell::*;
use windows_sys::core::GUID;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        known(&mut cases);
        older(&mut cases);
        making(&mut cases);
        cases.code()
    }
}

const MISSING: i32 = 0x8007_0002_u32 as i32;

/// A known folder's path in small letters, or the failure.
fn path(id: &GUID, flags: i32) -> Result<String, i32> {
    let mut text = null_mut();
    let result = unsafe { SHGetKnownFolderPath(id, flags as u32, null_mut(), &raw mut text) };
    if result != S_OK {
        return Err(if text.is_null() { result } else { 1 });
    }
    let length = (0..).take_while(|at| unsafe { *text.add(*at) } != 0).count();
    let path = String::from_utf16_lossy(unsafe { core::slice::from_raw_parts(text, length) });
    unsafe { CoTaskMemFree(text.cast()) };
    Ok(path.to_ascii_lowercase())
}

fn exists(path: &str) -> bool {
    let attributes = unsafe { GetFileAttributesW(wide(path).as_ptr()) };
    attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY != 0
}

fn known(cases: &mut Cases) {
    case!(cases, "shell32!SHGetKnownFolderPath", Success, "the folders of the user and of the machine, which are there", {
        let profile = path(&FOLDERID_Profile, 0).map_err(|code| alloc::format!("{code:#x}"))?;
        for (id, end) in [
            (FOLDERID_RoamingAppData, "\\appdata\\roaming"),
            (FOLDERID_LocalAppData, "\\appdata\\local"),
            (FOLDERID_LocalAppDataLow, "\\appdata\\locallow"),
            (FOLDERID_Desktop, "\\desktop"),
            (FOLDERID_Documents, "\\documents"),
            (FOLDERID_Downloads, "\\downloads"),
        ] {
            let found = path(&id, 0);
            same!(found.clone(), Ok(profile.clone() + end));
            holds!(exists(&found.unwrap_or_default()));
        }
        for (id, wanted) in [
            (FOLDERID_ProgramData, "c:\\programdata"),
            (FOLDERID_Public, "c:\\users\\public"),
            (FOLDERID_Windows, "c:\\windows"),
            (FOLDERID_System, "c:\\windows\\system32"),
            (FOLDERID_Fonts, "c:\\windows\\fonts"),
            (FOLDERID_ProgramFilesX86, "c:\\program files (x86)"),
        ] {
            same!(path(&id, 0), Ok(String::from(wanted)));
        }
    });
    case!(
        cases,
        "shell32!SHGetKnownFolderPath",
        Success,
        "made where it is asked for, told where nobody looks",
        wine = "Wine does not know that folder",
        {
            let wanted = path(&FOLDERID_Profile, 0).unwrap_or_default() + "\\appdata\\local\\programs";
            same!(path(&FOLDERID_UserProgramFiles, KF_FLAG_DONT_VERIFY), Ok(wanted.clone()));
            same!(path(&FOLDERID_UserProgramFiles, KF_FLAG_CREATE), Ok(wanted.clone()));
            holds!(exists(&wanted));
            unsafe { RemoveDirectoryW(wide(&wanted).as_ptr()) };
        }
    );
    case!(cases, "shell32!SHGetKnownFolderPath", Failure, "a folder that is not there, one of objects", wine = "Wine does not know that folder", {
        unsafe { RemoveDirectoryW(wide(&path(&FOLDERID_UserProgramFiles, KF_FLAG_DONT_VERIFY).unwrap_or_default()).as_ptr()) };
        same!(path(&FOLDERID_UserProgramFiles, 0), Err(MISSING));
        same!(path(&FOLDERID_ComputerFolder, 0), Err(E_FAIL));
    });
    case!(cases, "shell32!SHGetKnownFolderPath", Failure, "an unknown folder", wine = "Wine finds no file instead", {
        same!(path(&GUID::from_u128(0x12345678_1234_5678_9abc_def012345678), 0), Err(E_INVALIDARG));
    });
}

fn older(cases: &mut Cases) {
    case!(cases, "shell32!SHGetFolderPathW shell32!SHGetFolderPathA", Success, "by the older numbers", {
        let wanted = path(&FOLDERID_RoamingAppData, 0);
        let (mut units, mut bytes) = ([0_u16; 260], [0_u8; 260]);
        same!(unsafe { SHGetFolderPathW(null_mut(), CSIDL_APPDATA as i32, null_mut(), 0, units.as_mut_ptr()) }, S_OK);
        same!(Ok(narrow(&units).to_ascii_lowercase()), wanted.clone());
        same!(unsafe { SHGetFolderPathA(null_mut(), CSIDL_APPDATA as i32, null_mut(), 0, bytes.as_mut_ptr()) }, S_OK);
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
        same!(Ok(String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase()), wanted);
    });
    case!(cases, "shell32!SHGetFolderPathW shell32!SHGetFolderPathA", Failure, "no such number", {
        let mut units = [7_u16; 260];
        same!(unsafe { SHGetFolderPathW(null_mut(), 0x77, null_mut(), 0, units.as_mut_ptr()) }, E_INVALIDARG);
        same!(units[0], 0);
        same!(unsafe { SHGetFolderPathA(null_mut(), 0x77, null_mut(), 0, [0; 260].as_mut_ptr()) }, E_INVALIDARG);
    });
    case!(cases, "shell32!SHGetSpecialFolderPathW shell32!SHGetSpecialFolderPathA", Success, "the oldest form", {
        let mut units = [0_u16; 260];
        same!(unsafe { SHGetSpecialFolderPathW(null_mut(), units.as_mut_ptr(), CSIDL_WINDOWS as i32, 0) }, 1);
        same!(narrow(&units).to_ascii_lowercase(), "c:\\windows");
        let mut bytes = [0_u8; 260];
        same!(unsafe { SHGetSpecialFolderPathA(null_mut(), bytes.as_mut_ptr(), CSIDL_WINDOWS as i32, 0) }, 1);
        same!(bytes[..11].to_ascii_lowercase(), b"c:\\windows\0".as_slice());
    });
    case!(cases, "shell32!SHGetSpecialFolderPathW shell32!SHGetSpecialFolderPathA", Failure, "no such number", {
        same!(unsafe { SHGetSpecialFolderPathW(null_mut(), [0; 260].as_mut_ptr(), 0x77, 0) }, 0);
        same!(unsafe { SHGetSpecialFolderPathA(null_mut(), [0; 260].as_mut_ptr(), 0x77, 0) }, 0);
    });
}

fn making(cases: &mut Cases) {
    case!(cases, "shell32!SHCreateDirectoryExW shell32!SHCreateDirectoryExA shell32!SHCreateDirectory", Success, "with those on the way", {
        let below = "C:\\shlobj-folders\\one\\two";
        same!(unsafe { SHCreateDirectoryExW(null_mut(), wide(below).as_ptr(), null()) }, 0);
        same!(exists(below), true);
        same!(unsafe { SHCreateDirectoryExA(null_mut(), c"C:\\shlobj-folders\\three".as_ptr().cast(), null()) }, 0);
        same!(unsafe { SHCreateDirectory(null_mut(), wide("C:\\shlobj-folders\\four\\five").as_ptr()) }, 0);
        for folder in ["one\\two", "one", "three", "four\\five", "four", ""] {
            let path = alloc::format!("C:\\shlobj-folders\\{folder}");
            same!(unsafe { RemoveDirectoryW(wide(path.trim_end_matches('\\')).as_ptr()) }, 1);
        }
    });
    case!(
        cases,
        "shell32!SHCreateDirectoryExW shell32!SHCreateDirectoryExA shell32!SHCreateDirectory",
        Failure,
        "no whole path, one that is there",
        {
            same!(unsafe { SHCreateDirectoryExW(null_mut(), wide("below").as_ptr(), null()) } as u32, ERROR_BAD_PATHNAME);
            same!(unsafe { SHCreateDirectoryExA(null_mut(), c"below".as_ptr().cast(), null()) } as u32, ERROR_BAD_PATHNAME);
            clear_error();
            same!(unsafe { SHCreateDirectory(null_mut(), wide("C:\\Windows").as_ptr()) } as u32, ERROR_ALREADY_EXISTS);
            holds!(last_error() != ERROR_BAD_PATHNAME);
        }
    );
}
