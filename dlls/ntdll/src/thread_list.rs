//! The threads that run: how many they are, their TEBs, and the TLS slots that they share.

use crate::lock::Mutex;
use crate::thread_attribute;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::teb;

/// Threads that have started and not ended.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Whether the calling thread is the only one.
pub fn caller_is_last() -> bool {
    COUNT.load(Ordering::Acquire) <= 1
}

/// Counts the calling thread in: whether it is the first.
pub fn count_in() -> bool {
    COUNT.fetch_add(1, Ordering::AcqRel) == 0
}

/// Counts the calling thread out: whether it was the last.
pub fn count_out() -> bool {
    COUNT.fetch_sub(1, Ordering::AcqRel) <= 1
}

/// Every thread's TEB.
static THREADS: Mutex<Vec<Listed>> = Mutex::new(Vec::new());

struct Listed {
    block: *mut u8,
    id: u32,
}

// SAFETY: the blocks are reached under the list's lock alone, and belong to threads that run.
unsafe impl Send for Listed {}

/// Lists the calling thread among those that run.
pub fn list_caller() {
    THREADS.lock().push(Listed { block: teb::block(), id: teb::thread_id() });
}

/// Takes the calling thread off the list, with what it keeps on the heap: it ends.
pub fn forget_caller() {
    let id = teb::thread_id();
    THREADS.lock().retain(|thread| thread.id != id);
    thread_attribute::forget(id);
    let table = teb::tls_expansion();
    teb::set_tls_expansion(core::ptr::null_mut());
    // SAFETY: kernel32 allocates the table there, and only the thread itself uses it.
    unsafe { crate::heap::process_heap().free(table.cast()) };
}

/// Takes a thread off the list that runs no more; whether it was on it.
pub fn forget(id: u32) -> bool {
    thread_attribute::forget(id);
    let mut threads = THREADS.lock();
    let before = threads.len();
    threads.retain(|thread| thread.id != id);
    threads.len() < before
}

/// Makes the bit maps of TLS slots, which the PEB points at. Slot 0 is never given out, as programs take it for none.
///
/// # Safety
/// Called once, before the process has a second thread.
pub unsafe fn create_slots() {
    #[repr(C)]
    struct BitMap {
        size: u32,
        words: *mut u32,
    }
    const EXPANSION: usize = if cfg!(target_arch = "x86") { gate::peb::TLS_EXPANSION_BITMAP_32 } else { gate::peb::TLS_EXPANSION_BITMAP_64 };
    let keep = |size, words| alloc::boxed::Box::into_raw(alloc::boxed::Box::new(BitMap { size, words }));
    // SAFETY: the PEB's page holds both maps, and nobody else knows it yet.
    unsafe {
        let peb = teb::peb();
        let expansion = peb.byte_add(EXPANSION).cast::<*mut BitMap>();
        (*peb).tls_bitmap_bits = [1, 0];
        (*peb).tls_bitmap = keep(64, (&raw mut (*peb).tls_bitmap_bits).cast()) as usize;
        expansion.write(keep(1024, expansion.add(1).cast()));
    }
}

/// Forgets every thread's value of a TLS slot.
pub fn forget_tls(slot: usize) {
    for thread in THREADS.lock().iter() {
        // SAFETY: the thread is listed, so that it runs.
        unsafe { teb::forget_tls_of(thread.block, slot) };
    }
}
