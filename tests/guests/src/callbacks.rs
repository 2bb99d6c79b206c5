//! What the callbacks of thread pools did, for tests that wait for them.

use core::ffi::c_void;
use core::ptr::null;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{CreateEventW, GetCurrentThreadId, Sleep, WaitForSingleObject};

/// Longer than anything here takes, so that a wait that does not end is a failed case.
pub const LONG: u32 = 20_000;

/// A new event.
pub fn event(manual: bool, set: bool) -> HANDLE {
    // SAFETY: takes no memory of ours.
    unsafe { CreateEventW(null(), manual.into(), set.into(), null()) }
}

/// Waits for one object.
#[expect(clippy::not_unsafe_ptr_arg_deref, reason = "a handle is a number; nothing is read where it points")]
pub fn wait(handle: HANDLE, timeout: u32) -> u32 {
    // SAFETY: a handle, or a number that is none.
    unsafe { WaitForSingleObject(handle, timeout) }
}

/// What callbacks did.
#[derive(Default)]
pub struct Seen {
    /// How many there were.
    pub calls: AtomicU32,
    /// The thread of the last one.
    pub thread: AtomicU32,
    /// What it was told.
    pub result: AtomicU32,
    /// What each waits for before it counts.
    pub gate: AtomicHandle,
    /// What it sets.
    pub told: AtomicHandle,
}

/// A handle that threads share.
#[derive(Default)]
pub struct AtomicHandle(AtomicUsize);

impl AtomicHandle {
    /// Sets it.
    pub fn set(&self, handle: HANDLE) {
        self.0.store(handle as usize, Ordering::SeqCst);
    }

    /// What it is.
    pub fn get(&self) -> HANDLE {
        self.0.load(Ordering::SeqCst) as HANDLE
    }
}

impl Seen {
    /// As a callback takes it.
    pub fn pointer(&self) -> *mut c_void {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// How many there were.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Waits until there were that many calls.
    pub fn wait(&self, calls: u32) -> bool {
        (0..LONG).any(|_| {
            if self.calls() < calls {
                // SAFETY: takes nothing.
                unsafe { Sleep(1) };
            }
            self.calls() >= calls
        })
    }

    /// Notes a call, behind the gate where there is one.
    ///
    /// # Safety
    /// `at` is a [`Seen::pointer`] that lives.
    pub unsafe fn note(at: *mut c_void) -> &'static Self {
        // SAFETY: the caller's promise.
        let seen = unsafe { &*at.cast::<Self>() };
        // SAFETY: takes nothing.
        seen.thread.store(unsafe { GetCurrentThreadId() }, Ordering::SeqCst);
        let gate = seen.gate.get();
        if !gate.is_null() {
            wait(gate, LONG);
        }
        seen.calls.fetch_add(1, Ordering::SeqCst);
        seen
    }
}
