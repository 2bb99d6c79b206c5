//! fileapi.h: bytes, positions, facts and listings.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::null_mut;
use guests::files::{create, folder, get, make, open, put, read};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::OVERLAPPED;

const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        bytes(&mut cases);
        positions(&mut cases);
        facts(&mut cases);
        listings(&mut cases);
        times(&mut cases);
        volumes(&mut cases);
        cases.code()
    }
}

fn bytes(cases: &mut Cases) {
    case!(cases, "kernel32!WriteFile kernel32!ReadFile", Success, "what was written is read, and nothing at the end", {
        let file = make("bytes.txt", b"abcdef")?;
        same!(unsafe { SetFilePointer(file.0, 4, null_mut(), FILE_BEGIN) }, 4);
        same!(read(&file, 10)?, b"ef");
        same!(read(&file, 10)?, b"");
    });
    case!(cases, "kernel32!ReadFile", Failure, "at a position behind the end", {
        let file = open("bytes.txt", GENERIC_READ)?;
        let mut request = unsafe { core::mem::zeroed::<OVERLAPPED>() };
        request.Anonymous.Anonymous.Offset = 100;
        let (mut buffer, mut moved) = ([0; 4], 0);
        clear_error();
        same!((unsafe { ReadFile(file.0, buffer.as_mut_ptr(), 4, &raw mut moved, &raw mut request) }, last_error()), (0, ERROR_HANDLE_EOF));
    });
    case!(cases, "kernel32!ReadFile", Failure, "by a handle for writing", {
        let file = create("bytes.txt", GENERIC_WRITE, 7, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
        let (mut buffer, mut moved) = ([0; 4], 0);
        clear_error();
        same!((unsafe { ReadFile(file.0, buffer.as_mut_ptr(), 4, &raw mut moved, null_mut()) }, last_error()), (0, ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!WriteFile", Failure, "a number that is no handle", {
        let mut moved = 0;
        clear_error();
        same!((unsafe { WriteFile(NO_HANDLE, b"x".as_ptr(), 1, &raw mut moved, null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!WriteFile", Success, "appending goes to the end, wherever the position is", {
        put("append.txt", b"abc")?;
        let file = create("append.txt", FILE_APPEND_DATA, 7, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
        let mut moved = 0;
        same!(unsafe { WriteFile(file.0, b"de".as_ptr(), 2, &raw mut moved, null_mut()) }, 1);
        same!((get("append.txt")?, moved), (b"abcde".to_vec(), 2));
    });
    case!(cases, "kernel32!FlushFileBuffers", Success, "a file that was written", {
        let file = make("flushed.txt", b"x")?;
        same!(unsafe { FlushFileBuffers(file.0) }, 1);
    });
    case!(cases, "kernel32!FlushFileBuffers", Failure, "a number that is no handle", {
        clear_error();
        same!((unsafe { FlushFileBuffers(NO_HANDLE) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}

fn positions(cases: &mut Cases) {
    case!(cases, "kernel32!SetFilePointer kernel32!SetFilePointerEx", Success, "from the start, from here, from the end", {
        let file = make("seek.txt", b"abcdef")?;
        same!(unsafe { SetFilePointer(file.0, 2, null_mut(), FILE_BEGIN) }, 2);
        same!(unsafe { SetFilePointer(file.0, -1, null_mut(), FILE_CURRENT) }, 1);
        let mut new = 0;
        same!((unsafe { SetFilePointerEx(file.0, -2, &raw mut new, FILE_END) }, new), (1, 4));
        let mut high = 1;
        same!((unsafe { SetFilePointer(file.0, 5, &raw mut high, FILE_BEGIN) }, high), (5, 1));
    });
    case!(cases, "kernel32!SetFilePointer", Failure, "in front of the start", {
        let file = make("seek.txt", b"abcdef")?;
        clear_error();
        same!((unsafe { SetFilePointer(file.0, -1, null_mut(), FILE_BEGIN) }, last_error()), (INVALID_SET_FILE_POINTER, ERROR_NEGATIVE_SEEK));
    });
    case!(cases, "kernel32!SetFilePointerEx", Failure, "in front of the start", {
        let file = make("seek.txt", b"abcdef")?;
        clear_error();
        same!((unsafe { SetFilePointerEx(file.0, -1, null_mut(), FILE_BEGIN) }, last_error()), (0, ERROR_NEGATIVE_SEEK));
    });
    case!(cases, "kernel32!SetEndOfFile kernel32!GetFileSize kernel32!GetFileSizeEx", Success, "shorter and longer", {
        let file = make("end.txt", b"abcdef")?;
        unsafe { SetFilePointer(file.0, 2, null_mut(), FILE_BEGIN) };
        same!(unsafe { SetEndOfFile(file.0) }, 1);
        same!(get("end.txt")?, b"ab");
        unsafe { SetFilePointer(file.0, 5, null_mut(), FILE_BEGIN) };
        same!(unsafe { SetEndOfFile(file.0) }, 1);
        same!(get("end.txt")?, b"ab\0\0\0");
        let (mut high, mut size) = (7, 0);
        same!((unsafe { GetFileSize(file.0, &raw mut high) }, high), (5, 0));
        same!((unsafe { GetFileSizeEx(file.0, &raw mut size) }, size), (1, 5));
    });
    case!(cases, "kernel32!SetEndOfFile", Failure, "by a handle for reading", wine = "Wine calls the parameter invalid", {
        let file = open("end.txt", GENERIC_READ)?;
        clear_error();
        same!((unsafe { SetEndOfFile(file.0) }, last_error()), (0, ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!GetFileSize kernel32!GetFileSizeEx", Failure, "a number that is no handle", {
        let mut size = 0;
        clear_error();
        same!((unsafe { GetFileSize(NO_HANDLE, null_mut()) }, last_error()), (INVALID_FILE_SIZE, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { GetFileSizeEx(NO_HANDLE, &raw mut size) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!GetFileType", Success, "a file is on a disk", {
        let file = open("end.txt", GENERIC_READ)?;
        same!(unsafe { GetFileType(file.0) }, FILE_TYPE_DISK);
    });
    case!(cases, "kernel32!GetFileType", Failure, "a number that is no handle", {
        clear_error();
        same!((unsafe { GetFileType(NO_HANDLE) }, last_error()), (FILE_TYPE_UNKNOWN, ERROR_INVALID_HANDLE));
    });
}

fn facts(cases: &mut Cases) {
    let attributes = |name: &str| unsafe { GetFileAttributesW(wide(name).as_ptr()) };
    case!(
        cases,
        "kernel32!GetFileAttributesW kernel32!SetFileAttributesW",
        Success,
        "read-only and back",
        wine = "Wine shows the archive attribute on every file",
        {
            put("attributes.txt", b"x")?;
            same!(attributes("attributes.txt"), FILE_ATTRIBUTE_ARCHIVE);
            same!(unsafe { SetFileAttributesW(wide("attributes.txt").as_ptr(), FILE_ATTRIBUTE_READONLY) }, 1);
            same!(attributes("attributes.txt"), FILE_ATTRIBUTE_READONLY);
            same!(unsafe { SetFileAttributesW(wide("attributes.txt").as_ptr(), FILE_ATTRIBUTE_NORMAL) }, 1);
            same!(attributes("attributes.txt"), FILE_ATTRIBUTE_NORMAL);
        }
    );
    case!(cases, "kernel32!GetFileAttributesW", Failure, "a missing file", {
        clear_error();
        same!((attributes("missing.txt"), last_error()), (INVALID_FILE_ATTRIBUTES, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!SetFileAttributesW", Failure, "a missing file", {
        clear_error();
        same!((unsafe { SetFileAttributesW(wide("missing.txt").as_ptr(), FILE_ATTRIBUTE_READONLY) }, last_error()), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!GetFileAttributesExW", Success, "size and attributes by path", {
        put("five.txt", b"12345")?;
        let mut data = unsafe { core::mem::zeroed::<WIN32_FILE_ATTRIBUTE_DATA>() };
        same!(unsafe { GetFileAttributesExW(wide("five.txt").as_ptr(), GetFileExInfoStandard, (&raw mut data).cast()) }, 1);
        same!((data.nFileSizeLow, data.nFileSizeHigh, data.dwFileAttributes), (5, 0, FILE_ATTRIBUTE_ARCHIVE));
    });
    case!(cases, "kernel32!GetFileAttributesExW", Failure, "a missing file", {
        let mut data = unsafe { core::mem::zeroed::<WIN32_FILE_ATTRIBUTE_DATA>() };
        clear_error();
        let done = unsafe { GetFileAttributesExW(wide("missing.txt").as_ptr(), GetFileExInfoStandard, (&raw mut data).cast()) };
        same!((done, last_error()), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!SetFileInformationByHandle", Success, "a new name, and the end of a file", {
        let file = create("five.txt", GENERIC_READ | GENERIC_WRITE | DELETE, 7, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
        let end = 3_i64;
        same!(unsafe { SetFileInformationByHandle(file.0, FileEndOfFileInfo, (&raw const end).cast(), 8) }, 1);
        same!(get("five.txt")?, b"123");
        let gone = FILE_DISPOSITION_INFO { DeleteFile: true };
        same!(unsafe { SetFileInformationByHandle(file.0, FileDispositionInfo, (&raw const gone).cast(), 1) }, 1);
        drop(file);
        same!(attributes("five.txt"), INVALID_FILE_ATTRIBUTES);
    });
    case!(cases, "kernel32!SetFileInformationByHandle", Failure, "too small a buffer", wine = "Wine calls the parameter invalid", {
        let file = make("six.txt", b"123456")?;
        let end = 3_i64;
        clear_error();
        same!((unsafe { SetFileInformationByHandle(file.0, FileEndOfFileInfo, (&raw const end).cast(), 4) }, last_error()), (0, ERROR_BAD_LENGTH));
    });
}

fn list(pattern: &str) -> Result<Vec<String>, u32> {
    let mut found = unsafe { core::mem::zeroed::<WIN32_FIND_DATAW>() };
    clear_error();
    let search = unsafe { FindFirstFileW(wide(pattern).as_ptr(), &raw mut found) };
    if search == INVALID_HANDLE_VALUE {
        return Err(last_error());
    }
    let mut names = alloc::vec![narrow(&found.cFileName)];
    while unsafe { FindNextFileW(search, &raw mut found) } != 0 {
        names.push(narrow(&found.cFileName));
    }
    let end = last_error();
    unsafe { FindClose(search) };
    names.sort();
    if end == ERROR_NO_MORE_FILES { Ok(names) } else { Err(end) }
}

fn listings(cases: &mut Cases) {
    case!(cases, "kernel32!FindFirstFileW kernel32!FindNextFileW kernel32!FindClose", Success, "by patterns", {
        folder("list")?;
        for name in ["list\\a.txt", "list\\b.txt", "list\\c.dat", "list\\noext"] {
            put(name, b"x")?;
        }
        same!(list("list\\*"), Ok([".", "..", "a.txt", "b.txt", "c.dat", "noext"].map(String::from).to_vec()));
        same!(list("list\\*.txt"), Ok(["a.txt", "b.txt"].map(String::from).to_vec()));
        same!(list("list\\?.DAT"), Ok(["c.dat"].map(String::from).to_vec()));
        same!(list("list\\*.*"), Ok([".", "..", "a.txt", "b.txt", "c.dat", "noext"].map(String::from).to_vec()));
        same!(list("list"), Ok(["list"].map(String::from).to_vec()));
    });
    case!(cases, "kernel32!FindFirstFileW", Failure, "nothing that matches, and no folder", {
        same!(list("list\\*.zip").err(), Some(ERROR_FILE_NOT_FOUND));
        same!(list("missing\\*").err(), Some(ERROR_PATH_NOT_FOUND));
    });
    case!(cases, "kernel32!FindClose", Failure, "a number that is no search", {
        clear_error();
        same!((unsafe { FindClose(INVALID_HANDLE_VALUE) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!GetFullPathNameW", Success, "dots, slashes and the folder's part", {
        let (mut path, mut part) = ([0; 300], null_mut());
        let length = unsafe { GetFullPathNameW(wide("C:/a/./b/../c.txt").as_ptr(), 300, path.as_mut_ptr(), &raw mut part) };
        same!((length, narrow(&path)), (10, String::from("C:\\a\\c.txt")));
        same!(unsafe { part.offset_from(path.as_ptr()) }, 5);
        same!(unsafe { GetFullPathNameW(wide("C:\\a\\c.txt").as_ptr(), 5, path.as_mut_ptr(), null_mut()) }, 11);
    });
}

fn times(cases: &mut Cases) {
    case!(cases, "kernel32!SetFileTime kernel32!GetFileTime", Success, "what was set is told", {
        let file = make("time.txt", b"x")?;
        let set = FILETIME { dwLowDateTime: 0xD53E_8000, dwHighDateTime: 0x01BF_53EB };
        let mut told = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        same!(unsafe { SetFileTime(file.0, null_mut(), null_mut(), &raw const set) }, 1);
        same!(unsafe { GetFileTime(file.0, null_mut(), null_mut(), &raw mut told) }, 1);
        same!((told.dwHighDateTime, told.dwLowDateTime), (set.dwHighDateTime, set.dwLowDateTime));
    });
    case!(cases, "kernel32!SetFileTime kernel32!GetFileTime", Failure, "a number that is no handle", {
        let mut told = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        clear_error();
        same!((unsafe { GetFileTime(NO_HANDLE, null_mut(), null_mut(), &raw mut told) }, last_error()), (0, ERROR_INVALID_HANDLE));
        clear_error();
        same!((unsafe { SetFileTime(NO_HANDLE, null_mut(), null_mut(), &raw const told) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!CompareFileTime", Total, "earlier, the same, later", {
        let [small, large] = [1, 2].map(|high| FILETIME { dwLowDateTime: 5, dwHighDateTime: high });
        same!(unsafe { (CompareFileTime(&small, &large), CompareFileTime(&small, &small), CompareFileTime(&large, &small)) }, (-1, 0, 1));
    });
    case!(cases, "kernel32!GetTempFileNameW", Success, "a name is made and reserved, or only made", {
        let mut path = [0; 300];
        let number = unsafe { GetTempFileNameW(wide(".").as_ptr(), wide("abcd").as_ptr(), 0, path.as_mut_ptr()) };
        holds!(number != 0 && narrow(&path).starts_with(".\\abc") && narrow(&path).to_ascii_lowercase().ends_with(".tmp"));
        same!(get(&narrow(&path))?, b"");
        same!(unsafe { GetTempFileNameW(wide(".").as_ptr(), wide("x").as_ptr(), 0x1A, path.as_mut_ptr()) }, 0x1A);
        same!(narrow(&path).to_ascii_lowercase(), ".\\x1a.tmp");
    });
}

fn volumes(cases: &mut Cases) {
    case!(cases, "kernel32!GetDriveTypeW kernel32!GetLogicalDrives kernel32!GetLogicalDriveStringsW", Success, "drive C: is there", {
        same!(unsafe { GetDriveTypeW(wide("C:\\").as_ptr()) }, 3);
        same!(unsafe { GetDriveTypeW(wide("B:\\").as_ptr()) }, 1);
        same!(unsafe { GetLogicalDrives() } & 6, 4);
        let mut text = [0; 300];
        let length = unsafe { GetLogicalDriveStringsW(300, text.as_mut_ptr()) } as usize;
        holds!(String::from_utf16_lossy(&text[..length]).to_ascii_uppercase().starts_with("C:\\\0"));
    });
    case!(cases, "kernel32!GetDiskFreeSpaceExW", Success, "no more is free than there is", {
        let (mut own, mut total, mut free) = (0, 0, 0);
        same!(unsafe { GetDiskFreeSpaceExW(wide("C:\\").as_ptr(), &raw mut own, &raw mut total, &raw mut free) }, 1);
        holds!(own <= free && free <= total && total > 0);
    });
    case!(cases, "kernel32!GetDiskFreeSpaceExW", Failure, "a drive that is not there", {
        let mut own = 0;
        clear_error();
        same!((unsafe { GetDiskFreeSpaceExW(wide("B:\\").as_ptr(), &raw mut own, null_mut(), null_mut()) }, last_error()), (0, ERROR_PATH_NOT_FOUND));
    });
    case!(cases, "kernel32!GetVolumeInformationW", Success, "drive C:'s file system", {
        let (mut system, mut longest) = ([0; 20], 0);
        let done = unsafe {
            let path = wide("C:\\");
            GetVolumeInformationW(path.as_ptr(), null_mut(), 0, null_mut(), &raw mut longest, null_mut(), system.as_mut_ptr(), 20)
        };
        same!((done, longest, narrow(&system)), (1, 255, String::from("NTFS")));
    });
}
