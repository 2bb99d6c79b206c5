//! fileapi.h and winioctl.h: streams beside a file's bytes, and sparse files.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guests::files::{SHARE, create, folder, get, make, open, put, read};
use guests::{Cases, case, clear_error, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        zone(&mut cases);
        listed(&mut cases);
        refused(&mut cases);
        sparse(&mut cases);
        cases.code()
    }
}

const ZONE: &[u8] = b"[ZoneTransfer]\r\nZoneId=3\r\n";

fn attributes(name: &str) -> (u32, u32) {
    clear_error();
    (unsafe { GetFileAttributesW(wide(name).as_ptr()) }, last_error())
}

fn zone(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!CreateFileW kernel32!WriteFile kernel32!ReadFile",
        Success,
        "a file remembers where it came from",
        wine = "Wine has no streams",
        {
            put("z1.txt", b"content")?;
            same!(attributes("z1.txt:Zone.Identifier"), (u32::MAX, ERROR_FILE_NOT_FOUND));
            put("z1.txt:Zone.Identifier", ZONE)?;
            same!(get("z1.txt:Zone.Identifier")?, ZONE);
            same!(get("Z1.TXT:zone.identifier:$DATA")?, ZONE);
            same!((get("z1.txt")?, get("z1.txt::$DATA")?), (b"content".to_vec(), b"content".to_vec()));
            let stream = open("z1.txt:Zone.Identifier", GENERIC_READ | GENERIC_WRITE)?;
            same!(unsafe { GetFileSize(stream.0, null_mut()) }, ZONE.len() as u32);
            same!(unsafe { SetFilePointer(stream.0, -3, null_mut(), FILE_END) }, ZONE.len() as u32 - 3);
            same!(read(&stream, 10)?, b"3\r\n");
            same!(unsafe { SetFilePointer(stream.0, 14, null_mut(), FILE_BEGIN) }, 14);
            same!(unsafe { SetEndOfFile(stream.0) }, 1);
            drop(stream);
            same!(get("z1.txt:Zone.Identifier")?, b"[ZoneTransfer]");
            same!(attributes("z1.txt:Zone.Identifier").0, FILE_ATTRIBUTE_ARCHIVE);
        }
    );
    case!(cases, "kernel32!CreateFileW", Failure, "streams that are there, and those that are not", {
        put("z2.txt", b"content")?;
        let code = |name: &str, disposition| create(name, GENERIC_READ | GENERIC_WRITE, SHARE, disposition, 0).err();
        same!(code("z2.txt:Zone.Identifier", OPEN_EXISTING), Some(ERROR_FILE_NOT_FOUND));
        same!(code("z2.txt:Zone.Identifier", TRUNCATE_EXISTING), Some(ERROR_FILE_NOT_FOUND));
        same!(code("z2.txt:Zone.Identifier", CREATE_NEW), None);
        same!(code("z2.txt:Zone.Identifier", CREATE_NEW), Some(ERROR_FILE_EXISTS));
        same!(code("z2.txt:Zone.Identifier", OPEN_ALWAYS), None);
        same!(code("none.txt:Zone.Identifier", OPEN_EXISTING), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!DeleteFileW", Success, "where a file came from is forgotten, and the file stays", {
        put("z3.txt", b"content")?;
        put("z3.txt:Zone.Identifier", ZONE)?;
        same!(unsafe { DeleteFileW(wide("z3.txt:Zone.Identifier").as_ptr()) }, 1);
        same!(attributes("z3.txt:Zone.Identifier"), (u32::MAX, ERROR_FILE_NOT_FOUND));
        same!(get("z3.txt")?, b"content");
        clear_error();
        same!((unsafe { DeleteFileW(wide("z3.txt:Zone.Identifier").as_ptr()) }, last_error()), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CopyFileW kernel32!MoveFileW", Success, "it goes with the file and its copies", wine = "Wine has no streams", {
        put("z4.txt", b"content")?;
        put("z4.txt:Zone.Identifier", ZONE)?;
        same!(unsafe { CopyFileW(wide("z4.txt").as_ptr(), wide("z4copy.txt").as_ptr(), 1) }, 1);
        same!(unsafe { MoveFileW(wide("z4.txt").as_ptr(), wide("z4moved.txt").as_ptr()) }, 1);
        same!((get("z4copy.txt:Zone.Identifier")?, get("z4moved.txt:Zone.Identifier")?), (ZONE.to_vec(), ZONE.to_vec()));
    });
}

fn listed(cases: &mut Cases) {
    // SAFETY: plain data, for which zero is a value.
    let mut data: WIN32_FIND_STREAM_DATA = unsafe { core::mem::zeroed() };
    let at = (&raw mut data).cast::<c_void>();
    // SAFETY: what the functions write through the pointer is read through it.
    let found = || unsafe { at.cast::<WIN32_FIND_STREAM_DATA>().read() };
    case!(
        cases,
        "kernel32!FindFirstStreamW kernel32!FindNextStreamW kernel32!FindClose",
        Success,
        "a file's streams",
        wine = "Wine has no streams",
        {
            put("l1.txt", b"content")?;
            put("l1.txt:Zone.Identifier", ZONE)?;
            let search = unsafe { FindFirstStreamW(wide("l1.txt").as_ptr(), FindStreamInfoStandard, at, 0) };
            same!(search == INVALID_HANDLE_VALUE, false);
            same!((found().StreamSize, narrow(&found().cStreamName)), (7, String::from("::$DATA")));
            same!(unsafe { FindNextStreamW(search, at) }, 1);
            same!((found().StreamSize, narrow(&found().cStreamName)), (ZONE.len() as i64, String::from(":Zone.Identifier:$DATA")));
            clear_error();
            same!((unsafe { FindNextStreamW(search, at) }, last_error()), (0, ERROR_HANDLE_EOF));
            same!(unsafe { FindClose(search) }, 1);
        }
    );
    case!(cases, "kernel32!FindFirstStreamW kernel32!FindNextStreamW", Failure, "a folder has none", wine = "Wine has no streams", {
        folder("l2")?;
        clear_error();
        let search = unsafe { FindFirstStreamW(wide("l2").as_ptr(), FindStreamInfoStandard, at, 0) };
        same!((search, last_error()), (INVALID_HANDLE_VALUE, ERROR_HANDLE_EOF));
        clear_error();
        let search = unsafe { FindFirstStreamW(wide("none").as_ptr(), FindStreamInfoStandard, at, 0) };
        same!((search, last_error()), (INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND));
        clear_error();
        same!((unsafe { FindNextStreamW(4 as HANDLE, at) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}

fn refused(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Failure, "other streams are no names", wine = "Wine takes the colon for a part of the name", {
        put("o1.txt", b"content")?;
        for name in ["o1.txt:other", "o1.txt:", "o1.txt:Zone.Identifier:$BITMAP", "o1.txt:a:b:c"] {
            same!((name, create(name, GENERIC_WRITE, SHARE, OPEN_ALWAYS, 0).err()), (name, Some(ERROR_INVALID_NAME)));
        }
    });
}

/// Sends a control code; answers the last error and the bytes that came back.
fn control<I, O>(file: HANDLE, code: u32, input: &[I], output: &mut [O]) -> (u32, u32) {
    let mut returned = 0;
    let (from, to) = (input.as_ptr().cast(), output.as_mut_ptr().cast());
    clear_error();
    // SAFETY: the buffers are as long as they say.
    let done = unsafe { DeviceIoControl(file, code, from, size_of_val(input) as u32, to, size_of_val(output) as u32, &raw mut returned, null_mut()) };
    (if done != 0 { 0 } else { last_error() }, returned)
}

fn sparse(cases: &mut Cases) {
    let none: &mut [u8] = &mut [];
    case!(cases, "kernel32!DeviceIoControl", Success, "a sparse file has holes", wine = "Wine makes no file sparse", {
        let file = make("s1.bin", &[1; 0x1000])?;
        same!(control::<u8, u8>(file.0, FSCTL_SET_SPARSE, &[], none), (0, 0));
        same!(attributes("s1.bin").0 & FILE_ATTRIBUTE_SPARSE_FILE, FILE_ATTRIBUTE_SPARSE_FILE);
        same!(unsafe { SetFilePointer(file.0, 0x10_0000, null_mut(), FILE_BEGIN) }, 0x10_0000);
        let mut written = 0;
        same!(unsafe { WriteFile(file.0, [2_u8; 0x1000].as_ptr(), 0x1000, &raw mut written, null_mut()) }, 1);
        let mut ranges = [[0_i64; 2]; 4];
        same!(control(file.0, FSCTL_QUERY_ALLOCATED_RANGES, &[0_i64, 0x20_0000], &mut ranges), (0, 32));
        same!((ranges[0], ranges[1]), ([0, 0x1000], [0x10_0000, 0x1000]));
        same!(control(file.0, FSCTL_SET_ZERO_DATA, &[0_i64, 0x1000], none), (0, 0));
        same!(control(file.0, FSCTL_QUERY_ALLOCATED_RANGES, &[0_i64, 0x20_0000], &mut ranges), (0, 16));
        same!(ranges[0], [0x10_0000, 0x1000]);
        same!(get("s1.bin")?[..4].to_vec(), [0; 4]);
        let mut one: [[i64; 2]; 1] = [[0; 2]];
        same!(control(file.0, FSCTL_QUERY_ALLOCATED_RANGES, &[0_i64, 0x1000], &mut one), (0, 0));
        let low = unsafe { GetCompressedFileSizeW(wide("s1.bin").as_ptr(), null_mut()) };
        same!(low <= 0x4000, true);
        same!(unsafe { SetFileAttributesW(wide("s1.bin").as_ptr(), FILE_ATTRIBUTE_HIDDEN) }, 1);
        same!(attributes("s1.bin").0, FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SPARSE_FILE);
        same!(control(file.0, FSCTL_SET_SPARSE, &[0_u8], none), (0, 0));
        same!(attributes("s1.bin").0, FILE_ATTRIBUTE_HIDDEN);
    });
    case!(cases, "kernel32!DeviceIoControl", Failure, "who may not write makes no holes", wine = "Wine makes no file sparse", {
        put("s2.bin", &[1; 0x3000])?;
        let file = open("s2.bin", GENERIC_READ)?;
        same!(control::<u8, u8>(file.0, FSCTL_SET_SPARSE, &[], none).0, ERROR_ACCESS_DENIED);
        same!(control(file.0, FSCTL_SET_ZERO_DATA, &[0_i64, 0x1000], none).0, ERROR_ACCESS_DENIED);
        let file = open("s2.bin", GENERIC_READ | GENERIC_WRITE)?;
        same!(control(file.0, FSCTL_SET_ZERO_DATA, &[0x1000_i64, 0], none).0, ERROR_INVALID_PARAMETER);
        same!(control(file.0, FSCTL_SET_ZERO_DATA, &[0_u32], none).0, ERROR_INVALID_PARAMETER);
        same!(control(file.0, FSCTL_SET_ZERO_DATA, &[0x1000_i64, 0x2000], none).0, 0);
        let mut one = [[0_i64; 2]; 1];
        same!(control(file.0, FSCTL_QUERY_ALLOCATED_RANGES, &[0_i64, 0x3000], &mut one), (ERROR_MORE_DATA, 16));
        same!(one[0], [0, 0x1000]);
    });
    case!(
        cases,
        "kernel32!GetCompressedFileSizeW kernel32!GetCompressedFileSizeA",
        Success,
        "nothing is compressed",
        wine = "Wine does not tell how a file is compressed",
        {
            put("c1.bin", &[1; 100])?;
            let mut high = 7;
            same!((unsafe { GetCompressedFileSizeW(wide("c1.bin").as_ptr(), &raw mut high) }, high), (100, 0));
            same!(unsafe { GetCompressedFileSizeA(c"c1.bin".as_ptr().cast(), null_mut()) }, 100);
            let file = open("c1.bin", GENERIC_READ | GENERIC_WRITE)?;
            let mut format: Vec<u16> = alloc::vec![9];
            same!(control::<u8, u16>(file.0, FSCTL_GET_COMPRESSION, &[], &mut format), (0, 2));
            same!(format[0], 0);
        }
    );
    case!(cases, "kernel32!GetCompressedFileSizeW kernel32!GetCompressedFileSizeA", Failure, "a file that is not there", {
        clear_error();
        same!((unsafe { GetCompressedFileSizeW(wide("none").as_ptr(), null_mut()) }, last_error()), (INVALID_FILE_SIZE, ERROR_FILE_NOT_FOUND));
        clear_error();
        same!((unsafe { GetCompressedFileSizeA(c"none".as_ptr().cast(), null_mut()) }, last_error()), (INVALID_FILE_SIZE, ERROR_FILE_NOT_FOUND));
    });
}
