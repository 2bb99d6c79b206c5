//! Many threads on one completion port, and a pipe's requests that are made, taken back and completed meanwhile: `stress_completion SEED`.
//! Every packet must come exactly once, every request must end exactly once, and no byte may be lost. Prints what it counted.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use guests::{arguments, exit, last_error, print};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::NtOpenFile;
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Threading::*;

windows_link::link!("ntdll.dll" "system" fn NtCreateNamedPipeFile(handle: *mut HANDLE, access: u32, object: *const OBJECT_ATTRIBUTES, block: *mut IO_STATUS_BLOCK, share: u32, disposition: u32, options: u32, kind: u32, read_mode: u32, completion_mode: u32, instances: u32, inbound: u32, outbound: u32, timeout: *const i64) -> NTSTATUS);

const POSTERS: usize = 4;
const TAKERS: usize = 5;
const POSTS: usize = 4000;
/// Bytes that go through the pipe; a packet's key says whose it is.
const BYTES: u64 = 20_000;
const PIPE: usize = usize::MAX;

static PORT: AtomicUsize = AtomicUsize::new(0);
static SEED: AtomicU64 = AtomicU64::new(0);
static SEEN: [AtomicU64; POSTERS * POSTS / 64] = [const { AtomicU64::new(0) }; POSTERS * POSTS / 64];
static TAKEN: AtomicU32 = AtomicU32::new(0);
static RUNNING: AtomicU32 = AtomicU32::new(0);
static READ: AtomicU64 = AtomicU64::new(0);
static CANCELLED: AtomicU32 = AtomicU32::new(0);
static READER: AtomicUsize = AtomicUsize::new(0);

fn fail(what: &str) -> ! {
    print(&format!("{what}; last error {}\n", last_error()));
    exit(1)
}

/// A sequence that the seed decides.
struct Dice(u64);

impl Dice {
    fn new(which: usize) -> Self {
        Self((SEED.load(Ordering::SeqCst) + which as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn port() -> HANDLE {
    PORT.load(Ordering::SeqCst) as HANDLE
}

unsafe extern "system" fn post(number: *mut c_void) -> u32 {
    let (number, mut dice) = (number as usize, Dice::new(number as usize));
    for index in 0..POSTS {
        let id = number * POSTS + index;
        if unsafe { PostQueuedCompletionStatus(port(), id as u32, number, (id * 16 + 16) as *const OVERLAPPED) } == 0 {
            fail("a packet was not posted");
        }
        match dice.roll(40) {
            0 => unsafe { Sleep(0) },
            1..4 => drop(unsafe { SwitchToThread() }),
            _ => {}
        }
    }
    0
}

/// Notes a packet; whatever comes twice is an error.
fn note(key: usize, moved: u32, overlapped: *mut OVERLAPPED, failed: u32) {
    if key == PIPE {
        return unsafe { note_read(overlapped, moved, failed) };
    }
    let id = moved as usize;
    if failed != 0 || key != id / POSTS || overlapped as usize != id * 16 + 16 {
        fail("a packet was changed");
    }
    if SEEN[id / 64].fetch_or(1 << (id % 64), Ordering::SeqCst) & 1 << (id % 64) != 0 {
        fail("a packet came twice");
    }
    TAKEN.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "system" fn take(number: *mut c_void) -> u32 {
    let mut dice = Dice::new(100 + number as usize);
    loop {
        let limit = [0, 1, 7, INFINITE][dice.roll(4) as usize];
        let failed = if dice.roll(2) == 0 { take_one(limit) } else { take_several(limit, 1 + dice.roll(8) as u32) };
        match failed {
            0 | WAIT_TIMEOUT => {}
            // The port is closed: before, everything has come.
            ERROR_ABANDONED_WAIT_0 | ERROR_INVALID_HANDLE => return 0,
            _ => fail("a packet was not taken"),
        }
        let running = RUNNING.fetch_add(1, Ordering::SeqCst);
        if running >= TAKERS as u32 {
            fail("more run than there are");
        }
        if dice.roll(30) == 0 {
            unsafe { Sleep(0) };
        }
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

fn take_one(limit: u32) -> u32 {
    let (mut moved, mut key, mut overlapped) = (0, 0, null_mut());
    let done = unsafe { GetQueuedCompletionStatus(port(), &raw mut moved, &raw mut key, &raw mut overlapped, limit) };
    let failed = if done == 0 { last_error() } else { 0 };
    if done == 0 && overlapped.is_null() {
        return failed;
    }
    note(key, moved, overlapped, failed);
    0
}

fn take_several(limit: u32, most: u32) -> u32 {
    let (mut entries, mut removed) = (unsafe { core::mem::zeroed::<[OVERLAPPED_ENTRY; 8]>() }, 0);
    if unsafe { GetQueuedCompletionStatusEx(port(), entries.as_mut_ptr(), most, &raw mut removed, limit, 0) } == 0 {
        return last_error();
    }
    for entry in &entries[..removed as usize] {
        let failed = if entry.lpCompletionKey == PIPE { entry.Internal as u32 } else { 0 };
        note(entry.lpCompletionKey, entry.dwNumberOfBytesTransferred, entry.lpOverlapped, failed);
    }
    0
}

/// A read of the pipe, and how often it ended.
#[repr(C)]
struct Request {
    overlapped: OVERLAPPED,
    bytes: [u8; 64],
    ended: AtomicU32,
    moved: AtomicU32,
}

unsafe fn note_read(overlapped: *mut OVERLAPPED, moved: u32, failed: u32) {
    let request = overlapped.cast::<Request>();
    if failed == 0 {
        READ.fetch_add(moved.into(), Ordering::SeqCst);
    } else {
        CANCELLED.fetch_add(1, Ordering::SeqCst);
    }
    // SAFETY: a request lives until it has ended.
    unsafe {
        (*request).moved.store(moved, Ordering::SeqCst);
        if (*request).ended.fetch_add(1, Ordering::SeqCst) != 0 {
            fail("a request ended twice");
        }
    }
}

/// Reads the pipe to its end, one request after the other; some are taken back.
unsafe extern "system" fn read(_: *mut c_void) -> u32 {
    let reader = READER.load(Ordering::SeqCst) as HANDLE;
    let (mut dice, mut expected) = (Dice::new(200), 0_u64);
    while expected < BYTES {
        let mut request =
            Box::new(Request { overlapped: unsafe { core::mem::zeroed() }, bytes: [0; 64], ended: AtomicU32::new(0), moved: AtomicU32::new(0) });
        let length = 1 + dice.roll(64) as u32;
        let place = &raw mut request.overlapped;
        let done = unsafe { ReadFile(reader, request.bytes.as_mut_ptr(), length, null_mut(), place) };
        if done == 0 && last_error() != ERROR_IO_PENDING {
            fail("the pipe was not read");
        }
        if dice.roll(3) == 0 {
            unsafe { CancelIoEx(reader, place) };
        }
        while request.ended.load(Ordering::SeqCst) == 0 {
            unsafe { SwitchToThread() };
        }
        // What was moved is what came next, whether the request was taken back or not.
        for byte in &request.bytes[..request.moved.load(Ordering::SeqCst) as usize] {
            if *byte != expected as u8 {
                fail("a byte was lost");
            }
            expected += 1;
        }
    }
    0
}

unsafe extern "system" fn write(writer: *mut c_void) -> u32 {
    let (mut dice, mut next) = (Dice::new(300), 0_u64);
    while next < BYTES {
        let count = (1 + dice.roll(200)).min(BYTES - next);
        let bytes: Vec<u8> = (next..next + count).map(|byte| byte as u8).collect();
        let mut moved = 0;
        if unsafe { WriteFile(writer, bytes.as_ptr(), count as u32, &raw mut moved, null_mut()) } == 0 || u64::from(moved) != count {
            fail("the pipe was not written");
        }
        next += count;
        if dice.roll(4) == 0 {
            unsafe { Sleep(0) };
        }
    }
    0
}

fn pipe() -> (HANDLE, HANDLE) {
    let name = UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() };
    let object = |root: HANDLE| OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: root,
        ObjectName: &raw const name,
        Attributes: OBJ_CASE_INSENSITIVE,
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    };
    let (mut reader, mut writer) = (null_mut(), null_mut());
    let (mut block, timeout) = (unsafe { core::mem::zeroed::<IO_STATUS_BLOCK>() }, -1_200_000_000_i64);
    let access = [GENERIC_READ | SYNCHRONIZE, GENERIC_WRITE | SYNCHRONIZE];
    let done = unsafe {
        let (object, block, timeout) = (object(null_mut()), &raw mut block, &raw const timeout);
        NtCreateNamedPipeFile(&raw mut reader, access[0], &raw const object, block, FILE_SHARE_WRITE, 2, 0, 0, 0, 0, 1, 4096, 4096, timeout)
    };
    // The writer's calls return when they are complete (`FILE_SYNCHRONOUS_IO_NONALERT`).
    if done != 0 || unsafe { NtOpenFile(&raw mut writer, access[1], &object(reader), &raw mut block, 0, 0x20) } != 0 {
        fail("there is no pipe");
    }
    (reader, writer)
}

fn launch(routine: unsafe extern "system" fn(*mut c_void) -> u32, parameter: usize) -> HANDLE {
    let thread = unsafe { CreateThread(null(), 0, Some(routine), parameter as *const c_void, 0, null_mut()) };
    if thread.is_null() { fail("a thread was not made") } else { thread }
}

fn join(threads: &[HANDLE]) {
    for thread in threads {
        if unsafe { WaitForSingleObject(*thread, 60_000) } != WAIT_OBJECT_0 {
            fail("a thread does not end");
        }
    }
}

fn stress() -> u32 {
    let seed = arguments().get(1).and_then(|word| word.parse().ok()).unwrap_or(1);
    SEED.store(seed, Ordering::SeqCst);
    let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1 + seed as u32 % 3) };
    PORT.store(port as usize, Ordering::SeqCst);
    let (reader, writer) = pipe();
    READER.store(reader as usize, Ordering::SeqCst);
    if unsafe { CreateIoCompletionPort(reader, port, PIPE, 0) } != port {
        fail("the pipe has no port");
    }
    let takers: Vec<HANDLE> = (0..TAKERS).map(|number| launch(take, number)).collect();
    let mut others: Vec<HANDLE> = (0..POSTERS).map(|number| launch(post, number)).collect();
    others.extend([launch(read, 0), launch(write, writer as usize)]);
    join(&others);
    while TAKEN.load(Ordering::SeqCst) < (POSTERS * POSTS) as u32 {
        unsafe { Sleep(1) };
    }
    unsafe { CloseHandle(port) };
    join(&takers);
    let missing = SEEN.iter().filter(|word| word.load(Ordering::SeqCst) != u64::MAX).count();
    if missing > 0 || READ.load(Ordering::SeqCst) != BYTES {
        fail("something is missing");
    }
    print(&format!("{} packets, {BYTES} bytes\n", TAKEN.load(Ordering::SeqCst)));
    0
}

guests::program! {
    fn main() -> u32 {
        stress()
    }
}
