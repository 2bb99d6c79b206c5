//! winbase.h, what is of files: copying, moving, linking, replacing, facts by handle.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, null_mut};
use guests::files::{File, SHARE, ansi, create, folder, forget, get, make, open, put};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::LibraryLoader::GetModuleFileNameW;
use windows_sys::Win32::System::WindowsProgramming::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        copying(&mut cases);
        moving(&mut cases);
        linking(&mut cases);
        replacing(&mut cases);
        binaries(&mut cases);
        by_handle(&mut cases);
        entries(&mut cases);
        dos_times(&mut cases);
        cases.code()
    }
}

/// What a function answered, and the last error where it failed.
fn told(done: i32) -> (i32, u32) {
    (done, if done == 0 { last_error() } else { 0 })
}

fn copy(from: &str, to: &str, fail_if_exists: i32) -> (i32, u32) {
    clear_error();
    told(unsafe { CopyFileW(wide(from).as_ptr(), wide(to).as_ptr(), fail_if_exists) })
}

fn attributes(name: &str) -> u32 {
    unsafe { GetFileAttributesW(wide(name).as_ptr()) }
}

fn write_time(name: &str) -> Result<(u32, u32), String> {
    let file = open(name, FILE_READ_ATTRIBUTES)?;
    let mut time = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    same!(unsafe { GetFileTime(file.0, null_mut(), null_mut(), &raw mut time) }, 1);
    Ok((time.dwHighDateTime, time.dwLowDateTime))
}

fn copying(cases: &mut Cases) {
    case!(cases, "kernel32!CopyFileW", Success, "bytes and the time of the last write", {
        let file = make("source.bin", &[7; 100])?;
        let time = FILETIME { dwLowDateTime: 0xD53E_8000, dwHighDateTime: 0x01BF_53EB };
        same!(unsafe { SetFileTime(file.0, null(), null(), &raw const time) }, 1);
        drop(file);
        same!(copy("source.bin", "target.bin", 1), (1, 0));
        same!(get("target.bin")?, [7; 100]);
        same!(write_time("target.bin")?, (time.dwHighDateTime, time.dwLowDateTime));
    });
    case!(cases, "kernel32!CopyFileW", Success, "what is there is overwritten, if that is allowed", {
        put("source.txt", b"new")?;
        put("target.txt", b"old and longer")?;
        same!(copy("source.txt", "target.txt", 0), (1, 0));
        same!(get("target.txt")?, b"new");
    });
    case!(cases, "kernel32!CopyFileW", Success, "an empty file", {
        put("empty.txt", b"")?;
        same!(copy("empty.txt", "empty2.txt", 0), (1, 0));
        same!(get("empty2.txt")?, b"");
    });
    case!(cases, "kernel32!CopyFileW", Failure, "what is there is kept, if that is asked for", {
        put("source.txt", b"new")?;
        put("target.txt", b"old")?;
        same!(copy("source.txt", "target.txt", 1), (0, ERROR_FILE_EXISTS));
        same!(get("target.txt")?, b"old");
    });
    case!(cases, "kernel32!CopyFileW", Failure, "a missing file", {
        same!(copy("missing.txt", "target.txt", 0), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CopyFileW", Failure, "into a missing folder", {
        same!(copy("source.txt", "missing\\target.txt", 0), (0, ERROR_PATH_NOT_FOUND));
    });
    case!(cases, "kernel32!CopyFileW", Failure, "a folder", {
        folder("copied")?;
        same!(copy("copied", "copied2", 0), (0, ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!CopyFileW", Failure, "a file that nobody else may read", {
        put("held.txt", b"x")?;
        let held = create("held.txt", GENERIC_READ, 0, OPEN_EXISTING, 0);
        same!(held.is_ok(), true);
        same!(copy("held.txt", "target.txt", 0), (0, ERROR_SHARING_VIOLATION));
    });
    case!(cases, "kernel32!CopyFileA", Success, "by ANSI names", {
        forget("a-target.txt");
        same!(unsafe { CopyFileA(ansi("source.txt").as_ptr(), ansi("a-target.txt").as_ptr(), 1) }, 1);
        same!(get("a-target.txt")?, b"new");
    });
    case!(cases, "kernel32!CopyFileA", Failure, "a missing file", {
        clear_error();
        same!(told(unsafe { CopyFileA(ansi("missing.txt").as_ptr(), ansi("a-target.txt").as_ptr(), 0) }), (0, ERROR_FILE_NOT_FOUND));
    });
}

fn rename(from: &str, to: &str, flags: u32) -> (i32, u32) {
    clear_error();
    told(unsafe { MoveFileExW(wide(from).as_ptr(), wide(to).as_ptr(), flags) })
}

fn moving(cases: &mut Cases) {
    case!(cases, "kernel32!MoveFileW", Success, "a file gets another name", {
        put("first.txt", b"moved")?;
        forget("second.txt");
        same!(unsafe { MoveFileW(wide("first.txt").as_ptr(), wide("second.txt").as_ptr()) }, 1);
        same!((attributes("first.txt"), get("second.txt")?), (INVALID_FILE_ATTRIBUTES, b"moved".to_vec()));
    });
    case!(cases, "kernel32!MoveFileW", Success, "only the case of a name changes", wine = "Wine leaves the name as it was spelt", {
        put("spelling.txt", b"x")?;
        same!(unsafe { MoveFileW(wide("spelling.txt").as_ptr(), wide("SPELLING.TXT").as_ptr()) }, 1);
        let mut found = unsafe { core::mem::zeroed::<WIN32_FIND_DATAW>() };
        let search = unsafe { FindFirstFileW(wide("spelling.txt").as_ptr(), &raw mut found) };
        holds!(search != INVALID_HANDLE_VALUE);
        unsafe { FindClose(search) };
        same!(narrow(&found.cFileName), "SPELLING.TXT");
    });
    case!(cases, "kernel32!MoveFileW", Success, "a folder with what is in it", {
        folder("from")?;
        put("from\\inner.txt", b"inner")?;
        same!(unsafe { MoveFileW(wide("from").as_ptr(), wide("to").as_ptr()) }, 1);
        same!(get("to\\inner.txt")?, b"inner");
    });
    case!(cases, "kernel32!MoveFileW", Failure, "a name that is there", {
        put("first.txt", b"first")?;
        put("second.txt", b"second")?;
        clear_error();
        same!(told(unsafe { MoveFileW(wide("first.txt").as_ptr(), wide("second.txt").as_ptr()) }), (0, ERROR_ALREADY_EXISTS));
        same!(get("second.txt")?, b"second");
    });
    case!(cases, "kernel32!MoveFileA", Success, "by ANSI names", {
        forget("third.txt");
        same!(unsafe { MoveFileA(ansi("first.txt").as_ptr(), ansi("third.txt").as_ptr()) }, 1);
        same!(get("third.txt")?, b"first");
    });
    case!(cases, "kernel32!MoveFileA", Failure, "a missing file", {
        clear_error();
        same!(told(unsafe { MoveFileA(ansi("missing.txt").as_ptr(), ansi("third.txt").as_ptr()) }), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!MoveFileExW", Success, "MOVEFILE_REPLACE_EXISTING", {
        put("first.txt", b"first")?;
        put("second.txt", b"second")?;
        same!(rename("first.txt", "second.txt", MOVEFILE_REPLACE_EXISTING), (1, 0));
        same!(get("second.txt")?, b"first");
    });
    case!(cases, "kernel32!MoveFileExW", Failure, "a missing file", {
        same!(rename("missing.txt", "second.txt", MOVEFILE_REPLACE_EXISTING), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!MoveFileExW", Failure, "into a missing folder", {
        same!(rename("second.txt", "missing\\second.txt", 0), (0, ERROR_PATH_NOT_FOUND));
    });
    case!(cases, "kernel32!MoveFileExW", Failure, "a folder is not replaced", {
        put("first.txt", b"first")?;
        folder("solid")?;
        same!(rename("first.txt", "solid", MOVEFILE_REPLACE_EXISTING), (0, ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!MoveFileExW", Failure, "an open file that does not share its deletion", {
        let held = create("second.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
        same!(held.is_ok(), true);
        same!(rename("second.txt", "other.txt", 0), (0, ERROR_SHARING_VIOLATION));
    });
    case!(cases, "kernel32!MoveFileExA", Success, "MOVEFILE_REPLACE_EXISTING by ANSI names", {
        put("first.txt", b"first")?;
        put("second.txt", b"second")?;
        same!(unsafe { MoveFileExA(ansi("first.txt").as_ptr(), ansi("second.txt").as_ptr(), MOVEFILE_REPLACE_EXISTING) }, 1);
        same!(get("second.txt")?, b"first");
    });
    case!(cases, "kernel32!MoveFileExA", Failure, "a missing file", {
        clear_error();
        same!(told(unsafe { MoveFileExA(ansi("missing.txt").as_ptr(), ansi("x.txt").as_ptr(), 0) }), (0, ERROR_FILE_NOT_FOUND));
    });
}

fn linking(cases: &mut Cases) {
    case!(cases, "kernel32!CreateHardLinkW", Success, "both names lead to the same bytes", {
        put("one.txt", b"one")?;
        forget("two.txt");
        same!(unsafe { CreateHardLinkW(wide("two.txt").as_ptr(), wide("one.txt").as_ptr(), null()) }, 1);
        put_at("two.txt", b"TWO")?;
        same!(get("one.txt")?, b"TWO");
        let file = open("one.txt", GENERIC_READ)?;
        let mut facts = unsafe { core::mem::zeroed::<BY_HANDLE_FILE_INFORMATION>() };
        same!(unsafe { GetFileInformationByHandle(file.0, &raw mut facts) }, 1);
        same!(facts.nNumberOfLinks, 2);
    });
    case!(cases, "kernel32!CreateHardLinkW", Failure, "a name that is there", {
        put("three.txt", b"three")?;
        clear_error();
        same!(told(unsafe { CreateHardLinkW(wide("three.txt").as_ptr(), wide("one.txt").as_ptr(), null()) }), (0, ERROR_ALREADY_EXISTS));
    });
    case!(cases, "kernel32!CreateHardLinkW", Failure, "a missing file", {
        clear_error();
        same!(told(unsafe { CreateHardLinkW(wide("new.txt").as_ptr(), wide("missing.txt").as_ptr(), null()) }), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CreateHardLinkA", Success, "by ANSI names", {
        forget("four.txt");
        same!(unsafe { CreateHardLinkA(ansi("four.txt").as_ptr(), ansi("one.txt").as_ptr(), null()) }, 1);
        same!(get("four.txt")?, b"TWO");
    });
    case!(cases, "kernel32!CreateHardLinkA", Failure, "a missing file", {
        clear_error();
        same!(told(unsafe { CreateHardLinkA(ansi("new.txt").as_ptr(), ansi("missing.txt").as_ptr(), null()) }), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CreateSymbolicLinkW", Failure, "a process without the privilege", wine = "Wine gives every process the privilege", {
        clear_error();
        let done = unsafe { CreateSymbolicLinkW(wide("symbolic.txt").as_ptr(), wide("one.txt").as_ptr(), 0) };
        same!((done, last_error()), (false, ERROR_PRIVILEGE_NOT_HELD));
        same!(attributes("symbolic.txt"), INVALID_FILE_ATTRIBUTES);
    });
    case!(cases, "kernel32!CreateSymbolicLinkA", Failure, "a process without the privilege", wine = "Wine gives every process the privilege", {
        clear_error();
        let done = unsafe { CreateSymbolicLinkA(ansi("symbolic2.txt").as_ptr(), ansi("one.txt").as_ptr(), 0) };
        same!((done, last_error()), (false, ERROR_PRIVILEGE_NOT_HELD));
    });
}

/// Overwrites a file's bytes without making it anew.
fn put_at(name: &str, bytes: &[u8]) -> Result<(), String> {
    let file = create(name, GENERIC_WRITE, SHARE, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
    let mut written = 0;
    same!(unsafe { WriteFile(file.0, bytes.as_ptr(), bytes.len() as u32, &raw mut written, null_mut()) }, 1);
    Ok(())
}

fn replacing(cases: &mut Cases) {
    case!(cases, "kernel32!ReplaceFileW", Success, "the old file is kept under the third name", {
        put("old.txt", b"old")?;
        put("new.txt", b"new")?;
        forget("kept.txt");
        let done = unsafe { ReplaceFileW(wide("old.txt").as_ptr(), wide("new.txt").as_ptr(), wide("kept.txt").as_ptr(), 0, null(), null()) };
        same!(done, 1);
        same!((get("old.txt")?, get("kept.txt")?, attributes("new.txt")), (b"new".to_vec(), b"old".to_vec(), INVALID_FILE_ATTRIBUTES));
    });
    case!(cases, "kernel32!ReplaceFileW", Success, "without a third name", wine = "Wine fails without one", {
        put("old.txt", b"old")?;
        put("new.txt", b"new")?;
        same!(told(unsafe { ReplaceFileW(wide("old.txt").as_ptr(), wide("new.txt").as_ptr(), null(), 0, null(), null()) }), (1, 0));
        same!((get("old.txt")?, attributes("new.txt")), (b"new".to_vec(), INVALID_FILE_ATTRIBUTES));
    });
    case!(cases, "kernel32!ReplaceFileW", Failure, "a missing file", {
        clear_error();
        let done = unsafe { ReplaceFileW(wide("missing.txt").as_ptr(), wide("old.txt").as_ptr(), null(), 0, null(), null()) };
        same!(told(done), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!ReplaceFileW", Failure, "a missing replacement", {
        put("old.txt", b"new")?;
        clear_error();
        let done = unsafe { ReplaceFileW(wide("old.txt").as_ptr(), wide("missing.txt").as_ptr(), null(), 0, null(), null()) };
        same!(told(done), (0, ERROR_FILE_NOT_FOUND));
        same!(get("old.txt")?, b"new");
    });
    case!(cases, "kernel32!ReplaceFileA", Success, "by ANSI names", wine = "Wine fails without a third name", {
        put("new.txt", b"newer")?;
        same!(unsafe { ReplaceFileA(ansi("old.txt").as_ptr(), ansi("new.txt").as_ptr(), null(), 0, null(), null()) }, 1);
        same!(get("old.txt")?, b"newer");
    });
    case!(cases, "kernel32!ReplaceFileA", Failure, "a missing file", {
        clear_error();
        let done = unsafe { ReplaceFileA(ansi("missing.txt").as_ptr(), ansi("old.txt").as_ptr(), null(), 0, null(), null()) };
        same!(told(done), (0, ERROR_FILE_NOT_FOUND));
    });
}

fn binaries(cases: &mut Cases) {
    let kind = |name: &str| {
        let mut kind = 0xDEAD;
        clear_error();
        let done = unsafe { GetBinaryTypeW(wide(name).as_ptr(), &raw mut kind) };
        (done, if done == 0 { last_error() } else { kind })
    };
    const OWN: u32 = if cfg!(target_pointer_width = "64") { 6 } else { 0 };
    let mut own = [0; 300];
    unsafe { GetModuleFileNameW(null_mut(), own.as_mut_ptr(), 300) };
    let own = narrow(&own);
    case!(cases, "kernel32!GetBinaryTypeW", Success, "this program", {
        same!(kind(&own), (1, OWN));
    });
    case!(cases, "kernel32!GetBinaryTypeW", Failure, "a text", wine = "Wine sets no error", {
        put("text.exe", b"just a text, which is longer than the head of a program is")?;
        same!(kind("text.exe"), (0, ERROR_BAD_EXE_FORMAT));
    });
    case!(cases, "kernel32!GetBinaryTypeW", Failure, "a missing file", {
        same!(kind("missing.exe"), (0, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!GetBinaryTypeA", Success, "by an ANSI name", {
        let mut kind = 0xDEAD;
        same!((unsafe { GetBinaryTypeA(ansi(&own).as_ptr(), &raw mut kind) }, kind), (1, OWN));
    });
    case!(cases, "kernel32!GetBinaryTypeA", Failure, "a missing file", {
        let mut kind = 0xDEAD;
        clear_error();
        same!(told(unsafe { GetBinaryTypeA(ansi("missing.exe").as_ptr(), &raw mut kind) }), (0, ERROR_FILE_NOT_FOUND));
    });
}

fn ask<T>(file: &File, class: FILE_INFO_BY_HANDLE_CLASS) -> Result<T, u32> {
    let mut answer = unsafe { core::mem::zeroed::<T>() };
    clear_error();
    let done = unsafe { GetFileInformationByHandleEx(file.0, class, (&raw mut answer).cast(), size_of::<T>() as u32) };
    if done != 0 { Ok(answer) } else { Err(last_error()) }
}

fn by_handle(cases: &mut Cases) {
    case!(cases, "kernel32!GetFileInformationByHandleEx", Success, "FileBasicInfo and FileStandardInfo", {
        let file = make("facts.txt", b"12345")?;
        let basic: FILE_BASIC_INFO = ask(&file, FileBasicInfo).map_err(|_| "FileBasicInfo")?;
        same!(basic.FileAttributes, FILE_ATTRIBUTE_ARCHIVE);
        holds!(basic.CreationTime > 0 && basic.LastWriteTime > 0);
        let standard: FILE_STANDARD_INFO = ask(&file, FileStandardInfo).map_err(|_| "FileStandardInfo")?;
        same!((standard.EndOfFile, standard.NumberOfLinks, standard.Directory, standard.DeletePending), (5, 1, false, false));
    });
    case!(cases, "kernel32!GetFileInformationByHandleEx", Success, "FileNameInfo is the path without its drive", {
        let file = open("facts.txt", GENERIC_READ)?;
        let mut buffer = [0_u32; 300];
        let done = unsafe { GetFileInformationByHandleEx(file.0, FileNameInfo, buffer.as_mut_ptr().cast(), size_of_val(&buffer) as u32) };
        same!(done, 1);
        let units = unsafe { core::slice::from_raw_parts(buffer.as_ptr().add(1).cast::<u16>(), buffer[0] as usize / 2) };
        let name = String::from_utf16_lossy(units);
        holds!(name.starts_with('\\') && name.ends_with("\\facts.txt"));
    });
    case!(cases, "kernel32!GetFileInformationByHandleEx", Success, "FileAttributeTagInfo, FileIdInfo, FileCompressionInfo", {
        let file = open("facts.txt", GENERIC_READ)?;
        let tag: FILE_ATTRIBUTE_TAG_INFO = ask(&file, FileAttributeTagInfo).map_err(|_| "FileAttributeTagInfo")?;
        same!((tag.FileAttributes, tag.ReparseTag), (FILE_ATTRIBUTE_ARCHIVE, 0));
        let id: FILE_ID_INFO = ask(&file, FileIdInfo).map_err(|_| "FileIdInfo")?;
        let mut facts = unsafe { core::mem::zeroed::<BY_HANDLE_FILE_INFORMATION>() };
        same!(unsafe { GetFileInformationByHandle(file.0, &raw mut facts) }, 1);
        same!(&id.FileId.Identifier[..4], &facts.nFileIndexLow.to_le_bytes()[..]);
    });
    case!(cases, "kernel32!GetFileInformationByHandleEx", Failure, "too small a buffer", {
        let file = open("facts.txt", GENERIC_READ)?;
        same!(ask::<u32>(&file, FileBasicInfo).err(), Some(ERROR_BAD_LENGTH));
    });
    case!(cases, "kernel32!GetFileInformationByHandleEx", Failure, "a class that sets, and one that is none", {
        let file = open("facts.txt", GENERIC_READ)?;
        same!(ask::<[u64; 40]>(&file, FileRenameInfo).err(), Some(ERROR_INVALID_PARAMETER));
        same!(ask::<[u64; 40]>(&file, 0x1234).err(), Some(ERROR_INVALID_PARAMETER));
    });
}

fn entries(cases: &mut Cases) {
    case!(cases, "kernel32!GetFileInformationByHandleEx", Success, "FileIdBothDirectoryInfo lists a folder, then ends", {
        folder("listed")?;
        put("listed\\a.txt", b"1")?;
        put("listed\\b.txt", b"22")?;
        let listed = create("listed", FILE_LIST_DIRECTORY, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).map_err(|_| "it was not opened")?;
        let mut names = Vec::new();
        let mut buffer = [0_u64; 100];
        loop {
            clear_error();
            let size = size_of_val(&buffer) as u32;
            let done = unsafe { GetFileInformationByHandleEx(listed.0, FileIdBothDirectoryInfo, buffer.as_mut_ptr().cast(), size) };
            if done == 0 {
                break;
            }
            let mut at = 0;
            loop {
                let entry = unsafe { buffer.as_ptr().byte_add(at).cast::<FILE_ID_BOTH_DIR_INFO>() };
                let units =
                    unsafe { core::slice::from_raw_parts((&raw const (*entry).FileName).cast::<u16>(), (*entry).FileNameLength as usize / 2) };
                names.push((String::from_utf16_lossy(units), unsafe { (*entry).EndOfFile }));
                match unsafe { (*entry).NextEntryOffset } {
                    0 => break,
                    next => at += next as usize,
                }
            }
        }
        same!(last_error(), ERROR_NO_MORE_FILES);
        names.retain(|(name, _)| !name.starts_with('.'));
        names.sort();
        same!(names, [(String::from("a.txt"), 1), (String::from("b.txt"), 2)]);
    });
    case!(cases, "kernel32!GetFileInformationByHandleEx", Success, "FileFullDirectoryRestartInfo starts again", {
        let listed = create("listed", FILE_LIST_DIRECTORY, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).map_err(|_| "it was not opened")?;
        let mut buffer = [0_u64; 100];
        let size = size_of_val(&buffer) as u32;
        for _ in 0..2 {
            same!(unsafe { GetFileInformationByHandleEx(listed.0, FileFullDirectoryRestartInfo, buffer.as_mut_ptr().cast(), size) }, 1);
        }
    });
}

fn dos_times(cases: &mut Cases) {
    const DATE: u16 = 20 << 9 | 2 << 5 | 29;
    const TIME: u16 = 13 << 11 | 14 << 5 | 15;
    case!(cases, "kernel32!DosDateTimeToFileTime kernel32!FileTimeToDosDateTime", Success, "there and back", {
        let mut time = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        same!(unsafe { DosDateTimeToFileTime(DATE, TIME, &raw mut time) }, 1);
        let (mut date, mut day) = (0, 0);
        same!(unsafe { FileTimeToDosDateTime(&raw const time, &raw mut date, &raw mut day) }, 1);
        same!((date, day), (DATE, TIME));
    });
    case!(cases, "kernel32!DosDateTimeToFileTime", Success, "the first moment of 1980", {
        let mut time = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        same!(unsafe { DosDateTimeToFileTime(0x21, 0, &raw mut time) }, 1);
        same!((u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)) / 10_000_000, 11_960_006_400);
    });
    case!(
        cases,
        "kernel32!DosDateTimeToFileTime",
        Failure,
        "the thirtieth of February",
        wine = "Wine lets the C runtime carry it over into March",
        {
            let mut time = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
            clear_error();
            same!(told(unsafe { DosDateTimeToFileTime(20 << 9 | 2 << 5 | 30, 0, &raw mut time) }), (0, ERROR_INVALID_PARAMETER));
        }
    );
    case!(cases, "kernel32!FileTimeToDosDateTime", Failure, "a year before 1980", {
        let time = FILETIME { dwLowDateTime: 1, dwHighDateTime: 0x0100_0000 };
        let (mut date, mut day) = (0, 0);
        clear_error();
        same!(told(unsafe { FileTimeToDosDateTime(&raw const time, &raw mut date, &raw mut day) }), (0, ERROR_INVALID_PARAMETER));
    });
}
