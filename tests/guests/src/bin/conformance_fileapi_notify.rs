//! fileapi.h and winbase.h: hearing of changes in folders.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering};
use guests::files::{File, SHARE, create, event, folder, put};
use guests::{Cases, case, clear_error, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        reads(&mut cases);
        routines_and_ports(&mut cases);
        own_drive(&mut cases);
        ends(&mut cases);
        refusals(&mut cases);
        handles(&mut cases);
        cases.code()
    }
}

const NAMES: u32 = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME;
/// Longer than any news take.
const PATIENCE: u32 = 10_000;

/// A folder that is watched.
struct Watched {
    folder: File,
    event: File,
    request: OVERLAPPED,
    buffer: [u32; 1024],
}

fn open_folder(name: &str) -> Result<File, String> {
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED;
    create(name, FILE_LIST_DIRECTORY, SHARE, OPEN_EXISTING, flags).map_err(|code| format!("{name} was not opened: {code}"))
}

impl Watched {
    fn new(name: &str) -> Result<Self, String> {
        // SAFETY: plain data, for which zero is a value.
        Ok(Self { folder: open_folder(name)?, event: event(), request: unsafe { core::mem::zeroed() }, buffer: [0; 1024] })
    }

    /// Asks for changes; the answer is there later.
    fn ask(&mut self, subtree: bool, filter: u32, length: u32) -> Result<(), String> {
        self.request.hEvent = self.event.0;
        let (buffer, request) = (self.buffer.as_mut_ptr().cast(), &raw mut self.request);
        // SAFETY: buffer and request live as long as this value, which waits for the end of each request.
        let done = unsafe { ReadDirectoryChangesW(self.folder.0, buffer, length, subtree.into(), filter, null_mut(), request, None) };
        if done != 0 { Ok(()) } else { Err(format!("it was refused: {}", last_error())) }
    }

    /// Waits for the answer: the changes, or the error.
    fn answer(&mut self) -> Result<Vec<(u32, String)>, u32> {
        let mut bytes = 0;
        // SAFETY: as above.
        unsafe {
            if WaitForSingleObject(self.event.0, PATIENCE) != WAIT_OBJECT_0 {
                return Err(u32::MAX);
            }
            if GetOverlappedResult(self.folder.0, &raw const self.request, &raw mut bytes, 0) == 0 {
                return Err(last_error());
            }
        }
        Ok(changes(&self.buffer, bytes))
    }

    /// Answers until something is among the changes.
    fn until(&mut self, subtree: bool, filter: u32, wanted: &(u32, &str)) -> Result<Vec<(u32, String)>, String> {
        let mut all = Vec::new();
        loop {
            all.extend(self.answer().map_err(|code| format!("{all:?} and the error {code}"))?);
            if all.iter().any(|(action, name)| (*action, name.as_str()) == *wanted) {
                return Ok(all);
            }
            self.ask(subtree, filter, 4096)?;
        }
    }
}

/// The records of a buffer.
fn changes(buffer: &[u32; 1024], bytes: u32) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    if bytes == 0 {
        return found;
    }
    loop {
        let (next, action, length) = (buffer[at], buffer[at + 1], buffer[at + 2] as usize);
        if 4 * at + 12 + length > bytes as usize {
            found.push((action, format!("{length} bytes of a name at {at} of {bytes} bytes")));
            break;
        }
        // SAFETY: the name lies in the buffer.
        let name = unsafe { core::slice::from_raw_parts(buffer[at + 3..].as_ptr().cast::<u16>(), length / 2) };
        found.push((action, String::from_utf16_lossy(name)));
        if next == 0 {
            break;
        }
        at += next as usize / 4;
    }
    found
}

fn told(rows: &[(u32, &str)]) -> Vec<(u32, String)> {
    rows.iter().map(|(action, name)| (*action, String::from(*name))).collect()
}

fn rename(from: &str, to: &str) -> i32 {
    unsafe { MoveFileW(wide(from).as_ptr(), wide(to).as_ptr()) }
}

fn remove(name: &str) -> i32 {
    unsafe { DeleteFileW(wide(name).as_ptr()) }
}

fn reads(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!ReadDirectoryChangesW",
        Success,
        "a file that comes, gets another name, and goes",
        wine = "Wine's records do not start at multiples of four",
        {
            folder("w1")?;
            let mut watched = Watched::new("w1")?;
            watched.ask(false, NAMES, 4096)?;
            same!(unsafe { WaitForSingleObject(watched.event.0, 0) }, WAIT_TIMEOUT);
            put("w1\\Datei.txt", b"x")?;
            same!(watched.until(false, NAMES, &(FILE_ACTION_ADDED, "Datei.txt"))?, told(&[(FILE_ACTION_ADDED, "Datei.txt")]));
            watched.ask(false, NAMES, 4096)?;
            same!(rename("w1\\Datei.txt", "w1\\andere.txt"), 1);
            let renamed = [(FILE_ACTION_RENAMED_OLD_NAME, "Datei.txt"), (FILE_ACTION_RENAMED_NEW_NAME, "andere.txt")];
            same!(watched.until(false, NAMES, &renamed[1])?, told(&renamed));
            watched.ask(false, NAMES, 4096)?;
            same!(remove("w1\\andere.txt"), 1);
            same!(watched.until(false, NAMES, &(FILE_ACTION_REMOVED, "andere.txt"))?, told(&[(FILE_ACTION_REMOVED, "andere.txt")]));
        }
    );
    case!(
        cases,
        "kernel32!ReadDirectoryChangesW",
        Success,
        "what changes between two questions is told at the second",
        wine = "Wine's records do not start at multiples of four",
        {
            folder("w2")?;
            let mut watched = Watched::new("w2")?;
            watched.ask(false, NAMES, 4096)?;
            put("w2\\one", b"x")?;
            same!(watched.answer(), Ok(told(&[(FILE_ACTION_ADDED, "one")])));
            put("w2\\two", b"x")?;
            put("w2\\three", b"x")?;
            watched.ask(false, NAMES, 4096)?;
            same!(watched.until(false, NAMES, &(FILE_ACTION_ADDED, "three"))?, told(&[(FILE_ACTION_ADDED, "two"), (FILE_ACTION_ADDED, "three")]));
        }
    );
    case!(cases, "kernel32!ReadDirectoryChangesW", Success, "only what is asked for is told", {
        folder("w3")?;
        put("w3\\there", b"x")?;
        let mut watched = Watched::new("w3")?;
        watched.ask(false, FILE_NOTIFY_CHANGE_DIR_NAME, 4096)?;
        put("w3\\file", b"x")?;
        same!(remove("w3\\there"), 1);
        folder("w3\\folder")?;
        same!(watched.answer(), Ok(told(&[(FILE_ACTION_ADDED, "folder")])));
        let mut sizes = Watched::new("w3")?;
        sizes.ask(false, FILE_NOTIFY_CHANGE_SIZE, 4096)?;
        folder("w3\\other")?;
        put("w3\\file", b"longer")?;
        same!(sizes.answer(), Ok(told(&[(FILE_ACTION_MODIFIED, "file")])));
        let mut facts = Watched::new("w3")?;
        facts.ask(false, FILE_NOTIFY_CHANGE_ATTRIBUTES, 4096)?;
        same!(unsafe { SetFileAttributesW(wide("w3\\file").as_ptr(), FILE_ATTRIBUTE_READONLY) }, 1);
        same!(facts.answer(), Ok(told(&[(FILE_ACTION_MODIFIED, "file")])));
        same!(unsafe { SetFileAttributesW(wide("w3\\file").as_ptr(), FILE_ATTRIBUTE_NORMAL) }, 1);
    });
    case!(
        cases,
        "kernel32!ReadDirectoryChangesW",
        Success,
        "the folders below count where they are asked for",
        wine = "Wine tells who wants subfolders nothing of them here",
        {
            folder("w4")?;
            folder("w4\\sub")?;
            let mut flat = Watched::new("w4")?;
            flat.ask(false, NAMES, 4096)?;
            let mut deep = Watched::new("w4")?;
            deep.ask(true, NAMES, 4096)?;
            put("w4\\sub\\file", b"x")?;
            same!(deep.answer(), Ok(told(&[(FILE_ACTION_ADDED, "sub\\file")])));
            same!(unsafe { WaitForSingleObject(flat.event.0, 0) }, WAIT_TIMEOUT);
            deep.ask(true, NAMES, 4096)?;
            folder("w4\\new")?;
            same!(deep.answer(), Ok(told(&[(FILE_ACTION_ADDED, "new")])));
            deep.ask(true, NAMES, 4096)?;
            put("w4\\new\\inner", b"x")?;
            same!(deep.until(true, NAMES, &(FILE_ACTION_ADDED, "new\\inner"))?, told(&[(FILE_ACTION_ADDED, "new\\inner")]));
            deep.ask(true, NAMES, 4096)?;
            same!(rename("w4\\new\\inner", "w4\\sub\\moved"), 1);
            same!(
                deep.until(true, NAMES, &(FILE_ACTION_ADDED, "sub\\moved"))?,
                told(&[(FILE_ACTION_REMOVED, "new\\inner"), (FILE_ACTION_ADDED, "sub\\moved")])
            );
            deep.ask(true, NAMES, 4096)?;
            same!(rename("w4\\sub", "w4\\later"), 1);
            let renamed = [(FILE_ACTION_RENAMED_OLD_NAME, "sub"), (FILE_ACTION_RENAMED_NEW_NAME, "later")];
            same!(deep.until(true, NAMES, &renamed[1])?, told(&renamed));
            deep.ask(true, NAMES, 4096)?;
            same!(remove("w4\\later\\moved"), 1);
            same!(deep.answer(), Ok(told(&[(FILE_ACTION_REMOVED, "later\\moved")])));
            same!(flat.answer(), Ok(told(&[(FILE_ACTION_ADDED, "new")])));
        }
    );
    case!(cases, "kernel32!ReadDirectoryChangesW", Success, "more than the buffer holds is told as nothing", wine = "Wine makes an error of it", {
        folder("w5")?;
        let mut watched = Watched::new("w5")?;
        watched.ask(false, NAMES, 24)?;
        put("w5\\a name that does not fit in there.txt", b"x")?;
        same!(watched.answer(), Ok(Vec::new()));
    });
    case!(cases, "kernel32!ReadDirectoryChangesW", Success, "a handle that is no overlapped one waits", {
        folder("w6")?;
        let watched = create("w6", FILE_LIST_DIRECTORY, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS).map_err(|code| format!("{code}"))?;
        let thread = File(unsafe { CreateThread(null(), 0, Some(make_until_told), null(), 0, null_mut()) });
        let (mut buffer, mut bytes) = ([0_u32; 1024], 0);
        same!(unsafe { ReadDirectoryChangesW(watched.0, buffer.as_mut_ptr().cast(), 4096, 0, NAMES, &raw mut bytes, null_mut(), None) }, 1);
        HEARD.store(1, Ordering::SeqCst);
        same!(unsafe { WaitForSingleObject(thread.0, PATIENCE) }, WAIT_OBJECT_0);
        let first = changes(&buffer, bytes);
        same!(first.first().map(|(action, name)| (*action, name.starts_with("file"))), Some((FILE_ACTION_ADDED, true)));
    });
}

static HEARD: AtomicU32 = AtomicU32::new(0);

/// Makes one file after the other until somebody has heard of one.
unsafe extern "system" fn make_until_told(_: *mut c_void) -> u32 {
    let mut number = 0;
    while HEARD.load(Ordering::SeqCst) == 0 {
        let _ = put(&format!("w6\\file{number}"), b"x");
        number += 1;
        // SAFETY: takes a number.
        unsafe { Sleep(10) };
    }
    0
}

static CALLED: AtomicU32 = AtomicU32::new(0);

unsafe extern "system" fn routine(code: u32, bytes: u32, _request: *mut OVERLAPPED) {
    CALLED.store(if code == 0 { bytes } else { u32::MAX }, Ordering::SeqCst);
}

fn routines_and_ports(cases: &mut Cases) {
    case!(cases, "kernel32!ReadDirectoryChangesW", Success, "a routine hears of it", {
        folder("w7")?;
        let mut watched = Watched::new("w7")?;
        let (buffer, request) = (watched.buffer.as_mut_ptr().cast(), &raw mut watched.request);
        same!(unsafe { ReadDirectoryChangesW(watched.folder.0, buffer, 4096, 0, NAMES, null_mut(), request, Some(routine)) }, 1);
        put("w7\\abc", b"x")?;
        same!(unsafe { SleepEx(PATIENCE, 1) }, WAIT_IO_COMPLETION);
        same!(CALLED.load(Ordering::SeqCst), 18);
    });
    case!(cases, "kernel32!ReadDirectoryChangesW kernel32!GetQueuedCompletionStatus", Success, "a completion port hears of it", {
        folder("w8")?;
        let mut watched = Watched::new("w8")?;
        let port = File(unsafe { CreateIoCompletionPort(watched.folder.0, null_mut(), 77, 0) });
        let (buffer, request) = (watched.buffer.as_mut_ptr().cast(), &raw mut watched.request);
        same!(unsafe { ReadDirectoryChangesW(watched.folder.0, buffer, 4096, 0, NAMES, null_mut(), request, None) }, 1);
        put("w8\\abcd", b"x")?;
        let (mut bytes, mut key, mut done) = (0, 0, null_mut());
        same!(unsafe { GetQueuedCompletionStatus(port.0, &raw mut bytes, &raw mut key, &raw mut done, PATIENCE) }, 1);
        same!((bytes, key, done == request), (20, 77, true));
        same!(changes(&watched.buffer, bytes), told(&[(FILE_ACTION_ADDED, "abcd")]));
    });
    case!(cases, "kernel32!CancelIoEx kernel32!ReadDirectoryChangesW", Success, "a request that waits is taken back", {
        folder("w9")?;
        let mut watched = Watched::new("w9")?;
        watched.ask(false, NAMES, 4096)?;
        same!(unsafe { CancelIoEx(watched.folder.0, &raw const watched.request) }, 1);
        same!(watched.answer(), Err(ERROR_OPERATION_ABORTED));
        watched.ask(false, NAMES, 4096)?;
        put("w9\\file", b"x")?;
        same!(watched.answer(), Ok(told(&[(FILE_ACTION_ADDED, "file")])));
    });
    case!(
        cases,
        "kernel32!CloseHandle kernel32!ReadDirectoryChangesW",
        Success,
        "a request ends with its folder's handle",
        wine = "Wine has another status for it",
        {
            folder("w10")?;
            let mut watched = Watched::new("w10")?;
            watched.ask(false, NAMES, 4096)?;
            drop(core::mem::replace(&mut watched.folder, File(null_mut())));
            same!(unsafe { WaitForSingleObject(watched.event.0, PATIENCE) }, WAIT_OBJECT_0);
            same!((watched.request.Internal as u32, watched.request.InternalHigh), (STATUS_NOTIFY_CLEANUP as u32, 0));
        }
    );
}

fn own_drive(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!ReadDirectoryChangesW",
        Success,
        "the folder for temporary files is watched like any other",
        wine = "Wine's records do not start at multiples of four",
        {
            let mut path = [0; 300];
            let length = unsafe { GetTempPathW(300, path.as_mut_ptr()) } as usize;
            let base = format!("{}watched", String::from_utf16_lossy(&path[..length]));
            // An earlier run may have left it.
            unsafe { RemoveDirectoryW(wide(&base).as_ptr()) };
            folder(&base)?;
            let mut watched = Watched::new(&base)?;
            watched.ask(false, NAMES, 4096)?;
            put(&format!("{base}\\one"), b"x")?;
            same!(watched.until(false, NAMES, &(FILE_ACTION_ADDED, "one"))?, told(&[(FILE_ACTION_ADDED, "one")]));
            watched.ask(false, NAMES, 4096)?;
            same!(rename(&format!("{base}\\one"), &format!("{base}\\two")), 1);
            let renamed = [(FILE_ACTION_RENAMED_OLD_NAME, "one"), (FILE_ACTION_RENAMED_NEW_NAME, "two")];
            same!(watched.until(false, NAMES, &renamed[1])?, told(&renamed));
            let mut sizes = Watched::new(&base)?;
            sizes.ask(false, FILE_NOTIFY_CHANGE_LAST_WRITE, 4096)?;
            put(&format!("{base}\\two"), b"longer")?;
            same!(sizes.until(false, FILE_NOTIFY_CHANGE_LAST_WRITE, &(FILE_ACTION_MODIFIED, "two"))?, told(&[(FILE_ACTION_MODIFIED, "two")]));
            watched.ask(false, NAMES, 4096)?;
            same!(remove(&format!("{base}\\two")), 1);
            same!(watched.until(false, NAMES, &(FILE_ACTION_REMOVED, "two"))?, told(&[(FILE_ACTION_REMOVED, "two")]));
            drop((watched, sizes));
            same!(unsafe { RemoveDirectoryW(wide(&base).as_ptr()) }, 1);
        }
    );
}

fn ends(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!RemoveDirectoryW kernel32!ReadDirectoryChangesW",
        Success,
        "a request ends with its folder",
        wine = "Wine goes on waiting",
        {
            folder("e1")?;
            let mut watched = Watched::new("e1")?;
            watched.ask(false, NAMES, 4096)?;
            same!(unsafe { RemoveDirectoryW(wide("e1").as_ptr()) }, 1);
            same!(watched.answer(), Err(ERROR_ACCESS_DENIED));
        }
    );
}

fn refusals(cases: &mut Cases) {
    case!(cases, "kernel32!ReadDirectoryChangesW", Failure, "what cannot be watched", wine = "Wine has another error for a file", {
        folder("r1")?;
        put("r1\\file", b"x")?;
        let watched = open_folder("r1")?;
        let file = create("r1\\file", GENERIC_READ, SHARE, OPEN_EXISTING, FILE_FLAG_OVERLAPPED).map_err(|code| format!("{code}"))?;
        let blind = create("r1", FILE_READ_ATTRIBUTES, SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED)
            .map_err(|code| format!("{code}"))?;
        let ask = |handle, filter| {
            // SAFETY: plain data, for which zero is a value; nothing is refused later.
            let mut request: OVERLAPPED = unsafe { core::mem::zeroed() };
            let mut buffer = [0_u32; 64];
            clear_error();
            let done = unsafe { ReadDirectoryChangesW(handle, buffer.as_mut_ptr().cast(), 256, 0, filter, null_mut(), &raw mut request, None) };
            (done, last_error())
        };
        same!(ask(watched.0, 0), (0, ERROR_INVALID_PARAMETER));
        same!(ask(file.0, NAMES), (0, ERROR_INVALID_PARAMETER));
        same!(ask(blind.0, NAMES), (0, ERROR_ACCESS_DENIED));
        same!(ask(0x7777_7774 as HANDLE, NAMES), (0, ERROR_INVALID_HANDLE));
    });
}

fn handles(cases: &mut Cases) {
    case!(
        cases,
        "kernel32!FindFirstChangeNotificationW kernel32!FindNextChangeNotification kernel32!FindCloseChangeNotification",
        Success,
        "a handle is signalled at each change",
        {
            folder("h1")?;
            let handle = unsafe { FindFirstChangeNotificationW(wide("h1").as_ptr(), 0, NAMES) };
            same!(handle == INVALID_HANDLE_VALUE, false);
            same!(unsafe { WaitForSingleObject(handle, 0) }, WAIT_TIMEOUT);
            put("h1\\one", b"x")?;
            same!(unsafe { WaitForSingleObject(handle, PATIENCE) }, WAIT_OBJECT_0);
            same!(unsafe { FindNextChangeNotification(handle) }, 1);
            same!(unsafe { WaitForSingleObject(handle, 0) }, WAIT_TIMEOUT);
            put("h1\\two", b"x")?;
            same!(unsafe { WaitForSingleObject(handle, PATIENCE) }, WAIT_OBJECT_0);
            same!(unsafe { FindCloseChangeNotification(handle) }, 1);
        }
    );
    case!(cases, "kernel32!FindFirstChangeNotificationA", Success, "the same by a narrow path", {
        folder("h2")?;
        let handle = unsafe { FindFirstChangeNotificationA(c"h2".as_ptr().cast(), 1, NAMES) };
        same!(handle == INVALID_HANDLE_VALUE, false);
        folder("h2\\sub")?;
        same!(unsafe { WaitForSingleObject(handle, PATIENCE) }, WAIT_OBJECT_0);
        same!(unsafe { FindCloseChangeNotification(handle) }, 1);
    });
    case!(
        cases,
        "kernel32!FindFirstChangeNotificationW kernel32!FindFirstChangeNotificationA kernel32!FindNextChangeNotification kernel32!FindCloseChangeNotification",
        Failure,
        "what is no folder, and what is no handle",
        {
            put("h3", b"x")?;
            clear_error();
            same!(
                (unsafe { FindFirstChangeNotificationW(wide("none").as_ptr(), 0, NAMES) }, last_error()),
                (INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND)
            );
            clear_error();
            same!((unsafe { FindFirstChangeNotificationA(c"h3".as_ptr().cast(), 0, NAMES) }, last_error()), (INVALID_HANDLE_VALUE, ERROR_DIRECTORY));
            clear_error();
            same!((unsafe { FindNextChangeNotification(null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
            clear_error();
            same!((unsafe { FindCloseChangeNotification(null_mut()) }, last_error()), (0, ERROR_INVALID_HANDLE));
        }
    );
}
