//! memoryapi.h and winbase.h: files mapped into memory.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::files::{File, SHARE, ansi, create, get, make, open, put};
use guests::{Cases, case, clear_error, holds, last_error, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::LibraryLoader::GetModuleFileNameW;
use windows_sys::Win32::System::Memory::*;
use windows_sys::Win32::System::Threading::{
    CREATE_SUSPENDED, CreateEventW, CreateProcessW, PROCESS_INFORMATION, STARTUPINFOW, TerminateProcess, WaitForSingleObject,
};

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        making(&mut cases);
        viewing(&mut cases);
        names(&mut cases);
        held(&mut cases);
        programs(&mut cases);
        cases.code()
    }
}

fn mapping(file: HANDLE, protect: u32, size: u32) -> Result<File, u32> {
    clear_error();
    let handle = unsafe { CreateFileMappingW(file, null(), protect, 0, size, null()) };
    if handle.is_null() { Err(last_error()) } else { Ok(File(handle)) }
}

/// A view that is unmapped when it goes out of scope.
struct View(MEMORY_MAPPED_VIEW_ADDRESS);

impl Drop for View {
    fn drop(&mut self) {
        unsafe { UnmapViewOfFile(self.0) };
    }
}

impl View {
    fn bytes(&self) -> *mut u8 {
        self.0.Value.cast()
    }
}

fn view(mapping: &File, access: u32, offset: u32, size: usize) -> Result<View, u32> {
    clear_error();
    let view = unsafe { MapViewOfFile(mapping.0, access, 0, offset, size) };
    if view.Value.is_null() { Err(last_error()) } else { Ok(View(view)) }
}

fn making(cases: &mut Cases) {
    case!(cases, "kernel32!CreateFileMappingW", Success, "a new mapping says that there is no error", {
        let file = make("mapped.txt", b"mapped bytes")?;
        clear_error();
        same!(mapping(file.0, PAGE_READONLY, 0).is_ok(), true);
        same!(last_error(), ERROR_SUCCESS);
    });
    case!(cases, "kernel32!CreateFileMappingW", Success, "a size above the file's makes it longer", {
        let file = make("grown.txt", b"abc")?;
        drop(mapping(file.0, PAGE_READWRITE, 10).map_err(|_| "it was not made")?);
        same!(unsafe { GetFileSize(file.0, null_mut()) }, 10);
    });
    case!(cases, "kernel32!CreateFileMappingW", Failure, "an empty file", {
        let file = make("nothing.txt", b"")?;
        same!(mapping(file.0, PAGE_READONLY, 0).err(), Some(ERROR_FILE_INVALID));
    });
    case!(cases, "kernel32!CreateFileMappingW", Failure, "memory of no size", {
        same!(mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0).err(), Some(ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!CreateFileMappingW", Failure, "a protection that is none", {
        let file = open("mapped.txt", GENERIC_READ)?;
        same!(mapping(file.0, 0x55, 0).err(), Some(ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!CreateFileMappingW", Failure, "a size above the file's, for reading", {
        let file = open("mapped.txt", GENERIC_READ)?;
        same!(mapping(file.0, PAGE_READONLY, 100_000).err(), Some(ERROR_NOT_ENOUGH_MEMORY));
    });
    case!(cases, "kernel32!CreateFileMappingW", Failure, "writing, by a handle for reading", {
        let file = open("mapped.txt", GENERIC_READ)?;
        same!(mapping(file.0, PAGE_READWRITE, 0).err(), Some(ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!CreateFileMappingA", Success, "without a name", {
        let file = open("mapped.txt", GENERIC_READ)?;
        let handle = unsafe { CreateFileMappingA(file.0, null(), PAGE_READONLY, 0, 0, null()) };
        same!(handle.is_null(), false);
        drop(File(handle));
    });
    case!(cases, "kernel32!CreateFileMappingA", Failure, "memory of no size", {
        clear_error();
        same!(unsafe { CreateFileMappingA(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, 0, 0, null()) }.is_null(), true);
        same!(last_error(), ERROR_INVALID_PARAMETER);
    });
}

fn viewing(cases: &mut Cases) {
    case!(cases, "kernel32!MapViewOfFile", Success, "the file's bytes, and zeroes up to the end of the page", {
        let file = open("mapped.txt", GENERIC_READ)?;
        let mapping = mapping(file.0, PAGE_READONLY, 0).map_err(|_| "it was not made")?;
        let view = view(&mapping, FILE_MAP_READ, 0, 0).map_err(|_| "it was not mapped")?;
        same!(unsafe { core::slice::from_raw_parts(view.bytes(), 13) }, b"mapped bytes\0");
    });
    case!(cases, "kernel32!MapViewOfFile", Success, "a view outlives the handles", {
        let file = open("mapped.txt", GENERIC_READ)?;
        let mapping = mapping(file.0, PAGE_READONLY, 0).map_err(|_| "it was not made")?;
        let view = view(&mapping, FILE_MAP_READ, 0, 0).map_err(|_| "it was not mapped")?;
        drop(file);
        drop(mapping);
        same!(unsafe { *view.bytes() }, b'm');
    });
    case!(cases, "kernel32!MapViewOfFile kernel32!FlushViewOfFile", Success, "what is written to a view is the file's", {
        put("written.txt", b"abcdef")?;
        let file = create("written.txt", GENERIC_READ | GENERIC_WRITE, SHARE, OPEN_EXISTING, 0).map_err(|_| "it was not opened")?;
        let mapping = mapping(file.0, PAGE_READWRITE, 0).map_err(|_| "it was not made")?;
        let view = view(&mapping, FILE_MAP_WRITE, 0, 0).map_err(|_| "it was not mapped")?;
        unsafe { *view.bytes().add(1) = b'X' };
        same!(unsafe { FlushViewOfFile(view.0.Value, 0) }, 1);
        same!(get("written.txt")?, b"aXcdef");
    });
    case!(cases, "kernel32!MapViewOfFile", Success, "what is written to a copy is not the file's", {
        put("copied.txt", b"abcdef")?;
        let file = open("copied.txt", GENERIC_READ)?;
        let mapping = mapping(file.0, PAGE_WRITECOPY, 0).map_err(|_| "it was not made")?;
        let view = view(&mapping, FILE_MAP_COPY, 0, 0).map_err(|_| "it was not mapped")?;
        unsafe { *view.bytes() = b'X' };
        same!((unsafe { *view.bytes() }, get("copied.txt")?), (b'X', b"abcdef".to_vec()));
    });
    case!(cases, "kernel32!MapViewOfFile", Success, "views of one memory share it", {
        let mapping = mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0x2_0000).map_err(|_| "it was not made")?;
        let first = view(&mapping, FILE_MAP_ALL_ACCESS, 0, 0).map_err(|_| "it was not mapped")?;
        let second = view(&mapping, FILE_MAP_READ, 0x1_0000, 0x1000).map_err(|_| "it was not mapped")?;
        holds!(first.bytes() != second.bytes());
        unsafe { first.bytes().add(0x1_0005).write_volatile(42) };
        same!(unsafe { second.bytes().add(5).read_volatile() }, 42);
    });
    case!(cases, "kernel32!MapViewOfFile", Failure, "an offset that is not a multiple of 64 KiB", {
        let mapping = mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0x2_0000).map_err(|_| "it was not made")?;
        same!(view(&mapping, FILE_MAP_READ, 0x1000, 0).err(), Some(ERROR_MAPPED_ALIGNMENT));
    });
    case!(cases, "kernel32!MapViewOfFile", Failure, "writing to a mapping for reading", {
        let file = open("mapped.txt", GENERIC_READ)?;
        let mapping = mapping(file.0, PAGE_READONLY, 0).map_err(|_| "it was not made")?;
        same!(view(&mapping, FILE_MAP_WRITE, 0, 0).err(), Some(ERROR_ACCESS_DENIED));
    });
    case!(cases, "kernel32!MapViewOfFile", Failure, "what is no mapping", {
        let file = open("mapped.txt", GENERIC_READ)?;
        same!(view(&file, FILE_MAP_READ, 0, 0).err(), Some(ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!MapViewOfFileEx", Success, "at an address that is free", {
        let mapping = mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0x1_0000).map_err(|_| "it was not made")?;
        let free = view(&mapping, FILE_MAP_READ, 0, 0).map_err(|_| "it was not mapped")?.bytes();
        let view = unsafe { MapViewOfFileEx(mapping.0, FILE_MAP_READ, 0, 0, 0, free.cast::<c_void>()) };
        same!(view.Value.cast(), free);
        drop(View(view));
    });
    case!(cases, "kernel32!MapViewOfFileEx", Failure, "at an address that is taken", {
        let mapping = mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0x1_0000).map_err(|_| "it was not made")?;
        let taken = view(&mapping, FILE_MAP_READ, 0, 0).map_err(|_| "it was not mapped")?;
        clear_error();
        same!(unsafe { MapViewOfFileEx(mapping.0, FILE_MAP_READ, 0, 0, 0, taken.0.Value) }.Value.is_null(), true);
        same!(last_error(), ERROR_INVALID_ADDRESS);
    });
    case!(cases, "kernel32!UnmapViewOfFile", Success, "a view goes", {
        let mapping = mapping(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0x1000).map_err(|_| "it was not made")?;
        let view = view(&mapping, FILE_MAP_READ, 0, 0).map_err(|_| "it was not mapped")?;
        same!(unsafe { UnmapViewOfFile(view.0) }, 1);
        core::mem::forget(view);
    });
    case!(cases, "kernel32!UnmapViewOfFile", Failure, "an address without a view", {
        clear_error();
        same!(unsafe { UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS { Value: 0x1234_0000_usize as *mut c_void }) }, 0);
        same!(last_error(), ERROR_INVALID_ADDRESS);
    });
    case!(cases, "kernel32!FlushViewOfFile", Failure, "an address without a view", wine = "Wine calls the parameter invalid", {
        clear_error();
        same!(unsafe { FlushViewOfFile(0x1234_0000_usize as *const c_void, 0) }, 0);
        same!(last_error(), ERROR_INVALID_ADDRESS);
    });
}

fn names(cases: &mut Cases) {
    case!(cases, "kernel32!OpenFileMappingW", Failure, "a name that nobody gave", {
        clear_error();
        same!(unsafe { OpenFileMappingW(FILE_MAP_READ, 0, wide("Local\\nobody").as_ptr()) }.is_null(), true);
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!OpenFileMappingA", Failure, "a name that nobody gave", {
        clear_error();
        same!(unsafe { OpenFileMappingA(FILE_MAP_READ, 0, ansi("Local\\nobody").as_ptr()) }.is_null(), true);
        same!(last_error(), ERROR_FILE_NOT_FOUND);
    });
    case!(cases, "kernel32!CreateFileMappingW kernel32!OpenFileMappingW kernel32!MapViewOfFile", Success, "memory with a name, by two handles", {
        unsafe {
            let name = wide("Local\\mapping of this test");
            clear_error();
            let first = CreateFileMappingW(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, 0, 0x2_0000, name.as_ptr());
            same!((first.is_null(), last_error()), (false, 0));
            let second = CreateFileMappingW(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, 0, 0x1000, name.as_ptr());
            same!((second.is_null(), last_error()), (false, ERROR_ALREADY_EXISTS));
            let third = OpenFileMappingW(FILE_MAP_READ, 0, name.as_ptr());
            let (one, other) = (MapViewOfFile(first, FILE_MAP_WRITE, 0, 0, 0), MapViewOfFile(third, FILE_MAP_READ, 0, 0x1_0000, 0));
            holds!(!one.Value.is_null() && !other.Value.is_null());
            // Of the whole size, and one memory.
            one.Value.cast::<u32>().add(0x4000).write(77);
            same!(other.Value.cast::<u32>().read(), 77);
            clear_error();
            same!((MapViewOfFile(third, FILE_MAP_WRITE, 0, 0, 0).Value.is_null(), last_error()), (true, ERROR_ACCESS_DENIED));
            same!((UnmapViewOfFile(one), UnmapViewOfFile(other)), (1, 1));
            same!((CloseHandle(first), CloseHandle(second)), (1, 1));
            let last = OpenFileMappingW(FILE_MAP_READ, 0, name.as_ptr());
            holds!(!last.is_null());
            same!((CloseHandle(third), CloseHandle(last)), (1, 1));
            clear_error();
            same!((OpenFileMappingW(FILE_MAP_READ, 0, name.as_ptr()).is_null(), last_error()), (true, ERROR_FILE_NOT_FOUND));
        }
    });
    case!(cases, "kernel32!CreateFileMappingA kernel32!OpenFileMappingA", Success, "by narrow names", {
        unsafe {
            let first = CreateFileMappingA(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, 0, 0x1000, ansi("narrow mapping").as_ptr());
            let second = OpenFileMappingA(FILE_MAP_READ | FILE_MAP_WRITE, 0, ansi("narrow mapping").as_ptr());
            let view = MapViewOfFile(second, FILE_MAP_WRITE, 0, 0, 0);
            holds!(!first.is_null() && !second.is_null() && !view.Value.is_null());
            view.Value.cast::<u8>().write(1);
            same!((UnmapViewOfFile(view), CloseHandle(first), CloseHandle(second)), (1, 1, 1));
        }
    });
    case!(cases, "kernel32!CreateFileMappingW kernel32!OpenFileMappingW", Failure, "a name that another kind of object has, and none", {
        unsafe {
            let name = wide("an event, no mapping");
            let event = CreateEventW(null(), 0, 0, name.as_ptr());
            clear_error();
            let made = CreateFileMappingW(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE, 0, 0x1000, name.as_ptr());
            same!((made.is_null(), last_error()), (true, ERROR_INVALID_HANDLE));
            clear_error();
            same!((OpenFileMappingW(FILE_MAP_READ, 0, name.as_ptr()).is_null(), last_error()), (true, ERROR_INVALID_HANDLE));
            clear_error();
            same!((OpenFileMappingW(FILE_MAP_READ, 0, null()).is_null(), last_error()), (true, ERROR_INVALID_PARAMETER));
            CloseHandle(event);
        }
    });
}

/// Sets where a file ends; 0 or the error.
fn cut(file: &File, size: u32) -> u32 {
    clear_error();
    unsafe { SetFilePointer(file.0, size as i32, null_mut(), FILE_BEGIN) };
    if unsafe { SetEndOfFile(file.0) } != 0 { 0 } else { last_error() }
}

/// Opens a file in a way that may change it; 0 or the error.
fn opens(name: &str, access: u32, disposition: u32, flags: u32) -> u32 {
    clear_error();
    let handle = unsafe { CreateFileW(wide(name).as_ptr(), access, SHARE, null(), disposition, flags, null_mut()) };
    if handle == INVALID_HANDLE_VALUE {
        return last_error();
    }
    drop(File(handle));
    0
}

fn deletes(name: &str) -> u32 {
    clear_error();
    if unsafe { DeleteFileW(wide(name).as_ptr()) } != 0 { 0 } else { last_error() }
}

fn moves(from: &str, to: &str) -> u32 {
    clear_error();
    let done = unsafe { MoveFileExW(wide(from).as_ptr(), wide(to).as_ptr(), MOVEFILE_REPLACE_EXISTING) };
    if done != 0 { 0 } else { last_error() }
}

/// Sets one of the sizes of a file that is mapped in whole; the error.
fn ends(class: FILE_INFO_BY_HANDLE_CLASS) -> Result<u32, alloc::string::String> {
    let file = make("held.bin", &[7; 0x2000])?;
    let section = mapping(file.0, PAGE_READONLY, 0).map_err(|_| "it was not made")?;
    clear_error();
    let size = 0x1000_i64;
    let done = unsafe { SetFileInformationByHandle(file.0, class, (&raw const size).cast(), 8) };
    drop(section);
    Ok(if done != 0 { 0 } else { last_error() })
}

fn held(cases: &mut Cases) {
    case!(cases, "kernel32!SetEndOfFile", Failure, "a file is not cut below a view of it", {
        let file = make("held.bin", &[7; 100])?;
        let section = mapping(file.0, PAGE_READWRITE, 0x1_0000).map_err(|_| "it was not made")?;
        let view = view(&section, FILE_MAP_WRITE, 0, 0).map_err(|_| "it was not mapped")?;
        same!(cut(&file, 100), ERROR_USER_MAPPED_FILE);
        same!(cut(&file, 0xFFFF), ERROR_USER_MAPPED_FILE);
        same!((cut(&file, 0x1_0000), cut(&file, 0x2_0000)), (0, 0));
        unsafe { view.bytes().add(0xFFFF).write(9) };
        same!(unsafe { GetFileSize(file.0, null_mut()) }, 0x2_0000);
        drop(section);
        same!(cut(&file, 100), ERROR_USER_MAPPED_FILE);
        drop(view);
        same!(cut(&file, 100), 0);
        same!(unsafe { GetFileSize(file.0, null_mut()) }, 100);
    });
    case!(cases, "kernel32!SetEndOfFile", Failure, "nor below a section that nobody has mapped", {
        let file = make("held.bin", &[7; 0x2000])?;
        let section = mapping(file.0, PAGE_READONLY, 0).map_err(|_| "it was not made")?;
        same!(cut(&file, 1), ERROR_USER_MAPPED_FILE);
        drop(section);
        same!(cut(&file, 1), 0);
    });
    case!(cases, "kernel32!SetEndOfFile", Success, "what lies above every section is cut", wine = "it cuts no file that is mapped", {
        let file = make("held.bin", &[7; 0x3000])?;
        let section = mapping(file.0, PAGE_READONLY, 0x1000).map_err(|_| "it was not made")?;
        same!((cut(&file, 0x2000), cut(&file, 0x1000), cut(&file, 0xFFF)), (0, 0, ERROR_USER_MAPPED_FILE));
        drop(section);
    });
    case!(cases, "kernel32!SetFileInformationByHandle", Failure, "an end of file below a section", {
        same!(ends(FileEndOfFileInfo)?, ERROR_USER_MAPPED_FILE);
    });
    case!(cases, "kernel32!SetFileInformationByHandle", Failure, "an allocation below a section", wine = "it does not know the class", {
        same!(ends(FileAllocationInfo)?, ERROR_USER_MAPPED_FILE);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "a file that is mapped is not emptied", {
        let file = make("held.bin", b"mapped")?;
        let section = mapping(file.0, PAGE_READONLY, 0).map_err(|_| "it was not made")?;
        drop(file);
        same!(opens("held.bin", GENERIC_WRITE, CREATE_ALWAYS, 0), ERROR_USER_MAPPED_FILE);
        same!(opens("held.bin", GENERIC_WRITE, TRUNCATE_EXISTING, 0), ERROR_USER_MAPPED_FILE);
        same!(get("held.bin")?, b"mapped");
        same!(opens("held.bin", GENERIC_WRITE, OPEN_EXISTING, 0), 0);
        drop(section);
        same!(opens("held.bin", GENERIC_WRITE, CREATE_ALWAYS, 0), 0);
        same!(get("held.bin")?, b"");
    });
    case!(cases, "kernel32!DeleteFileW", Success, "a file that is mapped, whose view stays", wine = "the name stays as long as the view", {
        let file = make("held.bin", b"mapped")?;
        let section = mapping(file.0, PAGE_READONLY, 0).map_err(|_| "it was not made")?;
        let view = view(&section, FILE_MAP_READ, 0, 0).map_err(|_| "it was not mapped")?;
        drop((file, section));
        same!((deletes("held.bin"), deletes("held.bin")), (0, ERROR_FILE_NOT_FOUND));
        same!(unsafe { *view.bytes() }, b'm');
    });
}

fn programs(cases: &mut Cases) {
    /// A copy of the program that runs, so that it can be done things to.
    fn copy() -> Result<(), alloc::string::String> {
        let mut own = [0_u16; 512];
        unsafe { GetModuleFileNameW(null_mut(), own.as_mut_ptr(), 512) };
        let copied = unsafe { CopyFileW(own.as_ptr(), wide("copy.exe").as_ptr(), 0) };
        if copied != 0 { Ok(()) } else { Err("the program was not copied".into()) }
    }
    fn program() -> Result<File, alloc::string::String> {
        let file = open("copy.exe", GENERIC_READ)?;
        mapping(file.0, PAGE_READONLY | SEC_IMAGE, 0).map_err(|_| "it was not made".into())
    }
    case!(cases, "kernel32!DeleteFileW", Failure, "a program that is mapped", {
        copy()?;
        let section = program()?;
        same!(deletes("copy.exe"), ERROR_ACCESS_DENIED);
        same!(opens("copy.exe", DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE), ERROR_ACCESS_DENIED);
        let view = view(&section, FILE_MAP_READ, 0, 0).map_err(|_| "it was not mapped")?;
        drop(section);
        same!(deletes("copy.exe"), ERROR_ACCESS_DENIED);
        drop(view);
        same!(deletes("copy.exe"), 0);
    });
    case!(cases, "kernel32!CreateFileW", Failure, "writing a program that is mapped", {
        copy()?;
        let section = program()?;
        same!(opens("copy.exe", GENERIC_WRITE, OPEN_EXISTING, 0), ERROR_SHARING_VIOLATION);
        same!(opens("copy.exe", GENERIC_WRITE, CREATE_ALWAYS, 0), ERROR_SHARING_VIOLATION);
        same!(opens("copy.exe", GENERIC_READ, OPEN_EXISTING, 0), 0);
        drop(section);
        same!(opens("copy.exe", GENERIC_WRITE, CREATE_ALWAYS, 0), 0);
    });
    case!(cases, "kernel32!MoveFileExW", Failure, "over a program that is mapped, which can be moved itself", {
        copy()?;
        put("other.bin", b"other")?;
        let section = program()?;
        same!(moves("other.bin", "copy.exe"), ERROR_ACCESS_DENIED);
        same!(moves("copy.exe", "moved.exe"), 0);
        same!(deletes("moved.exe"), ERROR_ACCESS_DENIED);
        drop(section);
        same!(deletes("moved.exe"), 0);
    });
    case!(cases, "kernel32!DeleteFileW", Failure, "a program that a process runs, until its end", {
        copy()?;
        let startup = STARTUPINFOW { cb: size_of::<STARTUPINFOW>() as u32, ..unsafe { core::mem::zeroed() } };
        let mut started: PROCESS_INFORMATION = unsafe { core::mem::zeroed() };
        let name = wide("copy.exe");
        let made = unsafe {
            CreateProcessW(name.as_ptr(), null_mut(), null(), null(), 0, CREATE_SUSPENDED, null(), null(), &raw const startup, &raw mut started)
        };
        same!(made, 1);
        let (process, _thread) = (File(started.hProcess), File(started.hThread));
        same!(deletes("copy.exe"), ERROR_ACCESS_DENIED);
        same!(opens("copy.exe", GENERIC_WRITE, OPEN_EXISTING, 0), ERROR_SHARING_VIOLATION);
        same!(unsafe { TerminateProcess(process.0, 7) }, 1);
        same!(unsafe { WaitForSingleObject(process.0, 10_000) }, WAIT_OBJECT_0);
        same!(deletes("copy.exe"), 0);
    });
}
