//! winver.h.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guests::files::ansi;
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::LibraryLoader::*;

/// A node of a version resource: its key, its value, its children.
fn node(key: &str, value: &[u8], units: usize, is_text: bool, children: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend([0, 0]);
    bytes.extend((units as u16).to_le_bytes());
    bytes.extend(u16::from(is_text).to_le_bytes());
    bytes.extend(wide(key).iter().flat_map(|unit| unit.to_le_bytes()));
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(value);
    for child in children {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(child);
    }
    let length = (bytes.len() as u16).to_le_bytes();
    bytes[..2].copy_from_slice(&length);
    bytes
}

fn text(key: &str, value: &str) -> Vec<u8> {
    let units = wide(value);
    let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    node(key, &bytes, units.len(), true, &[])
}

fn block() -> Vec<u8> {
    let mut fixed = alloc::vec![0; 52];
    fixed[..4].copy_from_slice(&0xFEEF_04BD_u32.to_le_bytes());
    fixed[8..12].copy_from_slice(&0x0001_0002_u32.to_le_bytes());
    let table = node("040904B0", &[], 0, true, &[text("CompanyName", "Nobody"), text("ProductName", "A product")]);
    let strings = node("StringFileInfo", &[], 0, true, &[table]);
    let variables = node("VarFileInfo", &[], 0, true, &[node("Translation", &[9, 4, 0xB0, 4], 4, false, &[])]);
    node("VS_VERSION_INFO", &fixed, 52, false, &[strings, variables])
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        let mut own = [0; 300];
        unsafe { GetModuleFileNameW(null_mut(), own.as_mut_ptr(), 300) };
        let name = wide("version.exe");
        unsafe {
            CopyFileW(own.as_ptr(), name.as_ptr(), 0);
            let update = BeginUpdateResourceW(name.as_ptr(), 1);
            let block = block();
            UpdateResourceW(update, 16_usize as *const u16, core::ptr::without_provenance::<u16>(1), 0x409, block.as_ptr().cast(), block.len() as u32);
            EndUpdateResourceW(update, 0);
        }
        let size = unsafe { GetFileVersionInfoSizeW(name.as_ptr(), null_mut()) };
        let mut data = alloc::vec![0_u32; size as usize / 4 + 1];
        case!(cases, "version!GetFileVersionInfoSizeW version!GetFileVersionInfoW", Success, "a program's block", {
            holds!(size as usize >= block().len());
            same!(unsafe { GetFileVersionInfoW(name.as_ptr(), 0, size, data.as_mut_ptr().cast()) }, 1);
        });
        case!(cases, "version!GetFileVersionInfoSizeW", Failure, "a missing file, and a program without a version", {
            clear_error();
            same!((unsafe { GetFileVersionInfoSizeW(wide("missing.exe").as_ptr(), null_mut()) }, last_error()), (0, ERROR_FILE_NOT_FOUND));
            same!(unsafe { GetFileVersionInfoSizeW(own.as_ptr(), null_mut()) }, 0);
        });
        case!(cases, "version!GetFileVersionInfoW", Failure, "a missing file", {
            clear_error();
            let done = unsafe { GetFileVersionInfoW(wide("missing.exe").as_ptr(), 0, size, data.as_mut_ptr().cast()) };
            same!((done, last_error()), (0, ERROR_FILE_NOT_FOUND));
        });
        let ask = |path: &str| {
            let (mut value, mut length) = (null_mut::<c_void>(), 0);
            let done = unsafe { VerQueryValueW(data.as_ptr().cast(), wide(path).as_ptr(), &raw mut value, &raw mut length) };
            (done, value, length)
        };
        case!(cases, "version!VerQueryValueW", Success, "numbers, languages and texts", {
            let (done, value, length) = ask("\\");
            same!((done, length), (1, 52));
            same!(unsafe { value.cast::<u32>().add(2).read() }, 0x0001_0002);
            let (done, value, length) = ask("\\VarFileInfo\\Translation");
            same!((done, length, unsafe { value.cast::<u32>().read() }), (1, 4, 0x04B0_0409));
            let (done, value, length) = ask("\\StringFileInfo\\040904b0\\productname");
            same!((done, length), (1, 10));
            same!(narrow(unsafe { core::slice::from_raw_parts(value.cast(), 10) }), "A product");
        });
        case!(cases, "version!VerQueryValueW", Failure, "what is not there", {
            same!(ask("\\StringFileInfo\\040904b0\\Nothing").0, 0);
        });
        case!(cases, "version!GetFileVersionInfoSizeA version!GetFileVersionInfoA version!VerQueryValueA", Success, "texts are ANSI", {
            let mut data = alloc::vec![0_u32; size as usize / 4 + 1];
            same!(unsafe { GetFileVersionInfoSizeA(ansi("version.exe").as_ptr(), null_mut()) }, size);
            same!(unsafe { GetFileVersionInfoA(ansi("version.exe").as_ptr(), 0, size, data.as_mut_ptr().cast()) }, 1);
            let (mut value, mut length) = (null_mut::<c_void>(), 0);
            let path = ansi("\\StringFileInfo\\040904B0\\CompanyName");
            same!((unsafe { VerQueryValueA(data.as_ptr().cast(), path.as_ptr(), &raw mut value, &raw mut length) }, length), (1, 7));
            same!(unsafe { core::slice::from_raw_parts(value.cast::<u8>(), 7) }, b"Nobody\0");
        });
        case!(cases, "version!VerQueryValueA", Failure, "what is not there", {
            let (mut value, mut length) = (null_mut::<c_void>(), 0);
            let path = ansi("\\Nothing");
            same!(unsafe { VerQueryValueA(data.as_ptr().cast(), path.as_ptr(), &raw mut value, &raw mut length) }, 0);
        });
        cases.code()
    }
}
