//! fileapi.h and winbase.h: the other names of files. Short ones, those that hard links give, and numbers.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::null;
use guests::files::{File, SHARE, ansi, create, folder, forget, get, open, put};
use guests::{Cases, case, clear_error, holds, last_error, narrow, same, wide};
use windows_sys::Wdk::Storage::FileSystem::{FileAlternateNameInformation, NtQueryInformationFile};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

const LONG: &str = "A long file name.text";

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        short_names(&mut cases);
        short_paths(&mut cases);
        by_short_name(&mut cases);
        many(&mut cases);
        numbers(&mut cases);
        links(&mut cases);
        temporary(&mut cases);
        cases.code()
    }
}

/// The first that a search finds: its name and its short name.
fn find(pattern: &str) -> Result<(String, String), u32> {
    clear_error();
    // SAFETY: plain data, for which zero is a value.
    let mut data: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
    let search = unsafe { FindFirstFileW(wide(pattern).as_ptr(), &raw mut data) };
    if search == INVALID_HANDLE_VALUE {
        return Err(last_error());
    }
    unsafe { FindClose(search) };
    Ok((narrow(&data.cFileName), narrow(&data.cAlternateFileName)))
}

fn short_of(name: &str) -> Result<String, String> {
    find(name).map(|(_, short)| short).map_err(|code| format!("{name} was not found: {code}"))
}

/// Whether a name has at most eight units, a dot and three more, in upper case.
fn is_short(name: &str) -> bool {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let fits = (1..=8).contains(&stem.len()) && extension.len() <= 3 && !extension.contains('.');
    fits && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_lowercase())
}

fn short_path(path: &str) -> Result<String, u32> {
    clear_error();
    let mut buffer = [0; 300];
    let length = unsafe { GetShortPathNameW(wide(path).as_ptr(), buffer.as_mut_ptr(), 300) };
    if length == 0 { Err(last_error()) } else { Ok(narrow(&buffer)) }
}

fn long_path(path: &str) -> Result<String, u32> {
    clear_error();
    let mut buffer = [0; 300];
    let length = unsafe { GetLongPathNameW(wide(path).as_ptr(), buffer.as_mut_ptr(), 300) };
    if length == 0 { Err(last_error()) } else { Ok(narrow(&buffer)) }
}

fn short_names(cases: &mut Cases) {
    case!(cases, "kernel32!FindFirstFileW", Success, "a long name has a short one, which keeps the start of the extension", {
        put(LONG, b"long")?;
        let short = short_of(LONG)?;
        same!((is_short(&short), short.contains('~'), short.ends_with(".TEX"), short.starts_with('A')), (true, true, true, true));
        same!(short_of(LONG)?, short);
    });
    case!(cases, "kernel32!FindFirstFileW", Success, "a name that is short enough has no other", {
        put("short.txt", b"x")?;
        same!(find("short.txt"), Ok(("short.txt".into(), String::new())));
    });
    case!(cases, "kernel32!FindFirstFileExW", Success, "whoever wants the basic facts hears of no short names", {
        // SAFETY: plain data, for which zero is a value.
        let mut data: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
        let (name, found) = (wide(LONG), (&raw mut data).cast());
        let search = unsafe { FindFirstFileExW(name.as_ptr(), FindExInfoBasic, found, FindExSearchNameMatch, null(), 0) };
        holds!(search != INVALID_HANDLE_VALUE);
        unsafe { FindClose(search) };
        same!((narrow(&data.cFileName), data.cAlternateFileName[0]), (LONG.into(), 0));
    });
    case!(cases, "kernel32!FindFirstFileA", Success, "short names in ANSI", {
        // SAFETY: plain data, for which zero is a value.
        let mut data: WIN32_FIND_DATAA = unsafe { core::mem::zeroed() };
        let search = unsafe { FindFirstFileA(ansi(LONG).as_ptr(), &raw mut data) };
        holds!(search != INVALID_HANDLE_VALUE);
        unsafe { FindClose(search) };
        let short: Vec<u8> = data.cAlternateFileName.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
        same!(short, short_of(LONG)?.into_bytes());
    });
    case!(cases, "kernel32!FindFirstFileW", Success, "a search goes by short names too", {
        let short = short_of(LONG)?;
        same!(find(&short), Ok((LONG.into(), short.clone())));
        same!(find(&format!("{}.T?X", short.split_once('.').map_or("", |(stem, _)| stem))).map(|(name, _)| name), Ok(LONG.into()));
    });
    case!(cases, "ntdll!NtQueryInformationFile", Success, "the short name of an open file", wine = "Wine does not know the class", {
        same!(alternate(LONG)?, (STATUS_SUCCESS, short_of(LONG)?));
    });
    case!(cases, "ntdll!NtQueryInformationFile", Failure, "of a file that has none", wine = "Wine does not know the class", {
        same!(alternate("short.txt")?.0, STATUS_OBJECT_NAME_NOT_FOUND);
    });
    case!(cases, "kernel32!SetFileValidData", Failure, "without the privilege to keep volumes", wine = "Wine sets the length", {
        let file = open(LONG, GENERIC_WRITE)?;
        clear_error();
        same!((unsafe { SetFileValidData(file.0, 2) }, last_error()), (0, ERROR_PRIVILEGE_NOT_HELD));
    });
    case!(cases, "kernel32!SetFileShortNameW kernel32!SetFileShortNameA", Failure, "without the privilege to restore", wine = "Wine's are stubs", {
        let file = create(LONG, GENERIC_ALL, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).map_err(|code| format!("not opened: {code}"))?;
        clear_error();
        same!((unsafe { SetFileShortNameW(file.0, wide("CHOSEN.TXT").as_ptr()) }, last_error()), (0, ERROR_PRIVILEGE_NOT_HELD));
        clear_error();
        same!((unsafe { SetFileShortNameA(file.0, ansi("CHOSEN.TXT").as_ptr()) }, last_error()), (0, ERROR_PRIVILEGE_NOT_HELD));
    });
}

fn alternate(name: &str) -> Result<(i32, String), String> {
    let file = open(name, FILE_READ_ATTRIBUTES)?;
    let mut buffer = [0_u16; 64];
    // SAFETY: plain data, for which zero is a value.
    let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
    let status = unsafe { NtQueryInformationFile(file.0, &raw mut block, buffer.as_mut_ptr().cast(), 128, FileAlternateNameInformation) };
    Ok((status, narrow(&buffer[2..])))
}

fn short_paths(cases: &mut Cases) {
    case!(cases, "kernel32!GetShortPathNameW kernel32!GetLongPathNameW", Success, "there and back", {
        folder("a folder with a long name")?;
        put("a folder with a long name\\and a long file.html", b"deep")?;
        let short = short_path("a folder with a long name\\and a long file.html").map_err(|code| format!("{code}"))?;
        same!(short.split('\\').map(is_short).collect::<Vec<_>>(), [true, true]);
        same!(long_path(&short), Ok("a folder with a long name\\and a long file.html".into()));
        same!(get(&short)?, b"deep");
    });
    case!(cases, "kernel32!GetShortPathNameW", Success, "what is short enough stays as it is spelt", {
        same!(short_path("Short.TXT"), Ok("Short.TXT".into()));
    });
    case!(cases, "kernel32!GetShortPathNameA kernel32!GetLongPathNameA", Success, "in ANSI", {
        let mut buffer = [0_u8; 100];
        let length = unsafe { GetShortPathNameA(ansi(LONG).as_ptr(), buffer.as_mut_ptr(), 100) } as usize;
        same!(buffer[..length].to_vec(), short_of(LONG)?.into_bytes());
        let mut long = [0_u8; 100];
        let length = unsafe { GetLongPathNameA(buffer.as_ptr(), long.as_mut_ptr(), 100) } as usize;
        same!(&long[..length], LONG.as_bytes());
    });
    case!(cases, "kernel32!GetShortPathNameW", Success, "what it takes, where there is no room", {
        let needed = short_of(LONG)?.len() as u32 + 1;
        let mut buffer = [0; 3];
        same!(unsafe { GetShortPathNameW(wide(LONG).as_ptr(), buffer.as_mut_ptr(), 3) }, needed);
    });
    case!(cases, "kernel32!GetShortPathNameW kernel32!GetLongPathNameW", Failure, "what is not there", {
        same!((short_path("not there.text"), long_path("not there.text")), (Err(ERROR_FILE_NOT_FOUND), Err(ERROR_FILE_NOT_FOUND)));
        same!(short_path("no such folder\\x"), Err(ERROR_PATH_NOT_FOUND));
        same!((short_path(""), long_path("NOTTHE~1.TEX")), (Err(ERROR_PATH_NOT_FOUND), Err(ERROR_FILE_NOT_FOUND)));
    });
}

fn by_short_name(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Success, "a short name opens what has it", {
        let short = short_of(LONG)?;
        same!((get(&short)?, get(&short.to_lowercase())?), (b"long".to_vec(), b"long".to_vec()));
        let opened = create(&short, GENERIC_READ, SHARE, OPEN_ALWAYS, 0);
        same!((opened.is_ok(), last_error()), (true, ERROR_ALREADY_EXISTS));
    });
    case!(cases, "kernel32!CreateFileW", Failure, "a short name is taken", {
        same!(create(&short_of(LONG)?, GENERIC_WRITE, SHARE, CREATE_NEW, 0).err(), Some(ERROR_FILE_EXISTS));
    });
    case!(cases, "kernel32!GetFileAttributesW kernel32!MoveFileW kernel32!DeleteFileW", Success, "whatever is done to a path", {
        put("to be moved away.text", b"moved")?;
        let short = short_of("to be moved away.text")?;
        same!(unsafe { GetFileAttributesW(wide(&short).as_ptr()) }, FILE_ATTRIBUTE_ARCHIVE);
        same!(unsafe { MoveFileW(wide(&short).as_ptr(), wide("and then deleted.text").as_ptr()) }, 1);
        same!(find("to be moved away.text").err(), Some(ERROR_FILE_NOT_FOUND));
        same!(unsafe { DeleteFileW(wide(&short_of("and then deleted.text")?).as_ptr()) }, 1);
        same!(find("and then deleted.text").err(), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CreateFileW", Success, "what may be a short name and is none is a name as any other", {
        put("mine~1.txt", b"own")?;
        same!((find("mine~1.txt"), get("MINE~1.TXT")?), (Ok(("mine~1.txt".into(), String::new())), b"own".to_vec()));
    });
    case!(cases, "kernel32!CreateFileW", Success, "what programs know without asking", wine = "its short names count otherwise", {
        same!(long_path("C:\\PROGRA~1"), Ok("C:\\Program Files".into()));
        same!(long_path("c:\\progra~2"), Ok("c:\\Program Files (x86)".into()));
    });
}

fn temporary(cases: &mut Cases) {
    case!(cases, "kernel32!GetTempPath2W kernel32!GetTempPath2A", Success, "the same folder as ever", wine = "Wine has no such functions", {
        let (mut one, mut other, mut bytes) = ([0; 300], [0; 300], [0_u8; 300]);
        let length = unsafe { GetTempPathW(300, one.as_mut_ptr()) };
        same!((unsafe { GetTempPath2W(300, other.as_mut_ptr()) }, narrow(&other)), (length, narrow(&one)));
        same!(unsafe { GetTempPath2A(300, bytes.as_mut_ptr()) }, length);
        same!(bytes[..length as usize].to_vec(), narrow(&one).into_bytes());
        same!(unsafe { GetTempPath2W(2, other.as_mut_ptr()) }, length + 1);
    });
}

fn many(cases: &mut Cases) {
    case!(cases, "kernel32!FindFirstFileW kernel32!FindNextFileW", Success, "a folder of many has every entry once, each with a short name", {
        folder("many")?;
        for number in 0..150 {
            put(&format!("many\\a file of many {number}.data"), b"")?;
        }
        // SAFETY: plain data, for which zero is a value.
        let mut data: WIN32_FIND_DATAW = unsafe { core::mem::zeroed() };
        let search = unsafe { FindFirstFileW(wide("many\\*").as_ptr(), &raw mut data) };
        let mut found = Vec::new();
        loop {
            found.push((narrow(&data.cFileName), narrow(&data.cAlternateFileName)));
            if unsafe { FindNextFileW(search, &raw mut data) } == 0 {
                break;
            }
        }
        unsafe { FindClose(search) };
        let files = || found.iter().filter(|(name, _)| name.starts_with("a file"));
        same!((found.len(), files().count(), files().filter(|(_, short)| is_short(short)).count()), (152, 150, 150));
        let mut shorts: Vec<_> = files().map(|(_, short)| short.clone()).collect();
        shorts.sort();
        shorts.dedup();
        same!(shorts.len(), 150);
        for (name, _) in files() {
            forget(&format!("many\\{name}"));
        }
    });
}

fn number_of(name: &str) -> Result<u64, String> {
    let file = create(name, FILE_READ_ATTRIBUTES, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).map_err(|code| format!("{name}: {code}"))?;
    // SAFETY: plain data, for which zero is a value.
    let mut facts: BY_HANDLE_FILE_INFORMATION = unsafe { core::mem::zeroed() };
    same!(unsafe { GetFileInformationByHandle(file.0, &raw mut facts) }, 1);
    Ok(u64::from(facts.nFileIndexHigh) << 32 | u64::from(facts.nFileIndexLow))
}

fn descriptor(kind: i32, number: u64, high: u64) -> FILE_ID_DESCRIPTOR {
    let mut identifier = [0; 16];
    identifier[..8].copy_from_slice(&number.to_le_bytes());
    identifier[8..].copy_from_slice(&high.to_le_bytes());
    FILE_ID_DESCRIPTOR {
        dwSize: size_of::<FILE_ID_DESCRIPTOR>() as u32,
        Type: kind,
        Anonymous: FILE_ID_DESCRIPTOR_0 { ExtendedFileId: FILE_ID_128 { Identifier: identifier } },
    }
}

fn by_number(hint: &File, descriptor: &FILE_ID_DESCRIPTOR, access: u32) -> Result<File, u32> {
    clear_error();
    let handle = unsafe { OpenFileById(hint.0, descriptor, access, SHARE, null(), 0) };
    if handle == INVALID_HANDLE_VALUE { Err(last_error()) } else { Ok(File(handle)) }
}

fn numbers(cases: &mut Cases) {
    case!(cases, "kernel32!OpenFileById", Success, "a file that lies in another folder of the volume", {
        put("many\\by number.txt", b"numbered")?;
        let number = number_of("many\\by number.txt")?;
        let hint = open("short.txt", FILE_READ_ATTRIBUTES)?;
        let file = by_number(&hint, &descriptor(FileIdType, number, 0), GENERIC_READ).map_err(|code| format!("not opened: {code}"))?;
        same!(guests::files::read(&file, 100)?, b"numbered");
    });
    case!(cases, "kernel32!OpenFileById", Success, "a number stays when the file is moved", {
        let number = number_of("many\\by number.txt")?;
        same!(unsafe { MoveFileW(wide("many\\by number.txt").as_ptr(), wide("moved by number.txt").as_ptr()) }, 1);
        same!(number_of("moved by number.txt")?, number);
        let hint = open("short.txt", FILE_READ_ATTRIBUTES)?;
        let file = by_number(&hint, &descriptor(FileIdType, number, 0), GENERIC_READ).map_err(|code| format!("not opened: {code}"))?;
        same!(guests::files::read(&file, 100)?, b"numbered");
    });
    case!(cases, "kernel32!OpenFileById", Success, "a folder, and a number of sixteen bytes", wine = "Wine takes numbers of eight bytes alone", {
        let hint = open("short.txt", FILE_READ_ATTRIBUTES)?;
        let opened = by_number(&hint, &descriptor(ExtendedFileIdType, number_of("many")?, 0), FILE_READ_ATTRIBUTES);
        same!(opened.err(), None);
    });
    case!(cases, "kernel32!OpenFileById", Failure, "a number that no file has", wine = "Wine says that there is no such file", {
        let hint = open("short.txt", FILE_READ_ATTRIBUTES)?;
        same!(by_number(&hint, &descriptor(FileIdType, 0x00FF_F0F0_F0F0_F0F0, 0), GENERIC_READ).err(), Some(ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!OpenFileById", Failure, "an object's identifier, of which no file has one", wine = "Wine takes it for a number", {
        let hint = open("short.txt", FILE_READ_ATTRIBUTES)?;
        same!(by_number(&hint, &descriptor(ObjectIdType, 0x1234, 0x5678), GENERIC_READ).err(), Some(ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!OpenFileById", Failure, "wrong parameters", {
        let hint = open("short.txt", FILE_READ_ATTRIBUTES)?;
        clear_error();
        same!((unsafe { OpenFileById(hint.0, null(), 0, SHARE, null(), 0) }, last_error()), (INVALID_HANDLE_VALUE, ERROR_INVALID_PARAMETER));
        same!(by_number(&hint, &descriptor(77, 1, 0), GENERIC_READ).err(), Some(ERROR_INVALID_PARAMETER));
    });
}

/// Every name of a file, as far as the search tells them.
fn names(path: &str) -> Result<Vec<String>, u32> {
    clear_error();
    let (mut buffer, mut room, mut found) = ([0; 300], 300, Vec::new());
    let search = unsafe { FindFirstFileNameW(wide(path).as_ptr(), 0, &raw mut room, buffer.as_mut_ptr()) };
    if search == INVALID_HANDLE_VALUE {
        return Err(last_error());
    }
    loop {
        found.push(narrow(&buffer));
        room = 300;
        if unsafe { FindNextFileNameW(search, &raw mut room, buffer.as_mut_ptr()) } == 0 {
            break;
        }
    }
    let ended = last_error();
    unsafe { FindClose(search) };
    found.sort();
    if ended == ERROR_HANDLE_EOF { Ok(found) } else { Err(ended) }
}

fn links(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!FindFirstFileNameW kernel32!FindNextFileNameW",
        Success,
        "a file with one name, and one with two",
        wine = "Wine's are stubs",
        {
            put("one name.txt", b"x")?;
            let found = names("one name.txt").map_err(|code| format!("{code}"))?;
            same!((found.len(), found[0].ends_with("\\one name.txt"), found[0].starts_with('\\')), (1, true, true));
            same!(unsafe { CreateHardLinkW(wide("many\\two names.txt").as_ptr(), wide("one name.txt").as_ptr(), null()) }, 1);
            let found = names("many\\two names.txt").map_err(|code| format!("{code}"))?;
            same!((found.len(), found[0].ends_with("\\many\\two names.txt"), found[1].ends_with("\\one name.txt")), (2, true, true));
            same!(unsafe { DeleteFileW(wide("one name.txt").as_ptr()) }, 1);
            let found = names("many\\two names.txt").map_err(|code| format!("{code}"))?;
            same!((found.len(), found[0].ends_with("\\many\\two names.txt")), (1, true));
        }
    );
    case!(cases, "kernel32!FindFirstFileNameW kernel32!FindNextFileNameW", Failure, "no room, no file, no search", wine = "Wine's are stubs", {
        let (mut buffer, mut room) = ([0; 300], 2);
        clear_error();
        let search = unsafe { FindFirstFileNameW(wide(LONG).as_ptr(), 0, &raw mut room, buffer.as_mut_ptr()) };
        same!((search, last_error(), room > 2), (INVALID_HANDLE_VALUE, ERROR_MORE_DATA, true));
        same!((names("not there.txt"), names("")), (Err(ERROR_FILE_NOT_FOUND), Err(ERROR_PATH_NOT_FOUND)));
        clear_error();
        let found = unsafe { FindNextFileNameW(0x3200_0FF1 as HANDLE, &raw mut room, buffer.as_mut_ptr()) };
        same!((found, last_error()), (0, ERROR_INVALID_HANDLE));
    });
}
