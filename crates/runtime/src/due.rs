//! When a waitable timer is signalled.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// When a timer is signalled.
#[derive(Debug, Default)]
pub struct Due(Mutex<Setting>);

/// A timer's next time, and those after it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// A time of the monotonic clock, in nanoseconds.
    pub at: Option<i128>,
    /// Nanoseconds until the next time, or 0.
    pub period: i128,
}

impl Setting {
    /// Whether it is due by `now`; its next time is then set.
    pub fn pass(&mut self, now: i128) -> bool {
        let Some(at) = self.at.filter(|at| *at <= now) else { return false };
        // Times that nobody looked at are one.
        self.at = (self.period > 0).then(|| at + ((now - at) / self.period + 1) * self.period);
        true
    }
}

impl Due {
    /// The setting, locked.
    pub fn get(&self) -> MutexGuard<'_, Setting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_keeps_its_beat_and_missed_times_are_one() {
        let mut setting = Setting { at: Some(100), period: 30 };
        assert!(!setting.pass(99));
        assert!(setting.pass(165));
        assert_eq!(setting.at, Some(190));
        let mut once = Setting { at: Some(100), period: 0 };
        assert!(once.pass(100));
        assert_eq!(once.at, None);
        assert!(!once.pass(200));
    }
}
