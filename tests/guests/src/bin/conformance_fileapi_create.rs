//! fileapi.h: opening, creating and deleting.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ptr::{null, null_mut};
use guests::files::{File, SHARE, ansi, create, folder, forget, get, make, open, put, read};
use guests::{Cases, case, clear_error, holds, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;

const BOTH: u32 = GENERIC_READ | GENERIC_WRITE;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        dispositions(&mut cases);
        refusals(&mut cases);
        sharing(&mut cases);
        flags(&mut cases);
        devices(&mut cases);
        other_forms(&mut cases);
        folders(&mut cases);
        deleting(&mut cases);
        cases.code()
    }
}

fn error(result: Result<File, u32>) -> u32 {
    result.err().unwrap_or(0)
}

fn dispositions(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Success, "CREATE_NEW makes what is not there", {
        let file = create("new.txt", BOTH, 0, CREATE_NEW, FILE_ATTRIBUTE_NORMAL);
        same!(file.is_ok(), true);
        drop(file);
        same!(get("new.txt")?, b"");
    });
    case!(cases, "kernel32!CreateFileW", Failure, "CREATE_NEW of what is there", {
        same!(error(create("new.txt", BOTH, 0, CREATE_NEW, FILE_ATTRIBUTE_NORMAL)), ERROR_FILE_EXISTS);
    });
    case!(cases, "kernel32!CreateFileW", Success, "CREATE_ALWAYS empties what is there and says so", {
        put("always.txt", b"bytes")?;
        clear_error();
        let file = create("ALWAYS.TXT", BOTH, 0, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL);
        same!((file.is_ok(), last_error()), (true, ERROR_ALREADY_EXISTS));
        drop(file);
        same!(get("always.txt")?, b"");
    });
    case!(cases, "kernel32!CreateFileW", Success, "CREATE_ALWAYS of what is not there sets no error", {
        clear_error();
        let file = create("always-new.txt", BOTH, 0, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL);
        same!((file.is_ok(), last_error()), (true, ERROR_SUCCESS));
    });
    case!(cases, "kernel32!CreateFileW", Success, "OPEN_EXISTING opens whatever the case of the name", {
        put("Exists.txt", b"bytes")?;
        let file = create("eXISTS.tXT", GENERIC_READ, 0, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL).map_err(|_| "it was not opened")?;
        same!(read(&file, 10)?, b"bytes");
    });
    case!(cases, "kernel32!CreateFileW", Failure, "OPEN_EXISTING of a missing file", {
        same!(error(create("missing.txt", GENERIC_READ, 0, OPEN_EXISTING, 0)), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "OPEN_EXISTING in a missing folder", {
        same!(error(create("missing\\file.txt", GENERIC_READ, 0, OPEN_EXISTING, 0)), ERROR_PATH_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateFileW", Success, "OPEN_ALWAYS opens what is there and says so", {
        clear_error();
        let file = create("Exists.txt", BOTH, 0, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL).map_err(|_| "it was not opened")?;
        same!(last_error(), ERROR_ALREADY_EXISTS);
        same!(read(&file, 10)?, b"bytes");
    });
    case!(cases, "kernel32!CreateFileW", Success, "OPEN_ALWAYS makes what is not there", {
        clear_error();
        let file = create("opened.txt", BOTH, 0, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL);
        same!((file.is_ok(), last_error()), (true, ERROR_SUCCESS));
    });
    case!(cases, "kernel32!CreateFileW", Success, "TRUNCATE_EXISTING empties", {
        put("truncated.txt", b"bytes")?;
        drop(create("truncated.txt", GENERIC_WRITE, 0, TRUNCATE_EXISTING, 0).map_err(|_| "it was not opened")?);
        same!(get("truncated.txt")?, b"");
    });
    case!(cases, "kernel32!CreateFileW", Failure, "TRUNCATE_EXISTING of a missing file", {
        same!(error(create("missing.txt", GENERIC_WRITE, 0, TRUNCATE_EXISTING, 0)), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "TRUNCATE_EXISTING without the right to write", wine = "Wine truncates without it", {
        same!(error(create("Exists.txt", GENERIC_READ, 0, TRUNCATE_EXISTING, 0)), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "a disposition that is none", {
        same!(error(create("Exists.txt", GENERIC_READ, 0, 0, 0)), ERROR_INVALID_PARAMETER);
        same!(error(create("Exists.txt", GENERIC_READ, 0, 6, 0)), ERROR_INVALID_PARAMETER);
    });
}

fn refusals(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Failure, "a folder without backup semantics", {
        folder("folder")?;
        same!(error(create("folder", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_ACCESS_DENIED);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "a name that no file can have", {
        same!(error(create("a<b", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_INVALID_NAME);
        same!(error(create("a|b", GENERIC_WRITE, SHARE, CREATE_NEW, 0)), ERROR_INVALID_NAME);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "no name at all", {
        same!(error(create("", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_PATH_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "a file used as a folder", {
        same!(error(create("Exists.txt\\x", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_PATH_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "writing a read-only file", wine = "Wine asks the host, where root may write everything", {
        put("read-only.txt", b"bytes")?;
        unsafe { SetFileAttributesW(wide("read-only.txt").as_ptr(), FILE_ATTRIBUTE_READONLY) };
        same!(error(create("read-only.txt", GENERIC_WRITE, SHARE, OPEN_EXISTING, 0)), ERROR_ACCESS_DENIED);
        same!(error(create("read-only.txt", GENERIC_WRITE, SHARE, CREATE_ALWAYS, 0)), ERROR_ACCESS_DENIED);
    });
    case!(
        cases,
        "kernel32!CreateFileW",
        Failure,
        "CREATE_ALWAYS of a hidden file without naming the attribute",
        wine = "Wine does not compare the attributes",
        {
            put("hidden.txt", b"bytes")?;
            unsafe { SetFileAttributesW(wide("hidden.txt").as_ptr(), FILE_ATTRIBUTE_HIDDEN) };
            same!(error(create("hidden.txt", GENERIC_WRITE, SHARE, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL)), ERROR_ACCESS_DENIED);
            same!(create("hidden.txt", GENERIC_WRITE, SHARE, CREATE_ALWAYS, FILE_ATTRIBUTE_HIDDEN).is_ok(), true);
        }
    );
    case!(cases, "kernel32!CreateFileW", Failure, "writing by a handle for reading", {
        let file = open("Exists.txt", GENERIC_READ)?;
        let mut written = 0;
        clear_error();
        same!(unsafe { WriteFile(file.0, b"x".as_ptr(), 1, &raw mut written, null_mut()) }, 0);
        same!(last_error(), ERROR_ACCESS_DENIED);
    });
}

fn sharing(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Failure, "what another handle does not share", {
        let first = create("Exists.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
        same!(first.is_ok(), true);
        same!(error(create("Exists.txt", GENERIC_WRITE, SHARE, OPEN_EXISTING, 0)), ERROR_SHARING_VIOLATION);
        same!(error(create("Exists.txt", GENERIC_READ, FILE_SHARE_WRITE, OPEN_EXISTING, 0)), ERROR_SHARING_VIOLATION);
        same!(error(create("Exists.txt", DELETE, SHARE, OPEN_EXISTING, 0)), ERROR_SHARING_VIOLATION);
        same!(create("Exists.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0).is_ok(), true);
    });
    case!(cases, "kernel32!CreateFileW", Success, "attributes alone ask nobody", {
        let first = create("Exists.txt", BOTH, 0, OPEN_EXISTING, 0);
        same!(first.is_ok(), true);
        same!(create("Exists.txt", 0, 0, OPEN_EXISTING, 0).is_ok(), true);
        same!(create("Exists.txt", FILE_READ_ATTRIBUTES, 0, OPEN_EXISTING, 0).is_ok(), true);
    });
    case!(cases, "kernel32!CreateFileW kernel32!CloseHandle", Success, "a handle that is closed holds nobody off", {
        drop(create("Exists.txt", BOTH, 0, OPEN_EXISTING, 0));
        same!(create("Exists.txt", BOTH, 0, OPEN_EXISTING, 0).is_ok(), true);
    });
}

fn flags(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Success, "FILE_FLAG_OVERLAPPED: requests bring their position", {
        same!(create("Exists.txt", GENERIC_READ, SHARE, OPEN_EXISTING, FILE_FLAG_OVERLAPPED).is_ok(), true);
    });
    case!(
        cases,
        "kernel32!CreateFileW",
        Failure,
        "FILE_ATTRIBUTE_DEVICE is refused",
        wine = "it leaves the attribute aside; the router's row refuses it",
        {
            same!(error(create("Exists.txt", GENERIC_READ, SHARE, OPEN_EXISTING, FILE_ATTRIBUTE_DEVICE)), ERROR_ACCESS_DENIED);
        }
    );
    case!(cases, "kernel32!CreateFileW", Success, "write-through and no buffering are hints", {
        let flags = FILE_FLAG_WRITE_THROUGH | FILE_FLAG_NO_BUFFERING | FILE_FLAG_RANDOM_ACCESS;
        same!(create("Exists.txt", BOTH, SHARE, OPEN_EXISTING, flags).is_ok(), true);
        same!(create("Exists.txt", BOTH, SHARE, OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN).is_ok(), true);
    });
    case!(cases, "kernel32!CreateFileW", Success, "FILE_FLAG_OPEN_REPARSE_POINT of what is none", {
        put("Exists.txt", b"bytes")?;
        let file = create("Exists.txt", GENERIC_READ, SHARE, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT).map_err(|_| "it was not opened")?;
        same!(read(&file, 10)?, b"bytes");
    });
    case!(cases, "kernel32!CreateFileW", Success, "FILE_FLAG_BACKUP_SEMANTICS opens a folder", {
        same!(create("folder", GENERIC_READ, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).is_ok(), true);
        same!(create("folder\\", 0, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).is_ok(), true);
    });
    case!(cases, "kernel32!CreateFileW", Success, "FILE_FLAG_DELETE_ON_CLOSE deletes with the last handle", {
        put("passing.txt", b"bytes")?;
        let file = create("passing.txt", GENERIC_READ, SHARE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE);
        same!(file.is_ok(), true);
        holds!(open("passing.txt", GENERIC_READ).is_ok());
        drop(file);
        same!(error(create("passing.txt", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateFileW", Success, "the attributes of a new file", {
        drop(create("attributes.txt", GENERIC_WRITE, SHARE, CREATE_NEW, FILE_ATTRIBUTE_READONLY));
        let attributes = unsafe { GetFileAttributesW(wide("attributes.txt").as_ptr()) };
        same!(attributes, FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_ARCHIVE);
        forget("attributes.txt");
    });
    case!(cases, "kernel32!CreateFileW", Success, "the right to append writes at the end", {
        put("append.txt", b"one")?;
        let file = create("append.txt", FILE_APPEND_DATA, SHARE, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
        let mut written = 0;
        same!(unsafe { WriteFile(file.0, b"two".as_ptr(), 3, &raw mut written, null_mut()) }, 1);
        same!(get("append.txt")?, b"onetwo");
    });
}

fn devices(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileW", Success, "NUL takes everything and gives nothing", {
        for name in ["NUL", "nul.txt", "\\\\.\\NUL", "C:\\nul"] {
            let file = create(name, BOTH, 0, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
            let (mut moved, mut byte) = (9, 7_u8);
            same!(unsafe { WriteFile(file.0, b"abc".as_ptr(), 3, &raw mut moved, null_mut()) }, 1);
            same!(moved, 3);
            same!(unsafe { ReadFile(file.0, &raw mut byte, 1, &raw mut moved, null_mut()) }, 1);
            same!((moved, byte), (0, 7));
        }
    });
    case!(
        cases,
        "kernel32!CreateFileW",
        Failure,
        "a disk's device is refused",
        wine = "it says that there is none; the router's row refuses every device",
        {
            for name in ["\\\\.\\PhysicalDrive0", "\\\\.\\C:", "\\\\.\\Harddisk0Partition1", "\\\\?\\GLOBALROOT\\Device\\Harddisk0\\Partition1\\x"] {
                same!(error(create(name, GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_ACCESS_DENIED);
            }
        }
    );
    case!(
        cases,
        "kernel32!CreateFileW",
        Failure,
        "a serial port is refused",
        wine = "it says that there is none; the router's row refuses every device",
        {
            same!(error(create("COM1", BOTH, 0, OPEN_EXISTING, 0)), ERROR_ACCESS_DENIED);
            same!(error(create("\\\\.\\COM10", BOTH, 0, OPEN_EXISTING, 0)), ERROR_ACCESS_DENIED);
        }
    );
    case!(cases, "kernel32!CreateFileW", Failure, "CON with both directions", wine = "it opens the console's input", {
        same!(error(create("CON", BOTH, SHARE, OPEN_EXISTING, 0)), ERROR_INVALID_PARAMETER);
    });
    case!(cases, "kernel32!CreateFileW", Success, "a path in the form of a device is a file's", {
        let mut full = [0_u16; 300];
        let length = unsafe { GetFullPathNameW(wide("Exists.txt").as_ptr(), 300, full.as_mut_ptr(), null_mut()) };
        let full = alloc::string::String::from_utf16_lossy(&full[..length as usize]);
        same!(create(&alloc::format!("\\\\.\\{full}"), GENERIC_READ, SHARE, OPEN_EXISTING, 0).is_ok(), true);
        same!(create(&alloc::format!("\\\\?\\{full}"), GENERIC_READ, SHARE, OPEN_EXISTING, 0).is_ok(), true);
        // Behind \\?\ nothing is worked out.
        same!(error(create(&alloc::format!("\\\\?\\{full}\\..\\Exists.txt"), GENERIC_READ, SHARE, OPEN_EXISTING, 0)) != 0, true);
    });
}

fn other_forms(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileA", Success, "an ANSI name", {
        let name = [b"\xE4.txt".as_slice(), &[0]].concat();
        let made = unsafe { CreateFileA(name.as_ptr(), GENERIC_WRITE, SHARE, null(), CREATE_NEW, 0, null_mut()) };
        holds!(made != INVALID_HANDLE_VALUE);
        drop(File(made));
        holds!(open("\u{e4}.txt", GENERIC_READ).is_ok());
    });
    case!(cases, "kernel32!CreateFileA", Failure, "a missing file", {
        clear_error();
        let found = unsafe { CreateFileA(ansi("missing.txt").as_ptr(), GENERIC_READ, SHARE, null(), OPEN_EXISTING, 0, null_mut()) };
        same!((found, last_error()), (INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND));
    });
    case!(cases, "kernel32!CreateFile2", Success, "with and without parameters", {
        let name = wide("Exists.txt");
        let file = unsafe { CreateFile2(name.as_ptr(), GENERIC_READ, SHARE, OPEN_EXISTING, null()) };
        holds!(file != INVALID_HANDLE_VALUE);
        drop(File(file));
        let parameters = CREATEFILE2_EXTENDED_PARAMETERS {
            dwSize: size_of::<CREATEFILE2_EXTENDED_PARAMETERS>() as u32,
            dwFileAttributes: FILE_ATTRIBUTE_NORMAL,
            dwFileFlags: FILE_FLAG_BACKUP_SEMANTICS,
            dwSecurityQosFlags: 0,
            lpSecurityAttributes: null_mut(),
            hTemplateFile: null_mut(),
        };
        let folder = unsafe { CreateFile2(wide("folder").as_ptr(), GENERIC_READ, SHARE, OPEN_EXISTING, &raw const parameters) };
        holds!(folder != INVALID_HANDLE_VALUE);
        drop(File(folder));
    });
    case!(cases, "kernel32!CreateFile2", Failure, "a missing file", {
        clear_error();
        let found = unsafe { CreateFile2(wide("missing.txt").as_ptr(), GENERIC_READ, SHARE, OPEN_EXISTING, null()) };
        same!((found, last_error()), (INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND));
    });
}

fn folders(cases: &mut Cases) {
    case!(cases, "kernel32!CreateDirectoryW kernel32!RemoveDirectoryW", Success, "a folder is made and goes", {
        let name = wide("made");
        same!(unsafe { CreateDirectoryW(name.as_ptr(), null()) }, 1);
        same!(unsafe { GetFileAttributesW(name.as_ptr()) }, FILE_ATTRIBUTE_DIRECTORY);
        same!(unsafe { RemoveDirectoryW(name.as_ptr()) }, 1);
        same!(unsafe { GetFileAttributesW(name.as_ptr()) }, INVALID_FILE_ATTRIBUTES);
    });
    case!(cases, "kernel32!CreateDirectoryW", Failure, "a folder that is there", {
        clear_error();
        same!(unsafe { CreateDirectoryW(wide("FOLDER").as_ptr(), null()) }, 0);
        same!(last_error(), ERROR_ALREADY_EXISTS);
        clear_error();
        same!(unsafe { CreateDirectoryW(wide("Exists.txt").as_ptr(), null()) }, 0);
        same!(last_error(), ERROR_ALREADY_EXISTS);
    });
    case!(cases, "kernel32!CreateDirectoryW", Failure, "a folder whose own folder is missing", {
        clear_error();
        same!(unsafe { CreateDirectoryW(wide("missing\\made").as_ptr(), null()) }, 0);
        same!(last_error(), ERROR_PATH_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateDirectoryA kernel32!RemoveDirectoryA", Success, "a folder is made and goes", {
        same!(unsafe { CreateDirectoryA(ansi("made\\").as_ptr(), null()) }, 1);
        same!(unsafe { RemoveDirectoryA(ansi("made\\").as_ptr()) }, 1);
    });
    case!(cases, "kernel32!CreateDirectoryA", Failure, "a folder that is there", {
        clear_error();
        same!(unsafe { CreateDirectoryA(ansi("folder").as_ptr(), null()) }, 0);
        same!(last_error(), ERROR_ALREADY_EXISTS);
    });
    case!(cases, "kernel32!RemoveDirectoryW", Failure, "a folder that is not empty", {
        put("folder\\file.txt", b"")?;
        clear_error();
        same!(unsafe { RemoveDirectoryW(wide("folder").as_ptr()) }, 0);
        same!(last_error(), ERROR_DIR_NOT_EMPTY);
    });
    case!(cases, "kernel32!RemoveDirectoryW", Failure, "a file", {
        clear_error();
        same!(unsafe { RemoveDirectoryW(wide("Exists.txt").as_ptr()) }, 0);
        same!(last_error(), ERROR_DIRECTORY);
    });
    case!(cases, "kernel32!RemoveDirectoryW", Failure, "a folder that is missing", {
        clear_error();
        same!(unsafe { RemoveDirectoryW(wide("missing").as_ptr()) }, 0);
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!RemoveDirectoryA", Failure, "a folder that is missing", {
        clear_error();
        same!(unsafe { RemoveDirectoryA(ansi("missing\\missing").as_ptr()) }, 0);
        same!(last_error(), ERROR_PATH_NOT_FOUND);
    });
}

fn deleting(cases: &mut Cases) {
    case!(cases, "kernel32!DeleteFileW", Success, "a file goes", {
        put("gone.txt", b"")?;
        same!(unsafe { DeleteFileW(wide("GONE.txt").as_ptr()) }, 1);
        same!(error(create("gone.txt", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_FILE_NOT_FOUND);
    });
    case!(
        cases,
        "kernel32!DeleteFileW",
        Success,
        "an open file goes with its last handle",
        wine = "it lets the name go at once, as newer versions of Windows do",
        {
            let file = make("going.txt", b"bytes")?;
            same!(unsafe { DeleteFileW(wide("going.txt").as_ptr()) }, 1);
            same!(error(create("going.txt", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_ACCESS_DENIED);
            unsafe { SetFilePointer(file.0, 0, null_mut(), FILE_BEGIN) };
            same!(read(&file, 10)?, b"bytes");
            drop(file);
            same!(error(create("going.txt", GENERIC_READ, SHARE, OPEN_EXISTING, 0)), ERROR_FILE_NOT_FOUND);
        }
    );
    case!(cases, "kernel32!DeleteFileW", Failure, "a file that is missing", {
        clear_error();
        same!(unsafe { DeleteFileW(wide("missing.txt").as_ptr()) }, 0);
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!DeleteFileW", Failure, "a read-only file", {
        clear_error();
        same!(unsafe { DeleteFileW(wide("read-only.txt").as_ptr()) }, 0);
        same!(last_error(), ERROR_ACCESS_DENIED);
    });
    case!(cases, "kernel32!DeleteFileW", Failure, "a file that is open and does not share that", {
        let file = create("Exists.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
        clear_error();
        same!(unsafe { DeleteFileW(wide("Exists.txt").as_ptr()) }, 0);
        same!(last_error(), ERROR_SHARING_VIOLATION);
        drop(file);
    });
    case!(cases, "kernel32!DeleteFileW", Failure, "a folder", {
        clear_error();
        same!(unsafe { DeleteFileW(wide("folder").as_ptr()) }, 0);
        same!(last_error(), ERROR_ACCESS_DENIED);
    });
    case!(cases, "kernel32!DeleteFileA", Success, "a file goes", {
        put("gone.txt", b"")?;
        same!(unsafe { DeleteFileA(ansi("gone.txt").as_ptr()) }, 1);
    });
    case!(cases, "kernel32!DeleteFileA", Failure, "a file that is missing", {
        clear_error();
        same!(unsafe { DeleteFileA(ansi("missing.txt").as_ptr()) }, 0);
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
}
