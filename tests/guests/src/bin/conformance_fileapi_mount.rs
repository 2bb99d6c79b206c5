//! fileapi.h and winbase.h: names of drives and volumes, and a second open of what is open.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use core::ptr::{null, null_mut};
use guests::files::{File, create, folder, make, open, put, read};
use guests::{Cases, case, clear_error, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::Threading::Sleep;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        await_drives();
        devices(&mut cases);
        volumes(&mut cases);
        searches(&mut cases);
        reopened(&mut cases);
        cases.code()
    }
}

/// Waits until the drives are there: Wine's come up some time after the first program.
fn await_drives() {
    let mut buffer = [0; 100];
    for _ in 0..1000 {
        // SAFETY: the buffer is as long as it says.
        if unsafe { QueryDosDeviceW(wide("C:").as_ptr(), buffer.as_mut_ptr(), 100) } != 0 {
            return;
        }
        // SAFETY: takes a number.
        unsafe { Sleep(10) };
    }
}

fn devices(cases: &mut Cases) {
    let mut buffer = [0; 2000];
    case!(cases, "kernel32!QueryDosDeviceW kernel32!QueryDosDeviceA", Success, "what is behind a drive", {
        let length = unsafe { QueryDosDeviceW(wide("c:").as_ptr(), buffer.as_mut_ptr(), 2000) };
        same!(narrow(&buffer).starts_with("\\Device\\HarddiskVolume"), true);
        same!((buffer[length as usize - 1], buffer[length as usize - 2]), (0, 0));
        let mut bytes = [0_u8; 200];
        same!(unsafe { QueryDosDeviceA(c"C:".as_ptr().cast(), bytes.as_mut_ptr(), 200) }, length);
        same!(bytes.starts_with(b"\\Device\\HarddiskVolume"), true);
        let length = unsafe { QueryDosDeviceW(null(), buffer.as_mut_ptr(), 2000) } as usize;
        let names = String::from_utf16_lossy(&buffer[..length]);
        same!((names.split('\0').any(|name| name == "C:"), names.split('\0').any(|name| name == "NUL"), names.ends_with("\0\0")), (true, true, true));
    });
    case!(cases, "kernel32!QueryDosDeviceW kernel32!QueryDosDeviceA", Failure, "no such device, and no room", {
        clear_error();
        same!((unsafe { QueryDosDeviceW(wide("Q:").as_ptr(), buffer.as_mut_ptr(), 2000) }, last_error()), (0, ERROR_FILE_NOT_FOUND));
        clear_error();
        same!((unsafe { QueryDosDeviceW(wide("C:").as_ptr(), buffer.as_mut_ptr(), 3) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
        clear_error();
        let mut bytes = [0_u8; 3];
        same!((unsafe { QueryDosDeviceA(c"C:".as_ptr().cast(), bytes.as_mut_ptr(), 3) }, last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
    });
    case!(cases, "kernel32!DefineDosDeviceW", Failure, "a drive of one's own", wine = "Wine lets everybody define drives", {
        clear_error();
        same!((unsafe { DefineDosDeviceW(0, wide("Q:").as_ptr(), wide("C:\\Windows").as_ptr()) }, last_error()), (0, ERROR_ACCESS_DENIED));
    });
}

/// The own name of the volume at a root.
fn name_at(mount: &str) -> Result<String, u32> {
    let mut buffer = [0; 60];
    clear_error();
    // SAFETY: the buffer is as long as it says.
    if unsafe { GetVolumeNameForVolumeMountPointW(wide(mount).as_ptr(), buffer.as_mut_ptr(), 60) } == 0 {
        Err(last_error())
    } else {
        Ok(narrow(&buffer))
    }
}

fn volumes(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!GetVolumeNameForVolumeMountPointW kernel32!GetVolumePathNamesForVolumeNameW",
        Success,
        "from a root to its volume, and back",
        wine = "Wine does not take a volume\'s own name for a root",
        {
            let name = name_at("C:\\").map_err(|code| format!("{code}"))?;
            same!((name.starts_with("\\\\?\\Volume{"), name.ends_with("}\\"), name.len()), (true, true, 49));
            same!(name_at(&name), Ok(name.clone()));
            let (mut buffer, mut needed) = ([0xFFFF; 20], 0);
            same!(unsafe { GetVolumePathNamesForVolumeNameW(wide(&name).as_ptr(), buffer.as_mut_ptr(), 20, &raw mut needed) }, 1);
            same!((needed, String::from_utf16_lossy(&buffer[..5])), (5, String::from("C:\\\0\0")));
        }
    );
    case!(cases, "kernel32!GetVolumeNameForVolumeMountPointA", Success, "the same in narrow letters", {
        let mut bytes = [0_u8; 60];
        same!(unsafe { GetVolumeNameForVolumeMountPointA(c"c:\\".as_ptr().cast(), bytes.as_mut_ptr(), 60) }, 1);
        same!(bytes.starts_with(b"\\\\?\\Volume{"), true);
    });
    case!(
        cases,
        "kernel32!GetFileAttributesW kernel32!CreateFileW kernel32!GetVolumeInformationW",
        Success,
        "a volume's own name leads to its files",
        wine = "Wine knows the paths of some volumes alone",
        {
            let name = name_at("C:\\").map_err(|code| format!("{code}"))?;
            let attributes = unsafe { GetFileAttributesW(wide(&format!("{name}Windows")).as_ptr()) };
            same!((attributes != u32::MAX, attributes & FILE_ATTRIBUTE_DIRECTORY), (true, FILE_ATTRIBUTE_DIRECTORY));
            let file = create(&format!("{name}Windows\\System32\\ntdll.dll"), GENERIC_READ, 7, OPEN_EXISTING, 0).map_err(|code| format!("{code}"))?;
            same!(read(&file, 2)?, b"MZ");
            let (mut by_name, mut by_letter) = (0, 0);
            let none = null_mut();
            for (root, serial) in [(name.as_str(), &raw mut by_name), ("C:\\", &raw mut by_letter)] {
                same!(unsafe { GetVolumeInformationW(wide(root).as_ptr(), null_mut(), 0, serial, none, none, null_mut(), 0) }, 1);
            }
            same!(by_name, by_letter);
        }
    );
    case!(
        cases,
        "kernel32!GetVolumeNameForVolumeMountPointW kernel32!GetVolumeNameForVolumeMountPointA kernel32!GetVolumePathNamesForVolumeNameW",
        Failure,
        "what is no mount point, and what is no volume",
        wine = "Wine tells a folder from a missing drive by other errors",
        {
            same!(name_at("C:"), Err(ERROR_INVALID_NAME));
            same!(name_at("C:\\Windows\\"), Err(ERROR_NOT_A_REPARSE_POINT));
            same!(name_at("Q:\\"), Err(ERROR_FILE_NOT_FOUND));
            let mut bytes = [0_u8; 10];
            clear_error();
            let done = unsafe { GetVolumeNameForVolumeMountPointA(c"C:\\".as_ptr().cast(), bytes.as_mut_ptr(), 10) };
            same!((done, last_error()), (0, ERROR_FILENAME_EXCED_RANGE));
            let (mut buffer, mut needed) = ([0; 20], 0);
            let mut ask = |name: &str, room| {
                clear_error();
                // SAFETY: the buffer has 20 units.
                (unsafe { GetVolumePathNamesForVolumeNameW(wide(name).as_ptr(), buffer.as_mut_ptr(), room, &raw mut needed) }, last_error())
            };
            same!(ask("C:\\", 20), (0, ERROR_INVALID_NAME));
            same!(ask("\\\\?\\Volume{00000000-0000-0000-0000-000000000000}\\", 20), (0, ERROR_FILE_NOT_FOUND));
            let name = name_at("C:\\").map_err(|code| format!("{code}"))?;
            same!(ask(&name, 3), (0, ERROR_MORE_DATA));
            same!(needed, 5);
        }
    );
}

fn searches(cases: &mut Cases) {
    let mut buffer = [0; 60];
    case!(cases, "kernel32!FindFirstVolumeW kernel32!FindNextVolumeW kernel32!FindVolumeClose", Success, "every volume comes once", {
        let search = unsafe { FindFirstVolumeW(buffer.as_mut_ptr(), 60) };
        same!(search == INVALID_HANDLE_VALUE, false);
        let mut found = alloc::vec![narrow(&buffer)];
        while unsafe { FindNextVolumeW(search, buffer.as_mut_ptr(), 60) } != 0 {
            found.push(narrow(&buffer));
        }
        same!(last_error(), ERROR_NO_MORE_FILES);
        same!(unsafe { FindVolumeClose(search) }, 1);
        same!(found.iter().filter(|name| name_at("C:\\").as_ref() == Ok(name)).count(), 1);
    });
    case!(
        cases,
        "kernel32!FindFirstVolumeW kernel32!FindNextVolumeW kernel32!FindVolumeClose",
        Failure,
        "no room, and no search",
        wine = "Wine crashes on a search that is none",
        {
            clear_error();
            same!((unsafe { FindFirstVolumeW(buffer.as_mut_ptr(), 10) }, last_error()), (INVALID_HANDLE_VALUE, ERROR_FILENAME_EXCED_RANGE));
            clear_error();
            same!((unsafe { FindNextVolumeW(4 as HANDLE, buffer.as_mut_ptr(), 60) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { FindVolumeClose(4 as HANDLE) }, last_error()), (0, ERROR_INVALID_HANDLE));
        }
    );
}

fn reopened(cases: &mut Cases) {
    case!(cases, "kernel32!ReOpenFile", Success, "another access, another position", {
        put("again.txt", b"0123456789")?;
        let first = open("again.txt", GENERIC_READ)?;
        same!(read(&first, 4)?, b"0123");
        let second = File(unsafe { ReOpenFile(first.0, GENERIC_READ | GENERIC_WRITE, 7, 0) });
        same!(second.0 == INVALID_HANDLE_VALUE, false);
        same!(read(&second, 2)?, b"01");
        same!(read(&first, 2)?, b"45");
        let mut written = 0;
        same!(unsafe { WriteFile(second.0, b"x".as_ptr(), 1, &raw mut written, null_mut()) }, 1);
    });
    case!(cases, "kernel32!ReOpenFile", Success, "a file that has another name by now", {
        let first = make("before.txt", b"content")?;
        same!(unsafe { MoveFileW(wide("before.txt").as_ptr(), wide("after.txt").as_ptr()) }, 1);
        let second = File(unsafe { ReOpenFile(first.0, GENERIC_READ, 7, FILE_FLAG_SEQUENTIAL_SCAN) });
        same!(read(&second, 10)?, b"content");
    });
    case!(cases, "kernel32!ReOpenFile", Success, "a folder", wine = "Wine takes the folder for a file", {
        folder("again")?;
        let first = create("again", FILE_LIST_DIRECTORY, 7, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).map_err(|code| format!("{code}"))?;
        let second = File(unsafe { ReOpenFile(first.0, FILE_LIST_DIRECTORY, 7, FILE_FLAG_BACKUP_SEMANTICS) });
        same!(second.0 == INVALID_HANDLE_VALUE, false);
    });
    case!(
        cases,
        "kernel32!ReOpenFile",
        Failure,
        "what the first open does not share, and what is no handle",
        wine = "Wine does not look at the attributes",
        {
            put("shared.txt", b"x")?;
            let first = create("shared.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0).map_err(|code| format!("{code}"))?;
            clear_error();
            same!((unsafe { ReOpenFile(first.0, GENERIC_WRITE, 7, 0) }, last_error()), (INVALID_HANDLE_VALUE, ERROR_SHARING_VIOLATION));
            clear_error();
            same!(
                (unsafe { ReOpenFile(first.0, GENERIC_READ, 7, FILE_ATTRIBUTE_HIDDEN) }, last_error()),
                (INVALID_HANDLE_VALUE, ERROR_INVALID_PARAMETER)
            );
            clear_error();
            same!((unsafe { ReOpenFile(0x7777_7774 as HANDLE, GENERIC_READ, 7, 0) }, last_error()), (INVALID_HANDLE_VALUE, ERROR_INVALID_HANDLE));
        }
    );
}
