//! Windows' times and timeouts on the host's clocks.

use crate::clock::vdso_clock_gettime;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::ffi::c_int;
use std::sync::LazyLock;

/// 100 ns units between 1601 and 1970.
pub const UNIX_EPOCH: i64 = 116_444_736_000_000_000;

/// Time stamps that a change to another thread and back takes at least.
pub const SWITCH: u64 = 3_000;

/// When a wait ends.
#[derive(Clone, Copy, Debug)]
pub enum Deadline {
    /// Never.
    Never,
    /// At once.
    Now,
    /// At a time of the monotonic clock, in nanoseconds.
    At(i128),
}

impl Deadline {
    /// From a timeout in 100 ns units: negative is relative, else since 1601.
    pub fn new(timed: bool, timeout: i64) -> Self {
        let nanoseconds = match timeout {
            _ if !timed => return Self::Never,
            0 => return Self::Now,
            relative @ ..0 => i128::from(relative.unsigned_abs()) * 100,
            absolute => (i128::from(absolute) - i128::from(since_1601())) * 100,
        };
        if nanoseconds <= 0 { Self::Now } else { Self::At(monotonic() + nanoseconds) }
    }

    /// Whether the time is over.
    pub fn is_over(self) -> bool {
        match self {
            Self::Never => false,
            Self::Now => true,
            Self::At(at) => at <= monotonic(),
        }
    }

    /// As the kernel wants it: outer `None` when the time is over, inner `None` when it never is.
    #[allow(clippy::option_option, reason = "over, never, and a time are three things")]
    pub fn timespec(self) -> Option<Option<Timespec>> {
        match self {
            Self::Never => Some(None),
            Self::Now => None,
            Self::At(at) => {
                Some(Some(Timespec { tv_sec: i64::try_from(at / 1_000_000_000).unwrap_or(i64::MAX), tv_nsec: (at % 1_000_000_000) as i64 }))
            }
        }
    }
}

/// Reads a clock by the vDSO's function, found once. (`rustix` did not find it in this process on Linux 6.18, and made a
/// system call each time, which the filter makes dearer still.)
fn read(clock: ClockId) -> Timespec {
    type Read = unsafe extern "C" fn(c_int, *mut Timespec) -> c_int;
    static READ: LazyLock<Option<Read>> = LazyLock::new(|| match vdso_clock_gettime() {
        0 => None,
        // SAFETY: that is the form of the vDSO's function.
        address => Some(unsafe { std::mem::transmute::<usize, Read>(address as usize) }),
    });
    let mut time = Timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one time, which has the kernel's form on 64-bit hosts.
    let read = READ.is_some_and(|read| unsafe { read(clock as c_int, &raw mut time) } == 0);
    if read { time } else { clock_gettime(clock) }
}

/// The monotonic clock, in nanoseconds.
pub fn monotonic() -> i128 {
    nanoseconds(read(ClockId::Monotonic))
}

/// The time since 1970 (UTC), else the monotonic clock, in 100 ns units.
pub fn ticks(real: bool) -> u64 {
    let time = read(if real { ClockId::Realtime } else { ClockId::Monotonic });
    time.tv_sec as u64 * 10_000_000 + time.tv_nsec as u64 / 100
}

fn nanoseconds(time: Timespec) -> i128 {
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

/// The time in 100 ns units since 1601 (UTC).
pub fn since_1601() -> i64 {
    ticks(true) as i64 + UNIX_EPOCH
}

/// What the calling thread, or the whole process, has used of the processor, in 100 ns units.
pub fn used(clock: ClockId) -> i64 {
    used_of(clock as c_int).unwrap_or(0)
}

/// What a thread has used of the processor, in 100 ns units; 0 when it has ended or not started.
pub fn used_by(host_thread: i32) -> i64 {
    // A thread's own clock: its number inverted, with the bits for "scheduled time of one thread" (CPUCLOCK_PERTHREAD).
    let clock = (!host_thread << 3) | 6;
    if host_thread == 0 { 0 } else { used_of(clock).unwrap_or(0) }
}

/// A clock of used time. It is asked for by a call of the runtime's own: the vDSO knows no such clock, and the system call that it
/// then makes itself would be taken for the guest's.
fn used_of(clock: c_int) -> Option<i64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one time, or refuses the clock.
    let known = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, &raw mut time) } == 0;
    known.then(|| time.tv_sec * 10_000_000 + time.tv_nsec / 100)
}

/// The time stamp counter.
pub fn stamp() -> u64 {
    // SAFETY: every x86-64 processor has it.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_now_and_far_futures_do_not_overflow() {
        assert!(matches!(Deadline::new(true, 1), Deadline::Now));
        assert!(matches!(Deadline::new(false, -5), Deadline::Never));
        for timeout in [i64::MIN, i64::MAX, -1] {
            assert!(Deadline::new(true, timeout).timespec().is_some());
        }
    }
}
