//! What this process says of itself, for other processes that ask the broker about it: plain stores, which nobody waits for.

use gate::process::{OUTLINE, Outline};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use std::mem::offset_of;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

static AT: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());

/// Maps it; once, before the first thread and the first handle.
pub fn map(telemetry: BorrowedFd<'_>) -> rustix::io::Result<()> {
    let both = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping, which stays.
    let at = unsafe { mmap(std::ptr::null_mut(), size_of::<Outline>(), both, MapFlags::SHARED, telemetry, OUTLINE) }?;
    AT.store(at.cast(), Ordering::Release);
    Ok(())
}

/// A member of the outline, as an atomic of its width.
fn member<'a, T>(offset: usize) -> Option<&'a T> {
    debug_assert!(offset + size_of::<T>() <= size_of::<Outline>());
    let at = AT.load(Ordering::Relaxed);
    // SAFETY: the mapping stays, and holds the member, which is aligned in it and only ever reached as an atomic.
    if at.is_null() { None } else { Some(unsafe { &*at.add(offset).cast::<T>() }) }
}

/// Where the PEB lies.
pub fn set_peb(peb: u64) {
    if let Some(member) = member::<AtomicU64>(offset_of!(Outline, peb)) {
        member.store(peb, Ordering::Relaxed);
    }
}

/// One handle more, or one less, of those that the broker does not know; the table of handles is locked.
pub fn count_handle(more: bool) {
    if let Some(handles) = member::<AtomicU32>(offset_of!(Outline, handles)) {
        let now = handles.load(Ordering::Relaxed);
        handles.store(if more { now.wrapping_add(1) } else { now.wrapping_sub(1) }, Ordering::Relaxed);
    }
}

/// A thread's row: its number, and its priority behind that.
fn row<'a>(slice: u32) -> Option<[&'a AtomicU32; 2]> {
    let at = offset_of!(Outline, threads) + 8 * slice as usize;
    Some([member(at)?, member(at + 4)?])
}

/// A thread has a slice of the telemetry from now on; 0: nobody has.
pub fn enter(slice: u32, thread: u32) {
    if let Some([id, priority]) = row(slice) {
        priority.store(0, Ordering::Relaxed);
        id.store(thread, Ordering::Relaxed);
    }
}

/// A thread has another priority. One that has ended meanwhile has no row any more.
pub fn set_priority(slice: u32, thread: u32, value: i32) {
    if let Some([id, priority]) = row(slice)
        && id.load(Ordering::Relaxed) == thread
    {
        priority.store(value as u32, Ordering::Relaxed);
    }
}
