//! ntdll.dll as C runtimes and installers call it: heaps, counted strings, files by NT path, and the routers by class.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use guests::files::{File, get, put};
use guests::{Cases, case, holds, last_error, same, wide};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::Memory::{GetProcessHeap, HeapCreate, HeapDestroy, HeapFree};
use windows_sys::Win32::System::SystemInformation::{GetSystemInfo, OSVERSIONINFOW, SYSTEM_INFO};
use windows_sys::Win32::System::Threading::*;

/// A counted string of bytes (`ANSI_STRING`, which windows-sys calls `STRING`).
type Ansi = windows_sys::Win32::System::Kernel::STRING;

windows_link::link!("ntdll.dll" "system" fn RtlCreateHeap(flags: u32, base: *mut c_void, reserve: usize, commit: usize, lock: *mut c_void, parameters: *mut c_void) -> *mut c_void);
windows_link::link!("ntdll.dll" "system" fn RtlDestroyHeap(heap: *mut c_void) -> *mut c_void);
windows_link::link!("ntdll.dll" "system" fn RtlAllocateHeap(heap: *mut c_void, flags: u32, size: usize) -> *mut u8);
windows_link::link!("ntdll.dll" "system" fn RtlReAllocateHeap(heap: *mut c_void, flags: u32, memory: *mut u8, size: usize) -> *mut u8);
windows_link::link!("ntdll.dll" "system" fn RtlFreeHeap(heap: *mut c_void, flags: u32, memory: *mut u8) -> u8);
windows_link::link!("ntdll.dll" "system" fn RtlSizeHeap(heap: *mut c_void, flags: u32, memory: *const u8) -> usize);
windows_link::link!("ntdll.dll" "system" fn RtlInitUnicodeString(target: *mut UNICODE_STRING, source: *const u16));
windows_link::link!("ntdll.dll" "system" fn RtlInitAnsiString(target: *mut Ansi, source: *const u8));
windows_link::link!("ntdll.dll" "system" fn RtlUnicodeStringToAnsiString(target: *mut Ansi, source: *const UNICODE_STRING, allocate: u8) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn RtlAnsiStringToUnicodeString(target: *mut UNICODE_STRING, source: *const Ansi, allocate: u8) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn RtlFreeAnsiString(string: *mut Ansi));
windows_link::link!("ntdll.dll" "system" fn RtlFreeUnicodeString(string: *mut UNICODE_STRING));
windows_link::link!("ntdll.dll" "system" fn RtlAcquirePebLock());
windows_link::link!("ntdll.dll" "system" fn RtlReleasePebLock());
windows_link::link!("ntdll.dll" "system" fn RtlGetVersion(version: *mut OSVERSIONINFOW) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtClose(handle: HANDLE) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtCreateFile(file: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, block: *mut IO_STATUS_BLOCK, size: *const i64, attributes: u32, share: u32, disposition: u32, options: u32, ea: *const c_void, ea_length: u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtReadFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, buffer: *mut u8, length: u32, offset: *const i64, key: *const u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtWriteFile(file: HANDLE, event: HANDLE, routine: *const c_void, context: *const c_void, block: *mut IO_STATUS_BLOCK, buffer: *const u8, length: u32, offset: *const i64, key: *const u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQueryAttributesFile(object: *const OBJECT_ATTRIBUTES, facts: *mut Basic) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQueryInformationProcess(process: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQueryInformationThread(thread: HANDLE, class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtSetInformationThread(thread: HANDLE, class: i32, buffer: *const c_void, length: u32) -> NTSTATUS);
windows_link::link!("ntdll.dll" "system" fn NtQuerySystemInformation(class: i32, buffer: *mut c_void, length: u32, result: *mut u32) -> NTSTATUS);

/// `FILE_BASIC_INFORMATION` (ntddk.h).
#[repr(C)]
#[derive(Default)]
struct Basic {
    times: [i64; 4],
    attributes: u32,
    pad: u32,
}

/// `PROCESS_BASIC_INFORMATION` (winternl.h).
#[repr(C)]
#[derive(Default)]
struct ProcessBasic {
    status: usize,
    peb: usize,
    affinity: usize,
    priority: usize,
    process: usize,
    parent: usize,
}

/// `THREAD_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Default)]
struct ThreadBasic {
    status: usize,
    teb: usize,
    client: [usize; 2],
    affinity: usize,
    priorities: [i32; 2],
}

/// `SYSTEM_BASIC_INFORMATION` (winternl.h), with what that page calls reserved.
#[repr(C)]
#[derive(Default)]
struct SystemBasic {
    reserved: [u32; 2],
    page: u32,
    pages: [u32; 3],
    granularity: u32,
    addresses: [usize; 2],
    affinity: usize,
    processors: u8,
}

const FILE_OPEN: u32 = 1;
const FILE_CREATE: u32 = 2;
const FILE_OPEN_IF: u32 = 3;
const DIRECTORY: u32 = 1;
const SYNCHRONOUS: u32 = 0x20;
const NO_DIRECTORY: u32 = 0x40;
const HEAP_GROWABLE: u32 = 2;
const HEAP_ZERO_MEMORY: u32 = 8;
/// More than there are addresses.
const TOO_MUCH: usize = 1 << if cfg!(target_pointer_width = "64") { 60 } else { 31 };

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        heaps(&mut cases);
        strings(&mut cases);
        lock_and_version(&mut cases);
        files(&mut cases);
        classes(&mut cases);
        cases.code()
    }
}

fn heaps(cases: &mut Cases) {
    case!(
        cases,
        "ntdll!RtlCreateHeap ntdll!RtlAllocateHeap ntdll!RtlSizeHeap ntdll!RtlReAllocateHeap ntdll!RtlFreeHeap ntdll!RtlDestroyHeap",
        Success,
        "a heap of the program's own",
        {
            let heap = unsafe { RtlCreateHeap(HEAP_GROWABLE, null_mut(), 0, 0, null_mut(), null_mut()) };
            holds!(!heap.is_null());
            let block = unsafe { RtlAllocateHeap(heap, HEAP_ZERO_MEMORY, 100) };
            holds!(!block.is_null() && unsafe { core::slice::from_raw_parts(block, 100) }.iter().all(|byte| *byte == 0));
            same!(unsafe { RtlSizeHeap(heap, 0, block) }, 100);
            unsafe { block.write_bytes(7, 100) };
            let block = unsafe { RtlReAllocateHeap(heap, HEAP_ZERO_MEMORY, block, 50_000) };
            holds!(!block.is_null());
            let bytes = unsafe { core::slice::from_raw_parts(block, 50_000) };
            holds!(bytes[..100].iter().all(|byte| *byte == 7) && bytes[100..].iter().all(|byte| *byte == 0));
            same!(unsafe { RtlFreeHeap(heap, 0, block) }, 1);
            same!(unsafe { RtlFreeHeap(heap, 0, null_mut()) }, 1);
            same!(unsafe { RtlDestroyHeap(heap) }.is_null(), true);
        }
    );
    case!(cases, "ntdll!RtlAllocateHeap ntdll!RtlReAllocateHeap", Failure, "more than there is", {
        let heap = unsafe { GetProcessHeap() };
        holds!(unsafe { RtlAllocateHeap(heap, 0, TOO_MUCH) }.is_null());
        let block = unsafe { RtlAllocateHeap(heap, 0, 8) };
        unsafe { block.write_bytes(5, 8) };
        holds!(unsafe { RtlReAllocateHeap(heap, 0, block, TOO_MUCH) }.is_null());
        same!(unsafe { RtlSizeHeap(heap, 0, block) }, 8);
        same!(unsafe { core::slice::from_raw_parts(block, 8) }, [5; 8]);
        unsafe { RtlFreeHeap(heap, 0, block) };
    });
    case!(
        cases,
        "ntdll!RtlCreateHeap kernel32!HeapCreate",
        Failure,
        "more than there are addresses",
        wine = "Wine's growing heaps look at no size",
        {
            holds!(unsafe { RtlCreateHeap(HEAP_GROWABLE, null_mut(), TOO_MUCH, TOO_MUCH, null_mut(), null_mut()) }.is_null());
            holds!(unsafe { HeapCreate(0, TOO_MUCH, 0) }.is_null());
            same!(last_error(), ERROR_NOT_ENOUGH_MEMORY);
        }
    );
    case!(cases, "ntdll!RtlDestroyHeap kernel32!HeapDestroy", Failure, "the process heap stays", {
        let heap = unsafe { GetProcessHeap() };
        same!(unsafe { RtlDestroyHeap(heap) }, heap);
        same!(unsafe { HeapDestroy(heap) }, 0);
        let block = unsafe { RtlAllocateHeap(heap, 0, 8) };
        same!(unsafe { HeapFree(heap, 0, block.cast()) }, 1);
    });
    case!(cases, "ntdll!RtlFreeHeap ntdll!RtlSizeHeap kernel32!HeapFree", Failure, "what is no block", {
        static NO_BLOCK: [u64; 8] = [0; 8];
        let (heap, address) = (unsafe { GetProcessHeap() }, (&raw const NO_BLOCK[4]).cast::<u8>());
        same!(unsafe { RtlFreeHeap(heap, 0, address.cast_mut()) }, 0);
        same!(unsafe { HeapFree(heap, 0, address.cast()) }, 0);
        same!(unsafe { RtlSizeHeap(heap, 0, address) }, usize::MAX);
    });
}

fn strings(cases: &mut Cases) {
    case!(cases, "ntdll!RtlInitUnicodeString ntdll!RtlInitAnsiString", Total, "counted strings of terminated ones", {
        let (units, mut string) = (wide("abc"), UNICODE_STRING { Length: 9, MaximumLength: 9, Buffer: null_mut() });
        unsafe { RtlInitUnicodeString(&raw mut string, units.as_ptr()) };
        same!((string.Length, string.MaximumLength, string.Buffer.cast_const()), (6, 8, units.as_ptr()));
        unsafe { RtlInitUnicodeString(&raw mut string, null()) };
        same!((string.Length, string.MaximumLength, string.Buffer.is_null()), (0, 0, true));
        let mut bytes: Ansi = unsafe { core::mem::zeroed() };
        unsafe { RtlInitAnsiString(&raw mut bytes, c"abcd".as_ptr().cast()) };
        same!((bytes.Length, bytes.MaximumLength), (4, 5));
        unsafe { RtlInitAnsiString(&raw mut bytes, null()) };
        same!((bytes.Length, bytes.MaximumLength, bytes.Buffer.is_null()), (0, 0, true));
    });
    case!(
        cases,
        "ntdll!RtlUnicodeStringToAnsiString ntdll!RtlAnsiStringToUnicodeString",
        Success,
        "into memory of their own, and into the caller's",
        {
            let (units, mut string) = (wide("text"), unsafe { core::mem::zeroed() });
            unsafe { RtlInitUnicodeString(&raw mut string, units.as_ptr()) };
            let mut bytes: Ansi = unsafe { core::mem::zeroed() };
            same!(unsafe { RtlUnicodeStringToAnsiString(&raw mut bytes, &raw const string, 1) }, STATUS_SUCCESS);
            same!((bytes.Length, unsafe { core::slice::from_raw_parts(bytes.Buffer.cast::<u8>(), 5) }), (4, &b"text\0"[..]));
            let mut back: UNICODE_STRING = unsafe { core::mem::zeroed() };
            same!(unsafe { RtlAnsiStringToUnicodeString(&raw mut back, &raw const bytes, 1) }, STATUS_SUCCESS);
            same!((back.Length, unsafe { core::slice::from_raw_parts(back.Buffer, 5) }), (8, &units[..]));
            unsafe {
                RtlFreeAnsiString(&raw mut bytes);
                RtlFreeUnicodeString(&raw mut back);
            }
            same!((bytes.Buffer.is_null(), back.Buffer.is_null()), (true, true));
            let mut room = [0_u8; 8];
            let mut own: Ansi = unsafe { core::mem::zeroed() };
            (own.MaximumLength, own.Buffer) = (8, room.as_mut_ptr().cast());
            same!(unsafe { RtlUnicodeStringToAnsiString(&raw mut own, &raw const string, 0) }, STATUS_SUCCESS);
            same!((own.Length, &room[..5]), (4, &b"text\0"[..]));
        }
    );
    case!(cases, "ntdll!RtlUnicodeStringToAnsiString ntdll!RtlAnsiStringToUnicodeString", Failure, "too little room", {
        let (units, mut string) = (wide("text"), unsafe { core::mem::zeroed() });
        unsafe { RtlInitUnicodeString(&raw mut string, units.as_ptr()) };
        let mut room = [0_u8; 8];
        let mut small: Ansi = unsafe { core::mem::zeroed() };
        (small.MaximumLength, small.Buffer) = (3, room.as_mut_ptr().cast());
        same!(unsafe { RtlUnicodeStringToAnsiString(&raw mut small, &raw const string, 0) }, STATUS_BUFFER_OVERFLOW);
        let mut bytes: Ansi = unsafe { core::mem::zeroed() };
        unsafe { RtlInitAnsiString(&raw mut bytes, c"text".as_ptr().cast()) };
        let mut units = [0_u16; 8];
        let mut small = UNICODE_STRING { Length: 0, MaximumLength: 6, Buffer: units.as_mut_ptr() };
        same!(unsafe { RtlAnsiStringToUnicodeString(&raw mut small, &raw const bytes, 0) }, STATUS_BUFFER_OVERFLOW);
    });
}

unsafe extern "system" fn take_lock(event: *mut c_void) -> u32 {
    unsafe {
        RtlAcquirePebLock();
        SetEvent(event);
        RtlReleasePebLock();
    }
    0
}

fn lock_and_version(cases: &mut Cases) {
    case!(cases, "ntdll!RtlAcquirePebLock ntdll!RtlReleasePebLock", Total, "one thread at a time, as often as it wants", {
        const WHILE: u32 = 50;
        let event = File(unsafe { CreateEventW(null(), 0, 0, null()) });
        unsafe {
            RtlAcquirePebLock();
            RtlAcquirePebLock();
        }
        let thread = File(unsafe { CreateThread(null(), 0, Some(take_lock), event.0, 0, null_mut()) });
        unsafe { RtlReleasePebLock() };
        let held = unsafe { WaitForSingleObject(event.0, WHILE) };
        unsafe { RtlReleasePebLock() };
        same!(held, WAIT_TIMEOUT);
        same!(unsafe { WaitForSingleObject(event.0, INFINITE) }, WAIT_OBJECT_0);
        same!(unsafe { WaitForSingleObject(thread.0, INFINITE) }, WAIT_OBJECT_0);
    });
    case!(cases, "ntdll!RtlGetVersion", Total, "as the process environment block has it", {
        let mut version = OSVERSIONINFOW { dwOSVersionInfoSize: size_of::<OSVERSIONINFOW>() as u32, ..unsafe { core::mem::zeroed() } };
        same!(unsafe { RtlGetVersion(&raw mut version) }, STATUS_SUCCESS);
        let mut basic = ProcessBasic::default();
        let size = size_of::<ProcessBasic>() as u32;
        unsafe { NtQueryInformationProcess(GetCurrentProcess(), 0, (&raw mut basic).cast(), size, null_mut()) };
        // OSMajorVersion, OSMinorVersion and OSBuildNumber.
        let first = if cfg!(target_pointer_width = "64") { 0x118 } else { 0xA4 };
        let of_peb = |offset: usize| unsafe { ((basic.peb + offset) as *const u32).read() };
        same!((version.dwMajorVersion, version.dwMinorVersion), (of_peb(first), of_peb(first + 4)));
        same!((version.dwBuildNumber & 0xFFFF, version.dwPlatformId), (of_peb(first + 8) & 0xFFFF, of_peb(first + 12)));
    });
}

/// An open by NT path: its status, its handle, and what it did.
fn nt_open(name: &[u16], access: u32, disposition: u32, options: u32) -> (NTSTATUS, File, usize) {
    let mut name = name.to_vec();
    let bytes = 2 * name.len() as u16;
    let string = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: name.as_mut_ptr() };
    let object = OBJECT_ATTRIBUTES { Length: size_of::<OBJECT_ATTRIBUTES>() as u32, ObjectName: &raw const string, ..unsafe { core::mem::zeroed() } };
    let mut handle = null_mut();
    let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    let status =
        unsafe { NtCreateFile(&raw mut handle, access, &raw const object, &raw mut block, null(), 0, share, disposition, options, null(), 0) };
    (status, File(handle), block.Information)
}

/// The NT path of a name in the working folder.
fn nt_path(name: &str) -> Vec<u16> {
    let mut units = [0; 300];
    let length = unsafe { GetFullPathNameW(wide(name).as_ptr(), 300, units.as_mut_ptr(), null_mut()) };
    "\\??\\".encode_utf16().chain(units[..length as usize].iter().copied()).collect()
}

fn query(name: &str) -> (NTSTATUS, Basic) {
    let mut path = nt_path(name);
    let bytes = 2 * path.len() as u16;
    let string = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: path.as_mut_ptr() };
    let object = OBJECT_ATTRIBUTES { Length: size_of::<OBJECT_ATTRIBUTES>() as u32, ObjectName: &raw const string, ..unsafe { core::mem::zeroed() } };
    let mut facts = Basic::default();
    (unsafe { NtQueryAttributesFile(&raw const object, &raw mut facts) }, facts)
}

fn files(cases: &mut Cases) {
    const BOTH: u32 = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
    const PLAIN: u32 = SYNCHRONOUS | NO_DIRECTORY;
    case!(cases, "ntdll!NtCreateFile ntdll!NtWriteFile ntdll!NtReadFile ntdll!NtClose", Success, "made, written, read and closed", {
        guests::files::forget("nt.txt");
        let (status, file, information) = nt_open(&nt_path("nt.txt"), BOTH, FILE_OPEN_IF, PLAIN);
        // FILE_CREATED
        same!((status, information), (STATUS_SUCCESS, 2));
        let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
        let written = unsafe { NtWriteFile(file.0, null_mut(), null(), null(), &raw mut block, b"twelve bytes".as_ptr(), 12, null(), null()) };
        same!((written, block.Information), (STATUS_SUCCESS, 12));
        let mut bytes = [0; 20];
        let read = unsafe { NtReadFile(file.0, null_mut(), null(), null(), &raw mut block, bytes.as_mut_ptr(), 20, &7, null()) };
        same!((read, block.Information, &bytes[..5]), (STATUS_SUCCESS, 5, &b"bytes"[..]));
        let raw = file.0;
        core::mem::forget(file);
        same!(unsafe { NtClose(raw) }, STATUS_SUCCESS);
        same!(get("nt.txt")?, b"twelve bytes");
    });
    case!(cases, "ntdll!NtCreateFile", Failure, "what is missing, what is there, what no path is", {
        put("there.txt", b"")?;
        let status = |name: &str, disposition, options| nt_open(&nt_path(name), FILE_GENERIC_READ, disposition, options).0;
        same!(status("missing.txt", FILE_OPEN, PLAIN), STATUS_OBJECT_NAME_NOT_FOUND);
        same!(status("missing\\x.txt", FILE_OPEN, PLAIN), STATUS_OBJECT_PATH_NOT_FOUND);
        same!(status("there.txt", FILE_CREATE, PLAIN), STATUS_OBJECT_NAME_COLLISION);
        same!(status("there.txt", FILE_OPEN, SYNCHRONOUS | DIRECTORY), STATUS_NOT_A_DIRECTORY);
        same!(nt_open(&wide("there.txt")[..9], FILE_GENERIC_READ, FILE_OPEN, PLAIN).0, STATUS_OBJECT_PATH_SYNTAX_BAD);
    });
    case!(cases, "ntdll!NtCreateFile", Failure, "a folder that is none", wine = "Wine looks at the file first", {
        put("there.txt", b"")?;
        let (status, ..) = nt_open(&nt_path("there.txt"), FILE_GENERIC_READ, FILE_OPEN, SYNCHRONOUS | DIRECTORY | NO_DIRECTORY);
        same!(status, STATUS_INVALID_PARAMETER);
    });
    case!(cases, "ntdll!NtReadFile ntdll!NtWriteFile", Failure, "behind the end, and without the right", {
        put("short.txt", b"abc")?;
        let (_, file, _) = nt_open(&nt_path("short.txt"), FILE_GENERIC_READ, FILE_OPEN, PLAIN);
        let mut block: IO_STATUS_BLOCK = unsafe { core::mem::zeroed() };
        let mut bytes = [0; 4];
        same!(unsafe { NtReadFile(file.0, null_mut(), null(), null(), &raw mut block, bytes.as_mut_ptr(), 4, &3, null()) }, STATUS_END_OF_FILE);
        same!(unsafe { NtWriteFile(file.0, null_mut(), null(), null(), &raw mut block, bytes.as_ptr(), 4, null(), null()) }, STATUS_ACCESS_DENIED);
    });
    case!(cases, "ntdll!NtClose", Failure, "no handle", {
        same!(unsafe { NtClose(0x1234_5678 as HANDLE) }, STATUS_INVALID_HANDLE);
    });
    case!(cases, "ntdll!NtQueryAttributesFile", Success, "attributes and times", {
        put("facts.txt", b"")?;
        let (status, facts) = query("facts.txt");
        same!((status, facts.attributes), (STATUS_SUCCESS, FILE_ATTRIBUTE_ARCHIVE));
        holds!(facts.times.iter().all(|time| *time > 130_000_000_000_000_000));
    });
    case!(cases, "ntdll!NtQueryAttributesFile", Failure, "what is not there", {
        same!(query("missing.txt").0, STATUS_OBJECT_NAME_NOT_FOUND);
        same!(query("missing\\x.txt").0, STATUS_OBJECT_PATH_NOT_FOUND);
    });
}

fn process(class: i32, buffer: *mut c_void, length: u32, result: &mut u32) -> NTSTATUS {
    unsafe { NtQueryInformationProcess(GetCurrentProcess(), class, buffer, length, result) }
}

fn classes(cases: &mut Cases) {
    case!(cases, "ntdll!NtQueryInformationProcess", Success, "basic information, debug port, image name", {
        let (mut basic, mut size) = (ProcessBasic::default(), 0);
        same!(process(0, (&raw mut basic).cast(), size_of::<ProcessBasic>() as u32, &mut size), STATUS_SUCCESS);
        same!((basic.process, size), (unsafe { GetCurrentProcessId() } as usize, 6 * size_of::<usize>() as u32));
        let mut port = 1_usize;
        same!((process(7, (&raw mut port).cast(), size_of::<usize>() as u32, &mut size), port, size), (STATUS_SUCCESS, 0, size_of::<usize>() as u32));
        let mut name = [0_u64; 100];
        same!(process(43, name.as_mut_ptr().cast(), 800, &mut size), STATUS_SUCCESS);
        let string = unsafe { name.as_ptr().cast::<UNICODE_STRING>().read() };
        let units = unsafe { core::slice::from_raw_parts(string.Buffer, usize::from(string.Length / 2)) };
        holds!(String::from_utf16_lossy(units).ends_with("conformance_ntdll.exe"));
    });
    case!(cases, "ntdll!NtQueryInformationProcess", Failure, "another size, no such class", wine = "Wine knows another status for the class", {
        let (mut buffer, mut size) = ([0_u64; 16], 0);
        same!(process(0, buffer.as_mut_ptr().cast(), 40, &mut size), STATUS_INFO_LENGTH_MISMATCH);
        same!(process(43, buffer.as_mut_ptr().cast(), 4, &mut size), STATUS_INFO_LENGTH_MISMATCH);
        same!(process(0x7FFF, buffer.as_mut_ptr().cast(), 8, &mut size), STATUS_NOT_IMPLEMENTED);
        same!(process(-1, buffer.as_mut_ptr().cast(), 8, &mut size), STATUS_INVALID_INFO_CLASS);
    });
    case!(cases, "ntdll!NtQuerySystemInformation", Success, "basic information", {
        let (mut basic, mut size) = (SystemBasic::default(), 0);
        let length = size_of::<SystemBasic>() as u32;
        same!((unsafe { NtQuerySystemInformation(0, (&raw mut basic).cast(), length, &raw mut size) }, size), (STATUS_SUCCESS, length));
        let mut info: SYSTEM_INFO = unsafe { core::mem::zeroed() };
        unsafe { GetSystemInfo(&raw mut info) };
        same!((u32::from(basic.processors), basic.page), (info.dwNumberOfProcessors, info.dwPageSize));
    });
    case!(cases, "ntdll!NtQuerySystemInformation", Failure, "too little room, no such class", wine = "Wine knows another status for the class", {
        let (mut buffer, mut size) = ([0_u64; 16], 0);
        let mut status = |class, length| unsafe { NtQuerySystemInformation(class, buffer.as_mut_ptr().cast(), length, &raw mut size) };
        same!(status(0, 4), STATUS_INFO_LENGTH_MISMATCH);
        same!(status(0x7FFF, 8), STATUS_NOT_IMPLEMENTED);
    });
    case!(cases, "ntdll!NtQueryInformationThread ntdll!NtSetInformationThread", Success, "who it is, and how urgent", {
        let (mut basic, mut size, this) = (ThreadBasic::default(), 0, unsafe { GetCurrentThread() });
        let length = size_of::<ThreadBasic>() as u32;
        same!((unsafe { NtQueryInformationThread(this, 0, (&raw mut basic).cast(), length, &raw mut size) }, size), (STATUS_SUCCESS, length));
        same!(basic.client, unsafe { [GetCurrentProcessId() as usize, GetCurrentThreadId() as usize] });
        // ThreadBasePriority
        let above = 1_i32;
        same!(unsafe { NtSetInformationThread(this, 3, (&raw const above).cast(), 4) }, STATUS_SUCCESS);
        same!(unsafe { GetThreadPriority(this) }, 1);
        unsafe { SetThreadPriority(this, 0) };
    });
    case!(
        cases,
        "ntdll!NtQueryInformationThread ntdll!NtSetInformationThread",
        Failure,
        "another size, no such class",
        wine = "Wine knows another status for the class",
        {
            let (mut buffer, mut size, this) = ([0_u64; 16], 0, unsafe { GetCurrentThread() });
            same!(unsafe { NtQueryInformationThread(this, 0, buffer.as_mut_ptr().cast(), 8, &raw mut size) }, STATUS_INFO_LENGTH_MISMATCH);
            same!(unsafe { NtSetInformationThread(this, 3, buffer.as_ptr().cast(), 2) }, STATUS_INFO_LENGTH_MISMATCH);
            same!(unsafe { NtSetInformationThread(this, 0x7FFF, buffer.as_ptr().cast(), 4) }, STATUS_NOT_IMPLEMENTED);
            same!(unsafe { NtSetInformationThread(this, -1, buffer.as_ptr().cast(), 4) }, STATUS_INVALID_INFO_CLASS);
        }
    );
}
