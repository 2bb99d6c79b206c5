//! fileapi.h: ReadFileScatter and WriteFileGather.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use core::ptr::{null, null_mut};
use guests::files::{File, SHARE, create, event, overlapped, put};
use guests::{Cases, case, clear_error, holds, last_error, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Memory::*;

const PAGE: usize = 4096;
const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;
const FLAGS: u32 = FILE_FLAG_OVERLAPPED | FILE_FLAG_NO_BUFFERING;

/// Pages that do not lie in order, and the array that names them.
struct Pages {
    memory: *mut u8,
    array: [FILE_SEGMENT_ELEMENT; 4],
}

impl Pages {
    fn new() -> Self {
        let memory = unsafe { VirtualAlloc(null(), 8 * PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE) }.cast::<u8>();
        let mut array: [FILE_SEGMENT_ELEMENT; 4] = unsafe { core::mem::zeroed() };
        for (element, page) in array.iter_mut().zip([6, 1, 3]) {
            element.Buffer = unsafe { memory.add(page * PAGE) }.cast();
        }
        Self { memory, array }
    }

    fn fill(&self, index: usize, byte: u8) {
        unsafe { self.array[index].Buffer.cast::<u8>().write_bytes(byte, PAGE) };
    }

    /// The first and the last byte of a page.
    fn ends(&self, index: usize) -> (u8, u8) {
        let page = unsafe { self.array[index].Buffer }.cast::<u8>();
        unsafe { (*page, *page.add(PAGE - 1)) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        unsafe { VirtualFree(self.memory.cast(), 0, MEM_RELEASE) };
    }
}

fn opened(flags: u32) -> Result<File, String> {
    create("segments.bin", GENERIC_READ | GENERIC_WRITE, SHARE, OPEN_EXISTING, flags).map_err(|code| alloc::format!("it was not opened: {code}"))
}

/// What the request came to: bytes, or its error.
fn end(file: &File, request: &OVERLAPPED, done: i32) -> Result<u32, u32> {
    let mut moved = 0;
    if done == 0 && last_error() != ERROR_IO_PENDING {
        return Err(last_error());
    }
    if unsafe { GetOverlappedResult(file.0, request, &raw mut moved, 1) } != 0 { Ok(moved) } else { Err(last_error()) }
}

fn read(file: &File, pages: &Pages, length: u32, offset: u32) -> Result<u32, u32> {
    let event = event();
    let mut request = overlapped(offset, event.0);
    clear_error();
    let done = unsafe { ReadFileScatter(file.0, pages.array.as_ptr(), length, null(), &raw mut request) };
    end(file, &request, done)
}

fn write(file: &File, pages: &Pages, length: u32, offset: u32) -> Result<u32, u32> {
    let event = event();
    let mut request = overlapped(offset, event.0);
    clear_error();
    let done = unsafe { WriteFileGather(file.0, pages.array.as_ptr(), length, null(), &raw mut request) };
    end(file, &request, done)
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        moves(&mut cases);
        failures(&mut cases);
        cases.code()
    }
}

fn moves(cases: &mut Cases) {
    case!(cases, "kernel32!WriteFileGather kernel32!ReadFileScatter", Success, "three pages, in the order of the array", {
        put("segments.bin", b"")?;
        let (file, from, to) = (opened(FLAGS)?, Pages::new(), Pages::new());
        for index in 0..3 {
            from.fill(index, b'a' + index as u8);
        }
        same!(write(&file, &from, 3 * PAGE as u32, 0), Ok(3 * PAGE as u32));
        same!(read(&file, &to, 3 * PAGE as u32, 0), Ok(3 * PAGE as u32));
        for index in 0..3 {
            same!(to.ends(index), (b'a' + index as u8, b'a' + index as u8));
        }
        // The pages between are nobody's.
        same!(unsafe { *to.memory }, 0);
    });
    case!(cases, "kernel32!ReadFileScatter", Success, "from a position, up to the end", {
        let (file, to) = (opened(FLAGS)?, Pages::new());
        same!(read(&file, &to, 3 * PAGE as u32, PAGE as u32), Ok(2 * PAGE as u32));
        same!((to.ends(0), to.ends(1), to.ends(2)), ((b'b', b'b'), (b'c', b'c'), (0, 0)));
    });
    case!(cases, "kernel32!ReadFileScatter", Success, "a completion port hears of it", {
        let (file, to) = (opened(FLAGS)?, Pages::new());
        let port = File(unsafe { CreateIoCompletionPort(file.0, null_mut(), 5, 0) });
        holds!(!port.0.is_null());
        let mut request = overlapped(0, null_mut());
        let done = unsafe { ReadFileScatter(file.0, to.array.as_ptr(), PAGE as u32, null(), &raw mut request) };
        holds!(done != 0 || last_error() == ERROR_IO_PENDING);
        let (mut moved, mut key, mut told) = (0, 0, null_mut());
        same!(unsafe { GetQueuedCompletionStatus(port.0, &raw mut moved, &raw mut key, &raw mut told, 5_000) }, 1);
        same!((moved, key, told), (PAGE as u32, 5, &raw mut request));
        same!(to.ends(0), (b'a', b'a'));
    });
}

fn failures(cases: &mut Cases) {
    case!(cases, "kernel32!ReadFileScatter", Failure, "behind the end", {
        let (file, to) = (opened(FLAGS)?, Pages::new());
        same!(read(&file, &to, PAGE as u32, 8 * PAGE as u32), Err(ERROR_HANDLE_EOF));
    });
    case!(cases, "kernel32!ReadFileScatter kernel32!WriteFileGather", Failure, "a file that was opened with a cache between", {
        let (file, pages) = (opened(FILE_FLAG_OVERLAPPED)?, Pages::new());
        same!(read(&file, &pages, PAGE as u32, 0), Err(ERROR_INVALID_PARAMETER));
        same!(write(&file, &pages, PAGE as u32, 0), Err(ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!ReadFileScatter kernel32!WriteFileGather", Failure, "half of a sector", wine = "part of a page is moved", {
        let (file, pages) = (opened(FLAGS)?, Pages::new());
        same!(read(&file, &pages, 100, 0), Err(ERROR_INVALID_PARAMETER));
        same!(write(&file, &pages, 100, 0), Err(ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!ReadFileScatter kernel32!WriteFileGather", Failure, "a handle that is none", {
        let (file, pages) = (core::mem::ManuallyDrop::new(File(NO_HANDLE)), Pages::new());
        same!(read(&file, &pages, PAGE as u32, 0), Err(ERROR_INVALID_HANDLE));
        same!(write(&file, &pages, PAGE as u32, 0), Err(ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!ReadFileScatter kernel32!WriteFileGather", Failure, "a handle that does not allow it", {
        let pages = Pages::new();
        let reads = create("segments.bin", GENERIC_READ, SHARE, OPEN_EXISTING, FLAGS).map_err(|_| "it was not opened")?;
        let writes = create("segments.bin", GENERIC_WRITE, SHARE, OPEN_EXISTING, FLAGS).map_err(|_| "it was not opened")?;
        same!(write(&reads, &pages, PAGE as u32, 0), Err(ERROR_ACCESS_DENIED));
        same!(read(&writes, &pages, PAGE as u32, 0), Err(ERROR_ACCESS_DENIED));
    });
}
