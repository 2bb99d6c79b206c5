//! Synchronization barriers: threads wait until a number of them has come.

use crate::address;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicU32, Ordering};
use guest::call::NtStatus;
use guest::error::Status;
use guest::shim;
use windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER;

const SPIN_ONLY: u32 = 1;
const BLOCK_ONLY: u32 = 2;
/// How often a thread looks, unless the program says.
const SPINS: u32 = 2000;
/// Somebody waits to delete the barrier.
const DELETING: u32 = 1 << 31;

/// `RTL_BARRIER`, whose members are nobody else's.
#[repr(C)]
pub struct Barrier {
    /// How many threads have come in this phase.
    come: AtomicU32,
    /// How many have to.
    total: u32,
    /// Counts the phases: threads sleep here.
    phase: AtomicU32,
    /// How many threads have not left, and [`DELETING`].
    inside: AtomicU32,
    spins: u32,
    reserved: u32,
}

const _: () = assert!(size_of::<Barrier>() <= 2 * 4 + 2 * size_of::<usize>() + 2 * 4);

/// Prepares a barrier for a number of threads; -1 spins as often as is usual.
#[shim(ix = 470, mapping = "four words", risk = Functional("a thread that goes on too early"))]
pub unsafe extern "system" fn RtlInitBarrier(barrier: *mut Barrier, threads: i32, spins: i32) -> Result<NtStatus, Status> {
    if barrier.is_null() || threads <= 0 || spins < -1 {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let spins = u32::try_from(spins).unwrap_or(SPINS);
    let new = Barrier { come: AtomicU32::new(0), total: threads as u32, phase: AtomicU32::new(0), inside: AtomicU32::new(0), spins, reserved: 0 };
    // SAFETY: the caller's structure, which has room.
    unsafe { barrier.write(new) };
    Ok(NtStatus::SUCCESS)
}

impl Barrier {
    /// Comes to the barrier. Whether the calling thread was the last.
    fn enter(&self, flags: u32) -> bool {
        self.inside.fetch_add(1, Ordering::Relaxed);
        let phase = self.phase.load(Ordering::Acquire);
        let last = self.come.fetch_add(1, Ordering::AcqRel) + 1 >= self.total;
        if last {
            // Nobody comes to the next phase before this one is over.
            self.come.store(0, Ordering::Relaxed);
            self.phase.fetch_add(1, Ordering::Release);
            address::wake(&self.phase, true);
        } else {
            self.wait(phase, flags);
        }
        last
    }

    fn wait(&self, phase: u32, flags: u32) {
        let mut looks = 0_u32;
        while self.phase.load(Ordering::Acquire) == phase {
            if flags & BLOCK_ONLY != 0 || looks >= self.spins && flags & SPIN_ONLY == 0 {
                address::wait(&self.phase, phase, None);
            } else {
                looks = looks.saturating_add(1);
                spin_loop();
            }
        }
    }

    /// The calling thread has no more to do with the barrier, which may be gone right afterwards.
    fn leave(&self) {
        let at = &raw const self.inside;
        if self.inside.fetch_sub(1, Ordering::AcqRel) == DELETING + 1 {
            address::wake_at(at.cast());
        }
    }
}

/// Waits until as many threads have come as the barrier is for. Whether the calling thread was the last of them.
#[shim(ix = 471, mapping = "four words and a wait on an address", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlBarrier(barrier: *const Barrier, flags: u32) -> u8 {
    // SAFETY: the caller's barrier.
    let barrier = unsafe { &*barrier };
    let last = barrier.enter(flags);
    barrier.leave();
    last.into()
}

/// Waits until no thread has anything to do with a barrier any more.
#[shim(ix = 472, mapping = "four words and a wait on an address", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn RtlDeleteBarrier(barrier: *const Barrier) -> Result<NtStatus, Status> {
    // SAFETY: the caller's barrier.
    let inside = unsafe { &(*barrier).inside };
    let mut now = inside.fetch_or(DELETING, Ordering::AcqRel) | DELETING;
    while now != DELETING {
        address::wait(inside, now, None);
        now = inside.load(Ordering::Acquire);
    }
    Ok(NtStatus::SUCCESS)
}
