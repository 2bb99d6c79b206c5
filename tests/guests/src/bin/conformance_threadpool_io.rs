//! What a pool hears of files: threadpoolapiset.h's I/O objects, and BindIoCompletionCallback.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use guests::callbacks::Seen;
use guests::files::{File, make, open_overlapped, overlapped};
use guests::{Cases, case, clear_error, holds, last_error, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Storage::FileSystem::*;
use windows_sys::Win32::System::IO::*;
use windows_sys::Win32::System::Threading::*;

const NO_HANDLE: HANDLE = 0x0012_3450_usize as HANDLE;

/// What the callbacks were told beside how many there were.
static OVERLAPPED_SEEN: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// BindIoCompletionCallback's have no context.
static BOUND: AtomicU32 = AtomicU32::new(0);
static STATUS: AtomicU32 = AtomicU32::new(0);

unsafe extern "system" fn on_io(
    _instance: PTP_CALLBACK_INSTANCE,
    seen: *mut c_void,
    overlapped: *mut c_void,
    result: u32,
    bytes: usize,
    _io: PTP_IO,
) {
    OVERLAPPED_SEEN.store(overlapped as usize, Ordering::SeqCst);
    BYTES.store(bytes, Ordering::SeqCst);
    unsafe {
        (*seen.cast::<Seen>()).result.store(result, Ordering::SeqCst);
        Seen::note(seen);
    }
}

unsafe extern "system" fn on_bound(status: u32, bytes: u32, overlapped: *mut OVERLAPPED) {
    OVERLAPPED_SEEN.store(overlapped as usize, Ordering::SeqCst);
    BYTES.store(bytes as usize, Ordering::SeqCst);
    STATUS.store(status, Ordering::SeqCst);
    BOUND.fetch_add(1, Ordering::SeqCst);
}

fn bound_is(calls: u32) -> bool {
    (0..20_000).any(|_| {
        unsafe { Sleep(1) };
        BOUND.load(Ordering::SeqCst) >= calls
    })
}

fn io(file: HANDLE, seen: &Seen) -> PTP_IO {
    unsafe { CreateThreadpoolIo(file, Some(on_io), seen.pointer(), null()) }
}

/// Reads; pending is no failure, as the callback tells of the end.
fn read(file: &File, request: &mut OVERLAPPED, bytes: &mut [u8]) -> u32 {
    let done = unsafe { ReadFile(file.0, bytes.as_mut_ptr(), bytes.len() as u32, null_mut(), request) };
    if done != 0 || last_error() == ERROR_IO_PENDING { 0 } else { last_error() }
}

fn opened() -> Result<File, alloc::string::String> {
    drop(make("pool_io.txt", b"some bytes")?);
    open_overlapped("pool_io.txt")
}

/// Takes an announcement back a little later.
unsafe extern "system" fn cancel_later(io: *mut c_void) -> u32 {
    unsafe {
        Sleep(30);
        CANCELLED.store(1, Ordering::SeqCst);
        CancelThreadpoolIo(io as PTP_IO);
    }
    0
}

static CANCELLED: AtomicU32 = AtomicU32::new(0);

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        objects(&mut cases);
        waits(&mut cases);
        bound(&mut cases);
        cases.code()
    }
}

fn objects(cases: &mut Cases) {
    case!(cases, "kernel32!CreateThreadpoolIo kernel32!StartThreadpoolIo kernel32!CloseThreadpoolIo", Success, "the callback hears of a read", {
        let (seen, file) = (Seen::default(), opened()?);
        let io = io(file.0, &seen);
        holds!(io != 0);
        let (mut request, mut bytes) = (overlapped(5, null_mut()), [0_u8; 16]);
        unsafe { StartThreadpoolIo(io) };
        same!(read(&file, &mut request, &mut bytes), 0);
        holds!(seen.wait(1));
        same!(seen.result.load(Ordering::SeqCst), NO_ERROR);
        same!(BYTES.load(Ordering::SeqCst), 5);
        same!(OVERLAPPED_SEEN.load(Ordering::SeqCst), &raw const request as usize);
        same!(&bytes[..5], b"bytes");
        holds!(seen.thread.load(Ordering::SeqCst) != unsafe { GetCurrentThreadId() });
        unsafe { CloseThreadpoolIo(io) };
    });
    case!(cases, "kernel32!StartThreadpoolIo", Success, "each operation has its callback", {
        let (seen, file) = (Seen::default(), opened()?);
        let io = io(file.0, &seen);
        let mut requests = [overlapped(0, null_mut()); 20];
        let mut bytes = [0_u8; 20];
        for (request, byte) in requests.iter_mut().zip(&mut bytes) {
            unsafe { StartThreadpoolIo(io) };
            same!(read(&file, request, core::slice::from_mut(byte)), 0);
        }
        unsafe { WaitForThreadpoolIoCallbacks(io, 0) };
        same!(seen.calls(), 20);
        unsafe { CloseThreadpoolIo(io) };
    });
    case!(cases, "kernel32!CancelThreadpoolIo", Success, "for an operation that failed at once", {
        let (seen, file) = (Seen::default(), opened()?);
        let io = io(file.0, &seen);
        let (mut request, mut bytes) = (overlapped(100, null_mut()), [0_u8; 16]);
        unsafe { StartThreadpoolIo(io) };
        let code = read(&file, &mut request, &mut bytes);
        if code == 0 {
            // It pends, and its callback tells of the end.
            holds!(seen.wait(1));
            same!(seen.result.load(Ordering::SeqCst), ERROR_HANDLE_EOF);
        } else {
            same!(code, ERROR_HANDLE_EOF);
            unsafe { CancelThreadpoolIo(io) };
        }
        unsafe {
            WaitForThreadpoolIoCallbacks(io, 0);
            CloseThreadpoolIo(io);
        }
    });
    case!(cases, "kernel32!CreateThreadpoolIo", Failure, "a handle that is none", {
        let seen = Seen::default();
        clear_error();
        same!((io(NO_HANDLE, &seen), last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!CreateThreadpoolIo", Failure, "a file that was not opened for it", {
        let (seen, file) = (Seen::default(), make("pool_io.txt", b"some bytes")?);
        clear_error();
        same!((io(file.0, &seen), last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!CreateThreadpoolIo", Failure, "a file that has a port", {
        let (seen, file) = (Seen::default(), opened()?);
        let port = File(unsafe { CreateIoCompletionPort(file.0, null_mut(), 1, 0) });
        holds!(!port.0.is_null());
        clear_error();
        same!((io(file.0, &seen), last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!CreateThreadpoolIo", Failure, "a file that the pool has already", {
        let (seen, file) = (Seen::default(), opened()?);
        let first = io(file.0, &seen);
        holds!(first != 0);
        clear_error();
        same!((io(file.0, &seen), last_error()), (0, ERROR_INVALID_PARAMETER));
        unsafe { CloseThreadpoolIo(first) };
    });
}

fn waits(cases: &mut Cases) {
    case!(cases, "kernel32!WaitForThreadpoolIoCallbacks", Success, "waits for what was announced", {
        let (seen, file) = (Seen::default(), opened()?);
        let io = io(file.0, &seen);
        CANCELLED.store(0, Ordering::SeqCst);
        unsafe {
            StartThreadpoolIo(io);
            same!(QueueUserWorkItem(Some(cancel_later), io as *mut c_void, WT_EXECUTEDEFAULT), 1);
            WaitForThreadpoolIoCallbacks(io, 0);
            same!(CANCELLED.load(Ordering::SeqCst), 1);
            same!(seen.calls(), 0);
            CloseThreadpoolIo(io);
        }
    });
    case!(cases, "kernel32!WaitForThreadpoolIoCallbacks", Success, "nothing was announced", {
        let (seen, file) = (Seen::default(), opened()?);
        let io = io(file.0, &seen);
        unsafe {
            WaitForThreadpoolIoCallbacks(io, 0);
            WaitForThreadpoolIoCallbacks(io, 1);
            CloseThreadpoolIo(io);
        }
        same!(seen.calls(), 0);
    });
    case!(cases, "kernel32!CloseThreadpoolCleanupGroupMembers", Success, "an I/O object of a group", {
        let (seen, file) = (Seen::default(), opened()?);
        unsafe {
            let group = CreateThreadpoolCleanupGroup();
            let mut environment: TP_CALLBACK_ENVIRON_V3 = core::mem::zeroed();
            environment.Version = 3;
            environment.CallbackPriority = TP_CALLBACK_PRIORITY_NORMAL;
            environment.Size = size_of::<TP_CALLBACK_ENVIRON_V3>() as u32;
            environment.CleanupGroup = group;
            let io = CreateThreadpoolIo(file.0, Some(on_io), seen.pointer(), &raw const environment);
            holds!(io != 0);
            let (mut request, mut bytes) = (overlapped(0, null_mut()), [0_u8; 4]);
            StartThreadpoolIo(io);
            same!(read(&file, &mut request, &mut bytes), 0);
            CloseThreadpoolCleanupGroupMembers(group, 0, null_mut());
            same!(seen.calls(), 1);
            CloseThreadpoolCleanupGroup(group);
        }
    });
}

fn bound(cases: &mut Cases) {
    case!(cases, "kernel32!BindIoCompletionCallback", Success, "the function hears of reads of two files", {
        let (first, second) = (opened()?, open_overlapped("pool_io.txt")?);
        BOUND.store(0, Ordering::SeqCst);
        for (turn, file) in [&first, &second].into_iter().enumerate() {
            same!(unsafe { BindIoCompletionCallback(file.0, Some(on_bound), 0) }, 1);
            let (mut request, mut bytes) = (overlapped(0, null_mut()), [0_u8; 4]);
            same!(read(file, &mut request, &mut bytes), 0);
            holds!(bound_is(turn as u32 + 1));
            same!(STATUS.load(Ordering::SeqCst), 0);
            same!(BYTES.load(Ordering::SeqCst), 4);
            same!(OVERLAPPED_SEEN.load(Ordering::SeqCst), &raw const request as usize);
        }
    });
    case!(cases, "kernel32!BindIoCompletionCallback", Failure, "a handle that is none", {
        clear_error();
        same!((unsafe { BindIoCompletionCallback(NO_HANDLE, Some(on_bound), 0) }, last_error()), (0, ERROR_INVALID_HANDLE));
    });
    case!(cases, "kernel32!BindIoCompletionCallback", Failure, "a file that was not opened for it", {
        let file = make("pool_io.txt", b"some bytes")?;
        clear_error();
        same!((unsafe { BindIoCompletionCallback(file.0, Some(on_bound), 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
    case!(cases, "kernel32!BindIoCompletionCallback", Failure, "a file that is bound already", {
        let file = opened()?;
        same!(unsafe { BindIoCompletionCallback(file.0, Some(on_bound), 0) }, 1);
        clear_error();
        same!((unsafe { BindIoCompletionCallback(file.0, Some(on_bound), 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
    });
}
