//! What a waiting thread sleeps on. Several parties may want to end its sleep: one does.

use channel::{Alarm, code};
use rustix::thread::futex::{self, Flags, Timespec};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

/// An alarm's word for a wait that this process itself has ended.
const HERE: u8 = 0xFE;

/// What a thread sleeps on.
#[derive(Debug)]
pub enum Bell {
    /// A word of its process: 1 once its sleep is ended. Changed under the dispatcher's lock alone.
    Own(AtomicU32),
    /// The alarm of its channel, and the number of the sleep: the broker may end it too.
    Alarm(Alarm, u32),
}

/// How a sleep was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Not yet.
    No,
    /// By this process.
    Here,
    /// By the broker: [`code`].
    There(u8),
}

impl Bell {
    /// A word of this process.
    pub const fn own() -> Self {
        Self::Own(AtomicU32::new(0))
    }

    /// Ends the sleep, unless it is ended; under the dispatcher's lock.
    pub fn end(&self) -> bool {
        match self {
            Self::Own(word) => word.swap(1, Ordering::AcqRel) == 0,
            Self::Alarm(alarm, sleep) => alarm.settle(*sleep, HERE),
        }
    }

    /// How the sleep was ended.
    pub fn ended(&self) -> Ended {
        match self {
            Self::Own(word) if word.load(Ordering::Acquire) == 0 => Ended::No,
            Self::Own(_) => Ended::Here,
            Self::Alarm(alarm, sleep) => match alarm.settled(*sleep) {
                code::ARMED => Ended::No,
                HERE => Ended::Here,
                other => Ended::There(other),
            },
        }
    }

    /// Lets the sleeper look.
    pub fn ring(&self) {
        match self {
            Self::Own(word) => drop(futex::wake(word, Flags::PRIVATE, 1)),
            Self::Alarm(alarm, _) => alarm.wake(),
        }
    }

    /// Sleeps until the sleep is ended, or a time of the monotonic clock; may return early. False when the time is over.
    pub fn sleep(&self, limit: Option<&Timespec>) -> bool {
        let (word, value, flags) = match self {
            Self::Own(word) => (word, 0, Flags::PRIVATE),
            Self::Alarm(alarm, sleep) => (alarm.word(), *sleep, Flags::empty()),
        };
        sleep(word, flags, value, limit)
    }
}

/// Sleeps while a word holds a value, until a time of the monotonic clock; may return early. False when the time is over.
pub fn sleep(word: &AtomicU32, flags: Flags, value: u32, limit: Option<&Timespec>) -> bool {
    let slept = match limit {
        None => futex::wait(word, flags, value, None),
        Some(limit) => futex::wait_bitset(word, flags, value, Some(limit), NonZeroU32::MAX),
    };
    slept != Err(rustix::io::Errno::TIMEDOUT)
}
