//! How a side sleeps: futexes in shared memory, or loom's stand-in.

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU32, Ordering};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicU32, Ordering};

/// Sleeping on a word, and waking who sleeps on it.
pub trait Park {
    /// Sleeps while the word holds `value`; may return early. False when the time is over.
    fn sleep(&self, word: &AtomicU32, value: u32) -> bool;
    /// Wakes every sleeper.
    fn wake(&self, word: &AtomicU32);
}

#[cfg(not(loom))]
pub use futex::Futex;

#[cfg(not(loom))]
mod futex {
    use super::{AtomicU32, Park};
    use rustix::io::Errno;
    use rustix::thread::futex::{Flags, Timespec, wait, wake};
    use std::time::Duration;

    /// A futex that processes share, with an optional time limit.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Futex {
        /// How long a sleep may last.
        pub limit: Option<Duration>,
    }

    impl Park for Futex {
        fn sleep(&self, word: &AtomicU32, value: u32) -> bool {
            let limit = self.limit.map(|limit| Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) });
            wait(word, Flags::empty(), value, limit.as_ref()) != Err(Errno::TIMEDOUT)
        }

        fn wake(&self, word: &AtomicU32) {
            let _ = wake(word, Flags::empty(), u32::MAX >> 1);
        }
    }
}

#[cfg(loom)]
pub mod loom_park {
    use super::{AtomicU32, Ordering, Park};
    use loom::sync::{Condvar, Mutex};

    /// A futex made of loom's mutex and condition variable: the value is checked under the lock that waking takes.
    pub struct LoomPark(Mutex<()>, Condvar);

    impl LoomPark {
        pub fn new() -> Self {
            Self(Mutex::new(()), Condvar::new())
        }
    }

    impl Park for LoomPark {
        fn sleep(&self, word: &AtomicU32, value: u32) -> bool {
            let lock = self.0.lock().unwrap();
            if word.load(Ordering::Acquire) == value {
                drop(self.1.wait(lock).unwrap());
            }
            true
        }

        fn wake(&self, _word: &AtomicU32) {
            let _lock = self.0.lock().unwrap();
            self.1.notify_all();
        }
    }
}
