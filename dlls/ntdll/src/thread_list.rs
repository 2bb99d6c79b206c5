//! The threads that run: how many they are, their TEBs, and the TLS slots that they share.

use crate::lock::Mutex;
use crate::thread_attribute;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::teb;

/// Threads that were created and have not ended.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Whether the calling thread is the only one.
pub fn caller_is_last() -> bool {
    COUNT.load(Ordering::Acquire) <= 1
}

/// Counts a thread in that is about to be created: from then on no other one is the last.
pub fn count_in() {
    COUNT.fetch_add(1, Ordering::AcqRel);
}

/// Counts the process's first thread in, which nobody creates: whether the caller is that one.
pub fn begin() -> bool {
    COUNT.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

/// Counts a thread out that was not created, or has not begun.
pub fn take_back() -> bool {
    COUNT.fetch_sub(1, Ordering::AcqRel) <= 1
}

/// Counts the calling thread out: whether it was the last.
pub fn count_out() -> bool {
    let id = teb::thread_id();
    if let Some(thread) = THREADS.lock().listed.iter_mut().find(|thread| thread.id == id) {
        thread.counts = false;
    }
    take_back()
}

/// Every thread's TEB.
static THREADS: Mutex<Threads> = Mutex::new(Threads { listed: Vec::new(), left: [0; 64], next: 0 });

struct Threads {
    listed: Vec<Listed>,
    /// The last ones that have left the list by themselves, and are counted out.
    left: [u32; 64],
    next: usize,
}

struct Listed {
    block: *mut u8,
    id: u32,
    /// It is not counted out yet.
    counts: bool,
}

// SAFETY: the blocks are reached under the list's lock alone, and belong to threads that run.
unsafe impl Send for Listed {}

/// Lists the calling thread among those that run.
pub fn list_caller() {
    THREADS.lock().listed.push(Listed { block: teb::block(), id: teb::thread_id(), counts: true });
}

/// Takes the calling thread off the list, with what it keeps on the heap: it ends.
pub fn forget_caller() {
    let id = teb::thread_id();
    let mut threads = THREADS.lock();
    let Threads { listed, left, next } = &mut *threads;
    listed.retain(|thread| thread.id != id);
    left[*next % left.len()] = id;
    *next = next.wrapping_add(1);
    drop(threads);
    thread_attribute::forget(id);
    let table = teb::tls_expansion();
    teb::set_tls_expansion(core::ptr::null_mut());
    // SAFETY: kernel32 allocates the table there, and only the thread itself uses it.
    unsafe { crate::heap::process_heap().free(table.cast()) };
}

/// Takes a thread off the list that runs no more, and counts it out, unless it has done so; whether it was on the list.
pub fn forget(id: u32) -> bool {
    thread_attribute::forget(id);
    let mut threads = THREADS.lock();
    let Threads { listed, left, .. } = &mut *threads;
    let place = listed.iter().position(|thread| thread.id == id);
    let counts = place.map_or_else(|| !left.contains(&id), |place| listed.swap_remove(place).counts);
    if counts {
        take_back();
    }
    place.is_some()
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
    for thread in &THREADS.lock().listed {
        // SAFETY: the thread is listed, so that it runs.
        unsafe { teb::forget_tls_of(thread.block, slot) };
    }
}
