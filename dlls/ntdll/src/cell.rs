//! Local objects without the gate: where nobody waits and nothing needs to sleep, an object's state is changed in its cell.
//! Whatever is not as simple as that is left to the runtime, which looks at everything anew.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use gate::cell::{
    AUTO_EVENT, CELL, DEPTH, GENERATION, KIND, LIMIT, LOCKED, MANUAL_EVENT, MAY_CHANGE, MAY_WAIT, MUTANT, SEMAPHORE, STATE, WAITERS, address, entry,
};
use guest::teb;
use windows_sys::Win32::Foundation::HANDLE;

/// A handle's entry, and the word of its cell.
struct Cell {
    entry: u64,
    word: &'static AtomicU64,
}

/// What a handle stands for, if it is local, of a simple kind, and grants `right`.
#[inline(always)]
fn cell(handle: HANDLE, right: u64) -> Option<Cell> {
    // SAFETY: the map lies there in every process, and is only ever used as atomics.
    let entry = unsafe { &*(entry(handle as u64)? as usize as *const AtomicU64) }.load(Ordering::Acquire);
    // SAFETY: so do the cells, and no number of the entry leads out of them.
    (entry & right != 0 && entry & CELL < gate::map::OBJECTS_SIZE / gate::cell::SIZE)
        .then(|| Cell { entry, word: unsafe { &*(address(entry & CELL) as usize as *const AtomicU64) } })
}

impl Cell {
    const fn kind(&self) -> u64 {
        self.entry & KIND
    }

    /// The word, as long as it is this object's and nobody waits.
    #[inline(always)]
    fn load(&self) -> Option<u64> {
        let now = self.word.load(Ordering::Acquire);
        ((now ^ self.entry) & GENERATION == 0 && now & (WAITERS | LOCKED) == 0).then_some(now)
    }

    /// Changes the state; answers the one before. `None` where the change says so, or somebody waits.
    #[inline(always)]
    fn change(&self, change: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        loop {
            let now = self.load()?;
            let next = now & !STATE | u64::from(change(now as u32)?);
            if self.word.compare_exchange(now, next, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
                return Some(now as u32);
            }
        }
    }

    fn half(&self, offset: usize) -> &AtomicU32 {
        // SAFETY: the offset lies in the cell.
        unsafe { &*self.word.as_ptr().byte_add(offset).cast::<AtomicU32>() }
    }
}

/// Sets or resets an event; answers its state before.
#[inline(always)]
pub fn set_event(handle: HANDLE, state: u32) -> Option<u32> {
    let cell = cell(handle, MAY_CHANGE)?;
    if !matches!(cell.kind(), MANUAL_EVENT | AUTO_EVENT) {
        return None;
    }
    cell.change(|_| Some(state))
}

/// Releases a semaphore; answers its count before.
#[inline(always)]
pub fn release_semaphore(handle: HANDLE, count: u32) -> Option<u32> {
    let cell = cell(handle, MAY_CHANGE)?;
    if cell.kind() != SEMAPHORE || count == 0 {
        return None;
    }
    let limit = cell.half(LIMIT).load(Ordering::Relaxed);
    cell.change(|state| state.checked_add(count).filter(|sum| *sum <= limit))
}

/// Releases a mutant that the calling thread owns; answers how often it held it.
#[inline(always)]
pub fn release_mutant(handle: HANDLE) -> Option<u32> {
    let cell = cell(handle, MAY_CHANGE)?;
    let me = teb::thread_id();
    if cell.kind() != MUTANT || cell.load()? as u32 != me {
        return None;
    }
    let depth = cell.half(DEPTH);
    let held = depth.load(Ordering::Relaxed);
    if held != 1 {
        depth.store(held.checked_sub(1)?, Ordering::Relaxed);
        return Some(held);
    }
    // Nobody may find it free and still held.
    depth.store(0, Ordering::Relaxed);
    if cell.change(|state| (state == me).then_some(0)).is_none() {
        depth.store(1, Ordering::Relaxed);
        return None;
    }
    teb::count_owned(-1);
    Some(1)
}

/// Takes an object as a wait does, if that needs no wait.
#[inline(always)]
pub fn take(handle: HANDLE) -> bool {
    let Some(cell) = cell(handle, MAY_WAIT) else { return false };
    match cell.kind() {
        MANUAL_EVENT => cell.load().is_some_and(|now| now as u32 != 0),
        AUTO_EVENT | SEMAPHORE => cell.change(|state| state.checked_sub(1)).is_some(),
        MUTANT => take_mutant(&cell),
        _ => false,
    }
}

#[inline(always)]
fn take_mutant(cell: &Cell) -> bool {
    let me = teb::thread_id();
    let depth = cell.half(DEPTH);
    let Some(now) = cell.load() else { return false };
    if now as u32 == me {
        let held = depth.load(Ordering::Relaxed);
        // The runtime says what happens to one that is held too often.
        return held < i32::MAX as u32 && {
            depth.store(held + 1, Ordering::Relaxed);
            true
        };
    }
    // Counted before it is owned: a thread that is ended between the two is looked at in vain, and not the other way.
    teb::count_owned(1);
    if cell.change(|state| (state == 0).then_some(me)).is_none() {
        teb::count_owned(-1);
        return false;
    }
    depth.store(1, Ordering::Relaxed);
    true
}
