//! What the runtime stands on in kernel32, in the order of the names.

use core::ffi::c_void;
use windows_sys::Win32::Foundation::{FILETIME, HANDLE, SYSTEMTIME};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, WIN32_FILE_ATTRIBUTE_DATA, WIN32_FIND_DATAW};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Memory::PROCESS_HEAP_ENTRY;
use windows_sys::Win32::System::Threading::STARTUPINFOW;
use windows_sys::Win32::System::Time::TIME_ZONE_INFORMATION;

guest::imports! {
    "kernel32" {
        fn CloseHandle(handle: HANDLE) -> i32;
        fn CompareStringW(locale: u32, flags: u32, first: *const u16, first_length: i32, second: *const u16, second_length: i32) -> i32;
        fn CreateDirectoryW(path: *const u16, security: *const SECURITY_ATTRIBUTES) -> i32;
        fn CreateFileW(name: *const u16, access: u32, share: u32, security: *const SECURITY_ATTRIBUTES, disposition: u32, flags: u32, template: HANDLE) -> HANDLE;
        fn CreateThread(security: *const SECURITY_ATTRIBUTES, stack: usize, start: *const c_void, parameter: *mut c_void, flags: u32, id: *mut u32) -> HANDLE;
        fn DeleteFileW(path: *const u16) -> i32;
        fn DuplicateHandle(source_process: HANDLE, source: HANDLE, target_process: HANDLE, target: *mut HANDLE, access: u32, inherit: i32, options: u32) -> i32;
        fn ExitProcess(code: u32);
        fn ExitThread(code: u32);
        fn FileTimeToLocalFileTime(time: *const FILETIME, local: *mut FILETIME) -> i32;
        fn FindClose(search: HANDLE) -> i32;
        fn FindFirstFileW(pattern: *const u16, found: *mut WIN32_FIND_DATAW) -> HANDLE;
        fn FindNextFileW(search: HANDLE, found: *mut WIN32_FIND_DATAW) -> i32;
        fn FlushFileBuffers(file: HANDLE) -> i32;
        fn FreeEnvironmentStringsW(block: *const u16) -> i32;
        fn FreeLibraryAndExitThread(module: HANDLE, code: u32);
        fn GetCommandLineA() -> *mut u8;
        fn GetCommandLineW() -> *mut u16;
        fn GetConsoleMode(console: HANDLE, mode: *mut u32) -> i32;
        fn GetConsoleOutputCP() -> u32;
        fn GetCurrentDirectoryW(room: u32, buffer: *mut u16) -> u32;
        fn GetDriveTypeW(root: *const u16) -> u32;
        fn GetEnvironmentStringsW() -> *mut u16;
        fn GetFileAttributesExW(path: *const u16, level: i32, information: *mut WIN32_FILE_ATTRIBUTE_DATA) -> i32;
        fn GetFileAttributesW(path: *const u16) -> u32;
        fn GetFileInformationByHandle(file: HANDLE, information: *mut BY_HANDLE_FILE_INFORMATION) -> i32;
        fn GetFileType(file: HANDLE) -> u32;
        fn GetFullPathNameW(path: *const u16, room: u32, buffer: *mut u16, name: *mut *mut u16) -> u32;
        fn GetLocalTime(time: *mut SYSTEMTIME);
        fn GetLogicalDrives() -> u32;
        fn GetModuleFileNameW(module: HANDLE, buffer: *mut u16, room: u32) -> u32;
        fn GetModuleHandleW(name: *const u16) -> HANDLE;
        fn GetProcAddress(module: HANDLE, name: *const u8) -> *const c_void;
        fn GetStartupInfoW(information: *mut STARTUPINFOW);
        fn GetStdHandle(which: u32) -> HANDLE;
        fn GetSystemTimeAsFileTime(time: *mut FILETIME);
        fn GetTimeZoneInformation(zone: *mut TIME_ZONE_INFORMATION) -> u32;
        fn HeapWalk(heap: HANDLE, entry: *mut PROCESS_HEAP_ENTRY) -> i32;
        fn LCMapStringW(locale: u32, flags: u32, source: *const u16, length: i32, target: *mut u16, room: i32) -> i32;
        fn LocalFileTimeToFileTime(local: *const FILETIME, time: *mut FILETIME) -> i32;
        fn MoveFileExW(from: *const u16, to: *const u16, flags: u32) -> i32;
        fn QueryPerformanceCounter(counter: *mut i64) -> i32;
        fn QueryPerformanceFrequency(frequency: *mut i64) -> i32;
        fn RaiseException(code: u32, flags: u32, count: u32, arguments: *const usize);
        fn ReadConsoleW(console: HANDLE, buffer: *mut c_void, length: u32, read: *mut u32, control: *const c_void) -> i32;
        fn ReadFile(file: HANDLE, buffer: *mut c_void, length: u32, read: *mut u32, overlapped: *mut OVERLAPPED) -> i32;
        fn RemoveDirectoryW(path: *const u16) -> i32;
        fn ResumeThread(thread: HANDLE) -> u32;
        fn SetConsoleCtrlHandler(handler: *const c_void, add: i32) -> i32;
        fn SetCurrentDirectoryW(path: *const u16) -> i32;
        fn SetEndOfFile(file: HANDLE) -> i32;
        fn SetEnvironmentVariableW(name: *const u16, value: *const u16) -> i32;
        fn SetFileAttributesW(path: *const u16, attributes: u32) -> i32;
        fn SetFilePointerEx(file: HANDLE, distance: i64, position: *mut i64, method: u32) -> i32;
        fn SetFileTime(file: HANDLE, created: *const FILETIME, accessed: *const FILETIME, written: *const FILETIME) -> i32;
        fn SetStdHandle(which: u32, handle: HANDLE) -> i32;
        fn Sleep(milliseconds: u32);
        fn SystemTimeToFileTime(time: *const SYSTEMTIME, file: *mut FILETIME) -> i32;
        fn TerminateProcess(process: HANDLE, code: u32) -> i32;
        fn VirtualProtect(address: *mut c_void, size: usize, protection: u32, before: *mut u32) -> i32;
        fn WriteConsoleW(console: HANDLE, buffer: *const c_void, length: u32, written: *mut u32, reserved: *const c_void) -> i32;
        fn WriteFile(file: HANDLE, buffer: *const c_void, length: u32, written: *mut u32, overlapped: *mut OVERLAPPED) -> i32;
    }
}

/// `GetCurrentProcess()`.
pub const CURRENT_PROCESS: HANDLE = usize::MAX as HANDLE;
/// `INVALID_HANDLE_VALUE`.
pub const INVALID_HANDLE: HANDLE = usize::MAX as HANDLE;
