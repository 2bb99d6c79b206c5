//! Processors: which of the host's the guest may use, by the numbers that it sees, and which run which thread.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The host's numbers of the processors, by the guest's; 64 at most, which is what a mask can name.
static HOST: OnceLock<Vec<usize>> = OnceLock::new();
/// The processors that may run the process's threads.
static MASK: AtomicU64 = AtomicU64::new(0);
/// Set once a mask is narrower than the host's own.
static NARROWED: AtomicBool = AtomicBool::new(false);

/// Notes how many processors the process has been told of.
pub fn prepare(count: u32) {
    MASK.store(if count >= 64 { u64::MAX } else { (1 << count) - 1 }, Ordering::Relaxed);
}

/// The processors that may run the process's threads.
pub fn process_mask() -> u64 {
    MASK.load(Ordering::Relaxed)
}

fn host() -> &'static [usize] {
    HOST.get_or_init(|| {
        // SAFETY: a set is plain data, and the kernel fills it.
        let allowed: libc::cpu_set_t = unsafe {
            let mut set = std::mem::zeroed();
            libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set);
            set
        };
        // SAFETY: the numbers lie in the set.
        (0..libc::CPU_SETSIZE as usize).filter(|number| unsafe { libc::CPU_ISSET(*number, &allowed) }).take(64).collect()
    })
}

/// The host's processors as a mask.
pub fn all() -> u64 {
    let count = host().len();
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// Lets masks count from now on that are narrower than the host's own.
pub fn narrow() {
    host();
    NARROWED.store(true, Ordering::Relaxed);
}

/// Sets the processors that may run the process's threads.
pub fn set_process_mask(mask: u64) {
    MASK.store(mask, Ordering::SeqCst);
    narrow();
}

/// Lets the calling thread run on a mask's processors alone.
pub fn apply(mask: u64) {
    if !NARROWED.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: a set is plain data.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    for (_, number) in host().iter().enumerate().filter(|(index, _)| mask >> index & 1 != 0) {
        // SAFETY: the number lies in the set.
        unsafe { libc::CPU_SET(*number, &mut set) };
    }
    // SAFETY: the calling thread's own processors.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) };
}

/// The number of the processor that runs the calling thread.
pub fn current() -> u32 {
    let mut number = 0;
    // SAFETY: every x86-64 processor of the last decade has the instruction; the kernel keeps the number there.
    unsafe { std::arch::x86_64::__rdtscp(&raw mut number) };
    let number = number as usize & 0xFFF;
    let host = host();
    host.iter().position(|other| *other == number).unwrap_or(0) as u32
}
