//! What the runtime keeps per thread (per fiber, as Windows does): `errno`, seeds, the texts that functions answer.

use super::nt;
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::ptr::{null_mut, with_exposed_provenance};
use core::sync::atomic::{AtomicU32, Ordering};
use crt::time::{ASCTIME_SIZE, Tm};
use guest::teb;

/// A thread's data. Zero is the initial value of all but the seed.
#[repr(C)]
pub struct Thread {
    pub errno: Cell<i32>,
    pub doserrno: Cell<u32>,
    pub seed: Cell<u32>,
    /// Where `strtok` and `wcstok` go on, and `_mbstok`.
    pub token: Cell<*mut u8>,
    pub wide_token: Cell<*mut u16>,
    pub multibyte_token: Cell<*mut u8>,
    pub date: UnsafeCell<Tm>,
    pub date_text: UnsafeCell<[u8; ASCTIME_SIZE]>,
    pub wide_date_text: UnsafeCell<[u16; ASCTIME_SIZE]>,
    pub message: UnsafeCell<[u8; MESSAGE]>,
    pub wide_message: UnsafeCell<[u16; MESSAGE]>,
    pub digits: UnsafeCell<[u8; 350]>,
    pub temporary_name: UnsafeCell<[u8; 260]>,
    pub wide_temporary_name: UnsafeCell<[u16; 260]>,
    /// What `mbrtowc` and its like keep of a character that is not complete.
    pub shift: [Cell<u32>; 4],
    /// What `_pxcptinfoptrs` and `_fpecode` answer in a signal handler.
    pub exception: Cell<*mut c_void>,
    pub float_error: Cell<i32>,
    /// The handlers of `_set_thread_local_invalid_parameter_handler` and `set_terminate`.
    pub invalid_parameter: Cell<usize>,
    pub terminate: Cell<usize>,
    /// The locale of `_configthreadlocale`, NULL for the process's; and whether it is on.
    pub locale: Cell<*const c_void>,
    pub own_locale: Cell<bool>,
    /// The C++ exception that is being handled, and its context.
    pub current_exception: Cell<*mut c_void>,
    pub current_context: Cell<*mut c_void>,
    pub processing_throw: Cell<i32>,
    /// The innermost `catch` that runs; the frames' own.
    pub catches: Cell<*mut c_void>,
    /// The handlers of SIGFPE, SIGILL and SIGSEGV.
    pub signals: [Cell<usize>; 3],
    /// What `_beginthread` was called with.
    pub start: Cell<[usize; 3]>,
}

/// The room for a message, in units.
pub const MESSAGE: usize = 134;

/// The FLS index; `u32::MAX` before the DLL has started.
static INDEX: AtomicU32 = AtomicU32::new(u32::MAX);

/// For a thread that gets no memory: better shared than none.
static FALLBACK: Fallback = Fallback(UnsafeCell::new([0; size_of::<Thread>() / 8 + 1]));

struct Fallback(UnsafeCell<[u64; size_of::<Thread>() / 8 + 1]>);

// SAFETY: only `Thread`'s cells are written through it, and a race costs a wrong error number at worst.
unsafe impl Sync for Fallback {}

/// Takes the slot; false where there is none.
pub fn start() -> bool {
    let mut index = u32::MAX;
    // SAFETY: the callback lives as long as the DLL.
    let status = unsafe { nt::RtlFlsAlloc(release as *const c_void, &raw mut index) };
    INDEX.store(index, Ordering::Release);
    status >= 0
}

/// Gives the slot back.
pub fn stop() {
    let index = INDEX.swap(u32::MAX, Ordering::AcqRel);
    if index != u32::MAX {
        // SAFETY: it was taken by `start`.
        unsafe { nt::RtlFlsFree(index) };
    }
}

unsafe extern "system" fn release(data: *mut c_void) {
    if !data.is_null() {
        // SAFETY: it was made by `make`.
        unsafe { nt::RtlFreeHeap(nt::heap(), 0, data) };
    }
}

/// The calling thread's data.
#[inline]
pub fn current<'a>() -> &'a Thread {
    let mut data = null_mut();
    // SAFETY: answers NULL for a slot that is not there.
    unsafe { nt::RtlFlsGetValue(INDEX.load(Ordering::Relaxed), &raw mut data) };
    if data.is_null() {
        return make();
    }
    // SAFETY: made by `make`, and only this thread uses it.
    unsafe { &*data.cast_const().cast() }
}

#[cold]
fn make<'a>() -> &'a Thread {
    const ZERO: u32 = 8;
    let last_error = teb::last_error();
    // SAFETY: the heap exists since before the first DLL was initialised.
    let memory = unsafe { nt::RtlAllocateHeap(nt::heap(), ZERO, size_of::<Thread>()) };
    // SAFETY: as above; NULL sets nothing.
    let kept = !memory.is_null() && unsafe { nt::RtlFlsSetValue(INDEX.load(Ordering::Relaxed), memory) } >= 0;
    teb::set_last_error(last_error);
    let memory = if kept { memory.cast_const() } else { with_exposed_provenance(FALLBACK.0.get().expose_provenance()) };
    // SAFETY: it is zeroed memory of its size, and zero is a value of every member.
    let thread: &Thread = unsafe { &*memory.cast() };
    thread.seed.set(crt::random::SEED);
    thread
}
