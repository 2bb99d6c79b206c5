//! synchapi.h: synchronization barriers.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ffi::c_void;
use core::ptr::null;
use core::sync::atomic::{AtomicU32, Ordering};
use guests::callbacks::{LONG, wait};
use guests::{Cases, case, clear_error, holds, last_error, same};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::System::Threading::*;

const THREADS: u32 = 4;
const ROUNDS: u32 = 200;

/// What the threads of a case share.
struct Shared {
    barrier: SYNCHRONIZATION_BARRIER,
    flags: u32,
    /// Counts the entries; between two barriers it is a multiple of the threads.
    come: AtomicU32,
    /// How often a thread was the last.
    last: AtomicU32,
    /// How often a thread went on before all had come.
    early: AtomicU32,
}

unsafe extern "system" fn enter_often(shared: *mut c_void) -> u32 {
    let shared = shared.cast::<Shared>();
    for round in 1..=ROUNDS {
        unsafe {
            (*shared).come.fetch_add(1, Ordering::SeqCst);
            let last = EnterSynchronizationBarrier(&raw mut (*shared).barrier, (*shared).flags);
            (*shared).last.fetch_add(u32::from(last != 0), Ordering::SeqCst);
            if (*shared).come.load(Ordering::SeqCst) < round * THREADS {
                (*shared).early.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    0
}

/// Enters once; answers whether the thread was the last.
unsafe extern "system" fn enter_once(shared: *mut c_void) -> u32 {
    let shared = shared.cast::<Shared>();
    unsafe { EnterSynchronizationBarrier(&raw mut (*shared).barrier, (*shared).flags) as u32 }
}

fn shared(threads: i32, spins: i32, flags: u32) -> Result<Shared, alloc::string::String> {
    let mut shared: Shared = unsafe { core::mem::zeroed() };
    shared.flags = flags;
    same!(unsafe { InitializeSynchronizationBarrier(&raw mut shared.barrier, threads, spins) }, 1);
    Ok(shared)
}

fn launch(routine: LPTHREAD_START_ROUTINE, shared: &mut Shared) -> HANDLE {
    unsafe { CreateThread(null(), 0, routine, core::ptr::from_mut(shared).cast(), 0, core::ptr::null_mut()) }
}

fn rounds(spins: i32, flags: u32) -> Result<(), alloc::string::String> {
    let mut shared = shared(THREADS as i32, spins, flags)?;
    let threads = [0; THREADS as usize].map(|_| launch(Some(enter_often), &mut shared));
    for thread in threads {
        same!(wait(thread, LONG), WAIT_OBJECT_0);
        unsafe { CloseHandle(thread) };
    }
    same!(shared.early.load(Ordering::SeqCst), 0);
    same!(shared.last.load(Ordering::SeqCst), ROUNDS);
    same!(unsafe { DeleteSynchronizationBarrier(&raw mut shared.barrier) }, 1);
    Ok(())
}

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        case!(cases, "kernel32!InitializeSynchronizationBarrier kernel32!EnterSynchronizationBarrier kernel32!DeleteSynchronizationBarrier", Success, "all threads go on together, in each round one of them the last", wine = "it has no barriers", {
            rounds(-1, 0)?;
        });
        case!(cases, "kernel32!EnterSynchronizationBarrier", Success, "threads that never spin", {
            rounds(100, SYNCHRONIZATION_BARRIER_FLAGS_BLOCK_ONLY)?;
        });
        case!(cases, "kernel32!EnterSynchronizationBarrier", Success, "a barrier that is never deleted", {
            rounds(0, SYNCHRONIZATION_BARRIER_FLAGS_NO_DELETE)?;
        });
        case!(cases, "kernel32!EnterSynchronizationBarrier", Success, "threads that spin only", {
            let mut shared = shared(2, 1, SYNCHRONIZATION_BARRIER_FLAGS_SPIN_ONLY)?;
            let thread = launch(Some(enter_once), &mut shared);
            unsafe { Sleep(5) };
            same!(wait(thread, 0), WAIT_TIMEOUT);
            same!(unsafe { EnterSynchronizationBarrier(&raw mut shared.barrier, SYNCHRONIZATION_BARRIER_FLAGS_SPIN_ONLY) }, 1);
            same!(wait(thread, LONG), WAIT_OBJECT_0);
            let mut code = 7;
            unsafe { GetExitCodeThread(thread, &raw mut code) };
            same!(code, 0);
            unsafe { CloseHandle(thread) };
        });
        case!(cases, "kernel32!EnterSynchronizationBarrier", Success, "for one thread", {
            let mut shared = shared(1, 0, 0)?;
            for _ in 0..3 {
                same!(unsafe { EnterSynchronizationBarrier(&raw mut shared.barrier, 0) }, 1);
            }
        });
        case!(cases, "kernel32!DeleteSynchronizationBarrier", Success, "at once after the last has come, and the memory is used again", {
            for _ in 0..200 {
                let mut shared = alloc::boxed::Box::new(shared(2, 0, 0)?);
                let thread = launch(Some(enter_once), &mut shared);
                unsafe { EnterSynchronizationBarrier(&raw mut shared.barrier, 0) };
                same!(unsafe { DeleteSynchronizationBarrier(&raw mut shared.barrier) }, 1);
                unsafe { (&raw mut shared.barrier).write_bytes(0xAA, 1) };
                same!(wait(thread, LONG), WAIT_OBJECT_0);
                unsafe { CloseHandle(thread) };
            }
        });
        case!(cases, "kernel32!InitializeSynchronizationBarrier", Failure, "no thread, and less than none", {
            let mut barrier: SYNCHRONIZATION_BARRIER = unsafe { core::mem::zeroed() };
            for threads in [0, -1] {
                clear_error();
                same!((unsafe { InitializeSynchronizationBarrier(&raw mut barrier, threads, 0) }, last_error()), (0, ERROR_INVALID_PARAMETER));
            }
            holds!(unsafe { InitializeSynchronizationBarrier(&raw mut barrier, 1, 0) } != 0);
        });
        case!(cases, "kernel32!InitializeSynchronizationBarrier", Failure, "less spins than none", {
            let mut barrier: SYNCHRONIZATION_BARRIER = unsafe { core::mem::zeroed() };
            clear_error();
            same!((unsafe { InitializeSynchronizationBarrier(&raw mut barrier, 1, -2) }, last_error()), (0, ERROR_INVALID_PARAMETER));
        });
        cases.code()
    }
}
