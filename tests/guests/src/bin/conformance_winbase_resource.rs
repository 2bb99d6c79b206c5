//! winbase.h: changing the resources of a program on disk.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::files::{ansi, get, put};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::CopyFileW;
use windows_sys::Win32::System::LibraryLoader::*;

const ENGLISH: u16 = 0x409;
/// `RT_RCDATA`.
const DATA: *const u16 = 10_usize as *const u16;

fn begin(name: &str, delete: bool) -> Result<HANDLE, u32> {
    clear_error();
    let update = unsafe { BeginUpdateResourceW(wide(name).as_ptr(), delete.into()) };
    if update.is_null() { Err(last_error()) } else { Ok(update) }
}

fn set(update: HANDLE, name: *const u16, bytes: &[u8]) -> i32 {
    unsafe { UpdateResourceW(update, DATA, name, ENGLISH, bytes.as_ptr().cast::<c_void>(), bytes.len() as u32) }
}

/// A resource of a file.
fn find(file: &str, name: *const u16) -> Result<Option<Vec<u8>>, String> {
    let module = unsafe { LoadLibraryExW(wide(file).as_ptr(), null_mut(), LOAD_LIBRARY_AS_DATAFILE) };
    holds!(!module.is_null());
    let resource = unsafe { FindResourceExW(module, DATA, name, ENGLISH) };
    let mut bytes = None;
    if !resource.is_null() {
        let (start, size) = unsafe { (LockResource(LoadResource(module, resource)), SizeofResource(module, resource)) };
        bytes = Some(unsafe { core::slice::from_raw_parts(start.cast::<u8>(), size as usize) }.to_vec());
    }
    unsafe { FreeLibrary(module) };
    Ok(bytes)
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        let mut own = [0; 300];
        unsafe { GetModuleFileNameW(null_mut(), own.as_mut_ptr(), 300) };
        let own = narrow(&own);
        let copy = |name: &str| -> Result<(), String> {
            same!(unsafe { CopyFileW(wide(&own).as_ptr(), wide(name).as_ptr(), 0) }, 1);
            Ok(())
        };
        let number = 7_usize as *const u16;
        case!(cases, "kernel32!BeginUpdateResourceW kernel32!UpdateResourceW kernel32!EndUpdateResourceW", Success, "resources by number and by name", {
            copy("one.exe")?;
            let update = begin("one.exe", false).map_err(|_| "it was not begun")?;
            same!(set(update, number, b"seven"), 1);
            same!(set(update, wide("Named").as_ptr(), &[9; 5000]), 1);
            same!(unsafe { EndUpdateResourceW(update, 0) }, 1);
            same!(find("one.exe", number)?, Some(b"seven".to_vec()));
            same!(find("one.exe", wide("NAMED").as_ptr())?, Some(alloc::vec![9; 5000]));
        });
        case!(cases, "kernel32!UpdateResourceW", Success, "another size, and one less", wine = "Wine keeps what is to go", {
            let update = begin("one.exe", false).map_err(|_| "it was not begun")?;
            same!(set(update, number, &[3; 20_000]), 1);
            same!(unsafe { UpdateResourceW(update, DATA, wide("NAMED").as_ptr(), ENGLISH, null(), 0) }, 1);
            same!(unsafe { EndUpdateResourceW(update, 0) }, 1);
            same!(find("one.exe", number)?, Some(alloc::vec![3; 20_000]));
            same!(find("one.exe", wide("NAMED").as_ptr())?.is_none(), true);
        });
        case!(cases, "kernel32!EndUpdateResourceW", Success, "what is discarded changes nothing", {
            let before = get("one.exe")?;
            let update = begin("one.exe", true).map_err(|_| "it was not begun")?;
            same!(set(update, number, b"other"), 1);
            same!(unsafe { EndUpdateResourceW(update, 1) }, 1);
            holds!(get("one.exe")? == before);
        });
        case!(cases, "kernel32!BeginUpdateResourceW", Success, "all others are deleted, if that is asked for", {
            let update = begin("one.exe", true).map_err(|_| "it was not begun")?;
            same!(set(update, wide("ONLY").as_ptr(), b"only"), 1);
            same!(unsafe { EndUpdateResourceW(update, 0) }, 1);
            same!(find("one.exe", number)?, None);
            same!(find("one.exe", wide("ONLY").as_ptr())?, Some(b"only".to_vec()));
        });
        case!(cases, "kernel32!BeginUpdateResourceA kernel32!UpdateResourceA kernel32!EndUpdateResourceA", Success, "by ANSI names", {
            let update = unsafe { BeginUpdateResourceA(ansi("one.exe").as_ptr(), 0) };
            holds!(!update.is_null());
            same!(unsafe { UpdateResourceA(update, DATA.cast(), ansi("ansi").as_ptr(), ENGLISH, b"x".as_ptr().cast(), 1) }, 1);
            same!(unsafe { EndUpdateResourceA(update, 0) }, 1);
            same!(find("one.exe", wide("ANSI").as_ptr())?, Some(b"x".to_vec()));
        });
        case!(cases, "kernel32!BeginUpdateResourceW", Failure, "a missing file", wine = "Wine sets no error", {
            same!(begin("missing.exe", false).err(), Some(ERROR_FILE_NOT_FOUND));
        });
        case!(cases, "kernel32!BeginUpdateResourceW", Failure, "an empty file", wine = "Wine sets no error", {
            put("empty.exe", b"")?;
            same!(begin("empty.exe", false).err(), Some(ERROR_FILE_INVALID));
        });
        case!(cases, "kernel32!EndUpdateResourceW", Failure, "a handle that is none", wine = "Wine sets no error", {
            clear_error();
            same!((unsafe { EndUpdateResourceW(null_mut(), 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
        });
        case!(cases, "kernel32!UpdateResourceW", Failure, "a handle that is none", wine = "Wine sets no error", {
            clear_error();
            same!((set(null_mut(), number, b"x"), last_error()), (0, ERROR_INVALID_HANDLE));
        });
        cases.code()
    }
}
